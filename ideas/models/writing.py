"""What residents propose, and who supports it. Rows are written by actions only."""

import secrets
import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, F, Func, Q, When
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from city.models import District, Theme
from desk.models import Channel, Person
from ideas.models.campaigns import Campaign
from mulhouse import fulltext
from mulhouse.references import new_reference

SEARCH_CONFIG = "french_unaccent"
TITLE_LENGTH = 120
TEXT_LENGTH = 3000
MAX_PHOTOS = 3
SHUFFLE_BITS = 31
_SEARCHED: Any = fulltext.vector("title", weight="A", config=SEARCH_CONFIG) + fulltext.vector(
    "need", weight="B", config=SEARCH_CONFIG
)
_SEARCHED = _SEARCHED + fulltext.vector("proposal", weight="B", config=SEARCH_CONFIG)


def new_shuffle() -> int:
    """Draw the place of an idea in the order at random."""
    return secrets.randbits(SHUFFLE_BITS)


class Stage(models.TextChoices):
    """Where an idea stands."""

    SUPPORT = "support", _("Recueille des soutiens")
    EXPIRED = "expired", _("Délai passé")
    STUDY = "study", _("À l’étude")
    KEPT = "kept", _("Retenue")
    DECLINED = "declined", _("Non retenue")
    ALREADY = "already", _("Déjà fait")
    TRANSFERRED = "transferred", _("Transmise")
    GOING_ON = "going_on", _("En réalisation")
    DONE = "done", _("Réalisée")
    ABANDONED = "abandoned", _("Abandonnée")
    GATHERED = "gathered", _("Regroupée")


ANSWERED = (
    Stage.KEPT,
    Stage.DECLINED,
    Stage.ALREADY,
    Stage.TRANSFERRED,
    Stage.GOING_ON,
    Stage.DONE,
    Stage.ABANDONED,
)
VISIBLE = Q(published_at__isnull=False, withdrawn_at__isnull=True, hidden_at__isnull=True)


class IdeaQuerySet(models.QuerySet["Idea"]):
    """Named reads of ideas: the one place that says what is visible."""

    def visible(self) -> Self:
        """What every surface may show: pages, feeds, search, exports, mails, counts."""
        return self.filter(VISIBLE)

    def visible_to(self, user: Any) -> Self:
        """What this person may open: what is visible, and their own drafts and withdrawn texts."""
        if user.is_authenticated:
            seen = VISIBLE
            # `is_staff` first: it costs no query. Moderators read what was handed in, before it is public.
            if user.is_staff and user.has_perm("moderation.decide_case"):
                seen |= Q(submitted_at__isnull=False)
            return self.filter(seen | Q(author=user))
        return self.visible()

    def placed(self) -> Self:
        """What is visible and names the district of its place."""
        return self.visible().filter(place_district__isnull=False)


