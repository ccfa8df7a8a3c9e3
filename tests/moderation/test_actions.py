"""What moderation may and may not write: once each, by the right person, on both sides of each delay."""

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts import rules as accounts_rules
from accounts.models import User
from ballots.models import RollLine
from consultations import actions as consultations
from consultations import hiding
from consultations import rules as consultations_rules
from consultations.models import Attachment, Comment, Contribution, ContributionVersion
from moderation import actions, cases, kinds, personal_data, rules, tasks
from moderation.models import Appeal, Block, Case, Decision, Report
from mulhouse.charter import CURRENT
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from notifications import subscriptions
from notifications.models import OutboundMail
from questionnaires import actions as questionnaires
from questionnaires.models import Answer
from tests import factories
from tests.ballots import votes
from tests.concurrency import run_in_threads
from tests.moderation import deciding
from tests.questionnaires.making import add_question, make_questionnaire
from transparency.models import Promise, RegisterLine

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


def code_of(call, *args, **kwargs):
    with pytest.raises(DomainError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def a_photo(contribution):
    made = Attachment(
        contribution=contribution, kind="photo", name="a.webp", content_type="image/webp", size=4, alt="Un banc"
    )
    made.file.save("a.webp", ContentFile(b"RIFF"), save=False)
    made.save()
    return made


# --- Reports -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_nobody_reads_is_not_reported():
    author = factories.make_resident()
    draft = factories.make_contribution(published_at=None)
    withdrawn = factories.make_contribution(withdrawn_at=timezone.now())
    secret = factories.make_contribution(consultation=factories.make_consultation(published_at=None))
    for thing in (draft, withdrawn, secret):
        assert code_of(deciding.report, thing, fingerprint="a") == "gone"
    assert code_of(deciding.report, factories.make_contribution(author=author), reporter=author) == "own"
    assert not Case.objects.exists()


@pytest.mark.django_db
def test_reports_hide_nothing_and_the_third_makes_it_urgent():
    contribution, at = factories.make_contribution(), timezone.now()
    for number in range(2):
        deciding.report(contribution, fingerprint=f"{number}", at=at)
    case = Case.objects.get()
    assert (case.priority, case.report_count, case.due_at) == (Case.Priority.NORMAL, 2, cases.due_at(at))
    deciding.report(contribution, reporter=factories.make_user(), at=at)
    case.refresh_from_db()
    assert (case.priority, case.report_count, case.due_at) == (Case.Priority.URGENT, 3, at + DAY)
    for number in range(20):
        deciding.report(contribution, fingerprint=f"other {number}", at=at)
    assert Contribution.objects.visible().filter(pk=contribution.pk).exists()


@pytest.mark.django_db
def test_a_child_is_urgent_at_once():
    at = timezone.now()
    made = deciding.report(factories.make_contribution(), fingerprint="a", reason="child_abuse", at=at)
    assert (made.case.priority, made.case.due_at) == (Case.Priority.URGENT, at + DAY)


@pytest.mark.django_db
@pytest.mark.parametrize("has_account", [True, False])
def test_the_same_person_reports_once_until_the_decision(has_account):
    contribution = factories.make_contribution()
    who = {"reporter": factories.make_user()} if has_account else {"fingerprint": "a" * 64}
    first = deciding.report(contribution, **who)
    assert deciding.report(contribution, **who) == first
    deciding.keep(contribution, case=first.case)
    assert Case.objects.get().state == Case.State.KEPT
    # What it has become since may break the charter.
    again = deciding.report(contribution, **who)
    assert deciding.report(contribution, **who) == again != first
    assert (Case.objects.get().state, Case.objects.get().report_count) == (Case.State.WAITING, 1)


@pytest.mark.django_db
def test_a_thing_has_one_case_however_it_is_named(client):
    contribution, at = factories.make_contribution(), timezone.now()
    photo = a_photo(contribution)
    for segment, names in (
        ("fichier", (str(photo.key), photo.key.hex, str(photo.key).upper())),
        ("contribution", (contribution.reference, contribution.reference.lower())),
    ):
        kind = kinds.by_segment(segment)
        for number, name in enumerate(names):
            assert client.get(reverse("moderation:report", args=[segment, name])).status_code == 200
            deciding.report_as(kind, name, fingerprint=f"{number}", at=at)
        actions.take_up(actor=deciding.make_moderator(), kind=kind.code, reference=names[-1], at=at)
    assert sorted(Case.objects.values_list("kind", "subject", "report_count")) == [
        ("contribution", contribution.reference, 2),
        ("image", str(photo.key), 3),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_account", [True, False])
def test_two_reports_of_one_person_at_once_are_one(has_account):
    contribution, person = factories.make_contribution(), factories.make_user()
    who = {"reporter": person} if has_account else {"fingerprint": "a" * 64}

    answers = run_in_threads(6, lambda _number: deciding.report(contribution, **who))

    assert {made.pk for made in answers} == {Report.objects.get().pk}
    assert Case.objects.get().report_count == 1
    assert RegisterLine.objects.filter(act="moderation.reported").count() == 1


# --- Decisions -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_only_moderators_decide_and_never_of_their_own_words():
    moderator = deciding.make_moderator()
    for person in (factories.make_user(), factories.make_staff(), factories.make_staff("moderation.view_case")):
        assert code_of(deciding.hide, factories.make_contribution(), actor=person) == "not_allowed"
    assert code_of(deciding.hide, factories.make_contribution(author=moderator), actor=moderator) == "own"
    assert not Decision.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"clause": ""}, "clause"),
        ({"clause": "2.5"}, "clause"),
        ({"clause": "désaccord"}, "clause"),
        ({"facts": "  "}, "facts"),
        ({"action": "mask", "passages": []}, "passages"),
        ({"action": "mask", "passages": ["absent"]}, "passages"),
    ],
)
def test_nothing_is_taken_away_without_a_ground(wrong, code):
    contribution = factories.make_contribution()
    given = {"action": "hide", **wrong}
    assert code_of(deciding.decide, contribution, given.pop("action"), **given) == code
    assert Contribution.objects.visible().filter(pk=contribution.pk).exists()
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_what_was_read_is_what_is_decided():
    contribution = factories.make_contribution()
    case = deciding.open_case(contribution)
    seen = cases.seen_of(case, contribution)
    Contribution.objects.filter(pk=contribution.pk).update(body="Corrigé depuis.")
    given = {
        "action": "hide",
        "clause": "3.2",
        "facts": "Une insulte.",
        "passages": [],
        "seen": seen,
        "at": timezone.now(),
    }
    assert code_of(actions.decide, actor=deciding.make_moderator(), case=case, **given) == "stale"


