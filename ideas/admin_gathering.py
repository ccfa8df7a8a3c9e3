"""Gatherings in the staff space: pairs that probably say the same, proposals, ideas gathered and separated.

Who supports what, and who answered what as a supporter, is shown to nobody.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ideas import gathering, gathering_rules, pairing
from ideas.gathering_forms import GatherForm, SeparateForm
from ideas.models import Gathering, Idea, LikelyPair
from mulhouse import typed
from mulhouse.access import staff
from mulhouse.errors import DomainError
from mulhouse.staff import Button, ShownAdmin


def propose_url() -> str:
    """Give the page where an agent proposes a gathering."""
    return reverse("admin:ideas_gathering_propose")


class StudiedAdmin(ShownAdmin):
    """What those who gather for the city read."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever studies ideas gathers them."""
        return bool(request.user.has_perm(gathering_rules.STUDY))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As reading."""
        return self.has_view_permission(request)


def _dismiss(actor: Any, pair: LikelyPair, answers: dict[str, Any]) -> str:
    gathering.dismiss_pair(actor=actor, pair=pair, at=timezone.now())
    return "Écartée. Ces deux idées ne seront plus rapprochées."


def _link(idea: Idea) -> SafeString:
    return format_html('<a href="{}">{}</a>', idea.get_absolute_url(), idea.title_for_others)


@admin.register(LikelyPair)
class LikelyPairAdmin(StudiedAdmin):
    """Ideas that probably say the same: the queue, the most alike first."""

    navigation = ""
    list_display = ("likely", "first_idea", "second_idea", "found_at")
    list_display_links = ("likely",)
    list_select_related = ("first", "second")
    ordering = ("-likeness", "-pk")
    fields = ("likely", "first_idea", "second_idea", "gather_link", "found_at")
    readonly_fields = fields
    list_intro = (
        "Trouvées la nuit, par les lettres des titres et les mots des textes. Ce sont des pistes\u00a0: lisez les deux."
    )
    empty_title = "Aucune paire à regarder"
    empty_words = "Deux idées qui semblent dire la même chose viendront ici."
    buttons = (
        Button(
            name="ecarter",
            label="Ce n’est pas la même idée",
            permission=gathering_rules.STUDY,
            run=_dismiss,
            question="La paire quitte cette liste et n’y revient pas.",
            shown=lambda pair: pair.dismissed_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep what waits for an agent."""
        rows = pairing.to_look_at().select_related("first", "second")
        return rows.defer("first__search", "second__search")

    def list_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Lead to the gatherings."""
        return [("Regroupements", reverse("admin:ideas_gathering_changelist"))]

    def row_title(self, row: LikelyPair) -> str:
        """Name both ideas."""
        return f"{row.first.title} · {row.second.title}"

    @admin.display(description="ressemblance", ordering="likeness")
    def likely(self, row: LikelyPair) -> str:
        """Say how much they look alike."""
        return f"{round(row.likeness * 100)}\u00a0%"

    @admin.display(description="idée")
    def first_idea(self, row: LikelyPair) -> SafeString:
        """Lead to the first."""
        return _link(row.first)

    @admin.display(description="et")
    def second_idea(self, row: LikelyPair) -> SafeString:
        """Lead to the second."""
        return _link(row.second)

    @admin.display(description="même idée ?")
    def gather_link(self, row: LikelyPair) -> SafeString:
        """Lead to the form, with both."""
        asked = f"{row.first.reference}+{row.second.reference}"
        return format_html('<a href="{}?idees={}">Proposer de les regrouper</a>', propose_url(), asked)


def _separate(actor: Any, row: Gathering, answers: dict[str, Any]) -> str:
    gathering.separate(actor=actor, gathering=row, reason=answers["reason"], at=timezone.now())
    return "Séparées. Chaque idée a repris sa place et ses soutiens."


def _cancel(actor: Any, row: Gathering, answers: dict[str, Any]) -> str:
    gathering.cancel(actor=actor, gathering=row, at=timezone.now())
    return "Proposition retirée."


def _can_separate(row: Gathering) -> bool:
    return gathering_rules.standing_refusal(row) is None


@admin.register(Gathering)
class GatheringAdmin(StudiedAdmin):
    """Ideas gathered, proposed, separated."""

    navigation = "Regroupements"
    navigation_rank = 26
    list_display = ("called", "state", "campaign", "is_of_city", "submitted_at")
    list_select_related = ("campaign", "parent")
    search_fields = ("title", "parent__title")
    search_label = "un titre"
    ordering = ("-submitted_at", "-pk")
    fields = (
        "called",
        "state",
        "ideas",
        "idea_that_gathers",
        "need",
        "proposal",
        "is_of_city",
        "answers_until",
        "end_reason",
    )
    readonly_fields = fields
    list_intro = (
        "La Ville ou un auteur propose, chaque auteur répond. Puis qui soutenait une idée dit si son soutien compte."
    )
    empty_title = "Aucun regroupement"
    empty_words = "Ce que la Ville ou des auteurs proposent de réunir viendra ici."
    buttons = (
        Button(
            name="separer",
            label="Séparer les idées",
            permission=gathering_rules.STUDY,
            run=_separate,
            question="Chaque idée reprend sa place et ses soutiens. Ce qui comptait pour l’idée commune ne compte plus.",
            form=SeparateForm,
            shown=_can_separate,
            danger=True,
        ),
        Button(
            name="annuler",
            label="Retirer la proposition",
            permission=gathering_rules.STUDY,
            run=_cancel,
            question="Les auteurs ne pourront plus répondre. Chaque idée reste à sa place.",
            shown=lambda row: row.is_of_city and row.is_pending,
            danger=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the words of the search where they are."""
        return super().get_queryset(request).select_related("parent", "campaign").defer("parent__search")

    def list_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Lead to the pairs, and to a new proposal."""
        return [
            ("Proposer un regroupement", propose_url()),
            ("Idées proches à regarder", reverse("admin:ideas_likelypair_changelist")),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page that proposes."""
        view = self.admin_site.admin_view(propose)
        return [path("proposer/", view, name="ideas_gathering_propose"), *super().get_urls()]

    def row_title(self, row: Gathering) -> str:
        """Name it by what the idea would be."""
        return row.named

    @admin.display(description="titre")
    def called(self, row: Gathering) -> str:
        """Name it, but not by the words of an idea that moderation hid."""
        return row.named

    @admin.display(description="état")
    def state(self, row: Gathering) -> str:
        """Say where it stands."""
        if row.ended_at is not None:
            return row.get_end_display()
        if row.opened_at is not None:
            return "Réunies"
        return "À relire par la modération" if row.is_waiting else "Attend les auteurs"

    @admin.display(description="idées")
    def ideas(self, row: Gathering) -> SafeString:
        """List them, with the word of each author."""
        members = row.members.select_related("idea").defer("idea__search").order_by("pk")
        return format_html_join(
            SafeString("<br>"), "{} ({})", ((_link(each.idea), each.get_answer_display()) for each in members)
        )

    @admin.display(description="idée commune")
    def idea_that_gathers(self, row: Gathering) -> SafeString | str:
        """Lead to the idea that gathers."""
        return _link(row.parent) if row.parent else "Pas encore"


@staff(gathering_rules.STUDY)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose to gather ideas, for the city."""
    user: Any = request.user
    form = GatherForm(request.POST or None, initial={"others": request.GET.get("idees", "")[:200]})
    if request.method == "POST" and form.is_valid():
        try:
            made = gathering.propose(
                actor=user,
                ideas=form.cleaned_data["others"],
                reference=typed.read_token(request.POST.get("jeton", ""), user, "gather"),
                text=form.text(),
                is_of_city=True,
                at=timezone.now(),
            )
        except DomainError as error:
            form.add_error("others", error.message)
        else:
            messages.success(
                request, "Proposé. Les auteurs ont dix jours pour refuser\u00a0; sans refus, les idées sont réunies."
            )
            return redirect("admin:ideas_gathering_change", made.pk)
    context = {
        **admin.site.each_context(request),
        "title": "Proposer un regroupement",
        "form": form,
        "token": request.POST.get("jeton") or typed.new_token(user, "gather"),
        "list_url": reverse("admin:ideas_gathering_changelist"),
        "days": gathering_rules.CITY_DAYS,
    }
    return TemplateResponse(request, "admin/ideas/gathering.html", context, status=422 if form.errors else 200)
