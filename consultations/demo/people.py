"""The residents of the demonstration: those who write, and those who only take a position."""

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import consents
from accounts.models import Consent, Residency, User
from city.models import District
from consultations.demo import texts
from consultations.phases import PARIS

DOMAIN = "habitants.mulhouse.example"
# Most people who have an account read and take a position, and never write.
SILENT = 90
# Who asked an agent to check where they live, and how many days ago.
WAITING = {4: 1, 17: 3, 33: 6}


@dataclass(frozen=True)
class Crowd:
    """Everybody, in the order of `texts.residents()`, then those who only take positions."""

    residents: list[texts.Resident]
    users: list[User]
    verified: list[int]


@transaction.atomic(durable=True)
def seed(*, at: dt.datetime) -> tuple[Crowd, int]:
    """Make those who are missing, with an address that leads nowhere and no password; give everybody, and how many are new."""
    residents = texts.residents()
    districts = {district.name: district for district in District.objects.all()}
    names = list(districts)
    rows = [(resident.name, resident.district, resident.birth_year, resident.is_verified) for resident in residents]
    rows += [("", names[number % len(names)], None, number % 2 == 0) for number in range(SILENT)]
    emails = [f"habitant-{number:03}@{DOMAIN}" for number in range(1, len(rows) + 1)]
    known = set(User.objects.filter(email__in=emails).values_list("email", flat=True))
    missing = [(email, row) for email, row in zip(emails, rows, strict=True) if email not in known]
    if missing:
        _create(missing, districts, at)
    users = {user.email: user for user in User.objects.filter(email__in=emails).select_related("district")}
    verified = [number for number, row in enumerate(rows) if row[3]]
    return Crowd(residents=residents, users=[users[email] for email in emails], verified=verified), len(missing)


def _create(
    missing: list[tuple[str, tuple[str, str, int | None, bool]]], districts: dict[str, District], at: dt.datetime
) -> None:
    """Write people with what a real account has: a confirmed address, the charter accepted, where they live."""
    locked = make_password(None)
    users = User.objects.bulk_create(
        User(email=email, password=locked, public_name=name, district=districts[district], birth_year=birth_year)
        for email, (name, district, birth_year, _is_verified) in missing
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    version = consents.version(Consent.Purpose.CHARTER)
    Consent.objects.bulk_create(Consent(user=user, purpose=Consent.Purpose.CHARTER, version=version) for user in users)
    Residency.objects.bulk_create(
        _residency(user, number, is_verified=row[3], at=at)
        for number, (user, (_email, row)) in enumerate(zip(users, missing, strict=True))
    )


def _residency(user: User, number: int, *, is_verified: bool, at: dt.datetime) -> Residency:
    """Declare where somebody lives; some asked an agent to check it, and wait."""
    residency = Residency(user=user, district=user.district)
    if is_verified:
        residency.verified_on = at.astimezone(PARIS).date() - dt.timedelta(days=30 + number)
        residency.expires_on = residency.verified_on + dt.timedelta(days=365)
        residency.method = Residency.Method.DESK
    elif number in WAITING:
        residency.requested_at = at - dt.timedelta(days=WAITING[number])
    return residency
