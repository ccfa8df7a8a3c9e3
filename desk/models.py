"""The person behind a gesture, whatever the channel. Nobody is named here."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """How a gesture reached the city."""

    WEB = "web", _("en ligne")
    DESK = "desk", _("au guichet")
    PAPER = "paper", _("sur papier")
    PHONE = "phone", _("par téléphone")
    ROOM = "room", _("en réunion")
    IMPORT = "import", _("reprise d’une autre plateforme")


class Person(models.Model):
    """Somebody who takes part, counted once whether they come by the web, the desk, paper or the phone.

    Holds no name: a random key, the account when there is one, the keyed fingerprint of an identity when an agent has seen
    one. The fingerprint outlives the account, so that closing it does not open a second turn; it goes when nobody has used it
    for long (`desk.tasks`).
    """

    key = models.UUIDField("clé", default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="person",
    )
    identity_hash = models.CharField("empreinte", max_length=64, null=True, blank=True, unique=True, editable=False)
    # The last day an agent used the fingerprint.
    identity_on = models.DateField("empreinte utilisée le", null=True, blank=True, editable=False)
    created_on = models.DateField("créée le", default=timezone.localdate, editable=False)

    class Meta:
        verbose_name = "personne comptée"
        verbose_name_plural = "personnes comptées"
        constraints = (
            models.CheckConstraint(
                condition=Q(identity_hash__isnull=True, identity_on__isnull=True)
                | Q(identity_hash__regex=r"^[0-9a-f]{64}$", identity_on__isnull=False),
                name="person_identity_whole",
            ),
        )

    def __str__(self) -> str:
        return f"personne {self.key}"
