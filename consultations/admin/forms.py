"""Forms of the consultation workspace: they check and explain, `editing` writes."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pypdf
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms import formset_factory
from django.utils.html import format_html, linebreaks
from django_prose_editor.widgets import ProseEditorWidget

from consultations import editing, editing_rules, phases
from consultations.models import Consultation, Document, Phase, Section
from mulhouse import uploads
from mulhouse.reasons import ReasonField

if TYPE_CHECKING:
    ConsultationModelForm = forms.ModelForm[Consultation]
    DocumentModelForm = forms.ModelForm[Document]
    PhaseForms = forms.BaseFormSet["PhaseForm"]
    SectionForms = forms.BaseFormSet["SectionForm"]
    Upload = UploadedFile[bytes]
else:
    ConsultationModelForm = DocumentModelForm = forms.ModelForm
    PhaseForms = SectionForms = forms.BaseFormSet
    Upload = UploadedFile

MAX_DOCUMENT_BYTES = 20_000_000
BLANK_SECTIONS = 2

# In a table the editor keeps the Tab key for itself: somebody who has no mouse is told the way out.
LEAVING = "Dans un tableau, la touche Tab change de cellule et les flèches en sortent."

# What the editor offers is what `markup.clean_html(staff=True)` keeps.
EDITOR = {
    "extensions": {
        "Bold": True,
        "Italic": True,
        "Heading": {"levels": [3, 4]},
        "BulletList": True,
        "ListItem": True,
        "HardBreak": True,
        "OrderedList": True,
        "Blockquote": True,
        "HorizontalRule": True,
        "Link": {"enableTarget": False, "protocols": ["https", "http", "mailto", "tel"]},
        "Table": True,
        "TableRow": True,
        "TableHeader": True,
        "TableCell": True,
        "Superscript": True,
        "Subscript": True,
        "History": True,
        # Agents write French: the browser checks their spelling.
        "NoSpellCheck": False,
    }
}


class RichTextField(forms.CharField):
    """A text with headings, lists and tables; without script it is plain text or HTML in a text area."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=ProseEditorWidget(config=EDITOR, preset="configurable"), **options)
        self.help_text = f"{self.help_text} {LEAVING}"

    def clean(self, value: Any) -> str:
        """Make paragraphs of a plain text."""
        text = str(super().clean(value) or "")
        if text in {"<p></p>", "<p><br></p>"}:
            return ""
        return linebreaks(text, autoescape=True) if text and "<" not in text else text


class VersionedForm(forms.Form):
    """A form that remembers what the agent saw, and asks for a reason once the consultation is public."""

    seen = forms.CharField(widget=forms.HiddenInput)
    reason = ReasonField(
        label="Motif du changement",
        required=False,
        help_text="Cette consultation est publique. Si vous changez une date, une question ou une règle, dites pourquoi en une "
        "phrase\u00a0: le motif va au registre public, avec l’ancien texte et le nouveau.",
    )

    def bind_to(self, consultation: Consultation) -> None:
        """Fit the form to the state of the consultation."""
        self.fields["seen"].initial = editing.version(consultation)
        if consultation.published_at is None:
            del self.fields["reason"]


