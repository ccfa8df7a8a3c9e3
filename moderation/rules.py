"""Who may report, decide, contest, judge again, suspend. Each rule answers None, or the sentence that says why not."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from moderation import profiles
from moderation.kinds import Kind
from moderation.models import Appeal, Block, Case, Decision
from mulhouse import typography
from mulhouse.errors import Refusal

VIEW, DECIDE = "moderation.view_case", "moderation.decide_case"
JUDGE, BLOCK = "moderation.decide_appeal", "moderation.block_person"
# How long an author has to contest, and how long the city has to answer.
APPEAL_DAYS = 15
ANSWER_DAYS = 15


def report_refusal(user: Any, kind: Kind, thing: Any) -> Refusal | None:
    """Tell whether somebody, with or without an account, may report a thing: a public one that is not their own."""
    if thing is None or not kind.is_public(thing):
        return Refusal("gone", _("Ce texte n’est plus public\u00a0: il n’y a rien à signaler."))
    author = kind.author(thing)
    if user.is_authenticated and author is not None and author.pk == user.pk:
        return Refusal("own", _("C’est votre texte\u00a0: vous pouvez le corriger ou le retirer vous-même."))
    return None


def decide_refusal(user: Any, case: Case) -> Refusal | None:
    """Tell whether somebody may decide a case: a moderator, of what waits, and never of their own words."""
    if not user.has_perm(DECIDE):
        return Refusal("not_allowed", "Votre rôle ne permet pas de décider.")
    if case.author_id is not None and case.author_id == user.pk:
        return Refusal("own", "Ce texte est le vôtre\u00a0: une autre personne décide.")
    if case.state != Case.State.WAITING:
        return Refusal("decided", "Ce dossier est déjà décidé.")
    return None


def _was_taken_away(user: Any, kind: str, mark: str) -> bool:
    """Tell whether a decision took this away from somebody, and no appeal gave it back; one query."""
    rows = Decision.objects.filter(author=user, case__kind=kind, taken_away=mark, overturned_at__isnull=True)
    return bool(mark) and rows.exists()


def name_refusal(user: Any, name: str) -> Refusal | None:
    """Tell whether a public name is one that moderation took away from the same person (accounts asks it)."""
    if not _was_taken_away(user, profiles.CODE, profiles.mark(name)):
        return None
    return Refusal("taken_away", _("La modération a retiré ce nom. Choisissez-en un autre."))


def file_refusal(user: Any, kind: str, mark: str) -> Refusal | None:
    """Tell whether a file is one that moderation took away from the same person."""
    if not _was_taken_away(user, kind, mark):
        return None
    return Refusal("taken_away", _("La modération a retiré ce fichier. Choisissez-en un autre."))


def appeal_refusal(user: Any, decision: Decision, *, at: dt.datetime) -> Refusal | None:
    """Tell whether an author may contest a decision about their words (select `appeal`); a suspended person may."""
    if not user.is_authenticated or decision.author_id != user.pk:
        return Refusal("not_author", _("Cette décision ne porte pas sur un de vos textes."))
    if decision.action == Decision.Action.KEEP or decision.appeal_until is None:
        return Refusal("kept", _("Votre texte est resté en ligne\u00a0: il n’y a rien à contester."))
    return _late_or_twice(decision, decision.appeal_until, at=at)


def appeal_block_refusal(user: Any, block: Block, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may contest their suspension (select `appeal`)."""
    if not user.is_authenticated or block.person_id != user.pk:
        return Refusal("not_author", _("Cette suspension n’est pas la vôtre."))
    return _late_or_twice(block, block.appeal_until, at=at)


def _late_or_twice(contested: Decision | Block, until: dt.datetime, *, at: dt.datetime) -> Refusal | None:
    if getattr(contested, "appeal", None) is not None:
        return Refusal("twice", _("Vous avez déjà contesté cette décision."))
    if at >= until:
        words = _("Le délai pour contester est passé depuis le %(day)s.")
        return Refusal("late", words % {"day": typography.day(typography.local_day(until))})
    return None


def judge_refusal(user: Any, appeal: Appeal) -> Refusal | None:
    """Tell whether somebody may decide an appeal: not who decided first, nor who contests (select `decision`, `block`)."""
    if not user.has_perm(JUDGE):
        return Refusal("not_allowed", "Votre rôle ne permet pas de répondre à une contestation.")
    contested = appeal.decision or appeal.block
    if contested is not None and contested.decided_by_id == user.pk:
        return Refusal("same_person", "Vous avez pris cette décision\u00a0: une autre personne la réexamine.")
    if appeal.person_id is not None and appeal.person_id == user.pk:
        return Refusal("own", "Cette contestation est la vôtre\u00a0: une autre personne y répond.")
    if appeal.outcome:
        return Refusal("decided", "Cette contestation a déjà sa réponse.")
    return None


def block_refusal(user: Any, person: Any, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may suspend a person: a resident who is not suspended already."""
    if not user.has_perm(BLOCK):
        return Refusal("not_allowed", "Votre rôle ne permet pas de suspendre une personne.")
    if person is None or not person.is_active:
        return Refusal("gone", "Ce compte est fermé.")
    if person.pk == user.pk or person.is_staff:
        return Refusal("staff", "On ne suspend pas un agent ici\u00a0: son rôle se retire dans la table des personnes.")
    if person.blocked_until is not None and at < person.blocked_until:
        return Refusal("blocked", "Cette personne est déjà suspendue.")
    return None
