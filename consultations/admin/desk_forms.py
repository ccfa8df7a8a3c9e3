"""Forms of the desk: what somebody said, and the notes of a table."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import formset_factory
from django.utils import timezone

from city.models import District
from consultations import presentation, table_lines
from consultations.assisting import MAX_NOTES, Joined, Said, Table, table_label
from consultations.forms import BODY_LENGTH, FACT_LENGTH, PLACE_LENGTH, TITLE_LENGTHS, AttachmentForm
from consultations.models import Contribution, Section
from mulhouse.typed import ProseField

if TYPE_CHECKING:
    NoteForms = forms.BaseFormSet["NoteForm"]
else:
    NoteForms = forms.BaseFormSet

KINDS = {
    Contribution.Kind.OPINION.value: "Avis",
    Contribution.Kind.PROPOSAL.value: "Proposition",
    Contribution.Kind.QUESTION.value: "Question",
    Contribution.Kind.EXPERIENCE.value: "Expertise d’usage",
}
# What may be typed in a spreadsheet.
KIND_WORDS = {"avis": "opinion", "proposition": "proposal", "question": "question", "expertise d’usage": "experience"}
# What somebody says of a place they use.
USAGE = ("usage_when", "usage_frequency", "usage_role")
FIRST_ROWS = 5
MORE_ROWS = 5
SIGNATURE_LENGTH = 80
MAX_CSV_BYTES = 500_000


def section_choices(sections: Sequence[Section]) -> list[tuple[int, str]]:
    """Name the sections of a consultation by their number and title."""
    return [(section.pk, f"{rank}. {section.title}") for rank, section in enumerate(sections, start=1)]


def title_of(text: str) -> str:
    """Make the title of a note from its first words."""
    return presentation.shortened(text.split("\n", 1)[0], TITLE_LENGTHS[1] - 2)


class SaidForm(forms.Form):
    """What somebody says at the desk or on the phone, or wrote on paper."""

    section = forms.TypedChoiceField(
        label="Question à laquelle la personne répond", coerce=int, widget=forms.RadioSelect
    )
    kind = forms.ChoiceField(label="Ce qu’elle dit est", choices=list(KINDS.items()), widget=forms.RadioSelect)
    title = forms.CharField(
        label="Titre",
        max_length=TITLE_LENGTHS[1],
        required=False,
        help_text="Une phrase qui dit l’essentiel. Laissé vide, il reprend le début du texte.",
    )
    body = ProseField(
        label="Texte",
        rows=8,
        max_length=BODY_LENGTH,
        help_text="Ses mots, sans les corriger. Jamais de nom ni d’adresse\u00a0: le texte est public.",
    )
    usage_when = forms.CharField(label="Quand ?", max_length=FACT_LENGTH, required=False)
    usage_frequency = forms.CharField(label="À quel rythme ?", max_length=FACT_LENGTH, required=False)
    usage_role = forms.CharField(label="En tant que…", max_length=FACT_LENGTH, required=False)
    place = forms.CharField(
        label="Lieu dont elle parle",
        max_length=PLACE_LENGTH,
        required=False,
        help_text="Une rue, une place, un arrêt. Jamais son adresse.",
    )
    place_district = forms.ModelChoiceField(
        label="Quartier de ce lieu",
        queryset=District.objects.order_by("name"),
        required=False,
        empty_label="Aucun en particulier",
        help_text="Il place l’avis sur le plan des quartiers. Ce n’est pas forcément celui où elle habite.",
    )

    def __init__(self, *args: Any, sections: Sequence[Section], **options: Any) -> None:
        super().__init__(*args, **options)
        self.sections = {section.pk: section for section in sections}
        field = self.fields["section"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
        field.choices = [
            (section.pk, f"{rank}. {section.title}\u00a0: {section.question}")
            for rank, section in enumerate(sections, start=1)
        ]

    def said(self) -> Said:
        """Give what was typed."""
        given = self.cleaned_data
        return Said(
            section=self.sections[given["section"]],
            title=given["title"] or title_of(given["body"]),
            **{name: given[name] for name in ("kind", "body", "place", "place_district", *USAGE)},
        )


def joined(sent: Sequence[AttachmentForm]) -> list[Joined]:
    """Give the files that were joined, from their valid forms."""
    given = [form.cleaned_data for form in sent]
    return [Joined(one["upload"], one["alt"], one["is_decorative"]) for one in given if one.get("upload")]


class TableForm(forms.Form):
    """A table: its name, its meeting, who took the notes, how many sat there; and a sheet of notes when there is one."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    table = forms.CharField(label="Table", max_length=30, help_text="Par exemple «\u00a0Table 4\u00a0».")
    gathering = forms.CharField(
        label="Rencontre", max_length=30, initial="atelier", help_text="Atelier, réunion, forum…"
    )
    held_on = forms.DateField(label="Date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    rapporteur = forms.CharField(
        label="Qui a pris les notes",
        max_length=80,
        help_text="Sa fonction, jamais son nom\u00a0: «\u00a0animatrice\u00a0», «\u00a0membre du conseil citoyen\u00a0».",
    )
    people = forms.IntegerField(
        label="Personnes à la table",
        min_value=1,
        max_value=500,
        required=False,
        help_text="Comptées sur place. Elles ne sont pas identifiées\u00a0: ce nombre s’affiche à part des participants.",
    )

    def clean_held_on(self) -> dt.date:
        """Refuse a meeting to come."""
        day: dt.date = self.cleaned_data["held_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("Cette rencontre n’a pas encore eu lieu.")
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse a signature too long to be shown."""
        given: dict[str, Any] = super().clean() or {}
        whole = {"table", "gathering", "held_on", "rapporteur"} <= given.keys()
        if whole and len(table_label(self.value())) > SIGNATURE_LENGTH:
            raise forms.ValidationError("Raccourcissez le nom de la table ou de la rencontre.")
        return given

    def value(self) -> Table:
        """Give the table."""
        given = self.cleaned_data
        return Table(
            name=given["table"],
            gathering=given["gathering"],
            held_on=given["held_on"],
            rapporteur=given["rapporteur"],
            people=given.get("people"),
        )


class SheetForm(forms.Form):
    """Notes from a spreadsheet, pasted or in a file."""

    lines = ProseField(
        label="Coller des lignes d’un tableur",
        rows=5,
        required=False,
        help_text="Une note par ligne, trois colonnes\u00a0: le numéro ou le titre de la partie, la sorte (avis, proposition, question, "
        "expertise d’usage), le texte.",
    )
    file = forms.FileField(label="Ou choisir un fichier CSV", required=False)

    def clean_file(self) -> Any:
        """Refuse what is too large to be notes: reading the beginning would lose the end."""
        file = self.cleaned_data.get("file")
        if file is not None and file.size > MAX_CSV_BYTES:
            raise forms.ValidationError("Ce fichier dépasse 500 ko : ce ne sont pas les notes d’une table.")
        return file

    def text(self) -> str:
        """Give what was pasted, else what the file holds."""
        given = self.cleaned_data
        file = given.get("file")
        return str(given["lines"]) or (_decoded(file.read()) if file else "")


def _decoded(content: bytes) -> str:
    """Read a file as spreadsheets write it: UTF-8, or the old code page of Windows."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


class NoteForm(forms.Form):
    """One note."""

    section = forms.TypedChoiceField(label="Partie", coerce=int, error_messages={"required": "Choisissez la partie."})
    kind = forms.ChoiceField(
        label="Sorte",
        initial=Contribution.Kind.PROPOSAL.value,
        error_messages={"required": "Choisissez la sorte."},
    )
    text = ProseField(label="Note", rows=2, max_length=BODY_LENGTH)

    def __init__(self, *args: Any, sections: Sequence[Section], **options: Any) -> None:
        super().__init__(*args, **options)
        for name, choices in (("section", section_choices(sections)), ("kind", list(KINDS.items()))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
            # What a sheet did not say is chosen by the agent: the first of the list would be a guess.
            unknown = self.is_bound and self.data.get(self.add_prefix(name)) == ""
            field.choices = [("", "Choisissez"), *choices] if unknown else choices

    def has_changed(self) -> bool:
        """Tell whether something was written: a section and a sort alone are an empty line."""
        return bool(str(self.data.get(self.add_prefix("text"), "")).strip()) if self.is_bound else super().has_changed()


def note_formset(
    sections: Sequence[Section], data: Any = None, *, initial: Any = (), rows: int = FIRST_ROWS
) -> NoteForms:
    """Make the rows of notes: those given, and empty ones up to `rows`."""
    factory = formset_factory(NoteForm, extra=max(0, rows - len(initial)), max_num=MAX_NOTES, validate_max=True)
    return factory(data, initial=list(initial), form_kwargs={"sections": sections}, prefix="note")


def notes(formset: NoteForms, sections: Sequence[Section]) -> list[Said]:
    """Give the notes that were written, in their order."""
    known = {section.pk: section for section in sections}
    return [
        Said(
            section=known[form.cleaned_data["section"]],
            kind=form.cleaned_data["kind"],
            title=title_of(form.cleaned_data["text"]),
            body=form.cleaned_data["text"],
        )
        for form in formset
        if form.has_changed()
    ]


def typed_rows(formset: NoteForms) -> list[dict[str, str]]:
    """Give the lines as they were typed, right or wrong, the empty ones left out."""
    rows = [{name: str(form[name].value() or "") for name in ("section", "kind", "text")} for form in formset]
    return [row for row in rows if row["text"].strip()]


def read_rows(
    rows: Sequence[dict[str, str]], lines: Sequence[table_lines.Line], sections: Sequence[Section]
) -> NoteForms:
    """Put the lines of a sheet below the rows that were typed, what is wrong beside each, some empty rows below."""
    read = [
        {"section": str(sections[line.section - 1].pk) if line.section else "", "kind": line.kind, "text": line.text}
        for line in lines
    ]
    first = {"section": str(sections[0].pk), "kind": Contribution.Kind.PROPOSAL.value, "text": ""}
    whole = [*rows, *read, *[first] * MORE_ROWS][: max(MAX_NOTES, len(rows) + len(read))]
    typed = {f"note-{rank}-{name}": value for rank, row in enumerate(whole) for name, value in row.items()}
    formset = note_formset(sections, {"note-TOTAL_FORMS": len(whole), "note-INITIAL_FORMS": 0, **typed})
    formset.is_valid()
    for form, line in zip(formset.forms[len(rows) :], lines, strict=False):
        for name, message in line.problems.items():
            form.errors.pop(name, None)
            form.add_error(name, message)
    return formset
