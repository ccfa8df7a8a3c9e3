"""Why something is done: one sentence that an act asks for, checked the same way in every room."""

from typing import Any

from django import forms

from mulhouse.errors import DomainError

LONGEST = 300
PUBLIC = "Dites pourquoi en une phrase\u00a0: le motif est public."


def sentence(text: str, *, missing: str = PUBLIC) -> str:
    """Give a reason on one line.

    Raises: DomainError "reason", with the words of `missing`, for a blank one; "reason" for one longer than LONGEST.
    """
    if not (reason := " ".join(text.split())):
        raise DomainError("reason", missing)
    if len(reason) > LONGEST:
        raise DomainError("reason", f"{LONGEST} caractères au plus.")
    return reason


class ReasonField(forms.CharField):
    """The field of a reason; whatever `sentence` refuses for its length, it refuses beside itself."""

    def __init__(self, **given: Any) -> None:
        super().__init__(
            **{"label": "Motif", "max_length": LONGEST, "widget": forms.Textarea(attrs={"rows": 2}), **given}
        )
