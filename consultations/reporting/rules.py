"""May they? Who writes and publishes a report, and what is missing before it can be public."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from consultations import coverage, items
from consultations.models import AnalysisTheme, Consultation, Item, ItemOutcome, ItemTheme, Report
from consultations.openings import Missing
from mulhouse.errors import Refusal
from questionnaires.models import Questionnaire

EDIT = "consultations.change_report"
PUBLISH = "consultations.publish_report"


def edit_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may write the report of a consultation, archived or not: it is owed."""
    if not user.has_perm(EDIT):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’écrire un bilan.")
    if consultation.published_at is None:
        return Refusal("not_published", "Cette consultation n’est pas encore publiée\u00a0: elle n’a pas de bilan.")
    return None


def publish_refusal(user: Any, consultation: Consultation, *, going_on: Sequence[Missing]) -> Refusal | None:
    """Tell whether somebody may publish a report now; `going_on` is what `still_open` says."""
    if not user.has_perm(PUBLISH):
        return Refusal("not_allowed", "Votre rôle ne permet pas de publier un bilan. Prévenez la personne qui publie.")
    if refusal := edit_refusal(user, consultation):
        return refusal
    if going_on:
        return Refusal("open", going_on[0].message)
    return None


def unanswered(consultation: Consultation) -> QuerySet[Item]:
    """List the opinions that would still lack an answer once everything that is ready is published, the oldest first."""
    links = ItemTheme.objects.filter(item=OuterRef("pk"))
    received = ItemOutcome.objects.current().filter(
        item=OuterRef("item"), outcome__theme=OuterRef("theme"), outcome__theme__isnull=False
    )
    # A theme answers once it has a draft that is ready, or gave its last answer already.
    silent = links.filter(~Exists(AnalysisTheme.objects.filter(is_ready=True, pk=OuterRef("theme"))), ~Exists(received))
    return (
        coverage.lacking(consultation)
        .filter(grouped_with__isnull=True)
        .filter(is_ready=False)
        .filter(~Exists(links) | Exists(silent))
    )


def publish_problems(report: Report, *, going_on: Sequence[Missing], at: dt.datetime) -> list[Missing]:
    """List what stands in the way of publishing a report, in the order of the page; `going_on` is what `still_open` says.

    Opinions without an answer are told apart, with their links (`unanswered`).
    """
    consultation = report.consultation
    found = [*going_on]
    closed = Questionnaire.objects.closed(at=at).filter(consultation_link__consultation=consultation)
    if items.free_texts(closed.order_by("pk").values_list("pk", flat=True)):
        found.append(Missing("Des réponses libres d’un questionnaire ne sont pas encore parmi les avis.", "analyse"))
    found += [
        Missing(f"Le titre public du thème «\u00a0{theme.title}\u00a0».", "analyse")
        for theme in untitled_themes(consultation)
    ]
    found += [
        Missing(message, "restitution")
        for message, there in (
            ("La question posée.", report.question),
            ("Ce qui a été dit.", report.said),
            ("Ce que la Ville a décidé.", report.decision),
            ("Pourquoi.", report.reasons),
            ("La fonction qui signe.", report.signatory),
            ("À qui s’adresser.", report.contact),
            ("Ce que cette version corrige.", report.number == 1 or report.correction),
        )
        if not there
    ]
    return found


def publish_advice(report: Report) -> list[Missing]:
    """List what nothing imposes and readers would miss."""
    themes = AnalysisTheme.objects.filter(consultation=report.consultation).order_by("pk")
    said = list(themes.values_list("is_minority", "public_summary"))
    has_minority = any(is_minority for is_minority, _summary in said)
    checks = (
        (not report.participation_comment, "Qui a participé et qui manque, en deux phrases."),
        (has_minority and not report.minority, "Les points de vue minoritaires, présentés avec leurs raisons."),
        (not all(summary for _minority, summary in said), "Ce qui est demandé, pour chaque thème de l’analyse."),
        (not report.cost, "Combien cela coûte."),
        (not report.calendar, "Le calendrier de ce qui vient."),
        (not report.deliberation_number, "La délibération, quand il y en a une."),
    )
    return [Missing(message, "restitution") for lacks, message in checks if lacks]


def untitled_themes(consultation: Consultation) -> QuerySet[AnalysisTheme]:
    """List the themes of a report that have no public title, by their working title: residents never read that one."""
    linked = ItemTheme.objects.filter(theme=OuterRef("pk"))
    untitled = AnalysisTheme.objects.filter(Exists(linked), consultation=consultation).exclude(
        public_title__regex=r"\S"
    )
    return untitled.order_by("title", "pk")
