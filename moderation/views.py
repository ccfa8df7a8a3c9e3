"""Moderation in public: reporting, what was decided about one's own texts, contesting, and the figures of each year."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from moderation import actions, cases, clauses, datasets, figures, kinds, rules
from moderation.forms import NAME, AppealForm, ReportForm
from moderation.models import Appeal, Block, Decision, Report
from mulhouse import opendata, throttle, typography
from mulhouse.access import public, resident
from mulhouse.errors import DomainError, require
from mulhouse.paging import Paging
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

OWN_SHOWN = 50
SALT = "moderation.report"


# --- Reporting -----------------------------------------------------------------------------------------------------------


def _keyed(value: str) -> str:
    """Recognise without keeping."""
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()


@public
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, segment: str, reference: str) -> HttpResponse:
    """Take in a report of one thing, with or without an account."""
    kind = kinds.by_segment(segment)
    thing = kind.find(reference) if kind else None
    # A name is reported from a text that it signs: the key of a person stands in no address.
    if kind is None or not kind.is_named or thing is None or not kind.is_public(thing):
        raise Http404
    user: Any = request.user
    signer = kind.signer(thing)
    form = ReportForm(
        request.POST or None, has_account=user.is_authenticated, has_signer=bool(signer and signer.public_name)
    )
    require(rules.report_refusal(user, kind, thing))
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.REPORTING, throttle.client_ip(request))
        given = form.cleaned_data
        network = throttle.client_ip(request)
        address = user.email if user.is_authenticated else given.get("email", "")
        about, of = (
            (kinds.of("profile"), str(signer.pk)) if given.get("what") == NAME else (kind, kind.reference(thing))
        )
        try:
            made = actions.report(
                reporter=user,
                kind=about,
                reference=of,
                reason=given["reason"],
                words=given["words"],
                url=settings.SITE_URL + kind.url(thing),
                name=given.get("name", ""),
                email=given.get("email", ""),
                fingerprint=_keyed(address.strip().lower() or network),
                origin=_keyed(network),
                language=(get_language() or "fr")[:2],
                at=timezone.now(),
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect("moderation:reported", made.reference)
    context = {
        "form": form,
        "has_signer": "what" in form.fields,
        "asks_who": "name" in form.fields,
        "words": kind.words(thing),
        "label": kind.label,
        "address": settings.SITE_URL + kind.url(thing),
        "back_url": kind.url(thing),
        "sign_in_url": f"{reverse('account_login')}?next={request.path}" if not user.is_authenticated else "",
        "days": cases.DAYS,
        "crumbs": [ui.Crumb(_("La modération"), reverse("moderation:figures")), ui.Crumb(_("Signaler"))],
    }
    return render(request, "moderation/report.html", context, status=422 if form.is_bound and form.errors else 200)


@public
@require_safe
def reported(request: HttpRequest, reference: str) -> HttpResponse:
    """Acknowledge a report: its reference, the promised day, then what was decided. Never its words nor who made it."""
    rows = Report.objects.select_related("case", "decision")
    made = get_object_or_404(rows, reference=read_reference(reference))
    kind = kinds.of(made.case.kind)
    thing = kind.find(made.case.subject) if made.decision and made.decision.action == Decision.Action.KEEP else None
    context = {
        "report": made,
        "label": kind.label,
        "is_written_to": bool(made.reporter_id or made.email),
        "is_online": thing is not None and not kind.is_gone(thing),
        "clause": clauses.find(made.decision.clause, version=made.decision.charter_version) if made.decision else None,
        "is_late": made.decision is None and made.case.due_at < timezone.now(),
        "crumbs": [ui.Crumb(_("La modération"), reverse("moderation:figures")), ui.Crumb(made.reference)],
    }
    return render(request, "moderation/reported.html", context)


# --- What was decided about oneself --------------------------------------------------------------------------------------


def _own_crumbs(*last: str) -> list[ui.Crumb]:
    return [
        ui.Crumb(_("Mon espace"), reverse("accounts:home")),
        *([ui.Crumb(_("Modération"), reverse("moderation:own"))] if last else []),
        *(ui.Crumb(label) for label in last or (_("Modération"),)),
    ]


@resident
@require_safe
def own(request: UserRequest) -> HttpResponse:
    """List the decisions about one's texts, the suspensions, and the reports one made."""
    user, at = request.user, timezone.now()
    decided = Decision.objects.filter(author=user).exclude(action=Decision.Action.KEEP)
    paging = Paging(request, size=OWN_SHOWN)
    decisions = paging.cut(decided.select_related("case", "appeal"))
    context = {
        "decisions": [
            {
                "row": row,
                "label": kinds.of(row.case.kind).label,
                "tag": _decision_tag(row),
                "can_appeal": rules.appeal_refusal(user, row, at=at) is None,
            }
            for row in decisions
        ],
        "blocks": paging.cut(Block.objects.filter(person=user).select_related("appeal")),
        "reports": [
            {"row": row, "label": kinds.of(row.case.kind).label}
            for row in paging.cut(Report.objects.filter(reporter=user).select_related("case", "decision"))
        ],
        "pages": paging.pages(),
        "now": at,
        "crumbs": _own_crumbs(),
    }
    return render(request, "moderation/own.html", context)


