"""A report in words, the same for its page, its preview and its PDF: figures with their charts and tables, demands and answers."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from consultations.answers import FILLS, Part, parts_words, tag_of
from consultations.answers import parts as parts_of
from consultations.models import REPORT_TEXTS, Consultation, Contribution, Decision, Report
from consultations.outcome_filters import DECISIONS
from consultations.reporting.figures import UNKNOWN, Figures
from desk.models import Channel
from mulhouse import charts, markup, typography
from mulhouse.ages import AgeBand
from mulhouse.templatetags import ui

NBSP = "\u00a0"
# With fewer people who said where they live or how old they are, comparing says nothing.
ENOUGH = 20
# Under this share of its part of the population, a group is missing.
MISSING_UNDER = 0.8
# A figure with more lines than this is folded.
LONG = 8
# The words of the addresses, by decision.
ADDRESSES = {decision: words for words, decision in DECISIONS.items()}


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, with the page of the rows behind it where there is one."""

    words: str
    url: str = ""


@dataclass(frozen=True)
class Chart:
    """A figure: its drawing, its table, and where the rows behind it are."""

    key: str
    title: str
    description: str
    svg: SafeString | str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    url: str
    url_words: str
    note: str = ""
    sources: Sequence[str] = ()
    is_estimate: bool = False

    @property
    def is_long(self) -> bool:
        """Tell whether its drawing is folded with its table, so that a phone is not scrolled for ever."""
        return len(self.rows) > LONG


@dataclass(frozen=True)
class Answer:
    """A demand and what the city made of it: « vous avez demandé / la Ville a décidé / pourquoi »."""

    title: str
    summary: str
    opinions: str
    tag: ui.Tag
    forwarded_to: str
    html: SafeString
    url: str
    is_minority: bool


@dataclass(frozen=True)
class Content:
    """Everything a report shows, in the language of the page; what agents wrote is French."""

    texts: Mapping[str, SafeString]
    key_figures: Sequence[ui.Fact]
    counted_on: dt.date
    who: Sequence[Chart]
    missing: Sequence[str]
    compared: Sequence[str]
    said: Sequence[Chart]
    answers: Sequence[Answer]
    decisions: Chart | None
    parts: Sequence[Part]
    parts_words: str
    merges: bool = field(default=False)


def content(consultation: Consultation, report: Report, figures: Figures) -> Content:
    """Word a report from its texts and its figures: those frozen with it, or those of today for a draft."""
    base = Addresses(consultation, report)
    who = [
        _channels(figures, base),
        _compared(figures, base, "by_district", _("Par quartier"), _("Quartier"), str),
        _compared(figures, base, "by_age", _("Par âge"), _("Âge"), _age_words),
        _over_time(figures, base),
    ]
    parts = parts_of({decision: figures["decisions"].get(decision, 0) for decision in FILLS})
    lines = ("by_channel", "by_district", "by_age", "by_time")
    return Content(
        texts={name: _html(getattr(report, name)) for name in REPORT_TEXTS},
        key_figures=_key_figures(figures, base),
        counted_on=dt.date.fromisoformat(figures["counted_on"]),
        who=[chart for chart in who if chart.rows],
        missing=[
            *_missing(figures, "by_age", _age_words),
            *_missing(figures, "by_district", str),
        ],
        compared=list(
            dict.fromkeys(
                _scope_words(figures, line)
                for line, words_of in (("by_age", _age_words), ("by_district", str))
                if any(group.ratio is not None for group in presences(figures, line, words_of))
            )
        ),
        said=[
            chart
            for chart in (_by_section(figures, base), _questionnaires(figures, base), _votes(figures, base))
            if chart.rows
        ],
        answers=[_answer(row, base) for row in figures["answers"]],
        decisions=_decisions(figures, base),
        parts=parts,
        parts_words=parts_words(parts),
        merges=any(figures[line]["merged"] for line in lines)
        or any(row["by_channel"]["merged"] for row in figures.get("questionnaires", ())),
    )


