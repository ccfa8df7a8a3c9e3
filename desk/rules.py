"""Who may write for somebody else, and until when."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts.levels import ResidencyLevel
from desk.models import Assistance, Person
from mulhouse.errors import Refusal
from mulhouse.typography import local_day

ASSIST = "desk.assist"
LINK = "accounts.verify_residency"
# Namesakes born on the same day are rare: more in a day is a mistake, or worse.
NAMESAKES_A_DAY = 3
# Forms and notes received in time are entered some days after the last one on which one can answer.
LATE_DAYS = 10


def assist_refusal(user: Any) -> Refusal | None:
    """Tell whether somebody may write for another person: agents who hold the permission."""
    if not user.has_perm(ASSIST):
        return Refusal("not_allowed", "La saisie pour une personne est réservée aux agents du guichet.")
    return None


def session_refusal(user: Any, assistance: Assistance, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may still write the one act of an assistance: theirs, in time, and not used."""
    if refusal := assist_refusal(user):
        return refusal
    if assistance.agent_id != user.pk:
        return Refusal("not_yours", "Cette saisie a été ouverte par un autre agent.")
    if assistance.used_at is not None:
        return Refusal("used", "Cette saisie est terminée\u00a0: elle vaut pour un seul acte. Ouvrez-en une autre.")
    if at >= assistance.expires_at:
        return Refusal("expired", "Les quinze minutes sont passées. Ouvrez une nouvelle saisie.")
    return None


def namesake_refusal(user: Any, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may say that somebody is not the person counted under their name: those who check identities."""
    if refusal := assist_refusal(user):
        return refusal
    if not user.has_perm(LINK):
        return Refusal(
            "not_allowed",
            "Demandez à une ou un collègue qui vérifie les résidences : il faut regarder une pièce d’identité.",
        )
    lately = Assistance.objects.filter(agent=user, opened_at__gt=at - dt.timedelta(days=1)).exclude(namesake="")
    if lately.count() >= NAMESAKES_A_DAY:
        return Refusal(
            "too_many",
            f"Vous avez distingué {NAMESAKES_A_DAY} personnes en un jour : c’est très rare. Prévenez l’administration du site "
            "avant de continuer.",
        )
    return None


def place_refusal(
    assistance: Assistance, *, residency_level: str, minimum_age: int | None, at: dt.datetime
) -> Refusal | None:
    """Tell whether the person helped meets what a procedure asks: where they live, how old they are.

    Shape: the words are for the agent, who has the person, or their form, before them.
    """
    if residency_level != ResidencyLevel.NONE and assistance.district_id is None:
        return Refusal(
            "residency_missing",
            "Cette procédure est ouverte aux personnes qui habitent Mulhouse : il faut un quartier.",
        )
    if residency_level == ResidencyLevel.VERIFIED and not assistance.is_residence_checked:
        return Refusal(
            "residency_unverified",
            "Cette procédure demande une résidence vérifiée : regardez un justificatif de domicile, puis ouvrez une nouvelle saisie.",
        )
    if minimum_age is not None and local_day(at).year - assistance.birth_year < minimum_age:
        return Refusal("too_young", f"Cette procédure est ouverte à partir de {minimum_age} ans.")
    return None


def identity_refusal(user: Any, residency_level: str) -> Refusal | None:
    """Tell whether somebody may do on the web what is done once where a residence is verified: an agent saw who they are.

    An account that nobody tied to an identity, and the same person on paper, would be two.
    Shape: one query at most.
    """
    if residency_level != ResidencyLevel.VERIFIED:
        return None
    if Person.objects.filter(user=user, identity_hash__isnull=False).exists():
        return None
    return Refusal(
        "identity_missing",
        _(
            "Il faut qu’un agent voie votre pièce d’identité, une seule fois\u00a0: chaque personne participe ici une fois, en "
            "ligne ou sur papier. Venez au guichet avec elle, et dites l’adresse électronique de votre compte. Une minute "
            "après, vous pouvez participer en ligne, ou tout de suite sur papier."
        ),
    )


def link_refusal(user: Any) -> Refusal | None:
    """Tell whether an agent may tie an account to an identity: those who check residences, at the desk."""
    return assist_refusal(user) or (
        None
        if user.has_perm(LINK)
        else Refusal("not_allowed", "Rattacher un compte est réservé aux agents qui vérifient les résidences.")
    )
