"""What becomes of an idea once the city said yes: stages with planned and real dates, and dated news."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ideas.models.campaigns import Threshold
from ideas.models.writing import Idea
from mulhouse.references import new_reference


class Milestone(models.Model):
    """A stage of the realisation: the day that is planned, the one first announced, and the real one."""

    class Step(models.TextChoices):
        """The stages, in order."""

        STUDY = "study", _("Étude")
        DESIGN = "design", _("Conception")
        WORKS = "works", _("Travaux")
        DONE = "done", _("Réalisée")

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="milestones")
    step = models.CharField("étape", max_length=6, choices=Step)
    # The day first announced is kept: a later one never hides it.
    first_planned_on = models.DateField("annoncée d’abord pour le", editable=False)
    planned_on = models.DateField("prévue le")
    done_on = models.DateField("faite le", null=True, blank=True)

    class Meta:
        verbose_name = "étape d’une réalisation"
        verbose_name_plural = "étapes d’une réalisation"
        ordering = ("planned_on", "pk")
        constraints = (models.UniqueConstraint(fields=("idea", "step"), name="milestone_once"),)

    def __str__(self) -> str:
        return f"{self.idea_id} · {self.get_step_display()}"


class EventQuerySet(models.QuerySet["Event"]):
    """Named reads of events."""

    def public(self) -> Self:
        """What every surface may show: the news of what is visible."""
        return self.filter(idea__in=Idea.objects.visible())


class Event(models.Model):
    """A dated word of the city: a promise of a threshold kept, a stage begun or done, a new day, a budget, news. Never rewritten."""

    class Kind(models.TextChoices):
        """What sort of event it is."""

        STEP = "step", _("Étape faite")
        DATE = "date", _("Date changée")
        NEWS = "news", _("Nouvelle")
        ABANDONED = "abandoned", _("Projet abandonné")
        PROMISE = "promise", _("Promesse tenue")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField("sorte", max_length=9, choices=Kind, default=Kind.NEWS)
    step = models.CharField("étape", max_length=6, choices=Milestone.Step, blank=True)
    # The threshold whose promise is kept.
    threshold = models.ForeignKey(
        Threshold, verbose_name="seuil", null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    happened_on = models.DateField("date")
    date_before = models.DateField("date avant", null=True, blank=True)
    date_after = models.DateField("date après", null=True, blank=True)
    text = models.TextField("texte", blank=True)
    text_html = models.TextField("texte affiché", blank=True)
    # What is spent or planned from then on; None when it does not change.
    budget_cents = models.PositiveBigIntegerField("budget (en centimes)", null=True, blank=True)
    published_at = models.DateTimeField("publié le")
    told_at = models.DateTimeField("envoyé aux abonnés le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Event"]] = EventQuerySet.as_manager()

    class Meta:
        verbose_name = "nouvelle d’une réalisation"
        verbose_name_plural = "nouvelles de réalisations"
        ordering = ("-happened_on", "-pk")
        indexes = (
            models.Index("idea", F("happened_on").desc(), F("id").desc(), name="idea_event_of"),
            models.Index(F("published_at").desc(), F("id").desc(), name="idea_event_recent"),
            models.Index(fields=("id",), name="idea_event_untold", condition=Q(told_at__isnull=True)),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="step") | ~Q(text=""),
                name="idea_event_said",
                violation_error_message="Dites en quelques mots ce qui change.",
            ),
            models.CheckConstraint(
                condition=Q(kind="date", date_before__isnull=False, date_after__isnull=False)
                | (~Q(kind="date") & Q(date_before__isnull=True, date_after__isnull=True)),
                name="idea_event_dates",
            ),
            models.CheckConstraint(
                condition=Q(kind="promise", threshold__isnull=False) | ~Q(kind="promise") & Q(threshold__isnull=True),
                name="idea_event_promise",
            ),
            models.UniqueConstraint(
                fields=("idea", "threshold"), condition=Q(threshold__isnull=False), name="idea_event_promise_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.get_kind_display()}"


class EventPhotoQuerySet(models.QuerySet["EventPhoto"]):
    """Named reads of the photos of the city."""

    def public(self) -> Self:
        """What every surface may show."""
        return self.filter(event__idea__in=Idea.objects.visible())


class EventPhoto(models.Model):
    """A photo of works, taken by the city: checked by content, cleaned of its metadata."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="photos")
    file = models.FileField("fichier", upload_to="idees/")
    alt = models.CharField("ce que montre la photo", max_length=200)
    content_type = models.CharField("type", max_length=80)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    objects: ClassVar[models.Manager["EventPhoto"]] = EventPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = "photo d’une réalisation"
        verbose_name_plural = "photos de réalisations"
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(alt=""),
                name="idea_event_photo_alt",
                violation_error_message="Décrivez la photo en une phrase : elle est lue à voix haute à qui ne la voit pas.",
            ),
        )

    def __str__(self) -> str:
        return self.alt
