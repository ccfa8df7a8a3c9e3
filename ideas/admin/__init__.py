"""Ideas in the staff space: the list and the file of each, the rule of what is studied, the campaigns.

Supports are not here: who gave one is shown to nobody. Only their counts are.
"""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ideas import admin_gathering as admin_gathering
from ideas import campaign_rules, campaigning, choosing, clocks, queues
from ideas.admin import campaigns, gestures, realisation, workspace
from ideas.admin import parts as parts
from ideas.admin import votes as votes
from ideas.models import Campaign, Idea, Reaction
from mulhouse import typography
from mulhouse.references import ALPHABET, LENGTH
from mulhouse.staff import Button, ShownAdmin
from transparency.models import Promise


def _owed(kind: str) -> Any:
    # The key of a promise begins with the reference of its idea.
    owed = Promise.objects.owed().filter(kind=kind)
    return owed.annotate(idea=Substr("key", 1, LENGTH)).values("idea")


def _running() -> QuerySet[Promise]:
    return Promise.objects.owed().filter(kind__in=(clocks.READING, clocks.STUDY), paused_on__isnull=True)


class WorkFilter(admin.SimpleListFilter):
    """What waits: the same words as the queues of the home page."""

    title = "suivi"
    parameter_name = "suivi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name what waits."""
        return [
            ("lecture", "À lire"),
            ("prete", "Prête pour l’étude"),
            ("seuil", "Étude ou réponse due"),
            ("promesses", "Promesse d’un seuil à tenir"),
            ("etude", "Réponse due"),
            ("parts", "Part d’un service attendue"),
            ("reactions", "Réaction récente de l’auteur"),
            ("etapes", "Étape en retard"),
            ("retard", "Délai dépassé"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what waits for one thing."""
        at = timezone.now()
        kept: dict[str, Any] = {
            "lecture": lambda: queryset.filter(reference__in=_owed(clocks.READING)),
            "prete": lambda: queryset.filter(pk__in=choosing.eligible().order_by().values("pk")),
            "seuil": lambda: queryset.filter(reference__in=_owed(clocks.ELIGIBLE)),
            "promesses": lambda: queryset.filter(reference__in=_owed(clocks.THRESHOLD)),
            "etude": lambda: queryset.filter(reference__in=_owed(clocks.STUDY)),
            "parts": lambda: queryset.filter(pk__in=queues.waiting_parts().values("study__idea")),
            "reactions": lambda: queryset.filter(
                pk__in=Reaction.objects.visible().filter(published_at__gte=at - queues.RECENT).values("answer__idea")
            ),
            "etapes": lambda: queryset.filter(pk__in=queues.late_stages(timezone.localdate(at)).values("idea")),
            "retard": lambda: queryset.filter(
                reference__in=_running().filter(due_on__lt=timezone.localdate(at)).values("key")
            ),
        }
        found = kept.get(self.value() or "")
        return found() if found else queryset


@admin.register(Idea)
class IdeaAdmin(ShownAdmin):
    """The ideas that everybody reads, and the door to the file of each."""

    navigation = "Idées"
    navigation_rank = 12
    list_display = ("title", "reference", "stage", "supports", "realism", "campaign", "promised", "published_on")
    list_select_related = ("campaign",)
    list_filter = (WorkFilter, "stage", "campaign")
    list_intro = (
        "Ce que les habitants proposent, tel que tout le monde le lit. Qui a soutenu une idée n’est montré à personne."
    )
    search_fields = ("reference", "title")
    search_label = "une référence ou un titre"
    ordering = ("-published_at", "-pk")

    @admin.display(description="soutiens", ordering="support_total")
    def supports(self, idea: Idea) -> int:
        """Say what the thresholds count."""
        return int(idea.counted)

    @admin.display(description="promis pour", ordering="owed_on", empty_value="")
    def promised(self, idea: Any) -> str:
        """Say by when the city reads or answers, and whether it is late."""
        if idea.owed_on is None:
            return ""
        day = typography.day(idea.owed_on)
        return f"{day}, en retard" if idea.owed_on < timezone.localdate() else day

    @admin.display(description="publiée le", ordering="published_at")
    def published_on(self, idea: Idea) -> str:
        """Say the day: the hour says nothing here."""
        return typography.day(idea.published_at) if idea.published_at else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out drafts, which are their authors', and what is gone."""
        texts = ("search", "need", "need_html", "proposal", "proposal_html")
        owed = _running().filter(key=OuterRef("reference"))
        rows: QuerySet[Any] = (
            super().get_queryset(request).filter(pk__in=Idea.objects.visible().values("pk")).defer(*texts)
        )
        dated: QuerySet[Any] = rows.annotate(owed_on=Subquery(owed.order_by("due_on").values("due_on")[:1]))
        return dated

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find one row when the words are its reference."""
        reference = search_term.strip().upper()
        if len(reference) == LENGTH and set(reference) <= set(ALPHABET):
            one = queryset.filter(reference=reference)
            if one.exists():
                return one, False
        return super().get_search_results(request, queryset, search_term)

    def list_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Lead to the rule of what is studied."""
        return [("Popularité et réalisme", reverse("admin:ideas_idea_rule"))]

    def change_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open the file of an idea."""
        return workspace.file(request, pk)

    def get_urls(self) -> list[URLPattern]:
        """Put the file at the address of Django's form, and its gestures under it."""
        opened = self.admin_site.admin_view
        return [
            path("regle/", opened(workspace.rule), name="ideas_idea_rule"),
            path("<int:pk>/change/", opened(self.change_page), name="ideas_idea_change"),
            *gestures.addresses(opened),
            *realisation.addresses(opened),
            *super().get_urls(),
        ]


def _publish(actor: Any, campaign: Campaign, answers: dict[str, Any]) -> str:
    campaigning.publish(actor=actor, campaign=campaign, at=timezone.now())
    return "Publiée. Ses règles sont figées, et écrites au registre."


def _delete(actor: Any, campaign: Campaign, answers: dict[str, Any]) -> str:
    campaigning.delete_draft(actor=actor, campaign=campaign)
    return "Brouillon supprimé."


def _is_draft(campaign: Campaign) -> bool:
    return campaign.published_at is None


class StateFilter(admin.SimpleListFilter):
    """Drafts, or public."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the states."""
        return [("brouillon", "Non publiée"), ("publiee", "Publiée")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        wanted = {"brouillon": True, "publiee": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(published_at__isnull=wanted)


@admin.register(Campaign)
class CampaignAdmin(ShownAdmin):
    """The campaigns: prepared together, published by the agency alone, frozen from then on."""

    navigation = "Campagnes d’idées"
    navigation_rank = 13
    list_display = ("title", "kind", "state", "opens_on", "closes_on", "idea_count")
    list_filter = (StateFilter, "kind")
    list_intro = "La boîte permanente et les campagnes datées. Leurs règles ne changent plus une fois publiées."
    search_fields = ("title", "slug")
    search_label = "un titre"
    ordering = ("-opens_on", "-pk")
    buttons = (
        Button(
            name="publier",
            label="Publier",
            permission=campaign_rules.PUBLISH,
            run=_publish,
            question="Tout le monde lit les règles, et plus personne ne peut les changer\u00a0: dates, seuils, promesses, qui participe. "
            "Une nouvelle boîte permanente prend la place de celle qui est ouverte, le jour où elle commence.",
            shown=_is_draft,
        ),
        Button(
            name="supprimer",
            label="Supprimer ce brouillon",
            permission=campaign_rules.WRITE,
            run=_delete,
            question="Le brouillon disparaît. Rien ne permet de le retrouver.",
            shown=_is_draft,
            danger=True,
        ),
    )

    @admin.display(description="état", ordering="published_at")
    def state(self, campaign: Campaign) -> str:
        """Say where it stands."""
        return campaigns.state_words(campaign, at=timezone.now())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave drafts to those who write."""
        rows = super().get_queryset(request)
        return rows if request.user.has_perm(campaign_rules.WRITE) else rows.filter(published_at__isnull=False)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The list is for those who write, and for those who read what is published."""
        return bool(request.user.has_perm(campaign_rules.WRITE)) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Show « Ajouter » to those who write."""
        return campaign_rules.write_refusal(request.user) is None

    def change_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open the page of a campaign: its form, or its frozen rules."""
        return campaigns.edit(request, pk)

    def get_urls(self) -> list[URLPattern]:
        """Put our pages at the addresses of Django's forms."""
        opened = self.admin_site.admin_view
        return [
            path("add/", opened(campaigns.create), name="ideas_campaign_add"),
            path("<int:pk>/change/", opened(self.change_page), name="ideas_campaign_change"),
            *super().get_urls(),
        ]
