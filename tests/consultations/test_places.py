"""No opinion is ever without a place: whatever agents and authors do, in whatever order."""

import dataclasses
import datetime as dt
import hashlib
import itertools
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.actions import close_account
from consultations import actions, analysis, asking, assisting, coverage, editing, items, outcomes, places
from consultations.editing_rules import PhaseEdit
from consultations.models import (
    AnalysisTheme,
    Comment,
    Consultation,
    Contribution,
    Item,
    ItemOutcome,
    ItemTheme,
    Report,
)
from consultations.places import Place
from consultations.reporting import writing
from desk import actions as desk
from mulhouse.errors import DomainError
from mulhouse.references import new_reference
from questionnaires.models import Answer
from tests import factories as f
from tests.moderation.deciding import bring_back, take_away
from tests.questionnaires.making import add_question, make_questionnaire, option

PERMISSIONS = (
    "consultations.analyse_consultation",
    "consultations.publish_consultation",
    "consultations.change_consultation",
    "consultations.change_report",
    "consultations.publish_report",
    "desk.assist",
)
REPORT = {
    "question": "<p>Quels arbres&nbsp;?</p>",
    "said": "<p>De l’ombre.</p>",
    "decision": "<p>Douze arbres.</p>",
    "reasons": "<p>Le sol est bon.</p>",
    "signatory": "Adjointe ou adjoint aux espaces verts",
    "contact": "nature@example.org",
}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Place.WAITING),
        ({"themes": [1]}, Place.WAITING),
        ({"themes": [1], "answered_themes": [1]}, Place.ANSWERED),
        ({"themes": [1, 2], "answered_themes": [1]}, Place.WAITING),
        ({"themes": [1, 2], "answered_themes": [1], "has_own_answer": True}, Place.ANSWERED),
        ({"has_own_answer": True}, Place.ANSWERED),
        ({"answered_themes": [1]}, Place.WAITING),
        ({"is_grouped": True, "has_own_answer": True}, Place.GROUPED),
        ({"is_hidden": True, "is_grouped": True}, Place.HIDDEN),
        ({"is_withdrawn": True, "is_hidden": True}, Place.WITHDRAWN),
    ],
)
def test_one_place_by_the_facts(facts, expected):
    whole = {
        "is_withdrawn": False,
        "is_hidden": False,
        "is_grouped": False,
        "has_own_answer": False,
        "themes": [],
        "answered_themes": [],
        **facts,
    }
    assert places.place(**whole) is expected


# --- Whatever the sequence -------------------------------------------------------------------------------------------

VERBS = (
    "publish_text",
    "propose",
    "correct",
    "withdraw",
    "withdraw_comment",
    "hide",
    "show",
    "theme",
    "attach",
    "detach",
    "merge",
    "delete",
    "draft_theme",
    "draft_item",
    "group",
    "ungroup",
    "mark",
    "publish",
    "publish_one",
    "give_back",
    "report",
    "desk",
    "desk_withdraw",
    "table",
    "answer",
    "collect",
    "show_text",
    "wait",
    "prolong",
    "archive",
    "reopen",
    "close_account",
)
GESTURES = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 11), st.integers(0, 11)), min_size=8, max_size=25)
_numbers = itertools.count(1)


