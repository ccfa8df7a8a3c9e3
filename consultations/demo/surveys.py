"""Two questionnaires of the demonstration: one open, with conditions, one closed, with its results."""

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils.crypto import get_random_string

from accounts.levels import ResidencyLevel
from accounts.models import User
from city.models import District
from consultations import participation
from consultations.models import Consultation, ConsultationQuestionnaire
from consultations.phases import PARIS, midnight
from desk import people
from desk.models import Channel, Person
from mulhouse import ages
from questionnaires import keys, outline
from questionnaires.conditions import Given
from questionnaires.models import Answer, Option, Question, Questionnaire, Response, Row, Section
from questionnaires.outline import Asking, Outline
from transparency import register

Kind = Question.Kind
# How many pass over a question that asks for no answer, and how many write when they may.
SKIPPED = 0.12
TELLING = 0.3


@dataclass(frozen=True)
class Ask:
    """A question as written here: `on` is the label of an earlier one, `wanted` the answers that bring this one."""

    kind: str
    label: str
    options: Sequence[str] = ()
    weights: Sequence[int] = ()
    other: str = ""
    rows: Sequence[str] = ()
    is_required: bool = False
    help: str = ""
    on: str = ""
    wanted: Sequence[str] = ()
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """A questionnaire: its consultation, its days counted from today, its pages."""

    slug: str
    title: str
    intro: str
    first: int
    last: int
    without_account: bool
    responses: int
    pages: Sequence[tuple[str, Sequence[Ask]]]
    texts: Sequence[str]


COMING = "Comment venez-vous au centre-ville, d’habitude\u00a0?"
CAME = "Étiez-vous au centre pendant la dernière journée sans voiture\u00a0?"
OPEN = Survey(
    slug="journee-sans-voiture",
    title="Journée sans voiture\u00a0: vos déplacements, votre avis",
    intro="Trois minutes pour dire comment vous vous déplacez et ce que vous attendez de la prochaine journée.\n\n"
    "Les résultats iront au maire avec les avis écrits, avant qu’il choisisse la date et les rues.",
    first=-20,
    last=24,
    without_account=True,
    responses=150,
    pages=(
        (
            "Vos déplacements",
            (
                Ask(
                    Kind.SINGLE,
                    COMING,
                    ("À pied", "À vélo", "En bus ou en tram", "En voiture", "À deux-roues motorisé"),
                    (26, 18, 30, 34, 4),
                    other="Autrement",
                    is_required=True,
                ),
                Ask(
                    Kind.MULTIPLE,
                    "Pourquoi prenez-vous la voiture\u00a0?",
                    (
                        "Je transporte des personnes",
                        "Je transporte des choses lourdes",
                        "Je ne peux pas marcher longtemps",
                        "Il n’y a pas de bus à mes horaires",
                    ),
                    (10, 14, 6, 17),
                    other="Autre raison",
                    on=COMING,
                    wanted=("En voiture",),
                ),
                Ask(
                    Kind.NUMBER,
                    "Combien de temps dure ce trajet\u00a0?",
                    fields={"lowest": 1, "highest": 180, "unit": "minutes"},
                ),
            ),
        ),
        (
            "La dernière journée",
            (
                Ask(Kind.SINGLE, CAME, ("Oui", "Non", "Je ne sais plus"), (61, 34, 5), is_required=True),
                Ask(
                    Kind.SCALE,
                    "Quelle note donnez-vous à cette journée\u00a0?",
                    weights=(8, 9, 18, 34, 31),
                    on=CAME,
                    wanted=("Oui",),
                    is_required=True,
                    fields={"lowest": 1, "highest": 5, "lowest_label": "très gênante", "highest_label": "très réussie"},
                ),
                Ask(
                    Kind.MATRIX,
                    "Qu’en avez-vous pensé\u00a0?",
                    ("Bien", "Moyen", "Pas bien", "Sans avis"),
                    (5, 3, 2, 2),
                    rows=("Le calme", "L’information avant la journée", "Les bus et les trams", "Les animations"),
                    on=CAME,
                    wanted=("Oui",),
                ),
                Ask(
                    Kind.SINGLE,
                    "Pourquoi n’êtes-vous pas venu\u00a0?",
                    ("Je ne savais pas", "Je n’avais rien à y faire", "Je ne pouvais pas y aller sans voiture"),
                    (12, 9, 11),
                    on=CAME,
                    wanted=("Non",),
                ),
            ),
        ),
        (
            "La prochaine journée",
            (
                Ask(
                    Kind.RANKING,
                    "Qu’est-ce qui compte le plus pour la prochaine fois\u00a0?",
                    (
                        "Plus de rues fermées",
                        "Plus de bus",
                        "Une journée plus courte",
                        "Des passages pour les soignants",
                    ),
                    (5, 9, 3, 8),
                    help="Classez ce qui compte pour vous, le plus important d’abord.",
                    fields={"max_choices": 3},
                ),
                Ask(Kind.DISTRICT, "Dans quel quartier habitez-vous\u00a0?", help="Si vous habitez Mulhouse."),
                Ask(Kind.TEXT, "Voulez-vous ajouter quelque chose\u00a0?"),
            ),
        ),
    ),
    texts=(
        "Prévenez plus tôt les commerces, nous avons su trois jours avant.",
        "Mes enfants ont fait du vélo sur l’avenue, on en parle encore.",
        "Il faut un arrêt de bus près de l’hôpital ce jour-là.",
        "Une fois par saison, ce serait bien. Une fois par mois, trop.",
        "Les livraisons du matin doivent rester possibles jusqu’à 10 heures.",
        "Ma mère marche mal\u00a0: prévoyez des navettes.",
        "Pensez aux toilettes, il n’y en avait pas assez.",
        "Rien à ajouter, continuez.",
    ),
)

