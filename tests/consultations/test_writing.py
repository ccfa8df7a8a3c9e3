"""The journey of a contribution: nothing typed is lost, nothing is published by accident, nobody reads another's draft."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import Residency
from consultations.models import Attachment, Comment, Contribution, ContributionVersion, Position, ResidencyLevel
from notifications.models import OutboundMail, Subscription
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
BODY = "Il fait **chaud** en été.\r\n\r\nPlantons des arbres."


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def place(client):
    """A consultation of two questions, and a resident who is signed in."""
    row = f.make_consultation(sections=2)
    user = f.make_resident(public_name="Nadia B.")
    sign_in(client, user)
    return row, user


def address(name, row, *more):
    slug = row.slug if hasattr(row, "slug") else row.consultation.slug
    return reverse(f"consultations:{name}", args=[slug, *more])


def form(row, **fields):
    return {
        "section": row.sections.order_by("position").first().pk,
        "kind": "proposal",
        "title": "Planter des arbres sur le quai",
        "body": BODY,
        "usage_when": "",
        "usage_frequency": "",
        "usage_role": "",
        "place": "Quai du Fil",
        "signature": "name",
        "intention": "verifier",
        **fields,
    }


def token(client, row):
    return client.get(address("contribute", row)).context["token"]


def photo(name="quai.jpg"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def errors(response):
    assert response.status_code == 422
    found = response.context["failures"]
    return {bound.html_name: [str(error) for error in bound.errors] for bound in found if bound.errors}


def make_draft(row, user, **fields):
    return f.make_contribution(
        consultation=row,
        author=user,
        published_at=None,
        **{"title": "Planter des arbres sur le quai", "body": "Il fait chaud.", **fields},
    )


# --- Who may enter -------------------------------------------------------------------------------------------------


def test_visitor_signs_in_and_comes_back(client):
    row = f.make_consultation()
    target = f"{address('contribute', row)}?partie=1"
    response = client.get(target)
    assert response["Location"] == f"{reverse('account_login')}?next={target.replace('?', '%3F').replace('=', '%3D')}"


@pytest.mark.parametrize("phase", ["inform", "analyse"])
def test_outside_the_phase_the_form_is_a_sentence(client, phase):
    row = f.make_consultation(phase=phase)
    sign_in(client, f.make_resident())
    for response in (client.get(address("contribute", row)), client.post(address("contribute", row), form(row))):
        assert response.status_code == 403
        assert "donner votre avis" in response.content.decode() or "terminée" in response.content.decode()
    assert Contribution.objects.count() == 0


@pytest.mark.parametrize("name", ["draft", "check", "discard", "edit", "withdraw"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_s_text_is_not_found(client, place, name, method):
    row, _user = place
    published = name in {"edit", "withdraw"}
    theirs = f.make_contribution(consultation=row, **({} if published else {"published_at": None}))
    response = getattr(client, method)(address(name, row, theirs.reference), form(row))
    assert response.status_code == 404
    theirs.refresh_from_db()
    assert (theirs.withdrawn_at, theirs.published_at is None) == (None, not published)


def test_reference_of_another_s_draft_in_the_token_is_not_taken(client, place):
    """The reference is signed for one person: somebody else's token draws a new one."""
    row, _user = place
    other = f.make_resident()
    sign_in(client, other)
    stolen = token(client, row)
    sign_in(client, place[1])
    client.post(address("contribute", row), form(row, jeton=stolen, intention="brouillon"))
    sign_in(client, other)
    client.post(address("contribute", row), form(row, jeton=stolen, intention="brouillon"))
    assert sorted(Contribution.objects.values_list("author__public_name", flat=True)) == sorted(
        ["Nadia B.", other.public_name]
    )


# --- The draft -----------------------------------------------------------------------------------------------------


def test_question_is_chosen_by_the_button_one_came_from(client, place):
    row, _ = place
    second = row.sections.order_by("position").last()
    assert client.get(f"{address('contribute', row)}?partie=2").context["form"]["section"].value() == second.pk
    for nonsense in ("0", "9", "-1", "x", "²"):
        assert client.get(f"{address('contribute', row)}?partie={nonsense}").context["form"]["section"].value() is None


