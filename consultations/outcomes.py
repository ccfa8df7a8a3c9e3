"""The answers of the city: decisions that were prepared become dated events, and reach every opinion they are for.

An outcome is for a theme or for one opinion. It reaches an opinion as a row of ItemOutcome, which ends the day another answer
takes its place: nothing is rewritten. An opinion of several themes gets one answer from each, unless it has one of its own; a
grouped opinion gets those of the one it is grouped with. `docs/algorithms/suites.md` tells it in prose.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from consultations import analysis_rules, items
from consultations.models import AnalysisTheme, Consultation, Item, ItemOutcome, Outcome, OutcomeReturn
from mulhouse import reasons
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from mulhouse.markup import render_markdown
from transparency import register

# A line of the register stays readable: beyond, the number tells.
LISTED = 50
_NO_DRAFT = {"draft_decision": "", "draft_explanation": "", "draft_forwarded_to": ""}

# What each opinion of %(keys)s should hold: its own answer or that of its head, else the last one of each of its themes.
_TARGET = """
    scope AS (
        SELECT i.id, coalesce(i.grouped_with_id, i.id) AS head FROM consultations_item i
        WHERE i.id = ANY(%(keys)s) AND i.place NOT IN ('withdrawn', 'hidden')
    ),
    own AS (
        SELECT g.item_id AS head, g.outcome_id FROM consultations_itemoutcome g
        JOIN consultations_outcome o ON o.id = g.outcome_id
        WHERE g.ended_at IS NULL AND o.theme_id IS NULL AND g.item_id IN (SELECT head FROM scope)
    ),
    latest AS (
        SELECT DISTINCT ON (o.theme_id) o.theme_id, o.id FROM consultations_outcome o
        WHERE o.consultation_id = %(consultation)s AND o.theme_id IS NOT NULL
        ORDER BY o.theme_id, o.published_at DESC, o.id DESC
    ),
    target AS (
        SELECT s.id AS item_id, own.outcome_id FROM scope s JOIN own ON own.head = s.head
        UNION
        SELECT s.id, l.id FROM scope s
        JOIN consultations_itemtheme t ON t.item_id = s.head JOIN latest l ON l.theme_id = t.theme_id
        WHERE NOT EXISTS (SELECT 1 FROM own WHERE own.head = s.head)
    )
"""
# Both parts see the rows as they were before: none is given and ended by the same gesture.
_CONVERGE = f"""
    WITH {_TARGET},
    ended AS (
        UPDATE consultations_itemoutcome g SET ended_at = greatest(g.given_at, %(at)s)
        WHERE g.ended_at IS NULL AND g.item_id IN (SELECT id FROM scope)
        AND NOT EXISTS (SELECT 1 FROM target t WHERE t.item_id = g.item_id AND t.outcome_id = g.outcome_id)
        RETURNING g.id
    )
    INSERT INTO consultations_itemoutcome (item_id, outcome_id, given_at)
    SELECT t.item_id, t.outcome_id, %(at)s FROM target t
    WHERE NOT EXISTS (
        SELECT 1 FROM consultations_itemoutcome g
        WHERE g.item_id = t.item_id AND g.outcome_id = t.outcome_id AND g.ended_at IS NULL
    )
    ORDER BY 1, 2
"""  # noqa: S608 (a text written above)
_PREVIEW = f"""
    SELECT * FROM (WITH {_TARGET},
    drafted AS (
        SELECT DISTINCT s.id FROM scope s JOIN consultations_itemtheme t ON t.item_id = s.head
        WHERE t.theme_id = ANY(%(themes)s) AND NOT EXISTS (SELECT 1 FROM own WHERE own.head = s.head)
        UNION SELECT s.id FROM scope s WHERE s.head = ANY(%(items)s)
        UNION SELECT t.item_id FROM target t WHERE NOT EXISTS (
            SELECT 1 FROM consultations_itemoutcome g
            WHERE g.item_id = t.item_id AND g.outcome_id = t.outcome_id AND g.ended_at IS NULL
        )
    )
    SELECT count(*), count(DISTINCT coalesce(c.author_id, m.author_id, p.user_id)) FROM drafted d
    JOIN consultations_item i ON i.id = d.id
    LEFT JOIN consultations_contribution c ON c.id = i.contribution_id
    LEFT JOIN consultations_comment m ON m.id = i.comment_id
    LEFT JOIN questionnaires_answer a ON a.id = i.answer_id
    LEFT JOIN questionnaires_response r ON r.id = a.response_id
    LEFT JOIN desk_person p ON p.id = r.person_id) reached
