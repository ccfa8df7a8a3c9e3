"""What stands beside an idea on its page: the ideas that it gathers or the one that gathers it, changes proposed, news of its author."""

import datetime as dt
import difflib
import re
from collections import Counter
from collections.abc import Sequence
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
