"""May they? Who asks for the archive package of a consultation, and when there is something to archive."""

from typing import Any

from consultations.models import ArchivePackage, Consultation, Report
from mulhouse.errors import Refusal


def package_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may have the archive package of a consultation made."""
    if not user.has_perm("consultations.publish_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de préparer le dossier d’archives.")
    return readiness_refusal(consultation)


def readiness_refusal(consultation: Consultation) -> Refusal | None:
    """Tell whether a consultation is over, archived or with a published report, and no package of it is being made."""
    if consultation.published_at is None:
        return Refusal("not_published", "Une consultation non publiée n’a rien à archiver.")
    is_over = (
        consultation.archived_at is not None or Report.objects.published().filter(consultation=consultation).exists()
    )
    if not is_over:
        return Refusal(
            "not_over", "Le dossier se prépare quand la consultation est archivée, ou quand son bilan est publié."
        )
    if ArchivePackage.objects.under_way().filter(consultation=consultation).exists():
        return Refusal("under_way", "Le dossier est déjà en préparation.")
    return None
