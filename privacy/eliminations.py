"""Destroying public archives: propose a list, write down the visa of the Archives, execute, keep the slip for ever.

Source: code du patrimoine, art. L. 212-2, L. 214-3, R. 212-14.
"""

import datetime as dt
import uuid
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from mulhouse import queue, reasons
from mulhouse.db import ConstraintViolatedError, named_constraint
from mulhouse.errors import DomainError, require
from mulhouse.typography import local_day
from privacy import archives, rules
from privacy.models import EliminationLine, EliminationProposal
from transparency import register

ROLE = "administration"
FOLDER = "eliminations"
State = EliminationProposal.State


@transaction.atomic(durable=True)
def propose(*, actor: Any, category: archives.Category, at: dt.datetime) -> EliminationProposal:
    """Draw up the list of what is past its time in a category; nothing is touched.

    Raises: RefusedError; DomainError "nothing" when nothing is ripe, "standing" while a list of that category waits.
    """
    require(rules.propose_refusal(actor))
    ripe = list(category.ripe(archives.before(category, today=local_day(at))))
    if not ripe:
        raise DomainError("nothing", "Rien n’a passé son délai dans cette catégorie.")
    try:
        with named_constraint("elimination_one_standing"):
            proposal = EliminationProposal.objects.create(
                category=category.code, source=category.source, proposed_at=at, proposed_by=actor
            )
    except ConstraintViolatedError as error:
        raise DomainError("standing", "Une liste de cette catégorie attend déjà.") from error
    EliminationLine.objects.bulk_create(
        EliminationLine(proposal=proposal, key=one.key, label=one.label[:200], last_on=one.last_on, rows=one.rows)
        for one in ripe
    )
    register.record(
        "elimination.proposed", role=ROLE, subject=proposal.reference, facts={"lignes": len(ripe)}, actor=actor
    )
    return proposal


def approve(
    *,
    actor: Any,
    proposal: EliminationProposal,
    function: str,
    signed_on: dt.date,
    reference: str,
    slip: bytes,
    file_name: str,
    at: dt.datetime,
) -> None:
    """Write down the visa of the director of the Archives: by which function, when, under which number, with the signed slip.

    The file is written before the transaction, and taken back when it is refused.

    Raises: RefusedError; DomainError "visa" when a part is missing or the date does not follow the proposal.
    """
    name = default_storage.save(f"{FOLDER}/{uuid.uuid4().hex}{PurePosixPath(file_name).suffix}", ContentFile(slip))
    try:
        _approve(
            actor=actor,
            proposal=proposal,
            function=function,
            signed_on=signed_on,
            reference=reference,
            name=name,
            at=at,
        )
    except BaseException:
        default_storage.delete(name)
        raise


@transaction.atomic(durable=True)
def _approve(
    *,
    actor: Any,
    proposal: EliminationProposal,
    function: str,
    signed_on: dt.date,
    reference: str,
    name: str,
    at: dt.datetime,
) -> None:
    held = EliminationProposal.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.pk)
    require(rules.visa_refusal(actor, held))
    if not (function.strip() and reference.strip()):
        raise DomainError("visa", "Dites qui a signé, par sa fonction, et le numéro du visa.")
    if not local_day(held.proposed_at) <= signed_on <= local_day(at):
        raise DomainError("visa", "Le visa suit la proposition, et n’est pas à venir.")
    held.state, held.visa_by, held.visa_on = State.APPROVED, function.strip(), signed_on
    held.visa_reference, held.visa_file = reference.strip(), name
    held.save(update_fields=["state", "visa_by", "visa_on", "visa_reference", "visa_file"])
    facts = {"visa": held.visa_reference, "du": signed_on.isoformat(), "par": held.visa_by}
    register.record("elimination.approved", role=ROLE, subject=held.reference, facts=facts, actor=actor)


@transaction.atomic(durable=True)
def refuse(*, actor: Any, proposal: EliminationProposal, reason: str) -> None:
    """Write down that the Archives keep what was proposed.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the proposal.
    """
    held = EliminationProposal.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.pk)
    require(rules.visa_refusal(actor, held))
    held.state = State.REFUSED
    held.refusal_reason = reasons.sentence(reason, missing="Dites pourquoi, en une phrase.")
    held.save(update_fields=["state", "refusal_reason"])
    register.record("elimination.refused", role=ROLE, subject=held.reference, actor=actor)


@transaction.atomic(durable=True)
def execute(*, actor: Any, proposal: EliminationProposal, at: dt.datetime) -> None:
    """Begin to destroy what the Archives approved; a worker does it, line by line.

    Raises: RefusedError, above all without the visa.
    Locks: the proposal.
    """
    held = EliminationProposal.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.pk)
    require(rules.execute_refusal(actor, held))
    held.state, held.begun_at = State.RUNNING, at
    held.save(update_fields=["state", "begun_at"])
    queue.after_commit("privacy.eliminate", proposal_id=held.pk)
    register.record("elimination.begun", role=ROLE, subject=held.reference, actor=actor)


def go_on(proposal: EliminationProposal, *, at: dt.datetime) -> None:
    """Destroy the lines that are left, each in its own transaction, then close the slip. Killed half-way, it goes on later."""
    pending = EliminationLine.objects.filter(proposal=proposal, destroyed_at__isnull=True)
    for key in list(pending.order_by("pk").values_list("pk", flat=True)):
        destroy_line(line_pk=key, at=at)
    finish(proposal=proposal, at=at)


@transaction.atomic(durable=True)
def destroy_line(*, line_pk: int, at: dt.datetime) -> None:
    """Destroy one line of an approved list, and date it. Twice is not an error.

    Raises: RefusedError when the list is not under way.
    Locks: the line.
    """
    line = EliminationLine.objects.select_for_update(of=("self",), no_key=True).get(pk=line_pk)
    if line.destroyed_at is not None:
        return
    proposal = EliminationProposal.objects.get(pk=line.proposal_id)
    if proposal.state != State.RUNNING:
        raise DomainError("no_visa", "Sans le visa du directeur des Archives départementales, rien n’est détruit.")
    archives.category(proposal.category).destroy(line.key)
    line.destroyed_at = at
    line.save(update_fields=["destroyed_at"])


@transaction.atomic(durable=True)
def finish(*, proposal: EliminationProposal, at: dt.datetime) -> None:
    """Close the slip once every line is destroyed. Twice is not an error."""
    left = EliminationLine.objects.filter(proposal=proposal, destroyed_at__isnull=True)
    running = EliminationProposal.objects.filter(pk=proposal.pk, state=State.RUNNING)
    if left.exists() or running.update(state=State.EXECUTED, executed_at=at) != 1:
        return
    lines = EliminationLine.objects.filter(proposal=proposal)
    facts = {"lignes": lines.count(), "visa": EliminationProposal.objects.get(pk=proposal.pk).visa_reference}
    register.record("elimination.executed", role="système", subject=proposal.reference, facts=facts)
