"""Who may do what with an account: where people live, how old they are, which name they sign with, who gives a role."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts import consents, names, roles
from accounts.models import Consent, Residency, User
from city.models import Service
from mulhouse import charter, typography
from mulhouse.errors import Refusal
from mulhouse.typography import local_day

# After five requests, half an hour; each one after that doubles the wait. An agent at the desk can lift it.
TRIES = 5
FIRST_WAIT = dt.timedelta(minutes=30)
LONGEST_WAIT = dt.timedelta(days=30)
VALIDITY_YEARS = 1

# Where a person who was refused goes to put it right: the code of the refusal, the name of the route.
REMEDIES = {
    "sign_in": "account_login",
    "residency_missing": "accounts:residency",
    "residency_unverified": "accounts:residency",
    "residency_waiting": "accounts:residency",
    "residency_refused": "accounts:residency",
    "residency_expired": "accounts:residency",
    "verification_locked": "accounts:residency",
    "birth_year_missing": "accounts:profile",
    "public_name": "accounts:profile",
    "charter": "accounts:consents",
    # Where the desk is, and when it is open.
    "identity_missing": "contact",
    "blocked": "moderation:own",
    "set_aside": "privacy:ask",
}


def blocked_refusal(user: Any, *, at: dt.datetime) -> Refusal | None:
    """Tell whether moderation has suspended somebody from publishing, until an instant that is not one of it. No query.

    It takes away public words alone: voting, taking a position, supporting, answering, reporting and contesting never ask it.
    """
    until = getattr(user, "blocked_until", None)
    if until is None or at >= until:
        return None
    return Refusal(
        "blocked",
        _(
            "La modération a suspendu vos publications jusqu’au %(day)s. Vous pouvez lire, voter, prendre position, soutenir un "
            "commentaire et contester cette décision dans «\u00a0Mon espace\u00a0»."
        )
        % {"day": typography.day(local_day(until))},
    )


def set_aside_refusal(user: Any) -> Refusal | None:
    """Tell whether the data of somebody is set aside: then nothing new appears under their account either. No query.

    They keep what shows nothing of them: voting, taking a position, answering, asking, taking their data, leaving.

    Source: RGPD, art. 18: data set aside is kept, and used for nothing else without its person's agreement.
    """
    if getattr(user, "limited_since", None) is None:
        return None
    return Refusal(
        "set_aside",
        _(
            "Vos données sont mises de côté\u00a0: rien ne paraît sous votre compte. Pour publier de nouveau, demandez que "
            "cette mesure soit levée. Vous pouvez lire, voter et prendre position."
        ),
    )


def publishing_refusal(user: Any, *, at: dt.datetime) -> Refusal | None:
    """Tell whether something keeps somebody from publishing anywhere: a suspension, or their data set aside. No query."""
    return blocked_refusal(user, at=at) or set_aside_refusal(user)


def remedy_route(refusal: Refusal) -> str:
    """Name the page where what is missing can be given; "" when nothing can be done."""
    return REMEDIES.get(refusal.code, "")


# --- Where one lives, how old one is --------------------------------------------------------------------------------


def residency_refusal(user: Any, level: str, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody meets the residency level of a procedure.

    Shape: `level` is "none", "declared" or "verified". One query at most; none for "none".
    """
    if level == "none":
        return None
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous, puis dites dans quel quartier vous habitez."))
    residency = Residency.objects.standing().filter(user=user).first()
    return standing_refusal(residency, level, at=at)


def standing_refusal(residency: Residency | None, level: str, *, at: dt.datetime) -> Refusal | None:
    """Tell whether what somebody said of where they live meets a level, "declared" or "verified"."""
    if residency is None:
        return Refusal(
            "residency_missing",
            _("Cette procédure est ouverte aux personnes qui habitent Mulhouse. Indiquez d’abord votre quartier."),
        )
    if residency.expires_on is not None and residency.expires_on <= local_day(at):
        return Refusal(
            "residency_expired",
            _("La vérification de votre résidence a pris fin le %(day)s. Confirmez votre quartier pour continuer.")
            % {"day": typography.day(residency.expires_on)},
        )
    if level == "declared" or residency.verified_on is not None:
        return None
    return _unverified(residency)


