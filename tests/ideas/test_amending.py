"""Changes that others propose to an idea: refused, read first, taken or not; what is taken is a version that everybody can read."""

import time

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from ideas import actions, amending, beside, tasks
from ideas.models import Amendment, Idea, IdeaVersion, Stage
from moderation import actions as moderation
from moderation import cases, kinds
from moderation.models import Case
from mulhouse.errors import DomainError
from notifications.models import Notification
from privacy import quarantine
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def acts():
    return list(RegisterLine.objects.filter(act__startswith="idea.").order_by("number").values_list("act", flat=True))


def code_of(call, **given):
    with pytest.raises(DomainError) as error:
        call(**given)
    return error.value.code


def answer(made, *, accepts=True, word="", actor=None):
    amending.answer(actor=actor or made.idea.author, amendment=made, accepts=accepts, word=word, at=timezone.now())


def decide(kind, subject, action):
    case = Case.objects.get(subject=subject) if Case.objects.filter(subject=subject).exists() else None
    moderator = f.make_staff("moderation.decide_case", "moderation.view_case")
    if case is None:
        case = moderation.take_up(actor=moderator, kind=kind, reference=subject, at=timezone.now())
    thing = kinds.of(case.kind).find(subject)
    moderation.decide(
        actor=moderator,
        case=case,
        action=action,
        clause="" if action == "keep" else "3.2",
        facts="" if action == "keep" else "Une insulte.",
        passages=[],
        seen=cases.seen_of(case, thing),
        at=timezone.now(),
    )


# --- Proposing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("author", "own"),
        ("withdrawn", "withdrawn"),
        ("hidden", "withdrawn"),
        ("studied", "studied"),
        ("gathered", "gathered"),
        ("gathers", "gathers"),
        ("no_author", "no_author"),
        ("no_district", "residency_missing"),
        ("no_name", "public_name"),
        ("unchanged", "unchanged"),
        ("fourth", "too_many"),
    ],
)
def test_change_is_refused_with_its_reason(change, code):
    idea, actor, now = f.make_idea(), f.make_resident(), timezone.now()
    words = {"proposal": "Des bancs."}
    if change == "author":
        actor = idea.author
    elif change == "no_district":
        actor = f.make_user()
    elif change == "no_name":
        actor = f.make_resident(public_name="")
    elif change == "unchanged":
        words = {"proposal": f"  {idea.proposal}\n"}
    elif change == "fourth":
        for number in range(3):
            f.make_amendment(idea=idea, author=actor, title=f"Un autre titre, {number}")
    else:
        values = {
            "withdrawn": {"withdrawn_at": now},
            "hidden": {"hidden_at": now},
            "studied": {"stage": Stage.STUDY},
            "gathered": {"stage": Stage.GATHERED},
            "gathers": {"gathers": 2},
            "no_author": {"author": None},
        }[change]
        Idea.objects.filter(pk=idea.pk).update(**values)
    before = Amendment.objects.count()
    assert code_of(f.make_amendment, idea=idea, author=actor, **words) == code
    assert Amendment.objects.count() == before


def test_change_keeps_what_it_changes_only():
    made = f.make_amendment(title="Un titre plus juste")
    assert (made.title, made.need, made.proposal != "", made.is_visible) == ("Un titre plus juste", "", True, True)
    assert acts() == ["idea.amendment_proposed"]
    same = {
        "idea": made.idea,
        "reference": made.reference,
        "change": amending.Change("", "", "", ""),
        "at": timezone.now(),
    }
    assert amending.propose(actor=made.author, **same) == made
    assert code_of(amending.propose, actor=f.make_resident(), **same) == "not_author"


# --- Answering -----------------------------------------------------------------------------------------------------


