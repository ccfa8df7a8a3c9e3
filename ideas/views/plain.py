"""The plainest form of the pages that others lead to: their addresses, their access and what they may show."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from ideas import invitations
from ideas.models import Campaign, Idea
from mulhouse.access import public


@public
@require_safe
def idea_list(request: HttpRequest) -> HttpResponse:
    """List the latest ideas."""
    return HttpResponse("\n".join(row.title for row in Idea.objects.visible()[:20]), content_type="text/plain")


@public
@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a campaign."""
    return HttpResponse(get_object_or_404(Campaign.objects.published(), slug=slug).title, content_type="text/plain")


@public
@require_safe
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an idea, and who signs it."""
    row = get_object_or_404(Idea.objects.visible_to(request.user), reference=reference.upper())
    return HttpResponse("\n".join([row.title, *invitations.names_of(row)]), content_type="text/plain")