class Town:
    """A consultation in which gestures are made; one that its rule refuses changes nothing."""

    def __init__(self):
        # Ten days are left to write in; the questionnaire has five.
        self.key = f.make_consultation().pk
        anybody = {"residency_level": "none", "accepts_without_account": True}
        self.asked = make_questionnaire(consultation=self.consultation, closes=5, **anybody)
        self.text = add_question(self.asked, "text")
        self.choice = add_question(self.asked, "multiple", other="Autre")
        self.agent = f.make_staff(*PERMISSIONS)
        self.author, self.leaver = f.make_resident(), f.make_resident()
        self.at = timezone.now()
        self.receipts, self.collected = [], 0
        for rank in range(3):
            self.publish_text(rank, 0)
            self.theme(rank, 0)

    @property
    def consultation(self):
        """Read again by each gesture, as each page does."""
        return Consultation.objects.get(pk=self.key)

    def do(self, verb, one, other):
        """Make a gesture; tell whether its rule let it."""
        try:
            getattr(self, verb)(one, other)
        except DomainError:
            assert not connection.needs_rollback
            return False
        return True

    def _pick(self, rows, at):
        found = list(rows.order_by("pk"))
        return found[at % len(found)] if found else None

    def _item(self, at):
        return self._pick(Item.objects.filter(consultation=self.consultation), at)

    def _theme(self, at):
        return self._pick(AnalysisTheme.objects.filter(consultation=self.consultation), at)

    def _contribution(self, at):
        return self._pick(Contribution.objects.filter(consultation=self.consultation), at)

    def _comment(self, at):
        return self._pick(Comment.objects.filter(contribution__consultation=self.consultation), at)

    def _words(self, title):
        return actions.Words(
            section=self.consultation.sections.first(), kind="opinion", title=title, body="Oui.", signature="name"
        )

    def publish_text(self, one, other):
        who = self.leaver if other % 2 else self.author
        draft = actions.save_draft(
            actor=who,
            consultation=self.consultation,
            reference=new_reference(),
            words=self._words(f"Avis {one}"),
        )
        actions.publish(actor=who, contribution=draft, at=self.at)

    def propose(self, one, other):
        actions.comment(
            actor=self.leaver if other % 2 else self.author,
            contribution=self._contribution(one),
            reference=new_reference(),
            stance="neutral",
            body="Et une fontaine.",
            at=self.at,
            is_proposal=bool(other % 3),
        )

    def correct(self, one, other):
        text = self._contribution(one)
        actions.correct(
            actor=text.author or self.author,
            contribution=text,
            words=self._words(f"Mieux {other}"),
            at=self.at,
        )

    def withdraw(self, one, other):
        text = self._contribution(one)
        actions.withdraw(actor=text.author or self.author, contribution=text, at=self.at)

    def withdraw_comment(self, one, other):
        if comment := self._comment(one):
            actions.withdraw_comment(actor=comment.author or self.author, comment=comment, at=self.at)

    def _text(self, one, other):
        return (self._comment(one) if other % 2 else None) or self._contribution(one)

    def hide(self, one, other):
        take_away(self._text(one, other), at=self.at)

    def show(self, one, other):
        bring_back(self._text(one, other))

    def theme(self, one, other):
        words = analysis.Words(title=f"Sujet {one} {other}")
        analysis.create_theme(actor=self.agent, consultation=self.consultation, words=words)

    def attach(self, one, other):
        if theme := self._theme(other):
            keys = [self._item(one).pk, self._item(one + 1).pk]
            analysis.attach(actor=self.agent, theme=theme, keys=keys)

    def detach(self, one, other):
        if theme := self._theme(other):
            analysis.detach(actor=self.agent, theme=theme, keys=[self._item(one).pk], at=self.at)

    def merge(self, one, other):
        if theme := self._theme(one):
            into = self._theme(other)
            analysis.merge_theme(actor=self.agent, theme=theme, into=into, seen=theme.version, at=timezone.now())

    def delete(self, one, other):
        if theme := self._theme(one):
            analysis.delete_theme(actor=self.agent, theme=theme, seen=theme.version)

    def draft_theme(self, one, other):
        if theme := self._theme(one):
            analysis.save_theme(
                actor=self.agent,
                theme=theme,
                words=analysis.Words(title=theme.title, public_title=theme.title),
                decided=analysis.Decided("kept", f"Parce que {other}."),
                seen=theme.version,
            )

    def draft_item(self, one, other):
        item = self._item(one)
        analysis.save_item(
            actor=self.agent,
            item=item,
            themes=ItemTheme.objects.filter(item=item).values_list("theme", flat=True),
            decided=analysis.Decided("not_kept", f"Non {other}."),
            seen=item.version,
            at=self.at,
        )

    def group(self, one, other):
        keys = [self._item(other).pk, self._item(other + 1).pk]
        analysis.group(actor=self.agent, root=self._item(one), keys=keys, at=self.at)

    def ungroup(self, one, other):
        analysis.ungroup(actor=self.agent, item=self._item(one), at=self.at)

    def mark(self, one, other):
        if comment := self._comment(one):
            analysis.mark_proposal(actor=self.agent, comment=comment, is_proposal=bool(other % 2))

    def publish(self, one, other):
        outcomes.publish(actor=self.agent, consultation=self.consultation, at=self.at)

    def publish_one(self, one, other):
        if theme := self._theme(one):
            outcomes.publish(actor=self.agent, consultation=self.consultation, at=self.at, themes=[theme.pk])

    def give_back(self, one, other):
        outcomes.give_back(actor=self.agent, item=self._item(one), reason=f"Motif {other}", at=self.at)

    def report(self, one, other):
        """Publish the report, or a correction of it, and with it every answer that is ready."""
        drafts = Report.objects.filter(consultation=self.key, published_at__isnull=True)
        report = drafts.first() or writing.begin(actor=self.agent, consultation=self.consultation)
        values = {**REPORT, "correction": "Un chiffre." if report.number > 1 else ""}
        report = writing.save(actor=self.agent, report=report, values=values, seen=report.version)
        writing.publish(actor=self.agent, report=report, seen=report.version, at=self.at)

    # --- At the desk, on paper, in a room

    def _said(self):
        number = next(_numbers)
        section = self.consultation.sections.first()
        return assisting.Said(section=section, kind="opinion", title=f"Dit {number}", body=f"Un banc, numéro {number}.")

    def desk(self, one, other):
        assistance = desk.open_assistance(
            actor=self.agent,
            topic=self.consultation.topic,
            fingerprint=hashlib.sha256(f"personne {one}".encode()).hexdigest(),
            birth_year=1980,
            channel=("desk", "phone", "paper")[other % 3],
            district=self.author.district,
            is_residence_checked=True,
            is_voting=False,
            at=self.at,
        )
        _contribution, receipt = assisting.contribute(
            actor=self.agent, consultation=self.consultation, assistance=assistance, said=self._said(), at=self.at
        )
        self.receipts.append(receipt)

    def desk_withdraw(self, one, other):
        if self.receipts:
            assisting.withdraw(actor=self.agent, receipt=self.receipts[one % len(self.receipts)], at=self.at)

    def table(self, one, other):
        assisting.enter_table(
            actor=self.agent,
            consultation=self.consultation,
            key=uuid.uuid4(),
            table=assisting.Table(f"Table {one}", "Atelier", f.today(), "Animatrice", 6),
            notes=[self._said() for _ in range(1 + other % 3)],
            at=self.at,
        )

    # --- Free texts of a questionnaire

    def answer(self, one, other):
        """Write a text, words beside « Autre », both or neither; the two residents change theirs, visitors are each another."""
        user = (self.author, self.leaver, AnonymousUser())[one % 3]
        answers = [Answer(question=self.text, text=f"Un kiosque, {one}.")] if other % 2 else []
        words = "Des jeux." if other % 3 else ""
        answers.append(
            Answer(question=self.choice, option=option(self.choice, "Autre" if words else "Oui"), text=words)
        )
        link = self.asked.consultation_link
        asking.send(user=user, token=uuid.uuid4().hex, link=link, answers=answers, at=self.at)

    def collect(self, one, other):
        analysis.collect_answers(actor=self.agent, consultation=self.consultation, at=self.at)
        if self.at.astimezone(f.PARIS).date() >= self.asked.closes_on:
            self.collected = Answer.objects.filter(response__questionnaire=self.asked).exclude(text="").count()

    def show_text(self, one, other):
        if item := self._pick(Item.objects.filter(consultation=self.key, answer__isnull=False), one):
            asking.show_text(actor=self.agent, item=item, is_shown=bool(other % 2), at=self.at)

    # --- Time, phases, accounts

    def wait(self, one, other):
        self.at += dt.timedelta(days=1 + one % 6)

    def prolong(self, one, other):
        """Give more days to the phase that runs, and to those after it."""
        consultation, more = self.consultation, dt.timedelta(days=1 + one)
        today = self.at.astimezone(f.PARIS).date()
        edits = []
        for phase in consultation.phases.order_by("position"):
            first, last = phase.starts_on, phase.ends_on
            moved = dataclasses.replace(
                phase.span,
                starts_on=first + more if first > today else first,
                ends_on=last + more if last >= today else last,
            )
            edits.append(PhaseEdit(phase.pk, moved))
        seen = editing.version(consultation)
        editing.save_phases(
            actor=self.agent, consultation=consultation, edits=edits, seen=seen, at=self.at, reason="Les congés."
        )

    def archive(self, one, other):
        editing.archive(actor=self.agent, consultation=self.consultation, at=self.at)

    def reopen(self, one, other):
        editing.reopen(actor=self.agent, consultation=self.consultation, at=self.at)

    def close_account(self, one, other):
        close_account(user=self.leaver)
        self.leaver = f.make_resident()


