"""Reading what residents wrote: the list of a consultation, one contribution and its debate, its files."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts import beside
from accounts import rules as accounts_rules
from city.models import District
from consultations import answers, hiding, presentation, remarks, rules, search, setting_aside, signatures
from consultations.filters import (
    COMMENT_ORDER_LABELS,
    COMMENT_ORDERS,
    ORDERS,
    RECENT,
    UNSEEN,
    ContributionFilter,
)
from consultations.forms import CommentForm, ReplyForm
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Consultation,
    Contribution,
    HeldText,
    Position,
    Section,
    Source,
)
from consultations.views import fetching
from desk.models import Channel
from moderation import clauses
from mulhouse import charter, files, lists, markup, typography
from mulhouse.access import public
from mulhouse.errors import Refusal
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from mulhouse.typed import Together, new_token
from transparency.pages import cached_for_visitors

PAGE_SIZE = 20
REPLIES_SHOWN = 3
REPLIES_OPENED = 100
SOURCE_LENGTH = 90


# What moderation took away leaves its sentence where it stood (charter, article 4.8). What its author withdrew, or what is set
# aside, leaves one only where it was answered.
_LEFT = Q(withdrawn_at__isnull=True) & ~Q(hidden_reason=setting_aside.REASON)
SHOWN = _LEFT | Q(reply_count__gt=0)
# A page of the best answers hangs on its rank, not on a row.
BY_RANK = "rang"

# --- The list ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A page of the list, how many rows the whole list has, and whether words that look alike were accepted."""

    page: lists.Page[Contribution]
    count: int
    is_bounded: bool = False
    is_alike: bool = False