def test_change_that_is_taken_is_a_visible_version_that_credits_it():
    made = f.make_amendment()
    before = made.idea.proposal
    for _ in range(2):
        answer(made, word="Bien vu.")
    made.refresh_from_db()
    idea = Idea.objects.get(pk=made.idea_id)
    assert (idea.proposal, idea.proposal_html) == (f"{before} Et des bancs.", f"<p>{before} Et des bancs.</p>\n")
    version = IdeaVersion.objects.get()
    assert (version.proposal, made.version, idea.corrected_at) == (before, version, version.replaced_at)
    assert (made.state, made.answer) == ("accepted", "Bien vu.")
    assert acts() == ["idea.amendment_proposed", "idea.corrected", "idea.amendment_answered"]


def test_change_that_is_not_taken_changes_nothing():
    made = f.make_amendment()
    answer(made, accepts=False, word="Non, merci.")
    made.refresh_from_db()
    assert (made.state, made.version, IdeaVersion.objects.count()) == ("declined", None, 0)
    assert code_of(answer, made=made, accepts=True) == "answered"


@pytest.mark.parametrize(
    ("who", "code"),
    [("stranger", "not_author"), ("proposer", "not_author"), ("studied", "studied"), ("withdrawn", "withdrawn")],
)
def test_nobody_but_the_author_answers_and_only_in_time(who, code):
    made = f.make_amendment()
    actor = {"stranger": f.make_resident(), "proposer": made.author}.get(who, made.idea.author)
    if who == "studied":
        Idea.objects.filter(pk=made.idea_id).update(stage=Stage.STUDY)
    elif who == "withdrawn":
        amending.take_back(actor=made.author, said=made, at=timezone.now())
    assert code_of(answer, made=made, actor=actor) == code


def test_change_never_overwrites_words_it_was_not_written_from():
    made = f.make_amendment()
    idea = made.idea
    words = actions.Words(
        title=idea.title, need="Un autre besoin.", proposal=idea.proposal, signature="name", theme=idea.theme
    )
    actions.correct(actor=idea.author, idea=idea, words=words, at=timezone.now())
    assert code_of(answer, made=made) == "changed"
    answer(made, accepts=False)
    assert Idea.objects.get(pk=idea.pk).need == "Un autre besoin."


def test_word_of_the_author_that_should_be_read_first_is_asked_otherwise():
    campaign = f.make_campaign(moderation="prior")
    made = f.make_amendment(idea=f.make_idea(campaign=campaign))
    assert made.is_waiting
    decide("", made.reference, "keep")
    made.refresh_from_db()
    assert code_of(answer, made=made, word="Merci.") == "word"
    answer(made)
    assert Idea.objects.get(pk=made.idea_id).proposal.endswith("Et des bancs.")


# --- Being told, moderation, closing an account ------------------------------------------------------------------------


def test_author_is_told_then_who_proposed_once_each():
    made = f.make_amendment()
    for _ in range(2):
        tasks.tell_amendment(amendment_id=made.pk)
    answer(made, accepts=False)
    for _ in range(2):
        tasks.tell_amendment(amendment_id=made.pk)
    tasks.sweep_gatherings()
    told = Notification.objects.filter(kind="ideas.amendments").order_by("created_at", "pk")
    assert list(told.values_list("user", "digest")) == [(made.idea.author_id, "daily"), (made.author_id, "daily")]


def test_author_hears_nothing_of_what_waits_or_is_hidden():
    made = f.make_amendment(idea=f.make_idea(campaign=f.make_campaign(moderation="prior")))
    tasks.tell_amendment(amendment_id=made.pk)
    decide("", made.reference, "hide")
    tasks.tell_amendment(amendment_id=made.pk)
    assert Notification.objects.filter(kind="ideas.amendments").count() == 0
    made.refresh_from_db()
    assert (made.released_at, made.refused_clause) == (None, "3.2")


