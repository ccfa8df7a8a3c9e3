"""The rules of a vote as they are declared: plain values that are frozen and hashed, and the same values in words."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.levels import ResidencyLevel
from ballots import presentation
from ballots.models import Votation
from ballots.tally import FEWEST_BALLOTS
from mulhouse import typography

Rules = dict[str, Any]
FROZEN = (
    "question",
    "kind",
    "most",
    "winners",
    "residency_level",
    "minimum_age",
    "blank_allowed",
    "quorum",
    "majority",
    "tie",
)
DAYS = ("opens_on", "ends_on")
# Left out where no budget is shared: the rules frozen before budgets existed stay what they were.
BUDGET = "amount_cents"


def of(votation: Votation) -> Rules:
    """Read the rules of a vote as they stand (prefetch `options`).

    Units: dates as YYYY-MM-DD, `minimum_age` in years, `quorum` in ballots, `amount_cents` and `costs` in euro cents.
    """
    cancelled = votation.cancelled_at
    options = sorted(votation.options.all(), key=lambda option: option.number)
    budget = {BUDGET: votation.amount_cents, "costs": [option.cost_cents for option in options]}
    return {
        **{name: getattr(votation, name) for name in FROZEN},
        **{name: getattr(votation, name).isoformat() for name in DAYS},
        "options": [option.label for option in options],
        **(budget if votation.amount_cents else {}),
        "cancelled_on": typography.local_day(cancelled).isoformat() if cancelled else "",
    }


def in_words(rules: Mapping[str, Any]) -> list[str]:
    """Say each rule to a resident."""
    if rules["cancelled_on"]:
        day = typography.day(dt.date.fromisoformat(rules["cancelled_on"]))
        return [_("Annulé le %(day)s. L’urne a été détruite sans être ouverte.") % {"day": day}]
    # Never saved: it only lends its words to the values.
    votation = Votation(
        **{name: rules[name] for name in FROZEN},
        **{name: dt.date.fromisoformat(rules[name]) for name in DAYS},
        amount_cents=rules.get(BUDGET),
    )
    costs = [f" ({typography.amount(cost)})" for cost in rules.get("costs", ())] or [""] * len(rules["options"])
    named = [f"«\u00a0{label}\u00a0»{cost}" for label, cost in zip(rules["options"], costs, strict=True)]
    return [
        _("Propositions\u00a0: %(names)s") % {"names": ", ".join(named)},
        *(f"{str(fact.label).removesuffix('?').rstrip()}\u00a0: {fact.value}" for fact in presentation.rules(votation)),
        _("Une voix par personne, en ligne, au guichet ou sur papier.")
        if rules["residency_level"] == ResidencyLevel.VERIFIED
        else _(
            "En ligne, une voix par compte\u00a0; au guichet ou sur papier, une voix par personne. Ce vote ne demande pas d’identité "
            "vérifiée\u00a0: au guichet, un agent rattache le compte de qui dit en avoir un."
        ),
        _("Secret\u00a0: qui a voté d’un côté, ce qui a été voté de l’autre. Aucun résultat avant la clôture."),
        _("Le détail est publié à partir de %(n)s bulletins.") % {"n": FEWEST_BALLOTS},
    ]
