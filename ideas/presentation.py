"""Ideas and campaigns in words: what the components of the pages are given. Everything here is made from rows already read."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import invitations, signatures, told
from ideas.models import Campaign, Idea, Stage
from ideas.models.campaigns import ModerationMode
from ideas.thresholds import Goal
from mulhouse import typography
from mulhouse.templatetags import ui
from mulhouse.typography import local_day

STAGE_TAGS: dict[str, tuple[ui.Tone, str]] = {
    Stage.SUPPORT: ("info", "thumbs-up"),
    Stage.EXPIRED: ("neutral", "clock"),
    Stage.STUDY: ("mixed", "search"),
    Stage.KEPT: ("yes", "check"),
    Stage.DECLINED: ("no", "x"),
    Stage.ALREADY: ("yes", "check"),
    Stage.TRANSFERRED: ("neutral", "send"),
    Stage.GOING_ON: ("yes", "clock"),
    Stage.DONE: ("yes", "circle-check"),
    Stage.ABANDONED: ("no", "x"),
    Stage.GATHERED: ("neutral", "users"),
}


def resident_html(cleaned: str) -> SafeString:
    """Show the copy of a resident's text that was cleaned when it was saved."""
    return mark_safe(cleaned)  # noqa: S308 (cleaned by the action or the import that stored it)


def stage_tag(stage: str) -> ui.Tag:
    """Say in a word where an idea stands."""
    tone, icon = STAGE_TAGS[stage]
    return ui.Tag(Stage(stage).label, tone, icon)


# --- Supports ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far an idea is: « 71 soutiens sur 100 », the width of its bar (None without one), what lacks and for what."""

    words: str
    width: int | None = None
    lacks: str = ""


def supports(count: int) -> str:
    """Say how many support an idea."""
    return ngettext("%(n)s soutien", "%(n)s soutiens", count) % {"n": typography.number(count)}