@pytest.mark.django_db(transaction=True)
def test_two_moderators_decide_once():
    contribution = factories.make_contribution()
    case = deciding.open_case(contribution)
    seen, people = cases.seen_of(case, contribution), [deciding.make_moderator() for _ in range(4)]

    answers = run_in_threads(
        4,
        lambda number: actions.decide(
            actor=people[number],
            case=case,
            action="hide" if number % 2 else "keep",
            clause="3.2",
            facts="Une insulte.",
            passages=[],
            seen=seen,
            at=timezone.now(),
        ),
    )

    assert sorted(type(each).__name__ for each in answers) == [
        "Decision",
        "RefusedError",
        "RefusedError",
        "RefusedError",
    ]
    assert Decision.objects.count() == 1


@pytest.mark.django_db
def test_masking_reaches_every_version_and_comes_back_exactly():
    contribution = factories.make_contribution(
        title="Appelez le 06 12 34 56 78", body="Ou *écrivez* à a@example.org.", place="06 12 34 56 78"
    )
    body = contribution.body
    Contribution.objects.filter(pk=contribution.pk).update(body_html="<p>Ou <em>écrivez</em> à a@example.org.</p>\n")
    ContributionVersion.objects.create(
        contribution=contribution,
        number=1,
        title="Le 06 12 34 56 78",
        body="Avant.",
        body_html="<p>Avant.</p>\n",
        replaced_at=timezone.now(),
    )
    made = deciding.mask(contribution, "06 12 34 56 78", "a@example.org")
    contribution.refresh_from_db()
    version = contribution.versions.get()
    for text in (contribution.title, contribution.body, contribution.body_html, contribution.place, version.title):
        assert "06 12" not in text
        assert "a@example.org" not in text
    assert kinds.MASKED in contribution.title
    assert "<em>" in contribution.body_html
    assert Contribution.objects.visible().filter(pk=contribution.pk).exists()
    deciding.overturn(made)
    contribution.refresh_from_db()
    version.refresh_from_db()
    assert (contribution.title, contribution.body, version.title) == (
        "Appelez le 06 12 34 56 78",
        body,
        "Le 06 12 34 56 78",
    )


