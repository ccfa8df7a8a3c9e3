"""Loading the whole demonstration, step by step: what a former run did is left alone, what it missed is done."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from accounts import demo as accounts
from accounts import roles
from accounts.models import User
from audience import demo as audience
from city.models import Service, Theme
from consultations import capcollectif, importing
from consultations.demo import (
    acts,
    amending,
    moderating,
    news,
    people,
    places,
    polls,
    promises,
    reports,
    sorting,
    stage,
    surveys,
    texts,
    visits,
)
from consultations.demo.people import Crowd
from consultations.models import Consultation
from opendata import dumping
from privacy import demo as rights
from transparency import demo as answers

REAL_SLUG = "republique-numerique"
REAL_SUMMARY = """Cette consultation est réelle. Elle a eu lieu en France en 2015, sur un autre site.
Le Gouvernement préparait une loi sur le numérique. Il a demandé l’avis de tout le monde.
On pouvait changer un article, en proposer un nouveau, et dire pourquoi.
Elle est terminée. Vous pouvez tout lire.
Elle montre comment le portail garde la mémoire d’une grande consultation."""


class Demonstration:
    """What is loaded, at a given instant."""

    def __init__(self, *, at: dt.datetime) -> None:
        self.at = at
        self._crowd: Crowd | None = None

    def steps(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """Name each step and what does it, in order; a step tells whether it changed anything."""
        yield "comptes de démonstration", self._people
        for slug in texts.SLUGS:
            yield slug, partial(self._stage, slug)
        yield "engagements", partial(promises.play, at=self.at)
        yield "gestes d’habitants", self._acts
        yield "questionnaires", partial(surveys.seed, at=self.at)
        yield "votes secrets", self._votes
        # Once the questionnaires and votes are there: their rules are among those of their consultation.
        yield "règles du jeu", partial(amending.freeze_all, at=self.at)
        yield "guichet et tables", partial(visits.play, at=self.at)
        yield "analyse des avis", partial(sorting.seed, at=self.at)
        yield "bilans", partial(reports.seed, at=self.at)
        yield "lieux", places.place_all
        yield "notifications", partial(news.play, at=self.at)
        yield "dossier d’archives", partial(places.archive_one, at=self.at)
        yield "modération", self._moderation
        yield "audience", partial(audience.seed, at=self.at)
        yield "données ouvertes", partial(dumping.make_missing, at=self.at)
        yield "droits sur les données", self._rights
        yield "promesses de réponse", self._promises

    @property
    def crowd(self) -> Crowd:
        """Give everybody, made by the first step."""
        if self._crowd is None:
            self._crowd, _new = people.seed(at=self.at)
        return self._crowd

    def _people(self) -> bool:
        accounts.seed()
        self._crowd, new = people.seed(at=self.at)
        return new > 0

    def _stage(self, slug: str) -> bool:
        if stage.is_staged(slug):
            return False
        script = texts.script(slug)
        return stage.stage(script=script, crowd=self.crowd, files=stage.store(script), at=self.at)

    def _votes(self) -> bool:
        return polls.play(crowd=self.crowd, at=self.at)

    def _moderation(self) -> bool:
        return moderating.play(crowd=self.crowd, at=self.at)

    def _acts(self) -> bool:
        return acts.play(acts.Company(self.crowd, _as(accounts.RESIDENT), at=self.at)) > 0

    def _rights(self) -> bool:
        return rights.play(hero=_as(accounts.RESIDENT), administrator=_as(roles.ADMINISTRATOR.code), at=self.at)

    def _promises(self) -> bool:
        return answers.play(agent=_as(roles.AGENT.code), at=self.at)


def _as(role: str) -> User:
    """Find the invented person of a role."""
    return User.objects.get(email__in=[one.email for one in accounts.demo_accounts() if one.role == role])


def has_real() -> bool:
    """Tell whether the consultation of 2015 is there; it comes in one transaction, so whole."""
    return Consultation.objects.filter(slug=REAL_SLUG).exists()


def load_real(file: Path, *, progress: Callable[[int], object] = importing.nothing_to_show) -> importing.Report:
    """Import the consultation « République numérique » of 2015.

    Raises: DomainError when nothing in the file can be read.
    Source: Licence Ouverte, as its README says.
    """
    with file.open("rb") as lines:
        reading = capcollectif.read(lines)
    target = importing.Target(
        slug=REAL_SLUG,
        title="République numérique\u00a0: un projet de loi soumis à tous",
        theme=Theme.objects.get(slug="numerique"),
        service=Service.objects.get(slug="agence-participation"),
        summary=REAL_SUMMARY,
        decider="Le Gouvernement, puis le Parlement",
        origin="la consultation nationale «\u00a0République numérique\u00a0» (2015)",
        licence="Licence Ouverte",
        analyse_until=dt.date(2015, 11, 6),
        decide_until=dt.date(2016, 10, 7),
    )
    return importing.import_reading(reading=reading, target=target, progress=progress)