"""  # noqa: S608 (a text written above)


@dataclass(frozen=True)
class Published:
    """What a publication did: how many answers became public, how many opinions they reached."""

    outcomes: int
    given: int


@dataclass(frozen=True)
class Following:
    """What joining a group changes in public: (opinion, answer) to give, and keys of what was given that ends."""

    missing: list[tuple[int, int]]
    foreign: list[int]


@dataclass(frozen=True)
class Preview:
    """What a publication would do: answers that are ready, opinions they would reach, people who have an account behind them."""

    themes: list[AnalysisTheme]
    items: list[Item]
    opinions: int
    people: int

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing would change."""
        return not (self.themes or self.items or self.opinions)


# --- Reading -------------------------------------------------------------------------------------------------------------


def of_item(item: Item) -> list[Outcome]:
    """Give the answers that hold for an opinion: its own first, then the newest."""
    return [given.outcome for given in history(item) if given.ended_at is None]


def history(item: Item) -> list[ItemOutcome]:
    """Give every answer an opinion received: those that hold first, its own before its themes', then the newest."""
    rows = ItemOutcome.objects.filter(item=item).select_related("outcome__theme", "outcome__returned")
    rows = rows.order_by("-given_at", "-pk")
    return sorted(rows, key=lambda given: (given.ended_at is not None, given.outcome.theme_id is not None))


def of_themes(themes: Sequence[AnalysisTheme]) -> dict[int, list[Outcome]]:
    """Give the answers of themes, the newest first."""
    found: dict[int, list[Outcome]] = {theme.pk: [] for theme in themes}
    for outcome in Outcome.objects.filter(theme__in=list(found)).newest():
        found[outcome.theme_id or 0].append(outcome)
    return found


def preview(
    consultation: Consultation, theme: AnalysisTheme | None = None, *, known: Sequence[AnalysisTheme] | None = None
) -> Preview:
    """Count what publishing what is ready would do, for one theme or for all, without doing it.

    Shape: `known`, where the page has read them, is every theme of the consultation.
    """
    themes_here = AnalysisTheme.objects.filter(consultation=consultation) if known is None else known
    chosen = [theme] if theme else sorted(themes_here, key=lambda row: (row.title, row.pk))
    themes = [row for row in chosen if row.is_ready]
    own = [] if theme else [item for item in _drafted(consultation) if item.is_ready]
    with connection.cursor() as cursor:
        cursor.execute(
            _PREVIEW,
            {
                "keys": _concerned(consultation, [theme] if theme else None, own),
                "consultation": consultation.pk,
                "themes": [row.pk for row in themes],
                "items": [item.pk for item in own],
            },
        )
        opinions, people = cursor.fetchone()
    return Preview(themes=themes, items=own, opinions=int(opinions), people=int(people))


def _drafted(consultation: Consultation) -> QuerySet[Item]:
    return (
        Item.objects.filter(consultation=consultation, grouped_with__isnull=True)
        .standing()
        .exclude(draft_decision="")
        .order_by("received_at", "pk")
        .defer("search")
    )


# --- Publishing ----------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def publish(
    *,
    actor: Any,
    consultation: Consultation,
    at: dt.datetime,
    themes: Collection[int] | None = None,
    own: Collection[int] | None = None,
) -> Published:
    """Make prepared decisions public and give them to every opinion they are for: all of it, or nothing.

    Shape: `themes` and `own` are keys of themes and of opinions; None for both publishes everything that is ready. A theme
    whose answer is public already, and that has no new one, gives it to the opinions that joined it since.
    Raises: RefusedError; DomainError "unready" when one that was named is not ready, "nothing" when nothing would change.
    Locks: the analysis of the consultation, its themes, the items concerned, in the order of their keys.
    """
    published = _publish(actor, consultation, at, themes, own)
    if not published.outcomes and not published.given:
        raise DomainError(
            "nothing", "Rien n’est prêt à publier\u00a0: préparez d’abord une décision et son explication."
        )
    return published


