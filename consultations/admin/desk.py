"""The desk in the staff space: writing for somebody, the notes of a table, receipts, accounts tied to an identity.

What is typed about somebody's identity is never kept: not in the session, not in a draft of the browser, not in a report of error.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.http import UserRequest
from ballots import roll_pages
from consultations import assisting, phases, table_lines
from consultations.admin import desk_forms as forms
from consultations.forms import Together, attachment_forms
from consultations.models import Consultation, ConsultationQuestionnaire, ConsultationVote, Participation, Section
from desk import actions, pages, rules, subjects
from desk.admin import LINKED
from desk.forms import IDENTITY, FollowForm, LinkForm
from desk.models import Assistance, Channel, Receipt
from desk.pages import address, page
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.errors import DomainError, Refusal
from mulhouse.staff import NOT_YOURS, ShownAdmin
from mulhouse.templatetags.ui import Tab
from questionnaires import outline
from questionnaires import rules as questionnaires_rules
from questionnaires.filling import Filling
from questionnaires.forms import PageForm


def _taking(at: dt.datetime) -> list[Consultation]:
    """List the consultations for which something may be entered: open, or closed a few days ago."""
    today = typography.local_day(at)
    first = today - dt.timedelta(days=assisting.LATE_DAYS)
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


def home(request: HttpRequest) -> HttpResponse:
    """Choose what to do: for which consultation, or with which receipt."""
    form = FollowForm(request.GET if "reference" in request.GET else None)
    if form.is_valid():
        receipt = Receipt.objects.filter(number=form.cleaned_data["reference"]).first()
        if receipt is not None:
            return redirect(address("ticket", receipt.number))
        form.add_error("reference", "Aucun reçu n’a ce numéro. Vérifiez-le sur le papier.")
    consultations = [
        {
            "title": row.title,
            "open_url": address("open", row.slug),
            "table_url": address("table", row.slug),
            "form_url": reverse("consultations:paper_form", args=[row.slug]),
            "poster_url": reverse("consultations:poster", args=[row.slug]),
        }
        for row in _taking(timezone.now())
    ]
    return page(
        request,
        "desk/home.html",
        title="Guichet",
        failed=bool(form.is_bound and form.errors),
        consultations=consultations,
        others=[(subject.heading, lines) for subject in subjects.every() if (lines := subject.lines(timezone.now()))],
        form=form,
        help_url=address("help"),
        link_url=address("link") if rules.link_refusal(request.user) is None else "",
    )


def _consultation(slug: str) -> Consultation:
    rows = Consultation.objects.published().prefetch_related("phases", "sections")
    return get_object_or_404(rows, slug=slug)


def _helping(user: Any, slug: str) -> pages.Helping:
    consultation, at = _consultation(slug), timezone.now()
    return pages.Helping(
        topic=consultation.topic,
        title=consultation.title,
        acts=partial(assisting.kinds, user, consultation, at=at),
        refusal=lambda channel: assisting.opening_refusal(user, consultation, channel=channel, at=at),
        is_voting=partial(assisting.is_voting, consultation, at=at),
        act_url=lambda assistance: address("act", assistance.key),
    )


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def open_assistance(request: UserRequest, slug: str) -> HttpResponse:
    """Say who is there, how they came, and that they agree."""
    return pages.open_assistance(request, _helping(request.user, slug))


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def namesake(request: UserRequest, slug: str) -> HttpResponse:
    """Say that somebody is not the person counted under their name and birth date, with their papers in hand."""
    return pages.namesake(request, _helping(request.user, slug))


@staff(rules.ASSIST)
def help_page(request: HttpRequest) -> HttpResponse:
    """Say what to do in the cases that do not happen every day."""
    return page(
        request,
        "desk/help.html",
        title="Aide du guichet",
        failed=False,
        late_days=assisting.LATE_DAYS,
        namesakes_a_day=rules.NAMESAKES_A_DAY,
    )


AGAIN = (
    "Par ce canal ou par un autre. Elle peut encore écrire un avis\u00a0; elle reste comptée une fois. Un formulaire papier porte le "
    "numéro de son reçu\u00a0: s’il en a un, il est déjà saisi."
)


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
            return pages.done(request, receipt, "L’avis est publié.")
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
            return pages.done(request, receipt, "Les réponses sont enregistrées.")
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
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """Show a receipt, to print it, or to take back what it leads to when the person asks."""
    receipt = get_object_or_404(Receipt, number=number)
    slug = receipt.topic.partition(":")[2]
    subject = subjects.of(receipt.topic)
    return page(
        request,
        "desk/receipt.html",
        title=f"Reçu {receipt.number}",
        failed=False,
        receipt=receipt,
        word=subject.word if subject else "Consultation",
        public_url=request.build_absolute_uri(receipt.path),
        follow_url=request.build_absolute_uri(reverse("desk:follow")),
        again_url=subject.open_url(slug) if subject else address("open", _consultation(slug).slug),
        withdraw_url=address("withdraw", receipt.number),
    )


@never_cache
@staff(rules.ASSIST)
def withdraw(request: UserRequest, number: str) -> HttpResponse:
    """Take back what was written for somebody who comes with their receipt, after asking."""
    receipt = get_object_or_404(Receipt, number=number)
    if request.method == "POST":
        try:
            assisting.withdraw(actor=request.user, receipt=receipt, at=timezone.now())
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "L’avis est retiré.")
        return redirect(address("ticket", receipt.number))
    return page(
        request,
        "desk/withdraw.html",
        title="Retirer un avis",
        failed=False,
        receipt=receipt,
        back_url=address("ticket", number),
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


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def link(request: UserRequest) -> HttpResponse:
    """Tie an account to the identity the agent has before their eyes."""
    if rules.link_refusal(request.user) is not None:
        raise PermissionDenied(NOT_YOURS)
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.link_account(actor=request.user, user=form.user, fingerprint=form.cleaned_data["fingerprint"])
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, LINKED)
            return redirect(address("receipt_changelist"))
    return page(request, "desk/link.html", title="Rattacher un compte", failed=bool(form.errors), form=form)


class DeskAdmin(ShownAdmin):
    """The door of the desk, in the menu. Receipts are found by their number only: there is no list of them."""

    navigation = "Guichet"
    navigation_rank = 5

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Agents who may write for somebody."""
        return obj is None and rules.assist_refusal(request.user) is None

    @method_decorator(never_cache)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Open the desk in place of a list."""
        if not self.has_view_permission(request):
            raise PermissionDenied(NOT_YOURS)
        return home(request)

    def get_urls(self) -> list[URLPattern]:
        """Put the pages of the desk under its door."""
        opened = self.admin_site.admin_view
        return [
            path("", opened(self.changelist_view), name="desk_receipt_changelist"),
            path("rattacher/", opened(link), name="desk_link"),
            path("aide/", opened(help_page), name="desk_help"),
            path("acte/<uuid:key>/", opened(act), name="desk_act"),
            path("acte/<uuid:key>/questionnaire/<int:pk>/", opened(answer), name="desk_answer"),
            path("acte/<uuid:key>/vote/<int:pk>/", opened(roll), name="desk_roll"),
            path("recu/<slug:number>/", opened(ticket), name="desk_ticket"),
            path("recu/<slug:number>/retirer/", opened(withdraw), name="desk_withdraw"),
            path("<slug:slug>/personne/", opened(open_assistance), name="desk_open"),
            path("<slug:slug>/homonyme/", opened(namesake), name="desk_namesake"),
            path("<slug:slug>/table/", opened(table), name="desk_table"),
        ]