class Idea(models.Model):
    """A project that a resident proposes. A draft has no `published_at`."""

    class Signature(models.TextChoices):
        """How it is signed in public."""

        NAME = "name", _("Mon nom public")
        DISTRICT = "district", _("« Un habitant de mon quartier »")

    class Behalf(models.TextChoices):
        """For whom it is deposited."""

        ONESELF = "oneself", _("En mon nom")
        ASSOCIATION = "association", _("Au nom d’une association")
        COUNCIL = "council", _("Au nom d’un conseil")

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    campaign = models.ForeignKey(Campaign, verbose_name="campagne", on_delete=models.PROTECT, related_name="ideas")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="ideas"
    )
    author_label = models.CharField("auteur importé", max_length=80, blank=True)
    signature = models.CharField("signature", max_length=8, choices=Signature, default=Signature.NAME)
    district = models.ForeignKey(
        District, verbose_name="quartier", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    behalf = models.CharField("au nom de", max_length=11, choices=Behalf, default=Behalf.ONESELF)
    behalf_name = models.CharField("nom de l’association ou du conseil", max_length=120, blank=True)
    title = models.CharField("titre", max_length=TITLE_LENGTH)
    need = models.TextField("le besoin", blank=True)
    need_html = models.TextField("besoin affiché", blank=True)
    proposal = models.TextField("la proposition", blank=True)
    proposal_html = models.TextField("proposition affichée", blank=True)
    beneficiaries = models.CharField("pour qui", max_length=300, blank=True)
    cost = models.CharField("coût estimé, en mots simples", max_length=200, blank=True)
    theme = models.ForeignKey(
        Theme, verbose_name="thème", null=True, blank=True, on_delete=models.PROTECT, related_name="ideas"
    )
    place = models.CharField("lieu", max_length=160, blank=True)
    # Where the place is, which says nothing of where its author lives.
    place_district = models.ForeignKey(
        District, verbose_name="quartier du lieu", null=True, blank=True, on_delete=models.PROTECT, related_name="ideas"
    )
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    charter_version = models.CharField("version de la charte", max_length=20, blank=True)
    # How many ideas it gathers (models.gathering); 0 for one that somebody deposited.
    gathers = models.PositiveSmallIntegerField("idées réunies", default=0, db_default=0, editable=False)
    source_key = models.CharField("clé d’import", max_length=120, null=True, blank=True, unique=True)
    source_url = models.CharField("adresse d’origine", max_length=400, blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    saved_at = models.DateTimeField("enregistrée le", auto_now=True)
    # Handed in, and read by moderation before it is published (models.talking.HeldText); None for a draft.
    submitted_at = models.DateTimeField("déposée le", null=True, blank=True, editable=False)
    published_at = models.DateTimeField("publiée le", null=True, blank=True)
    corrected_at = models.DateTimeField("corrigée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    hidden_at = models.DateTimeField("masquée le", null=True, blank=True, editable=False)
    # The clause of the charter that its address names.
    hidden_reason = models.CharField("article de la charte", max_length=300, blank=True, db_default="", editable=False)
    stage = models.CharField("étape", max_length=11, choices=Stage, default=Stage.SUPPORT)
    stage_at = models.DateTimeField("étape depuis", null=True, blank=True, editable=False)
    # The last day, included, on which it may be supported; renewed once.
    supports_until = models.DateField("soutiens jusqu’au", null=True, blank=True, editable=False)
    renewed_at = models.DateTimeField("prolongée le", null=True, blank=True, editable=False)
    # The frozen rule of its campaign, kept here so that the database counts by it.
    verified_only = models.BooleanField("seuils sur résidences vérifiées", default=False, editable=False)
    # Counted in the same transaction as their rows; recounted every night.
    verified_count = models.PositiveIntegerField("soutiens de résidences vérifiées", default=0, editable=False)
    declared_count = models.PositiveIntegerField("soutiens de résidences déclarées", default=0, editable=False)
    comment_count = models.PositiveIntegerField("commentaires", default=0, editable=False)
    for_count = models.PositiveIntegerField("commentaires pour", default=0, editable=False)
    against_count = models.PositiveIntegerField("commentaires contre", default=0, editable=False)
    support_total = models.GeneratedField(
        expression=F("verified_count") + F("declared_count"), output_field=models.IntegerField(), db_persist=True
    )
    # What the thresholds count.
    counted = models.GeneratedField(
        expression=Case(
            When(verified_only=True, then=F("verified_count")), default=F("verified_count") + F("declared_count")
        ),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    # The number of supports of the next threshold; None when the last one is reached.
    next_supports = models.PositiveIntegerField("prochain seuil", null=True, blank=True, editable=False)
    # How many supports that count it still lacks for that threshold; None when the last one is reached.
    missing = models.GeneratedField(
        expression=F("next_supports")
        - Case(When(verified_only=True, then=F("verified_count")), default=F("verified_count") + F("declared_count")),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )
    # How much it rises (`heat`): the logarithm of a sum that halves every week.
    heat = models.FloatField("élan", default=0.0, editable=False)
    shuffle = models.PositiveIntegerField("place au hasard", default=new_shuffle, editable=False)
    # The score of the last published reading, out of 100; None before it.
    realism = models.PositiveSmallIntegerField("réalisme", null=True, blank=True, editable=False)
    search = models.GeneratedField(expression=_SEARCHED, output_field=SearchVectorField(), db_persist=True)
    # The words of the title alone, for likely duplicates (`similarity`): comparing them reads a few bytes of each idea.
    title_words = models.GeneratedField(
        expression=fulltext.vector("title", config=SEARCH_CONFIG), output_field=SearchVectorField(), db_persist=True
    )

    objects: ClassVar[models.Manager["Idea"]] = IdeaQuerySet.as_manager()

    class Meta:
        verbose_name = "idée"
        verbose_name_plural = "idées"
        ordering = ("-published_at", "-pk")
        permissions = (
            ("read_idea", "Peut faire la première lecture d’une idée"),
            ("study_idea", "Peut ouvrir et remplir une étude"),
            ("answer_idea", "Peut publier la réponse de la Ville à une idée"),
            ("follow_idea", "Peut dire où en est la réalisation d’une idée"),
        )
        indexes = (
            # Each order of the public list, of what is visible only.
            *(
                models.Index(*expressions, name=f"idea_{name}", condition=VISIBLE)
                for name, expressions in {
                    "recent": (F("published_at").desc(), F("id").desc()),
                    "rising": (F("heat").desc(), F("id").desc()),
                    "supported": (F("support_total").desc(), F("id").desc()),
                    "shuffled": (F("shuffle").asc(), F("id").asc()),
                    "stage": (F("stage").asc(), F("published_at").desc(), F("id").desc()),
                    "place": (F("place_district").asc(), F("published_at").desc(), F("id").desc()),
                    "theme": (F("theme").asc(), F("published_at").desc(), F("id").desc()),
                    "campaign": (F("campaign").asc(), F("published_at").desc(), F("id").desc()),
                }.items()
            ),
            models.Index(
                "missing", "id", name="idea_near", condition=VISIBLE & Q(stage="support", next_supports__isnull=False)
            ),
            models.Index("stage_at", "id", name="idea_waiting", condition=VISIBLE & Q(stage="study")),
            models.Index(
                "supports_until", "id", name="idea_ending", condition=Q(stage="support", published_at__isnull=False)
            ),
            models.Index("author", F("saved_at").desc(), name="idea_author"),
            GinIndex(fields=("search",), name="idea_search"),
            GinIndex(fields=("title_words",), name="idea_title_words", condition=VISIBLE),
            GinIndex(OpClass(Func(Lower("title"), function="f_unaccent"), name="gin_trgm_ops"), name="idea_title_trgm"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True) | (~Q(need="") & ~Q(proposal="") & Q(theme__isnull=False)),
                name="idea_submitted_whole",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(stage_at__isnull=False, supports_until__isnull=False),
                name="idea_published_dated",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(published_at__isnull=False), name="idea_withdrawn_published"
            ),
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True) | Q(published_at__isnull=False), name="idea_hidden_published"
            ),
            models.CheckConstraint(
                condition=Q(behalf="oneself", behalf_name="")
                | (~Q(behalf="oneself") & ~Q(behalf_name=""))
                | Q(submitted_at__isnull=True),
                name="idea_behalf_named",
                violation_error_message=_("Dites au nom de qui, ou choisissez « en mon nom »."),
            ),
            models.CheckConstraint(
                condition=Q(realism__isnull=True) | Q(realism__lte=100), name="idea_realism_of_hundred"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} · {self.title}"

    def get_absolute_url(self) -> str:
        """Give the public address."""
        return reverse("ideas:detail", args=[self.reference])

    @property
    def topic(self) -> str:
        """Name what its followers follow."""
        return f"idea:{self.reference}"

    @property
    def is_visible(self) -> bool:
        """Tell whether everybody may read it (`visible` says the same of rows)."""
        return self.published_at is not None and self.withdrawn_at is None and self.hidden_at is None

    @property
    def has_reaction(self) -> bool:
        """Tell whether somebody supported or commented it: from then on a correction is a visible version."""
        return bool(self.verified_count or self.declared_count or self.comment_count)

    @property
    def title_for_others(self) -> str:
        """Its title, for the pages of those who wrote under it; not its words any more once it is withdrawn or hidden."""
        is_gone = self.withdrawn_at is not None or self.hidden_at is not None
        return gettext("Idée retirée") if is_gone else self.title


class IdeaVersion(models.Model):
    """The words of an idea before a correction, readable by everybody."""

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("version")
    title = models.CharField("titre", max_length=TITLE_LENGTH)
    need = models.TextField("le besoin")
    need_html = models.TextField("besoin affiché")
    proposal = models.TextField("la proposition")
    proposal_html = models.TextField("proposition affichée")
    beneficiaries = models.CharField("pour qui", max_length=300, blank=True)
    cost = models.CharField("coût estimé", max_length=200, blank=True)
    replaced_at = models.DateTimeField("remplacée le")

    class Meta:
        verbose_name = "version d’une idée"
        verbose_name_plural = "versions d’idées"
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("idea", "number"), name="idea_version_number_once"),)

    def __str__(self) -> str:
        return f"{self.idea_id} v{self.number}"