def progress(idea: Idea, goals: Sequence[Goal]) -> Progress:
    """Measure an idea against its next threshold; what does not gather supports any more has a count alone."""
    is_closed = _is_closed(idea, today=local_day(timezone.now()))
    if idea.stage != Stage.SUPPORT or idea.next_supports is None or is_closed:
        return Progress(supports(idea.support_total))
    words = (
        ngettext("%(n)s soutien vérifié sur %(goal)s", "%(n)s soutiens vérifiés sur %(goal)s", idea.counted)
        if idea.verified_only
        else ngettext("%(n)s soutien sur %(goal)s", "%(n)s soutiens sur %(goal)s", idea.counted)
    )
    return Progress(
        words=words % {"n": typography.number(idea.counted), "goal": typography.number(idea.next_supports)},
        width=min(100, idea.counted * 100 // idea.next_supports),
        lacks=_lacks(idea.next_supports - idea.counted, goals, idea.next_supports),
    )


def _lacks(missing: int, goals: Sequence[Goal], next_supports: int) -> str:
    name = next((goal.name for goal in goals if goal.supports == next_supports), "")
    words = ngettext("Encore %(n)s soutien\u00a0: %(name)s", "Encore %(n)s soutiens\u00a0: %(name)s", missing)
    return words % {"n": typography.number(missing), "name": name} if name else ""


def left_words(idea: Idea, *, today: dt.date) -> str:
    """Say how long an idea may still be supported; "" when it may not."""
    if idea.stage != Stage.SUPPORT or idea.supports_until is None or idea.supports_until < today:
        return ""
    days = (idea.supports_until - today).days + 1
    if days == 1:
        return _("Dernier jour")
    return ngettext("Encore %(n)s jour", "Encore %(n)s jours", days) % {"n": typography.number(days)}


def _is_closed(idea: Idea, *, today: dt.date) -> bool:
    """Tell whether the last day of an idea is over, be it noted yet (`supporting.expire`) or not."""
    return idea.stage == Stage.SUPPORT and idea.supports_until is not None and idea.supports_until < today


def waits_for_study(idea: Idea, goals: Sequence[Goal], *, today: dt.date) -> bool:
    """Tell whether an idea gathered what its campaign asks, takes no support any more, and is not studied yet."""
    asked = next((goal for goal in goals if goal.opens_study), None)
    return _is_closed(idea, today=today) and asked is not None and asked.is_reached(idea.next_supports)


def ended(idea: Idea, goals: Sequence[Goal], *, today: dt.date) -> str:
    """Say why an idea takes no support any more, with what it gathered; "" for one that does, or that the city has in hand."""
    if idea.supports_until is None or not (idea.stage == Stage.EXPIRED or _is_closed(idea, today=today)):
        return ""
    day = typography.day(idea.supports_until)
    if waits_for_study(idea, goals, today=today):
        return _(
            "Les soutiens sont clos depuis le %(day)s. Elle a réuni ceux qu’il fallait\u00a0: elle attend l’étude."
        ) % {"day": day}
    asked = next((goal.supports for goal in goals if goal.opens_study), None)
    values = {"day": day, "n": typography.number(idea.counted), "goal": typography.number(asked or 0)}
    if asked is None:
        words = ngettext(
            "Le délai est passé le %(day)s\u00a0: %(n)s soutien.",
            "Le délai est passé le %(day)s\u00a0: %(n)s soutiens.",
            idea.counted,
        )
    elif idea.verified_only:
        words = ngettext(
            "Le délai est passé le %(day)s\u00a0: %(n)s soutien vérifié sur %(goal)s demandés.",
            "Le délai est passé le %(day)s\u00a0: %(n)s soutiens vérifiés sur %(goal)s demandés.",
            idea.counted,
        )
    else:
        words = ngettext(
            "Le délai est passé le %(day)s\u00a0: %(n)s soutien sur %(goal)s demandés.",
            "Le délai est passé le %(day)s\u00a0: %(n)s soutiens sur %(goal)s demandés.",
            idea.counted,
        )
    return words % values


def is_open(idea: Idea, *, today: dt.date) -> bool:
    """Tell whether a visible idea takes supports on a day (rules.supporting_refusal says why it does not)."""
    return idea.stage == Stage.SUPPORT and idea.supports_until is not None and today <= idea.supports_until


def takes_sheets(idea: Idea) -> bool:
    """Tell whether an idea is supported on signed sheets: not where a residence must be checked (select `campaign`)."""
    return idea.campaign.residency_level != "verified"


def counts(idea: Idea) -> list[ui.Fact]:
    """Give both counts of supports: those of residences that an agent checked, and those that people declare; none when too few."""
    labels = {told.VERIFIED: _("Résidence vérifiée par la Ville"), told.DECLARED: _("Résidence déclarée")}
    return [ui.Fact(labels[name], typography.number(count)) for name, count in told.parts(idea).items()]


def counting_rule(*, verified_only: bool) -> str:
    """Say what the thresholds count."""
    if verified_only:
        return _("Dans cette campagne, les seuils ne comptent que les soutiens de résidences vérifiées.")
    return _("Les seuils comptent tous les soutiens\u00a0: un par personne.")


# --- Cards ---------------------------------------------------------------------------------------------------------------


class Words:
    """The words of one page, each written once: twenty cards share a handful of dates and stages."""

    def __init__(self, *, today: dt.date) -> None:
        self.today = today
        self._days: dict[dt.date, str] = {}
        self._tags: dict[str, SafeString] = {}

    def day(self, day: dt.date) -> str:
        """Write a day."""
        if day not in self._days:
            self._days[day] = typography.day(day)
        return self._days[day]

    def stage_tag(self, stage: str) -> SafeString:
        """Say a stage, in its pill."""
        if stage not in self._tags:
            tag = stage_tag(stage)
            self._tags[stage] = ui.tag(label=tag.label, tone=tag.tone, icon=tag.icon)
        return self._tags[stage]


@dataclass(frozen=True)
class Card:
    """An idea in a list: everything that its card shows, in words.

    `gesture` is "" where nothing can be done there, "sign_in", "ask", "support", "supported" or "own".
    """

    reference: str
    title: str
    url: str
    # "" where supports are gathered: their bar says so.
    stage_tag: SafeString | str
    theme: str
    motif: str
    author: str
    # « avec Ali C. », those who sign with the author; "" for nobody.
    beside: str
    day: str
    iso_day: str
    place: str
    comments: str
    progress: Progress
    left: str
    gesture: str = ""
    # Why it can not be supported, and where that can be mended: said after the button was pressed.
    refusal: str = ""
    remedy_url: str = ""


def card(idea: Idea, *, words: Words, goals: Sequence[Goal], gesture: str = "") -> Card:
    """Make the card of an idea (select `author`, `district`, `theme`, `place_district`, annotate `coauthor_names`)."""
    published = local_day(idea.published_at or idea.saved_at)
    return Card(
        reference=idea.reference,
        title=idea.title,
        url=idea.get_absolute_url(),
        stage_tag="" if idea.stage == Stage.SUPPORT else words.stage_tag(idea.stage),
        theme=idea.theme.name if idea.theme else "",
        motif=idea.theme.motif if idea.theme else "",
        author=signed(idea),
        beside=coauthors(invitations.names_of(idea)),
        day=words.day(published),
        iso_day=published.isoformat(),
        place=idea.place_district.name if idea.place_district else "",
        comments=comments(idea.comment_count) if idea.comment_count else "",
        progress=progress(idea, goals),
        left=_("En attente d’étude")
        if waits_for_study(idea, goals, today=words.today)
        else left_words(idea, today=words.today),
        gesture=gesture if is_open(idea, today=words.today) else "",
    )


def coauthors(names: Sequence[str]) -> str:
    """Name those who sign with the author; "" for nobody."""
    if not names:
        return ""
    *first, last = names
    named = _("%(names)s et %(last)s") % {"names": ", ".join(first), "last": last} if first else last
    return _("avec %(names)s") % {"names": named}


def comments(count: int) -> str:
    """Say how many comments."""
    return ngettext("%(n)s commentaire", "%(n)s commentaires", count) % {"n": typography.number(count)}


def on_behalf(idea: Idea) -> str:
    """Say for whom an idea is deposited, beside who deposits it; "" for oneself."""
    if idea.behalf == Idea.Behalf.ONESELF or not idea.behalf_name:
        return ""
    sort = _("pour le conseil %(name)s") if idea.behalf == Idea.Behalf.COUNCIL else _("pour l’association %(name)s")
    return sort % {"name": idea.behalf_name}


def signed(idea: Idea) -> str:
    """Sign an idea on one line: who, and for whom; a council or an association never stands alone, as nobody checked it."""
    return ", ".join(filter(None, (signatures.of_idea(idea), on_behalf(idea))))


def author_line(idea: Idea) -> tuple[str, str]:
    """Sign an idea: who, and for whom or where they live ("" when that says nothing more)."""
    author = signatures.of_idea(idea)
    if behalf := on_behalf(idea):
        # Nobody checked it.
        return author, _("%(behalf)s (déclaré par l’auteur)") % {"behalf": behalf}
    is_named = idea.signature == Idea.Signature.NAME and idea.author is not None
    return author, idea.district.name if is_named and idea.district else ""


def facts(idea: Idea, *, empty: bool = False) -> list[ui.Fact]:
    """Give what stands beside the text: for whom, at what cost, where; what is not said only when asked."""
    place = ", ".join(filter(None, (idea.place, idea.place_district.name if idea.place_district else "")))
    given = (
        (_("Pour qui\u00a0?"), idea.beneficiaries),
        (_("Combien cela coûterait"), idea.cost),
        (_("Où\u00a0?"), place),
    )
    return [ui.Fact(label, value) for label, value in given if value or empty]


# --- Campaigns -----------------------------------------------------------------------------------------------------------


def campaign_tag(campaign: Campaign, *, at: dt.datetime) -> ui.Tag:
    """Say in a word where a campaign stands."""
    today = local_day(at)
    if campaign.published_at is None:
        return ui.Tag(_("Brouillon"), "mixed", "pencil")
    if campaign.is_open(at=at):
        return ui.Tag(_("Ouverte"), "yes", "pencil")
    if today < campaign.opens_on:
        return ui.Tag(_("Bientôt"), "info", "calendar")
    if campaign.supports_end_on is not None and today <= campaign.supports_end_on:
        return ui.Tag(_("On peut encore soutenir"), "info", "thumbs-up")
    return ui.Tag(_("Terminée"), "neutral", "check")


def campaign_dates(campaign: Campaign) -> str:
    """Say when ideas are deposited."""
    return typography.date_range(campaign.opens_on, campaign.closes_on)


def ideas(count: int) -> str:
    """Say how many ideas."""
    return ngettext("%(n)s idée", "%(n)s idées", count) % {"n": typography.number(count)}


def campaign_rules(campaign: Campaign) -> list[ui.Fact]:
    """Give the frozen rules of a campaign, in words."""
    who = campaign.get_residency_level_display()
    if campaign.minimum_age:
        who = _("%(who)s, à partir de %(age)s\u00a0ans") % {"who": who, "age": campaign.minimum_age}
    found = [ui.Fact(_("Déposer une idée"), _capital(campaign_dates(campaign)))]
    if campaign.supports_end_on:
        words = _("Jusqu’au %(day)s, pour toutes les idées") % {"day": typography.day(campaign.supports_end_on)}
    else:
        days = campaign.support_days
        words = ngettext("%(n)s jour après la publication", "%(n)s jours après la publication", days) % {"n": days}
    found += [
        ui.Fact(_("Soutenir une idée"), words),
        ui.Fact(_("Qui participe\u00a0?"), _capital(who)),
        ui.Fact(_("Ce que comptent les seuils"), counting_rule(verified_only=campaign.verified_only)),
        ui.Fact(
            _("Ce qu’il faut pour être étudiée"),
            _("Un réalisme d’au moins %(score)s sur 100 à la première lecture") % {"score": campaign.least_realism},
        ),
        ui.Fact(_("Relecture"), _reviewed(campaign)),
    ]
    if campaign.budget_cents is not None:
        found.insert(0, ui.Fact(_("Budget"), typography.amount(campaign.budget_cents)))
    return found


def _reviewed(campaign: Campaign) -> str:
    if campaign.moderation == ModerationMode.PRIOR:
        return _("Chaque texte est relu avant de paraître, sous %(hours)s\u00a0heures ouvrées") % {
            "hours": campaign.review_hours
        }
    return _("Les textes paraissent aussitôt\u00a0; la modération les lit ensuite")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class CampaignCard:
    """A campaign in a list."""

    title: str
    url: str
    summary: str
    tag: ui.Tag
    meta: Sequence[ui.Meta]


def campaign_card(campaign: Campaign, *, at: dt.datetime) -> CampaignCard:
    """Make the card of a campaign."""
    meta = [
        ui.Meta(_capital(campaign_dates(campaign)), "calendar"),
        ui.Meta(ideas(campaign.idea_count), "message-square"),
    ]
    if campaign.budget_cents is not None:
        meta.append(ui.Meta(typography.amount(campaign.budget_cents), "tag"))
    return CampaignCard(
        title=campaign.title,
        url=campaign.get_absolute_url(),
        summary=campaign.summary,
        tag=campaign_tag(campaign, at=at),
        meta=meta,
    )


def campaign_crumbs(campaign: Campaign, *last: ui.Crumb) -> list[ui.Crumb]:
    """Give the way to a campaign, or to what stands in it."""
    here = ui.Crumb(campaign.title, campaign.get_absolute_url() if last else "")
    return [
        ui.Crumb(_("Idées"), reverse("ideas:list")),
        ui.Crumb(_("Campagnes"), reverse("ideas:campaigns")),
        here,
        *last,
    ]
