"""The tab « Restitution » of the workspace: writing the report, what it lacks, its preview, its publication."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Window
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from consultations import coverage
from consultations.admin import workspace
from consultations.admin.forms import RichTextField
from consultations.models import REPORT_LINES, REPORT_TEXTS, Consultation, Item, Report
from consultations.openings import still_open
from consultations.reporting import figures, rules, writing
from consultations.views.reports import page_context
from mulhouse.access import staff
from mulhouse.errors import DomainError

LACKING_SHOWN = 20
# Without these a report can not be published.
EXPECTED = frozenset({"question", "said", "decision", "reasons", "signatory", "contact", "correction"})

HELP = {
    "question": "Rappelez la question, telle qu’elle a été posée.",
    "participation_comment": "Deux phrases sur qui est venu et qui manque. Les chiffres s’ajoutent seuls, à côté.",
    "said": "Ce que les habitants ont dit, sans trier\u00a0: accords, désaccords, idées nouvelles.",
    "minority": "Ce que peu de personnes ont dit, avec leurs raisons.",
    "decision": "La décision, au présent et sans sigle.",
    "reasons": "Pourquoi cette décision, et pourquoi pas les autres.",
    "cost": "Le montant, et qui paie.",
    "calendar": "Les prochaines dates, une par ligne.",
    "signatory": "La fonction, jamais un nom\u00a0: par exemple «\u00a0Adjointe ou adjoint aux espaces verts\u00a0».",
    "deliberation_number": "Le numéro, quand le conseil municipal a voté.",
    "deliberation_url": "Une adresse qui commence par https://.",
    "contact": "Un service, un courriel ou un numéro. Jamais celui d’une personne.",
    "correction": "Une phrase\u00a0: elle est publique, l’ancienne version reste lisible.",
}


class ReportForm(forms.Form):
    """What agents write in a report."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, report: Report, data: Any = None) -> None:
        names = (*REPORT_TEXTS, *REPORT_LINES)
        initial = {"seen": report.version, **{name: getattr(report, name) for name in names}}
        super().__init__(data, initial=initial)
        for name in names:
            column: Any = Report._meta.get_field(name)
            label = str(column.verbose_name)
            words: dict[str, Any] = {"label": label[:1].upper() + label[1:], "required": False, "help_text": HELP[name]}
            if name in REPORT_TEXTS:
                self.fields[name] = RichTextField(**words)
            elif name == "deliberation_url":
                self.fields[name] = forms.URLField(max_length=column.max_length, assume_scheme="https", **words)
            else:
                self.fields[name] = forms.CharField(max_length=column.max_length, **words)
        if report.number == 1:
            del self.fields["correction"]


def _draft(consultation: Consultation) -> Report | None:
    report = Report.objects.drafts().filter(consultation=consultation).first()
    if report is not None:
        report.consultation = consultation
    return report


def _draft_or_404(consultation: Consultation) -> Report:
    report = _draft(consultation)
    if report is None:
        raise Http404
    return report


