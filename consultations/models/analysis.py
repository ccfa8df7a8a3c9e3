"""What the city makes of each opinion: the items that wait for an answer, their themes, and the outcomes, dated and never rewritten."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, Func, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from city.models import District
from consultations.models.columns import search_column
from consultations.models.procedure import Consultation, Section
from consultations.models.writing import Comment, Contribution
from desk.models import Channel
from mulhouse.references import new_reference
from questionnaires.models import Answer


class Decision(models.TextChoices):
    """What the city answers to an opinion: one of a closed list."""

    KEPT = "kept", _("Retenu")
    PARTLY_KEPT = "partly_kept", _("Retenu en partie")
    NOT_KEPT = "not_kept", _("Non retenu")
    OUT_OF_SCOPE = "out_of_scope", _("Hors périmètre")
    FORWARDED = "forwarded", _("Transmis")
    ALREADY_DONE = "already_done", _("Déjà fait")


def ready_column(*required: str) -> Any:
    """Build the stored column that tells whether a decision can be published: the one definition, for Python and for SQL.

    Chosen, explained, addressed when it is forwarded, and with what else is `required`.
    """
    whole = ~Q(draft_decision="") & (~Q(draft_decision=Decision.FORWARDED) | Q(draft_forwarded_to__regex=r"\S"))
    for name in ("draft_explanation", *required):
        whole &= Q(**{f"{name}__regex": r"\S"})
    output = models.BooleanField()
    return models.GeneratedField(
        expression=ExpressionWrapper(whole, output_field=output), output_field=output, db_persist=True
    )


class Draft(models.Model):
    """A decision that agents prepare: read by staff only, until `outcomes.publish` makes an Outcome of it."""

    draft_decision = models.CharField("décision préparée", max_length=12, choices=Decision, blank=True)
    draft_explanation = models.TextField("explication préparée", blank=True)
    draft_forwarded_to = models.CharField("à qui c’est transmis", max_length=160, blank=True)
    # Raised by each change, so that two agents never overwrite each other without knowing.
    version = models.PositiveIntegerField(default=1, editable=False)
    # As the row was read: read it again after a change.
    is_ready = ready_column()

    class Meta:
        abstract = True

    @property
    def has_draft(self) -> bool:
        """Tell whether somebody has begun a decision."""
        return bool(self.draft_decision or self.draft_explanation or self.draft_forwarded_to)


class ItemQuerySet(models.QuerySet["Item"]):
    """Named reads of items."""

    def standing(self) -> Self:
        """Neither withdrawn nor hidden: those the city answers."""
        return self.exclude(place__in=(Item.Place.WITHDRAWN, Item.Place.HIDDEN))

    def with_answers(self) -> Self:
        """Add `has_own_answer` (one that is not of a theme), and `has_answered_themes` (it has themes, each with an answer)."""
        links = ItemTheme.objects.filter(item=OuterRef("pk"))
        own = ItemOutcome.objects.current().filter(item=OuterRef("pk"), outcome__theme__isnull=True)
        return self.annotate(
            has_own_answer=Exists(own),
            has_answered_themes=Exists(links) & ~Exists(links.filter(theme__outcomes__isnull=True)),
        )

    def public(self) -> Self:
        """Those whose text everybody reads: on a page of its own, or, for a free text that an agent decided to show, in the list."""
        return self.standing().filter(
            Q(contribution__isnull=False)
            | Q(answer__shown_at__isnull=False)
            # The comment itself too: a free text has none, so none of its dates either.
            | Q(
                comment__isnull=False,
                comment__contribution__withdrawn_at__isnull=True,
                comment__contribution__hidden_at__isnull=True,
            )
        )


class Item(Draft):
    """An opinion that must get an answer: a contribution, a comment marked as a proposal, the free text of a questionnaire.

    Written in the transaction of its source (`consultations.items`), with a copy of the words that are searched.
    """

    class Kind(models.TextChoices):
        """What sort of text it is."""

        OPINION = "opinion", _("Avis")
        PROPOSAL = "proposal", _("Proposition")
        QUESTION = "question", _("Question")
        EXPERIENCE = "experience", _("Expertise d’usage")
        COMMENT = "comment", _("Proposition dans le débat")
        ANSWER = "answer", _("Réponse libre")

    class Place(models.TextChoices):
        """Where it stands: one place, always."""

        WAITING = "waiting", _("En attente d’une réponse")
        ANSWERED = "answered", _("A une réponse")
        GROUPED = "grouped", _("Regroupé avec un autre avis")
        WITHDRAWN = "withdrawn", _("Retiré par son auteur")
        HIDDEN = "hidden", _("Masqué par la modération")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="items")
    contribution = models.OneToOneField(
        Contribution, null=True, blank=True, on_delete=models.CASCADE, related_name="item"
    )
    comment = models.OneToOneField(Comment, null=True, blank=True, on_delete=models.CASCADE, related_name="item")
    answer = models.OneToOneField(Answer, null=True, blank=True, on_delete=models.CASCADE, related_name="item")
    kind = models.CharField("sorte", max_length=10, choices=Kind)
    channel = models.CharField("canal", max_length=8, choices=Channel)
    section = models.ForeignKey(Section, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    district = models.ForeignKey(District, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    received_at = models.DateTimeField("reçu le")
    title = models.CharField("titre", max_length=400, blank=True)
    words = models.TextField("texte", blank=True)
    place = models.CharField("où il en est", max_length=9, choices=Place, default=Place.WAITING, editable=False)
    grouped_with = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="members", verbose_name="regroupé avec"
    )
    search = search_column(("title", "A"), ("words", "B"))

    objects: ClassVar[models.Manager["Item"]] = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = "avis"
        verbose_name_plural = "avis"
        ordering = ("-received_at", "-pk")
        indexes = (
            models.Index("consultation", F("received_at").desc(), F("id").desc(), name="item_recent"),
            models.Index("consultation", "place", F("received_at").desc(), F("id").desc(), name="item_place"),
            GinIndex(fields=("search",), name="item_search"),
            GinIndex(OpClass(Func(Lower("title"), function="f_unaccent"), name="gin_trgm_ops"), name="item_title_trgm"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(contribution__isnull=False, comment__isnull=True, answer__isnull=True)
                | Q(contribution__isnull=True, comment__isnull=False, answer__isnull=True)
                | Q(contribution__isnull=True, comment__isnull=True, answer__isnull=False),
                name="item_one_source",
            ),
            models.CheckConstraint(
                condition=Q(place="grouped", grouped_with__isnull=False)
                | (~Q(place="grouped") & Q(grouped_with__isnull=True)),
                name="item_grouped_has_root",
            ),
            models.CheckConstraint(condition=~Q(grouped_with=F("id")), name="item_not_its_own_root"),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.title}"


class AnalysisTheme(Draft):
    """What several opinions ask: a working title for agents, a title and a summary for everybody."""

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="analysis_themes")
    title = models.CharField("titre de travail", max_length=160)
    public_title = models.CharField("titre public", max_length=160, blank=True)
    public_summary = models.TextField("ce qui est demandé, en public", blank=True)
    is_minority = models.BooleanField("point de vue minoritaire", default=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    # Residents never read the working title: without a public one nothing is published.
    is_ready = ready_column("public_title")

    class Meta:
        verbose_name = "thème d’analyse"
        verbose_name_plural = "thèmes d’analyse"
        ordering = ("title", "pk")
        constraints = (
            models.UniqueConstraint(
                "consultation",
                Lower("title"),
                name="analysis_theme_title_once",
                violation_error_message="Un thème de cette consultation porte déjà ce titre.",
            ),
        )

    def __str__(self) -> str:
        return self.title


class ItemTheme(models.Model):
    """An opinion belongs to a theme."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links")
    theme = models.ForeignKey(AnalysisTheme, on_delete=models.CASCADE, related_name="links")

    class Meta:
        verbose_name = "rattachement"
        verbose_name_plural = "rattachements"
        constraints = (models.UniqueConstraint(fields=("theme", "item"), name="item_theme_once"),)

    def __str__(self) -> str:
        return f"{self.item_id} → {self.theme_id}"


