"""Every write about a person: profile, residency, agreements, roles, the copy of their data, the end of the account."""

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts import consents, links, roles, rules, sessions
from accounts.models import Consent, DataExport, Residency, User
from city.models import District, Service
from mulhouse import looking, memory, personal_data, queue, typography
from mulhouse.db import ConstraintViolatedError, assert_in_transaction, named_constraint
from mulhouse.errors import DomainError, require
from mulhouse.typography import local_day
from notifications import outbox
from transparency import deadlines, pages, purging, register

RESIDENCY_FOLDER = "residency"
# A copy whose download broke off is still there for an hour.
FETCHED_KEPT = dt.timedelta(hours=1)
UNCONFIRMED_KEPT = dt.timedelta(days=14)


def _tell(user: User, template: str, *, once_key: str | None = None, **context: Any) -> None:
    outbox.enqueue_template(
        kind=template.replace("/", "."),
        to=user.email,
        template=template,
        context=context,
        user=user,
        once_key=once_key,
        language=user.language,
    )


def _day(moment: dt.date, language: str) -> str:
    """Write a day in the language of a mail."""
    with translation.override(language):
        return typography.day(moment)


def _public_words(words: Any) -> str:
    """Write a label on the register in French, whatever the language of who acts."""
    with translation.override("fr"):
        return str(words)


def _locked(user: User) -> User:
    """Take the person's own row: two gestures of one person follow each other, nobody else waits."""
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)


def _forget_file(file: FieldFile) -> None:
    """Delete a file once the row no longer names it; what a crash leaves is found by `accounts.purge_files`."""
    if file.name:
        transaction.on_commit(partial(default_storage.delete, file.name))


# --- Profile, agreements --------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def update_profile(*, user: User, public_name: str, birth_year: int | None, language: str, scheme: str) -> User:
    """Keep what a person says about themselves.

    Raises: RefusedError when the public name shows an address or a number, was taken away from them by moderation, or changes
    while moderation has suspended them.
    """
    require(rules.public_name_refusal(user, public_name))
    # Read again: a form may have put its answers on `user` already.
    renamed = User.objects.filter(pk=user.pk).exclude(public_name=public_name).exists()
    if renamed:
        require(rules.blocked_refusal(user, at=timezone.now()))
    user.public_name = public_name
    user.birth_year = birth_year
    user.language = language
    user.scheme = scheme
    user.save(update_fields=["public_name", "birth_year", "language", "scheme"])
    if renamed:
        # The name signs public pages: they are kept for visitors until the register grows.
        register.record("profile.renamed", role="habitant", actor=user)
    return user


@transaction.atomic(durable=True)
def give_consent(*, user: User, purpose: Consent.Purpose) -> Consent:
    """Date the agreement of a person to the text shown today; twice is not an error."""
    return consents.give(user, purpose)


@transaction.atomic(durable=True)
def withdraw_consent(*, user: User, purpose: Consent.Purpose, at: dt.datetime) -> bool:
    """Date the end of an agreement; without it, a document that waits is deleted with its request.

    Shape: False when there was nothing to withdraw.
    """
    withdrawn = consents.withdraw(user, purpose, at=at)
    if purpose is Consent.Purpose.DOCUMENT:
        residency = Residency.objects.waiting().filter(user=user).exclude(document="").first()
        if residency is not None:
            _forget_file(residency.document)
            residency.document = ""
            residency.requested_at = None
            residency.save(update_fields=["document", "requested_at"])
    return withdrawn


# --- Residency ------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def declare_residency(*, user: User, district: District, at: dt.datetime) -> Residency:
    """Keep where a person says they live; another district, or a year that is over, ends the former declaration.

    Declaring the same district again is not an error.

    Locks: the person's row.
    """
    _locked(user)
    standing = Residency.objects.standing().filter(user=user).first()
    today = local_day(at)
    expired = standing is not None and standing.expires_on is not None and standing.expires_on <= today
    if standing is not None:
        if standing.district_id == district.pk and not expired:
            return standing
        _end(standing, today)
    user.district = district
    user.save(update_fields=["district"])
    return Residency.objects.create(user=user, district=district)