@public
@require_safe
@cached_for_visitors(shared=True)
def contributions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the contributions of a consultation: sorted, filtered, searched."""
    at = timezone.now()
    row = fetching.consultation(request, slug, "sections")
    sections, districts = list(row.sections.all()), list(District.objects.all())
    rows = Contribution.objects.visible().filter(consultation=row)
    asked = ContributionFilter(request.GET, queryset=rows, sections=sections, districts=districts)
    found = _find(request, asked, row)
    _place(found.page.rows, sections, districts)
    words = presentation.Words()
    chosen = _chosen(request, asked)
    is_fragment = request.headers.get("HX-Request") == "true"
    context = {
        "is_fragment": is_fragment,
        "consultation": row,
        "searched": asked.chosen("q"),
        "sort": asked.select("tri"),
        "selects": [asked.select(name) for name in ("partie", "sorte", "quartier")],
        "has_more_filters": any(asked.chosen(name) for name in ("partie", "sorte", "quartier")),
        "rows": [presentation.row(each, words=words, base=request.path) for each in found.page.rows],
        "words": _count_words(found, is_narrowed=bool(chosen)),
        "is_alike": found.is_alike,
        "chosen": chosen,
        "clear_url": request.path,
        "sections": _section_tabs(request, asked, row, sections),
        "pages": _pages(request, found.page),
        "page_number": found.page.number,
        "is_unseen": asked.chosen("tri") == UNSEEN,
        "refusal": rules.writing_refusal(row, at=at),
        "facts": presentation.facts(row),
        "tabs": presentation.tabs(row, current="contributions"),
        "tags": [presentation.open_tag(row, at=at)],
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Contributions")),
        ],
    }
    return render(
        request, "consultations/_contributions.html" if is_fragment else "consultations/contributions.html", context
    )


def _shown(rows: QuerySet[Contribution]) -> QuerySet[Contribution]:
    return rows.select_related("author").defer("search", "body")


def _place(rows: list[Contribution], sections: list[Section], districts: list[District]) -> None:
    """Give each row its section and its district: the page has read all of them for its filters."""
    by_section: dict[int | None, Section] = {section.pk: section for section in sections}
    by_district: dict[int | None, District] = {district.pk: district for district in districts}
    for row in rows:
        row.section = by_section.get(row.section_id)
        row.district = by_district.get(row.district_id)


def _find(request: HttpRequest, asked: ContributionFilter, row: Consultation) -> Found:
    text, sort = asked.chosen("q"), asked.chosen("tri")
    rows = asked.qs
    if not text:
        order = ORDERS[sort or RECENT]
        count, is_bounded = _count(asked, row, rows)
        return Found(_read(request, rows, order), count, is_bounded)
    matching = search.by_words(rows, text)
    if sort:
        count = lists.bounded_count(matching)
        if is_alike := count < search.FEW:
            matching = search.by_likeness(rows, text)
            alike = lists.bounded_count(matching)
            is_alike, count = alike > count, alike
        page = _read(request, matching, ORDERS[sort])
        return Found(page, min(count, lists.COUNT_LIMIT), count > lists.COUNT_LIMIT, is_alike)
    keys = search.ranked(matching, text)
    if is_alike := len(keys) < search.FEW:
        alike_keys = search.ranked(search.by_likeness(rows, text), text)
        is_alike, keys = len(alike_keys) > len(keys), alike_keys
    return Found(_best(request, keys), len(keys), len(keys) == search.RANKED, is_alike)


def _count(asked: ContributionFilter, row: Consultation, rows: QuerySet[Contribution]) -> tuple[int, bool]:
    """Give the stored count where there is one, else count up to a limit."""
    section, narrowed = asked.chosen("partie"), any(asked.chosen(name) for name in ("sorte", "quartier"))
    if not narrowed:
        return (asked.sections[section].contribution_count if section else row.contribution_count), False
    count = lists.bounded_count(rows)
    return min(count, lists.COUNT_LIMIT), count > lists.COUNT_LIMIT


def _read(request: HttpRequest, rows: QuerySet[Contribution], order: lists.Order) -> lists.Page[Contribution]:
    published = Contribution.objects.filter(published_at__isnull=False).defer("search", "body", "body_html")
    return lists.read(
        _shown(rows),
        order,
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: published.filter(reference=reference).first(),
    )


def _best(request: HttpRequest, keys: list[int]) -> lists.Page[Contribution]:
    """Read a page of the best answers: there are RANKED of them at most, so that a rank is enough."""
    number = lists.number(request.GET)
    first = (number - 1) * PAGE_SIZE
    wanted = keys[first : first + PAGE_SIZE]
    found = {row.pk: row for row in _shown(Contribution.objects.filter(pk__in=wanted)).order_by("pk")}
    return lists.Page(
        rows=[found[key] for key in wanted if key in found],
        number=number,
        previous=BY_RANK if number > 1 else "",
        next=BY_RANK if first + PAGE_SIZE < len(keys) else "",
    )


def _pages(request: HttpRequest, page: lists.Page[Contribution]) -> ui.Pages:
    before, after = str(page.number - 1), str(page.number + 1)
    if BY_RANK in {page.previous, page.next}:
        previous_url = lists.address(request.GET, page=before) if page.previous else ""
        next_url = lists.address(request.GET, page=after) if page.next else ""
    else:
        previous_url = lists.address(request.GET, avant=page.previous, page=before) if page.previous else ""
        next_url = lists.address(request.GET, apres=page.next, page=after) if page.next else ""
    return numbered(request.path, page.number, previous_url, next_url)


def numbered(path: str, number: int, previous_url: str, next_url: str) -> ui.Pages:
    """Give the pagination of a list read from row to row; `path` begins the two queries."""
    return ui.Pages(
        previous_url=path + previous_url if previous_url else "",
        next_url=path + next_url if next_url else "",
        words=_("Page %(number)s") % {"number": typography.number(number)},
    )


def _count_words(found: Found, *, is_narrowed: bool) -> str:
    number = typography.number(found.count)
    if found.is_bounded:
        return _("Plus de %(n)s résultats") % {"n": number}
    if is_narrowed:
        return ngettext("%(n)s résultat", "%(n)s résultats", found.count) % {"n": number}
    return ngettext("%(n)s contribution", "%(n)s contributions", found.count) % {"n": number}


def _chosen(request: HttpRequest, asked: ContributionFilter) -> list[ui.ActiveFilter]:
    found = []
    for name in ("q", "partie", "sorte", "quartier"):
        if value := asked.chosen(name):
            label = dict(getattr(asked.form.fields[name], "choices", ())).get(value, f"«\u00a0{value}\u00a0»")
            url = request.path + lists.address(request.GET, **{name: ""})
            found.append(ui.ActiveFilter(f"{asked.form.fields[name].label}\u00a0: {label}", url))
    return found


def _section_tabs(
    request: HttpRequest, asked: ContributionFilter, row: Consultation, sections: list[Section]
) -> list[ui.Tab]:
    """Give the sections as chips with their stored counts; nothing to choose among one."""
    if len(sections) < 2:  # noqa: PLR2004 (a choice needs two)
        return []
    chosen = asked.chosen("partie")
    everything = ui.Tab(_("Toutes"), request.path + lists.address(request.GET, partie=""), current=not chosen)
    return [
        everything,
        *(
            ui.Tab(
                section.title,
                request.path + lists.address(request.GET, partie=rank),
                count=section.contribution_count,
                current=chosen == rank,
            )
            for rank, section in asked.sections.items()
        ),
    ]


# --- One contribution ----------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def contribution(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show a contribution, the positions on it and its debate."""
    row = fetching.contribution(request, slug, reference)
    if row.published_at is None:
        if not request.user.is_authenticated or row.author_id != request.user.pk:
            raise Http404
        if row.submitted_at is not None:
            held = row.held_texts.of(request.user).filter(sort=HeldText.Sort.CONTRIBUTION).order_by("-pk")
            return redirect("consultations:held", get_object_or_404(held[:1]).reference)
        return redirect("consultations:draft", slug, row.reference)
    if row.withdrawn_at is not None or row.hidden_at is not None:
        return render(request, "consultations/withdrawn.html", _withdrawn_context(request, row), status=410)
    return render(request, "consultations/contribution.html", contribution_context(request, row))


