"""The desk in the staff space: who may enter, what is written, and what is kept of an identity (nothing)."""

import datetime as dt
import io
import json
import re
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin import site
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import ExifTags, Image

from accounts import roles
from ballots.models import RollLine
from city.models import District
from consultations import assisting
from consultations.admin.desk_forms import SaidForm
from consultations.forms import ContributionForm
from consultations.models import (
    Attachment,
    ConsultationQuestionnaire,
    Contribution,
    Item,
    Participation,
    Phase,
    TableNotes,
)
from desk import people
from desk.models import Assistance, Person, Receipt
from mulhouse import uploads
from mulhouse.errors import DomainError
from notifications import outbox
from privacy.models import AccessLog
from tests.ballots.votes import make_vote
from tests.factories import (
    make_consultation,
    make_contribution,
    make_district,
    make_resident,
    make_staff,
    make_user,
    sign_in,
    today,
)
from tests.questionnaires.making import add_question, make_questionnaire
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

FAMILY, GIVEN, BORN = "Zimmermannovic", "Wilhelmine-Odette", "1951-07-23"


def url(route, *args):
    return reverse(f"admin:desk_{route}", args=args)


@pytest.fixture
def agent():
    return make_staff("desk.assist", "accounts.verify_residency", public_name="Guichet")


@pytest.fixture
def client(agent):
    return sign_in(Client(), agent)


@pytest.fixture
def consultation():
    return make_consultation(sections=2, title="La place de la Réunion")


def identity(**fields):
    return {
        "channel": "desk",
        "family_name": FAMILY,
        "given_names": GIVEN,
        "birth_date": BORN,
        "district": (District.objects.filter(name="Rebberg").first() or make_district(name="Rebberg")).pk,
        "consent": "on",
        **fields,
    }


def opened(client, consultation, **fields):
    response = client.post(url("open", consultation.slug), identity(**fields))
    assert response.status_code == 302
    return Assistance.objects.order_by("-pk").first()


def said(consultation, **fields):
    section = consultation.sections.first()
    return {"section": section.pk, "kind": "proposal", "title": "", "body": "Mettre des bancs à l’ombre.", **fields}


# --- Who may enter ---------------------------------------------------------------------------------------------------


def _pages(consultation):
    """Every page of the desk, with somebody being helped by another agent."""
    receipt = Receipt.objects.create(
        act="contribution", channel="desk", topic=consultation.topic, title="Une place", path="/concertations/"
    )
    questionnaire, vote = make_questionnaire(consultation=consultation), make_vote(consultation=consultation)
    add_question(questionnaire, "text")
    with transaction.atomic():
        person = people.of_identity("e" * 64)
    help_of_another = Assistance.objects.create(
        agent=make_staff("desk.assist"),
        person=person,
        topic=consultation.topic,
        channel="desk",
        birth_year=1980,
        consent_version="1",
        opened_at=timezone.now(),
        expires_at=timezone.now() + dt.timedelta(minutes=15),
    )
    return {
        "act": url("act", help_of_another.key),
        "answer": url("answer", help_of_another.key, questionnaire.consultation_link.pk),
        "roll": url("roll", help_of_another.key, vote.pk),
        "namesake": url("namesake", consultation.slug),
        "help": url("help"),
        "home": url("receipt_changelist"),
        "open": url("open", consultation.slug),
        "table": url("table", consultation.slug),
        "ticket": url("ticket", receipt.number),
        "withdraw": url("withdraw", receipt.number),
        "link": url("link"),
    }


@pytest.mark.parametrize("role", [code for code in roles.ROLES if code not in {"agent", "desk", "administrator"}])
def test_other_roles_do_not_enter(role, consultation):
    person = make_user(is_staff=True)
    person.groups.add(*roles.Group.objects.filter(name=role))
    client = sign_in(Client(), person)
    for page in _pages(consultation).values():
        for ask in (client.get, client.post):
            assert ask(page).status_code == 403, page
    assert _written() == (1, 0, 0, 0)


def test_every_page_of_the_desk_is_tried(consultation):
    """A page that this list forgets is a page that nobody refused."""
    named = {one.name.removeprefix("desk_") for one in site.get_model_admin(Receipt).get_urls()}
    # Those of the idea box are tried in tests/ideas/test_desk_pages.py.
    named = {name for name in named if not name.startswith("idea_")}
    assert named == {name if name != "home" else "receipt_changelist" for name in _pages(consultation)}