@transaction.atomic(durable=True)
def end_residency(*, user: User, at: dt.datetime) -> None:
    """Keep that a person no longer lives in Mulhouse; twice is not an error.

    Locks: the person's row.
    """
    _locked(user)
    standing = Residency.objects.standing().filter(user=user).first()
    if standing is not None:
        _end(standing, local_day(at))
    user.district = None
    user.save(update_fields=["district"])


def _end(residency: Residency, today: dt.date) -> None:
    _forget_file(residency.document)
    residency.ended_on = today
    residency.document = ""
    residency.save(update_fields=["ended_on", "document"])


def request_verification(*, user: User, at: dt.datetime, document: bytes = b"", suffix: str = "") -> Residency:
    """Ask an agent to verify where a person lives, on a document or at the desk.

    The file is written before the transaction (it may be far away), and deleted when the transaction gives up.

    Raises: RefusedError when nothing was declared, when it is verified or asked already, or after too many requests.
    Locks: the person's row.
    """
    name = ""
    if document:
        name = default_storage.save(f"{RESIDENCY_FOLDER}/{uuid.uuid4().hex}{suffix}", ContentFile(document))
    try:
        with transaction.atomic(durable=True):
            return _request(user, name, at)
    except BaseException:
        if name:
            default_storage.delete(name)
        raise


def _request(user: User, name: str, at: dt.datetime) -> Residency:
    person = _locked(user)
    residency = Residency.objects.standing().filter(user=person).first()
    require(rules.verification_refusal(person, residency, at=at))
    assert residency is not None  # noqa: S101 (the rule refuses None)
    residency.requested_at = at
    residency.refused_at = None
    residency.refusal_reason = ""
    residency.document = name
    residency.save(update_fields=["requested_at", "refused_at", "refusal_reason", "document"])
    person.verification_tries += 1
    person.verification_locked_until = rules.lock_after(person.verification_tries, at=at)
    person.save(update_fields=["verification_tries", "verification_locked_until"])
    if name:
        consents.give(person, Consent.Purpose.DOCUMENT)
    return residency


def verify_residency(
    *,
    actor: User,
    residency: Residency,
    method: str,
    at: dt.datetime,
    note: Callable[[User], None] | None = None,
) -> Residency:
    """Keep that an agent verified where a person lives, for a year; the document is deleted.

    Called by the desk, which takes the identity of the person in the same transaction (`desk.actions.verify_residency`).

    Shape: `note` is called before the register, with the person.
    Raises: RefusedError when `actor` may not, or when the declaration ended or was verified already; RuntimeError outside a
    transaction.
    Locks: the residency.
    """
    assert_in_transaction()
    held = Residency.objects.select_for_update(of=("self",), no_key=True).get(pk=residency.pk)
    require(rules.settle_refusal(actor, held))
    today = local_day(at)
    _forget_file(held.document)
    held.verified_on = today
    held.expires_on = rules.valid_until(today)
    held.method = method
    held.verified_by = actor
    held.document = ""
    held.refused_at = None
    held.refusal_reason = ""
    held.save(
        update_fields=["verified_on", "expires_on", "method", "verified_by", "document", "refused_at", "refusal_reason"]
    )
    User.objects.filter(pk=held.user_id).update(verification_tries=0, verification_locked_until=None)
    person = User.objects.get(pk=held.user_id)
    _tell(person, "accounts/residency_verified", until=_day(held.expires_on, person.language))
    if note is not None:
        note(person)
    register.record(
        "residency.verified", role="agent", facts={"moyen": _public_words(Residency.Method(method).label)}, actor=actor
    )
    return held


@transaction.atomic(durable=True)
def refuse_residency(*, actor: User, residency: Residency, reason: str, at: dt.datetime) -> Residency:
    """Keep that an agent could not verify a residency, and why; the document is deleted, the person is told what to do.

    Raises: RefusedError when `actor` may not, or when the declaration ended or was verified already.
    Locks: the residency.
    """
    held = Residency.objects.select_for_update(of=("self",), no_key=True).get(pk=residency.pk)
    require(rules.settle_refusal(actor, held))
    _forget_file(held.document)
    held.refused_at = at
    held.refusal_reason = reason
    held.document = ""
    held.save(update_fields=["refused_at", "refusal_reason", "document"])
    person = User.objects.get(pk=held.user_id)
    _tell(
        person,
        "accounts/residency_refused",
        reason=reason,
        residency_url=links.page("accounts:residency", person.language),
    )
    register.record("residency.refused", role="agent", actor=actor)
    return held