def _withdrawn_context(request: HttpRequest, row: Contribution) -> dict[str, Any]:
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    return {
        "contribution": row,
        "consultation": row.consultation,
        "html": presentation.resident_html(row.body_html) if is_own else "",
        "is_own": is_own,
        "stub": "" if row.withdrawn_at else hiding.stub(row.hidden_reason),
        "clause_url": clauses.address(row.hidden_reason),
        "is_set_aside": row.withdrawn_at is None and row.hidden_reason == setting_aside.REASON,
        "crumbs": crumbs(row, _("Contribution retirée")),
    }


def crumbs(row: Contribution, last: str) -> list[ui.Crumb]:
    """Give the way to a page about a contribution."""
    consultation = row.consultation
    return [
        ui.Crumb(_("Consultations"), reverse("consultations:list")),
        ui.Crumb(consultation.title, consultation.get_absolute_url()),
        ui.Crumb(_("Contributions"), reverse("consultations:contributions", args=[consultation.slug])),
        ui.Crumb(last),
    ]


def contribution_context(
    request: HttpRequest,
    row: Contribution,
    *,
    comment_form: CommentForm | None = None,
    reply_form: ReplyForm | None = None,
    profile_form: beside.ProfileForm | None = None,
    reply_to: str = "",
) -> dict[str, Any]:
    """Gather what the page of a contribution shows; the forms are given when they come back with errors."""
    at = timezone.now()
    user = request.user
    refusals = rules.debate_refusals(user, row, at=at)
    versions = list(row.versions.all()) if row.corrected_at else []
    is_own = user.is_authenticated and row.author_id == user.pk
    published = row.published_at or row.saved_at
    context = {
        "failures": Together(*(form for form in (comment_form, reply_form, profile_form) if form)),
        "contribution": row,
        "consultation": row.consultation,
        "html": presentation.resident_html(row.body_html),
        "author": signatures.of_contribution(row),
        "district": presentation.place_of_author(row),
        "published": published,
        "tags": _tags(row),
        "place": presentation.place_words(row),
        "facts": presentation.lived_facts(row),
        "files": [presentation.file(each) for each in row.attachments.visible()]
        if row.channel != Channel.IMPORT
        else [],
        "sources": _sources(row) if row.channel == Channel.IMPORT else [],
        "versions": [(version, presentation.resident_html(version.body_html)) for version in versions],
        "is_own": is_own,
        "report_url": "" if is_own else reverse("moderation:report", args=["contribution", row.reference]),
        "can_edit": is_own and rules.edit_refusal(user, row, at=at) is None,
        "crumbs": crumbs(row, row.reference),
        "fate": answers.fate(getattr(row, "item", None)),
        **positions_context(request, row, refusals.position),
        **_debate_context(request, row, refusals, reply_to),
    }
    return context | _forms_context(request, row, refusals.comment, comment_form, reply_form, profile_form, reply_to)


