"""The public register, and the reporting of accessibility faults."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mulhouse import syndication, throttle, typography
from mulhouse.access import public, staff
from mulhouse.templatetags import ui
from transparency import actions, algorithms, deadlines, exports, feeds, promising, register, rules, verification
from transparency.filters import RegisterFilter
from transparency.forms import FaultForm
from transparency.models import FAULT_PROMISE, AccessibilityFault, RegisterLine
from transparency.pages import cached_for_visitors

PAGE_SIZE = 50
# Beyond this a filtered list says « plus de 1 000 » rather than count for ever.
COUNT_LIMIT = 1000
FAULTS_SHOWN = 20
BEFORE, AFTER = "avant", "apres"


def _in_a_minute(at: datetime) -> datetime:
    return at + timedelta(minutes=1)


def _register_crumb() -> ui.Crumb:
    return ui.Crumb(_("Le registre public"), reverse("transparency:register"))


# --- The register ------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def show_register(request: HttpRequest) -> HttpResponse:
    """List the lines, newest first; each page starts at a number, so it costs the same wherever it is."""
    asked = RegisterFilter(request.GET, queryset=RegisterLine.objects.all())
    found = asked.qs
    last = RegisterLine.objects.order_by("-number").first()
    lines, newer, older = _page_of(found, request)
    is_filtered = asked.form.is_valid() and any(asked.form.cleaned_data.values())
    context = {
        "asked": asked,
        "lines": [(line, register.label(line.act), register.ROLES.get(line.role, line.role)) for line in lines],
        "last": last,
        "count": found.order_by()[: COUNT_LIMIT + 1].count() if is_filtered else last.number if last else 0,
        "count_limit": COUNT_LIMIT if is_filtered else None,
        "is_filtered": is_filtered,
        "newer_url": _address(request, **{AFTER: str(newer)}) if newer else "",
        "older_url": _address(request, **{BEFORE: str(older)}) if older else "",
        "crumbs": [ui.Crumb(_("Le registre public"))],
    }
    return render(request, "transparency/register.html", context)


def _page_of(found: Any, request: HttpRequest) -> tuple[list[RegisterLine], int, int]:
    """Read a page of lines, and the numbers from which the newer and the older pages start (0 where there is none)."""
    before, after = _number(request, BEFORE), _number(request, AFTER)
    if after:
        rows = list(found.filter(number__gt=after).order_by("number")[: PAGE_SIZE + 1])
        lines, more = rows[:PAGE_SIZE][::-1], len(rows) > PAGE_SIZE
        return lines, lines[0].number if more else 0, lines[-1].number if lines else 0
    rows = list((found.filter(number__lt=before) if before else found).order_by("-number")[: PAGE_SIZE + 1])
    lines, more = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE
    return lines, lines[0].number if before and lines else 0, lines[-1].number if more else 0


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0  # noqa: PLR2004 (a bigint holds it)


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name in (BEFORE, AFTER):
        query.pop(name, None)
    query.update(changes)
    return f"{request.path}?{query.urlencode()}"


@public
@require_safe
@cached_for_visitors
def feed(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the feed of the last lines."""
    return syndication.response(kind, feeds.lines)


@public
@require_safe
@cached_for_visitors
def show_line(request: HttpRequest, number: int) -> HttpResponse:
    """Show a line at its permanent address: its facts, the text that was sealed, and how to recompute the seal."""
    line = get_object_or_404(RegisterLine, number=number)
    return render(request, "transparency/line.html", _line_context(request, line))


