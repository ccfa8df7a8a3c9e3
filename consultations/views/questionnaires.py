"""Answering a questionnaire of a consultation, page by page, with or without an account; reading its results."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from consultations import asking, presentation, printing
from consultations.models import Consultation, ConsultationQuestionnaire
from consultations.views import fetching, reading
from mulhouse import throttle, typography
from mulhouse.access import public
from mulhouse.errors import Refusal, RefusedError
from mulhouse.templatetags import ui
from questionnaires import actions, crosses, exports, keys, outline, results, rules
from questionnaires.filling import Filling, kept_files
from questionnaires.forms import TRAP, PageForm, ResumeForm
from questionnaires.hosts import Host
from questionnaires.models import Questionnaire, Response
from questionnaires.outline import Asking, Outline, Page
from transparency.pages import cached_for_visitors

SHOWN = "montrees"
# A cookie outlives the questionnaire by so long, for who comes back to read.
COOKIE_DAYS = 7
MINUTES_FOR_TEN = 3
# What a browser holds without an account is shown again without asking whose it is for so long after the last gesture.
FRESH = dt.timedelta(minutes=30)
# What somebody says of the response their browser holds.
MINE, OTHER = "moi", "autre"


# --- Finding -----------------------------------------------------------------------------------------------------------


def _link(request: HttpRequest, slug: str, reference: str) -> ConsultationQuestionnaire:
    """Fetch a questionnaire this person may see, of a consultation they may see."""
    return get_object_or_404(
        ConsultationQuestionnaire.objects.select_related("consultation", "questionnaire"),
        consultation__in=Consultation.objects.visible_to(request.user),
        consultation__slug=slug,
        questionnaire__in=Questionnaire.objects.visible_to(request.user),
        questionnaire__reference=reference.upper(),
    )


def host_of(link: ConsultationQuestionnaire) -> Host:
    """Say whose questionnaire it is."""
    row = link.consultation
    return Host(
        title=row.title,
        url=row.get_absolute_url(),
        base=reverse("consultations:questionnaire", args=[row.slug, link.questionnaire.reference]),
        crumbs=(
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
        ),
    )


def _cookie(questionnaire: Questionnaire) -> str:
    return f"reponse-{questionnaire.reference.lower()}"


def _token(request: HttpRequest, questionnaire: Questionnaire) -> str:
    """Read the key of this browser; "" for somebody who has an account, or has not begun."""
    if request.user.is_authenticated:
        return ""
    return str(request.get_signed_cookie(_cookie(questionnaire), default="", salt=_cookie(questionnaire)))


def _is_fresh(request: HttpRequest, questionnaire: Questionnaire) -> bool:
    """Tell whether the key of this browser was used a moment ago: later, somebody else may be sitting there."""
    name = _cookie(questionnaire)
    return bool(request.get_signed_cookie(name, default="", salt=name, max_age=FRESH))


def _private(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_store=True)
    return response


@dataclass
class Desk:
    """What lies before somebody who answers."""

    request: HttpRequest
    link: ConsultationQuestionnaire
    outline: Outline
    token: str
    response: Response | None
    at: dt.datetime

    @classmethod
    def found(cls, request: HttpRequest, slug: str, reference: str) -> "Desk":
        """Fetch the questionnaire, and what this person or this browser has begun."""
        link = _link(request, slug, reference)
        token = _token(request, link.questionnaire)
        response = Response.objects.of(link.questionnaire, user=request.user, token_hash=keys.hashed(token)).first()
        return cls(request, link, outline.read(link.questionnaire), token, response, timezone.now())

    @property
    def questionnaire(self) -> Questionnaire:
        """Give the questionnaire."""
        return self.link.questionnaire

    @cached_property
    def host(self) -> Host:
        """Say whose it is."""
        return host_of(self.link)

    @cached_property
    def refusal(self) -> Refusal | None:
        """Tell why this person may not answer."""
        return asking.answer_refusal(self.request.user, self.link, at=self.at)

    @property
    def asks_whose(self) -> bool:
        """Tell whether the answers of this browser wait until somebody says they are theirs."""
        return bool(self.token) and self.response is not None and not _is_fresh(self.request, self.questionnaire)

    def filling(self) -> Filling:
        """Give what was typed so far."""
        draft = self.response.draft if self.response else {}
        return Filling(self.outline, draft, kept_files(self.response) if draft else {})

    def page(self, number: int) -> Page:
        """Give a page by its rank. Raises: Http404."""
        if not 1 <= number <= len(self.outline.pages):
            raise Http404
        return self.outline.pages[number - 1]


# --- Those of a consultation -----------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def questionnaire_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the questionnaires of a consultation; the only one is opened at once."""
    row = fetching.consultation(request, slug)
    cards = asking.cards(row, at=timezone.now())
    if not cards:
        raise Http404
    if len(cards) == 1:
        return redirect(cards[0].url)
    context = {
        "consultation": row,
        "questionnaires": cards,
        "tabs": presentation.tabs(row, current="questionnaire"),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Questionnaires")),
        ],
    }
    return render(request, "consultations/questionnaires.html", context)


