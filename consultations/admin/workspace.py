"""The workspace of a consultation: one page for each thing an agent does to it, each saved by one action.

Django's own change form wraps its saving in a transaction, where no durable action can run, and saves a whole tree of rows in
one go. These pages stand in its place, at its addresses: a view, a form, an action, a redirect, as everywhere on the site.
"""

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.constants import NONCE
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from js_asset import Media  # type: ignore[import-untyped] # the package has no types

from consultations import editing, editing_rules, openings, phases, rules, steps
from consultations import presentation as pages
from consultations.admin import forms
from consultations.models import Consultation, Document
from mulhouse import typography, uploads
from mulhouse.access import staff
from mulhouse.errors import DomainError
from mulhouse.templatetags.ui import Tab

View = TypeVar("View", bound=Callable[..., HttpResponse])
KINDS = {uploads.PDF_TYPE: "PDF", uploads.ODT_TYPE: "ODT"}
EDIT = "consultations.change_consultation"
PARTS = (
    ("presentation", "Présentation", "change"),
    ("phases", "Phases", "phases"),
    ("parties", "Parties et questions", "sections"),
    ("documents", "Documents", "documents"),
    ("questionnaires", "Questionnaire", "questionnaires"),
    ("votes", "Vote", "votes"),
    ("analyse", "Analyse", "analysis"),
    ("restitution", "Restitution", "report"),
    ("suivi", "Suivi", "following"),
    ("publication", "Aperçu et publication", "publication"),
)


def with_editor(view: View) -> View:
    """Let the import map of the text editor run on this page: its nonce joins the policy here and nowhere else."""
    allow: Any = csp_update({"script-src": [NONCE]})
    return cast("View", allow(view))


def address(route: str, *args: object) -> str:
    """Give the address of a page of the workspace."""
    return reverse(f"admin:consultations_consultation_{route}", args=args)


def state_words(consultation: Consultation, *, at: dt.datetime) -> str:
    """Say where a consultation stands: nothing is saved and invisible without a word about it."""
    if consultation.published_at is None:
        return "Enregistrée, non publiée\u00a0: personne ne la voit."
    if consultation.archived_at is not None:
        return f"Archivée le {typography.day(consultation.archived_at)}\u00a0: elle se lit toujours, et ne change plus."
    span = consultation.current_span(at=at)
    published = f"Publiée le {typography.day(consultation.published_at)}."
    if span is None:
        return f"{published} Aucune phase en cours."
    until = f", jusqu’au {typography.day(span.ends_on)}" if span.ends_on else ""
    return f"{published} Phase en cours\u00a0: {span.name}{until}."


def _addresses(consultation: Consultation) -> dict[str, tuple[str, str]]:
    """Give the label and the address of each part of the workspace."""
    return {name: (label, address(route, consultation.pk)) for name, label, route in PARTS}


def seen_by(request: HttpRequest, *with_rows: str) -> QuerySet[Consultation]:
    """Give the consultations this agent may see, each with what the frame shows and the rows that its page reads besides."""
    found = openings.with_parts(Consultation.objects.visible_to(request.user).select_related("theme", "service"))
    return found.prefetch_related("phases", *with_rows)


def fetch(request: HttpRequest, pk: int, *with_rows: str) -> Consultation:
    """Fetch a consultation this agent may see, with what the frame shows and the rows that its page reads besides."""
    return get_object_or_404(seen_by(request, *with_rows), pk=pk)


def draw(request: HttpRequest, consultation: Consultation, template: str, **context: Any) -> TemplateResponse:
    """Draw a page of the workspace; 422 when its form came back with errors."""
    now = timezone.now()
    bound = context.get("form") or context.get("formset")
    failed = bool(bound is not None and bound.is_bound and (bound.errors if "form" in context else True))
    if "form" in context:
        context["media"] = Media.from_media(bound.media, nonce=request.csp_nonce)  # type: ignore[attr-defined,union-attr]
    frame = {
        **admin.site.each_context(request),
        "title": consultation.title,
        "consultation": consultation,
        "state": state_words(consultation, at=now),
        "missing_count": 0 if consultation.published_at else len(editing_rules.publish_problems(consultation, at=now)),
        "refusal": editing_rules.edit_refusal(request.user, consultation),
        "tabs": [
            Tab(label, url, current=request.path.startswith(url)) for label, url in _addresses(consultation).values()
        ],
        "failed": failed,
        "media": "",
        "form": None,
        "fields": set(context["form"].fields) if "form" in context else set(),
    }
    return TemplateResponse(request, template, {**frame, **context}, status=422 if failed else 200)


