"""The news that the author of an idea gives."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from ideas import amending as acts
from ideas import signatures
from ideas.gathering_forms import NewsForm
from ideas.models import AuthorNews, Idea
from ideas.views import amending, gathering
from mulhouse import lists, throttle, typed, typography
from mulhouse.access import public, resident
from mulhouse.errors import DomainError, require
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

PAGE_SIZE = 20
SEGMENT = "nouvelle"


def _crumbs(idea: Idea, *last: ui.Crumb) -> list[ui.Crumb]:
    return gathering.crumbs(ui.Crumb(idea.title, idea.get_absolute_url()), *last)


@public
@require_safe
@cached_for_visitors
def news_list(request: HttpRequest, reference: str) -> HttpResponse:
    """List the news of an idea, the newest first."""
    idea = gathering.fetch_idea(request, reference)
    rows = AuthorNews.objects.visible().filter(idea=idea).select_related("author")
    rows = rows.annotate(own_district=signatures.unnamed())
    page = lists.read(
        rows,
        lists.Order("submitted_at"),
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda sign: AuthorNews.objects.filter(idea=idea, reference=sign).first(),
    )
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    context = {
        "idea": idea,
        "lines": [_line(request, idea, row) for row in page.rows],
        "is_waiting": False,
        "pages": ui.Pages(
            previous_url=request.path + previous if previous else "",
            next_url=request.path + following if following else "",
            words=_("Page %(number)s") % {"number": typography.number(page.number)},
        ),
        "crumbs": _crumbs(idea, ui.Crumb(_("Nouvelles de l’auteur"))),
    }
    return render(request, "ideas/news.html", context)


def _line(request: HttpRequest, idea: Idea, row: AuthorNews) -> dict[str, object]:
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    return {
        "row": row,
        # Made by `render_markdown` when it was written.
        "html": mark_safe(row.body_html),  # noqa: S308 (see above)
        "author": signatures.of_news(row),
        "url": reverse("ideas:author_news", args=[idea.reference, row.reference]),
        "withdraw_url": reverse("ideas:author_news_withdraw", args=[idea.reference, row.reference]) if is_own else "",
        "report_url": "" if is_own else reverse("moderation:report", args=[SEGMENT, row.reference]),
    }


def _fetch(request: HttpRequest, reference: str, news_reference: str) -> AuthorNews:
    rows = AuthorNews.objects.select_related("idea__author", "idea__campaign", "author").defer("idea__search")
    rows = rows.annotate(own_district=signatures.unnamed())
    row = get_object_or_404(
        rows,
        idea__in=Idea.objects.visible().filter(reference=read_reference(reference)),
        reference=read_reference(news_reference),
    )
    return row if amending.may_read(request.user, row) else get_object_or_404(AuthorNews, pk=None)


@public
@require_safe
def news(request: HttpRequest, reference: str, news_reference: str) -> HttpResponse:
    """Show a piece of news at its own address; a sentence in its place once it is gone."""
    row = _fetch(request, reference, news_reference)
    if row.released_at is not None and not row.is_visible:
        return render(request, "ideas/amendment_gone.html", amending.stub_context(request, row), status=410)
    context = {
        "idea": row.idea,
        "lines": [_line(request, row.idea, row)],
        "is_waiting": row.is_waiting,
        "pages": ui.Pages(),
        "crumbs": _crumbs(
            row.idea,
            ui.Crumb(_("Nouvelles de l’auteur"), reverse("ideas:author_news_list", args=[row.idea.reference])),
            ui.Crumb(typography.day(row.submitted_at)),
        ),
    }
    return render(request, "ideas/news.html", context)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: UserRequest, reference: str) -> HttpResponse:
    """Give news of one's idea."""
    idea, at = gathering.fetch_idea(request, reference), timezone.now()
    token = request.POST.get("jeton", "")
    known = typed.read_token(token, request.user, "news")
    if former := AuthorNews.objects.filter(idea=idea, author=request.user, reference=known).first():
        # The same form, sent twice.
        return redirect("ideas:author_news", idea.reference, former.reference)
    require(acts.news_refusal(request.user, idea, at=at))
    form = NewsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        try:
            made = acts.give_news(actor=request.user, idea=idea, reference=known, body=form.cleaned_data["body"], at=at)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            if made.is_waiting:
                messages.success(request, _("Vos nouvelles sont déposées. Elles paraîtront après relecture."))
            else:
                messages.success(request, _("Vos nouvelles sont publiées. Ceux qui suivent l’idée les recevront."))
            return redirect("ideas:author_news", idea.reference, made.reference)
    context = {
        "idea": idea,
        "form": form,
        "token": token or typed.new_token(request.user, "news"),
        "days": acts.NEWS_DAYS,
        "crumbs": _crumbs(idea, ui.Crumb(_("Donner des nouvelles"))),
    }
    return render(request, "ideas/news_write.html", context, status=422 if form.is_bound else 200)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: UserRequest, reference: str, news_reference: str) -> HttpResponse:
    """Ask to confirm, then take news back."""
    row = _fetch(request, reference, news_reference)
    require(acts.withdraw_refusal(request.user, row))
    return amending.withdrawn(request, row, "ideas/amend_withdraw.html", _("Vos nouvelles sont retirées."))
