"""Rows around ideas that the factories do not make: what the city says, photos, versions."""

import datetime as dt

from django.core.files.base import ContentFile
from django.utils import timezone

from ideas.models import Answer, Criterion, Event, IdeaVersion, Milestone, Photo, Reaction, Reading
from tests.factories import today


def make_photo(idea, content=b"RIFF", **fields):
    """A photo joined to an idea."""
    values = {"name": "place.webp", "alt": "La place", "content_type": "image/webp", "size": len(content), **fields}
    photo = Photo(idea=idea, **values)
    photo.file.save(f"{photo.key}.webp", ContentFile(content), save=False)
    photo.save()
    return photo


def make_version(idea, **fields):
    """The words of an idea before a correction."""
    values = {
        "number": 1,
        "title": "Avant",
        "replaced_at": timezone.now(),
        "need": "Un besoin.",
        "need_html": "<p>Un besoin.</p>\n",
        "proposal": "Un banc.",
        "proposal_html": "<p>Un banc.</p>\n",
    }
    return IdeaVersion.objects.create(idea=idea, **{**values, **fields})


def make_answer(idea, **fields):
    """What the city decides of an idea."""
    values = {
        "number": idea.answers.count() + 1,
        "outcome": "kept",
        "signatory": "Adjointe aux espaces verts",
        "reason": "Le lieu s’y prête.",
        "reason_html": "<p>Le lieu s’y prête.</p>\n",
        "next_step": "Étude des plans",
        "next_on": today() + dt.timedelta(days=30),
        "published_at": timezone.now(),
    }
    values["correction"] = "" if values["number"] == 1 else "Une date."
    return Answer.objects.create(idea=idea, **{**values, **fields})


def make_reaction(answer, **fields):
    """What the author of an idea says of its answer."""
    values = {
        "author": answer.idea.author,
        "body": "Merci.",
        "body_html": "<p>Merci.</p>\n",
        "published_at": timezone.now(),
    }
    return Reaction.objects.create(answer=answer, **{**values, **fields})


def make_event(idea, **fields):
    """A dated word of the city on what is realised."""
    values = {
        "happened_on": today(),
        "text": "Ça avance.",
        "text_html": "<p>Ça avance.</p>\n",
        "published_at": timezone.now(),
    }
    return Event.objects.create(idea=idea, **{**values, **fields})


def make_milestone(idea, **fields):
    """A stage of a realisation."""
    values = {"step": "works", "first_planned_on": today(), "planned_on": today(), **fields}
    return Milestone.objects.create(idea=idea, **values)


def make_reading(idea, reason="C’est faisable.", **fields):
    """A first reading that says one thing."""
    reading = Reading.objects.create(idea=idea, number=1, score=50, published_at=timezone.now(), **fields)
    Criterion.objects.create(reading=reading, code="powers", level=2, reason=reason)
    return reading
