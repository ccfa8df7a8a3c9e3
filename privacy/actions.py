"""Every write about the rights of people: requests, limitation, who looked, and the register of breaches."""

import datetime as dt
import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import User
from mulhouse import looking, reasons, typography
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from mulhouse.typography import local_day
from notifications import outbox
from privacy import clocks, quarantine, rules
from privacy.models import REQUEST_PROMISE, AccessLog, Breach, DataRequest, Limitation
from transparency import promising, purging, register
from transparency.models import Promise

ADMINISTRATION = "administration"
WHY = "Dites pourquoi, en une phrase."
# Features-and-rules §3, log retention.
ACCESSES_KEPT = dt.timedelta(days=365)
# Source: code civil, art. 2224: the proof that a request was answered, as long as it may be contested.
REQUESTS_KEPT = dt.timedelta(days=5 * 365)
UNCONFIRMED_KEPT = dt.timedelta(days=1)


# --- Who looked ------------------------------------------------------------------------------------------------------


def note_access(
    *, actor: Any, person: Any, category: looking.Category, why: str = "", subject: str = ""
) -> AccessLog | None:
    """Keep that somebody of the city saw something of a person: their function, never their name, is shown to that person.

    Shape: None when one looks at one's own data.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    if person is not None and person.pk == actor.pk:
        return None
    return AccessLog.objects.create(
        person=person,
        actor=actor,
        function=_function(actor),
        category=category.name,
        why=why,
        subject=subject,
        at=timezone.now(),
    )


def _function(actor: Any) -> str:
    held = ", ".join(role.label for role in roles.of(actor))
    return (held or ("Compte technique" if actor.is_superuser else "Agent de la Ville"))[:120]


# --- Requests about one's data -----------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def ask(*, user: User, kind: str, words: str, at: dt.datetime) -> DataRequest:
    """Take in a request made from an account: identity is known, the clock runs at once."""
    request = DataRequest.objects.create(
        kind=kind,
        user=user,
        language=user.language,
        words=words,
        asked_at=at,
        received_at=at,
        due_on=clocks.answer_due_on(local_day(at)),
        identity=DataRequest.Identity.ACCOUNT,
    )
    _promise(request, at)
    _tell(request, "privacy/request_received")
    register.record("data_request.received", role="habitant", subject=request.reference, facts=_due(request))
    return request


@transaction.atomic(durable=True)
def ask_without_account(*, kind: str, name: str, email: str, words: str, language: str, at: dt.datetime) -> DataRequest:
    """Take in a request of somebody who has no account: a code goes to their address, the clock waits for it."""
    code = f"{secrets.randbelow(1_000_000):06}"
    request = DataRequest(kind=kind, name=name, email=email, language=language, words=words, asked_at=at)
    request.code_hash = _hash(request.reference, code)
    request.save()
    _tell(request, "privacy/request_code", secret=True, code=code)
    return request


def _hash(reference: str, code: str) -> str:
    return salted_hmac("privacy.request-code", f"{reference}:{code}", algorithm="sha256").hexdigest()


@transaction.atomic(durable=True)
def confirm(*, request: DataRequest, code: str, at: dt.datetime) -> DataRequest:
    """Receive a request once its author gave the code of the mail. Confirming twice is not an error.

    Raises: DomainError "code" for a wrong one, "tries" after five, "too_old" a day later.
    Locks: the request.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    if held.received_at is not None:
        return held
    if at - held.asked_at > UNCONFIRMED_KEPT:
        raise DomainError("too_old", _("Ce code a plus d’un jour. Refaites votre demande."))
    if held.tries >= rules.TRIES:
        raise DomainError("tries", _("Trop d’essais. Refaites votre demande."))
    if not constant_time_compare(held.code_hash, _hash(held.reference, code)):
        raise DomainError("code", _("Ce n’est pas le code du courriel. Vérifiez les six chiffres."))
    held.received_at = at
    held.due_on = clocks.answer_due_on(local_day(at))
    held.code_hash = ""
    held.save(update_fields=["received_at", "due_on", "code_hash"])
    _promise(held, at)
    _tell(held, "privacy/request_received")
    register.record("data_request.received", role="visiteur", subject=held.reference, facts=_due(held))
    return held