def publish_ready(*, actor: Any, consultation: Consultation, at: dt.datetime) -> Published:
    """Make everything that is ready public inside the caller's transaction, as the report does; nothing ready is no mistake.

    Raises: RefusedError; RuntimeError outside a transaction.
    Locks: as `publish`, and the register's chain where something was ready: call it late.
    """
    assert_in_transaction()
    return _publish(actor, consultation, at, None, None)


def _publish(
    actor: Any,
    consultation: Consultation,
    at: dt.datetime,
    themes: Collection[int] | None,
    own: Collection[int] | None,
) -> Published:
    require(analysis_rules.publish_refusal(actor, consultation))
    items.hold_analysis(consultation)
    everything = themes is None and own is None
    chosen = _chosen_themes(consultation, None if everything else themes or ())
    alone = _chosen_items(consultation, None if everything else own or ())
    if not everything:
        _require_ready(chosen, alone)
    outcomes = _write(consultation, chosen, alone, at)
    keys = _concerned(consultation, None if everything else chosen, alone)
    given = converge(consultation, keys, at=at)
    items.settle(keys)
    published = Published(outcomes=len(outcomes), given=given)
    if not outcomes and not given:
        return published
    register.record(
        "outcome.published",
        role="agent",
        subject=consultation.slug,
        facts={
            "réponses": [
                {"référence": row.reference, "décision": row.get_decision_display(), "sujet": row.subject}
                for row in outcomes[:LISTED]
            ],
            "nombre": len(outcomes),
            "avis": given,
        },
        actor=actor,
    )
    return published


@transaction.atomic(durable=True)
def give_back(*, actor: Any, item: Item, reason: str, at: dt.datetime) -> None:
    """Have an opinion leave the answer of its own for those of its themes, in public and with the reason; nothing is rewritten.

    Those grouped with it follow. What was prepared for it stays prepared.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the analysis of the consultation, the item and those grouped with it.
    """
    consultation = item.consultation
    items.hold_analysis(consultation)
    items.hold([item.pk])
    held = Item.objects.with_answers().get(pk=item.pk)
    require(analysis_rules.return_refusal(actor, held))
    why = reasons.sentence(reason)
    own = ItemOutcome.objects.current().filter(item=held, outcome__theme__isnull=True)
    outcome = Outcome.objects.get(given__in=own)
    OutcomeReturn.objects.create(outcome=outcome, item=held, reason=why, returned_at=at)
    own.update(ended_at=ending(at))
    members = held.members.order_by("pk").values_list("pk", flat=True)
    keys = [held.pk, *members]
    given = converge(consultation, keys, at=at)
    items.settle(keys)
    facts = {
        "consultation": consultation.slug,
        "réponse": outcome.reference,
        "avis": len(keys),
        "réponses données": given,
    }
    register.record("outcome.returned", role="agent", subject=held.reference, facts=facts, actor=actor)


def _chosen_themes(consultation: Consultation, keys: Collection[int] | None) -> list[AnalysisTheme]:
    rows = AnalysisTheme.objects.select_for_update(of=("self",), no_key=True).filter(consultation=consultation)
    return list((rows if keys is None else rows.filter(pk__in=keys)).order_by("pk"))


def _chosen_items(consultation: Consultation, keys: Collection[int] | None) -> list[Item]:
    rows = _drafted(consultation) if keys is None else _drafted(consultation).filter(pk__in=keys)
    # Read again under their lock: what was prepared is what is published.
    held = items.hold(rows.values_list("pk", flat=True))
    return [item for item in held if item.place not in {Item.Place.WITHDRAWN, Item.Place.HIDDEN, Item.Place.GROUPED}]


def _require_ready(themes: Sequence[AnalysisTheme], alone: Sequence[Item]) -> None:
    rows: list[AnalysisTheme | Item] = [*themes, *alone]
    for row in rows:
        if row.has_draft and not row.is_ready:
            missing = "il manque la décision, son explication ou le destinataire"
            if isinstance(row, AnalysisTheme) and not row.public_title.strip():
                missing = "il manque le titre public, celui que les habitants lisent"
            raise DomainError("unready", f"«\u00a0{row.title}\u00a0»\u00a0: {missing}.")