def facts_of(item):
    current = ItemOutcome.objects.current().filter(item=item)
    # What was written in a questionnaire is neither withdrawn nor hidden: nobody reads it who is not meant to.
    text = item.contribution or item.comment
    return {
        "is_withdrawn": text is not None and text.withdrawn_at is not None,
        "is_hidden": text is not None and text.hidden_at is not None,
        "is_grouped": item.grouped_with_id is not None,
        "has_own_answer": current.filter(outcome__theme__isnull=True).exists(),
        "themes": set(ItemTheme.objects.filter(item=item).order_by().values_list("theme", flat=True)),
        "answered_themes": set(current.filter(outcome__theme__isnull=False).values_list("outcome__theme", flat=True)),
    }


def check(consultation, *, collected=0):
    """Everything that must hold after any gesture; `collected` free texts were brought among the opinions."""
    texts = Contribution.objects.filter(consultation=consultation, published_at__isnull=False)
    proposals = Comment.objects.filter(contribution__consultation=consultation, is_proposal=True)
    found = coverage.of(consultation)
    expected = texts.count() + proposals.count() + collected
    assert found.total == expected == Item.objects.filter(consultation=consultation).count()
    assert found.owed == found.with_outcome + found.without_outcome
    assert coverage.lacking(consultation).count() == found.without_outcome
    assert items.missing() == {"contributions": [], "comments": []}
    for item in Item.objects.filter(consultation=consultation).order_by("pk"):
        assert item.place == places.place(**facts_of(item)), item
        held = ItemOutcome.objects.current().filter(item=item)
        if item.place == Place.ANSWERED:
            assert held.exists()
        if item.place == Place.GROUPED:
            assert item.grouped_with.grouped_with_id is None
            assert item.grouped_with.place in {Place.WAITING, Place.ANSWERED}
            if item.grouped_with.place == Place.ANSWERED:
                assert held.exists()
        if item.place == Place.WITHDRAWN:
            assert (item.title, item.words) == ("", "")
        # One answer of its own at most, and one for each theme.
        subjects = list(held.values_list("outcome__theme", flat=True))
        assert len(subjects) == len(set(subjects))
    assert not ItemOutcome.objects.filter(Q(ended_at__lt=F("given_at"))).exists()
    assert items.misplaced() == []


