"""A campaign of ideas: the permanent box or a dated edition, with rules that do not change once it is published."""

import datetime as dt
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.levels import ResidencyLevel
from mulhouse.typography import local_day

# What the founding experiments of the city used.
SUPPORT_DAYS = 90
LEAST_REALISM = 35
# Units: working hours. Two days of work.
REVIEW_HOURS = 16
MAX_REVIEW_HOURS = 80
# Units: days. Six months, as the founding experiment of the city said.
PROMISE_DAYS, MAX_PROMISE_DAYS = 180, 730
# Addresses under /idees/ that are pages of their own.
RESERVED_SLUGS = (
    "campagnes",
    "carte",
    "comparer",
    "deposer",
    "flux",
    "mes-idees",
    "photos",
    "promesses",
    "realisees",
    "regle",
)


class ModerationMode(models.TextChoices):
    """When moderation reads what residents write."""

    AFTER = "after", _("après publication")
    PRIOR = "prior", _("avant publication")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Named reads of campaigns."""

    def published(self) -> Self:
        """Visible to everybody."""
        return self.filter(published_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        """What this person may see: everything published, and drafts for those who prepare them."""
        # `is_staff` first: it costs no query, and residents hold no permission.
        if user.is_authenticated and user.is_staff and user.has_perm("ideas.change_campaign"):
            return self
        return self.published()

    def open(self, *, at: dt.datetime) -> Self:
        """Those that take new ideas at that instant."""
        today = local_day(at)
        rows = self.published().filter(Q(closes_on__isnull=True) | Q(closes_on__gte=today), opens_on__lte=today)
        return rows.filter(Q(replaced_on__isnull=True) | Q(replaced_on__gt=today))


class Campaign(models.Model):
    """Where ideas are deposited: the permanent box, or an edition with dates and, sometimes, a budget.

    Its rules (dates, who takes part, thresholds, what counts) are frozen at publication, by a trigger. New rules are a new campaign:
    ideas keep those of the campaign they were deposited in.
    """

    class Kind(models.TextChoices):
        """The two sorts of campaign."""

        PERMANENT = "permanent", _("Boîte permanente")
        EDITION = "edition", _("Campagne datée")

    slug = models.SlugField("adresse", max_length=80, unique=True)
    kind = models.CharField("sorte", max_length=9, choices=Kind, default=Kind.PERMANENT)
    title = models.CharField("titre", max_length=120)
    summary = models.TextField("en bref", help_text="En langage clair, 120 mots au plus.")
    opens_on = models.DateField("premier jour pour déposer")
    closes_on = models.DateField(
        "dernier jour pour déposer", null=True, blank=True, help_text="Inclus. Vide : sans fin."
    )
    supports_end_on = models.DateField(
        "dernier jour pour soutenir",
        null=True,
        blank=True,
        help_text="Inclus. Vide : chaque idée a le même nombre de jours, comptés de son dépôt.",
    )
    support_days = models.PositiveSmallIntegerField(
        "jours pour réunir des soutiens",
        default=SUPPORT_DAYS,
        validators=(MinValueValidator(1), MaxValueValidator(730)),
    )
    residency_level = models.CharField(
        "qui peut déposer et soutenir", max_length=10, choices=ResidencyLevel, default=ResidencyLevel.DECLARED
    )
    minimum_age = models.PositiveSmallIntegerField("âge minimum", null=True, blank=True)
    verified_only = models.BooleanField(
        "les seuils ne comptent que les soutiens de résidences vérifiées", default=False
    )
    least_realism = models.PositiveSmallIntegerField(
        "réalisme demandé pour être étudiée (sur 100)",
        default=LEAST_REALISM,
        validators=(MaxValueValidator(100),),
    )
    budget_cents = models.PositiveBigIntegerField("budget (en centimes)", null=True, blank=True)
    moderation = models.CharField(
        "les textes sont relus", max_length=5, choices=ModerationMode, default=ModerationMode.AFTER
    )
    review_hours = models.PositiveSmallIntegerField(
        "délai de relecture annoncé (heures ouvrées)",
        default=REVIEW_HOURS,
        validators=(MinValueValidator(1), MaxValueValidator(MAX_REVIEW_HOURS)),
    )
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)
    published_at = models.DateTimeField("publiée le", null=True, blank=True, editable=False)
    # The day on which another permanent box takes its place: ideas go there from then on, and keep their rules here.
    replaced_on = models.DateField("remplacée le", null=True, blank=True, editable=False)
    # Counted in the same transaction as the ideas; recounted every night.
    idea_count = models.PositiveIntegerField("idées", default=0, editable=False)

    objects: ClassVar[models.Manager["Campaign"]] = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "campagne d’idées"
        verbose_name_plural = "campagnes d’idées"
        ordering = ("-opens_on", "-pk")
        permissions = (("publish_campaign", "Peut publier une campagne d’idées"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(closes_on__isnull=True) | Q(closes_on__gte=F("opens_on")),
                name="campaign_closes_after_start",
                violation_error_message="Le dernier jour vient avant le premier.",
            ),
            models.CheckConstraint(
                condition=Q(kind="permanent", closes_on__isnull=True, supports_end_on__isnull=True)
                | Q(kind="edition", closes_on__isnull=False, supports_end_on__isnull=False),
                name="campaign_edition_dated",
                violation_error_message=(
                    "Une campagne datée a un dernier jour pour déposer et un pour soutenir. "
                    "La boîte permanente n’en a pas."
                ),
            ),
            models.CheckConstraint(
                condition=Q(supports_end_on__isnull=True) | Q(supports_end_on__gte=F("closes_on")),
                name="campaign_supports_end_last",
                violation_error_message="On soutient au moins jusqu’au dernier jour des dépôts.",
            ),
            models.CheckConstraint(condition=Q(support_days__range=(1, 730)), name="campaign_support_days"),
            models.CheckConstraint(condition=Q(least_realism__lte=100), name="campaign_realism_of_hundred"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Give the public address."""
        return reverse("ideas:campaign", args=[self.slug])

    @property
    def topic(self) -> str:
        """Name what its followers follow."""
        return f"campaign:{self.slug}"

    @property
    def version(self) -> str:
        """Name what an agent has under the eyes, so that two never overwrite each other without knowing."""
        return self.updated_at.isoformat()

    def is_open(self, *, at: dt.datetime) -> bool:
        """Tell whether ideas can be deposited at that instant."""
        today, last = local_day(at), self.last_day
        return self.published_at is not None and self.opens_on <= today and (last is None or today <= last)

    @property
    def last_day(self) -> dt.date | None:
        """Give the last day on which ideas can be deposited; None for a box without end."""
        if self.replaced_on is not None:
            return self.replaced_on - dt.timedelta(days=1)
        return self.closes_on

    def supports_until(self, on: dt.date) -> dt.date:
        """Give the last day, included, on which an idea published that day may be supported."""
        return self.supports_end_on or on + dt.timedelta(days=self.support_days)