def test_moderation_hides_masks_and_gives_back(client):
    made = f.make_amendment(reason="Appelez-moi, nom d’un chien.")
    kind = kinds.get(amending.AMENDMENT_KIND)
    decide(kind.code, made.reference, "hide")
    made.refresh_from_db()
    assert (made.is_visible, made.hidden_reason, kind.is_public(made)) == (False, "3.2", False)
    address = reverse("ideas:amendment", args=[made.idea.reference, made.reference])
    response = client.get(address)
    assert (response.status_code, "nom d’un chien" in response.content.decode()) == (410, False)
    assert "article 3.2" in response.content.decode()
    kind.show(made)
    kind.mask(made, ["Appelez-moi"])
    made.refresh_from_db()
    assert (made.is_visible, made.reason) == (True, "(donnée personnelle masquée), nom d’un chien.")
    kind.erase(made)
    made.refresh_from_db()
    assert (made.reason, made.proposal, made.title) == ("Texte effacé", "Texte effacé", "")


def test_data_set_aside_hides_and_shows_again():
    made = f.make_amendment()
    for shelf in quarantine.shelves():
        shelf.hide(made.author)
    assert not Amendment.objects.get(pk=made.pk).is_visible
    for shelf in quarantine.shelves():
        shelf.show(made.author)
    assert Amendment.objects.get(pk=made.pk).is_visible


def test_change_is_taken_back_by_who_made_it_unless_it_was_taken():
    made, taken = f.make_amendment(), f.make_amendment()
    answer(taken)
    given = {"said": made, "at": timezone.now()}
    assert code_of(amending.take_back, actor=f.make_resident(), **given) == "not_author"
    for _ in range(2):
        amending.take_back(actor=made.author, **given)
    assert acts().count("idea.said_withdrawn") == 1
    assert code_of(amending.take_back, actor=taken.author, said=taken, at=timezone.now()) == "accepted"


def test_closing_an_account_unsigns_what_is_public_and_empties_the_rest():
    author = f.make_resident()
    shown, gone = f.make_amendment(author=author), f.make_amendment(author=author)
    amending.take_back(actor=author, said=gone, at=timezone.now())
    with transaction.atomic():
        amending.erase_said(user=author)
    shown.refresh_from_db()
    gone.refresh_from_db()
    assert (shown.author, shown.proposal != "—", gone.author, gone.proposal, gone.reason) == (
        None,
        True,
        None,
        "—",
        "—",
    )


# --- Pages ---------------------------------------------------------------------------------------------------------


def test_words_that_go_and_come_are_told_apart():
    html = beside.compared("Planter <des> arbres", "Planter des arbres et bancs")
    assert str(html) == (
        'Planter <del><span class="sr">retiré\u00a0: </span>&lt;des&gt;</del> <ins><span class="sr">ajouté\u00a0: </span>'
        'des</ins> arbres <ins><span class="sr">ajouté\u00a0: </span>et bancs</ins>'
    )


def test_space_alone_is_no_change_and_is_the_new_one():
    assert str(beside.compared("Un banc.\nUn arbre.", "Un banc.\n\nUn arbre.")) == "Un banc.\n\nUn arbre."


@pytest.mark.parametrize(
    ("before", "after"),
    [("a " * 1500, "a b " * 750), ("a " * 77, "a b " * 77), ("z " + "a " * 1498, "a z a " * 500)],
    ids=["above", "under", "shifted"],
)
def test_a_repetitive_text_costs_little_to_compare(before, after):
    """Anybody may propose such a text, and ask for its page again and again."""
    begun = time.process_time()
    html = str(beside.compared(before, after))
    assert time.process_time() - begun < 3
    assert "<ins>" in html


def test_what_has_too_much_in_common_is_shown_whole_but_for_its_ends():
    html = str(beside.compared("Début " + "a " * 200 + "fin", "Début " + "a b " * 200 + "fin"))
    said = "".join(('<del><span class="sr">retiré\u00a0: </span>', ("a " * 199).strip(), "</del>"))
    assert html.startswith(f"Début a {said} <ins>")
    assert html.endswith("</ins> fin")
    assert (html.count("<del>"), html.count("<ins>")) == (1, 1)