@pytest.mark.django_db
def test_a_comment_a_photo_and_a_name_are_taken_away_and_given_back():
    contribution = factories.make_contribution()
    comment = factories.make_comment(contribution=contribution)
    Contribution.objects.filter(pk=contribution.pk).update(comment_count=1)
    photo, person = a_photo(contribution), factories.make_user(public_name="Gros Nigaud")
    decisions = [deciding.hide(thing) for thing in (comment, photo, person)]
    contribution.refresh_from_db()
    person.refresh_from_db()
    assert not Comment.objects.visible().exists()
    assert not Attachment.objects.visible().exists()
    assert (contribution.comment_count, person.public_name) == (0, "")
    for made in decisions:
        deciding.overturn(made)
    contribution.refresh_from_db()
    person.refresh_from_db()
    assert Comment.objects.visible().get() == comment
    assert Attachment.objects.visible().get() == photo
    assert (contribution.comment_count, person.public_name) == (1, "Gros Nigaud")
    # A person is never written on the register.
    named = RegisterLine.objects.filter(act__startswith="moderation.", subject=str(person.pk))
    assert not named.exists()


@pytest.mark.django_db
def test_a_hidden_text_is_not_corrected_and_a_withdrawn_one_does_not_come_back():
    contribution, at = factories.make_contribution(), timezone.now()
    made = deciding.hide(contribution)
    contribution.refresh_from_db()
    assert consultations_rules.edit_refusal(contribution.author, contribution, at=at).code == "hidden"
    consultations.withdraw(actor=contribution.author, contribution=contribution, at=at)
    deciding.overturn(made)
    contribution.refresh_from_db()
    contribution.consultation.refresh_from_db()
    assert contribution.withdrawn_at is not None
    assert contribution.consultation.contribution_count == 0
    assert not Contribution.objects.visible().exists()


# --- Appeals -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_contests_one_s_own_decision_once_and_in_time():
    contribution, at = factories.make_contribution(), timezone.now()
    made = deciding.hide(contribution, at=at)
    author, until = contribution.author, made.appeal_until
    given = {"decision": made, "words": "Non."}
    assert code_of(actions.appeal, actor=factories.make_user(), at=at, **given) == "not_author"
    assert code_of(actions.appeal, actor=AnonymousUser(), at=at, **given) == "not_author"
    assert code_of(actions.appeal, actor=author, at=until, **given) == "late"
    assert code_of(actions.appeal, actor=author, at=at, decision=made, words=" ") == "words"
    appeal = actions.appeal(actor=author, at=until - SECOND, **given)
    assert appeal.due_at > until
    made.refresh_from_db()
    assert code_of(actions.appeal, actor=author, at=at, **given) == "twice"
    kept = deciding.keep(factories.make_contribution(author=author))
    assert code_of(actions.appeal, actor=author, at=at, decision=kept, words="Non.") == "kept"


