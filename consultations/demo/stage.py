"""Writing a consultation of the demonstration whole: what the city says, what residents answered, and the counts."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F

from accounts.models import User
from city.models import District, Service, Theme
from consultations import items, participation
from consultations.demo import casting, papers, pictures, texts
from consultations.demo.people import Crowd
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Consultation,
    Contribution,
    ContributionVersion,
    Document,
    Phase,
    Position,
    Section,
)
from consultations.phases import PARIS, Kind, midnight
from desk.models import Channel
from mulhouse import charter, markup
from notifications.models import Subscription
from transparency import register

BATCH = 1000
OPENING_HOUR = dt.timedelta(hours=9)
FOLLOWERS = 24
CHOICES = {"agree": Position.Choice.AGREE, "mixed": Position.Choice.MIXED, "disagree": Position.Choice.DISAGREE}


def key(slug: str) -> str:
    """Give the mark of a consultation of the demonstration."""
    return f"demo:{slug}"


def is_staged(slug: str) -> bool:
    """Tell whether a consultation was written by a former run."""
    return Consultation.objects.filter(source_key=key(slug)).exists()


@dataclass(frozen=True)
class _Stored:
    """A file put in the storage: its name there and its size."""

    name: str
    size: int


def store(script: texts.Script) -> dict[str, _Stored]:
    """Put the pictures and documents of a consultation in the storage, before any transaction, those that are missing only.

    Shape: by « picture:<drawing> » and « paper:<title> ».
    """
    kept = {
        f"paper:{paper.title}": _keep(
            "documents", f"{script.slug}/{paper.title}", "pdf", papers.as_pdf(paper.title, paper.text)
        )
        for paper in script.papers
    }
    if script.image:
        kept["image"] = _keep("consultations", script.slug, "webp", pictures.draw(script.image))
    for text in script.texts:
        for photo in text.photos:
            kept[f"picture:{photo.draw}"] = _keep(
                "contributions", f"{script.slug}/{photo.draw}", "webp", pictures.draw(photo.draw)
            )
    return kept


def _keep(folder: str, what: str, extension: str, content: bytes) -> _Stored:
    name = f"{folder}/{_uuid(what).hex}.{extension}"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))
    return _Stored(name=name, size=len(content))


def _uuid(what: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{what}")


@transaction.atomic(durable=True)
def stage(*, script: texts.Script, crowd: Crowd, files: Mapping[str, _Stored], at: dt.datetime) -> bool:
    """Write a consultation with all that happened in it, once.

    Shape: False when a former run did.
    Locks: one run of the demonstration at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('demo', 0))")
    if is_staged(script.slug):
        return False
    consultation = _consultation(script, files, at)
    sections = _sections(consultation, script)
    dealt = _deal(script, crowd, at)
    contributions = _contributions(consultation, sections, dealt, crowd)
    _positions(contributions, dealt, crowd)
    _attachments(contributions, dealt, files)
    _versions(contributions, dealt)
    comments = _comments(contributions, dealt, crowd)
    _follow(consultation, crowd)
    participation.catch_up([consultation.pk])
    if script.state != "draft":
        facts = {"contributions": consultation.contribution_count, "commentaires": comments}
        register.record("consultation.demo", role="système", subject=script.slug, facts=facts)
    return True


# --- What the city says --------------------------------------------------------------------------------------------------


def _consultation(script: texts.Script, files: Mapping[str, _Stored], at: dt.datetime) -> Consultation:
    today = at.astimezone(PARIS).date()
    begins = midnight(today + dt.timedelta(days=script.steps[0].first)) + OPENING_HOUR
    fields: dict[str, Any] = dict(script.fields)
    for coordinate in ("latitude", "longitude"):
        if fields[coordinate] is not None:
            fields[coordinate] = Decimal(str(fields[coordinate]))
    counted = [text for text in script.texts if not text.is_withdrawn]
    consultation = Consultation.objects.create(
        **{**fields, "description": markup.clean_html(fields["description"], staff=True)},
        slug=script.slug,
        source_key=key(script.slug),
        theme=Theme.objects.get(slug=script.theme),
        service=Service.objects.get(slug=script.service),
        image=files["image"].name if script.image else "",
        published_at=None if script.state == "draft" else begins,
        archived_at=_archived_at(script, today),
        contribution_count=len(counted),
    )
    consultation.districts.set(District.objects.filter(name__in=script.districts))
    Phase.objects.bulk_create(
        Phase(
            consultation=consultation,
            position=position,
            kind=step.kind,
            name=step.name,
            starts_on=(starts_on := today + dt.timedelta(days=step.first)),
            ends_on=None if step.last is None else today + dt.timedelta(days=step.last),
            # What began before the demonstration is not announced to anybody.
            announced_at=midnight(starts_on) if starts_on <= today else None,
        )
        for position, step in enumerate(script.steps, start=1)
    )
    Document.objects.bulk_create(
        Document(
            consultation=consultation,
            key=_uuid(f"{script.slug}/{paper.title}/document"),
            position=position,
            title=paper.title,
            file=files[f"paper:{paper.title}"].name,
            content_type="application/pdf",
            size=files[f"paper:{paper.title}"].size,
            is_accessible=not paper.is_page,
            html_body=papers.as_html(paper.text) if paper.is_page else "",
        )
        for position, paper in enumerate(script.papers, start=1)
    )
    return consultation


