"""Reading the words of the demonstration, as they were written in `content/`."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consultations.models.procedure import RESTITUTION_DAYS

CONTENT = Path(__file__).parent / "content"
# In the order in which they were published.
SLUGS = (
    "square-roosevelt",
    "parc-voisin-maison-steinel",
    "fresque-neppert",
    "micro-foret",
    "bibliotheque-de-demain",
    "quais-du-canal",
    "cours-d-ecole-fraiches",
    "journee-sans-voiture",
    "place-hauger",
    "eclairage-de-nuit",
)

# One short remark in so many is signed by a district only.
UNSIGNED = 5
_STANCES = {"+": "for", "-": "against", "=": "neutral"}
_LINE = re.compile(r"^(?P<sign>[+\-=>])\s*(?:\[(?P<name>[^\]]+)\]\s*)?(?P<body>.+)$")
_BEFORE = re.compile(r" (?=[:;!?»%€])|(?<=«) ")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}\b)")
_UNITS = re.compile(r"(?<=\d) (?=(?:heures?|h|minutes|euros|mètres|m²|°C|ans)\b)")


@dataclass(frozen=True)
class Resident:
    """Somebody invented. `voice` is "f", "m" or "" when the name does not tell; `at_home` is « au Drouot »."""

    name: str
    district: str
    at_home: str
    birth_year: int | None
    is_verified: bool
    voice: str


@dataclass(frozen=True)
class Reactions:
    """Short words that fit under many texts, by stance, and replies, with the slots of `casting`."""

    by_stance: Mapping[str, Sequence["Remark"]]
    replies: Sequence["Remark"]


@dataclass(frozen=True)
class Step:
    """A phase, in days from today; `last` None has no end."""

    kind: str
    name: str
    first: int
    last: int | None


@dataclass(frozen=True)
class Part:
    """A section and its question."""

    key: str
    title: str
    question: str


@dataclass(frozen=True)
class Paper:
    """A document: its text in lines, « # » for its title and « ## » for its headings."""

    title: str
    text: str
    is_page: bool


@dataclass(frozen=True)
class Photo:
    """A drawing joined to a contribution, named in `pictures`."""

    draw: str
    alt: str


@dataclass(frozen=True)
class Remark:
    """A comment and its replies; `by` is a name, or "" for anybody."""

    stance: str
    by: str
    body: str
    replies: tuple["Remark", ...] = ()


@dataclass(frozen=True)
class Text:
    """A contribution. `votes` is None where the casting decides; `before` is what it said before its correction."""

    section: str
    kind: str
    title: str
    body: str
    by: str = ""
    label: str = ""
    signature: str = "name"
    channel: str = "web"
    when: str = ""
    often: str = ""
    role: str = ""
    place: str = ""
    votes: tuple[int, int, int] | None = None
    photos: tuple[Photo, ...] = ()
    before: str = ""
    before_title: str = ""
    is_withdrawn: bool = False
    debate: tuple[Remark, ...] = ()
    debate_size: int = 0


@dataclass(frozen=True)
class Script:
    """A whole consultation: what the city says of it, and what residents answered.

    `state` is "published", "archived" or "draft".
    """

    slug: str
    fields: Mapping[str, Any]
    theme: str
    service: str
    districts: tuple[str, ...]
    image: str
    state: str
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    papers: tuple[Paper, ...]
    texts: tuple[Text, ...]


def french(text: str) -> str:
    """Give a text of the city its typography: no-break spaces before high signs and inside numbers."""
    text = _BEFORE.sub("\u00a0", text.strip())
    return _UNITS.sub("\u00a0", _THOUSANDS.sub("\u00a0", text)).replace("'", "’")


def residents() -> list[Resident]:
    """Read the people, in the order of the districts."""
    content = _read("residents")
    voices = {name: voice for voice, names in content["voices"].items() for name in names}
    return [
        Resident(
            name=name,
            district=district,
            at_home=content["at"][district],
            birth_year=birth_year or None,
            is_verified="v" in mark,
            voice=voices.get(name, ""),
        )
        for district, rows in content["districts"].items()
        for name, birth_year, *mark in rows
    ]


def reactions() -> Reactions:
    """Read the short words."""
    content = _read("reactions")
    return Reactions(
        by_stance={stance: [_short(words, stance) for words in content[stance]] for stance in _STANCES.values()},
        replies=[_short(words, "neutral") for words in content["replies"]],
    )