@transaction.atomic(durable=True)
def unlock_verification(*, actor: User, person: User) -> None:
    """Let somebody ask again at once, after an agent spoke with them at the desk.

    Raises: RefusedError when `actor` may not.
    """
    require(rules.agent_refusal(actor, person.pk))
    User.objects.filter(pk=person.pk).update(verification_tries=0, verification_locked_until=None)
    register.record("residency.unlocked", role="agent", actor=actor)


# --- Roles, suspension ----------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def grant_role(*, actor: User, person: User, role: roles.Role, service: Service | None = None) -> None:
    """Give a role; the person is signed out, so that they come back with a second factor. Twice is not an error.

    A role of a service is given with it; given again with another, it moves the person there. The register says which function was
    given, never to whom.

    Raises: RefusedError when `actor` may not, "service" for one that is missing or has no meaning.
    """
    require(rules.role_refusal(actor, person, role))
    require(rules.service_refusal(role, service))
    is_there = service is None or person.service_id == service.pk
    if is_there and person.groups.filter(name=role.code).exists():
        return
    person.groups.add(Group.objects.get(name=role.code))
    if service is not None:
        person.service = service
        person.save(update_fields=["service"])
    _follow_roles(person)
    named = role.label if service is None else f"{role.label} ({service})"
    _tell(person, "accounts/role_granted", role=named)
    register.record("role.granted", role="administration", facts={"fonction": named}, actor=actor)


@transaction.atomic(durable=True)
def revoke_role(*, actor: User, person: User, role: roles.Role) -> None:
    """Take a role away, and sign the person out. Twice is not an error.

    Raises: RefusedError when `actor` may not.
    """
    require(rules.role_refusal(actor, person, role))
    if not person.groups.filter(name=role.code).exists():
        return
    person.groups.remove(Group.objects.get(name=role.code))
    if role.of_service:
        person.service = None
        person.save(update_fields=["service"])
    _follow_roles(person)
    _tell(person, "accounts/role_revoked", role=role.label)
    register.record("role.revoked", role="administration", facts={"fonction": role.label}, actor=actor)


def _follow_roles(person: User) -> None:
    """Open the staff space to those who hold a role, and to them only."""
    person.is_staff = person.is_superuser or bool(roles.of(person))
    person.save(update_fields=["is_staff"])
    sessions.end_all(person)


# Long enough to hear the person; what they wrote is judged by moderation, whose suspensions they contest on the site.
SUSPENDED_DAYS = 30


class Danger(models.TextChoices):
    """What an account is suspended against: a closed list, of security alone."""

    STOLEN = "stolen", _lazy("Quelqu’un d’autre semble se servir de votre compte.")
    ASKED = "asked", _lazy("Vous nous avez demandé de le bloquer.")
    ATTACK = "attack", _lazy("Des attaques contre le site partent de ce compte.")


@transaction.atomic(durable=True)
def suspend_account(*, actor: User, person: User, danger: Danger, at: dt.datetime) -> None:
    """Close an account to its person for SUSPENDED_DAYS at most, and tell them why and what they can do. Twice is not an error.

    The password goes: whoever had it does not come back with it once the account is open again.

    Raises: RefusedError when `actor` may not.
    """
    require(rules.suspend_refusal(actor, person))
    until = deadlines.due_at(at, SUSPENDED_DAYS)
    closed = {"is_active": False, "suspended_until": until, "password": make_password(None)}
    if User.objects.filter(pk=person.pk, is_active=True).update(**closed) != 1:
        return
    sessions.end_all(person)
    with translation.override(person.language):
        why = str(danger.label)
    ends_on = _day(local_day(until), person.language)
    _tell(person, "accounts/account_suspended", reason=why, until=ends_on, dpo_email=settings.LEGAL["dpo_email"])
    register.record("account.suspended", role="administration", facts={"jours": SUSPENDED_DAYS}, actor=actor)