@pytest.mark.parametrize("role", ["agent", "desk", "administrator"])
def test_roles_of_the_desk_enter(role, consultation):
    person = make_user(is_staff=True)
    person.groups.add(*roles.Group.objects.filter(name=role))
    client = sign_in(Client(), person)
    pages = _pages(consultation)
    assert {name: client.get(page).status_code for name, page in pages.items()} == dict.fromkeys(pages, 200)


def test_residents_visitors_and_agents_without_a_second_factor_do_not_enter(agent, consultation):
    pages = _pages(consultation)
    for client in (Client(), sign_in(Client(), make_resident()), sign_in(Client(), agent, second_factor=False)):
        for page in pages.values():
            assert client.get(page).status_code in {302, 403}
            assert client.post(page).status_code in {302, 403}
    assert _written() == (1, 0, 0, 0)


def _written():
    """What pages that refuse must not have written: the assistance of `_pages` is the only row."""
    return (Assistance.objects.count(), *(model.objects.count() for model in (Contribution, RollLine, TableNotes)))


def test_an_agent_who_does_not_check_residences_ties_no_account(consultation):
    client = sign_in(Client(), make_staff("desk.assist"))
    assert client.get(url("link")).status_code == 403
    assert "Rattacher un compte" not in client.get(url("receipt_changelist")).content.decode()


# --- For somebody ----------------------------------------------------------------------------------------------------


def test_an_agent_writes_for_somebody_and_prints_a_receipt(client, consultation):
    assistance = opened(client, consultation)
    page = client.get(url("act", assistance.key))
    assert page.status_code == 200
    response = client.post(url("act", assistance.key), said(consultation))
    contribution, receipt = Contribution.objects.get(), Receipt.objects.get()
    assert response["Location"] == url("ticket", receipt.number)
    assert (contribution.author, contribution.channel, contribution.title) == (
        None,
        "desk",
        "Mettre des bancs à l’ombre.",
    )
    assert (receipt.reference, receipt.path) == (contribution.reference, contribution.get_absolute_url())
    paper = client.get(response["Location"]).content.decode()
    assert receipt.number in paper
    assert contribution.reference in paper
    public = Client().get(contribution.get_absolute_url()).content.decode()
    assert "Une habitante ou un habitant du quartier Rebberg, au guichet" in public
    consultation.refresh_from_db()
    assert (consultation.contribution_count, consultation.sections.first().contribution_count) == (1, 1)
    assert list(Participation.objects.values_list("channel", "age_band", "first_on")) == [("desk", "75+", today())]
    assert list(RegisterLine.objects.order_by("number").values_list("act", "subject")) == [
        ("desk.opened", consultation.slug),
        ("contribution.assisted", contribution.reference),
    ]


@pytest.mark.parametrize(("starts", "lines"), [(-1, 0), (1, 1)])
def test_an_entry_opened_while_a_vote_runs_is_not_dated(client, consultation, starts, lines):
    """An entry followed by no opinion and no answers would be a ballot: neither says at what time (decision 0008)."""
    link = make_vote(consultation=consultation, opens_on=today() + dt.timedelta(days=starts))
    assistance = opened(client, consultation)
    assert RegisterLine.objects.filter(act="desk.opened").count() == lines
    if not lines:
        assert client.post(url("roll", assistance.key, link.pk), {"has_account": "non"}).status_code == 302
        assert RollLine.objects.count() == 1
        assert set(RegisterLine.objects.values_list("act", flat=True)) <= {"vote.published", "vote.draft"}


def test_what_the_web_form_asks_the_desk_asks(client, consultation):
    """Everything but what the account says (the signature)."""
    web = ContributionForm(sections=list(consultation.sections.all()))
    desk = SaidForm(sections=list(consultation.sections.all()))
    assert set(web.fields) - set(desk.fields) == {"signature"}
    assert set(desk.fields) - set(web.fields) == set()


def picture(*, where="48.75"):
    """A photo as a phone takes it, with the place it was taken at."""
    image, exif, content = Image.new("RGB", (40, 30), "green"), Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.ImageDescription] = where
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    image.save(content, "JPEG", exif=exif)
    return content.getvalue()


def sent(content, name="photo.jpg"):
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def kept_files():
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("content", "alt", "field"),
    [
        (b"<script>alert(1)</script>", "Un banc.", "file"),
        (b"MZ\x90\x00 not a picture", "Un banc.", "file"),
        (None, "", "alt"),
    ],
)
def test_a_file_that_is_not_what_it_says_publishes_nothing(client, consultation, content, alt, field):
    """Read by its content, whatever its name; and a photo is described, as on the web."""
    assistance, before = opened(client, consultation), kept_files()
    given = {"new-1-file": sent(content or picture()), "new-1-alt": alt}
    response = client.post(url("act", assistance.key), said(consultation, **given))
    assert response.status_code == 422
    assert field in response.context["new"][0].errors
    assert (Contribution.objects.count(), Attachment.objects.count(), kept_files()) == (0, 0, before)
    # The paper is not used up by a wrong file.
    assert client.post(url("act", assistance.key), said(consultation)).status_code == 302


