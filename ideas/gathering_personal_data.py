"""What gatherings, changes proposed and news of authors know about a person: given back, and what becomes of it."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.models import User
from ideas import amending, gathering
from ideas.models import Amendment, AuthorNews, CarryAnswer, Gathering
from ideas.personal_data import ARCHIVES, BASIS
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention


def _gatherings(user: User) -> Iterable[dict[str, Any]]:
    rows = Gathering.objects.filter(author=user).select_related("parent").prefetch_related("members__idea")
    for row in rows.defer("parent__search").order_by("pk"):
        words = row.parent or row
        yield {
            "reference": row.reference,
            "idees": [member.idea.reference for member in row.members.all()],
            "titre": words.title,
            "besoin": words.need,
            "proposition": words.proposal,
            "propose_le": row.submitted_at,
            "ouvert_le": row.opened_at,
            "termine_le": row.ended_at,
        }


def _answers(user: User) -> Iterable[dict[str, Any]]:
    rows = CarryAnswer.objects.filter(person__user=user).select_related("gathering__parent")
    for row in rows.defer("gathering__parent__search").order_by("pk"):
        parent = row.gathering.parent
        yield {"idee": parent.reference if parent else "", "mon_soutien_compte": row.is_yes}


def _amendments(user: User) -> Iterable[dict[str, Any]]:
    for row in Amendment.objects.filter(author=user).select_related("idea").defer("idea__search").order_by("pk"):
        yield {
            "reference": row.reference,
            "idee": row.idea.reference,
            "titre": row.title,
            "besoin": row.need,
            "proposition": row.proposal,
            "pourquoi": row.reason,
            "proposee_le": row.submitted_at,
            "retiree_le": row.withdrawn_at,
            "reponse": row.get_state_display(),
        }


def _news(user: User) -> Iterable[dict[str, Any]]:
    for row in AuthorNews.objects.filter(author=user).select_related("idea").defer("idea__search").order_by("pk"):
        yield {
            "reference": row.reference,
            "idee": row.idea.reference,
            "texte": row.body,
            "ecrite_le": row.submitted_at,
            "retiree_le": row.withdrawn_at,
        }


def _erase_said(user: User) -> None:
    """Unsign both tables of texts; a second time changes nothing."""
    amending.erase_said(user=user)


HOLDINGS = (
    Holding(
        model=Gathering,
        label="Regroupements d’idées que vous avez proposés",
        purpose="Réunir les idées qui disent la même chose, avec l’accord de leurs auteurs.",
        basis=BASIS,
        period=(
            "Le texte publié reste, sans votre nom, après la fermeture du compte. Une proposition qui attend est retirée, et son texte "
            "effacé."
        ),
        fate=Fate.UNSIGNED,
        export=_gatherings,
        erase=lambda user: gathering.erase_proposals(user=user, at=timezone.now()),
        group=Group.TAKING_PART,
        recipients="Avant publication\u00a0: les auteurs des idées et les agents. Ensuite, tout le monde.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=CarryAnswer,
        label="Si votre soutien compte pour une idée qui en réunit d’autres",
        purpose="Ne compter un soutien pour l’idée commune que si vous le voulez, et une fois.",
        basis=BASIS,
        period="Effacée à la séparation des idées, et à la fermeture du compte.",
        fate=Fate.ERASED,
        export=_answers,
        erase=lambda user: gathering.erase_answers(user=user),
        group=Group.TAKING_PART,
        recipients="Personne\u00a0: seuls les totaux sont montrés.",
        kept=Retention("la séparation des idées, ou la fermeture du compte"),
        final=Final.DESTROYED,
        source="RGPD, art. 9\u00a0; décision du responsable de traitement",
    ),
    Holding(
        model=Amendment,
        label="Modifications d’idées que vous avez proposées",
        purpose="Améliorer une idée à plusieurs, en public.",
        basis=BASIS,
        period="Le texte reste public, sans votre nom, après la fermeture du compte. Une proposition retirée est effacée.",
        fate=Fate.UNSIGNED,
        export=_amendments,
        erase=_erase_said,
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte et votre nom public.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=AuthorNews,
        label="Nouvelles que vous avez données de votre idée",
        purpose="Dire à ceux qui suivent une idée comment elle avance.",
        basis=BASIS,
        period="Le texte reste public, sans votre nom, après la fermeture du compte. Une nouvelle retirée est effacée.",
        fate=Fate.UNSIGNED,
        export=_news,
        erase=_erase_said,
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte et votre nom public.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
)