@pytest.mark.django_db(transaction=True)
def test_contesting_twice_at_once_is_one_appeal():
    contribution = factories.make_contribution()
    made = deciding.hide(contribution)
    answers = run_in_threads(
        4, lambda _number: actions.appeal(actor=contribution.author, decision=made, words="Non.", at=timezone.now())
    )
    assert sorted(type(each).__name__ for each in answers) == ["Appeal", "RefusedError", "RefusedError", "RefusedError"]


@pytest.mark.django_db
def test_who_decided_does_not_judge():
    first = deciding.make_moderator()
    contribution = factories.make_contribution()
    made = deciding.hide(contribution, actor=first)
    appeal = actions.appeal(actor=contribution.author, decision=made, words="Non.", at=timezone.now())
    answer = {"appeal": appeal, "outcome": "upheld", "reasons": "La décision est juste.", "at": timezone.now()}
    assert code_of(actions.judge, actor=first, **answer) == "same_person"
    assert code_of(actions.judge, actor=factories.make_staff("moderation.decide_case"), **answer) == "not_allowed"
    assert code_of(actions.judge, actor=deciding.make_moderator(), **{**answer, "reasons": ""}) == "reasons"
    actions.judge(actor=deciding.make_moderator(), **answer)
    assert code_of(actions.judge, actor=deciding.make_moderator(), **answer) == "decided"
    assert not Contribution.objects.visible().exists()
    assert Appeal.objects.get().outcome == "upheld"


@pytest.mark.django_db
def test_undoing_a_mask_leaves_what_was_written_since():
    contribution = factories.make_contribution(title="Le 06 12 34 56 78", body="Ou le 07 12 34 56 78.")
    made = deciding.mask(contribution, "06 12 34 56 78", "07 12 34 56 78")
    Contribution.objects.filter(pk=contribution.pk).update(title="Appelez la mairie")
    deciding.overturn(made)
    contribution.refresh_from_db()
    assert (contribution.title, contribution.body) == ("Appelez la mairie", "Ou le 07 12 34 56 78.")
    (holding,) = (each for each in personal_data.HOLDINGS if each.model is Decision)
    (exported,) = holding.export(contribution.author)
    assert sorted(exported["texte_exact"]) == sorted(["versions", *hiding.CONTRIBUTION_WORDS])


@pytest.mark.django_db
def test_undoing_a_mask_does_not_undo_the_decision_that_followed():
    at = timezone.now() - 20 * DAY
    contribution = factories.make_contribution(body="Écrivez au 06 12 34 56 78.")
    mask = deciding.mask(contribution, "06 12 34 56 78", at=at)
    hide = deciding.hide(contribution, at=at + DAY)
    deciding.overturn(mask, at=at + 2 * DAY)
    contribution.refresh_from_db()
    assert (Case.objects.get().state, contribution.body) == (Case.State.HIDDEN, "Écrivez au 06 12 34 56 78.")
    assert not Contribution.objects.visible().exists()
    # Nobody contests the second: its words are erased in their time.
    tasks.forget()
    contribution.refresh_from_db()
    hide.refresh_from_db()
    assert (contribution.body, hide.original) == ("Texte effacé", {})


@pytest.mark.django_db
def test_undoing_both_gives_the_first_words_back():
    contribution = factories.make_contribution(body="Écrivez au 06 12 34 56 78.")
    mask, hide = deciding.mask(contribution, "06 12 34 56 78"), deciding.hide(contribution)
    deciding.overturn(mask)
    deciding.overturn(hide)
    contribution.refresh_from_db()
    assert (Case.objects.get().state, contribution.body) == (Case.State.KEPT, "Écrivez au 06 12 34 56 78.")
    assert Contribution.objects.visible().get() == contribution


# --- Blocks --------------------------------------------------------------------------------------------------------------


def suspend(person, *, at, actor=None, days=7):
    return actions.block(
        actor=actor or deciding.make_moderator(),
        person=person,
        days=days,
        clause="3.2",
        reason="Trois insultes.",
        at=at,
    )


