"""What residents say around an idea, and what waits to be read by moderation before it is public."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from desk.models import Channel
from ideas.models.studies import CriterionCode
from ideas.models.writing import Idea
from mulhouse.references import new_reference


class IdeaCommentQuerySet(models.QuerySet["Comment"]):
    """Named reads of comments."""

    def visible(self) -> Self:
        """Neither withdrawn nor hidden itself."""
        return self.filter(withdrawn_at__isnull=True, hidden_at__isnull=True)

    def public(self) -> Self:
        """What every surface shows and counts: visible, on an idea that is."""
        return self.visible().filter(idea__in=Idea.objects.visible())

    def threads(self) -> Self:
        """Those that open a thread."""
        return self.filter(parent__isnull=True)


class Comment(models.Model):
    """A word around an idea, for, against or neutral; a question to its author; a word on a criterion of the first reading."""

    class Stance(models.TextChoices):
        """Which way it leans."""

        FOR = "for", _("Pour")
        AGAINST = "against", _("Contre")
        NEUTRAL = "neutral", _("Neutre")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_comments"
    )
    author_label = models.CharField("auteur importé", max_length=80, blank=True)
    stance = models.CharField("sens", max_length=8, choices=Stance, default=Stance.NEUTRAL)
    is_question = models.BooleanField("question à l’auteur", default=False)
    # The criterion of the first reading that it is about; "" for the idea as a whole.
    criterion = models.CharField("critère", max_length=8, choices=CriterionCode, blank=True)
    body = models.TextField("texte")
    body_html = models.TextField("texte affiché")
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    published_at = models.DateTimeField("publié le")
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)
    hidden_at = models.DateTimeField("masqué le", null=True, blank=True, editable=False)
    # The clause of the charter that its address names.
    hidden_reason = models.CharField("article de la charte", max_length=300, blank=True, db_default="", editable=False)
    reply_count = models.PositiveIntegerField("réponses", default=0, editable=False)

    objects: ClassVar[models.Manager["Comment"]] = IdeaCommentQuerySet.as_manager()

    class Meta:
        verbose_name = "commentaire d’une idée"
        verbose_name_plural = "commentaires d’idées"
        ordering = ("published_at", "pk")
        indexes = (
            models.Index(
                "idea",
                F("published_at").desc(),
                F("id").desc(),
                name="idea_comment_recent",
                condition=Q(parent__isnull=True),
            ),
            models.Index(
                "idea",
                F("reply_count").desc(),
                F("id").desc(),
                name="idea_comment_discussed",
                condition=Q(parent__isnull=True),
            ),
            models.Index(fields=("parent", "published_at"), name="idea_comment_replies"),
            # For the API, over all ideas, since a day.
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="idea_comment_published",
                condition=Q(withdrawn_at__isnull=True, hidden_at__isnull=True),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(is_question=False) | Q(parent__isnull=True, stance="neutral", criterion=""),
                name="idea_comment_question_alone",
            ),
        )

    def __str__(self) -> str:
        return self.reference


class HeldIdeaTextQuerySet(models.QuerySet["HeldText"]):
    """Named reads of held texts."""

    def waiting(self) -> Self:
        """What moderation has not decided, and its author has not taken back."""
        return self.filter(released_at__isnull=True, refused_at__isnull=True, withdrawn_at__isnull=True)

    def of(self, author: object) -> Self:
        """What a person sees in their own space: what waits, and what was refused."""
        return self.filter(author=author, released_at__isnull=True, withdrawn_at__isnull=True)


class HeldText(models.Model):
    """An idea, a comment or a correction handed in, and not public yet.

    A held idea stays a draft, whose `submitted_at` says that it was handed in; a comment and a correction are here whole, and are
    written where they belong when they are released.
    """

    class Sort(models.TextChoices):
        """What it will be."""

        IDEA = "idea", _("Idée")
        COMMENT = "comment", _("Commentaire")
        CORRECTION = "correction", _("Correction")

    class Cause(models.TextChoices):
        """Why it waits."""

        PRIOR = "held", _("Dans cette campagne, chaque texte est relu avant de paraître.")
        NEW_ACCOUNT = (
            "new_account",
            _("Votre texte contient un lien et votre compte est récent\u00a0: il est relu avant de paraître."),
        )
        MASKING = (
            "masking",
            _(
                "Vous avez gardé des données qui peuvent être personnelles\u00a0: votre texte est relu avant de paraître."
            ),
        )

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    sort = models.CharField("sorte", max_length=10, choices=Sort)
    # The idea itself, the one that is commented, or the one that is corrected.
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="held_texts")
    parent = models.ForeignKey(Comment, null=True, blank=True, on_delete=models.CASCADE, related_name="held_replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="held_idea_texts"
    )
    # What a comment or a correction will be: its columns by name.
    words = models.JSONField("texte", default=dict, blank=True)
    cause = models.CharField("raison", max_length=12, choices=Cause)
    submitted_at = models.DateTimeField("déposé le")
    released_at = models.DateTimeField("publié le", null=True, blank=True)
    refused_at = models.DateTimeField("refusé le", null=True, blank=True)
    refused_clause = models.CharField("article de la charte", max_length=8, blank=True)
    withdrawn_at = models.DateTimeField("repris le", null=True, blank=True)

    objects: ClassVar[models.Manager["HeldText"]] = HeldIdeaTextQuerySet.as_manager()

    class Meta:
        verbose_name = "texte sur une idée, en attente de relecture"
        verbose_name_plural = "textes sur des idées, en attente de relecture"
        ordering = ("-submitted_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(refused_at__isnull=True, withdrawn_at__isnull=True),
                name="held_idea_text_one_end",
            ),
            # One text of an idea waits at a time, and one correction of it.
            models.UniqueConstraint(
                fields=("idea", "sort"),
                condition=Q(
                    sort__in=("idea", "correction"),
                    released_at__isnull=True,
                    refused_at__isnull=True,
                    withdrawn_at__isnull=True,
                ),
                name="held_idea_text_once",
            ),
        )
        indexes = (models.Index("author", F("submitted_at").desc(), name="held_idea_text_author"),)

    def __str__(self) -> str:
        return self.reference

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is still to be decided."""
        return self.released_at is None and self.refused_at is None and self.withdrawn_at is None

    @property
    def is_orphan(self) -> bool:
        """Tell whether it was not published because what it answers or corrects had gone: nobody refused it, no clause."""
        return self.refused_at is not None and not self.refused_clause
