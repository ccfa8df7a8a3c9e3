"""What stands beside an idea on its page: the ideas that it gathers or the one that gathers it, changes proposed, news of its author."""

import datetime as dt
import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import amending, gathering_rules, rules, signatures
from ideas.models import Amendment, AuthorNews, GatheredIdea, Gathering, Idea, LikelyPair, Stage
from mulhouse import typography

NEWS_SHOWN, NEAR_SHOWN = 2, 3
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
    """Read the gathering of an idea; None, and no query, for one that has nothing to do with any. One query."""
    if idea.stage == Stage.GATHERED:
        rows = GatheredIdea.objects.filter(idea=idea, is_live=True, gathering__opened_at__isnull=False)
        member = rows.select_related("gathering__parent").defer("gathering__parent__search").first()
        return Gathered(member.gathering, parent=member.gathering.parent) if member else None
    if not idea.gathers:
        return None
    # The gathering with each of its ideas: those that were gathered, even if none can be read any more.
    members = GatheredIdea.objects.filter(gathering__parent=idea).exclude(stage_before="")
    found = list(
        members.select_related("gathering", "idea__author", "idea__district")
        .defer(
            "idea__search",
            "idea__title_words",
            "idea__need",
            "idea__need_html",
            "idea__proposal",
            "idea__proposal_html",
        )
        .order_by("idea__published_at", "idea__pk")
    )
    if not found:
        return None
    return Gathered(found[0].gathering, originals=[_original(row.idea) for row in found if row.idea.is_visible])


def _original(idea: Idea) -> Original:
    count = idea.verified_count + idea.declared_count
    words = ngettext("%(count)s soutien", "%(count)s soutiens", count) % {"count": typography.number(count)}
    return Original(idea.title, idea.get_absolute_url(), signatures.of_idea(idea), words)


def said() -> dict[str, Any]:
    """Give what a query of ideas adds for `context`: changes proposed, the last news of the author, ideas that say the same."""
    return {
        "near_ideas": ArraySubquery(_near()),
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


def _near() -> Any:
    """Give the public ideas that the night found close to one, the closest first; none of a pair that an agent dismissed."""
    both = (Q(first=OuterRef("pk")), Q(second=OuterRef("pk")))
    pairs = LikelyPair.objects.filter(both[0] | both[1], dismissed_at__isnull=True)
    other = Case(When(both[0], then="second"), default="first")
    shown = Idea.objects.visible().exclude(stage=Stage.GATHERED).filter(pk=OuterRef("other"))
    rows = pairs.annotate(other=other).annotate(
        shown=Subquery(shown.values(json=JSONObject(reference="reference", title="title")))
    )
    return rows.filter(shown__isnull=False).order_by("-likeness", "-pk").values("shown")[:NEAR_SHOWN]


def context(user: Any, idea: Any, *, at: Any) -> dict[str, Any]:
    """Gather what the three fragments show (the idea with its campaign, its author and `said`): no query when it is not gathered.

    Shape: `idea`, `gathered`, `amended`, `author_news`, `near`, and what this person may do: `can_gather`, `can_amend`, `can_give_news`.
    """
    states, news = idea.change_states, idea.last_news
    told_at = parse_datetime(news[0]["at"]) if news else None
    is_too_soon = told_at is not None and at < told_at + dt.timedelta(days=amending.NEWS_DAYS)
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
        "near": [(each["title"], reverse("ideas:detail", args=[each["reference"]])) for each in idea.near_ideas],
        "can_gather": is_own and gathering_rules.gatherable_refusal(idea, at=at) is None,
        "can_amend": not is_own and amending.standing_refusal(idea) is None,
        "can_give_news": idea.is_visible and user.is_authenticated and rules.signs(user, idea) and not is_too_soon,
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