@pytest.mark.django_db
def test_who_may_suspend_whom():
    at, person, moderator = timezone.now(), factories.make_resident(), deciding.make_moderator()
    for nobody in (factories.make_user(), factories.make_staff("moderation.decide_case")):
        assert code_of(suspend, person, at=at, actor=nobody) == "not_allowed"
    assert code_of(suspend, moderator, at=at, actor=moderator) == "staff"
    assert code_of(suspend, person, at=at, days=8) == "days"
    made = suspend(person, at=at)
    person.refresh_from_db()
    assert code_of(suspend, person, at=made.ends_at - SECOND) == "blocked"
    suspend(person, at=made.ends_at)


@pytest.mark.django_db
@pytest.mark.parametrize("days", [7, 30, 90])
def test_a_suspension_holds_until_its_end_and_not_after(days):
    consultation, person, at = (
        factories.make_consultation(residency_level="none"),
        factories.make_resident(),
        timezone.now(),
    )
    contribution = factories.make_contribution(consultation=consultation)
    made = suspend(person, at=at, days=days)
    person.refresh_from_db()
    inside, after = made.ends_at - SECOND, made.ends_at
    own = factories.make_contribution(consultation=consultation, author=person)
    asked = (
        lambda at: consultations_rules.contribute_refusal(person, consultation, at=at),
        lambda at: consultations_rules.comment_refusal(person, contribution, at=at),
        lambda at: consultations_rules.edit_refusal(person, own, at=at),
    )
    for ask in asked:
        assert ask(at).code == "blocked"
        if days == 7:
            assert ask(inside).code == "blocked"
            assert ask(after) is None
    # A position and a vote are not words.
    assert consultations_rules.position_refusal(person, contribution, at=at) is None
    with pytest.raises(RefusedError):
        accounts.update_profile(user=person, public_name="Autre", birth_year=None, language="fr", scheme="")
    assert consultations_rules.withdraw_refusal(person, own) is None


@pytest.mark.django_db
def test_a_suspension_is_contested_and_lifted():
    person, at = factories.make_resident(), timezone.now()
    made = suspend(person, at=at)
    appeal = actions.appeal_block(actor=person, block=made, words="Ce n’était pas moi.", at=at)
    assert (
        code_of(actions.judge, actor=made.decided_by, appeal=appeal, outcome="overturned", reasons="Oui.", at=at)
        == "same_person"
    )
    actions.judge(actor=deciding.make_moderator(), appeal=appeal, outcome="overturned", reasons="En effet.", at=at)
    person.refresh_from_db()
    assert (person.blocked_until, Block.objects.get().lifted_at) == (None, at)


@pytest.mark.django_db
def test_a_suspended_person_comments_no_more():
    contribution, person = factories.make_contribution(), factories.make_resident()
    suspend(person, at=timezone.now())
    person.refresh_from_db()
    words = {"reference": new_reference(), "stance": "for", "body": "Oui.", "at": timezone.now()}
    with pytest.raises(RefusedError):
        consultations.comment(actor=person, contribution=contribution, **words)


@pytest.mark.django_db
def test_a_suspension_takes_away_words_and_no_voice():
    """What a suspended person does all the same, act by act: a sanction silences neither a vote nor a reaction."""
    person, at = votes.make_voter(), timezone.now()
    contribution = factories.make_contribution()
    comment = factories.make_comment(contribution=contribution)
    link = votes.make_vote(consultation=contribution.consultation)
    asked = make_questionnaire(consultation=contribution.consultation)
    answer = Answer(question=add_question(asked, "text"), text="Des arbres.")
    made = suspend(person, at=at)
    person.refresh_from_db()

    consultations.take_position(actor=person, contribution=contribution, choice="agree", at=at)
    consultations.take_position(actor=person, contribution=contribution, choice="disagree", at=at)
    consultations.withdraw_position(actor=person, contribution=contribution, at=at)
    consultations.support_comment(actor=person, comment=comment, at=at)
    consultations.unsupport_comment(actor=person, comment=comment, at=at)
    votes.cast(link, [1], voter=person)
    answered = questionnaires.submit(user=person, token="", questionnaire=asked, answers=[answer], at=at)
    deciding.report(contribution, reporter=person)
    with transaction.atomic():
        subscriptions.add(person, contribution.consultation.topic)
    actions.appeal_block(actor=person, block=made, words="Ce n’était pas moi.", at=at)

    assert RollLine.objects.filter(votation=link.votation, person=votes.person_of(person)).count() == 1
    assert answered.submitted_at == at


