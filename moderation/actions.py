"""Every write of moderation: reporting, deciding with a ground, contesting, judging again, suspending, forgetting.

Locks are taken in one order: the thing, its case, then the rows of moderation; the register last.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import User
from moderation import cases, clauses, kinds, profiles, rules, telling
from moderation.kinds import Kind
from moderation.models import Appeal, Block, Case, Decision, Report
from mulhouse import charter, looking
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, Refusal, RefusedError, require
from transparency import deadlines, promising, purging, register

ROLE = "modération"
APPEAL_PROMISE = "moderation-appeal"
APPEAL_TITLE = "Contestation d’une décision de modération"
RESIDENT, VISITOR, SYSTEM = "habitant", "visiteur", "système"
FACTS_LENGTH, WORDS_LENGTH = 2000, 5000
# Under this name in `Decision.original`: the words that a decision left, where it changed any.
LEFT = "left"
STATES = {
    Decision.Action.KEEP: Case.State.KEPT,
    Decision.Action.HIDE: Case.State.HIDDEN,
    Decision.Action.MASK: Case.State.MASKED,
}


def _sentence(text: str, *, code: str, missing: str, length: int) -> str:
    words = text.strip()
    if not words:
        raise DomainError(code, missing)
    if len(words) > length:
        raise DomainError(code, f"{length} caractères au plus.")
    return words


# --- Reports -------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def report(  # noqa: PLR0913 (what the law asks of a report)
    *,
    reporter: Any,
    kind: Kind,
    reference: str,
    reason: str,
    words: str,
    url: str,
    name: str,
    email: str,
    fingerprint: str,
    language: str,
    at: dt.datetime,
    origin: str = "",
) -> Report:
    """Take in a report, once per person and per thing until it is decided; it orders the queue and hides nothing.

    `fingerprint` stands for an address, with or without an account; `origin` for the network. The third report makes the case
    urgent, when accounts and networks are three: anybody types three addresses. So does one about a child.

    Shape: the report; the first one of the same account, or of the same address from the same place, when they had made it. From
    elsewhere it is a new one, counted nowhere: who types the address of somebody does not learn what they reported.
    Raises: RefusedError when the thing is not public, or is theirs.
    Locks: the case.
    """
    thing = kind.find(reference)
    require(rules.report_refusal(reporter, kind, thing))
    reference = kind.reference(thing)
    account = reporter if reporter.is_authenticated else None
    undecided = Report.objects.filter(case__kind=kind.code, case__subject=reference, decision__isnull=True)
    made_before = undecided.order_by("pk")
    mine = made_before.filter(reporter=account)
    if account is None:
        mine = mine.filter(Q(fingerprint=fingerprint, origin=origin) | Q(fingerprint=_repeated(fingerprint, origin)))
    if known := mine.first():
        return known
    is_child_abuse = reason == Report.Reason.CHILD_ABUSE
    case = cases.open_case(
        kind=kind.code,
        reference=reference,
        cause=Case.Cause.REPORTS,
        at=at,
        author=kind.author(thing),
        is_urgent=is_child_abuse,
    )
    # The same person, at the same instant: the case is held, the other report is there.
    if known := mine.first():
        return known
    is_repeat = bool(fingerprint) and made_before.filter(fingerprint=fingerprint).exists()
    made = Report.objects.create(
        case=case,
        reporter=account,
        fingerprint=_repeated(fingerprint, origin) if is_repeat else fingerprint,
        origin="" if account or is_repeat else origin,
        is_repeat=is_repeat,
        name="" if account else name,
        email="" if account else email,
        language=language,
        reason=Report.Reason(reason).value,
        words=words,
        url=url,
        is_in_good_faith=True,
        received_at=at,
    )
    case.report_count += not is_repeat
    case.save(update_fields=["report_count"])
    if case.report_count >= cases.URGENT_REPORTS and _voices(case) >= cases.URGENT_REPORTS:
        cases.hasten(case, at=at)
    telling.report_received(made)
    register.record("moderation.reported", role=RESIDENT if account else VISITOR, facts={"sorte": kind.code})
    return made


def _voices(case: Case) -> int:
    """Count those who report a case and who cannot be invented: accounts, and networks of who has none."""
    rows = case.reports.filter(decision__isnull=True, is_repeat=False)
    networks = Count("origin", filter=Q(reporter__isnull=True), distinct=True)
    found = rows.aggregate(accounts=Count("reporter", distinct=True), networks=networks)
    return int(found["accounts"] + found["networks"])


def _repeated(fingerprint: str, origin: str) -> str:
    """Recognise the same person reporting from elsewhere than the first time, to take that in once."""
    return salted_hmac("moderation.repeat", fingerprint + origin, algorithm="sha256").hexdigest()


@transaction.atomic(durable=True)
def read_reports(*, actor: User, case: Case, reports: Sequence[Report]) -> None:
    """Note that a moderator reads what people wrote when they reported a thing; those who have an account see it.

    Shape: `reports` are those of the page that is shown.
    Raises: RefusedError.
    """
    if not actor.has_perm(rules.VIEW):
        raise RefusedError(Refusal("not_allowed", "Votre rôle ne permet pas de lire un signalement."))
    for made in reports:
        if made.reporter is not None:
            looking.note(
                actor=actor,
                person=made.reporter,
                category=looking.Category.REPORT,
                why="Décider d’un signalement",
                subject=made.reference,
            )
    register.record("moderation.reports_read", role=ROLE, facts={"dossier": case.reference}, actor=actor)


@transaction.atomic(durable=True)
def take_up(*, actor: User, kind: str, reference: str, at: dt.datetime) -> Case:
    """Open the case of a public text that nobody reported: a moderator who reads it decides as of any other.

    Raises: RefusedError.
    Locks: the case.
    """
    known = kinds.of(kind)
    thing = known.find(reference)
    if not actor.has_perm(rules.DECIDE):
        raise RefusedError(Refusal("not_allowed", "Votre rôle ne permet pas de décider."))
    require(rules.report_refusal(actor, known, thing))
    case = cases.open_case(
        kind=kind, reference=known.reference(thing), cause=Case.Cause.STAFF, at=at, author=known.author(thing)
    )
    register.record("moderation.opened", role=ROLE, facts={"dossier": case.reference, "sorte": kind}, actor=actor)
    return case


# --- Decisions -----------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def decide(
    *,
    actor: User,
    case: Case,
    action: str,
    clause: str,
    facts: str,
    passages: list[str],
    seen: str,
    at: dt.datetime,
) -> Decision:
    """Keep a thing, take it away, or mask personal data in it; tell its author why, and those who reported it.

    `seen` is what the moderator read: another decision or a corrected text since then stops this one.

    Raises: RefusedError; DomainError "stale", "clause", "facts", "passages", "gone", "action".
    Locks: the thing, its case, its counters.
    """
    kind = kinds.of(case.kind)
    thing = kind.hold(case.subject)
    held = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
    require(rules.decide_refusal(actor, held))
    if seen != cases.seen_of(held, thing):
        raise DomainError(
            "stale", "Le dossier ou le texte a changé depuis que vous l’avez ouvert. Relisez-le, puis décidez."
        )
    chosen = Decision.Action(action)
    clause = "" if chosen is Decision.Action.KEEP else _checked_ground(clause)
    facts = facts.strip()
    original: dict[str, Any] = {}
    taken_away = ""
    was_gone = thing is None or kind.is_gone(thing)
    words = kinds.Words("", "")
    if chosen is not Decision.Action.KEEP:
        facts = _sentence(facts, code="facts", missing="Dites les faits, en une phrase ou deux.", length=FACTS_LENGTH)
        if was_gone:
            raise DomainError(
                "gone", "Ce texte n’est plus là\u00a0: son auteur l’a retiré. Le dossier peut être classé."
            )
        original, words = kind.snapshot(thing), kind.words(thing)
        taken_away = kind.mark(thing) if chosen is Decision.Action.HIDE else ""
        _apply(kind, thing, chosen, clause=clause, passages=passages, at=at)
        if (left := kind.snapshot(thing)) != original:
            original = {**original, LEFT: left}
    elif thing is not None:
        kind.release(thing, at)
    decision = Decision.objects.create(
        case=held,
        author=held.author,
        action=chosen,
        clause=clause,
        charter_version=charter.CURRENT.number,
        facts=facts[:FACTS_LENGTH],
        original=original,
        taken_away=taken_away,
        decided_by=actor,
        decided_at=at,
        told_at=at if held.author_id and clause else None,
        appeal_until=deadlines.due_at(at, rules.APPEAL_DAYS) if clause else None,
        opened_at=held.opened_at,
    )
    held.state = STATES[chosen]
    held.report_count, held.proposal = 0, []
    held.revision += 1
    held.save(update_fields=["state", "report_count", "proposal", "revision"])
    cases.keep_promise(held, at=at)
    if clause:
        telling.reasons(decision, words=words)
    _answer_reports(decision, is_gone=was_gone, at=at)
    register.record(
        "moderation.hidden"
        if chosen is Decision.Action.HIDE
        else "moderation.masked"
        if chosen is Decision.Action.MASK
        else "moderation.kept",
        role=ROLE,
        subject=_public_subject(held),
        facts={"dossier": held.reference, "sorte": kind.code, **_ground_facts(clause)},
        actor=actor,
    )
    return decision


def _ground_facts(clause: str) -> dict[str, str]:
    return {"article": clause, "charte": charter.CURRENT.number} if clause else {}


def _public_subject(case: Case) -> str:
    """Name on the register what everybody can name: a person is never written there."""
    return case.subject if kinds.of(case.kind).is_named else ""


def _checked_ground(code: str) -> str:
    if clauses.find(code) is None:
        raise DomainError("clause", "Choisissez l’article de la charte. Sans article, un texte reste en ligne.")
    return code


def _apply(
    kind: Kind, thing: Any, chosen: Decision.Action, *, clause: str, passages: list[str], at: dt.datetime
) -> None:
    if chosen is Decision.Action.HIDE:
        kind.hide(thing, at, clause)
        return
    wanted = sorted({passage.strip() for passage in passages} - {""}, key=len, reverse=True)
    if kind.mask is None:
        raise DomainError("action", "Rien ne se masque ici\u00a0: laissez en ligne, ou retirez.")
    words = kind.words(thing)
    whole = f"{words.title}\n{words.text}"
    if not wanted or any(passage not in whole for passage in wanted):
        raise DomainError("passages", "Recopiez chaque passage à masquer tel qu’il est dans le texte, un par ligne.")
    kind.mask(thing, wanted)


def _answer_reports(decision: Decision, *, is_gone: bool, at: dt.datetime) -> None:
    """Tell the people who reported a thing what was decided, each once; or that its author took it back before."""
    waiting = Report.objects.filter(case=decision.case, decision__isnull=True)
    for made in waiting.select_related("reporter", "case").order_by("pk"):
        telling.report_answered(made, decision=decision, is_gone=is_gone)
    waiting.update(decision=decision, told_at=at)


# --- Appeals -------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def appeal(*, actor: User, decision: Decision, words: str, at: dt.datetime) -> Appeal:
    """Let an author contest a decision, once; somebody else answers before a promised day.

    Raises: RefusedError; DomainError "words" without any.
    Locks: the decision.
    """
    held = Decision.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.pk)
    require(rules.appeal_refusal(actor, held, at=at))
    made = _contest(actor, words, at=at, decision=held)
    register.record("moderation.appealed", role=RESIDENT, facts={"objet": "décision"})
    return made


@transaction.atomic(durable=True)
def appeal_block(*, actor: User, block: Block, words: str, at: dt.datetime) -> Appeal:
    """Let somebody contest their suspension, once.

    Raises: RefusedError; DomainError "words" without any.
    Locks: the block.
    """
    held = Block.objects.select_for_update(of=("self",), no_key=True).get(pk=block.pk)
    require(rules.appeal_block_refusal(actor, held, at=at))
    made = _contest(actor, words, at=at, block=held)
    register.record("moderation.appealed", role=RESIDENT, facts={"objet": "suspension"})
    return made


def _contest(actor: User, words: str, *, at: dt.datetime, **contested: Any) -> Appeal:
    words = _sentence(words, code="words", missing="Dites pourquoi, avec vos mots.", length=WORDS_LENGTH)
    due = deadlines.due_at(at, rules.ANSWER_DAYS)
    made = Appeal.objects.create(person=actor, words=words, received_at=at, due_at=due, **contested)
    promising.make(kind=APPEAL_PROMISE, key=made.reference, title=APPEAL_TITLE, at=at)
    telling.appeal_received(made)
    return made


@transaction.atomic(durable=True)
def judge(*, actor: User, appeal: Appeal, outcome: str, reasons: str, at: dt.datetime) -> Appeal:
    """Answer an appeal: the decision stands, or it is undone and the words come back exactly as they were.

    Raises: RefusedError, to who decided first above all; DomainError "reasons", "outcome".
    Locks: the thing, its case, the appeal, its counters.
    """
    if outcome not in Appeal.Outcome.values:
        raise DomainError("outcome", "Choisissez\u00a0: confirmer ou annuler.")
    found = Appeal.objects.select_related("decision__case", "block").get(pk=appeal.pk)
    thing = case = None
    if found.decision is not None:
        thing = kinds.of(found.decision.case.kind).hold(found.decision.case.subject)
        case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=found.decision.case_id)
    held = Appeal.objects.select_for_update(of=("self",), no_key=True).get(pk=appeal.pk)
    held.decision, held.block = found.decision, found.block
    require(rules.judge_refusal(actor, held))
    held.reasons = _sentence(
        reasons, code="reasons", missing="Répondez à la personne, en quelques phrases.", length=WORDS_LENGTH
    )
    held.outcome, held.decided_by, held.decided_at = outcome, actor, at
    held.save(update_fields=["reasons", "outcome", "decided_by", "decided_at"])
    is_overturned = outcome == Appeal.Outcome.OVERTURNED
    if is_overturned and held.decision is not None and case is not None:
        _give_back(held.decision, case, thing, at=at)
    elif is_overturned and held.block is not None:
        _lift(held.block, at=at)
    promising.keep(kind=APPEAL_PROMISE, key=held.reference, at=at)
    telling.appeal_answered(held)
    register.record(
        "moderation.overturned" if is_overturned else "moderation.upheld",
        role=ROLE,
        subject=_public_subject(case) if case else "",
        facts={"objet": "décision" if case else "suspension", **({"dossier": case.reference} if case else {})},
        actor=actor,
    )
    return held


def _give_back(decision: Decision, case: Case, thing: Any, *, at: dt.datetime) -> None:
    """Put the exact words back where they were, and tell those who reported them."""
    kind = kinds.of(case.kind)
    if thing is not None:
        if kind.restore is not None and decision.original:
            left = decision.original.get(LEFT, decision.original)
            kind.restore(thing, _given_back(decision.original, left, kind.snapshot(thing)))
        if decision.action == Decision.Action.HIDE:
            kind.show(thing)
    Decision.objects.filter(pk=decision.pk).update(overturned_at=at)
    if case.state != Case.State.WAITING:
        Case.objects.filter(pk=case.pk).update(state=_standing(case), revision=F("revision") + 1)
    for made in decision.reports.select_related("reporter", "case").order_by("pk"):
        telling.report_answered(made, decision=decision, is_overturned=True)


def _given_back(original: dict[str, Any], left: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Give the words as they were before a decision; those that were written since, by their author or another decision, stay."""
    back = {name: original.get(name, value) if value == left.get(name) else value for name, value in now.items()}
    if "versions" in now:
        before, then = ({each["pk"]: each for each in words["versions"]} for words in (original, left))
        back["versions"] = [
            _given_back(before[each["pk"]], then[each["pk"]], each) if each["pk"] in before else each
            for each in now["versions"]
        ]
    return back


