"""A commitment of the city, and the dated news of it. Rows are written by actions only."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from city.models import District, Service, Theme
from mulhouse import fulltext
from mulhouse.references import new_reference

SEARCH_CONFIG = "french_unaccent"
# Without news for this long, a commitment that runs is asked after.
SILENT_DAYS = 90
_SEARCHED: Any = fulltext.vector("title", weight="A", config=SEARCH_CONFIG) + fulltext.vector(
    "description", weight="B", config=SEARCH_CONFIG
)


class State(models.TextChoices):
    """Where a commitment stands, as the service says."""

    PLANNED = "planned", _("Prévu")
    IN_PROGRESS = "in_progress", _("En cours")
    DONE = "done", _("Réalisé")
    ABANDONED = "abandoned", _("Abandonné")


RUNNING = (State.PLANNED, State.IN_PROGRESS)


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    """Named reads of commitments."""

    def published(self) -> Self:
        """Visible to everybody, for ever."""
        return self.filter(published_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        """What this person may see: everything published, and drafts for those who write them."""
        # `is_staff` first: it costs no query, and residents hold no permission.
        if user.is_authenticated and user.is_staff and user.has_perm("commitments.change_commitment"):
            return self
        return self.published()

    def running(self) -> Self:
        """Neither done nor abandoned."""
        return self.filter(state__in=RUNNING)

    def late(self, *, on: dt.date) -> Self:
        """Still running on a day that comes after the promised one."""
        return self.running().filter(due_on__lt=on)

    def silent(self, *, at: dt.datetime) -> Self:
        """Running, and without a word for too long."""
        return self.published().running().filter(news_at__lte=at - dt.timedelta(days=SILENT_DAYS))


class Commitment(models.Model):
    """Something the city said it would do, by when, and for which service to do.

    `topic` names what followers of its source follow (« consultation:quais-du-canal »), "" when it comes from elsewhere.
    """

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    title = models.CharField("titre", max_length=160)
    description = models.TextField("ce que la Ville s’engage à faire")
    theme = models.ForeignKey(
        Theme, verbose_name="thème", null=True, blank=True, on_delete=models.PROTECT, related_name="commitments"
    )
    service = models.ForeignKey(
        Service, verbose_name="service responsable", on_delete=models.PROTECT, related_name="commitments"
    )
    district = models.ForeignKey(
        District,
        verbose_name="quartier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="commitments",
        help_text="Aucun : toute la ville.",
    )
    topic = models.CharField("sujet suivi", max_length=120, blank=True, editable=False)
    source_title = models.CharField("d’où vient cet engagement", max_length=200)
    source_url = models.CharField("adresse de la source", max_length=400, blank=True)
    state = models.CharField("état", max_length=11, choices=State, default=State.PLANNED)
    # The day first promised is kept: a later one never hides it.
    first_due_on = models.DateField("échéance annoncée")
    due_on = models.DateField("échéance", help_text="Le dernier jour, inclus.")
    closed_on = models.DateField("réalisé ou abandonné le", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)
    published_at = models.DateTimeField("publié le", null=True, blank=True)
    news_at = models.DateTimeField("dernière nouvelle le", null=True, blank=True, editable=False)
    search = models.GeneratedField(expression=_SEARCHED, output_field=SearchVectorField(), db_persist=True)

    objects: ClassVar[models.Manager["Commitment"]] = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = "engagement"
        verbose_name_plural = "engagements"
        ordering = ("-published_at", "-pk")
        permissions = (("publish_commitment", "Peut publier un engagement et en donner des nouvelles"),)
        indexes = (
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="commitment_recent",
                condition=Q(published_at__isnull=False),
            ),
            models.Index(
                F("due_on").asc(), F("id").asc(), name="commitment_due", condition=Q(published_at__isnull=False)
            ),
            models.Index(F("topic"), F("due_on"), name="commitment_topic"),
            GinIndex(fields=("search",), name="commitment_search"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("done", "abandoned"), closed_on__isnull=False)
                | Q(state__in=("planned", "in_progress"), closed_on__isnull=True),
                name="commitment_closed_when_over",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, news_at__isnull=True)
                | Q(published_at__isnull=False, news_at__isnull=False),
                name="commitment_published_with_news",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Give the public address."""
        return reverse("commitments:detail", args=[self.reference])

    @property
    def own_topic(self) -> str:
        """Name what the followers of this commitment alone follow."""
        return f"commitment:{self.reference}"

    @property
    def version(self) -> str:
        """Name what an agent has under the eyes, so that two never overwrite each other without knowing."""
        return self.updated_at.isoformat()

    @property
    def is_running(self) -> bool:
        """Tell whether it is neither done nor abandoned."""
        return self.state in RUNNING