def test_notice_and_pages_say_what_a_suspension_leaves():
    """The refusal, the mail, the page of the decision and the charter name the same acts."""
    folder = Path(settings.BASE_DIR) / "templates"
    pages = ("emails/moderation/blocked.txt", "emails/moderation/blocked.html", "moderation/own_decision.html")
    refusal = accounts_rules.blocked_refusal(User(blocked_until=timezone.now() + DAY), at=timezone.now())
    for words in (refusal.message, *((folder / page).read_text() for page in pages)):
        assert "lire, voter, prendre position, soutenir un commentaire" in words
    charter = (folder / CURRENT.template).read_text()
    assert (
        "de lire, de voter, de prendre position, de soutenir un commentaire et de répondre aux questionnaires"
        in charter
    )


# --- Forgetting ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_words_are_erased_when_nobody_may_contest_any_more():
    now = timezone.now()
    over, open_, contested = (factories.make_contribution(body="Le texte exact.") for _ in range(3))
    photo = a_photo(over)
    decided = {
        over: deciding.hide(over, at=now - 16 * DAY),
        open_: deciding.hide(open_, at=now - 14 * DAY),
        contested: deciding.hide(contested, at=now - 16 * DAY),
    }
    actions.appeal(actor=contested.author, decision=decided[contested], words="Non.", at=now - 10 * DAY)
    file = photo.file

    tasks.forget()
    tasks.forget()

    for row, made in decided.items():
        row.refresh_from_db()
        made.refresh_from_db()
    assert (over.body, over.title, over.hidden_reason) == ("Texte effacé", "Texte effacé", "3.2")
    assert (decided[over].original, decided[open_].original != {}, decided[contested].original != {}) == (
        {},
        True,
        True,
    )
    assert (open_.body, contested.body) == ("Le texte exact.", "Le texte exact.")
    assert not Attachment.objects.exists()
    assert RegisterLine.objects.filter(act="moderation.forgotten").count() == 1
    file.storage.delete(file.name)


@pytest.mark.django_db
@pytest.mark.parametrize("has_account", [True, False])
def test_who_reported_is_forgotten_a_month_after(has_account):
    contribution, at = factories.make_contribution(), timezone.now() - 31 * DAY
    who = {"reporter": factories.make_user()} if has_account else {"fingerprint": "a" * 64, "origin": "b" * 64}
    made = deciding.report(contribution, at=at, **who)
    Report.objects.update(name="Lucie", email="lucie@example.org")
    deciding.keep(contribution, case=made.case, at=at + 2 * DAY)
    tasks.forget()
    assert Report.objects.filter(name="Lucie").exists()
    Report.objects.update(told_at=at)
    tasks.forget()
    made.refresh_from_db()
    assert (made.reporter, made.name, made.email, made.fingerprint, made.origin, made.words) == (None, *[""] * 5)


