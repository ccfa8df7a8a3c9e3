"""« Qui voit quoi » against what happens: each declared act is done, then looked for on every surface, by everybody who could look."""

import re

import pytest
from django.conf import settings
from django.test import Client

from ballots.models import BoxLine
from mulhouse import memory, who_sees
from mulhouse.who_sees import Seen
from privacy.models import AccessLog
from questionnaires.models import Response
from tests import factories as f
from tests.privacy import acts

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
    assert shown == declared


@pytest.mark.parametrize("act", who_sees.acts(), ids=lambda act: act.code)
def test_every_act_says_all(act):
    for words in (act.label, act.sentence, act.stored):
        assert str(words).strip()


# --- What happens ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def town(transactional_db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return acts.Town()


def test_every_act_is_tried(town):
    assert list(town.done) == [act.code for act in who_sees.acts()]


def seen_by_everybody(town, read):
    """Tell, for each act, whether its name and its words are there."""
    return {
        code: (bool(acts.where(read, done.name)), bool(acts.where(read, done.words)))
        for code, done in town.done.items()
    }


# The words that everybody reads once they are published, and the name that signs them: nothing else.
PUBLISHED = {
    "take_part",
    "contribution",
    "open_data",
    "comment",
    "profile",
    "idea",
    "idea_comment",
    "idea_amendment",
    "idea_news",
}
PUBLIC = {code: (code in PUBLISHED,) * 2 for code in (act.code for act in who_sees.acts())}
# A signature, and no words.
PUBLIC["idea_co_author"] = (True, False)
# A name is no document; what is proposed to change an idea, and its author's news, are read beside it.
NOT_SEARCHED = {"profile", "idea_amendment", "idea_news"}


def test_the_registry_says_which_acts_are_public():
    said = {act.code: (act.name is Seen.EVERYBODY, act.words is Seen.EVERYBODY) for act in who_sees.acts()}
    assert said == PUBLIC


def test_a_visitor_reads_what_is_said_on_every_public_surface(town):
    """Pages, fragments, search, feeds, exports, API, the register: everything that a link leads to."""
    read = acts.as_visitor()
    assert seen_by_everybody(town, read) == PUBLIC
    assert [done.address for done in town.done.values() if acts.where(read, done.address)] == []
    assert not any("1913" in text for address, (_status, text) in read.items() if town.theirs.reference in address)
    _open_data_holds_what_is_said(town, read)
    _found_by_search(town, Client())


def test_another_resident_reads_what_a_visitor_reads(town):
    read = acts.as_resident(town.neighbour)
    assert seen_by_everybody(town, read) == PUBLIC
    assert [done.address for done in town.done.values() if acts.where(read, done.address)] == []
    _found_by_search(town, f.sign_in(Client(), town.neighbour))


def _open_data_holds_what_is_said(town, read):
    """Texts and signatures leave in files; who took which position does not."""
    files = {address: each for address, each in read.items() if re.search(r"\.(csv|json|xlsx|zip)|/api/", address)}
    for code in ("open_data", "take_part", "contribution", "comment", "idea", "idea_comment"):
        assert acts.where(files, town.done[code].words), code
        assert acts.where(files, town.done[code].name), code
    for code in ("position", "support", "vote", "answer", "follow", "idea_support", "idea_gathering"):
        assert acts.where(files, town.done[code].name) == [], code


def _found_by_search(town, client):
    for code, (_name, is_public) in PUBLIC.items():
        words = town.done[code].words
        if code in NOT_SEARCHED or "@" in words:
            continue
        memory.client().flushdb()
        assert (f"<mark>{words}</mark>" in client.get(f"/recherche/?q={words}").content.decode()) is is_public, code


@pytest.mark.parametrize("role", ["mediator", "evaluator", "desk", "agent", "moderator", "administrator"])
def test_no_page_of_staff_shows_what_asks_for_a_gesture(town, role):
    """Opened by GET, whatever the role: no address, no document, no words of a request or of a report."""
    read = acts.as_staff(role)
    hidden = {code: town.done[code].words for code in ("sign_up", "residency_document", "data_request", "report")}
    assert [(code, acts.where(read, words)) for code, words in hidden.items() if acts.where(read, words)] == []
    assert [done.address for done in town.done.values() if acts.where(read, done.address)] == []
    # The words that agents in charge read on a page: of a fault, of an appeal.
    for code, in_charge in (("report_fault", {"agent", "administrator"}), ("appeal", {"moderator", "administrator"})):
        assert bool(acts.where(read, town.done[code].words)) is (role in in_charge), (code, role)
    # Free words are read without their person.
    for address in acts.where(read, town.done["answer"].words):
        assert town.done["answer"].name not in read[address][1]
    # Who chose stands in the table of people and at the desk, and nowhere beside what was chosen.
    for code in ("position", "support", "follow", "vote", "idea_support", "idea_gathering"):
        found = acts.where(read, town.done[code].name)
        assert [address for address in found if not address.startswith(("/gestion/accounts/", "/gestion/desk/"))] == []
    assert len(read) > (60 if role == "administrator" else 0)
    assert AccessLog.objects.count() == 0


