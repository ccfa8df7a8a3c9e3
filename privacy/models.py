"""What the law owes people about their data, as dated rows: requests, limitation, who looked, breaches, eliminations."""

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from mulhouse.looking import Category
from mulhouse.references import new_reference
from transparency.models import Promise

REQUEST_PROMISE = "data-request"


class AccessLog(models.Model):
    """Somebody of the city saw something of a person: when, in which function, what, why. Shown to the person for a year."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="accesses", verbose_name="personne"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name="agent"
    )
    function = models.CharField("fonction", max_length=120)
    category = models.CharField("ce qui a été vu", max_length=20)
    why = models.CharField("pourquoi", max_length=300, blank=True)
    subject = models.CharField("objet", max_length=80, blank=True)
    at = models.DateTimeField("le", db_index=True)

    class Meta:
        verbose_name = "consultation de données"
        verbose_name_plural = "consultations de données"
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=("person", "-at", "-id"), name="accesslog_of_person"),)

    def __str__(self) -> str:
        return f"{self.category} · {self.at:%Y-%m-%d}"

    @property
    def what(self) -> str:
        """Say in words what was seen."""
        return Category[self.category].value


class InactivityNotice(models.Model):
    """What was told to a person who does not come any more. Their return makes it void; a new absence starts again."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inactivity_notice")
    # The last active day when it was told: another one means that the person came back.
    active_on = models.DateField("dernier jour d’activité")
    step = models.PositiveSmallIntegerField("avertissement")
    closes_on = models.DateField("fermeture annoncée pour le")
    told_on = models.DateField("dit le")

    class Meta:
        verbose_name = "avertissement d’inactivité"
        verbose_name_plural = "avertissements d’inactivité"
        constraints = (
            models.CheckConstraint(condition=Q(step__range=(1, 3)), name="inactivity_step"),
            models.CheckConstraint(condition=Q(closes_on__gt=F("told_on")), name="inactivity_closes_after"),
        )

    def __str__(self) -> str:
        return f"{self.step} · {self.closes_on}"


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    """Named reads of the requests."""

    def received(self) -> Self:
        """Those that count: made from an account, or whose address was confirmed."""
        return self.filter(received_at__isnull=False)

    def waiting(self) -> Self:
        """Those that have no answer yet."""
        return self.received().filter(answered_at__isnull=True)

    def late(self, *, on: dt.date) -> Self:
        """Those whose last day is over, and whose clock runs."""
        return self.waiting().with_clock().filter(is_paused=False, due_on__lt=on)

    def with_clock(self) -> Self:
        """Read with each whether its clock stands still, `is_paused`."""
        stopped = Promise.objects.paused().filter(kind=REQUEST_PROMISE, key=OuterRef("reference"))
        return self.annotate(is_paused=Exists(stopped))


