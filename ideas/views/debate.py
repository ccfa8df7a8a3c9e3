"""The debate of an idea: what its page shows of it, filtered, in order, and the forms one may fill there."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from accounts.beside import ProfileForm
from ideas import remarks, rules, setting_aside
from ideas.debate_forms import CommentForm, ReplyForm
from ideas.models import Campaign, Comment, Idea
from ideas.models.campaigns import ModerationMode
from ideas.models.studies import CriterionCode
from mulhouse import charter, lists
from mulhouse.errors import Refusal
from mulhouse.lists import Order
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from mulhouse.typed import Together, new_token

PAGE_SIZE = 20
REPLIES_SHOWN = 3
REPLIES_OPENED = 100
TOKEN = "idea_comment"  # noqa: S105 (the purpose of a token)

RECENT, DISCUSSED = "recent", "debattu"
ORDERS = {RECENT: Order("published_at"), DISCUSSED: Order("reply_count")}
QUESTIONS = "questions"

# What moderation took away leaves its sentence where it stood (charter, article 4.8). What its author withdrew, or what is set
# aside, leaves one only where it was answered.
_LEFT = Q(withdrawn_at__isnull=True) & ~Q(hidden_reason=setting_aside.REASON)
SHOWN = _LEFT | Q(reply_count__gt=0)


@dataclass(frozen=True)
class Typed:
    """The forms of the debate that come back to be corrected, and the comment that the reply answers."""

    comment: CommentForm | None = None
    reply: ReplyForm | None = None
    missing: ProfileForm | None = None
    reply_to: str = ""


NOTHING_TYPED = Typed()


def debate_context(request: HttpRequest, row: Idea, typed: Typed = NOTHING_TYPED) -> dict[str, Any]:
    """Gather the debate of an idea (fetched with its campaign); a refused reply comes back under what it answers.

    Two queries; one more on a page that hangs on a comment, and for the residence of somebody signed in.
    """
    refusal = rules.comment_refusal(request.user, row, at=timezone.now())
    asked = _chosen(request.GET.get("sens", ""))
    sort = request.GET.get("tri", "")
    sort = sort if sort in ORDERS else RECENT
    opened = read_reference(request.GET.get("fil", ""))
    rows = shown_threads(row)
    if asked:
        rows = rows.filter(_said(asked), withdrawn_at__isnull=True, hidden_at__isnull=True)
    page = lists.read(
        rows.select_related("author").defer("body"),
        ORDERS[sort],
        size=PAGE_SIZE,
        at=lists.Place(typed.reply_to, lists.FROM) if typed.reply_to else lists.place(request.GET),
        anchor_of=lambda reference: Comment.objects.threads().filter(idea=row, reference=reference).first(),
    )
    before, after = str(page.number - 1), str(page.number + 1)
    labels = {RECENT: _("Plus récents"), DISCUSSED: _("Plus débattus")}
    return {
        "idea": row,
        "is_fragment": is_fragment(request),
        "threads": _threads(request, row, page.rows, refusal, opened),
        "in_favour": row.for_count,
        "against": row.against_count,
        "stances": _stance_tabs(request, row, asked),
        "sorts": [
            ui.Tab(label, _url(request, row, tri=key if key != RECENT else ""), current=key == sort)
            for key, label in labels.items()
        ],
        "is_filtered": bool(asked),
        "debate_pages": ui.Pages(
            previous_url=_url(request, row, avant=page.previous, page=before) if page.previous else "",
            next_url=_url(request, row, apres=page.next, page=after) if page.next else "",
            words=_("Page %(number)s") % {"number": page.number},
        ),
        **_forms(request, row, refusal, typed),
    }


def is_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for the debate alone, in the place of the one it shows."""
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


def shown_threads(row: Idea) -> QuerySet[Comment]:
    """Read the threads of a debate; one that was withdrawn stays, without its words, where it was answered."""
    return Comment.objects.threads().filter(idea=row).filter(SHOWN)


def _chosen(asked: str) -> str:
    return asked if asked in {*Comment.Stance.values, QUESTIONS} else ""


def _said(asked: str) -> Q:
    return Q(is_question=True) if asked == QUESTIONS else Q(stance=asked, is_question=False)


def _url(request: HttpRequest, row: Idea, **changes: str) -> str:
    return f"{row.get_absolute_url()}{lists.address(request.GET, fil='', repondre='', critere='', **changes)}#debat"


def _stance_tabs(request: HttpRequest, row: Idea, chosen: str) -> list[ui.Tab]:
    choices = (
        ("", _("Tous"), row.comment_count),
        (Comment.Stance.FOR.value, _("Pour"), row.for_count),
        (Comment.Stance.AGAINST.value, _("Contre"), row.against_count),
        (Comment.Stance.NEUTRAL.value, _("Neutres"), None),
        (QUESTIONS, _("Questions à l’auteur"), None),
    )
    return [
        ui.Tab(label, _url(request, row, sens=value), count=count, current=chosen == value)
        for value, label, count in choices
    ]


