"""No opinion is ever without a place: whatever agents and authors do, in whatever order."""

import pytest
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from consultations import actions, analysis, coverage, hiding, items, outcomes, places
from consultations.models import AnalysisTheme, Comment, Contribution, Item, ItemOutcome, ItemTheme
from consultations.places import Place
from mulhouse.errors import DomainError
from mulhouse.references import new_reference
from tests import factories as f

PERMISSIONS = ("analyse_consultation", "publish_consultation", "hide_voice", "change_consultation")


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
)
GESTURES = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 11), st.integers(0, 11)), min_size=8, max_size=25)


class Town:
    """A consultation in which gestures are made; one that its rule refuses changes nothing."""

    def __init__(self):
        self.consultation = f.make_consultation()
        self.agent = f.make_staff(*(f"consultations.{name}" for name in PERMISSIONS))
        self.author = f.make_resident()
        for rank in range(3):
            self.publish_text(rank, 0)
            self.theme(rank, 0)

    def do(self, verb, one, other):
        try:
            getattr(self, verb)(one, other)
        except DomainError:
            assert not connection.needs_rollback

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
        draft = actions.save_draft(
            actor=self.author,
            consultation=self.consultation,
            reference=new_reference(),
            words=self._words(f"Avis {one}"),
        )
        actions.publish(actor=self.author, contribution=draft, at=timezone.now())

    def propose(self, one, other):
        actions.comment(
            actor=self.author,
            contribution=self._contribution(one),
            reference=new_reference(),
            stance="neutral",
            body="Et une fontaine.",
            at=timezone.now(),
            is_proposal=bool(other % 3),
        )

    def correct(self, one, other):
        actions.correct(
            actor=self.author,
            contribution=self._contribution(one),
            words=self._words(f"Mieux {other}"),
            at=timezone.now(),
        )

    def withdraw(self, one, other):
        actions.withdraw(actor=self.author, contribution=self._contribution(one), at=timezone.now())

    def withdraw_comment(self, one, other):
        if comment := self._comment(one):
            actions.withdraw_comment(actor=self.author, comment=comment, at=timezone.now())

    def _text(self, one, other):
        return (self._comment(one) if other % 2 else None) or self._contribution(one)

    def hide(self, one, other):
        hiding.hide(actor=self.agent, text=self._text(one, other), reason="Hors charte", at=timezone.now())

    def show(self, one, other):
        hiding.show(actor=self.agent, text=self._text(one, other))

    def theme(self, one, other):
        words = analysis.Words(title=f"Sujet {one} {other}")
        analysis.create_theme(actor=self.agent, consultation=self.consultation, words=words)

    def attach(self, one, other):
        if theme := self._theme(other):
            keys = [self._item(one).pk, self._item(one + 1).pk]
            analysis.attach(actor=self.agent, theme=theme, keys=keys)

    def detach(self, one, other):
        if theme := self._theme(other):
            analysis.detach(actor=self.agent, theme=theme, keys=[self._item(one).pk], at=timezone.now())

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
            at=timezone.now(),
        )

    def group(self, one, other):
        keys = [self._item(other).pk, self._item(other + 1).pk]
        analysis.group(actor=self.agent, root=self._item(one), keys=keys, at=timezone.now())

    def ungroup(self, one, other):
        analysis.ungroup(actor=self.agent, item=self._item(one), at=timezone.now())

    def mark(self, one, other):
        if comment := self._comment(one):
            analysis.mark_proposal(actor=self.agent, comment=comment, is_proposal=bool(other % 2))

    def publish(self, one, other):
        outcomes.publish(actor=self.agent, consultation=self.consultation, at=timezone.now())

    def publish_one(self, one, other):
        if theme := self._theme(one):
            outcomes.publish(actor=self.agent, consultation=self.consultation, at=timezone.now(), themes=[theme.pk])

    def give_back(self, one, other):
        outcomes.give_back(actor=self.agent, item=self._item(one), reason=f"Motif {other}", at=timezone.now())


def facts_of(item):
    current = ItemOutcome.objects.current().filter(item=item)
    text = item.contribution or item.comment
    return {
        "is_withdrawn": text.withdrawn_at is not None,
        "is_hidden": text.hidden_at is not None,
        "is_grouped": item.grouped_with_id is not None,
        "has_own_answer": current.filter(outcome__theme__isnull=True).exists(),
        "themes": set(ItemTheme.objects.filter(item=item).order_by().values_list("theme", flat=True)),
        "answered_themes": set(current.filter(outcome__theme__isnull=False).values_list("outcome__theme", flat=True)),
    }


def check(consultation):
    """Everything that must hold after any gesture."""
    texts = Contribution.objects.filter(consultation=consultation, published_at__isnull=False)
    proposals = Comment.objects.filter(contribution__consultation=consultation, is_proposal=True)
    found = coverage.of(consultation)
    assert found.total == texts.count() + proposals.count() == Item.objects.filter(consultation=consultation).count()
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
        check(town.consultation)