def script(slug: str) -> Script:
    """Read a consultation."""
    content = _read(slug)
    return Script(
        slug=slug,
        fields={
            "title": french(content["title"]),
            "summary": french(content["summary"]),
            "description": french(content["description"]),
            "open_to_discussion": french(content["open"]),
            "not_open": french(content["not_open"]),
            "decider": french(content["decider"]),
            "budget_euros": content.get("budget_euros"),
            "budget_note": french(content.get("budget_note", "")),
            "service_function": content["service_function"],
            "place_name": french(content.get("place_name", "")),
            "place_address": french(content.get("place_address", "")),
            "latitude": content.get("latitude"),
            "longitude": content.get("longitude"),
            "image_alt": french(content.get("image_alt", "")),
            "residency_level": content.get("residency", "declared"),
            "minimum_age": content.get("minimum_age"),
            "restitution_days": content.get("restitution_days", RESTITUTION_DAYS),
            "moderation": content.get("moderation", "after"),
        },
        theme=content["theme"],
        service=content["service"],
        districts=tuple(content["districts"]),
        image=content.get("image", ""),
        state=content.get("state", "published"),
        steps=tuple(
            Step(kind=step["kind"], name=french(step["name"]), first=step["from"], last=step.get("to"))
            for step in content["phases"]
        ),
        parts=tuple(
            Part(key=part["key"], title=french(part["title"]), question=french(part["question"]))
            for part in content["sections"]
        ),
        papers=tuple(
            Paper(title=french(paper["title"]), text=french(paper["text"]), is_page=paper.get("page", False))
            for paper in content.get("documents", ())
        ),
        texts=(
            *(_text(row) for row in content.get("contributions", ())),
            *(text for spot in content.get("spots", ()) for text in _spot(spot)),
        ),
    )


def debate(written: str) -> tuple[Remark, ...]:
    """Read a debate: one remark a line, « + » for, « - » against, « = » neither, « > » in reply to the one before.

    Raises: ValueError for a line that is none of these, or a reply to nothing.
    """
    remarks: list[Remark] = []
    for line in written.strip().splitlines():
        found = _LINE.match(line)
        if found is None or (found["sign"] == ">" and not remarks):
            raise ValueError(line)
        said = Remark(stance=_STANCES.get(found["sign"], "neutral"), by=found["name"] or "", body=found["body"].strip())
        if found["sign"] == ">":
            opening = remarks.pop()
            said = Remark(opening.stance, opening.by, opening.body, (*opening.replies, said))
        remarks.append(said)
    return tuple(remarks)


def _short(words: str, stance: str) -> Remark:
    """Read a short remark: the name of the only one who can say it stands before, between square brackets."""
    by, _, body = words.removeprefix("[").partition("] ") if words.startswith("[") else ("", "", words)
    return Remark(stance=stance, by=by, body=body)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((CONTENT / f"{name}.toml").read_text(encoding="utf-8"))


def _text(row: dict[str, Any]) -> Text:
    return Text(
        section=row["section"],
        kind=row["kind"],
        title=row["title"],
        body=row["body"].strip(),
        by=row.get("by", ""),
        label=row.get("label", ""),
        signature=row.get("signature", "name"),
        channel=row.get("channel", "web"),
        when=row.get("when", ""),
        often=row.get("often", ""),
        role=row.get("role", ""),
        place=row.get("place", ""),
        votes=tuple(row["votes"]),
        photos=tuple(Photo(**photo) for photo in row.get("photos", ())),
        before=row.get("before", "").strip(),
        before_title=row.get("before_title", ""),
        is_withdrawn=row.get("withdrawn", False),
        debate=debate(row.get("debate", "")),
        debate_size=row.get("debate_size", 0),
    )


def _spot(spot: dict[str, Any]) -> Iterator[Text]:
    """Write the short remarks of a family: the words of each row in the sentences of the family, one after the other.

    A third word in a row says who wrote it, a resident or a name left on paper.
    """
    names = {resident.name for resident in residents()}
    for number, (place, detail, *name) in enumerate(spot["rows"]):
        who = name[0] if name else ""

        def pick(name: str, number: int = number) -> str:
            choices = spot.get(name, ("",))
            return str(choices[number % len(choices)])

        words = {"lieu": place, "detail": detail, "minuscule": detail[:1].lower() + detail[1:]}
        title = spot["title"].format(**words)
        yield Text(
            section=spot["section"],
            kind=spot["kind"],
            title=title[:1].upper() + title[1:],
            body=pick("bodies").format(**words),
            by=who if who in names else "",
            label="" if who in names else who,
            signature="district" if number % UNSIGNED == UNSIGNED - 1 and not who else "name",
            channel=spot.get("channel", "web"),
            when=pick("when"),
            often=pick("often"),
            role=pick("role"),
        )