class Addresses:
    """Where the rows behind a figure are: those kept with a public version, those of the site today for a draft."""

    def __init__(self, consultation: Consultation, report: Report) -> None:
        slug = self.slug = consultation.slug
        self.is_public = report.published_at is not None
        self.participation = reverse("consultations:report_participation", args=[slug, report.number])
        self.annex = reverse("consultations:report_annex", args=[slug, report.number])
        self.rows = reverse("consultations:report_rows", args=[slug, report.number])
        self.contributions = reverse("consultations:contributions", args=[slug])
        self.outcomes = reverse("consultations:outcomes", args=[slug])

    def listed(self, **chosen: str) -> str:
        """Give the list of the contributions, narrowed."""
        if self.is_public:
            return f"{self.rows}?{urlencode(chosen or {'sorte': 'contributions'})}"
        return f"{self.contributions}?{urlencode(chosen)}" if chosen else self.contributions

    def answered(self, **chosen: str) -> str:
        """Give the list of the opinions that an answer reached."""
        if self.is_public:
            return f"{self.rows}?{urlencode(chosen)}"
        return f"{self.outcomes}?{urlencode(chosen)}"

    def results(self, questionnaire: str) -> str:
        """Give the results of a questionnaire."""
        return reverse("consultations:questionnaire_results", args=[self.slug, questionnaire])

    def vote(self, votation: str) -> str:
        """Give the page of a vote, with its result."""
        return reverse("consultations:vote", args=[self.slug, votation])


def _html(source: str) -> SafeString:
    return mark_safe(markup.clean_html(source, staff=True))  # noqa: S308 (cleaned on this line)


def _key_figures(figures: Figures, base: Addresses) -> list[ui.Fact]:
    people, contributions = figures["people"], figures["contributions"]
    comments, positions = figures["comments"], figures["positions"]
    seated = figures.get("seated", 0)
    found = [
        ui.Fact(
            ngettext("personne a participé", "personnes ont participé", people),
            typography.number(people),
            base.participation,
        ),
        ui.Fact(
            ngettext("contribution", "contributions", contributions), typography.number(contributions), base.listed()
        ),
        ui.Fact(ngettext("commentaire", "commentaires", comments), typography.number(comments), base.annex),
        ui.Fact(ngettext("position prise", "positions prises", positions), typography.number(positions), base.annex),
    ]
    if seated:
        words = ngettext("personne aux tables des rencontres", "personnes aux tables des rencontres", seated)
        found.insert(1, ui.Fact(words, typography.number(seated), base.participation))
    return found


# --- People --------------------------------------------------------------------------------------------------------------


def people_words(number: int) -> str:
    """Say how many people."""
    return ngettext("%(n)s personne", "%(n)s personnes", number) % {"n": typography.number(number)}


def _percent(part: float, whole: float) -> str:
    return f"{typography.number(round(100 * part / whole))}{NBSP}%" if whole else ""


def _channel_words(name: str) -> str:
    words = str(Channel(name).label)
    return words[:1].upper() + words[1:]


def _age_words(name: str) -> str:
    words = str(AgeBand(name).label)
    return words[:1].upper() + words[1:]


def _named(name: str, words_of: Callable[[str], str]) -> str:
    return _("Non précisé") if name == UNKNOWN else words_of(name)


def together(names: Sequence[str], words_of: Callable[[str], str]) -> str:
    """Name what is told together, so that nobody is singled out."""
    return _("%(names)s, ensemble") % {"names": ", ".join(_named(name, words_of) for name in names)}


def _lines(line: Mapping[str, Any], words_of: Callable[[str], str]) -> list[tuple[str, int]]:
    """Give the rows of a line in words, what is merged last."""
    found = [(_named(name, words_of), number) for name, number in line["rows"]]
    return [*found, (together(line["merged"], words_of), line["rest"])] if line["merged"] else found


def _bars(key: str, title: str, rows: Iterable[tuple[str, int]], whole: int) -> tuple[SafeString, str]:
    shown = [(label, number) for label, number in rows if number]
    description = f"{NBSP}; ".join(f"{label}{NBSP}: {people_words(number)}" for label, number in shown)
    bars = [charts.Bar(label, number, f"{people_words(number)}, {_percent(number, whole)}") for label, number in shown]
    return charts.bars(key=key, title=title, description=description, bars=bars), description


def _channels(figures: Figures, base: Addresses) -> Chart:
    title, rows = _("Par canal"), _lines(figures["by_channel"], _channel_words)
    svg, description = _bars("canaux", title, rows, figures["people"])
    return Chart(
        key="canaux",
        title=title,
        description=description,
        svg=svg,
        headers=(_("Canal"), _("Personnes"), _("Part")),
        rows=[
            (Cell(label), Cell(typography.number(number)), Cell(_percent(number, figures["people"])))
            for label, number in rows
        ],
        url=base.participation,
        url_words=_("Les lignes derrière ces chiffres (CSV)"),
        note=" ".join(
            filter(None, (_("Chaque personne compte une fois, par le canal de son premier geste."), _seated(figures)))
        ),
    )