# Gesture, first number, second number: which text, item, theme or channel.
STORY = """
    propose:0:1 propose:1:3 mark:1:1 correct:0:1 publish_text:5:1 theme:7:7 delete:3:0 merge:2:1
    desk:0:0 desk:1:1 desk:2:2 desk_withdraw:0:0 table:0:1
    answer:0:1 answer:2:3 answer:1:2
    hide:0:0 show:0:0 hide:1:1 show:1:1 withdraw_comment:0:0 withdraw:1:0 close_account:0:0
    prolong:0:0 wait:5:0 collect:0:0 show_text:0:1
    attach:4:0 detach:4:0 group:2:3 ungroup:3:0 attach:2:0 draft_theme:0:0 publish_one:0:0
    draft_item:2:1 publish:0:0 give_back:2:0
    wait:5:0
"""


def _read(gesture):
    verb, one, other = gesture.split(":")
    return verb, int(one), int(other)


@pytest.mark.django_db
def test_each_gesture_is_made():
    """A story in which none is refused: what the property below draws does what its name says."""
    town, made = Town(), []

    def make(verb, one, other):
        made.append(verb)
        assert town.do(verb, one, other), (verb, one, other)
        check(town.consultation, collected=town.collected)

    for gesture in STORY.split():
        make(*_read(gesture))
    # Two words of « Autre », a text beside one of them and a text alone.
    assert town.collected == 4
    waiting = Item.objects.filter(place=Place.WAITING).order_by("pk").values_list("pk", flat=True)
    every = list(Item.objects.order_by("pk").values_list("pk", flat=True))
    # Nothing goes out while one lacks its answer.
    assert not town.do("report", 0, 0)
    for key in list(waiting):
        make("draft_item", every.index(key), 1)
    for verb in ("report", "archive", "reopen"):
        make(verb, 0, 0)
    assert coverage.of(town.consultation).percent == 100
    assert set(made) == set(VERBS)


@pytest.mark.django_db
# Without shrinking: each example writes thousands of rows, and its gestures are short enough to be read as they are.
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
)
@given(gestures=GESTURES)
def test_whatever_the_sequence_every_opinion_has_one_place(gestures):
    town = Town()
    for gesture in gestures:
        town.do(*gesture)
        check(town.consultation, collected=town.collected)
