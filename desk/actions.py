"""Opening the help of an agent, using it once, giving a receipt, tying an account to an identity, forgetting in time."""

import datetime as dt
import hashlib
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import Residency, User
from city.models import District
from desk import consent, keeping, merging, people, rules
from desk.models import ASSISTANCE, Assistance, Channel, Namesake, Person, Receipt
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from mulhouse.references import new_reference
from transparency import purging, register

AGENT = "agent"
# On the register.
REASONS = {Namesake.TWIN: "jumeau", Namesake.HOMONYM: "homonyme"}
# How long the fingerprint of an identity that nobody uses is kept.
IDENTITY_DAYS = 730
NOBODY_DAYS = 1
# Somebody, and two others who were told apart: triplets.
MAX_NAMESAKES = 2


@transaction.atomic(durable=True)
def open_assistance(  # noqa: PLR0913 (who, how they came, what was checked)
    *,
    actor: User,
    topic: str,
    fingerprint: str,
    birth_year: int,
    channel: str,
    district: District | None,
    is_residence_checked: bool,
    is_voting: bool,
    at: dt.datetime,
) -> Assistance:
    """Begin to write for somebody who agreed to it: fifteen minutes, one act.

    Shape: `fingerprint` is the one of `people.identity_hash`; the names never come here. `is_voting` tells that a secret vote is
    running there: nothing is said on the register, where the instant would date the roll (decision 0008). What is written
    next has its own line.
    Raises: RefusedError without the permission.
    """
    require(rules.assist_refusal(actor))
    assistance = Assistance.objects.create(
        agent=actor,
        person=people.of_identity(fingerprint),
        topic=topic,
        channel=channel,
        district=district,
        birth_year=birth_year,
        is_residence_checked=is_residence_checked,
        **_consented(at),
    )
    if not is_voting:
        facts = {"canal": channel, "consentement": consent.VERSION}
        register.record("desk.opened", role=AGENT, subject=_subject(topic), facts=facts, actor=actor)
    return assistance


def _subject(topic: str) -> str:
    """Name on the register what somebody is helped with, as every other line names it: « consultation:quais » is « quais » there."""
    return topic.partition(":")[2]


def _consented(at: dt.datetime) -> dict[str, Any]:
    return {"consent_version": consent.VERSION, "opened_at": at, "expires_at": at + ASSISTANCE}


@transaction.atomic(durable=True)
def tell_apart(  # noqa: PLR0913 (who, whose papers, and why there are two)
    *,
    actor: User,
    topic: str,
    fingerprint: str,
    finer: str,
    reason: Namesake,
    birth_year: int,
    district: District | None,
    is_residence_checked: bool,
    is_voting: bool,
    at: dt.datetime,
) -> Assistance:
    """Begin to write for somebody who is not the person counted under their name and birth date: face to face, with their papers.

    Shape: `fingerprint` is shared, `finer` is theirs alone (`people.finer_hash`). Whoever was told apart before is found again,
    and nothing new is said on the register but the assistance. While a secret vote is running there (`is_voting`), the line that
    tells two people apart stays, which guards the roll against invented ones, without saying for which consultation.
    Raises: RefusedError; DomainError "nobody" when nobody is counted under this name, "too_many_namesakes" past triplets.
    Locks: the first person of that fingerprint, so that two agents find one namesake and not two.
    """
    require(rules.namesake_refusal(actor, at=at))
    if Person.objects.select_for_update(of=("self",)).filter(identity_hash=fingerprint).first() is None:
        raise DomainError(
            "nobody",
            "Personne d’autre n’est compté sous ce nom et cette date de naissance : ouvrez une saisie ordinaire.",
        )
    is_new = not Person.objects.filter(identity_hash=finer).exists()
    if is_new and Person.objects.filter(namesake_hash=fingerprint).count() >= MAX_NAMESAKES:
        raise DomainError(
            "too_many_namesakes",
            f"{MAX_NAMESAKES + 1} personnes sont déjà comptées sous ce nom et cette date de naissance. Vérifiez les prénoms et le "
            "lieu de naissance sur la pièce, ou prévenez l’administration du site.",
        )
    if is_new:
        today = timezone.localdate(at)
        Person.objects.create(identity_hash=finer, identity_on=today, namesake_hash=fingerprint)
    assistance = Assistance.objects.create(
        agent=actor,
        person=people.of_identity(finer),
        topic=topic,
        channel=Channel.DESK,
        district=district,
        birth_year=birth_year,
        is_residence_checked=is_residence_checked,
        namesake=reason if is_new else "",
        **_consented(at),
    )
    facts = {"canal": Channel.DESK.value, "consentement": consent.VERSION}
    subject = "" if is_voting else _subject(topic)
    if is_new:
        facts["raison"] = REASONS[reason]
        register.record("desk.told_apart", role=AGENT, subject=subject, facts=facts, actor=actor)
    elif not is_voting:
        register.record("desk.opened", role=AGENT, subject=subject, facts=facts, actor=actor)
    return assistance