@transaction.atomic(durable=True)
def reopen_account(*, actor: User | None, person: User, at: dt.datetime) -> None:
    """Open a suspended account again, before its day by somebody in charge, or on it by nobody. Twice is not an error.

    Raises: RefusedError when `actor` may not.
    """
    suspended = User.objects.filter(pk=person.pk, is_active=False)
    if actor is None:
        suspended = suspended.filter(suspended_until__lte=at)
    else:
        require(rules.suspend_refusal(actor, person))
    if suspended.update(is_active=True, suspended_until=None) != 1:
        return
    _tell(person, "accounts/account_reopened", sign_in_url=links.page("account_login", person.language))
    register.record("account.reopened", role="administration" if actor else "système", actor=actor)


FOUND_AT_DESK = "Retrouver votre déclaration de résidence au guichet"


class Purpose(models.TextChoices):
    """Why an address may be shown. A closed list, since free words on the public register could name somebody."""

    HELP = "help", "Répondre à une demande d’aide"
    RESIDENCY = "residency", "Vérifier une résidence"
    SAFETY = "safety", "Protéger une personne ou le site"
    LAW = "law", "Répondre à une demande de la justice"


@transaction.atomic(durable=True)
def show_email(*, actor: User, person: User, purpose: Purpose) -> str:
    """Show the address of somebody to an agent who says why; the register keeps the purpose, not the address.

    Raises: DomainError without the permission.
    """
    if not actor.has_perm("accounts.view_email"):
        raise DomainError("not_allowed", "Votre rôle ne permet pas d’afficher une adresse électronique.")
    looking.note(actor=actor, person=person, category=looking.Category.EMAIL, why=str(purpose.label))
    register.record("person.email_shown", role="administration", facts={"motif": str(purpose.label)}, actor=actor)
    return person.email


@transaction.atomic(durable=True)
def find_by_address(*, actor: User, address: str) -> User | None:
    """Find who has an address, for an agent to whom that person gave it; they see that it was looked up.

    Shape: None when nobody has it; that it was asked is on the register all the same.
    Raises: RefusedError without the permission.
    """
    found = User.objects.filter(email__iexact=address).first()
    require(rules.agent_refusal(actor, found.pk if found else None))
    if found is not None:
        looking.note(actor=actor, person=found, category=looking.Category.EMAIL, why=FOUND_AT_DESK)
    register.record("person.looked_up", role="agent", actor=actor)
    return found


@transaction.atomic(durable=True)
def open_document(*, actor: User, residency: Residency) -> FieldFile:
    """Hand the proof of a residency over to who verifies it; its person sees when it was opened.

    Raises: RefusedError when `actor` may not; DomainError when there is no document any more.
    """
    require(rules.agent_refusal(actor, residency.user_id))
    held = Residency.objects.waiting().filter(pk=residency.pk).exclude(document="").select_related("user").first()
    if held is None:
        raise DomainError("no_document", "Le document n’est plus là : la demande a eu sa réponse, ou a été retirée.")
    looking.note(actor=actor, person=held.user, category=looking.Category.DOCUMENT, why="Vérifier une résidence")
    register.record("residency.document_seen", role="agent", actor=actor)
    return held.document


# --- « Mes données » ------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def request_export(*, user: User) -> DataExport:
    """Ask for the copy of one's data; while one is being made, it is the one.

    Shape: the export that waits, new or not.
    """
    try:
        with named_constraint("data_export_one_pending"):
            export = DataExport.objects.create(user=user)
    except ConstraintViolatedError:
        return DataExport.objects.get(user=user, ready_at__isnull=True)
    queue.after_commit("accounts.build_export", export_id=export.pk)
    return export


