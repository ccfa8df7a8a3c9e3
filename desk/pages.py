"""The pages of the desk that are the same whatever people take part in: who is there, and who is not who they seem.

What is typed about somebody's identity is never kept: not in the session, not in a draft of the browser, not in a report of error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from accounts.http import UserRequest
from desk import actions, consent, rules
from desk.forms import AssistanceForm, NamesakeForm
from desk.models import Act, Assistance, Channel, Namesake, Receipt
from mulhouse.errors import DomainError, Refusal


def address(route: str, *args: object) -> str:
    """Give the address of a page of the desk."""
    return reverse(f"admin:desk_{route}", args=args)


def page(request: HttpRequest, template: str, *, title: str, failed: bool, **context: Any) -> TemplateResponse:
    """Draw a page of the desk; 422 when its form came back with errors."""
    frame = {**admin.site.each_context(request), "title": title, "desk_url": address("receipt_changelist")}
    return TemplateResponse(request, template, {**frame, **context}, status=422 if failed else 200)


@dataclass(frozen=True)
class Helping:
    """What an agent helps somebody take part in.

    Shape: `acts()` are what may be written for somebody now; `refusal(channel)` says why nothing may; `is_voting()` tells that a
    secret vote is running there; `act_url(assistance)` is where the one act is written.
    """

    topic: str
    title: str
    acts: Callable[[], Sequence[Act]]
    refusal: Callable[[str], Refusal | None]
    is_voting: Callable[[], bool]
    act_url: Callable[[Assistance], str]

    def agreements(self) -> list[tuple[str, Sequence[str]]]:
        """Give what is read to the person before they agree, by what is written for them."""
        return [(str(act.label), consent.SENTENCES[act]) for act in self.acts()]


def open_assistance(request: UserRequest, helping: Helping) -> HttpResponse:
    """Say who is there, how they came, and that they agree."""
    form = AssistanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        refusal = helping.refusal(given["channel"])
        if refusal is None:
            assistance = actions.open_assistance(
                actor=request.user,
                topic=helping.topic,
                fingerprint=form.fingerprint(),
                birth_year=given["birth_date"].year,
                channel=given["channel"],
                district=given["district"],
                is_residence_checked=given["is_residence_checked"],
                is_voting=helping.is_voting(),
                at=timezone.now(),
            )
            return redirect(helping.act_url(assistance))
        form.add_error("channel", refusal.message)
    return page(
        request,
        "desk/open.html",
        title="Saisir pour une personne",
        failed=bool(form.errors),
        helping=helping,
        form=form,
        agreements=helping.agreements(),
        refusal=helping.refusal(Channel.PAPER),
    )


def namesake(request: UserRequest, helping: Helping) -> HttpResponse:
    """Say that somebody is not the person counted under their name and birth date, with their papers in hand."""
    at = timezone.now()
    form = NamesakeForm(request.POST or None)
    refusal = rules.namesake_refusal(request.user, at=at) or helping.refusal(Channel.DESK)
    if request.method == "POST" and refusal is None and form.is_valid():
        given = form.cleaned_data
        try:
            assistance = actions.tell_apart(
                actor=request.user,
                topic=helping.topic,
                fingerprint=form.shared(),
                finer=form.finer(),
                reason=Namesake(given["reason"]),
                birth_year=given["birth_date"].year,
                district=given["district"],
                is_residence_checked=given["is_residence_checked"],
                is_voting=helping.is_voting(),
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect(helping.act_url(assistance))
    return page(
        request,
        "desk/namesake.html",
        title="C’est une autre personne",
        failed=bool(form.errors) or (request.method == "POST" and refusal is not None),
        helping=helping,
        form=form,
        agreements=helping.agreements(),
        refusal=refusal,
    )


def done(request: UserRequest, receipt: Receipt, words: str) -> HttpResponse:
    """Lead to the receipt of what was just written."""
    messages.success(request, f"{words} Remettez le reçu à la personne.")
    return redirect(address("ticket", receipt.number))
