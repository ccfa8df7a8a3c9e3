"""Giving each text of the demonstration a person, an instant, and what the others thought of it.

Chance is given as an argument and the same seed deals the same hand, so that a second run finds what the first one wrote.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from consultations.demo.texts import Reactions, Remark, Resident, Text
from consultations.phases import PARIS

# What a text says of who wrote it, in French where the participle tells.
_WOMAN = re.compile(
    r"\b(désolée|convaincue|prête|fatiguée|allée|venue|contente|assise|sûre|mon mari|aide-soignante|institutrice|"
    r"animatrice|médiatrice|enseignante|mère de|maman$|mamie$|riveraine|habituée|lectrice|voisine$|salariée|agente|"
    r"maîtresse d|assistante maternelle)\b",
    re.IGNORECASE,
)
_MAN = re.compile(
    r"\b(ma femme|désolé|convaincu|chauffeur de|il me bat|^père|grand-père$|lecteur$|voisin$|retraité$|animateur)\b",
    re.IGNORECASE,
)
# People write little at night, more at noon, most in the evening.
_HOURS = (0, 0, 0, 0, 0, 1, 2, 4, 5, 6, 6, 5, 7, 6, 5, 5, 5, 6, 8, 9, 10, 9, 6, 2)
_LEANINGS = ("for", "against", "neutral")
# How often: a short word is in reply to another, nobody has taken a position yet, a comment was taken back.
REPLIED, UNSEEN, WITHDRAWN = 0.28, 0.12, 0.012
_A_WHILE = dt.timedelta(minutes=7)


@dataclass(frozen=True)
class Said:
    """A comment with its person, its instant and those who support it (numbers of people)."""

    stance: str
    author: int
    body: str
    at: dt.datetime
    supporters: tuple[int, ...]
    is_withdrawn: bool = False
    replies: tuple["Said", ...] = ()


@dataclass(frozen=True)
class Dealt:
    """A contribution with its person (None: written on paper, by somebody without an account) and all that followed."""

    text: Text
    author: int | None
    at: dt.datetime
    agree: tuple[int, ...]
    mixed: tuple[int, ...]
    disagree: tuple[int, ...]
    debate: tuple[Said, ...]


@dataclass(frozen=True)
class Cast:
    """Who can write and who can take a position, as numbers in the list of all people."""

    residents: Sequence[Resident]
    writers: Sequence[int]
    voters: Sequence[int]

    def named(self, name: str) -> int:
        """Find somebody by name. Raises: StopIteration when nobody has it."""
        return next(number for number, resident in enumerate(self.residents) if resident.name == name)


def deal(
    texts: Sequence[Text],
    cast: Cast,
    reactions: Reactions,
    *,
    opens_at: dt.datetime,
    until: dt.datetime,
    chance: Random,
) -> list[Dealt]:
    """Deal every text of a consultation.

    Shape: in the order of the instants, all between `opens_at` and `until`; nobody takes a position on their own text; no short
    word is said twice.
    """
    deck = _Deck(reactions, chance, year=until.year)
    # Long debates began early: they had the time to grow.
    order = sorted(texts, key=lambda text: chance.random() * (0.1 if text.debate_size else 1.0))
    instants = sorted(_instant(opens_at, until - (until - opens_at) / 40, chance) for _ in order)
    # The longest debates draw first: the deck has its limits.
    dealt = [
        _deal_one(text, at, cast, deck, until=until, chance=chance)
        for text, at in sorted(zip(order, instants, strict=True), key=lambda pair: -pair[0].debate_size)
    ]
    return sorted(dealt, key=lambda one: one.at)


def _deal_one(text: Text, at: dt.datetime, cast: Cast, deck: "_Deck", *, until: dt.datetime, chance: Random) -> Dealt:
    author = (
        None
        if text.label
        else cast.named(text.by)
        if text.by
        else _somebody(cast, (text.body, text.role), set(), chance)
    )
    agree, mixed, disagree = _positions(text, cast, author, chance)
    remarks = [*text.debate, *deck.more(_missing(text, chance), _leaning(text), cast, author)]
    if text.debate_size:
        chance.shuffle(remarks)
    instants = sorted(_instant(at + _A_WHILE, until, chance) for _ in remarks)
    debate = tuple(
        _say(remark, when, cast, {author} if author is not None else set(), until=until, chance=chance)
        for remark, when in zip(remarks, instants, strict=True)
    )
    return Dealt(text=text, author=author, at=at, agree=agree, mixed=mixed, disagree=disagree, debate=debate)


# --- Instants ----------------------------------------------------------------------------------------------------------


def _instant(first: dt.datetime, last: dt.datetime, chance: Random) -> dt.datetime:
    """Draw an instant, at an hour when people write; anywhere between the two when there is no such hour."""
    span = last - first
    for _ in range(8):
        day = (first + span * chance.random()).astimezone(PARIS)
        hour = chance.choices(range(24), weights=_HOURS)[0]
        drawn = day.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60), microsecond=0)
        if first < drawn < last:
            return drawn
    return (first + span * chance.uniform(0.1, 0.9)).replace(microsecond=0)


# --- People ------------------------------------------------------------------------------------------------------------


def _somebody(cast: Cast, words: Sequence[str], not_these: set[int], chance: Random) -> int:
    """Draw who could have said this."""
    voice = "f" if any(map(_WOMAN.search, words)) else "m" if any(map(_MAN.search, words)) else ""
    possible = [
        number
        for number in cast.writers
        if number not in not_these and (not voice or cast.residents[number].voice in {voice, ""})
    ]
    return chance.choice(possible)


def _positions(
    text: Text, cast: Cast, author: int | None, chance: Random
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Draw who agrees, hesitates and disagrees, in the numbers asked for as far as there are people."""
    voters = [number for number in cast.voters if number != author]
    if text.votes is None:
        total = 0 if chance.random() < UNSEEN else min(int(chance.lognormvariate(2.3, 0.8)), len(voters))
        against = round(total * chance.betavariate(2, 7))
        votes = (total - against - (total - against) // 7, (total - against) // 7, against)
    else:
        shrink = min(1.0, len(voters) / max(1, sum(text.votes)))
        votes = (int(text.votes[0] * shrink), int(text.votes[1] * shrink), int(text.votes[2] * shrink))
    drawn = iter(chance.sample(voters, sum(votes)))
    agree, mixed, disagree = (tuple(sorted(next(drawn) for _ in range(count))) for count in votes)
    return agree, mixed, disagree


# --- Debate ------------------------------------------------------------------------------------------------------------


def _missing(text: Text, chance: Random) -> int:
    """Count the remarks to add to those that were written."""
    written = sum(1 + len(remark.replies) for remark in text.debate)
    if text.is_withdrawn:
        return 0
    if text.debate_size:
        return max(0, text.debate_size - written)
    return chance.choices((0, 1, 2, 3, 4), weights=(5, 4, 4, 3, 2) if text.votes else (9, 4, 2, 1, 0))[0]


def _leaning(text: Text) -> tuple[int, int, int]:
    """Weigh for, against and neutral by what the votes say; nobody is against a question or what somebody lived."""
    if text.kind in {"question", "experience"}:
        return (6 if text.kind == "experience" else 2, 0, 5)
    agree, mixed, disagree = text.votes or (5, 2, 1)
    return (agree + 2, disagree + 1, mixed + 5)


def _say(
    remark: Remark, at: dt.datetime, cast: Cast, not_these: set[int], *, until: dt.datetime, chance: Random
) -> Said:
    author = cast.named(remark.by) if remark.by else _somebody(cast, (remark.body,), not_these, chance)
    others = [number for number in cast.voters if number != author]
    supporters = chance.sample(others, min(len(others), int(chance.expovariate(0.22))))
    near = min(until, at + dt.timedelta(days=3))
    instants = sorted(_instant(at + _A_WHILE, max(near, at + 2 * _A_WHILE), chance) for _ in remark.replies)
    return Said(
        stance=remark.stance,
        author=author,
        body=remark.body,
        at=at,
        supporters=tuple(sorted(supporters)),
        is_withdrawn=not remark.by and not remark.replies and chance.random() < WITHDRAWN,
        replies=tuple(
            _say(reply, min(when, until), cast, {author}, until=until, chance=chance)
            for reply, when in zip(remark.replies, instants, strict=True)
        ),
    )


class _Deck:
    """The short words left to say in one consultation, shuffled."""

    def __init__(self, reactions: Reactions, chance: Random, *, year: int) -> None:
        self.chance = chance
        self.year = year
        self.by_stance = {stance: self._shuffled(remarks) for stance, remarks in reactions.by_stance.items()}
        self.replies = self._shuffled(reactions.replies)

    def _shuffled(self, remarks: Sequence[Remark]) -> list[Remark]:
        return self.chance.sample(list(remarks), len(remarks))

    def more(self, count: int, leaning: tuple[int, int, int], cast: Cast, author: int | None) -> Iterator[Remark]:
        """Say `count` things that were not said, about one in four in reply to another; fewer when the deck is empty."""
        said = 0
        while said < count:
            weights = {
                stance: weight
                for stance, weight in zip(_LEANINGS, leaning, strict=True)
                if weight and self.by_stance[stance]
            }
            if not weights:
                return
            stance = self.chance.choices(list(weights), weights=list(weights.values()))[0]
            opening = self._filled(self.by_stance[stance].pop(), cast, author)
            said += 1
            if said < count and self.replies and self.chance.random() < REPLIED:
                opening = replace(opening, replies=(self._filled(self.replies.pop(), cast, author),))
                said += 1
            yield opening

    def _filled(self, remark: Remark, cast: Cast, author: int | None) -> Remark:
        """Find who says it, and put in their district and their age."""
        nobody = {author} if author is not None else set()
        if "{" not in remark.body:
            able = remark.by and cast.named(remark.by) in set(cast.writers) - nobody
            speaker = cast.named(remark.by) if able else _somebody(cast, (remark.body,), nobody, self.chance)
            return replace(remark, by=cast.residents[speaker].name)
        # Who tells their age has some.
        born_before = self.year - (50 if "{age}" in remark.body else 20)
        possible = [
            number
            for number in cast.writers
            if number != author and 0 < (cast.residents[number].birth_year or 0) <= born_before
        ]
        resident = cast.residents[self.chance.choice(possible)]
        age = self.year - (resident.birth_year or self.year)
        body = remark.body.format(
            chez=resident.at_home,
            age=age,
            age2=self.chance.randrange(77, 95),
            ans=self.chance.randrange(2, min(40, age - 12)),
        )
        return replace(remark, by=resident.name, body=body)
