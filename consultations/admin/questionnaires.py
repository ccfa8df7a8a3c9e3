"""The questionnaires of a consultation in its workspace: build, try, publish, correct in public, prolong, cancel, read."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import UserRequest
from consultations import asking
from consultations.admin import questionnaire_forms as forms
from consultations.admin import workspace
from consultations.models import Consultation, ConsultationQuestionnaire
from consultations.views.questionnaires import SHOWN, frame, host_of
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.errors import DomainError
from mulhouse.templatetags.ui import Tab
from questionnaires import conditions, editing, editing_rules, exports, outline, results, rules
from questionnaires.filling import Filling
from questionnaires.forms import PageForm
from questionnaires.models import Question, Questionnaire, ResponseFile, Section
from questionnaires.outline import Asking, Outline

EDIT = "consultations.change_consultation"
TRIAL = "consultations.questionnaire_trial"
DRAFT_FIELD = "essai"
PARTS = (
    ("", "Questions"),
    ("_settings", "Réglages et dates"),
    ("_trial", "Essayer"),
    ("_publish", "Publication"),
    ("_results", "Résultats"),
)


def address(route: str, *args: object) -> str:
    """Give the address of a page of the builder."""
    return reverse(f"admin:consultations_consultation_questionnaire{route}", args=args)


def _rows(consultation: Consultation) -> QuerySet[Questionnaire]:
    return Questionnaire.objects.filter(consultation_link__consultation=consultation)


def _found(consultation: Consultation, reference: str) -> Questionnaire:
    return get_object_or_404(_rows(consultation), reference=reference.upper())


def _draw(
    request: HttpRequest, consultation: Consultation, questionnaire: Questionnaire, template: str, **context: Any
) -> TemplateResponse:
    """Draw a page of the builder, inside the workspace."""
    refusal = editing_rules.edit_refusal(request.user, questionnaire)
    return workspace.draw(
        request,
        consultation,
        template,
        questionnaire=questionnaire,
        build_url=address("", consultation.pk, questionnaire.reference),
        refusal=refusal,
        where=_state(questionnaire),
        parts=_parts(request, consultation.pk, questionnaire, is_frozen=refusal is not None),
        **context,
    )


def _parts(request: HttpRequest, pk: int, row: Questionnaire, *, is_frozen: bool) -> list[Tab]:
    """List the pages of the builder; that of a page or of a question is among the questions."""
    parts = [
        Tab(label, address(route, pk, row.reference))
        for route, label in PARTS
        if not (is_frozen and route == "_settings")
    ]
    current = max((part for part in parts if request.path.startswith(part.url)), key=lambda part: len(part.url))
    return [replace(part, current=part is current) for part in parts]


def _state(row: Questionnaire) -> str:
    """Say where a questionnaire stands."""
    if row.published_at is None:
        return "Non publié\u00a0: personne ne le voit."
    if row.cancelled_at is not None:
        return f"Annulé le {typography.day(row.cancelled_at)}."
    return f"Publié, {typography.date_range(row.opens_on, row.last_day)}."


# --- The list ----------------------------------------------------------------------------------------------------------


@staff(EDIT)
def questionnaires(request: UserRequest, pk: int) -> HttpResponse:
    """List the questionnaires of a consultation, and begin one."""
    consultation = workspace.fetch(request, pk)
    form = forms.BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = asking.create(
                actor=request.user,
                consultation=consultation,
                title=form.cleaned_data["title"],
                source=form.cleaned_data["source"],
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Questionnaire commencé. Personne ne le voit avant sa publication.")
            return redirect(address("", pk, made.reference))
    rows = [
        {
            "title": row.title,
            "state": _state(row),
            "count": row.sent,
            "url": address("", pk, row.reference),
            "results_url": address("_results", pk, row.reference),
        }
        for row in results.with_counts(_rows(consultation)).order_by("consultation_link__position", "pk")
    ]
    return workspace.draw(request, consultation, "admin/questionnaires/list.html", form=form, rows=rows)


# --- Building ----------------------------------------------------------------------------------------------------------


@staff(EDIT)
def build(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Show the pages and questions, with everything that can be done to them."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    read = outline.read(row)
    by_section = {page.section.pk: page.questions for page in read.pages}
    sections = [
        {
            "section": section,
            "url": address("_section", pk, row.reference, section.pk),
            "questions": [_line(pk, row, read, item) for item in by_section.get(section.pk, ())],
            "add": [
                (label, f"{address('_question_add', pk, row.reference, section.pk)}?sorte={value}")
                for value, label in Question.Kind.choices
            ],
        }
        for section in row.sections.order_by("position")
    ]
    return _draw(
        request,
        consultation,
        row,
        "admin/questionnaires/build.html",
        sections=sections,
        section_add_url=address("_section_add", pk, row.reference),
        gesture_url=address("_gesture", pk, row.reference),
    )


def _line(pk: int, row: Questionnaire, read: Outline, item: Asking) -> dict[str, Any]:
    return {
        "question": item.question,
        "kind": item.question.get_kind_display(),
        "options": [option.label for option in item.options],
        "condition": condition_words(read, item),
        "url": address("_question", pk, row.reference, item.pk),
        "condition_url": address("_condition", pk, row.reference, item.pk),
    }


def condition_words(read: Outline, item: Asking) -> str:
    """Say when a question is asked; "" for always."""
    condition = item.condition
    if condition is None or condition.question not in read.by_pk:
        return ""
    on = read.by_pk[condition.question]
    wanted = " ou ".join(f"«\u00a0{option.label}\u00a0»" for option in on.options if option.pk in condition.options)
    expected = wanted or str(condition.number)
    return f"Si, à «\u00a0{on.question.label}\u00a0», la personne {item.question.get_condition_test_display()}\u00a0: {expected}"


@staff(EDIT)
def settings(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Change the title, the dates, who may answer."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    form = forms.SettingsForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            editing.save_settings(actor=request.user, questionnaire=row, values=form.values())
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Réglages enregistrés.")
            return redirect(address("", pk, row.reference))
    return _draw(request, consultation, row, "admin/questionnaires/form.html", form=form, part_title="Réglages")


@staff(EDIT)
def section(request: UserRequest, pk: int, reference: str, section_pk: int | None = None) -> HttpResponse:
    """Add a page, or change one."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    known = None if section_pk is None else get_object_or_404(row.sections, pk=section_pk)
    initial = {"title": known.title, "intro": known.intro} if known else {}
    form = forms.SectionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            editing.save_section(actor=request.user, questionnaire=row, section=known, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Page enregistrée.")
            return redirect(address("", pk, row.reference))
    return _draw(
        request,
        consultation,
        row,
        "admin/questionnaires/form.html",
        form=form,
        part_title=known.title if known else "Nouvelle page",
    )


@staff(EDIT)
def add_question(request: UserRequest, pk: int, reference: str, section_pk: int) -> HttpResponse:
    """Add a question of a kind at the end of a page."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    where = get_object_or_404(row.sections, pk=section_pk)
    kind = request.GET.get("sorte", "")
    if kind not in Question.Kind.values:
        raise Http404
    form = forms.QuestionForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid() and _save_question(request, where, None, form):
        return redirect(address("", pk, row.reference))
    title = f"Nouvelle question\u00a0: {Question.Kind(kind).label.lower()}"
    return _draw(request, consultation, row, "admin/questionnaires/form.html", form=form, part_title=title)


@staff(EDIT)
def question(request: UserRequest, pk: int, reference: str, question_pk: int) -> HttpResponse:
    """Change a question; its kind stays."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    item = outline.read(row).by_pk.get(question_pk)
    if item is None:
        raise Http404
    form = forms.QuestionForm(request.POST or None, kind=item.kind, asking=item, instance=item.question)
    if (
        request.method == "POST"
        and form.is_valid()
        and _save_question(request, item.question.section, item.question, form)
    ):
        return redirect(address("", pk, row.reference))
    return _draw(
        request, consultation, row, "admin/questionnaires/form.html", form=form, part_title=item.question.label
    )


def _save_question(request: UserRequest, where: Section, known: Question | None, form: forms.QuestionForm) -> bool:
    try:
        editing.save_question(
            actor=request.user,
            section=where,
            question=known,
            values=form.values(),
            options=form.given_options(),
            other=form.cleaned_data.get("other") or "",
            rows=form.given_rows(),
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, "Question enregistrée.")
    return True


@staff(EDIT)
def condition(request: UserRequest, pk: int, reference: str, question_pk: int) -> HttpResponse:
    """Choose the earlier question on which one depends, then what its answer must be; or ask it always."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    read = outline.read(row)
    item = read.by_pk.get(question_pk)
    if item is None:
        raise Http404
    earlier = _testable(read, item)
    chosen = request.GET.get("selon", "")
    on = next((each for each in earlier if str(each.pk) == chosen), None)
    form = forms.ConditionForm(request.POST or None, on=on, initial=_condition_now(item, on)) if on else None
    if request.method == "POST" and (form is None or form.is_valid()) and _save_condition(request, item, on, form):
        return redirect(address("", pk, row.reference))
    context: dict[str, Any] = {} if form is None else {"form": form}
    return _draw(
        request,
        consultation,
        row,
        "admin/questionnaires/condition.html",
        item=item,
        on=on,
        words=condition_words(read, item),
        earlier=[(each.question.label, f"{request.path}?selon={each.pk}") for each in earlier],
        **context,
    )


def _testable(read: Outline, item: Asking) -> list[Asking]:
    before = read.questions[: read.questions.index(item)]
    return [each for each in before if each.kind in conditions.TESTS]


def _condition_now(item: Asking, on: Asking) -> dict[str, Any]:
    if item.condition is None or item.condition.question != on.pk:
        return {}
    return {
        "test": item.condition.test.value,
        "options": [str(key) for key in item.condition.options],
        "number": item.condition.number,
    }


def _save_condition(request: UserRequest, item: Asking, on: Asking | None, form: forms.ConditionForm | None) -> bool:
    given = form.cleaned_data if form else {}
    keys = {int(key) for key in given.get("options", ())}
    try:
        editing.set_condition(
            actor=request.user,
            question=item.question,
            on=on.question if on else None,
            test=given.get("test", ""),
            options=[option for option in on.options if option.pk in keys] if on else (),
            number=given.get("number"),
        )
    except DomainError as error:
        if form is None:
            messages.error(request, error.message)
            return True
        form.add_error(None, error.message)
        return False
    messages.success(request, "Condition enregistrée." if on else "La question est posée à tout le monde.")
    return True


@staff(EDIT)
@require_POST
def gesture(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Move or remove a page or a question: the button says which."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    what, _, key = request.POST.get("geste", "").partition(":")
    if not key.isdecimal():
        raise Http404
    try:
        _do(request, row, what, int(key))
    except DomainError as error:
        messages.error(request, error.message)
    anchor = f"#question-{key}" if what in {"monter-question", "descendre-question"} else ""
    return redirect(address("", pk, row.reference) + anchor)


def _do(request: UserRequest, row: Questionnaire, what: str, key: int) -> None:
    actor = request.user
    verb, _, thing = what.partition("-")
    if thing == "page":
        found = get_object_or_404(row.sections, pk=key)
        if verb == "retirer":
            editing.remove_section(actor=actor, section=found)
        else:
            editing.move_section(actor=actor, section=found, up=verb == "monter")
    elif thing == "question":
        asked = get_object_or_404(Question, section__questionnaire=row, pk=key)
        if verb == "retirer":
            editing.remove_question(actor=actor, question=asked)
        else:
            editing.move_question(actor=actor, question=asked, up=verb == "monter")
    else:
        raise Http404


# --- Trying it ---------------------------------------------------------------------------------------------------------


@staff(EDIT)
def trial(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Walk through the questionnaire as residents will, without keeping anything: what was typed travels in the page."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    read = outline.read(row)
    if not read.pages:
        messages.error(request, "Ajoutez d’abord une question.")
        return redirect(address("", pk, row.reference))
    number, draft = _trial_state(request, read)
    status = 200
    form = None
    if request.method == "POST" and request.POST.get(SHOWN) is not None:
        keys = set(request.POST[SHOWN].split(","))
        page = read.pages[number - 1]
        typed = PageForm(request.POST, request.FILES, askings=[item for item in page.questions if str(item.pk) in keys])
        is_valid = typed.is_valid()
        draft = {**draft, **typed.typed(request.POST)}
        filling = Filling(read, draft, {})
        brought = any(item not in typed.askings for item in filling.asked_on(page))
        if request.POST.get("intention") == "retour":
            number = filling.previous_page(number) or 1
        elif not is_valid:
            form, status = typed, 422
        elif not brought:
            number = filling.next_page(number) or 0
    if number == 0:
        messages.success(request, "Fin de l’essai. Rien n’a été gardé.")
        return redirect(address("", pk, row.reference))
    filling = Filling(read, draft, {})
    form = form or PageForm(None, askings=filling.asked_on(read.pages[number - 1]), initial=draft)
    context = {
        **admin.site.each_context(request),
        **frame(read, number, form, host_of(_link(consultation, row))),
        "title": f"Essai\u00a0: {row.title}",
        "consultation": consultation,
        "build_url": address("", pk, row.reference),
        "draft_name": DRAFT_FIELD,
        "draft": signing.dumps({"page": number, "draft": draft}, salt=TRIAL, compress=True),
    }
    return TemplateResponse(request, "admin/questionnaires/trial.html", context, status=status)


def _trial_state(request: HttpRequest, read: Outline) -> tuple[int, dict[str, list[str]]]:
    try:
        kept = signing.loads(request.POST.get(DRAFT_FIELD, ""), salt=TRIAL)
    except signing.BadSignature:
        return 1, {}
    return min(int(kept["page"]), len(read.pages)), kept["draft"]


def _link(consultation: Consultation, row: Questionnaire) -> ConsultationQuestionnaire:
    return ConsultationQuestionnaire(consultation=consultation, questionnaire=row)


# --- Publishing, correcting, closing -----------------------------------------------------------------------------------


@staff(EDIT)
def publish(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Say what is missing, publish; then correct a wording in public, put off the last day, or cancel."""
    consultation = workspace.fetch(request, pk)
    row, now = _found(consultation, reference), timezone.now()
    read = outline.read(row)
    what = request.POST.get("geste", "")
    amend = forms.AmendForm(request.POST if what == "corriger" else None, read=read, prefix="correction")
    extend = forms.ExtendForm(request.POST if what == "prolonger" else None, prefix="prolongation")
    cancel = forms.ReasonForm(request.POST if what == "annuler" else None, prefix="annulation")
    held = {"corriger": amend, "prolonger": extend, "annuler": cancel}
    if request.method == "POST" and _publish_gesture(request, consultation, row, what, held):
        return redirect(address("_publish", pk, row.reference))
    context: dict[str, Any] = {"form": held[what]} if what in held else {}
    run_refusal = editing_rules.run_refusal(request.user, row, at=now)
    return _draw(
        request,
        consultation,
        row,
        "admin/questionnaires/publish.html",
        problems=[] if row.published_at else editing_rules.publish_problems(read, at=now),
        publish_refusal=editing_rules.publish_refusal(request.user, read, at=now),
        amend=amend if editing_rules.amend_refusal(request.user, row, at=now) is None else None,
        extend=extend if run_refusal is None else None,
        cancel=cancel if run_refusal is None else None,
        can_discard=row.published_at is None,
        public_url=host_of(_link(consultation, row)).base,
        **context,
    )


def _publish_gesture(
    request: UserRequest,
    consultation: Consultation,
    row: Questionnaire,
    what: str,
    held: Mapping[str, forms.ReasonForm],
) -> bool:
    """Do what the pressed button says; False when its form comes back with errors."""
    form = held.get(what)
    if form is not None and not form.is_valid():
        return False
    common: dict[str, Any] = {"actor": request.user, "questionnaire": row, "at": timezone.now()}
    try:
        if what == "publier":
            asking.publish(**common, consultation=consultation)
            messages.success(request, "Questionnaire publié. Ses questions ne changent plus.")
        elif isinstance(form, forms.AmendForm):
            target, pk = form.chosen()
            asking.amend(
                **common,
                consultation=consultation,
                target=target,
                pk=pk,
                after=form.cleaned_data["after"],
                reason=form.cleaned_data["reason"],
            )
            messages.success(
                request,
                "Formulation corrigée. L’ancienne, la nouvelle et le motif sont publics, et les personnes qui participent sont prévenues.",
            )
        elif form is not None and what == "prolonger":
            asking.extend(**common, consultation=consultation, **form.cleaned_data)
            messages.success(request, "Prolongé. Le motif est public, et les personnes qui participent sont prévenues.")
        elif form is not None:
            asking.cancel(**common, consultation=consultation, reason=form.cleaned_data["reason"])
            messages.success(
                request, "Questionnaire annulé. Le motif est public, et les résultats ne le seront jamais."
            )
    except DomainError as error:
        if form is None:
            messages.error(request, error.message)
        else:
            form.add_error("last_day" if error.code == "shorter" else None, error.message)
    return form is None or form.is_valid()


@staff(EDIT)
@require_POST
def discard(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Erase a questionnaire that was never published."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    try:
        editing.discard(actor=request.user, questionnaire=row)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(address("_publish", pk, row.reference))
    messages.success(request, "Questionnaire supprimé.")
    return redirect(address("s", pk))


# --- Reading -----------------------------------------------------------------------------------------------------------


@staff(EDIT)
def read_results(request: UserRequest, pk: int, reference: str) -> HttpResponse:
    """Show how many answered, and what, once it may be seen; the texts and files are for agents only."""
    consultation = workspace.fetch(request, pk)
    at = timezone.now()
    rows = results.with_arrivals(results.with_counts(_rows(consultation)))
    row = get_object_or_404(rows, reference=reference.upper())
    refusal = rules.results_refusal(row, at=at)
    found = results.of(outline.read(row), at=at) if refusal is None else None
    is_whole = asking.texts_refusal(request.user, row, at=at) is None
    files = ResponseFile.objects.filter(
        response__questionnaire=row, response__submitted_at__isnull=False
    ).select_related("question")
    return _draw(
        request,
        consultation,
        row,
        "admin/questionnaires/results.html",
        count=row.sent,
        results=found,
        results_refusal=refusal,
        exports=[
            (form.upper(), address("_export", pk, row.reference, form))
            for form in (exports.FORMATS if is_whole and found and found.groups else ())
        ],
        # In the order of their random keys: nothing says who came first.
        files=[
            (kept.name, kept.size, kept.question.label, address("_file", pk, row.reference, kept.key))
            for kept in (files.order_by("question__position", "key") if is_whole else ())
        ],
    )


@staff(EDIT)
@require_POST
def export(request: UserRequest, pk: int, reference: str, form: str) -> HttpResponseBase:
    """Send the responses with what was written in free words, as without names as the public file; the register says so."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    if form not in exports.FORMATS or not results.is_enough(results.count(row)):
        raise Http404
    asking.take_texts(actor=request.user, questionnaire=row, form=form, at=timezone.now())
    content_type, write = exports.FORMATS[form]
    source = request.build_absolute_uri(host_of(_link(consultation, row)).base)
    response = StreamingHttpResponse(write(outline.read(row), source=source, texts=True), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="questionnaire-{row.reference.lower()}-textes.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response


@staff(EDIT)
@require_POST
def file(request: UserRequest, pk: int, reference: str, key: uuid.UUID) -> HttpResponseBase:
    """Send a joined file to an agent, once the questionnaire may be read; the register says so."""
    consultation = workspace.fetch(request, pk)
    row = _found(consultation, reference)
    kept = get_object_or_404(ResponseFile, key=key, response__questionnaire=row, response__submitted_at__isnull=False)
    asking.take_file(actor=request.user, questionnaire=row, kept=kept, at=timezone.now())
    response = FileResponse(
        kept.file.open("rb"), as_attachment=True, filename=kept.name, content_type=kept.content_type
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def urls(opened: Any) -> list[URLPattern]:
    """Give the addresses of these pages, below that of the consultation."""
    name = "consultations_consultation_questionnaire{}".format
    base = "<int:pk>/questionnaires/<slug:reference>/"
    return [
        path("<int:pk>/questionnaires/", opened(questionnaires), name=name("s")),
        path(base, opened(build), name=name("")),
        path(f"{base}reglages/", opened(settings), name=name("_settings")),
        path(f"{base}pages/ajouter/", opened(section), name=name("_section_add")),
        path(f"{base}pages/<int:section_pk>/", opened(section), name=name("_section")),
        path(f"{base}pages/<int:section_pk>/question/", opened(add_question), name=name("_question_add")),
        path(f"{base}questions/<int:question_pk>/", opened(question), name=name("_question")),
        path(f"{base}questions/<int:question_pk>/condition/", opened(condition), name=name("_condition")),
        path(f"{base}geste/", opened(gesture), name=name("_gesture")),
        path(f"{base}essai/", opened(trial), name=name("_trial")),
        path(f"{base}publication/", opened(publish), name=name("_publish")),
        path(f"{base}supprimer/", opened(discard), name=name("_discard")),
        path(f"{base}resultats/", opened(read_results), name=name("_results")),
        path(f"{base}textes.<slug:form>", opened(export), name=name("_export")),
        path(f"{base}fichiers/<uuid:key>/", opened(file), name=name("_file")),
    ]
