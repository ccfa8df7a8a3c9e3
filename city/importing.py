"""Reading the population from a CSV file: every line right, or nothing is written."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from city.models import District, Population
from mulhouse import journal
from mulhouse.ages import AgeBand

COLUMNS = ("quartier", "tranche", "habitants", "annee", "source")
OPTIONAL = "estimation"
YES = {"oui", "1", "vrai"}
FIRST_YEAR, LAST_YEAR = 1900, 2100
LONGEST_SOURCE = 300


@dataclass(frozen=True)
class Problem:
    """What is wrong on a line of the file."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"ligne {self.line}\u00a0: {self.message}"


@dataclass(frozen=True)
class Reading:
    """What a file says: rows not yet saved, and the lines that can not be read."""

    rows: list[Population]
    problems: list[Problem]


def read(lines: Iterable[str]) -> Reading:
    """Read a CSV file with the columns COLUMNS, and OPTIONAL where a number is an estimate.

    Shape: separator `;` or `,`; `quartier` is a name or an address form, empty for the whole city; `tranche` is a value of
    AgeBand, empty for every age.
    """
    text = iter(lines)
    first = next(text, "").removeprefix("\ufeff")
    separator = ";" if ";" in first else ","
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=separator), [])]
    if missing := [name for name in COLUMNS if name not in header]:
        return Reading([], [Problem(1, f"il manque les colonnes {', '.join(missing)}")])
    districts = {key: row for row in District.objects.order_by("pk") for key in (row.name.lower(), row.slug)}
    rows: dict[tuple[int | None, str, int], Population] = {}
    problems = []
    for number, values in enumerate(csv.reader(text, delimiter=separator), start=2):
        cells = {name: value.strip() for name, value in zip(header, values, strict=False)}
        if not any(cells.values()):
            continue
        row, message = _row(cells, districts)
        if row is None:
            problems.append(Problem(number, message))
        elif (key := (row.district_id, row.age_band, row.year)) in rows:
            problems.append(Problem(number, "ce nombre est déjà donné plus haut"))
        else:
            rows[key] = row
    return Reading(list(rows.values()), problems)


def _row(cells: dict[str, str], districts: dict[str, District]) -> tuple[Population | None, str]:
    place, band = cells.get("quartier", ""), cells.get("tranche", "")
    inhabitants = cells.get("habitants", "").replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    year, source = cells.get("annee", ""), cells.get("source", "")
    wrong = ""
    if place and place.lower() not in districts:
        wrong = f"quartier inconnu «\u00a0{place}\u00a0»"
    elif band and band not in AgeBand.values:
        wrong = f"tranche inconnue «\u00a0{band}\u00a0», attendu\u00a0: {', '.join(AgeBand.values)}"
    elif not inhabitants.isdecimal():
        wrong = f"nombre d’habitants illisible «\u00a0{cells.get('habitants', '')}\u00a0»"
    elif not year.isdecimal() or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        wrong = f"année illisible «\u00a0{year}\u00a0»"
    elif not source or len(source) > LONGEST_SOURCE:
        wrong = f"la source manque, ou dépasse {LONGEST_SOURCE} signes"
    if wrong:
        return None, wrong
    return (
        Population(
            district=districts[place.lower()] if place else None,
            age_band=band,
            inhabitants=int(inhabitants),
            year=int(year),
            source=source,
            is_estimate=cells.get(OPTIONAL, "").lower() in YES,
        ),
        "",
    )


@transaction.atomic(durable=True)
def save(*, rows: Iterable[Population]) -> int:
    """Write the rows, in place of those of the same place, band and year; give how many there are.

    Locks: the register's chain, by its line.
    """
    written = list(rows)
    _write(written)
    facts = {"table": "population", "changement": "import", "lignes": len(written)}
    journal.record("city.names_changed", role="agent", facts=facts)
    return len(written)


def _write(rows: list[Population]) -> None:
    for row in rows:
        known = Population.objects.filter(district=row.district, age_band=row.age_band, year=row.year).first()
        row.pk = known.pk if known else None
        row.save()