# --- The page that introduces it ---------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def questionnaire(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Say what is asked, to whom, until when, and lead to the first page."""
    link = _link(request, slug, reference)
    row, at, host = link.questionnaire, timezone.now(), host_of(link)
    refusal = asking.answer_refusal(request.user, link, at=at)
    mine = Response.objects.of(row, user=request.user, token_hash="").first() if request.user.is_authenticated else None
    read = outline.read(row)
    context = {
        "questionnaire": row,
        "host": host,
        "refusal": refusal,
        "remedy": reading.remedy_url(refusal),
        "sign_in_url": f"{reverse('account_login')}?next={host.base}" if refusal and refusal.code == "sign_in" else "",
        "sent_reference": mine.reference if mine and mine.submitted_at else "",
        "start_words": _start_words(mine),
        "start_url": host.page_url(1) if request.user.is_authenticated else host.start_url,
        "paper_url": reverse("consultations:paper_questionnaire", args=[slug, row.reference])
        if printing.is_printed(link.consultation, row, at=at)
        else "",
        "can_resume": refusal is None and row.accepts_without_account,
        "facts": _facts(row, read),
        "amendments": list(row.amendments.all()),
        "rules_url": reverse("consultations:rules", args=[slug]),
        "has_results": rules.results_refusal(row, at=at) is None,
        "is_over": row.is_over(at=at),
        "tabs": presentation.tabs(link.consultation, current="questionnaire"),
        "crumbs": [*host.crumbs, ui.Crumb(row.title)],
    }
    return render(request, "questionnaires/detail.html", context)


def _start_words(mine: Response | None) -> str:
    if mine is None:
        return _("Répondre au questionnaire")
    return _("Modifier ma réponse") if mine.submitted_at else _("Continuer")


def _facts(row: Questionnaire, read: Outline) -> list[ui.Fact]:
    """Give the box « Repères »."""
    count = len(read.questions)
    minutes = max(1, round(count * MINUTES_FOR_TEN / 10))
    who = row.get_residency_level_display()
    if row.minimum_age:
        who = _("%(who)s, à partir de %(age)s\u00a0ans") % {"who": who, "age": row.minimum_age}
    return [
        ui.Fact(_("Questions"), ngettext("%(n)s question", "%(n)s questions", count) % {"n": count}),
        ui.Fact(_("Durée"), ngettext("environ %(n)s minute", "environ %(n)s minutes", minutes) % {"n": minutes}),
        ui.Fact(_("Qui peut répondre\u00a0?"), who[:1].upper() + who[1:]),
        ui.Fact(_("Dates"), typography.date_range(row.opens_on, row.last_day)),
        ui.Fact(_("Compte"), _("Facultatif") if row.accepts_without_account else _("Nécessaire")),
    ]