class CommitmentNewsQuerySet(models.QuerySet["CommitmentNews"]):
    """Named reads of news."""

    def visible(self) -> Self:
        """What every surface may show: the news of what is public."""
        return self.filter(commitment__published_at__isnull=False)


class CommitmentNews(models.Model):
    """A dated word on a commitment: what was done, the state from then on, a new day, new words. Never rewritten."""

    class Kind(models.TextChoices):
        """What sort of news it is."""

        PUBLISHED = "published", _("Engagement publié")
        PROGRESS = "progress", _("Nouvelle")
        DUE_DATE = "due_date", _("Échéance changée")
        WORDS = "words", _("Texte modifié")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    commitment = models.ForeignKey(Commitment, on_delete=models.PROTECT, related_name="news")
    kind = models.CharField("sorte", max_length=9, choices=Kind, default=Kind.PROGRESS)
    happened_on = models.DateField("date")
    published_at = models.DateTimeField("publiée le")
    state = models.CharField("état à partir de là", max_length=11, choices=State)
    text = models.TextField("texte", blank=True)
    text_html = models.TextField("texte affiché", blank=True)
    due_before = models.DateField("échéance avant", null=True, blank=True)
    due_after = models.DateField("échéance après", null=True, blank=True)
    # What the text of the commitment was and is, where it changed (`changes.Change`); `text` says why.
    changes = models.JSONField("ce qui a changé", default=list, db_default=[], blank=True)
    photo_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    photo = models.FileField("photo", upload_to="engagements/", blank=True)
    photo_alt = models.CharField("ce que montre la photo", max_length=200, blank=True)
    photo_width = models.PositiveIntegerField(null=True, blank=True)
    photo_height = models.PositiveIntegerField(null=True, blank=True)
    told_at = models.DateTimeField("envoyée aux abonnés le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["CommitmentNews"]] = CommitmentNewsQuerySet.as_manager()

    class Meta:
        verbose_name = "nouvelle"
        verbose_name_plural = "nouvelles"
        ordering = ("-happened_on", "-pk")
        indexes = (
            models.Index("commitment", F("happened_on").desc(), F("id").desc(), name="commitment_news_of"),
            models.Index(F("published_at").desc(), F("id").desc(), name="commitment_news_recent"),
            models.Index(fields=("id",), name="commitment_news_untold", condition=Q(told_at__isnull=True)),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="published") | ~Q(text=""),
                name="commitment_news_said",
                violation_error_message="Dites en quelques mots ce qui change.",
            ),
            models.CheckConstraint(
                condition=Q(kind="due_date", due_before__isnull=False, due_after__isnull=False)
                | (~Q(kind="due_date") & Q(due_before__isnull=True, due_after__isnull=True)),
                name="commitment_news_due_dates",
            ),
            models.CheckConstraint(
                condition=(Q(kind="words") & ~Q(changes=[])) | (~Q(kind="words") & Q(changes=[])),
                name="commitment_news_changes",
            ),
            models.CheckConstraint(
                condition=Q(photo="") | ~Q(photo_alt=""),
                name="commitment_news_photo_alt",
                violation_error_message="Décrivez la photo en une phrase : elle est lue à voix haute à qui ne la voit pas.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.get_kind_display()}"
