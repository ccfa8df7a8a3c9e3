"""The gestures of agents on an idea: reading it, studying it, answering it. One page each, with the file beside it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from ideas import answering, choosing, city_rules, following, studying
from ideas.admin import forms
from ideas.admin.workspace import act, address, fetch
from ideas.models import Answer, Criterion, StudyPart
from ideas.models.studies import CriterionCode
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.errors import DomainError, require
from mulhouse.markup import render_markdown

PREVIEW, PUBLISH = "apercu", "publier"


@staff(city_rules.READ)
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the first reading of an idea, or one that replaces it."""
    idea = fetch(pk)
    require(city_rules.read_refusal(request.user, idea))
    form = forms.ReadingForm(request.POST or None, initial=_last_reading(idea))

    def run(given: dict[str, Any]) -> str:
        made = studying.publish_reading(
            actor=request.user,
            idea=idea,
            power=given["power"],
            handed_to=given["handed_to"],
            judgements=form.judgements(),
            seen=given["seen"],
            at=timezone.now(),
        )
        return f"Lecture publiée. Réalisme\u00a0: {made.score} sur 100."

    return act(
        request,
        idea,
        form,
        title="Première lecture",
        label="Publier la lecture",
        intro="Six critères, un niveau et une phrase pour chacun. Tout le monde les lit, et la note se calcule d’après eux.",
        run=run,
        compact=True,
    )


def _last_reading(idea: Any) -> dict[str, Any]:
    """Start from the reading that stands."""
    every = Criterion.objects.filter(reading__idea=idea).select_related("reading").order_by("-reading__number", "pk")
    rows = list(every[: len(CriterionCode)])
    if not rows:
        return {"seen": 0}
    last = rows[0].reading
    levels = {f"{row.code}_level": row.level for row in rows}
    reasons = {str(row.code): row.reason for row in rows}
    return {"seen": last.number, "power": last.power, "handed_to": last.handed_to, **levels, **reasons}


@staff(city_rules.STUDY)
def study_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the study of an idea, in the order of the rule or with a public reason."""
    idea = fetch(pk)
    require(city_rules.open_study_refusal(request.user, idea))
    rank, number = choosing.rank_of(idea)
    form = forms.OpenForm(request.POST or None, is_its_turn=rank == 1)

    def run(given: dict[str, Any]) -> str:
        studying.open_study(
            actor=request.user,
            idea=idea,
            services=list(given["services"]),
            reason=given.get("reason", ""),
            at=timezone.now(),
        )
        return "Étude ouverte. Son délai est public, et les personnes qui suivent l’idée reçoivent un courriel."

    return act(
        request,
        idea,
        form,
        title="Ouvrir l’étude",
        label="Ouvrir l’étude",
        intro=_turn_words(rank, number),
        run=run,
    )


def _turn_words(rank: int, number: int) -> str:
    if rank == 1:
        return "C’est son tour\u00a0: elle est la première de la liste. L’idée ne recueille plus de soutiens ensuite."
    if rank:
        place = f"{rank}e sur {typography.number(number)}"
        return f"Ce n’est pas son tour\u00a0: elle est {place}. L’étudier maintenant demande une raison publique."
    return "Elle ne remplit pas les conditions de la règle. L’étudier quand même demande une raison publique."


@staff(city_rules.STUDY)
def study_services(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask more services for their part."""
    idea = fetch(pk)
    require(city_rules.study_refusal(request.user, idea))
    known = StudyPart.objects.filter(study__idea=idea).values("service")
    form = forms.ServicesForm(request.POST or None, known=known)

    def run(given: dict[str, Any]) -> str:
        studying.ask_parts(actor=request.user, idea=idea, services=list(given["services"]), at=timezone.now())
        return "Demandé. La part attendue se voit dans la file de chaque service."

    return act(
        request,
        idea,
        form,
        title="Demander à d’autres services",
        label="Demander leur part",
        intro="Chaque service dit ce qu’il en pense sur une page.",
        run=run,
    )


