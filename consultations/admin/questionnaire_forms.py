"""Forms of the questionnaire builder: they check and explain, `questionnaires.editing` writes."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from accounts.levels import ResidencyLevel
from mulhouse.reasons import ReasonField
from questionnaires import conditions, editing, editing_rules
from questionnaires.models import Question, Questionnaire
from questionnaires.outline import WITH_OPTIONS, Asking, Outline

if TYPE_CHECKING:
    QuestionnaireModelForm = forms.ModelForm[Questionnaire]
    QuestionModelForm = forms.ModelForm[Question]
else:
    QuestionnaireModelForm = QuestionModelForm = forms.ModelForm

Kind = Question.Kind
# What each kind asks the agent, besides its words.
EXTRA_FIELDS = {
    Kind.SINGLE: ("options", "other"),
    Kind.MULTIPLE: ("options", "other", "max_choices"),
    Kind.SCALE: ("lowest", "highest", "lowest_label", "highest_label"),
    Kind.MATRIX: ("rows", "options"),
    Kind.RANKING: ("options", "max_choices"),
    Kind.NUMBER: ("lowest", "highest", "unit"),
}


def day_widget() -> forms.DateInput:
    """Give the date field of the browser."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class BeginForm(forms.Form):
    """A new questionnaire: its title, and the one it copies."""

    title = forms.CharField(label="Titre", max_length=120)
    source = forms.ModelChoiceField(
        label="Copier les questions de",
        queryset=Questionnaire.objects.order_by("-pk"),
        required=False,
        empty_label="Aucun\u00a0: partir d’une page vide",
    )


