"""What agents do with a consultation: write it, date it, publish it, archive it (`editing_rules` says who may).

A draft is nobody's business: its lines on the register say that an agent worked, never on what. Once published, a line
says what changed, before and after, and why: the rules of the game do not move in silence.

Every action takes `seen`, the version the agent had under the eyes: two agents never overwrite each other without knowing.
"""

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.text import slugify

from ballots import actions as ballots
from city.models import District
from consultations import amendments, editing_rules, phases
from consultations.editing_rules import PhaseEdit
from consultations.models import (
    RESERVED_SLUGS,
    Consultation,
    ConsultationQuestionnaire,
    ConsultationVote,
    Document,
    Phase,
    Section,
)
from mulhouse import markup, reasons
from mulhouse.errors import DomainError, require
from mulhouse.uploads import CleanFile
from questionnaires import editing as questionnaires
from transparency import register

SLUG_LENGTH = 70
TITLE_LENGTH = 120
COPIED = " (copie)"
COPY_DELAY = dt.timedelta(days=14)
CUT = 300
TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
ROW = re.compile(r"<tr>")
HEADER = re.compile(r"<th(?![^>]*\bscope=)(?=[ >])")

# What an agent fills in on the first page, and what of it is a rule of the game: changed in public, with a reason.
PRESENTATION = (
    "title",
    "slug",
    "summary",
    "description",
    "theme",
    "place_name",
    "place_address",
    "latitude",
    "longitude",
    "image_alt",
    "open_to_discussion",
    "not_open",
    "decider",
    "budget_euros",
    "budget_note",
    "service",
    "service_function",
    "residency_level",
    "minimum_age",
    "restitution_days",
    "takes_contributions",
    "takes_positions",
    "takes_comments",
    "moderation",
    "review_hours",
    "city_commitment",
)
RULES_OF_THE_GAME = (
    "title",
    "open_to_discussion",
    "not_open",
    "decider",
    "budget_euros",
    "residency_level",
    "minimum_age",
    "restitution_days",
    "takes_contributions",
    "takes_positions",
    "takes_comments",
    "moderation",
    "review_hours",
    "city_commitment",
)


@dataclass(frozen=True)
class SectionEdit:
    """A section as an agent wrote it, in the order of the page."""

    pk: int | None
    title: str
    question: str


# --- Actions -----------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def create(*, actor: Any, values: Mapping[str, Any]) -> Consultation:
    """Begin a consultation, seen by nobody but the agents.

    Shape: `values` holds title, summary, theme, service.
    Raises: RefusedError.
    """
    require(editing_rules.create_refusal(actor))
    consultation = Consultation.objects.create(**values, slug=_free_slug(values["title"]))
    _record_draft(actor, "création")
    return consultation


@transaction.atomic(durable=True)
def copy(*, actor: Any, consultation: Consultation, at: dt.datetime) -> Consultation:
    """Begin a draft on the model of a consultation: its words, its phases at the same intervals, its questionnaires, its votes.

    Shape: the first phase begins COPY_DELAY after today. What belongs to the model alone stays with it: its address,
    its files, its import, what residents wrote, what was cancelled.
    Raises: RefusedError.
    Locks: the register.
    """
    require(editing_rules.create_refusal(actor))
    title = f"{consultation.title[: TITLE_LENGTH - len(COPIED)]}{COPIED}"
    kept = {name: getattr(consultation, name) for name in PRESENTATION if name not in {"title", "slug", "image_alt"}}
    draft = Consultation.objects.create(**kept, title=title, slug=_free_slug(consultation.title))
    draft.districts.set(consultation.districts.all())
    Section.objects.bulk_create(
        Section(consultation=draft, position=position, title=section.title, question=section.question)
        for position, section in enumerate(consultation.sections.order_by("position", "pk"), start=1)
    )
    spans = consultation.spans()
    shift = at.astimezone(phases.PARIS).date() + COPY_DELAY - spans[0].starts_on if spans else COPY_DELAY
    Phase.objects.bulk_create(
        Phase(
            consultation=draft,
            position=position,
            kind=span.kind,
            name=span.name,
            starts_on=span.starts_on + shift,
            ends_on=span.ends_on + shift if span.ends_on else None,
        )
        for position, span in enumerate(spans, start=1)
    )
    _copy_questionnaires(consultation, draft)
    _copy_votes(actor, consultation, draft, shift)
    _record_draft(actor, "copie")
    return draft


