"""A consultation and what residents write in it. Rows are written by `actions.py` only."""

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from city.models import District, Service, Theme
from consultations import phases
from consultations.phases import Span
from mulhouse.references import new_reference

SEARCH_CONFIG = "french_unaccent"

# A phase that began longer ago is announced no more.
NEWS_DAYS = 3

# Addresses under /concertations/ that are pages of their own.
RESERVED_SLUGS = ("apercu", "documents", "fichiers", "flux", "mes-contributions")


def _search(*weighted: tuple[str, str]) -> Any:
    """Build the stored search column: each (field, weight), French stems, accents folded."""
    vectors = [SearchVector(field, weight=weight, config=SEARCH_CONFIG) for field, weight in weighted]
    whole: Any = vectors[0]
    for vector in vectors[1:]:
        whole = whole + vector
    return models.GeneratedField(expression=whole, output_field=SearchVectorField(), db_persist=True)


def _sum(*columns: str) -> Any:
    """Build a stored sum of counters, so that a list can be ordered by it from an index."""
    whole: Any = F(columns[0])
    for column in columns[1:]:
        whole = whole + F(column)
    return models.GeneratedField(expression=whole, output_field=models.IntegerField(), db_persist=True)


class ResidencyLevel(models.TextChoices):
    """What a procedure asks of those who take part."""

    NONE = "none", _("toute personne intéressée")
    DECLARED = "declared", _("les personnes qui déclarent habiter Mulhouse")
    VERIFIED = "verified", _("les personnes dont la Ville a vérifié la résidence")


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
        permissions = (("publish_consultation", "Peut publier et archiver une consultation"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(image="") | ~Q(image_alt=""),
                name="consultation_image_alt",
                violation_error_message="Décrivez l’image en une phrase : elle est lue à voix haute à qui ne la voit pas.",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(47.6, 47.9), longitude__range=(7.1, 7.6)),
                name="consultation_near_mulhouse",
                violation_error_message="Indiquez la latitude et la longitude, à Mulhouse ou tout près.",
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(published_at__isnull=False),
                name="consultation_archived_published",
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
        return f"consultation:{self.slug}"

    def spans(self) -> list[Span]:
        """Give the phases in order, as plain dates (prefetch `phases` in lists)."""
        return [phase.span for phase in sorted(self.phases.all(), key=lambda phase: phase.position)]

    def current_span(self, *, at: dt.datetime) -> Span | None:
        """Give the phase that holds at an instant."""
        return phases.current(self.spans(), at=at)

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


class ContributionQuerySet(models.QuerySet["Contribution"]):
    """Named reads of contributions: the one place that says what is visible."""

    def visible(self) -> Self:
        """What every surface may show: pages, feeds, search, exports, mails, counts."""
        return self.filter(published_at__isnull=False, withdrawn_at__isnull=True)

    def visible_to(self, user: Any) -> Self:
        """What this person may open: what is visible, and their own drafts and withdrawn texts."""
        if user.is_authenticated:
            return self.filter(Q(published_at__isnull=False, withdrawn_at__isnull=True) | Q(author=user))
        return self.visible()

    def drafts_of(self, user: Any) -> Self:
        """What a person has begun and not published."""
        return self.filter(author=user, published_at__isnull=True)


class Channel(models.TextChoices):
    """How a contribution reached the city."""

    WEB = "web", _("en ligne")
    DESK = "desk", _("au guichet")
    PAPER = "paper", _("sur papier")
    IMPORT = "import", _("reprise d’une autre plateforme")


class Contribution(models.Model):
    """What a resident answers to a section of a consultation. A draft has no `published_at`."""

    class Kind(models.TextChoices):
        """What sort of answer it is."""

        OPINION = "opinion", _("Avis")
        PROPOSAL = "proposal", _("Proposition")
        QUESTION = "question", _("Question")
        EXPERIENCE = "experience", _("Expertise d’usage")

    class Signature(models.TextChoices):
        """How it is signed in public."""

        NAME = "name", _("Mon nom public")
        DISTRICT = "district", _("« Un habitant de mon quartier »")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="contributions")
    section = models.ForeignKey(
        Section, verbose_name="partie", on_delete=models.PROTECT, related_name="contributions", null=True, blank=True
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="contributions"
    )
    author_label = models.CharField("auteur importé", max_length=80, blank=True)
    signature = models.CharField("signature", max_length=8, choices=Signature, default=Signature.NAME)
    district = models.ForeignKey(
        District, verbose_name="quartier", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField("sorte", max_length=10, choices=Kind, default=Kind.OPINION)
    title = models.CharField("titre", max_length=400)
    body = models.TextField("texte", blank=True)
    body_html = models.TextField("texte affiché", blank=True)
    usage_when = models.CharField(_("quand ?"), max_length=120, blank=True)
    usage_frequency = models.CharField(_("à quel rythme ?"), max_length=120, blank=True)
    usage_role = models.CharField(_("en tant que…"), max_length=120, blank=True)
    place = models.CharField("lieu", max_length=160, blank=True)
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    charter_version = models.CharField("version de la charte", max_length=20, blank=True)
    source_key = models.CharField("clé d’import", max_length=120, null=True, blank=True, unique=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    saved_at = models.DateTimeField("enregistrée le", auto_now=True)
    published_at = models.DateTimeField("publiée le", null=True, blank=True)
    corrected_at = models.DateTimeField("corrigée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    # Counted in the same transaction as their rows; `check_consistency` recounts them every night.
    agree_count = models.PositiveIntegerField("d’accord", default=0, editable=False)
    mixed_count = models.PositiveIntegerField("mitigé", default=0, editable=False)
    disagree_count = models.PositiveIntegerField("pas d’accord", default=0, editable=False)
    imported_agree_count = models.PositiveIntegerField(default=0, editable=False)
    imported_mixed_count = models.PositiveIntegerField(default=0, editable=False)
    imported_disagree_count = models.PositiveIntegerField(default=0, editable=False)
    comment_count = models.PositiveIntegerField("commentaires", default=0, editable=False)
    for_count = models.PositiveIntegerField("commentaires pour", default=0, editable=False)
    against_count = models.PositiveIntegerField("commentaires contre", default=0, editable=False)
    agree_total = _sum("agree_count", "imported_agree_count")
    reaction_total = _sum(
        "agree_count",
        "mixed_count",
        "disagree_count",
        "imported_agree_count",
        "imported_mixed_count",
        "imported_disagree_count",
        "comment_count",
    )
    search = _search(("title", "A"), ("body", "B"))

    objects: ClassVar[models.Manager["Contribution"]] = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = "contribution"
        verbose_name_plural = "contributions"
        ordering = ("-published_at", "-pk")
        indexes = (
            # Each order of the public list, within one consultation, of what is visible only.
            *(
                models.Index(
                    "consultation",
                    *expressions,
                    name=f"contribution_{name}",
                    condition=Q(published_at__isnull=False, withdrawn_at__isnull=True),
                )
                for name, expressions in {
                    "recent": (F("published_at").desc(), F("id").desc()),
                    "supported": (F("agree_total").desc(), F("id").desc()),
                    "discussed": (F("comment_count").desc(), F("id").desc()),
                    "unseen": (F("reaction_total").asc(), F("id").asc()),
                }.items()
            ),
            # For a kind that is rare: without it, finding none reads the whole list.
            models.Index(
                "consultation",
                "kind",
                F("published_at").desc(),
                name="contribution_kind",
                condition=Q(published_at__isnull=False, withdrawn_at__isnull=True),
            ),
            GinIndex(fields=("search",), name="contribution_search"),
            GinIndex(
                OpClass(Func(Lower("title"), function="f_unaccent"), name="gin_trgm_ops"),
                name="contribution_title_trgm",
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | (Q(section__isnull=False) & ~Q(body="")),
                name="contribution_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(published_at__isnull=False),
                name="contribution_withdrawn_published",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.title}"

    def get_absolute_url(self) -> str:
        """Give the public address."""
        return reverse("consultations:contribution", args=[self.consultation.slug, self.reference])

    @property
    def agree(self) -> int:
        """Residents in agreement, here and on the platform it was imported from."""
        return self.agree_count + self.imported_agree_count

    @property
    def mixed(self) -> int:
        """Residents with mixed feelings, here and on the platform it was imported from."""
        return self.mixed_count + self.imported_mixed_count

    @property
    def disagree(self) -> int:
        """Residents who disagree, here and on the platform it was imported from."""
        return self.disagree_count + self.imported_disagree_count

    @property
    def has_reaction(self) -> bool:
        """Tell whether somebody has answered it: from then on a correction is a visible version."""
        return bool(self.reaction_total)


class ContributionVersion(models.Model):
    """A text of a contribution before a correction, readable by everybody."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("version")
    title = models.CharField("titre", max_length=400)
    body = models.TextField("texte")
    body_html = models.TextField("texte affiché")
    replaced_at = models.DateTimeField("remplacée le")

    class Meta:
        verbose_name = "version"
        verbose_name_plural = "versions"
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("contribution", "number"), name="version_number_once"),)

    def __str__(self) -> str:
        return f"{self.contribution_id} v{self.number}"


class Attachment(models.Model):
    """A photo or document joined to a contribution: checked by content, cleaned of its metadata."""

    class Kind(models.TextChoices):
        """A picture is shown, a document is downloaded."""

        PHOTO = "photo", _("Photo")
        DOCUMENT = "document", _("Document")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    kind = models.CharField("sorte", max_length=8, choices=Kind)
    file = models.FileField("fichier", upload_to="contributions/")
    name = models.CharField("nom", max_length=120)
    alt = models.CharField("description", max_length=200, blank=True)
    is_decorative = models.BooleanField("image sans information", default=False)
    content_type = models.CharField("type", max_length=80)
    size = models.PositiveBigIntegerField("taille (octets)")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "pièce jointe"
        verbose_name_plural = "pièces jointes"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("contribution", "position"), name="attachment_position_once"),
            models.CheckConstraint(
                condition=Q(position__range=(1, 3)),
                name="attachment_at_most_three",
                violation_error_message=_("Trois fichiers au plus."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """A reference joined to an imported contribution: a title, a link, a sentence."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="sources")
    title = models.CharField("titre", max_length=300)
    url = models.URLField("lien", max_length=600, blank=True)
    body_html = models.TextField("texte affiché", blank=True)
    source_key = models.CharField("clé d’import", max_length=120, unique=True)

    class Meta:
        verbose_name = "source"
        verbose_name_plural = "sources"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title


class Position(models.Model):
    """What one resident thinks of a contribution. Never shown, exported nor listed: only its counts are.

    `resident` is emptied when the account closes after the phase: the count stays, the person goes.
    """

    class Choice(models.TextChoices):
        """The three answers."""

        AGREE = "agree", _("D’accord")
        MIXED = "mixed", _("Mitigé")
        DISAGREE = "disagree", _("Pas d’accord")

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="positions")
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="positions"
    )
    choice = models.CharField("position", max_length=8, choices=Choice)

    class Meta:
        verbose_name = "position"
        verbose_name_plural = "positions"
        constraints = (models.UniqueConstraint(fields=("contribution", "resident"), name="position_once"),)

    def __str__(self) -> str:
        return f"position {self.pk}"


class CommentQuerySet(models.QuerySet["Comment"]):
    """Named reads of comments."""

    def visible(self) -> Self:
        """What every surface may show."""
        return self.filter(withdrawn_at__isnull=True)

    def threads(self) -> Self:
        """Those that open a thread."""
        return self.filter(parent__isnull=True)


class Comment(models.Model):
    """A word in the debate on a contribution; one level of replies."""

    class Stance(models.TextChoices):
        """Which way it leans."""

        FOR = "for", _("Pour")
        AGAINST = "against", _("Contre")
        NEUTRAL = "neutral", _("Neutre")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="comments"
    )
    author_label = models.CharField("auteur importé", max_length=80, blank=True)
    stance = models.CharField("sens", max_length=8, choices=Stance, default=Stance.NEUTRAL)
    body = models.TextField("texte")
    body_html = models.TextField("texte affiché")
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    source_key = models.CharField("clé d’import", max_length=120, null=True, blank=True, unique=True)
    published_at = models.DateTimeField("publié le")
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)
    support_count = models.PositiveIntegerField("soutiens", default=0, editable=False)
    imported_support_count = models.PositiveIntegerField(default=0, editable=False)
    reply_count = models.PositiveIntegerField("réponses", default=0, editable=False)
    support_total = _sum("support_count", "imported_support_count")

    objects: ClassVar[models.Manager["Comment"]] = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = "commentaire"
        verbose_name_plural = "commentaires"
        ordering = ("published_at", "pk")
        indexes = (
            models.Index(
                "contribution",
                F("published_at").desc(),
                F("id").desc(),
                name="comment_recent",
                condition=Q(parent__isnull=True),
            ),
            models.Index(
                "contribution",
                F("support_total").desc(),
                F("id").desc(),
                name="comment_supported",
                condition=Q(parent__isnull=True),
            ),
            models.Index(
                "contribution",
                F("reply_count").desc(),
                F("id").desc(),
                name="comment_discussed",
                condition=Q(parent__isnull=True),
            ),
            models.Index(fields=("parent", "published_at"), name="comment_replies"),
        )

    def __str__(self) -> str:
        return self.reference


class CommentSupport(models.Model):
    """One resident supports one comment: counted, never shown."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="supports")
    resident = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="comment_supports"
    )

    class Meta:
        verbose_name = "soutien à un commentaire"
        verbose_name_plural = "soutiens aux commentaires"
        constraints = (models.UniqueConstraint(fields=("comment", "resident"), name="comment_support_once"),)

    def __str__(self) -> str:
        return f"soutien {self.pk}"
