"""Addresses written in mails: whole, in the person's language, and signed where they open something."""

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import translation

from accounts.models import DataExport

EXPORT_LIFE = dt.timedelta(days=7)
_SALT = "accounts.data-file"


def page(route: str, language: str, **arguments: Any) -> str:
    """Give the whole address of a page of the site."""
    with translation.override(language):
        return f"{settings.SITE_URL}{reverse(route, kwargs=arguments)}"


def data_file(export: DataExport, language: str) -> str:
    """Give the signed address of the copy of somebody's data; it opens for that person only, and once."""
    token = signing.dumps(export.key.hex, salt=_SALT)
    return page("accounts:data_file", language, token=token)


def read_data_file(token: str) -> uuid.UUID | None:
    """Read the key in a signed address; None when it was altered or is more than a week old."""
    try:
        return uuid.UUID(signing.loads(token, salt=_SALT, max_age=EXPORT_LIFE))
    except (signing.BadSignature, ValueError):
        return None