def test_nothing_stays_in_the_storage_when_nothing_is_published(agent, consultation):
    assistance, before = opened(sign_in(Client(), agent), consultation), kept_files()
    upload = uploads.clean("photo.jpg", picture())
    words = assisting.Said(section=consultation.sections.first(), kind="opinion", title="Un banc ici", body="Un banc.")
    common = {"actor": agent, "consultation": consultation, "assistance": assistance, "said": words}
    with pytest.raises(DomainError, match="Trois fichiers"):
        assisting.contribute(**common, files=[assisting.Joined(upload)] * 4, at=timezone.now())
    late = timezone.now() + dt.timedelta(minutes=16)
    with pytest.raises(DomainError):
        assisting.contribute(**common, files=[assisting.Joined(upload)], at=late)
    assert (Contribution.objects.count(), kept_files()) == (0, before)


def test_photos_and_documents_that_come_with_a_paper_are_joined_and_cleaned(client, consultation):
    assistance = opened(client, consultation)
    assert 'enctype="multipart/form-data"' in client.get(url("act", assistance.key)).content.decode()
    given = {
        "new-1-file": sent(picture()),
        "new-1-alt": "Le quai sans banc.",
        "new-3-file": sent(picture(), "IMG 2.jpg"),
        "new-3-is_decorative": "on",
    }
    assert client.post(url("act", assistance.key), said(consultation, **given)).status_code == 302
    contribution = Contribution.objects.get()
    joined = list(contribution.attachments.values_list("position", "kind", "alt", "is_decorative"))
    assert joined == [(1, "photo", "Le quai sans banc.", False), (2, "photo", "", True)]
    for attachment in contribution.attachments.all():
        with attachment.file.open() as stored, Image.open(stored) as image:
            assert not image.getexif()
    page = Client().get(contribution.get_absolute_url()).content.decode()
    assert 'alt="Le quai sans banc."' in page


def test_a_file_is_asked_for_again_when_something_else_is_wrong(client, consultation):
    assistance = opened(client, consultation)
    given = {"new-1-file": sent(picture()), "new-1-alt": "Le quai.", "body": ""}
    page = client.post(url("act", assistance.key), said(consultation, **given))
    assert page.status_code == 422
    assert "Choisissez de nouveau ce fichier" in page.content.decode()


def test_the_place_and_the_use_of_it_are_kept(client, consultation):
    tilleuls = make_district(name="Les Tilleuls")
    client.post(
        url("act", opened(client, consultation).key),
        said(
            consultation,
            kind="experience",
            place="Le pont",
            place_district=tilleuls.pk,
            usage_when="le matin",
            usage_frequency="chaque jour",
            usage_role="à vélo",
        ),
    )
    written = Contribution.objects.get()
    assert (written.place, written.place_district, written.district.name) == ("Le pont", tilleuls, "Rebberg")
    assert (written.usage_when, written.usage_frequency, written.usage_role) == ("le matin", "chaque jour", "à vélo")
    plan = Client().get(f"{consultation.get_absolute_url()}carte/?quartier={tilleuls.slug}")
    assert [(row.url, row.place) for row in plan.context["rows"]] == [(written.get_absolute_url(), "Le pont")]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"consent": ""}, "Sans son accord, rien ne peut être écrit pour elle."),
        ({"birth_date": "2999-01-01"}, "personne n’est né ce jour-là"),
        ({"birth_date": "1850-01-01"}, "personne n’est né ce jour-là"),
        ({"family_name": "—"}, "Écrivez un nom, avec des lettres."),
        ({"given_names": "12 /"}, None),
        ({"channel": "web"}, "Sélectionnez un choix valide"),
    ],
)
def test_an_incomplete_identity_opens_nothing(client, consultation, fields, sentence):
    response = client.post(url("open", consultation.slug), identity(**fields))
    if sentence is None:  # a number is a name like another: nobody is sent away
        assert response.status_code == 302
        return
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert (Person.objects.count(), Assistance.objects.count()) == (0, 0)


def test_an_assistance_is_one_act(client, consultation):
    assistance = opened(client, consultation)
    for _ in range(2):
        response = client.post(url("act", assistance.key), said(consultation))
    assert "elle vaut pour un seul acte" in response.content.decode()
    assert Contribution.objects.count() == 1


