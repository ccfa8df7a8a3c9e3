"""What residents write in a consultation, and what others think of it."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from city.models import District
from consultations.models.columns import SEARCH_CONFIG, search_column, sum_column
from consultations.models.procedure import Consultation, Section
from desk.models import Channel
from mulhouse import fulltext
from mulhouse.references import new_reference

# What the map shows: a district, or a place in words.
PLACED = Q(place_district__isnull=False) | ~Q(place="")
NOWHERE = Q(place_district__isnull=True) & ~Q(place="")


class ContributionQuerySet(models.QuerySet["Contribution"]):
    """Named reads of contributions: the one place that says what is visible."""

    def visible(self) -> Self:
        """What every surface may show: pages, feeds, search, exports, mails, counts."""
        return self.filter(published_at__isnull=False, withdrawn_at__isnull=True, hidden_at__isnull=True)

    def visible_to(self, user: Any) -> Self:
        """What this person may open: what is visible, and their own drafts and withdrawn texts."""
        if user.is_authenticated:
            seen = Q(published_at__isnull=False, withdrawn_at__isnull=True, hidden_at__isnull=True)
            # `is_staff` first: it costs no query. Moderators read what was handed in, before it is public.
            if user.is_staff and user.has_perm("moderation.decide_case"):
                seen |= Q(submitted_at__isnull=False)
            return self.filter(seen | Q(author=user))
        return self.visible()

    def placed(self) -> Self:
        """What is visible and names a place."""
        return self.visible().filter(PLACED)

    def placed_in(self, district: District | None) -> Self:
        """What is visible and names a place in a district; in none, for None."""
        # Said without the « or » of `placed`, of which the planner expects too many rows.
        return self.visible().filter(place_district=district) if district else self.visible().filter(NOWHERE)


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
    # Where the place is, which says nothing of where its author lives.
    place_district = models.ForeignKey(
        District, verbose_name="quartier du lieu", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    channel = models.CharField("canal", max_length=8, choices=Channel, default=Channel.WEB)
    charter_version = models.CharField("version de la charte", max_length=20, blank=True)
    source_key = models.CharField("clé d’import", max_length=120, null=True, blank=True, unique=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    saved_at = models.DateTimeField("enregistrée le", auto_now=True)
    # Handed in, and read by moderation before it is published (models.held); None for a draft.
    submitted_at = models.DateTimeField("déposée le", null=True, blank=True, editable=False)
    published_at = models.DateTimeField("publiée le", null=True, blank=True)
    corrected_at = models.DateTimeField("corrigée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    hidden_at = models.DateTimeField("masquée le", null=True, blank=True, editable=False)
    # The clause of the charter that its address names.
    hidden_reason = models.CharField("article de la charte", max_length=300, blank=True, db_default="", editable=False)
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
    agree_total = sum_column("agree_count", "imported_agree_count")
    reaction_total = sum_column(
        "agree_count",
        "mixed_count",
        "disagree_count",
        "imported_agree_count",
        "imported_mixed_count",
        "imported_disagree_count",
        "comment_count",
    )
    search = search_column(("title", "A"), ("body", "B"))

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
            # For the map: counts by district, and the list of one district, of what names a place.
            models.Index(
                "consultation",
                "place_district",
                F("published_at").desc(),
                F("id").desc(),
                name="contribution_place",
                condition=Q(published_at__isnull=False, withdrawn_at__isnull=True, hidden_at__isnull=True) & PLACED,
            ),
            # For the API, over all consultations, since a day.
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="contribution_published",
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
                condition=Q(submitted_at__isnull=True) | (Q(section__isnull=False) & ~Q(body="")),
                name="contribution_submitted_whole",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(published_at__isnull=False),
                name="contribution_withdrawn_published",
            ),
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True) | Q(published_at__isnull=False),
                name="contribution_hidden_published",
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

    @property
    def title_for_others(self) -> str:
        """Its title, for the pages of those who wrote under it; not its words any more once it is withdrawn or hidden."""
        is_gone = self.withdrawn_at is not None or self.hidden_at is not None
        return gettext("Contribution retirée") if is_gone else self.title


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


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Named reads of joined files."""

    def visible(self) -> Self:
        """What every surface may show of a contribution that is visible."""
        return self.filter(hidden_at__isnull=True)


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
    hidden_at = models.DateTimeField("masquée le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Attachment"]] = AttachmentQuerySet.as_manager()

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
        """Neither withdrawn nor hidden itself."""
        return self.filter(withdrawn_at__isnull=True, hidden_at__isnull=True)

    def public(self) -> Self:
        """What every surface shows and counts: visible, on a contribution that is."""
        return self.visible().filter(contribution__in=Contribution.objects.visible())

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
    hidden_at = models.DateTimeField("masqué le", null=True, blank=True, editable=False)
    # The clause of the charter that its address names.
    hidden_reason = models.CharField("article de la charte", max_length=300, blank=True, db_default="", editable=False)
    # The city owes an answer to a proposal: its author ticked the box, or an agent did.
    is_proposal = models.BooleanField("proposition", default=False, db_default=False)
    support_count = models.PositiveIntegerField("soutiens", default=0, editable=False)
    imported_support_count = models.PositiveIntegerField(default=0, editable=False)
    reply_count = models.PositiveIntegerField("réponses", default=0, editable=False)
    support_total = sum_column("support_count", "imported_support_count")

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
            # For the API, over all consultations, since a day.
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="comment_published",
                condition=Q(withdrawn_at__isnull=True, hidden_at__isnull=True),
            ),
            GinIndex(fulltext.vector("body", config=SEARCH_CONFIG), name="comment_search"),
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
