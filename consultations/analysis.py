"""What agents do with opinions: sort them in themes, group those that say the same, note, and prepare decisions.

Nothing here is public but where each opinion stands, so that a line goes to the register when one moved, and then only. A
gesture that would give or end a public answer asks for the right to publish, names the opinions in the register, and is told
to their authors (`consultations.telling`).
Every form takes `seen`, the version the agent had under the eyes: two agents never overwrite each other without knowing.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from consultations import analysis_rules, items, outcomes
from consultations.models import AnalysisTheme, Comment, Consultation, Item, ItemOutcome, ItemTheme, Note
from mulhouse.db import ConstraintViolatedError, named_constraint
from mulhouse.errors import DomainError, require
from questionnaires.models import Questionnaire
from transparency import register

STALE = DomainError(
    "stale",
    "Quelqu’un a changé cette page pendant que vous écriviez. Rien n’est perdu\u00a0: votre texte est encore là, et ce qui a "
    "changé est montré à côté.",
)
GONE = DomainError(
    "removed",
    "Quelqu’un a fusionné, supprimé ou retiré ce que vous aviez sous les yeux. Votre texte n’est pas enregistré\u00a0: gardez-le.",
)
BATCH = 2000
# An opinion and the public answer that it holds no more, by their references.
Ended = dict[str, str]


@dataclass(frozen=True)
class Words:
    """What is said of a theme: to agents, and to residents."""

    title: str
    public_title: str = ""
    public_summary: str = ""
    is_minority: bool = False


@dataclass(frozen=True)
class Decided:
    """A decision that is being prepared."""

    decision: str = ""
    explanation: str = ""
    forwarded_to: str = ""


def _stale() -> DomainError:
    return DomainError(STALE.code, STALE.message)


def _record_moves(actor: Any, consultation: Consultation, moved: int) -> None:
    """Tell the register that opinions changed places, as the public count did; or else that an agent worked."""
    if not moved:
        _record_work(actor, consultation)
        return
    facts = {"avis": moved}
    register.record("analysis.moved", role="agent", subject=consultation.slug, facts=facts, actor=actor)


def _record_work(actor: Any, consultation: Consultation) -> None:
    """Tell the register that an agent worked on the analysis, and nothing of what is not public yet."""
    register.record("analysis.prepared", role="agent", subject=consultation.slug, actor=actor)


def _end(actor: Any, given: QuerySet[ItemOutcome], at: dt.datetime) -> list[Ended]:
    """End public answers of opinions, as only those who publish may; give what ended.

    Raises: RefusedError.
    Locks: expects `items.hold_analysis`; takes the rows of what was given.
    """
    rows = list(given.order_by("pk").values_list("pk", "item__reference", "outcome__reference"))
    if not rows:
        return []
    require(analysis_rules.public_refusal(actor))
    ItemOutcome.objects.filter(pk__in=[key for key, _item, _outcome in rows]).update(ended_at=outcomes.ending(at))
    return [{"avis": item, "réponse": outcome} for _key, item, outcome in rows]


def _record_ended(actor: Any, consultation: Consultation, ended: Sequence[Ended]) -> None:
    if ended:
        facts = {"terminées": list(ended[: outcomes.LISTED]), "nombre": len(ended)}
        register.record("outcome.ended", role="agent", subject=consultation.slug, facts=facts, actor=actor)


# --- Themes --------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def create_theme(*, actor: Any, consultation: Consultation, words: Words) -> AnalysisTheme:
    """Begin a theme.

    Raises: RefusedError; DomainError "title" when it is missing, or that of another one.
    """
    require(analysis_rules.analyse_refusal(actor, consultation))
    theme = AnalysisTheme(consultation=consultation)
    _say(theme, words)
    _record_work(actor, consultation)
    return theme


def _say(theme: AnalysisTheme, words: Words) -> None:
    theme.title = " ".join(words.title.split())
    theme.public_title = " ".join(words.public_title.split())
    theme.public_summary = words.public_summary.strip()
    theme.is_minority = words.is_minority
    if not theme.title:
        raise DomainError("title", "Donnez un titre au thème.")
    try:
        with named_constraint("analysis_theme_title_once"):
            theme.save()
    except ConstraintViolatedError as error:
        raise DomainError("title", "Un thème de cette consultation porte déjà ce titre.") from error


@transaction.atomic(durable=True)
def save_theme(*, actor: Any, theme: AnalysisTheme, words: Words, decided: Decided, seen: int) -> AnalysisTheme:
    """Rename a theme, say it to residents, prepare its decision.

    Raises: RefusedError; DomainError "removed", "stale", "title", "decision" or "forwarded_to".
    Locks: the theme.
    """
    require(analysis_rules.analyse_refusal(actor, theme.consultation))
    require(analysis_rules.draft_problem(decided.decision, decided.explanation, decided.forwarded_to))
    held = _held(theme)[theme.pk]
    if held.version != seen:
        raise _stale()
    _decide(held, decided)
    held.version += 1
    _say(held, words)
    _record_work(actor, held.consultation)
    return held


def _held(*themes: AnalysisTheme) -> dict[int, AnalysisTheme]:
    """Read themes again and hold them, in the order of their keys: what was written since is there.

    Raises: DomainError "removed".
    """
    rows = AnalysisTheme.objects.select_for_update(of=("self",), no_key=True).select_related("consultation")
    found = {row.pk: row for row in rows.filter(pk__in=[theme.pk for theme in themes]).order_by("pk")}
    if len(found) < len({theme.pk for theme in themes}):
        raise DomainError(GONE.code, GONE.message)
    return found


def _decide(row: AnalysisTheme | Item, decided: Decided) -> None:
    row.draft_decision = decided.decision
    row.draft_explanation = decided.explanation.strip()
    row.draft_forwarded_to = decided.forwarded_to.strip()


@transaction.atomic(durable=True)
def merge_theme(*, actor: Any, theme: AnalysisTheme, into: AnalysisTheme, seen: int, at: dt.datetime) -> AnalysisTheme:
    """Pour a theme into another: its opinions, its notes, its words; then it is gone.

    Shape: the decision it had is that of the other when this one has none; what the other has already stays, and what
    would be lost becomes a note.
    Raises: RefusedError; DomainError "removed", "stale".
    Locks: the analysis of the consultation, the items of the theme, both themes.
    """
    items.hold_analysis(theme.consultation)
    keys = list(ItemTheme.objects.filter(theme=theme).order_by("item_id").values_list("item_id", flat=True))
    items.hold(keys)
    held = _held(theme, into)
    gone, kept = held[theme.pk], held[into.pk]
    require(analysis_rules.merge_refusal(actor, gone, kept))
    if gone.version != seen:
        raise _stale()
    _attach(keys, [kept.pk])
    Note.objects.filter(theme=gone).update(theme=kept)
    moves = gone.has_draft and not kept.has_draft
    if moves:
        _decide(kept, Decided(gone.draft_decision, gone.draft_explanation, gone.draft_forwarded_to))
    if body := _left_over(gone, with_decision=not moves):
        Note.objects.create(theme=kept, author=actor, body=body, written_at=at)
    kept.version += 1
    kept.save(update_fields=["draft_decision", "draft_explanation", "draft_forwarded_to", "version"])
    AnalysisTheme.objects.filter(pk=gone.pk).delete()
    _record_moves(actor, theme.consultation, _changed(keys))
    return kept


def _left_over(theme: AnalysisTheme, *, with_decision: bool) -> str:
    """Write down the words of a theme that goes; nothing where it had none."""
    words = [("Titre public", theme.public_title), ("Ce qui est demandé", theme.public_summary)]
    if with_decision:
        words += [
            ("Décision préparée", str(theme.get_draft_decision_display()) if theme.draft_decision else ""),
            ("Transmis à", theme.draft_forwarded_to),
            ("Explication préparée", theme.draft_explanation),
        ]
    lines = [f"{label}\u00a0: {text}" for label, text in words if text]
    return "\n".join([f"Gardé du thème «\u00a0{theme.title}\u00a0», fusionné ici.", *lines]) if lines else ""


@transaction.atomic(durable=True)
def delete_theme(*, actor: Any, theme: AnalysisTheme, seen: int) -> None:
    """Throw away a theme that has neither a public answer nor the work of somebody; its opinions stay, without it.

    Raises: RefusedError; DomainError "removed", "stale".
    Locks: the analysis of the consultation, the items of the theme, the theme.
    """
    items.hold_analysis(theme.consultation)
    keys = list(ItemTheme.objects.filter(theme=theme).order_by("item_id").values_list("item_id", flat=True))
    items.hold(keys)
    held = _held(theme)[theme.pk]
    require(analysis_rules.delete_refusal(actor, held))
    if held.version != seen:
        raise _stale()
    AnalysisTheme.objects.filter(pk=held.pk).delete()
    _record_moves(actor, theme.consultation, _changed(keys))


# --- Opinions in themes --------------------------------------------------------------------------------------------------


def _changed(keys: Collection[int]) -> int:
    """Raise the version of items and put them where they stand; give how many moved."""
    Item.objects.filter(pk__in=keys).update(version=F("version") + 1)
    return items.settle(keys)


def _attach(keys: Sequence[int], themes: Sequence[int]) -> None:
    links = [ItemTheme(item_id=key, theme_id=theme) for theme in themes for key in keys]
    ItemTheme.objects.bulk_create(links, batch_size=BATCH, ignore_conflicts=True)


def _detach(actor: Any, keys: Sequence[int], themes: Sequence[int], at: dt.datetime) -> list[Ended]:
    """Take items out of themes: the answers of these themes hold no more for them, nor for those grouped with them."""
    ItemTheme.objects.filter(item__in=keys, theme__in=themes).delete()
    heads = Q(item__in=keys, item__grouped_with__isnull=True) | Q(item__grouped_with__in=keys)
    return _end(actor, ItemOutcome.objects.current().filter(heads, outcome__theme__in=themes), at)


@transaction.atomic(durable=True)
def attach(*, actor: Any, theme: AnalysisTheme, keys: Collection[int]) -> int:
    """Put opinions in a theme, however many; those that are in it already stay there. Gives how many joined.

    Raises: RefusedError; DomainError "removed".
    Locks: the analysis of the consultation, the items, the theme.
    """
    require(analysis_rules.analyse_refusal(actor, theme.consultation))
    items.hold_analysis(theme.consultation)
    held = [item.pk for item in items.hold(keys) if item.consultation_id == theme.consultation_id]
    _held(theme)
    known = set(ItemTheme.objects.filter(theme=theme, item__in=held).order_by().values_list("item_id", flat=True))
    new = [key for key in held if key not in known]
    _attach(new, [theme.pk])
    _record_moves(actor, theme.consultation, _changed(new))
    return len(new)


@transaction.atomic(durable=True)
def detach(*, actor: Any, theme: AnalysisTheme, keys: Collection[int], at: dt.datetime) -> int:
    """Take opinions out of a theme; the answer they had from it ends. Gives how many left.

    Raises: RefusedError, and when a public answer would end for somebody who does not publish.
    Locks: the analysis of the consultation, the items.
    """
    require(analysis_rules.analyse_refusal(actor, theme.consultation))
    items.hold_analysis(theme.consultation)
    items.hold(keys)
    known = list(
        ItemTheme.objects.filter(theme=theme, item__in=keys).order_by("item_id").values_list("item_id", flat=True)
    )
    ended = _detach(actor, known, [theme.pk], at)
    _record_moves(actor, theme.consultation, _changed(known))
    _record_ended(actor, theme.consultation, ended)
    return len(known)


@transaction.atomic(durable=True)
def save_item(*, actor: Any, item: Item, themes: Collection[int], decided: Decided, seen: int, at: dt.datetime) -> Item:
    """Say the themes of one opinion, and prepare a decision of its own when its themes do not fit it.

    Raises: RefusedError, and when a public answer would end for somebody who does not publish; DomainError "removed", "stale", "gone",
    "decision" or "forwarded_to".
    Locks: the analysis of the consultation, the item.
    """
    require(analysis_rules.analyse_refusal(actor, item.consultation))
    require(analysis_rules.draft_problem(decided.decision, decided.explanation, decided.forwarded_to))
    items.hold_analysis(item.consultation)
    held = _held_item(item)
    if held.version != seen:
        raise _stale()
    if held.place in {Item.Place.WITHDRAWN, Item.Place.HIDDEN}:
        raise DomainError("gone", "Cet avis vient d’être retiré ou masqué\u00a0: il ne reçoit plus de réponse.")
    ours = AnalysisTheme.objects.filter(consultation=item.consultation, pk__in=themes).order_by("pk")
    wanted = set(ours.values_list("pk", flat=True))
    before = set(ItemTheme.objects.filter(item=held).order_by().values_list("theme_id", flat=True))
    ended = _detach(actor, [held.pk], sorted(before - wanted), at)
    _attach([held.pk], sorted(wanted - before))
    _decide(held, decided)
    held.save(update_fields=["draft_decision", "draft_explanation", "draft_forwarded_to"])
    moved = _changed([held.pk])
    _record_moves(actor, item.consultation, moved)
    _record_ended(actor, item.consultation, ended)
    held.refresh_from_db(fields=["version", "place"])
    return held


def _held_item(item: Item) -> Item:
    """Read an opinion again and hold it.

    Raises: DomainError "removed".
    """
    found = items.hold([item.pk])
    if not found:
        raise DomainError(GONE.code, GONE.message)
    return found[0]


# --- Groups --------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def group(*, actor: Any, root: Item, keys: Collection[int], at: dt.datetime) -> int:
    """Group opinions that say the same with one of them, which carries the answer; it stays readable, as they do.

    What is grouped already brings the whole of its group. They get at once the public answers that the head holds, and lose
    the others: that is publishing. Gives how many joined.

    Raises: RefusedError, and when a public answer would be given or ended by somebody who does not publish.
    Locks: the analysis of the consultation, the items.
    """
    items.hold_analysis(root.consultation)
    head = items.hold([root.pk])[0]
    if head.grouped_with_id is not None:
        head = Item.objects.get(pk=head.grouped_with_id)
    joining = items.hold(
        Item.objects.filter(Q(pk__in=keys) | Q(grouped_with__in=keys)).exclude(pk=head.pk).values_list("pk", flat=True)
    )
    require(analysis_rules.group_refusal(actor, items.hold([head.pk])[0], joining))
    gone = {Item.Place.WITHDRAWN, Item.Place.HIDDEN}
    new = [item.pk for item in joining if item.place not in gone and item.grouped_with_id != head.pk]
    if not new:
        return 0
    changes = outcomes.following(head, new)
    if changes.missing or changes.foreign:
        require(analysis_rules.public_refusal(actor))
    Item.objects.filter(pk__in=new).update(grouped_with=head, place=Item.Place.GROUPED, version=F("version") + 1)
    ended = _end(actor, ItemOutcome.objects.filter(pk__in=changes.foreign), at)
    outcomes.give(changes.missing, at=at)
    facts = {
        "consultation": root.consultation.slug,
        "avis": len(new),
        "références": [item.reference for item in joining if item.pk in set(new)][: outcomes.LISTED],
        "réponses données": len(changes.missing),
    }
    register.record("opinion.grouped", role="agent", subject=head.reference, facts=facts, actor=actor)
    _record_ended(actor, root.consultation, ended)
    return len(new)


@transaction.atomic(durable=True)
def ungroup(*, actor: Any, item: Item, at: dt.datetime) -> None:
    """Take an opinion out of its group; it keeps the answers of its own themes only. Repeating it is no error.

    Raises: RefusedError, and when a public answer would end for somebody who does not publish.
    Locks: the analysis of the consultation, the item.
    """
    require(analysis_rules.analyse_refusal(actor, item.consultation))
    items.hold_analysis(item.consultation)
    held = items.hold([item.pk])[0]
    if held.grouped_with_id is None:
        return
    head = held.grouped_with
    Item.objects.filter(pk=held.pk).update(grouped_with=None, place=Item.Place.WAITING)
    own = ItemTheme.objects.filter(item=held).values("theme")
    foreign = ItemOutcome.objects.current().filter(item=held).exclude(Q(outcome__item=held) | Q(outcome__theme__in=own))
    ended = _end(actor, foreign, at)
    _changed([held.pk])
    register.record(
        "opinion.ungrouped",
        role="agent",
        subject=held.reference,
        facts={"consultation": item.consultation.slug, "tête": head.reference if head else ""},
        actor=actor,
    )
    _record_ended(actor, item.consultation, ended)


# --- Notes, proposals, free texts ----------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def add_note(*, actor: Any, about: Item | AnalysisTheme, body: str, at: dt.datetime) -> Note:
    """Tell the other agents something, that nobody else ever reads.

    Raises: RefusedError; DomainError "empty", "removed".
    Locks: the opinion or the theme: it does not go away under the note.
    """
    require(analysis_rules.analyse_refusal(actor, about.consultation))
    if not body.strip():
        raise DomainError("empty", "Écrivez la note.")
    item = about if isinstance(about, Item) else None
    theme = about if isinstance(about, AnalysisTheme) else None
    if isinstance(about, Item):
        _held_item(about)
    else:
        _held(about)
    note = Note.objects.create(item=item, theme=theme, author=actor, body=body.strip(), written_at=at)
    _record_work(actor, about.consultation)
    return note


@transaction.atomic(durable=True)
def mark_proposal(*, actor: Any, comment: Comment, is_proposal: bool) -> None:
    """Say that a comment is a proposal, to which the city owes an answer, or that it is none. Repeating it is no error.

    Raises: RefusedError, "answered" when it has received an answer: that can not be undone; "worked" when an agent wrote
    a note or prepared an answer there.
    Locks: the comment, the analysis of the consultation, its item and those grouped with it.
    """
    require(analysis_rules.mark_refusal(actor, comment))
    held = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=comment.pk)
    items.hold_analysis(comment.contribution.consultation)
    if held.is_proposal == is_proposal:
        return
    item = Item.objects.filter(comment=held).first()
    if item is not None and not is_proposal:
        require(analysis_rules.unmark_refusal(_held_item(item)))
        concerned = items.leave_groups([item.pk])
        item.delete()
        items.settle(concerned - {item.pk})
    Comment.objects.filter(pk=held.pk).update(is_proposal=is_proposal)
    if is_proposal:
        items.write_comments([held.pk])
    register.record(
        "comment.marked" if is_proposal else "comment.unmarked",
        role="agent",
        subject=held.reference,
        facts={"consultation": comment.contribution.consultation.slug},
        actor=actor,
    )


@transaction.atomic(durable=True)
def collect_answers(*, actor: Any, consultation: Consultation, at: dt.datetime) -> int:
    """Bring the free texts of closed questionnaires among the opinions; running it again adds nothing. Gives how many were new.

    Raises: RefusedError when an agent asks who may not; the site itself passes None.
    Locks: the analysis of the consultation.
    """
    if actor is not None:
        require(analysis_rules.analyse_refusal(actor, consultation))
    items.hold_analysis(consultation)
    closed = Questionnaire.objects.closed(at=at).filter(consultation_link__consultation=consultation)
    new = items.write_answers(consultation, items.free_texts(closed.order_by("pk").values_list("pk", flat=True)))
    if new:
        facts = {"avis": new}
        role = "système" if actor is None else "agent"
        register.record("analysis.collected", role=role, subject=consultation.slug, facts=facts, actor=actor)
    return new


@transaction.atomic(durable=True)
def repair(*, contributions: Collection[int], comments: Collection[int], misplaced: Collection[int]) -> None:
    """Write the items that texts lack, and put in their place those that are not: what the night found.

    Locks: the items.
    """
    items.write_contributions(contributions)
    items.write_comments(comments)
    items.settle(misplaced)