def test_an_assistance_lasts_a_quarter_of_an_hour(client, consultation):
    assistance = opened(client, consultation)
    assert assistance.expires_at - assistance.opened_at == dt.timedelta(minutes=15)
    Assistance.objects.update(
        opened_at=timezone.now() - dt.timedelta(minutes=16), expires_at=timezone.now() - dt.timedelta(minutes=1)
    )
    response = client.post(url("act", assistance.key), said(consultation))
    assert response.status_code == 422
    assert "Les quinze minutes sont passées" in response.content.decode()
    # What was typed is there to be copied.
    assert "Mettre des bancs à l’ombre." in response.content.decode()
    assert Contribution.objects.count() == 0


def test_an_assistance_is_its_agents(client, consultation):
    assistance = opened(client, consultation)
    other = sign_in(Client(), make_staff("desk.assist"))
    assert "par un autre agent" in other.get(url("act", assistance.key)).content.decode()
    other.post(url("act", assistance.key), said(consultation))
    assert Contribution.objects.count() == 0


def test_whoever_took_part_is_told_so_and_counts_once(client, consultation):
    client.post(url("act", opened(client, consultation).key), said(consultation))
    again = opened(client, consultation, channel="phone", family_name=FAMILY.upper(), given_names="wilhelmine")
    assert "a déjà pris part à cette consultation" in client.get(url("act", again.key)).content.decode()
    # The same paper in two hands is written once; something else they say is another opinion.
    assert client.post(url("act", again.key), said(consultation)).status_code == 422
    client.post(url("act", again.key), said(consultation, body="Et une fontaine."))
    assert Contribution.objects.count() == 2
    assert list(Participation.objects.values_list("channel", flat=True)) == ["desk"]


@pytest.mark.parametrize(
    ("conditions", "fields", "sentence"),
    [
        ({"residency_level": "declared"}, {"district": ""}, "il faut un quartier"),
        ({"residency_level": "verified"}, {}, "regardez un justificatif"),
        ({"residency_level": "none", "minimum_age": 99}, {}, "à partir de 99"),
    ],
)
def test_the_conditions_of_a_consultation_hold_at_the_desk(client, conditions, fields, sentence):
    consultation = make_consultation(**conditions)
    assistance = opened(client, consultation, **fields)
    assert sentence in client.get(url("act", assistance.key)).content.decode()
    client.post(url("act", assistance.key), said(consultation))
    assert Contribution.objects.count() == 0


def test_paper_received_in_time_is_entered_some_days_after(client):
    consultation = make_consultation(phase="analyse", phase_days=20)  # closed nine days ago
    assert client.post(url("open", consultation.slug), identity(channel="desk")).status_code == 422
    assistance = opened(client, consultation, channel="paper")
    client.post(url("act", assistance.key), said(consultation))
    assert Contribution.objects.get().channel == "paper"


def test_a_closed_consultation_takes_nothing(client):
    consultation = make_consultation(phase="decide")
    page = client.get(url("open", consultation.slug)).content.decode()
    assert "La phase d’avis est terminée" in page
    assert client.post(url("open", consultation.slug), identity(channel="paper")).status_code == 422
    assert Assistance.objects.count() == 0
    assert consultation.title not in client.get(url("receipt_changelist")).content.decode()


# --- The receipt -----------------------------------------------------------------------------------------------------


def _receipt(client, consultation):
    client.post(url("act", opened(client, consultation).key), said(consultation))
    return Receipt.objects.order_by("-pk").first()


def test_a_receipt_promises_what_is_true_of_the_act(client, consultation):
    """A ballot and answers are nobody's text: nothing of theirs is followed."""
    link = make_vote(consultation=consultation, opens_on=today() - dt.timedelta(days=1))
    assistance = opened(client, consultation)
    response = client.post(url("roll", assistance.key, link.pk), {"has_account": "non"}, follow=True)
    page = response.content.decode()
    assert "pas ce que vous avez voté" in page
    assert "votre avis" not in page.split('<article class="recu"')[1].split("</article>")[0]


def test_a_receipt_leads_to_what_was_said(client, consultation):
    receipt = _receipt(client, consultation)
    contribution = Contribution.objects.get()
    visitor = Client()
    for typed in (receipt.number.lower(), f" {receipt.number[:4]} {receipt.number[4:]} ", contribution.reference):
        page = visitor.get(reverse("desk:follow"), {"reference": typed})
        assert page.status_code == 200
        assert f'href="{contribution.get_absolute_url()}"' in page.content.decode()
    assert visitor.get(reverse("desk:follow")).status_code == 200


