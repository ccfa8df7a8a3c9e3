"""What agents write for those who take part without the web: one act for somebody, or the notes of a table.

A contribution written for somebody has no author: it bears their district and the channel, and their receipt leads to it.
Rows are locked in the order of `actions`, the assistance first.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Sum
from django.urls import reverse

from accounts.models import User
from ballots import assisting as ballots
from ballots import rules as ballots_rules
from city.models import District
from consultations import actions, asking, items, participation, phases, rules, storing
from consultations.models import (
    Attachment,
    Consultation,
    ConsultationQuestionnaire,
    ConsultationVote,
    Contribution,
    Report,
    Section,
    TableNotes,
)
from desk import actions as desk
from desk import rules as desk_rules
from desk.models import Act, Assistance, Channel, Receipt
from mulhouse import charter, typography
from mulhouse.errors import DomainError, Refusal, require
from mulhouse.markup import render_markdown
from mulhouse.uploads import CleanFile
from questionnaires import rules as questionnaires_rules
from questionnaires import storing as questionnaire_files
from questionnaires.models import Answer, Response
from transparency import register

AGENT = "agent"
# By which a form received in time may be entered late (desk.rules.LATE_DAYS).
LATE_CHANNELS = frozenset({Channel.PAPER.value, Channel.ROOM.value})
MAX_NOTES = 200


def entry_refusal(user: Any, consultation: Consultation, *, channel: str, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may enter what came by a channel (prefetch `phases`)."""
    if refusal := desk_rules.assist_refusal(user):
        return refusal
    refusal = rules.writing_refusal(consultation, at=at)
    if refusal is not None and refusal.code == "closed" and channel in LATE_CHANNELS:
        ends = [span.ends_on for span in consultation.spans() if span.kind is phases.Kind.CONTRIBUTE and span.ends_on]
        if ends and typography.local_day(at) <= max(ends) + dt.timedelta(days=desk_rules.LATE_DAYS):
            return _reported_refusal(consultation)
    return refusal


def _reported_refusal(consultation: Consultation) -> Refusal | None:
    if not Report.objects.published().filter(consultation=consultation).exists():
        return None
    return Refusal(
        "reported", "Le bilan de cette consultation est publié : on n’y ajoute plus d’avis. Transmettez-le au service."
    )


@dataclass(frozen=True)
class Said:
    """What somebody said or wrote, as an agent types it."""

    section: Section
    kind: str
    title: str
    body: str
    place: str = ""
    place_district: District | None = None
    usage_when: str = ""
    usage_frequency: str = ""
    usage_role: str = ""


@dataclass(frozen=True)
class Joined:
    """A photo or a document that came with a paper, cleaned, and the words that stand for a photo."""

    upload: CleanFile
    alt: str = ""
    is_decorative: bool = False


def contribute(
    *,
    actor: User,
    consultation: Consultation,
    assistance: Assistance,
    said: Said,
    at: dt.datetime,
    files: Sequence[Joined] = (),
) -> tuple[Contribution, Receipt]:
    """Publish a contribution for somebody with the files they gave, count them, and make their receipt.

    The files go to the storage before the transaction, which never waits for it, and are taken back when nothing is published.

    Raises: RefusedError when the assistance is used, over or for something else, when the consultation takes nothing by this
    channel, or when the person does not meet what it asks; DomainError "said_already" for a paper that was just entered,
    "too_many" beyond three files.
    Locks: the assistance, the item, the section, the consultation.
    """
    if len(files) > actions.MAX_ATTACHMENTS:
        raise DomainError("too_many", "Trois fichiers au plus.")
    stored: list[Attachment] = []
    try:
        stored += (storing.attachment(one.upload, alt=one.alt, is_decorative=one.is_decorative) for one in files)
        return _contribute(actor, consultation, assistance, said, stored, at)
    except BaseException:
        for attachment in stored:
            attachment.file.delete(save=False)
        raise


