"""May they? What an agent may do with a consultation, and what stands in the way of saving or publishing it."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.levels import ResidencyLevel
from consultations import phases, promises
from consultations.models import Consultation, Phase
from consultations.openings import Missing, has_parts, still_open, still_takes_part
from mulhouse.errors import Refusal
from transparency.clocks import Standing

SUMMARY_WORDS = 120
# Shorter than this, people who are away or have no computer hear of it too late.
ADVISED_DAYS = 21
# Who may take part, from the widest to the narrowest.
LEVELS = (ResidencyLevel.NONE, ResidencyLevel.DECLARED, ResidencyLevel.VERIFIED)


@dataclass(frozen=True)
class PhaseEdit:
    """A phase as an agent wrote it; `pk` is that of the phase it changes, None for a new one."""

    pk: int | None
    span: phases.Span


def edit_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may change a consultation."""
    if not user.has_perm("consultations.change_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de modifier une consultation.")
    if consultation.archived_at is not None:
        return Refusal("archived", "Cette consultation est archivée\u00a0: elle ne change plus.")
    return None


def create_refusal(user: Any) -> Refusal | None:
    """Tell whether somebody may begin a consultation."""
    if not user.has_perm("consultations.add_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de créer une consultation.")
    return None


def publish_refusal(user: Any, consultation: Consultation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may make a consultation public (prefetch `phases` and `sections`)."""
    if not user.has_perm("consultations.publish_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de publier. Prévenez la personne qui publie.")
    if consultation.published_at is not None:
        return Refusal("published", "Cette consultation est déjà publiée.")
    if publish_problems(consultation, at=at):
        return Refusal("unfinished", "Il manque encore quelque chose\u00a0: la liste est sur cette page.")
    return None


def archive_refusal(user: Any, consultation: Consultation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may archive a consultation: published, and nothing in it open any more (prefetch `phases`)."""
    if not user.has_perm("consultations.publish_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’archiver.")
    if consultation.published_at is None:
        return Refusal("not_published", "Une consultation non publiée ne s’archive pas\u00a0: elle se supprime.")
    if consultation.archived_at is not None:
        return Refusal("archived", "Cette consultation est déjà archivée.")
    if going_on := still_open(consultation, at=at):
        return Refusal("open", going_on[0].message)
    return None


def reopen_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may take a consultation out of the archives."""
    if not user.has_perm("consultations.publish_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de sortir une consultation des archives.")
    if consultation.archived_at is None:
        return Refusal("not_archived", "Cette consultation n’est pas archivée.")
    return None


def delete_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may throw a draft away; what was public stays."""
    if not user.has_perm("consultations.delete_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de supprimer une consultation.")
    if consultation.published_at is not None:
        return Refusal(
            "published", "Une consultation publiée ne se supprime pas et ne se cache pas\u00a0: elle s’archive."
        )
    if consultation.contributions.exists():
        return Refusal(
            "has_contributions", "Des contributions y sont attachées\u00a0: elle ne peut pas être supprimée."
        )
    if consultation.vote_links.exists() or consultation.questionnaire_links.exists():
        return Refusal(
            "has_parts", "Un vote ou un questionnaire y est préparé\u00a0: supprimez-le d’abord, dans son onglet."
        )
    return None


def publish_problems(consultation: Consultation, *, at: dt.datetime) -> list[Missing]:
    """List what is missing before a consultation can be published, in the order of the pages (prefetch `phases`, `sections`)."""
    found = [
        Missing(message, "presentation")
        for message, there in (
            ("Le résumé «\u00a0En bref\u00a0».", consultation.summary),
            ("La présentation.", consultation.description),
            ("Ce qui est ouvert à la discussion.", consultation.open_to_discussion),
            ("Ce qui ne l’est pas.", consultation.not_open),
            ("Qui décide.", consultation.decider),
            ("La fonction responsable dans le service.", consultation.service_function),
            ("Ce à quoi la Ville s’engage.", consultation.city_commitment),
        )
        if not there
    ]
    if count_words(consultation.summary) > SUMMARY_WORDS:
        found.append(Missing(f"Le résumé «\u00a0En bref\u00a0» dépasse {SUMMARY_WORDS} mots.", "presentation"))
    spans = consultation.spans()
    found += [Missing(problem.message, "phases") for problem in phases.problems(spans)]
    asking = [span for span in spans if span.kind is phases.Kind.CONTRIBUTE]
    if asking and not any(still_takes_part(span, at=at) for span in asking):
        found.append(Missing("La phase d’avis est déjà finie\u00a0: personne ne pourrait répondre.", "phases"))
    if consultation.takes_contributions and not consultation.sections.all():
        found.append(Missing("Une partie, avec la question qu’elle pose.", "parties"))
    if not consultation.takes_contributions and not has_parts(consultation):
        message = "Quelque chose à faire pour les habitants\u00a0: des avis écrits, un vote ou un questionnaire."
        found.append(Missing(message, "presentation"))
    return found


def publish_advice(consultation: Consultation) -> list[Missing]:
    """List what nothing imposes and residents would miss (prefetch `phases`, `documents`, `districts`)."""
    spans = consultation.spans()
    kinds = {span.kind for span in spans}
    short = [
        span
        for span in spans
        if span.kind is phases.Kind.CONTRIBUTE
        and span.ends_on is not None
        and (span.ends_on - span.starts_on).days + 1 < ADVISED_DAYS
    ]
    checks = (
        (not consultation.image, "Une image, avec son texte de remplacement.", "presentation"),
        (
            consultation.budget_euros is None and not consultation.budget_note,
            "Un ordre de grandeur du budget.",
            "presentation",
        ),
        (
            not consultation.documents.all(),
            "Un document pour comprendre le sujet\u00a0: plan, étude, photos.",
            "documents",
        ),
        (
            bool(short),
            f"Une phase d’avis de {ADVISED_DAYS} jours au moins\u00a0: le temps de l’apprendre et d’écrire.",
            "phases",
        ),
        (
            bool(spans) and not kinds & {phases.Kind.ANALYSE, phases.Kind.DECIDE},
            "La date à laquelle la Ville décidera\u00a0: c’est ce que les habitants demandent d’abord.",
            "phases",
        ),
        (bool(spans) and phases.Kind.FOLLOW not in kinds, "Une phase de suivi, après la décision.", "phases"),
    )
    return [Missing(message, part) for lacks, message, part in checks if lacks]


def phase_problems(
    current: Sequence[Phase], edits: Sequence[PhaseEdit], *, published: bool, at: dt.datetime
) -> list[phases.Problem]:
    """List what stands in the way of saving phases: what the list can never be, and what a public promise no longer allows.

    Shape: `edits` in order of their first day; problems point into it. The absence of a phase of contribution does not count
    while the consultation is a draft.
    """
    found = [
        problem
        for problem in phases.problems([edit.span for edit in edits])
        if published or problem.at is not None or len(edits) > phases.MAX_PHASES
    ]
    return [*found, *_broken_promises(current, edits, at=at)] if published else found


def _broken_promises(
    current: Sequence[Phase], edits: Sequence[PhaseEdit], *, at: dt.datetime
) -> Iterator[phases.Problem]:
    """A phase that has begun keeps its first day and its kind; one that is over keeps its dates; time to answer never shrinks."""
    places = {edit.pk: place for place, edit in enumerate(edits) if edit.pk is not None}
    for phase in current:
        before, status = phase.span, phases.status(phase.span, at=at)
        if status is phases.Status.UPCOMING:
            continue
        if phase.pk not in places:
            yield phases.Problem(None, "", f"La phase «\u00a0{before.name}\u00a0» a commencé\u00a0: elle reste.")
            continue
        place = places[phase.pk]
        after = edits[place].span
        if after.starts_on != before.starts_on or after.kind is not before.kind:
            words = "Cette phase a commencé\u00a0: son premier jour et sa sorte ne changent plus."
            yield phases.Problem(place, "starts_on", words)
        if status is phases.Status.PAST and after.ends_on != before.ends_on:
            yield phases.Problem(place, "ends_on", "Cette phase est finie\u00a0: son dernier jour ne change plus.")
        elif status is phases.Status.CURRENT and before.kind is phases.Kind.CONTRIBUTE and _is_sooner(after, before):
            words = "Les habitants ont commencé à répondre\u00a0: ce délai peut s’allonger, jamais raccourcir."
            yield phases.Problem(place, "ends_on", words)


def presentation_refusal(consultation: Consultation, values: Mapping[str, Any], *, at: dt.datetime) -> Refusal | None:
    """Tell which public promise new values of the presentation would break (prefetch `phases`).

    Shape: `consultation` as it is stored; the code is the field's name.
    """
    if consultation.published_at is None:
        return None
    return (
        _review_changed(consultation, values)
        or _later_answer(consultation, values, at=at)
        or _cut_short(consultation, values, at=at)
    )


def _review_changed(consultation: Consultation, values: Mapping[str, Any]) -> Refusal | None:
    """Residents write knowing when their text will be read: it was chosen before publication, once and for all."""
    for name in ("moderation", "review_hours"):
        if values.get(name, getattr(consultation, name)) != getattr(consultation, name):
            return Refusal(
                name, "La relecture des textes se choisit avant la publication\u00a0: elle ne change plus ensuite."
            )
    return None


def _cut_short(consultation: Consultation, values: Mapping[str, Any], *, at: dt.datetime) -> Refusal | None:
    """While residents answer, what they may do and who may do it widens, never narrows: that would cut the deadline."""
    span = consultation.current_span(at=at)
    if span is None or span.kind is not phases.Kind.CONTRIBUTE:
        return None
    for name in ("takes_contributions", "takes_positions", "takes_comments"):
        if getattr(consultation, name) and not values.get(name, True):
            return Refusal(
                name,
                "Les habitants ont commencé à répondre\u00a0: ce qui est ouvert le reste jusqu’à la fin de cette phase.",
            )
    before, after = consultation.residency_level, values.get("residency_level", consultation.residency_level)
    if LEVELS.index(after) > LEVELS.index(before):
        return Refusal(
            "residency_level",
            "Les habitants ont commencé à répondre\u00a0: qui peut participer le peut jusqu’à la fin de cette phase.",
        )
    if (values.get("minimum_age", consultation.minimum_age) or 0) > (consultation.minimum_age or 0):
        return Refusal(
            "minimum_age",
            "Les habitants ont commencé à répondre\u00a0: l’âge minimum peut baisser, pas monter, avant la fin de cette phase.",
        )
    return None


def _later_answer(consultation: Consultation, values: Mapping[str, Any], *, at: dt.datetime) -> Refusal | None:
    """Residents gave their opinion for an answer on a day: from the end of the first opinions on, it comes no later."""
    days = values.get("restitution_days", consultation.restitution_days)
    if days <= consultation.restitution_days or consultation.source_note:
        return None
    if not any(phases.has_ended(span, phases.Kind.CONTRIBUTE, at=at) for span in consultation.spans()):
        return None
    return Refusal(
        "restitution_days",
        f"Les avis ont été donnés pour une réponse en {consultation.restitution_days}\u00a0jours\u00a0: ce délai peut "
        "raccourcir, plus s’allonger. Un retard reste visible sur le site\u00a0: expliquez-le dans le bilan.",
    )


def postponing_refusal(consultation: Consultation, edits: Sequence[PhaseEdit], *, at: dt.datetime) -> Refusal | None:
    """Tell whether new phases would hide that the promised answer is, or was, late; one query at most (prefetch `phases`)."""
    due, clock = promises.due_on(consultation), promises.clock(consultation, at=at)
    if due is None or clock is None or clock.standing not in {Standing.LATE, Standing.KEPT_LATE}:
        return None
    asking = [edit.span for edit in edits if edit.span.kind is phases.Kind.CONTRIBUTE]
    until = asking[-1].ends_on if asking else None
    if until is not None and until + dt.timedelta(days=consultation.restitution_days) <= due:
        return None
    return Refusal(
        "late",
        "La réponse promise est en retard\u00a0: une nouvelle phase d’avis effacerait ce retard. Pour demander d’autres "
        "avis, ouvrez une nouvelle consultation.",
    )


def _is_sooner(after: phases.Span, before: phases.Span) -> bool:
    return after.ends_on is not None and (before.ends_on is None or after.ends_on < before.ends_on)


def count_words(text: str) -> int:
    """Count words as a reader does: « l’avis » is one, « : » is none."""
    return sum(any(sign.isalnum() for sign in word) for word in text.split())
