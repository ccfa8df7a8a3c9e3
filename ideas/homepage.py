"""What the idea box shows on the home page."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ideas import presentation
from ideas.models import Answer, Campaign, Idea, Stage
from mulhouse import markup, typography
from mulhouse.home import Deadline, HomeSource, KeyFigure
from mulhouse.templatetags import ui
from mulhouse.typography import local_day

DEADLINES, CAMPAIGNS, SUMMARY_WORDS = 4, 6, 28
# What the card of an idea shows.
RISING = ("reference", "title", "need_html", "support_total", "theme__motif", "place_district__name")


def together(at: dt.datetime) -> tuple[list[Deadline], list[ui.ProcessCard]]:
    """List the last days of the dated campaigns, and show the campaign that is open and the idea that rises most; one query."""
    today = local_day(at)
    rising = Idea.objects.visible().filter(stage=Stage.SUPPORT, supports_until__gte=today, support_total__gt=0)
    best = rising.order_by("-heat", "-pk").values(json=JSONObject(**{name: name for name in RISING}))
    rows = Campaign.objects.published().filter(Q(supports_end_on__isnull=True) | Q(supports_end_on__gte=today))
    running = rows.filter(opens_on__lte=today).annotate(rising=Subquery(best[:1]))
    campaigns: list[Any] = list(running.order_by("closes_on", "pk")[:CAMPAIGNS])
    opened = next((row for row in campaigns if row.is_open(at=at)), None)
    cards = [_campaign_card(opened, at=at)] if opened else []
    if campaigns and campaigns[0].rising:
        cards.append(_idea_card(campaigns[0].rising))
    return _deadlines(campaigns, today), cards


def _deadlines(campaigns: Sequence[Campaign], today: dt.date) -> list[Deadline]:
    found = [
        Deadline(
            at=dt.datetime.combine(day, dt.time(23, 59), tzinfo=timezone.get_default_timezone()),
            title=row.title,
            url=row.get_absolute_url(),
            detail=words,
        )
        for row in campaigns
        for day, words in (
            (row.closes_on, _("Dernier jour pour déposer une idée")),
            (row.supports_end_on, _("Dernier jour pour soutenir les idées")),
        )
        if day is not None and day >= today
    ]
    return sorted(found, key=lambda line: line.at)[:DEADLINES]


def _campaign_card(campaign: Campaign, *, at: dt.datetime) -> ui.ProcessCard:
    made = presentation.campaign_card(campaign, at=at)
    return ui.ProcessCard(
        title=made.title, url=made.url, summary=made.summary, tag=made.tag, motif="maille", meta=made.meta
    )


def _idea_card(found: Mapping[str, Any]) -> ui.ProcessCard:
    meta = [ui.Meta(presentation.supports(found["support_total"]), "thumbs-up")]
    if found["place_district__name"]:
        meta.append(ui.Meta(found["place_district__name"], "map-pin"))
    return ui.ProcessCard(
        title=found["title"],
        url=reverse("ideas:detail", args=[found["reference"]]),
        summary=Truncator(markup.to_text(found["need_html"])).words(SUMMARY_WORDS),
        tag=ui.Tag(_("Idée qui monte"), "info", "thumbs-up"),
        motif=found["theme__motif"] or "indienne",
        meta=meta,
    )


def tallies(at: dt.datetime) -> list[QuerySet[Any]]:
    """Give the ideas deposited since the first of January, and those answered since."""
    first_day = local_day(at).replace(month=1, day=1)
    since = Q(published_at__date__gte=first_day, published_at__lte=at)
    answered = Answer.objects.filter(since, idea=OuterRef("pk"))
    return [Idea.objects.visible().filter(since), Idea.objects.visible().filter(Exists(answered))]


def figures(counted: Sequence[int]) -> list[KeyFigure]:
    """Say what was counted; nothing of what is still at zero."""
    labels = (_("idées déposées"), _("idées qui ont une réponse"))
    return [
        KeyFigure(value=typography.number(count), label=label)
        for count, label in zip(counted, labels, strict=True)
        if count
    ]


SOURCE = HomeSource(together=together, tallies=tallies, figures=figures)
