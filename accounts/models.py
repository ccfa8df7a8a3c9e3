"""A person, where they say they live, and what they agreed to."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from city.models import District, Service


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password they can only sign in by code or passkey."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create the first administrator, from the command line."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by address, whatever its capitals."""
        return self.get(email__iexact=username)


class Scheme(models.TextChoices):
    """The colours a person chose; empty follows the device."""

    SYSTEM = "", _("Comme mon appareil")
    LIGHT = "clair", _("Clair")
    DARK = "sombre", _("Sombre")


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The e-mail address signs in and is never shown; the public name is."""

    email = models.EmailField(_("adresse électronique"))
    public_name = models.CharField(
        _("nom public"),
        max_length=60,
        blank=True,
        help_text=_("Votre nom ou un pseudonyme. Il signe vos contributions."),
    )
    district = models.ForeignKey(
        District, verbose_name=_("quartier"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    birth_year = models.PositiveSmallIntegerField(_("année de naissance"), null=True, blank=True)
    language = models.CharField(
        _("langue"), max_length=2, default="fr", choices=[("fr", "Français"), ("de", "Deutsch"), ("en", "English")]
    )
    scheme = models.CharField(_("couleurs"), max_length=6, blank=True, default="", choices=Scheme)
    is_active = models.BooleanField("compte ouvert", default=True)
    # A suspended account opens again at this instant, if nobody opens it before.
    suspended_until = models.DateTimeField("fermé jusqu’au", null=True, blank=True, editable=False)
    is_staff = models.BooleanField("entre dans l’administration", default=False)
    # Whose part of a work an agent does: with the role « Service de la Ville » alone (`accounts.roles.SERVICE`).
    service = models.ForeignKey(
        Service, verbose_name="service", null=True, blank=True, on_delete=models.SET_NULL, related_name="agents"
    )
    date_joined = models.DateTimeField("inscription", auto_now_add=True)
    # Requests to have a residency verified since the last one that succeeded: after five, a wait that doubles.
    verification_tries = models.PositiveSmallIntegerField("demandes de vérification", default=0, editable=False)
    verification_locked_until = models.DateTimeField(
        "demandes suspendues jusqu’au", null=True, blank=True, editable=False
    )
    # Written with the block it copies (`moderation`): each page that lets somebody write asks it.
    blocked_until = models.DateTimeField("suspendue jusqu’au", null=True, blank=True, editable=False)
    # Written with the limitation it copies (`privacy`), for the same reason.
    limited_since = models.DateTimeField("données mises de côté depuis le", null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "personne"
        verbose_name_plural = "personnes"
        permissions = (
            ("view_email", "Peut afficher l’adresse électronique d’une personne"),
            ("grant_role", "Peut donner et retirer un rôle"),
            ("deactivate_user", "Peut suspendre et rouvrir un compte"),
        )
        constraints = (
            models.UniqueConstraint(
                Lower("email"), name="user_email_once", violation_error_message=_("Cette adresse a déjà un compte.")
            ),
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(birth_year__range=(1900, 2100)),
                name="user_birth_year",
                violation_error_message=_("Indiquez une année de naissance sur quatre chiffres."),
            ),
        )

    def __str__(self) -> str:
        return self.public_name or f"Personne {self.pk}"

    def get_short_name(self) -> str:
        """Give the public name; never the address."""
        return self.public_name


class ResidencyQuerySet(models.QuerySet["Residency"]):
    """Named reads of residency."""

    def standing(self) -> Self:
        """Not ended: one at most for each person, whether or not its year is over."""
        return self.filter(ended_on__isnull=True)

    def current(self, *, on: dt.date) -> Self:
        """Not ended and, when verified, still within its year."""
        return self.standing().filter(Q(verified_on__isnull=True) | Q(expires_on__gt=on))

    def waiting(self) -> Self:
        """Declared with a request for verification that no agent has settled."""
        return self.standing().filter(verified_on__isnull=True, requested_at__isnull=False, refused_at__isnull=True)


class Residency(models.Model):
    """Where a person says they live, and whether an agent has checked it, at the desk or on a document."""

    class Method(models.TextChoices):
        """How it was checked."""

        DESK = "desk", _("au guichet")
        DOCUMENT = "document", _("sur un document")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="residencies")
    district = models.ForeignKey(District, verbose_name=_("quartier"), on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField("déclaré le", auto_now_add=True)
    requested_at = models.DateTimeField("vérification demandée le", null=True, blank=True)
    document = models.FileField("justificatif", upload_to="residency/", blank=True)
    verified_on = models.DateField("vérifié le", null=True, blank=True)
    expires_on = models.DateField("valable jusqu’au", null=True, blank=True)
    method = models.CharField("moyen", max_length=10, choices=Method, blank=True)
    verified_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name="vérifié par"
    )
    refused_at = models.DateTimeField("refusé le", null=True, blank=True)
    refusal_reason = models.CharField("motif du refus", max_length=300, blank=True)
    ended_on = models.DateField("terminé le", null=True, blank=True)

    objects: ClassVar[models.Manager["Residency"]] = ResidencyQuerySet.as_manager()

    class Meta:
        verbose_name = "résidence"
        verbose_name_plural = "résidences"
        ordering = ("-declared_at", "-pk")
        permissions = (("verify_residency", "Peut vérifier une résidence"),)
        indexes = (
            models.Index(
                fields=("requested_at",),
                condition=Q(
                    ended_on__isnull=True, verified_on__isnull=True, requested_at__isnull=False, refused_at__isnull=True
                ),
                name="residency_waiting",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("user",), condition=Q(ended_on__isnull=True), name="residency_one_current"),
            models.CheckConstraint(
                condition=Q(verified_on__isnull=True, expires_on__isnull=True, method="")
                | Q(verified_on__isnull=False, expires_on__gt=F("verified_on"), method__in=("desk", "document")),
                name="residency_verification_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.district}"

    @property
    def is_waiting(self) -> bool:
        """Tell whether an agent has to settle it."""
        return (
            self.ended_on is None
            and self.verified_on is None
            and self.requested_at is not None
            and self.refused_at is None
        )


class Consent(models.Model):
    """Something a person agreed to, in which version of its text, and until when."""

    class Purpose(models.TextChoices):
        """What can be agreed to."""

        CHARTER = "charter", _("Charte de la participation")
        NEWSLETTER = "newsletter", _("Lettre d’information")
        DOCUMENT = "residency_document", _("Examen d’un justificatif de domicile")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField("objet", max_length=20, choices=Purpose)
    version = models.CharField("version du texte", max_length=20)
    given_at = models.DateTimeField("donné le", auto_now_add=True)
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        verbose_name = "consentement"
        verbose_name_plural = "consentements"
        ordering = ("-given_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "purpose", "version"), condition=Q(withdrawn_at__isnull=True), name="consent_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.version})"


class DataExport(models.Model):
    """The file of what the site knows about a person, made on their request, fetched once, kept seven days."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="data_exports")
    requested_at = models.DateTimeField("demandé le", auto_now_add=True)
    ready_at = models.DateTimeField("prêt le", null=True, blank=True)
    expires_at = models.DateTimeField("effacé le", null=True, blank=True)
    fetched_at = models.DateTimeField("téléchargé le", null=True, blank=True)
    file = models.FileField("fichier", upload_to="exports/", blank=True)

    class Meta:
        verbose_name = "copie des données"
        verbose_name_plural = "copies des données"
        ordering = ("-requested_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("user",), condition=Q(ready_at__isnull=True), name="data_export_one_pending"
            ),
            models.CheckConstraint(
                condition=Q(ready_at__isnull=True, expires_at__isnull=True)
                | Q(ready_at__isnull=False, expires_at__gt=F("ready_at")),
                name="data_export_ready_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.requested_at:%Y-%m-%d}"
