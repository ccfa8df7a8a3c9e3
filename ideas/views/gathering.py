"""Gathering one's idea with others, answering for it, and saying whether one's support counts: a page each, no script needed."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from ideas import gathering as acts
from ideas import gathering_rules, rules, signatures
from ideas.gathering_forms import GatherForm
from ideas.models import CarryAnswer, GatheredIdea, Gathering, Idea, Support
from ideas.views import own as own_pages
from mulhouse import lists, throttle, typed, typography
from mulhouse.access import resident
from mulhouse.errors import DomainError, require
from mulhouse.references import read_reference
from mulhouse.templatetags import ui

PAGE_SIZE = 20


def crumbs(*last: ui.Crumb) -> list[ui.Crumb]:
    """Give the way to a page about gatherings."""
    return [ui.Crumb(_("Idées"), reverse("ideas:list")), *last]


def fetch_idea(request: HttpRequest, reference: str) -> Idea:
    """Fetch a public idea with what its rules read."""
    rows = Idea.objects.visible().select_related("campaign", "author").defer("search")
    return get_object_or_404(rows, reference=read_reference(reference))


# --- Proposing -----------------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def gather(request: UserRequest, reference: str) -> HttpResponse:
    """Propose to gather one's idea with others."""
    idea, at = fetch_idea(request, reference), timezone.now()
    require(gathering_rules.author_refusal(request.user, [idea], at=at))
    require(gathering_rules.gatherable_refusal(idea, at=at))
    start = {
        "title": idea.title,
        "need": idea.need,
        "proposal": idea.proposal,
        "others": request.GET.get("avec", "")[:60],
    }
    form = GatherForm(request.POST or None, own=idea, initial=start)
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        try:
            made = acts.propose(
                actor=request.user,
                ideas=form.cleaned_data["others"],
                reference=typed.read_token(request.POST.get("jeton", ""), request.user, "gather"),
                text=form.text(),
                is_of_city=False,
                at=at,
            )
        except DomainError as error:
            form.add_error("others", error.message)
        else:
            if made.is_waiting:
                messages.success(request, _("Votre proposition sera relue avant d’aller aux autres auteurs."))
            else:
                messages.success(request, _("Votre proposition est envoyée aux autres auteurs."))
            return redirect(made)
    context = {
        "idea": idea,
        "form": form,
        "token": request.POST.get("jeton") or typed.new_token(request.user, "gather"),
        "days": gathering_rules.AUTHOR_DAYS,
        "crumbs": crumbs(ui.Crumb(idea.title, idea.get_absolute_url()), ui.Crumb(_("Regrouper"))),
    }
    return render(request, "ideas/gather.html", context, status=422 if form.is_bound else 200)


# --- Answering for one's idea ------------------------------------------------------------------------------------------


def _fetch(request: UserRequest, reference: str) -> Gathering:
    rows = Gathering.objects.visible_to(request.user).select_related("parent", "campaign").defer("parent__search")
    return get_object_or_404(rows, reference=read_reference(reference))


@resident
@require_safe
def gathering(request: UserRequest, reference: str) -> HttpResponse:
    """Show a gathering to those it concerns: what the idea would say, which ideas, what each author answered."""
    row, at = _fetch(request, reference), timezone.now()
    members = list(
        row.members.select_related("idea__author", "idea__district", "idea__campaign")
        .defer("idea__search")
        .order_by("pk")
    )
    own = [each for each in members if each.idea.author_id == request.user.pk]
    context = {
        "gathering": row,
        "state": state_words(row),
        "members": [(each, *_member(each, row)) for each in members],
        "to_answer": [
            each
            for each in own
            if each.is_live and gathering_rules.answer_refusal(request.user, row, each.idea, at=at) is None
        ],
        "can_cancel": gathering_rules.cancel_refusal(request.user, row) is None,
        "can_leave": any(each.is_live for each in own) and gathering_rules.standing_refusal(row) is None,
        "has_asked": any(each.leaving_at for each in own if each.is_live),
        "crumbs": crumbs(ui.Crumb(_("Regroupements"), reverse("ideas:carrying")), ui.Crumb(row.named)),
    }
    return render(request, "ideas/gathering.html", context)


