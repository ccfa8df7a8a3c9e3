"""The address of a page in the language of who is written to."""

from typing import Any

from django.conf import settings
from django.utils import translation


def whole(path: str) -> str:
    """Make a path of this site an address that a mail can hold."""
    return settings.SITE_URL + path


def path(thing: Any, language: str) -> str:
    """Give the path of the page of something."""
    with translation.override(language):
        return str(thing.get_absolute_url())


def address(thing: Any, language: str) -> str:
    """Give its whole address."""
    return whole(path(thing, language))
