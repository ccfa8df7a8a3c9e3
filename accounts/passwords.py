"""How long a password must be: longer for those who hold a role.

Source: features-and-rules §3 (12 characters, 15 and a second factor for staff, no forced rotation).
"""

from typing import Any

from django.contrib.auth.password_validation import get_default_password_validators
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class LengthValidator:
    """Django's password validator with two lengths."""

    def __init__(self, residents: int, staff: int) -> None:
        self.residents = residents
        self.staff = staff

    def minimum(self, user: Any) -> int:
        """Give the length asked of this person."""
        return self.staff if getattr(user, "is_staff", False) else self.residents

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse a short password. Raises: ValidationError."""
        minimum = self.minimum(user)
        if len(password) < minimum:
            raise ValidationError(
                _("Ce mot de passe est trop court\u00a0: il en faut au moins %(count)s caractères."),
                code="password_too_short",
                params={"count": minimum},
            )

    def get_help_text(self) -> str:
        """Say the rule before it is broken."""
        return _("%(count)s caractères au moins. Une phrase de quelques mots convient très bien.") % {
            "count": self.residents
        }


def is_too_short(password: str, user: Any) -> bool:
    """Tell whether somebody who signs in has a password from before they held a role."""
    return any(
        len(password) < validator.minimum(user)
        for validator in get_default_password_validators()
        if isinstance(validator, LengthValidator)
    )