def _seated(figures: Figures) -> str:
    """Say that people at tables are counted apart: nobody knows who they are."""
    seated = figures.get("seated", 0)
    if not seated:
        return ""
    words = ngettext(
        "Aux tables des rencontres, %(n)s personne a été comptée. Elle n’est pas identifiée, ni ajoutée à ces chiffres.",
        "Aux tables des rencontres, %(n)s personnes ont été comptées. Elles ne sont pas identifiées, ni ajoutées à ces chiffres.",
        seated,
    )
    return words % {"n": typography.number(seated)}


def _over_time(figures: Figures, base: Addresses) -> Chart:
    line = figures["by_time"]
    is_month = line["unit"] == "month"
    title = _("Par mois") if is_month else _("Par semaine")

    def words_of(name: str) -> str:
        day = dt.date.fromisoformat(name)
        if is_month:
            return date_format(day, "F Y")
        return _("Semaine du %(day)s") % {"day": typography.day(day)}

    rows = [(words_of(name), number) for name, number in line["rows"]]
    if line["merged"]:
        count = len(line["merged"])
        merged_words = (
            ngettext("%(n)s autre mois", "%(n)s autres mois, ensemble", count)
            if is_month
            else ngettext("%(n)s autre semaine", "%(n)s autres semaines, ensemble", count)
        )
        rows.append((merged_words % {"n": count}, line["rest"]))
    points = [(_short_day(name, is_month=is_month), number) for name, number in line["rows"]]
    description = f"{NBSP}; ".join(f"{label}{NBSP}: {people_words(number)}" for label, number in rows)
    return Chart(
        key="temps",
        title=title,
        description=description,
        svg=charts.columns(key="temps", title=title, description=description, points=points),
        headers=(_("Premier geste"), _("Personnes")),
        rows=[(Cell(label), Cell(typography.number(number))) for label, number in rows],
        url=base.participation,
        url_words=_("Les lignes derrière ces chiffres (CSV)"),
    )


def _short_day(name: str, *, is_month: bool) -> str:
    day = dt.date.fromisoformat(name)
    return f"{day:%m/%Y}" if is_month else f"{day:%d/%m}"


# --- Against the population ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Presence:
    """A group among those who said, and among the inhabitants."""

    label: str
    people: int
    share: float | None = None
    part: float | None = None

    @property
    def ratio(self) -> float | None:
        """How present it is: 1 is as much as in the population; None where nothing can be compared."""
        return None if self.share is None or not self.part else self.share / self.part


def presences(figures: Figures, line_name: str, words_of: Callable[[str], str]) -> list[Presence]:
    """Compare each group of a line with the population; groups told together are compared together."""
    line, inhabitants = figures[line_name], figures["population"][line_name]["inhabitants"]
    groups = [([name], number) for name, number in line["rows"]]
    if line["merged"]:
        groups.append((line["merged"], line["rest"]))
    comparable = [(names, number) for names, number in groups if all(name in inhabitants for name in names)]
    said = sum(number for _names, number in comparable)
    whole = sum(inhabitants[name] for names, _number in comparable for name in names)
    found = []
    for names, number in groups:
        label = _named(names[0], words_of) if len(names) == 1 else together(names, words_of)
        if (names, number) in comparable and said >= ENOUGH and whole and len(comparable) > 1:
            part = sum(inhabitants[name] for name in names) / whole
            found.append(Presence(label, number, number / said, part))
        else:
            found.append(Presence(label, number))
    return found


def presence_words(ratio: float) -> str:
    """Say how present a group is beside its part of the population."""
    if not ratio:
        return _("absents")
    steps = (
        (0.34, _("au moins trois fois moins présents")),
        (0.6, _("environ deux fois moins présents")),
        (MISSING_UNDER, _("moins présents")),
        (1.25, _("aussi présents")),
        (1.7, _("plus présents")),
        (2.6, _("environ deux fois plus présents")),
    )
    return next((words for limit, words in steps if ratio < limit), _("bien plus présents"))


