"""What the search finds of consultations: each kind with who may see it, where it is read, and what narrows it."""

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from city.models import District
from consultations.filters import STATE_RANKS, with_state
from consultations.models import (
    Comment,
    Consultation,
    ConsultationQuestionnaire,
    ConsultationVote,
    Contribution,
    Document,
    HeldText,
    Item,
    Outcome,
    Report,
)
from search.registry import Line, Rows, Source, Text

OPEN, COMING, FINISHED, ANSWERED = "ouvert", "a-venir", "termine", "repondu"
_RANKS = {OPEN: STATE_RANKS["ouvertes"], COMING: STATE_RANKS["a-venir"], FINISHED: STATE_RANKS["terminees"]}


# --- Who sees what ---------------------------------------------------------------------------------------------------


def _contributions() -> Rows:
    return Contribution.objects.visible().filter(consultation__in=Consultation.objects.published())


def _comments() -> Rows:
    return Comment.objects.visible().filter(contribution__in=_contributions())


def _outcomes() -> Rows:
    told = Q(theme__isnull=False) | Q(item__in=Item.objects.public())
    return Outcome.objects.filter(told, consultation__in=Consultation.objects.published())


def _reports() -> Rows:
    later = Report.objects.published().filter(consultation=OuterRef("consultation"), number__gt=OuterRef("number"))
    return Report.objects.published().filter(~Exists(later), consultation__in=Consultation.objects.published())


def _of_published(rows: Any) -> Rows:
    found: Rows = rows.filter(consultation__in=Consultation.objects.published())
    return found


def _questionnaires() -> Rows:
    return _of_published(ConsultationQuestionnaire.objects.filter(questionnaire__published_at__isnull=False))


def _votes() -> Rows:
    return _of_published(ConsultationVote.objects.filter(votation__published_at__isnull=False))


def _answers() -> Rows:
    """Give the free answers to questionnaires that an agent decided to show."""
    return _of_published(Item.objects.public().filter(answer__isnull=False))


def _drafts(user: Any) -> Rows:
    """Give the drafts that an agent may open."""
    return Consultation.objects.visible_to(user).filter(published_at__isnull=True)


def _own_contributions(user: Any) -> Rows:
    return Contribution.objects.visible_to(user).filter(author=user)


def _own_comments(user: Any) -> Rows:
    return Comment.objects.filter(author=user, contribution__in=Contribution.objects.visible_to(user))


# --- What narrows them -----------------------------------------------------------------------------------------------


def _in_district(rows: Any, slug: str) -> Rows:
    """Keep the consultations that name a district, and those of the whole city."""
    links = Consultation.districts.through.objects.filter(consultation=OuterRef("pk"))
    found: Rows = rows.filter(Exists(links.filter(district__slug=slug)) | ~Exists(links))
    return found


