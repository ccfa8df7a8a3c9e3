"""The admin site: closed without a second factor, opening on what waits, in the site's design."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from mulhouse import access, work
from mulhouse.staff import NOT_YOURS, StaffAdmin


class PortalAdminSite(AdminSite):
    """Django's admin with our door and our home page."""

    site_header = "Espace des agents"
    site_title = "Espace des agents · Mulhouse participe"
    index_title = "À faire"
    index_template = "admin/work.html"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take a table in; those that packages bring would show raw rows to edit, and stay out."""
        if admin_class is not None and admin_class.__module__.partition(".")[0] in {"allauth", "django"}:
            return
        super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in staff who signed in with a second factor."""
        return super().has_permission(request) and access.used_second_factor(request)

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one sign-in page of the site, or to the second factor, and back.

        Raises: PermissionDenied for a person who holds no role.
        """
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
            wanted = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("account_login"))
        if not super().has_permission(request):
            raise PermissionDenied(NOT_YOURS)
        if not access.used_second_factor(request):
            messages.warning(request, "Votre rôle demande un deuxième facteur. Activez-le, ou reconnectez-vous.")
            return redirect("accounts:second_factor")
        return redirect(wanted)

    def logout(  # type: ignore[override] # Django draws a page of its own here
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the one sign-out page of the site."""
        return redirect("account_logout")

    def password_change(  # type: ignore[override] # Django draws a page of its own here
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the one page of the site where a password changes."""
        return redirect("account_change_password")

    def password_change_done(  # type: ignore[override] # Django draws a page of its own here
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead back to the home page."""
        return redirect("admin:index")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the menu of the staff space."""
        return {**super().each_context(request), "staff_entries": self.entries(request)}

    def entries(self, request: HttpRequest) -> list[dict[str, str]]:
        """Give the entries of the menu that this person may open: label, url, and current ("page", "true" or "")."""
        home = reverse("admin:index")
        found = [(0, "À faire", home)]
        for table in self._registry.values():
            if isinstance(table, StaffAdmin) and table.navigation and table.has_view_permission(request):
                url = reverse(f"admin:{table.opts.app_label}_{table.opts.model_name}_changelist")
                found.append((table.navigation_rank, table.navigation, url))
        return [
            {"label": label, "url": url, "current": _current(request.path, url, home)}
            for _, label, url in sorted(found)
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what waits, late things first, then the list of tables."""
        now = timezone.now()
        waiting = work.waiting(request.user, at=now)
        late = sum(item.late for item in waiting)
        context = {"work": waiting, "services": work.by_service(waiting), "late": late, "now": now}
        return super().index(request, {**(extra_context or {}), **context})


def _current(path: str, url: str, home: str) -> str:
    if path == url:
        return "page"
    return "true" if url != home and path.startswith(url) else ""
