"""The result of a vote as a file: the numbers of the public page, each rule applied, and nothing about anybody.

Ballots are not listed one by one: in a vote with several choices, the way somebody combines them can sign a ballot.
"""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from ballots.counting import Result
from ballots.models import Votation
from ballots.tally import Check, Score
from mulhouse.opendata import LICENCE, harmless

SEPARATOR = ";"
CHECKS = {
    Check.ENOUGH: "assez_de_bulletins",
    Check.QUORUM: "quorum",
    Check.RANKING: "classement",
    Check.ALLOCATION: "repartition",
    Check.MAJORITY: "majorite",
    Check.TIE: "egalite",
}
# What is told of each option, where it has a meaning; amounts in euro cents.
MEASURES = ("voix", "oui", "non", "cout", "reste")
Line = dict[str, Any]


def lines(votation: Votation, result: Result) -> list[Line]:
    """Give a line for each option; none when the detail would say who voted what (prefetch `options`).

    Shape: `non` only where the vote is by yes or no; `cout`, and `reste` before that option's turn, where a budget is shared.
    Units: `cout` and `reste` in euro cents.
    """
    if not result.outcome.steps[0].holds:
        return []
    is_yes_no = votation.kind == Votation.Kind.YES_NO
    turns = {turn.number: turn for turn in result.outcome.turns}
    found = []
    for option in sorted(votation.options.all(), key=lambda option: option.number):
        score = result.count.scores.get(option.number, Score())
        found.append(
            {
                "numero": option.number,
                "proposition": option.label,
                "oui" if is_yes_no else "voix": score.yes,
                **({"non": score.no} if is_yes_no else {}),
                **({"cout": turn.cost, "reste": turn.left} if (turn := turns.get(option.number)) else {}),
                "retenue": "oui" if option.number in result.outcome.kept else "non",
            }
        )
    return found


def totals(result: Result) -> Line:
    """Give the totals; under the least number of ballots, voters and ballots alone."""
    count = result.count
    told: Line = {"votants": result.voters, "bulletins": count.ballots}
    if result.outcome.steps[0].holds:
        told |= {"blancs": count.blank, "nuls": count.spoiled, "exprimes": count.expressed}
    return told


def as_csv(votation: Votation, result: Result, *, source: str) -> bytes:
    """Write the result as CSV: one line for each option, then one for each total.

    Shape: UTF-8 without mark, SEPARATOR, lines ending in CR LF (RFC 4180); a text that a spreadsheet would run begins with an
    apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATOR)
    told = lines(votation, result)
    writer.writerow(("mesure", "proposition", "nombre", "retenue"))
    for line in told:
        for measure in MEASURES:
            if measure in line:
                writer.writerow((measure, harmless(line["proposition"]), line[measure], line["retenue"]))
    writer.writerows((measure, "", number, "") for measure, number in totals(result).items())
    return text.getvalue().encode()


def as_json(votation: Votation, result: Result, *, source: str) -> bytes:
    """Write the result as JSON: the question, its rules applied in order, the options, the totals."""
    whole = {
        "question": votation.question,
        "reference": votation.reference,
        "source": source,
        "licence": LICENCE,
        "du": votation.opens_on.isoformat(),
        "au": votation.ends_on.isoformat(),
        "forme": votation.kind,
        "majorite": votation.majority,
        "quorum": votation.quorum,
        **({"budget_centimes": votation.amount_cents} if votation.amount_cents else {}),
        **totals(result),
        "propositions": lines(votation, result),
        "regles": [
            {
                "regle": CHECKS[step.check],
                "remplie": step.holds,
                "trouve": step.found,
                "necessaire": step.needed,
                "propositions": list(step.options),
            }
            for step in result.outcome.steps
        ],
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


Writer = Callable[..., bytes]
FORMATS: dict[str, tuple[str, Writer]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}