class _Among(Func):
    """Whether a key is one of a list, which PostgreSQL makes once for the question; `IN` would ask it again for each row."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def _of_consultations(path: str) -> dict[str, Any]:
    """Narrow what belongs to a consultation by what narrows consultations."""

    def of(rows: Any, consultations: Rows) -> Rows:
        found: Rows = rows.filter(_Among(F(path), ArraySubquery(consultations.order_by().values("pk"))))
        return found

    def by_state(rank: int) -> Any:
        return lambda rows, at: of(rows, _at_state(rank)(Consultation.objects.published(), at))

    return {
        "theme": lambda rows, slug: of(rows, Consultation.objects.filter(theme__slug=slug)),
        "district": lambda rows, slug: of(rows, _in_district(Consultation.objects.published(), slug)),
        "states": {state: by_state(rank) for state, rank in _RANKS.items()},
    }


def _at_state(rank: int) -> Any:
    def narrowed(rows: Any, at: dt.datetime) -> Rows:
        ranked: Any = with_state(rows, at=at)
        found: Rows = ranked.filter(state=rank)
        return found

    return narrowed


def _answered(rows: Any, at: dt.datetime) -> Rows:
    found: Rows = rows.filter(item__place=Item.Place.ANSWERED)
    return found


def _placed(path: str = "") -> Any:
    """Keep what is about a place of a district, and what was signed from it."""

    def narrowed(rows: Any, slug: str) -> Rows:
        district = District.objects.filter(slug=slug).values("pk")[:1]
        found: Rows = rows.filter(Q(**{f"{path}place_district": district}) | Q(**{f"{path}district": district}))
        return found

    return narrowed


# --- Where it is read ------------------------------------------------------------------------------------------------


def _slug(line: Line) -> str:
    """Give the address form of the consultation that something belongs to."""
    above = line
    while above.kind != "consultation" and above.parent is not None:
        above = above.parent
    return above.parts[0]


def _address(route: str) -> Any:
    return lambda line: reverse(f"consultations:{route}", args=[_slug(line), *line.parts])


def _outcome_address(line: Line) -> str:
    about, *references = line.parts
    if about in {"contribution", "comment"}:
        return reverse(f"consultations:{about}", args=[_slug(line), *references])
    page = reverse("consultations:outcomes", args=[_slug(line)])
    return f"{page}#{references[0]}" if about == "theme" else f"{page}?voir=avis"


def _answer_address(line: Line) -> str:
    """Lead to the list of opinions, from this one on: a free answer has no page of its own."""
    return f"{reverse('consultations:outcomes', args=[_slug(line)])}?voir=avis&depuis={line.parts[0]}"


def _document_address(line: Line) -> str:
    key, has_page = line.parts
    return reverse("consultations:document" if has_page == "true" else "consultations:document_file", args=[key])


def _title(line: Line) -> Text:
    return line.title


def _above(line: Line) -> str:
    return line.parent.title if line.parent else ""


def _comment_title(line: Line) -> Text:
    return _("Sur «\u00a0%(title)s\u00a0»") % {"title": _above(line)}


def _outcome_title(line: Line) -> Text:
    return line.title or _("Réponse à un avis\u00a0: %(title)s") % {"title": _above(line)}


def _held_title(line: Line) -> Text:
    return _("Texte non publié\u00a0: %(title)s") % {"title": line.title or _above(line)}


def _report_title(line: Line) -> Text:
    return _("Bilan\u00a0: %(title)s") % {"title": _above(line)}


SOURCES = (
    Source(
        "consultation",
        _("Consultation"),
        _("Consultations"),
        2.0,
        Consultation.objects.published,
        lambda line: reverse("consultations:detail", args=line.parts),
        _title,
        own=_drafts,
        theme=lambda rows, slug: rows.filter(theme__slug=slug),
        district=_in_district,
        states={state: _at_state(rank) for state, rank in _RANKS.items()}
        | {
            ANSWERED: lambda rows, _at: rows.filter(
                Exists(Report.objects.published().filter(consultation=OuterRef("pk")))
            )
        },
    ),
    Source(
        "report",
        _("Bilan"),
        _("Bilans"),
        1.8,
        _reports,
        _address("report_version"),
        _report_title,
        **_of_consultations("consultation"),
    ),
    Source(
        "outcome",
        _("Réponse de la Ville"),
        _("Réponses de la Ville"),
        1.6,
        _outcomes,
        _outcome_address,
        _outcome_title,
        **_of_consultations("consultation"),
    ),
    Source(
        "vote",
        _("Vote"),
        _("Votes"),
        1.4,
        _votes,
        _address("vote"),
        _title,
        **_of_consultations("consultation"),
    ),
    Source(
        "questionnaire",
        _("Questionnaire"),
        _("Questionnaires"),
        1.4,
        _questionnaires,
        _address("questionnaire"),
        _title,
        **_of_consultations("consultation"),
    ),
    Source(
        "document",
        _("Document"),
        _("Documents"),
        1.2,
        lambda: _of_published(Document.objects.all()),
        _document_address,
        _title,
        **_of_consultations("consultation"),
    ),
    Source(
        "contribution",
        _("Contribution"),
        _("Contributions"),
        1.0,
        _contributions,
        _address("contribution"),
        _title,
        own=_own_contributions,
        theme=_of_consultations("consultation")["theme"],
        district=_placed(),
        states=_of_consultations("consultation")["states"] | {ANSWERED: _answered},
    ),
    Source(
        "comment",
        _("Commentaire"),
        _("Commentaires"),
        0.6,
        _comments,
        _address("comment"),
        _comment_title,
        own=_own_comments,
        theme=_of_consultations("contribution__consultation")["theme"],
        district=_placed("contribution__"),
        states=_of_consultations("contribution__consultation")["states"] | {ANSWERED: _answered},
    ),
    Source(
        "answer",
        _("Réponse à un questionnaire"),
        _("Réponses à un questionnaire"),
        0.8,
        _answers,
        _answer_address,
        _title,
        **_of_consultations("consultation")
        | {
            "states": _of_consultations("consultation")["states"]
            | {ANSWERED: lambda rows, _at: rows.filter(place=Item.Place.ANSWERED)}
        },
    ),
    Source(
        "held",
        _("Texte non publié"),
        _("Textes non publiés"),
        1.0,
        HeldText.objects.none,
        lambda line: reverse("consultations:held", args=line.parts),
        _held_title,
        own=HeldText.objects.of,
    ),
)