class PhotoQuerySet(models.QuerySet["Photo"]):
    """Named reads of photos."""

    def visible(self) -> Self:
        """What every surface may show of an idea that is visible."""
        return self.filter(hidden_at__isnull=True)


class Photo(models.Model):
    """A photo joined to an idea by its author: checked by content, cleaned of its metadata."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField("ordre", default=1)
    file = models.FileField("fichier", upload_to="idees/")
    name = models.CharField("nom", max_length=120)
    alt = models.CharField("description", max_length=200, blank=True)
    is_decorative = models.BooleanField("image sans information", default=False)
    content_type = models.CharField("type", max_length=80)
    size = models.PositiveBigIntegerField("taille (octets)")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    hidden_at = models.DateTimeField("masquée le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Photo"]] = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = "photo d’une idée"
        verbose_name_plural = "photos d’idées"
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("idea", "position"), name="idea_photo_position_once"),
            models.CheckConstraint(
                condition=Q(position__range=(1, MAX_PHOTOS)),
                name="idea_photo_at_most_three",
                violation_error_message=_("Trois photos au plus."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Support(models.Model):
    """One person supports one idea. Never shown, exported nor listed but to that person: only its counts are.

    One for each person, whatever the channel; `person` is emptied when the account closes once supports are over: the count stays.
    """

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="supports")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="idea_supports")
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    is_verified = models.BooleanField("résidence vérifiée", default=False)
    # A day and no hour is enough for what rises, and places nobody in time.
    supported_on = models.DateField("jour")

    class Meta:
        verbose_name = "soutien à une idée"
        verbose_name_plural = "soutiens aux idées"
        constraints = (models.UniqueConstraint(fields=("idea", "person"), name="support_once_per_person"),)

    def __str__(self) -> str:
        return f"soutien {self.pk}"


class ThresholdPassing(models.Model):
    """An idea came half-way to a threshold, or reached it: once, whatever is withdrawn afterwards."""

    class Percent(models.IntegerChoices):
        """How much of the way."""

        HALF = 50, _("La moitié")
        WHOLE = 100, _("Atteint")

    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="passings")
    threshold = models.ForeignKey("ideas.Threshold", on_delete=models.PROTECT, related_name="passings")
    percent = models.PositiveSmallIntegerField("part du chemin", choices=Percent)
    passed_at = models.DateTimeField("passé le")

    class Meta:
        verbose_name = "passage d’un seuil"
        verbose_name_plural = "passages de seuils"
        ordering = ("passed_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=("idea", "threshold", "percent"), name="threshold_passed_once"),
            models.CheckConstraint(condition=Q(percent__in=(50, 100)), name="threshold_passing_percent"),
        )

    def __str__(self) -> str:
        return f"{self.idea_id} · {self.percent} %"