class Threshold(models.Model):
    """A number of supports, and what the city promises once an idea has them."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="thresholds")
    supports = models.PositiveIntegerField("soutiens", validators=(MinValueValidator(1),))
    name = models.CharField("nom du seuil", max_length=80)
    promise = models.CharField("ce que la Ville promet", max_length=300)
    days = models.PositiveSmallIntegerField(
        "jours pour tenir la promesse",
        default=PROMISE_DAYS,
        db_default=PROMISE_DAYS,
        validators=(MinValueValidator(1), MaxValueValidator(MAX_PROMISE_DAYS)),
    )
    opens_study = models.BooleanField("l’idée peut être étudiée à partir de ce seuil", default=False)

    class Meta:
        verbose_name = "seuil"
        verbose_name_plural = "seuils"
        ordering = ("supports",)
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "supports"),
                name="threshold_supports_once",
                violation_error_message="Deux seuils demandent le même nombre de soutiens.",
            ),
            models.UniqueConstraint(
                fields=("campaign",),
                condition=Q(opens_study=True),
                name="threshold_one_opens_study",
                violation_error_message="Un seul seuil ouvre l’étude.",
            ),
            models.CheckConstraint(condition=Q(supports__gte=1), name="threshold_at_least_one"),
            models.CheckConstraint(condition=Q(days__range=(1, MAX_PROMISE_DAYS)), name="threshold_promise_days"),
        )

    def __str__(self) -> str:
        return f"{self.supports} · {self.name}"