@staff(city_rules.STUDY)
def study_synthesis(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what comes out of the parts."""
    idea = fetch(pk)
    require(city_rules.study_refusal(request.user, idea))
    text = idea.study.synthesis
    form = forms.SynthesisForm(request.POST or None, initial={"seen": text, "text": text})

    def run(given: dict[str, Any]) -> str:
        # A form gives line breaks as browsers send them.
        seen, written = (given[name].replace("\r\n", "\n") for name in ("seen", "text"))
        studying.write_synthesis(actor=request.user, idea=idea, text=written, seen=seen)
        return "Enregistré. Les agents seuls la lisent."

    return act(
        request,
        idea,
        form,
        title="Synthèse de l’étude",
        label="Enregistrer",
        intro="Lue par les agents seuls\u00a0: elle prépare la réponse.",
        run=run,
    )


@staff(city_rules.STUDY)
def study_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the clock of a study."""
    idea = fetch(pk)
    require(city_rules.study_refusal(request.user, idea))
    form = forms.PauseForm(request.POST or None)

    def run(given: dict[str, Any]) -> str:
        studying.pause(actor=request.user, idea=idea, reason=given["reason"], at=timezone.now())
        return "Le délai est arrêté. Le motif est public."

    return act(
        request,
        idea,
        form,
        title="Arrêter le délai",
        label="Arrêter le délai",
        intro="Quand il repart, le jour promis recule d’autant. Un délai déjà passé ne s’arrête pas.",
        run=run,
    )


@staff(city_rules.STUDY)
@require_POST
def study_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Start the clock of a study again."""
    idea = fetch(pk)
    return _at_once(
        request,
        pk,
        lambda: studying.resume(actor=request.user, idea=idea, at=timezone.now()),
        "Le délai court de nouveau.",
    )


@staff(city_rules.VIEW)
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write an internal note."""
    idea = fetch(pk)
    text = request.POST.get("text", "").replace("\r\n", "\n")[:3000]
    return _at_once(
        request, pk, lambda: studying.note(actor=request.user, idea=idea, text=text, at=timezone.now()), "Note ajoutée."
    )


def _at_once(request: HttpRequest, pk: int, run: Callable[[], Any], done: str) -> HttpResponse:
    try:
        run()
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, done)
    return redirect(address("change", pk))


@staff(city_rules.ANSWER)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the answer of the city, see it as residents will, then publish it."""
    idea = fetch(pk)
    require(city_rules.answer_refusal(request.user, idea))
    last = Answer.objects.filter(idea=idea).order_by("-number").first()
    start: dict[str, Any] = {"seen": last.number if last else 0}
    if last:
        start |= {
            name: getattr(last, name)
            for name in (
                "outcome",
                "reason",
                "next_step",
                "next_on",
                "handed_to",
                "remedy",
                "detail",
                "act_url",
                "signatory",
            )
        }
        start["cost_cents"] = forms.in_euros(last.cost_cents)
    form = forms.AnswerForm(request.POST or None, initial=start, is_correction=last is not None)
    preview: list[following.ShownAnswer] = []

    def run(given: dict[str, Any]) -> str:
        said = form.said()
        if request.POST.get("geste") != PUBLISH:
            answering.check(said, idea=idea, is_correction=last is not None, at=timezone.now())
            preview.append(_preview(said))
            return ""
        answering.publish(actor=request.user, idea=idea, said=said, seen=given["seen"], at=timezone.now())
        return "Réponse publiée. L’auteur et les personnes qui suivent l’idée reçoivent un courriel."

    return act(
        request,
        idea,
        form,
        title="Corriger la réponse" if last else "Réponse de la Ville",
        label="Voir l’aperçu",
        intro="Publiée, une réponse ne s’efface pas\u00a0: une autre, datée, peut la corriger.",
        run=run,
        template="admin/ideas/answer.html",
        preview=preview,
    )


def _preview(said: answering.Said) -> following.ShownAnswer:
    """Show an answer that is not published as its page would."""
    shown = Answer(
        outcome=said.outcome,
        number=2 if said.correction else 1,
        reason_html=render_markdown(said.reason),
        cost_cents=said.cost_cents,
        next_step=said.next_step,
        next_on=said.next_on,
        handed_to=said.handed_to,
        remedy=said.remedy,
        detail_html=render_markdown(said.detail) if said.detail else "",
        act_url=said.act_url,
        signatory=said.signatory,
        correction=said.correction,
        published_at=timezone.now(),
    )
    return following.answer(shown)


def addresses(opened: Callable[[Any], Any]) -> list[URLPattern]:
    """Give the pages of the gestures, under the file of an idea."""
    name = "ideas_idea_{}".format
    return [
        path("<int:pk>/lecture/", opened(reading), name=name("reading")),
        path("<int:pk>/etude/ouvrir/", opened(study_open), name=name("study_open")),
        path("<int:pk>/etude/services/", opened(study_services), name=name("study_services")),
        path("<int:pk>/etude/synthese/", opened(study_synthesis), name=name("study_synthesis")),
        path("<int:pk>/etude/arreter/", opened(study_pause), name=name("study_pause")),
        path("<int:pk>/etude/reprendre/", opened(study_resume), name=name("study_resume")),
        path("<int:pk>/note/", opened(note), name=name("note")),
        path("<int:pk>/reponse/", opened(answer), name=name("answer")),
    ]
