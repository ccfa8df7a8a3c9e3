"""The pages of agents about votes, whoever holds them: preparing, publishing the rules, prolonging, cancelling, counting the paper.

Nothing here shows a ballot, a result or a trend before everybody sees it: these pages ask what the public pages ask.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.http import UserRequest
from ballots import counting, rules
from ballots import presentation as words
from ballots.forms import CancelForm, ExtendForm, PaperForm, ReasonForm, VotationForm
from ballots.models import PaperCount, Votation
from mulhouse.errors import DomainError


@dataclass(frozen=True)
class Room:
    """What holds votes, as its agents work on it.

    Shape: `voting` is the module of the service that writes about its votes (`save`, `publish`, `extend`, `cancel`, `discard`,
    `enter_paper_count` and their rules), which takes what holds them by the name in `holder`. `address(route, key)` gives a page of
    these votes, `draw(template, **context)` a page inside the workspace whose template is `frame`. `tells` says that whoever takes
    part is told when a vote is prolonged or cancelled.
    """

    voting: ModuleType
    holder: Mapping[str, Any]
    frame: str
    draw: Callable[..., HttpResponse]
    address: Callable[..., str]
    public_url: Callable[[Votation], str]
    nothing_words: str
    tells: bool = False
    form: Callable[..., VotationForm] = VotationForm

    def does(self, gesture: str, *who: Any, **given: Any) -> Any:
        """Ask a rule of the service, or call one of its actions."""
        return getattr(self.voting, gesture)(*who, **self.holder, **given)

    def page(self, template: str, **context: Any) -> HttpResponse:
        """Draw a page."""
        return self.draw(template, frame=self.frame, **context)


def votes(room: Room, votations: Iterable[Votation]) -> HttpResponse:
    """List the votes of what holds them."""
    at = timezone.now()
    lines = [
        {
            "question": votation.question,
            "days": words.days(votation),
            "tag": words.tag(votation, at=at),
            "is_draft": votation.published_at is None,
            "url": room.address("vote", votation.pk),
        }
        for votation in votations
    ]
    return room.page(
        "admin/ballots/votes.html", lines=lines, add_url=room.address("vote_add"), nothing_words=room.nothing_words
    )


def vote(request: HttpRequest, room: Room, known: Votation | None) -> HttpResponse:
    """Prepare a vote; once published, see its rules, who came and what is left to do."""
    if known is not None and known.published_at is not None:
        return _published(request, room, known)
    form = room.form(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        try:
            saved: Votation = room.does(
                "save",
                actor=request.user,
                votation=known,
                values=form.values(),
                options=form.cleaned_data["options"],
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
            return redirect(room.address("vote", saved.pk))
    more: dict[str, Any] = {}
    if known is not None:
        more = {
            "publish_refusal": room.does("publish_refusal", request.user, votation=known, at=timezone.now()),
            "publish_url": room.address("vote_publish", known.pk),
            "discard_url": room.address("vote_discard", known.pk),
        }
    return room.page("admin/ballots/vote_edit.html", form=form, votation=known, **more)


def _published(request: HttpRequest, room: Room, votation: Votation) -> HttpResponse:
    at, what = timezone.now(), request.POST.get("geste", "")
    extend_form = ExtendForm(request.POST if what == "prolonger" else None, prefix="prolongation", tells=room.tells)
    cancel_form = CancelForm(request.POST if what == "annuler" else None, prefix="annulation", tells=room.tells)
    forms: dict[str, ExtendForm | CancelForm] = {"prolonger": extend_form, "annuler": cancel_form}
    form = forms.get(what)
    if form is not None and form.is_valid() and _run(request, room, votation, form):
        return redirect(room.address("vote", votation.pk))
    turnout = counting.turnout(votation, at=at)
    refusal = room.voting.paper_refusal(request.user, votation, at=at)
    sheets = list(PaperCount.objects.filter(votation=votation).order_by("pk"))
    asked = {"votation": votation, "at": at}
    context: dict[str, Any] = {
        "votation": votation,
        "tag": words.tag(votation, at=at),
        "rules": words.rules(votation),
        "options": words.offered(votation),
        "turnout": words.turnout_words(turnout),
        "channels": words.channels(turnout),
        "public_url": room.public_url(votation),
        # Paper that may still be counted: nothing is visible, without asking the roll again.
        "is_counted": refusal is not None and rules.results_visible(votation, at=at),
        "paper_refusal": refusal,
        "paper_url": room.address("vote_paper", votation.pk),
        # How many agents have counted: never what they found, so that each counts by themselves.
        "sheet_count": len(sheets),
        "has_counted": any(sheet.agent_id == request.user.pk for sheet in sheets),
        "extend_form": None if room.does("extend_refusal", request.user, **asked) else extend_form,
        "cancel_form": None if room.does("cancel_refusal", request.user, **asked) else cancel_form,
    }
    if form is not None:
        context["form"] = form
    return room.page("admin/ballots/vote.html", **context)


def _run(request: HttpRequest, room: Room, votation: Votation, form: ReasonForm) -> bool:
    """Put off the last day, or cancel; False when the form comes back with what is wrong."""
    common: dict[str, Any] = {
        "actor": request.user,
        "votation": votation,
        "at": timezone.now(),
        "reason": form.cleaned_data["reason"],
    }
    told = ", et les personnes qui participent sont prévenues" if room.tells else ""
    try:
        if isinstance(form, ExtendForm):
            room.does("extend", **common, ends_on=form.cleaned_data["ends_on"])
            messages.success(request, f"Prolongé. Le motif est public{told}.")
        else:
            room.does("cancel", **common)
            messages.success(request, "Vote annulé. L’urne est détruite\u00a0: personne n’en connaîtra le contenu.")
    except DomainError as error:
        form.add_error("ends_on" if error.code == "shorter" else None, error.message)
        return False
    return True


def publish(request: HttpRequest, room: Room, votation: Votation) -> HttpResponse:
    """Publish a vote and its rules, for good."""
    try:
        room.does("publish", actor=request.user, votation=votation, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Publié. La question et les règles ne changent plus.")
    return redirect(room.address("vote", votation.pk))


def discard(request: HttpRequest, room: Room, votation: Votation) -> HttpResponse:
    """Throw away a vote that nobody saw."""
    try:
        room.does("discard", actor=request.user, votation=votation)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Brouillon supprimé.")
    return redirect(room.address("votes"))


def paper(request: UserRequest, room: Room, votation: Votation) -> HttpResponse:
    """Enter what one counted of the paper ballots, apart from the other agent."""
    at, home = timezone.now(), room.address("vote", votation.pk)
    refusal = room.voting.paper_refusal(request.user, votation, at=at)
    if refusal is not None:
        messages.error(request, refusal.message)
        return redirect(home)
    form = PaperForm(request.POST or None, votation=votation)
    if request.method == "POST" and form.is_valid():
        try:
            agree = room.voting.enter_paper_count(actor=request.user, votation=votation, sheet=form.sheet(), at=at)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            if agree:
                messages.success(request, "Les deux comptages sont les mêmes. Le résultat est public.")
            else:
                messages.success(request, "Votre comptage est gardé. Un autre agent doit compter à son tour.")
            return redirect(home)
    return room.page("admin/ballots/vote_paper.html", form=form, votation=votation, given=counting.by_hand(votation))