def test_a_public_reference_does_not_give_the_number_of_the_receipt(client, consultation):
    """The number withdraws the text at the desk; everybody reads the reference."""
    receipt = _receipt(client, consultation)
    reference = Contribution.objects.get().reference
    page = Client().get(reverse("desk:follow"), {"reference": reference}).content.decode()
    assert (receipt.number in page, f"Avis {reference}" in page) == (False, True)
    assert (
        f"Reçu {receipt.number}" in Client().get(reverse("desk:follow"), {"reference": receipt.number}).content.decode()
    )


def test_an_unknown_receipt_leads_nowhere(client, consultation):
    for typed in ("", "AAAAAAAA"):
        assert Client().get(reverse("desk:follow"), {"reference": typed}).status_code == 422
    response = client.get(url("receipt_changelist"), {"reference": "AAAAAAAA"})
    assert response.status_code == 422
    assert "Aucun reçu n’a ce numéro" in response.content.decode()


def test_the_desk_finds_a_receipt_again(client, consultation):
    receipt = _receipt(client, consultation)
    response = client.get(url("receipt_changelist"), {"reference": receipt.number.lower()})
    assert response["Location"] == url("ticket", receipt.number)


def test_what_was_said_is_withdrawn_on_demand_with_the_receipt(client, consultation):
    receipt = _receipt(client, consultation)
    assert client.get(url("withdraw", receipt.number)).status_code == 200
    assert Contribution.objects.get().withdrawn_at is None
    for _ in range(2):
        client.post(url("withdraw", receipt.number))
    assert Contribution.objects.get().withdrawn_at is not None
    consultation.refresh_from_db()
    assert consultation.contribution_count == 0
    assert RegisterLine.objects.filter(act="contribution.withdrawn").count() == 1
    # Having taken part stays.
    assert Participation.objects.count() == 1


def test_a_receipt_never_withdraws_what_somebody_signed(client, consultation):
    text = make_contribution(consultation=consultation)
    receipt = Receipt.objects.create(
        act="contribution", channel="desk", topic=consultation.topic, title="x", path="/", reference=text.reference
    )
    client.post(url("withdraw", receipt.number))
    text.refresh_from_db()
    assert text.withdrawn_at is None


# --- Nothing of an identity --------------------------------------------------------------------------------------------


