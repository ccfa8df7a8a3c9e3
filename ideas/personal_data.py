"""What the idea box knows about a person: what is given back to them, and what becomes of it when their account closes."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from accounts.models import User
from ideas import actions, holding, supporting, talking
from ideas.models import Comment, HeldText, Idea, InternalNote, Photo, Reaction, Reading, StudyPart, Support
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention

BASIS = "Mission d’intérêt public\u00a0: la participation des habitants aux décisions de la Ville."
WORK = "Mission d’intérêt public\u00a0: le travail des agents."
ARCHIVES = "Code du patrimoine, art. L. 212-2 et L. 212-3"


def _ideas(user: User) -> Iterable[dict[str, Any]]:
    rows = Idea.objects.filter(author=user).select_related("campaign", "theme", "district", "place_district")
    for row in rows.defer("search").prefetch_related("photos", "versions").order_by("pk"):
        yield {
            "reference": row.reference,
            "campagne": row.campaign.title,
            "signature": row.get_signature_display(),
            "quartier": str(row.district or ""),
            "au_nom_de": row.get_behalf_display(),
            "nom": row.behalf_name,
            "titre": row.title,
            "besoin": row.need,
            "proposition": row.proposal,
            "pour_qui": row.beneficiaries,
            "cout_estime": row.cost,
            "theme": str(row.theme or ""),
            "lieu": row.place,
            "quartier_du_lieu": str(row.place_district or ""),
            "charte": row.charter_version,
            "etape": row.get_stage_display(),
            "commencee_le": row.created_at,
            "deposee_le": row.submitted_at,
            "publiee_le": row.published_at,
            "corrigee_le": row.corrected_at,
            "prolongee_le": row.renewed_at,
            "retiree_le": row.withdrawn_at,
            "photos": [
                {"nom": photo.name, "description": photo.alt, "dans_l_archive": _archived(row, photo)}
                for photo in row.photos.all()
            ],
            "versions_precedentes": [
                {
                    "titre": version.title,
                    "besoin": version.need,
                    "proposition": version.proposal,
                    "pour_qui": version.beneficiaries,
                    "cout_estime": version.cost,
                    "remplacee_le": version.replaced_at,
                }
                for version in row.versions.all()
            ],
        }


def _archived(idea: Idea, photo: Photo) -> str:
    return f"idees/{idea.reference}/{photo.position}-{photo.name}"


def _files(user: User) -> Iterator[tuple[str, Any]]:
    for photo in Photo.objects.filter(idea__author=user).select_related("idea").defer("idea__search").order_by("pk"):
        with photo.file.open("rb") as content:
            yield _archived(photo.idea, photo), content


def _held(user: User) -> Iterable[dict[str, Any]]:
    for row in HeldText.objects.filter(author=user).select_related("idea").defer("idea__search").order_by("pk"):
        yield {
            "sorte": row.get_sort_display(),
            "idee": row.idea.reference,
            "texte": holding.words_of(row),
            "raison": row.get_cause_display(),
            "depose_le": row.submitted_at,
            "publie_le": row.released_at,
            "refuse_le": row.refused_at,
            "article_de_la_charte": row.refused_clause,
        }


def _supports(user: User) -> Iterable[dict[str, Any]]:
    rows = Support.objects.filter(person__user=user).select_related("idea").defer("idea__search")
    for row in rows.order_by("pk"):
        yield {
            "idee": row.idea.reference,
            "canal": row.get_channel_display(),
            "residence": "vérifiée" if row.is_verified else "déclarée",
            "jour": row.supported_on,
        }


def _comments(user: User) -> Iterable[dict[str, Any]]:
    rows = Comment.objects.filter(author=user).select_related("idea").defer("idea__search")
    for row in rows.order_by("pk"):
        yield {
            "reference": row.reference,
            "idee": row.idea.reference,
            "sens": row.get_stance_display(),
            "question": row.is_question,
            "critere": row.get_criterion_display(),
            "texte": row.body,
            "publie_le": row.published_at,
            "retire_le": row.withdrawn_at,
        }


def _reactions(user: User) -> Iterable[dict[str, Any]]:
    rows = Reaction.objects.filter(author=user).select_related("answer__idea").defer("answer__idea__search")
    for row in rows.order_by("pk"):
        yield {
            "reference": row.reference,
            "idee": row.answer.idea.reference,
            "texte": row.body,
            "publiee_le": row.published_at,
            "retiree_le": row.withdrawn_at,
        }


def _unsign_reactions(user: User) -> None:
    """Unsign somebody's reactions, and empty those they had withdrawn or that were hidden."""
    theirs = Reaction.objects.filter(author=user)
    (theirs.filter(withdrawn_at__isnull=False) | theirs.filter(hidden_at__isnull=False)).update(body="—", body_html="")
    theirs.update(author=None)


def _of_agent(user: User, model: Any, idea: str, day: str) -> Iterable[dict[str, Any]]:
    """Give that something was done, of which idea, and when: its words are the city's, or about residents (GDPR, article 15.4)."""
    rows = model.objects.filter(agent=user).order_by("pk").values_list(f"{idea}__reference", day)
    yield from ({"idee": reference, "le": at} for reference, at in rows)


