"""The outbox (a mail is a row before it is a message), who follows what, and what each person was told."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from notifications.kinds import Frequency


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


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Named reads of what people were told."""

    def unread(self) -> Self:
        """Not marked as read."""
        return self.filter(read_at__isnull=True)

    def waiting(self, digest: str, *, before: object) -> Self:
        """Kept for a digest, since before an instant."""
        return self.filter(digest=digest, created_at__lt=before)


class Notification(models.Model):
    """Something a person was told, once: in their account, and in a mail or a digest when they want one.

    `topic` is what they follow, `about` the thing it tells of: both are read again each time it is shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField("sorte", max_length=60)
    topic = models.CharField("sujet suivi", max_length=120, blank=True)
    about = models.CharField("ce dont il s’agit", max_length=120)
    subject_line = models.CharField("ce qui est nouveau", max_length=200)
    url = models.CharField("adresse de la page", max_length=300)
    created_at = models.DateTimeField("le")
    read_at = models.DateTimeField("lue le", null=True, blank=True)
    # « Notified once »: two sweeps that tell the same thing write one row.
    once_key = models.CharField("clé d’unicité", max_length=200)
    # The digest it waits for; empty once it has left, and for what is told at once or never by mail.
    digest = models.CharField("résumé attendu", max_length=6, blank=True, choices=Frequency)
    # No news any more after this: a reminder of a deadline that is over.
    until = models.DateTimeField("valable jusqu’au", null=True, blank=True)
    # Which mail told it, and how: the weekly limit counts the mails, not the lines of a digest.
    mailed_at = models.DateTimeField("partie par courriel le", null=True, blank=True)
    mailed_in = models.UUIDField("dans le courriel", null=True, blank=True)
    mailed_as = models.CharField("partie", max_length=6, blank=True, choices=Frequency)

    objects: ClassVar[models.Manager["Notification"]] = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = "notification"
        verbose_name_plural = "notifications"
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("once_key",), name="notification_once"),
            models.CheckConstraint(condition=Q(digest__in=("", "daily", "weekly")), name="notification_digest"),
            models.CheckConstraint(
                condition=Q(mailed_at__isnull=True) | Q(digest=""), name="notification_told_or_waiting"
            ),
        )
        indexes = (
            models.Index(fields=("user", "-created_at", "-id"), name="notification_own"),
            models.Index(fields=("user",), condition=Q(read_at__isnull=True), name="notification_unread"),
            models.Index(fields=("digest", "user"), condition=~Q(digest=""), name="notification_waiting"),
            models.Index(
                fields=("user", "mailed_at"), condition=Q(mailed_at__isnull=False), name="notification_mailed"
            ),
            models.Index(fields=("created_at",), name="notification_old"),
        )

    def __str__(self) -> str:
        return self.subject_line

    @property
    def reference(self) -> str:
        """Name the row in the addresses of its list."""
        return str(self.pk)


class Preference(models.Model):
    """How often a person wants the mails of a kind; without a row, the usual frequency of the kind."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_preferences")
    kind = models.CharField("sorte", max_length=60)
    frequency = models.CharField("fréquence", max_length=6, choices=Frequency)

    class Meta:
        verbose_name = "préférence de courriel"
        verbose_name_plural = "préférences de courriel"
        constraints = (
            models.UniqueConstraint(fields=("user", "kind"), name="preference_once"),
            models.CheckConstraint(condition=Q(frequency__in=Frequency.values), name="preference_frequency"),
        )

    def __str__(self) -> str:
        return f"{self.kind} · {self.get_frequency_display()}"


class AddressState(models.Model):
    """What mail servers said of an address: it does not exist, or its holder called a mail of ours unwanted."""

    class Reopening(models.TextChoices):
        """Why staff writes again to an address that refused: chosen, as the register is public and names nobody."""

        ASKED = "asked", "La personne dit que son adresse marche"
        MISTAKEN = "mistaken", "Le serveur s’était trompé"
        REPAIRED = "repaired", "L’adresse existe de nouveau"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="address_states"
    )
    address = models.EmailField("adresse")
    bounced_at = models.DateTimeField("refusée le", null=True, blank=True)
    bounce_code = models.CharField("motif du refus", max_length=60, blank=True)
    complained_at = models.DateTimeField("plainte le", null=True, blank=True)
    complained_of = models.CharField("plainte sur la sorte", max_length=60, blank=True)
    reported_by = models.CharField("signalé par", max_length=30)
    updated_at = models.DateTimeField("mis à jour le")

    class Meta:
        verbose_name = "état d’une adresse"
        verbose_name_plural = "états des adresses"
        constraints = (models.UniqueConstraint(Lower("address"), name="address_state_once"),)

    def __str__(self) -> str:
        return f"Adresse {self.pk}"

    @property
    def is_refusing(self) -> bool:
        """Tell whether only service messages try it."""
        return self.bounced_at is not None


class Broadcast(models.Model):
    """One thing told to many, kept so that it is taken up where it stopped and never begun twice."""

    key = models.CharField("clé", max_length=120, unique=True)
    people = models.PositiveIntegerField("personnes", default=0)
    finished_at = models.DateTimeField("terminé le")

    class Meta:
        verbose_name = "annonce"
        verbose_name_plural = "annonces"

    def __str__(self) -> str:
        return self.key