def _tags(row: Contribution) -> list[ui.Tag]:
    found = [ui.Tag(row.get_kind_display(), "info")]
    if row.section:
        found.append(ui.Tag(ui.in_french(row.section.title), "neutral"))
    return found


def positions_context(request: HttpRequest, row: Contribution, refusal: Refusal | None) -> dict[str, Any]:
    """Gather what the positions show: counts for everybody, one's own choice for oneself."""
    choice = ""
    if request.user.is_authenticated:
        own = Position.objects.filter(contribution=row, resident=request.user).order_by("pk")
        choice = own.values_list("choice", flat=True).first() or ""
    must_sign_in = refusal is not None and refusal.code == "sign_in"
    return {
        "contribution": row,
        "said": "",
        "position": choice,
        "position_words": str(Position.Choice(choice).label) if choice else "",
        "position_refusal": refusal.message if refusal and not must_sign_in else "",
        "position_remedy": remedy_url(refusal),
        "position_url": reverse("consultations:position", args=[row.consultation.slug, row.reference]),
        "sign_in_url": sign_in_url(row) if must_sign_in else "",
    }


def sign_in_url(row: Contribution) -> str:
    """Give the sign-in page that leads back to a contribution."""
    return f"{reverse('account_login')}?next={row.get_absolute_url()}"


def remedy_url(refusal: Refusal | None) -> str:
    """Give the address where what is missing can be given, "" when nothing can be done there."""
    route = accounts_rules.remedy_route(refusal) if refusal and refusal.code != "sign_in" else ""
    return reverse(route) if route else ""


def _debate_context(
    request: HttpRequest, row: Contribution, refusals: rules.DebateRefusals, reply_to: str
) -> dict[str, Any]:
    """Gather the debate; a reply that was refused comes back under what it answers, however old that is."""
    stance = request.GET.get("sens", "")
    stance = stance if stance in Comment.Stance.values else ""
    sort = request.GET.get("tri", "")
    sort = sort if sort in COMMENT_ORDERS else RECENT
    rows = Comment.objects.threads().filter(contribution=row).filter(SHOWN)
    if stance:
        rows = rows.filter(stance=stance, withdrawn_at__isnull=True, hidden_at__isnull=True)
    opened = read_reference(request.GET.get("fil", ""))
    page = lists.read(
        rows.select_related("author").defer("body"),
        COMMENT_ORDERS[sort],
        size=PAGE_SIZE,
        at=lists.Place(reply_to, lists.FROM) if reply_to else lists.place(request.GET),
        anchor_of=lambda reference: Comment.objects.threads().filter(contribution=row, reference=reference).first(),
    )
    before, after = str(page.number - 1), str(page.number + 1)
    return {
        "threads": _threads(request, row, page.rows, refusals, opened),
        "in_favour": row.for_count,
        "against": row.against_count,
        "stances": _stance_tabs(request, row, stance),
        "sorts": [
            ui.Tab(label, _debate_url(request, row, tri=key if key != RECENT else ""), current=key == sort)
            for key, label in COMMENT_ORDER_LABELS.items()
        ],
        "is_filtered": bool(stance),
        "debate_pages": _debate_pages(request, row, page, before, after),
        "debate_page_number": page.number,
    }


def _shown_threads(row: Contribution) -> QuerySet[Comment]:
    """Read the threads of a debate; one that was withdrawn stays, without its words, where it was answered."""
    threads = Comment.objects.threads().filter(contribution=row)
    return threads.filter(SHOWN)


def _debate_url(request: HttpRequest, row: Contribution, **changes: str) -> str:
    return f"{row.get_absolute_url()}{lists.address(request.GET, fil='', repondre='', **changes)}#debat"


