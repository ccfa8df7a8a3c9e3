"""What people are told of moderation, by mail, in the transaction of what happened: reasons to the author, an answer to who reported."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from moderation import clauses, kinds, rules
from moderation.models import Appeal, Block, Case, Decision, Report
from notifications import outbox

REASONS = "moderation/decided"


def _address(route: str, *values: str, language: str) -> str:
    with translation.override(language):
        return settings.SITE_URL + reverse(route, args=values)


def _in(words: Any, language: str) -> str:
    with translation.override(language):
        return str(words)


def _about(case: Case, language: str) -> str:
    """Name in a few words the sort of thing that a case is about."""
    return _in(kinds.of(case.kind).label, language)


def _delays() -> dict[str, int]:
    """Give how long one has to contest, and the city to answer. Units: days."""
    return {"appeal_days": rules.APPEAL_DAYS, "answer_days": rules.ANSWER_DAYS}


def _ground(code: str, version: str, language: str) -> dict[str, str]:
    clause = clauses.find(code, version=version)
    with translation.override(language):
        return {
            "clause": code,
            "clause_words": str(clause.label) if clause else "",
            "charter_url": settings.SITE_URL + reverse("charter_version", args=[version]) + f"#{clauses.article(code)}",
        }


def report_received(report: Report) -> None:
    """Acknowledge a report, to who left an address or has an account."""
    to = report.reporter.email if report.reporter else report.email
    if to:
        outbox.enqueue_template(
            kind="moderation.report_received",
            to=to,
            template="moderation/report_received",
            context={
                "report": report,
                "about": _about(report.case, report.language),
                "address": _address("moderation:reported", report.reference, language=report.language),
            },
            user=report.reporter,
            once_key=f"moderation.report_received:{report.reference}",
            language=report.language,
        )


def report_answered(
    report: Report, *, decision: Decision | None, is_overturned: bool = False, is_gone: bool = False
) -> None:
    """Tell who reported what was decided, that the decision was undone, or that its author took the text back before."""
    to = report.reporter.email if report.reporter else report.email
    if to:
        moment = "overturned" if is_overturned else decision.reference if decision else "closed"
        outbox.enqueue_template(
            kind="moderation.report_answered",
            to=to,
            template="moderation/report_answered",
            context={
                "report": report,
                "decision": decision,
                "is_overturned": is_overturned,
                "is_gone": is_gone,
                "about": _about(report.case, report.language),
                **(_ground(decision.clause, decision.charter_version, report.language) if decision else {}),
            },
            user=report.reporter,
            once_key=f"moderation.report_answered:{report.reference}:{moment}",
            language=report.language,
        )


def reasons(decision: Decision, *, words: kinds.Words) -> None:
    """Send an author the statement of reasons: what, why, on which clause, by whom, how to contest, and their exact words.

    Source: DSA, article 17; mediation-law-places MOD-03.
    """
    person: Any = decision.author
    if person is None or not person.is_active:
        return
    address = _address("moderation:own_decision", decision.reference, language=person.language)
    outbox.enqueue_template(
        kind="moderation.decided",
        to=person.email,
        template=REASONS,
        context={**_reasons(decision, words=words, language=person.language), "address": address},
        user=person,
        once_key=f"moderation.decided:{decision.reference}",
        language=person.language,
    )


def reasons_preview(decision: Decision, *, words: kinds.Words) -> tuple[str, str]:
    """Write the statement of reasons as its author would read it, before it is decided: subject and text, in their language."""
    person: Any = decision.author
    with translation.override(person.language):
        context = {**_reasons(decision, words=words, language=person.language), "address": "[…]"}
        subject, text, _html = outbox.render(REASONS, {**context, "language": person.language})
    return subject, text


def _reasons(decision: Decision, *, words: kinds.Words, language: str) -> dict[str, Any]:
    kind = kinds.of(decision.case.kind)
    return {
        "decision": decision,
        "about": _about(decision.case, language),
        "is_held": kind.is_held,
        "aftermath": _in(kind.aftermath, language),
        **_delays(),
        "words": words,
        **_ground(decision.clause, decision.charter_version, language),
    }


def blocked(block: Block) -> None:
    """Tell somebody that they are suspended, until when, why, and how to contest."""
    person: Any = block.person
    outbox.enqueue_template(
        kind="moderation.blocked",
        to=person.email,
        template="moderation/blocked",
        context={
            "suspension": block,
            **_delays(),
            "address": _address("moderation:own_block", block.reference, language=person.language),
            **_ground(block.clause, block.charter_version, person.language),
        },
        user=person,
        once_key=f"moderation.blocked:{block.reference}",
        language=person.language,
    )


def appeal_received(appeal: Appeal) -> None:
    """Acknowledge an appeal, with the day before which it is answered."""
    _to_appellant(appeal, kind="moderation.appeal_received", template="moderation/appeal_received")


def appeal_answered(appeal: Appeal) -> None:
    """Tell who contested what somebody else decided."""
    _to_appellant(appeal, kind="moderation.appeal_answered", template="moderation/appeal_answered")


def _to_appellant(appeal: Appeal, *, kind: str, template: str) -> None:
    person: Any = appeal.person
    if person is None or not person.is_active:
        return
    route, contested = (
        ("moderation:own_decision", appeal.decision) if appeal.decision else ("moderation:own_block", appeal.block)
    )
    outbox.enqueue_template(
        kind=kind,
        to=person.email,
        template=template,
        context={
            "appeal": appeal,
            "contested": contested,
            "address": _address(route, str(contested), language=person.language),
        },
        user=person,
        once_key=f"{kind}:{appeal.reference}",
        language=person.language,
    )