@transaction.atomic(durable=True)
def finish_export(*, export: DataExport, name: str, at: dt.datetime) -> bool:
    """Keep the file of an export for a week and write to its person.

    Shape: False when another worker finished it first; the caller deletes its file.
    """
    expires_at = at + links.EXPORT_LIFE
    done = DataExport.objects.filter(pk=export.pk, ready_at__isnull=True).update(
        ready_at=at, expires_at=expires_at, file=name
    )
    if done != 1:
        return False
    language = export.user.language
    _tell(
        export.user,
        "accounts/data_ready",
        file_url=links.data_file(export, language),
        until=_day(expires_at, language),
    )
    return True


@transaction.atomic(durable=True)
def fetch_export(*, user: User, key: uuid.UUID, at: dt.datetime) -> DataExport:
    """Hand the file of an export over, once.

    Raises: DomainError when it is another person's, too old, or was fetched already.
    """
    fetched = DataExport.objects.filter(
        user=user, key=key, ready_at__isnull=False, fetched_at__isnull=True, expires_at__gt=at
    ).update(fetched_at=at)
    if fetched != 1:
        raise DomainError(
            "export_gone",
            _("Ce lien a déjà servi, ou il a plus de sept jours. Demandez une nouvelle copie."),
        )
    return DataExport.objects.get(key=key)


@transaction.atomic(durable=True)
def forget_exports(*, at: dt.datetime) -> None:
    """Delete the copies that were fetched or are a week old, and their files.

    Shape: a line on the register when something went: how many, never whose.
    """
    over = DataExport.objects.filter(models.Q(expires_at__lte=at) | models.Q(fetched_at__lt=at - FETCHED_KEPT))
    for export in over.order_by("pk"):
        _forget_file(export.file)
    purging.note(copies_de_donnees=over.delete()[0])


@transaction.atomic(durable=True)
def forget_sessions(*, at: dt.datetime) -> None:
    """Delete the sessions that are over, and the accounts whose address nobody confirmed in two weeks.

    Shape: a line on the register when something went: how many of each, never whose.
    """
    ended = Session.objects.filter(expire_date__lt=at).delete()[0]
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    unconfirmed = User.objects.filter(
        date_joined__lt=at - UNCONFIRMED_KEPT, last_login__isnull=True, is_staff=False, is_superuser=False
    ).exclude(emailaddress__verified=True)
    accounts = unconfirmed.delete()[1].get("accounts.User", 0)
    purging.note(sessions_finies=ended, comptes_non_confirmes=accounts)


@transaction.atomic(durable=True)
def close_account(*, user: User) -> None:
    """Close an account for good: what was published stays, unsigned; everything else is erased, table by table.

    Raises: RefusedError for somebody who still holds a role.
    Locks: the person's row, what each table holds of them, the register.
    """
    person = _locked(user)
    require(rules.close_refusal(person))
    address, language = person.email, person.language
    erase_person(person=person, write_line=lambda: register.record("account.closed", role="habitant"))
    outbox.enqueue_template(
        kind="accounts.account_closed", to=address, template="accounts/account_closed", context={}, language=language
    )


def erase_person(*, person: User, write_line: Callable[[], object]) -> None:
    """Apply to each table its own fate, and end the account: the same for who closes it and for who never came back.

    Who is writing something of theirs at this instant holds the register, or will ask for it: the line is written between two
    passes. The first waits for nobody who waits for it; the second erases what was committed meanwhile; what comes after finds
    nobody to belong to. `write_line` does.

    Raises: RuntimeError outside a transaction.
    Locks: expects the person's row held with `no_key`, or those who write would wait for it and it for them; takes what each
    table holds, then the register; the caller tells the person.
    """
    assert_in_transaction()
    sessions.end_all(person)
    _erase_tables(person)
    write_line()
    _erase_tables(person)
    # What is kept for a moment outside the database: pages that show the name, and how often this person acted today.
    transaction.on_commit(pages.forget_kept)
    # The number is whole: another one that begins like it is somebody else.
    transaction.on_commit(partial(memory.forget, *(f"*user:{person.pk}{end}" for end in ("", "/*", ":*"))))
    person.delete()


def _erase_tables(person: User) -> None:
    """Apply the fate of each table. Top room first: what a service holds goes before what it stands on; the person goes last."""
    for holding in reversed(personal_data.holdings()):
        if holding.model is not User:
            holding.erase(person)