def _whole_database():
    """Every value of every table, as one text."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts.append(repr(cursor.fetchall()))
    return "\n".join(texts)


def test_no_name_nor_birth_date_is_kept_anywhere(client, consultation, caplog):
    """In no table (register, outbox, sessions and history included), no log, no mail, no page that follows."""
    caplog.set_level("DEBUG")
    client.post(url("open", consultation.slug), identity(consent=""))
    assistance = opened(client, consultation)
    client.post(url("act", assistance.key), said(consultation))
    account = make_resident(email="camille@example.org")
    client.post(
        url("link"),
        {"email": account.email, "family_name": FAMILY, "given_names": GIVEN, "birth_date": BORN, "is_seen": "on"},
    )
    assert Person.objects.get(user=account).identity_hash
    receipt = Receipt.objects.get()
    kept = [
        _whole_database(),
        caplog.text,
        repr([message.message().as_string() for message in mail.outbox]),
        client.get(url("ticket", receipt.number)).content.decode(),
        Client().get(reverse("desk:follow"), {"reference": receipt.number}).content.decode(),
    ]
    words = (FAMILY, GIVEN, "Wilhelmine", "Odette", BORN, "23/07/1951", "23 juillet 1951", "datetime.date(1951")
    for text in kept:
        for word in words:
            assert word.casefold() not in text.casefold(), word


# --- Accounts --------------------------------------------------------------------------------------------------------


def _link(client, account, **fields):
    typed = {"email": account.email, "family_name": FAMILY, "given_names": GIVEN, "birth_date": BORN, "is_seen": "on"}
    return client.post(url("link"), {**typed, **fields})


def test_a_tied_account_counts_once_with_the_desk(client, consultation):
    account = make_resident()
    assert _link(client, account).status_code == 302
    client.post(url("act", opened(client, consultation).key), said(consultation))
    person = Person.objects.get()
    assert (person.user, Participation.objects.get().person) == (account, person)
    # Repeating it is no error, and writes one line.
    assert _link(client, account).status_code == 302
    assert RegisterLine.objects.filter(act="desk.account_linked").count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "personne@example.org"}, "Aucun compte ouvert"),
        ({"is_seen": ""}, "pièce d’identité en main"),
    ],
)
def test_an_account_is_tied_with_its_address_and_the_card(client, fields, sentence):
    response = _link(client, make_resident(), **fields)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Person.objects.count() == 0


# --- The notes of a table ------------------------------------------------------------------------------------------------


def notes(consultation, *texts, rows=5, **fields):
    section = consultation.sections.first().pk
    filled = {
        f"note-{rank}-{name}": value
        for rank in range(rows)
        for name, value in (
            ("section", section),
            ("kind", "proposal"),
            ("text", texts[rank] if rank < len(texts) else ""),
        )
    }
    return {
        "key": str(uuid.UUID(int=7)),
        "table": "Table 4",
        "gathering": "atelier",
        "held_on": "2026-03-12",
        "rapporteur": "animatrice",
        "people": "8",
        "note-TOTAL_FORMS": rows,
        "note-INITIAL_FORMS": 0,
        "note-MIN_NUM_FORMS": 0,
        "note-MAX_NUM_FORMS": 200,
        "lines": "",
        **filled,
        **fields,
    }


def test_the_notes_of_a_table_are_published_together(client, consultation):
    client.post(url("table", consultation.slug), notes(consultation, "Des bancs.", "Une fontaine."))
    found = Contribution.objects.order_by("pk").values_list("title", "author_label", "channel", "kind")
    assert list(found) == [
        ("Des bancs.", "Table 4, atelier du 12\u00a0mars 2026", "room", "proposal"),
        ("Une fontaine.", "Table 4, atelier du 12\u00a0mars 2026", "room", "proposal"),
    ]
    consultation.refresh_from_db()
    assert consultation.contribution_count == 2
    assert TableNotes.objects.get().people == 8
    # Nobody is identified at a table: the ledger knows nobody.
    assert Participation.objects.count() == 0
    line = json.loads(RegisterLine.objects.get().content)
    assert (line["acte"], line["faits"]) == ("consultation.table_entered", {"notes": 2, "date": "2026-03-12"})
    page = Client().get(Contribution.objects.first().get_absolute_url()).content.decode()
    assert "Table 4, atelier du" in page


def test_sending_the_notes_twice_publishes_them_once(client, consultation):
    for _ in range(2):
        assert client.post(url("table", consultation.slug), notes(consultation, "Des bancs.")).status_code == 302
    assert (Contribution.objects.count(), TableNotes.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"note-0-text": ""}, "Écrivez au moins une note."),
        ({"note-0-section": "999999"}, "Partie, ligne 1"),
        ({"held_on": "2999-01-01"}, "n’a pas encore eu lieu"),
        ({"table": ""}, "Ce champ est obligatoire"),
        ({"table": "T" * 30, "gathering": "g" * 30}, None),
    ],
)
def test_wrong_notes_publish_nothing(client, consultation, fields, sentence):
    response = client.post(url("table", consultation.slug), notes(consultation, "Des bancs.", **fields))
    if sentence is None:  # as long as both may be, the signature holds
        assert response.status_code == 302
        return
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert (Contribution.objects.count(), TableNotes.objects.count()) == (0, 0)


def test_more_rows_keep_what_was_typed(client, consultation):
    response = client.post(
        url("table", consultation.slug), notes(consultation, "Des bancs.", table="Table 9", held_on="", more="1")
    )
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("-text") >= 6
    assert "Des bancs." in page
    assert 'value="Table 9"' in page
    assert str(uuid.UUID(int=7)) in page
    assert re.search(r'name="note-TOTAL_FORMS" value="6"', page)
    assert Contribution.objects.count() == 0


def row(page, rank):
    """What the page holds between two rows of the form."""
    return page.split('<span class="note-rang">')[rank].split("</li>")[0]


def test_lines_of_a_spreadsheet_become_rows_with_what_is_wrong_beside(client, consultation):
    title = consultation.sections.last().title
    sheet = (
        f"partie;sorte;texte\n1;avis;Trop de voitures.\n{title};proposition;Des bancs.\n9;avis;Perdue.\n1;poème;Non.\n"
        "sans;colonne\n"
    )
    response = client.post(url("table", consultation.slug), notes(consultation, "Déjà là.", lines=sheet, read="1"))
    page = response.content.decode()
    assert response.status_code == 422
    assert "Déjà là." in row(page, 1)
    assert "Trop de voitures." in row(page, 2)
    assert "Perdue." in row(page, 4)
    assert "La partie « 9 » n’existe pas" in row(page, 4)
    assert '<option value="" selected>Choisissez</option>' in row(page, 4)
    assert "La sorte « poème » n’existe pas" in row(page, 5)
    assert "sans; colonne" in row(page, 6)
    assert "Il faut trois colonnes" in row(page, 6)
    # Mended and read again, nothing is there twice: the box is empty.
    assert re.search(r'name="lines"[^>]*>\s*</textarea>', page)
    assert Contribution.objects.count() == 0


def test_what_a_sheet_did_not_say_is_not_guessed(client, consultation):
    page = client.post(
        url("table", consultation.slug), notes(consultation, "Perdue.", **{"note-0-section": "", "note-0-kind": ""})
    )
    assert page.status_code == 422
    assert "Choisissez la partie." in row(page.content.decode(), 1)
    assert "Choisissez la sorte." in row(page.content.decode(), 1)
    assert Contribution.objects.count() == 0


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        ("1;avis;Bien.\n1;avis;" + "a" * 200_000, "La ligne 2 ne se lit pas"),
        ("1;avis;Bien.\n" * 201, "il y en aurait 202"),
        (" \n", "Il n’y a aucune ligne à reprendre."),
    ],
)
def test_a_sheet_that_can_not_be_taken_stays_in_its_box(client, consultation, sheet, sentence):
    response = client.post(url("table", consultation.slug), notes(consultation, "Déjà là.", lines=sheet, read="1"))
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert '<details class="fiche mt-5" open>' in page
    assert sheet.strip()[-20:] in page
    assert "Déjà là." in row(page, 1)
    assert "Bien." not in row(page, 2)


def test_pasted_lines_are_not_forgotten_when_publishing(client, consultation):
    response = client.post(url("table", consultation.slug), notes(consultation, "Des bancs.", lines="1;avis;Bien."))
    assert response.status_code == 422
    assert "Reprenez d’abord ces lignes" in response.content.decode()
    assert Contribution.objects.count() == 0


def test_a_file_too_large_is_not_read_by_half(client, consultation):
    file = SimpleUploadedFile("notes.csv", b"1;avis;Bien.\n" * 40_000)
    response = client.post(url("table", consultation.slug), notes(consultation, "Déjà là.", read="1", file=file))
    assert response.status_code == 422
    assert "500 ko" in response.content.decode()
    assert "Déjà là." in response.content.decode()


def test_fifty_notes_are_published_and_one_that_is_wrong_holds_them_all(client, consultation):
    texts = [f"Note {number}." for number in range(1, 51)]
    wrong = notes(consultation, *texts, rows=55, **{"note-49-kind": "poème"})
    response = client.post(url("table", consultation.slug), wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_note-49-kind"' in page
    assert "Sélectionnez un choix valide" in row(page, 50)
    assert [text for text in texts if text not in page] == []
    assert (Contribution.objects.count(), TableNotes.objects.count()) == (0, 0)
    assert client.post(url("table", consultation.slug), notes(consultation, *texts, rows=55)).status_code == 302
    assert list(Contribution.objects.order_by("pk").values_list("title", flat=True)) == texts
    consultation.refresh_from_db()
    assert (consultation.contribution_count, TableNotes.objects.count()) == (50, 1)


def test_a_fault_in_the_last_note_leaves_none(agent, consultation):
    """The fiftieth is refused by the database itself: the forty-nine before it, their items and counts go with it."""
    said = [
        assisting.Said(
            section=consultation.sections.first(), kind="opinion", title=f"Note {rank}", body=f"Note {rank}."
        )
        for rank in range(1, 51)
    ]
    make_contribution(consultation=consultation, source_key=f"table:{uuid.UUID(int=9)}:50")
    before = Contribution.objects.count(), Item.objects.count(), RegisterLine.objects.count()
    day = dt.date(2026, 3, 12)
    with pytest.raises(IntegrityError):
        assisting.enter_table(
            actor=agent,
            consultation=consultation,
            key=uuid.UUID(int=9),
            table=assisting.Table(name="Table 4", gathering="atelier", held_on=day, rapporteur="animatrice", people=8),
            notes=said,
            at=timezone.now(),
        )
    assert (Contribution.objects.count(), Item.objects.count(), RegisterLine.objects.count()) == before
    assert TableNotes.objects.count() == 0


def test_notes_entered_by_two_agents_are_published_once(client, consultation):
    sheet = notes(consultation, "Des bancs.", "Une fontaine.")
    client.post(url("table", consultation.slug), sheet)
    other = {**sheet, "key": str(uuid.UUID(int=8))}
    assert client.post(url("table", consultation.slug), other).status_code == 302
    mixed = client.post(
        url("table", consultation.slug),
        {**notes(consultation, "Des bancs.", "Des jeux."), "key": str(uuid.UUID(int=8))},
    )
    assert mixed.status_code == 422
    assert "dont « Des bancs. »" in mixed.content.decode()
    assert "Des jeux." in mixed.content.decode()
    used = client.post(url("table", consultation.slug), notes(consultation, "Des jeux."))
    assert "ouvrez une nouvelle feuille" in used.content.decode()
    # Another table may say the same.
    client.post(url("table", consultation.slug), {**sheet, "table": "Table 5", "key": str(uuid.UUID(int=10))})
    assert (Contribution.objects.count(), TableNotes.objects.count()) == (4, 2)


def test_what_was_typed_too_late_is_given_back(client, consultation):
    Phase.objects.filter(consultation=consultation).delete()
    response = client.post(url("table", consultation.slug), notes(consultation, "Des bancs."))
    assert (response.status_code, "Des bancs." in response.content.decode()) == (422, True)
    assert Contribution.objects.count() == 0


def test_a_file_of_a_spreadsheet_is_read(client, consultation):
    file = SimpleUploadedFile("notes.csv", "1;avis;Été trop chaud.\n".encode("cp1252"))
    response = client.post(url("table", consultation.slug), notes(consultation, read="1", file=file))
    assert response.status_code == 200
    assert "Été trop chaud." in response.content.decode()


# --- Cost ------------------------------------------------------------------------------------------------------------


def test_pages_cost_the_same_with_more_consultations(client, django_assert_num_queries):
    client.get(url("receipt_changelist"))
    for _ in range(2):
        make_consultation()
        with django_assert_num_queries(5):
            client.get(url("receipt_changelist"))


# Signed in with a second factor: the session and its steps are among them.
COSTS = {
    "home": 5,
    "help": 3,
    "link": 3,
    "open": 9,
    "namesake": 10,
    "table": 6,
    "act": 10,
    "answer": 8,
    "roll": 7,
    "ticket": 4,
    "withdraw": 4,
}


@pytest.mark.parametrize("more", [0, 9])
def test_every_page_costs_at_most_twelve_queries(client, agent, more):
    consultation = make_consultation(sections=1 + more)
    for _ in range(more):
        make_district()
        make_contribution(consultation=consultation)
    pages = _pages(consultation)
    Assistance.objects.update(agent=agent, district=make_district(), is_residence_checked=True)
    for _ in range(more):
        add_question(ConsultationQuestionnaire.objects.get().questionnaire, "single")
    found = {}
    for name, page in pages.items():
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        found[name] = len(queries)
    # The possible answers of all the questions are one query more.
    assert found == {**COSTS, "answer": COSTS["answer"] + bool(more)}


# --- Looking somebody up by their address ----------------------------------------------------------------------------


def test_address_is_looked_up_in_no_list_without_the_permission_to_see_addresses():
    user = make_resident(public_name="Camille du canal", email="camille@habitants.example")
    with transaction.atomic():
        outbox.enqueue(kind="accounts.role_granted", to=user.email, subject="Sujet secret", text="Texte")
    looked = {
        "/gestion/accounts/residency/": ("accounts.view_residency", "Camille du canal"),
        "/gestion/notifications/outboundmail/": ("notifications.view_outboundmail", "Sujet secret"),
    }
    for url, (permission, words) in looked.items():
        for more, is_found in (((), False), (("accounts.view_email",), True)):
            client = sign_in(Client(), make_staff(permission, *more))
            theirs, nobodys = (
                words in client.get(url, {"q": address}).content.decode()
                for address in (user.email, "personne@habitants.example")
            )
            # A list that is not searched answers the same of every address.
            assert (theirs and not nobodys) is is_found
            assert is_found or theirs is nobodys


def test_address_given_at_the_desk_finds_a_residency_on_a_post_that_its_person_sees():
    user = make_resident(public_name="Camille du canal", email="camille@habitants.example")
    url = "/gestion/accounts/residency/par-adresse/"
    for person in (make_staff("accounts.view_residency"), make_user()):
        client = sign_in(Client(), person)
        assert client.post(url, {"email": user.email}).status_code in {302, 403}
    assert (AccessLog.objects.count(), RegisterLine.objects.filter(act="person.looked_up").count()) == (0, 0)

    client = sign_in(Client(), make_staff("accounts.view_residency", "accounts.verify_residency"))
    assert url in client.get("/gestion/accounts/residency/").content.decode()
    assert client.get(url, {"email": user.email}).status_code == 200
    assert AccessLog.objects.count() == 0
    assert client.post(url, {"email": "personne@habitants.example"}).status_code == 422
    found = client.post(url, {"email": "Camille@habitants.example"})
    assert found["Location"] == f"/gestion/accounts/residency/{user.residencies.get().pk}/change/"
    log = AccessLog.objects.get()
    assert (log.person, log.category, log.why) == (user, "EMAIL", "Retrouver votre déclaration de résidence au guichet")
    assert RegisterLine.objects.filter(act="person.looked_up").count() == 2