class DataRequest(models.Model):
    """Somebody uses a right on their data: a case with its clock of one month."""

    class Kind(models.TextChoices):
        """Which right."""

        ACCESS = "access", _("Savoir ce que le site sait de moi")
        RECTIFICATION = "rectification", _("Faire corriger une donnée")
        LIMITATION = "limitation", _("Faire mettre mes données de côté")
        OBJECTION = "objection", _("M’opposer à un traitement")
        ERASURE = "erasure", _("Faire effacer une donnée")

    class Identity(models.TextChoices):
        """How the city knows that it speaks to the right person."""

        ACCOUNT = "account", _("par le compte")
        DESK = "desk", _("pièce d’identité vue au guichet")
        LETTER = "letter", _("par courrier à l’adresse connue")
        MAIL = "mail", _("par l’adresse électronique déjà connue")

    class Outcome(models.TextChoices):
        """How it ended."""

        DONE = "done", _("satisfaite")
        PARTLY = "partly", _("satisfaite en partie")
        REFUSED = "refused", _("refusée, avec les raisons")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField(_("Votre demande"), max_length=15, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="data_requests"
    )
    name = models.CharField(_("Vos nom et prénom"), max_length=120, blank=True)
    email = models.EmailField(_("Adresse électronique"), blank=True)
    language = models.CharField("langue", max_length=2, default="fr")
    words = models.TextField(_("Ce que vous demandez"), max_length=3000, blank=True)
    asked_at = models.DateTimeField("demandée le")
    # The code sent to who has no account, as a keyed hash; five tries.
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    received_at = models.DateTimeField("reçue le", null=True, blank=True)
    due_on = models.DateField("à répondre pour le", null=True, blank=True)
    identity = models.CharField("identité établie", max_length=10, choices=Identity, blank=True)
    extended_at = models.DateTimeField("prolongée le", null=True, blank=True)
    extension_reason = models.CharField("motif de la prolongation", max_length=300, blank=True)
    answered_at = models.DateTimeField("répondue le", null=True, blank=True)
    outcome = models.CharField("issue", max_length=10, choices=Outcome, blank=True)
    answer = models.TextField("réponse", max_length=5000, blank=True)

    objects: ClassVar[models.Manager["DataRequest"]] = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande sur des données"
        verbose_name_plural = "demandes sur des données"
        ordering = ("-asked_at", "-pk")
        permissions = (("handle_datarequest", "Peut traiter une demande sur des données personnelles"),)
        indexes = (
            models.Index(
                fields=("due_on",),
                condition=Q(received_at__isnull=False, answered_at__isnull=True),
                name="datarequest_waiting",
            ),
            models.Index(fields=("-asked_at", "-id"), name="datarequest_recent"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(received_at__isnull=True, due_on__isnull=True)
                | Q(received_at__isnull=False, due_on__isnull=False),
                name="datarequest_clock_whole",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, outcome="")
                | Q(answered_at__isnull=False, received_at__isnull=False) & ~Q(outcome=""),
                name="datarequest_answer_whole",
            ),
            models.CheckConstraint(
                condition=Q(extended_at__isnull=True, extension_reason="")
                | Q(extended_at__isnull=False) & ~Q(extension_reason=""),
                name="datarequest_extension_whole",
            ),
        )

    def __str__(self) -> str:
        return self.reference


