"""A form that looks for personal data in what is about to be published, says what it found, and offers to mask it.

It comes back once. « Masquer » writes the masks in place; « Je garde » lets the text through, for moderators to read first.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from mulhouse import masking
from mulhouse.masking import Finding, Kind

# The buttons, and what they say.
CHOICE = "masquage"
MASK = "masquer"
KEEP = "garder"


@dataclass(frozen=True)
class MaskingWarning:
    """What was found in a field: the words of it, the text that is proposed, and the values of the two buttons."""

    sentence: str
    proposed: str
    keep: str
    name: str = CHOICE
    mask: str = MASK


def found_in(*texts: str) -> list[Finding]:
    """List the personal data of some texts that everybody will read; the city's own number and address are public."""
    public = (settings.CONTACT["phone"], settings.CONTACT["email"])
    return [one for text in texts for one in masking.find(text, allowed=public)]


def passages(*texts: str) -> list[str]:
    """Give what was found, as it stands in the texts, each once."""
    return list(dict.fromkeys(one.text for one in found_in(*texts)))


class MaskingForm(forms.Form):
    """A form whose `masked_fields` everybody will read. `kept` is true once its author chose to keep what was found."""

    masked_fields: ClassVar[Sequence[str]] = ()

    def __init__(self, *args: Any, asks_masking: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_masking = asks_masking
        self.masking: dict[str, MaskingWarning] = {}
        self.kept = False

    def clean(self) -> dict[str, Any]:
        """Ask once about what was found, or do as its author chose."""
        given = super().clean() or {}
        if not self.asks_masking:
            return given
        found = {name: found_in(str(given[name])) for name in self.masked_fields if given.get(name)}
        found = {name: findings for name, findings in found.items() if findings}
        if not found:
            return given
        choice = str(self.data.get(CHOICE, ""))
        keep = f"{KEEP}-{_digest(found)}"
        masked = {name: self._masked(name, str(given[name]), findings) for name, findings in found.items()}
        if choice == MASK:
            given |= masked
            # What is shown again, if something else is to correct, is what was chosen.
            shown: Any = self.data
            shown = shown.copy()
            for name, text in masked.items():
                shown[self.add_prefix(name)] = text
            self.data = shown
        elif choice == keep:
            self.kept = True
        else:
            for name, findings in found.items():
                sentence = _sentence(findings)
                self.masking[name] = MaskingWarning(sentence, masked[name], keep)
                self.add_error(name, forms.ValidationError(sentence, code="masking"))
        return given

    def _masked(self, name: str, text: str, findings: Sequence[Finding]) -> str:
        return masking.mask(text, findings, longest=getattr(self.fields[name], "max_length", None))


def _digest(found: dict[str, list[Finding]]) -> str:
    """Name what was found: a choice made for it does not stand for what is typed afterwards."""
    words = "\n".join(f"{name}:{one.text}" for name in sorted(found) for one in found[name])
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]


def _sentence(findings: Sequence[Finding]) -> str:
    names = {
        Kind.PHONE: _("un numéro de téléphone"),
        Kind.EMAIL: _("une adresse électronique"),
        Kind.PLATE: _("une plaque d’immatriculation"),
        Kind.IBAN: _("un numéro de compte bancaire"),
    }
    listed = ", ".join(dict.fromkeys(f"{names[one.kind]} («\u00a0{one.text}\u00a0»)" for one in findings))
    return _("Tout le monde lirait ici %(found)s. Masquez, ou dites que c’est à vous ou que c’est public.") % {
        "found": listed
    }
