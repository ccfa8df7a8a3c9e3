"""The page of the desk where somebody is given a paper ballot, for any vote."""

from collections.abc import Callable

from django.http import HttpResponse
from django.utils import timezone

from accounts.http import UserRequest
from accounts.levels import ResidencyLevel
from ballots import rules
from ballots.models import Votation
from desk import actions, pages
from desk import rules as desk_rules
from desk.forms import AccountForm
from desk.models import Assistance, Receipt
from mulhouse.errors import DomainError


def roll(
    request: UserRequest,
    *,
    votation: Votation,
    assistance: Assistance,
    enter: Callable[..., Receipt],
    draw: Callable[..., HttpResponse],
) -> HttpResponse:
    """Write that somebody is given a paper ballot; what they put on it is never typed in.

    Shape: `enter(actor, assistance, at)` is the action of the service, `draw(template, refusal, **context)` its page of the one act.
    """
    at = timezone.now()
    refusal = (
        desk_rules.session_refusal(request.user, assistance, at=at)
        or desk_rules.place_refusal(
            assistance, residency_level=votation.residency_level, minimum_age=votation.minimum_age, at=at
        )
        or rules.days_refusal(votation, at=at)
    )
    # Where a residence is verified, no account votes that is not tied to its identity: nothing to ask.
    asks = votation.residency_level != ResidencyLevel.VERIFIED and refusal is None
    form = AccountForm(request.POST or None) if asks else None
    problem = ""
    if request.method == "POST" and refusal is None and (form is None or form.is_valid()):
        user = form.cleaned_data["user"] if form is not None else None
        try:
            if user is not None:
                actions.link_assisted(actor=request.user, user=user, assistance=assistance, at=at)
            receipt = enter(actor=request.user, assistance=assistance, at=at)
        except DomainError as error:
            problem = error.message
        else:
            return pages.done(request, receipt, "La personne est inscrite sur la liste. Donnez-lui un bulletin papier.")
    return draw(
        "desk/roll.html",
        refusal=refusal,
        form=form,
        votation=votation,
        problem=problem,
        title="Donner un bulletin papier",
    )