def _write(
    consultation: Consultation, themes: Sequence[AnalysisTheme], alone: Sequence[Item], at: dt.datetime
) -> list[Outcome]:
    """Make outcomes of what is ready, and empty what was prepared."""
    rows: list[AnalysisTheme | Item] = [*themes, *alone]
    outcomes = Outcome.objects.bulk_create(_outcome(consultation, row, at) for row in rows if row.is_ready)
    AnalysisTheme.objects.filter(pk__in=[row.theme_id for row in outcomes if row.theme_id]).update(**_NO_DRAFT)
    own = {row.item_id: row for row in outcomes if row.item_id is not None}
    Item.objects.filter(pk__in=list(own)).update(**_NO_DRAFT)
    previous = ItemOutcome.objects.current().filter(item__in=list(own), outcome__theme__isnull=True)
    previous.update(ended_at=ending(at))
    ItemOutcome.objects.bulk_create(
        [ItemOutcome(item_id=key, outcome=row, given_at=at) for key, row in sorted(own.items())]
    )
    return outcomes


def ending(at: dt.datetime) -> Greatest:
    """Date the end of what was given: never before it was."""
    return Greatest(F("given_at"), Value(at))


def _outcome(consultation: Consultation, row: AnalysisTheme | Item, at: dt.datetime) -> Outcome:
    return Outcome(
        consultation=consultation,
        theme=row if isinstance(row, AnalysisTheme) else None,
        item=row if isinstance(row, Item) else None,
        subject=row.public_title if isinstance(row, AnalysisTheme) else "",
        summary=row.public_summary if isinstance(row, AnalysisTheme) else "",
        is_minority=isinstance(row, AnalysisTheme) and row.is_minority,
        decision=row.draft_decision,
        explanation=row.draft_explanation,
        explanation_html=render_markdown(row.draft_explanation),
        forwarded_to=row.draft_forwarded_to,
        published_at=at,
    )


def _concerned(consultation: Consultation, themes: Sequence[AnalysisTheme] | None, alone: Sequence[Item]) -> list[int]:
    """Find the opinions of some themes, those answered for themselves, and those grouped with them."""
    rows = Item.objects.filter(consultation=consultation).standing()
    if themes is not None:
        keys = [theme.pk for theme in themes]
        own = [item.pk for item in alone]
        rows = rows.filter(
            Q(links__theme__in=keys) | Q(grouped_with__links__theme__in=keys) | Q(pk__in=own) | Q(grouped_with__in=own)
        )
    return sorted(set(rows.order_by().values_list("pk", flat=True)))


def following(head: Item, keys: Collection[int]) -> Following:
    """Find what opinions lack of what the head of their group holds today, and what they hold that it does not; one query."""
    rows = ItemOutcome.objects.current().filter(item__in=[head.pk, *keys]).order_by("pk")
    found = list(rows.values_list("pk", "item_id", "outcome_id"))
    held = [outcome for _key, item, outcome in found if item == head.pk]
    known = {(item, outcome) for _key, item, outcome in found}
    return Following(
        missing=[(item, outcome) for item in sorted(keys) for outcome in held if (item, outcome) not in known],
        foreign=[key for key, item, outcome in found if item != head.pk and outcome not in held],
    )


def give(missing: Collection[tuple[int, int]], *, at: dt.datetime) -> None:
    """Give opinions public answers: (opinion, answer).

    Locks: expects `items.hold_analysis` and the opinions.
    """
    assert_in_transaction()
    rows = (ItemOutcome(item_id=item, outcome_id=outcome, given_at=at) for item, outcome in missing)
    ItemOutcome.objects.bulk_create(rows, batch_size=items.BATCH)


def converge(consultation: Consultation, keys: Collection[int], *, at: dt.datetime) -> int:
    """Give opinions the public answers they should hold, and end those they should not; give how many were given.

    Locks: expects `items.hold_analysis`; takes the rows of what was given.
    """
    assert_in_transaction()
    items.lock(keys)
    with connection.cursor() as cursor:
        cursor.execute(_CONVERGE, {"keys": sorted(keys), "consultation": consultation.pk, "at": at})
        return int(cursor.rowcount)
