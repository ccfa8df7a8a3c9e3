"""What somebody still has to say about themselves to take part, asked beside the act itself: no one is sent away in mid-sentence."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts import actions, rules
from accounts.models import User
from city.models import District


class ProfileForm(forms.Form):
    """What is still missing to take part, asked beside the act itself: a public name, a district."""

    public_name = forms.CharField(
        label=gettext_lazy("Votre nom public"),
        help_text=gettext_lazy("Votre nom ou un pseudonyme. Tout le monde le verra sous vos textes."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
        error_messages={"required": gettext_lazy("Choisissez un nom public.")},
    )
    birth_year = forms.IntegerField(
        label=gettext_lazy("Votre année de naissance"),
        help_text=gettext_lazy("Sur quatre chiffres. Elle sert à vérifier l’âge minimum, personne ne la voit."),
        min_value=1900,
        max_value=2100,
        widget=forms.NumberInput(attrs={"autocomplete": "bday-year"}),
        error_messages={"required": gettext_lazy("Indiquez votre année de naissance.")},
    )
    district = forms.ModelChoiceField(
        label=gettext_lazy("Votre quartier"),
        help_text=gettext_lazy("Vous déclarez habiter Mulhouse, dans ce quartier."),
        queryset=District.objects.none(),
        empty_label=gettext_lazy("Choisissez votre quartier"),
        error_messages={"required": gettext_lazy("Choisissez votre quartier.")},
    )

    def __init__(self, *args: Any, asks: Sequence[str], user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        for name in set(self.fields) - set(asks):
            del self.fields[name]
        if "district" in self.fields:
            field = self.fields["district"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (declared above)
            field.queryset = District.objects.all()

    def clean_public_name(self) -> str:
        """Refuse an address or a number in place of a name, and what moderation took away."""
        name = " ".join(str(self.cleaned_data["public_name"]).split())
        if refusal := rules.public_name_refusal(self.user, name):
            raise forms.ValidationError(refusal.message, code=refusal.code)
        return name


def complete(user: User, form: ProfileForm, *, at: dt.datetime) -> None:
    """Store the answers of a valid form: a public name, a year of birth, a district; nothing for a form that asked nothing."""
    given = form.cleaned_data
    if given.get("public_name") or given.get("birth_year"):
        actions.update_profile(
            user=user,
            public_name=given.get("public_name") or user.public_name,
            birth_year=given.get("birth_year") or user.birth_year,
            language=user.language,
            scheme=user.scheme,
        )
    if given.get("district"):
        actions.declare_residency(user=user, district=given["district"], at=at)
