"""What the forms where residents write have in common, whatever the room."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core import signing
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mulhouse import masked_forms
from mulhouse.references import new_reference

# Under so many letters, capitals may be a name.
SHORTEST = 10
MARKDOWN_HELP = gettext_lazy(
    "Une ligne vide commence un paragraphe. «\u00a0**mot**\u00a0» s’affiche en gras, «\u00a0- mot\u00a0» fait une liste."
)


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
    return f"typed.{purpose}.{user.pk}"


class ProseField(forms.CharField):
    """A text of some lines: a line break counts for one character, whatever the browser sends."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        """Read line breaks as one character."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")


def is_shouting(text: str) -> bool:
    """Tell whether most letters of a text of some length are capitals."""
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) >= SHORTEST and sum(sign.isupper() for sign in letters) * 2 > len(letters)


def harmless(alt: str) -> str:
    """Refuse personal data in the words of a photo: they can not be masked, nor wait for moderation."""
    if found := masked_forms.passages(alt):
        raise forms.ValidationError(
            _("Retirez «\u00a0%(found)s\u00a0» de la description\u00a0: tout le monde la lirait.")
            % {"found": found[0]},
            code="masking",
        )
    return alt


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
