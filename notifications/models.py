"""The outbox (a mail is a row before it is a message) and who follows what."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q


class OutboundMailQuerySet(models.QuerySet["OutboundMail"]):
    """Named reads of the outbox."""

    def due(self, *, at: object) -> Self:
        """Waiting, and whose time has come."""
        return self.filter(state=OutboundMail.State.QUEUED, send_after__lte=at)

    def abandoned(self, *, at: object) -> Self:
        """Claimed by a worker that has not settled before its lease ran out."""
        return self.filter(state=OutboundMail.State.CLAIMED, lease_until__lt=at)


class OutboundMail(models.Model):
    """A mail to be sent. Claimed by compare-and-set, sent outside any transaction, then settled."""

    class State(models.TextChoices):
        """Where the mail is."""

        QUEUED = "queued", "en attente"
        CLAIMED = "claimed", "en cours d’envoi"
        SENT = "sent", "envoyé"
        FAILED = "failed", "échec"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="personne",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="mails",
    )
    kind = models.CharField("sorte", max_length=60)
    to = models.EmailField("à")
    subject = models.CharField("sujet", max_length=200)
    text = models.TextField("texte")
    html = models.TextField("HTML", blank=True)
    headers = models.JSONField("en-têtes", default=dict, blank=True)
    # « Notified once »: the same key is never queued twice; several mails have none.
    once_key = models.CharField("clé d’unicité", max_length=200, null=True, blank=True)  # noqa: DJ001
    # A code or a link that opens an account: given up after an hour, its text erased a day after.
    secret = models.BooleanField("confidentiel", default=False, db_default=False)
    state = models.CharField("état", max_length=8, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    send_after = models.DateTimeField("pas avant")
    claim = models.UUIDField("prise en charge", null=True, blank=True)
    lease_until = models.DateTimeField("réservé jusqu’à", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    last_error = models.CharField("dernière erreur", max_length=300, blank=True)

    objects: ClassVar[models.Manager["OutboundMail"]] = OutboundMailQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel"
        verbose_name_plural = "courriels"
        ordering = ("-created_at",)
        permissions = (("retry_outboundmail", "Peut renvoyer un courriel"),)
        indexes = (
            models.Index(fields=("send_after",), condition=Q(state="queued"), name="outbox_due"),
            models.Index(fields=("lease_until",), condition=Q(state="claimed"), name="outbox_claimed"),
            models.Index(fields=("-created_at",), name="outbox_recent"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(state__in=("queued", "claimed", "sent", "failed")), name="outbox_state"),
            models.UniqueConstraint(fields=("once_key",), name="outbox_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject}"


class Subscription(models.Model):
    """Somebody follows something, named by a topic such as « consultation:quais-du-canal »."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions")
    topic = models.CharField("sujet suivi", max_length=120)
    created_at = models.DateTimeField("depuis le", auto_now_add=True)

    class Meta:
        verbose_name = "abonnement"
        verbose_name_plural = "abonnements"
        constraints = (models.UniqueConstraint(fields=("user", "topic"), name="subscription_once"),)
        indexes = (models.Index(fields=("topic",), name="subscription_topic"),)

    def __str__(self) -> str:
        return self.topic
