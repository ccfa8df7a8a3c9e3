"""The parts asked of services in the studies of ideas: what waits, and the page where one is given with the idea beside it.

An agent of a service finds theirs alone, without what the other services or the agency write before the answer.
"""

from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from ideas import city_rules, clocks, studying
from ideas.admin import forms
from ideas.admin.workspace import act, context, fetch
from ideas.models import Idea, StudyPart
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.staff import ShownAdmin
from transparency.models import Promise


class StateFilter(admin.SimpleListFilter):
    """What is still asked, what is late, what was given."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the states."""
        return [("attendue", "Attendue"), ("retard", "Réponse en retard"), ("rendue", "Rendue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        asked = Q(given_at__isnull=True, study__closed_at__isnull=True)
        late = asked & Q(due_on__lt=timezone.localdate(), paused_on__isnull=True)
        kept = {"attendue": asked, "retard": late, "rendue": Q(given_at__isnull=False)}
        found = kept.get(self.value() or "")
        return queryset if found is None else queryset.filter(found)


class ServiceFilter(admin.RelatedFieldListFilter):
    """Whose parts: for those who read those of every service."""

    def has_output(self) -> bool:
        """Show nothing to an agent of one service."""
        return bool(self.reads_all and super().has_output())

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **options: Any) -> None:
        self.reads_all = request.user.has_perm(city_rules.VIEW)
        super().__init__(field, request, *args, **options)


@admin.register(StudyPart)
class StudyPartAdmin(ShownAdmin):
    """The parts asked, those that wait first; one is given on its own page."""

    navigation = "Parts d’étude"
    navigation_rank = 14
    list_display = ("idea", "service", "state", "promised", "asked_on")
    list_select_related = ("service", "study__idea")
    list_filter = (StateFilter, ("service", ServiceFilter))
    list_intro = (
        "Ce que la Ville demande à ses services sur les idées à l’étude. Chaque part paraît avec la réponse, pas avant."
    )
    search_fields = ("study__idea__reference", "study__idea__title")
    search_label = "une référence ou un titre"
    ordering = (F("given_at").desc(nulls_first=True), "asked_at", "pk")
    empty_title = "Aucune part demandée"
    empty_words = "Une idée mise à l’étude vient ici quand on demande l’avis de votre service."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Keep what this person may see, with the day the answer is promised for."""
        asked: Any = StudyPart.objects
        owed = Promise.objects.standing().filter(kind=clocks.STUDY, key=OuterRef("study__idea__reference"))
        rows: Any = asked.visible_to(request.user).order_by(*self.ordering)
        texts = ("search", "need", "need_html", "proposal", "proposal_html")
        dated: QuerySet[Any] = rows.annotate(
            due_on=Subquery(owed.values("due_on")[:1]), paused_on=Subquery(owed.values("paused_on")[:1])
        )
        return dated.select_related(*self.list_select_related).defer(*(f"study__idea__{name}" for name in texts))

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out the service where there is only one."""
        names = super().get_list_display(request)
        return names if request.user.has_perm(city_rules.VIEW) else [name for name in names if name != "service"]

    def row_title(self, row: Any) -> str:
        """Name it by its idea and its service."""
        return f"{row.study.idea.title} · {row.service}"

    @admin.display(description="idée")
    def idea(self, part: StudyPart) -> str:
        """Give the title."""
        return part.study.idea.title

    @admin.display(description="état")
    def state(self, part: StudyPart) -> str:
        """Say what the service concludes, or that it is waited for."""
        if part.given_at is not None:
            return f"Rendue\u00a0: {part.get_feasibility_display()}"
        return "Attendue" if part.study.closed_at is None else "Non rendue"

    @admin.display(description="réponse promise pour")
    def promised(self, part: Any) -> str:
        """Say the day, and whether it is past."""
        if part.due_on is None or part.study.closed_at is not None:
            return ""
        if part.paused_on is not None:
            return "Délai arrêté"
        day = typography.day(part.due_on)
        return f"{day}, en retard" if part.due_on < timezone.localdate() else day

    @admin.display(description="demandée le", ordering="asked_at")
    def asked_on(self, part: StudyPart) -> str:
        """Say since when."""
        return typography.day(part.asked_at)

    def get_urls(self) -> list[URLPattern]:
        """Put the page of a part at the address of Django's form."""
        view = self.admin_site.admin_view(give)
        return [path("<int:pk>/change/", view, name="ideas_studypart_change"), *super().get_urls()]


@staff(city_rules.GIVE)
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the part of a service, with the idea beside it; once the city has answered, read it."""
    asked: Any = StudyPart.objects
    part = get_object_or_404(asked.visible_to(request.user).select_related("service", "study"), pk=pk)
    idea = fetch(part.study.idea_id)
    part.study.idea = idea
    # What was typed before the answer came is given back by the action, with the reason.
    if request.method != "POST" and city_rules.part_refusal(request.user, part):
        return _shown(request, idea, part)
    known = {
        "feasibility": part.feasibility,
        "condition": part.condition,
        "cost_cents": forms.in_euros(part.cost_cents),
        "upkeep_cents": forms.in_euros(part.upkeep_cents),
        "delay_months": part.delay_months,
        "constraint": part.constraint,
    }
    form = forms.PartForm(request.POST or None, initial=known)

    def run(given: dict[str, Any]) -> str:
        studying.give_part(actor=request.user, part=part, said=form.said(), at=timezone.now())
        return f"Part enregistrée\u00a0: {part.service}. Elle paraîtra avec la réponse."

    return act(
        request,
        idea,
        form,
        title=f"Part du service\u00a0: {part.service}",
        label="Changer cette part" if part.given_at else "Rendre cette part",
        intro="Ce que le service conclut paraîtra avec la réponse. Elle peut changer tant que l’étude dure.",
        run=run,
        idea_first=True,
    )


def _shown(request: HttpRequest, idea: Idea, part: StudyPart) -> HttpResponse:
    """Show a part that does not change any more."""
    page = {
        **context(request, idea),
        "gesture": f"Part du service\u00a0: {part.service}",
    }
    return TemplateResponse(request, "admin/ideas/part.html", page)
