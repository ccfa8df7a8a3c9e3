"""Who may do what in a consultation. Each rule answers None, or the sentence that says why not and what one can do."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from consultations import phases
from consultations.models import Attachment, Comment, Consultation, Contribution, HeldText
from mulhouse import typography
from mulhouse.errors import Refusal


def follow_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may follow a consultation by e-mail."""
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour suivre cette consultation."))
    if consultation.published_at is None:
        return Refusal("not_published", _("Cette consultation n’est pas encore publiée."))
    if consultation.archived_at is not None:
        return Refusal("archived", _("Cette consultation est archivée\u00a0: il n’y aura plus de nouvelle étape."))
    return None


def phase_refusal(consultation: Consultation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a consultation takes contributions at that instant (prefetch `phases`)."""
    if consultation.is_open(at=at):
        return None
    if consultation.published_at is None:
        return Refusal("not_published", _("Cette consultation n’est pas encore publiée."))
    if consultation.archived_at is not None:
        return Refusal("archived", _("Cette consultation est archivée. Vous pouvez toujours la lire."))
    spans = [span for span in consultation.spans() if span.kind is phases.Kind.CONTRIBUTE]
    coming = [span for span in spans if phases.status(span, at=at) is phases.Status.UPCOMING]
    if coming:
        return Refusal(
            "not_open",
            _(
                "Vous pourrez donner votre avis à partir du %(day)s. Suivez la consultation\u00a0: un courriel vous le dira."
            )
            % {"day": typography.day(coming[0].starts_on)},
        )
    last = spans[-1].ends_on if spans else None
    if last is None:
        return Refusal("not_open", _("Cette consultation ne recueille pas d’avis en ce moment. Vous pouvez la lire."))
    return Refusal(
        "closed",
        _(
            "La phase d’avis est terminée depuis le %(day)s. Vous pouvez lire les contributions et suivre les étapes suivantes."
        )
        % {"day": typography.day(last)},
    )


def take_part_refusal(user: Any, consultation: Consultation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may take part: the phase, then the account, then where they live and how old they are."""
    if refusal := phase_refusal(consultation, at=at):
        return refusal
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour participer."))
    on = at.astimezone(phases.PARIS).date()
    return accounts_rules.residency_refusal(
        user, consultation.residency_level, at=at
    ) or accounts_rules.minimum_age_refusal(user, consultation.minimum_age, on=on)


# What can be given beside the act itself: the code of the refusal, the field that answers it.
ASKED_BESIDE = {
    "residency_missing": "district",
    "residency_expired": "district",
    "birth_year_missing": "birth_year",
    "public_name": "public_name",
}


def missing_profile(user: Any, consultation: Consultation, *, is_named: bool, at: dt.datetime) -> list[str]:
    """Name what somebody still has to say about themselves to take part, and can say in the same form.

    Shape: among "public_name", "district", "birth_year", in that order.
    """
    on = at.astimezone(phases.PARIS).date()
    refusals = (
        accounts_rules.residency_refusal(user, consultation.residency_level, at=at),
        accounts_rules.minimum_age_refusal(user, consultation.minimum_age, on=on),
    )
    found = [ASKED_BESIDE[refusal.code] for refusal in refusals if refusal and refusal.code in ASKED_BESIDE]
    return [*(["public_name"] if is_named and not user.public_name else []), *found]


def contribute_refusal(user: Any, consultation: Consultation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may publish a contribution to a consultation."""
    return (
        writing_refusal(consultation, at=at)
        or accounts_rules.publishing_refusal(user, at=at)
        or take_part_refusal(user, consultation, at=at)
    )


def writing_refusal(consultation: Consultation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a consultation takes written contributions at that instant (prefetch `phases`)."""
    if not consultation.takes_contributions:
        return Refusal(
            "act_closed", _("Cette consultation ne recueille pas d’avis écrits. Ses règles disent comment participer.")
        )
    return phase_refusal(consultation, at=at)


def draft_refusal(user: Any, contribution: Contribution) -> Refusal | None:
    """Tell whether somebody may change a draft: its author, as long as it is one, even when the phase is over."""
    if not user.is_authenticated or contribution.author_id != user.pk:
        return Refusal("not_author", _("Ce brouillon n’est pas le vôtre."))
    if contribution.published_at is not None:
        return Refusal("published", _("Cette contribution est déjà publiée. Vous pouvez la corriger."))
    if contribution.submitted_at is not None:
        return Refusal(
            "held",
            _(
                "Cette contribution attend la relecture. Vous pouvez la corriger ou la reprendre dans «\u00a0Mes contributions\u00a0»."
            ),
        )
    return None


def held_refusal(user: Any, held: HeldText) -> Refusal | None:
    """Tell whether somebody may take back a text: its author, as long as it waits, or when nothing is left to publish it under."""
    if not user.is_authenticated or held.author_id != user.pk:
        return Refusal("not_author", _("Ce texte n’est pas le vôtre."))
    if not (held.is_waiting or held.is_orphan):
        return Refusal("decided", _("Ce texte n’attend plus la relecture."))
    return None


def held_edit_refusal(user: Any, held: HeldText, *, at: dt.datetime) -> Refusal | None:
    """Tell whether the author of a text that waits may still change it: as long as the phase lasts (prefetch `phases`)."""
    if refusal := held_refusal(user, held):
        return refusal
    if held.is_orphan:
        return Refusal("decided", _("Ce texte n’attend plus la relecture."))
    if refusal := phase_refusal(held.consultation, at=at):
        return Refusal(
            refusal.code,
            _(
                "La phase d’avis est terminée\u00a0: votre texte, déposé à temps, ne change plus. Vous pouvez le reprendre."
            ),
        )
    return None


def publish_refusal(user: Any, contribution: Contribution, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a draft may be published by somebody: theirs, whole, signed, and in time."""
    if refusal := draft_refusal(user, contribution):
        return refusal
    if refusal := contribute_refusal(user, contribution.consultation, at=at):
        return refusal
    if contribution.section_id is None or not contribution.title.strip() or not contribution.body.strip():
        return Refusal("unfinished", _("Il manque la partie, le titre ou le texte. Complétez votre brouillon."))
    if contribution.signature == Contribution.Signature.NAME and not user.public_name:
        return Refusal("public_name", _("Choisissez d’abord le nom public qui signera votre contribution."))
    if any(described_refusal(attachment) for attachment in contribution.attachments.all()):
        return Refusal(
            "undescribed", _("Décrivez chaque photo en une phrase, ou cochez «\u00a0image sans information\u00a0».")
        )
    return None


def described_refusal(attachment: Attachment) -> Refusal | None:
    """Tell whether a photo lacks the words that are read to those who do not see it."""
    if attachment.kind == Attachment.Kind.PHOTO and not attachment.alt and not attachment.is_decorative:
        return Refusal(
            "undescribed", _("Décrivez cette photo en une phrase, ou cochez «\u00a0image sans information\u00a0».")
        )
    return None


def edit_refusal(user: Any, contribution: Contribution, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an author may still correct what they published (after a reaction, the old text stays readable)."""
    if refusal := withdraw_refusal(user, contribution):
        return refusal
    if refusal := accounts_rules.set_aside_refusal(user):
        return refusal
    if contribution.hidden_at is not None:
        return Refusal(
            "hidden", _("La modération a retiré ce texte. Vous pouvez contester sa décision, ou écrire un autre texte.")
        )
    if refusal := accounts_rules.blocked_refusal(user, at=at):
        return refusal
    if refusal := phase_refusal(contribution.consultation, at=at):
        return Refusal(
            refusal.code,
            _("La phase d’avis est terminée\u00a0: votre texte ne change plus. Vous pouvez le retirer à tout moment."),
        )
    return None


def withdraw_refusal(user: Any, contribution: Contribution) -> Refusal | None:
    """Tell whether somebody may withdraw a contribution: its author, whatever the phase."""
    if not user.is_authenticated or contribution.author_id != user.pk:
        return Refusal("not_author", _("Cette contribution n’est pas la vôtre."))
    if contribution.published_at is None:
        return Refusal("draft", _("Cette contribution n’est pas encore publiée. Vous pouvez supprimer le brouillon."))
    if contribution.withdrawn_at is not None:
        return Refusal("withdrawn", _("Cette contribution est déjà retirée."))
    return None


@dataclass(frozen=True)
class DebateRefusals:
    """What somebody may do around one contribution, asked once for the whole page."""

    position: Refusal | None
    comment: Refusal | None
    support: Refusal | None


def debate_refusals(user: Any, contribution: Contribution, *, at: dt.datetime) -> DebateRefusals:
    """Answer the three rules of the debate with one look at the person."""
    if contribution.published_at is None or contribution.withdrawn_at or contribution.hidden_at:
        gone = Refusal("withdrawn", _("Cette contribution n’est plus ouverte au débat."))
        return DebateRefusals(position=gone, comment=gone, support=gone)
    consultation = contribution.consultation
    general = take_part_refusal(user, consultation, at=at)
    position = comment = general
    if general is None and contribution.author_id == user.pk:
        position = Refusal("own", _("C’est votre contribution\u00a0: les autres habitants prennent position."))
    if general is None and not user.public_name:
        comment = Refusal("public_name", _("Choisissez d’abord le nom public qui signera votre commentaire."))
    if general is None and not consultation.takes_positions:
        position = Refusal("act_closed", _("Dans cette consultation, on ne prend pas position sur les avis."))
    if general is None and (silenced := accounts_rules.publishing_refusal(user, at=at)):
        comment = silenced
    if general is None and not consultation.takes_comments:
        comment = Refusal("act_closed", _("Dans cette consultation, les avis ne se commentent pas."))
    return DebateRefusals(position=position, comment=comment, support=general)


def position_refusal(user: Any, contribution: Contribution, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may take, change or withdraw a position on a contribution."""
    return debate_refusals(user, contribution, at=at).position


def comment_refusal(user: Any, contribution: Contribution, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may write in the debate."""
    return debate_refusals(user, contribution, at=at).comment


def reply_refusal(user: Any, comment: Comment, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may reply to a comment: one level, and not to what was withdrawn."""
    if comment.withdrawn_at is not None or comment.hidden_at is not None:
        return Refusal("withdrawn", _("Ce commentaire a été retiré\u00a0: on ne peut plus y répondre."))
    if comment.parent_id is not None:
        return Refusal("reply", _("On répond au premier commentaire du fil, pas à une réponse."))
    return comment_refusal(user, comment.contribution, at=at)


def support_refusal(user: Any, comment: Comment, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may support a comment, or take that support back."""
    if comment.withdrawn_at is not None or comment.hidden_at is not None:
        return Refusal("withdrawn", _("Ce commentaire a été retiré."))
    if user.is_authenticated and comment.author_id == user.pk:
        return Refusal("own", _("C’est votre commentaire\u00a0: les autres habitants peuvent le soutenir."))
    return debate_refusals(user, comment.contribution, at=at).support


def withdraw_comment_refusal(user: Any, comment: Comment) -> Refusal | None:
    """Tell whether somebody may withdraw a comment: its author, whatever the phase."""
    if not user.is_authenticated or comment.author_id != user.pk:
        return Refusal("not_author", _("Ce commentaire n’est pas le vôtre."))
    if comment.withdrawn_at is not None:
        return Refusal("withdrawn", _("Ce commentaire est déjà retiré."))
    return None
