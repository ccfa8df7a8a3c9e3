"""A vote by secret ballot: its question and rules, the roll (who), the box (what), the receipts. Rows are written by actions only.

Nothing ties a line of the roll to a ballot: no key, no time, no order. Before the count the ballots are one sealed row
(`sealing`); the count lays them out as lines, shuffled, all in one transaction. Source: docs/algorithms/vote-secret.md.
"""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.levels import ResidencyLevel
from ballots import dates, tally
from desk.models import Channel, Person
from mulhouse.references import new_reference

MAX_OPTIONS = 20
# A budget is shared between more: the page where a basket is checked, sent without compression, is 2 kB longer with forty than with three.
MAX_PROJECTS = 40


class VotationQuerySet(models.QuerySet["Votation"]):
    """Named reads of votes."""

    def published(self) -> Self:
        """Visible to everybody."""
        return self.filter(published_at__isnull=False)

    def standing(self) -> Self:
        """Published, and not cancelled."""
        return self.published().filter(cancelled_at__isnull=True)

    def to_count(self, *, at: dt.datetime) -> Self:
        """Closed, every ballot in the box, and not counted yet."""
        last_day = (at - dates.COUNT_DELAY).astimezone(dates.PARIS).date() - dt.timedelta(days=1)
        return self.standing().filter(counted_at__isnull=True, ends_on__lte=last_day)

    def to_forget(self, *, at: dt.datetime) -> Self:
        """Counted or cancelled long enough ago for nobody to contest them any more, and whose roll still names people."""
        before = at - dt.timedelta(days=Votation.ROLL_DAYS)
        return self.filter(Q(counted_at__lt=before) | Q(cancelled_at__lt=before), roll_cleared_at__isnull=True)