@transaction.atomic(durable=True)
def _contribute(
    actor: User,
    consultation: Consultation,
    assistance: Assistance,
    said: Said,
    stored: Sequence[Attachment],
    at: dt.datetime,
) -> tuple[Contribution, Receipt]:
    held = desk.use(actor=actor, assistance=assistance, at=at, said=said.body)
    require(_subject_refusal(held, consultation))
    require(entry_refusal(actor, consultation, channel=held.channel, at=at))
    require(
        desk_rules.place_refusal(
            held, residency_level=consultation.residency_level, minimum_age=consultation.minimum_age, at=at
        )
    )
    contribution = _write(consultation, [said], at, channel=held.channel, district_id=held.district_id)[0]
    for position, attachment in enumerate(stored, start=1):
        attachment.contribution, attachment.position = contribution, position
    Attachment.objects.bulk_create(stored)
    participation.note(
        consultation, held.person, channel=held.channel, at=at, district=held.district, birth_year=held.birth_year
    )
    receipt = desk.issue_receipt(
        act=Act.CONTRIBUTION,
        channel=held.channel,
        topic=consultation.topic,
        title=consultation.title,
        path=contribution.get_absolute_url(),
        reference=contribution.reference,
    )
    facts = {"consultation": consultation.slug, "canal": held.channel, "charte": contribution.charter_version}
    register.record("contribution.assisted", role=AGENT, subject=contribution.reference, facts=facts, actor=actor)
    return contribution, receipt


def _subject_refusal(assistance: Assistance, consultation: Consultation) -> Refusal | None:
    if assistance.topic != consultation.topic:
        return Refusal("other_subject", "Cette saisie a été ouverte pour une autre consultation.")
    return None


# --- Questionnaires and votes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acts:
    """What else may be written for somebody: questionnaires to answer, votes to be given a ballot for."""

    questionnaires: list[ConsultationQuestionnaire]
    votes: list[ConsultationVote]

    def open(self, *, at: dt.datetime) -> "Acts":
        """Keep those that take something now."""
        return Acts(
            [
                one
                for one in self.questionnaires
                if questionnaires_rules.window_refusal(one.questionnaire, at=at) is None
            ],
            [one for one in self.votes if ballots_rules.days_refusal(one.votation, at=at) is None],
        )


def announced(consultation: Consultation) -> Acts:
    """List the questionnaires and the votes of a consultation that are published, over or not."""
    questionnaires = consultation.questionnaire_links.filter(questionnaire__published_at__isnull=False)
    votes = consultation.vote_links.filter(votation__published_at__isnull=False)
    return Acts(
        list(questionnaires.select_related("questionnaire").order_by("position", "pk")),
        list(votes.select_related("votation").order_by("pk")),
    )


def is_voting(consultation: Consultation, *, at: dt.datetime) -> bool:
    """Tell whether a secret vote of a consultation is running that day."""
    running = ConsultationVote.objects.running(on=at.astimezone(phases.PARIS).date())
    return running.filter(consultation=consultation).exists()


def opening_refusal(user: Any, consultation: Consultation, *, channel: str, at: dt.datetime) -> Refusal | None:
    """Tell whether an agent may begin to write for somebody: one act at least must be open."""
    refusal = entry_refusal(user, consultation, channel=channel, at=at)
    if refusal is None or refusal.code in {"not_allowed", "not_published", "archived"}:
        return refusal
    found = announced(consultation).open(at=at)
    return None if found.questionnaires or found.votes else refusal


def kinds(user: Any, consultation: Consultation, *, at: dt.datetime) -> list[Act]:
    """Give what an agent may write for somebody here now: what the person agrees to depends on it."""
    found = announced(consultation).open(at=at)
    is_open = {
        Act.CONTRIBUTION: entry_refusal(user, consultation, channel=Channel.PAPER, at=at) is None,
        Act.ANSWERS: bool(found.questionnaires),
        Act.VOTE: bool(found.votes),
    }
    return [kind for kind, holds in is_open.items() if holds]


def answer(
    *,
    actor: User,
    link: ConsultationQuestionnaire,
    assistance: Assistance,
    answers: Sequence[Answer],
    uploads: Mapping[int, CleanFile],
    at: dt.datetime,
) -> Receipt:
    """Send somebody's answers to a questionnaire, once whatever the channel, and make their receipt.

    Shape: `uploads` are the files the person gave, cleaned, by question; they go to the storage before the transaction, which
    never waits for it, and are taken back when nothing is sent.
    Raises: RefusedError as `contribute`; DomainError "answered" when this person has answered.
    Locks: the assistance, the response, then the ledger and the register.
    """
    with questionnaire_files.answers(uploads) as files:
        return _answer(actor, link, assistance, [*answers, *files], at)


