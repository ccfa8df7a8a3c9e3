"""What somebody typed, read: its words, the signs it may hold, and the question that PostgreSQL is asked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from mulhouse import fulltext
from search import spelling

CONFIG = "french_unaccent"
LONGEST = 200
# The last word may not be finished: « muni » finds « municipal ».
PREFIX_FROM = 3
# Beyond, words are looked for as they are.
CORRECTED = 12
CONJUNCTIONS = 70
_SIGNS = re.compile(r'"|(?<!\S)-\S|(?<!\S)or(?!\S)', re.IGNORECASE)
# A whole word of letters: « 5G » is no beginning.
_LAST = re.compile(r"(?<!\w)[^\W\d_]+$")
# A word without hyphen nor apostrophe, and one that is not wanted (« -noël »).
_SINGLE = re.compile(r"[^\W_]+")
_LEFT_OUT = re.compile(r"(?<!\S)-\S+")
MARKED = 40
_PLAIN = "plainto_tsquery(%s::regconfig, %s)"


@dataclass(frozen=True)
class Query:
    """A question in SQL: an expression of type tsquery, and its values."""

    sql: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What was typed, cleaned of what no text holds, on one line."""

    text: str

    @property
    def has_signs(self) -> bool:
        """Tell whether it uses « "mot à mot" », « -sans » or « or »: then nothing is guessed."""
        return bool(_SIGNS.search(self.text))

    @property
    def words(self) -> list[str]:
        """Give the words that may be misspelt, folded, each once."""
        folded = (spelling.fold(word) for word in spelling.words(self.text))
        return list(dict.fromkeys(word for word in folded if len(word) >= spelling.SHORTEST))[:CORRECTED]

    def whole(self) -> Query:
        """Ask for every word, the last one as a beginning too."""
        if self.has_signs:
            return Query("websearch_to_tsquery(%s::regconfig, %s)", (CONFIG, self.text.replace("/", " ")))
        # As the index has them: « GNU/Linux » is two words.
        text = fulltext.LITTLE_WORDS.sub(" ", self.text.replace("/", " ")).strip()
        beginning = self.beginning
        if not beginning:
            return Query(_PLAIN, (CONFIG, text))
        rest = text[: -len(_LAST.findall(text)[-1])]
        last = text[len(rest) :]
        # A little word (« dans ») asks for nothing, as a beginning neither.
        ended = f"(CASE WHEN numnode({_PLAIN}) = 0 THEN {_PLAIN} ELSE {_PLAIN} || %s::tsquery END)"
        return Query(
            f"({_PLAIN} && {ended})",
            (CONFIG, rest, *(CONFIG, last) * 3, f"'_{beginning}':*"),
        )

    @property
    def beginning(self) -> str:
        """Give the last word, folded, when it may be the beginning of another; "" otherwise."""
        found = _LAST.search(fulltext.LITTLE_WORDS.sub(" ", self.text.replace("/", " ")).strip())
        folded = spelling.fold(found[0]) if found else ""
        return folded if len(folded) >= PREFIX_FROM and folded.isalpha() else ""

    def forgiving(self, close: Mapping[str, Sequence[str]], lexemes: Mapping[str, str], *, some: bool = False) -> str:
        """Ask for every word or one that is close to it; `some`: for all but one of them, or two when they are six.

        Shape: `lexemes` gives what PostgreSQL reads in each word, "" for a word that asks for nothing.
        """
        groups = []
        for word in self.words:
            read = dict.fromkeys(lexemes[each] for each in (word, *close.get(word, ())) if lexemes[each])
            groups += ["(" + " | ".join(f"( {each} )" for each in read) + ")"] if read else []
        needed = len(groups) - (0 if not some else 1 if len(groups) < 6 else 2)  # noqa: PLR2004 (as published)
        chosen = islice(combinations(groups, max(needed, 1)), CONJUNCTIONS)
        return " | ".join(" & ".join(each) for each in chosen)

    def marked(self, close: Iterable[str] = ()) -> Query:
        """Ask for any of the single words to mark in an excerpt: those typed, close ones, and what begins like the last one.

        Never a conjunction: PostgreSQL marks one by combining every place of each of its words, and a few common words fill
        the memory of the server.
        """
        wanted = [word for word in _SINGLE.findall(_LEFT_OUT.sub(" ", self.text)) if word.lower() != "or"]
        single = list(dict.fromkeys([*wanted, *(part for word in close for part in _SINGLE.findall(word))]))[:MARKED]
        asked, values = [_PLAIN] * len(single), [value for word in single for value in (CONFIG, word)]
        if self.beginning and not self.has_signs:
            asked, values = [*asked, "%s::tsquery"], [*values, f"'{self.beginning}':*"]
        return Query("(" + " || ".join(asked or ["''::tsquery"]) + ")", tuple(values))


def read(text: str) -> Asked:
    """Read what was typed."""
    # A NUL is refused by PostgreSQL, half a pair by UTF-8; the other control characters separate nothing that one reads.
    cleaned = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]+", " ", text)
    return Asked(" ".join(cleaned[: LONGEST * 2].split())[:LONGEST])