class Votation(models.Model):
    """A choice among options, by secret ballot, with every rule declared before it opens."""

    ROLL_DAYS = 30

    class Kind(models.TextChoices):
        """What is asked."""

        SINGLE = tally.Kind.SINGLE.value, _("un seul choix")
        UP_TO = tally.Kind.UP_TO.value, _("plusieurs choix")
        YES_NO = tally.Kind.YES_NO.value, _("oui ou non à chaque proposition")
        BUDGET = tally.Kind.BUDGET.value, _("panier dans un budget")

    class Majority(models.TextChoices):
        """What an option needs."""

        MOST = tally.Majority.MOST.value, _("le plus de voix")
        ABSOLUTE = tally.Majority.ABSOLUTE.value, _("plus de la moitié des bulletins exprimés")
        TWO_THIRDS = tally.Majority.TWO_THIRDS.value, _("les deux tiers au moins des bulletins exprimés")

    class Tie(models.TextChoices):
        """What happens when two options are level and only one may be kept."""

        DECIDER = "decider", _("la Ville choisit entre elles, et publie pourquoi")
        AGAIN = "again", _("un second vote a lieu entre elles")
        NOBODY = "nobody", _("aucune n’est retenue")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    question = models.CharField("question", max_length=300)
    intro = models.TextField("ce qu’il faut savoir avant de voter", blank=True)
    kind = models.CharField("forme du vote", max_length=8, choices=Kind, default=Kind.SINGLE)
    most = models.PositiveSmallIntegerField("choix par bulletin, au plus", default=1)
    winners = models.PositiveSmallIntegerField("propositions retenues, au plus", default=1)
    # What the options kept may cost together; None when a vote shares no budget.
    amount_cents = models.PositiveBigIntegerField("budget à répartir (en centimes)", null=True, blank=True)
    opens_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour", help_text="Inclus, jusqu’à minuit.")
    residency_level = models.CharField(
        "qui peut voter", max_length=10, choices=ResidencyLevel, default=ResidencyLevel.VERIFIED
    )
    minimum_age = models.PositiveSmallIntegerField("âge minimum", null=True, blank=True)
    blank_allowed = models.BooleanField("vote blanc possible", default=True)
    quorum = models.PositiveIntegerField("quorum (nombre de bulletins)", default=0)
    majority = models.CharField("majorité", max_length=12, choices=Majority, default=Majority.MOST)
    tie = models.CharField("en cas d’égalité", max_length=8, choices=Tie, default=Tie.DECIDER)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)
    published_at = models.DateTimeField("publié le", null=True, blank=True, editable=False)
    counted_at = models.DateTimeField("dépouillé le", null=True, blank=True, editable=False)
    # What was announced at first, once the last day has been put off.
    first_ends_on = models.DateField("dernier jour annoncé d’abord", null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True, editable=False)
    cancel_reason = models.CharField("motif de l’annulation", max_length=300, blank=True, db_default="", editable=False)
    roll_cleared_at = models.DateTimeField("liste effacée le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Votation"]] = VotationQuerySet.as_manager()

    class Meta:
        verbose_name = "vote"
        verbose_name_plural = "votes"
        ordering = ("opens_on", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("opens_on")),
                name="votation_ends_after_start",
                violation_error_message="Le dernier jour vient avant le premier.",
            ),
            models.CheckConstraint(condition=Q(most__gte=1, winners__gte=1), name="votation_at_least_one"),
            models.CheckConstraint(
                condition=Q(counted_at__isnull=True) | Q(published_at__isnull=False), name="votation_counted_published"
            ),
            models.CheckConstraint(
                condition=Q(roll_cleared_at__isnull=True) | Q(counted_at__isnull=False) | Q(cancelled_at__isnull=False),
                name="votation_cleared_over",
            ),
            # A vote that is cancelled is never counted; one that is counted is never cancelled.
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancel_reason="")
                | (Q(published_at__isnull=False, counted_at__isnull=True) & ~Q(cancel_reason="")),
                name="votation_cancelled_uncounted",
            ),
            # A running deadline is never brought forward.
            models.CheckConstraint(
                condition=Q(first_ends_on__isnull=True) | Q(ends_on__gt=F("first_ends_on")),
                name="votation_only_extended",
            ),
            models.CheckConstraint(
                condition=~Q(kind="budget") | Q(amount_cents__isnull=False),
                name="votation_basket_has_amount",
                violation_error_message="Un panier se remplit dans un budget\u00a0: écrivez son montant.",
            ),
            # Who is kept follows from the voices and the costs alone.
            models.CheckConstraint(
                condition=Q(amount_cents__isnull=True)
                | Q(amount_cents__gt=0, kind__in=("up_to", "budget"), majority="most"),
                name="votation_amount_shared",
                violation_error_message=(
                    "Un budget se répartit entre plusieurs choix, par nombre de voix\u00a0: choisissez «\u00a0plusieurs choix\u00a0» ou "
                    "«\u00a0panier dans un budget\u00a0», et la majorité «\u00a0le plus de voix\u00a0»."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.question

    @property
    def opens_at(self) -> dt.datetime:
        """Give the first instant at which one can vote."""
        return dates.midnight(self.opens_on)

    @property
    def closes_at(self) -> dt.datetime:
        """Give the first instant at which one no longer can."""
        return dates.closing(self.ends_on)

    def state(self, *, at: dt.datetime) -> dates.State:
        """Place an instant before, in or after the vote; a vote that is cancelled has no time left."""
        if self.cancelled_at is not None:
            return dates.State.CANCELLED
        return dates.state(self.opens_on, self.ends_on, at=at)

    def rules(self) -> tally.Rules:
        """Give the declared rules as the count reads them (prefetch `options`)."""
        costs = {option.number: option.cost_cents or 0 for option in self.options.all()}
        return tally.Rules(
            kind=tally.Kind(self.kind),
            options=tuple(sorted(costs)),
            amount=self.amount_cents or 0,
            costs=costs if self.amount_cents else {},
            most=self.most,
            winners=self.winners,
            blank_allowed=self.blank_allowed,
            quorum=self.quorum,
            majority=tally.Majority(self.majority),
        )


class Option(models.Model):
    """Something one can vote for."""

    votation = models.ForeignKey(Votation, on_delete=models.CASCADE, related_name="options")
    number = models.PositiveSmallIntegerField("numéro")
    label = models.CharField("proposition", max_length=160)
    description = models.CharField("en une phrase", max_length=300, blank=True)
    cost_cents = models.PositiveBigIntegerField("coût (en centimes)", null=True, blank=True)

    class Meta:
        verbose_name = "proposition soumise au vote"
        verbose_name_plural = "propositions soumises au vote"
        ordering = ("number",)
        constraints = (
            # Deferred: reordering passes through equal numbers.
            models.UniqueConstraint(
                fields=("votation", "number"), name="option_number_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(number__range=(1, MAX_PROJECTS)), name="option_number_bounded"),
            models.CheckConstraint(condition=Q(cost_cents__isnull=True) | Q(cost_cents__gt=0), name="option_not_free"),
        )

    def __str__(self) -> str:
        return self.label


class RollLine(models.Model):
    """Who voted, once, by which channel and on which day. Never what, never at which hour.

    `person` is cut a month after the count; the line stays, so that the numbers stay.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    votation = models.ForeignKey(Votation, on_delete=models.PROTECT, related_name="roll")
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="ballot_roll_lines"
    )
    channel = models.CharField("canal", max_length=8, choices=Channel)
    voted_on = models.DateField("jour")

    class Meta:
        verbose_name = "ligne d’émargement"
        verbose_name_plural = "liste d’émargement"
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("votation", "person"), name="roll_once_per_person"),)
        indexes = (models.Index(fields=("votation", "voted_on", "channel"), name="roll_turnout"),)

    def __str__(self) -> str:
        return "émargement"


class Box(models.Model):
    """The ballots cast on the web, sealed; it goes when they are counted."""

    votation = models.OneToOneField(Votation, primary_key=True, on_delete=models.PROTECT, related_name="box")
    sealed = models.BinaryField("contenu scellé")

    class Meta:
        verbose_name = "urne"
        verbose_name_plural = "urnes"

    def __str__(self) -> str:
        return "urne"


class BoxLine(models.Model):
    """A ballot of the web, laid out at the count among all the others, in an order drawn at random."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    votation = models.ForeignKey(Votation, on_delete=models.PROTECT, related_name="box_lines")
    choices = ArrayField(models.SmallIntegerField(), verbose_name="choix", blank=True, default=list)

    class Meta:
        verbose_name = "bulletin"
        verbose_name_plural = "bulletins"
        ordering = ("pk",)

    def __str__(self) -> str:
        return "bulletin"


class Receipt(models.Model):
    """The fingerprint of a receipt code: a ballot with this receipt is in the box. Which one is kept nowhere."""

    fingerprint = models.CharField("empreinte", max_length=64, primary_key=True)
    votation = models.ForeignKey(Votation, on_delete=models.PROTECT, related_name="receipts")

    class Meta:
        verbose_name = "reçu"
        verbose_name_plural = "reçus"

    def __str__(self) -> str:
        return "reçu"


class PaperCount(models.Model):
    """What one agent counted of the paper ballots. Two agents count apart; they are added once both say the same."""

    votation = models.ForeignKey(Votation, on_delete=models.PROTECT, related_name="paper_counts")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="paper_counts"
    )
    ballots = models.PositiveIntegerField("bulletins trouvés dans l’urne")
    blank = models.PositiveIntegerField("bulletins blancs", default=0)
    spoiled = models.PositiveIntegerField("bulletins nuls", default=0)
    # {"1": [yes, no], …}, no being 0 unless the vote is by yes or no.
    scores = models.JSONField("voix", default=dict)
    entered_at = models.DateTimeField("saisi le")

    class Meta:
        verbose_name = "comptage papier"
        verbose_name_plural = "comptages papier"
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("votation", "agent"), name="paper_count_once_per_agent"),)

    def __str__(self) -> str:
        return "comptage papier"

    def count(self) -> tally.Count:
        """Give it as the count reads it."""
        scores: dict[str, Any] = self.scores
        return tally.Count(
            ballots=self.ballots,
            blank=self.blank,
            spoiled=self.spoiled,
            scores={int(number): tally.Score(*pair) for number, pair in sorted(scores.items())},
        )
