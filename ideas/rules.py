"""Who may do what in the idea box. Each rule answers None, or the sentence that says why not and what one can do."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from ideas import review
from ideas.models import Campaign, CoAuthor, Comment, GatheredIdea, HeldText, Idea, Photo, Stage
from mulhouse import typography
from mulhouse.errors import Refusal
from mulhouse.typography import local_day

# Under so many days before its last one, an idea that is short of its next threshold may be renewed.
RENEWAL_DAYS = 14
# So many days after its last one, it may not be any more.
RENEWABLE_DAYS = 90


def campaign_refusal(campaign: Campaign, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a campaign takes ideas at that instant."""
    if campaign.is_open(at=at):
        return None
    if campaign.published_at is None:
        return Refusal("not_published", _("Cette campagne n’est pas encore publiée."))
    if local_day(at) < campaign.opens_on:
        return Refusal(
            "not_open",
            _("Vous pourrez déposer une idée à partir du %(day)s.") % {"day": typography.day(campaign.opens_on)},
        )
    return Refusal(
        "closed",
        _("Les dépôts de cette campagne sont terminés depuis le %(day)s. Vous pouvez lire les idées.")
        % {"day": typography.day(campaign.last_day or campaign.opens_on)},
    )


def take_part_refusal(user: Any, campaign: Campaign, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may take part in a campaign: the account, then where they live and how old they are."""
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour participer."))
    return accounts_rules.residency_refusal(
        user, campaign.residency_level, at=at
    ) or accounts_rules.minimum_age_refusal(user, campaign.minimum_age, on=local_day(at))


def deposit_refusal(user: Any, campaign: Campaign, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may deposit an idea in a campaign."""
    return (
        campaign_refusal(campaign, at=at)
        or accounts_rules.publishing_refusal(user, at=at)
        or take_part_refusal(user, campaign, at=at)
    )


# What can be given beside the act itself: the code of the refusal, the field that answers it.
ASKED_BESIDE = {
    "residency_missing": "district",
    "residency_expired": "district",
    "birth_year_missing": "birth_year",
    "public_name": "public_name",
}


def missing_profile(user: Any, campaign: Campaign, *, is_named: bool, at: dt.datetime) -> list[str]:
    """Name what somebody still has to say about themselves to take part, and can say in the same form.

    Shape: among "public_name", "district", "birth_year", in that order.
    """
    refusals = (
        accounts_rules.residency_refusal(user, campaign.residency_level, at=at),
        accounts_rules.minimum_age_refusal(user, campaign.minimum_age, on=local_day(at)),
    )
    found = [ASKED_BESIDE[refusal.code] for refusal in refusals if refusal and refusal.code in ASKED_BESIDE]
    return [*(["public_name"] if is_named and not user.public_name else []), *found]


def draft_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may change a draft: its author, as long as it is one."""
    if not user.is_authenticated or idea.author_id != user.pk:
        return Refusal("not_author", _("Ce brouillon n’est pas le vôtre."))
    if idea.published_at is not None:
        return Refusal("published", _("Cette idée est déjà publiée. Vous pouvez la corriger."))
    if idea.submitted_at is not None:
        return Refusal(
            "held",
            _("Cette idée attend la relecture. Vous pouvez la corriger ou la reprendre dans «\u00a0Mes idées\u00a0»."),
        )
    return None


def publish_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a draft may be published by somebody: theirs, whole, signed, and in time."""
    if refusal := draft_refusal(user, idea):
        return refusal
    if refusal := deposit_refusal(user, idea.campaign, at=at):
        return refusal
    return whole_refusal(user, idea)


def whole_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell what is missing from an idea for it to be published: words, for whom, a name, what a photo shows."""
    if idea.theme_id is None or not all(text.strip() for text in (idea.title, idea.need, idea.proposal)):
        return Refusal(
            "unfinished", _("Il manque le thème, le titre, le besoin ou la proposition. Complétez votre brouillon.")
        )
    if idea.behalf != Idea.Behalf.ONESELF and not idea.behalf_name.strip():
        return Refusal("behalf", _("Dites au nom de quelle association ou de quel conseil vous déposez cette idée."))
    if idea.signature == Idea.Signature.NAME and not user.public_name:
        return Refusal("public_name", _("Choisissez d’abord le nom public qui signera votre idée."))
    if any(described_refusal(photo) for photo in idea.photos.all()):
        return Refusal(
            "undescribed", _("Décrivez chaque photo en une phrase, ou cochez «\u00a0image sans information\u00a0».")
        )
    return None


def described_refusal(photo: Photo) -> Refusal | None:
    """Tell whether a photo lacks the words that are read to those who do not see it."""
    if not photo.alt and not photo.is_decorative:
        return Refusal(
            "undescribed", _("Décrivez cette photo en une phrase, ou cochez «\u00a0image sans information\u00a0».")
        )
    return None


def _gathered_refusal(idea: Idea) -> Refusal | None:
    """Tell whether an idea stands with others: none of them goes alone."""
    if idea.gathers:
        return Refusal(
            "gathers",
            _(
                "Cette idée en réunit plusieurs\u00a0: elle ne se retire pas, et ses auteurs peuvent demander la séparation."
            ),
        )
    if idea.stage == Stage.GATHERED:
        return Refusal("gathered", _("Cette idée est regroupée avec d’autres\u00a0: demandez d’abord la séparation."))
    return None


def withdraw_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may withdraw an idea: its author, until the city has answered."""
    if not user.is_authenticated or idea.author_id != user.pk:
        return Refusal("not_author", _("Cette idée n’est pas la vôtre."))
    return leaving_refusal(idea)


def leaving_refusal(idea: Idea) -> Refusal | None:
    """Tell whether an idea may still be withdrawn, by whoever may: until the city studies it."""
    if idea.published_at is None:
        return Refusal("draft", _("Cette idée n’est pas encore publiée. Vous pouvez supprimer le brouillon."))
    if idea.withdrawn_at is not None:
        return Refusal("withdrawn", _("Cette idée est déjà retirée."))
    if refusal := _gathered_refusal(idea):
        return refusal
    if idea.stage not in {Stage.SUPPORT, Stage.EXPIRED}:
        return Refusal(
            "studied",
            _(
                "La Ville étudie cette idée, ou y a répondu\u00a0: elle reste lisible. Fermer votre compte ôte votre nom."
            ),
        )
    return None


def edit_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an author may still correct what they published (after a reaction, the old text stays readable)."""
    if refusal := withdraw_refusal(user, idea):
        if refusal.code == "studied":
            return Refusal("studied", _("La Ville étudie cette idée, ou y a répondu\u00a0: son texte ne change plus."))
        if refusal.code == "gathers":
            return Refusal(
                "gathers", _("Cette idée en réunit plusieurs\u00a0: son texte est celui que leurs auteurs ont lu.")
            )
        return refusal
    if idea.hidden_at is not None:
        return Refusal(
            "hidden", _("La modération a retiré ce texte. Vous pouvez contester sa décision, ou écrire un autre texte.")
        )
    return accounts_rules.publishing_refusal(user, at=at)


def photos_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether the photos of an idea may change: of a draft, or as long as nobody has reacted."""
    if idea.published_at is None:
        return draft_refusal(user, idea)
    if idea.has_reaction:
        return Refusal(
            "reacted", _("Quelqu’un a déjà réagi\u00a0: les photos ne changent plus. Vous pouvez corriger le texte.")
        )
    return edit_refusal(user, idea, at=at) or review.unread_refusal(idea)


def held_refusal(user: Any, held: HeldText) -> Refusal | None:
    """Tell whether somebody may take back a text: its author, as long as it waits, or when nothing is left to publish it under."""
    if not user.is_authenticated or held.author_id != user.pk:
        return Refusal("not_author", _("Ce texte n’est pas le vôtre."))
    if not (held.is_waiting or held.is_orphan):
        return Refusal("decided", _("Ce texte n’attend plus la relecture."))
    return None


def held_edit_refusal(user: Any, held: HeldText) -> Refusal | None:
    """Tell whether the author of a text that waits may still change it: it was handed in in time."""
    if refusal := held_refusal(user, held):
        return refusal
    if held.is_orphan:
        return Refusal("decided", _("Ce texte n’attend plus la relecture."))
    return None


def supporting_refusal(idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an idea takes supports at that instant."""
    if not idea.is_visible:
        return Refusal("withdrawn", _("Cette idée n’est plus ouverte aux soutiens."))
    if idea.stage == Stage.GATHERED:
        return Refusal("gathered", _("Cette idée est regroupée avec d’autres\u00a0: soutenez l’idée qui les réunit."))
    if idea.stage not in {Stage.SUPPORT, Stage.EXPIRED}:
        return Refusal("stage", _("Cette idée ne recueille plus de soutiens\u00a0: suivez ce qu’elle devient."))
    if idea.stage == Stage.EXPIRED or idea.supports_until is None or local_day(at) > idea.supports_until:
        return Refusal("expired", _("Le délai pour soutenir cette idée est passé."))
    return None


def support_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may support an idea, or take that support back (the idea with its campaign)."""
    if refusal := supporting_refusal(idea, at=at):
        return refusal
    if user.is_authenticated and signs(user, idea):
        return Refusal("own", _("C’est votre idée\u00a0: les autres habitants peuvent la soutenir."))
    return take_part_refusal(user, idea.campaign, at=at)


def is_coauthor(user_pk: int, idea: Idea) -> bool:
    """Tell whether somebody signs an idea with its author. One query, none for a row annotated with `is_coauthored`."""
    known: bool | None = getattr(idea, "is_coauthored", None)
    return CoAuthor.objects.accepted().filter(idea=idea, user=user_pk).exists() if known is None else known


def signs(user: Any, idea: Idea) -> bool:
    """Tell whether an idea is somebody's: they wrote it, sign it too, or wrote one of those that it gathers; two queries at most."""
    if idea.author_id == user.pk or is_coauthor(user.pk, idea):
        return True
    if not idea.gathers:
        return False
    return GatheredIdea.objects.filter(gathering__parent=idea, is_live=True, idea__author=user).exists()


def renew_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an author may give their idea a second time to gather what its next threshold asks: once, near the end or after it."""
    if not user.is_authenticated or idea.author_id != user.pk:
        return Refusal("not_author", _("Cette idée n’est pas la vôtre."))
    if not idea.is_visible or idea.stage not in {Stage.SUPPORT, Stage.EXPIRED} or idea.supports_until is None:
        return Refusal("stage", _("Cette idée ne recueille plus de soutiens."))
    if idea.campaign.supports_end_on is not None:
        return Refusal("edition", _("Cette campagne a un dernier jour pour tous\u00a0: une idée ne s’y prolonge pas."))
    return _renewing_refusal(idea, idea.supports_until, at=at)


def _renewing_refusal(idea: Idea, last: dt.date, *, at: dt.datetime) -> Refusal | None:
    """Tell whether it is time to renew an idea whose last day is `last`, and whether it lacks something still."""
    if idea.renewed_at is not None:
        return Refusal("renewed", _("Cette idée a déjà été prolongée une fois."))
    if idea.next_supports is None:
        return Refusal("reached", _("Votre idée a atteint tous les seuils\u00a0: elle n’a plus de soutiens à réunir."))
    if (local_day(at) - last).days > RENEWABLE_DAYS:
        return Refusal(
            "late",
            _(
                "Le délai de votre idée est passé depuis plus de %(n)s jours\u00a0: elle ne se prolonge plus. Déposez-la de nouveau."
            )
            % {"n": RENEWABLE_DAYS},
        )
    if (last - local_day(at)).days >= RENEWAL_DAYS:
        return Refusal(
            "early",
            _("Vous pourrez prolonger votre idée à partir du %(day)s.")
            % {"day": typography.day(last - dt.timedelta(days=RENEWAL_DAYS - 1))},
        )
    return None


def follow_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may follow what becomes of an idea."""
    if not user.is_authenticated:
        return Refusal("sign_in", _("Connectez-vous pour suivre cette idée."))
    if not idea.is_visible:
        return Refusal("withdrawn", _("Cette idée n’est plus publique."))
    return None


def comment_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may write around an idea (the idea with its campaign)."""
    if not idea.is_visible:
        return Refusal("withdrawn", _("Cette idée n’est plus ouverte au débat."))
    if refusal := take_part_refusal(user, idea.campaign, at=at):
        return refusal
    if not user.public_name:
        return Refusal("public_name", _("Choisissez d’abord le nom public qui signera votre commentaire."))
    return accounts_rules.publishing_refusal(user, at=at)


def reply_refusal(user: Any, comment: Comment, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may reply to a comment: one level, and not to what was withdrawn."""
    if comment.withdrawn_at is not None or comment.hidden_at is not None:
        return Refusal("withdrawn", _("Ce commentaire a été retiré\u00a0: on ne peut plus y répondre."))
    if comment.parent_id is not None:
        return Refusal("reply", _("On répond au premier commentaire du fil, pas à une réponse."))
    return comment_refusal(user, comment.idea, at=at)


def withdraw_comment_refusal(user: Any, comment: Comment) -> Refusal | None:
    """Tell whether somebody may withdraw a comment: its author, at any time."""
    if not user.is_authenticated or comment.author_id != user.pk:
        return Refusal("not_author", _("Ce commentaire n’est pas le vôtre."))
    if comment.withdrawn_at is not None:
        return Refusal("withdrawn", _("Ce commentaire est déjà retiré."))
    return None