# --- Whose response this browser holds ---------------------------------------------------------------------------------


@public
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Begin; where this browser holds a response without an account, ask first whose it is, and show nothing of it.

    Whoever says it is not theirs begins anew: the browser forgets the key, the response stays as it is, and its key opens it.
    """
    desk = Desk.found(request, slug, reference)
    host, held = desk.host, desk.response
    if not desk.token or held is None:
        return _private(redirect(host.base if desk.refusal else host.page_url(1)))
    said = request.POST.get("reponse", "")
    if said == MINE:
        back = redirect(host.thanks_url if held.submitted_at and desk.refusal else host.page_url(1))
        _keep_token(back, desk.questionnaire, desk.token, at=desk.at)
        return _private(back)
    if said == OTHER:
        back = redirect(host.base if desk.refusal else host.page_url(1))
        back.delete_cookie(_cookie(desk.questionnaire), samesite="Lax")
        messages.success(request, _("Ce navigateur a oublié la réponse précédente. Elle n’est ni effacée, ni montrée."))
        return _private(back)
    context = {
        "questionnaire": desk.questionnaire,
        "host": host,
        "is_sent": held.submitted_at is not None,
        "day": typography.day(typography.local_day(held.submitted_at or held.saved_at)),
        "mine": MINE,
        "other": OTHER,
        "crumbs": [
            *host.crumbs,
            ui.Crumb(desk.questionnaire.title, host.base),
            ui.Crumb(_("Est-ce votre réponse\u00a0?")),
        ],
    }
    return _private(render(request, "questionnaires/start.html", context))


# --- One page ----------------------------------------------------------------------------------------------------------


@public
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str, reference: str, number: int) -> HttpResponse:
    """Show the questions of a page, keep what is typed, and lead on."""
    desk = Desk.found(request, slug, reference)
    if request.method == "POST":
        return _private(_save(desk, number))
    if desk.refusal:
        return redirect(desk.host.base)
    if desk.asks_whose:
        return _private(redirect(desk.host.start_url))
    filling, shown = desk.filling(), desk.page(number)
    askings = filling.asked_on(shown)
    if not askings:
        later = filling.next_page(number)
        return redirect(desk.host.page_url(later) if later else desk.host.check_url)
    if request.GET.get("corriger"):
        form = filling.form(shown)
        return _private(_show(desk, number, form, filling, status=422 if form.errors else 200))
    form = PageForm(None, askings=askings, kept=filling.kept, initial=filling.draft)
    return _private(_show(desk, number, form, filling))


def _show(desk: Desk, number: int, form: PageForm, filling: Filling, *, status: int = 200) -> HttpResponse:
    row, total = desk.questionnaire, len(desk.outline.pages)
    earlier = filling.previous_page(number)
    context = {
        **frame(desk.outline, number, form, desk.host),
        "back_url": desk.host.page_url(earlier) if earlier else desk.host.base,
        "refusal": desk.refusal.message if desk.refusal else "",
        "saved": typography.instant(desk.response.saved_at) if desk.response else "",
        "is_sent": desk.response is not None and desk.response.submitted_at is not None,
        # Shown once something is kept under it.
        "key": keys.grouped(desk.token) if desk.response else "",
        "other": OTHER,
        "has_more": desk.request.GET.get("suite") == "1",
        "trap": "" if desk.request.user.is_authenticated else TRAP,
        "crumbs": [
            *desk.host.crumbs,
            ui.Crumb(row.title, desk.host.base),
            ui.Crumb(_("Page %(number)s sur %(total)s") % {"number": number, "total": total}),
        ],
    }
    return render(desk.request, "questionnaires/page.html", context, status=status)


def frame(read: Outline, number: int, form: PageForm, host: Host) -> dict[str, Any]:
    """Give what the page shows of the questionnaire itself: for those who answer, and for the agent who tries it."""
    total = len(read.pages)
    return {
        "questionnaire": read.questionnaire,
        "host": host,
        "section": read.pages[number - 1].section,
        "form": form,
        "blocks": form.blocks(),
        "shown": ",".join(str(asking.pk) for asking in form.askings),
        "shown_name": SHOWN,
        "number": number,
        "total": total,
        "progress": _("Page %(number)s sur %(total)s") % {"number": number, "total": total},
        "amended": {amendment.question_id for amendment in read.questionnaire.amendments.all()},
    }


def _shown_questions(request: HttpRequest, page: Page) -> list[Asking]:
    """Give the questions that the page in the browser showed: those that a condition hid are not read."""
    keys = set(request.POST.get(SHOWN, "").split(","))
    return [asking for asking in page.questions if str(asking.pk) in keys]


def _save(desk: Desk, number: int) -> HttpResponse:
    """Keep everything that was typed, then go where the pressed button leads, or come back with what is to correct."""
    request, shown = desk.request, desk.page(number)
    askings = _shown_questions(request, shown)
    kept = kept_files(desk.response)
    form = PageForm(request.POST, request.FILES, askings=askings, kept=kept)
    is_valid = form.is_valid()
    if desk.refusal:
        return _show(desk, number, form, desk.filling(), status=403)
    if request.POST.get(TRAP):
        raise PermissionDenied(_("Votre réponse n’a pas été enregistrée. Laissez vide le champ caché de la page."))
    _limit(desk, form)
    token = desk.token or ("" if request.user.is_authenticated else keys.new())
    try:
        desk.response = actions.save_draft(
            user=request.user,
            token=token,
            questionnaire=desk.questionnaire,
            typed=form.typed(request.POST),
            at=desk.at,
        )
        _save_files(desk, token, form, askings)
    except RefusedError as error:
        desk.refusal = error.refusal
        return _show(desk, number, form, desk.filling(), status=403)
    response = _after(desk, number, form, is_valid=is_valid, askings=askings)
    if not request.user.is_authenticated:
        _keep_token(response, desk.questionnaire, token, at=desk.at)
    return response


def _limit(desk: Desk, form: PageForm) -> None:
    """Count what is begun without an account, and every file. Raises: ThrottledError."""
    address = throttle.client_ip(desk.request)
    if desk.response is None and not desk.request.user.is_authenticated:
        throttle.check(throttle.Limit.ANSWERING, address)
    key = f"user:{desk.request.user.pk}" if desk.request.user.is_authenticated else address
    for _file in form.uploads:
        throttle.check(throttle.Limit.UPLOADING, key)


def _save_files(desk: Desk, token: str, form: PageForm, askings: Sequence[Asking]) -> None:
    for asking_ in askings:
        upload = form.uploads.get(asking_.pk)
        common = {
            "user": desk.request.user,
            "token": token,
            "questionnaire": desk.questionnaire,
            "question": asking_.question,
            "at": desk.at,
        }
        if upload is not None:
            actions.keep_file(**common, upload=upload)  # type: ignore[arg-type] # a few named values
        elif form.cleaned_data.get(f"q{asking_.pk}_retirer"):
            actions.drop_file(**common)  # type: ignore[arg-type] # same
    if desk.response is not None:
        desk.response.refresh_from_db()


def _keep_token(response: HttpResponse, row: Questionnaire, token: str, *, at: dt.datetime) -> None:
    days = (row.closes_on - typography.local_day(at)).days if row.closes_on else 0
    response.set_signed_cookie(
        _cookie(row),
        token,
        salt=_cookie(row),
        max_age=(days + COOKIE_DAYS) * 86_400,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _after(desk: Desk, number: int, form: PageForm, *, is_valid: bool, askings: Sequence[Asking]) -> HttpResponse:
    """Go back, stop here, correct, show the questions that an answer has brought, or go on."""
    intent, filling = desk.request.POST.get("intention", ""), desk.filling()
    if intent == "retour":
        earlier = filling.previous_page(number)
        return redirect(desk.host.page_url(earlier) if earlier else desk.host.base)
    if intent == "brouillon":
        messages.success(desk.request, _("Vos réponses sont gardées. Vous pouvez revenir plus tard et continuer."))
        return redirect(desk.host.base)
    if not is_valid:
        return _show(desk, number, form, filling, status=422)
    seen = {asking_.pk for asking_ in askings}
    brought = [asking_ for asking_ in filling.asked_on(desk.page(number)) if asking_.pk not in seen]
    if brought:
        return redirect(f"{desk.host.page_url(number)}?suite=1#q{brought[0].pk}-question")
    later = filling.next_page(number)
    return redirect(desk.host.page_url(later) if later else desk.host.check_url)


# --- Checking, sending -------------------------------------------------------------------------------------------------


@public
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show every answer, then send them."""
    desk = Desk.found(request, slug, reference)
    if desk.response is None or (desk.refusal and request.method != "POST"):
        return redirect(desk.host.base)
    if desk.asks_whose and request.method != "POST":
        return _private(redirect(desk.host.start_url))
    filling = desk.filling()
    if filling.first_problem is not None and request.method == "POST":
        return redirect(f"{desk.host.page_url(filling.first_problem)}?corriger=1")
    if request.method == "POST":
        return _private(_send(desk, filling))
    groups = [
        (
            desk.host.page_url(number),
            page_.section.title,
            [ui.Fact(label, words or _("Sans réponse"), foreign=True) for label, words in lines],
        )
        for number, page_, lines in filling.words()
    ]
    problem = filling.first_problem
    context = {
        "questionnaire": desk.questionnaire,
        "host": desk.host,
        "groups": groups,
        "problem_url": f"{desk.host.page_url(problem)}?corriger=1" if problem else "",
        "is_sent": desk.response.submitted_at is not None,
        "crumbs": [
            *desk.host.crumbs,
            ui.Crumb(desk.questionnaire.title, desk.host.base),
            ui.Crumb(_("Vérifier avant d’envoyer")),
        ],
    }
    return _private(render(request, "questionnaires/check.html", context))


