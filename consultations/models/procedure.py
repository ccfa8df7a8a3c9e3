"""A consultation: its question, its dates, its sections and its documents."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.levels import ResidencyLevel
from city.models import District, Service, Theme
from consultations import phases
from consultations.phases import Span

# What the city promises to every contribution, unless it promises more.
USUAL_COMMITMENT = "La Ville lit tous les avis. Elle dit ce que devient chacun, et pourquoi."

# A phase that began longer ago is announced no more.
NEWS_DAYS = 3

# The city answers within so many days after the last day of the last phase of contribution.
RESTITUTION_DAYS = 30
MAX_RESTITUTION_DAYS = 180

# What the names of followed topics begin with.
TOPIC = "consultation:"

# Addresses under /concertations/ that are pages of their own.
RESERVED_SLUGS = ("apercu", "documents", "fichiers", "flux", "mes-contributions")


# Units: working hours. Two days of work.
REVIEW_HOURS = 16
MAX_REVIEW_HOURS = 80


class ModerationMode(models.TextChoices):
    """When moderation reads what residents write."""

    AFTER = "after", _("après publication")
    PRIOR = "prior", _("avant publication")


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    """Named reads of consultations."""

    def published(self) -> Self:
        """Visible to everybody, archived ones included."""
        return self.filter(published_at__isnull=False)

    def visible_to(self, user: Any) -> Self:
        """What this person may see: everything published, and drafts for those who edit them."""
        # `is_staff` first: it costs no query, and residents hold no permission.
        if user.is_authenticated and user.is_staff and user.has_perm("consultations.change_consultation"):
            return self
        return self.published()

    def in_phase(self, kind: phases.Kind, *, at: dt.datetime) -> Self:
        """Published, not archived, and in a phase of this kind at that instant."""
        today = at.astimezone(phases.PARIS).date()
        return self.published().filter(
            Q(phases__ends_on__isnull=True) | Q(phases__ends_on__gte=today),
            archived_at__isnull=True,
            phases__kind=kind,
            phases__starts_on__lte=today,
        )

    def open(self, *, at: dt.datetime) -> Self:
        """Those where residents can contribute at that instant."""
        return self.in_phase(phases.Kind.CONTRIBUTE, at=at)

    def with_district_names(self) -> Self:
        """Give each the names of its districts, `district_names`, in the order of the city."""
        return self.annotate(
            district_names=ArraySubquery(District.objects.filter(consultations=OuterRef("pk")).values("name"))
        )


class Consultation(models.Model):
    """A question of the city to the public, with its dates and what it commits to."""

    slug = models.SlugField("adresse", max_length=80, unique=True)
    title = models.CharField("titre", max_length=120)
    summary = models.TextField("en bref", help_text="En langage clair, 120 mots au plus, cinq phrases.")
    description = models.TextField("présentation", blank=True)
    theme = models.ForeignKey(Theme, verbose_name="thème", on_delete=models.PROTECT, related_name="consultations")
    districts = models.ManyToManyField(
        District,
        verbose_name="quartiers",
        blank=True,
        related_name="consultations",
        help_text="Aucun : toute la ville.",
    )
    place_name = models.CharField("lieu", max_length=120, blank=True)
    place_address = models.CharField("adresse du lieu", max_length=200, blank=True)
    latitude = models.DecimalField("latitude", max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField("longitude", max_digits=8, decimal_places=5, null=True, blank=True)
    image = models.ImageField("image", upload_to="consultations/", blank=True)
    image_alt = models.CharField("texte de remplacement de l’image", max_length=200, blank=True)
    open_to_discussion = models.TextField("ce qui est ouvert à la discussion", blank=True)
    not_open = models.TextField("ce qui ne l’est pas", blank=True)
    decider = models.CharField("qui décide", max_length=120, blank=True)
    budget_euros = models.PositiveBigIntegerField("budget (en euros)", null=True, blank=True)
    budget_note = models.CharField("précision sur le budget", max_length=200, blank=True)
    service = models.ForeignKey(
        Service, verbose_name="service responsable", on_delete=models.PROTECT, related_name="consultations"
    )
    service_function = models.CharField("fonction responsable", max_length=120, blank=True)
    residency_level = models.CharField(
        "qui peut participer", max_length=10, choices=ResidencyLevel, default=ResidencyLevel.DECLARED
    )
    minimum_age = models.PositiveSmallIntegerField("âge minimum", null=True, blank=True)
    takes_contributions = models.BooleanField("recueille des avis écrits", default=True, db_default=True)
    takes_positions = models.BooleanField("permet de prendre position sur un avis", default=True, db_default=True)
    takes_comments = models.BooleanField("permet de débattre d’un avis", default=True, db_default=True)
    city_commitment = models.TextField(
        "ce à quoi la Ville s’engage",
        blank=True,
        default=USUAL_COMMITMENT,
        db_default="",
        help_text="Ce que la Ville fera des avis\u00a0: les lire tous, répondre à chacun, suivre le résultat d’un vote…",
    )
    restitution_days = models.PositiveSmallIntegerField(
        "délai de restitution (en jours)",
        default=RESTITUTION_DAYS,
        db_default=RESTITUTION_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RESTITUTION_DAYS)],
    )
    moderation = models.CharField(
        "relecture des textes", max_length=5, choices=ModerationMode, default=ModerationMode.AFTER, db_default="after"
    )
    review_hours = models.PositiveSmallIntegerField(
        "délai de relecture (en heures ouvrées)",
        default=REVIEW_HOURS,
        db_default=REVIEW_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REVIEW_HOURS)],
    )
    preview_key = models.UUIDField("clé d’aperçu", default=uuid.uuid4, unique=True, editable=False)
    source_key = models.CharField("clé d’import", max_length=120, null=True, blank=True, unique=True)
    source_note = models.CharField("origine des données importées", max_length=300, blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)
    published_at = models.DateTimeField("publiée le", null=True, blank=True, db_index=True)
    archived_at = models.DateTimeField("archivée le", null=True, blank=True)
    contribution_count = models.PositiveIntegerField("contributions", default=0, editable=False)
    comment_count = models.PositiveIntegerField("commentaires", default=0, editable=False)

    objects: ClassVar[models.Manager["Consultation"]] = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = "consultation"
        verbose_name_plural = "consultations"
        ordering = ("-published_at", "-pk")
        permissions = (
            ("publish_consultation", "Peut publier et archiver une consultation"),
            ("analyse_consultation", "Peut analyser les avis et préparer les réponses"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(image="") | ~Q(image_alt=""),
                name="consultation_image_alt",
                violation_error_message="Décrivez l’image en une phrase : elle est lue à voix haute à qui ne la voit pas.",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(47.6, 47.9),
                    longitude__range=(7.1, 7.6),
                ),
                name="consultation_near_mulhouse",
                violation_error_message="Indiquez la latitude et la longitude, à Mulhouse ou tout près.",
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(published_at__isnull=False),
                name="consultation_archived_published",
            ),
            models.CheckConstraint(
                condition=Q(restitution_days__range=(1, MAX_RESTITUTION_DAYS)),
                name="consultation_restitution_days",
                violation_error_message=f"Entre un jour et {MAX_RESTITUTION_DAYS} jours.",
            ),
            models.CheckConstraint(
                condition=Q(review_hours__range=(1, MAX_REVIEW_HOURS)),
                name="consultation_review_hours",
                violation_error_message=f"Entre une heure et {MAX_REVIEW_HOURS}\u00a0heures ouvrées.",
            ),
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_SLUGS),
                name="consultation_slug_free",
                violation_error_message="Cette adresse est déjà celle d’une page du site. Choisissez-en une autre.",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Give the public address."""
        return reverse("consultations:detail", args=[self.slug])

    @property
    def topic(self) -> str:
        """Name what followers follow."""
        return TOPIC + self.slug

    def spans(self) -> list[Span]:
        """Give the phases in order, as plain dates (prefetch `phases` in lists)."""
        return [phase.span for phase in sorted(self.phases.all(), key=lambda phase: phase.position)]

    def current_span(self, *, at: dt.datetime) -> Span | None:
        """Give the phase that holds at an instant."""
        return phases.current(self.spans(), at=at)

    def open_acts(self) -> list[str]:
        """Name what residents can do in the phase of contribution: "contribute", "position", "comment"."""
        acts = {
            "contribute": self.takes_contributions,
            "position": self.takes_positions,
            "comment": self.takes_comments,
        }
        return [act for act, is_taken in acts.items() if is_taken]

    def is_open(self, *, at: dt.datetime) -> bool:
        """Tell whether residents can contribute at that instant."""
        span = self.current_span(at=at)
        return (
            self.published_at is not None
            and self.archived_at is None
            and span is not None
            and span.kind is phases.Kind.CONTRIBUTE
        )