@transaction.atomic(durable=True)
def _answer(
    actor: User,
    link: ConsultationQuestionnaire,
    assistance: Assistance,
    answers: Sequence[Answer],
    at: dt.datetime,
) -> Receipt:
    held = desk.use(actor=actor, assistance=assistance, at=at)
    require(_subject_refusal(held, link.consultation))
    row = link.questionnaire
    require(desk_rules.place_refusal(held, residency_level=row.residency_level, minimum_age=row.minimum_age, at=at))
    already = DomainError("answered", "Cette personne a déjà répondu à ce questionnaire. On répond une seule fois.")
    if Response.objects.sent().filter(questionnaire=row, person=held.person).exists():
        raise already
    receipt = desk.issue_receipt(
        act=Act.ANSWERS,
        channel=held.channel,
        topic=link.consultation.topic,
        title=row.title,
        path=reverse("consultations:questionnaire", args=[link.consultation.slug, row.reference]),
    )
    response = asking.send_within(
        link=link,
        answers=answers,
        person=held.person,
        channel=held.channel,
        district=held.district,
        birth_year=held.birth_year,
        at=at,
    )
    # Sent from elsewhere while this was being written: theirs stays.
    if response.submitted_at != at:
        raise already
    return receipt


@transaction.atomic(durable=True)
def enter_on_roll(*, actor: User, link: ConsultationVote, assistance: Assistance, at: dt.datetime) -> Receipt:
    """Write that somebody is given a paper ballot, once whatever the channel, and make their receipt.

    Raises: RefusedError as `contribute`, and on the phone; DomainError "voted" when this person has voted.
    Locks: the assistance, the roll, the ledger: the ballot of the web takes them in the same order. Nothing on the register, as for
    that ballot.
    """
    consultation = link.consultation

    def count(held: Assistance) -> None:
        participation.note(
            consultation, held.person, channel=held.channel, at=at, district=held.district, birth_year=held.birth_year
        )

    return ballots.enter_on_roll(
        actor=actor,
        votation=link.votation,
        assistance=assistance,
        topic=consultation.topic,
        path=reverse("consultations:vote", args=[consultation.slug, link.votation.reference]),
        at=at,
        note=count,
    )


# --- Writing -------------------------------------------------------------------------------------------------------------


def _write(consultation: Consultation, said: Sequence[Said], at: dt.datetime, **columns: Any) -> list[Contribution]:
    """Write contributions, their items and the counts, in the order of the locks."""
    written = Contribution.objects.bulk_create(
        Contribution(
            consultation=consultation,
            section=one.section,
            signature=Contribution.Signature.DISTRICT,
            kind=one.kind,
            title=one.title,
            body=one.body,
            body_html=render_markdown(one.body),
            place=one.place,
            place_district=one.place_district,
            usage_when=one.usage_when,
            usage_frequency=one.usage_frequency,
            usage_role=one.usage_role,
            charter_version=charter.CURRENT.number,
            published_at=at,
            **{name: value(rank) if callable(value) else value for name, value in columns.items()},
        )
        for rank, one in enumerate(said, start=1)
    )
    items.write_contributions([row.pk for row in written])
    sections = [row.section_id for row in written]
    for section in sorted({key for key in sections if key is not None}):
        count = F("contribution_count") + sections.count(section)
        Section.objects.filter(pk=section).update(contribution_count=count)
    Consultation.objects.filter(pk=consultation.pk).update(contribution_count=F("contribution_count") + len(written))
    return written


# --- The notes of a table ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table of a meeting: its name, the meeting, who took the notes (a function, never a name), how many sat there."""

    name: str
    gathering: str
    held_on: dt.date
    rapporteur: str
    people: int | None


def table_label(table: Table) -> str:
    """Sign for a table: « Table 4, atelier du 12 mars 2026 »."""
    return f"{table.name}, {table.gathering} du {typography.day(table.held_on)}"