def _unsign(model: Any) -> Any:
    def erase(user: User) -> None:
        model.objects.filter(agent=user).update(agent=None)

    return erase


# The closing of an account goes through them backwards: comments before ideas, in the order in which rows are locked.
HOLDINGS = (
    Holding(
        model=Idea,
        label="Idées et brouillons, avec leurs photos",
        purpose="Recueillir les idées des habitants, les publier, les étudier et y répondre.",
        basis=BASIS,
        period=(
            "Le texte et ses photos restent publics, sans votre nom, après la fermeture du compte. "
            "Les brouillons et les idées retirées sont effacés, avec leurs photos."
        ),
        fate=Fate.UNSIGNED,
        export=_ideas,
        erase=lambda user: actions.erase_ideas(user=user),
        files=_files,
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte publié et sa signature. Vos brouillons\u00a0: vous seul.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=HeldText,
        label="Textes sur des idées qui attendent la relecture, ou que la modération n’a pas publiés",
        purpose="Relire avant publication ce qui doit l’être, et dire à chacun ce qui est décidé.",
        basis=BASIS,
        period="Effacés à la fermeture du compte. Un texte publié devient une idée ou un commentaire.",
        fate=Fate.ERASED,
        export=_held,
        erase=lambda user: holding.erase(user=user),
        group=Group.TAKING_PART,
        recipients="Vous et la modération, jusqu’à la décision.",
        kept=Retention("la fermeture du compte"),
        final=Final.DESTROYED,
        source="Règlement (UE) 2022/2065, art. 17",
    ),
    Holding(
        model=Support,
        label="Soutiens aux idées",
        purpose="Compter les soutiens, une fois par personne. Personne ne voit qui soutient quoi.",
        basis=BASIS,
        period=(
            "Retirés à la fermeture du compte tant que l’idée recueille des soutiens\u00a0; sinon le compte reste, sans "
            "lien avec vous."
        ),
        fate=Fate.UNSIGNED,
        export=_supports,
        erase=lambda user: supporting.erase_supports(user=user, at=timezone.now()),
        group=Group.TAKING_PART,
        recipients="Personne\u00a0: seuls les totaux sont montrés.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="RGPD, art. 9\u00a0; décision du responsable de traitement",
    ),
    Holding(
        model=Comment,
        label="Commentaires sur des idées",
        purpose="Débattre en public des idées.",
        basis=BASIS,
        period="Le texte reste public, sans votre nom, après la fermeture du compte. Un commentaire retiré est effacé.",
        fate=Fate.UNSIGNED,
        export=_comments,
        erase=lambda user: talking.erase_comments(user=user),
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte et votre nom public.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=Reaction,
        label="Votre réaction à la réponse de la Ville",
        purpose="Dire en public, une fois, ce que l’auteur d’une idée pense de la réponse.",
        basis=BASIS,
        period="Le texte reste public, sans votre nom, après la fermeture du compte. Une réaction retirée est effacée.",
        fate=Fate.UNSIGNED,
        export=_reactions,
        erase=_unsign_reactions,
        group=Group.TAKING_PART,
        recipients="Tout le monde lit le texte, sous la signature de l’idée.",
        kept=Retention("la fermeture du compte"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=Reading,
        label="Premières lectures d’idées faites par un agent",
        purpose="Dire en public si une idée est réaliste, et pourquoi.",
        basis=WORK,
        period="La lecture reste publique\u00a0; le lien avec le compte de l’agent est coupé à sa fermeture.",
        fate=Fate.UNSIGNED,
        export=lambda user: _of_agent(user, Reading, "idea", "published_at"),
        erase=_unsign(Reading),
        group=Group.STAFF,
        recipients="Tout le monde lit la lecture. Les agents en charge voient qui l’a faite.",
        kept=Retention("la fermeture du compte de l’agent"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=StudyPart,
        label="Parts d’études de faisabilité remplies par un agent",
        purpose="Étudier à plusieurs services si une idée peut se faire.",
        basis=WORK,
        period="La part reste, publiée avec la réponse\u00a0; le lien avec le compte de l’agent est coupé à sa fermeture.",
        fate=Fate.UNSIGNED,
        export=lambda user: _of_agent(user, StudyPart, "study__idea", "given_at"),
        erase=_unsign(StudyPart),
        group=Group.STAFF,
        recipients="Tout le monde lit la part, au nom du service. Les agents en charge voient qui l’a remplie.",
        kept=Retention("la fermeture du compte de l’agent"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
    Holding(
        model=InternalNote,
        label="Notes internes des agents sur les idées",
        purpose="Préparer à plusieurs les réponses de la Ville.",
        basis=WORK,
        period=(
            "La note reste, sans votre nom, après la fermeture du compte. Son texte parle d’autres personnes\u00a0: il reste "
            "entre agents, et votre archive dit seulement quand vous l’avez écrite."
        ),
        fate=Fate.UNSIGNED,
        export=lambda user: _of_agent(user, InternalNote, "idea", "written_at"),
        erase=_unsign(InternalNote),
        group=Group.STAFF,
        recipients="Les agents qui étudient l’idée.",
        kept=Retention("la fermeture du compte de l’agent"),
        final=Final.SORTED,
        source=ARCHIVES,
    ),
)
