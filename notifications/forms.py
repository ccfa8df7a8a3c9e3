"""Choosing how often one is written to; saying why staff writes again to an address."""

from collections.abc import Mapping
from typing import Any

from django import forms

from notifications import kinds
from notifications.kinds import Frequency
from notifications.models import AddressState


class FrequencyForm(forms.Form):
    """One choice for each kind of mail that one may refuse; the names of its fields hold no dot."""

    def __init__(self, *args: Any, now: Mapping[str, Frequency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in kinds.chosen():
            self.fields[_name(kind.code)] = forms.ChoiceField(
                label=str(kind.label), help_text=str(kind.tells), choices=Frequency.choices, initial=now[kind.code]
            )

    def wanted(self) -> dict[str, Frequency]:
        """Give what was chosen, by kind."""
        return {kind.code: Frequency(self.cleaned_data[_name(kind.code)]) for kind in kinds.chosen()}


class ReopeningForm(forms.Form):
    """Why staff writes again to an address that refused."""

    reason = forms.TypedChoiceField(
        label="Motif",
        choices=AddressState.Reopening.choices,
        coerce=AddressState.Reopening,
        widget=forms.RadioSelect,
        help_text="Il est inscrit au registre public, sans l’adresse.",
    )


def _name(code: str) -> str:
    return code.replace(".", "-")