class PhaseQuerySet(models.QuerySet["Phase"]):
    """Named reads of phases."""

    def to_announce(self, *, at: dt.datetime) -> Self:
        """Begun and not announced; one that began before its consultation was published, or days ago, is no news."""
        today = at.astimezone(phases.PARIS).date()
        return self.filter(
            announced_at__isnull=True,
            starts_on__lte=today,
            starts_on__gte=today - dt.timedelta(days=NEWS_DAYS),
            consultation__published_at__isnull=False,
            consultation__published_at__date__lt=F("starts_on"),
            consultation__archived_at__isnull=True,
        )


class Phase(models.Model):
    """A step of a consultation, said in days, both included."""

    class Kind(models.TextChoices):
        """What happens in it."""

        INFORM = phases.Kind.INFORM.value, _("S’informer")
        CONTRIBUTE = phases.Kind.CONTRIBUTE.value, _("Donner son avis")
        ANALYSE = phases.Kind.ANALYSE.value, _("Analyser")
        DECIDE = phases.Kind.DECIDE.value, _("Décider")
        FOLLOW = phases.Kind.FOLLOW.value, _("Suivre")

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField(
        "ordre", validators=[MinValueValidator(1), MaxValueValidator(phases.MAX_PHASES)]
    )
    kind = models.CharField("sorte", max_length=10, choices=Kind)
    name = models.CharField("nom", max_length=60)
    starts_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour", null=True, blank=True, help_text="Inclus, jusqu’à minuit.")
    announced_at = models.DateTimeField("annoncée le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Phase"]] = PhaseQuerySet.as_manager()

    class Meta:
        verbose_name = "phase"
        verbose_name_plural = "phases"
        ordering = ("position",)
        constraints = (
            # Deferred: reordering passes through equal positions.
            models.UniqueConstraint(
                fields=("consultation", "position"), name="phase_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=Q(position__range=(1, phases.MAX_PHASES)),
                name="phase_at_most_six",
                violation_error_message="Une consultation a six phases au plus.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="phase_ends_after_start",
                violation_error_message="Le dernier jour vient avant le premier.",
            ),
            ExclusionConstraint(
                name="phase_no_overlap",
                expressions=[
                    ("consultation", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_on"),
                            F("ends_on"),
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Deux phases se chevauchent.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def span(self) -> Span:
        """Give the phase as plain dates."""
        return Span(kind=phases.Kind(self.kind), name=self.name, starts_on=self.starts_on, ends_on=self.ends_on)


class Section(models.Model):
    """A part of a consultation, with the question it asks."""

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="sections")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    title = models.CharField("titre", max_length=120)
    question = models.CharField("question posée", max_length=300)
    contribution_count = models.PositiveIntegerField("contributions", default=0, editable=False)
    source_key = models.CharField("clé d’import", max_length=120, blank=True)

    class Meta:
        verbose_name = "partie"
        verbose_name_plural = "parties"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("consultation", "source_key"), condition=~Q(source_key=""), name="section_source_once"
            ),
        )

    def __str__(self) -> str:
        return self.title


class Document(models.Model):
    """A file the city gives to read, accessible or given as a page too."""

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="documents")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    position = models.PositiveSmallIntegerField("ordre", default=1)
    title = models.CharField("titre", max_length=160)
    file = models.FileField("fichier", upload_to="documents/")
    content_type = models.CharField("type", max_length=80, editable=False)
    size = models.PositiveBigIntegerField("taille (octets)", editable=False)
    is_accessible = models.BooleanField("accessible (lisible par un lecteur d’écran)", default=False)
    html_body = models.TextField("le même contenu en page", blank=True)

    class Meta:
        verbose_name = "document"
        verbose_name_plural = "documents"
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_accessible=True) | ~Q(html_body=""),
                name="document_accessible_or_page",
                violation_error_message="Un document non accessible doit être donné aussi en page.",
            ),
        )

    def __str__(self) -> str:
        return self.title