@transaction.atomic(durable=True)
def enter_table(
    *, actor: User, consultation: Consultation, key: UUID, table: Table, notes: Sequence[Said], at: dt.datetime
) -> tuple[TableNotes, bool]:
    """Publish the notes of a table, all or none; the same sheet again changes nothing, whoever enters it.

    Shape: the table, and False when all these notes were entered before.
    Raises: RefusedError; DomainError "no_notes", "too_many_notes", "sheet_used", or "noted_already" when some of these notes
    were entered before.
    Locks: the name of the table, so that a sheet two agents hold is entered once; the items, the sections, the consultation.
    """
    require(entry_refusal(actor, consultation, channel=Channel.ROOM, at=at))
    if not notes:
        raise DomainError("no_notes", "Écrivez au moins une note.")
    if len(notes) > MAX_NOTES:
        raise DomainError("too_many_notes", f"{MAX_NOTES} notes au plus pour une table.")
    label = table_label(table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"table:{consultation.pk}:{label}"])
    if before := _entered_before(consultation, table, label, notes):
        return before, False
    if TableNotes.objects.filter(key=key).exists():
        raise DomainError(
            "sheet_used",
            "Cette feuille est déjà publiée. Pour d’autres notes, ouvrez une nouvelle feuille depuis le guichet.",
        )
    entered = TableNotes.objects.create(
        key=key,
        consultation=consultation,
        table=table.name,
        gathering=table.gathering,
        held_on=table.held_on,
        rapporteur=table.rapporteur,
        people=table.people,
        entered_at=at,
    )
    _write(
        consultation,
        notes,
        at,
        channel=Channel.ROOM,
        author_label=label,
        source_key=lambda rank: f"table:{key}:{rank}",
    )
    facts = {"notes": len(notes), "date": table.held_on.isoformat()}
    register.record("consultation.table_entered", role=AGENT, subject=consultation.slug, facts=facts, actor=actor)
    return entered, True


def _entered_before(consultation: Consultation, table: Table, label: str, notes: Sequence[Said]) -> TableNotes | None:
    """Give the table under which all these notes are published; None when none of them is."""
    known = Contribution.objects.filter(consultation=consultation, channel=Channel.ROOM, author_label=label)
    bodies = set(known.values_list("body", flat=True))
    twice = [note for note in notes if note.body in bodies]
    if not twice:
        return None
    tables = TableNotes.objects.filter(consultation=consultation, table=table.name, gathering=table.gathering)
    before = tables.filter(held_on=table.held_on).order_by("pk").first()
    if before is not None and len(twice) == len(notes):
        return before
    raise DomainError(
        "noted_already",
        f"Pour cette table, des notes sont déjà publiées, dont « {twice[0].title} ». Retirez-les de la feuille pour "
        "publier les autres.",
    )


@dataclass(frozen=True)
class Rooms:
    """What came from meetings: tables, and the people counted at those where they were."""

    tables: int
    people: int


def rooms(consultation: Consultation) -> Rooms:
    """Count the tables of a consultation's meetings."""
    found = TableNotes.objects.filter(consultation=consultation).aggregate(tables=Count("pk"), people=Sum("people"))
    return Rooms(tables=found["tables"], people=found["people"] or 0)


# --- On the person's word ------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def withdraw(*, actor: User, receipt: Receipt, at: dt.datetime) -> Contribution:
    """Take back what was written for somebody who asks for it with their receipt; repeating it is no error.

    Raises: RefusedError without the permission; DomainError "no_contribution" when the receipt leads to none.
    Locks: the contribution, its item, its section and consultation.
    """
    require(desk_rules.assist_refusal(actor))
    held = (
        Contribution.objects.select_for_update(of=("self",), no_key=True)
        .select_related("consultation")
        .filter(reference=receipt.reference, author__isnull=True)
        .first()
    )
    if held is None or receipt.act != Act.CONTRIBUTION:
        raise DomainError("no_contribution", "Ce reçu ne mène pas à un avis qui puisse être retiré.")
    if held.withdrawn_at is None:
        actions.take_back(contribution=held, at=at)
        facts = {"consultation": held.consultation.slug, "demande": "de la personne, avec son reçu"}
        register.record("contribution.withdrawn", role=AGENT, subject=held.reference, facts=facts, actor=actor)
    return held
