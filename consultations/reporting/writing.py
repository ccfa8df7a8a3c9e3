"""Every write on a report: begun, written, published, corrected by a new version, and its PDF received."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from consultations import coverage, items, outcomes
from consultations.models import REPORT_LINES, REPORT_TEXTS, Consultation, Report
from consultations.openings import still_open
from consultations.reporting import figures, rows, rules
from mulhouse import markup
from mulhouse.db import ConstraintViolatedError, named_constraint
from mulhouse.errors import DomainError, require
from mulhouse.queue import after_commit
from transparency import register

STALE = (
    "Quelqu’un a modifié ce bilan pendant ce temps. Gardez votre texte de côté, rechargez la page, puis reportez-le."
)


@transaction.atomic(durable=True)
def begin(*, actor: Any, consultation: Consultation) -> Report:
    """Begin the report of a consultation, or the next version of one that is public, with its texts.

    Shape: the draft that exists already, where there is one.
    Raises: RefusedError.
    """
    require(rules.edit_refusal(actor, consultation))
    known = Report.objects.drafts().filter(consultation=consultation).first()
    if known is not None:
        return known
    last = Report.objects.published().filter(consultation=consultation).first()
    report = Report(consultation=consultation, number=last.number + 1 if last else 1, question=_questions(consultation))
    if last is not None:
        for name in (*REPORT_TEXTS, *REPORT_LINES):
            setattr(report, name, getattr(last, name))
        report.correction = ""
    else:
        report.signatory = consultation.service_function
        report.contact = consultation.service.contact_email
    try:
        with named_constraint("report_one_draft"):
            report.save()
    except ConstraintViolatedError:
        return Report.objects.drafts().get(consultation=consultation)
    register.record("report.draft", role="agent", facts={"version": report.number}, actor=actor)
    return report


def _questions(consultation: Consultation) -> str:
    asked = [(row.question,) for row in consultation.sections.order_by("position", "pk") if row.question]
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", asked)) if asked else ""


@transaction.atomic(durable=True)
def save(*, actor: Any, report: Report, values: Mapping[str, str], seen: int) -> Report:
    """Write the texts of a draft, cleaned.

    Raises: RefusedError; DomainError "published" for a version that is public, "stale" when somebody was faster.
    """
    require(rules.edit_refusal(actor, report.consultation))
    texts = {name: markup.clean_html(values[name], staff=True) for name in REPORT_TEXTS if name in values}
    lines = {name: values[name].strip() for name in REPORT_LINES if name in values}
    changes: dict[str, Any] = {**texts, **lines, "version": F("version") + 1, "saved_at": timezone.now()}
    if not Report.objects.drafts().filter(pk=report.pk, version=seen).update(**changes):
        _refuse_published(report)
        raise DomainError("stale", STALE)
    register.record("report.draft", role="agent", facts={"version": report.number}, actor=actor)
    report.refresh_from_db()
    return report


def _refuse_published(report: Report) -> None:
    if Report.objects.published().filter(pk=report.pk).exists():
        raise DomainError(
            "published", "Cette version est publiée\u00a0: elle ne change plus. Commencez-en une nouvelle."
        )


@transaction.atomic(durable=True)
def discard(*, actor: Any, report: Report) -> None:
    """Throw a draft away.

    Raises: RefusedError; DomainError "published" for a version that is public.
    """
    require(rules.edit_refusal(actor, report.consultation))
    _refuse_published(report)
    Report.objects.drafts().filter(pk=report.pk).delete()
    register.record("report.draft", role="agent", facts={"version": report.number}, actor=actor)


@transaction.atomic(durable=True)
def publish(*, actor: Any, report: Report, seen: int, at: dt.datetime) -> Report:
    """Make a report public with its figures frozen, and with it every answer that is ready: all of it, or nothing.

    Raises: RefusedError; DomainError "published", "stale", "unfinished" when a text is missing, "unanswered" when an opinion
    would still lack an answer.
    Locks: the report's row, then the analysis of the consultation and what `outcomes.publish_ready` takes.
    """
    consultation = report.consultation
    require(rules.publish_refusal(actor, consultation, going_on=still_open(consultation, at=at)))
    held = Report.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    if held.published_at is not None:
        raise DomainError("published", "Cette version vient d’être publiée.")
    if held.version != seen:
        raise DomainError("stale", STALE)
    if problems := rules.publish_problems(held, going_on=(), at=at):
        raise DomainError("unfinished", f"Il manque encore\u00a0: {problems[0].message}")
    items.hold_analysis(consultation)
    # What is ready counts as decided, so that the figures are the same before and after; counted before, nobody waits for it.
    counted = figures.collect(consultation, at=at)
    outcomes.publish_ready(actor=actor, consultation=consultation, at=at)
    if missing := coverage.of(consultation).without_outcome:
        raise DomainError("unanswered", _unanswered_words(missing))
    rows.keep(held)
    held.published_at, held.figures = at, counted
    held.pdf_state, held.pdf_asked_at = Report.PdfState.PREPARING, at
    held.save(update_fields=["published_at", "figures", "pdf_state", "pdf_asked_at", "saved_at"])
    after_commit("consultations.build_report", report_id=held.pk)
    facts = {
        "version": held.number,
        "personnes": counted["people"],
        "avis": counted["opinions"],
        "empreinte": digest(held),
    }
    if held.correction:
        facts["corrige"] = held.correction
    register.record("report.published", role="agent", subject=consultation.slug, facts=facts, actor=actor)
    return held


def _unanswered_words(number: int) -> str:
    return (
        "Un avis n’a pas encore de réponse\u00a0: la page dit lequel."
        if number == 1
        else f"{number} avis n’ont pas encore de réponse\u00a0: la page dit lesquels."
    )


def digest(report: Report) -> str:
    """Give the SHA-256 of what a version says: its texts, its lines, its figures."""
    said = {name: getattr(report, name) for name in (*REPORT_TEXTS, *REPORT_LINES)}
    text = json.dumps({**said, "figures": report.figures}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic(durable=True)
def ask_pdf(*, actor: Any, report: Report, at: dt.datetime) -> None:
    """Ask again for the PDF of a public report that could not be made.

    Raises: RefusedError; DomainError "not_failed" when there is nothing to make again.
    """
    require(rules.edit_refusal(actor, report.consultation))
    failed = Report.objects.published().filter(pk=report.pk, pdf_state=Report.PdfState.FAILED)
    if not failed.update(pdf_state=Report.PdfState.PREPARING, pdf_asked_at=at):
        raise DomainError("not_failed", "Ce PDF est prêt, ou en préparation.")
    after_commit("consultations.build_report", report_id=report.pk)
    facts = {"version": report.number}
    register.record("report.pdf_asked", role="agent", subject=report.consultation.slug, facts=facts, actor=actor)


@transaction.atomic(durable=True)
def finish_pdf(*, report: Report, name: str, content: bytes) -> bool:
    """Keep the PDF of a public report, with its fingerprint on the register.

    Shape: False when another worker made it first.
    """
    waiting = Report.objects.published().filter(pk=report.pk, pdf_state=Report.PdfState.PREPARING)
    if not waiting.update(pdf=name, pdf_size=len(content), pdf_state=Report.PdfState.READY):
        return False
    facts = {"version": report.number, "sha256": hashlib.sha256(content).hexdigest()}
    register.record("report.pdf_made", role="système", subject=report.consultation.slug, facts=facts)
    return True


@transaction.atomic(durable=True)
def fail_pdf(*, report: Report) -> None:
    """Keep that the PDF of a public report could not be made: an agent can ask again."""
    waiting = Report.objects.published().filter(pk=report.pk, pdf_state=Report.PdfState.PREPARING)
    waiting.update(pdf_state=Report.PdfState.FAILED)
