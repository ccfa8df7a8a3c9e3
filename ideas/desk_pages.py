"""Ideas at the desk: depositing and supporting for somebody, paper ballots, the sheets of supports.

`desk.pages` holds what every room shares.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q
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
from ballots.models import RollLine
from city.models import District
from desk import rooms, rules
from desk.forms import IDENTITY
from desk.models import Act, Assistance, Channel, Receipt
from desk.pages import address, done, page
from ideas import assisting, voting
from ideas import desk_forms as forms
from ideas.models import Campaign, CampaignVote, Idea
from mulhouse.access import staff
from mulhouse.errors import DomainError, Refusal
from mulhouse.templatetags.ui import Tab
from mulhouse.typography import local_day

PREFIX = "campaign"
MOST_FOUND = 10
WORDS_LENGTH = 100


def _url(route: str, *args: object) -> str:
    return address(f"idea_{route}", *args)


def _campaign(slug: str) -> Campaign:
    return get_object_or_404(Campaign.objects.published(), slug=slug)


@dataclass(frozen=True)
class Helped:
    """Somebody an agent writes for: their assistance, and the campaign."""

    assistance: Assistance
    campaign: Campaign


def _helped(key: uuid.UUID) -> Helped:
    assistance = get_object_or_404(Assistance.objects.select_related("district"), key=key)
    prefix, _, slug = assistance.topic.partition(":")
    if prefix != PREFIX:
        raise Http404
    return Helped(assistance, _campaign(slug))


def _act_page(
    request: UserRequest,
    template: str,
    helped: Helped,
    *,
    kind: Act,
    refusal: Refusal | None,
    title: str,
    **context: Any,
) -> TemplateResponse:
    """Draw a page of the one act, with the way to the other ones."""
    key, at = helped.assistance.key, timezone.now()
    named = {
        Act.IDEA: ("Déposer une idée", _url("act", key)),
        Act.SUPPORT: ("Soutenir une idée", _url("find", key)),
    }
    open_kinds = assisting.kinds(request.user, helped.campaign, at=at)
    acts = [Tab(*named[one], current=one == kind) for one in open_kinds if one in named]
    if Act.VOTE in open_kinds:
        votes = [
            Tab(f"Vote\u00a0: {link.votation.question}", _url("roll", key, link.pk))
            for link in assisting.open_votes(helped.campaign, at=at)
        ]
        acts += [replace(one, current=one.url == request.path) for one in votes]
    return page(
        request,
        template,
        title=title,
        failed=request.method == "POST",
        campaign=helped.campaign,
        assistance=helped.assistance,
        refusal=refusal,
        acts=acts,
        again_url=_url("open", helped.campaign.slug),
        **context,
    )


def _session_refusal(request: UserRequest, helped: Helped, *, at: dt.datetime) -> Refusal | None:
    campaign = helped.campaign
    return rules.session_refusal(request.user, helped.assistance, at=at) or rules.place_refusal(
        helped.assistance, residency_level=campaign.residency_level, minimum_age=campaign.minimum_age, at=at
    )


@never_cache
@staff(rules.ASSIST)
def act(request: UserRequest, key: uuid.UUID) -> HttpResponse:
    """Deposit an idea for somebody."""
    helped, at = _helped(key), timezone.now()
    refusal = _session_refusal(request, helped, at=at) or assisting.deposit_refusal(
        request.user, helped.campaign, channel=helped.assistance.channel, at=at
    )
    form = forms.SaidForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and refusal is None and form.is_valid():
        try:
            _idea, receipt = assisting.deposit(
                actor=request.user,
                campaign=helped.campaign,
                assistance=helped.assistance,
                said=form.said(),
                shown=form.shown(),
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return done(request, receipt, "L’idée est publiée.")
    return _act_page(
        request,
        "admin/ideas/desk_act.html",
        helped,
        kind=Act.IDEA,
        refusal=refusal,
        title="L’idée de la personne",
        form=form,
    )


# --- Supports ----------------------------------------------------------------------------------------------------------


def _found(request: UserRequest, campaign: Campaign, route: str, *args: object) -> dict[str, Any]:
    """Look for an idea to support, and lead from each to its page at the desk."""
    words = request.GET.get("q", "").strip()[:WORDS_LENGTH]
    rows = assisting.found(campaign, words, at=timezone.now(), most=MOST_FOUND)
    return {
        "words": words,
        "found": [(row, _url(route, *args, row.reference)) for row in rows],
        "most": MOST_FOUND,
    }


def _idea(campaign: Campaign, reference: str) -> Idea:
    rows = Idea.objects.visible().select_related("campaign").defer("search")
    return get_object_or_404(rows, campaign=campaign, reference=reference.upper())


@never_cache
@staff(rules.ASSIST)
def find(request: UserRequest, key: uuid.UUID) -> HttpResponse:
    """Find the idea that somebody supports."""
    helped, at = _helped(key), timezone.now()
    refusal = _session_refusal(request, helped, at=at)
    found = {} if refusal else _found(request, helped.campaign, "support", key)
    return _act_page(
        request,
        "admin/ideas/desk_find.html",
        helped,
        kind=Act.SUPPORT,
        refusal=refusal,
        title="L’idée que la personne soutient",
        **found,
    )


@never_cache
@staff(rules.ASSIST)
def support(request: UserRequest, key: uuid.UUID, reference: str) -> HttpResponse:
    """Count the support of somebody, or take it back."""
    helped, at = _helped(key), timezone.now()
    idea = _idea(helped.campaign, reference)
    refusal = rules.session_refusal(request.user, helped.assistance, at=at) or assisting.support_refusal(
        helped.assistance, idea, at=at
    )
    problem = ""
    if request.method == "POST" and refusal is None:
        written: dict[str, Any] = {"actor": request.user, "idea": idea, "assistance": helped.assistance, "at": at}
        try:
            if "withdraw" in request.POST:
                assisting.take_support_back(**written)
                messages.success(request, "Si la personne soutenait cette idée, elle ne la soutient plus.")
                return redirect(address("receipt_changelist"))
            receipt = assisting.support(**written)
        except DomainError as error:
            problem = error.message
        else:
            return done(request, receipt, "Le soutien compte une fois, même si la personne l’avait déjà donné.")
    return _act_page(
        request,
        "admin/ideas/desk_support.html",
        helped,
        kind=Act.SUPPORT,
        refusal=refusal,
        title="Soutenir une idée",
        idea=idea,
        problem=problem,
    )


@never_cache
@staff(rules.ASSIST)
def sheets(request: UserRequest, slug: str) -> HttpResponse:
    """Find the idea of a signed sheet."""
    campaign = _campaign(slug)
    return page(
        request,
        "admin/ideas/desk_sheets.html",
        title="Feuille de soutiens",
        failed=False,
        campaign=campaign,
        **_found(request, campaign, "sheet", slug),
    )


# Each line has its own names of fields: everything that is typed here is kept out of any report of error.
@sensitive_post_parameters()
@never_cache
@staff(rules.ASSIST)
def sheet(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Enter a sheet that several people signed: each counts once, and nobody is told who had already supported the idea."""
    campaign, at = _campaign(slug), timezone.now()
    idea = _idea(campaign, reference)
    refusal = assisting.sheet_refusal(request.user, idea, at=at)
    districts = list(District.objects.order_by("name"))
    posted = request.method == "POST"
    form, formset = forms.SheetForm(request.POST or None), forms.lines(districts, request.POST or None)
    failed = posted
    if posted and "more" in request.POST:
        written = forms.typed(formset)
        form = forms.SheetForm(initial={"is_signed": form["is_signed"].value()})
        formset = forms.lines(districts, typed=written, rows=len(written) + forms.MORE_LINES)
        failed = False
    # Each form says what it finds wrong, the other too.
    elif posted and refusal is None and all([form.is_valid(), formset.is_valid()]):
        signed = forms.signed(formset, campaign, at=at)
        if signed is not None and _enter(request, idea, signed, form, at):
            return redirect(request.path)
    return page(
        request,
        "admin/ideas/desk_sheet.html",
        title="Feuille de soutiens",
        failed=failed,
        campaign=campaign,
        idea=idea,
        refusal=refusal,
        form=form,
        formset=formset,
        can_grow=formset.total_form_count() < assisting.MAX_LINES,
        most=assisting.MAX_LINES,
        back_url=_url("sheets", slug),
    )


