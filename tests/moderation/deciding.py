"""What moderators do, in one call: the real actions, by somebody who may."""

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from moderation import actions, cases, kinds
from moderation.models import Case, Decision
from tests import factories

MODERATOR = ("moderation.view_case", "moderation.decide_case", "moderation.decide_appeal", "moderation.block_person")


KINDS = {
    "consultations.Contribution": "contribution",
    "consultations.Comment": "comment",
    "consultations.Attachment": "image",
    "accounts.User": "profile",
    "ideas.Idea": "idea",
    "ideas.Comment": "idea_comment",
    "ideas.Reaction": "idea_reaction",
    "ideas.Photo": "idea_photo",
}


def kind_of(thing):
    return kinds.get(KINDS[type(thing)._meta.label])


def reference_of(thing):
    return str(getattr(thing, "reference", None) or getattr(thing, "key", None) or thing.pk)


def report_url(thing):
    return reverse("moderation:report", args=[kind_of(thing).segment, reference_of(thing)])


def report(thing, **fields):
    return report_as(kind_of(thing), reference_of(thing), **fields)


def report_as(kind, reference, *, reporter=None, fingerprint="", origin=None, reason="insult", at=None, **fields):
    """Each person has a network of their own, unless a test says which."""
    return actions.report(
        origin=fingerprint if origin is None else origin,
        reporter=reporter or AnonymousUser(),
        kind=kind,
        reference=reference,
        reason=reason,
        words="Le deuxième mot.",
        url="https://example.org/",
        name="",
        email="",
        fingerprint=fingerprint,
        language="fr",
        at=at or timezone.now(),
        **fields,
    )


def make_moderator(**fields):
    return factories.make_staff(*MODERATOR, **fields)


def open_case(thing, *, at=None, cause=Case.Cause.STAFF, **fields):
    """A case that waits, as an action of another room opens it."""
    kind = kind_of(thing)
    with transaction.atomic():
        return cases.open_case(
            kind=kind.code,
            reference=reference_of(thing),
            cause=cause,
            at=at or timezone.now(),
            author=kind.author(thing),
            **fields,
        )


def keep_held(kind, held, *, actor=None):
    """Publish a text that waits, by a decision: what a moderator does once they read it. Give the gesture, to be called later."""
    case = Case.objects.get(kind=kind.code, subject=held.reference)
    given = {
        "actor": actor or make_moderator(),
        "case": case,
        "action": "keep",
        "clause": "",
        "facts": "",
        "passages": [],
    }
    seen = cases.seen_of(case, kind.find(held.reference))
    return lambda: actions.decide(**given, seen=seen, at=timezone.now())


def decide(
    thing,
    action,
    *,
    actor=None,
    at=None,
    clause="3.2",
    facts="Le deuxième mot est une insulte.",
    passages=(),
    case=None,
):
    case = case or open_case(thing, at=at)
    kind = kind_of(thing)
    return actions.decide(
        actor=actor or make_moderator(),
        case=case,
        action=action,
        clause=clause,
        facts=facts,
        passages=list(passages),
        seen=cases.seen_of(case, kind.find(case.subject)),
        at=at or timezone.now(),
    )


def hide(thing, **fields):
    return decide(thing, Decision.Action.HIDE.value, **fields)


def keep(thing, **fields):
    return decide(thing, Decision.Action.KEEP.value, **fields)


def release(kind, held, *, at=None):
    """Let a text that waited be published: its case was opened when it was handed in."""
    case = Case.objects.get(kind=kind.code, subject=held.reference)
    return actions.decide(
        actor=make_moderator(),
        case=case,
        action=Decision.Action.KEEP.value,
        clause="",
        facts="",
        passages=[],
        seen=cases.seen_of(case, kind.find(case.subject)),
        at=at or timezone.now(),
    )


def mask(thing, *passages, **fields):
    return decide(thing, Decision.Action.MASK.value, passages=passages, **{"clause": "3.4", **fields})


def overturn(decision, *, actor=None, at=None):
    """Its author contests, and somebody else gives the words back."""
    at = at or timezone.now()
    appeal = actions.appeal(actor=decision.author, decision=decision, words="Ce mot est dans le dictionnaire.", at=at)
    return actions.judge(
        actor=actor or make_moderator(), appeal=appeal, outcome="overturned", reasons="Le mot n’en est pas une.", at=at
    )


def take_away(thing, *, at=None, clause="3.2"):
    """What a decision does to the text itself, without the decision; nothing to what is gone already."""
    kind = kind_of(thing)
    with transaction.atomic():
        held = kind.hold(reference_of(thing))
        if not kind.is_gone(held):
            kind.hide(held, at or timezone.now(), clause)


def bring_back(thing):
    kind = kind_of(thing)
    with transaction.atomic():
        kind.show(kind.hold(reference_of(thing)))