def _decision_tag(row: Decision) -> ui.Tag:
    if row.overturned_at is not None:
        return ui.Tag(_("Décision annulée"), "yes", "check")
    if row.action == Decision.Action.HIDE and kinds.of(row.case.kind).is_held:
        return ui.Tag(_("Non publié"), "no", "x")
    return ui.Tag(row.get_action_display(), "no" if row.action == Decision.Action.HIDE else "mixed", "x")


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def own_decision(request: UserRequest, reference: str) -> HttpResponse:
    """Show an author the statement of reasons of a decision, with their exact text, and let them contest it."""
    rows = Decision.objects.filter(author=request.user).exclude(action=Decision.Action.KEEP)
    row = get_object_or_404(rows.select_related("case", "appeal"), reference=read_reference(reference))
    kind = kinds.of(row.case.kind)
    # The exact text: from the copy that the decision kept, as long as it keeps it.
    context = {
        "decision": row,
        "label": kind.label,
        "is_held": kind.is_held,
        "aftermath": kind.aftermath,
        "tag": _decision_tag(row),
        "original_title": row.original.get("title") or row.original.get("public_name", ""),
        "original_body": row.original.get("body", row.original.get("alt", "")),
        "clause": clauses.find(row.clause, version=row.charter_version),
        "clause_url": f"{reverse('charter_version', args=[row.charter_version])}#{clauses.article(row.clause)}",
    }
    refusal = rules.appeal_refusal(request.user, row, at=timezone.now())
    return _contest(request, row, refusal, context, _("Décision %(reference)s") % {"reference": row.reference})


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def own_block(request: UserRequest, reference: str) -> HttpResponse:
    """Show somebody their suspension, until when and why, and let them contest it."""
    rows = Block.objects.filter(person=request.user).select_related("appeal")
    row = get_object_or_404(rows, reference=read_reference(reference))
    context = {
        "suspension": row,
        "is_running": row.lifted_at is None and timezone.now() < row.ends_at,
        "clause": clauses.find(row.clause, version=row.charter_version),
        "clause_url": f"{reverse('charter_version', args=[row.charter_version])}#{clauses.article(row.clause)}",
    }
    refusal = rules.appeal_block_refusal(request.user, row, at=timezone.now())
    return _contest(request, row, refusal, context, _("Suspension %(reference)s") % {"reference": row.reference})


def _contest(
    request: UserRequest, row: Decision | Block, refusal: Any, context: dict[str, Any], title: str
) -> HttpResponse:
    """Draw the page of a decision or a suspension, and take in the appeal that is written there."""
    form = AppealForm(request.POST or None)
    if request.method == "POST":
        require(refusal)
        if form.is_valid():
            given = {"actor": request.user, "words": form.cleaned_data["words"], "at": timezone.now()}
            if isinstance(row, Decision):
                actions.appeal(decision=row, **given)
            else:
                actions.appeal_block(block=row, **given)
            messages.success(request, _("Votre contestation est reçue. Un courriel vous le confirme."))
            return redirect(request.path)
    made: Appeal | None = getattr(row, "appeal", None)
    page = {
        "decision": None,
        "suspension": None,
        **context,
        "title": title,
        "appeal": made,
        "outcome": made.outcome if made else "",
        "appeal_refusal": refusal,
        "answer_days": rules.ANSWER_DAYS,
        "form": form,
        "crumbs": _own_crumbs(title),
    }
    return render(request, "moderation/own_decision.html", page, status=422 if form.is_bound and form.errors else 200)


# --- The figures ---------------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def show_figures(request: HttpRequest) -> HttpResponse:
    """Say how moderation works, within which delays, and what it did each year."""
    context = {
        "years": [(year, _median_words(year.median_hours)) for year in figures.by_year()],
        "clauses": clauses.current(),
        "days": cases.DAYS,
        "urgent_hours": cases.URGENT_HOURS,
        "urgent_reports": cases.URGENT_REPORTS,
        "appeal_days": rules.APPEAL_DAYS,
        "answer_days": rules.ANSWER_DAYS,
        "crumbs": [ui.Crumb(_("La modération"))],
    }
    return render(request, "moderation/figures.html", context)


def _median_words(hours: float | None) -> str:
    if hours is None:
        return ""
    day = 24
    if hours < day:
        return _("%(n)s h") % {"n": typography.number(round(hours))}
    return _("%(n)s j") % {"n": typography.number(round(hours / day))}


@public
@require_safe
@cached_for_visitors
def figures_csv(request: HttpRequest) -> HttpResponse:
    """Give the figures as a table for a spreadsheet: the file of the open data, as it is now."""
    response = HttpResponse(b"".join(opendata.csv_chunks(datasets.TABLE)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="moderation.csv"'
    return response