def test_journey_of_a_change(client):
    idea, person = f.make_idea(title="Des arbres au Drouot"), f.make_resident(public_name="Nadia B.")
    f.sign_in(client, person)
    page = client.get(idea.get_absolute_url()).content.decode()
    assert reverse("ideas:amend", args=[idea.reference]) in page
    address = reverse("ideas:amend", args=[idea.reference])
    form = client.get(address)
    given = {"title": idea.title, "need": idea.need, "proposal": "Vingt arbres.", "reason": ""}
    response = client.post(address, {**given, "jeton": form.context["token"]})
    assert (response.status_code, response.context["form"].errors.keys()) == (422, {"reason"})
    assert "Vingt arbres." in response.content.decode()
    for _ in range(2):
        response = client.post(address, {**given, "reason": "Dix ne suffisent pas.", "jeton": form.context["token"]})
    made = Amendment.objects.get()
    assert response["Location"] == reverse("ideas:amendment", args=[idea.reference, made.reference])
    page = client.get(response["Location"]).content.decode()
    assert "Nadia B." in page
    assert "<del>" in page
    assert 'name="accepts"' not in page
    f.sign_in(client, idea.author)
    answering = reverse("ideas:amendment_answer", args=[idea.reference, made.reference])
    assert client.post(answering, {}).status_code == 422
    response = client.post(answering, {"accepts": "oui", "word": "Merci."})
    assert response["Location"] == reverse("ideas:amendment", args=[idea.reference, made.reference])
    page = client.get(response["Location"]).content.decode()
    assert "Merci." in page
    assert "1 modification proposée, 1 retenue." in client.get(idea.get_absolute_url()).content.decode()


def correct(idea, **changes):
    words = {
        "title": idea.title,
        "need": idea.need,
        "proposal": idea.proposal,
        "signature": "name",
        "theme": idea.theme,
    }
    actions.correct(actor=idea.author, idea=idea, words=actions.Words(**{**words, **changes}), at=timezone.now())


@pytest.mark.parametrize("accepts", [None, False])
def test_change_is_compared_with_the_words_that_it_was_written_from(client, accepts):
    """The text corrected meanwhile is another one: it is neither struck out nor added by who proposed."""
    idea = f.make_idea(author=f.make_resident(public_name="Nadia B."), proposal="Un banc.")
    made = f.make_amendment(idea=idea, proposal="Deux bancs.")
    if accepts is not None:
        amending.answer(actor=idea.author, amendment=made, accepts=accepts, word="", at=timezone.now())
    correct(idea, proposal="Trois bancs.")
    page = client.get(reverse("ideas:amendment", args=[idea.reference, made.reference])).content.decode()
    assert "Un banc.</del>" in page
    assert "Deux bancs.</ins>" in page
    assert "Trois" not in page
    assert ("Comparé au texte d’alors" in page) is (accepts is None)


def test_change_is_shown_alone_once_the_words_before_are_masked(client):
    idea = f.make_idea(proposal="Un banc.")
    made = f.make_amendment(idea=idea, proposal="Deux bancs.")
    Idea.objects.filter(pk=idea.pk).update(proposal="Un ███.")
    page = client.get(reverse("ideas:amendment", args=[idea.reference, made.reference])).content.decode()
    assert "Le texte d’avant n’est plus lisible." in page
    assert ("Deux bancs." in page, "<del>" in page, "███" in page) == (True, False, False)


def test_version_names_the_change_that_replaced_it(client):
    idea = f.make_idea(author=f.make_resident(public_name="Nadia B."))
    f.make_support(idea=idea)
    correct(idea, proposal="Un banc.")
    made = f.make_amendment(idea=idea, proposal="Deux bancs.")
    amending.answer(actor=idea.author, amendment=made, accepts=True, word="", at=timezone.now())
    address = reverse("ideas:amendment", args=[idea.reference, made.reference])
    page = client.get(idea.get_absolute_url()).content.decode()
    assert page.count(f'<a href="{address}">une modification proposée</a>') == 1