def _copy_questionnaires(model: Consultation, draft: Consultation) -> None:
    links = model.questionnaire_links.filter(questionnaire__cancelled_at__isnull=True)
    for link in links.select_related("questionnaire").order_by("position", "pk"):
        twin = questionnaires.copy(source=link.questionnaire, title=link.questionnaire.title)
        ConsultationQuestionnaire.objects.create(consultation=draft, questionnaire=twin, position=link.position)


def _copy_votes(actor: Any, model: Consultation, draft: Consultation, shift: dt.timedelta) -> None:
    links = model.vote_links.filter(votation__cancelled_at__isnull=True).select_related("votation")
    for votation in (link.votation for link in links.prefetch_related("votation__options").order_by("pk")):
        values = {name: getattr(votation, name) for name in ballots.FIELDS}
        twin = ballots.save(
            actor=actor,
            votation=None,
            values={**values, "opens_on": votation.opens_on + shift, "ends_on": votation.ends_on + shift},
            options=[
                ballots.OptionEdit(option.label, option.description, option.cost_cents)
                for option in votation.options.all()
            ],
        )
        ConsultationVote.objects.create(consultation=draft, votation=twin)


@transaction.atomic(durable=True)
def save_presentation(
    *,
    actor: Any,
    consultation: Consultation,
    values: Mapping[str, Any],
    districts: Sequence[District],
    seen: str,
    reason: str = "",
    image: str | None = None,
) -> Consultation:
    """Change what a consultation says about itself.

    Shape: `values` holds the fields of PRESENTATION; `image` is the name of a stored file, "" to remove it, None to keep it.
    Raises: RefusedError, with the field's name when a public promise would be broken; DomainError "stale", "reason" when a
    rule of the game changes without one.
    Locks: the consultation's row.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    _claim(consultation, seen)
    rows = Consultation.objects.select_related("theme", "service").prefetch_related("phases")
    before = rows.get(pk=consultation.pk)
    require(editing_rules.presentation_refusal(before, values, at=consultation.updated_at))
    for name in PRESENTATION:
        if name in values and not (name == "slug" and before.published_at is not None):
            setattr(consultation, name, values[name])
    consultation.description = _written(consultation.description)
    if image is not None:
        _drop_file(before.image.name)
        consultation.image = image
    changes = _changes(before, consultation, image)
    if {district.pk for district in districts} != set(before.districts.values_list("pk", flat=True)):
        changes.append({"champ": _label("districts")})
    if before.published_at is not None and any("avant" in change for change in changes):
        reason = _reason(reason)
    consultation.updated_at = timezone.now()
    consultation.save(update_fields=[*PRESENTATION, "image", "updated_at"])
    consultation.districts.set(districts)
    if before.published_at is None:
        _record_draft(actor, "présentation")
    elif changes:
        sealed = amendments.amend_and_seal(consultation, reason=reason, at=consultation.updated_at)
        facts = {"changements": changes, **({"motif": reason} if reason else {}), **sealed}
        register.record("consultation.changed", role="agent", subject=before.slug, facts=facts, actor=actor)
    return consultation


@transaction.atomic(durable=True)
def save_phases(
    *,
    actor: Any,
    consultation: Consultation,
    edits: Sequence[PhaseEdit],
    seen: str,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """Set the phases of a consultation, in order of their first day.

    Raises: RefusedError, also "late" when the promised answer would not look late any more; DomainError "stale", "phases"
    with the first problem, "reason" when public dates change without one.
    Locks: the consultation's row.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    _claim(consultation, seen)
    current = list(Phase.objects.filter(consultation=consultation))
    ordered = sorted(edits, key=lambda edit: edit.span.starts_on)
    published = consultation.published_at is not None
    if problems := editing_rules.phase_problems(current, ordered, published=published, at=at):
        raise DomainError("phases", problems[0].message)
    before = _dates(phase.span for phase in current)
    after = _dates(edit.span for edit in ordered)
    if before == after:
        return
    if published:
        stored = Consultation.objects.prefetch_related("phases").get(pk=consultation.pk)
        require(editing_rules.postponing_refusal(stored, ordered, at=at))
        reason = _reason(reason)
    _write_phases(consultation, current, ordered, at=at)
    if published:
        sealed = amendments.amend_and_seal(consultation, reason=reason, at=at)
        facts = {"avant": before, "apres": after, "motif": reason, **sealed}
        register.record("consultation.dates_changed", role="agent", subject=consultation.slug, facts=facts, actor=actor)
    else:
        _record_draft(actor, "phases")


