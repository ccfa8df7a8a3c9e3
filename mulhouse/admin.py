"""The admin site: closed without a second factor, opening on what waits."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from mulhouse import access, work


class PortalAdminSite(AdminSite):
    """Django's admin with our door and our home page."""

    site_header = "Mulhouse participe : espace des agents"
    site_title = "Espace des agents"
    index_title = "À faire"
    index_template = "admin/work.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in staff who signed in with a second factor."""
        return super().has_permission(request) and access.used_second_factor(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what waits, late things first, then the usual list of tables."""
        waiting = work.waiting(request.user, at=timezone.now())
        return super().index(request, {**(extra_context or {}), "work": waiting})