def _unverified(residency: Residency) -> Refusal:
    if residency.is_waiting:
        return Refusal(
            "residency_waiting",
            _(
                "Un agent vérifie votre résidence. Vous recevrez un courriel dès que c’est fait, puis vous pourrez participer."
            ),
        )
    if residency.refused_at is not None:
        return Refusal(
            "residency_refused",
            _("Votre résidence n’a pas pu être vérifiée. Lisez pourquoi, puis faites une nouvelle demande."),
        )
    return Refusal(
        "residency_unverified",
        _(
            "Cette procédure demande une résidence vérifiée par la Ville. "
            "Demandez la vérification, en ligne ou au guichet."
        ),
    )


def minimum_age_refusal(user: Any, age: int | None, *, on: dt.date) -> Refusal | None:
    """Tell whether somebody reaches the minimum age of a procedure.

    Only the year is known, so the age counts as reached in the year of the birthday.
    """
    if age is None:
        return None
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous, puis indiquez votre année de naissance."))
    if user.birth_year is None:
        return Refusal(
            "birth_year_missing",
            _(
                "Cette procédure est ouverte à partir de %(age)s\u00a0ans. "
                "Indiquez votre année de naissance dans votre profil."
            )
            % {"age": age},
        )
    if on.year - user.birth_year < age:
        return Refusal(
            "too_young",
            _("Cette procédure est ouverte à partir de %(age)s\u00a0ans. Vous pouvez la lire et la suivre.")
            % {"age": age},
        )
    return None


