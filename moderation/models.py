"""The queue of moderation: cases, the reports that open them, reasoned decisions, appeals, and blocks of people."""

import datetime as dt
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mulhouse.references import new_reference

PERSON = settings.AUTH_USER_MODEL


class CaseQuerySet(models.QuerySet["Case"]):
    """Named reads of the queue."""

    def waiting(self) -> Self:
        """What a moderator has still to decide."""
        return self.filter(state=Case.State.WAITING)

    def late(self, *, at: dt.datetime) -> Self:
        """What should have been decided before this instant."""
        return self.waiting().filter(due_at__lt=at)

    def in_order(self) -> Self:
        """Urgent ones first, then those due first: the order that an index gives."""
        return self.order_by("priority", "due_at", "pk")


class Case(models.Model):
    """One thing that somebody wrote, and everything moderation has to do with it: one row for its whole life."""

    class Cause(models.TextChoices):
        """Why it waits."""

        REPORTS = "reports", "Signalé"
        HELD = "held", "À lire avant publication"
        NEW_ACCOUNT = "new_account", "Nouveau compte, avec un lien"
        MASKING = "masking", "Données personnelles repérées"
        STAFF = "staff", "Ouvert par la modération"

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "À décider"
        KEPT = "kept", "Laissé en ligne"
        HIDDEN = "hidden", "Retiré"
        MASKED = "masked", "Données masquées"
        CLOSED = "closed", "Clos sans décision"

    class Priority(models.IntegerChoices):
        """What is read first."""

        URGENT = 0, "Urgent"
        NORMAL = 5, "Normal"

    reference = models.CharField("dossier", max_length=8, unique=True, default=new_reference, editable=False)
    kind = models.CharField("sorte", max_length=20)
    subject = models.CharField("référence", max_length=40)
    author = models.ForeignKey(
        PERSON, verbose_name="auteur", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    cause = models.CharField("cause", max_length=12, choices=Cause)
    state = models.CharField("état", max_length=8, choices=State, default=State.WAITING)
    priority = models.PositiveSmallIntegerField("priorité", choices=Priority, default=Priority.NORMAL)
    opened_at = models.DateTimeField("ouvert le")
    due_at = models.DateTimeField("à décider avant le")
    # Reports that no decision has answered yet.
    report_count = models.PositiveIntegerField("signalements", default=0)
    # The passages that the detector proposes to mask.
    proposal = models.JSONField("passages repérés", default=list, blank=True)
    # Grows with each report and each decision: what a moderator read is what they decide on.
    revision = models.PositiveIntegerField(default=1)

    objects: ClassVar[models.Manager["Case"]] = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier de modération"
        verbose_name_plural = "modération"
        ordering = ("priority", "due_at", "pk")
        default_permissions = ("view",)
        permissions = (
            ("decide_case", "Peut décider d’un signalement"),
            ("decide_appeal", "Peut décider d’une contestation"),
            ("block_person", "Peut suspendre une personne"),
        )
        constraints = (models.UniqueConstraint(fields=("kind", "subject"), name="case_once"),)
        indexes = (
            models.Index("priority", "due_at", "id", name="case_waiting", condition=Q(state="waiting")),
            models.Index("author", F("opened_at").desc(), name="case_author"),
        )

    def __str__(self) -> str:
        return self.reference


class Decision(models.Model):
    """What was decided of a case, on which ground: never changed afterwards, except that its copy of the text is erased."""

    class Action(models.TextChoices):
        """What was done."""

        KEEP = "keep", _("Laissé en ligne")
        HIDE = "hide", _("Retiré")
        MASK = "mask", _("Données personnelles masquées")

    reference = models.CharField("décision", max_length=8, unique=True, default=new_reference, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    author = models.ForeignKey(
        PERSON, verbose_name="auteur du texte", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField("décision", max_length=4, choices=Action)
    clause = models.CharField("article", max_length=8, blank=True)
    charter_version = models.CharField("version de la charte", max_length=20)
    facts = models.TextField("faits", blank=True)
    # The exact words, and what gives them back: kept as long as one may appeal.
    original = models.JSONField("texte exact", default=dict, blank=True)
    original_erased_at = models.DateTimeField("texte effacé le", null=True, blank=True)
    decided_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField("décidé le")
    # A machine decides nothing here; the statement of reasons says it (DSA, article 17).
    automated = models.BooleanField("décision automatique", default=False)
    told_at = models.DateTimeField("auteur prévenu le", null=True, blank=True)
    appeal_until = models.DateTimeField("contestable jusqu’au", null=True, blank=True)
    # Keyed: a public name or a picture that was taken away, so that the same person does not put it back.
    taken_away = models.CharField(max_length=64, blank=True, default="")
    # Set when an appeal gave the words back.
    overturned_at = models.DateTimeField("annulée le", null=True, blank=True)
    opened_at = models.DateTimeField("en attente depuis le")

    class Meta:
        verbose_name = "décision de modération"
        verbose_name_plural = "décisions de modération"
        ordering = ("-decided_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=Q(action="keep") | ~Q(clause=""), name="decision_names_a_clause"),
            models.CheckConstraint(condition=Q(automated=False), name="decision_by_a_person"),
        )
        indexes = (
            models.Index("author", F("decided_at").desc(), name="decision_author"),
            models.Index(
                "appeal_until",
                name="decision_to_erase",
                condition=Q(original_erased_at__isnull=True, appeal_until__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.reference


class Report(models.Model):
    """One person says that one thing breaks the charter or the law. It orders the queue, and hides nothing."""

    class Reason(models.TextChoices):
        """Why, from a closed list."""

        INSULT = "insult", _("Insulte, menace, accusation personnelle")
        HATE = "hate", _("Propos haineux ou discriminatoire")
        PERSONAL = "personal", _("Données personnelles de quelqu’un")
        OFF_TOPIC = "off_topic", _("Sans rapport avec la question")
        ADVERTISING = "advertising", _("Publicité ou message en série")
        RIGHTS = "rights", _("Texte ou image sans les droits")
        CHILD_ABUSE = "child_abuse", _("Atteinte sexuelle sur un enfant")
        ILLEGAL = "illegal", _("Autre contenu interdit par la loi")

    reference = models.CharField("signalement", max_length=8, unique=True, default=new_reference, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # Keyed, and erased with the address: the same person without an account, once per thing.
    fingerprint = models.CharField(max_length=64, blank=True)
    # Keyed, and erased likewise: the network it came from. Elsewhere, nobody learns that somebody reported before.
    origin = models.CharField(max_length=64, blank=True, default="")
    # The same person again, from elsewhere: read by moderators, counted nowhere.
    is_repeat = models.BooleanField("répète un premier", default=False)
    name = models.CharField("nom", max_length=120, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    language = models.CharField(max_length=2, default="fr")
    reason = models.CharField("motif", max_length=12, choices=Reason)
    words = models.TextField("explication", blank=True)
    url = models.CharField("adresse exacte", max_length=600)
    is_in_good_faith = models.BooleanField("de bonne foi")
    received_at = models.DateTimeField("reçu le")
    decision = models.ForeignKey(
        Decision, verbose_name="décision", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    told_at = models.DateTimeField("réponse envoyée le", null=True, blank=True)
    # When who made it went: name, address, account, words.
    unsigned_at = models.DateTimeField("adresse effacée le", null=True, blank=True)

    class Meta:
        verbose_name = "signalement"
        verbose_name_plural = "signalements"
        ordering = ("-received_at", "-pk")
        default_permissions = ()
        constraints = (
            # Once until the decision: what it becomes after may be reported again.
            models.UniqueConstraint(
                fields=("case", "reporter"),
                name="report_once",
                condition=Q(reporter__isnull=False, decision__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("case", "fingerprint"),
                name="report_once_without_account",
                condition=~Q(fingerprint="") & Q(decision__isnull=True),
            ),
            models.CheckConstraint(condition=Q(is_in_good_faith=True), name="report_in_good_faith"),
        )

    def __str__(self) -> str:
        return self.reference


class Block(models.Model):
    """Somebody may not publish for a while: they read, vote, appeal, take their data and leave as they like."""

    DAYS = ((7, _("7 jours")), (30, _("30 jours")), (90, _("90 jours")))

    reference = models.CharField("suspension", max_length=8, unique=True, default=new_reference, editable=False)
    person = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="blocks")
    days = models.PositiveSmallIntegerField("durée", choices=DAYS)
    clause = models.CharField("article", max_length=8)
    charter_version = models.CharField("version de la charte", max_length=20)
    reason = models.TextField("motif")
    starts_at = models.DateTimeField("depuis le")
    ends_at = models.DateTimeField("jusqu’au")
    appeal_until = models.DateTimeField("contestable jusqu’au")
    decided_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    lifted_at = models.DateTimeField("levée le", null=True, blank=True)

    class Meta:
        verbose_name = "suspension"
        verbose_name_plural = "suspensions"
        ordering = ("-starts_at", "-pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=Q(days__in=(7, 30, 90)), name="block_days"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="block_ends_after"),
            models.CheckConstraint(condition=~Q(clause="") & ~Q(reason=""), name="block_has_a_reason"),
        )
        indexes = (models.Index("person", F("ends_at").desc(), name="block_person"),)

    def __str__(self) -> str:
        return self.reference


class Appeal(models.Model):
    """An author asks somebody else to look again at a decision, or at a block: once, within fifteen days."""

    class Outcome(models.TextChoices):
        """What the other person decided."""

        UPHELD = "upheld", _("Décision confirmée")
        OVERTURNED = "overturned", _("Décision annulée")

    reference = models.CharField("contestation", max_length=8, unique=True, default=new_reference, editable=False)
    decision = models.OneToOneField(Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="appeal")
    block = models.OneToOneField(Block, null=True, blank=True, on_delete=models.PROTECT, related_name="appeal")
    person = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    words = models.TextField("raisons")
    received_at = models.DateTimeField("reçue le")
    due_at = models.DateTimeField("à décider avant le")
    outcome = models.CharField("issue", max_length=10, choices=Outcome, blank=True)
    reasons = models.TextField("réponse", blank=True)
    decided_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField("décidée le", null=True, blank=True)

    class Meta:
        verbose_name = "contestation"
        verbose_name_plural = "contestations"
        ordering = ("due_at", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(decision__isnull=False, block__isnull=True) | Q(decision__isnull=True, block__isnull=False),
                name="appeal_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at__isnull=True)
                | (~Q(outcome="") & ~Q(reasons="") & Q(decided_at__isnull=False)),
                name="appeal_decided_whole",
            ),
        )
        indexes = (models.Index("due_at", "id", name="appeal_waiting", condition=Q(outcome="")),)

    def __str__(self) -> str:
        return self.reference
