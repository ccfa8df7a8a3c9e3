"""Consultations in the staff space: a workspace to write them, and lists to read what residents write.

Positions and supports are not here: who took which is shown to nobody. Only their counts are.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from consultations import (
    archiving_rules,
    editing,
    editing_rules,
    openings,
    packaging,
    participation,
    search,
    setting_aside,
    signatures,
)
from consultations.admin import analysis, desk, following, questionnaires, reports, votes, workspace
from consultations.models import Comment, Consultation, Contribution
from consultations.presentation import channels
from desk import rooms as desk_rooms
from moderation import actions as moderating
from moderation import rules as moderation_rules
from mulhouse.references import ALPHABET, LENGTH
from mulhouse.staff import Button, ShownAdmin


def _publish(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    editing.publish(actor=actor, consultation=consultation, at=timezone.now())
    return "Publiée. Elle est visible de tous dès maintenant."


def _copy(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    draft = editing.copy(actor=actor, consultation=consultation, at=timezone.now())
    return f"Copiée. Le brouillon «\u00a0{draft.title}\u00a0» vous attend dans la liste\u00a0: vérifiez ses dates."


def _archive(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    editing.archive(actor=actor, consultation=consultation, at=timezone.now())
    return "Archivée. Elle se lit toujours à la même adresse."


def _reopen(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    editing.reopen(actor=actor, consultation=consultation, at=timezone.now())
    return "Sortie des archives. Vous pouvez la compléter."


def _package(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    packaging.ask(actor=actor, consultation=consultation, at=timezone.now())
    return "Demandé. Le dossier sera sur la page «\u00a0Données ouvertes\u00a0» dans quelques minutes."


def _renew(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    editing.renew_preview(actor=actor, consultation=consultation)
    return "Lien d’aperçu changé. L’ancien ne montre plus rien."


def _delete(actor: Any, consultation: Consultation, answers: dict[str, Any]) -> str:
    editing.delete_draft(actor=actor, consultation=consultation)
    return "Brouillon supprimé."


def _is_draft(consultation: Consultation) -> bool:
    return consultation.published_at is None


class StateFilter(admin.SimpleListFilter):
    """Drafts, public, archived."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the states."""
        return [("brouillon", "Non publiée"), ("publiee", "Publiée"), ("archivee", "Archivée")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        if self.value() == "brouillon":
            return queryset.filter(published_at__isnull=True)
        if self.value() == "publiee":
            return queryset.filter(published_at__isnull=False, archived_at__isnull=True)
        return queryset.filter(archived_at__isnull=False) if self.value() == "archivee" else queryset


@admin.register(Consultation)
class ConsultationAdmin(ShownAdmin):
    """The list of consultations, and the door to the workspace of each."""

    navigation = "Consultations"
    navigation_rank = 10
    list_display = ("title", "state", "service", "contribution_count", "comment_count", "participants")
    list_select_related = ("service",)
    list_filter = (StateFilter, "theme", "service")
    search_fields = ("title", "slug")
    search_label = "un titre"
    ordering = ("-updated_at",)
    buttons = (
        Button(
            name="publier",
            label="Publier",
            permission="consultations.publish_consultation",
            run=_publish,
            question="La consultation devient visible de tous. Son adresse ne changera plus, et ses dates, ses questions et ses règles "
            "ne changeront qu’avec un motif public. Elle ne pourra plus être retirée, seulement archivée.",
            shown=lambda row: _is_draft(row) and not editing_rules.publish_problems(row, at=timezone.now()),
        ),
        Button(
            name="apercu",
            label="Changer le lien d’aperçu",
            permission=workspace.EDIT,
            run=_renew,
            question="Les personnes qui ont l’ancien lien ne verront plus rien. Il faudra leur donner le nouveau.",
            shown=_is_draft,
        ),
        Button(
            name="archiver",
            label="Archiver",
            permission="consultations.publish_consultation",
            run=_archive,
            question="La consultation se lira toujours à la même adresse, et ne changera plus.",
            shown=lambda row: row.published_at is not None and row.archived_at is None,
        ),
        Button(
            name="rouvrir",
            label="Sortir des archives",
            permission="consultations.publish_consultation",
            run=_reopen,
            question="La consultation reviendra dans la liste, et pourra être complétée.",
            shown=lambda row: row.archived_at is not None,
        ),
        Button(
            name="dossier",
            label="Préparer le dossier d’archives",
            permission="consultations.publish_consultation",
            run=_package,
            question="Un fichier ZIP réunit tout ce qui est public\u00a0: pages, tableaux, bilan, documents, lignes du registre. Il "
            "remplace la version précédente, et son empreinte va au registre.",
            shown=lambda row: archiving_rules.readiness_refusal(row) is None,
        ),
        Button(
            name="copier",
            label="Copier comme modèle",
            permission="consultations.add_consultation",
            run=_copy,
            question="Un brouillon reprend les textes, les questions, les règles et les phases, décalées pour commencer dans deux "
            "semaines. L’image, les documents et les contributions restent ici.",
        ),
        Button(
            name="supprimer",
            label="Supprimer ce brouillon",
            permission="consultations.delete_consultation",
            run=_delete,
            question="Le brouillon et ses fichiers disparaissent. Rien ne permet de les retrouver.",
            shown=_is_draft,
            danger=True,
        ),
    )

    @admin.display(description="état", ordering="published_at")
    def state(self, consultation: Consultation) -> str:
        """Say where it stands."""
        return workspace.state_words(consultation, at=timezone.now())

    @admin.display(description="participants")
    def participants(self, consultation: Consultation) -> str:
        """Say how many people took part, and how they came first: as the public page says it."""
        shown = participation.shown(consultation)
        ways = ", ".join(f"{number} {label[:1].lower()}{label[1:]}" for label, number in channels(shown.channels))
        return f"{shown.people}\u00a0: {ways}" if ways else str(shown.people)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read what the rows and the buttons ask for with them. Drafts are for those who write."""
        rows = participation.with_counts(openings.with_parts(super().get_queryset(request)), at=timezone.now())
        rows = rows.prefetch_related("phases", "sections")
        return rows if request.user.has_perm(workspace.EDIT) else rows.filter(published_at__isnull=False)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The list is for those who write in the workspace, and for those who read what is published."""
        return bool(request.user.has_perm(workspace.EDIT)) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Show « Ajouter » to those who may begin a consultation."""
        return editing_rules.create_refusal(request.user) is None

    def row_url(self, row: Any) -> str:
        """Come back to the page where the buttons are."""
        return workspace.address("publication", row.pk)

    def change_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open the workspace to those who write in it; lead those who only read to the public page."""
        only_reads = self.has_view_permission(request) and not request.user.has_perm(workspace.EDIT)
        if only_reads and request.method != "POST":
            return redirect(get_object_or_404(self.get_queryset(request), pk=pk))
        return workspace.presentation(request, pk)

    def get_urls(self) -> list[URLPattern]:
        """Put the workspace at the addresses of Django's forms."""
        opened = self.admin_site.admin_view
        name = "consultations_consultation_{}".format
        return [
            path("add/", opened(workspace.create), name=name("add")),
            path("<int:pk>/change/", opened(self.change_page), name=name("change")),
            path("<int:pk>/phases/", opened(workspace.phases_page), name=name("phases")),
            path("<int:pk>/parties/", opened(workspace.sections), name=name("sections")),
            path("<int:pk>/documents/", opened(workspace.documents), name=name("documents")),
            path("<int:pk>/documents/ajouter/", opened(workspace.document), name=name("document_add")),
            path("<int:pk>/documents/<int:document_pk>/", opened(workspace.document), name=name("document")),
            path(
                "<int:pk>/documents/<int:document_pk>/retirer/",
                opened(workspace.remove_document),
                name=name("document_remove"),
            ),
            path("<int:pk>/publication/", opened(workspace.publication), name=name("publication")),
            *questionnaires.urls(opened),
            *following.addresses(opened),
            *analysis.addresses(opened),
            *reports.addresses(opened),
            *votes.addresses(opened),
            *super().get_urls(),
        ]


# The desk opens what a consultation takes: its door stands with the consultations'.
desk_rooms.declare(desk.ConsultationDesk())

# What a list of comments does not read of their contributions.
LEFT_OUT = tuple(f"contribution__{name}" for name in ("body", "body_html", "search", "agree_total", "reaction_total"))


def _shown_html(html: str) -> SafeString:
    """Show a text as its page shows it: cleaned when it was saved."""
    return format_html('<div class="texte">{}</div>', mark_safe(html))  # noqa: S308 (cleaned by mulhouse.markup)


class VisibleFilter(admin.SimpleListFilter):
    """Visible, withdrawn or hidden; drafts are nobody's but their author's."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the states."""
        return [
            ("visible", "Visible"),
            ("retire", "Retiré par son auteur"),
            ("masque", "Retiré par la modération, ou mis de côté"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        rows: Any = queryset
        kept: dict[str, QuerySet[Any]] = {
            "visible": rows.visible(),
            "retire": rows.filter(withdrawn_at__isnull=False),
            "masque": rows.filter(withdrawn_at__isnull=True, hidden_at__isnull=False),
        }
        return kept.get(self.value() or "", queryset)


def _open_case(actor: Any, text: Any, answers: dict[str, Any]) -> str:
    case = moderating.take_up(
        actor=actor,
        kind="comment" if isinstance(text, Comment) else "contribution",
        reference=text.reference,
        at=timezone.now(),
    )
    return f"Dossier {case.reference} ouvert, dans la file de modération."


class VoicesAdmin(ShownAdmin):
    """What residents wrote: found by its reference, which is an index of its own, else by its words, from an index too."""

    buttons = (
        Button(
            name="moderer",
            label="Ouvrir un dossier de modération",
            permission=moderation_rules.DECIDE,
            run=_open_case,
            question="Le dossier arrive dans la file\u00a0: rien n’est retiré avant une décision, qui nomme l’article de la charte.",
            shown=lambda text: text.withdrawn_at is None and text.hidden_at is None,
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find one row when the words are its reference."""
        reference = search_term.strip().upper()
        is_reference = len(reference) == LENGTH and set(reference) <= set(ALPHABET)
        if is_reference and (one := queryset.filter(reference=reference)).exists():
            return one, False
        return (self.by_words(queryset, search_term) if search_term else queryset), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out the texts of a person whose data are set aside: they are kept, and nobody looks at them (RGPD, art. 18)."""
        return super().get_queryset(request).exclude(hidden_reason=setting_aside.REASON)

    def by_words(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Keep what holds these words."""
        raise NotImplementedError


@admin.register(Contribution)
class ContributionAdmin(VoicesAdmin):
    """What residents published, as everybody reads it."""

    navigation = "Contributions"
    navigation_rank = 20
    list_display = ("title", "reference", "consultation", "kind", "published_at", "agreement", "comment_count")
    list_select_related = ("consultation",)
    list_filter = (VisibleFilter, "kind", "channel", "consultation")
    list_intro = "Ce que les habitants ont publié, tel que tout le monde le lit. Qui a pris quelle position n’est montré à personne."
    search_fields = ("reference", "title")
    search_label = "une référence ou des mots"
    # The order of arrival: the one that an index gives across all consultations.
    ordering = ("-pk",)
    fields = (
        "reference",
        "consultation",
        "section",
        "kind",
        "signed",
        "district",
        "title",
        "text",
        "usage_when",
        "usage_frequency",
        "usage_role",
        "place",
        "place_district",
        "channel",
        "published_at",
        "corrected_at",
        "withdrawn_at",
        "hidden_at",
        "hidden_reason",
        "counts",
    )
    readonly_fields = ("signed", "text", "counts")

    @admin.display(description="d’accord", ordering="agree_total")
    def agreement(self, contribution: Contribution) -> int:
        """Count the residents in agreement."""
        return contribution.agree

    @admin.display(description="Signature publique")
    def signed(self, contribution: Contribution) -> str:
        """Show the author as the public does."""
        return signatures.of_contribution(contribution)

    @admin.display(description="Texte")
    def text(self, contribution: Contribution) -> SafeString:
        """Show the text as its page does."""
        return _shown_html(contribution.body_html)

    @admin.display(description="Réactions")
    def counts(self, contribution: Contribution) -> str:
        """Give the counts, in words: never who."""
        return (
            f"{contribution.agree} d’accord, {contribution.mixed} mitigé, {contribution.disagree} pas d’accord. "
            f"Commentaires\u00a0: {contribution.comment_count}"
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave drafts to their authors, and the long columns to the page of a row."""
        rows = super().get_queryset(request).filter(published_at__isnull=False)
        return rows.defer("body", "body_html", "search", "agree_total", "reaction_total")

    def by_words(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Find as residents do."""
        return search.by_words(rows, words)

    def view_on_site(self, obj: Contribution) -> str:
        """Lead to the public page."""
        return obj.get_absolute_url()


@admin.register(Comment)
class CommentAdmin(VoicesAdmin):
    """What residents wrote in the debates."""

    navigation = "Commentaires"
    navigation_rank = 30
    list_display = ("beginning", "reference", "stance", "contribution", "published_at", "supports")
    list_select_related = ("contribution__consultation",)
    list_filter = (VisibleFilter, "stance", "channel")
    list_intro = "Les débats, tels que tout le monde les lit."
    search_fields = ("reference", "body")
    search_label = "une référence ou des mots du texte"
    ordering = ("-pk",)
    fields = (
        "reference",
        "contribution",
        "parent",
        "stance",
        "signed",
        "text",
        "channel",
        "published_at",
        "withdrawn_at",
        "hidden_at",
        "hidden_reason",
        "supports",
    )
    readonly_fields = ("signed", "supports", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the long columns to the page of a row."""
        return super().get_queryset(request).defer("body_html", "support_total", *LEFT_OUT)

    def by_words(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Find as residents find contributions."""
        return search.comments(rows, words)

    @admin.display(description="soutiens", ordering="support_total")
    def supports(self, comment: Comment) -> int:
        """Count the supports."""
        return comment.support_count + comment.imported_support_count

    @admin.display(description="texte")
    def beginning(self, comment: Comment) -> str:
        """Show how it begins."""
        return Truncator(comment.body).words(14)

    @admin.display(description="Signature publique")
    def signed(self, comment: Comment) -> str:
        """Show the author as the public does."""
        return signatures.of_comment(comment)

    @admin.display(description="Texte")
    def text(self, comment: Comment) -> SafeString:
        """Show the text as its page does."""
        return _shown_html(comment.body_html)
