"""The register (lines bound to each other, that nobody can change), the answers promised, the accessibility faults reported."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from city.models import Service
from mulhouse.references import new_reference
from transparency import deadlines
from transparency.deadlines import PARIS, Unit

FAULT_PROMISE = "accessibility"


class RegisterLine(models.Model):
    """One act, as it was published. `content` is the exact text that was sealed; the other columns repeat it for filters.

    A trigger refuses UPDATE, DELETE and TRUNCATE, and a line that does not follow the last one.
    """

    number = models.PositiveBigIntegerField("numéro", primary_key=True)
    at = models.DateTimeField("le", db_index=True)
    act = models.CharField("acte", max_length=60)
    role = models.CharField("par", max_length=40)
    subject = models.CharField("objet", max_length=80, blank=True)
    content = models.TextField("contenu scellé")
    previous = models.CharField("sceau précédent", max_length=64)
    seal = models.CharField("sceau", max_length=64, unique=True)

    class Meta:
        verbose_name = "ligne du registre"
        verbose_name_plural = "registre public"
        ordering = ("-number",)
        indexes = (
            models.Index(fields=("act", "-number"), name="register_act"),
            models.Index(fields=("role", "-number"), name="register_role"),
            models.Index(fields=("subject", "-number"), name="register_subject"),
        )

    def __str__(self) -> str:
        return f"n° {self.number} · {self.act}"


class LineActor(models.Model):
    """Who stood behind a line, apart from the register: seen by few, erased with the person, purged after a year."""

    line = models.OneToOneField(RegisterLine, on_delete=models.CASCADE, primary_key=True, related_name="actor")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="register_acts")

    class Meta:
        verbose_name = "auteur d’un acte"
        verbose_name_plural = "auteurs des actes"

    def __str__(self) -> str:
        return f"n° {self.line_id}"


# The day counts, not the hour: as everywhere a promise is shown.
ANSWERED_IN_TIME = LessThanOrEqual(TruncDate("answered_at", tzinfo=PARIS), TruncDate("due_at", tzinfo=PARIS))


class AccessibilityFaultQuerySet(models.QuerySet["AccessibilityFault"]):
    """Named reads of the faults."""

    def waiting(self) -> Self:
        """Those that have no answer yet."""
        return self.filter(answered_at__isnull=True)

    def answered_in_time(self) -> Self:
        """Those answered on the promised day at the latest."""
        return self.filter(ANSWERED_IN_TIME)

    def late(self, *, at: datetime) -> Self:
        """Those whose promised day has passed without an answer, and whose clock runs."""
        return self.waiting().with_clock().filter(is_paused=False, due_at__lt=deadlines.day_begins_at(at))

    def with_clock(self) -> Self:
        """Read with each whether its clock stands still, `is_paused`."""
        stopped = Promise.objects.paused().filter(kind=FAULT_PROMISE, key=OuterRef("reference"))
        return self.annotate(is_paused=Exists(stopped))


class AccessibilityFault(models.Model):
    """Something that somebody could not read or use. The answer is promised within a week, and public.

    What was described is seen by the team only; the address is erased a month after the answer.
    """

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    page = models.CharField(_("Page concernée"), max_length=300)
    description = models.TextField(_("Ce qui vous bloque"), max_length=3000)
    email = models.EmailField(_("Votre adresse électronique"), blank=True)
    language = models.CharField("langue", max_length=2, default="fr")
    received_at = models.DateTimeField("reçu le")
    due_at = models.DateTimeField("réponse promise pour le")
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)
    answer = models.TextField("réponse", blank=True, max_length=3000)

    objects: ClassVar[models.Manager["AccessibilityFault"]] = AccessibilityFaultQuerySet.as_manager()

    class Meta:
        verbose_name = "défaut d’accessibilité"
        verbose_name_plural = "défauts d’accessibilité"
        ordering = ("-received_at", "-pk")
        permissions = (("answer_accessibilityfault", "Peut répondre à un signalement d’accessibilité"),)
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="fault_recent"),
            models.Index(fields=("due_at",), condition=Q(answered_at__isnull=True), name="fault_waiting"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(due_at__gt=F("received_at")), name="fault_due_after"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="fault_answer_whole",
            ),
        )

    def __str__(self) -> str:
        return self.reference


class PromiseQuerySet(models.QuerySet["Promise"]):
    """Named reads of the promises."""

    def standing(self) -> Self:
        """Not dropped: what the public page counts."""
        return self.filter(dropped_on__isnull=True)

    def owed(self) -> Self:
        """Neither kept nor dropped."""
        return self.standing().filter(met_on__isnull=True)

    def paused(self) -> Self:
        """Those whose clock stands still."""
        return self.filter(paused_on__isnull=False)


class Promise(models.Model):
    """An answer that the city promised by a day, to something that `kind` and `key` name; read on the public page.

    Its title names no person; `route` leads to the public page that `key` names, "" where there is none. Days in Paris.
    Written by `transparency.promising` only.
    """

    kind = models.CharField("sorte", max_length=40)
    key = models.CharField("clé", max_length=80)
    title = models.CharField("titre", max_length=200)
    route = models.CharField("page", max_length=80, blank=True)
    service = models.ForeignKey(
        Service, verbose_name="service", null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    days = models.PositiveSmallIntegerField("délai")
    unit = models.CharField(
        "compté en", max_length=8, choices=[(Unit.CALENDAR, "jours"), (Unit.WORKED, "jours ouvrés")]
    )
    made_on = models.DateField("promise le")
    # The day first promised is kept: a pause never hides it.
    first_due_on = models.DateField("échéance annoncée")
    due_on = models.DateField("échéance")
    paused_on = models.DateField("en pause depuis le", null=True, blank=True)
    met_on = models.DateField("tenue le", null=True, blank=True)
    dropped_on = models.DateField("sans objet depuis le", null=True, blank=True)

    objects: ClassVar[models.Manager["Promise"]] = PromiseQuerySet.as_manager()

    class Meta:
        verbose_name = "promesse de réponse"
        verbose_name_plural = "promesses de réponse"
        ordering = ("-due_on", "kind", "key")
        indexes = (
            models.Index(
                F("due_on").desc(), "kind", "key", name="promise_recent", condition=Q(dropped_on__isnull=True)
            ),
            models.Index(
                "service",
                F("due_on").desc(),
                "kind",
                "key",
                name="promise_service",
                condition=Q(dropped_on__isnull=True),
            ),
            models.Index(
                fields=("due_on",), name="promise_owed", condition=Q(dropped_on__isnull=True, met_on__isnull=True)
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("kind", "key"), name="promise_once"),
            models.CheckConstraint(
                condition=Q(first_due_on__gte=F("made_on"), due_on__gte=F("first_due_on")), name="promise_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(met_on__isnull=True) | Q(dropped_on__isnull=True), name="promise_kept_or_dropped"
            ),
            models.CheckConstraint(
                condition=Q(paused_on__isnull=True) | Q(met_on__isnull=True, dropped_on__isnull=True),
                name="promise_paused_while_owed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


class PromisePause(models.Model):
    """A time when the clock of a promise stood still, and why, in a sentence that everybody can read."""

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField("motif", max_length=300)
    paused_on = models.DateField("du")
    resumed_on = models.DateField("au", null=True, blank=True)

    class Meta:
        verbose_name = "pause d’une promesse"
        verbose_name_plural = "pauses des promesses"
        ordering = ("paused_on", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("promise",), condition=Q(resumed_on__isnull=True), name="promise_one_pause_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(resumed_on__isnull=True) | Q(resumed_on__gte=F("paused_on")), name="promise_pause_in_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.promise_id} · {self.paused_on}"


class PromiseReminder(models.Model):
    """A step of a promise's delay that its service was reminded of, once."""

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="reminders")
    percent = models.PositiveSmallIntegerField("part du délai écoulée (%)")
    sent_at = models.DateTimeField("envoyé le")

    class Meta:
        verbose_name = "rappel d’une promesse"
        verbose_name_plural = "rappels des promesses"
        constraints = (models.UniqueConstraint(fields=("promise", "percent"), name="promise_reminded_once"),)

    def __str__(self) -> str:
        return f"{self.promise_id} · {self.percent} %"