def test_draft_keeps_everything_that_is_not_finished(client, place):
    row, user = place
    given = form(row, section="", kind="", title="Arbres", intention="brouillon", jeton=token(client, row))
    response = client.post(address("contribute", row), given)
    draft = Contribution.objects.get()
    assert response["Location"] == address("draft", row, draft.reference)
    assert (draft.author, draft.published_at, draft.section, draft.title) == (user, None, None, "Arbres")
    assert draft.body == BODY.replace("\r\n", "\n")
    html = client.get(response["Location"]).content.decode()
    assert "Votre brouillon est enregistré" in html
    assert "Plantons des arbres." in html


def test_sending_the_form_twice_makes_one_draft(client, place):
    row, _ = place
    given = form(row, jeton=token(client, row))
    locations = {client.post(address("contribute", row), given)["Location"] for _ in range(3)}
    assert (Contribution.objects.count(), len(locations)) == (1, 1)


def test_errors_are_said_and_nothing_typed_is_lost(client, place):
    row, _ = place
    given = form(row, section="", kind="", title="Court", body="", place="Quai du Fil", jeton=token(client, row))
    response = client.post(address("contribute", row), given)
    assert errors(response) == {
        "section": ["Choisissez la question à laquelle vous répondez."],
        "kind": ["Choisissez ce que vous voulez écrire."],
        "title": ["Votre titre est trop court\u00a0: écrivez au moins 10 caractères."],
        "body": ["Écrivez votre texte."],
    }
    html = response.content.decode()
    assert "<title>Erreur\u00a0: " in html
    assert "Corrigez 4 erreurs" in html
    assert 'value="Court"' in html
    assert 'value="Quai du Fil"' in html
    assert Contribution.objects.get().place == "Quai du Fil"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "x" * 121, "Votre titre est trop long\u00a0: 120 caractères au plus."),
        ("title", "  neuf ca  ", "Votre titre est trop court\u00a0: écrivez au moins 10 caractères."),
        ("body", "x" * 3001, "Votre texte dépasse 3\u00a0000 caractères. Raccourcissez-le."),
        ("section", "999999", "Sélectionnez un choix valide. Ce choix ne fait pas partie de ceux disponibles."),
    ],
)
def test_limits_of_the_fields(client, place, field, value, sentence):
    row, _ = place
    assert errors(client.post(address("contribute", row), form(row, **{field: value}))) == {field: [sentence]}


@pytest.mark.parametrize(
    ("field", "value"), [("title", "x" * 120), ("title", "x" * 10), ("body", "x" * 3000), ("body", "x\r\n" * 1500)]
)
def test_limits_themselves_are_accepted(client, place, field, value):
    row, _ = place
    assert client.post(address("contribute", row), form(row, **{field: value})).status_code == 302


def test_question_of_another_consultation_is_refused(client, place):
    row, _ = place
    other = f.make_consultation().sections.get()
    assert list(errors(client.post(address("contribute", row), form(row, section=other.pk)))) == ["section"]
    assert Contribution.objects.get().section is None


def test_draft_over_the_limits_is_kept_whole(client, place):
    row, _ = place
    client.post(address("contribute", row), form(row, body="x" * 5000, intention="brouillon"))
    assert len(Contribution.objects.get().body) == 5000


def test_draft_of_a_consultation_of_one_question_belongs_to_it(client, place):
    row = f.make_consultation()
    client.post(address("contribute", row), form(row, section="", intention="brouillon"))
    assert Contribution.objects.get().section == row.sections.get()


def test_draft_of_a_finished_phase_can_still_be_read_and_kept(client, place):
    user = place[1]
    late = f.make_consultation(phase="analyse")
    draft = make_draft(late, user)
    response = client.get(address("draft", late, draft.reference))
    assert response.status_code == 200
    assert "La phase d’avis est terminée" in response.content.decode()
    response = client.post(address("check", late, draft.reference))
    assert response.status_code == 403
    draft.refresh_from_db()
    assert draft.published_at is None


def test_too_many_drafts_in_a_row_are_slowed_down(client, place):
    row, _ = place
    codes = [client.post(address("contribute", row), form(row, intention="brouillon")).status_code for _ in range(11)]
    assert codes == [302] * 10 + [429]


def test_discarding_asks_first(client, place):
    row, user = place
    draft = make_draft(row, user)
    page = address("discard", row, draft.reference)
    assert "Supprimer ce brouillon" in client.get(page).content.decode()
    assert Contribution.objects.count() == 1
    assert client.post(page)["Location"] == reverse("consultations:mine")
    assert Contribution.objects.count() == 0


# --- Files ---------------------------------------------------------------------------------------------------------


def test_photo_without_words_is_kept_and_its_words_are_asked(client, place):
    row, _ = place
    response = client.post(address("contribute", row), {**form(row), "new-1-file": photo()})
    assert errors(response) == {
        "kept-1-alt": ["Décrivez cette photo en une phrase, ou cochez «\u00a0image sans information\u00a0»."]
    }
    draft = Contribution.objects.get()
    response = client.post(address("draft", row, draft.reference), form(row, **{"kept-1-alt": "Un quai vide"}))
    assert response["Location"] == address("check", row, draft.reference)
    kept = Attachment.objects.get()
    assert (kept.alt, kept.content_type, kept.name, kept.is_decorative) == (
        "Un quai vide",
        "image/webp",
        "quai.webp",
        False,
    )


@pytest.mark.parametrize("words", [{"new-1-alt": "Un quai"}, {"new-1-is_decorative": "on"}])
def test_photo_with_words_or_said_to_show_nothing_goes_on(client, place, words):
    row, _ = place
    response = client.post(address("contribute", row), {**form(row, **words), "new-1-file": photo()})
    assert response.status_code == 302
    kept = Attachment.objects.get()
    assert (kept.alt, kept.is_decorative) == (words.get("new-1-alt", ""), "new-1-is_decorative" in words)


@pytest.mark.parametrize("intention", ["verifier", "brouillon"])
def test_file_that_is_refused_is_said_and_the_text_is_kept(client, place, intention):
    row, _ = place
    bad = SimpleUploadedFile("virus.jpg", b"MZ\x90\x00", "image/jpeg")
    response = client.post(
        address("contribute", row),
        {**form(row, intention=intention), "new-2-file": bad, "new-1-file": photo(), "new-1-alt": "Un quai"},
    )
    assert list(errors(response)) == ["new-2-file"]
    assert "Ce fichier n’est pas accepté" in response.content.decode()
    assert (Contribution.objects.get().title, Attachment.objects.count()) == ("Planter des arbres sur le quai", 1)


def test_file_that_is_too_heavy_is_refused_without_being_read(client, place, monkeypatch):
    row, _ = place
    monkeypatch.setattr("mulhouse.uploads.MAX_BYTES", 10)
    response = client.post(address("contribute", row), {**form(row), "new-1-file": photo()})
    assert errors(response) == {"new-1-file": ["Ce fichier dépasse 5\u00a0Mo. Réduisez-le ou choisissez-en un autre."]}


def test_fourth_file_is_said_to_be_one_too_many(client, place):
    """Two windows on the same draft: the second still shows three free places."""
    row, user = place
    draft = make_draft(row, user)
    page = address("draft", row, draft.reference)
    for position in (1, 2):
        Attachment.objects.create(
            contribution=draft, position=position, kind="document", file="x", name="x.pdf", content_type="x", size=1
        )
    given = {**form(row, intention="brouillon"), "new-3-file": photo(), "new-3-alt": "Un quai"}
    assert client.post(page, given).status_code == 302
    assert Attachment.objects.count() == 3
    assert "Retirer ce fichier" in client.get(page).content.decode()


def test_files_are_removed_and_their_places_taken_again(client, place):
    row, user = place
    draft = make_draft(row, user)
    page = address("draft", row, draft.reference)
    three = {f"new-{n}-file": photo() for n in (1, 2, 3)} | {f"new-{n}-alt": f"Photo {n}" for n in (1, 2, 3)}
    client.post(page, {**form(row, intention="brouillon"), **three})
    assert list(Attachment.objects.values_list("position", "alt")) == [(1, "Photo 1"), (2, "Photo 2"), (3, "Photo 3")]
    kept = {f"kept-{n}-alt": f"Photo {n}" for n in (1, 2, 3)}
    client.post(page, form(row, intention="brouillon", **kept, **{"kept-2-remove": "on"}))
    client.post(page, {**form(row, intention="brouillon", **kept), "new-2-file": photo(), "new-2-alt": "Neuve"})
    assert list(Attachment.objects.values_list("position", "alt")) == [(1, "Photo 1"), (2, "Neuve"), (3, "Photo 3")]