@transaction.atomic(durable=True)
def count_try(*, request: DataRequest) -> None:
    """Count a wrong code; kept though the confirmation was refused.

    Locks: the request.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    held.tries += 1
    held.save(update_fields=["tries"])


@transaction.atomic(durable=True)
def read_request(*, actor: Any, request: DataRequest) -> DataRequest:
    """Show an agent who asks and what; the person sees that it was read.

    Raises: RefusedError when `actor` may not.
    """
    if not actor.has_perm("privacy.handle_datarequest"):
        require(rules.handle_refusal(actor, request))
    looking.note(
        actor=actor,
        person=request.user,
        category=looking.Category.REQUEST,
        why="Répondre à une demande sur des données",
        subject=request.reference,
    )
    register.record("data_request.read", role="agent", subject=request.reference, actor=actor)
    return request


@transaction.atomic(durable=True)
def establish_identity(*, actor: Any, request: DataRequest, identity: str, at: dt.datetime) -> None:
    """Keep how the city knows that it speaks to the right person; a clock that waited for it runs again.

    Raises: RefusedError.
    Locks: the request.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    require(rules.handle_refusal(actor, held))
    held.identity = identity
    held.save(update_fields=["identity"])
    if promising.standing_still(REQUEST_PROMISE, [held.reference]):
        _follow(held, promising.resume(kind=REQUEST_PROMISE, key=held.reference, at=at))
    register.record("data_request.identified", role="agent", subject=request.reference, actor=actor)


@transaction.atomic(durable=True)
def pause(*, actor: Any, request: DataRequest, reason: str, at: dt.datetime) -> DataRequest:
    """Stop the clock until the person shows who they are; the reason is public, and sent to them.

    Raises: RefusedError; DomainError "late", "paused", "reason".
    Locks: the request, then its promise.
    Source: RGPD, art. 12.6.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    require(rules.clock_refusal(actor, held))
    promising.pause(kind=REQUEST_PROMISE, key=held.reference, reason=reason, at=at)
    stopped = promising.standing_still(REQUEST_PROMISE, [held.reference])[held.reference]
    _tell(held, "privacy/request_paused", reason=stopped.reason)
    facts = {"sorte": REQUEST_PROMISE}
    register.record("promise.paused", role="agent", subject=held.reference, facts=facts, actor=actor)
    return held


@transaction.atomic(durable=True)
def resume(*, actor: Any, request: DataRequest, at: dt.datetime) -> DataRequest:
    """Start the clock again: the last day moves by the days it stood still.

    Raises: RefusedError; DomainError "running" when it does not stand still.
    Locks: the request, then its promise.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    require(rules.clock_refusal(actor, held))
    _follow(held, promising.resume(kind=REQUEST_PROMISE, key=held.reference, at=at))
    facts = {"sorte": REQUEST_PROMISE, **_due(held)}
    register.record("promise.resumed", role="agent", subject=held.reference, facts=facts, actor=actor)
    return held


def _follow(held: DataRequest, promise: Promise) -> None:
    """Keep on the request the day of its promise, which pauses move."""
    held.due_on = promise.due_on
    held.save(update_fields=["due_on"])