def _enter(
    request: UserRequest, idea: Idea, signed: Sequence[assisting.Signed], form: forms.SheetForm, at: dt.datetime
) -> bool:
    try:
        entered = assisting.enter_sheet(actor=request.user, idea=idea, lines=signed, at=at)
    except DomainError as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, _entered_words(entered))
    return True


def _entered_words(entered: assisting.Entered) -> str:
    """Say what a sheet gave, and never whose support was known."""

    def some(number: int, one: str, many: str) -> str:
        return f"{number} {one if number < 2 else many}"  # noqa: PLR2004 (French says « 1,5 ligne »)

    words = f"{some(entered.lines, 'ligne', 'lignes')}, {some(entered.counted, 'soutien compté', 'soutiens comptés')}."
    if not entered.known:
        return words
    known = some(entered.known, "ligne ne compte pas", "lignes ne comptent pas")
    return (
        f"{words} {known} une fois de plus\u00a0: une personne écrite deux fois, déjà comptée ailleurs, ou qui signe l’idée. Le "
        "site ne dit pas qui."
    )


# --- Paper ballots -----------------------------------------------------------------------------------------------------


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def roll(request: UserRequest, key: uuid.UUID, pk: int) -> HttpResponse:
    """Write that somebody is given a paper ballot; what they put on it is never typed in."""
    helped = _helped(key)
    assistance, campaign = helped.assistance, helped.campaign
    came = RollLine.objects.filter(votation=OuterRef("votation"), person=assistance.person_id)
    links = CampaignVote.objects.visible_to(request.user).select_related("votation").annotate(took_part=Exists(came))
    link: Any = get_object_or_404(links, pk=pk, campaign=campaign)
    link.campaign = campaign
    is_seen = assistance.channel == Channel.DESK
    return roll_pages.roll(
        request,
        votation=link.votation,
        assistance=assistance,
        enter=partial(voting.enter_on_roll, link=link),
        draw=partial(
            _act_page,
            request,
            helped=helped,
            kind=Act.VOTE,
            took_part=link.took_part,
            again_title="Une personne de ce nom, née ce jour-là, a déjà voté",
            again_words="En ligne, au guichet ou sur papier. Elle ne reçoit pas de bulletin.",
            namesake_url=_url("namesake", campaign.slug) if is_seen else "",
        ),
    )


