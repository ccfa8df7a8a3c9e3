"""« Qui voit quoi » against what happens: each declared act is done, then looked for on every surface."""

import datetime as dt
import re

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from ballots.models import BoxLine
from consultations import actions as consulting
from consultations.models import Comment
from mulhouse import who_sees
from mulhouse.references import new_reference
from mulhouse.who_sees import Seen
from privacy import actions
from privacy.models import DataRequest
from questionnaires.models import Response
from tests import factories as f
from transparency import actions as faults

NAME, WORDS, ADDRESS = "Camille Qui-Voit", "Mots-très-reconnaissables", "camille.voit@habitants.example"
TEMPLATES = settings.BASE_DIR / "templates"


def test_no_sentence_stands_outside_the_registry():
    """A template names an act; a sentence typed beside a button would be a second place."""
    loose = []
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        if re.search(r"{% who_sees (?!act=)", text) or "Qui voit quoi\u00a0:" in text:
            loose.append(str(path))
    assert loose == []


def test_every_act_of_a_template_is_declared_and_every_act_is_shown():
    declared = {act.code for act in who_sees.acts()}
    shown = set()
    for path in TEMPLATES.rglob("*.html"):
        shown |= set(re.findall(r'{% who_sees act="(\w+)"', path.read_text()))
    assert shown - declared == set()
    # The button of a support has no room for a sentence: it stands on the published page, with all the others.
    assert declared - shown == {"support"}


# Every page on which a person leaves something of themselves.
COLLECTING = (
    "account/signup.html",
    "accounts/profile.html",
    "accounts/residency.html",
    "transparency/report_fault.html",
    "consultations/write.html",
    "consultations/_comment_privacy.html",
    "consultations/_positions.html",
    "questionnaires/check.html",
    "ballots/check.html",
    "privacy/ask.html",
)


@pytest.mark.parametrize("name", COLLECTING)
def test_every_form_that_collects_says_who_sees_and_leads_to_the_rights(name):
    text = (TEMPLATES / name).read_text()
    assert re.search(r'{% who_sees act="\w+" %}', text) or "components/collected.html" in text
    assert "privacy:processings" in (TEMPLATES / "components/who_sees.html").read_text()


@pytest.mark.parametrize("act", who_sees.acts(), ids=lambda act: act.code)
def test_every_act_says_all(act):
    for words in (act.label, act.sentence, act.stored):
        assert str(words).strip()


# --- What happens ------------------------------------------------------------------------------------------------------------


class Town:
    """A consultation, who acts, who looks."""

    def __init__(self):
        self.at = timezone.now()
        self.author = f.make_resident(public_name=NAME, email=ADDRESS)
        self.consultation = f.make_consultation()
        self.other = f.make_resident()
        self.contribution = f.make_contribution(consultation=self.consultation, author=self.other)

    def surfaces(self, *extra):
        """Give the pages that show contributions: public, export, other resident, staff."""
        base = self.consultation.get_absolute_url()
        pages = [base, f"{base}contributions/", self.contribution.get_absolute_url(), *extra]
        files = [f"{base}export/{name}.csv" for name in ("contributions", "commentaires", "chiffres")]
        staff = f.make_staff()
        staff.user_permissions.set(Permission.objects.filter(content_type__app_label="consultations"))
        clerk = f.sign_in(Client(), staff)
        public, neighbour = Client(), f.sign_in(Client(), self.other)
        return {
            "public": "".join(_read(public, url) for url in pages),
            "files": "".join(_read(public, url) for url in files),
            "other": "".join(_read(neighbour, url) for url in pages),
            "staff": "".join(
                _read(clerk, url)
                for url in (f"/gestion/consultations/contribution/{self.contribution.pk}/change/", "/gestion/", *pages)
            ),
        }


def _read(client, url):
    response = client.get(url)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def _seen_by(found, words):
    return {name for name, text in found.items() if words in text}


EVERYWHERE = {"public", "files", "other", "staff"}


def _contribution(town):
    words = consulting.Words(
        section=town.consultation.sections.first(), kind="opinion", title=f"Titre {WORDS}", body=WORDS, signature="name"
    )
    draft = consulting.save_draft(
        actor=town.author, consultation=town.consultation, reference=new_reference(), words=words
    )
    row = consulting.publish(actor=town.author, contribution=draft, at=town.at)
    return [row.get_absolute_url()]