def _archived_at(script: texts.Script, today: dt.date) -> dt.datetime | None:
    last = script.steps[-1].last
    return midnight(today + dt.timedelta(days=last + 30)) if script.state == "archived" and last is not None else None


def _sections(consultation: Consultation, script: texts.Script) -> dict[str, Section]:
    counted = [text.section for text in script.texts if not text.is_withdrawn]
    sections = Section.objects.bulk_create(
        Section(
            consultation=consultation,
            position=position,
            title=part.title,
            question=part.question,
            source_key=part.key,
            contribution_count=counted.count(part.key),
        )
        for position, part in enumerate(script.parts, start=1)
    )
    return {part.key: section for part, section in zip(script.parts, sections, strict=True)}


def _follow(consultation: Consultation, crowd: Crowd) -> None:
    """Make some residents follow what is going on."""
    if consultation.published_at is None or consultation.archived_at is not None:
        return
    chosen = Random(f"followers:{consultation.slug}").sample(crowd.users, FOLLOWERS)  # noqa: S311 (a demonstration)
    Subscription.objects.bulk_create(
        (Subscription(user=user, topic=consultation.topic) for user in chosen), ignore_conflicts=True
    )


# --- What residents answer -------------------------------------------------------------------------------------------------


def _deal(script: texts.Script, crowd: Crowd, at: dt.datetime) -> list[casting.Dealt]:
    """Deal the texts over the phase of contribution, up to now."""
    if not script.texts:
        return []
    step = next(step for step in script.steps if step.kind == Kind.CONTRIBUTE)
    today = at.astimezone(PARIS).date()
    ends_on = today if step.last is None else today + dt.timedelta(days=step.last)
    everybody = crowd.verified if script.fields["residency_level"] == "verified" else range(len(crowd.users))
    writers = [number for number in everybody if number < len(crowd.residents)]
    return casting.deal(
        script.texts,
        casting.Cast(residents=crowd.residents, writers=writers, voters=list(everybody)),
        texts.reactions(),
        opens_at=midnight(today + dt.timedelta(days=step.first)) + OPENING_HOUR,
        until=min(at - dt.timedelta(minutes=3), midnight(ends_on + dt.timedelta(days=1)) - dt.timedelta(minutes=1)),
        chance=Random(script.slug),  # noqa: S311 (a demonstration)
    )


def _contributions(
    consultation: Consultation, sections: Mapping[str, Section], dealt: Sequence[casting.Dealt], crowd: Crowd
) -> list[Contribution]:
    contributions = Contribution.objects.bulk_create(
        [_contribution(consultation, sections, one, crowd) for one in dealt], batch_size=BATCH
    )
    # The two dates that Django fills by itself.
    Contribution.objects.filter(consultation=consultation).update(
        created_at=F("published_at"), saved_at=F("published_at")
    )
    items.write_contributions([row.pk for row in contributions])
    return contributions


def _contribution(
    consultation: Consultation, sections: Mapping[str, Section], one: casting.Dealt, crowd: Crowd
) -> Contribution:
    text = one.text
    author = None if one.author is None else crowd.users[one.author]
    visible = [said for opening in one.debate for said in (opening, *opening.replies) if not said.is_withdrawn]
    stances = [said.stance for said in visible]
    return Contribution(
        consultation=consultation,
        section=sections[text.section],
        author=author,
        author_label=text.label,
        signature=text.signature,
        district=None if author is None else author.district,
        kind=text.kind,
        title=text.title,
        body=text.body,
        body_html=markup.render_markdown(text.body),
        usage_when=text.when,
        usage_frequency=text.often,
        usage_role=text.role,
        place=text.place,
        channel=Channel(text.channel),
        charter_version=charter.CURRENT.number if one.at.date() >= charter.CURRENT.in_force_on else "",
        published_at=one.at,
        corrected_at=_corrected_at(one) if text.before else None,
        withdrawn_at=_corrected_at(one) if text.is_withdrawn else None,
        agree_count=len(one.agree),
        mixed_count=len(one.mixed),
        disagree_count=len(one.disagree),
        comment_count=len(visible),
        for_count=stances.count("for"),
        against_count=stances.count("against"),
    )


