"""What else a consultation has, filled to be measured: answers, a report, a questionnaire, a vote, promises, commitments."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ballots import actions as ballots
from ballots import dates
from ballots.actions import OptionEdit
from benchmarks import answers, content
from city.models import Service
from commitments.models import Commitment
from consultations import outcomes
from consultations.models import Consultation, ConsultationQuestionnaire, ConsultationVote, Contribution
from consultations.reporting import writing
from questionnaires.models import Option, Question, Questionnaire, Section

ANSWERED = 5_000
COMMITMENTS = 300
OWN = 30
QUESTIONS = 8


def prepare(made: content.Content) -> content.Content:
    """Fill the rooms; give the addresses to measure, those of everybody and those of one person."""
    answered, agent = answers.filled(made, ANSWERED), answers.agent()
    at = timezone.now()
    outcomes.publish(actor=agent, consultation=answered, at=at)
    report = answers.report(answered)
    writing.publish(actor=agent, report=report, seen=report.version, at=at)
    asked, voted = _questionnaire(made.consultation), _vote(made.consultation)
    _commitments(made.consultation.service)
    _sign(made.consultation, User.objects.get(public_name="Habitante"))
    inside = [made.consultation.slug]
    return replace(
        made,
        rooms={
            "Réponses de la Ville": reverse("consultations:outcomes", args=[answered.slug]),
            "Bilan": reverse("consultations:report", args=[answered.slug]),
            "Promesses": reverse("transparency:promises"),
            "Engagements": reverse("commitments:list"),
            "Questionnaire": reverse("consultations:questionnaire", args=[*inside, asked]),
            "Vote": reverse("consultations:vote", args=[*inside, voted]),
        },
        lists={
            "API, 100 contributions": reverse("api:contributions"),
            "API, 100 contributions d’une consultation": f"{reverse('api:contributions')}?consultation={made.consultation.slug}",
            "API, 100 commentaires d’une consultation": f"{reverse('api:commentaires')}?consultation={made.consultation.slug}",
        },
        own={
            "Questionnaire, première page": (
                reverse("consultations:questionnaire_page", args=[*inside, asked, 1]),
                made.session_key,
            ),
            "Mes contributions": (reverse("consultations:mine"), made.session_key),
            "Liste d’analyse (agents)": (
                reverse("admin:consultations_consultation_analysis", args=[answered.pk]),
                content.session(agent, second_factor=True),
            ),
        },
    )


def _questionnaire(consultation: Consultation) -> str:
    day = timezone.localdate()
    made = Questionnaire.objects.create(
        title="Vos trajets",
        opens_on=day - dt.timedelta(days=5),
        closes_on=day + dt.timedelta(days=10),
        published_at=timezone.now() - dt.timedelta(days=10),
    )
    section = Section.objects.create(questionnaire=made, title="Vos trajets", position=1)
    for position in range(1, QUESTIONS + 1):
        question = Question.objects.create(
            section=section, position=position, kind="single", label=f"Question {position}"
        )
        Option.objects.bulk_create(
            Option(question=question, position=rank, label=f"Choix {rank}") for rank in range(1, 6)
        )
    ConsultationQuestionnaire.objects.create(consultation=consultation, questionnaire=made)
    return made.reference


def _vote(consultation: Consultation) -> str:
    first = timezone.localdate() - dt.timedelta(days=2)
    values: dict[str, Any] = {
        "question": "Que mettre au milieu de la place\u00a0?",
        "intro": "",
        "kind": "single",
        "most": 1,
        "winners": 1,
        "opens_on": first,
        "ends_on": first + dt.timedelta(days=9),
        "residency_level": "declared",
        "minimum_age": None,
        "blank_allowed": True,
        "quorum": 0,
        "majority": "most",
        "tie": "decider",
    }
    options = [OptionEdit(name) for name in ("Un kiosque", "Une fontaine", "Des tilleuls")]
    with transaction.atomic():
        votation = ballots.save(actor=None, votation=None, values=values, options=options)
        ConsultationVote.objects.create(consultation=consultation, votation=votation)
        ballots.publish(actor=None, votation=votation, at=dates.midnight(first) - dt.timedelta(hours=1))
    return votation.reference


def _commitments(service: Service) -> None:
    day, at = timezone.localdate(), timezone.now() - dt.timedelta(days=1)
    Commitment.objects.bulk_create(
        Commitment(
            title=f"Engagement {number}",
            description="<p>Ce que la Ville fera.</p>",
            service=service,
            source_title="Les rues de demain",
            first_due_on=day + dt.timedelta(days=number),
            due_on=day + dt.timedelta(days=number),
            published_at=at,
            news_at=at,
        )
        for number in range(COMMITMENTS)
    )


def _sign(consultation: Consultation, resident: User) -> None:
    some = Contribution.objects.filter(consultation=consultation).order_by("pk").values("pk")[:OWN]
    Contribution.objects.filter(pk__in=some).update(author=resident)