def _compared(
    figures: Figures, base: Addresses, name: str, title: str, header: str, words_of: Callable[[str], str]
) -> Chart:
    key = "quartiers" if name == "by_district" else "ages"
    groups = presences(figures, name, words_of)
    svg, description = _bars(key, title, [(group.label, group.people) for group in groups], figures["people"])
    population = figures["population"][name]
    compares = any(group.ratio is not None for group in groups)
    headers = [header, _("Personnes")]
    if compares:
        headers += [_("Leur part"), _("Part des habitants"), _("Comparés aux habitants")]
    rows = []
    for group in groups:
        cells = [Cell(group.label), Cell(typography.number(group.people))]
        if compares and group.share is not None and group.part is not None and group.ratio is not None:
            cells += [
                Cell(_percent(group.share, 1)),
                Cell(_percent(group.part, 1)),
                Cell(presence_words(group.ratio)),
            ]
        elif compares:
            cells += [Cell("–"), Cell("–"), Cell("–")]
        rows.append(cells)
    return Chart(
        key=key,
        title=title,
        description=description,
        svg=svg,
        headers=headers,
        rows=rows,
        url=base.participation,
        url_words=_("Les lignes derrière ces chiffres (CSV)"),
        note=_scope_words(figures, name)
        if compares
        else _("Trop peu de personnes l’ont dit pour comparer avec la population."),
        sources=population["sources"] if compares else (),
        is_estimate=compares and population["is_estimate"],
    )


def _scope_words(figures: Figures, name: str) -> str:
    """Say with whom a line is compared, which a consultation of some districts does not leave to be guessed."""
    population = figures["population"]
    scope, about = population[name].get("scope", []), population["by_district"].get("scope", [])
    if scope:
        return _("Comparé aux habitants des quartiers concernés\u00a0: %(names)s.") % {"names": ", ".join(scope)}
    if about:
        return _("Comparé à toute la ville\u00a0: l’âge des habitants de ces quartiers n’est pas connu.")
    return _("Comparé aux habitants de toute la ville.")


def _missing(figures: Figures, name: str, words_of: Callable[[str], str]) -> list[str]:
    found = [
        (group.ratio, group.label)
        for group in presences(figures, name, words_of)
        if group.ratio is not None and group.ratio < MISSING_UNDER
    ]
    return [f"{label}{NBSP}: {presence_words(ratio)}" for ratio, label in sorted(found)]


# --- What was said, what became of it --------------------------------------------------------------------------------------


def _by_section(figures: Figures, base: Addresses) -> Chart:
    title = _("Les contributions, par partie et par sorte")
    totals: dict[str, int] = {}
    for row in figures["sections"]:
        totals[row["title"]] = totals.get(row["title"], 0) + row["contributions"]
    counted = [
        charts.Bar(
            label,
            number,
            ngettext("%(n)s contribution", "%(n)s contributions", number) % {"n": typography.number(number)},
        )
        for label, number in totals.items()
    ]
    description = f"{NBSP}; ".join(f"{bar.label}{NBSP}: {bar.words}" for bar in counted)
    return Chart(
        key="parties",
        title=title,
        description=description,
        svg=charts.bars(key="parties", title=title, description=description, bars=counted),
        headers=(
            _("Partie"),
            _("Sorte"),
            _("Contributions"),
            _("Commentaires"),
            pgettext("positions", "D’accord"),
            pgettext("positions", "Mitigé"),
            pgettext("positions", "Pas d’accord"),
        ),
        rows=[
            (
                Cell(row["title"]),
                Cell(str(Contribution.Kind(row["kind"]).label)),
                Cell(
                    typography.number(row["contributions"]),
                    base.listed(partie=str(row["rank"]), sorte=row["kind"]),
                ),
                Cell(typography.number(row["comments"])),
                Cell(typography.number(row["agree"])),
                Cell(typography.number(row["mixed"])),
                Cell(typography.number(row["disagree"])),
            )
            for row in figures["sections"]
        ],
        note=_(
            "Les commentaires et les positions sont comptés par partie et par sorte. Qui a pris quelle position n’est publié "
            "nulle part\u00a0; les commentaires se lisent sous chaque contribution."
        ),
        url=base.annex,
        url_words=_("Les lignes derrière ces chiffres (CSV)"),
    )


def responses_words(number: int) -> str:
    """Say how many responses."""
    return ngettext("%(n)s réponse", "%(n)s réponses", number) % {"n": typography.number(number)}


