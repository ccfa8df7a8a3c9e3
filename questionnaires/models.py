"""A questionnaire, its questions, and what was answered, without a name. Rows are written by actions only.

What somebody is typing lies in `Response.draft`; `Answer` holds one row for each value of what was sent, and nothing else.
"""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from accounts.levels import ResidencyLevel
from city.models import District
from desk.models import Channel, Person
from mulhouse.references import new_reference
from mulhouse.typography import local_day
from questionnaires import conditions

TEXT_LENGTH = 1500
OTHER_LENGTH = 200
MAX_OPTIONS = 20
MAX_QUESTIONS = 60


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    """Named reads of questionnaires."""

    def published(self) -> Self:
        """Visible to everybody."""
        return self.filter(published_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        """What this person may see: everything published, and drafts for those who build them."""
        # `is_staff` first: it costs no query, and residents hold no permission.
        if user.is_authenticated and user.is_staff and user.has_perm("questionnaires.change_questionnaire"):
            return self
        return self.published()

    def closed(self, *, at: dt.datetime) -> Self:
        """Published, come to its end, and not cancelled: what is read and counted."""
        return self.published().filter(cancelled_at__isnull=True, closes_on__lte=local_day(at))


class Questionnaire(models.Model):
    """Questions asked to many, open from the first moment of `opens_on` to the first moment of `closes_on`, in Paris."""

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    title = models.CharField("titre", max_length=120)
    intro = models.TextField("introduction", blank=True)
    opens_on = models.DateField("premier jour", null=True, blank=True)
    closes_on = models.DateField("lendemain du dernier jour", null=True, blank=True)
    residency_level = models.CharField(
        "qui peut répondre", max_length=10, choices=ResidencyLevel, default=ResidencyLevel.NONE
    )
    minimum_age = models.PositiveSmallIntegerField("âge minimum", null=True, blank=True)
    accepts_without_account = models.BooleanField("réponse possible sans compte", default=False)
    shows_live_results = models.BooleanField("résultats visibles avant la fin", default=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)
    published_at = models.DateTimeField("publié le", null=True, blank=True)
    # What was announced at first, once the last day has been put off.
    first_closes_on = models.DateField("lendemain du dernier jour annoncé d’abord", null=True, blank=True)
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    cancel_reason = models.CharField("motif de l’annulation", max_length=300, blank=True, db_default="")

    objects: ClassVar[models.Manager["Questionnaire"]] = QuestionnaireQuerySet.as_manager()

    class Meta:
        verbose_name = "questionnaire"
        verbose_name_plural = "questionnaires"
        ordering = ("-pk",)
        permissions = (("publish_questionnaire", "Peut publier, prolonger et annuler un questionnaire"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(opens_on__isnull=False, closes_on__isnull=False),
                name="questionnaire_published_dated",
                violation_error_message="Un questionnaire publié a un premier et un dernier jour.",
            ),
            models.CheckConstraint(
                condition=Q(opens_on__isnull=True) | Q(closes_on__isnull=True) | Q(closes_on__gt=F("opens_on")),
                name="questionnaire_closes_after_opening",
                violation_error_message="Le dernier jour vient avant le premier.",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancel_reason="")
                | (Q(cancelled_at__isnull=False, published_at__isnull=False) & ~Q(cancel_reason="")),
                name="questionnaire_cancelled_published",
            ),
            # A running deadline is never brought forward.
            models.CheckConstraint(
                condition=Q(first_closes_on__isnull=True) | Q(closes_on__gt=F("first_closes_on")),
                name="questionnaire_only_extended",
            ),
            # Without an account, nobody knows where one lives or how old one is.
            models.CheckConstraint(
                condition=Q(accepts_without_account=False)
                | Q(residency_level=ResidencyLevel.NONE, minimum_age__isnull=True),
                name="questionnaire_without_account_open",
                violation_error_message=(
                    "Sans compte, la Ville ne connaît ni le lieu de résidence ni l’âge : ouvrez à toute personne, sans âge."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.title

    def has_begun(self, *, at: dt.datetime) -> bool:
        """Tell whether the first day has come."""
        return self.published_at is not None and self.opens_on is not None and local_day(at) >= self.opens_on

    def is_over(self, *, at: dt.datetime) -> bool:
        """Tell whether no answer is taken any more."""
        return self.published_at is not None and (
            self.cancelled_at is not None or (self.closes_on is not None and local_day(at) >= self.closes_on)
        )

    def is_open(self, *, at: dt.datetime) -> bool:
        """Tell whether answers are taken at that instant."""
        return self.has_begun(at=at) and not self.is_over(at=at)

    @property
    def last_day(self) -> dt.date | None:
        """Give the last day on which one can answer."""
        return None if self.closes_on is None else self.closes_on - dt.timedelta(days=1)

    @property
    def first_last_day(self) -> dt.date | None:
        """Give the last day that was announced at first, of a questionnaire that was prolonged."""
        return None if self.first_closes_on is None else self.first_closes_on - dt.timedelta(days=1)


class Section(models.Model):
    """A page of a questionnaire."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="sections")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    title = models.CharField("titre", max_length=120)
    intro = models.TextField("introduction", blank=True)

    class Meta:
        verbose_name = "page"
        verbose_name_plural = "pages"
        ordering = ("position", "pk")
        constraints = (
            # Deferred: reordering passes through equal positions.
            models.UniqueConstraint(
                fields=("questionnaire", "position"),
                name="questionnaire_section_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        )

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """A question, of one kind, asked always or on the answer to an earlier one."""

    class Kind(models.TextChoices):
        """What an answer looks like."""

        SINGLE = "single", "Un choix"
        MULTIPLE = "multiple", "Plusieurs choix"
        SCALE = "scale", "Échelle"
        MATRIX = "matrix", "Tableau (un choix par ligne)"
        RANKING = "ranking", "Classement"
        TEXT = "text", "Texte libre"
        NUMBER = "number", "Nombre"
        DISTRICT = "district", "Quartier"
        FILE = "file", "Fichier"

    class Test(models.TextChoices):
        """What the earlier answer must be."""

        ANY_OF = conditions.Test.ANY_OF.value, "a choisi l’une de ces réponses"
        NONE_OF = conditions.Test.NONE_OF.value, "a répondu, et n’a choisi aucune de ces réponses"
        AT_LEAST = conditions.Test.AT_LEAST.value, "a répondu au moins"
        AT_MOST = conditions.Test.AT_MOST.value, "a répondu au plus"

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    kind = models.CharField("sorte", max_length=10, choices=Kind)
    label = models.CharField("question", max_length=300)
    help = models.CharField("précision", max_length=300, blank=True)
    is_required = models.BooleanField("réponse obligatoire", default=False)
    max_choices = models.PositiveSmallIntegerField("nombre de choix au plus", null=True, blank=True)
    lowest = models.IntegerField("valeur la plus basse", null=True, blank=True)
    highest = models.IntegerField("valeur la plus haute", null=True, blank=True)
    lowest_label = models.CharField("ce que dit la plus basse", max_length=60, blank=True)
    highest_label = models.CharField("ce que dit la plus haute", max_length=60, blank=True)
    unit = models.CharField("unité", max_length=20, blank=True)
    condition_question = models.ForeignKey(
        "self",
        verbose_name="seulement selon la réponse à",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="dependants",
    )
    condition_test = models.CharField("quand la personne", max_length=10, choices=Test, blank=True)
    condition_options: "models.ManyToManyField[Option, Any]" = models.ManyToManyField(
        "Option", verbose_name="réponses", blank=True, related_name="+"
    )
    condition_number = models.IntegerField("nombre", null=True, blank=True)

    class Meta:
        verbose_name = "question"
        verbose_name_plural = "questions"
        ordering = ("section__position", "position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("section", "position"), name="question_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=~Q(kind="scale") | Q(lowest__isnull=False, highest__isnull=False),
                name="question_scale_bounded",
                violation_error_message="Une échelle a une valeur la plus basse et une valeur la plus haute.",
            ),
            models.CheckConstraint(
                condition=Q(lowest__isnull=True) | Q(highest__isnull=True) | Q(highest__gt=F("lowest")),
                name="question_bounds_ordered",
                violation_error_message="La valeur la plus haute doit dépasser la plus basse.",
            ),
            models.CheckConstraint(
                condition=Q(condition_question__isnull=True, condition_test="")
                | (Q(condition_question__isnull=False) & ~Q(condition_test="")),
                name="question_condition_whole",
            ),
        )

    def __str__(self) -> str:
        return self.label


class Option(models.Model):
    """A possible answer: of a choice, of a ranking, a column of a table. `is_other` asks for words."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    label = models.CharField("réponse", max_length=160)
    is_other = models.BooleanField("« Autre », avec un texte", default=False)

    class Meta:
        verbose_name = "réponse possible"
        verbose_name_plural = "réponses possibles"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("question",), condition=Q(is_other=True), name="question_other_once"),
        )

    def __str__(self) -> str:
        return self.label


class Row(models.Model):
    """A line of a table: the options of the question are its columns."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    label = models.CharField("ligne", max_length=160)

    class Meta:
        verbose_name = "ligne de tableau"
        verbose_name_plural = "lignes de tableau"
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.label


class Amendment(models.Model):
    """A wording changed after publication, with its reason, for everybody to read."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="amendments")
    question = models.ForeignKey(Question, null=True, on_delete=models.SET_NULL, related_name="+")
    before = models.CharField("avant", max_length=300)
    after = models.CharField("après", max_length=300)
    reason = models.CharField("raison", max_length=300)
    made_at = models.DateTimeField("le")

    class Meta:
        verbose_name = "formulation changée"
        verbose_name_plural = "formulations changées"
        ordering = ("made_at", "pk")

    def __str__(self) -> str:
        return self.after


class ResponseQuerySet(models.QuerySet["Response"]):
    """Named reads of responses."""

    def sent(self) -> Self:
        """What counts: begun and left is nothing."""
        return self.filter(submitted_at__isnull=False)

    def of(self, questionnaire: Questionnaire, *, user: Any, token_hash: str) -> Self:
        """What this person, or this browser, has begun or sent."""
        rows = self.filter(questionnaire=questionnaire)
        if user.is_authenticated:
            return rows.filter(person__user=user)
        return rows.filter(token_hash=token_hash) if token_hash else rows.none()


class Response(models.Model):
    """What one person answers: a person counted once, or a key that only their browser holds, of which a hash is kept."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="responses")
    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="questionnaire_responses"
    )
    token_hash = models.CharField(
        "empreinte de la clé", max_length=64, null=True, blank=True, unique=True, editable=False
    )
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    # As they were when it was sent: for counts by district and by age, never for one person.
    district = models.ForeignKey(District, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    age_band = models.CharField("tranche d’âge", max_length=8, blank=True)
    draft = models.JSONField("en cours", default=dict, blank=True)
    started_at = models.DateTimeField("commencée le", auto_now_add=True)
    saved_at = models.DateTimeField("enregistrée le", auto_now=True)
    submitted_at = models.DateTimeField("envoyée le", null=True, blank=True)
    resent_at = models.DateTimeField("envoyée de nouveau le", null=True, blank=True, editable=False)
    # What was answered before it was sent again, as long as public results still count it (`before`).
    before = models.JSONField("réponses d’avant", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Response"]] = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse à un questionnaire"
        verbose_name_plural = "réponses aux questionnaires"
        constraints = (
            models.UniqueConstraint(fields=("questionnaire", "person"), name="response_person_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=False, token_hash__isnull=True)
                | Q(person__isnull=True, token_hash__isnull=False, token_hash__regex=r"^[0-9a-f]{64}$"),  # noqa: S106 (a shape)
                name="response_one_key",
            ),
        )
        indexes = (
            models.Index(fields=("questionnaire", "id"), name="response_sent", condition=Q(submitted_at__isnull=False)),
            models.Index(fields=("saved_at",), name="response_left", condition=Q(submitted_at__isnull=True)),
        )

    def __str__(self) -> str:
        return self.reference


class ResponseFile(models.Model):
    """A cleaned file joined to a response: read by agents, never public."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="files")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")
    file = models.FileField("fichier", upload_to="questionnaires/")
    name = models.CharField("nom", max_length=120)
    content_type = models.CharField("sorte de contenu", max_length=80)
    size = models.PositiveIntegerField("taille")

    class Meta:
        verbose_name = "fichier d’une réponse"
        verbose_name_plural = "fichiers des réponses"

    def __str__(self) -> str:
        return self.name


