"""What the idea box shows on the home page."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ideas import presentation, thresholds
from ideas.models import Campaign, Idea, Stage
from ideas.models.writing import ANSWERED
from mulhouse import markup, typography
from mulhouse.home import Deadline, HomeSource, KeyFigure
from mulhouse.templatetags import ui
from mulhouse.typography import local_day

DEADLINES, SUMMARY_WORDS = 4, 28


def deadlines(at: dt.datetime) -> list[Deadline]:
    """List the last days of the dated campaigns, to deposit and to support, soonest first."""
    today = local_day(at)
    rows = Campaign.objects.published().filter(opens_on__lte=today, supports_end_on__gte=today)
    found = [
        Deadline(
            at=dt.datetime.combine(day, dt.time(23, 59), tzinfo=timezone.get_default_timezone()),
            title=row.title,
            url=row.get_absolute_url(),
            detail=words,
        )
        for row in rows.order_by("closes_on", "pk")[:DEADLINES]
        for day, words in (
            (row.closes_on, _("Dernier jour pour déposer une idée")),
            (row.supports_end_on, _("Dernier jour pour soutenir les idées")),
        )
        if day is not None and day >= today
    ]
    return sorted(found, key=lambda line: line.at)[:DEADLINES]


def cards(at: dt.datetime) -> list[ui.ProcessCard]:
    """Show the campaign that is open, and the idea that rises most."""
    opened = Campaign.objects.open(at=at).order_by("closes_on", "pk").first()
    rising = Idea.objects.visible().filter(stage=Stage.SUPPORT, supports_until__gte=local_day(at), support_total__gt=0)
    shown = rising.select_related("theme", "place_district").defer("search", "proposal_html", "proposal", "need")
    idea = shown.annotate(goals=thresholds.of_campaign("campaign")).order_by("-heat", "-pk").first()
    found = [] if opened is None else [_campaign_card(opened, at=at)]
    return found if idea is None else [*found, _idea_card(idea, at=at)]


def _campaign_card(campaign: Campaign, *, at: dt.datetime) -> ui.ProcessCard:
    made = presentation.campaign_card(campaign, at=at)
    return ui.ProcessCard(
        title=made.title, url=made.url, summary=made.summary, tag=made.tag, motif="maille", meta=made.meta
    )


def _idea_card(idea: Idea, *, at: dt.datetime) -> ui.ProcessCard:
    measured = presentation.progress(idea, thresholds.read(getattr(idea, "goals", None)))
    meta = [ui.Meta(measured.words, "thumbs-up")]
    if idea.place_district:
        meta.append(ui.Meta(idea.place_district.name, "map-pin"))
    return ui.ProcessCard(
        title=idea.title,
        url=idea.get_absolute_url(),
        summary=Truncator(markup.to_text(idea.need_html)).words(SUMMARY_WORDS),
        tag=ui.Tag(_("Idée qui monte"), "info", "thumbs-up"),
        motif=idea.theme.motif if idea.theme else "indienne",
        meta=meta,
    )


def counts(at: dt.datetime) -> list[int]:
    """Count the ideas deposited since the first of January, their supports, and those that have an answer; one query."""
    first_day = local_day(at).replace(month=1, day=1)
    rows = Idea.objects.visible().filter(published_at__date__gte=first_day, published_at__lte=at)
    found = rows.aggregate(
        deposited=Count("pk"), supports=Sum(F("support_total")), answered=Count("pk", filter=Q(stage__in=ANSWERED))
    )
    return [found["deposited"], found["supports"] or 0, found["answered"]]


def figures(counted: Sequence[int]) -> list[KeyFigure]:
    """Say what was counted; nothing of what is still at zero."""
    labels = (_("idées déposées"), _("soutiens à des idées"), _("idées qui ont une réponse"))
    return [
        KeyFigure(value=typography.number(count), label=label)
        for count, label in zip(counted, labels, strict=True)
        if count
    ]


SOURCE = HomeSource(deadlines=deadlines, cards=cards, counts=counts, figures=figures)