def _debate_pages(
    request: HttpRequest, row: Contribution, page: lists.Page[Comment], before: str, after: str
) -> ui.Pages:
    return ui.Pages(
        previous_url=_debate_url(request, row, avant=page.previous, page=before) if page.previous else "",
        next_url=_debate_url(request, row, apres=page.next, page=after) if page.next else "",
        words=_("Page %(number)s") % {"number": page.number},
    )


def _stance_tabs(request: HttpRequest, row: Contribution, chosen: str) -> list[ui.Tab]:
    choices = (
        ("", _("Tous"), row.comment_count),
        (Comment.Stance.FOR.value, _("Pour"), row.for_count),
        (Comment.Stance.AGAINST.value, _("Contre"), row.against_count),
        (Comment.Stance.NEUTRAL.value, _("Neutres"), None),
    )
    return [
        ui.Tab(label, _debate_url(request, row, sens=value), count=count, current=chosen == value)
        for value, label, count in choices
    ]


def _threads(
    request: HttpRequest, row: Contribution, threads: list[Comment], refusals: rules.DebateRefusals, opened: str
) -> list[remarks.Remark]:
    """Make the threads of a page with the beginning of their replies.

    Two queries, one more for somebody signed in, one more when there are proposals.
    """
    replies = _replies(threads, opened)
    shown = [*threads, *(reply for group in replies.values() for reply in group)]
    reader = _reader(request, shown, refusals) if request.user.is_authenticated else remarks.Reader()
    decided = answers.of_comments([comment.pk for comment in shown if comment.is_proposal])
    writer = remarks.Writer(reader, base=row.get_absolute_url(), opened=opened, decided=decided)
    return [
        writer.write(thread, [writer.write(reply, [], thread=thread.reference) for reply in replies.get(thread.pk, ())])
        for thread in threads
    ]


def _reader(request: HttpRequest, shown: list[Comment], refusals: rules.DebateRefusals) -> remarks.Reader:
    user = request.user
    own = CommentSupport.objects.filter(resident_id=user.pk, comment__in=[comment.pk for comment in shown])
    return remarks.Reader(
        pk=user.pk,
        supported=frozenset(own.order_by("pk").values_list("comment_id", flat=True)) if shown else frozenset(),
        can_support=refusals.support is None,
        can_reply=refusals.comment is None or refusals.comment.code in rules.ASKED_BESIDE,
        token=get_token(request),
    )


def _replies(threads: list[Comment], opened: str) -> dict[int | None, list[Comment]]:
    """Read the first replies of each thread, and all of those of the thread that is opened, up to a limit."""
    parents = [thread.pk for thread in threads]
    if not parents:
        return {}
    rank = Window(RowNumber(), partition_by=F("parent"), order_by=("published_at", "pk"))
    rows = Comment.objects.filter(_LEFT, parent__in=parents).annotate(rank=rank)
    rows = rows.filter(Q(rank__lte=REPLIES_SHOWN) | Q(rank__lte=REPLIES_OPENED, parent__reference=opened))
    found: dict[int | None, list[Comment]] = {}
    for reply in rows.select_related("author").defer("body").order_by("published_at", "pk"):
        found.setdefault(reply.parent_id, []).append(reply)
    return found


def _stance_choices(form: CommentForm | None) -> list[ui.Choice]:
    chosen = form.data.get("stance", "") if form else ""
    icons = {Comment.Stance.FOR: "plus", Comment.Stance.AGAINST: "minus", Comment.Stance.NEUTRAL: "equal"}
    return [ui.Choice(stance.value, stance.label, icons[stance], checked=chosen == stance) for stance in Comment.Stance]


def _sources(row: Contribution) -> list[tuple[Source, str]]:
    """Give the references of an imported contribution, each with how its text begins: twenty whole ones outweigh the page."""
    return [
        (source, presentation.shortened(markup.to_text(source.body_html), SOURCE_LENGTH))
        for source in row.sources.all()
    ]


