"""Opinions as rows: written from their source, in its transaction, and put where they stand. A few statements, however many.

Rows are locked in the order of their keys, after the source and before its section. The texts of SQL below take names of
columns written here and nothing else; values go apart.
"""

from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Q

from consultations.models import Comment, Consultation, Contribution, Item, ItemTheme
from mulhouse.db import assert_in_transaction
from questionnaires.models import Answer

BATCH = 1000
# What stands for the title of a text that has none.
TITLE = 110
_COLUMNS = "reference, consultation_id, kind, channel, section_id, district_id, received_at, title, words, place"
_COPIED = ("kind", "channel", "section_id", "district_id", "received_at", "title", "words")
_EMPTY_DRAFT = "'', '', '', 1"
# What was withdrawn is read no more, by agents neither.
_CONTRIBUTIONS = """
    SELECT c.id, c.reference, c.consultation_id, c.kind, c.channel, c.section_id,
           CASE WHEN c.withdrawn_at IS NULL THEN c.district_id END, c.published_at,
           CASE WHEN c.withdrawn_at IS NULL THEN c.title ELSE '' END,
           CASE WHEN c.withdrawn_at IS NULL THEN c.body ELSE '' END,
           CASE WHEN c.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN c.hidden_at IS NOT NULL THEN 'hidden' ELSE 'waiting' END
    FROM consultations_contribution c WHERE c.published_at IS NOT NULL
"""
_COMMENTS = f"""
    SELECT m.id, m.reference, c.consultation_id, 'comment', m.channel, c.section_id, NULL::bigint, m.published_at,
           CASE WHEN m.withdrawn_at IS NULL THEN left(regexp_replace(m.body, '\\s+', ' ', 'g'), {TITLE}) ELSE '' END,
           CASE WHEN m.withdrawn_at IS NULL THEN m.body ELSE '' END,
           CASE WHEN m.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN m.hidden_at IS NOT NULL THEN 'hidden' ELSE 'waiting' END
    FROM consultations_comment m JOIN consultations_contribution c ON c.id = m.contribution_id WHERE m.is_proposal
"""  # noqa: S608 (a number written above)


def write_contributions(keys: Iterable[int]) -> None:
    """Write the items of published contributions, new or changed.

    Locks: their items, inside the caller's transaction.
    """
    _write("contribution_id", f"{_CONTRIBUTIONS} AND c.id = ANY(%s)", keys)


def write_comments(keys: Iterable[int]) -> None:
    """Write the items of comments that are proposals, new or changed.

    Locks: their items, inside the caller's transaction.
    """
    _write("comment_id", f"{_COMMENTS} AND m.id = ANY(%s)", keys)


def write_answers(consultation: Consultation, keys: Collection[int]) -> int:
    """Write the items of free texts of questionnaires, once; give how many were new."""
    assert_in_transaction()
    answers = Answer.objects.filter(pk__in=keys, item__isnull=True).select_related("response").order_by("pk")
    rows = [
        Item(
            consultation=consultation,
            answer=answer,
            kind=Item.Kind.ANSWER,
            channel=answer.response.channel,
            district_id=answer.district_id or answer.response.district_id,
            received_at=answer.response.submitted_at or answer.response.saved_at,
            title=" ".join(answer.text.split())[:TITLE],
            words=answer.text,
        )
        for answer in answers
    ]
    Item.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)


def _write(source: str, rows: str, keys: Iterable[int]) -> None:
    assert_in_transaction()
    stored, new = ", ".join(f"i.{name}" for name in _COPIED), ", ".join(f"excluded.{name}" for name in _COPIED)
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COPIED)
    with connection.cursor() as cursor:
        # Only names written above enter this text.
        cursor.execute(
            f"INSERT INTO consultations_item AS i ({source}, {_COLUMNS}, "  # noqa: S608
            "draft_decision, draft_explanation, draft_forwarded_to, version) "
            f"SELECT s.*, {_EMPTY_DRAFT} FROM ({rows} ORDER BY 1) s ON CONFLICT ({source}) DO UPDATE "
            f"SET {changes}, version = i.version + 1 WHERE ({stored}) IS DISTINCT FROM ({new})",
            [sorted(keys)],
        )


def hold_analysis(consultation: Consultation) -> None:
    """Let one gesture at a time change the groups and the answers of a consultation: they are few, and each is short.

    Residents who write never wait for it: their text takes the lock of its own row only. Those who withdraw one do, before
    any opinion is locked: the head of a group leads to its members, whatever the order of their keys.

    Locks: the analysis of the consultation, until the end of the transaction.
    """
    assert_in_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"analysis:{consultation.pk}"])


# --- Places --------------------------------------------------------------------------------------------------------------

_SETTLE = """
    UPDATE consultations_item i SET place = n.place FROM (
        SELECT x.id, CASE
            WHEN coalesce(c.withdrawn_at, m.withdrawn_at) IS NOT NULL THEN 'withdrawn'
            WHEN coalesce(c.hidden_at, m.hidden_at) IS NOT NULL THEN 'hidden'
            WHEN x.grouped_with_id IS NOT NULL THEN 'grouped'
            WHEN EXISTS (
                SELECT 1 FROM consultations_itemoutcome g JOIN consultations_outcome o ON o.id = g.outcome_id
                WHERE g.item_id = x.id AND g.ended_at IS NULL AND o.theme_id IS NULL
            ) THEN 'answered'
            WHEN EXISTS (SELECT 1 FROM consultations_itemtheme t WHERE t.item_id = x.id) AND NOT EXISTS (
                SELECT 1 FROM consultations_itemtheme t WHERE t.item_id = x.id AND NOT EXISTS (
                    SELECT 1 FROM consultations_itemoutcome g JOIN consultations_outcome o ON o.id = g.outcome_id
                    WHERE g.item_id = x.id AND g.ended_at IS NULL AND o.theme_id = t.theme_id
                )
            ) THEN 'answered'
            ELSE 'waiting' END AS place
        FROM consultations_item x
        LEFT JOIN consultations_contribution c ON c.id = x.contribution_id
        LEFT JOIN consultations_comment m ON m.id = x.comment_id
        WHERE x.id = ANY(%s)
    ) n WHERE n.id = i.id AND i.place <> n.place
"""