def test_name_of_a_file_is_text(client, place):
    row, user = place
    draft = make_draft(row, user)
    given = {
        **form(row, intention="brouillon"),
        "new-1-file": photo("<img src=x onerror=alert(1)>.jpg"),
        "new-1-alt": '"><b>x',
    }
    client.post(address("draft", row, draft.reference), given)
    html = client.get(address("draft", row, draft.reference)).content.decode()
    assert "<img src=x" not in html
    assert '"><b>x' not in html


# --- What is missing about the person ----------------------------------------------------------------------------------


def test_newcomer_says_the_rest_in_the_same_form(client):
    row, user, district = f.make_consultation(minimum_age=16), f.make_user(public_name=""), f.make_district()
    sign_in(client, user)
    page = address("contribute", row)
    assert client.get(page).context["desk"].asks == ["public_name", "district", "birth_year"]
    response = client.post(page, form(row, jeton=token(client, row)))
    assert sorted(errors(response)) == ["profil-birth_year", "profil-district", "profil-public_name"]
    draft = Contribution.objects.get()
    answers = {"profil-public_name": "Sam", "profil-district": district.pk, "profil-birth_year": "1990"}
    response = client.post(address("draft", row, draft.reference), form(row, **answers))
    assert response["Location"] == address("check", row, draft.reference)
    user.refresh_from_db()
    assert (user.public_name, user.district, user.birth_year) == ("Sam", district, 1990)
    assert Residency.objects.get(user=user).district == district
    assert client.post(response["Location"])["Location"] == draft.get_absolute_url()


def test_name_that_shows_an_address_is_refused(client):
    row = f.make_consultation(residency_level=ResidencyLevel.NONE)
    sign_in(client, f.make_user(public_name=""))
    response = client.post(address("contribute", row), form(row, **{"profil-public_name": "moi@example.org"}))
    assert list(errors(response)) == ["profil-public_name"]


def test_name_is_not_required_of_who_signs_otherwise(client):
    row = f.make_consultation()
    sign_in(client, f.make_resident(public_name=""))
    response = client.post(address("contribute", row), form(row, signature="district"))
    assert response["Location"].endswith("/verifier/")


def test_waiting_for_a_verified_residence_one_writes_but_does_not_publish(client):
    row, user = f.make_consultation(residency_level=ResidencyLevel.VERIFIED), f.make_resident()
    sign_in(client, user)
    html = client.get(address("contribute", row)).content.decode()
    assert "Vous pouvez écrire, pas encore publier" in html
    assert reverse("accounts:residency") in html
    response = client.post(address("contribute", row), form(row))
    check = response["Location"]
    assert "Vous ne pouvez pas encore publier" in client.get(check).content.decode()
    assert client.post(check).status_code == 403
    assert Contribution.objects.get().published_at is None


# --- Check and publish -------------------------------------------------------------------------------------------------


def test_check_page_shows_the_photo_and_nowhere_to_report_it(client, place):
    row, _user = place
    given = {**form(row), "new-1-file": photo(), "new-1-alt": "Un quai sans arbre"}
    html = client.get(client.post(address("contribute", row), given)["Location"]).content.decode()
    assert ("Un quai sans arbre" in html, "Signaler cette image" in html) == (True, False)


def test_check_page_shows_what_everybody_will_read(client, place):
    row, user = place
    draft = make_draft(
        row,
        user,
        body_html="<p>Il fait <strong>chaud</strong>.</p>",
        place="Quai du Fil",
        kind="experience",
        usage_when="le matin",
    )
    html = client.get(address("check", row, draft.reference)).content.decode()
    expected = ("<strong>chaud</strong>", "Nadia B.", "Quai du Fil", "le matin", "charte", "Publier ma contribution")
    assert [words for words in expected if words not in html] == []
    assert Contribution.objects.get().published_at is None


