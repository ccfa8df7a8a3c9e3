"""Stopping the mails of a topic: from the link of a mail, without signing in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mulhouse.access import public
from notifications import actions, subscriptions, topics


# The signature of the link is the right to act: mail programs post it in one click, without cookie nor token (RFC 8058).
@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask to confirm (mail scanners open links), then stop the mails."""
    link = subscriptions.read_token(token)
    if link is None:
        raise Http404
    if request.method == "POST":
        actions.unsubscribe(link=link)
    context = {"topic": topics.describe(link.topic), "done": request.method == "POST"}
    return render(request, "notifications/unsubscribe.html", context)
