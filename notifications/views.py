"""What one was told, what one follows, how often; stopping the mails from their links; what the mail provider reports."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from city.models import District, Theme
from mulhouse import lists, typography
from mulhouse.access import public, resident
from mulhouse.templatetags import ui
from notifications import (
    actions,
    addresses,
    forms,
    frequencies,
    kinds,
    reading,
    subscriptions,
    topics,
    tracking,
    unread,
)

OWN_SPACE = "accounts:home"


def _crumbs(*last: ui.Crumb) -> list[ui.Crumb]:
    return [ui.Crumb(_("Mon espace"), reverse(OWN_SPACE)), *last]


# --- What one was told -----------------------------------------------------------------------------------------------


@resident
@require_safe
def centre(request: HttpRequest) -> HttpResponse:
    """Show what one was told, day by day; reading the page marks nothing."""
    page = reading.page(request.user, request.GET)
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    context = {
        "days": reading.days(page.rows),
        "unread": getattr(request.user, "unread_notifications", 0),
        "unread_words": unread.words(getattr(request.user, "unread_notifications", 0)),
        "refusal": addresses.refusal_of(request.user),
        "pages": ui.Pages(
            previous_url=request.path + previous if previous else "",
            next_url=request.path + following if following else "",
            words=_("Page %(number)s") % {"number": typography.number(page.number)},
        ),
        "crumbs": _crumbs(ui.Crumb(_("Mes notifications"))),
    }
    return render(request, "notifications/centre.html", context)


@resident
@require_POST
def read(request: HttpRequest, key: str) -> HttpResponse:
    """Mark one notification as read, and stay where one was."""
    row = get_object_or_404(reading.own(request.user), pk=key)
    actions.mark_read(notification=row, at=timezone.now())
    return redirect(_back(request, reverse("notifications:centre")))


@resident
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    number = actions.mark_all_read(user=request.user, at=timezone.now())  # type: ignore[arg-type]
    if number:
        words = ngettext("%(n)s notification marquée comme lue.", "%(n)s notifications marquées comme lues.", number)
        messages.success(request, words % {"n": typography.number(number)})
    return redirect("notifications:centre")


@resident
@require_POST
def address_works(request: HttpRequest) -> HttpResponse:
    """Write again to an address that refused mails."""
    if actions.try_again(user=request.user):
        messages.success(request, _("Nous vous écrirons de nouveau à cette adresse."))
    return redirect("notifications:centre")


# --- How often -------------------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Choose how often one is written to, kind by kind."""
    user: Any = request.user
    form = forms.FrequencyForm(request.POST or None, now=frequencies.of_person(user.pk))
    if request.method == "POST" and form.is_valid():
        actions.choose(user=user, wanted=form.wanted())
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect("notifications:preferences")
    context = {
        "form": form,
        "limit": frequencies.WEEKLY_LIMIT,
        "crumbs": _crumbs(
            ui.Crumb(_("Mes notifications"), reverse("notifications:centre")), ui.Crumb(_("Fréquence des courriels"))
        ),
    }
    return render(request, "notifications/preferences.html", context, status=422 if form.errors else 200)


# --- What one follows ------------------------------------------------------------------------------------------------


@resident
@require_safe
def followed(request: HttpRequest) -> HttpResponse:
    """Show everything one follows, and what else may be followed."""
    user: Any = request.user
    mine = subscriptions.topics_of(user)
    names = topics.named(mine)
    wanted = frequencies.of_person(user.pk)
    asked = request.GET.get("sujet", "")
    context = {
        "asked": asked,
        "proposed": topics.describe(asked) if topics.is_open(asked) else None,
        "is_followed": asked in mine,
        "followed": [(topic, names.get(topic)) for topic in mine],
        "own": [(kind, wanted[kind.code].label) for kind in kinds.chosen() if kind.is_own],
        "sorts": [
            (_("Suivre un thème"), "theme", _left("theme", Theme.objects.all(), mine)),
            (_("Suivre un quartier"), "quartier", _left("district", District.objects.all(), mine)),
        ],
        "crumbs": _crumbs(ui.Crumb(_("Mes abonnements"))),
    }
    return render(request, "notifications/followed.html", context)


def _left(sort: str, rows: Any, mine: list[str]) -> list[tuple[str, str, bool]]:
    """List what is not followed yet, as the options of a list."""
    return [(f"{sort}:{row.slug}", row.name, False) for row in rows if f"{sort}:{row.slug}" not in mine]


@resident
@require_POST
def follow(request: HttpRequest) -> HttpResponse:
    """Follow a theme or a district, or stop following anything."""
    user: Any = request.user
    topic = request.POST.get("sujet", "")
    named = topics.describe(topic)
    if request.POST.get("suivre") == "non":
        actions.unfollow(user=user, topic=topic)
        messages.success(
            request,
            _("Vous ne suivez plus «\u00a0%(title)s\u00a0».") % {"title": named.title}
            if named
            else _("Vous ne suivez plus ce sujet."),
        )
    else:
        # What has a page of its own is followed from there, where its rule is asked.
        if named is None or not topics.is_open(topic):
            raise Http404
        actions.follow(user=user, topic=topic)
        messages.success(request, _("Vous suivez «\u00a0%(title)s\u00a0».") % {"title": named.title})
    return redirect(_back(request, reverse("notifications:followed")))


def _back(request: HttpRequest, default: str) -> str:
    """Read where to go back to, on this site only."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default


# --- Without signing in ----------------------------------------------------------------------------------------------


# The signature of the link is the right to act: mail programs post it in one click, without cookie nor token (RFC 8058).
@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask to confirm (mail scanners open links), then stop the mails; a link that was cut says where to go instead."""
    link = subscriptions.read_token(token)
    if link is None:
        lost = {"is_lost": True, "is_kind": False, "topic": None, "done": False}
        return render(request, "notifications/unsubscribe.html", lost, status=404)
    if request.method == "POST":
        actions.unsubscribe(link=link)
    context = {
        "is_lost": False,
        "is_kind": link.topic.startswith(subscriptions.KIND),
        "topic": _named(link.topic),
        "done": request.method == "POST",
    }
    return render(request, "notifications/unsubscribe.html", context)


def _named(topic: str) -> topics.Topic | None:
    """Name what a link stops: what is followed, or a kind of mail."""
    if not topic.startswith(subscriptions.KIND):
        return topics.describe(topic)
    try:
        kind = kinds.find(topic.removeprefix(subscriptions.KIND))
    except kinds.UnknownKindError:
        return None
    return topics.Topic(str(kind.label), reverse("notifications:preferences"))


# The provider is no browser: it proves itself by the name and the password of its address.
@csrf_exempt
@public
def provider_report(request: HttpRequest) -> HttpResponseBase:
    """Receive what the mail provider reports; not found where none is named."""
    provider = tracking.PROVIDERS.get(settings.EMAIL_PROVIDER)
    if provider is None:
        raise Http404
    response: HttpResponseBase = provider.view.as_view()(request)
    return response
