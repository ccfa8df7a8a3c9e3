"""The answers of the city in words and shapes: on the page of a consultation, on the list of its answers, on one's own page."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, Prefetch, QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consultations import answer_hiding, coverage, outcomes, presentation, promises
from consultations.models import Consultation, Decision, Item, ItemOutcome, Outcome, OutcomeReturn
from mulhouse import markup, typography
from mulhouse.templatetags import ui

DECISION_TAGS: dict[str, tuple[ui.Tone, str]] = {
    Decision.KEPT: ("yes", "circle-check"),
    Decision.PARTLY_KEPT: ("mixed", "equal"),
    Decision.NOT_KEPT: ("no", "x"),
    Decision.OUT_OF_SCOPE: ("neutral", "info"),
    Decision.FORWARDED: ("info", "arrow-right"),
    Decision.ALREADY_DONE: ("yes", "check"),
}
# The fill of each part of the bar (static/css/site.css).
FILLS = {
    Decision.KEPT: "a",
    Decision.ALREADY_DONE: "e",
    Decision.PARTLY_KEPT: "b",
    Decision.NOT_KEPT: "c",
    Decision.OUT_OF_SCOPE: "f",
    Decision.FORWARDED: "d",
}


@dataclass(frozen=True)
class Shown:
    """An answer of the city as pages show it."""

    tag: ui.Tag
    forwarded_to: str
    subject: str
    html: SafeString
    day: dt.date
    # Why an opinion left it for the answers of its themes, and when.
    returned: str = ""
    returned_on: dt.date | None = None


def tag_of(decision: str) -> ui.Tag:
    """Say a decision in a pill."""
    tone, icon = DECISION_TAGS[Decision(decision)]
    return ui.Tag(Decision(decision).label, tone, icon)


def decision_words(outcome: Outcome) -> str:
    """Say a decision, with where it was forwarded: « Transmis à : Mulhouse Alsace Agglomération »."""
    if outcome.forwarded_to:
        return _("Transmis à\u00a0: %(who)s") % {"who": outcome.forwarded_to}
    return str(outcome.get_decision_display())


def shown(outcome: Outcome) -> Shown:
    """Make what pages show of an answer."""
    return Shown(
        tag=tag_of(outcome.decision),
        forwarded_to=outcome.forwarded_to,
        subject=outcome.subject,
        html=presentation.resident_html(outcome.explanation_html),
        day=typography.local_day(outcome.published_at),
    )


def _former(outcome: Outcome) -> Shown:
    """Show an answer that holds no more (select `returned`)."""
    returned: OutcomeReturn | None = getattr(outcome, "returned", None)
    if returned is None:
        return shown(outcome)
    day = typography.local_day(returned.returned_at)
    return replace(shown(outcome), returned=returned.reason, returned_on=day)


def with_answers(rows: QuerySet[Item]) -> QuerySet[Item]:
    """Read with items the answers that hold for them, in one more query."""
    current = ItemOutcome.objects.current().select_related("outcome").order_by("-given_at", "-pk")
    return rows.prefetch_related(Prefetch("given", queryset=current, to_attr="current_given"))


def of(item: Item) -> list[Shown]:
    """Give the answers that hold for an item read `with_answers`: its own first, then the newest."""
    rows: list[ItemOutcome] = item.current_given  # type: ignore[attr-defined] # read by `with_answers`
    return [shown(given.outcome) for given in sorted(rows, key=lambda given: given.outcome.theme_id is not None)]


# --- Coverage ------------------------------------------------------------------------------------------------------


def coverage_words(found: coverage.Coverage) -> str:
    """Say the coverage: « 312 avis sur 340 ont une suite »; "" when no opinion is owed an answer."""
    if not found.owed:
        return ""
    words = ngettext(
        "%(n)s avis sur %(total)s a une suite", "%(n)s avis sur %(total)s ont une suite", found.with_outcome
    )
    return words % {"n": typography.number(found.with_outcome), "total": typography.number(found.owed)}


# --- Counts by decision --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A part of the bar of decisions: the words that follow its count, the count, where it lies, its fill."""

    label: str
    count: int
    start: int
    width: int
    fill: str


def counts(consultation: Consultation) -> dict[str, int]:
    """Count the opinions that each decision reached; one that got two different ones counts in both."""
    standing = Item.objects.filter(consultation=consultation).standing()
    rows = ItemOutcome.objects.current().filter(item__in=standing).order_by()
    found = rows.values("outcome__decision").annotate(number=Count("item", distinct=True))
    by_decision = dict(found.values_list("outcome__decision", "number"))
    return {decision.value: by_decision.get(decision.value, 0) for decision in FILLS}


