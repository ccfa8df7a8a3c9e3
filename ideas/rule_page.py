"""The rule of what is studied, as a page: who comes next and why, what keeps the others, and both on one picture."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import choosing, clocks, realism, scatter
from ideas.models import Idea
from ideas.models.studies import CriterionCode
from ideas.ranking import Candidate
from ideas.scatter import Point
from mulhouse import lists, typography
from mulhouse.templatetags import ui

NEXT_SIZE, OTHERS_SIZE = 20, 20
# On the picture: the first ones of each list, which the page also writes.
NEXT = "suite"
OTHERS = lists.Order("support_total")
LAST_PAGE = 500


@dataclass(frozen=True)
class Line:
    """An idea on the page: its place (0 for one that lacks something), and why in sentences."""

    rank: int
    title: str
    url: str
    counted: int
    needed: int
    realism: int | None
    points: int
    why: list[str]


def rule_context(request: HttpRequest, *, url_of: Callable[[Idea], str]) -> dict[str, Any]:
    """Read a page of the rule; three queries, and one more beyond the first page of those that lack something."""
    number = min(_number(request.GET.get(NEXT, "")), LAST_PAGE)
    start = (number - 1) * NEXT_SIZE
    total = choosing.eligible().order_by().count()
    # One more, to explain a tie at the foot of the page.
    rows = list(_light(choosing.eligible())[start : start + NEXT_SIZE + 1])
    coming = [
        _line(row, url_of(row), rank=start + place, following=after)
        for place, (row, after) in enumerate(zip_longest(rows, rows[1:]), start=1)
    ][:NEXT_SIZE]
    page = lists.read(
        _light(choosing.kept_back()),
        OTHERS,
        size=OTHERS_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: Idea.objects.filter(reference=reference).defer("search").first(),
    )
    others = [_line(row, url_of(row)) for row in page.rows]
    return {
        "coming": coming,
        "others": others,
        "total": ngettext("%(n)s idée peut être étudiée", "%(n)s idées peuvent être étudiées", total)
        % {"n": typography.number(total)},
        "next_pages": ui.pages_of(
            number=number,
            total=max(1, -(-total // NEXT_SIZE)),
            url_of=lambda page_number: f"{request.path}{lists.address(request.GET, **{NEXT: str(page_number)})}",
        ),
        "other_pages": _pages(request, page),
        "picture": _picture(coming, others),
        "weights": [(str(CriterionCode(code).label), weight) for code, weight in realism.WEIGHTS.items()],
        "blocked": realism.BLOCKED_AT_MOST,
        "eligible_days": clocks.ELIGIBLE_DAYS,
    }


def _light(rows: Any) -> Any:
    return rows.only("reference", "title", "counted", "support_total", "realism", "published_at", "campaign")


def _number(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and text.isascii() and len(text) < 8 else 1  # noqa: PLR2004 (digits)


def _line(row: Any, url: str, *, rank: int = 0, following: Any = None) -> Line:
    seen = choosing.candidate(row)
    return Line(
        rank=rank,
        title=row.title,
        url=url,
        counted=seen.counted,
        needed=seen.needed,
        realism=seen.realism,
        points=seen.points,
        why=_why(seen, following) if rank else choosing.lack_words(seen),
    )


def _why(seen: Candidate, following: Any) -> list[str]:
    tie = choosing.tie_words(seen, choosing.candidate(following)) if following is not None else ""
    return [choosing.reason_words(seen), *([tie] if tie else [])]


def _pages(request: HttpRequest, page: lists.Page[Any]) -> ui.Pages:
    number = request.GET.get(NEXT, "")
    keep = {NEXT: number} if number else {}
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1), **keep)
    after = lists.address(request.GET, apres=page.next, page=str(page.number + 1), **keep)
    return ui.Pages(
        previous_url=f"{request.path}{previous}#autres" if page.previous else "",
        next_url=f"{request.path}{after}#autres" if page.next else "",
        words=_("Page %(number)s") % {"number": typography.number(page.number)},
    )


def _picture(coming: list[Line], others: list[Line]) -> SafeString | str:
    read = [line for line in (*coming, *others) if line.realism is not None]
    if not read:
        return ""
    points = [Point(line.title, 100 * line.counted // line.needed, line.realism or 0, line.rank) for line in read]
    return scatter.draw(
        key="nuage",
        title=_("Popularité et réalisme des idées"),
        description=_(
            "De gauche à droite, le réalisme\u00a0; de bas en haut, les soutiens. Les mêmes nombres sont dans les listes."
        ),
        across=_("Réalisme, sur 100"),
        upwards=_("Soutiens, pour 100 demandés"),
        points=points,
    )