class SettingsForm(QuestionnaireModelForm):
    """Title, dates, who may answer."""

    opens_on = forms.DateField(label="Premier jour", required=False, widget=day_widget())
    last_day = forms.DateField(
        label="Dernier jour", required=False, widget=day_widget(), help_text="Inclus, jusqu’à minuit."
    )

    class Meta:
        model = Questionnaire
        fields = (
            "title",
            "intro",
            "opens_on",
            "last_day",
            "residency_level",
            "minimum_age",
            "accepts_without_account",
            "shows_live_results",
        )
        labels: ClassVar[dict[str, str]] = {
            "title": "Titre",
            "intro": "Introduction",
            "residency_level": "Qui peut répondre",
            "minimum_age": "Âge minimum",
            "accepts_without_account": "On peut répondre sans compte",
            "shows_live_results": "Les résultats se voient avant la fin",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "intro": "En langage clair\u00a0: pourquoi ces questions, et ce que la Ville en fera.",
            "accepts_without_account": "Une réponse par navigateur\u00a0: c’est moins sûr. Le lieu et l’âge ne peuvent pas être vérifiés.",
            "shows_live_results": "Sinon personne ne voit rien avant la fin, agents compris\u00a0: chacun répond sans être influencé.",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {"intro": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["last_day"].initial = self.instance.last_day

    def clean(self) -> dict[str, Any]:
        """Check what goes over several fields."""
        given = super().clean() or {}
        first, last = given.get("opens_on"), given.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "Le dernier jour vient avant le premier.")
        if given.get("accepts_without_account") and (
            given.get("residency_level") != ResidencyLevel.NONE or given.get("minimum_age")
        ):
            self.add_error(
                "accepts_without_account",
                "Sans compte, la Ville ne connaît ni le lieu ni l’âge\u00a0: ouvrez à toute personne, sans âge minimum.",
            )
        return given

    def _post_clean(self) -> None:
        """Leave the instance as it is: the action writes."""

    def values(self) -> dict[str, Any]:
        """Give the fields of `editing.SETTINGS`."""
        given = self.cleaned_data
        last = given.get("last_day")
        closes_on = last + dt.timedelta(days=1) if last else None
        return {**{name: given.get(name) for name in editing.SETTINGS}, "closes_on": closes_on}


class SectionForm(forms.Form):
    """A page: its title, and a word of introduction."""

    title = forms.CharField(label="Titre de la page", max_length=120)
    intro = forms.CharField(label="Introduction", required=False, widget=forms.Textarea(attrs={"rows": 3}))


def lines(text: str) -> list[str]:
    """Read one label a line."""
    return [label for line in text.splitlines() if (label := " ".join(line.split()))]


class QuestionForm(QuestionModelForm):
    """A question of one kind: only what this kind needs."""

    options = forms.CharField(
        label="Réponses possibles", help_text="Une par ligne, dans l’ordre.", widget=forms.Textarea(attrs={"rows": 6})
    )
    other = forms.CharField(
        label="Réponse «\u00a0Autre\u00a0»",
        max_length=160,
        required=False,
        help_text="Si vous l’écrivez, elle vient en dernier et demande de préciser. Par exemple «\u00a0Autre\u00a0».",
    )
    rows = forms.CharField(
        label="Lignes du tableau", help_text="Une par ligne.", widget=forms.Textarea(attrs={"rows": 4})
    )

    class Meta:
        model = Question
        fields = (
            "label",
            "help",
            "is_required",
            "max_choices",
            "lowest",
            "highest",
            "lowest_label",
            "highest_label",
            "unit",
        )
        labels: ClassVar[dict[str, str]] = {
            "label": "Question",
            "help": "Précision",
            "is_required": "Réponse obligatoire",
            "max_choices": "Nombre de choix au plus",
            "lowest": "Valeur la plus basse",
            "highest": "Valeur la plus haute",
            "lowest_label": "Ce que dit la plus basse",
            "highest_label": "Ce que dit la plus haute",
            "unit": "Unité",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "label": "Une seule question à la fois, sans mot compliqué.",
            "unit": "Par exemple «\u00a0minutes\u00a0».",
        }

    def __init__(self, *args: Any, kind: str, asking: Asking | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        wanted = {"label", "help", "is_required", *EXTRA_FIELDS.get(Kind(kind), ())}
        for name in set(self.fields) - wanted:
            del self.fields[name]
        if kind == Kind.MATRIX:
            self.fields["options"].label = "Réponses possibles pour chaque ligne"
        if kind == Kind.SCALE:
            self.fields["lowest"].required = self.fields["highest"].required = True
            self.initial.setdefault("lowest", 1)
            self.initial.setdefault("highest", 5)
        if asking is not None:
            self.initial["options"] = "\n".join(option.label for option in asking.options if not option.is_other)
            self.initial["other"] = asking.other.label if asking.other else ""
            self.initial["rows"] = "\n".join(row.label for row in asking.rows)

    def _post_clean(self) -> None:
        """Leave the instance as it is: the action writes."""

    def clean(self) -> dict[str, Any]:
        """Say what is wrong for this kind, beside the field."""
        given = super().clean() or {}
        for field, message in editing_rules.question_problems(
            self.kind,
            options=[*self.given_options(), *([given["other"]] if given.get("other") else [])],
            rows=self.given_rows(),
            lowest=given.get("lowest"),
            highest=given.get("highest"),
        ):
            if field not in self.errors:
                self.add_error(field, message)
        return given

    def given_options(self) -> list[str]:
        """Give the possible answers."""
        return lines(self.cleaned_data.get("options") or "") if self.kind in WITH_OPTIONS else []

    def given_rows(self) -> list[str]:
        """Give the lines of a table."""
        return lines(self.cleaned_data.get("rows") or "")

    def values(self) -> dict[str, Any]:
        """Give the fields of `editing.WRITTEN`."""
        texts = {"label", "help", "lowest_label", "highest_label", "unit"}
        found = {name: self.cleaned_data.get(name) for name in editing.WRITTEN if name != "kind"}
        found = {name: (value or "" if name in texts else value) for name, value in found.items()}
        return {**found, "kind": self.kind, "is_required": bool(self.cleaned_data.get("is_required"))}


class ConditionForm(forms.Form):
    """What the answer to an earlier question must be."""

    test = forms.ChoiceField(label="La question est posée quand la personne", widget=forms.RadioSelect)
    options = forms.MultipleChoiceField(label="Réponses", widget=forms.CheckboxSelectMultiple)
    number = forms.IntegerField(label="Nombre")

    def __init__(self, *args: Any, on: Asking, **options: Any) -> None:
        super().__init__(*args, **options)
        self.on = on
        tests = conditions.TESTS[on.kind]
        field = self.fields["test"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
        field.choices = [(test.value, str(Question.Test(test.value).label)) for test in tests]
        if tests is conditions.CHOICE_TESTS:
            del self.fields["number"]
            chosen = self.fields["options"]
            assert isinstance(chosen, forms.MultipleChoiceField)  # noqa: S101 (same)
            chosen.choices = [(str(option.pk), option.label) for option in on.options]
        else:
            del self.fields["options"]


class ReasonForm(forms.Form):
    """Why: it goes to the public register."""

    reason = ReasonField(help_text="Une phrase, publique\u00a0: elle va au registre et sur les pages du site.")


class ExtendForm(ReasonForm):
    """A later last day, and why."""

    last_day = forms.DateField(
        label="Nouveau dernier jour",
        help_text="Inclus, plus tard que le dernier jour annoncé\u00a0: un délai ne se raccourcit pas.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("last_day", "reason")


class AmendForm(ReasonForm):
    """Which wording, what it becomes, why."""

    target = forms.ChoiceField(label="Formulation à corriger")
    after = forms.CharField(label="Nouvelle formulation", max_length=300)
    field_order = ("target", "after", "reason")

    def __init__(self, *args: Any, read: Outline, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["target"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
        field.choices = [("", "Choisissez"), *_wordings(read.questions)]

    def chosen(self) -> tuple[str, int]:
        """Give what is corrected: a key of `editing.WORDINGS`, and the row."""
        target, _, pk = str(self.cleaned_data["target"]).partition(":")
        return target, int(pk)


def _wordings(askings: Sequence[Asking]) -> list[tuple[str, list[tuple[str, str]]]]:
    found = []
    for rank, asking in enumerate(askings, start=1):
        question = asking.question
        texts = [(f"question:{question.pk}", question.label)]
        if question.help:
            texts.append((f"precision:{question.pk}", question.help))
        texts += [(f"reponse:{option.pk}", option.label) for option in asking.options]
        texts += [(f"ligne:{row.pk}", row.label) for row in asking.rows]
        found.append((f"Question {rank}", texts))
    return found
