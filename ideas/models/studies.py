"""What the city does of an idea: the first reading, the study of its services, the answer, and what its author says of it."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from city.models import Service
from ideas.models.writing import Idea
from mulhouse.references import new_reference

REASON_LENGTH = 300


class CriterionCode(models.TextChoices):
    """What the first reading looks at."""

    POWERS = "powers", _("Compétence")
    LEGALITY = "legality", _("Légalité")
    COST = "cost", _("Ordre de coût")
    DELAY = "delay", _("Ordre de délai")
    UPKEEP = "upkeep", _("Entretien")
    OVERLAP = "overlap", _("Lien avec l’existant")


class Reading(models.Model):
    """The first reading of an idea by an agent; a later one replaces it in public, and the former stays readable."""

    class Power(models.TextChoices):
        """Who may do what the idea asks."""

        CITY = "city", _("La Ville")
        AGGLOMERATION = "agglomeration", _("L’agglomération")
        OTHER = "other", _("Une autre collectivité ou l’État")

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="readings")
    number = models.PositiveSmallIntegerField("numéro")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_readings"
    )
    power = models.CharField("qui peut le faire", max_length=13, choices=Power, default=Power.CITY)
    # To whom it is handed over when the city has no power.
    handed_to = models.CharField("transmise à", max_length=160, blank=True)
    score = models.PositiveSmallIntegerField("réalisme sur 100", editable=False)
    published_at = models.DateTimeField("publiée le")

    class Meta:
        verbose_name = "première lecture"
        verbose_name_plural = "premières lectures"
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("idea", "number"), name="reading_number_once"),
            models.CheckConstraint(condition=Q(score__lte=100), name="reading_score_of_hundred"),
        )

    def __str__(self) -> str:
        return f"{self.idea_id} · {self.score}"


class Criterion(models.Model):
    """What a first reading says of one criterion: a level and a short public reason."""

    class Level(models.IntegerChoices):
        """From what stands in the way to what raises no difficulty."""

        BLOCKING = 0, _("Empêche le projet")
        HARD = 1, _("Très difficile")
        POSSIBLE = 2, _("Possible avec des efforts")
        EASY = 3, _("Facile")
        NONE = 4, _("Sans difficulté")

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="criteria")
    code = models.CharField("critère", max_length=8, choices=CriterionCode)
    level = models.PositiveSmallIntegerField("niveau", choices=Level)
    reason = models.CharField("raison publique", max_length=REASON_LENGTH)

    class Meta:
        verbose_name = "critère d’une lecture"
        verbose_name_plural = "critères d’une lecture"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("reading", "code"), name="criterion_once"),
            models.CheckConstraint(condition=Q(level__range=(0, 4)), name="criterion_level"),
            models.CheckConstraint(condition=~Q(reason=""), name="criterion_reasoned"),
        )

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.level}"


class StudyQuerySet(models.QuerySet["Study"]):
    """Named reads of studies."""

    def running(self) -> Self:
        """Opened, and not answered."""
        return self.filter(closed_at__isnull=True)


class Study(models.Model):
    """The feasibility study of an idea. Its clock is a promise of kind « idea.study » (transparency.promising)."""

    idea = models.OneToOneField(Idea, on_delete=models.CASCADE, related_name="study")
    opened_at = models.DateTimeField("ouverte le")
    # Why this idea and not another, in words, as the public rule computed it that day.
    ground = models.CharField("pourquoi elle est étudiée", max_length=300)
    synthesis = models.TextField("synthèse (interne)", blank=True)
    closed_at = models.DateTimeField("close le", null=True, blank=True)

    objects: ClassVar[models.Manager["Study"]] = StudyQuerySet.as_manager()

    class Meta:
        verbose_name = "étude de faisabilité"
        verbose_name_plural = "études de faisabilité"
        ordering = ("opened_at", "pk")
        constraints = (models.CheckConstraint(condition=~Q(ground=""), name="study_grounded"),)

    def __str__(self) -> str:
        return f"étude de {self.idea_id}"


class StudyPartQuerySet(models.QuerySet["StudyPart"]):
    """Named reads of parts."""

    def visible_to(self, user: Any) -> Self:
        """What this person may see, of ideas that everybody reads: all to those who read the files, theirs to agents of a service."""
        rows = self.filter(study__idea__in=Idea.objects.visible())
        if user.has_perm("ideas.view_idea"):
            return rows
        if user.service_id is None or not user.has_perm("ideas.view_studypart"):
            return rows.none()
        return rows.filter(service=user.service_id)


class StudyPart(models.Model):
    """What one service says of the feasibility of an idea; shown with the answer."""

    class Feasibility(models.TextChoices):
        """What the service concludes."""

        YES = "yes", _("Faisable")
        IF = "if", _("Faisable si…")
        NO = "no", _("Non faisable")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="parts")
    service = models.ForeignKey(Service, verbose_name="service", on_delete=models.PROTECT, related_name="idea_studies")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_study_parts"
    )
    feasibility = models.CharField("faisabilité", max_length=3, choices=Feasibility, blank=True)
    condition = models.CharField("à quelle condition", max_length=REASON_LENGTH, blank=True)
    cost_cents = models.PositiveBigIntegerField("coût (en centimes)", null=True, blank=True)
    upkeep_cents = models.PositiveBigIntegerField("entretien par an (en centimes)", null=True, blank=True)
    delay_months = models.PositiveSmallIntegerField("délai (en mois)", null=True, blank=True)
    constraint = models.CharField("contrainte", max_length=REASON_LENGTH, blank=True)
    asked_at = models.DateTimeField("demandée le")
    given_at = models.DateTimeField("rendue le", null=True, blank=True)

    objects: ClassVar[models.Manager["StudyPart"]] = StudyPartQuerySet.as_manager()

    class Meta:
        verbose_name = "part d’une étude"
        verbose_name_plural = "parts d’une étude"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("study", "service"), name="study_part_once_per_service"),
            models.CheckConstraint(
                condition=Q(given_at__isnull=True) | ~Q(feasibility=""), name="study_part_concludes"
            ),
            models.CheckConstraint(
                condition=~Q(feasibility="if") | ~Q(condition=""),
                name="study_part_conditioned",
                violation_error_message="Dites à quelle condition c’est faisable.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.service} · {self.get_feasibility_display()}"


class InternalNote(models.Model):
    """A note between agents about an idea. A table of its own: no page of residents reads it."""

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="notes")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_notes"
    )
    text = models.TextField("note")
    written_at = models.DateTimeField("écrite le")

    class Meta:
        verbose_name = "note interne"
        verbose_name_plural = "notes internes"
        ordering = ("-written_at", "-pk")

    def __str__(self) -> str:
        return f"note {self.pk}"


class IdeaAnswerQuerySet(models.QuerySet["Answer"]):
    """Named reads of answers."""

    def public(self) -> Self:
        """What every surface may show: the answers to what is visible."""
        return self.filter(idea__in=Idea.objects.visible())


class Answer(models.Model):
    """What the city decides of an idea, with its reasons. A later one corrects it; none is rewritten."""

    class Outcome(models.TextChoices):
        """The closed list of answers."""

        KEPT = "kept", _("Retenue")
        PARTLY = "partly", _("Retenue en partie")
        DECLINED = "declined", _("Non retenue")
        ALREADY = "already", _("Déjà fait")
        TRANSFERRED = "transferred", _("Transmise")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="answers")
    number = models.PositiveSmallIntegerField("numéro")
    outcome = models.CharField("réponse", max_length=11, choices=Outcome)
    reason = models.TextField("raisons")
    reason_html = models.TextField("raisons affichées")
    cost_cents = models.PositiveBigIntegerField("coût (en centimes)", null=True, blank=True)
    next_step = models.CharField("prochaine étape", max_length=REASON_LENGTH, blank=True)
    next_on = models.DateField("date de la prochaine étape", null=True, blank=True)
    handed_to = models.CharField("transmise à", max_length=160, blank=True)
    # What can still be done, said with every refusal.
    remedy = models.CharField("ce que l’on peut faire ensuite", max_length=REASON_LENGTH, blank=True)
    # What there is to say beside the reasons, and where the decision is published.
    detail = models.TextField("détail", blank=True, db_default="")
    detail_html = models.TextField("détail affiché", blank=True, db_default="")
    act_url = models.URLField("adresse de l’acte", max_length=400, blank=True, db_default="")
    signatory = models.CharField("fonction du signataire", max_length=120)
    correction = models.CharField("ce que cette réponse corrige", max_length=REASON_LENGTH, blank=True)
    published_at = models.DateTimeField("publiée le")
    told_at = models.DateTimeField("envoyée aux abonnés le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Answer"]] = IdeaAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse à une idée"
        verbose_name_plural = "réponses aux idées"
        ordering = ("-number",)
        indexes = (
            models.Index(F("published_at").desc(), F("id").desc(), name="idea_answer_recent"),
            models.Index(fields=("id",), name="idea_answer_untold", condition=Q(told_at__isnull=True)),
        )
        constraints = (
            models.UniqueConstraint(fields=("idea", "number"), name="idea_answer_number_once"),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(signatory=""),
                name="idea_answer_reasoned_and_signed",
                violation_error_message="Une réponse donne ses raisons et la fonction de qui la signe.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="declined") | ~Q(remedy=""),
                name="idea_answer_refusal_says_what_next",
                violation_error_message="Dites ce que l’auteur peut faire ensuite.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="transferred") | ~Q(handed_to=""),
                name="idea_answer_says_to_whom",
                violation_error_message="Dites à qui l’idée est transmise.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=("kept", "partly")) | Q(next_on__isnull=False) & ~Q(next_step=""),
                name="idea_answer_kept_has_next_step",
                violation_error_message="Une idée retenue a une prochaine étape, datée.",
            ),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(correction=""),
                name="idea_answer_says_what_it_corrects",
                violation_error_message="Dites ce que cette réponse corrige.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.get_outcome_display()}"


class ReactionQuerySet(models.QuerySet["Reaction"]):
    """Named reads of reactions."""

    def visible(self) -> Self:
        """What every surface may show of an idea that is visible."""
        return self.filter(hidden_at__isnull=True, withdrawn_at__isnull=True)


class Reaction(models.Model):
    """What the author of an idea says of its answer, once, in public."""

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    answer = models.OneToOneField(Answer, on_delete=models.CASCADE, related_name="reaction")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_reactions"
    )
    body = models.TextField("texte")
    body_html = models.TextField("texte affiché")
    published_at = models.DateTimeField("publiée le")
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    hidden_at = models.DateTimeField("masquée le", null=True, blank=True, editable=False)
    hidden_reason = models.CharField("article de la charte", max_length=300, blank=True, db_default="", editable=False)

    objects: ClassVar[models.Manager["Reaction"]] = ReactionQuerySet.as_manager()

    class Meta:
        verbose_name = "réaction à une réponse"
        verbose_name_plural = "réactions aux réponses"
        ordering = ("-published_at", "-pk")

    def __str__(self) -> str:
        return self.reference
