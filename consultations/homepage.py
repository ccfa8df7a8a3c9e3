"""What consultations show on the home page, and how those that people follow are named."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from consultations import phases, presentation
from consultations.filters import with_state
from consultations.models import Comment, Consultation, Contribution, Item, ItemOutcome, Phase
from mulhouse import typography
from mulhouse.home import Deadline, HomeSource, KeyFigure
from mulhouse.templatetags.ui import ProcessCard
from notifications.topics import Topic

DEADLINES, CARDS = 4, 6


def deadlines(at: dt.datetime) -> list[Deadline]:
    """List the phases of contribution that end next, soonest first."""
    today = at.astimezone(phases.PARIS).date()
    rows = Phase.objects.filter(
        consultation__in=Consultation.objects.open(at=at),
        kind=phases.Kind.CONTRIBUTE,
        starts_on__lte=today,
        ends_on__gte=today,
    )
    return [
        Deadline(
            at=dt.datetime.combine(row.ends_on or today, dt.time(23, 59), tzinfo=phases.PARIS),
            title=row.consultation.title,
            url=row.consultation.get_absolute_url(),
            detail=_("Dernier jour pour donner votre avis"),
        )
        for row in rows.select_related("consultation").order_by("ends_on", "pk")[:DEADLINES]
    ]


def cards(at: dt.datetime) -> list[ProcessCard]:
    """Show the consultations that wait for an opinion, then those to come, then the last ones that report."""
    shown = Consultation.objects.published().filter(archived_at__isnull=True).with_district_names()
    rows = (
        with_state(shown.select_related("theme"), at=at)
        .prefetch_related("phases")
        .order_by(F("state"), "-published_at", "-pk")
    )
    return [presentation.card(row, at=at) for row in rows[:CARDS]]


def tallies(at: dt.datetime) -> list[QuerySet[Any]]:
    """Give what was opened, written and answered since the first of January."""
    first_day = phases.midnight(at.astimezone(phases.PARIS).date().replace(month=1, day=1))
    since = Q(published_at__gte=first_day, published_at__lte=at)
    rows = (Consultation.objects.published(), Contribution.objects.visible(), Comment.objects.public())
    answered = Item.objects.standing().filter(
        Exists(ItemOutcome.objects.current().filter(item=OuterRef("pk"), given_at__gte=first_day, given_at__lte=at))
    )
    return [*(each.filter(since) for each in rows), answered]


def figures(counted: Sequence[int]) -> list[KeyFigure]:
    """Say what was counted; nothing of what is still at zero."""
    labels = (_("consultations"), _("contributions"), _("commentaires"), _("avis qui ont une réponse"))
    return [
        KeyFigure(value=typography.number(count), label=label)
        for count, label in zip(counted, labels, strict=True)
        if count
    ]


def topic(slug: str) -> Topic | None:
    """Name a consultation that people follow."""
    row = Consultation.objects.published().filter(slug=slug).first()
    return Topic(title=row.title, url=row.get_absolute_url()) if row else None


SOURCE = HomeSource(deadlines=deadlines, cards=cards, tallies=tallies, figures=figures)