@transaction.atomic(durable=True)
def save_sections(
    *, actor: Any, consultation: Consultation, edits: Sequence[SectionEdit], seen: str, reason: str = ""
) -> None:
    """Set the sections of a consultation and their questions, in the order given.

    Raises: RefusedError; DomainError "stale", "answered" when a section that has answers would go, "reason" when a public
    question changes without one.
    Locks: the sections, then the consultation's row.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    # Sections before the consultation, as those who answer take them; whole, so that no answer arrives at one that goes.
    held = Section.objects.select_for_update(of=("self",)).filter(consultation=consultation).order_by("pk")
    current = {section.pk: section for section in held}
    _claim(consultation, seen)
    kept = {edit.pk for edit in edits if edit.pk is not None}
    gone = [section for pk, section in current.items() if pk not in kept]
    if any(section.contributions.exists() for section in gone):
        raise DomainError("answered", "Une partie à laquelle on a déjà répondu ne peut pas être retirée.")
    before = _questions(current.values())
    after = [{"partie": edit.title, "question": edit.question} for edit in edits]
    if before == after:
        return
    published = consultation.published_at is not None
    if published:
        reason = _reason(reason)
    Section.objects.filter(pk__in=[section.pk for section in gone]).delete()
    for position, edit in enumerate(edits, start=1):
        section = current.get(edit.pk or 0) or Section(consultation=consultation)
        section.position, section.title, section.question = position, edit.title, edit.question
        section.save()
    if published:
        sealed = amendments.amend_and_seal(consultation, reason=reason, at=timezone.now())
        facts = {"avant": before, "apres": after, "motif": reason, **sealed}
        register.record(
            "consultation.question_changed", role="agent", subject=consultation.slug, facts=facts, actor=actor
        )
    else:
        _record_draft(actor, "questions")


@transaction.atomic(durable=True)
def save_document(  # noqa: PLR0913 (the parts of a document)
    *,
    actor: Any,
    consultation: Consultation,
    document: Document | None,
    title: str,
    position: int,
    is_accessible: bool,
    html_body: str,
    stored: str | None = None,
    file: CleanFile | None = None,
) -> Document:
    """Give a document to read, or change one.

    Shape: `stored` is the name under which the content of `file` was stored; both are needed for a new document.
    Raises: RefusedError; DomainError "inaccessible" when it is neither accessible nor given as a page.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    html_body = _written(html_body)
    if not is_accessible and not html_body:
        raise DomainError("inaccessible", "Donnez aussi ce document en page\u00a0: il n’est pas accessible.")
    document = document or Document(consultation=consultation)
    document.title, document.position = title, position
    document.is_accessible, document.html_body = is_accessible, html_body
    if stored and file:
        _drop_file(document.file.name)
        document.file = stored
        document.content_type, document.size = file.content_type, len(file.content)
    document.save()
    if consultation.published_at is None:
        _record_draft(actor, "documents")
    else:
        facts = {"document": title}
        if file:
            facts["sha256"] = hashlib.sha256(file.content).hexdigest()
        register.record(
            "consultation.document_saved", role="agent", subject=consultation.slug, facts=facts, actor=actor
        )
    return document