# --- Gestures ----------------------------------------------------------------------------------------------------------------


def gestures(town):
    """What opens the words of an act: who may, where, with what, and what the person reads of it afterwards."""
    asked, kept = town.done["answer"].row, town.done["answer"].more["file"]
    inside = f"/gestion/consultations/consultation/{town.consultation.pk}/questionnaires/{asked.reference}/"
    return {
        "sign_up": (
            "administrator",
            f"/gestion/accounts/user/{town.done['sign_up'].actor.pk}/geste/afficher-l-adresse/",
            {"purpose": "help"},
            "EMAIL",
        ),
        "residency_document": (
            "desk",
            f"/gestion/accounts/residency/{town.done['residency_document'].row.pk}/geste/ouvrir-le-justificatif/",
            {},
            "DOCUMENT",
        ),
        "data_request": (
            "administrator",
            f"/gestion/privacy/datarequest/{town.done['data_request'].row.pk}/geste/ouvrir/",
            {},
            "REQUEST",
        ),
        "report": (
            "moderator",
            f"/gestion/moderation/case/{town.done['report'].row.case_id}/change/",
            {"lire": "oui"},
            "REPORT",
        ),
        "answer": ("agent", f"{inside}fichiers/{kept.key}/", {}, "FILE"),
    }


@pytest.mark.parametrize("code", ["sign_up", "residency_document", "data_request", "report", "answer"])
def test_a_gesture_opens_it_to_who_is_in_charge_and_the_person_sees_it(town, code):
    role, url, given, category = gestures(town)[code]
    done = town.done[code]
    others = [Client(), f.sign_in(Client(), town.neighbour)]
    others += [f.sign_in(Client(), acts.with_role(name)) for name in ("mediator", "evaluator")]
    for client in others:
        response = client.post(url, given)
        assert response.status_code in {302, 403, 404}, response.status_code
        assert done.words not in acts.crawl.text_of(response)
    assert AccessLog.objects.count() == 0
    response = f.sign_in(Client(), acts.with_role(role)).post(url, given, follow=True)
    assert done.words in acts.crawl.text_of(response)
    row = AccessLog.objects.get()
    assert (row.person, row.category) == (done.actor, category)
    seen = f.sign_in(Client(), done.actor).get("/mon-espace/donnees/consultations/").content.decode()
    assert row.what in seen
    assert row.actor.public_name not in seen
    assert AccessLog.objects.filter(person=town.neighbour).count() == 0


def test_the_author_does_not_learn_who_reported_them(town):
    """Neither on their pages, nor in their mails, nor in the copy of their data."""
    from accounts import exports  # noqa: PLC0415
    from notifications.models import OutboundMail  # noqa: PLC0415

    report = town.done["report"]
    deciding_moderator = acts.deciding.make_moderator()
    acts.deciding.decide(town.theirs, "keep", actor=deciding_moderator, case=report.row.case)
    copy = str(exports.data_of(town.neighbour))
    mails = "".join(f"{mail.subject}{mail.text}" for mail in OutboundMail.objects.filter(user=town.neighbour))
    for text in (copy, mails):
        assert report.words not in text
        assert report.name not in text
        assert report.row.reference not in text


def test_a_person_reads_their_own(town):
    """In their space and in the copy of their data; what the ballot says is not even there."""
    from accounts import exports  # noqa: PLC0415

    for code, done in town.done.items():
        if done.act.words in {Seen.NOTHING, Seen.NOBODY} or code in {"residency_document", "report_fault"}:
            continue  # a document is given back as a file; a fault is reported without an account
        assert done.words in str(exports.data_of(done.actor)), code


def test_a_ballot_and_a_response_bear_no_name():
    """The structure itself: a ballot has no road to a person; a response is read without its person (`tests/ballots`)."""
    relations = [field.related_model.__name__ for field in BoxLine._meta.get_fields() if field.is_relation]
    assert set(relations) & {"User", "Person", "RollLine"} == set()
    assert "public_name" not in {field.name for field in Response._meta.get_fields()}
