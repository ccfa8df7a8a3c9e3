"""Supporting and following an idea: small gestures, each a form that works without script."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import beside
from accounts.http import UserRequest
from ideas import actions, presentation, rules, supporting, thresholds
from ideas.views import fetching, reading
from mulhouse import throttle
from mulhouse.access import resident
from mulhouse.errors import RefusedError
from mulhouse.templatetags import ui
from mulhouse.typography import local_day

# Which fragment the form of htmx takes back: the card of a list, else the block of the page of an idea.
VIEW, CARD = "vue", "carte"
PREFIX = "profil"


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def support(request: UserRequest, reference: str) -> HttpResponse:
    """Support an idea. A GET shows the form alone: for who comes from the sign-in page, or has something to say first."""
    row, at = fetching.idea(request, reference, whole=True), timezone.now()
    refusal = rules.support_refusal(request.user, row, at=at)
    asks: list[str] = []
    if refusal is not None and refusal.code in rules.ASKED_BESIDE:
        asks = rules.missing_profile(request.user, row.campaign, is_named=False, at=at)
    if request.method != "POST":
        if row.is_supported or (refusal is not None and not asks):
            return redirect(_block(row))
        return _show(request, row, beside.ProfileForm(prefix=PREFIX, asks=asks, user=request.user))
    form = beside.ProfileForm(request.POST, prefix=PREFIX, asks=asks, user=request.user)
    if asks and not form.is_valid():
        if _is_htmx(request):
            return _fragment(request, row, at=at)
        is_asked = any(name.startswith(f"{PREFIX}-") for name in request.POST)
        return _show(request, row, form, status=422) if is_asked else redirect("ideas:support", row.reference)
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    if asks:
        beside.complete(request.user, form, at=at)
    try:
        supporting.support(actor=request.user, idea=row, at=at, follow=request.POST.get("suivre") == "oui")
    except RefusedError:
        return _unless_htmx(request, row, at=at)
    return _done(request, row, _("Votre soutien est compté."), at=at)


@resident
@require_POST
def withdraw_support(request: UserRequest, reference: str) -> HttpResponse:
    """Take one's support back."""
    row, at = fetching.idea(request, reference), timezone.now()
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    try:
        supporting.withdraw_support(actor=request.user, idea=row, at=at)
    except RefusedError:
        return _unless_htmx(request, row, at=at)
    return _done(request, row, _("Votre soutien est retiré."), at=at)


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _block(row: Any) -> str:
    return f"{row.get_absolute_url()}#soutenir"


def _show(request: UserRequest, row: Any, form: beside.ProfileForm, *, status: int = 200) -> HttpResponse:
    context = {
        "idea": row,
        "form": form,
        "progress": presentation.progress(row, thresholds.read(row.goals)),
        "is_followed": row.is_followed,
        "crumbs": reading.crumbs(ui.Crumb(row.title, row.get_absolute_url()), ui.Crumb(_("Soutenir"))),
    }
    return render(request, "ideas/support.html", context, status=status)


def _unless_htmx(request: UserRequest, row: Any, *, at: dt.datetime) -> HttpResponse:
    """Say why not in the place of the button, or let the refusal have its page: called while it is handled."""
    if not _is_htmx(request):
        raise  # noqa: PLE0704 (the refusal that is being handled)
    return _fragment(request, row, at=at)


def _done(request: UserRequest, row: Any, said: str, *, at: dt.datetime) -> HttpResponse:
    if _is_htmx(request):
        return _fragment(request, row, at=at, said=said)
    messages.success(request, said)
    return redirect(_block(row))


def _fragment(request: UserRequest, row: Any, *, at: dt.datetime, said: str = "") -> HttpResponse:
    """Send back what the gesture changed, as it is now."""
    row = fetching.idea(request, row.reference, whole=True)
    context = reading.support_context(request, row, at=at)
    context["said"] = said or context["support_refusal"]
    if request.POST.get(VIEW) != CARD:
        return render(request, "ideas/_support.html", context)
    gesture = "supported" if row.is_supported else "ask" if context["asks_first"] else "support"
    words = presentation.Words(today=local_day(at))
    card = presentation.card(row, words=words, goals=thresholds.read(row.goals), gesture=gesture)
    card = replace(card, refusal=context["support_refusal"], remedy_url=context["support_remedy"])
    return render(request, "ideas/_gestured.html", {**context, "card": card})


@resident
@require_POST
def follow(request: UserRequest, reference: str) -> HttpResponse:
    """Follow what becomes of an idea by e-mail, or stop."""
    row = fetching.idea(request, reference)
    if request.POST.get("suivre") == "non":
        actions.unfollow(actor=request.user, idea=row)
        messages.success(request, _("Vous ne recevrez plus de courriels sur cette idée."))
    else:
        actions.follow(actor=request.user, idea=row)
        messages.success(request, _("Vous recevrez un courriel à chaque étape de cette idée."))
    return redirect(row)