@transaction.atomic(durable=True)
def remove_document(*, actor: Any, document: Document) -> None:
    """Take a document away, and its file once that is certain.

    Raises: RefusedError.
    """
    consultation = document.consultation
    require(editing_rules.edit_refusal(actor, consultation))
    title, name = document.title, document.file.name
    document.delete()
    _drop_file(name)
    if consultation.published_at is None:
        _record_draft(actor, "documents")
    else:
        facts = {"document": title}
        register.record(
            "consultation.document_removed", role="agent", subject=consultation.slug, facts=facts, actor=actor
        )


@transaction.atomic(durable=True)
def publish(*, actor: Any, consultation: Consultation, at: dt.datetime) -> None:
    """Make a consultation public, with what it commits to written on the register: as it is stored, not as a page read it.

    Raises: RefusedError, "published" when somebody was faster.
    Locks: the consultation's row: what a colleague saves waits, or is in what is frozen.
    """
    held = amendments.hold(consultation)
    prefetch_related_objects([held], "phases", "sections")
    require(editing_rules.publish_refusal(actor, held, at=at))
    held.published_at = held.updated_at = at
    # Not `save`: it would write the clock of the machine in `updated_at`.
    Consultation.objects.filter(pk=held.pk).update(published_at=at, updated_at=at)
    frozen = amendments.freeze(held, at=at)
    facts = {
        "titre": held.title,
        "regles_sha256": frozen.digest,
        "qui_decide": held.decider,
        "qui_participe": held.residency_level,
        "age_minimum": held.minimum_age,
        "phases": _dates(held.spans()),
        "questions": _questions(held.sections.all()),
    }
    register.record("consultation.published", role="agent", subject=held.slug, facts=facts, actor=actor)


@transaction.atomic(durable=True)
def archive(*, actor: Any, consultation: Consultation, at: dt.datetime) -> None:
    """Put a consultation away: readable for ever, at the same address, and changed no more.

    Raises: RefusedError; DomainError "archived" when somebody was faster.
    """
    require(editing_rules.archive_refusal(actor, consultation, at=at))
    done = Consultation.objects.filter(pk=consultation.pk, archived_at=None).update(archived_at=at, updated_at=at)
    if not done:
        raise DomainError("archived", "Cette consultation vient d’être archivée.")
    register.record("consultation.archived", role="agent", subject=consultation.slug, actor=actor)


@transaction.atomic(durable=True)
def reopen(*, actor: Any, consultation: Consultation, at: dt.datetime) -> None:
    """Take a consultation out of the archives, so that it can be completed.

    Raises: RefusedError; DomainError "not_archived" when somebody was faster.
    """
    require(editing_rules.reopen_refusal(actor, consultation))
    waiting = Consultation.objects.filter(pk=consultation.pk, archived_at__isnull=False)
    if not waiting.update(archived_at=None, updated_at=at):
        raise DomainError("not_archived", "Cette consultation n’est plus archivée.")
    register.record("consultation.reopened", role="agent", subject=consultation.slug, actor=actor)