def _standing(case: Case) -> Case.State:
    """Tell where a case stands: as the last decision left it that no appeal undid."""
    rows = Decision.objects.filter(case=case, overturned_at__isnull=True).order_by("-decided_at", "-pk")
    last = rows.values_list("action", flat=True).first()
    return STATES[Decision.Action(last)] if last else Case.State.KEPT


# --- Blocks --------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def block(*, actor: User, person: User, days: int, clause: str, reason: str, at: dt.datetime) -> Block:
    """Suspend somebody from publishing for a week, a month or three, with a ground and a reason they can contest.

    Raises: RefusedError; DomainError "clause", "reason", "days".
    Locks: the person.
    """
    held = User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    require(rules.block_refusal(actor, held, at=at))
    if days not in dict(Block.DAYS):
        raise DomainError("days", "Choisissez 7, 30 ou 90 jours.")
    ends_at = deadlines.due_at(at, days)
    made = Block.objects.create(
        person=held,
        days=days,
        clause=_checked_ground(clause),
        charter_version=charter.CURRENT.number,
        reason=_sentence(reason, code="reason", missing="Dites pourquoi, en une phrase ou deux.", length=FACTS_LENGTH),
        starts_at=at,
        ends_at=ends_at,
        appeal_until=deadlines.due_at(at, rules.APPEAL_DAYS),
        decided_by=actor,
    )
    User.objects.filter(pk=held.pk).update(blocked_until=ends_at)
    telling.blocked(made)
    register.record("moderation.blocked", role=ROLE, facts={"jours": days, "article": made.clause}, actor=actor)
    return made


