"""Freezing the rules of the game, and amending them in public: called by the actions of agents, in their transaction."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from consultations import game
from consultations.models import Comment, Consultation, Contribution, Participation, Position, Ruleset
from mulhouse.db import assert_in_transaction
from mulhouse.queue import after_commit
from notifications import links, telling
from notifications.models import Subscription


def freeze(consultation: Consultation, *, at: dt.datetime) -> Ruleset:
    """Write the first version of the rules of a consultation that is being published.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    return _write(consultation, version=1, reason="", at=at)


def amend(consultation: Consultation, *, reason: str, at: dt.datetime) -> Ruleset | None:
    """Write a new version of the rules where an agent's act changed one; everybody who takes part will be told.

    Shape: None when no rule changed, or for a consultation that is not public.
    Raises: RuntimeError outside a transaction.
    Locks: expects the consultation's row, which gives the next number.
    """
    assert_in_transaction()
    last = Ruleset.objects.filter(consultation=consultation).first()
    if last is None:
        return None
    fresh = Consultation.objects.prefetch_related("phases", "sections").get(pk=consultation.pk)
    # The charter of the portal changes without the city touching the rules of this consultation.
    if {**game.rules_of(fresh), "charter": ""} == {**last.rules, "charter": ""}:
        return None
    amendment = _write(fresh, version=last.version + 1, reason=reason, at=at)
    after_commit("consultations.announce_amendments")
    return amendment


def amend_and_seal(consultation: Consultation, *, reason: str, at: dt.datetime) -> dict[str, Any]:
    """Amend the rules as `amend`, and give what joins the line of the register.

    Shape: the digest of the new rules; nothing where no rule changed.
    Raises: RuntimeError outside a transaction.
    Locks: expects the consultation's row (`hold`).
    """
    amendment = amend(consultation, reason=reason, at=at)
    return {"regles_sha256": amendment.digest} if amendment else {}


def hold(consultation: Consultation) -> Consultation:
    """Hold the consultation's row until the end of the transaction, before its votes and questionnaires.

    Locks: the consultation.
    """
    assert_in_transaction()
    rows: QuerySet[Consultation] = Consultation.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=consultation.pk)


def digest(rules: game.Rules) -> str:
    """Give the SHA-256 of rules, written the same way whatever the order of their keys."""
    text = json.dumps(rules, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _write(consultation: Consultation, *, version: int, reason: str, at: dt.datetime) -> Ruleset:
    rules = game.rules_of(consultation)
    return Ruleset.objects.create(
        consultation=consultation, version=version, rules=rules, digest=digest(rules), reason=reason, in_force_at=at
    )


# --- Telling those who take part ----------------------------------------------------------------------------------


def concerned(consultation: Consultation) -> QuerySet[User]:
    """People with an account who took part in a consultation or follow it, in the order of their accounts."""
    here = {"contribution__consultation": consultation}
    # The ledger knows those who voted or answered a questionnaire, whatever they said there.
    reasons = (
        Participation.objects.filter(consultation=consultation, person__user=OuterRef("pk")),
        Subscription.objects.filter(topic=consultation.topic, user=OuterRef("pk")),
        Contribution.objects.filter(consultation=consultation, author=OuterRef("pk")),
        Comment.objects.filter(**here, author=OuterRef("pk")),
        Position.objects.filter(**here, resident=OuterRef("pk")),
    )
    concerned_by = reduce(or_, (Q(Exists(rows)) for rows in reasons))
    return User.objects.filter(concerned_by, is_active=True).order_by("pk")


@transaction.atomic(durable=True)
def announce(*, amendment: Ruleset, people: Sequence[User], at: dt.datetime) -> int:
    """Write to some of those concerned what an amendment changes and why; nobody is told twice, however often this runs.

    Shape: how many were told.
    """
    consultation = amendment.consultation
    before = Ruleset.objects.get(consultation=consultation, version=amendment.version - 1)
    words = {
        language: _words(consultation, amendment, before, language)
        for language in sorted({person.language for person in people})
    }
    letters = [
        telling.Letter(
            person=person,
            once_key=f"amendment:{amendment.pk}:{person.pk}",
            about=consultation.topic,
            topic=consultation.topic,
            line=words[person.language]["line"],
            url=words[person.language]["path"],
            words=partial(dict, words[person.language]),
        )
        for person in people
    ]
    return telling.tell(kind="consultations.amendment", letters=letters, at=at)


def _words(consultation: Consultation, amendment: Ruleset, before: Ruleset, language: str) -> dict[str, Any]:
    with translation.override(language):
        path = reverse("consultations:rules", args=[consultation.slug])
        return {
            "consultation": consultation,
            "amendment": amendment,
            "changes": game.differences(before.rules, amendment.rules),
            "path": path,
            "address": links.whole(path),
            "line": _("%(title)s\u00a0: une règle a changé") % {"title": consultation.title},
        }


@transaction.atomic(durable=True)
def finish_announcing(*, amendment: Ruleset, at: dt.datetime) -> bool:
    """Keep that everybody concerned by an amendment was written to.

    Shape: False when another worker said so first.
    """
    return Ruleset.objects.filter(pk=amendment.pk, told_at__isnull=True).update(told_at=at) == 1