def test_shouting_is_advised_against_and_not_refused(client, place):
    row, user = place
    draft = make_draft(row, user, title="PLANTEZ DES ARBRES MAINTENANT", body="IL FAIT BEAUCOUP TROP CHAUD ICI")
    page = address("check", row, draft.reference)
    assert client.get(page).content.decode().count("presque tout en capitales") == 2
    assert client.post(page)["Location"] == draft.get_absolute_url()


@pytest.mark.parametrize("fields", [{"title": "Court"}, {"body": ""}, {"section": None}])
def test_unfinished_draft_goes_back_to_its_form(client, place, fields):
    row, user = place
    draft = make_draft(row, user)
    Contribution.objects.filter(pk=draft.pk).update(**fields)
    page = address("check", row, draft.reference)
    for response in (client.get(page), client.post(page)):
        assert response["Location"] == address("draft", row, draft.reference)
    assert Contribution.objects.get().published_at is None


def test_publishing_says_the_reference_and_writes_to_the_author(client, place):
    row, user = place
    draft = make_draft(row, user)
    page = address("check", row, draft.reference)
    responses = [client.post(page, {"suivre": "oui"}) for _ in range(2)]
    assert [response["Location"] for response in responses] == [draft.get_absolute_url()] * 2
    assert f"Sa référence est {draft.reference}" in client.get(draft.get_absolute_url()).content.decode()
    assert (OutboundMail.objects.count(), Subscription.objects.get().user) == (1, user)


def test_published_text_is_no_longer_a_draft(client, place):
    row, user = place
    published = f.make_contribution(consultation=row, author=user)
    for name in ("draft", "check"):
        assert client.get(address(name, row, published.reference))["Location"] == published.get_absolute_url()
    assert client.get(address("discard", row, published.reference)).status_code == 403


# --- Correct, withdraw -------------------------------------------------------------------------------------------------


def test_correction_before_any_reaction(client, place):
    row, user = place
    published = f.make_contribution(consultation=row, author=user)
    page = address("edit", row, published.reference)
    assert "Personne n’a encore réagi" in client.get(page).content.decode()
    given = {**form(row, title="Un titre tout neuf"), "new-1-file": photo(), "new-1-alt": "Un quai"}
    assert client.post(page, given)["Location"] == published.get_absolute_url()
    published.refresh_from_db()
    assert (published.title, ContributionVersion.objects.count(), Attachment.objects.count()) == (
        "Un titre tout neuf",
        0,
        1,
    )


def test_correction_after_a_reaction_is_a_visible_version(client, place):
    row, user = place
    published = f.make_contribution(consultation=row, author=user, title="Un titre ancien", agree_count=1)
    page = address("edit", row, published.reference)
    html = client.get(page).content.decode()
    assert "restera lisible par tous" in html
    assert 'name="kind"' not in html
    client.post(page, {"title": "Un titre tout neuf", "body": "Autre texte."})
    html = client.get(published.get_absolute_url()).content.decode()
    assert [
        words for words in ("Un titre tout neuf", "Un titre ancien", "1 version précédente") if words not in html
    ] == []


def test_correction_with_errors_keeps_what_was_typed(client, place):
    row, user = place
    published = f.make_contribution(consultation=row, author=user)
    response = client.post(
        address("edit", row, published.reference), form(row, title="Court", body="Mon nouveau texte")
    )
    assert list(errors(response)) == ["title"]
    assert "Mon nouveau texte" in response.content.decode()


def test_correction_is_over_with_the_phase(client, place):
    late = f.make_consultation(phase="analyse")
    published = f.make_contribution(consultation=late, author=place[1])
    response = client.get(address("edit", late, published.reference))
    assert response.status_code == 403
    assert "Vous pouvez le retirer à tout moment" in response.content.decode()


def test_withdrawing_asks_first(client, place):
    row, user = place
    published = f.make_contribution(consultation=row, author=user)
    page = address("withdraw", row, published.reference)
    assert "Retirer cette contribution" in client.get(page).content.decode()
    published.refresh_from_db()
    assert published.withdrawn_at is None
    assert client.post(page)["Location"] == reverse("consultations:mine")
    assert client.get(published.get_absolute_url()).status_code == 410
    assert client.post(page)["Location"] == published.get_absolute_url()