def _send(desk: Desk, filling: Filling) -> HttpResponse:
    try:
        asking.send(user=desk.request.user, token=desk.token, link=desk.link, answers=filling.answers(), at=desk.at)
    except RefusedError as error:
        messages.error(desk.request, error.message)
        return redirect(desk.host.base)
    return redirect(desk.host.thanks_url)


@public
@require_safe
def thanks(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Confirm, with the reference, until when one can change one's mind, and what comes next."""
    desk = Desk.found(request, slug, reference)
    if desk.response is None or desk.response.submitted_at is None:
        return redirect(desk.host.base)
    if desk.asks_whose:
        return _private(redirect(desk.host.start_url))
    context = {
        "questionnaire": desk.questionnaire,
        "host": desk.host,
        "response": desk.response,
        "key": keys.grouped(desk.token),
        "mail_words": _("Un courriel vous donne aussi cette référence, sans vos réponses.")
        if desk.request.user.is_authenticated
        else "",
        "edit_url": desk.host.page_url(1),
        "can_edit": desk.refusal is None,
        "other": OTHER if desk.token else "",
        "crumbs": [
            *desk.host.crumbs,
            ui.Crumb(desk.questionnaire.title, desk.host.base),
            ui.Crumb(_("Réponse envoyée")),
        ],
    }
    return _private(render(request, "questionnaires/thanks.html", context))


@public
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Take up, in another browser, a response begun without an account: the key goes in the body, never in an address."""
    link = _link(request, slug, reference)
    row, host = link.questionnaire, host_of(link)
    form = ResumeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.ANSWERING, throttle.client_ip(request))
        key = form.cleaned_data["key"]
        held = Response.objects.filter(questionnaire=row, token_hash=keys.hashed(key)).first()
        if held is not None:
            back = redirect(host.thanks_url if held.submitted_at else host.page_url(1))
            _keep_token(back, row, key, at=timezone.now())
            return _private(back)
        form.add_error(
            "key", _("Aucune réponse n’a cette clé. Relisez-la, et vérifiez que c’est bien ce questionnaire.")
        )
    context = {
        "questionnaire": row,
        "host": host,
        "form": form,
        "crumbs": [*host.crumbs, ui.Crumb(row.title, host.base), ui.Crumb(_("Reprendre ma réponse"))],
    }
    return _private(render(request, "questionnaires/resume.html", context, status=422 if form.errors else 200))


# --- Results -----------------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def questionnaire_results(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show what was answered, in charts and tables; nothing before the end, unless it was announced."""
    link = _link(request, slug, reference)
    row, host, at = link.questionnaire, host_of(link), timezone.now()
    if refusal := rules.results_refusal(row, at=at):
        raise PermissionDenied(refusal.message)
    cross = request.GET.get("par", "")
    read = outline.read(row)
    found = results.of(read, at=at, cross=cross if cross in crosses.NAMES else "")
    context = {
        "questionnaire": row,
        "host": host,
        "is_over": row.is_over(at=at),
        "results": found,
        "channels": [
            ui.Fact(label, typography.number(number)) for label, number in presentation.channels(found.channels)
        ],
        "crosses": [
            ui.Tab(_("Toutes les réponses"), host.results_url, current=cross not in crosses.NAMES),
            *(
                ui.Tab(label, f"{host.results_url}?par={name}", current=cross == name)
                for name, label in crosses.NAMES.items()
            ),
        ],
        "files": [
            (form.upper(), reverse("consultations:questionnaire_export", args=[slug, row.reference, form]))
            for form in exports.FORMATS
        ],
        "crosses_url": reverse("consultations:questionnaire_crosses", args=[slug, row.reference]),
        "tabs": presentation.tabs(link.consultation, current="questionnaire"),
        "crumbs": [*host.crumbs, ui.Crumb(row.title, host.base), ui.Crumb(_("Résultats"))],
    }
    return render(request, "questionnaires/results.html", context)


@public
@require_safe
def questionnaire_export(request: HttpRequest, slug: str, reference: str, form: str) -> HttpResponseBase:
    """Send the answers, row by row, without anything that leads to a person."""
    if form not in exports.FORMATS:
        raise Http404
    link = _downloaded(request, slug, reference)
    content_type, write = exports.FORMATS[form]
    chunks: Iterator[bytes] = write(
        outline.read(link.questionnaire), source=request.build_absolute_uri(host_of(link).url)
    )
    return _file(chunks, content_type, f"questionnaire-{link.questionnaire.reference.lower()}.{form}")


@public
@require_safe
def questionnaire_crosses(request: HttpRequest, slug: str, reference: str) -> HttpResponseBase:
    """Send the answers crossed with the districts and the ages, as the page of results shows them."""
    row = _downloaded(request, slug, reference).questionnaire
    chunks = exports.crosses_chunks(outline.read(row))
    return _file(chunks, exports.FORMATS["csv"][0], f"questionnaire-{row.reference.lower()}-croisements.csv")


def _downloaded(request: HttpRequest, slug: str, reference: str) -> ConsultationQuestionnaire:
    """Fetch a questionnaire of which the files may leave, and count the download. Raises: Http404, PermissionDenied, ThrottledError."""
    link = _link(request, slug, reference)
    if refusal := rules.files_refusal(link.questionnaire, at=timezone.now()):
        raise PermissionDenied(refusal.message)
    if not results.is_enough(results.count(link.questionnaire)):
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    return link


def _file(chunks: Iterator[bytes], content_type: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(chunks, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
