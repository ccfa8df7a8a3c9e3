"""Texts read before they are public: who sees them meanwhile, what their release and their refusal do."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ideas import actions, holding, review, setting_aside, talking
from ideas.models import Comment, HeldText, Idea, Stage
from ideas.models.campaigns import ModerationMode
from moderation import kinds
from moderation.models import Case
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from notifications.models import OutboundMail
from tests import factories as f
from tests.concurrency import queue_behind, run_in_threads
from tests.ideas.rows import make_photo
from tests.moderation import deciding
from transparency import recounting

pytestmark = pytest.mark.django_db
PHONE = "06 12 34 56 78"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def prior():
    return f.make_campaign(moderation=ModerationMode.PRIOR, review_hours=8)


@pytest.fixture
def author():
    user = f.make_resident(public_name="Nadia B.")
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - dt.timedelta(days=30))
    user.refresh_from_db()
    return user


def words(**fields):
    given = {"title": "Des arbres", "need": "De l’ombre.", "proposal": "Planter.", "signature": "name", **fields}
    return actions.Words(theme=f.make_theme(), **given)


def hand_in(campaign, author, **fields):
    """An idea that its author handed in, and the text that waits."""
    draft = actions.save_draft(actor=author, campaign=campaign, reference=new_reference(), words=words(**fields))
    idea = actions.publish(actor=author, idea=draft, at=timezone.now())
    return idea, HeldText.objects.get(idea=idea, sort="idea")


def say(idea, author, **fields):
    given = {"reference": new_reference(), "stance": "for", "body": "Oui.", "at": timezone.now(), **fields}
    return talking.comment(actor=author, idea=Idea.objects.select_related("campaign").get(pk=idea.pk), **given)


def correction(idea, author, **fields):
    actions.correct(actor=author, idea=idea, words=words(**fields), at=timezone.now())
    return HeldText.objects.waiting().get(idea=idea, sort="correction")


def release(held, *, at=None):
    return deciding.release(kinds.of(review.KINDS[held.sort]), held, at=at)


def refuse(held):
    kind = kinds.of(review.KINDS[held.sort])
    case = Case.objects.get(kind=kind.code, subject=held.reference)
    return deciding.actions.decide(
        actor=deciding.make_moderator(),
        case=case,
        action="hide",
        clause="3.2",
        facts="Le deuxième mot.",
        passages=[],
        seen=deciding.cases.seen_of(case, kind.find(case.subject)),
        at=timezone.now(),
    )


def code_of(call, **fields):
    with pytest.raises((RefusedError, DomainError)) as refused:
        call(**fields)
    return refused.value.code


# --- Who -----------------------------------------------------------------------------------------------------------------


def test_what_waits_is_read_by_its_author_and_moderators_only(prior, author, client):
    idea, held = hand_in(prior, author, title="Wapiti")
    page = reverse("ideas:held", args=[held.reference])
    assert client.get(idea.get_absolute_url()).status_code == 404
    for person in (f.make_resident(), f.make_staff("ideas.change_campaign")):
        f.sign_in(client, person)
        assert [client.get(url).status_code for url in (page, idea.get_absolute_url())] == [404, 404]
    for person in (author, deciding.make_moderator()):
        f.sign_in(client, person)
        assert "Wapiti" in client.get(page).content.decode()
    prior.refresh_from_db()
    assert (prior.idea_count, Idea.objects.visible().count(), OutboundMail.objects.count()) == (0, 0, 0)


def test_nobody_else_corrects_nor_takes_back(prior, author):
    _idea, held = hand_in(prior, author)
    other = f.make_resident()
    assert (
        code_of(holding.correct_held, actor=other, held=held, words={"title": "x"}, at=timezone.now()) == "not_author"
    )
    assert code_of(holding.take_back, actor=other, held=held, at=timezone.now()) == "not_author"


# --- Release -------------------------------------------------------------------------------------------------------------


def test_a_held_idea_is_counted_and_told_at_its_release_once(prior, author):
    idea, held = hand_in(prior, author)
    release(held)
    idea.refresh_from_db()
    prior.refresh_from_db()
    assert (idea.is_visible, idea.stage, prior.idea_count) == (True, Stage.SUPPORT, 1)
    assert (idea.next_supports, idea.supports_until is not None) == (50, True)
    with transaction.atomic():
        holding.release(HeldText.objects.get(pk=held.pk), timezone.now())
    prior.refresh_from_db()
    assert prior.idea_count == 1
    assert list(OutboundMail.objects.values_list("kind", flat=True)) == ["ideas.published"]
    assert recounting.recount("ideas", repair=False) == []


def test_an_idea_handed_in_in_time_is_released_after_the_end(author):
    last, later = f.today() + dt.timedelta(days=30), timezone.now() + dt.timedelta(days=2)
    dated = {"kind": "edition", "closes_on": f.today(), "supports_end_on": last}
    idea, held = hand_in(f.make_campaign(moderation=ModerationMode.PRIOR, **dated), author)
    release(held, at=later)
    idea.refresh_from_db()
    assert (idea.is_visible, idea.supports_until, idea.published_at) == (True, last, later)


def test_a_held_comment_and_its_reply_are_published_and_told(prior, author):
    idea = f.make_idea(campaign=prior)
    thread = f.make_idea_comment(idea=idea)
    first = say(idea, author, is_question=True, body="Combien ?")
    second = say(idea, author, parent=thread, body="Moi aussi.")
    for held in (first, second):
        assert isinstance(held, HeldText)
        release(held)
    question, reply = (Comment.objects.get(reference=held.reference) for held in (first, second))
    assert (question.is_question, question.stance, question.body_html) == (True, "neutral", "<p>Combien ?</p>\n")
    assert (reply.parent, reply.author) == (thread, author)
    thread.refresh_from_db()
    idea.refresh_from_db()
    assert (thread.reply_count, idea.comment_count) == (1, 3)
    assert [mail.subject for mail in OutboundMail.objects.order_by("pk")] == ["Votre commentaire est publié"] * 2
    assert recounting.recount("ideas", repair=False) == []


def test_a_held_correction_changes_the_public_text(prior, author):
    idea = f.make_idea(campaign=prior, author=author)
    district, theme = f.make_district(), f.make_theme()
    wanted = actions.Words(
        title="Deux bancs",
        need="S’asseoir.",
        proposal="*Ici*.",
        signature="district",
        theme=theme,
        place_district=district,
    )
    actions.correct(actor=author, idea=idea, words=wanted, at=timezone.now())
    idea.refresh_from_db()
    assert idea.title != "Deux bancs"
    release(HeldText.objects.get())
    idea.refresh_from_db()
    assert (idea.title, idea.proposal_html, idea.signature) == ("Deux bancs", "<p><em>Ici</em>.</p>\n", "district")
    assert (idea.theme, idea.place_district, idea.versions.count()) == (theme, district, 0)


def test_a_correction_released_after_a_reaction_is_a_version_of_what_still_changes(prior, author):
    idea = f.make_idea(campaign=prior, author=author, title="Un banc")
    held = correction(idea, author, title="Deux bancs", place="Ailleurs")
    f.make_support(idea=idea)
    release(held)
    idea.refresh_from_db()
    assert (idea.title, idea.place, idea.corrected_at is not None) == ("Deux bancs", "", True)
    assert [version.title for version in idea.versions.all()] == ["Un banc"]


@pytest.mark.parametrize("gone", ["withdrawn", "hidden", "studied", "parent"])
def test_what_is_about_nothing_any_more_is_not_published_and_its_author_learns_why(prior, author, gone, client):
    idea = f.make_idea(campaign=prior, author=author)
    thread = f.make_idea_comment(idea=idea)
    held = [say(idea, author, parent=thread), correction(idea, author)]
    at = timezone.now()
    changes = {"withdrawn": {"withdrawn_at": at}, "hidden": {"hidden_at": at}, "studied": {"stage": Stage.STUDY}}
    Idea.objects.filter(pk=idea.pk).update(**changes.get(gone, {}))
    if gone == "parent":
        talking.withdraw_comment(actor=thread.author, comment=thread, at=at)
    dropped = {"studied": held[1:], "parent": held[:1]}.get(gone, held)
    before = OutboundMail.objects.count()
    for each in dropped:
        release(each)
        each.refresh_from_db()
        assert (each.is_orphan, each.released_at) == (True, None)
    told = OutboundMail.objects.order_by("pk")[before:]
    assert [mail.subject for mail in told] == ["Votre texte sur une idée ne paraît pas"] * len(dropped)
    assert Comment.objects.exclude(pk=thread.pk).count() == 0
    f.sign_in(client, author)
    assert client.get(reverse("ideas:held", args=[dropped[0].reference])).status_code == 200


def test_nothing_is_released_while_the_data_of_its_author_is_set_aside(prior, author):
    _idea, held = hand_in(prior, author)
    User.objects.filter(pk=author.pk).update(limited_since=timezone.now())
    assert code_of(release, held=held) == "set_aside"
    assert setting_aside.REASON
    assert Idea.objects.visible().count() == 0


# --- Refusal -------------------------------------------------------------------------------------------------------------


def test_a_refused_text_is_read_by_its_author_and_an_overturned_refusal_publishes(prior, author, client):
    idea, held = hand_in(prior, author, title="Wapiti")
    made = refuse(held)
    held.refresh_from_db()
    assert (held.refused_clause, held.is_waiting, Idea.objects.visible().count()) == ("3.2", False, 0)
    f.sign_in(client, author)
    assert "Wapiti" in client.get(reverse("ideas:held", args=[held.reference])).content.decode()
    assert code_of(holding.take_back, actor=author, held=held, at=timezone.now()) == "decided"
    deciding.overturn(made)
    idea.refresh_from_db()
    assert idea.is_visible


def test_refused_words_are_erased_for_good(prior, author, django_capture_on_commit_callbacks):
    idea, held = hand_in(prior, author, behalf="association", behalf_name="Les amis", cost="Cher")
    make_photo(idea)
    said = say(f.make_idea(campaign=prior), author, body="Zut.")
    for each in (held, said):
        refuse(each)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for each in (held, said):
            kind = kinds.of(review.KINDS[each.sort])
            kind.erase(kind.hold(each.reference))
    idea.refresh_from_db()
    said.refresh_from_db()
    assert (idea.title, idea.need, idea.cost, idea.behalf_name) == (holding.ERASED, holding.ERASED, "", holding.ERASED)
    assert (said.words["body"], idea.photos.count()) == (holding.ERASED, 0)


def test_kept_personal_data_is_masked_released_and_given_back(author):
    campaign = f.make_campaign()
    idea, held = hand_in(campaign, author, need=f"Appelez le {PHONE}.")
    assert held.cause == HeldText.Cause.MASKING
    kind = kinds.of("held_idea")
    case = Case.objects.get(kind=kind.code, subject=held.reference)
    assert case.proposal == [PHONE]
    made = deciding.actions.decide(
        actor=deciding.make_moderator(),
        case=case,
        action="mask",
        clause="3.4",
        facts="Un numéro.",
        passages=[PHONE],
        seen=deciding.cases.seen_of(case, kind.find(case.subject)),
        at=timezone.now(),
    )
    idea.refresh_from_db()
    assert (idea.is_visible, idea.need) == (True, f"Appelez le {kinds.MASKED}.")
    assert idea.need_html == f"<p>Appelez le {kinds.MASKED}.</p>\n"
    deciding.overturn(made)
    idea.refresh_from_db()
    assert idea.need_html == f"<p>Appelez le {PHONE}.</p>\n"


# --- Its author ------------------------------------------------------------------------------------------------------------


def test_correcting_what_waits_changes_what_moderators_read(prior, author):
    idea, held = hand_in(prior, author)
    said = say(f.make_idea(campaign=prior), author)
    given = {"actor": author, "at": timezone.now()}
    holding.correct_held(held=held, words={"title": "Des tilleuls", "need": f"Au {PHONE}."}, **given)
    holding.correct_held(held=said, words={"body": "Plutôt oui."}, **given)
    idea.refresh_from_db()
    assert (idea.title, idea.need_html) == ("Des tilleuls", f"<p>Au {PHONE}.</p>\n")
    assert kinds.of("held_idea").words(kinds.of("held_idea").find(held.reference)).title == "Des tilleuls"
    assert Case.objects.get(kind="held_idea").proposal == [PHONE]
    release(said)
    assert Comment.objects.get(reference=said.reference).body == "Plutôt oui."


def test_taking_back_makes_a_draft_again_and_erases_the_rest(prior, author):
    idea, held = hand_in(prior, author)
    said = say(f.make_idea(campaign=prior), author)
    for each in (held, said, held):
        holding.take_back(actor=author, held=each, at=timezone.now())
    idea.refresh_from_db()
    said.refresh_from_db()
    assert (idea.submitted_at, said.words) == (None, {})
    assert not Case.objects.waiting().exists()
    assert kinds.of("held_idea").find(held.reference) is None
    again = actions.publish(actor=author, idea=idea, at=timezone.now())
    assert HeldText.objects.waiting().get(idea=again).sort == "idea"


def test_a_newer_correction_is_not_undone_by_the_one_that_waited(author):
    idea = f.make_idea(author=author)
    held = correction(idea, author, need=f"Au {PHONE}.")
    actions.correct(actor=author, idea=idea, words=words(need="Plus rien."), at=timezone.now())
    assert not Case.objects.exists()
    with transaction.atomic():
        holding.release(HeldText.objects.get(pk=held.pk), timezone.now())
    idea.refresh_from_db()
    assert idea.need == "Plus rien."


@pytest.mark.django_db(transaction=True)
def test_released_and_taken_back_at_once_is_one_of_the_two():
    campaign, author = f.make_campaign(moderation=ModerationMode.PRIOR), f.make_resident(public_name="Nadia B.")
    idea, held = hand_in(campaign, author)

    def act(number):
        if number:
            return release(held)
        try:
            return holding.take_back(actor=author, held=held, at=timezone.now())
        except RefusedError:
            return None

    run_in_threads(2, act)
    idea.refresh_from_db()
    held.refresh_from_db()
    campaign.refresh_from_db()
    assert (held.released_at is None) != (held.withdrawn_at is None)
    assert idea.is_visible == (held.released_at is not None)
    assert campaign.idea_count == int(idea.is_visible)


@pytest.mark.parametrize("sort", ["idea", "comment", "correction"])
def test_the_pages_of_moderation_show_what_waits(prior, author, client, sort):
    idea = f.make_idea(campaign=prior, author=author)
    held = {
        "idea": lambda: hand_in(prior, author, title="Wapiti")[1],
        "comment": lambda: say(idea, author, body="Wapiti"),
        "correction": lambda: correction(idea, author, title="Wapiti"),
    }[sort]()
    case = Case.objects.get(kind=review.KINDS[held.sort], subject=held.reference)
    f.sign_in(client, deciding.make_moderator())
    assert (
        str(kinds.of(case.kind).label)
        in client.get(reverse("admin:moderation_case_changelist")).content.decode().lower()
    )
    assert "Wapiti" in client.get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_last", [False, True])
def test_a_correction_and_the_decision_on_the_one_that_waits_follow_each_other(prior, author, is_last):
    """Both take the idea, then the text that waits, then its case: neither is ended by the database for having crossed the other."""
    idea = f.make_idea(campaign=prior, author=author, title="Des arbres")
    held = correction(idea, author, title="Des bancs")
    decide = deciding.keep_held(kinds.of("held_idea_correction"), held)
    newer = words(title="Des bancs et des arbres")

    def correct():
        return actions.correct(actor=author, idea=idea, words=newer, at=timezone.now())

    gestures = (decide, correct) if is_last else (correct, decide)
    answers = queue_behind(lambda: actions.locked(idea), *gestures)

    idea.refresh_from_db()
    found = HeldText.objects.waiting().get()
    assert found.words["title"] == "Des bancs et des arbres"
    if is_last:
        # Published, then corrected again.
        assert [type(answer).__name__ for answer in answers] == ["Decision", "Idea"]
        assert (idea.title, found.pk == held.pk) == ("Des bancs", False)
    else:
        # What the moderator read had changed: they read again.
        assert (answers[1].code, idea.title, found.pk == held.pk) == ("stale", "Des arbres", True)