def _by_channel_words(pairs: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{label}{NBSP}: {typography.number(number)}" for label, number in pairs)


def _questionnaires(figures: Figures, base: Addresses) -> Chart:
    """Show how many answered each questionnaire, and lead to its results."""
    title, rows = _("Les réponses aux questionnaires"), figures.get("questionnaires", [])
    bars = [charts.Bar(row["title"], row["responses"], responses_words(row["responses"])) for row in rows]
    description = f"{NBSP}; ".join(f"{bar.label}{NBSP}: {bar.words}" for bar in bars)
    return Chart(
        key="questionnaires",
        title=title,
        description=description,
        svg=charts.bars(key="questionnaires", title=title, description=description, bars=bars) if bars else "",
        headers=(_("Questionnaire"), _("Réponses"), _("Par canal"), _("En ligne, sans compte")),
        rows=[
            (
                Cell(row["title"], base.results(row["reference"])),
                Cell(typography.number(row["responses"])),
                Cell(_by_channel_words(_lines(row["by_channel"], _channel_words))),
                Cell(
                    _("regroupé") if row["without_account"] is None else typography.number(row["without_account"]),
                ),
            )
            for row in rows
        ],
        url=base.participation,
        url_words=_("Les lignes derrière ces chiffres (CSV)"),
        note=_(
            "Une réponse sans compte n’est rattachée à personne\u00a0: elle est comptée ici, pas parmi les personnes qui ont participé."
        ),
    )


def _votes(figures: Figures, base: Addresses) -> Chart:
    """Show how many voted in each vote that is counted, and lead to its result."""
    title, rows = _("Les votes"), figures.get("votes", [])
    bars = [charts.Bar(row["question"], row["voters"], _voters_words(row["voters"])) for row in rows]
    description = f"{NBSP}; ".join(f"{bar.label}{NBSP}: {bar.words}" for bar in bars)
    return Chart(
        key="votes",
        title=title,
        description=description,
        svg=charts.bars(key="votes", title=title, description=description, bars=bars) if bars else "",
        headers=(_("Vote"), _("Votants"), _("Par canal")),
        rows=[
            (
                Cell(row["question"], base.vote(row["reference"])),
                Cell(typography.number(row["voters"])),
                Cell(
                    _by_channel_words((_channel_words(name), number) for name, number in row["by_channel"].items())
                    or _("regroupé")
                ),
            )
            for row in rows
        ],
        url=base.participation,
        url_words=_("Les lignes derrière ces chiffres (CSV)"),
    )


def _voters_words(number: int) -> str:
    return ngettext("%(n)s votant", "%(n)s votants", number) % {"n": typography.number(number)}


def opinions_words(number: int) -> str:
    """Say how many opinions."""
    return ngettext("%(n)s avis", "%(n)s avis", number) % {"n": typography.number(number)}


def _decisions(figures: Figures, base: Addresses) -> Chart | None:
    counted = figures["decisions"]
    shown = [(decision, counted[decision]) for decision in Decision.values if counted.get(decision)]
    if not shown:
        return None
    title = _("Ce que les avis sont devenus")
    bars = [charts.Bar(str(Decision(name).label), number, opinions_words(number)) for name, number in shown]
    description = f"{NBSP}; ".join(f"{bar.label}{NBSP}: {bar.words}" for bar in bars)
    gone = figures["gone"]
    note = _("%(opinions)s au total. Un avis qui relève de deux sujets compte dans chacune de ses réponses.") % {
        "opinions": opinions_words(figures["opinions"])
    }
    if gone:
        words = ngettext(
            "%(n)s avis retiré par son auteur ou masqué n’est pas compté.",
            "%(n)s avis retirés par leur auteur ou masqués ne sont pas comptés.",
            gone,
        )
        note = f"{note} {words % {'n': typography.number(gone)}}"
    return Chart(
        key="suites",
        title=title,
        description=description,
        svg=charts.bars(key="suites", title=title, description=description, bars=bars),
        headers=(_("Réponse"), _("Avis")),
        rows=[
            (
                Cell(str(Decision(name).label)),
                Cell(typography.number(number), base.answered(suite=ADDRESSES[Decision(name)])),
            )
            for name, number in shown
        ],
        url=base.annex,
        url_words=_("Chaque avis et sa réponse (CSV)"),
        note=note,
    )


def _answer(row: Mapping[str, Any], base: Addresses) -> Answer:
    decision = row["decision"]
    tag = tag_of(decision) if decision else ui.Tag(_("Pas encore décidé"), "mixed", "clock")
    return Answer(
        title=row["title"],
        summary=row["summary"],
        opinions=opinions_words(row["opinions"]),
        tag=tag,
        forwarded_to=row["forwarded_to"],
        html=mark_safe(markup.clean_html(row["explanation_html"])),  # noqa: S308 (cleaned on this line)
        url=base.answered(theme=row["reference"]),
        is_minority=row["is_minority"],
    )