def _comment(town):
    consulting.comment(
        actor=town.author,
        contribution=town.contribution,
        reference=new_reference(),
        stance="for",
        body=WORDS,
        at=town.at,
    )
    return []


def _position(town):
    consulting.take_position(actor=town.author, contribution=town.contribution, choice="disagree", at=town.at)
    return []


def _support(town):
    comment = f.make_comment(contribution=town.contribution, author=town.other)
    consulting.support_comment(actor=town.author, comment=comment, at=town.at)
    return []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("code", "do"),
    [("contribution", _contribution), ("comment", _comment), ("position", _position), ("support", _support)],
)
def test_what_a_resident_does_in_a_consultation_is_seen_as_said(code, do):
    act = next(act for act in who_sees.acts() if act.code == code)
    town = Town()
    found = town.surfaces(*do(town))
    public = {"public", "files", "other"}
    assert (_seen_by(found, NAME) & public == public) is (act.name is Seen.EVERYBODY), code
    assert (_seen_by(found, WORDS) & public == public) is (act.words is Seen.EVERYBODY), code
    if act.name is Seen.NOBODY:
        assert _seen_by(found, NAME) == set()
    # Never, on any surface, whatever the act.
    assert _seen_by(found, ADDRESS) == set()


@pytest.mark.django_db(transaction=True)
def test_a_fault_is_read_by_the_team_only():
    fault = faults.report_fault(page=WORDS, description=WORDS, email=ADDRESS, language="fr", at=timezone.now())
    page = _read(Client(), f"/accessibilite/signaler/{fault.reference}/")
    assert WORDS not in page
    staff = f.sign_in(Client(), f.make_staff("transparency.view_accessibilityfault"))
    page = _read(staff, f"/gestion/transparency/accessibilityfault/{fault.pk}/change/")
    assert WORDS in page
    assert ADDRESS not in page


@pytest.mark.django_db(transaction=True)
def test_a_document_is_opened_by_who_verifies_and_by_nobody_else(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    town = Town()
    accounts.request_verification(user=town.author, at=town.at, document=b"%PDF-1 %%EOF", suffix=".pdf")
    url = f"/gestion/accounts/residency/{town.author.residencies.get().pk}/geste/ouvrir-le-justificatif/"
    assert f.sign_in(Client(), town.other).post(url).status_code in {302, 403}
    assert f.sign_in(Client(), f.make_staff("accounts.view_residency")).post(url).status_code == 403
    agent = f.make_staff("accounts.view_residency", "accounts.verify_residency")
    assert f.sign_in(Client(), agent).post(url).content == b"%PDF-1 %%EOF"


@pytest.mark.django_db(transaction=True)
def test_a_request_about_data_is_read_by_those_in_charge_only():
    town = Town()
    row = actions.ask(user=town.author, kind="access", words=WORDS, at=town.at)
    for page in (_read(Client(), f"/donnees-personnelles/demande/{row.reference}/"), _read(Client(), "/registre/")):
        assert WORDS not in page
        assert NAME not in page
    assert DataRequest.objects.get().words == WORDS


def test_a_ballot_and_a_response_bear_no_name():
    """The structure itself: a ballot has no road to a person; a response is read without its person (`tests/ballots`)."""
    relations = [field.related_model.__name__ for field in BoxLine._meta.get_fields() if field.is_relation]
    assert set(relations) & {"User", "Person", "RollLine"} == set()
    assert "public_name" not in {field.name for field in Response._meta.get_fields()}


@pytest.mark.django_db
def test_profile_shows_its_name_and_neither_address_nor_year():
    town = Town()
    town.author.birth_year = 1987
    town.author.save(update_fields=["birth_year"])
    f.make_comment(contribution=town.contribution, author=town.author, published_at=town.at - dt.timedelta(minutes=1))
    page = _read(Client(), town.contribution.get_absolute_url())
    assert NAME in page
    assert ADDRESS not in page
    assert "1987" not in page
    assert Comment.objects.count() == 1
