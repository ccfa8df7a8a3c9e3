"""Proposing a change to an idea, reading those proposed, answering as its author."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import rules as accounts_rules
from accounts.http import UserRequest
from desk import signatures
from ideas import amending as acts
from ideas import beside, rules, said_hiding
from ideas.gathering_forms import AmendForm, AnswerForm
from ideas.models import Amendment, Idea
from ideas.views import gathering
from moderation import clauses
from mulhouse import lists, throttle, typed, typography
from mulhouse.access import public, resident
from mulhouse.errors import DomainError, require
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

PAGE_SIZE = 20
SEGMENT = "modification"
TONES: dict[str, Any] = {"waiting": "neutral", "accepted": "yes", "declined": "no"}


def _crumbs(idea: Idea, *last: ui.Crumb) -> list[ui.Crumb]:
    return gathering.crumbs(ui.Crumb(idea.title, idea.get_absolute_url()), *last)


def tag_of(row: Amendment) -> ui.Tag:
    """Give the state of a change, in a pill."""
    return ui.Tag(row.get_state_display(), TONES[row.state])


def author_of(row: Amendment) -> str:
    """Sign a change (select `author`)."""
    return signatures.of_person(row.author.public_name if row.author else None)


@public
@require_safe
@cached_for_visitors
def amendments(request: HttpRequest, reference: str) -> HttpResponse:
    """List the changes proposed to an idea, the newest first, with what became of each."""
    idea = gathering.fetch_idea(request, reference)
    rows = Amendment.objects.visible().filter(idea=idea).select_related("author")
    page = lists.read(
        rows,
        lists.Order("submitted_at"),
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda sign: Amendment.objects.filter(idea=idea, reference=sign).first(),
    )
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    context = {
        "idea": idea,
        "lines": [(row, author_of(row), tag_of(row), _changed(row)) for row in page.rows],
        "pages": ui.Pages(
            previous_url=request.path + previous if previous else "",
            next_url=request.path + following if following else "",
            words=_("Page %(number)s") % {"number": typography.number(page.number)},
        ),
        "can_amend": acts.standing_refusal(idea) is None
        and not (request.user.is_authenticated and idea.author_id == request.user.pk),
        "crumbs": _crumbs(idea, ui.Crumb(_("Modifications proposées"))),
    }
    return render(request, "ideas/amendments.html", context)


def _changed(row: Amendment) -> str:
    """Name what a change touches."""
    names = {"title": _("titre"), "need": _("besoin"), "proposal": _("proposition")}
    return ", ".join(word for name, word in names.items() if getattr(row, name))


def _fetch(request: HttpRequest, reference: str, amendment_reference: str) -> Amendment:
    """Fetch a change to a public idea: public once, or its author's own; moderators read what waits."""
    rows = Amendment.objects.select_related("idea__campaign", "idea__author", "author", "version").defer("idea__search")
    row = get_object_or_404(
        rows,
        idea__in=Idea.objects.visible().filter(reference=read_reference(reference)),
        reference=read_reference(amendment_reference),
    )
    return row if may_read(request.user, row) else get_object_or_404(Amendment, pk=None)


def may_read(user: Any, row: Any) -> bool:
    """Tell whether somebody may open the page of a text: everybody once it was public, else its author and moderators."""
    if row.released_at is not None or (user.is_authenticated and row.author_id == user.pk):
        return True
    return bool(user.is_staff and user.has_perm("moderation.decide_case"))


def stub_context(request: HttpRequest, row: Any) -> dict[str, Any]:
    """Gather what the address of a text that is gone keeps: a sentence, and the text for its author only."""
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    return {
        "idea": row.idea,
        "said": row,
        "texts": [text for name in said_hiding.WORDS[type(row)] if (text := getattr(row, name))] if is_own else [],
        "is_own": is_own,
        "stub": _("Texte retiré par son auteur") if row.withdrawn_at else said_hiding.stub(row.hidden_reason),
        "clause_url": clauses.address(row.hidden_reason) if row.hidden_at and not row.withdrawn_at else "",
        "crumbs": _crumbs(row.idea, ui.Crumb(_("Texte retiré"))),
    }


@public
@require_safe
def amendment(request: HttpRequest, reference: str, amendment_reference: str) -> HttpResponse:
    """Show a change word by word, with the form of the author of the idea."""
    row = _fetch(request, reference, amendment_reference)
    if row.released_at is not None and not row.is_visible:
        return render(request, "ideas/amendment_gone.html", stub_context(request, row), status=410)
    refusal = acts.answer_refusal(request.user, row, at=timezone.now())
    return _drawn(request, row, AnswerForm() if refusal is None else None)