@transaction.atomic(durable=True)
def renew_preview(*, actor: Any, consultation: Consultation) -> None:
    """Change the private link of a draft: the old one shows nothing any more.

    Raises: RefusedError.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    consultation.preview_key = uuid.uuid4()
    consultation.updated_at = timezone.now()
    consultation.save(update_fields=["preview_key", "updated_at"])
    _record_draft(actor, "lien d’aperçu")


@transaction.atomic(durable=True)
def delete_draft(*, actor: Any, consultation: Consultation) -> None:
    """Throw a draft away, with its files.

    Raises: RefusedError.
    """
    require(editing_rules.delete_refusal(actor, consultation))
    for name in (consultation.image.name, *consultation.documents.values_list("file", flat=True)):
        _drop_file(name)
    consultation.delete()
    _record_draft(actor, "suppression")


def store(folder: str, file: CleanFile) -> str:
    """Put a cleaned file in the storage, before the transaction that names it.

    Shape: the name under which it is kept; call `discard` with it when the action fails.
    """
    extension = file.name.rpartition(".")[2]
    return default_storage.save(f"{folder}/{uuid.uuid4().hex}.{extension}", ContentFile(file.content))


def discard(name: str | None) -> None:
    """Take a file out of the storage."""
    if name:
        default_storage.delete(name)


def version(consultation: Consultation) -> str:
    """Name what the agent has under the eyes, for `seen`."""
    return consultation.updated_at.isoformat()


# --- Pieces ------------------------------------------------------------------------------------------------------


def _claim(consultation: Consultation, seen: str) -> None:
    """Take the version the agent saw; from here to the end of the transaction nobody else can."""
    now = timezone.now()
    if not Consultation.objects.filter(pk=consultation.pk, updated_at=seen).update(updated_at=now):
        raise DomainError(
            "stale",
            "Quelqu’un a modifié cette consultation pendant ce temps. Gardez votre texte de côté, rechargez la page, puis reportez-le.",
        )
    consultation.updated_at = now


def _written(html: str) -> str:
    """Clean what came from the editor; a header cell says what it heads: its column in the first row, its row below."""
    cleaned = markup.clean_html(html, staff=True)
    return TABLE.sub(lambda table: _with_scopes(table[0]), cleaned)


def _with_scopes(table: str) -> str:
    first, *others = ROW.split(table)
    rows = [HEADER.sub(f'<th scope="{"row" if at else "col"}"', row) for at, row in enumerate(others)]
    return "<tr>".join([first, *rows])


def _free_slug(title: str) -> str:
    base = slugify(title)[:SLUG_LENGTH].strip("-") or "consultation"
    taken = {*RESERVED_SLUGS, *Consultation.objects.filter(slug__startswith=base).values_list("slug", flat=True)}
    number = 2
    free = base
    while free in taken:
        free = f"{base}-{number}"
        number += 1
    return free


def _write_phases(
    consultation: Consultation, current: Sequence[Phase], edits: Sequence[PhaseEdit], *, at: dt.datetime
) -> None:
    by_pk = {phase.pk: phase for phase in current}
    kept = {edit.pk for edit in edits}
    Phase.objects.filter(pk__in=[pk for pk in by_pk if pk not in kept]).delete()
    for position, edit in enumerate(edits, start=1):
        phase = by_pk.get(edit.pk or 0) or Phase(consultation=consultation)
        span = edit.span
        if phase.starts_on != span.starts_on and phases.status(span, at=at) is phases.Status.UPCOMING:
            phase.announced_at = None
        phase.position, phase.kind, phase.name = position, span.kind, span.name
        phase.starts_on, phase.ends_on = span.starts_on, span.ends_on
        phase.save()


def _reason(text: str) -> str:
    return reasons.sentence(
        text,
        missing="Cette consultation est publique\u00a0: dites pourquoi vous changez cela. Le motif va au registre.",
    )


def _changes(before: Consultation, after: Consultation, image: str | None) -> list[dict[str, str]]:
    """List the fields that changed; for the rules of the game, what they were and became."""
    found = []
    for name in PRESENTATION:
        if getattr(before, name) == getattr(after, name):
            continue
        change = {"champ": _label(name)}
        if name in RULES_OF_THE_GAME:
            change |= {"avant": _short(before, name), "apres": _short(after, name)}
        found.append(change)
    if image is not None:
        found.append({"champ": _label("image")})
    return found


def _label(name: str) -> str:
    return str(Consultation._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _short(consultation: Consultation, name: str) -> str:
    value = getattr(consultation, name)
    return "" if value is None else str(value)[:CUT]


def _dates(spans: Iterable[phases.Span]) -> list[dict[str, str]]:
    return [
        {
            "phase": span.name,
            "sorte": span.kind.value,
            "du": span.starts_on.isoformat(),
            "au": span.ends_on.isoformat() if span.ends_on else "",
        }
        for span in sorted(spans, key=lambda span: span.starts_on)
    ]


def _questions(sections: Iterable[Section]) -> list[dict[str, str]]:
    return [
        {"partie": section.title, "question": section.question}
        for section in sorted(sections, key=lambda section: (section.position, section.pk))
    ]


def _drop_file(name: str | None) -> None:
    """Delete a file once the transaction is certain."""
    if name:
        transaction.on_commit(lambda: discard(name))


def _record_draft(actor: Any, part: str) -> None:
    register.record("consultation.draft", role="agent", facts={"partie": part}, actor=actor)