# --- One's own ---------------------------------------------------------------------------------------------------------


def lines(client, query=""):
    return [
        (line.title, str(line.tag.label))
        for line, _answers in client.get(reverse("consultations:mine") + query).context["lines"]
    ]


def test_own_page_is_for_oneself(client):
    assert client.get(reverse("consultations:mine")).status_code == 302


def test_own_page_holds_everything_of_one_and_nothing_of_others(client, place):
    row, user = place
    f.make_contribution(consultation=row)
    make_draft(row, user, title="")
    f.make_contribution(consultation=row, author=user, title="Publiée hier")
    f.make_contribution(consultation=row, author=user, title="Retirée hier", withdrawn_at=timezone.now())
    f.make_comment(author=user, body="Mon commentaire")
    f.make_comment(author=user, withdrawn_at=timezone.now(), body="Mon regret")
    assert sorted(lines(client)) == [
        ("Publiée hier", "Publiée"),
        ("Retirée hier", "Retirée"),
        ("Sans titre", "Brouillon, non publié"),
    ]
    assert sorted(lines(client, "?voir=commentaires")) == [("Mon commentaire", "Publié"), ("Mon regret", "Retiré")]


@pytest.mark.parametrize("query", ["", "?voir=commentaires"])
def test_own_page_has_pages(client, place, query):
    row, user = place
    contribution = f.make_contribution(consultation=row)
    for _ in range(25):
        make_draft(row, user)
        f.make_comment(contribution=contribution, author=user)
    first = client.get(reverse("consultations:mine") + query).context
    second = client.get(first["pages"].next_url).context
    assert (len(first["lines"]), len(second["lines"]), second["pages"].next_url) == (20, 5, "")
    back = client.get(second["pages"].previous_url).context
    assert [line.url for line, _answers in back["lines"]] == [line.url for line, _answers in first["lines"]]


def test_own_page_says_what_to_do_when_it_is_empty(client, place):
    html = client.get(reverse("consultations:mine")).content.decode()
    assert "Vous n’avez encore rien écrit" in html
    assert (
        "Vous n’avez pas encore commenté"
        in client.get(f"{reverse('consultations:mine')}?voir=commentaires").content.decode()
    )


@pytest.mark.parametrize("count", [1, 3, 60])
@pytest.mark.parametrize(("query", "model"), [("", Contribution), ("?voir=commentaires", Comment)])
def test_own_page_costs_the_same_whatever_its_length(client, place, count, query, model, django_assert_num_queries):
    row, user = place
    contribution = f.make_contribution(consultation=row)
    for number in range(count):
        if model is Comment:
            f.make_comment(contribution=contribution, author=user)
        else:
            make_draft(row, user, title=f"Brouillon {number}")
    client.get(reverse("consultations:mine"))
    # Session, person, page, what became of each; before the comments, those that wait.
    with django_assert_num_queries(5 if model is Comment else 4):
        client.get(reverse("consultations:mine") + query)
    address_of_next = client.get(reverse("consultations:mine") + query).context["pages"].next_url
    assert bool(address_of_next) is (count > 20)


def test_form_costs_the_same_with_many_questions_and_files(client, place, django_assert_num_queries):
    row, user = f.make_consultation(sections=9), place[1]
    draft = make_draft(row, user)
    for position in (1, 2, 3):
        Attachment.objects.create(
            contribution=draft, position=position, kind="photo", file="x", name="x", content_type="x", size=1
        )
    client.get(address("contribute", row))
    with django_assert_num_queries(7):  # session, person, consultation, phases, sections, residence, districts
        client.get(address("contribute", row))
    with django_assert_num_queries(9):  # and the draft's files
        client.get(address("draft", row, draft.reference))


def test_position_of_the_author_does_not_exist(client, place):
    """One's own contribution shows no buttons, and a forged form is refused."""
    row, user = place
    published = f.make_contribution(consultation=row, author=user)
    assert client.post(address("position", row, published.reference), {"position": "agree"}).status_code == 403
    assert Position.objects.count() == 0