USE = "À quoi sert ce lieu pour vous\u00a0?"
CLOSED = Survey(
    slug="micro-foret",
    title="La micro-forêt : vos usages, vos souhaits",
    intro="Ce questionnaire est terminé. Ses résultats ont servi à préparer la décision.",
    first=-95,
    last=-56,
    without_account=False,
    responses=140,
    pages=(
        (
            "Vos usages",
            (
                Ask(
                    Kind.SINGLE,
                    "Allez-vous souvent sur l’un des deux terrains\u00a0?",
                    ("Chaque jour", "Chaque semaine", "Parfois", "Jamais"),
                    (9, 22, 41, 12),
                ),
                Ask(
                    Kind.MULTIPLE,
                    USE,
                    ("Passer", "Se reposer", "Jouer avec les enfants", "Se retrouver", "Promener un chien"),
                    (40, 28, 22, 19, 9),
                    other="Autre usage",
                ),
                Ask(
                    Kind.SCALE,
                    "Vous y sentez-vous bien\u00a0?",
                    weights=(12, 22, 33, 22, 11),
                    fields={"lowest": 1, "highest": 5, "lowest_label": "pas du tout", "highest_label": "tout à fait"},
                ),
            ),
        ),
        (
            "Vos souhaits",
            (
                Ask(
                    Kind.RANKING,
                    "Que faut-il d’abord\u00a0?",
                    ("De l’ombre", "Des bancs", "De l’eau", "Des jeux", "De la lumière"),
                    (12, 8, 5, 6, 4),
                    fields={"max_choices": 3},
                ),
                Ask(
                    Kind.MATRIX,
                    "Que pensez-vous de l’entretien\u00a0?",
                    ("Bon", "Moyen", "Mauvais"),
                    (4, 5, 3),
                    rows=("La propreté", "Les plantations", "L’éclairage"),
                ),
                Ask(Kind.TEXT, "Que voudriez-vous y faire que vous n’y faites pas\u00a0?"),
            ),
        ),
    ),
    texts=(
        "M’asseoir à l’ombre avec un livre.",
        "Laisser les petits courir sans surveiller les voitures.",
        "Boire un café dehors le samedi.",
        "Venir le soir sans avoir peur du noir.",
        "Apprendre à jardiner.",
        "Retrouver des voisins qui parlent d’autres langues que moi.",
    ),
)


