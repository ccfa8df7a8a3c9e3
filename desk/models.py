"""The person behind a gesture, whatever the channel, and the help of an agent. Nobody is named here."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from city.models import District
from mulhouse.references import new_reference

# How long an agent has to write one gesture for somebody (features-and-rules §3).
ASSISTANCE = dt.timedelta(minutes=15)


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
    # The fingerprint that somebody else has too; theirs is then the finer one (`identities.finer`).
    namesake_hash = models.CharField(
        "empreinte d’un homonyme", max_length=64, blank=True, db_default="", default="", editable=False
    )
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
            models.CheckConstraint(
                condition=Q(namesake_hash="")
                | Q(namesake_hash__regex=r"^[0-9a-f]{64}$", identity_hash__isnull=False)
                & ~Q(namesake_hash=F("identity_hash")),
                name="person_namesake_has_its_own",
            ),
        )
        indexes = (models.Index(fields=("namesake_hash",), name="person_namesake", condition=~Q(namesake_hash="")),)

    def __str__(self) -> str:
        return f"personne {self.key}"


class Act(models.TextChoices):
    """What an agent writes for somebody: one thing at a time."""

    CONTRIBUTION = "contribution", _("un avis")
    ANSWERS = "answers", _("des réponses à un questionnaire")
    VOTE = "vote", _("une inscription sur la liste d’un vote")
    IDEA = "idea", _("une idée")
    SUPPORT = "support", _("un soutien à une idée")


class Namesake(models.TextChoices):
    """Why two people have one fingerprint, as an agent found with an identity document before their eyes."""

    TWIN = "twin", "Sa jumelle ou son jumeau : leurs prénoms commencent par le même mot"
    HOMONYM = "homonym", "Un homonyme : même nom, même premier prénom, né le même jour"


class Assistance(models.Model):
    """An agent helping one person, face to face or from a form: one act, a quarter of an hour, then it is gone.

    The row is purged at night, used or not: what stays is the act, its receipt and the register's line.
    """

    key = models.UUIDField("clé", default=uuid.uuid4, unique=True, editable=False)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="assistances")
    topic = models.CharField("à propos de", max_length=100)
    channel = models.CharField("canal", max_length=8, choices=Channel)
    district = models.ForeignKey(District, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    birth_year = models.PositiveSmallIntegerField("année de naissance")
    is_residence_checked = models.BooleanField("domicile vérifié par l’agent", default=False)
    # Why the person helped is not the one already counted under this name; "" when nobody had to be told apart.
    namesake = models.CharField(
        "distinguée d’une autre personne", max_length=7, blank=True, db_default="", default="", choices=Namesake
    )
    # What was said, as a digest: one paper that several agents hold is entered once.
    said_digest = models.CharField(
        "empreinte du texte saisi", max_length=64, blank=True, db_default="", default="", editable=False
    )
    consent_version = models.CharField("version du texte accepté", max_length=20)
    opened_at = models.DateTimeField("ouverte le")
    expires_at = models.DateTimeField("jusqu’à")
    used_at = models.DateTimeField("employée le", null=True, blank=True)

    class Meta:
        verbose_name = "saisie assistée"
        verbose_name_plural = "saisies assistées"
        constraints = (
            models.CheckConstraint(
                condition=Q(channel__in=(Channel.DESK, Channel.PAPER, Channel.PHONE)), name="assistance_channel"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("opened_at")), name="assistance_ends"),
            models.CheckConstraint(condition=~Q(consent_version=""), name="assistance_consented"),
            models.CheckConstraint(
                condition=Q(namesake="") | Q(channel=Channel.DESK), name="assistance_namesake_is_seen"
            ),
            models.UniqueConstraint(
                fields=("person", "topic", "said_digest"), condition=~Q(said_digest=""), name="assistance_says_it_once"
            ),
        )

    def __str__(self) -> str:
        return f"saisie {self.key}"


class Receipt(models.Model):
    """What somebody takes away: a number that only their paper holds. It names nobody, neither the person nor the agent."""

    number = models.CharField("numéro", max_length=8, unique=True, default=new_reference, editable=False)
    act = models.CharField("acte", max_length=12, choices=Act)
    channel = models.CharField("canal", max_length=8, choices=Channel)
    topic = models.CharField("à propos de", max_length=100, db_index=True)
    title = models.CharField("intitulé", max_length=200)
    # The public reference of what was written, when it has one, and its page.
    reference = models.CharField("référence publique", max_length=8, blank=True, db_index=True)
    path = models.CharField("page", max_length=300)
    # A day and no hour: an hour would place it beside the roll of a vote.
    issued_on = models.DateField("remis le", default=timezone.localdate, editable=False)

    class Meta:
        verbose_name = "reçu"
        verbose_name_plural = "reçus"
        ordering = ("-pk",)
        default_permissions = ()
        permissions = (("assist", "Peut saisir pour une personne au guichet, sur papier ou au téléphone"),)

    def __str__(self) -> str:
        return self.number
