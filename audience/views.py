"""The page of the audience figures, and the one where one refuses to be counted."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audience import counting, figures
from mulhouse import charts, typography
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

# The French authority lets a refusal be remembered six months.
REMEMBER_SECONDS = 182 * 24 * 3600


@public
@require_safe
@cached_for_visitors(until=figures.next_change)
def figures_page(request: HttpRequest) -> HttpResponse:
    """Show how many pages were read, by day, by month, and which ones."""
    found = figures.read(today=figures.today(at=timezone.now()))
    title = _("Pages lues chaque jour")
    chart = charts.columns(
        key="jours",
        title=title,
        description=_("Le même nombre est dans le tableau qui suit."),
        points=[(f"{on.day}/{on.month}", figures.drawn(views)) for on, views in found.days],
    )
    context = {
        "key_figures": [
            ui.Fact(_("Pages lues"), figures.words(found.total)),
            ui.Fact(_("En moyenne par jour"), figures.words(round(found.total / figures.DAYS))),
            ui.Fact(_("Le jour le plus lu"), figures.words(max(views for _on, views in found.days))),
        ],
        "has_figures": bool(found.total or found.months),
        "chart": chart,
        "days": [(typography.day(on), figures.words(views)) for on, views in reversed(found.days)],
        "months": [(month, figures.words(views)) for month, views in found.months],
        "pages": [(figures.name_of(route), subject, figures.words(views)) for route, subject, views in found.pages],
        "crumbs": [ui.Crumb(_("L’audience du site"))],
    }
    return render(request, "audience/figures.html", context)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest) -> HttpResponse:
    """Say what is counted, and let this browser refuse it, or accept it again; a cookie is set by the button alone."""
    if request.method == "POST":
        response = redirect("audience:refuse")
        if request.POST.get("choix") == "refuser":
            response.set_cookie(
                counting.COOKIE,
                "1",
                max_age=REMEMBER_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        else:
            response.delete_cookie(counting.COOKIE, samesite="Lax")
        return response
    context = {
        "is_refused": request.COOKIES.get(counting.COOKIE) == "1",
        "by_browser": request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1",
        "crumbs": [ui.Crumb(_("L’audience du site"), reverse("audience:figures")), ui.Crumb(_("Refuser"))],
    }
    return render(request, "audience/refuse.html", context)
