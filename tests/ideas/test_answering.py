"""The answer of the city: who may, what each outcome owes, the correction that hides nothing, the author's one reaction."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from ideas import answering, clocks, tasks
from ideas.models import Answer, Idea, Reaction, Stage, Study
from mulhouse.errors import DomainError, RefusedError
from notifications.models import Notification, OutboundMail, Subscription
from tests.factories import make_campaign, make_idea, make_resident, make_staff, make_user, sign_in, today
from tests.ideas.city_rows import AGENT, make_agent, make_answered, make_planned, make_studied, read, said
from transparency.models import Promise, RegisterLine

pytestmark = pytest.mark.django_db


def publish(idea, actor=None, seen=0, **changes):
    return answering.publish(actor=actor or make_agent(), idea=idea, said=said(**changes), seen=seen, at=timezone.now())


def code_of(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def facts(act):
    return json.loads(RegisterLine.objects.filter(act=act).latest("number").content)["faits"]


# --- Publishing --------------------------------------------------------------------------------------------------------


def test_only_those_who_may_answer():
    idea = make_studied()
    for actor in (make_resident(), idea.author, make_staff(*(name for name in AGENT if name != "ideas.answer_idea"))):
        with pytest.raises(RefusedError):
            publish(idea, actor)
    assert not Answer.objects.exists()


def test_nothing_is_answered_before_a_reading_nor_once_gone():
    idea = make_idea()
    assert code_of(lambda: publish(idea)) == "unread"
    for changes, code in (({"hidden_at": timezone.now()}, "gone"), ({"stage": Stage.GATHERED}, "gathered")):
        assert code_of(lambda given=changes: publish(make_idea(realism=50, **given))) == code


@pytest.mark.parametrize(
    ("outcome", "changes", "stage"),
    [
        ("kept", {}, Stage.KEPT),
        ("partly", {}, Stage.KEPT),
        ("declined", {"remedy": "Déposez-la autrement."}, Stage.DECLINED),
        ("already", {}, Stage.ALREADY),
        ("transferred", {"handed_to": "m2A"}, Stage.TRANSFERRED),
    ],
)
def test_stage_follows_the_answer(outcome, changes, stage):
    idea = make_studied()
    answer = publish(idea, outcome=outcome, **changes)
    idea.refresh_from_db()
    assert (idea.stage, answer.number, answer.correction) == (stage, 1, "")
    assert Study.objects.get().closed_at is not None
    assert Promise.objects.get(kind=clocks.STUDY, key=idea.reference).met_on == today()
    assert facts("idea.answered") == {
        "reponse": answer.reference,
        "decision": outcome,
        "signataire": "L’adjointe déléguée aux espaces verts",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " "}, "reason"),
        ({"signatory": ""}, "signatory"),
        ({"next_step": ""}, "next_step"),
        ({"next_on": None}, "next_on"),
        ({"next_on": dt.date(2026, 1, 1)}, "next_on"),
        ({"outcome": "declined"}, "remedy"),
        ({"outcome": "transferred"}, "handed_to"),
    ],
)
def test_each_outcome_owes_something_to_residents(changes, code):
    idea = make_studied()
    assert code_of(lambda: publish(idea, **changes)) == code
    idea.refresh_from_db()
    assert (idea.stage, Answer.objects.count()) == (Stage.STUDY, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "x" * 601}, "reason"),
        ({"detail": "x" * 6001}, "detail"),
        ({"act_url": "javascript:alert(1)"}, "act_url"),
    ],
)
def test_answer_is_short_and_leads_to_a_page(changes, code):
    idea = make_studied()
    assert code_of(lambda: publish(idea, **changes)) == code


def test_answer_shows_its_detail_and_its_act(client):
    idea = make_studied()
    publish(idea, reason="x" * 600, detail="Voici **tout**.", act_url="https://www.mulhouse.fr/deliberation-12")
    page = client.get(idea.get_absolute_url()).content.decode()
    assert "<p>Voici <strong>tout</strong>.</p>" in page
    assert 'href="https://www.mulhouse.fr/deliberation-12"' in page
    other = make_answered()
    page = client.get(other.get_absolute_url()).content.decode()
    assert ("Le détail de la réponse" in page, "L’acte où la décision" in page) == (False, False)


def test_what_is_not_studied_may_be_answered_once_read():
    idea = make_idea()
    read(idea, level=0)
    publish(idea, outcome="declined", remedy="Adressez-vous à l’État.")
    idea.refresh_from_db()
    assert idea.stage == Stage.DECLINED


def test_correction_is_a_new_number_that_says_what_it_corrects():
    idea = make_answered()
    first = Answer.objects.get()
    assert code_of(lambda: publish(idea, seen=0, correction="Le coût.")) == "stale"
    assert code_of(lambda: publish(idea, seen=1)) == "correction"
    second = publish(
        idea, seen=1, outcome="declined", remedy="Déposez-la autrement.", correction="Le terrain est vendu."
    )
    idea.refresh_from_db()
    first.refresh_from_db()
    assert (second.number, idea.stage, first.outcome) == (2, Stage.DECLINED, "kept")
    assert facts("idea.answer_corrected")["corrige"] == "Le terrain est vendu."


def test_correction_does_not_undo_a_realisation():
    idea = make_planned()
    refused = {"outcome": "declined", "remedy": "Rien.", "correction": "Le coût."}
    assert code_of(lambda: publish(idea, seen=1, **refused)) == "outcome"
    publish(idea, seen=1, correction="Le coût.")
    idea.refresh_from_db()
    assert idea.stage == Stage.GOING_ON


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Answer.objects.filter(pk=row.pk).update(reason="Autre."),
        lambda row: Answer.objects.filter(pk=row.pk).update(outcome="already"),
        lambda row: row.delete(),
    ],
)
def test_database_holds_answers_whoever_writes(change):
    make_answered()
    with pytest.raises(IntegrityError), transaction.atomic():
        change(Answer.objects.get())


# --- Telling ---------------------------------------------------------------------------------------------------------------


def test_author_and_followers_are_told_once_each_and_others_never():
    author, follower = make_resident(), make_user()
    make_user()
    idea = make_studied(author=author)
    for person in (author, follower):
        Subscription.objects.create(user=person, topic=idea.topic)
    answer = publish(idea)
    for _ in range(2):
        tasks.tell_answer(answer_id=answer.pk)
    answer.refresh_from_db()
    assert answer.told_at is not None
    told = Notification.objects.filter(once_key__startswith="idea-answer:").order_by("kind")
    line = f"La Ville a répondu\u00a0: {idea.title}"
    assert [(row.kind, row.user_id, row.subject_line) for row in told] == [
        ("ideas.answer", author.pk, line),
        ("ideas.news", follower.pk, line),
    ]
    mails = list(OutboundMail.objects.filter(kind__in=("ideas.answer", "ideas.news")))
    assert {mail.subject.replace("\u00a0", " ") for mail in mails} == {line.replace("\u00a0", " ")}
    for said_of_it in ("La Ville le fera.", "Étude des sols", "12\u00a0000\u00a0€"):
        assert [said_of_it in mail.text for mail in mails] == [True, True]


def test_author_who_follows_nothing_is_told_of_the_answer():
    idea = make_answered(idea=make_studied(author=make_resident()))
    tasks.tell_answer(answer_id=Answer.objects.get().pk)
    assert list(Notification.objects.values_list("user_id", flat=True)) == [idea.author_id]


def test_sweep_tells_what_a_lost_task_did_not_and_nothing_of_what_is_hidden():
    shown, hidden = make_answered(), make_answered()
    Idea.objects.filter(pk=hidden.pk).update(hidden_at=timezone.now())
    tasks.sweep_city_news()
    assert not Answer.objects.filter(told_at__isnull=False).exists()
    later = timezone.now() + dt.timedelta(minutes=6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: later)
        tasks.sweep_city_news()
    assert list(Answer.objects.filter(told_at__isnull=False).values_list("idea", flat=True)) == [shown.pk]


# --- The author's reaction ---------------------------------------------------------------------------------------------------


@pytest.fixture
def answered():
    idea = make_answered(idea=make_studied(author=make_resident(public_name="Lou")))
    return Answer.objects.select_related("idea__campaign", "idea__author").get(idea=idea)


def react(answer, actor=None, body="Merci, et pour les vélos\u00a0?"):
    return answering.react(actor=actor or answer.idea.author, answer=answer, body=body, at=timezone.now())


def test_only_the_author_reacts_once_to_the_answer_that_stands(answered):
    for actor in (make_resident(), make_agent()):
        assert code_of(lambda who=actor: react(answered, who)) == "not_author"
    first = react(answered)
    assert react(answered).pk == first.pk
    assert code_of(lambda: react(answered, body="Autre chose.")) == "reacted"
    assert facts("idea.reacted") == {"reponse": answered.reference}
    publish(answered.idea, seen=1, correction="Le coût.")
    Reaction.objects.all().delete()
    assert code_of(lambda: react(answered)) == "corrected"


def test_nothing_appears_unread_that_moderation_would_read_first(answered):
    assert code_of(lambda: react(answered, body="Appelez-moi au 06 12 34 56 78.")) == "body"
    assert code_of(lambda: react(answered, body="Voir https://exemple.org/vente")) == "body"
    prior = make_answered(idea=make_studied(campaign=make_campaign(moderation="prior"), author=make_resident()))
    assert code_of(lambda: react(Answer.objects.get(idea=prior), prior.author)) == "prior"
    assert not Reaction.objects.exists()


def test_gone_idea_takes_no_reaction(answered):
    Idea.objects.filter(pk=answered.idea_id).update(hidden_at=timezone.now())
    assert code_of(lambda: react(answered)) == "gone"


def test_reaction_is_withdrawn_by_its_author(answered):
    reaction = react(answered)
    with pytest.raises(RefusedError):
        answering.withdraw_reaction(actor=make_resident(), reaction=reaction, at=timezone.now())
    for _ in range(2):
        answering.withdraw_reaction(actor=answered.idea.author, reaction=reaction, at=timezone.now())
    assert list(Reaction.objects.visible()) == []
    assert RegisterLine.objects.filter(act="idea.reaction_withdrawn").count() == 1


def test_reaction_page_is_the_authors_and_loses_nothing(client, answered):
    page = reverse("ideas:react", args=[answered.idea.reference])
    assert client.get(page).status_code == 302
    sign_in(client, make_resident())
    assert client.get(page).status_code == 404
    sign_in(client, answered.idea.author)
    assert client.get(page).status_code == 200
    body = "Mon numéro\u00a0: 06 12 34 56 78"
    response = client.post(page, {"body": body})
    assert (response.status_code, Reaction.objects.count()) == (422, 0)
    shown = response.content.decode()
    assert "06 12 34 56 78" in shown
    keep = response.context["form"].masking["body"].keep
    # Kept as it is, it would appear unread.
    assert client.post(page, {"body": body, "masquage": keep}).status_code == 422
    assert client.post(page, {"body": body, "masquage": "masquer"}).status_code == 302
    assert "06 12" not in Reaction.objects.get().body
    assert client.get(page).status_code == 403