def parts(by_decision: dict[str, int]) -> list[Part]:
    """Lay the decisions side by side.

    Units: thousandths of the bar.
    """
    total, start, found = sum(by_decision.values()), 0, []
    for decision, count in by_decision.items():
        if count:
            width = 1000 * count // total
            found.append(Part(_counted(Decision(decision), count), count, start, width, FILLS[Decision(decision)]))
            start += width
    return found


def parts_words(found: Iterable[Part]) -> str:
    """Say the bar: « 120 retenus, 12 non retenus »."""
    return ", ".join(f"{typography.number(part.count)} {part.label}" for part in found)


def _counted(decision: Decision, count: int) -> str:
    """Say a decision after the number of opinions it reached."""
    return {
        Decision.KEPT: ngettext("retenu", "retenus", count),
        Decision.PARTLY_KEPT: ngettext("retenu en partie", "retenus en partie", count),
        Decision.NOT_KEPT: ngettext("non retenu", "non retenus", count),
        Decision.OUT_OF_SCOPE: ngettext("hors périmètre", "hors périmètre", count),
        Decision.FORWARDED: ngettext("transmis", "transmis", count),
        Decision.ALREADY_DONE: ngettext("déjà fait", "déjà faits", count),
    }[decision]


# --- Themes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ThemeAnswer:
    """What the city answers to a theme: the last answer, those before it, and how many opinions it is for."""

    reference: str
    title: str
    summary: str
    is_minority: bool
    count_words: str
    answer: Shown
    earlier: list[Shown]


def of_themes(consultation: Consultation) -> list[ThemeAnswer]:
    """List the themes that have an answer, those with most opinions first; two queries."""
    rows = Outcome.objects.filter(consultation=consultation, theme__isnull=False)
    by_theme: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in rows.select_related("theme").newest():
        by_theme[outcome.theme_id or 0].append(outcome)
    numbers = _opinions(by_theme)
    found = [_theme(outcomes, numbers.get(key, 0)) for key, outcomes in by_theme.items()]
    order = sorted(zip(found, by_theme, strict=True), key=lambda pair: -numbers.get(pair[1], 0))
    return [answer for answer, _key in order]


def _opinions(themes: Collection[int]) -> dict[int, int]:
    rows = ItemOutcome.objects.current().filter(outcome__theme__in=list(themes)).order_by()
    return dict(
        rows.values("outcome__theme").annotate(n=Count("item", distinct=True)).values_list("outcome__theme", "n")
    )


def _theme(outcomes: Sequence[Outcome], number: int) -> ThemeAnswer:
    newest, *earlier = outcomes
    theme = newest.theme
    assert theme is not None  # noqa: S101 (the query keeps those of themes)
    return ThemeAnswer(
        reference=theme.reference,
        title=newest.subject,
        summary=newest.summary,
        is_minority=newest.is_minority,
        count_words=ngettext("%(n)s avis", "%(n)s avis", number) % {"n": typography.number(number)},
        answer=shown(newest),
        earlier=[shown(outcome) for outcome in earlier],
    )


def theme_choices(consultation: Consultation) -> list[tuple[str, str]]:
    """List the themes that have an answer, for a form: (reference, title)."""
    rows = Outcome.objects.filter(consultation=consultation, theme__isnull=False)
    found = (
        rows.order_by("theme_id", "-published_at", "-pk")
        .distinct("theme_id")
        .values_list("theme__reference", "subject")
    )
    return sorted(found, key=lambda pair: pair[1].lower())


# --- Opinions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpinionRow:
    """An opinion in the list of answers."""

    title: str
    url: str
    kind: str
    reference: str
    excerpt: str
    day: dt.date
    answers: list[Shown]
    # Of a free text, which has no page of its own to be reported from.
    report_url: str