def _forms_context(
    request: HttpRequest,
    row: Contribution,
    refusal: Refusal | None,
    comment_form: CommentForm | None,
    reply_form: ReplyForm | None,
    profile_form: beside.ProfileForm | None,
    reply_to: str,
) -> dict[str, Any]:
    """Gather the forms of the debate, with what the person still has to say about themselves."""
    can_write = refusal is None or refusal.code in rules.ASKED_BESIDE
    asks: list[str] = []
    if refusal and can_write:
        asks = rules.missing_profile(request.user, row.consultation, is_named=True, at=timezone.now())
    reply_to = reply_to or read_reference(request.GET.get("repondre", ""))
    user = request.user
    return {
        "can_write": can_write,
        "comment_refusal": "" if can_write or refusal is None or refusal.code == "sign_in" else refusal.message,
        "comment_remedy": "" if can_write else remedy_url(refusal),
        "comment_sign_in_url": sign_in_url(row) if refusal and refusal.code == "sign_in" else "",
        "comment_form": comment_form or CommentForm(),
        "stance_choices": _stance_choices(comment_form),
        "stance_error": " ".join(str(error) for error in comment_form["stance"].errors) if comment_form else "",
        "reply_form": reply_form or ReplyForm(prefix="reponse"),
        "profile_form": profile_form or beside.ProfileForm(prefix="profil", asks=asks, user=user),
        "asks": asks,
        "reply_to": reply_to if can_write else "",
        "charter": charter.CURRENT,
        "review_promise": presentation.review_promise(row.consultation),
        "token": new_token(user, "comment") if user.is_authenticated and can_write else "",
    }


@public
@require_safe
def comment_link(request: HttpRequest, slug: str, reference: str, comment_reference: str) -> HttpResponse:
    """Lead from the stable address of a comment to the page of the debate where it stands."""
    comment = fetching.comment(request, slug, reference, comment_reference)
    thread = comment.parent or comment
    home = comment.contribution.get_absolute_url()
    if comment.hidden_at and not comment.withdrawn_at:
        return _hidden_comment(request, comment)
    if comment.withdrawn_at and not comment.reply_count:
        return redirect(f"{home}#debat")
    threads = _shown_threads(comment.contribution)
    # The newest threads stand on the plain page; the others on a page that begins with them.
    is_first = not COMMENT_ORDERS[RECENT].beyond(threads, thread, backwards=True).exists()
    query = "?" if is_first else f"?{lists.FROM}={thread.reference}&"
    if "repondre" in request.GET:
        return redirect(f"{home}{query}repondre={thread.reference}#repondre")
    if comment.parent_id or remarks.is_long(comment):
        query += f"fil={thread.reference}"
    return redirect(f"{home}{query.rstrip('?&')}#commentaire-{comment.reference}")


def _hidden_comment(request: HttpRequest, comment: Comment) -> HttpResponse:
    """Answer at the address of a comment that moderation took away: the clause, and nothing of the text but to its author."""
    row = comment.contribution
    is_own = request.user.is_authenticated and comment.author_id == request.user.pk
    context = {
        "contribution": row,
        "consultation": row.consultation,
        "comment": comment,
        "html": presentation.resident_html(comment.body_html) if is_own else "",
        "is_own": is_own,
        "stub": hiding.stub(comment.hidden_reason, is_comment=True),
        "clause_url": clauses.address(comment.hidden_reason),
        "is_set_aside": comment.hidden_reason == setting_aside.REASON,
        "crumbs": crumbs(row, _("Commentaire retiré")),
    }
    return render(request, "consultations/hidden_comment.html", context, status=410)


@public
@require_safe
def attachment(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Send a file joined to a contribution, to those who may read the contribution; asked anew each time."""
    item = get_object_or_404(
        Attachment.objects.select_related("contribution"),
        key=key,
        contribution__in=Contribution.objects.visible_to(request.user).filter(
            consultation__in=Consultation.objects.visible_to(request.user)
        ),
    )
    if item.hidden_at is not None and (request.user.is_anonymous or item.contribution.author_id != request.user.pk):
        raise Http404
    # A file never changes: a browser that has it is told so, after the question of who may read it.
    etag = f'"{item.key}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    if item.kind == Attachment.Kind.PHOTO:
        response = files.shown(item.file, content_type=item.content_type)
        response["ETag"] = etag
        return response
    return files.downloaded(item.file, name=item.name, content_type=item.content_type)