def _lift(made: Block, *, at: dt.datetime) -> None:
    """End a suspension before its time; the one that a person is under now, and no other."""
    Block.objects.filter(pk=made.pk, lifted_at__isnull=True).update(lifted_at=at)
    if made.person_id is not None:
        User.objects.filter(pk=made.person_id, blocked_until=made.ends_at).update(blocked_until=None)


# --- Forgetting ----------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def forget_original(*, decision: Decision, at: dt.datetime) -> bool:
    """Erase the words that a decision took away, once nobody can contest it any more; the stub and the ground stay.

    Shape: False when there was nothing to erase yet.
    Locks: the thing, its case, the decision.
    """
    kind = kinds.of(decision.case.kind)
    thing = kind.hold(decision.case.subject)
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.case_id)
    held = Decision.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.pk)
    waits = Appeal.objects.filter(decision=held, outcome="").exists()
    # Data set aside is kept whole until the measure is lifted.
    waits = waits or (held.author is not None and held.author.limited_since is not None)
    if held.original_erased_at is not None or held.appeal_until is None or at < held.appeal_until or waits:
        return False
    stands = held.action == Decision.Action.HIDE and held.overturned_at is None and case.state == Case.State.HIDDEN
    if stands and thing is not None:
        kind.erase(thing)
    Decision.objects.filter(pk=held.pk).update(original={}, original_erased_at=at)
    register.record(
        "moderation.forgotten", role=SYSTEM, subject=_public_subject(case), facts={"dossier": case.reference}
    )
    return True


