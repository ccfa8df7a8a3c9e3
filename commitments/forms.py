"""Forms of the staff pages: they check and explain, `actions` writes."""

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from commitments.changes import WORDS
from commitments.models import Commitment, State
from mulhouse import uploads
from mulhouse.reasons import ReasonField

if TYPE_CHECKING:
    CommitmentModelForm = forms.ModelForm[Commitment]
    Upload = UploadedFile[bytes]
else:
    CommitmentModelForm = forms.ModelForm
    Upload = UploadedFile

MAX_PHOTO_BYTES = 20_000_000
LONGEST_NEWS = 3000


def _day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class CommitmentForm(CommitmentModelForm):
    """A commitment as an agent writes it; with `has_host`, where it comes from is known already."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = ReasonField(
        label="Motif du changement",
        required=False,
        help_text="Cet engagement est public\u00a0: le motif est publié avec l’ancien texte et le nouveau. Les personnes qui le suivent "
        "reçoivent un courriel.",
    )

    class Meta:
        model = Commitment
        fields = ("title", "description", "due_on", "service", "theme", "district", "source_title", "source_url")
        labels: ClassVar[dict[str, str]] = {
            "title": "Titre",
            "description": "Ce que la Ville s’engage à faire",
            "due_on": "Échéance",
            "service": "Service responsable",
            "theme": "Thème",
            "district": "Quartier",
            "source_title": "D’où vient cet engagement",
            "source_url": "Adresse de la source",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "title": "Un verbe et un résultat. Par exemple «\u00a0Planter douze tilleuls place de la Paix\u00a0».",
            "description": "Ce qu’on pourra constater le jour venu. Deux ou trois phrases.",
            "due_on": "Le dernier jour, inclus. Une fois publiée, elle ne change qu’en public et avec une raison.",
            "source_title": "Une consultation, une délibération, une réunion publique.",
            "source_url": "Facultatif\u00a0: une page du site, ou une adresse complète.",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "description": forms.Textarea(attrs={"rows": 5}),
            "due_on": _day_input(),
        }

    def __init__(self, *args: Any, has_host: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["seen"].initial = self.instance.version
        if self.instance.published_at is None:
            del self.fields["reason"]
        else:
            del self.fields["due_on"]
        if has_host or self.instance.topic:
            del self.fields["source_title"], self.fields["source_url"]

    def clean_source_url(self) -> str:
        """Take a page of the site or a whole address, nothing that runs."""
        url = str(self.cleaned_data["source_url"])
        if url and not url.startswith(("https://", "http://", "/")):
            raise forms.ValidationError("Commencez par https:// ou par / pour une page du site.")
        return url

    def values(self) -> dict[str, Any]:
        """Give what the action writes."""
        return {name: self.cleaned_data[name] for name in (*WORDS, "due_on") if name in self.cleaned_data}


class NewsForm(forms.Form):
    """What became of a commitment, on a day."""

    text = forms.CharField(
        label="Ce qui s’est passé",
        max_length=LONGEST_NEWS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="En langage clair. Pour un abandon, dites pourquoi\u00a0: c’est ce que les habitants liront.",
    )
    state = forms.ChoiceField(label="État à partir de là", choices=State.choices, widget=forms.RadioSelect)
    happened_on = forms.DateField(label="Date", widget=_day_input(), initial=timezone.localdate)
    photo = forms.FileField(
        label="Photo",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text="JPEG, PNG ou WebP. Elle est réduite, et les informations cachées (lieu, appareil) sont retirées.",
    )
    alt = forms.CharField(
        label="Ce que montre la photo",
        max_length=200,
        required=False,
        help_text="En une phrase. Elle est lue à voix haute à qui ne la voit pas.",
    )

    def clean_happened_on(self) -> dt.date:
        """A piece of news says what is done."""
        day: dt.date = self.cleaned_data["happened_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("Cette date est à venir. Une nouvelle dit ce qui est fait.")
        return day

    def clean_photo(self) -> uploads.CleanFile | None:
        """Decode the photo anew, so that nothing but its pixels is kept."""
        given: Upload | None = self.cleaned_data["photo"]
        if given is None:
            return None
        if (given.size or 0) > MAX_PHOTO_BYTES:
            raise forms.ValidationError("Cette photo dépasse 20\u00a0Mo. Réduisez-la ou choisissez-en une autre.")
        try:
            return uploads.clean_photo(given.name or "photo", given.read())
        except uploads.RejectedFileError as error:
            raise forms.ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        """Ask for the words that stand for the photo."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("photo") and not values.get("alt"):
            self.add_error("alt", "Décrivez la photo en une phrase.")
        return values


class DueDateForm(forms.Form):
    """Another day for a commitment."""

    due_on = forms.DateField(label="Nouvelle échéance", widget=_day_input())
    reason = forms.CharField(
        label="Pourquoi elle change",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Public, et daté d’aujourd’hui. L’échéance annoncée au départ reste affichée.",
    )
