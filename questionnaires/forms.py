"""One page of a questionnaire as a form: it checks what was typed and gives the values that can be kept."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.datastructures import MultiValueDict
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from city.models import District
from mulhouse import uploads
from questionnaires import keys
from questionnaires.conditions import Given
from questionnaires.models import OTHER_LENGTH, TEXT_LENGTH, Answer, Question, ResponseFile
from questionnaires.outline import Asking

Kind = Question.Kind
NO_ANSWER = gettext_lazy("Sans réponse")
# A draft keeps what was typed even when it is too long, up to here.
KEPT_LENGTH = 3 * TEXT_LENGTH
# A field that people do not see: what fills it is a program.
TRAP = "site_web"


@dataclass(frozen=True)
class Block:
    """A question as the page shows it: one field, with « autre » below, or a group of them."""

    asking: Asking
    fields: Sequence[BoundField]
    is_group: bool
    file: ResponseFile | None = None
    file_url: str = ""


def _words(text: str) -> str:
    return str(escape(text))


def _required(message: Any) -> dict[str, Any]:
    return {"required": message, "invalid_choice": message, "invalid_list": message}


CHOOSE = gettext_lazy("Choisissez une réponse.")


class ResumeForm(forms.Form):
    """The key of a response, however it is typed."""

    key = forms.CharField(
        label=gettext_lazy("Votre clé"),
        help_text=gettext_lazy(
            "Vingt-quatre lettres et chiffres. Les tirets, les espaces et les majuscules ne comptent pas."
        ),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Écrivez votre clé.")},
    )

    def clean_key(self) -> str:
        """Read it past its dashes and look-alikes."""
        key = keys.typed(str(self.cleaned_data["key"]))
        if not key:
            raise forms.ValidationError(_("Une clé a vingt-quatre signes. Relisez la vôtre."), code="not_a_key")
        return key


class ProseField(forms.CharField):
    """A text of some lines: a line break counts for one character, whatever the browser sends."""

    def to_python(self, value: Any) -> str:
        """Read line breaks as one character."""
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class PageForm(forms.Form):
    """The questions of a page that are asked. Names: `q<key>`, then `_autre`, `_l<row>`, `_r<rank>`, `_retirer`."""

    use_required_attribute = False

    def __init__(
        self,
        data: MultiValueDict[str, str] | None,
        files: Any = None,
        *,
        askings: Sequence[Asking],
        kept: Mapping[int, ResponseFile] | None = None,
        initial: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(data, files)
        self.askings = askings
        self.kept = kept or {}
        self.uploads: dict[int, uploads.CleanFile] = {}
        for asking in askings:
            BUILDERS[asking.kind](self, asking)
        for name, values in (initial or {}).items():
            if name in self.fields and values:
                several = isinstance(self.fields[name], forms.MultipleChoiceField)
                self.initial[name] = list(values) if several else values[0]

    # --- Fields, one builder for each kind -----------------------------------------------------------------------------

    def add(self, name: str, field: forms.Field) -> None:
        """Add a field."""
        self.fields[name] = field

    def add_other(self, asking: Asking) -> None:
        """Ask for the words of « autre »."""
        if asking.other is not None:
            label = _("Si vous avez choisi «\u00a0%(option)s\u00a0», précisez") % {"option": asking.other.label}
            self.add(f"q{asking.pk}_autre", forms.CharField(label=label, max_length=OTHER_LENGTH, required=False))

    # --- Reading -------------------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        """Check what goes over several fields: « autre », the number of choices, a ranking, a file."""
        given = super().clean() or {}
        for asking in self.askings:
            check = CHECKS.get(asking.kind)
            if check is not None:
                check(self, asking)
        return given

    def value(self, name: str) -> Any:
        """Give what was typed in a field, once valid."""
        return self.cleaned_data.get(name)

    def given(self) -> dict[int, Given]:
        """Give what conditions look at; what is wrong or missing is no answer."""
        found: dict[int, Given] = {}
        for asking in self.askings:
            value = self.value(f"q{asking.pk}")
            if value in (None, "", []):
                continue
            if asking.kind in (Kind.SINGLE, Kind.MULTIPLE):
                chosen = value if isinstance(value, list) else [value]
                found[asking.pk] = Given(options=frozenset(int(key) for key in chosen))
            elif asking.kind in (Kind.SCALE, Kind.NUMBER):
                found[asking.pk] = Given(number=Decimal(value))
        return found

    def answers(self) -> list[Answer]:
        """Give the values to keep, not yet tied to a response."""
        return [answer for asking in self.askings for answer in ANSWERS[asking.kind](self, asking)]

    def typed(self, data: MultiValueDict[str, str]) -> dict[str, list[str]]:
        """Give what was typed as it is, right or wrong: nothing is lost."""
        return {
            name: [value.replace("\x00", "")[:KEPT_LENGTH] for value in data.getlist(name)]
            for name, field in self.fields.items()
            if not isinstance(field, forms.FileField) and not name.endswith("_retirer")
        }

    def blocks(self) -> list[Block]:
        """Give the questions in order, each with its fields."""
        return [
            Block(
                asking=asking,
                fields=[
                    self[name] for name in self.fields if name == f"q{asking.pk}" or name.startswith(f"q{asking.pk}_")
                ],
                is_group=asking.kind in (Kind.MATRIX, Kind.RANKING),
                file=self.kept.get(asking.pk),
            )
            for asking in self.askings
        ]

    def words(self, asking: Asking) -> str:
        """Say an answer in words, for the page where one checks it; "" for none."""
        return "\n".join(_in_words(answer, asking) for answer in ANSWERS[asking.kind](self, asking))


def _in_words(answer: Answer, asking: Asking) -> str:
    option = next((option.label for option in asking.options if option.pk == answer.option_id), "")
    if answer.row_id is not None:
        row = next(row.label for row in asking.rows if row.pk == answer.row_id)
        return _("%(row)s\u00a0: %(answer)s") % {"row": row, "answer": option}
    if answer.rank is not None:
        return f"{answer.rank}. {option}"
    if answer.option_id is not None:
        return f"{option} ({answer.text})" if answer.text else option
    if answer.number is not None:
        number = f"{answer.number.normalize():f}".replace(".", ",")
        return f"{number}\u00a0{asking.question.unit}" if asking.question.unit else number
    if answer.district is not None:
        return answer.district.name
    return answer.file.name if answer.file is not None else answer.text


# --- One choice, several choices ---------------------------------------------------------------------------------------


def _single(form: PageForm, asking: Asking) -> None:
    question = asking.question
    choices = [(str(option.pk), option.label) for option in asking.options]
    if not question.is_required:
        choices.append(("", str(NO_ANSWER)))
    field = forms.ChoiceField(
        label=question.label,
        help_text=_words(question.help),
        choices=choices,
        required=question.is_required,
        widget=forms.RadioSelect,
        error_messages=_required(CHOOSE),
    )
    form.add(f"q{asking.pk}", field)
    form.add_other(asking)


def _multiple(form: PageForm, asking: Asking) -> None:
    question, most = asking.question, asking.question.max_choices
    limit = ngettext("%(n)s réponse au plus.", "%(n)s réponses au plus.", most) % {"n": most} if most else ""
    field = forms.MultipleChoiceField(
        label=question.label,
        help_text=" ".join(filter(None, (_words(question.help), limit or _("Plusieurs réponses possibles.")))),
        choices=[(str(option.pk), option.label) for option in asking.options],
        required=question.is_required,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_required(gettext_lazy("Choisissez au moins une réponse.")),
    )
    form.add(f"q{asking.pk}", field)
    form.add_other(asking)


def _check_choice(form: PageForm, asking: Asking) -> None:
    value = form.value(f"q{asking.pk}") or []
    chosen = value if isinstance(value, list) else [value]
    most = asking.question.max_choices
    if asking.kind == Kind.MULTIPLE and most and len(chosen) > most:
        words = ngettext(
            "Gardez %(n)s réponse au plus.", "Gardez %(n)s réponses au plus, vous en avez choisi %(chosen)s.", most
        )
        form.add_error(f"q{asking.pk}", words % {"n": most, "chosen": len(chosen)})
    if asking.other is not None and str(asking.other.pk) in chosen and not form.value(f"q{asking.pk}_autre"):
        form.add_error(f"q{asking.pk}_autre", _("Précisez votre réponse en quelques mots."))


def _choice_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    value = form.value(f"q{asking.pk}") or []
    chosen = {int(key) for key in (value if isinstance(value, list) else [value])}
    for option in asking.options:
        if option.pk in chosen:
            text = form.value(f"q{asking.pk}_autre") or "" if option.is_other else ""
            yield Answer(question_id=asking.pk, option_id=option.pk, text=text)


# --- Scale, number -----------------------------------------------------------------------------------------------------


def _scale(form: PageForm, asking: Asking) -> None:
    question = asking.question
    lowest, highest = question.lowest or 0, question.highest or 0
    ends = {lowest: question.lowest_label, highest: question.highest_label}
    choices = [
        (
            str(step),
            _("%(step)s\u00a0: %(words)s") % {"step": step, "words": ends[step]} if ends.get(step) else str(step),
        )
        for step in range(lowest, highest + 1)
    ]
    if not question.is_required:
        choices.append(("", str(NO_ANSWER)))
    field = forms.ChoiceField(
        label=question.label,
        help_text=_words(question.help),
        choices=choices,
        required=question.is_required,
        widget=forms.RadioSelect,
        error_messages=_required(CHOOSE),
    )
    form.add(f"q{asking.pk}", field)


def _number(form: PageForm, asking: Asking) -> None:
    question = asking.question
    bounds = ""
    if question.lowest is not None and question.highest is not None:
        bounds = _("De %(lowest)s à %(highest)s.") % {"lowest": question.lowest, "highest": question.highest}
    unit = _("En %(unit)s.") % {"unit": question.unit} if question.unit else ""
    field = forms.DecimalField(
        label=question.label,
        help_text=" ".join(filter(None, (_words(question.help), _words(unit), bounds))),
        required=question.is_required,
        min_value=question.lowest,
        max_value=question.highest,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": gettext_lazy("Indiquez un nombre."),
            "invalid": gettext_lazy("Indiquez un nombre, en chiffres."),
        },
    )
    form.add(f"q{asking.pk}", field)


def _number_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    value = form.value(f"q{asking.pk}")
    if value not in (None, ""):
        yield Answer(question_id=asking.pk, number=Decimal(value))


# --- Table, ranking ----------------------------------------------------------------------------------------------------


def _matrix(form: PageForm, asking: Asking) -> None:
    choices = [(str(option.pk), option.label) for option in asking.options]
    if not asking.question.is_required:
        choices.append(("", str(NO_ANSWER)))
    for row in asking.rows:
        field = forms.ChoiceField(
            label=row.label,
            choices=choices,
            required=asking.question.is_required,
            widget=forms.RadioSelect,
            error_messages=_required(gettext_lazy("Choisissez une réponse pour cette ligne.")),
        )
        form.add(f"q{asking.pk}_l{row.pk}", field)


def _matrix_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    for row in asking.rows:
        if value := form.value(f"q{asking.pk}_l{row.pk}"):
            yield Answer(question_id=asking.pk, row_id=row.pk, option_id=int(value))


def _ranks(asking: Asking) -> range:
    return range(1, min(asking.question.max_choices or len(asking.options), len(asking.options)) + 1)


def _ranking(form: PageForm, asking: Asking) -> None:
    choices = [("", _("Choisissez")), *((str(option.pk), option.label) for option in asking.options)]
    for rank in _ranks(asking):
        label = _("Votre premier choix") if rank == 1 else _("Votre choix n°\u00a0%(rank)s") % {"rank": rank}
        field = forms.ChoiceField(
            label=label,
            choices=choices,
            required=asking.question.is_required and rank == 1,
            error_messages=_required(gettext_lazy("Choisissez ce que vous mettez en premier.")),
        )
        form.add(f"q{asking.pk}_r{rank}", field)


def _check_ranking(form: PageForm, asking: Asking) -> None:
    seen: set[str] = set()
    gap = ""
    for rank in _ranks(asking):
        name = f"q{asking.pk}_r{rank}"
        value = form.value(name)
        if not value:
            gap = gap or name
        elif value in seen:
            form.add_error(name, _("Vous avez déjà classé cette réponse plus haut."))
        elif gap:
            if gap not in form.errors:
                form.add_error(gap, _("Remplissez ce rang avant les suivants."))
            gap = gap or name
        if value:
            seen.add(value)


def _ranking_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    for rank in _ranks(asking):
        if value := form.value(f"q{asking.pk}_r{rank}"):
            yield Answer(question_id=asking.pk, option_id=int(value), rank=rank)


# --- Text, district, file ----------------------------------------------------------------------------------------------


def _text(form: PageForm, asking: Asking) -> None:
    field = ProseField(
        label=asking.question.label,
        help_text=_words(asking.question.help),
        required=asking.question.is_required,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": gettext_lazy("Écrivez votre réponse."),
            "max_length": gettext_lazy("Votre texte dépasse 1\u00a0500 caractères. Raccourcissez-le."),
        },
    )
    form.add(f"q{asking.pk}", field)


def _text_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    if text := form.value(f"q{asking.pk}"):
        yield Answer(question_id=asking.pk, text=text)


def _district(form: PageForm, asking: Asking) -> None:
    field = forms.ModelChoiceField(
        label=asking.question.label,
        help_text=_words(asking.question.help),
        queryset=District.objects.all(),
        required=asking.question.is_required,
        empty_label=_("Choisissez un quartier"),
        error_messages=_required(gettext_lazy("Choisissez un quartier.")),
    )
    form.add(f"q{asking.pk}", field)


def _district_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    if district := form.value(f"q{asking.pk}"):
        yield Answer(question_id=asking.pk, district=district)


def _file(form: PageForm, asking: Asking) -> None:
    kept = form.kept.get(asking.pk)
    help_text = _("JPEG, PNG, WebP, PDF ou ODT, 5\u00a0Mo au plus. Seuls les agents de la Ville le verront.")
    field = forms.FileField(
        label=asking.question.label,
        help_text=" ".join(filter(None, (_words(asking.question.help), help_text))),
        required=asking.question.is_required and kept is None,
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
        error_messages={
            "required": gettext_lazy("Joignez un fichier."),
            "empty": gettext_lazy("Ce fichier est vide. Choisissez-en un autre."),
        },
    )
    form.add(f"q{asking.pk}", field)
    if kept is not None:
        label = _("Retirer «\u00a0%(name)s\u00a0»") % {"name": kept.name}
        form.add(f"q{asking.pk}_retirer", forms.BooleanField(label=label, required=False))


def _check_file(form: PageForm, asking: Asking) -> None:
    name = f"q{asking.pk}"
    sent = form.value(name)
    if not sent:
        if asking.question.is_required and form.value(f"{name}_retirer"):
            form.add_error(name, _("Joignez un fichier."))
        return
    if sent.size > uploads.MAX_BYTES:
        form.add_error(name, _("Ce fichier dépasse 5\u00a0Mo. Réduisez-le ou choisissez-en un autre."))
        return
    try:
        form.uploads[asking.pk] = uploads.clean(sent.name, sent.read())
    except uploads.RejectedFileError as error:
        form.add_error(name, error.message)


def _file_answers(form: PageForm, asking: Asking) -> Iterable[Answer]:
    kept = form.kept.get(asking.pk)
    if kept is not None and not form.value(f"q{asking.pk}_retirer"):
        yield Answer(question_id=asking.pk, file=kept)


BUILDERS = {
    Kind.SINGLE.value: _single,
    Kind.MULTIPLE.value: _multiple,
    Kind.SCALE.value: _scale,
    Kind.MATRIX.value: _matrix,
    Kind.RANKING.value: _ranking,
    Kind.TEXT.value: _text,
    Kind.NUMBER.value: _number,
    Kind.DISTRICT.value: _district,
    Kind.FILE.value: _file,
}
CHECKS = {
    Kind.SINGLE.value: _check_choice,
    Kind.MULTIPLE.value: _check_choice,
    Kind.RANKING.value: _check_ranking,
    Kind.FILE.value: _check_file,
}
ANSWERS = {
    Kind.SINGLE.value: _choice_answers,
    Kind.MULTIPLE.value: _choice_answers,
    Kind.SCALE.value: _number_answers,
    Kind.MATRIX.value: _matrix_answers,
    Kind.RANKING.value: _ranking_answers,
    Kind.TEXT.value: _text_answers,
    Kind.NUMBER.value: _number_answers,
    Kind.DISTRICT.value: _district_answers,
    Kind.FILE.value: _file_answers,
}


def bound(
    askings: Sequence[Asking], draft: Mapping[str, Collection[str]], kept: Mapping[int, ResponseFile]
) -> PageForm:
    """Bind a form to what a draft holds, as if it had just been typed."""
    form = PageForm(MultiValueDict({name: list(values) for name, values in draft.items()}), askings=askings, kept=kept)
    form.is_valid()
    return form
