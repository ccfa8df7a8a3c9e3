"""What the demonstration shows of people's rights: a request that waits, one that was answered, and who looked. Invented people."""

import datetime as dt

from accounts import actions as accounts
from accounts.models import User
from privacy import actions
from privacy.models import DataRequest


def play(*, hero: User, administrator: User, at: dt.datetime) -> bool:
    """Act as a resident and an administrator do; a second run changes nothing.

    Shape: False when it was played before.
    """
    if DataRequest.objects.exists():
        return False
    answered = actions.ask(
        user=hero,
        kind=DataRequest.Kind.RECTIFICATION,
        words="Mon compte indique encore mon ancien quartier. J’ai déménagé au printemps, pouvez-vous le corriger\u00a0?",
        at=at - dt.timedelta(days=20),
    )
    actions.read_request(actor=administrator, request=answered)
    actions.answer(
        actor=administrator,
        request=answered,
        outcome=DataRequest.Outcome.DONE,
        text="C’est corrigé. Vous pouvez aussi changer de quartier vous-même, dans Mon espace, Mon quartier.",
        at=at - dt.timedelta(days=17),
    )
    actions.ask(
        user=hero,
        kind=DataRequest.Kind.ACCESS,
        words="Je voudrais savoir si mes réponses au questionnaire sur les quais sont liées à mon nom.",
        at=at - dt.timedelta(days=3),
    )
    accounts.show_email(actor=administrator, person=hero, purpose=accounts.Purpose.HELP)
    return True