# --- The room ------------------------------------------------------------------------------------------------------------


def _taking(at: dt.datetime) -> list[Campaign]:
    """List the campaigns for which something may be entered: deposits, some days more for late forms, supports or votes."""
    today = local_day(at)
    late = today - dt.timedelta(days=rules.LATE_DAYS)
    still = Q(closes_on__isnull=True) | Q(closes_on__gte=late) | Q(supports_end_on__gte=today)
    running = CampaignVote.objects.running(on=today)
    rows = Campaign.objects.published().filter(Q(still, opens_on__lte=today) | Q(pk__in=running.values("campaign")))
    votes = Prefetch("vote_links", queryset=running.select_related("votation").order_by("pk"), to_attr="open_votes")
    return list(rows.prefetch_related(votes).order_by("title"))


def _sheets(campaign: Any, *, at: dt.datetime) -> list[tuple[str, str]]:
    """List what is printed for a campaign now (its `open_votes`)."""
    ballots = [
        (f"Bulletin papier\u00a0: {link.votation.question}", voting.address("paper_ballot", link))
        for link in campaign.open_votes
    ]
    form = [("Formulaire papier", reverse("ideas:paper_form", args=[campaign.slug]))]
    return [*(form if _takes_ideas(campaign, at=at) else []), *ballots]