def _corrected_at(one: casting.Dealt) -> dt.datetime:
    """Place a correction after the first reactions."""
    reactions = [said.at for said in one.debate[:3]]
    return max(reactions, default=one.at) + dt.timedelta(minutes=2)


def _versions(contributions: Sequence[Contribution], dealt: Sequence[casting.Dealt]) -> None:
    ContributionVersion.objects.bulk_create(
        ContributionVersion(
            contribution=contribution,
            number=1,
            title=one.text.before_title or one.text.title,
            body=one.text.before,
            body_html=markup.render_markdown(one.text.before),
            replaced_at=contribution.corrected_at or one.at,
        )
        for contribution, one in zip(contributions, dealt, strict=True)
        if one.text.before
    )


def _attachments(
    contributions: Sequence[Contribution], dealt: Sequence[casting.Dealt], files: Mapping[str, _Stored]
) -> None:
    Attachment.objects.bulk_create(
        Attachment(
            key=_uuid(f"{contribution.consultation.slug}/{photo.draw}"),
            contribution=contribution,
            position=position,
            kind=Attachment.Kind.PHOTO,
            file=files[f"picture:{photo.draw}"].name,
            name=f"{photo.draw}.webp",
            alt=photo.alt,
            content_type="image/webp",
            size=files[f"picture:{photo.draw}"].size,
            width=pictures.WIDTH,
            height=pictures.HEIGHT,
        )
        for contribution, one in zip(contributions, dealt, strict=True)
        for position, photo in enumerate(one.text.photos, start=1)
    )


def _positions(contributions: Sequence[Contribution], dealt: Sequence[casting.Dealt], crowd: Crowd) -> None:
    Position.objects.bulk_create(
        (
            Position(contribution=contribution, resident=crowd.users[number], choice=choice)
            for contribution, one in zip(contributions, dealt, strict=True)
            for name, choice in CHOICES.items()
            for number in getattr(one, name)
        ),
        batch_size=BATCH,
    )


# --- Debate ------------------------------------------------------------------------------------------------------------


def _comments(contributions: Sequence[Contribution], dealt: Sequence[casting.Dealt], crowd: Crowd) -> int:
    """Write the threads, then their replies, then who supports which; give how many are visible."""
    openings = [
        (contribution, opening)
        for contribution, one in zip(contributions, dealt, strict=True)
        for opening in one.debate
    ]
    threads = Comment.objects.bulk_create(
        [_comment(contribution, opening, crowd) for contribution, opening in openings], batch_size=BATCH
    )
    answers = [
        (thread, reply)
        for thread, (_contribution, opening) in zip(threads, openings, strict=True)
        for reply in opening.replies
    ]
    replies = Comment.objects.bulk_create(
        [_comment(thread.contribution, reply, crowd, parent=thread) for thread, reply in answers], batch_size=BATCH
    )
    spoken = [
        *zip(threads, (opening for _, opening in openings), strict=True),
        *zip(replies, (reply for _, reply in answers), strict=True),
    ]
    CommentSupport.objects.bulk_create(_supports(spoken, crowd.users), batch_size=BATCH)
    visible = sum(
        1 for comment, _said in spoken if comment.withdrawn_at is None and comment.contribution.withdrawn_at is None
    )
    if contributions:
        Consultation.objects.filter(pk=contributions[0].consultation_id).update(comment_count=visible)
    return visible


def _supports(spoken: Iterable[tuple[Comment, casting.Said]], users: Sequence[User]) -> Iterable[CommentSupport]:
    return (
        CommentSupport(comment=comment, resident=users[number])
        for comment, said in spoken
        for number in said.supporters
    )


def _comment(contribution: Contribution, said: casting.Said, crowd: Crowd, parent: Comment | None = None) -> Comment:
    return Comment(
        contribution=contribution,
        parent=parent,
        author=crowd.users[said.author],
        stance=said.stance,
        body=said.body,
        body_html=markup.render_markdown(said.body),
        published_at=said.at,
        withdrawn_at=said.at + dt.timedelta(minutes=1) if said.is_withdrawn else None,
        support_count=len(said.supporters),
        reply_count=sum(not reply.is_withdrawn for reply in said.replies),
    )