@transaction.atomic(durable=True)
def extend(*, actor: Any, request: DataRequest, reason: str, at: dt.datetime) -> DataRequest:
    """Take two months more, once, and tell the person why.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the request.
    Source: RGPD, art. 12.3.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    require(rules.extend_refusal(actor, held, today=local_day(at)))
    assert held.received_at is not None  # noqa: S101 (the rule refuses it)
    assert held.due_on is not None  # noqa: S101 (the database refuses it)
    stood_still = held.due_on - clocks.answer_due_on(local_day(held.received_at))
    held.extension_reason = reasons.sentence(reason, missing=WHY)
    held.extended_at = at
    held.due_on = clocks.answer_due_on(local_day(held.received_at), extended=True) + stood_still
    held.save(update_fields=["extension_reason", "extended_at", "due_on"])
    promising.extend(kind=REQUEST_PROMISE, key=held.reference, due_on=held.due_on)
    _tell(held, "privacy/request_extended", reason=held.extension_reason)
    register.record("data_request.extended", role="agent", subject=held.reference, facts=_due(held), actor=actor)
    return held


@transaction.atomic(durable=True)
def answer(*, actor: Any, request: DataRequest, outcome: str, text: str, at: dt.datetime) -> DataRequest:
    """Answer a request; the answer leaves by mail, and stays in « Mon espace ».

    Raises: RefusedError; DomainError "answer" without words.
    Locks: the request.
    """
    held = DataRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    require(rules.answer_refusal(actor, held, outcome))
    if not text.strip():
        raise DomainError("answer", "Écrivez la réponse.")
    held.answered_at, held.outcome, held.answer = at, outcome, text.strip()
    held.save(update_fields=["answered_at", "outcome", "answer"])
    _follow(held, promising.keep(kind=REQUEST_PROMISE, key=held.reference, at=at))
    _tell(held, "privacy/request_answered", answer=held.answer, refused=outcome == DataRequest.Outcome.REFUSED)
    in_time = held.due_on is not None and local_day(at) <= held.due_on
    facts = {"dans_les_delais": in_time}
    register.record("data_request.answered", role="agent", subject=held.reference, facts=facts, actor=actor)
    return held


def _promise(request: DataRequest, at: dt.datetime) -> None:
    """Put the delay on the public page of promises: that a request was made, and nothing of it."""
    title = "Demande sur des données personnelles"
    promising.make(kind=REQUEST_PROMISE, key=request.reference, title=title, at=at, due=request.due_on)


def _due(request: DataRequest) -> dict[str, str]:
    return {"reponse_promise": request.due_on.isoformat() if request.due_on else ""}


def _tell(request: DataRequest, template: str, *, secret: bool = False, **context: Any) -> None:
    """Write to who asked, at the address of their account or the one they gave."""
    with translation.override(request.language):
        words = {
            "reference": request.reference,
            "kind": str(DataRequest.Kind(request.kind).label),
            "due": typography.day(request.due_on) if request.due_on else "",
            "url": settings.SITE_URL + reverse("privacy:request", args=[request.reference]),
            "dpo_email": settings.LEGAL["dpo_email"],
            **context,
        }
    outbox.enqueue_template(
        kind=template.replace("/", "."),
        to=request.user.email if request.user else request.email,
        template=template,
        context=words,
        user=request.user,
        language=request.language,
        secret=secret,
    )


# --- Limitation --------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def limit(*, actor: Any, person: User | None, reason: str, at: dt.datetime) -> Limitation:
    """Set the data of a person aside: nothing is erased, nothing is shown, nothing new is published, until it is lifted.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the person's row, then what each service holds of them.
    Source: RGPD, art. 18.
    """
    standing = None
    if person is not None:
        person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        standing = Limitation.objects.filter(user=person, lifted_at__isnull=True).first()
    require(rules.limit_refusal(actor, person, standing))
    assert person is not None  # noqa: S101 (the rule refuses None)
    row = Limitation.objects.create(user=person, reason=reasons.sentence(reason, missing=WHY), since=at)
    User.objects.filter(pk=person.pk).update(limited_since=at)
    for shelf in quarantine.shelves():
        shelf.hide(person)
    _tell_person(person, "privacy/limited", reason=row.reason)
    register.record("data.limited", role=ADMINISTRATION, actor=actor)
    return row


@transaction.atomic(durable=True)
def lift(*, actor: Any, limitation: Limitation, reason: str, at: dt.datetime) -> Limitation:
    """Show again what was set aside, with a reason; the person is told before it shows.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the person's row, then what each service holds of them.
    Source: RGPD, art. 18.3.
    """
    person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=limitation.user_id)
    held = Limitation.objects.select_for_update(of=("self",), no_key=True).get(pk=limitation.pk)
    require(rules.lift_refusal(actor, held))
    held.lifted_at, held.lifted_reason = at, reasons.sentence(reason, missing=WHY)
    held.save(update_fields=["lifted_at", "lifted_reason"])
    User.objects.filter(pk=person.pk).update(limited_since=None)
    for shelf in quarantine.shelves():
        shelf.show(person)
    _tell_person(person, "privacy/limit_lifted", reason=held.lifted_reason)
    register.record("data.limit_lifted", role=ADMINISTRATION, actor=actor)
    return held


def _tell_person(person: User, template: str, **context: Any) -> None:
    outbox.enqueue_template(
        kind=template.replace("/", "."),
        to=person.email,
        template=template,
        context={**context, "dpo_email": settings.LEGAL["dpo_email"]},
        user=person,
        language=person.language,
    )


# --- Breaches ------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def record_breach(
    *, actor: Any, nature: str, data_kinds: str, people_count: int | None, discovered_at: dt.datetime, at: dt.datetime
) -> Breach:
    """Write a breach down; the 72 hours run since its discovery. The public register says that there is one, nothing more.

    Raises: RefusedError; DomainError "instant" for a discovery to come.
    Source: RGPD, art. 33.5.
    """
    require(rules.breach_refusal(actor))
    if discovered_at > at:
        raise DomainError("instant", "La découverte ne peut pas être à venir.")
    row = Breach.objects.create(
        nature=nature,
        data_kinds=data_kinds,
        people_count=people_count,
        discovered_at=discovered_at,
        due_at=clocks.breach_due_at(discovered_at),
        recorded_at=at,
    )
    register.record("breach.recorded", role=ADMINISTRATION, subject=row.reference, actor=actor)
    return row


@transaction.atomic(durable=True)
def complete_breach(*, actor: Any, breach: Breach, people_count: int | None, consequences: str, measures: str) -> None:
    """Keep what became known since: how many people, the likely consequences, the measures.

    Raises: RefusedError.
    """
    require(rules.breach_refusal(actor))
    Breach.objects.filter(pk=breach.pk).update(people_count=people_count, consequences=consequences, measures=measures)
    register.record("breach.completed", role=ADMINISTRATION, subject=breach.reference, actor=actor)


@transaction.atomic(durable=True)
def notify_breach(*, actor: Any, breach: Breach, notified_at: dt.datetime, delay_reason: str, at: dt.datetime) -> None:
    """Keep that the CNIL was told, and why it was late when it was.

    Raises: RefusedError.
    Locks: the breach.
    """
    held = Breach.objects.select_for_update(of=("self",), no_key=True).get(pk=breach.pk)
    require(rules.notify_refusal(actor, held, notified_at=notified_at, now=at, delay_reason=delay_reason))
    held.notified_at, held.delay_reason = notified_at, delay_reason.strip()
    held.not_notified_reason = ""
    held.save(update_fields=["notified_at", "delay_reason", "not_notified_reason"])
    register.record("breach.notified", role=ADMINISTRATION, subject=held.reference, actor=actor)


@transaction.atomic(durable=True)
def leave_unnotified(*, actor: Any, breach: Breach, reason: str) -> None:
    """Keep why the CNIL is not told: no risk for people. The clock stops.

    Raises: RefusedError; DomainError "reason" without one, "notified" when it was told.
    Source: RGPD, art. 33.1.
    """
    require(rules.breach_refusal(actor))
    why = reasons.sentence(reason, missing=WHY)
    if not Breach.objects.filter(pk=breach.pk, notified_at__isnull=True).update(not_notified_reason=why):
        raise DomainError("notified", "La CNIL est déjà prévenue.")
    register.record("breach.unnotified", role=ADMINISTRATION, subject=breach.reference, actor=actor)


@transaction.atomic(durable=True)
def settle_people(*, actor: Any, breach: Breach, told_at: dt.datetime | None, reason: str) -> None:
    """Keep when the people concerned were told, or why they are not.

    Raises: RefusedError; DomainError "reason" without a date nor a reason.
    Source: RGPD, art. 34.
    """
    require(rules.breach_refusal(actor))
    why = (
        ""
        if told_at
        else reasons.sentence(reason, missing="Donnez la date, ou dites pourquoi elles ne sont pas prévenues.")
    )
    Breach.objects.filter(pk=breach.pk).update(told_at=told_at, not_told_reason=why)
    register.record("breach.people_settled", role=ADMINISTRATION, subject=breach.reference, actor=actor)


# --- Clearing --------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def purge(*, at: dt.datetime) -> None:
    """Erase the accesses of a year ago, the requests that nobody confirmed, those answered five years ago; the numbers are kept.

    Shape: a line on the register when something went: how much of each, never whose.
    """
    gone = {
        "consultations_de_donnees": AccessLog.objects.filter(at__lt=at - ACCESSES_KEPT),
        "demandes_non_confirmees": DataRequest.objects.filter(
            received_at__isnull=True, asked_at__lt=at - UNCONFIRMED_KEPT
        ),
        "demandes": DataRequest.objects.filter(answered_at__lt=at - REQUESTS_KEPT),
    }
    purging.note(**{name: rows.delete()[0] for name, rows in gone.items()})
