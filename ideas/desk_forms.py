"""Forms of the desk for ideas: what somebody proposes, and the lines of a signed sheet of supports."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.forms import BaseFormSet, formset_factory

from accounts import names
from city.models import District, Theme
from desk.forms import IdentityForm
from ideas import review
from ideas.assisting import MAX_LINES, TYPED, Said, Shown, Signed, line_refusal
from ideas.forms import ALT_LENGTH, PHOTO_ACCEPT, described, read_photo
from ideas.models import Campaign, Idea
from ideas.models.writing import TEXT_LENGTH, TITLE_LENGTH
from mulhouse.masked_forms import MaskingForm

if TYPE_CHECKING:
    LineForms = BaseFormSet["LineForm"]
else:
    LineForms = BaseFormSet

SHORTEST_TITLE = 10
NAME_LENGTH = 60
FIRST_LINES = 10
MORE_LINES = 5
BEHALVES = {
    Idea.Behalf.ONESELF.value: "En son nom",
    Idea.Behalf.ASSOCIATION.value: "Au nom d’une association",
    Idea.Behalf.COUNCIL.value: "Au nom d’un conseil",
}
# What is wrong with somebody on a sheet, beside the box that says it.
BESIDE = {"residency_missing": "district", "too_young": "birth_date"}
TYPED_OF_LINE = ("family_name", "given_names", "birth_date", "birth_place", "district")


def _prose(label: str, help_text: str, *, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": rows})
    )


def _row(label: str, name: str, **options: Any) -> forms.CharField:
    length: Any = Idea._meta.get_field(name).max_length  # type: ignore[union-attr]
    return forms.CharField(label=label, max_length=length, required=False, **options)


class SaidForm(MaskingForm):
    """An idea that somebody says at the desk or on the phone, or wrote on paper."""

    masked_fields: ClassVar[Sequence[str]] = (*review.READ, "public_name", "photo_alt")

    title = forms.CharField(
        label="L’idée en une phrase",
        min_length=SHORTEST_TITLE,
        max_length=TITLE_LENGTH,
        help_text="De 10 à 120 caractères. Elle sert de titre.",
    )
    need = _prose("Le besoin", "Ce qui manque ou ce qui gêne, où et pour qui.", rows=4)
    proposal = _prose(
        "La proposition", "Ses mots, sans les corriger. Jamais de nom ni d’adresse\u00a0: le texte est public.", rows=6
    )
    theme = forms.ModelChoiceField(
        label="Thème", queryset=Theme.objects.order_by("name"), empty_label="Choisissez un thème"
    )
    beneficiaries = _row("Pour qui", "beneficiaries")
    cost = _row("Coût estimé, si la personne en a une idée", "cost")
    place = _row("Lieu", "place", help_text="Une rue, une place, un arrêt. Jamais son adresse.")
    place_district = forms.ModelChoiceField(
        label="Quartier de ce lieu",
        queryset=District.objects.order_by("name"),
        required=False,
        empty_label="Aucun en particulier",
    )
    behalf = forms.ChoiceField(
        label="Au nom de qui", choices=list(BEHALVES.items()), initial="oneself", widget=forms.RadioSelect
    )
    behalf_name = _row("Nom de l’association ou du conseil", "behalf_name")
    signature = forms.ChoiceField(
        label="Comment l’idée est signée",
        choices=[
            ("district", "«\u00a0Un habitant du quartier\u00a0», sans nom"),
            ("name", "Du nom public qu’elle donne"),
        ],
        initial="district",
        widget=forms.RadioSelect,
    )
    public_name = forms.CharField(
        label="Son nom public",
        max_length=NAME_LENGTH,
        required=False,
        help_text="Son nom ou un pseudonyme\u00a0: tout le monde le lira.",
    )

    photo = forms.FileField(
        label="Photo",
        required=False,
        widget=forms.FileInput(attrs={"accept": PHOTO_ACCEPT}),
        help_text="JPEG, PNG ou WebP, 5\u00a0Mo au plus. Si la page revient avec une erreur, choisissez-la de nouveau.",
    )
    photo_alt = forms.CharField(
        label="Ce que montre la photo",
        max_length=ALT_LENGTH,
        required=False,
        help_text="Une phrase, lue aux personnes qui ne voient pas l’image.",
    )
    photo_is_decorative = forms.BooleanField(label="Image sans information, à ne pas décrire", required=False)

    def _read_photo(self, given: dict[str, Any]) -> None:
        if not given.get("photo"):
            return
        try:
            given["upload"] = read_photo(given["photo"])
        except forms.ValidationError as error:
            self.add_error("photo", error)
        if "photo_alt" in given and not given["photo_alt"] and not given.get("photo_is_decorative"):
            self.add_error("photo_alt", described())

    def shown(self) -> Shown | None:
        """Give the photo, if there is one."""
        given = self.cleaned_data
        if "upload" not in given:
            return None
        return Shown(given["upload"], given["photo_alt"], given["photo_is_decorative"])

    def clean(self) -> dict[str, Any]:
        """Ask for the names that what was chosen needs, and forget those that it does not."""
        given = super().clean()
        self._read_photo(given)
        named = {"behalf_name": given.get("behalf") != "oneself", "public_name": given.get("signature") == "name"}
        words = {
            "behalf_name": "Écrivez le nom de l’association ou du conseil.",
            "public_name": "Écrivez le nom public qui signe l’idée.",
        }
        for name, is_asked in named.items():
            if not is_asked:
                given[name] = ""
            elif not given.get(name) and name not in self.errors:
                self.add_error(name, words[name])
        if given.get("public_name") and names.problem(given["public_name"]):
            self.add_error("public_name", "Un nom public n’a ni adresse, ni numéro de téléphone, ni plaque.")
        return given

    def said(self) -> Said:
        """Give what was typed."""
        given = self.cleaned_data
        return Said(public_name=given["public_name"], **{name: given[name] for name in TYPED})


class LineForm(IdentityForm):
    """Somebody who signed a sheet, for the time of the request."""

    field_order = ("family_name", "given_names", "birth_date", "birth_place", "district")

    district = forms.ChoiceField(label="Quartier", required=False)

    def __init__(self, *args: Any, districts: Sequence[District], **options: Any) -> None:
        super().__init__(*args, **options)
        self.districts = {str(row.pk): row for row in districts}
        field = self.fields["district"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
        field.choices = [("", "Hors de Mulhouse, ou non dit"), *((pk, row.name) for pk, row in self.districts.items())]
        # Thirty times the same help would hide the names: it is said once, above.
        for name in ("family_name", "given_names"):
            self.fields[name].help_text = ""
        if self.initial.get("birth_place"):
            self.ask_place()

    def signed(self) -> Signed:
        """Give who it is, without a name."""
        given = self.cleaned_data
        return Signed(self.fingerprint(), given["birth_date"].year, self.districts.get(given["district"]))


class SheetForm(forms.Form):
    """What holds for the whole sheet."""

    is_signed = forms.BooleanField(
        label="Chaque personne a signé cette feuille, qui porte le texte d’accord",
        error_messages={"required": "Sans leur signature sous le texte d’accord, aucun soutien ne peut être compté."},
    )


class _Lines(LineForms):
    def initial_form_count(self) -> int:
        """Let any line be left empty, whether or not it was shown filled in."""
        return 0


def lines(
    districts: Sequence[District], data: Any = None, *, typed: Sequence[dict[str, str]] = (), rows: int = FIRST_LINES
) -> LineForms:
    """Make the lines of a sheet: those typed, and empty ones up to `rows`."""
    factory = formset_factory(
        LineForm, formset=_Lines, extra=min(MAX_LINES, max(rows, len(typed))), max_num=MAX_LINES, validate_max=True
    )
    return factory(data, initial=list(typed), form_kwargs={"districts": districts}, prefix="ligne")


def typed(formset: LineForms) -> list[dict[str, str]]:
    """Give the lines as they were typed, right or wrong, the empty ones left out."""
    rows = [{name: str(form[name].value() or "") for name in TYPED_OF_LINE if name in form.fields} for form in formset]
    return [row for row in rows if any(value.strip() for value in row.values())]


def signed(formset: LineForms, campaign: Campaign, *, at: dt.datetime) -> list[Signed] | None:
    """Give who signed, from valid lines; None when somebody does not meet what the campaign asks: it is said beside them."""
    found, is_wrong = [], False
    for form in formset:
        if not form.has_changed():
            continue
        one = form.signed()
        if refusal := line_refusal(one, campaign, at=at):
            form.add_error(BESIDE.get(refusal.code), refusal.message)
            is_wrong = True
        found.append(one)
    return None if is_wrong else found