def _threads(
    request: HttpRequest, row: Idea, threads: list[Comment], refusal: Refusal | None, opened: str
) -> list[remarks.Remark]:
    """Make the threads of a page with the beginning of their replies; one query."""
    replies = _replies(threads, opened)
    reader = remarks.Reader(pk=request.user.pk, can_reply=request.user.is_authenticated and _can_write(refusal))
    writer = remarks.Writer(reader, idea=row, opened=opened)
    return [
        writer.write(thread, [writer.write(reply, [], thread=thread.reference) for reply in replies.get(thread.pk, ())])
        for thread in threads
    ]


def _replies(threads: list[Comment], opened: str) -> dict[int | None, list[Comment]]:
    """Read the first replies of each thread, and all of those of the thread that is opened, up to a limit."""
    parents = [thread.pk for thread in threads]
    if not parents:
        return {}
    rank = Window(RowNumber(), partition_by="parent", order_by=("published_at", "pk"))
    rows = Comment.objects.filter(_LEFT, parent__in=parents).annotate(rank=rank)
    rows = rows.filter(Q(rank__lte=REPLIES_SHOWN) | Q(rank__lte=REPLIES_OPENED, parent__reference=opened))
    found: dict[int | None, list[Comment]] = {}
    for reply in rows.select_related("author").defer("body").order_by("published_at", "pk"):
        found.setdefault(reply.parent_id, []).append(reply)
    return found


def comment_form(request: HttpRequest, row: Idea, data: Any = None) -> CommentForm:
    """Make the form of a comment for this person: no question to oneself, nor to nobody; the criteria once there is a reading."""
    critere = request.GET.get("critere", "")
    return CommentForm(
        data,
        initial={"criterion": critere if critere in CriterionCode.values else ""},
        asks_author=row.author_id is not None and row.author_id != request.user.pk,
        is_read=row.realism is not None,
    )


def missing_form(request: HttpRequest, asks: list[str], data: Any = None) -> ProfileForm:
    """Make the form of what somebody still has to say about themselves."""
    return ProfileForm(data, prefix="profil", asks=asks, user=request.user)


def _can_write(refusal: Refusal | None) -> bool:
    return refusal is None or refusal.code in rules.ASKED_BESIDE


def _forms(request: HttpRequest, row: Idea, refusal: Refusal | None, typed: Typed) -> dict[str, Any]:
    """Gather the forms of the debate, with what the person still has to say about themselves."""
    can_write = _can_write(refusal)
    asks: list[str] = []
    if refusal and can_write:
        asks = rules.missing_profile(request.user, row.campaign, is_named=True, at=timezone.now())
    must_sign_in = refusal is not None and refusal.code == "sign_in"
    reply_to = typed.reply_to or read_reference(request.GET.get("repondre", ""))
    form = typed.comment or comment_form(request, row)
    return {
        "failures": Together(*(each for each in (typed.comment, typed.reply, typed.missing) if each)),
        "can_write": can_write,
        "comment_refusal": "" if can_write or refusal is None or must_sign_in else refusal.message,
        "comment_remedy": "" if can_write or must_sign_in else remedy_url(refusal),
        "comment_sign_in_url": f"{reverse('account_login')}?next={row.get_absolute_url()}" if must_sign_in else "",
        "comment_form": form,
        "criterion_field": form["criterion"] if "criterion" in form.fields else None,
        "question_field": form["is_question"] if "is_question" in form.fields else None,
        "stance_choices": _stance_choices(typed.comment),
        "stance_error": " ".join(str(error) for error in form["stance"].errors) if typed.comment else "",
        "reply_form": typed.reply or ReplyForm(prefix="reponse"),
        "missing_form": typed.missing or missing_form(request, asks),
        "reply_to": reply_to if can_write else "",
        "charter": charter.CURRENT,
        "review_promise": _review_promise(row.campaign),
        "token": new_token(request.user, TOKEN) if request.user.is_authenticated and can_write else "",
    }


def _stance_choices(form: CommentForm | None) -> list[ui.Choice]:
    chosen = form.data.get("stance", "") if form else ""
    icons = {Comment.Stance.FOR: "plus", Comment.Stance.AGAINST: "minus", Comment.Stance.NEUTRAL: "equal"}
    return [ui.Choice(stance.value, stance.label, icons[stance], checked=chosen == stance) for stance in Comment.Stance]


def remedy_url(refusal: Refusal | None) -> str:
    """Give the address where what is missing can be given, "" when nothing can be done there."""
    route = accounts_rules.remedy_route(refusal) if refusal else ""
    return reverse(route) if route else ""


def _review_promise(campaign: Campaign) -> str:
    """Say beside a form that what is written will be read first, and how soon; "" when it is published at once."""
    if campaign.moderation != ModerationMode.PRIOR:
        return ""
    return _("Votre texte paraîtra après relecture, sous %(hours)s\u00a0heures ouvrées.") % {
        "hours": campaign.review_hours
    }
