"""Changes that others propose to the text of an idea, and the news its author gives. Rows are written by actions only."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ideas.models.talking import HeldText
from ideas.models.writing import TITLE_LENGTH, Idea, IdeaVersion
from mulhouse.references import new_reference

REASON_LENGTH = 300
NEWS_LENGTH = 1500
SHOWN = Q(released_at__isnull=False, withdrawn_at__isnull=True, hidden_at__isnull=True)


class ReadFirst(models.Model):
    """Something written that is public from `released_at` on: at once, or when moderation has read it (`cause` says why)."""

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_%(class)s_set"
    )
    cause = models.CharField("raison de l’attente", max_length=12, choices=HeldText.Cause, blank=True)
    submitted_at = models.DateTimeField("déposé le")
    released_at = models.DateTimeField("publié le", null=True, blank=True)
    refused_at = models.DateTimeField("refusé le", null=True, blank=True)
    refused_clause = models.CharField("article de la charte", max_length=8, blank=True)
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.reference

    @property
    def is_waiting(self) -> bool:
        """Tell whether moderation has not decided yet, nor its author taken it back."""
        return self.released_at is None and self.refused_at is None and self.withdrawn_at is None


class SaidQuerySet(models.QuerySet[Any]):
    """Named reads of what is written beside an idea."""

    def visible(self) -> Self:
        """Published, neither withdrawn nor hidden itself."""
        return self.filter(SHOWN)

    def public(self) -> Self:
        """What every surface may show: visible, on an idea that is."""
        return self.visible().filter(idea__in=Idea.objects.visible())


class Said(ReadFirst):
    """A text beside an idea, which moderation may hide and give back."""

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="%(class)s_set")
    hidden_at = models.DateTimeField("masqué le", null=True, blank=True, editable=False)
    # The clause of the charter that its address names.
    hidden_reason = models.CharField("article de la charte", max_length=300, blank=True, db_default="", editable=False)

    objects: ClassVar[models.Manager[Any]] = SaidQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_visible(self) -> bool:
        """Tell whether everybody may read it (`visible` says the same of rows)."""
        return self.released_at is not None and self.withdrawn_at is None and self.hidden_at is None


class Amendment(Said):
    """A change to the text of an idea that somebody else proposes; the author of the idea takes it or not, with a word."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("En attente de l’auteur")
        ACCEPTED = "accepted", _("Acceptée")
        DECLINED = "declined", _("Non retenue")

    # The whole text as it would be; "" for what does not change.
    title = models.CharField("titre proposé", max_length=TITLE_LENGTH, blank=True)
    need = models.TextField("besoin proposé", blank=True)
    proposal = models.TextField("proposition proposée", blank=True)
    reason = models.CharField("pourquoi", max_length=REASON_LENGTH)
    # Of the words of the idea that it was written from: words that changed since are never overwritten.
    digest = models.CharField("empreinte du texte d’avant", max_length=64)
    state = models.CharField("état", max_length=8, choices=State, default=State.WAITING)
    answer = models.CharField("mot de l’auteur", max_length=REASON_LENGTH, blank=True)
    answered_at = models.DateTimeField("réponse le", null=True, blank=True)
    # The words of the idea that it replaced.
    version = models.ForeignKey(
        IdeaVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="amendments", editable=False
    )

    class Meta:
        verbose_name = "modification proposée"
        verbose_name_plural = "modifications proposées"
        ordering = ("-submitted_at", "-pk")
        indexes = (
            models.Index("idea", F("submitted_at").desc(), F("id").desc(), name="idea_amendment_of"),
            models.Index("author", F("submitted_at").desc(), name="idea_amendment_author"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(title="") | ~Q(need="") | ~Q(proposal=""),
                name="idea_amendment_changes",
                violation_error_message=_("Changez au moins le titre, le besoin ou la proposition."),
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at__isnull=True)
                | (~Q(state="waiting") & Q(answered_at__isnull=False, released_at__isnull=False)),
                name="idea_amendment_answered",
            ),
        )


class AuthorNews(Said):
    """What the author of an idea says of how it goes: once a week at most, told to those who follow it."""

    body = models.TextField("texte")
    body_html = models.TextField("texte affiché")

    class Meta:
        verbose_name = "nouvelle de l’auteur d’une idée"
        verbose_name_plural = "nouvelles d’auteurs d’idées"
        ordering = ("-submitted_at", "-pk")
        indexes = (
            models.Index("idea", F("submitted_at").desc(), F("id").desc(), name="idea_author_news_of"),
            models.Index("author", F("submitted_at").desc(), name="idea_author_news_author"),
        )