def _takes_ideas(campaign: Campaign, *, at: dt.datetime) -> bool:
    """Tell whether ideas are deposited or supported there, late forms included."""
    late = local_day(at) - dt.timedelta(days=rules.LATE_DAYS)
    return campaign.closes_on is None or campaign.closes_on >= late or assisting.gathers(campaign, at=at)


def _gestures(campaign: Campaign, *, at: dt.datetime) -> list[tuple[str, str]]:
    """List what one does at the desk for a campaign now."""
    sheet = [("Feuille de soutiens", _url("sheets", campaign.slug))]
    return [
        ("Saisir pour une personne", _url("open", campaign.slug)),
        *(sheet if _takes_ideas(campaign, at=at) else []),
    ]


class IdeasDesk(rooms.Room):
    """The idea box at the desk."""

    prefix = PREFIX
    path = "idees/"
    route = "idea_"
    label = "Boîte à idées"
    written = "idée"
    withdrawn = Act.IDEA
    withdrawn_words = "L’idée est retirée."
    allowance = "déposer une idée, en soutenir une, retirer un soutien ou recevoir un bulletin de vote"

    def find(self, slug: str) -> Campaign:
        """Give a published campaign."""
        return _campaign(slug)

    def acts(self, user: User, procedure: Campaign, *, at: dt.datetime) -> list[Act]:
        """List what may be written there now."""
        return assisting.kinds(user, procedure, at=at)

    def opening_refusal(self, user: User, procedure: Campaign, *, channel: str, at: dt.datetime) -> Refusal | None:
        """Tell whether one act at least is open."""
        return assisting.opening_refusal(user, procedure, channel=channel, at=at)

    def is_voting(self, procedure: Campaign, *, at: dt.datetime) -> bool:
        """Tell whether a secret vote is running that day."""
        return bool(assisting.open_votes(procedure, at=at))

    def act_url(self, assistance: Assistance) -> str:
        """Lead to the idea; once deposits are over, to those one may support; once supports are, to the ballot."""
        campaign, at = _campaign(assistance.topic.partition(":")[2]), assistance.opened_at
        if assisting.deposit_refusal(assistance.agent, campaign, channel=assistance.channel, at=at) is None:
            return _url("act", assistance.key)
        votes = [] if assisting.gathers(campaign, at=at) else assisting.open_votes(campaign, at=at)
        return _url("roll", assistance.key, votes[0].pk) if votes else _url("find", assistance.key)

    def welcome(self, *, at: dt.datetime) -> rooms.Welcome:
        """Give the campaigns that take something."""
        return rooms.Welcome(
            "La boîte à idées",
            [rooms.Task(row.title, _sheets(row, at=at), _gestures(row, at=at)) for row in _taking(at)],
            "Aucune campagne d’idées n’est ouverte",
            "Une campagne apparaît ici tant qu’on y dépose ou soutient des idées, et pendant ses votes.",
        )

    def withdraw(self, *, actor: User, receipt: Receipt, at: dt.datetime) -> None:
        """Take back an idea."""
        assisting.withdraw(actor=actor, receipt=receipt, at=at)

    def urls(self, opened: rooms.Opened) -> list[URLPattern]:
        """Give the pages where one writes for somebody, and those of the sheets."""
        return [
            path("idees/acte/<uuid:key>/", opened(act), name="desk_idea_act"),
            path("idees/acte/<uuid:key>/soutien/", opened(find), name="desk_idea_find"),
            path("idees/acte/<uuid:key>/soutien/<slug:reference>/", opened(support), name="desk_idea_support"),
            path("idees/acte/<uuid:key>/vote/<int:pk>/", opened(roll), name="desk_idea_roll"),
            path("idees/<slug:slug>/feuille/", opened(sheets), name="desk_idea_sheets"),
            path("idees/<slug:slug>/feuille/<slug:reference>/", opened(sheet), name="desk_idea_sheet"),
        ]
