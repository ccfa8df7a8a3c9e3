"""What moderation knows about a person: given back to them, and cut from their name when their account closes."""

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from moderation import actions
from moderation.models import Appeal, Block, Case, Decision, Report
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention

BASIS = "Obligation légale\u00a0: traiter les signalements et motiver les décisions (règlement européen 2022/2065)."


def _cases(user: User) -> Iterable[dict[str, Any]]:
    for row in Case.objects.filter(author=user).order_by("pk"):
        yield {"dossier": row.reference, "etat": row.get_state_display(), "ouvert_le": row.opened_at}


def _decisions(user: User) -> Iterable[dict[str, Any]]:
    for row in Decision.objects.filter(author=user).order_by("pk"):
        yield {
            "decision": row.reference,
            "nature": row.get_action_display(),
            "article": row.clause,
            "charte": row.charter_version,
            "faits": row.facts,
            "texte_exact": {name: words for name, words in row.original.items() if name != actions.LEFT},
            "decidee_le": row.decided_at,
            "contestable_jusqu_au": row.appeal_until,
            "annulee_le": row.overturned_at,
        }


def _reports(user: User) -> Iterable[dict[str, Any]]:
    for row in Report.objects.filter(reporter=user).order_by("pk"):
        yield {
            "signalement": row.reference,
            "motif": row.get_reason_display(),
            "explication": row.words,
            "adresse": row.url,
            "recu_le": row.received_at,
        }


def _appeals(user: User) -> Iterable[dict[str, Any]]:
    for row in Appeal.objects.filter(person=user).order_by("pk"):
        yield {
            "contestation": row.reference,
            "raisons": row.words,
            "recue_le": row.received_at,
            "issue": row.get_outcome_display(),
            "reponse": row.reasons,
            "decidee_le": row.decided_at,
        }


def _blocks(user: User) -> Iterable[dict[str, Any]]:
    for row in Block.objects.filter(person=user).order_by("pk"):
        yield {
            "suspension": row.reference,
            "jours": row.days,
            "article": row.clause,
            "motif": row.reason,
            "depuis_le": row.starts_at,
            "jusqu_au": row.ends_at,
            "levee_le": row.lifted_at,
        }


def _with_the_rest(_user: User) -> None:
    """Leave it: the reports' holding cuts the person from the whole room, in the order of its locks."""


HOLDINGS = (
    Holding(
        model=Case,
        label="Les dossiers de modération de vos textes",
        purpose="Savoir quel texte a été signalé, et où en est la décision.",
        basis=BASIS,
        period="Le dossier reste, sans lien avec vous, après la fermeture du compte.",
        fate=Fate.UNSIGNED,
        group=Group.PROOF,
        recipients="La modération seule.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="Règlement (UE) 2022/2065, art. 16",
        export=_cases,
        erase=_with_the_rest,
    ),
    Holding(
        model=Decision,
        label="Les décisions de modération sur vos textes",
        purpose="Vous donner les motifs d’une décision, et votre texte exact tant que vous pouvez la contester.",
        basis=BASIS,
        period=(
            "Votre texte exact est effacé quand le délai de contestation est passé (15 jours), ou à la fermeture du compte. "
            "L’empreinte d’un nom ou d’un fichier retiré reste jusqu’à la fermeture, pour qu’il ne revienne pas. "
            "La décision et l’article restent, sans lien avec vous, pour les chiffres publics."
        ),
        fate=Fate.UNSIGNED,
        group=Group.PROOF,
        recipients="Vous et la modération. Tout le monde lit l’article de la charte, jamais votre nom.",
        kept=Retention("la décision", 15),
        final=Final.UNLINKED,
        source="Règlement (UE) 2022/2065, art. 17",
        export=_decisions,
        erase=_with_the_rest,
    ),
    Holding(
        model=Appeal,
        label="Vos contestations",
        purpose="Faire réexaminer une décision par une autre personne.",
        basis=BASIS,
        period=(
            "L’issue reste, sans lien avec vous ni vos mots, après la fermeture du compte. "
            "Une contestation sans réponse est effacée avec le compte."
        ),
        fate=Fate.UNSIGNED,
        group=Group.PROOF,
        recipients="Vous et la modération.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="Règlement (UE) 2022/2065, art. 20",
        export=_appeals,
        erase=_with_the_rest,
    ),
    Holding(
        model=Block,
        label="Les suspensions de vos publications",
        purpose="Empêcher pour un temps de publier après des atteintes à la charte.",
        basis=BASIS,
        period="La durée et l’article restent, sans lien avec vous, après la fermeture du compte.",
        fate=Fate.UNSIGNED,
        group=Group.PROOF,
        recipients="Vous et la modération.",
        kept=Retention("la fermeture du compte"),
        final=Final.UNLINKED,
        source="Règlement (UE) 2022/2065, art. 23",
        export=_blocks,
        erase=_with_the_rest,
    ),
    Holding(
        model=Report,
        label="Vos signalements",
        purpose="Traiter un signalement, et vous dire ce qui a été décidé.",
        basis=BASIS,
        period=(
            "Avec ou sans compte, le nom, l’adresse, l’explication et le lien avec vous sont effacés trente jours après la dernière "
            "réponse, ou à la fermeture du compte."
        ),
        fate=Fate.UNSIGNED,
        group=Group.PROOF,
        recipients="La modération seule. L’auteur du texte ne sait pas qui l’a signalé.",
        kept=Retention("la dernière réponse", 30),
        final=Final.UNLINKED,
        source="Règlement (UE) 2022/2065, art. 16",
        export=_reports,
        erase=lambda user: actions.unsign_person(user=user),
    ),
)