class CreateForm(ConsultationModelForm):
    """The least a consultation needs to exist: the rest comes page by page."""

    class Meta:
        model = Consultation
        fields = ("title", "summary", "theme", "service")
        labels: ClassVar[dict[str, str]] = {
            "title": "Titre",
            "summary": "En bref",
            "theme": "Thème",
            "service": "Service responsable",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "title": "Court et concret, sans sigle. Par exemple «\u00a0Quels arbres place de la Paix\u00a0?\u00a0».",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {"summary": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["summary"].help_text = _summary_help("")

    def clean_summary(self) -> str:
        """Refuse a summary that is not one."""
        return _checked_summary(self.cleaned_data["summary"])


class PresentationForm(VersionedForm, ConsultationModelForm):
    """What a consultation says about itself."""

    description = RichTextField(
        label="Présentation",
        required=False,
        help_text="Le texte complet, avec des intertitres. Les titres commencent au troisième niveau\u00a0: la page a déjà les siens.",
    )
    new_image = forms.FileField(
        label="Image",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text="JPEG, PNG ou WebP. Elle est réduite, et les informations cachées (lieu, appareil) sont retirées.",
    )
    remove_image = forms.BooleanField(label="Retirer l’image actuelle", required=False)

    class Meta:
        model = Consultation
        fields = (
            "title",
            "slug",
            "summary",
            "theme",
            "districts",
            "open_to_discussion",
            "not_open",
            "decider",
            "budget_euros",
            "budget_note",
            "service",
            "service_function",
            "residency_level",
            "minimum_age",
            "restitution_days",
            "takes_contributions",
            "takes_positions",
            "takes_comments",
            "moderation",
            "review_hours",
            "city_commitment",
            "place_name",
            "place_address",
            "latitude",
            "longitude",
            "image_alt",
        )
        labels: ClassVar[dict[str, str]] = {
            "slug": "Adresse de la page",
            "summary": "En bref",
            "districts": "Quartiers concernés",
            "open_to_discussion": "Ce qui est ouvert à la discussion",
            "not_open": "Ce qui ne l’est pas",
            "budget_euros": "Budget, en euros",
            "minimum_age": "Âge minimum",
            "restitution_days": "Réponse promise, en jours",
            "takes_contributions": "Écrire un avis",
            "takes_positions": "Prendre position sur un avis",
            "takes_comments": "Commenter un avis",
            "moderation": "Relecture des textes par la modération",
            "review_hours": "Délai de relecture, en heures ouvrées",
            "city_commitment": "Ce à quoi la Ville s’engage",
            "image_alt": "Texte de remplacement de l’image",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "slug": "Des mots sans accent, séparés par des tirets. Elle ne change plus après la publication.",
            "districts": "Aucun coché\u00a0: toute la ville.",
            "open_to_discussion": "Une ligne par point.",
            "not_open": "Une ligne par point, avec la raison si elle tient en quelques mots.",
            "decider": "L’instance qui décidera, par exemple «\u00a0Le conseil municipal\u00a0».",
            "service_function": "La fonction, jamais un nom\u00a0: par exemple «\u00a0Responsable des espaces verts\u00a0».",
            "restitution_days": "Après le dernier jour de la phase d’avis\u00a0: 30 jours d’habitude. "
            "La promesse est publique, et le retard aussi.",
            "moderation": "Avant publication\u00a0: chaque texte attend la relecture. Annoncé aux habitants, et fixé à la publication.",
            "review_hours": "Pour la relecture avant publication\u00a0: le délai annoncé à côté du formulaire. "
            "Huit heures par jour ouvré, de 9\u00a0h à 17\u00a0h\u00a0; c’est aussi l’échéance du dossier de modération.",
            "image_alt": "Ce que l’image montre, en une phrase. Elle est lue à voix haute à qui ne la voit pas.",
            "latitude": "Facultatif, à Mulhouse ou tout près\u00a0: par exemple 47,7467.",
            "longitude": "Par exemple 7,3389.",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "summary": forms.Textarea(attrs={"rows": 5}),
            "districts": forms.CheckboxSelectMultiple(),
            "open_to_discussion": forms.Textarea(attrs={"rows": 4}),
            "not_open": forms.Textarea(attrs={"rows": 4}),
            "city_commitment": forms.Textarea(attrs={"rows": 3}),
            "residency_level": forms.RadioSelect(),
            "moderation": forms.RadioSelect(),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["summary"].help_text = _summary_help(self.instance.summary)
        self.fields["description"].initial = self.instance.description
        if not self.instance.image:
            del self.fields["remove_image"]
        if self.instance.published_at is not None:
            for fixed in ("slug", "moderation", "review_hours"):
                del self.fields[fixed]
        for name, field in self.fields.items():
            if name not in {"description", "seen"}:
                field.label = str(field.label)[:1].upper() + str(field.label)[1:]
        self.bind_to(self.instance)

    @property
    def review_fields(self) -> list[forms.BoundField]:
        """Give how the texts are read by moderation: chosen before publication, nothing to choose after it."""
        return [self[name] for name in ("moderation", "review_hours") if name in self.fields]

    def clean_summary(self) -> str:
        """Refuse a summary that is not one."""
        return _checked_summary(self.cleaned_data["summary"])

    def clean_new_image(self) -> uploads.CleanFile | None:
        """Decode the image anew, so that nothing but its pixels is kept."""
        given: Upload | None = self.cleaned_data["new_image"]
        if given is None:
            return None
        if (given.size or 0) > MAX_DOCUMENT_BYTES:
            raise forms.ValidationError("Cette image dépasse 20\u00a0Mo. Réduisez-la ou choisissez-en une autre.")
        return _cleaned(uploads.clean_photo, given)

    def clean(self) -> dict[str, Any]:
        """Ask for the words that stand for the image; forget them with it."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        keeps = bool(values.get("new_image")) or (bool(self.instance.image) and not values.get("remove_image"))
        if keeps and not values.get("image_alt") and "new_image" not in self.errors:
            self.add_error("image_alt", "Décrivez l’image en une phrase.")
        if not keeps:
            values["image_alt"] = ""
        return values

    def values(self) -> dict[str, Any]:
        """Give what the action writes."""
        return {name: self.cleaned_data[name] for name in editing.PRESENTATION if name in self.cleaned_data}


class PhaseForm(forms.Form):
    """A phase; left blank, it does not exist."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label="Nom", max_length=60, required=False)
    kind = forms.ChoiceField(label="Sorte", choices=[("", "Choisir…"), *Phase.Kind.choices], required=False)
    starts_on = forms.DateField(
        label="Premier jour", required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label="Dernier jour",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    remove = forms.BooleanField(label="Retirer cette phase", required=False)

    def is_blank(self) -> bool:
        """Tell whether nothing was written here, or the phase goes."""
        given = self.cleaned_data
        return bool(given.get("remove")) or not any(
            given.get(name) for name in ("name", "kind", "starts_on", "ends_on")
        )

    def clean(self) -> dict[str, Any]:
        """A phase that is begun is finished: name, kind and first day."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.is_blank():
            for name, words in (
                ("name", "Donnez un nom à cette phase."),
                ("kind", "Choisissez ce qui s’y passe."),
                ("starts_on", "Indiquez le premier jour."),
            ):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return values

    def edit(self) -> editing_rules.PhaseEdit:
        """Give what the action writes."""
        given = self.cleaned_data
        span = phases.Span(phases.Kind(given["kind"]), given["name"], given["starts_on"], given["ends_on"])
        return editing_rules.PhaseEdit(given["pk"], span)


class BasePhaseFormSet(PhaseForms):
    """The phases of a consultation: at most six, shown all at once."""

    consultation: Consultation
    at: dt.datetime

    def clean(self) -> None:
        """Put each problem beside the field it is about."""
        if any(self.errors):
            return
        written = sorted(
            (form for form in self.forms if not form.is_blank()), key=lambda form: form.cleaned_data["starts_on"]
        )
        edits = [form.edit() for form in written]
        found = editing_rules.phase_problems(
            list(self.consultation.phases.all()),
            edits,
            published=self.consultation.published_at is not None,
            at=self.at,
        )
        for problem in found:
            if problem.at is None:
                raise forms.ValidationError(problem.message)
            written[problem.at].add_error(problem.field, problem.message)

    def edits(self) -> list[editing_rules.PhaseEdit]:
        """Give what the action writes."""
        return [form.edit() for form in self.forms if not form.is_blank()]


PhaseFormSet: Any = formset_factory(
    PhaseForm,
    formset=BasePhaseFormSet,
    extra=0,
    max_num=phases.MAX_PHASES,
    absolute_max=phases.MAX_PHASES,
    validate_max=True,
)


def phase_formset(consultation: Consultation, data: Any, *, at: dt.datetime) -> BasePhaseFormSet:
    """Make the form of the phases: those that exist, then blanks up to six."""
    rows = [
        {"pk": phase.pk, "name": phase.name, "kind": phase.kind, "starts_on": phase.starts_on, "ends_on": phase.ends_on}
        for phase in sorted(consultation.phases.all(), key=lambda phase: phase.position)
    ]
    formset: BasePhaseFormSet = PhaseFormSet(
        data, initial=rows + [{}] * (phases.MAX_PHASES - len(rows)), prefix="phase"
    )
    formset.consultation, formset.at = consultation, at
    return formset


class SectionForm(forms.Form):
    """A section and its question; left blank, it does not exist."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(label="Titre de la partie", max_length=120, required=False)
    question = forms.CharField(
        label="Question posée aux habitants",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Une seule question, ouverte, que tout le monde comprend.",
    )
    order = forms.IntegerField(label="Ordre", min_value=1, max_value=99, required=False)
    remove = forms.BooleanField(label="Retirer cette partie", required=False)

    def is_blank(self) -> bool:
        """Tell whether nothing was written here, or the section goes."""
        given = self.cleaned_data
        return bool(given.get("remove")) or not (given.get("title") or given.get("question"))

    def clean(self) -> dict[str, Any]:
        """A section has a title and a question."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.is_blank():
            for name, words in (
                ("title", "Donnez un titre à cette partie."),
                ("question", "Écrivez la question posée."),
            ):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return values


class BaseSectionFormSet(SectionForms):
    """The sections of a consultation, with some blanks for new ones."""

    def edits(self) -> list[editing.SectionEdit]:
        """Give what the action writes, in the order asked for; a section without a number comes last."""
        written = [form.cleaned_data for form in self.forms if not form.is_blank()]
        return [
            editing.SectionEdit(given["pk"], given["title"], given["question"])
            for given in sorted(written, key=lambda given: given["order"] or 100)
        ]


SectionFormSet: Any = formset_factory(SectionForm, formset=BaseSectionFormSet, extra=0, max_num=60, absolute_max=60)


def section_formset(sections: Sequence[Section], data: Any) -> BaseSectionFormSet:
    """Make the form of the sections: those that exist, then blanks."""
    rows: list[dict[str, Any]] = [
        {"pk": section.pk, "title": section.title, "question": section.question, "order": place}
        for place, section in enumerate(sections, start=1)
    ]
    blanks = [{"order": len(rows) + number} for number in range(1, BLANK_SECTIONS + 1)]
    formset: BaseSectionFormSet = SectionFormSet(data, initial=rows + blanks, prefix="partie")
    return formset


class DocumentForm(DocumentModelForm):
    """A document: its type and size are read from its content."""

    html_body = RichTextField(
        label="Le même contenu en page",
        required=False,
        help_text="Obligatoire si le document n’est pas accessible. Collez le texte, avec ses titres et ses tableaux.",
    )
    new_file = forms.FileField(
        label="Fichier",
        widget=forms.FileInput(attrs={"accept": ".pdf,.odt,application/pdf," + uploads.ODT_TYPE}),
        help_text="PDF ou ODT, 20\u00a0Mo au plus. L’auteur et les autres informations cachées sont retirés.",
    )

    class Meta:
        model = Document
        fields = ("title", "position", "is_accessible")
        labels: ClassVar[dict[str, str]] = {
            "title": "Titre",
            "position": "Ordre",
            "is_accessible": "Ce document est accessible\u00a0: un lecteur d’écran peut le lire en entier",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "is_accessible": "Balisé, avec ses titres, ses textes de remplacement et son ordre de lecture. Dans le doute, ne cochez pas.",
        }

    field_order = ("title", "new_file", "is_accessible", "html_body", "position")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["html_body"].initial = self.instance.html_body
        if self.instance.pk:
            self.fields["new_file"].required = False
            self.fields["new_file"].label = "Remplacer le fichier"

    def clean_new_file(self) -> uploads.CleanFile | None:
        """Recognise the file by its content and take out what it hides."""
        given: Upload | None = self.cleaned_data["new_file"]
        if given is None:
            return None
        file = _cleaned(lambda name, data: uploads.clean(name, data, max_bytes=MAX_DOCUMENT_BYTES), given)
        if file.kind != "document":
            raise forms.ValidationError("Une image ne se lit pas à voix haute. Donnez un PDF ou un ODT.")
        return file

    def clean(self) -> dict[str, Any]:
        """An accessible PDF has tags; another document comes with a page."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        file = values.get("new_file")
        if values.get("is_accessible") and isinstance(file, uploads.CleanFile) and not has_structure(file):
            self.add_error(
                "is_accessible",
                "Ce PDF n’a pas de balises\u00a0: il n’est pas accessible. Décochez, et donnez aussi la page.",
            )
        elif not values.get("is_accessible") and not values.get("html_body"):
            self.add_error("html_body", "Ce document n’est pas accessible\u00a0: donnez aussi son contenu en page.")
        return values


def has_structure(file: uploads.CleanFile) -> bool:
    """Tell whether a document can be accessible at all: a PDF without tags is not."""
    if file.content_type != uploads.PDF_TYPE:
        return True
    return "/StructTreeRoot" in pypdf.PdfReader(io.BytesIO(file.content)).root_object


def _cleaned(clean: Any, given: Upload) -> uploads.CleanFile:
    try:
        file: uploads.CleanFile = clean(given.name or "fichier", given.read())
    except uploads.RejectedFileError as error:
        raise forms.ValidationError(error.message) from error
    return file


def _checked_summary(summary: str) -> str:
    count = editing_rules.count_words(summary)
    if count > editing_rules.SUMMARY_WORDS:
        raise forms.ValidationError(
            f"Ce résumé a {count} mots, {editing_rules.SUMMARY_WORDS} au plus. Gardez une idée par phrase, cinq phrases."
        )
    return summary


def _summary_help(summary: str) -> str:
    return format_html(
        "Cinq phrases courtes, en langage clair, {} mots au plus. Pas de sigle, une idée par phrase.{}",
        editing_rules.SUMMARY_WORDS,
        f" Enregistré\u00a0: {editing_rules.count_words(summary)} mots." if summary else "",
    )