class Limitation(models.Model):
    """The data of a person set aside while a request is examined: kept, shown nowhere, until lifted with a reason."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="limitations")
    reason = models.CharField("motif", max_length=300)
    since = models.DateTimeField("depuis le")
    lifted_at = models.DateTimeField("levée le", null=True, blank=True)
    lifted_reason = models.CharField("motif de la levée", max_length=300, blank=True)

    class Meta:
        verbose_name = "limitation"
        verbose_name_plural = "limitations"
        ordering = ("-since", "-pk")
        permissions = (("limit_person", "Peut mettre de côté les données d’une personne"),)
        constraints = (
            models.UniqueConstraint(
                fields=("user",), condition=Q(lifted_at__isnull=True), name="limitation_one_standing"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_reason="")
                | Q(lifted_at__isnull=False) & ~Q(lifted_reason=""),
                name="limitation_lift_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d}"


class BreachQuerySet(models.QuerySet["Breach"]):
    """Named reads of the breaches."""

    def undecided(self) -> Self:
        """Those of which the CNIL was not told, without a reason why not."""
        return self.filter(notified_at__isnull=True, not_notified_reason="")


class Breach(models.Model):
    """A violation of personal data: what, how many, since when known, what was done, whom the city told. Kept for ever."""

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    nature = models.TextField("ce qui s’est passé", max_length=3000)
    data_kinds = models.CharField("données concernées", max_length=300)
    people_count = models.PositiveIntegerField("personnes concernées", null=True, blank=True)
    consequences = models.TextField("conséquences probables", max_length=2000, blank=True)
    measures = models.TextField("mesures prises", max_length=3000, blank=True)
    discovered_at = models.DateTimeField("découverte le")
    due_at = models.DateTimeField("à notifier à la CNIL avant le")
    recorded_at = models.DateTimeField("inscrite le")
    notified_at = models.DateTimeField("notifiée à la CNIL le", null=True, blank=True)
    delay_reason = models.CharField("motif du retard", max_length=300, blank=True)
    not_notified_reason = models.CharField("pourquoi la CNIL n’est pas notifiée", max_length=300, blank=True)
    told_at = models.DateTimeField("personnes prévenues le", null=True, blank=True)
    not_told_reason = models.CharField("pourquoi les personnes ne sont pas prévenues", max_length=300, blank=True)

    objects: ClassVar[models.Manager["Breach"]] = BreachQuerySet.as_manager()

    class Meta:
        verbose_name = "violation de données"
        verbose_name_plural = "violations de données"
        ordering = ("-discovered_at", "-pk")
        permissions = (("record_breach", "Peut inscrire et suivre une violation de données"),)
        constraints = (
            models.CheckConstraint(condition=Q(due_at__gt=F("discovered_at")), name="breach_due_after"),
            models.CheckConstraint(
                condition=Q(notified_at__isnull=True) | Q(not_notified_reason=""), name="breach_notified_or_not"
            ),
            models.CheckConstraint(
                condition=Q(notified_at__isnull=True) | Q(notified_at__lte=F("due_at")) | ~Q(delay_reason=""),
                name="breach_late_says_why",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(not_told_reason=""), name="breach_told_or_not"
            ),
        )

    def __str__(self) -> str:
        return self.reference


class EliminationProposal(models.Model):
    """A list of public archives whose time is over: proposed, approved by the Archives, destroyed, its slip kept for ever."""

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", "Proposée aux Archives"
        REFUSED = "refused", "Refusée par les Archives"
        APPROVED = "approved", "Visée"
        RUNNING = "running", "En cours de destruction"
        EXECUTED = "executed", "Exécutée"

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    category = models.CharField("catégorie", max_length=60)
    source = models.CharField("règle", max_length=300)
    state = models.CharField("état", max_length=10, choices=State, default=State.PROPOSED)
    proposed_at = models.DateTimeField("proposée le")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    visa_by = models.CharField("fonction du signataire", max_length=200, blank=True)
    visa_on = models.DateField("visa du", null=True, blank=True)
    visa_reference = models.CharField("référence du visa", max_length=80, blank=True)
    visa_file = models.FileField("bordereau signé", upload_to="eliminations/", blank=True)
    refusal_reason = models.CharField("motif du refus", max_length=300, blank=True)
    begun_at = models.DateTimeField("commencée le", null=True, blank=True)
    executed_at = models.DateTimeField("exécutée le", null=True, blank=True)

    class Meta:
        verbose_name = "élimination d’archives"
        verbose_name_plural = "éliminations d’archives"
        ordering = ("-proposed_at", "-pk")
        permissions = (
            ("propose_elimination", "Peut proposer une élimination aux Archives"),
            ("approve_elimination", "Peut inscrire le visa des Archives"),
            ("execute_elimination", "Peut exécuter une élimination visée"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("category",),
                condition=Q(state__in=("proposed", "approved", "running")),
                name="elimination_one_standing",
            ),
            # Destroying without a visa is an offence (code du patrimoine, art. L. 214-3): the database refuses it too.
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "refused"))
                | ~Q(visa_by="") & ~Q(visa_reference="") & ~Q(visa_file="") & Q(visa_on__isnull=False),
                name="elimination_needs_visa",
            ),
        )

    def __str__(self) -> str:
        return self.reference


class EliminationLine(models.Model):
    """A line of the slip: what, until when it served, and when it was destroyed."""

    proposal = models.ForeignKey(EliminationProposal, on_delete=models.PROTECT, related_name="lines")
    key = models.CharField("clé", max_length=80)
    label = models.CharField("intitulé", max_length=200)
    last_on = models.DateField("dernière date")
    rows = models.PositiveIntegerField("éléments")
    destroyed_at = models.DateTimeField("détruit le", null=True, blank=True)

    class Meta:
        verbose_name = "ligne de bordereau"
        verbose_name_plural = "lignes de bordereau"
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("proposal", "key"), name="elimination_line_once"),)

    def __str__(self) -> str:
        return self.label
