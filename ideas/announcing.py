"""Telling those who follow an idea what the city does of it: a study opened, an answer, a step of its realisation.

The author is told of the answer in any case: it is the answer to them. Each person is told of one thing once.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from ideas import clocks
from ideas.models import Answer, Event, Idea, Study
from ideas.models.realisation import Milestone
from mulhouse import typography
from mulhouse.templatetags import ui
from notifications import links, telling
from notifications.models import Subscription

OWN, FOLLOWED = "ideas.answer", "ideas.news"


@dataclass(frozen=True)
class Words:
    """What a mail says, in the language of its reader; the words of the city itself stay in French."""

    line: str
    intro: str
    text: str
    facts: Sequence[ui.Fact] = ()


@dataclass(frozen=True)
class News:
    """Something to tell of an idea: the row that says it (with its idea), and its words in the active language."""

    row: Answer | Event | Study
    words: Callable[[], Words]

    @property
    def idea(self) -> Idea:
        """Give what it is about."""
        return self.row.idea

    @property
    def key(self) -> str:
        """Name it for ever, so that each is told once."""
        return f"idea-{self.row._meta.model_name}:{self.row.pk}"

    @property
    def answers_author(self) -> bool:
        """Tell whether it is the answer to the author, whom it reaches in any case."""
        return isinstance(self.row, Answer)


def of_answer(answer: Answer) -> News:
    """Make news of an answer."""
    return News(answer, partial(_answer, answer))


def of_study(study: Study) -> News:
    """Make news of a study that opens."""
    return News(study, partial(_study, study))


def of_event(event: Event) -> News:
    """Make news of a step of a realisation."""
    return News(event, partial(_event, event))


def readers(news: News) -> QuerySet[User]:
    """Give the people to tell: those who follow the idea, and its author when it answers them."""
    follows = Exists(Subscription.objects.filter(user=OuterRef("pk"), topic=news.idea.topic))
    told = Q(follows) | Q(pk=news.idea.author_id) if news.answers_author else Q(follows)
    return User.objects.filter(told, is_active=True).order_by("pk")


@transaction.atomic(durable=True)
def tell(*, news: News, people: Sequence[User], at: dt.datetime) -> int:
    """Tell some people what is new; nobody is told twice, however often this runs.

    Shape: how many were told.
    """
    words = {language: _in(language, news) for language in sorted({person.language for person in people})}
    told = 0
    for kind, is_own in ((OWN, True), (FOLLOWED, False)):
        letters = [
            telling.Letter(
                person=person,
                once_key=f"{news.key}:{person.pk}",
                about=news.idea.topic,
                topic="" if is_own else news.idea.topic,
                line=words[person.language]["line"],
                url=links.path(news.idea, person.language),
                words=partial(dict, words[person.language]),
            )
            for person in people
            if is_own is (news.answers_author and person.pk == news.idea.author_id)
        ]
        told += telling.tell(kind=kind, letters=letters, at=at) if letters else 0
    return told


@transaction.atomic(durable=True)
def finish(*, news: News, people: int, at: dt.datetime) -> bool:
    """Keep that everybody was told.

    Shape: False when another worker said so first.
    """
    if isinstance(news.row, Answer | Event):
        type(news.row).objects.filter(pk=news.row.pk, told_at=None).update(told_at=at)
    return telling.finish(news.key, people=people, at=at)


def _in(language: str, news: News) -> dict[str, Any]:
    with translation.override(language):
        said = news.words()
        return {
            "line": said.line,
            "intro": said.intro,
            "text": said.text,
            "facts": list(said.facts),
            "title": news.idea.title,
            "address": links.address(news.idea, language),
        }


def _answer(answer: Answer) -> Words:
    title, outcome = answer.idea.title, str(answer.get_outcome_display())
    values = {"title": title, "outcome": outcome}
    facts = []
    if answer.cost_cents is not None:
        facts.append(ui.Fact(_("Coût"), typography.amount(answer.cost_cents)))
    if answer.next_on:
        facts.append(ui.Fact(_("Prochaine étape"), f"{answer.next_step} ({typography.day(answer.next_on)})"))
    if answer.handed_to:
        facts.append(ui.Fact(_("Transmise à"), answer.handed_to))
    if answer.remedy:
        facts.append(ui.Fact(_("Ce que l’on peut faire ensuite"), answer.remedy))
    facts.append(ui.Fact(_("Signé"), answer.signatory))
    if answer.number > 1:
        return Words(
            _("Réponse corrigée\u00a0: %(title)s") % values,
            _("La Ville corrige sa réponse à l’idée «\u00a0%(title)s\u00a0»\u00a0: %(outcome)s.") % values,
            f"{answer.correction}\n\n{answer.reason}",
            facts,
        )
    return Words(
        _("La Ville a répondu\u00a0: %(title)s") % values,
        _("La Ville a répondu à l’idée «\u00a0%(title)s\u00a0»\u00a0: %(outcome)s.") % values,
        answer.reason,
        facts,
    )


def _study(study: Study) -> Words:
    due = study.opened_at + dt.timedelta(days=clocks.STUDY_DAYS)
    values = {"title": study.idea.title, "day": typography.day(due)}
    return Words(
        _("À l’étude\u00a0: %(title)s") % values,
        _("Les services de la Ville étudient l’idée «\u00a0%(title)s\u00a0». Réponse promise pour le %(day)s.")
        % values,
        study.ground,
    )


def _event(event: Event) -> Words:
    step = str(Milestone.Step(event.step).label) if event.step else ""
    values: dict[str, Any] = {"title": event.idea.title, "step": step, "day": typography.day(event.happened_on)}
    facts = [ui.Fact(_("Budget"), typography.amount(event.budget_cents))] if event.budget_cents is not None else []
    if event.kind == Event.Kind.STEP and event.step == Milestone.Step.DONE:
        return Words(
            _("C’est fait\u00a0: %(title)s") % values,
            _("L’idée «\u00a0%(title)s\u00a0» est réalisée depuis le %(day)s.") % values,
            event.text,
            facts,
        )
    if event.kind == Event.Kind.STEP:
        return Words(
            _("Étape faite\u00a0: %(title)s") % values,
            _("Étape «\u00a0%(step)s\u00a0» faite le %(day)s, pour l’idée «\u00a0%(title)s\u00a0».") % values,
            event.text,
            facts,
        )
    if event.kind == Event.Kind.DATE and event.date_before and event.date_after:
        values |= {"before": typography.day(event.date_before), "after": typography.day(event.date_after)}
        return Words(
            _("Nouvelle date\u00a0: %(title)s") % values,
            _(
                "Pour l’idée «\u00a0%(title)s\u00a0», l’étape «\u00a0%(step)s\u00a0» passe du %(before)s au %(after)s. Voici pourquoi."
            )
            % values,
            event.text,
        )
    if event.kind == Event.Kind.PROMISE:
        return Words(
            _("Promesse tenue\u00a0: %(title)s") % values,
            _("La Ville a tenu, le %(day)s, ce qu’elle promettait pour l’idée «\u00a0%(title)s\u00a0».") % values,
            event.text,
        )
    if event.kind == Event.Kind.ABANDONED:
        return Words(
            _("Projet abandonné\u00a0: %(title)s") % values,
            _("La Ville renonce à l’idée «\u00a0%(title)s\u00a0». Voici pourquoi.") % values,
            event.text,
        )
    return Words(
        _("Des nouvelles\u00a0: %(title)s") % values,
        _("Voici ce qui est arrivé le %(day)s à l’idée «\u00a0%(title)s\u00a0».") % values,
        event.text,
        facts,
    )