class AnswerQuerySet(models.QuerySet["Answer"]):
    """Named reads of answers."""

    def free_texts(self) -> Self:
        """What was written in free words, « Autre : … » of a choice too: what the analysis reads."""
        worded = (Question.Kind.TEXT, Question.Kind.SINGLE, Question.Kind.MULTIPLE)
        return self.filter(question__kind__in=worded).exclude(text="")


class Answer(models.Model):
    """One value of what was sent: a choice, a line of a table, a rank, a number, a text, a district or a file."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    option = models.ForeignKey(Option, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    row = models.ForeignKey(Row, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField("rang", null=True, blank=True)
    number = models.DecimalField("nombre", max_digits=12, decimal_places=2, null=True, blank=True)
    text = models.TextField("texte", blank=True)
    district = models.ForeignKey(District, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(ResponseFile, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    # Free words may tell who wrote them: nobody but agents reads them until one of them has looked.
    shown_at = models.DateTimeField("texte montré au public le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Answer"]] = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "valeur d’une réponse"
        verbose_name_plural = "valeurs des réponses"
        constraints = (
            # One value for each question, or for each option or line of it.
            models.UniqueConstraint(
                fields=("response", "question", "option", "row"), name="answer_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(option__isnull=False)
                | Q(number__isnull=False)
                | ~Q(text="")
                | Q(district__isnull=False)
                | Q(file__isnull=False),
                name="answer_says_something",
            ),
        )
        indexes = (models.Index(fields=("question", "option", "row"), name="answer_counted"),)

    def __str__(self) -> str:
        return f"{self.question_id}"
