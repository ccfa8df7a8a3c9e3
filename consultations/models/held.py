"""Texts that wait to be read by moderation before they are public: apart from what is public, so that no list can show one."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consultations.models.procedure import Consultation
from consultations.models.writing import Comment, Contribution
from mulhouse.references import new_reference


class HeldTextQuerySet(models.QuerySet["HeldText"]):
    """Named reads of held texts."""

    def waiting(self) -> Self:
        """What moderation has not decided, and its author has not taken back."""
        return self.filter(released_at__isnull=True, refused_at__isnull=True, withdrawn_at__isnull=True)

    def of(self, author: object) -> Self:
        """What a person sees in their own space: what waits, and what was refused."""
        return self.filter(author=author, released_at__isnull=True, withdrawn_at__isnull=True)


class HeldText(models.Model):
    """A contribution, a comment or a correction handed in, and not public yet.

    A held contribution stays a draft, whose `submitted_at` says that it was handed in; a comment and a correction are here
    whole, and are written where they belong when they are released.
    """

    class Sort(models.TextChoices):
        """What it will be."""

        CONTRIBUTION = "contribution", _("Contribution")
        COMMENT = "comment", _("Commentaire")
        CORRECTION = "correction", _("Correction")

    class Cause(models.TextChoices):
        """Why it waits."""

        PRIOR = "held", _("Dans cette consultation, chaque texte est relu avant de paraître.")
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
    sort = models.CharField("sorte", max_length=12, choices=Sort)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="held_texts")
    # The contribution itself, the one that is commented, or the one that is corrected.
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="held_texts")
    parent = models.ForeignKey(Comment, null=True, blank=True, on_delete=models.CASCADE, related_name="held_replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="held_texts"
    )
    # What a comment or a correction will be: its columns by name.
    words = models.JSONField("texte", default=dict, blank=True)
    cause = models.CharField("raison", max_length=12, choices=Cause)
    submitted_at = models.DateTimeField("déposé le")
    released_at = models.DateTimeField("publié le", null=True, blank=True)
    refused_at = models.DateTimeField("refusé le", null=True, blank=True)
    refused_clause = models.CharField("article de la charte", max_length=8, blank=True)
    withdrawn_at = models.DateTimeField("repris le", null=True, blank=True)

    objects: ClassVar[models.Manager["HeldText"]] = HeldTextQuerySet.as_manager()

    class Meta:
        verbose_name = "texte en attente de relecture"
        verbose_name_plural = "textes en attente de relecture"
        ordering = ("-submitted_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(refused_at__isnull=True, withdrawn_at__isnull=True),
                name="held_text_one_end",
            ),
            # One text of a contribution waits at a time, and one correction of it.
            models.UniqueConstraint(
                fields=("contribution", "sort"),
                condition=Q(
                    sort__in=("contribution", "correction"),
                    released_at__isnull=True,
                    refused_at__isnull=True,
                    withdrawn_at__isnull=True,
                ),
                name="held_text_once",
            ),
        )
        indexes = (models.Index("author", F("submitted_at").desc(), name="held_text_author"),)

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
