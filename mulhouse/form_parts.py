"""What the forms of several services are made of: a text of some lines, a token that is used once, errors of several forms."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core import signing
from django.forms.boundfield import BoundField

from mulhouse.references import new_reference


def new_token(user: Any, purpose: str) -> str:
    """Draw the reference of what is about to be written, signed for this person: sending a form twice writes once."""
    return signing.dumps(new_reference(), salt=_salt(user, purpose))


def read_token(token: str, user: Any, purpose: str) -> str:
    """Read the reference back; a new one when the token is not ours, so that nothing typed is lost."""
    try:
        return str(signing.loads(token, salt=_salt(user, purpose)))
    except signing.BadSignature:
        return new_reference()


def _salt(user: Any, purpose: str) -> str:
    return f"{purpose}.{user.pk}"


class ProseField(forms.CharField):
    """A text of some lines: a line break counts for one character, whatever the browser sends."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        """Read line breaks as one character."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class Together:
    """Several forms of one page, for the summary of what is to correct."""

    def __init__(self, *forms_of_page: forms.Form) -> None:
        self.forms = [form for form in forms_of_page if form.is_bound and form.errors]
        self.is_bound = bool(self.forms)

    @property
    def errors(self) -> list[Any]:
        """Give the errors of each form that has some."""
        return [form.errors for form in self.forms]

    def __iter__(self) -> Iterator[BoundField]:
        for form in self.forms:
            yield from form

    def non_field_errors(self) -> list[str]:
        """Give what is wrong with no field in particular."""
        return [str(error) for form in self.forms for error in form.non_field_errors()]