@transaction.atomic(durable=True)
def seed(*, at: dt.datetime) -> bool:
    """Add both questionnaires with their responses; False when a former run did.

    Locks: the register, last.
    """
    waiting = [
        (survey, consultation)
        for survey in (OPEN, CLOSED)
        for consultation in Consultation.objects.filter(slug=survey.slug, published_at__isnull=False)
        if not consultation.questionnaire_links.exists()
    ]
    for survey, consultation in waiting:
        _write(survey, consultation, at=at)
    if waiting:
        facts = {"questionnaires": len(waiting)}
        register.record("consultation.demo", role="système", subject="questionnaires", facts=facts)
    return bool(waiting)


def _write(survey: Survey, consultation: Consultation, *, at: dt.datetime) -> None:
    today = at.astimezone(PARIS).date()
    opens_on, closes_on = today + dt.timedelta(days=survey.first), today + dt.timedelta(days=survey.last + 1)
    questionnaire = Questionnaire.objects.create(
        title=survey.title,
        intro=survey.intro,
        opens_on=opens_on,
        closes_on=closes_on,
        residency_level=ResidencyLevel.NONE if survey.without_account else ResidencyLevel.DECLARED,
        accepts_without_account=survey.without_account,
        published_at=midnight(opens_on),
    )
    ConsultationQuestionnaire.objects.create(consultation=consultation, questionnaire=questionnaire)
    _ask(questionnaire, survey)
    _answer(outline.read(questionnaire), survey, consultation, at=at)


def _ask(questionnaire: Questionnaire, survey: Survey) -> None:
    by_label: dict[str, Question] = {}
    for position, (title, asks) in enumerate(survey.pages, start=1):
        section = Section.objects.create(questionnaire=questionnaire, title=title, position=position)
        for place, ask in enumerate(asks, start=1):
            question = Question.objects.create(
                section=section,
                position=place,
                kind=ask.kind,
                label=ask.label,
                help=ask.help,
                is_required=ask.is_required,
                condition_question=by_label.get(ask.on),
                condition_test=Question.Test.ANY_OF if ask.on else "",
                **ask.fields,
            )
            by_label[ask.label] = question
            labels = [*ask.options, *([ask.other] if ask.other else [])]
            Option.objects.bulk_create(
                Option(question=question, position=rank, label=label, is_other=label == ask.other)
                for rank, label in enumerate(labels, start=1)
            )
            Row.objects.bulk_create(
                Row(question=question, position=rank, label=label) for rank, label in enumerate(ask.rows, start=1)
            )
            if ask.on:
                question.condition_options.set(by_label[ask.on].options.filter(label__in=ask.wanted))