def settle(keys: Collection[int]) -> int:
    """Put items where they stand (`places.place`); give how many moved.

    Locks: the items, in the order of their keys, inside the caller's transaction.
    """
    assert_in_transaction()
    ordered = sorted(keys)
    # Read under the lock: what somebody else was writing is written.
    lock(ordered)
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [ordered])
        return int(cursor.rowcount)


def hold(keys: Iterable[int]) -> list[Item]:
    """Read items again and hold them until the end of the transaction.

    Shape: in the order of their keys.
    Locks: the items, in the order of their keys.
    """
    assert_in_transaction()
    return list(
        Item.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(keys))
        .order_by("pk")
        .defer("search")
    )


def lock(keys: Iterable[int]) -> None:
    """Hold items until the end of the transaction without reading their words: publishing takes all those of a consultation.

    Locks: the items, in the order of their keys.
    """
    assert_in_transaction()
    rows = Item.objects.select_for_update(no_key=True).filter(pk__in=list(keys)).order_by("pk")
    list(rows.values_list("pk", flat=True))


def leave_groups(keys: Collection[int]) -> set[int]:
    """Take items out of their groups because their text goes; give every item that this concerns, to be settled.

    A group that loses its head keeps its themes, its answers and what was prepared: its oldest member takes its place.

    Locks: the items and those grouped with them, in the order of their keys, inside the caller's transaction.
    """
    assert_in_transaction()
    hold(Item.objects.filter(Q(pk__in=keys) | Q(grouped_with__in=keys)).values_list("pk", flat=True))
    leaving = list(Item.objects.filter(pk__in=keys).defer("search").order_by("pk"))
    concerned = set(keys)
    for item in leaving:
        if item.grouped_with_id is not None:
            _copy_themes(item.grouped_with_id, item.pk)
        members = list(item.members.order_by("received_at", "pk").values_list("pk", flat=True))
        if members:
            _succeed(item, members[0], members[1:])
        concerned |= set(members)
    Item.objects.filter(pk__in=keys, place=Item.Place.GROUPED).update(grouped_with=None, place=Item.Place.WAITING)
    return concerned


def _copy_themes(source: int, target: int) -> None:
    themes = ItemTheme.objects.filter(item=source).order_by("pk").values_list("theme", flat=True)
    ItemTheme.objects.bulk_create(
        [ItemTheme(item_id=target, theme_id=theme) for theme in themes], ignore_conflicts=True
    )


def _succeed(item: Item, heir: int, others: list[int]) -> None:
    _copy_themes(item.pk, heir)
    draft = {name: getattr(item, name) for name in ("draft_decision", "draft_explanation", "draft_forwarded_to")}
    bare = Item.objects.filter(pk=heir, draft_decision="", draft_explanation="")
    if item.has_draft:
        bare.update(**draft)
    Item.objects.filter(pk=heir).update(grouped_with=None, place=Item.Place.WAITING)
    Item.objects.filter(pk__in=others).update(grouped_with=heir)


def went(*, contributions: Collection[int] = (), comments: Collection[int] = ()) -> None:
    """Follow texts that were withdrawn, hidden or shown again: their words, their groups, their places.

    Locks: the analysis of their consultations, their items and those grouped with them, inside the caller's transaction.
    """
    touched = Q(contributions__in=contributions) | Q(contributions__comments__in=comments)
    for consultation in Consultation.objects.filter(touched).distinct().order_by("pk"):
        hold_analysis(consultation)
    if contributions:
        write_contributions(contributions)
    if comments:
        write_comments(comments)
    keys = list(
        Item.objects.filter(Q(contribution__in=contributions) | Q(comment__in=comments)).values_list("pk", flat=True)
    )
    if keys:
        settle(leave_groups(keys))


# --- What the night finds ------------------------------------------------------------------------------------------------


def missing() -> dict[str, list[int]]:
    """Find the texts that should have an item and have none.

    Shape: keys of contributions and of comments.
    """
    return {
        "contributions": list(
            Contribution.objects.filter(published_at__isnull=False, item__isnull=True)
            .order_by("pk")
            .values_list("pk", flat=True)
        ),
        "comments": list(
            Comment.objects.filter(is_proposal=True, item__isnull=True).order_by("pk").values_list("pk", flat=True)
        ),
    }


def misplaced() -> list[int]:
    """Find the items that are not where they should be: none, unless something was written past the actions."""
    query = _SETTLE.replace(
        "UPDATE consultations_item i SET place = n.place FROM (", "SELECT i.id FROM consultations_item i, ("
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [list(Item.objects.order_by("pk").values_list("pk", flat=True))])
        return sorted(row[0] for row in cursor.fetchall())


def free_texts(questionnaires: Collection[int]) -> list[int]:
    """Find the free texts of some questionnaires that have no item yet, the words of « Autre » among them."""
    return list(
        Answer.objects.free_texts()
        .filter(
            response__questionnaire__in=questionnaires,
            response__submitted_at__isnull=False,
            item__isnull=True,
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )
