"""What changes in this room: accessibility faults, checks of the register, and who stood behind a line."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from mulhouse import letters, looking, typography
from mulhouse.errors import require
from transparency import chain, deadlines, promising, purging, register, rules, verification
from transparency.models import FAULT_PROMISE, AccessibilityFault, LineActor, Promise, PromisePause, RegisterLine

logger = logging.getLogger(__name__)

# Source: features-and-rules §3 (log retention: personal part a year, chained facts kept).
ACTORS_KEPT = timedelta(days=365)
FAULT_ADDRESSES_KEPT = timedelta(days=30)
FAULT_TEXTS_KEPT = timedelta(days=365)


@transaction.atomic(durable=True)
def report_fault(*, page: str, description: str, email: str, language: str, at: datetime) -> AccessibilityFault:
    """Take in an accessibility fault, from anybody, and promise the answer.

    An acknowledgement leaves for `email` when there is one.
    """
    fault = AccessibilityFault.objects.create(
        page=page,
        description=description,
        email=email,
        language=language,
        received_at=at,
        due_at=deadlines.due_at(at, deadlines.ACCESSIBILITY_ANSWER_DAYS),
    )
    promising.make(
        kind=FAULT_PROMISE,
        key=fault.reference,
        title=f"Signalement d’accessibilité {fault.reference}",
        at=at,
        route="transparency:fault",
    )
    if email:
        _write_to(fault, "transparency/fault_received")
    facts = {"reponse_promise": chain.written_at(fault.due_at)}
    register.record("accessibility.reported", role="visiteur", subject=fault.reference, facts=facts)
    return fault


@transaction.atomic(durable=True)
def answer_fault(*, actor: Any, fault: AccessibilityFault, answer: str, at: datetime) -> AccessibilityFault:
    """Answer a fault. The answer is public, and leaves by mail when an address was given.

    Raises: RefusedError without the permission, or for a fault that has its answer.
    """
    require(rules.answer_refusal(actor, fault, at=at))
    if not AccessibilityFault.objects.waiting().filter(pk=fault.pk).update(answered_at=at, answer=answer):
        fault.refresh_from_db()
        require(rules.answer_refusal(actor, fault, at=at))
    fault.refresh_from_db()
    _follow(fault, promising.keep(kind=FAULT_PROMISE, key=fault.reference, at=at))
    if fault.email:
        _write_to(fault, "transparency/fault_answered")
    facts = {"dans_les_delais": not deadlines.is_late(fault.due_at, at, at=at)}
    register.record("accessibility.answered", role="agent", subject=fault.reference, facts=facts, actor=actor)
    return fault


@transaction.atomic(durable=True)
def pause_fault(*, actor: Any, fault: AccessibilityFault, reason: str, at: datetime) -> PromisePause:
    """Stop the clock of a fault until its author tells more; the reason is public, and leaves by mail when there is an address.

    Raises: RefusedError without the permission, or for a fault that has its answer; DomainError "late", "paused", "reason".
    """
    require(rules.answer_refusal(actor, fault, at=at))
    promising.pause(kind=FAULT_PROMISE, key=fault.reference, reason=reason, at=at)
    pause = promising.standing_still(FAULT_PROMISE, [fault.reference])[fault.reference]
    if fault.email:
        _write_to(fault, "transparency/fault_paused", reason=pause.reason)
    register.record(
        "promise.paused", role="agent", subject=fault.reference, facts={"sorte": FAULT_PROMISE}, actor=actor
    )
    return pause


@transaction.atomic(durable=True)
def resume_fault(*, actor: Any, fault: AccessibilityFault, at: datetime) -> AccessibilityFault:
    """Start the clock of a fault again: the promised day moves by the days it stood still.

    Raises: RefusedError without the permission, or for a fault that has its answer.
    """
    require(rules.answer_refusal(actor, fault, at=at))
    _follow(fault, promising.resume(kind=FAULT_PROMISE, key=fault.reference, at=at))
    facts = {"sorte": FAULT_PROMISE, "reponse_promise": deadlines.day_of(fault.due_at).isoformat()}
    register.record("promise.resumed", role="agent", subject=fault.reference, facts=facts, actor=actor)
    return fault


def _follow(fault: AccessibilityFault, promise: Promise) -> None:
    """Keep on the fault the day of its promise, which pauses move."""
    fault.due_at = deadlines.moved(fault.due_at, promise.due_on)
    fault.save(update_fields=["due_at"])


def _write_to(fault: AccessibilityFault, template: str, **more: Any) -> None:
    with translation.override(fault.language):
        context = {
            "reference": fault.reference,
            "page": fault.page,
            "due": typography.day(deadlines.day_of(fault.due_at)),
            "answer": fault.answer,
            "url": settings.SITE_URL + reverse("transparency:fault", args=[fault.reference]),
            **more,
        }
    letters.send(
        kind=template.replace("/", "."),
        to=fault.email,
        template=template,
        context=context,
        language=fault.language,
    )


@transaction.atomic(durable=True)
def reveal_actor(*, actor: Any, line: RegisterLine, at: datetime) -> Any:
    """Show somebody in charge who stood behind a line; that it was looked at is itself on the register.

    Shape: the person, or None when nobody is noted (any more).
    Raises: RefusedError without the permission.
    """
    require(rules.reveal_refusal(actor, at=at))
    found = LineActor.objects.select_related("user").filter(line=line).first()
    if found is not None:
        subject = f"ligne {line.number}"
        looking.note(actor=actor, person=found.user, category=looking.Category.AUTHOR, subject=subject)
    register.record("register.actor_seen", role="administration", facts={"ligne": line.number}, actor=actor)
    return found.user if found else None


@transaction.atomic(durable=True)
def verify_register() -> chain.Verdict:
    """Check the whole register, and write on it what was found."""
    verdict = verification.verify_whole()
    if verdict.broken_at is None:
        facts = {"lignes": verdict.lines, "sceau": verdict.head.seal}
        register.record("register.verified", role="système", facts=facts)
    else:
        logger.error("the register is broken at line %s: %s", verdict.broken_at, verdict.reason)
        facts = {"ligne": verdict.broken_at, "cause": verdict.reason}
        register.record("register.broken", role="système", facts=facts)
    return verdict


@transaction.atomic(durable=True)
def purge(*, at: datetime) -> None:
    """Erase what is personal and no longer needed; the facts, the dates and the answers stay. Nothing public changes.

    Shape: a line on the register when something went: how much of each, never whose.
    """
    faults = AccessibilityFault.objects.filter(answered_at__isnull=False)
    addresses = faults.filter(answered_at__lt=at - FAULT_ADDRESSES_KEPT).exclude(email="")
    texts = faults.filter(answered_at__lt=at - FAULT_TEXTS_KEPT).exclude(description="")
    counts = {
        "auteurs_d_actes": LineActor.objects.filter(line__at__lt=at - ACTORS_KEPT).delete()[0],
        "adresses": addresses.update(email=""),
        "textes": texts.update(description=""),
    }
    purging.note(**counts)