class Note(models.Model):
    """What an agent tells the others about an opinion or a theme: never on a public page, in a mail nor in an export."""

    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.CASCADE, related_name="notes")
    theme = models.ForeignKey(AnalysisTheme, null=True, blank=True, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    body = models.TextField("note")
    written_at = models.DateTimeField("écrite le")

    class Meta:
        verbose_name = "note interne"
        verbose_name_plural = "notes internes"
        ordering = ("written_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(item__isnull=False, theme__isnull=True) | Q(item__isnull=True, theme__isnull=False),
                name="note_on_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"note {self.pk}"


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    """Named reads of outcomes."""

    def newest(self) -> Self:
        """The last one first."""
        return self.order_by("-published_at", "-pk")


class Outcome(models.Model):
    """What the city answered on a day, for a theme or for one opinion. A trigger refuses to change or delete it.

    `subject`, `summary` and `is_minority` are what was said of the theme on that day: what is said of it later waits for the
    next answer.
    """

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="outcomes")
    theme = models.ForeignKey(AnalysisTheme, null=True, blank=True, on_delete=models.PROTECT, related_name="outcomes")
    item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.PROTECT, related_name="own_outcomes")
    subject = models.CharField("sujet", max_length=160, blank=True)
    summary = models.TextField("ce qui est demandé", blank=True, default="", db_default="")
    is_minority = models.BooleanField("point de vue minoritaire", default=False, db_default=False)
    decision = models.CharField("décision", max_length=12, choices=Decision)
    explanation = models.TextField("explication")
    explanation_html = models.TextField("explication affichée")
    forwarded_to = models.CharField("transmis à", max_length=160, blank=True)
    published_at = models.DateTimeField("publiée le")

    objects: ClassVar[models.Manager["Outcome"]] = OutcomeQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse de la Ville"
        verbose_name_plural = "réponses de la Ville"
        ordering = ("-published_at", "-pk")
        indexes = (
            models.Index("consultation", F("published_at").desc(), F("id").desc(), name="outcome_recent"),
            models.Index("theme", F("published_at").desc(), F("id").desc(), name="outcome_of_theme"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(theme__isnull=False, item__isnull=True) | Q(theme__isnull=True, item__isnull=False),
                name="outcome_of_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(explanation=""),
                name="outcome_explained",
                violation_error_message="Expliquez la décision.",
            ),
            models.CheckConstraint(
                condition=~Q(decision="forwarded") | ~Q(forwarded_to=""),
                name="outcome_forwarded_to_somebody",
                violation_error_message="Dites à qui c’est transmis.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.get_decision_display()}"


class OutcomeReturn(models.Model):
    """An opinion gave up the answer of its own for those of its themes: a dated event, in public, with its reason.

    A trigger refuses to change or delete it.
    """

    outcome = models.OneToOneField(Outcome, on_delete=models.PROTECT, related_name="returned")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="returns")
    reason = models.CharField("pourquoi", max_length=600)
    returned_at = models.DateTimeField("décidé le")

    class Meta:
        verbose_name = "retour à la réponse des thèmes"
        verbose_name_plural = "retours à la réponse des thèmes"
        constraints = (
            models.CheckConstraint(
                condition=~Q(reason=""), name="outcome_return_explained", violation_error_message="Dites pourquoi."
            ),
        )

    def __str__(self) -> str:
        return f"{self.outcome_id}, {self.returned_at:%Y-%m-%d}"


class ItemOutcomeQuerySet(models.QuerySet["ItemOutcome"]):
    """Named reads of what was given."""

    def current(self) -> Self:
        """What still holds."""
        return self.filter(ended_at__isnull=True)


class ItemOutcome(models.Model):
    """An outcome reached an opinion on a day; it ends when another one takes its place. A trigger refuses anything else."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="given")
    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="given")
    given_at = models.DateTimeField("donnée le")
    ended_at = models.DateTimeField("remplacée le", null=True, blank=True)

    objects: ClassVar[models.Manager["ItemOutcome"]] = ItemOutcomeQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse reçue"
        verbose_name_plural = "réponses reçues"
        ordering = ("-given_at", "-pk")
        indexes = (
            models.Index(fields=("item",), name="item_outcome_current", condition=Q(ended_at__isnull=True)),
            # For the API, over all consultations, since a day.
            models.Index(F("given_at").desc(), F("id").desc(), name="item_outcome_given"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("item", "outcome"), name="item_outcome_once", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("given_at")), name="item_outcome_ends_after"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id} ← {self.outcome_id}"