def use(*, actor: User, assistance: Assistance, at: dt.datetime, said: str = "") -> Assistance:
    """Use an assistance, once; called first thing in the transaction of the act.

    Shape: `said` is the text that is written for the person, when there is one.
    Raises: RefusedError when it is used, over, or another agent's; DomainError "said_already" when this text was written for
    this person a moment ago; RuntimeError outside a transaction.
    Locks: the person, as `link_account` does before anything of theirs; the assistance, so that a form sent twice writes once;
    then what the person said, so that a paper does.
    """
    assert_in_transaction()
    Person.objects.select_for_update(of=("self",), no_key=True).filter(pk=assistance.person_id).first()
    held = Assistance.objects.select_for_update(of=("self",), no_key=True).select_related("person", "district")
    assistance = held.get(pk=assistance.pk)
    require(rules.session_refusal(actor, assistance, at=at))
    assistance.used_at = at
    if said:
        assistance.said_digest = hashlib.sha256(" ".join(said.split()).casefold().encode()).hexdigest()
    try:
        with transaction.atomic():
            assistance.save(update_fields=["used_at", "said_digest"])
    except IntegrityError as error:
        raise DomainError(
            "said_already",
            "Ce texte vient d’être saisi pour cette personne : c’est sans doute le même formulaire. Rien n’a été écrit deux fois.",
        ) from error
    return assistance


def issue_receipt(*, act: str, channel: str, topic: str, title: str, path: str, reference: str = "") -> Receipt:
    """Make the receipt of an act, in the act's transaction.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    return Receipt.objects.create(
        number=new_reference(), act=act, channel=channel, topic=topic, title=title, path=path, reference=reference
    )


@transaction.atomic(durable=True)
def link_account(*, actor: User, user: User, fingerprint: str) -> Person:
    """Tie an account to the identity an agent has before their eyes, so that web and desk count once; repeating is no error.

    Raises: RefusedError; DomainError "other_identity", "other_account" or "both_took_part".
    Locks: the two rows of the person, in the order of their keys; the register.
    """
    require(rules.link_refusal(actor))
    return _link(actor, user, fingerprint)


@transaction.atomic(durable=True)
def link_assisted(*, actor: User, user: User, assistance: Assistance, at: dt.datetime) -> Person:
    """Tie an account to the identity of somebody an agent is writing for, before they are given a paper ballot.

    Raises: RefusedError when the assistance is used, over or another agent's; and as `link_account`.
    Locks: as `link_account`.
    """
    require(rules.session_refusal(actor, assistance, at=at))
    require(rules.link_refusal(actor))
    person = _link(actor, user, assistance.person.identity_hash or "")
    # The two people are one now, and the assistance is theirs.
    assistance.refresh_from_db(fields=["person"])
    return person


def _link(actor: User, user: User, fingerprint: str) -> Person:
    keys = sorted({people.of_user(user).pk, people.of_identity(fingerprint).pk})
    held = {row.pk: row for row in Person.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")}
    of_account = next(row for row in held.values() if row.user_id == user.pk)
    if of_account.identity_hash == fingerprint:
        return of_account
    if of_account.identity_hash is not None:
        raise DomainError("other_identity", "Ce compte est déjà rattaché à une autre identité.")
    of_identity = next(row for row in held.values() if row.identity_hash == fingerprint)
    if of_identity.user_id is not None:
        raise DomainError("other_account", "Cette identité est déjà rattachée à un autre compte.")
    seen_on, namesake = of_identity.identity_on, of_identity.namesake_hash
    merging.merge(of_account, of_identity)
    of_account.identity_hash, of_account.identity_on, of_account.namesake_hash = fingerprint, seen_on, namesake
    of_account.save(update_fields=["identity_hash", "identity_on", "namesake_hash"])
    register.record("desk.account_linked", role=AGENT, actor=actor)
    return of_account


@transaction.atomic(durable=True)
def verify_residency(*, actor: User, residency: Residency, method: str, fingerprint: str, at: dt.datetime) -> Residency:
    """Keep that an agent verified where somebody lives and, with it, tie their account to the identity that was seen.

    Shape: `fingerprint` "" when no identity was seen, which only a document sent from home allows.
    Raises: RefusedError; DomainError "identity_missing" at the desk without an identity, or as `link_account`: nothing is written.
    Locks: the residency, then as `link_account`.
    """
    if method == Residency.Method.DESK and not fingerprint:
        raise DomainError(
            "identity_missing", "Au guichet, regardez la pièce d’identité\u00a0: la personne compte une seule fois."
        )

    def tie(user: User) -> None:
        _link(actor, user, fingerprint)

    return accounts.verify_residency(
        actor=actor, residency=residency, method=method, at=at, note=tie if fingerprint else None
    )


@transaction.atomic(durable=True)
def forget(*, at: dt.datetime) -> None:
    """Erase what tied an agent to a person, every assistance of the day before and earlier, and the fingerprints nobody uses.

    Shape: a line on the register when something went: how much of each, never whose.
    """
    assistances = Assistance.objects.filter(opened_at__lt=at - dt.timedelta(days=NOBODY_DAYS))
    purging.note(
        assistances=assistances.delete()[0], empreintes_d_identite=_forget_identities(on=timezone.localdate(at))
    )


def _forget_identities(*, on: dt.date) -> int:
    """Erase the fingerprints that no agent has used for two years; the counts stay.

    Whoever is on the roll of a vote keeps theirs as long as the roll names people: without it they could come and vote again.
    """
    old = Person.objects.filter(identity_on__lt=on - dt.timedelta(days=IDENTITY_DAYS))
    for rows in keeping.in_use():
        old = old.exclude(pk__in=rows)
    return old.update(identity_hash=None, identity_on=None, namesake_hash="")