def state_words(row: Gathering) -> str:
    """Say where a gathering stands."""
    day = typography.day
    if row.ended_at is not None:
        return _("%(why)s, le %(day)s.") % {"why": row.get_end_display(), "day": day(row.ended_at)}
    if row.opened_at is not None:
        return _("Ces idées sont réunies depuis le %(day)s.") % {"day": day(row.opened_at)}
    if row.is_waiting:
        return _("Ce texte attend la relecture\u00a0: les autres auteurs le recevront ensuite.")
    if row.is_of_city:
        return _("Chaque auteur peut refuser jusqu’au %(day)s inclus. Qui ne répond pas est d’accord.") % {
            "day": day(row.answers_until)
        }
    return _("Chaque auteur répond jusqu’au %(day)s inclus. Sans son accord, son idée reste à part.") % {
        "day": day(row.answers_until)
    }


def _member(member: GatheredIdea, row: Gathering) -> tuple[str, ui.Tag]:
    """Give who signs an idea, and the word of its author."""
    signature = signatures.of_idea(member.idea) if member.idea.is_visible else ""
    if not member.idea.is_visible:
        return signature, ui.Tag(_("N’est plus publique"))
    if row.is_open and member.leaving_at:
        return signature, ui.Tag(_("Demande la séparation"), "mixed")
    tones: dict[str, Any] = {"yes": "yes", "no": "no", "": "neutral"}
    return signature, ui.Tag(member.get_answer_display(), tones[member.answer])


@resident
@require_POST
def answer(request: UserRequest, reference: str) -> HttpResponse:
    """Say yes or no for an idea of one's own."""
    row = _fetch(request, reference)
    said = request.POST.get("reponse")
    members = row.members.select_related("idea__campaign").defer("idea__search")
    member = get_object_or_404(members, idea__reference=read_reference(request.POST.get("idee", "")))
    if said not in {"oui", "non"}:
        messages.error(request, _("Répondez par oui ou par non."))
        return redirect(row)
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    acts.answer(actor=request.user, gathering=row, idea=member.idea, agrees=said == "oui", at=timezone.now())
    if said == "oui":
        messages.success(request, _("Votre accord est noté."))
    else:
        messages.success(request, _("Votre refus est noté\u00a0: votre idée reste à part."))
    return redirect(row)


@resident
@require_POST
def cancel(request: UserRequest, reference: str) -> HttpResponse:
    """Take back a proposal."""
    row = _fetch(request, reference)
    acts.cancel(actor=request.user, gathering=row, at=timezone.now())
    messages.success(request, _("La proposition est retirée. Chaque idée reste à sa place."))
    return redirect(row)


@resident
@require_POST
def leave(request: UserRequest, reference: str) -> HttpResponse:
    """Ask for the separation as an author, or not any more."""
    row = _fetch(request, reference)
    wants = request.POST.get("demande") != "non"
    if acts.leave(actor=request.user, gathering=row, wants=wants, at=timezone.now()):
        messages.success(request, _("Les idées sont séparées. Chacune reprend sa place et ses soutiens."))
    elif wants:
        messages.success(request, _("Votre demande est notée. Les idées se séparent quand chaque auteur le demande."))
    else:
        messages.success(request, _("Votre demande est retirée."))
    return redirect(row)


# --- Saying whether one's support counts -------------------------------------------------------------------------------


