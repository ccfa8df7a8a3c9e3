"""Consultations at the desk: writing for somebody, and the notes of a table (`desk.pages` holds what every room shares)."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.http import UserRequest
from accounts.models import User
from ballots import roll_pages
from consultations import assisting, phases, table_lines
from consultations.admin import desk_forms as forms
from consultations.forms import attachment_forms
from consultations.models import Consultation, ConsultationQuestionnaire, ConsultationVote, Participation, Section
from desk import rooms, rules
from desk.forms import IDENTITY
from desk.models import Act, Assistance, Channel, Receipt
from desk.pages import address, done, page
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.errors import DomainError, Refusal
from mulhouse.templatetags.ui import Tab
from mulhouse.typed import Together
from questionnaires import outline
from questionnaires import rules as questionnaires_rules
from questionnaires.filling import Filling
from questionnaires.forms import PageForm

AGAIN = (
    "Par ce canal ou par un autre. Elle peut encore écrire un avis\u00a0; elle reste comptée une fois. Un formulaire papier porte le "
    "numéro de son reçu\u00a0: s’il en a un, il est déjà saisi."
)


def _taking(at: dt.datetime) -> list[Consultation]:
    """List the consultations for which something may be entered: open, or closed a few days ago."""
    today = typography.local_day(at)
    first = today - dt.timedelta(days=rules.LATE_DAYS)
    written = Q(phases__kind=phases.Kind.CONTRIBUTE, phases__starts_on__lte=today) & (
        Q(phases__ends_on__isnull=True) | Q(phases__ends_on__gte=first)
    )
    asked = Q(
        questionnaire_links__questionnaire__published_at__isnull=False,
        questionnaire_links__questionnaire__cancelled_at__isnull=True,
        questionnaire_links__questionnaire__opens_on__lte=today,
        questionnaire_links__questionnaire__closes_on__gt=today,
    )
    voted = Q(
        vote_links__votation__published_at__isnull=False,
        vote_links__votation__opens_on__lte=today,
        vote_links__votation__ends_on__gte=today,
    )
    rows = Consultation.objects.published().filter(written | asked | voted, archived_at__isnull=True)
    return list(rows.distinct().order_by("title"))


def _consultation(slug: str) -> Consultation:
    rows = Consultation.objects.published().prefetch_related("phases", "sections")
    return get_object_or_404(rows, slug=slug)


@dataclass(frozen=True)
class Helped:
    """Somebody an agent writes for: their assistance, the consultation, whether they took part in it already, what they may do."""

    assistance: Assistance
    consultation: Consultation
    took_part: bool
    announced: assisting.Acts


def _helped(key: uuid.UUID, *prefetched: str) -> Helped:
    assistance = get_object_or_404(Assistance.objects.select_related("district"), key=key)
    taking_part = Participation.objects.filter(consultation=OuterRef("pk"), person=assistance.person_id)
    rows = Consultation.objects.published().annotate(took_part=Exists(taking_part)).prefetch_related(*prefetched)
    consultation: Any = get_object_or_404(rows, slug=assistance.topic.partition(":")[2])
    return Helped(assistance, consultation, consultation.took_part, assisting.announced(consultation))


def _act_page(
    request: UserRequest,
    template: str,
    helped: Helped,
    *,
    refusal: Refusal | None,
    **context: Any,
) -> TemplateResponse:
    """Draw a page of the one act, with the way to the other ones."""
    others, slug = helped.announced.open(at=timezone.now()), helped.consultation.slug
    key = helped.assistance.key
    seen = helped.assistance.channel == Channel.DESK
    acts = [
        Tab("Un avis", address("act", key)),
        *(
            Tab(f"Questionnaire\u00a0: {link.questionnaire.title}", address("answer", key, link.pk))
            for link in others.questionnaires
        ),
        *(Tab(f"Vote\u00a0: {link.votation.question}", address("roll", key, link.pk)) for link in others.votes),
    ]
    return page(
        request,
        template,
        failed=request.method == "POST",
        consultation=helped.consultation,
        assistance=helped.assistance,
        refusal=refusal,
        acts=[replace(one, current=one.url == request.path) for one in acts],
        took_part=helped.took_part,
        again_title="Une personne de ce nom, née ce jour-là, a déjà pris part à cette consultation",
        again_words=AGAIN,
        again_url=address("open", slug),
        namesake_url=address("namesake", slug) if seen else "",
        **context,
    )


Link = TypeVar("Link", ConsultationQuestionnaire, ConsultationVote)


def _one_of(links: Iterable[Link], pk: int) -> Link:
    found = next((one for one in links if one.pk == pk), None)
    if found is None:
        raise Http404
    return found


@never_cache
@staff(rules.ASSIST)
def act(request: UserRequest, key: uuid.UUID) -> HttpResponse:
    """Write the one act of an assistance: what the person says."""
    helped, at = _helped(key, "phases", "sections"), timezone.now()
    assistance, consultation = helped.assistance, helped.consultation
    refusal = (
        rules.session_refusal(request.user, assistance, at=at)
        or rules.place_refusal(
            assistance, residency_level=consultation.residency_level, minimum_age=consultation.minimum_age, at=at
        )
        or assisting.entry_refusal(request.user, consultation, channel=assistance.channel, at=at)
    )
    posted = request.method == "POST"
    form = forms.SaidForm(request.POST if posted else None, sections=list(consultation.sections.all()))
    new = attachment_forms(request.POST if posted else None, request.FILES if posted else None, [])
    # Each form says what it finds wrong, the others too.
    is_valid = all([form.is_valid(), *(one.is_valid() for one in new)])
    if posted and refusal is None and is_valid:
        try:
            _contribution, receipt = assisting.contribute(
                actor=request.user,
                consultation=consultation,
                assistance=assistance,
                said=form.said(),
                files=forms.joined(new),
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return done(request, receipt, "L’avis est publié.")
    for one in new:
        if posted and one.cleaned_data.get("upload"):
            # A browser never sends a file twice by itself.
            one.add_error("file", "Choisissez de nouveau ce fichier : il n’a pas été gardé.")
    title = "Ce que dit la personne"
    return _act_page(
        request,
        "desk/act.html",
        helped,
        refusal=refusal,
        form=form,
        kept=[],
        new=new,
        failures=Together(form, *new),
        title=title,
    )


@never_cache
@staff(rules.ASSIST)
def answer(request: UserRequest, key: uuid.UUID, pk: int) -> HttpResponse:
    """Write somebody's answers to a questionnaire: every question that is asked, on one page."""
    helped, at = _helped(key), timezone.now()
    assistance = helped.assistance
    link = _one_of(helped.announced.questionnaires, pk)
    row = link.questionnaire
    refusal = (
        rules.session_refusal(request.user, assistance, at=at)
        or rules.place_refusal(assistance, residency_level=row.residency_level, minimum_age=row.minimum_age, at=at)
        or questionnaires_rules.window_refusal(row, at=at)
    )
    read = outline.read(row)
    filling = Filling(read, PageForm(request.POST, askings=read.questions).typed(request.POST), {})
    shown = [one for one in read.questions if one.pk in filling.shown]
    posted = request.method == "POST"
    form = PageForm(request.POST if posted else None, request.FILES if posted else None, askings=shown)
    problem = ""
    if request.method == "POST" and refusal is None and form.is_valid():
        try:
            receipt = assisting.answer(
                actor=request.user,
                link=link,
                assistance=assistance,
                answers=form.answers(),
                uploads=form.uploads,
                at=at,
            )
        except DomainError as error:
            problem = error.message
        else:
            return done(request, receipt, "Les réponses sont enregistrées.")
    for question in form.uploads:
        # A browser never sends a file twice by itself.
        form.add_error(f"q{question}", "Choisissez de nouveau ce fichier : il n’a pas été gardé.")
    return _act_page(
        request,
        "desk/answer.html",
        helped,
        refusal=refusal,
        form=form,
        blocks=form.blocks(),
        amended=set(),
        problem=problem,
        title=row.title,
    )


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def roll(request: UserRequest, key: uuid.UUID, pk: int) -> HttpResponse:
    """Write that somebody is given a paper ballot; what they put on it is never typed in."""
    helped = _helped(key)
    link = _one_of(helped.announced.votes, pk)
    return roll_pages.roll(
        request,
        votation=link.votation,
        assistance=helped.assistance,
        enter=partial(assisting.enter_on_roll, link=link),
        draw=lambda template, **context: _act_page(request, template, helped, **context),
    )


