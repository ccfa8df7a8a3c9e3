"""What stands beside an idea on its page: the ideas that it gathers or the one that gathers it, changes proposed, news of its author."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import amending, gathering_rules, rules, signatures
from ideas.models import Amendment, AuthorNews, GatheredIdea, Gathering, Idea, Stage
from mulhouse import typography

NEWS_SHOWN = 2
# A word, and the space that follows it.
_WORDS = re.compile(r"\s+\Z|\s*\S+\s*")
# Pairs of equal words, one of each text: what comparing costs grows faster than them. A whole proposal written anew has some 3,000.
MOST_PAIRS = 6_000


@dataclass(frozen=True)
class Original:
    """An idea that is gathered, as the page of the one that gathers lists it."""

    title: str
    url: str
    author: str
    supports: str


@dataclass(frozen=True)
class Gathered:
    """What a page says of a gathering: `parent` for an original, `originals` for the idea that gathers, `ended` once it is over."""

    gathering: Gathering
    parent: Idea | None = None
    originals: Sequence[Original] = ()

    @property
    def ended(self) -> bool:
        """Tell whether the ideas were separated."""
        return self.gathering.ended_at is not None


def gathered(idea: Idea) -> Gathered | None:
    """Read the gathering of an idea; None, and no query, for one that has nothing to do with any. Two queries at most."""
    if idea.stage == Stage.GATHERED:
        rows = GatheredIdea.objects.filter(idea=idea, is_live=True, gathering__opened_at__isnull=False)
        member = rows.select_related("gathering__parent").defer("gathering__parent__search").first()
        return Gathered(member.gathering, parent=member.gathering.parent) if member else None
    if not idea.gathers:
        return None
    gathering = Gathering.objects.filter(parent=idea).first()
    if gathering is None:
        return None
    members = GatheredIdea.objects.filter(gathering=gathering).exclude(stage_before="").order_by("pk")
    ideas = Idea.objects.visible().filter(pk__in=members.values("idea")).select_related("author", "district")
    originals = [_original(row) for row in ideas.defer("search", "need", "proposal").order_by("published_at", "pk")]
    return Gathered(gathering, originals=originals)


def _original(idea: Idea) -> Original:
    count = idea.verified_count + idea.declared_count
    words = ngettext("%(count)s soutien", "%(count)s soutiens", count) % {"count": typography.number(count)}
    return Original(idea.title, idea.get_absolute_url(), signatures.of_idea(idea), words)


def said() -> dict[str, Any]:
    """Give what a query of ideas adds for `context`: the states of the changes proposed, the last news of the author."""
    return {
        "change_states": ArraySubquery(
            Amendment.objects.visible().filter(idea=OuterRef("pk")).order_by().values("state")
        ),
        "last_news": ArraySubquery(
            AuthorNews.objects.visible()
            .filter(idea=OuterRef("pk"))
            .order_by("-submitted_at", "-pk")
            .values(json=JSONObject(reference="reference", html="body_html", at="released_at"))[: NEWS_SHOWN + 1]
        ),
    }


def context(user: Any, idea: Any, *, at: Any) -> dict[str, Any]:
    """Gather what the three fragments show (the idea with its campaign, its author and `said`): no query when it is not gathered.

    Shape: `idea`, `gathered`, `amended`, `author_news`, and what this person may do: `can_gather`, `can_amend`, `can_give_news`.
    """
    states, news = idea.change_states, idea.last_news
    is_own = user.is_authenticated and idea.author_id == user.pk
    return {
        "idea": idea,
        "gathered": gathered(idea),
        "amended": amended(states),
        "author_news": [
            # Made by `render_markdown` when it was written.
            {**each, "at": parse_datetime(each["at"]), "html": mark_safe(each["html"])}  # noqa: S308 (see above)
            for each in news[:NEWS_SHOWN]
        ],
        "has_more_news": len(news) > NEWS_SHOWN,
        "can_gather": is_own and gathering_rules.gatherable_refusal(idea, at=at) is None,
        "can_amend": not is_own and amending.standing_refusal(idea) is None,
        "can_give_news": idea.is_visible and user.is_authenticated and rules.signs(user, idea),
    }


def gone(idea: Idea) -> dict[str, Any]:
    """Gather what the address of an idea that is gone shows of the ideas that it gathered (`ideas/_gathering.html`)."""
    return {"idea": idea, "gathered": gathered(idea) if idea.gathers else None, "can_gather": False}


def amended(states: Sequence[str]) -> str:
    """Say in words how many changes were proposed, and what became of them; "" for none."""
    if not states:
        return ""
    counts = Counter(states)
    parts = [
        ngettext("%(count)s modification proposée", "%(count)s modifications proposées", len(states))
        % {"count": len(states)}
    ]
    if waiting := counts[Amendment.State.WAITING]:
        parts.append(
            ngettext("%(count)s attend l’auteur", "%(count)s attendent l’auteur", waiting) % {"count": waiting}
        )
    if taken := counts[Amendment.State.ACCEPTED]:
        parts.append(ngettext("%(count)s retenue", "%(count)s retenues", taken) % {"count": taken})
    return ", ".join(parts)


def compared(before: str, after: str) -> SafeString:
    """Show what a text becomes, word by word: what goes is struck out, what comes is underlined, both said to screen readers.

    Texts that have too much in common in too many places are shown whole, before then after: anybody may ask for this page.
    """
    marks = {"del": _("retiré"), "ins": _("ajouté")}
    found: list[SafeString] = []
    is_apart = True
    for name, words in _changes(_WORDS.findall(before), _WORDS.findall(after)):
        text = "".join(words)
        if not text:
            continue
        if not is_apart:
            # So that the word that goes and the one that comes do not read as one.
            found.append(SafeString(" "))
        is_apart = text[-1].isspace()
        if name not in marks:
            found.append(format_html("{}", text))
            continue
        said = text.rstrip()
        template = mark_safe(f'<{name}><span class="sr">{{}}\u00a0: </span>{{}}</{name}>{{}}')  # noqa: S308 (two names)
        found.append(format_html(template, marks[name], said, text[len(said) :]))
    return format_html_join("", "{}", ((part,) for part in found))


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Give the words that stay (""), that go ("del") and that come ("ins"), in order; a word is the same whatever space follows."""
    bare_old, bare_new = [word.strip() for word in old], [word.strip() for word in new]
    start = _same(bare_old, bare_new)
    end = _same(bare_old[start:][::-1], bare_new[start:][::-1])
    old_end, new_end = len(old) - end, len(new) - end
    yield "", new[:start]
    times = Counter(bare_new[start:new_end])
    if sum(times[word] for word in bare_old[start:old_end]) > MOST_PAIRS:
        steps = [("replace", 0, old_end - start, 0, new_end - start)]
    else:
        matcher = difflib.SequenceMatcher(None, bare_old[start:old_end], bare_new[start:new_end], autojunk=False)
        steps = matcher.get_opcodes()  # type: ignore[assignment]
    for kind, old_from, old_to, new_from, new_to in steps:
        if kind == "equal":
            yield "", new[start + new_from : start + new_to]
        else:
            yield "del", old[start + old_from : start + old_to]
            yield "ins", new[start + new_from : start + new_to]
    yield "", new[new_end:]


def _same(first: Sequence[str], second: Sequence[str]) -> int:
    """Count the words that two texts begin with alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((rank for rank, (one, other) in pairs if one != other), min(len(first), len(second)))