def row(item: Item, *, consultation: Consultation) -> OpinionRow:
    """Make the line of an opinion read `with_answers` (select its contribution, its comment's contribution, its answer's question)."""
    base = reverse("consultations:contributions", args=[consultation.slug])
    if item.contribution is not None:
        url = f"{base}{item.contribution.reference}/"
    elif item.comment is not None:
        url = f"{base}{item.comment.contribution.reference}/commentaires/{item.comment.reference}/"
    else:
        url = ""
    return OpinionRow(
        # A free text begins like its title: the question it answers says more.
        title=item.answer.question.label if item.answer else item.title or _("Sans titre"),
        url=url,
        kind=str(item.get_kind_display()),
        reference=item.reference,
        excerpt=presentation.shortened(
            markup.to_text(item.words) if "<" in item.words else item.words, presentation.EXCERPT
        ),
        day=typography.local_day(item.received_at),
        answers=of(item),
        report_url=answer_hiding.report_url(item) if item.answer else "",
    )


# --- One's own -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Own:
    """What became of something one wrote: the answers that hold, or a word on the wait; "" for what waits for nothing."""

    answers: list[Shown]
    waiting: str


def items_by(source: str, keys: Collection[int]) -> dict[int, Item]:
    """Read the items of contributions or of comments, by their key, with their answers; two queries."""
    rows = with_answers(Item.objects.filter(**{f"{source}__in": list(keys)}).defer("search", "words"))
    return {getattr(item, f"{source}_id"): item for item in rows.order_by("pk")}


def owns(items: Sequence[Item | None], *, at: dt.datetime) -> list[Own]:
    """Say what became of items read `with_answers`, and by when the city answers those that wait; one query where some do.

    Shape: in their order; None stands for what is no opinion that waits for an answer (a draft, a remark).
    """
    found = [_own(item) for item in items]
    keys = {item.consultation_id for item, own in zip(items, found, strict=True) if item is not None and own.waiting}
    words = promises.waiting_words(keys, at=at) if keys else {}
    return [
        replace(own, waiting=words.get(item.consultation_id, own.waiting)) if item is not None and own.waiting else own
        for item, own in zip(items, found, strict=True)
    ]


def _own(item: Item | None) -> Own:
    if item is None or item.place in {Item.Place.WITHDRAWN, Item.Place.HIDDEN}:
        return Own([], "")
    found = of(item)
    return Own(found, "" if found else _("La Ville n’y a pas encore répondu."))


def own_free_text(item: Item) -> presentation.OwnLine:
    """Make the line of a free text of a questionnaire (select `consultation`)."""
    return presentation.OwnLine(
        title=presentation.shortened(item.words or item.title, presentation.EXCERPT),
        url=reverse("consultations:outcomes", args=[item.consultation.slug]),
        tag=ui.Tag(_("Réponse à un questionnaire"), "info", "message-square"),
        context=item.consultation.title,
        when=_("Reçue le %(day)s") % {"day": typography.day(item.received_at)},
        reference=item.reference,
    )


# --- One opinion -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fate:
    """What became of one opinion: where it stands, the answers that hold, those before them, and the one it is grouped with."""

    tag: ui.Tag
    current: list[Shown]
    earlier: list[Shown]
    head: str
    head_url: str


def fate(item: Item | None) -> Fate | None:
    """Say what became of a contribution; None while nobody looked at it. One query."""
    if item is None:
        return None
    given = outcomes.history(item)
    if item.place == Item.Place.WAITING and not given:
        return None
    waits = item.place == Item.Place.WAITING
    head = item.grouped_with
    return Fate(
        tag=ui.Tag(item.get_place_display(), "mixed" if waits else "info", "clock" if waits else "circle-check"),
        current=[shown(each.outcome) for each in given if each.ended_at is None],
        earlier=[_former(each.outcome) for each in given if each.ended_at is not None],
        head=head.reference if head else "",
        head_url=_head_url(item),
    )


def of_comments(keys: Sequence[int]) -> dict[int, list[Outcome]]:
    """Give the answers that hold for comments that are proposals, by their keys; no query when there are none."""
    found: dict[int, list[Outcome]] = defaultdict(list)
    if keys:
        rows = ItemOutcome.objects.current().filter(item__comment__in=keys).select_related("item", "outcome")
        for given in rows.defer("item__search", "item__words").order_by("-given_at", "-pk"):
            found[given.item.comment_id or 0].append(given.outcome)
    return found


def _head_url(item: Item) -> str:
    """Give the page of the contribution with which one is grouped; a comment or a free text has none of its own."""
    if item.grouped_with is None or item.contribution is None or item.grouped_with.contribution_id is None:
        return ""
    slug = item.contribution.consultation.slug
    return reverse("consultations:contribution", args=[slug, item.grouped_with.reference])