@never_cache
@staff(rules.ASSIST)
def table(request: UserRequest, slug: str) -> HttpResponse:
    """Enter the notes of a table, typed line by line or pasted from a spreadsheet."""
    consultation, at = _consultation(slug), timezone.now()
    sections = list(consultation.sections.all())
    refusal = assisting.entry_refusal(request.user, consultation, channel=Channel.ROOM, at=at)
    posted = request.method == "POST"
    form = forms.TableForm(request.POST or None)
    sheet = forms.SheetForm(request.POST or None, request.FILES or None)
    formset = forms.note_formset(sections, request.POST or None)
    failed = False
    if posted and ("more" in request.POST or "read" in request.POST):
        rows = forms.typed_rows(formset)
        # The frame keeps what was typed, unchecked: nothing is published yet.
        form = forms.TableForm(initial={name: form[name].value() for name in form.fields})
        if "read" in request.POST:
            read, sheet = _read(sheet, rows, sections)
            formset = read or formset
            failed = read is None or read.total_error_count() > 0
        else:
            formset = forms.note_formset(sections, initial=rows, rows=len(rows) + forms.MORE_ROWS)
            formset.forms[len(rows)].fields["text"].widget.attrs["autofocus"] = True
    elif posted and refusal is None:
        if sheet.is_valid() and sheet.text():
            sheet.add_error("lines", "Reprenez d’abord ces lignes, ou effacez-les : elles ne seraient pas publiées.")
        elif form.is_valid() and formset.is_valid() and _enter(request, consultation, form, formset, sections, at):
            return redirect(reverse("consultations:contributions", args=[slug]))
        failed = True
    return page(
        request,
        "desk/table.html",
        title="Notes d’une table",
        failed=failed or (posted and refusal is not None),
        consultation=consultation,
        refusal=refusal,
        form=form,
        sheet=sheet,
        formset=formset,
        can_grow=formset.total_form_count() < assisting.MAX_NOTES,
    )