def _answer(read: Outline, survey: Survey, consultation: Consultation, *, at: dt.datetime) -> None:
    """Send the responses of people of the demonstration, then of browsers where no account is needed."""
    # The same responses at each installation.
    chance = random.Random(survey.title)  # noqa: S311 (believable answers, no secret)
    asks = {ask.label: ask for _title, page in survey.pages for ask in page}
    questionnaire = read.questionnaire
    opens_at = midnight(questionnaire.opens_on or at.date())
    until = min(at, midnight(questionnaire.closes_on or at.date())) - dt.timedelta(minutes=5)
    crowd = list(User.objects.filter(email__startswith="habitant-").select_related("district").order_by("email"))
    districts = list(District.objects.order_by("position", "name"))
    chance.shuffle(crowd)
    wanted = crowd[: survey.responses // 2 if survey.without_account else survey.responses]
    for number in range(survey.responses if survey.without_account else len(wanted)):
        user = wanted[number] if number < len(wanted) else None
        sent_at = opens_at + (until - opens_at) * chance.random() ** 1.6
        person = people.of_user(user) if user else None
        values = _values(read, asks, survey, districts, chance)
        place = user.district if user else next((value.district for value in values if value.district), None)
        response = Response.objects.create(
            questionnaire=questionnaire,
            person=person,
            token_hash=None if user else keys.hashed(get_random_string(32)),
            district=place,
            age_band=ages.of_birth_year(user.birth_year, on=sent_at.date()) if user else "",
            submitted_at=sent_at,
        )
        for value in values:
            value.response = response
        Answer.objects.bulk_create(values)
        if user is not None and person is not None:
            _count(consultation, person, user, sent_at)


def _count(consultation: Consultation, person: Person, user: User, at: dt.datetime) -> None:
    participation.note(
        consultation, person, channel=Channel.WEB, at=at, district=user.district, birth_year=user.birth_year
    )


def _values(
    read: Outline, asks: Mapping[str, Ask], survey: Survey, districts: Sequence[District], chance: random.Random
) -> list[Answer]:
    """Answer as somebody would, question after question: what a condition hides is not answered."""
    given: dict[int, Given] = {}
    found: list[Answer] = []
    for asking in read.questions:
        ask = asks[asking.question.label]
        if asking.pk not in read.shown(given) or (not ask.is_required and chance.random() < SKIPPED):
            continue
        values = ANSWERERS[asking.kind](asking, ask, chance, survey, districts)
        found += values
        options = frozenset(value.option_id for value in values if value.option_id is not None)
        given[asking.pk] = Given(options=options, number=values[0].number if values else None)
    return found


def _one(asking: Asking, ask: Ask, chance: random.Random) -> Option:
    options = asking.options
    weights = [*ask.weights, *([2] * (len(options) - len(ask.weights)))]
    return chance.choices(options, weights)[0]


def _choose(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    count = 1 if asking.kind == Kind.SINGLE else chance.choice((1, 1, 2, 2, 3))
    chosen = {option.pk: option for option in (_one(asking, ask, chance) for _turn in range(count))}
    text = "Cela dépend des jours"
    return [
        Answer(question=asking.question, option=option, text=text if option.is_other else "")
        for option in chosen.values()
    ]


def _rate(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    steps = range(asking.question.lowest or 0, (asking.question.highest or 0) + 1)
    return [Answer(question=asking.question, number=Decimal(chance.choices(steps, ask.weights)[0]))]


def _time(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    minutes = max(3, min(90, round(chance.lognormvariate(2.8, 0.5) / 5) * 5))
    return [Answer(question=asking.question, number=Decimal(minutes))]


def _fill(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    return [Answer(question=asking.question, row=row, option=_one(asking, ask, chance)) for row in asking.rows]


def _rank(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    left, found = list(zip(asking.options, ask.weights, strict=True)), []
    for rank in range(1, chance.choice((2, 3, 3)) + 1):
        option = chance.choices([each for each, _weight in left], [weight for _each, weight in left])[0]
        left = [pair for pair in left if pair[0].pk != option.pk]
        found.append(Answer(question=asking.question, option=option, rank=rank))
    return found


def _live(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    # Some districts answer more than others, as everywhere.
    rank = min(int(chance.expovariate(0.25)), len(districts) - 1)
    return [Answer(question=asking.question, district=districts[rank])]


def _tell(
    asking: Asking, ask: Ask, chance: random.Random, survey: Survey, districts: Sequence[District]
) -> list[Answer]:
    return [Answer(question=asking.question, text=chance.choice(survey.texts))] if chance.random() < TELLING else []


Answerer = Callable[[Asking, Ask, random.Random, Survey, Sequence[District]], list[Answer]]
ANSWERERS: dict[str, Answerer] = {
    Kind.SINGLE.value: _choose,
    Kind.MULTIPLE.value: _choose,
    Kind.SCALE.value: _rate,
    Kind.NUMBER.value: _time,
    Kind.MATRIX.value: _fill,
    Kind.RANKING.value: _rank,
    Kind.DISTRICT.value: _live,
    Kind.TEXT.value: _tell,
}
