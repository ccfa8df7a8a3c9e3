"""May they? What agents may do with a campaign of ideas, what it lacks to be published, and its rules in words."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.levels import ResidencyLevel
from ideas import realism
from ideas.models import Campaign, Threshold
from ideas.models.campaigns import RESERVED_SLUGS, ModerationMode
from mulhouse import typography
from mulhouse.errors import Refusal

WRITE, PUBLISH = "ideas.change_campaign", "ideas.publish_campaign"


def write_refusal(user: Any) -> Refusal | None:
    """Tell whether somebody may prepare campaigns."""
    if not user.has_perm(WRITE):
        return Refusal("not_allowed", "Votre rôle ne permet pas de préparer une campagne d’idées.")
    return None


def edit_refusal(user: Any, campaign: Campaign) -> Refusal | None:
    """Tell whether somebody may change a campaign: until it is published."""
    if refusal := write_refusal(user):
        return refusal
    if campaign.published_at is not None:
        return Refusal(
            "frozen",
            "Les règles d’une campagne publiée ne changent plus. Pour d’autres règles, préparez une autre campagne.",
        )
    return None


def publish_refusal(user: Any, campaign: Campaign) -> Refusal | None:
    """Tell whether somebody may publish a campaign."""
    if not user.has_perm(PUBLISH):
        return Refusal(
            "not_allowed", "Votre rôle ne permet pas de publier une campagne. Prévenez l’agence de la participation."
        )
    if campaign.published_at is not None:
        return Refusal("published", "Cette campagne est déjà publiée.")
    return None


def problems(campaign: Campaign, thresholds: Sequence[Threshold], *, today: Any) -> list[str]:
    """Say what a campaign lacks to be published; `thresholds` in their order."""
    found = []
    if campaign.slug in RESERVED_SLUGS:
        found.append(
            f"L’adresse «\u00a0{campaign.slug}\u00a0» est déjà prise par une page du site\u00a0: choisissez-en une autre."
        )
    if campaign.opens_on < today:
        found.append("Le premier jour est passé\u00a0: une règle ne vaut pas pour hier.")
    if not thresholds:
        found.append("Il faut au moins un seuil de soutiens, avec ce que la Ville promet.")
    elif not any(threshold.opens_study for threshold in thresholds):
        found.append("Dites à partir de quel seuil une idée peut être étudiée.")
    if campaign.least_realism <= realism.BLOCKED_AT_MOST:
        found.append(
            f"Demandez un réalisme d’au moins {realism.BLOCKED_AT_MOST + 1}\u00a0: jusqu’à {realism.BLOCKED_AT_MOST}, un critère "
            "empêche le projet."
        )
    return found


def in_words(campaign: Campaign, thresholds: Sequence[Threshold]) -> list[str]:
    """Say the rules of a campaign in sentences, as everybody will read them; `thresholds` in their order."""
    return [
        *_dates(campaign),
        _who(campaign),
        *(_threshold(each) for each in thresholds),
        _("Les seuils comptent les soutiens des résidences vérifiées seulement.")
        if campaign.verified_only
        else _("Les seuils comptent tous les soutiens, résidence déclarée ou vérifiée."),
        _("Une idée est étudiée si sa première lecture lui donne au moins %(n)s sur 100 pour le réalisme.")
        % {"n": campaign.least_realism},
        *_budget(campaign),
        _moderation(campaign),
    ]


def _dates(campaign: Campaign) -> list[str]:
    opens = {"day": typography.day(campaign.opens_on)}
    if campaign.closes_on is None or campaign.supports_end_on is None:
        return [
            _("On dépose une idée à partir du %(day)s, sans date de fin.") % opens,
            ngettext(
                "Chaque idée a %(n)s jour pour réunir des soutiens, et peut être prolongée une fois d’autant.",
                "Chaque idée a %(n)s jours pour réunir des soutiens, et peut être prolongée une fois d’autant.",
                campaign.support_days,
            )
            % {"n": typography.number(campaign.support_days)},
        ]
    return [
        _("On dépose une idée du %(first)s au %(last)s inclus.")
        % {"first": opens["day"], "last": typography.day(campaign.closes_on)},
        _("On soutient les idées jusqu’au %(day)s inclus.") % {"day": typography.day(campaign.supports_end_on)},
    ]


def _who(campaign: Campaign) -> str:
    words = {
        ResidencyLevel.NONE: _("Toute personne qui a un compte peut déposer et soutenir."),
        ResidencyLevel.DECLARED: _("Il faut habiter Mulhouse pour déposer et soutenir\u00a0: le dire suffit."),
        ResidencyLevel.VERIFIED: _("Il faut avoir fait vérifier qu’on habite Mulhouse pour déposer et soutenir."),
    }
    found = words[ResidencyLevel(campaign.residency_level)]
    if campaign.minimum_age is None:
        return found
    return found + " " + _("À partir de %(n)s ans.") % {"n": campaign.minimum_age}


def _threshold(threshold: Threshold) -> str:
    values = {"n": typography.number(threshold.supports), "name": threshold.name, "promise": threshold.promise}
    words = ngettext(
        "%(n)s soutien, «\u00a0%(name)s\u00a0»\u00a0: %(promise)s",
        "%(n)s soutiens, «\u00a0%(name)s\u00a0»\u00a0: %(promise)s",
        threshold.supports,
    )
    within = ngettext("Délai\u00a0: %(days)s jour.", "Délai\u00a0: %(days)s jours.", threshold.days)
    opens = _("À partir de là, l’idée peut être étudiée.")
    return f"{words % values} {within % {'days': typography.number(threshold.days)}}" + (
        f" {opens}" if threshold.opens_study else ""
    )


def _budget(campaign: Campaign) -> list[str]:
    if campaign.budget_cents is None:
        return []
    return [_("Le budget de la campagne est de %(amount)s.") % {"amount": typography.amount(campaign.budget_cents)}]


def _moderation(campaign: Campaign) -> str:
    if campaign.moderation == ModerationMode.AFTER:
        return _("Les textes paraissent tout de suite\u00a0; la modération les lit après.")
    return _("Les textes sont relus avant de paraître, sous %(n)s heures ouvrées.") % {"n": campaign.review_hours}
