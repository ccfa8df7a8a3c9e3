"""The desk in the staff space, whatever people come for: its home page, who is there, receipts, accounts tied to an identity.

What one writes for somebody is a page of the service they come for (`rooms`). What is typed about somebody's identity is never kept:
not in the session, not in a draft of the browser, not in a report of error.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.http import UserRequest
from desk import actions, consent, rooms, rules
from desk.forms import IDENTITY, AssistanceForm, FollowForm, LinkForm, NamesakeForm
from desk.models import Channel, Namesake, Receipt
from desk.rooms import Room
from mulhouse.access import staff
from mulhouse.errors import DomainError
from mulhouse.staff import NOT_YOURS, ShownAdmin

LINKED = "Le compte est rattaché\u00a0: en ligne et au guichet, la personne compte une fois."


def address(route: str, *args: object) -> str:
    """Give the address of a page of the desk."""
    return reverse(f"admin:desk_{route}", args=args)


def page(request: HttpRequest, template: str, *, title: str, failed: bool, **context: Any) -> TemplateResponse:
    """Draw a page of the desk; 422 when its form came back with errors."""
    frame = {**admin.site.each_context(request), "title": title, "desk_url": address("receipt_changelist")}
    return TemplateResponse(request, template, {**frame, **context}, status=422 if failed else 200)


def done(request: UserRequest, receipt: Receipt, words: str) -> HttpResponse:
    """Lead to the receipt of what was just written."""
    messages.success(request, f"{words} Remettez le reçu à la personne.")
    return redirect(address("ticket", receipt.number))


def home(request: HttpRequest) -> HttpResponse:
    """Choose what to do: for which procedure, or with which receipt."""
    form = FollowForm(request.GET if "reference" in request.GET else None)
    if form.is_valid():
        receipt = Receipt.objects.filter(number=form.cleaned_data["reference"]).first()
        if receipt is not None:
            return redirect(address("ticket", receipt.number))
        form.add_error("reference", "Aucun reçu n’a ce numéro. Vérifiez-le sur le papier.")
    at = timezone.now()
    return page(
        request,
        "desk/home.html",
        title="Guichet",
        failed=bool(form.is_bound and form.errors),
        parts=[room.welcome(at=at) for room in rooms.every()],
        form=form,
        help_url=address("help"),
        link_url=address("link") if rules.link_refusal(request.user) is None else "",
    )


def _agreements(room: Room, user: Any, procedure: Any, *, at: dt.datetime) -> list[tuple[str, Sequence[str]]]:
    """Give what is read to the person before they agree, by what is written for them."""
    return [(str(kind.label), consent.SENTENCES[kind]) for kind in room.acts(user, procedure, at=at)]


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def open_assistance(request: UserRequest, slug: str, *, room: Room) -> HttpResponse:
    """Say who is there, how they came, and that they agree."""
    procedure, at = room.find(slug), timezone.now()
    form = AssistanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        refusal = room.opening_refusal(request.user, procedure, channel=given["channel"], at=at)
        if refusal is None:
            assistance = actions.open_assistance(
                actor=request.user,
                topic=procedure.topic,
                fingerprint=form.fingerprint(),
                birth_year=given["birth_date"].year,
                channel=given["channel"],
                district=given["district"],
                is_residence_checked=given["is_residence_checked"],
                is_voting=room.is_voting(procedure, at=at),
                at=at,
            )
            return redirect(room.act_url(assistance))
        form.add_error("channel", refusal.message)
    return page(
        request,
        "desk/open.html",
        title="Saisir pour une personne",
        failed=bool(form.errors),
        procedure=procedure,
        room=room,
        form=form,
        agreements=_agreements(room, request.user, procedure, at=at),
        refusal=room.opening_refusal(request.user, procedure, channel=Channel.PAPER, at=at),
    )


@sensitive_post_parameters(*IDENTITY)
@never_cache
@staff(rules.ASSIST)
def namesake(request: UserRequest, slug: str, *, room: Room) -> HttpResponse:
    """Say that somebody is not the person counted under their name and birth date, with their papers in hand."""
    procedure, at = room.find(slug), timezone.now()
    form = NamesakeForm(request.POST or None)
    refusal = rules.namesake_refusal(request.user, at=at) or room.opening_refusal(
        request.user, procedure, channel=Channel.DESK, at=at
    )
    if request.method == "POST" and refusal is None and form.is_valid():
        given = form.cleaned_data
        try:
            assistance = actions.tell_apart(
                actor=request.user,
                topic=procedure.topic,
                fingerprint=form.shared(),
                finer=form.finer(),
                reason=Namesake(given["reason"]),
                birth_year=given["birth_date"].year,
                district=given["district"],
                is_residence_checked=given["is_residence_checked"],
                is_voting=room.is_voting(procedure, at=at),
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect(room.act_url(assistance))
    return page(
        request,
        "desk/namesake.html",
        title="C’est une autre personne",
        failed=bool(form.errors) or (request.method == "POST" and refusal is not None),
        procedure=procedure,
        form=form,
        agreements=_agreements(room, request.user, procedure, at=at),
        refusal=refusal,
    )


@staff(rules.ASSIST)
def help_page(request: HttpRequest) -> HttpResponse:
    """Say what to do in the cases that do not happen every day."""
    return page(
        request,
        "desk/help.html",
        title="Aide du guichet",
        failed=False,
        late_days=rules.LATE_DAYS,
        namesakes_a_day=rules.NAMESAKES_A_DAY,
    )


@never_cache
@staff(rules.ASSIST)
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """Show a receipt, to print it, or to take back what it leads to when the person asks."""
    receipt = get_object_or_404(Receipt, number=number)
    room, slug = rooms.of_topic(receipt.topic)
    return page(
        request,
        "desk/receipt.html",
        title=f"Reçu {receipt.number}",
        failed=False,
        receipt=receipt,
        room=room,
        public_url=request.build_absolute_uri(receipt.path),
        follow_url=request.build_absolute_uri(reverse("desk:follow")),
        again_url=room.address("open", slug),
        withdraw_url=address("withdraw", receipt.number) if receipt.act == room.withdrawn else "",
    )


@never_cache
@staff(rules.ASSIST)
def withdraw(request: UserRequest, number: str) -> HttpResponse:
    """Take back what was written for somebody who comes with their receipt, after asking."""
    receipt = get_object_or_404(Receipt, number=number)
    room, _slug = rooms.of_topic(receipt.topic)
    if request.method == "POST":
        try:
            room.withdraw(actor=request.user, receipt=receipt, at=timezone.now())
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, room.withdrawn_words)
        return redirect(address("ticket", receipt.number))
    return page(
        request,
        "desk/withdraw.html",
        title=f"Retirer l’{room.written}",
        failed=False,
        receipt=receipt,
        room=room,
        back_url=address("ticket", number),
    )


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
        """Put the pages of the desk under its door, then those of each room; the most precise addresses first."""
        opened = self.admin_site.admin_view
        own = [
            path("", opened(self.changelist_view), name="desk_receipt_changelist"),
            path("rattacher/", opened(link), name="desk_link"),
            path("aide/", opened(help_page), name="desk_help"),
            path("recu/<slug:number>/", opened(ticket), name="desk_ticket"),
            path("recu/<slug:number>/retirer/", opened(withdraw), name="desk_withdraw"),
        ]
        for room in rooms.every():
            kept, begins, named = {"room": room}, f"{room.path}<slug:slug>", f"desk_{room.route}"
            own += [
                *room.urls(opened),
                path(f"{begins}/personne/", opened(open_assistance), kept, name=f"{named}open"),
                path(f"{begins}/homonyme/", opened(namesake), kept, name=f"{named}namesake"),
            ]
        return own
