"""What consultations know about a person: what is given back to them, and what becomes of it when their account closes."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from accounts.models import User
from consultations import actions, holding
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Contribution,
    HeldText,
    Note,
    Participation,
    Position,
)
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention

BASIS = "Mission d’intérêt public\u00a0: la participation des habitants aux décisions de la Ville."


def _contributions(user: User) -> Iterable[dict[str, Any]]:
    rows = Contribution.objects.filter(author=user).select_related(
        "consultation", "section", "district", "place_district"
    )
    for row in rows.prefetch_related("attachments", "versions").order_by("pk"):
        yield {
            "reference": row.reference,
            "consultation": row.consultation.title,
            "partie": str(row.section or ""),
            "sorte": row.get_kind_display(),
            "signature": row.get_signature_display(),
            "quartier": str(row.district or ""),
            "titre": row.title,
            "texte": row.body,
            "quand": row.usage_when,
            "rythme": row.usage_frequency,
            "en_tant_que": row.usage_role,
            "lieu": row.place,
            "quartier_du_lieu": str(row.place_district or ""),
            "charte": row.charter_version,
            "commencee_le": row.created_at,
            "publiee_le": row.published_at,
            "corrigee_le": row.corrected_at,
            "retiree_le": row.withdrawn_at,
            "fichiers": [
                {"nom": file.name, "description": file.alt, "dans_l_archive": _archived(row, file)}
                for file in row.attachments.all()
            ],
            "versions_precedentes": [
                {"titre": version.title, "texte": version.body, "remplacee_le": version.replaced_at}
                for version in row.versions.all()
            ],
        }


def _archived(contribution: Contribution, attachment: Attachment) -> str:
    return f"contributions/{contribution.reference}/{attachment.position}-{attachment.name}"


def _files(user: User) -> Iterator[tuple[str, Any]]:
    attachments = Attachment.objects.filter(contribution__author=user).select_related("contribution")
    for attachment in attachments.order_by("pk"):
        with attachment.file.open("rb") as content:
            yield _archived(attachment.contribution, attachment), content


def _comments(user: User) -> Iterable[dict[str, Any]]:
    for row in Comment.objects.filter(author=user).select_related("contribution").order_by("pk"):
        yield {
            "reference": row.reference,
            "contribution": row.contribution.reference,
            "sens": row.get_stance_display(),
            "texte": row.body,
            "publie_le": row.published_at,
            "retire_le": row.withdrawn_at,
        }


def _held(user: User) -> Iterable[dict[str, Any]]:
    for row in HeldText.objects.filter(author=user).select_related("contribution").order_by("pk"):
        yield {
            "sorte": row.get_sort_display(),
            "contribution": row.contribution.reference,
            "texte": holding.words_of(row),
            "raison": row.get_cause_display(),
            "depose_le": row.submitted_at,
            "publie_le": row.released_at,
            "refuse_le": row.refused_at,
            "article_de_la_charte": row.refused_clause,
        }


def _positions(user: User) -> Iterable[dict[str, Any]]:
    for row in Position.objects.filter(resident=user).select_related("contribution").order_by("pk"):
        yield {"contribution": row.contribution.reference, "position": row.get_choice_display()}


def _supports(user: User) -> Iterable[dict[str, Any]]:
    for row in CommentSupport.objects.filter(resident=user).select_related("comment").order_by("pk"):
        yield {"commentaire": row.comment.reference}


def _participations(user: User) -> Iterable[dict[str, Any]]:
    for row in (
        Participation.objects.filter(person__user=user).select_related("consultation", "district").order_by("pk")
    ):
        yield {
            "consultation": row.consultation.title,
            "premier_geste_le": row.first_on,
            "canal": row.get_channel_display(),
            "quartier": str(row.district or ""),
            "tranche_d_age": row.age_band,
        }


def _keep(_user: User) -> None:
    """Leave the count: the desk cuts the person from the account."""


def _notes(user: User) -> Iterable[dict[str, Any]]:
    """Give that notes were written, and when: their words are about residents, whose rights come first (GDPR, article 15.4)."""
    for row in Note.objects.filter(author=user).order_by("pk"):
        yield {"au_sujet_de": "un avis" if row.item_id else "un thème", "ecrite_le": row.written_at}


# The closing of an account goes through them backwards: comments before contributions, in the order in which rows are locked.
HOLDINGS = (
    Holding(
        model=Contribution,
        label="Contributions et brouillons, avec leurs fichiers",
        purpose="Recueillir les avis, les publier et y répondre.",
        basis=BASIS,
        period=(
            "Le texte et ses fichiers restent publics, sans votre nom, après la fermeture du compte. "
            "Les brouillons et les contributions retirées sont effacés, avec leurs fichiers."
        ),
        fate=Fate.UNSIGNED,
        export=_contributions,
        erase=lambda user: actions.erase_contributions(user=user),
        files=_files,
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte publié et sa signature. Vos brouillons\u00a0: vous seul.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source="Code du patrimoine, art. L. 212-2 et L. 212-3",
    ),
    Holding(
        model=HeldText,
        label="Textes qui attendent la relecture, ou que la modération n’a pas publiés",
        purpose="Relire avant publication ce qui doit l’être, et dire à chacun ce qui est décidé.",
        basis=BASIS,
        period="Effacés à la fermeture du compte. Un texte publié devient une contribution ou un commentaire.",
        fate=Fate.ERASED,
        group=Group.TAKING_PART,
        recipients="Vous et la modération, jusqu’à la décision.",
        kept=Retention("la fermeture du compte"),
        final=Final.DESTROYED,
        source="Règlement (UE) 2022/2065, art. 17",
        export=_held,
        erase=lambda user: holding.erase(user=user),
    ),
    Holding(
        model=Position,
        label="Positions",
        purpose="Compter les positions, une fois par personne. Personne ne voit qui pense quoi.",
        basis=BASIS,
        period="Retirées à la fermeture du compte si la phase est ouverte\u00a0; sinon le compte reste, sans lien avec vous.",
        fate=Fate.UNSIGNED,
        export=_positions,
        erase=lambda user: actions.erase_positions(user=user, at=timezone.now()),
        group=Group.TAKING_PART,
        recipients="Personne\u00a0: seuls les totaux sont montrés.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="RGPD, art. 9\u00a0; décision du responsable de traitement",
    ),
    Holding(
        model=CommentSupport,
        label="Soutiens aux commentaires",
        purpose="Compter les soutiens, une fois par personne. Personne ne voit qui soutient quoi.",
        basis=BASIS,
        period="Retirés à la fermeture du compte si la phase est ouverte\u00a0; sinon le compte reste, sans lien avec vous.",
        fate=Fate.UNSIGNED,
        export=_supports,
        erase=lambda user: actions.erase_supports(user=user, at=timezone.now()),
        group=Group.TAKING_PART,
        recipients="Personne\u00a0: seuls les totaux sont montrés.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="RGPD, art. 9\u00a0; décision du responsable de traitement",
    ),
    Holding(
        model=Comment,
        label="Commentaires",
        purpose="Débattre en public des contributions.",
        basis=BASIS,
        period="Le texte reste public, sans votre nom, après la fermeture du compte. Un commentaire retiré est effacé.",
        fate=Fate.UNSIGNED,
        export=_comments,
        erase=lambda user: actions.erase_comments(user=user),
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte et votre nom public.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source="Code du patrimoine, art. L. 212-2 et L. 212-3",
    ),
    Holding(
        model=Participation,
        label="Les consultations auxquelles vous avez pris part",
        purpose="Compter les participants, une fois chacun, par canal, quartier et tranche d’âge. Rien de ce que vous avez dit.",
        basis=BASIS,
        period="Le compte reste après la fermeture du compte, sans lien avec vous.",
        fate=Fate.KEPT,
        export=_participations,
        erase=_keep,
        group=Group.TAKING_PART,
        recipients="Personne\u00a0: seuls les totaux, regroupés, sont montrés.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="RGPD, art. 89",
    ),
    Holding(
        model=Note,
        label="Notes internes des agents sur les avis",
        purpose="Préparer à plusieurs les réponses de la Ville.",
        basis="Mission d’intérêt public\u00a0: le travail des agents.",
        period=(
            "La note reste, sans votre nom, après la fermeture du compte. Son texte parle d’autres personnes\u00a0: il reste "
            "entre agents, et votre archive dit seulement quand vous l’avez écrite."
        ),
        fate=Fate.UNSIGNED,
        export=_notes,
        erase=lambda user: actions.erase_notes(user=user),
        group=Group.STAFF,
        recipients="Les agents qui analysent la consultation.",
        kept=Retention("la fermeture du compte de l’agent"),
        final=Final.SORTED,
        source="Code du patrimoine, art. L. 212-2 et L. 212-3",
    ),
)