@pytest.mark.django_db
def test_who_reported_is_told_of_an_appeal_answered_late():
    contribution, now = factories.make_contribution(), timezone.now()
    at = now - 40 * DAY
    made = deciding.report(contribution, fingerprint="a" * 64, at=at)
    Report.objects.update(email="lucie@example.org")
    decided = deciding.hide(contribution, case=made.case, at=at)
    appeal = actions.appeal(actor=contribution.author, decision=decided, words="Non.", at=at + 14 * DAY)
    tasks.forget()
    answer = {"appeal": appeal, "outcome": "overturned", "reasons": "En effet.", "at": now - 2 * DAY}
    actions.judge(actor=deciding.make_moderator(), **answer)
    answered = OutboundMail.objects.filter(kind="moderation.report_answered", to="lucie@example.org")
    assert answered.count() == 2
    tasks.forget()
    made.refresh_from_db()
    assert made.email == "lucie@example.org"
    Appeal.objects.update(decided_at=now - 31 * DAY)
    tasks.forget()
    made.refresh_from_db()
    assert (made.email, made.words) == ("", "")


@pytest.mark.django_db
def test_a_closed_account_leaves_no_name_in_moderation():
    contribution = factories.make_contribution()
    author, reporter = contribution.author, factories.make_user()
    deciding.report(contribution, reporter=reporter)
    made = deciding.hide(contribution, case=Case.objects.get())
    actions.appeal(actor=author, decision=made, words="Mes mots à moi.", at=timezone.now())
    for person in (author, reporter):
        with transaction.atomic():
            actions.unsign_person(user=person)
    made.refresh_from_db()
    assert (made.author, made.original, made.facts) == (None, {}, "")
    # Nobody waits for this answer any more, in the queue or in public.
    assert not Appeal.objects.exists()
    assert not Promise.objects.owed().exists()
    assert (Report.objects.get().reporter, Report.objects.get().words) == (None, "")
    assert Case.objects.get().author is None


@pytest.mark.django_db
def test_who_reported_the_name_of_an_account_that_closes_has_an_answer(client):
    person, reporter = factories.make_resident(public_name="Gros Nigaud"), factories.make_user()
    key = str(person.pk)
    made, other = deciding.report(person, reporter=reporter), deciding.report(person, fingerprint="a" * 64)
    Report.objects.filter(pk=other.pk).update(email="lucie@example.org", reporter=None)
    with transaction.atomic():
        accounts.erase_person(person=person, write_line=lambda: None)
    case = Case.objects.get()
    assert (case.state, case.author, case.report_count) == (Case.State.CLOSED, None, 0)
    assert not Case.objects.filter(subject=key).exists()
    mails = OutboundMail.objects.filter(kind="moderation.report_answered")
    assert sorted(mail.to for mail in mails) == sorted([reporter.email, "lucie@example.org"])
    for mail in mails:
        assert "n’est plus en ligne" in mail.text
        assert "prise par une personne" not in mail.text
    # Neither the queue nor the page of promises waits for it.
    assert not Case.objects.waiting().exists()
    assert not Promise.objects.owed().exists()
    assert "Dossier clos" in client.get(reverse("moderation:reported", args=[made.reference])).content.decode()
    # Forgotten as after a decision.
    actions.unsign_reports(before=timezone.now() + DAY, at=timezone.now())
    assert set(Report.objects.values_list("reporter", "email", "words")) == {(None, "", "")}


@pytest.mark.django_db
def test_a_name_that_was_judged_keeps_no_key_of_who_left():
    person = factories.make_resident(public_name="Gros Nigaud")
    deciding.hide(person)
    with transaction.atomic():
        accounts.erase_person(person=person, write_line=lambda: None)
    case = Case.objects.get()
    assert (case.state, case.subject) == (Case.State.HIDDEN, f"-{case.reference}")


@pytest.mark.django_db
def test_mails_are_written_once_each():
    contribution = factories.make_contribution()
    deciding.report(contribution, reporter=factories.make_user())
    made = deciding.hide(contribution, case=Case.objects.get())
    assert sorted(OutboundMail.objects.values_list("kind", flat=True)) == [
        "moderation.decided",
        "moderation.report_answered",
        "moderation.report_received",
    ]
    assert rules.appeal_refusal(contribution.author, made, at=timezone.now()) is None