def _read(
    sheet: forms.SheetForm, rows: list[dict[str, str]], sections: list[Section]
) -> tuple[forms.NoteForms | None, forms.SheetForm]:
    """Turn a sheet into rows: all of its lines, with what is wrong beside each, or none, and it stays in its box with the reason."""
    if not sheet.is_valid():
        return None, sheet
    text = sheet.text()
    try:
        lines = table_lines.read(text, sections=[section.title for section in sections], kinds=forms.KIND_WORDS)
    except table_lines.UnreadableError as error:
        problem = f"La ligne {error} ne se lit pas\u00a0: vérifiez ses guillemets. Aucune ligne n’a été reprise."
    else:
        if lines and len(rows) + len(lines) <= assisting.MAX_NOTES:
            return forms.read_rows(rows, lines, sections), forms.SheetForm()
        problem = (
            f"{assisting.MAX_NOTES} notes au plus pour une table\u00a0: il y en aurait {len(rows) + len(lines)}. Aucune ligne n’a "
            "été reprise."
            if lines
            else "Il n’y a aucune ligne à reprendre."
        )
    kept = forms.SheetForm({"lines": text})
    kept.is_valid()
    kept.add_error("lines", problem)
    return None, kept


def _enter(
    request: UserRequest,
    consultation: Consultation,
    form: forms.TableForm,
    formset: forms.NoteForms,
    sections: list[Section],
    at: dt.datetime,
) -> bool:
    try:
        _entered, is_new = assisting.enter_table(
            actor=request.user,
            consultation=consultation,
            key=form.cleaned_data["key"],
            table=form.value(),
            notes=forms.notes(formset, sections),
            at=at,
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return False
    messages.success(
        request,
        "Les notes sont publiées."
        if is_new
        else "Ces notes étaient déjà publiées\u00a0: rien n’a été écrit deux fois.",
    )
    return True


class ConsultationDesk(rooms.Room):
    """Consultations at the desk: opinions, questionnaires, votes, the notes of tables."""

    prefix = "consultation"
    label = "Consultation"
    written = "avis"
    withdrawn = Act.CONTRIBUTION
    withdrawn_words = "L’avis est retiré."
    allowance = "un avis, un questionnaire ou un vote"

    def find(self, slug: str) -> Consultation:
        """Give a published consultation."""
        return _consultation(slug)

    def acts(self, user: User, procedure: Consultation, *, at: dt.datetime) -> list[Act]:
        """List what may be written there now."""
        return assisting.kinds(user, procedure, at=at)

    def opening_refusal(self, user: User, procedure: Consultation, *, channel: str, at: dt.datetime) -> Refusal | None:
        """Tell whether one act at least is open."""
        return assisting.opening_refusal(user, procedure, channel=channel, at=at)

    def is_voting(self, procedure: Consultation, *, at: dt.datetime) -> bool:
        """Tell whether a secret vote is running that day."""
        return assisting.is_voting(procedure, at=at)

    def act_url(self, assistance: Assistance) -> str:
        """Lead to what the person says."""
        return address("act", assistance.key)

    def welcome(self, *, at: dt.datetime) -> rooms.Welcome:
        """Give the consultations that take something."""
        return rooms.Welcome(
            "Les consultations ouvertes",
            [
                rooms.Task(
                    row.title,
                    [
                        ("Formulaire papier", reverse("consultations:paper_form", args=[row.slug])),
                        ("Affiche", reverse("consultations:poster", args=[row.slug])),
                    ],
                    [
                        ("Saisir pour une personne", address("open", row.slug)),
                        ("Notes d’une table", address("table", row.slug)),
                    ],
                )
                for row in _taking(at)
            ],
            "Aucune consultation ne recueille d’avis",
            "Une consultation apparaît ici pendant sa phase d’avis, et dix jours après pour les formulaires reçus à temps.",
        )

    def withdraw(self, *, actor: User, receipt: Receipt, at: dt.datetime) -> None:
        """Take back an opinion."""
        assisting.withdraw(actor=actor, receipt=receipt, at=at)

    def urls(self, opened: rooms.Opened) -> list[URLPattern]:
        """Give the pages where one writes for somebody, and the one of tables."""
        return [
            path("acte/<uuid:key>/", opened(act), name="desk_act"),
            path("acte/<uuid:key>/questionnaire/<int:pk>/", opened(answer), name="desk_answer"),
            path("acte/<uuid:key>/vote/<int:pk>/", opened(roll), name="desk_roll"),
            path("<slug:slug>/table/", opened(table), name="desk_table"),
        ]
