"""What must be true before the site opens to the public: run by `check --deploy`."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils import timezone

from mulhouse import security_txt

# What a copied .env.example, a demonstration or a hurried hand leaves behind.
PLACEHOLDERS = (
    "exemple",
    "example",
    "à compléter",
    "a completer",
    "todo",
    "xxx",
    "démonstration",
    "00 00 00 00",
    "changeme",
)


def is_placeholder(value: str) -> bool:
    """Tell whether a declared value is empty or was left to be filled in."""
    words = value.strip().lower()
    return not words or any(placeholder in words for placeholder in PLACEHOLDERS)


@register(Tags.security, deploy=True)
def declared_identity(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse legal notices, contacts and security addresses that are placeholders.

    Source: loi n° 2004-575 du 21 juin 2004, art. 6-III (legal notices); RFC 9116 (security.txt).
    """
    declared = {
        **{f"LEGAL_{name.upper()}": value for name, value in settings.LEGAL.items()},
        **{f"CONTACT_{name.upper()}": value for name, value in settings.CONTACT.items()},
        "SECURITY_CONTACT": settings.SECURITY_CONTACT,
    }
    found: list[CheckMessage] = [
        Error(f"{name} is empty or a placeholder: the legal notices would be false.", id="portal.E001")
        for name, value in declared.items()
        if is_placeholder(str(value))
    ]
    try:
        stale = security_txt.is_stale(settings.SECURITY_TXT_EXPIRES, at=timezone.now())
    except ValueError:
        found.append(Error("SECURITY_TXT_EXPIRES is not an instant such as 2027-11-01T00:00:00Z.", id="portal.E002"))
    else:
        if stale:
            found.append(
                checks.Warning(
                    "security.txt expires in less than 30 days: renew SECURITY_TXT_EXPIRES.", id="portal.W003"
                )
            )
    return found
