"""The realisation of an idea in the staff space: days announced, stages done, news with photos, giving up."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone

from commitments import photos
from commitments.photos import Photo
from ideas import city_rules, realising
from ideas.admin import forms
from ideas.admin.workspace import act, fetch
from ideas.models import Milestone, Threshold
from mulhouse.access import staff
from mulhouse.errors import DomainError, require


@staff(city_rules.FOLLOW)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce the days of the stages."""
    idea = fetch(pk)
    require(city_rules.realise_refusal(request.user, idea))
    known = list(Milestone.objects.filter(idea=idea).values_list("step", flat=True))
    form = forms.PlanForm(request.POST or None, known=known)

    def run(given: dict[str, Any]) -> str:
        realising.plan(actor=request.user, idea=idea, days=form.days(), at=timezone.now())
        return "Dates annoncées. Les personnes qui suivent l’idée reçoivent un courriel."

    return act(
        request,
        idea,
        form,
        title="Annoncer des dates",
        label="Annoncer ces dates",
        intro="Une date annoncée ne s’efface pas\u00a0: une autre peut la remplacer, avec sa raison, et la première reste affichée. "
        "Laissez vide ce qui n’a pas encore de date.",
        run=run,
    )


def _stage(pk: int, milestone_pk: int) -> Milestone:
    return get_object_or_404(Milestone.objects.select_related("idea"), pk=milestone_pk, idea=pk)


@staff(city_rules.FOLLOW)
def date(request: HttpRequest, pk: int, milestone_pk: int) -> HttpResponse:
    """Change the day of a stage."""
    idea, stage = fetch(pk), _stage(pk, milestone_pk)
    require(city_rules.milestone_refusal(request.user, stage))
    form = forms.DateForm(request.POST or None, initial={"planned_on": stage.planned_on})

    def run(given: dict[str, Any]) -> str:
        realising.change_date(
            actor=request.user,
            milestone=stage,
            planned_on=given["planned_on"],
            reason=given["reason"],
            at=timezone.now(),
        )
        return "Date changée. L’ancienne reste affichée, avec votre raison."

    return act(
        request,
        idea,
        form,
        title=f"Changer la date\u00a0: {stage.get_step_display()}",
        label="Changer la date",
        intro="Tout le monde lit l’ancienne date, la nouvelle et la raison.",
        run=run,
    )


@staff(city_rules.FOLLOW)
def step(request: HttpRequest, pk: int, milestone_pk: int) -> HttpResponse:
    """Say that a stage is done."""
    idea, stage = fetch(pk), _stage(pk, milestone_pk)
    require(city_rules.milestone_refusal(request.user, stage))
    form = forms.StepForm(request.POST or None, request.FILES or None)

    def run(given: dict[str, Any]) -> str:
        _with_photo(
            given,
            lambda kept: realising.finish_step(
                actor=request.user,
                milestone=stage,
                done_on=given["happened_on"],
                text=given["text"],
                photos=kept,
                at=timezone.now(),
            ),
        )
        return "Étape faite. Les personnes qui suivent l’idée reçoivent un courriel."

    return act(
        request,
        idea,
        form,
        title=f"Étape faite\u00a0: {stage.get_step_display()}",
        label="Dire que c’est fait",
        intro="La dernière étape, «\u00a0Réalisée\u00a0», termine le projet.",
        run=run,
    )


@staff(city_rules.FOLLOW)
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """Give news of a realisation."""
    idea = fetch(pk)
    require(city_rules.news_refusal(request.user, idea))
    form = forms.NewsForm(request.POST or None, request.FILES or None)

    def run(given: dict[str, Any]) -> str:
        _with_photo(
            given,
            lambda kept: realising.add_news(
                actor=request.user,
                idea=idea,
                text=given["text"],
                happened_on=given["happened_on"],
                budget_cents=given["budget_cents"],
                photos=kept,
                at=timezone.now(),
            ),
        )
        return "Nouvelle publiée. Les personnes qui suivent l’idée reçoivent un courriel."

    return act(
        request,
        idea,
        form,
        title="Donner des nouvelles",
        label="Publier la nouvelle",
        intro="Ce qui s’est passé, un jour donné. Une photo dit souvent plus qu’un texte.",
        run=run,
    )


@staff(city_rules.FOLLOW)
def promise(request: HttpRequest, pk: int, threshold_pk: int) -> HttpResponse:
    """Say that the promise of a threshold is kept."""
    idea = fetch(pk)
    threshold = get_object_or_404(Threshold, pk=threshold_pk, campaign=idea.campaign_id)
    require(realising.promise_refusal(request.user, idea, threshold))
    form = forms.PromiseForm(request.POST or None, request.FILES or None)

    def run(given: dict[str, Any]) -> str:
        _with_photo(
            given,
            lambda kept: realising.keep_promise(
                actor=request.user,
                idea=idea,
                threshold=threshold,
                text=given["text"],
                happened_on=given["happened_on"],
                photos=kept,
                at=timezone.now(),
            ),
        )
        return "Promesse tenue. Les personnes qui suivent l’idée reçoivent un courriel."

    return act(
        request,
        idea,
        form,
        title=f"Promesse tenue\u00a0: {threshold.name}",
        label="Dire que c’est fait",
        intro=f"{threshold.promise} Le délai s’arrête le jour où vous le dites ici.",
        run=run,
    )


def _with_photo(given: dict[str, Any], run: Callable[[Sequence[Photo]], Any]) -> None:
    """Store the photo before the action, and take it back when it is refused."""
    photo = photos.store(given["photo"], alt=given["alt"], folder=realising.FOLDER) if given["photo"] else None
    try:
        run([photo] if photo else [])
    except DomainError:
        photos.discard(photo)
        raise


@staff(city_rules.FOLLOW)
def abandon(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an idea up."""
    idea = fetch(pk)
    require(city_rules.realise_refusal(request.user, idea))
    form = forms.AbandonForm(request.POST or None)

    def run(given: dict[str, Any]) -> str:
        realising.abandon(actor=request.user, idea=idea, reason=given["reason"], at=timezone.now())
        return "Projet abandonné. La raison est publique."

    return act(
        request,
        idea,
        form,
        title="Abandonner le projet",
        label="Abandonner le projet",
        intro="La Ville revient sur une idée qu’elle avait retenue. C’est définitif, et tout le monde lit pourquoi.",
        run=run,
        danger=True,
    )


def addresses(opened: Callable[[Any], Any]) -> list[URLPattern]:
    """Give the pages of the realisation, under the file of an idea."""
    name = "ideas_idea_{}".format
    return [
        path("<int:pk>/realisation/dates/", opened(plan), name=name("plan")),
        path("<int:pk>/realisation/etape/<int:milestone_pk>/date/", opened(date), name=name("step_date")),
        path("<int:pk>/realisation/etape/<int:milestone_pk>/faite/", opened(step), name=name("step")),
        path("<int:pk>/realisation/nouvelle/", opened(news), name=name("news")),
        path("<int:pk>/promesse/<int:threshold_pk>/", opened(promise), name=name("promise")),
        path("<int:pk>/realisation/abandon/", opened(abandon), name=name("abandon")),
    ]
