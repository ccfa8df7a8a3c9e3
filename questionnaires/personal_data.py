"""What questionnaires know about a person: what is given back to them, and what becomes of it when their account closes."""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import User
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention
from questionnaires import actions
from questionnaires.models import Answer, Response, ResponseFile


def _value(answer: Answer) -> dict[str, Any]:
    """Give a value of a response, what is empty left out."""
    said = {
        "question": answer.question.label,
        "ligne": answer.row.label if answer.row else None,
        "rang": answer.rank,
        "choix": answer.option.label if answer.option else None,
        "nombre": str(answer.number) if answer.number is not None else None,
        "texte": answer.text or None,
        "quartier": answer.district.name if answer.district else None,
        "fichier": _archived(answer.file) if answer.file else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _responses(user: User) -> Iterable[dict[str, Any]]:
    rows = Response.objects.filter(person__user=user).select_related("questionnaire", "district")
    answers = ("answers__question", "answers__option", "answers__row", "answers__district", "answers__file")
    for row in rows.prefetch_related(*answers).order_by("pk"):
        yield {
            "reference": row.reference,
            "questionnaire": row.questionnaire.title,
            "canal": row.get_channel_display(),
            "quartier": str(row.district or ""),
            "tranche_d_age": row.age_band,
            "commencee_le": row.started_at,
            "envoyee_le": row.submitted_at,
            "envoyee_de_nouveau_le": row.resent_at,
            "en_cours": row.draft,
            "reponses": [_value(answer) for answer in sorted(row.answers.all(), key=lambda answer: answer.pk)],
        }


def _archived(kept: ResponseFile) -> str:
    return f"questionnaires/{kept.key}-{kept.name}"


def _files(user: User) -> Iterator[tuple[str, Any]]:
    for kept in ResponseFile.objects.filter(response__person__user=user).order_by("pk"):
        with kept.file.open("rb") as content:
            yield _archived(kept), content


HOLDINGS = (
    Holding(
        model=Response,
        label="Réponses aux questionnaires, avec leurs fichiers",
        purpose="Compter et lire les réponses, une par personne. Les résultats sont publiés sans nom.",
        basis="Mission d’intérêt public\u00a0: la participation des habitants aux décisions de la Ville.",
        period=(
            "Une réponse envoyée reste, sans lien avec vous, après la fermeture du compte. "
            "Une réponse non envoyée est effacée, au plus tard trente jours après la fin du questionnaire."
        ),
        fate=Fate.UNSIGNED,
        export=_responses,
        erase=lambda user: actions.erase_responses(user=user),
        files=_files,
        group=Group.TAKING_PART,
        recipients="Les agents lisent les textes libres sans savoir qui les a écrits. Les résultats sont publics, en chiffres.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="Code du patrimoine, art. L. 212-2\u00a0; RGPD, art. 89",
    ),
)