@transaction.atomic(durable=True)
def unsign_reports(*, before: dt.datetime, at: dt.datetime) -> int:
    """Forget who reported, with an account or without, what was answered long enough ago; give how many.

    Shape: an appeal that waits keeps them, who reported is told of its answer too; they are kept as long after it.
    Units: `before` is the instant of the last answer.
    """
    over = Report.objects.filter(told_at__lt=before, unsigned_at__isnull=True)
    rows = over.exclude(decision__appeal__outcome="").exclude(decision__appeal__decided_at__gte=before)
    count = rows.update(reporter=None, name="", email="", fingerprint="", origin="", words="", unsigned_at=at)
    purging.note(signalements=count)
    return count


# --- A person who leaves ---------------------------------------------------------------------------------------------------


def unsign_person(*, user: User) -> None:
    """Cut somebody who closes their account from what they reported, wrote and contested, in the closing transaction.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    Report.objects.filter(reporter=user).update(reporter=None, name="", email="", words="", fingerprint="")
    Case.objects.filter(author=user).update(author=None)
    _close_name(user, at=timezone.now())
    Decision.objects.filter(author=user).update(author=None, original={}, facts="", taken_away="")
    # Nobody waits for these answers any more.
    pending = Appeal.objects.filter(person=user, outcome="")
    for reference in pending.order_by("pk").values_list("reference", flat=True):
        promising.drop(kind=APPEAL_PROMISE, key=reference, at=timezone.now())
    pending.delete()
    Appeal.objects.filter(person=user).update(person=None, words="")
    # The length and the clause stay for the figures; what was said of the person goes.
    Block.objects.filter(person=user).update(person=None, reason="—")
    for model in (Decision, Block, Appeal):
        model._default_manager.filter(decided_by=user).update(decided_by=None)  # noqa: SLF001 (its documented name)


def _close_name(user: User, *, at: dt.datetime) -> None:
    """Answer who reported the name of an account that closes, and cut its case from the person's key."""
    cases.close(kind=profiles.CODE, reference=str(user.pk), at=at)
    case = Case.objects.filter(kind=profiles.CODE, subject=str(user.pk)).first()
    if case is None:
        return
    waiting = Report.objects.filter(case=case, decision__isnull=True, told_at__isnull=True)
    for made in waiting.select_related("reporter", "case").order_by("pk"):
        telling.report_answered(made, decision=None, is_gone=True)
    waiting.update(told_at=at)
    # No reference of a person begins so.
    Case.objects.filter(pk=case.pk).update(subject=f"-{case.reference}")
