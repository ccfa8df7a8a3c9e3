"""The invented people of the demonstration: one for each role, entered in one click.

Their passwords are written here because these accounts exist only where DEMO is on, which production refuses.
"""

import base64
import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import encrypt
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from accounts import consents, roles
from accounts.models import Consent, Residency, User
from city.models import District, Service
from mulhouse.typography import local_day

PASSWORD = "chateau tilleul filature"  # noqa: S105 (published: see above)
RESIDENT = "resident"
NEWCOMER = "newcomer"
# Whose part the agent of a service gives: a slug of the city's own names.
SERVICE = "mobilites"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody to enter as. `role` is a code of `accounts.roles`, "resident" or "newcomer"."""

    role: str
    label: str
    description: str
    email: str
    public_name: str
    password: str = PASSWORD


_ACCOUNTS = (
    DemoAccount(
        RESIDENT,
        "Une habitante",
        "Résidence vérifiée : elle peut tout faire de ce que font les habitants.",
        "habitante@demo.example",
        "Camille R.",
    ),
    DemoAccount(
        NEWCOMER,
        "Un nouvel habitant",
        "Il vient d’ouvrir son compte : il lui reste tout à remplir.",
        "nouveau@demo.example",
        "",
    ),
    DemoAccount(
        roles.AGENT.code,
        "Une agente de la participation",
        "Elle crée les consultations et vérifie les résidences.",
        "agente@demo.example",
        "Agence de la participation",
    ),
    DemoAccount(
        roles.DESK.code,
        "Une agente du guichet",
        "Elle reçoit les habitants, écrit pour eux et vérifie les résidences.",
        "guichet@demo.example",
        "Guichet de la mairie",
    ),
    DemoAccount(
        roles.SERVICE.code,
        "Une agente d’un service",
        "Elle dit ce que son service pense d’une idée à l’étude, et ne lit rien d’autre.",
        "service@demo.example",
        "Déplacements",
    ),
    DemoAccount(
        roles.MODERATOR.code,
        "Un modérateur",
        "Il lit ce qui est publié et répond aux signalements.",
        "moderateur@demo.example",
        "Modération",
    ),
    DemoAccount(
        roles.MEDIATOR.code,
        "La médiatrice",
        "Elle reçoit les différends, en confidence.",
        "mediatrice@demo.example",
        "Médiation",
    ),
    DemoAccount(
        roles.EVALUATOR.code,
        "Un membre de la mission d’évaluation",
        "Il lit tout ce qui est public et ne modifie rien.",
        "evaluation@demo.example",
        "Évaluation",
    ),
    DemoAccount(
        roles.ADMINISTRATOR.code,
        "L’administration du site",
        "Elle donne les rôles et tient les noms de la ville.",
        "administration@demo.example",
        "Administration",
    ),
)


def demo_accounts() -> list[DemoAccount]:
    """List the people one can enter as, residents first."""
    return list(_ACCOUNTS)


def find(role: str) -> DemoAccount | None:
    """Give the person of a role."""
    return next((account for account in _ACCOUNTS if account.role == role), None)


def totp_secret(account: DemoAccount) -> str:
    """Give the secret of an account's application: the same at each start of one installation, different in another."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"demo:{account.role}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode()


def seed() -> list[User]:
    """Make the invented people, once; running it again changes nothing.

    Raises: ImproperlyConfigured outside the demonstration and the tests.
    """
    if not settings.DEMO and settings.PORTAL_ENV != "test":
        raise ImproperlyConfigured("The demonstration accounts have known passwords: they are made in demo mode only.")
    return [_person(account) for account in _ACCOUNTS]


@transaction.atomic
def _person(account: DemoAccount) -> User:
    existing = User.objects.filter(email=account.email).first()
    if existing is not None:
        return existing
    has_role = account.role in roles.ROLES
    user = User.objects.create_user(account.email, account.password, public_name=account.public_name, is_staff=has_role)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    consents.give(user, Consent.Purpose.CHARTER)
    if has_role:
        user.groups.add(Group.objects.get(name=account.role))
        if roles.ROLES[account.role].of_service:
            user.service = Service.objects.filter(slug=SERVICE).first()
            user.save(update_fields=["service"])
        data = {"secret": encrypt(totp_secret(account))}
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
        RecoveryCodes.activate(user)
    elif account.role == RESIDENT:
        _settle(user)
    return user


def _settle(user: User) -> None:
    district = District.objects.order_by("position", "name").first()
    if district is None:
        return
    today = local_day(timezone.now())
    user.district, user.birth_year = district, 1987
    user.save(update_fields=["district", "birth_year"])
    Residency.objects.create(
        user=user,
        district=district,
        verified_on=today,
        expires_on=today + dt.timedelta(days=365),
        method=Residency.Method.DESK,
    )
