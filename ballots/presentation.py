"""A vote in words: its rules, the steps of its count, its figures. Everything here is made from rows already read."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.levels import ResidencyLevel
from ballots import allocation, counting, dates, tally
from ballots.dates import State
from ballots.models import Option, Votation
from desk.models import Channel
from mulhouse import charts, typography
from mulhouse.templatetags import ui


@dataclass(frozen=True)
class Host:
    """What holds the vote, and where its pages are: the service that shows them fills it."""

    title: str
    url: str
    crumbs: Sequence[ui.Crumb]
    vote_url: str
    cast_url: str
    receipt_url: str
    secrecy_url: str
    rules_url: str
    # One address for each form of the file: (« CSV », address).
    files: Sequence[tuple[str, str]] = ()
    # Where an option is told at length, by its number.
    option_urls: Mapping[int, str] = field(default_factory=dict)
    tabs: Sequence[ui.Tab] = ()
    tabs_label: str = ""
    # The words of the way back, and why a ballot is not printed although the vote is open.
    read_words: str = ""
    over_words: str = ""


def tag(votation: Votation, *, at: dt.datetime) -> ui.Tag:
    """Say in a word where a vote stands."""
    words = {
        State.UPCOMING: ui.Tag(_("Bientôt"), "info", "calendar"),
        State.OPEN: ui.Tag(_("Vote ouvert"), "yes", "pencil"),
        State.CLOSED: ui.Tag(_("Vote clos"), "neutral", "lock"),
        State.CANCELLED: ui.Tag(_("Vote annulé"), "no", "x"),
    }
    return words[votation.state(at=at)]


def days(votation: Votation) -> str:
    """Say when one can vote."""
    return typography.date_range(votation.opens_on, votation.ends_on)


def left(votation: Votation, *, at: dt.datetime) -> str:
    """Say how long an open vote lasts still; "" otherwise."""
    if votation.state(at=at) is not State.OPEN:
        return ""
    number = (votation.ends_on - at.astimezone(dates.PARIS).date()).days + 1
    if number == 1:
        return _("Dernier jour\u00a0: le vote ferme ce soir à minuit")
    return ngettext("Encore %(n)s jour pour voter", "Encore %(n)s jours pour voter", number) % {"n": number}


def rules(votation: Votation) -> list[ui.Fact]:
    """Give the rules declared before the opening, one line each."""
    who = str(votation.get_residency_level_display())
    if votation.minimum_age:
        who = _("%(who)s, à partir de %(age)s\u00a0ans") % {"who": who, "age": votation.minimum_age}
    found = [
        ui.Fact(_("Qui peut voter\u00a0?"), _first(who)),
        ui.Fact(_("Quand\u00a0?"), _first(days(votation))),
        ui.Fact(_("Comment\u00a0?"), how(votation)),
        ui.Fact(
            _("Vote blanc"),
            _("Possible. Il compte pour le quorum, pas pour la majorité.")
            if votation.blank_allowed
            else _("Non prévu"),
        ),
        ui.Fact(_("Quorum"), _quorum(votation)),
    ]
    found += _budget(votation) if votation.amount_cents else [ui.Fact(_("Majorité"), _majority(votation))]
    if _can_be_level(votation):
        found.append(ui.Fact(_("En cas d’égalité"), _first(_tie(votation))))
    if votation.kind == Votation.Kind.UP_TO and votation.winners > 1 and not votation.amount_cents:
        found.insert(6, ui.Fact(_("Propositions retenues"), _("%(n)s au plus") % {"n": votation.winners}))
    if votation.residency_level == ResidencyLevel.VERIFIED:
        found.insert(1, ui.Fact(_("Pour voter en ligne"), _("Un agent a vu votre pièce d’identité, une fois")))
    return found


def _budget(votation: Votation) -> list[ui.Fact]:
    """Say how a budget is shared."""
    return [
        ui.Fact(_("Budget"), typography.amount(votation.amount_cents or 0)),
        ui.Fact(
            _("Propositions retenues"),
            _(
                "Celles qui ont le plus de voix, une à une, tant que leur coût tient dans ce qui reste du budget. Celle qui n’y "
                "tient plus est passée, et la suivante est essayée."
            ),
        ),
        ui.Fact(_("En cas d’égalité"), _("La moins chère d’abord, puis le plus petit numéro du bulletin")),
    ]


def how(votation: Votation) -> str:
    """Say what one does on the ballot."""
    if votation.kind == Votation.Kind.BUDGET:
        return _("Vous choisissez autant de propositions que vous voulez, si leurs coûts tiennent dans %(amount)s") % {
            "amount": typography.amount(votation.amount_cents or 0)
        }
    if votation.kind == Votation.Kind.UP_TO:
        return _("Vous choisissez jusqu’à %(n)s propositions") % {"n": votation.most}
    if votation.kind == Votation.Kind.YES_NO:
        return _("Vous répondez oui ou non à chaque proposition")
    return _("Vous choisissez une proposition")


def _quorum(votation: Votation) -> str:
    if not votation.quorum:
        return _("Aucun\u00a0: le résultat vaut quel que soit le nombre de votants")
    return ngettext("%(n)s bulletin au moins", "%(n)s bulletins au moins", votation.quorum) % {
        "n": typography.number(votation.quorum)
    }


def _majority(votation: Votation) -> str:
    if votation.kind == Votation.Kind.YES_NO and votation.majority == Votation.Majority.MOST:
        return _("Plus de oui que de non")
    return _first(str(votation.get_majority_display()))


def _can_be_level(votation: Votation) -> bool:
    """Tell whether a vote can end in a tie: a yes or no that needs a share of the ballots has it or not; a budget settles each."""
    if votation.amount_cents:
        return False
    return votation.kind != Votation.Kind.YES_NO or votation.majority == Votation.Majority.MOST


def _tie(votation: Votation) -> str:
    """Say the rule for a tie: between options, or between the yes and the no of one."""
    if votation.kind != Votation.Kind.YES_NO:
        return str(votation.get_tie_display())
    words = {
        Votation.Tie.DECIDER: _("la Ville décide si la proposition est retenue, et publie pourquoi"),
        Votation.Tie.AGAIN: _("un second vote a lieu sur cette proposition"),
        Votation.Tie.NOBODY: _("la proposition n’est pas retenue"),
    }
    return words[Votation.Tie(votation.tie)]


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


def answers(votation: Votation, choices: Sequence[int]) -> list[ui.Fact]:
    """Write a ballot in words, to be checked before it is cast (prefetch `options`)."""
    labels = {option.number: option.label for option in votation.options.all()}
    if not choices:
        return [ui.Fact(_("Votre bulletin"), _("Vote blanc"))]
    if votation.kind == Votation.Kind.BUDGET:
        costs = votation.rules().costs
        total = sum(costs[number] for number in choices)
        chosen = [ui.Fact(_costing(costs[number]), labels[number], foreign=True) for number in choices]
        return [*chosen, *_totals(total, (votation.amount_cents or 0) - total)]
    if votation.kind != Votation.Kind.YES_NO:
        return [ui.Fact(_("Votre choix"), labels[number], foreign=True) for number in choices]
    given = {abs(choice): _("Oui") if choice > 0 else _("Non") for choice in choices}
    return [ui.Fact(label, given.get(number, _("Je ne me prononce pas"))) for number, label in sorted(labels.items())]


def fullest(votation: Votation) -> list[ui.Fact]:
    """Give at least as many words as any ballot of this vote takes (prefetch `options`)."""
    options = list(votation.options.all())
    blank = ui.Fact(_("Votre bulletin"), _("Vote blanc"))
    if votation.kind == Votation.Kind.BUDGET:
        every = [ui.Fact(_costing(option.cost_cents or 0), option.label, foreign=True) for option in options]
        # The longest amounts there can be, cents included.
        amount = (votation.amount_cents or 0) // 100 * 100 + 99
        return [*_longest(every, votation.rules().longest), *_totals(amount, amount), blank]
    if votation.kind != Votation.Kind.YES_NO:
        every = [ui.Fact(_("Votre choix"), option.label, foreign=True) for option in options]
        return [*_longest(every, votation.rules().longest), blank]
    longest = max((_("Oui"), _("Non"), _("Je ne me prononce pas")), key=lambda words: len(words.encode()))
    return [*(ui.Fact(option.label, longest) for option in options), blank]


def _longest(facts: Sequence[ui.Fact], number: int) -> list[ui.Fact]:
    """Give those that take the most room, as the page writes them."""

    def room(fact: ui.Fact) -> int:
        return len(f"{conditional_escape(str(fact.label))}{conditional_escape(str(fact.value))}".encode())

    return sorted(facts, key=room, reverse=True)[:number]


def _costing(cost: int) -> str:
    """Name a choice of a basket by what it costs."""
    return _("Votre choix, %(cost)s") % {"cost": typography.amount(cost)}


def _totals(cost: int, left: int) -> list[ui.Fact]:
    return [
        ui.Fact(_("Coût de votre panier"), typography.amount(cost)),
        ui.Fact(_("Reste du budget"), typography.amount(left)),
    ]


# --- Who came ------------------------------------------------------------------------------------------------------


def turnout_words(turnout: counting.Turnout) -> str:
    """Say how many people voted, up to when."""
    if turnout.until is None:
        return _("Le nombre de votants est publié chaque nuit, dès que cinq personnes ont voté.")
    voters = ngettext("%(n)s personne a voté", "%(n)s personnes ont voté", turnout.voters) % {
        "n": typography.number(turnout.voters)
    }
    return _("%(voters)s jusqu’au %(day)s.") % {"voters": voters, "day": typography.day(turnout.until)}


def channels(turnout: counting.Turnout) -> list[ui.Fact]:
    """Give how many voted by each channel, where that says nothing of anybody."""
    return [
        ui.Fact(_first(str(Channel(name).label)), typography.number(number))
        for name, number in turnout.by_channel.items()
    ]


# --- What came out of it -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """An option in the table of the result."""

    label: str
    yes: int
    no: int
    share: str
    is_kept: bool


@dataclass(frozen=True)
class Share:
    """An option when the budget came to it: what it had, what it costs, what remained, and what was decided."""

    label: str
    url: str
    voices: int
    share: str
    cost: str
    left: str
    tag: ui.Tag
    # Why it came before one with as many voices; "" for the others.
    tie: str


@dataclass(frozen=True)
class Missed:
    """An option that people chose and that the budget could not hold, and why."""

    label: str
    url: str
    words: str


@dataclass(frozen=True)
class StepWords:
    """A rule applied: its name, what was found, and whether it holds."""

    title: str
    words: str
    tag: ui.Tag


@dataclass(frozen=True)
class Shown:
    """The result as its page shows it; `lines`, `chart` and `shares` are empty where the detail would say who voted what.

    Shape: `shares` and `missed` only where a budget is shared, in the order in which it was.
    """

    verdict: str
    steps: list[StepWords]
    lines: list[Line]
    chart: SafeString | str
    figures: list[ui.Fact]
    gap: str
    shares: list[Share] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


NO_URLS: Mapping[int, str] = {}


def shown(votation: Votation, result: counting.Result, *, urls: Mapping[int, str] = NO_URLS) -> Shown:
    """Put a result in words (prefetch `options`); `urls` lead to the options, by their number."""
    options = sorted(votation.options.all(), key=lambda option: option.number)
    labels = {option.number: option.label for option in options}
    has_detail = result.outcome.steps[0].holds
    lines = _lines(votation, options, result) if has_detail else []
    return Shown(
        verdict=verdict(votation, result.outcome, labels),
        steps=[_step(votation, step, labels) for step in result.outcome.steps],
        lines=lines,
        chart=_chart(votation, lines, most=result.count.expressed) if lines else "",
        figures=_figures(result, has_detail=has_detail),
        gap=_gap(result),
        shares=_shares(result, labels, urls),
        missed=[
            Missed(
                labels[turn.number],
                urls.get(turn.number, ""),
                _("%(voices)s. Coûte %(cost)s, il restait %(left)s.")
                % {
                    "voices": voices(turn.voices),
                    "cost": typography.amount(turn.cost),
                    "left": typography.amount(turn.left),
                },
            )
            for turn in result.outcome.turns
            if turn.does_not_fit
        ],
    )


def _shares(result: counting.Result, labels: dict[int, str], urls: Mapping[int, str]) -> list[Share]:
    turns = result.outcome.turns
    befores: list[allocation.Turn | None] = [None, *turns]
    return [
        Share(
            label=labels[turn.number],
            url=urls.get(turn.number, ""),
            voices=turn.voices,
            share=percent(turn.voices, result.count.expressed),
            cost=typography.amount(turn.cost),
            left=typography.amount(turn.left),
            tag=_decided(turn),
            tie=_why_after(turn, before),
        )
        for turn, before in zip(turns, befores, strict=False)
    ]


def _decided(turn: allocation.Turn) -> ui.Tag:
    if turn.kept:
        return ui.Tag(_("Retenue"), "yes", "check")
    if turn.voices:
        return ui.Tag(_("Ne tient plus"), "no", "x")
    return ui.Tag(_("Aucune voix"), "neutral", "minus")


def _why_after(turn: allocation.Turn, before: allocation.Turn | None) -> str:
    """Say by which rule an option came after one with as many voices."""
    if before is None or not turn.tied or not turn.voices:
        return ""
    if turn.cost > before.cost:
        return _("Autant de voix que la précédente, qui coûte moins.")
    return _("Autant de voix et le même coût que la précédente, de plus petit numéro.")


def _lines(votation: Votation, options: Sequence[Option], result: counting.Result) -> list[Line]:
    scores, expressed = result.count.scores, result.count.expressed
    is_yes_no = votation.kind == Votation.Kind.YES_NO
    found = []
    for option in options:
        score = scores.get(option.number, tally.Score())
        share = percent(score.yes, expressed)
        found.append(Line(option.label, score.yes, score.no, share, option.number in result.outcome.kept))
    return found if is_yes_no else sorted(found, key=lambda line: -line.yes)


def percent(part: int, whole: int) -> str:
    """Write a share: « 38,2 % »; "" of nothing."""
    return f"{typography.number(round(100 * part / whole, 1), decimals=1)}\u00a0%" if whole else ""


def _chart(votation: Votation, lines: Sequence[Line], *, most: int) -> SafeString:
    """Draw the result; a whole bar is every ballot that chose something."""
    if votation.kind == Votation.Kind.YES_NO:
        stacks = [charts.Stack(line.label, (line.yes, line.no), _yes_and_no(line.yes, line.no)) for line in lines]
        return charts.stacked(
            key=f"vote-{votation.reference}",
            title=_("Résultat du vote"),
            description=_("Pour chaque proposition, le nombre de oui et de non."),
            legend=(_("Oui"), _("Non")),
            stacks=stacks,
        )
    return charts.bars(
        key=f"vote-{votation.reference}",
        title=_("Résultat du vote"),
        description=_("Pour chaque proposition, le nombre de voix et leur part des bulletins exprimés."),
        bars=[charts.Bar(line.label, line.yes, f"{voices(line.yes)}, {line.share}") for line in lines],
        most=most,
    )


def voices(number: int) -> str:
    """Count voices in words."""
    return ngettext("%(n)s voix", "%(n)s voix", number) % {"n": typography.number(number)}


def _yes_and_no(yes: int, no: int) -> str:
    return _("%(yes)s oui, %(no)s non") % {"yes": typography.number(yes), "no": typography.number(no)}


def _figures(result: counting.Result, *, has_detail: bool) -> list[ui.Fact]:
    count = result.count
    found = [
        ui.Fact(_("Votants"), typography.number(result.voters)),
        ui.Fact(_("Bulletins trouvés"), typography.number(count.ballots)),
    ]
    if has_detail:
        found += [
            ui.Fact(_("Bulletins blancs"), typography.number(count.blank)),
            ui.Fact(_("Bulletins nuls"), typography.number(count.spoiled)),
            ui.Fact(_("Bulletins exprimés"), typography.number(count.expressed)),
        ]
    return found


def _gap(result: counting.Result) -> str:
    """Say when the roll and the boxes differ."""
    if not result.missing:
        return ""
    return _(
        "La liste compte %(voters)s votants et les urnes %(ballots)s bulletins. La différence vient des bulletins papier\u00a0: "
        "%(given)s remis, %(paper)s trouvés. Elle est publiée telle quelle."
    ) % {
        "voters": typography.number(result.voters),
        "ballots": typography.number(result.count.ballots),
        "given": typography.number(result.by_hand),
        "paper": typography.number(result.paper),
    }


def _named(numbers: Sequence[int], labels: dict[int, str]) -> str:
    return ", ".join(f"«\u00a0{labels[number]}\u00a0»" for number in numbers)


def verdict(votation: Votation, outcome: tally.Outcome, labels: dict[int, str]) -> str:
    """Say in a sentence what the vote decided."""
    last = outcome.steps[-1]
    if last.check is tally.Check.ENOUGH:
        return _(
            "Moins de cinq bulletins\u00a0: le détail dirait qui a voté quoi. Il n’est pas publié, et le vote ne décide rien."
        )
    if last.check is tally.Check.QUORUM:
        return _("Le quorum n’est pas atteint\u00a0: le vote ne décide rien.")
    if outcome.turns:
        return _shared(outcome)
    kept = ""
    if outcome.kept:
        kept = ngettext(
            "Proposition retenue\u00a0: %(names)s.", "Propositions retenues\u00a0: %(names)s.", len(outcome.kept)
        )
        kept %= {"names": _named(outcome.kept, labels)}
    if outcome.level:
        return f"{kept} {_level(votation, outcome.level, labels)}".strip()
    return kept or _("Aucune proposition n’a la majorité annoncée.")


def _shared(outcome: tally.Outcome) -> str:
    """Say how many options a budget holds, and for how much."""
    last = outcome.steps[-1]
    if not outcome.kept:
        return _("Aucune proposition n’a reçu de voix\u00a0: rien n’est retenu.")
    return ngettext(
        "%(n)s proposition retenue sur %(total)s, pour %(spent)s. Il reste %(left)s.",
        "%(n)s propositions retenues sur %(total)s, pour %(spent)s. Il reste %(left)s.",
        len(outcome.kept),
    ) % {
        "n": len(outcome.kept),
        "total": len(outcome.turns),
        "spent": typography.amount(last.found),
        "left": typography.amount(last.needed - last.found),
    }


def _level(votation: Votation, numbers: Sequence[int], labels: dict[int, str]) -> str:
    values = {"names": _named(numbers, labels), "rule": _tie(votation)}
    if votation.kind == Votation.Kind.YES_NO:
        return _("Autant de oui que de non pour %(names)s. La règle annoncée\u00a0: %(rule)s.") % values
    return _("Égalité entre %(names)s. La règle annoncée\u00a0: %(rule)s.") % values


def _step(votation: Votation, step: tally.Step, labels: dict[int, str]) -> StepWords:
    found, needed = typography.number(step.found), typography.number(step.needed)
    holds = ui.Tag(_("Oui"), "yes", "check") if step.holds else ui.Tag(_("Non"), "no", "x")
    if step.check is tally.Check.ENOUGH:
        words = _("Au moins %(needed)s bulletins, pour que personne ne se devine.") % {"needed": needed}
        return StepWords(_("Assez de bulletins\u00a0?"), words, holds)
    if step.check is tally.Check.QUORUM:
        words = _("%(found)s bulletins, il en fallait %(needed)s.") % {"found": found, "needed": needed}
        return StepWords(_("Quorum atteint\u00a0?"), words, holds)
    if votation.amount_cents:
        return _budget_step(step)
    if step.check is tally.Check.RANKING:
        words = _("Les propositions sont rangées par nombre de voix. Retenues au plus\u00a0: %(n)s.") % {
            "n": votation.winners
        }
        return StepWords(_("Classement"), words, ui.Tag(_("Fait"), "neutral", "check"))
    if step.check is tally.Check.MAJORITY:
        rule = _majority(votation)
        values = {"rule": rule, "needed": needed, "found": found}
        if votation.kind == Votation.Kind.YES_NO:
            # An option at a time: « Piétonniser la rue ». Plus de oui que de non…
            values["name"] = _named(step.options, labels)
            words = _("%(name)s. %(rule)s\u00a0: il fallait %(needed)s oui, il y en a %(found)s.") % values
        else:
            words = _("%(rule)s\u00a0: il fallait %(needed)s voix, la première en a %(found)s.") % values
        return StepWords(_("Majorité atteinte\u00a0?"), words, holds)
    return StepWords(_("Égalité"), _level(votation, step.options, labels), ui.Tag(_("À trancher"), "mixed", "equal"))


def _budget_step(step: tally.Step) -> StepWords:
    """Say how the options were ranked, or what the budget held of them."""
    done = ui.Tag(_("Fait"), "neutral", "check")
    if step.check is tally.Check.RANKING:
        words = _(
            "Les propositions sont rangées par nombre de voix\u00a0; à égalité, la moins chère d’abord, puis le plus petit numéro."
        )
        return StepWords(_("Classement"), words, done)
    words = _(
        "Dans cet ordre, chaque proposition qui tient dans ce qui reste est retenue\u00a0: %(spent)s sur %(amount)s."
    )
    values = {"spent": typography.amount(step.found), "amount": typography.amount(step.needed)}
    return StepWords(_("Répartition du budget"), words % values, done)


def option_label(option: Option) -> SafeString:
    """Show an option on the ballot: its words are French whatever the language of the page."""
    description = format_html('<br><span class="discret">{}</span>', option.description) if option.description else ""
    cost = format_html(" <strong>{}</strong>", typography.amount(option.cost_cents)) if option.cost_cents else ""
    return format_html("<span{}>{}{}{}</span>", ui.french(), option.label, cost, description)


@dataclass(frozen=True)
class Offered:
    """An option on the page of a vote."""

    label: str
    description: str
    cost: str
    url: str


def offered(votation: Votation, *, urls: Mapping[int, str] = NO_URLS) -> list[Offered]:
    """Give the options in the order of the ballot (prefetch `options`)."""
    return [
        Offered(
            option.label,
            option.description,
            typography.amount(option.cost_cents) if option.cost_cents else "",
            urls.get(option.number, ""),
        )
        for option in sorted(votation.options.all(), key=lambda option: option.number)
    ]
