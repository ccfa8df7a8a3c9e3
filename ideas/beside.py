"""What stands beside an idea on its page: the ideas that it gathers or the one that gathers it, changes proposed, news of its author."""

import datetime as dt
import difflib
import re
from collections import Counter
from collections.abc import Sequence
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
_PIECES = re.compile(r"\s+|\S+")


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
    """Show what a text becomes, word by word: what goes is struck out, what comes is underlined, both said to screen readers."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    marks = {"del": _("retiré"), "ins": _("ajouté")}
    parts: list[SafeString] = []
    for kind, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            parts.append(format_html("{}", "".join(new[new_from:new_to])))
            continue
        for name, pieces in (("del", old[old_from:old_to]), ("ins", new[new_from:new_to])):
            if text := "".join(pieces):
                template = mark_safe(f'<{name}><span class="sr">{{}}\u00a0: </span>{{}}</{name}>')  # noqa: S308 (two names)
                parts.append(format_html(template, marks[name], text))
                if kind == "replace" and name == "del":
                    # So that the word that goes and the one that comes do not read as one.
                    parts.append(SafeString(" "))
    return format_html_join("", "{}", ((part,) for part in parts))