def verification_refusal(user: User, residency: Residency | None, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may ask an agent to verify where they live."""
    if residency is None:
        return Refusal("residency_missing", _("Indiquez d’abord votre quartier."))
    if residency.expires_on is not None and residency.expires_on <= local_day(at):
        return Refusal("residency_expired", _("Confirmez d’abord votre quartier\u00a0: votre vérification a pris fin."))
    if residency.verified_on is not None:
        return Refusal("residency_verified", _("Votre résidence est déjà vérifiée."))
    if residency.is_waiting:
        return Refusal("residency_waiting", _("Votre demande est déjà enregistrée. Un agent va la regarder."))
    if user.verification_locked_until is not None and at < user.verification_locked_until:
        return Refusal(
            "verification_locked",
            _(
                "Vous avez fait plusieurs demandes de suite. Vous pourrez en faire une nouvelle à partir du %(moment)s, "
                "ou venir au guichet."
            )
            % {"moment": typography.instant(user.verification_locked_until)},
        )
    return None


def lock_after(tries: int, *, at: dt.datetime) -> dt.datetime | None:
    """Say until when requests wait, once this many have been made; None while none has to wait."""
    if tries < TRIES:
        return None
    doublings: int = 2 ** min(tries - TRIES, 20)
    return at + min(LONGEST_WAIT, FIRST_WAIT * doublings)


def valid_until(verified_on: dt.date) -> dt.date:
    """Give the day from which a verification no longer holds: a year later, the 1st of March after a leap day."""
    try:
        return verified_on.replace(year=verified_on.year + VALIDITY_YEARS)
    except ValueError:
        return verified_on.replace(year=verified_on.year + VALIDITY_YEARS, month=3, day=1)


def agent_refusal(actor: User, person_pk: int | None) -> Refusal | None:
    """Tell whether an agent may deal with where somebody lives: their role says so, and it is somebody else."""
    if not actor.has_perm("accounts.verify_residency"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de vérifier une résidence.")
    if actor.pk == person_pk:
        return Refusal("own_residency", "Vous ne pouvez pas vérifier votre propre résidence : demandez à un collègue.")
    return None


def settle_refusal(actor: User, residency: Residency) -> Refusal | None:
    """Tell whether an agent can verify or refuse a residency: it stands, and nobody settled it before."""
    if refusal := agent_refusal(actor, residency.user_id):
        return refusal
    if residency.ended_on is not None:
        return Refusal("residency_ended", "Cette déclaration a pris fin : la personne en a fait une autre.")
    if residency.verified_on is not None:
        return Refusal("residency_verified", "Cette résidence est déjà vérifiée.")
    return None


# --- Name, charter --------------------------------------------------------------------------------------------------


# What rooms above this one ask of the public name that a person chooses; filled in AppConfig.ready().
_asked_of_names: list[Callable[[Any, str], Refusal | None]] = []


def ask_of_names(rule: Callable[[Any, str], Refusal | None]) -> None:
    """Let a room above refuse a name to a person; called from AppConfig.ready()."""
    _asked_of_names.append(rule)


def public_name_refusal(user: Any, name: str) -> Refusal | None:
    """Tell whether a person may take a public name: everybody will read it."""
    sentences = {
        "email": _("Votre nom public ne doit pas contenir d’adresse électronique\u00a0: tout le monde le voit."),
        "address": _("Votre nom public ne doit pas contenir d’adresse de site."),
        "phone": _("Votre nom public ne doit pas contenir de numéro de téléphone\u00a0: tout le monde le voit."),
        "plate": _("Votre nom public ne doit pas contenir de plaque d’immatriculation\u00a0: tout le monde le voit."),
    }
    if found := names.problem(name):
        return Refusal("public_name", sentences[found])
    return next(filter(None, (rule(user, name) for rule in _asked_of_names)), None)


def charter_refusal(user: Any) -> Refusal | None:
    """Tell whether somebody accepted the charter that holds today."""
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour participer."))
    if consents.given(user, Consent.Purpose.CHARTER) == charter.CURRENT.number:
        return None
    return Refusal(
        "charter", _("Acceptez d’abord la charte de la participation. Elle dit ce que chacun peut attendre des autres.")
    )


# --- Roles, staff ---------------------------------------------------------------------------------------------------


def role_refusal(actor: User, person: User, role: roles.Role) -> Refusal | None:
    """Tell whether `actor` may give or take away a role of `person`."""
    if not actor.has_perm("accounts.grant_role"):
        return Refusal("not_allowed", "Seule l’administration du site donne et retire les rôles.")
    if actor.pk == person.pk:
        return Refusal("own_role", "Vous ne pouvez pas changer vos propres rôles : demandez à un collègue.")
    if not person.is_active:
        return Refusal("suspended", "Ce compte est suspendu : rouvrez-le avant de lui donner un rôle.")
    return None


def service_refusal(role: roles.Role, service: Service | None) -> Refusal | None:
    """Tell whether a role is given with what it takes: a service for the one that has no meaning without, none for the others."""
    if role.of_service and service is None:
        return Refusal("service", "Choisissez le service\u00a0: ce rôle ouvre ce qui lui est demandé, et rien d’autre.")
    if service is not None and not role.of_service:
        return Refusal("service", "Ce rôle se donne sans service. Laissez ce champ vide.")
    return None


def suspend_refusal(actor: User, person: User) -> Refusal | None:
    """Tell whether `actor` may suspend or reopen the account of `person`."""
    if not actor.has_perm("accounts.deactivate_user"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de suspendre un compte.")
    if actor.pk == person.pk:
        return Refusal("own_account", "Vous ne pouvez pas suspendre votre propre compte.")
    if person.is_superuser and not actor.is_superuser:
        return Refusal("not_allowed", "Ce compte ne peut être suspendu que par un autre compte d’administration.")
    return None


def close_refusal(user: User) -> Refusal | None:
    """Tell whether somebody may close their account: whoever holds a role gives it back first."""
    if user.is_superuser or user.is_staff:
        return Refusal(
            "role",
            _("Vous avez un rôle sur ce site. Faites-le retirer par l’administration, puis fermez votre compte."),
        )
    return None