def _saved(request: HttpRequest, consultation: Consultation) -> None:
    draft = consultation.published_at is None
    messages.success(
        request,
        "Enregistré, non publié\u00a0: personne ne le voit."
        if draft
        else "Enregistré. Les habitants le voient dès maintenant.",
    )


@staff("consultations.add_consultation")
def create(request: HttpRequest) -> HttpResponse:
    """Begin a consultation with a title, a summary, a theme and a service."""
    form = forms.CreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        consultation = editing.create(actor=request.user, values=form.cleaned_data)
        _saved(request, consultation)
        return redirect(address("change", consultation.pk))
    context = {**admin.site.each_context(request), "title": "Nouvelle consultation", "form": form}
    return TemplateResponse(request, "admin/consultations/create.html", context, status=422 if form.errors else 200)


@with_editor
@staff(EDIT)
def presentation(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what a consultation says about itself."""
    consultation = fetch(request, pk)
    form = forms.PresentationForm(
        request.POST or None,
        request.FILES or None,
        instance=consultation,
    )
    if request.method == "POST" and form.is_valid() and _save_presentation(request, form):
        _saved(request, consultation)
        return redirect(address("change", pk))
    image_url = pages.image_url(consultation, key=str(consultation.preview_key))
    return draw(request, consultation, "admin/consultations/presentation.html", form=form, image_url=image_url)


def _save_presentation(request: HttpRequest, form: forms.PresentationForm) -> bool:
    given = form.cleaned_data
    file = given["new_image"]
    image = editing.store("consultations", file) if file else "" if given.get("remove_image") else None
    try:
        editing.save_presentation(
            actor=request.user,
            consultation=form.instance,
            values=form.values(),
            districts=list(given["districts"]),
            seen=given["seen"],
            reason=given.get("reason", ""),
            image=image,
        )
    except DomainError as error:
        editing.discard(image)
        form.add_error(error.code if error.code in form.fields else None, error.message)
        return False
    return True


@staff(EDIT)
def phases_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Date a consultation, and see what residents will see on a day of one's choice."""
    consultation, now = fetch(request, pk), timezone.now()
    formset = forms.phase_formset(consultation, request.POST or None, at=now)
    form = _versioned(request, consultation)
    if request.method == "POST" and formset.is_valid() and form.is_valid():
        try:
            editing.save_phases(
                actor=request.user,
                consultation=consultation,
                edits=formset.edits(),
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data.get("reason", ""),
                at=now,
            )
        except DomainError as error:
            form.add_error("reason" if error.code == "reason" else None, error.message)
        else:
            _saved(request, consultation)
            return redirect(address("phases", pk))
    return draw(request, consultation, "admin/consultations/phases.html", formset=formset, versioned=form)


@staff(EDIT)
def sections(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the sections of a consultation and the question each asks."""
    consultation = fetch(request, pk, "sections")
    formset = forms.section_formset(list(consultation.sections.all()), request.POST or None)
    form = _versioned(request, consultation)
    if request.method == "POST" and formset.is_valid() and form.is_valid():
        try:
            editing.save_sections(
                actor=request.user,
                consultation=consultation,
                edits=formset.edits(),
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data.get("reason", ""),
            )
        except DomainError as error:
            form.add_error("reason" if error.code == "reason" else None, error.message)
        else:
            _saved(request, consultation)
            return redirect(address("sections", pk))
    return draw(request, consultation, "admin/consultations/parties.html", formset=formset, versioned=form)


def _versioned(request: HttpRequest, consultation: Consultation) -> forms.VersionedForm:
    form = forms.VersionedForm(request.POST or None)
    form.bind_to(consultation)
    return form


@staff(EDIT)
def documents(request: HttpRequest, pk: int) -> HttpResponse:
    """List the documents of a consultation."""
    consultation = fetch(request, pk, "documents")
    rows = [
        {
            "title": row.title,
            "kind": KINDS.get(row.content_type, row.content_type),
            "size": row.size,
            "is_accessible": row.is_accessible,
            "url": address("document", pk, row.pk),
            "remove_url": address("document_remove", pk, row.pk),
        }
        for row in consultation.documents.all()
    ]
    return draw(request, consultation, "admin/consultations/documents.html", documents=rows)


@with_editor
@staff(EDIT)
def document(request: HttpRequest, pk: int, document_pk: int | None = None) -> HttpResponse:
    """Give a document to read, or change one."""
    consultation = fetch(request, pk, "documents")
    known = None if document_pk is None else get_object_or_404(consultation.documents, pk=document_pk)
    start = known or Document(consultation=consultation, position=len(consultation.documents.all()) + 1)
    form = forms.DocumentForm(request.POST or None, request.FILES or None, instance=start)
    if request.method == "POST" and form.is_valid() and _save_document(request, consultation, known, form):
        _saved(request, consultation)
        return redirect(address("documents", pk))
    return draw(request, consultation, "admin/consultations/document.html", form=form, document=known)


def _save_document(
    request: HttpRequest, consultation: Consultation, known: Document | None, form: forms.DocumentForm
) -> bool:
    given = form.cleaned_data
    file = given["new_file"]
    stored = editing.store("documents", file) if file else None
    try:
        editing.save_document(
            actor=request.user,
            consultation=consultation,
            document=known,
            title=given["title"],
            position=given["position"],
            is_accessible=given["is_accessible"],
            html_body=given["html_body"],
            stored=stored,
            file=file,
        )
    except DomainError as error:
        editing.discard(stored)
        form.add_error(None, error.message)
        return False
    return True


@staff(EDIT)
def remove_document(request: HttpRequest, pk: int, document_pk: int) -> HttpResponse:
    """Take a document away, after asking."""
    consultation = fetch(request, pk)
    known = get_object_or_404(consultation.documents, pk=document_pk)
    if request.method == "POST":
        try:
            editing.remove_document(actor=request.user, document=known)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "Document retiré.")
        return redirect(address("documents", pk))
    return draw(request, consultation, "admin/consultations/document_remove.html", document=known)


@staff(EDIT)
def publication(request: HttpRequest, pk: int) -> HttpResponse:
    """See what residents will see, what is missing, and publish."""
    rows, now = openings.with_unpublished(seen_by(request, "sections", "documents")), timezone.now()
    consultation = get_object_or_404(rows, pk=pk)
    day = _chosen_day(request.GET.get("le", ""))
    at = now if day is None else phases.midnight(day)
    table = admin.site.get_model_admin(Consultation)
    missing = [] if consultation.published_at else editing_rules.publish_problems(consultation, at=now)
    advice = [] if consultation.published_at else editing_rules.publish_advice(consultation)
    addresses = _addresses(consultation)
    return draw(
        request,
        consultation,
        "admin/consultations/publication.html",
        missing=[(item.message, *addresses[item.part]) for item in missing],
        advice=[(item.message, *addresses[item.part]) for item in advice],
        unpublished=[(item.message, *addresses[item.part]) for item in openings.unpublished(consultation)],
        day=day or now.astimezone(phases.PARIS).date(),
        steps=steps.steps(consultation.spans(), at=at),
        contribute_refusal=rules.writing_refusal(_as_published(consultation, now), at=at),
        preview_url=request.build_absolute_uri(reverse("consultations:preview", args=[consultation.preview_key])),
        buttons=table.buttons_for(request, consultation),  # type: ignore[attr-defined] # ours: ConsultationAdmin
    )


def _as_published(consultation: Consultation, now: dt.datetime) -> Consultation:
    """Give the consultation as residents would find it, published or not."""
    shown = copy.copy(consultation)
    shown.published_at = shown.published_at or now
    return shown


def _chosen_day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