@resident
@require_safe
def carrying(request: UserRequest) -> HttpResponse:
    """Ask whether each support counts for the idea that gathers; lead to the proposals that concern one's own ideas."""
    user, at = request.user, timezone.now()
    rows = asked_of(user)
    page = lists.read(
        rows,
        lists.Order("opened_at"),
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: rows.filter(reference=reference).first(),
    )
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    own = Gathering.objects.visible_to(user) if not user.is_staff else _concerning(user)
    proposals = own.waiting().order_by("-submitted_at", "-pk")[:PAGE_SIZE]
    context = {
        "lines": _closed(user, page.rows, at=at),
        "proposals": [(row, state_words(row)) for row in proposals],
        "pages": ui.Pages(
            previous_url=request.path + previous if previous else "",
            next_url=request.path + following if following else "",
            words=_("Page %(number)s") % {"number": typography.number(page.number)},
        ),
        "tabs": own_pages.tabs("ideas:carrying"),
        "crumbs": crumbs(ui.Crumb(_("Mes idées"), reverse("ideas:mine")), ui.Crumb(_("Regroupements"))),
    }
    return render(request, "ideas/gathering_carry.html", context)


def _concerning(user: Any) -> Any:
    members = GatheredIdea.objects.filter(gathering=OuterRef("pk"), idea__author=user)
    return Gathering.objects.filter(Exists(members), released_at__isnull=False)


def asked_of(user: Any) -> Any:
    """Give the open gatherings where somebody supported an idea, with what they said (`said`) and whether it counts (`is_counted`)."""
    supported = Support.objects.filter(idea=OuterRef("idea"), person__user=user)
    members = GatheredIdea.objects.filter(gathering=OuterRef("pk"), is_live=True)
    shown = GatheredIdea.objects.filter(is_live=True).select_related("idea").defer("idea__search", "idea__need")
    shown = shown.annotate(is_supported=Exists(supported)).order_by("pk")
    answers = CarryAnswer.objects.filter(gathering=OuterRef("pk"), person__user=user)
    rows: Any = Gathering.objects.open().filter(Exists(members.filter(Exists(supported))))
    # The authors of the ideas do not support their own.
    rows = rows.exclude(Exists(members.filter(idea__author=user))).filter(parent__in=Idea.objects.visible())
    rows = rows.annotate(
        said=Subquery(answers.values("is_yes")[:1]),
        is_counted=Exists(Support.objects.filter(idea=OuterRef("parent"), person__user=user)),
    )
    return rows.select_related("parent__campaign").defer("parent__search").prefetch_related(Prefetch("members", shown))


def _closed(user: Any, rows: Sequence[Any], *, at: Any) -> list[tuple[Any, str]]:
    """Say beside each gathering why nobody, or not this person, answers any more; "" when they may.

    Shape: the rules of a campaign are asked once; the list left out the authors, whom another rule refuses.
    """
    asked: dict[int, Any] = {}
    lines = []
    for row in rows:
        refusal = rules.supporting_refusal(row.parent, at=at)
        if refusal is None:
            if row.campaign_id not in asked:
                asked[row.campaign_id] = rules.take_part_refusal(user, row.parent.campaign, at=at)
            refusal = asked[row.campaign_id]
        lines.append((row, refusal.message if refusal else ""))
    return lines


@resident
@require_POST
def carry(request: UserRequest, reference: str) -> HttpResponse:
    """Count a support for the idea that gathers, or not."""
    rows = Gathering.objects.filter(parent__isnull=False).select_related("parent__campaign").defer("parent__search")
    row = get_object_or_404(rows, reference=read_reference(reference))
    here = f"{reverse('ideas:carrying')}#{row.reference}"
    said = request.POST.get("compte")
    if said not in {"oui", "non"}:
        messages.error(request, _("Répondez par oui ou par non."))
        return redirect(here)
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    acts.carry(actor=request.user, gathering=row, is_yes=said == "oui", at=timezone.now())
    if said == "oui":
        messages.success(request, _("Votre soutien compte pour l’idée commune."))
    else:
        messages.success(request, _("C’est noté\u00a0: votre soutien reste à l’idée d’origine."))
    return redirect(here)
