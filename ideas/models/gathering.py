"""Ideas that say the same, gathered under one: the proposal, the word of each author, the word of each supporter."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from desk.models import Person
from ideas.models.amending import REASON_LENGTH, ReadFirst
from ideas.models.campaigns import Campaign
from ideas.models.writing import TITLE_LENGTH, Idea, Stage, Support


class GatheringQuerySet(models.QuerySet["Gathering"]):
    """Named reads of gatherings."""

    def waiting(self) -> Self:
        """Proposed, neither open nor over."""
        return self.filter(opened_at__isnull=True, ended_at__isnull=True)

    def open(self) -> Self:
        """What gathers ideas now."""
        return self.filter(opened_at__isnull=False, ended_at__isnull=True)

    def visible_to(self, user: Any) -> Self:
        """What this person may open: what they proposed, what concerns an idea of theirs, and everything for agents."""
        # Moderators read what waits.
        if user.is_staff and (user.has_perm("ideas.study_idea") or user.has_perm("moderation.decide_case")):
            return self
        own = GatheredIdea.objects.filter(idea__author=user).order_by()
        return self.filter(Q(author=user) | Q(pk__in=own.values("gathering"), released_at__isnull=False))


class Gathering(ReadFirst):
    """A proposal to gather ideas, by the city or by the author of one of them, then what became of it.

    The idea that gathers (`parent`) exists from the day it opens: the words are its own from then on, and are here no more, so that
    moderation and its author take them away once. `released_at`: the words may be read (by moderation first, where `cause` says so).
    Source: docs/algorithms/idees-regroupement.md.
    """

    class End(models.TextChoices):
        """Why it is over."""

        LAPSED = "lapsed", _("Il restait moins de deux idées")
        CANCELLED = "cancelled", _("Proposition retirée")
        REFUSED = "refused", _("Texte non publié par la modération")
        CITY = "city", _("Séparé par la Ville")
        AUTHORS = "authors", _("Séparé par les auteurs")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="gatherings")
    parent = models.OneToOneField(
        Idea, null=True, blank=True, on_delete=models.CASCADE, related_name="gathering", editable=False
    )
    is_of_city = models.BooleanField("proposé par la Ville", default=False)
    title = models.CharField("titre", max_length=TITLE_LENGTH)
    need = models.TextField("le besoin")
    proposal = models.TextField("la proposition")
    # The last day, included, on which an author answers.
    answers_until = models.DateField("réponses jusqu’au")
    opened_at = models.DateTimeField("ouvert le", null=True, blank=True)
    # When every supporter and follower had been told.
    asked_at = models.DateTimeField("soutiens interrogés le", null=True, blank=True, editable=False)
    ended_at = models.DateTimeField("terminé le", null=True, blank=True)
    end = models.CharField("fin", max_length=9, choices=End, blank=True)
    end_reason = models.CharField("motif public", max_length=REASON_LENGTH, blank=True)

    objects: ClassVar[models.Manager["Gathering"]] = GatheringQuerySet.as_manager()

    class Meta:
        verbose_name = "regroupement d’idées"
        verbose_name_plural = "regroupements d’idées"
        ordering = ("-submitted_at", "-pk")
        indexes = (
            models.Index("id", name="gathering_waiting", condition=Q(opened_at__isnull=True, ended_at__isnull=True)),
            models.Index(
                fields=("id",), name="gathering_unasked", condition=Q(asked_at__isnull=True, opened_at__isnull=False)
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(parent__isnull=False, released_at__isnull=False),
                name="gathering_open_has_idea",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="gathering_end_said",
            ),
            models.CheckConstraint(
                condition=~Q(end="city") | ~Q(end_reason=""),
                name="gathering_separated_reasoned",
                violation_error_message="Dites pourquoi, en une phrase\u00a0: tout le monde la lira.",
            ),
        )

    def get_absolute_url(self) -> str:
        """Give the page of those it concerns."""
        return reverse("ideas:gathering", args=[self.reference])

    @property
    def named(self) -> str:
        """Its title, for those it concerns (select `parent`): that of the idea that gathers, but for one that was hidden."""
        if self.parent is None:
            return self.title
        return gettext("Idée retirée") if self.parent.hidden_at is not None else self.parent.title

    @property
    def is_pending(self) -> bool:
        """Tell whether it is neither open nor over."""
        return self.opened_at is None and self.ended_at is None

    @property
    def is_open(self) -> bool:
        """Tell whether it gathers ideas now."""
        return self.opened_at is not None and self.ended_at is None


class GatheredIdea(models.Model):
    """One of the ideas that a gathering is about, and the word of its author."""

    class Answer(models.TextChoices):
        """What its author said."""

        NONE = "", _("Sans réponse")
        YES = "yes", _("D’accord")
        NO = "no", _("Pas d’accord")

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="members")
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="gatherings")
    answer = models.CharField("réponse", max_length=3, choices=Answer, blank=True)
    answered_at = models.DateTimeField("réponse le", null=True, blank=True)
    # Proposed or gathered: an idea is in one gathering at a time.
    is_live = models.BooleanField(default=True)
    # Where it stood, and stands again after a separation.
    stage_before = models.CharField("étape d’avant", max_length=11, choices=Stage, blank=True)
    # Its author asks for the separation.
    leaving_at = models.DateTimeField("séparation demandée le", null=True, blank=True)

    class Meta:
        verbose_name = "idée regroupée"
        verbose_name_plural = "idées regroupées"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("gathering", "idea"), name="gathered_idea_once"),
            models.UniqueConstraint(fields=("idea",), condition=Q(is_live=True), name="gathered_idea_one_gathering"),
        )

    def __str__(self) -> str:
        return f"{self.gathering_id} · {self.idea_id}"


class CarryAnswer(models.Model):
    """Somebody who supported an original says whether that counts for the idea that gathers. Never shown to anybody else.

    Only those who answered have a row. It goes with the separation.
    """

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="answers")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="idea_carry_answers")
    is_yes = models.BooleanField("compte pour l’idée qui réunit")
    # What a yes wrote; None when it was counted already, or was taken back since.
    support = models.OneToOneField(Support, null=True, blank=True, on_delete=models.SET_NULL, related_name="carry")

    class Meta:
        verbose_name = "réponse d’un soutien à un regroupement"
        verbose_name_plural = "réponses de soutiens à des regroupements"
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("gathering", "person"), name="carry_answer_once"),
            models.CheckConstraint(
                condition=Q(is_yes=True) | Q(support__isnull=True), name="carry_answer_no_counts_nothing"
            ),
        )

    def __str__(self) -> str:
        return f"réponse {self.pk}"


class LikelyPair(models.Model):
    """Two ideas that probably say the same, found at night, for agents to look at. Suggestions, never decisions."""

    first = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="+")
    likeness = models.FloatField("ressemblance (sur 1)")
    found_at = models.DateTimeField("trouvée le")
    dismissed_at = models.DateTimeField("écartée le", null=True, blank=True)

    class Meta:
        verbose_name = "paire d’idées proches"
        verbose_name_plural = "paires d’idées proches"
        ordering = ("-likeness", "-pk")
        default_permissions = ()
        indexes = (
            models.Index(
                F("likeness").desc(), F("id").desc(), name="likely_pair_queue", condition=Q(dismissed_at__isnull=True)
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("first", "second"), name="likely_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="likely_pair_ordered"),
        )

    def __str__(self) -> str:
        return f"{self.first_id} · {self.second_id}"