@resident
@require_POST
def answer(request: UserRequest, reference: str, amendment_reference: str) -> HttpResponse:
    """Take a change or not, as the author of the idea."""
    row, at = _fetch(request, reference, amendment_reference), timezone.now()
    require(acts.answer_refusal(request.user, row, at=at))
    form = AnswerForm(request.POST)
    if form.is_valid() and _answered(request, row, form, at=at):
        return redirect("ideas:amendment", row.idea.reference, row.reference)
    return _drawn(request, row, form)


def _drawn(request: HttpRequest, row: Amendment, form: AnswerForm | None) -> HttpResponse:
    before = acts.written_from(row)
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    is_failed = form is not None and form.is_bound
    context = {
        "idea": row.idea,
        "amendment": row,
        "author": author_of(row),
        "tag": tag_of(row),
        "changes": [
            (label, beside.compared(getattr(before, name), getattr(row, name)) if before else getattr(row, name))
            for name, label in (("title", _("Titre")), ("need", _("Le besoin")), ("proposal", _("La proposition")))
            if getattr(row, name)
        ],
        "is_alone": before is None,
        "is_stale": row.state == Amendment.State.WAITING and row.digest != acts.digest(row.idea),
        "form": form,
        "failures": form if is_failed else AnswerForm(),
        "can_withdraw": acts.withdraw_refusal(request.user, row) is None,
        "report_url": "" if is_own or row.is_waiting else reverse("moderation:report", args=[SEGMENT, row.reference]),
        "crumbs": _crumbs(
            row.idea,
            ui.Crumb(_("Modifications proposées"), reverse("ideas:amendments", args=[row.idea.reference])),
            ui.Crumb(row.reference),
        ),
    }
    return render(request, "ideas/amendment.html", context, status=422 if is_failed else 200)


def _answered(request: UserRequest, row: Amendment, form: AnswerForm, *, at: Any) -> bool:
    accepts = form.cleaned_data["accepts"] == "oui"
    throttle.check(throttle.Limit.COMMENTING, f"user:{request.user.pk}")
    try:
        acts.answer(actor=request.user, amendment=row, accepts=accepts, word=form.cleaned_data["word"], at=at)
    except DomainError as error:
        form.add_error("word" if error.code == "word" else "accepts", error.message)
        return False
    if accepts:
        messages.success(request, _("La modification est retenue\u00a0: votre texte a changé, l’ancien reste lisible."))
    else:
        messages.success(request, _("Votre réponse est publiée. Votre texte reste comme il est."))
    return True


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: UserRequest, reference: str) -> HttpResponse:
    """Propose a change to an idea."""
    idea, at = gathering.fetch_idea(request, reference), timezone.now()
    refusal = acts.propose_refusal(request.user, idea, at=at)
    remedy = accounts_rules.remedy_route(refusal) if refusal else ""
    if refusal is not None and (request.method == "POST" or refusal.code not in rules.ASKED_BESIDE):
        require(refusal)
    form = AmendForm(request.POST or None, idea=idea)
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        try:
            made = acts.propose(
                actor=request.user,
                idea=idea,
                reference=typed.read_token(request.POST.get("jeton", ""), request.user, "amend"),
                change=form.change(),
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            if made.is_waiting:
                messages.success(request, _("Votre proposition est déposée. Elle paraîtra après relecture."))
            else:
                messages.success(request, _("Votre proposition est publiée. L’auteur de l’idée y répondra."))
            return redirect("ideas:amendment", idea.reference, made.reference)
    context = {
        "idea": idea,
        "form": form,
        "refusal": refusal,
        "remedy_url": reverse(remedy) if remedy else "",
        "token": request.POST.get("jeton") or typed.new_token(request.user, "amend"),
        "crumbs": _crumbs(idea, ui.Crumb(_("Proposer une modification"))),
    }
    return render(request, "ideas/amend.html", context, status=422 if form.is_bound else 200)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: UserRequest, reference: str, amendment_reference: str) -> HttpResponse:
    """Ask to confirm, then take a change back."""
    row = _fetch(request, reference, amendment_reference)
    require(acts.withdraw_refusal(request.user, row))
    return withdrawn(request, row, "ideas/amend_withdraw.html", _("Votre proposition est retirée."))


def withdrawn(request: UserRequest, row: Any, template: str, said: str) -> HttpResponse:
    """Ask to confirm, or take a text back and lead to the idea."""
    if request.method == "POST":
        acts.take_back(actor=request.user, said=row, at=timezone.now())
        messages.success(request, said)
        return redirect(row.idea)
    return render(
        request, template, {"idea": row.idea, "said": row, "crumbs": _crumbs(row.idea, ui.Crumb(_("Retirer")))}
    )
