"""Which accounts are new, whatever they wrote and where: each service says what of a person is public already."""

import datetime as dt
from collections.abc import Callable
from typing import Any

# An account is new for so many days, and until something it wrote is public.
NEW_ACCOUNT_DAYS = 7

_published: list[Callable[[Any], bool]] = []


def declare(*has_published: Callable[[Any], bool]) -> None:
    """Say how a room finds whether somebody has a public text; called from AppConfig.ready()."""
    _published.extend(has_published)


def is_new(user: Any, *, at: dt.datetime) -> bool:
    """Tell whether an account is younger than NEW_ACCOUNT_DAYS, or has nothing public yet; one query for each sort of text at most."""
    if user.date_joined > at - dt.timedelta(days=NEW_ACCOUNT_DAYS):
        return True
    return not any(has_published(user) for has_published in _published)