@workspace.with_editor
@staff(rules.EDIT)
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the report of a consultation, and see what it lacks."""
    consultation, now = workspace.fetch(request, pk), timezone.now()
    # The newest first: the draft comes before what is public.
    every = list(Report.objects.filter(consultation=consultation).order_by("-number"))
    for row in every:
        row.consultation = consultation
    draft = next((row for row in every if row.published_at is None), None)
    versions = [row for row in every if row.published_at is not None]
    context: dict[str, Any] = {
        "report": draft,
        "versions": [(row, row.get_pdf_state_display()) for row in versions],
        "is_shown_failed": any(row.pdf_state == Report.PdfState.FAILED for row in versions),
        "edit_refusal": rules.edit_refusal(request.user, consultation),
    }
    if draft is None:
        return workspace.draw(request, consultation, "admin/consultations/report_begin.html", **context)
    form = ReportForm(draft, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            writing.save(actor=request.user, report=draft, values=form.cleaned_data, seen=form.cleaned_data["seen"])
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
            return redirect(workspace.address("report", pk))
    going_on = still_open(consultation, at=now)
    rows = rules.unanswered(consultation).select_related(
        "contribution__consultation", "comment__contribution__consultation"
    )
    lacking = list(rows.annotate(whole=Window(Count("pk")))[:LACKING_SHOWN])
    context |= {
        "form": form,
        "texts": [(form[name], name in EXPECTED) for name in REPORT_TEXTS],
        "lines": [(form[name], name in EXPECTED) for name in REPORT_LINES if name in form.fields],
        "problems": rules.publish_problems(draft, going_on=going_on, at=now),
        "advice": rules.publish_advice(draft),
        "unanswered_count": lacking[0].whole if lacking else 0,
        "analysis_url": workspace.address("analysis", pk),
        "unanswered": [_line(row) for row in lacking],
        "publish_refusal": rules.publish_refusal(request.user, consultation, going_on=going_on),
    }
    return workspace.draw(request, consultation, "admin/consultations/report.html", **context)


def _line(item: Item) -> dict[str, str]:
    """Name an opinion that lacks an answer, with the page where agents give one."""
    return {
        "reference": item.reference,
        "title": item.title,
        "kind": str(item.get_kind_display()),
        "url": workspace.address("analysis_item", item.consultation_id, item.reference),
    }


@staff(rules.EDIT)
@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a report, or the version that corrects it."""
    consultation = workspace.fetch(request, pk)
    try:
        writing.begin(actor=request.user, consultation=consultation)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(workspace.address("report", pk))


@staff(rules.EDIT)
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a draft exactly as residents will see it, with the figures of today."""
    seen = Consultation.objects.visible_to(request.user)
    drafts = Report.objects.drafts().filter(consultation__in=seen).prefetch_related("consultation__phases")
    rows = coverage.with_counts(drafts.select_related("consultation__theme", "consultation__service"))
    draft = get_object_or_404(rows, consultation=pk)
    counted = figures.collect(draft.consultation, at=timezone.now(), opinions=coverage.of(draft))
    response = render(request, "consultations/report.html", page_context(draft, [], counted))
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response


@staff(rules.PUBLISH)
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the draft that was seen."""
    consultation = workspace.fetch(request, pk)
    draft = _draft_or_404(consultation)
    seen = request.POST.get("seen", "")
    try:
        writing.publish(actor=request.user, report=draft, seen=int(seen) if seen.isdecimal() else 0, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, "Publié. Les habitants le lisent dès maintenant. Le PDF arrive dans quelques minutes."
        )
    return redirect(workspace.address("report", pk))


@staff(rules.EDIT)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away, after asking."""
    consultation = workspace.fetch(request, pk)
    draft = _draft_or_404(consultation)
    if request.method != "POST":
        return workspace.draw(request, consultation, "admin/consultations/report_discard.html", report=draft)
    try:
        writing.discard(actor=request.user, report=draft)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Brouillon supprimé.")
    return redirect(workspace.address("report", pk))


@staff(rules.EDIT)
@require_POST
def ask_pdf(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Ask again for the PDF of a version that could not be made."""
    consultation = workspace.fetch(request, pk)
    row = Report.objects.published().filter(consultation=consultation, number=number).first()
    if row is None:
        raise Http404
    try:
        writing.ask_pdf(actor=request.user, report=row, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "PDF demandé\u00a0: il arrive dans quelques minutes.")
    return redirect(workspace.address("report", pk))


def addresses(opened: Any) -> list[URLPattern]:
    """Give the addresses of the tab."""
    name = "consultations_consultation_{}".format
    return [
        path("<int:pk>/restitution/", opened(report), name=name("report")),
        path("<int:pk>/restitution/commencer/", opened(begin), name=name("report_begin")),
        path("<int:pk>/restitution/apercu/", opened(preview), name=name("report_preview")),
        path("<int:pk>/restitution/publier/", opened(publish), name=name("report_publish")),
        path("<int:pk>/restitution/supprimer/", opened(discard), name=name("report_discard")),
        path("<int:pk>/restitution/v<int:number>/pdf/", opened(ask_pdf), name=name("report_pdf")),
    ]