def _line_context(request: HttpRequest, line: RegisterLine) -> dict[str, Any]:
    facts = json.loads(line.content)["faits"]
    return {
        "line": line,
        "title": _("Ligne n°\u00a0%(number)s") % {"number": typography.number(line.number)},
        "label": register.label(line.act),
        "role": register.ROLES.get(line.role, line.role),
        "facts": [ui.Fact(name.replace("_", " ").capitalize(), _shown(value)) for name, value in facts.items()],
        "has_next": RegisterLine.objects.filter(number=line.number + 1).exists(),
        "can_reveal": rules.reveal_refusal(request.user, at=timezone.now()) is None,
        "crumbs": [_register_crumb(), ui.Crumb(typography.number(line.number))],
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@staff("transparency.view_lineactor")
@require_POST
def reveal_actor(request: HttpRequest, number: int) -> HttpResponse:
    """Show who stood behind a line, to those in charge; it leaves a line of its own."""
    line = get_object_or_404(RegisterLine, number=number)
    person = actions.reveal_actor(actor=request.user, line=line, at=timezone.now())
    return render(request, "transparency/line_actor.html", {**_line_context(request, line), "person": person})


@public
@require_safe
@cached_for_visitors(until=_in_a_minute)
def verify(request: HttpRequest) -> HttpResponse:
    """Read the register again, now (at most once a minute for all visitors), and say what was found."""
    at = timezone.now()
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    verdict = verification.verify_recent()
    numbers = {verdict.start.number + 1, verdict.head.number}
    ends = {line.number: line for line in RegisterLine.objects.filter(number__in=numbers).order_by("number")}
    context = {
        "verdict": verdict,
        "at": at,
        "first": ends.get(verdict.start.number + 1),
        "last": ends.get(verdict.head.number),
        "is_whole": verdict.start.number == 0,
        "explanation": verification.explain(verdict.reason) if verdict.reason else "",
        "whole_check": verification.last_whole_check(),
        "crumbs": [_register_crumb(), ui.Crumb(_("Vérifier"))],
    }
    return render(request, "transparency/verify.html", context)


@public
@require_safe
@cached_for_visitors
def method_list(request: HttpRequest) -> HttpResponse:
    """List how this site computes what it shows: each document that describes it."""
    documents = [(title, reverse("transparency:method_page", args=[name])) for name, title in algorithms.names()]
    return render(
        request, "transparency/methods.html", {"documents": documents, "crumbs": [ui.Crumb(_("Les méthodes"))]}
    )


@public
@require_safe
@cached_for_visitors
def method_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of them."""
    if name not in dict(algorithms.names()):
        raise Http404
    title, text = algorithms.page(name)
    crumbs = [ui.Crumb(_("Les méthodes"), reverse("transparency:methods")), ui.Crumb(title)]
    context = {"title": title, "page_title": title, "text": text, "crumbs": crumbs}
    return render(request, "transparency/method.html", context)


@public
@require_safe
@cached_for_visitors
def method(request: HttpRequest) -> HttpResponse:
    """Say how the register is made, and how to check it at home."""
    title, text = algorithms.page("registre")
    crumbs = [_register_crumb(), ui.Crumb(_("La méthode"))]
    context = {"title": title, "page_title": _("La méthode du registre"), "text": text, "crumbs": crumbs}
    return render(request, "transparency/method.html", context)


@public
@require_safe
def export(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Send the whole register, streamed."""
    if extension not in exports.FORMATS:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    rows = exports.as_csv() if extension == "csv" else exports.as_json_lines()
    response = StreamingHttpResponse(rows, content_type=exports.FORMATS[extension])
    name = f"registre-{timezone.localdate().isoformat()}.{extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- Accessibility faults ----------------------------------------------------------------------------------------


@public
@require_http_methods(["GET", "HEAD", "POST"])
def report_fault(request: HttpRequest) -> HttpResponse:
    """Take in an accessibility fault from anybody, with or without an address, and say until when it is answered."""
    at = timezone.now()
    form = FaultForm(request.POST or None, initial={"page": request.GET.get("page", "")[:300]})
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.REPORTING, throttle.client_ip(request))
        fault = actions.report_fault(
            page=form.cleaned_data["page"],
            description=form.cleaned_data["description"],
            email=form.cleaned_data["email"],
            language=(get_language() or "fr")[:2],
            at=at,
        )
        return redirect("transparency:fault", reference=fault.reference)
    faults = AccessibilityFault.objects.all()
    context = {
        "form": form,
        "days": deadlines.ACCESSIBILITY_ANSWER_DAYS,
        "received": faults.count(),
        "answered_in_time": faults.answered_in_time().count(),
        "answered": faults.exclude(answered_at=None).count(),
        "late": faults.late(at=at).count(),
        "latest": list(faults[:FAULTS_SHOWN]),
        "crumbs": [ui.Crumb(_("Accessibilité"), reverse("accessibility")), ui.Crumb(_("Signaler un défaut"))],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "transparency/report_fault.html", context, status=status)


@public
@require_safe
@cached_for_visitors
def show_fault(request: HttpRequest, reference: str) -> HttpResponse:
    """Show where a reported fault stands: the promise, then the answer. What was described stays with the team."""
    fault = get_object_or_404(AccessibilityFault, reference=reference.upper())
    pauses = {} if fault.answered_at else promising.standing_still(FAULT_PROMISE, [fault.reference])
    context = {
        "fault": fault,
        "pause": pauses.get(fault.reference),
        "is_late": deadlines.is_late(fault.due_at, fault.answered_at, at=timezone.now()),
        "crumbs": [
            ui.Crumb(_("Accessibilité"), reverse("accessibility")),
            ui.Crumb(_("Signaler un défaut"), reverse("transparency:accessibility_fault")),
            ui.Crumb(fault.reference),
        ],
    }
    return render(request, "transparency/fault.html", context)