def test_pages_are_closed_to_who_may_not(client):
    idea, waiting = f.make_idea(), f.make_amendment(idea=f.make_idea(campaign=f.make_campaign(moderation="prior")))
    own = reverse("ideas:amendment", args=[waiting.idea.reference, waiting.reference])
    assert client.get(own).status_code == 404
    assert client.get(reverse("ideas:amend", args=[idea.reference])).status_code == 302
    f.sign_in(client, f.make_resident())
    assert client.get(own).status_code == 404
    assert (
        client.post(reverse("ideas:amendment_answer", args=[waiting.idea.reference, waiting.reference])).status_code
        == 404
    )
    shown = f.make_amendment()
    answering = reverse("ideas:amendment_answer", args=[shown.idea.reference, shown.reference])
    assert client.post(answering, {"accepts": "oui"}).status_code == 403
    assert (
        client.get(reverse("ideas:amendment_withdraw", args=[shown.idea.reference, shown.reference])).status_code == 403
    )
    f.sign_in(client, idea.author)
    assert client.get(reverse("ideas:amend", args=[idea.reference])).status_code == 403
    f.sign_in(client, waiting.author)
    assert client.get(own).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_however_many(client, django_assert_num_queries, count):
    idea = f.make_idea()
    for _ in range(count):
        f.make_amendment(idea=idea)
    with django_assert_num_queries(3):
        response = client.get(reverse("ideas:amendments", args=[idea.reference]))
    assert len(response.context["lines"]) == count
    made = Amendment.objects.order_by("pk").first()
    with django_assert_num_queries(1):
        client.get(reverse("ideas:amendment", args=[idea.reference, made.reference]))


# --- What goes with an idea ------------------------------------------------------------------------------------------


def test_words_masked_in_an_idea_are_masked_in_what_others_make_of_it_and_given_back():
    idea = f.make_idea(proposal="Appelez le 06 12 34 56 78.")
    made, kind = f.make_amendment(idea=idea, title="Un autre titre"), kinds.get("idea")
    snapshot = kind.snapshot(idea)
    kind.mask(idea, ["06 12 34 56 78"])
    made.refresh_from_db()
    assert made.proposal == "Appelez le (donnée personnelle masquée). Et des bancs."
    kind.restore(idea, snapshot)
    made.refresh_from_db()
    assert made.proposal == "Appelez le 06 12 34 56 78. Et des bancs."
    kind.erase(idea)
    made.refresh_from_db()
    assert (made.title, made.proposal, made.reason) == ("", "—", "S’asseoir.")


def test_closing_an_account_empties_its_words_beside_what_is_gone():
    author, made, gone = f.make_resident(), f.make_amendment(), f.make_author_news()
    answer(made, accepts=False, word="Non merci.")
    Amendment.objects.filter(pk=made.pk).update(hidden_at=timezone.now())
    Idea.objects.filter(pk=gone.idea_id).update(hidden_at=timezone.now())
    with transaction.atomic():
        for person in (author, made.idea.author, gone.author):
            amending.erase_said(user=person)
    made.refresh_from_db()
    gone.refresh_from_db()
    assert (made.answer, gone.body, gone.body_html) == ("", "—", "")


def test_nothing_is_said_of_a_change_to_an_idea_that_was_hidden_meanwhile():
    made = f.make_amendment()
    Idea.objects.filter(pk=made.idea_id).update(hidden_at=timezone.now())
    tasks.sweep_gatherings()
    assert Notification.objects.filter(kind="ideas.amendments").count() == 0
    Idea.objects.filter(pk=made.idea_id).update(hidden_at=None)
    tasks.sweep_gatherings()
    assert Notification.objects.get(kind="ideas.amendments").about == f"idea_amendment:{made.reference}"
