"""Forms of the staff pages of ideas: they check and explain, actions write."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from city.models import Service
from commitments.forms import NewsForm as PhotoNewsForm
from ideas import answering, realism, studying
from ideas.answering import LONGEST_DETAIL, LONGEST_REASON, Said
from ideas.models import Answer, Criterion, Milestone, Reading, StudyPart
from ideas.models.studies import REASON_LENGTH, CriterionCode
from ideas.studying import Judgement, Part
from mulhouse.reasons import ReasonField

CENTS = 100
MOST_EUROS = 10_000_000_000
LONGEST_TEXT = 6000
HINTS = {
    CriterionCode.POWERS: "La Ville peut-elle le décider et le faire\u00a0?",
    CriterionCode.LEGALITY: "La loi, les règlements et les normes le permettent-ils\u00a0?",
    CriterionCode.COST: "Quelques milliers d’euros, ou des millions\u00a0?",
    CriterionCode.DELAY: "Quelques mois, ou dix ans\u00a0?",
    CriterionCode.UPKEEP: "Ce qu’il faudra entretenir, surveiller, payer chaque année.",
    CriterionCode.OVERLAP: "Ce qui existe déjà, ou se prépare, pour le même besoin.",
}


def day_input() -> forms.DateInput:
    """Give the field of a day."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _text(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class Euros(forms.DecimalField):
    """An amount in euros, given in cents."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MOST_EUROS, "decimal_places": 2, "required": False, **given})

    def clean(self, value: Any) -> Any:
        """Give cents, None for nothing."""
        found = super().clean(value)
        return None if found is None else int(found * CENTS)


def in_euros(cents: int | None) -> Any:
    """Give back what `Euros` was given."""
    return None if cents is None else cents // CENTS if cents % CENTS == 0 else cents / CENTS


class ReadingForm(forms.Form):
    """A first reading: who may do it, and the level and reason of each criterion."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    power = forms.ChoiceField(
        label="Qui peut le faire",
        choices=Reading.Power.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites qui peut faire ce que l’idée demande."},
    )
    handed_to = forms.CharField(
        label="À qui l’idée revient",
        max_length=160,
        required=False,
        help_text="Si ce n’est pas la Ville\u00a0: le nom de la collectivité ou du service de l’État.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for code in CriterionCode:
            self.fields[f"{code.value}_level"] = forms.TypedChoiceField(
                label=f"{code.label}\u00a0: niveau",
                choices=Criterion.Level.choices,
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": "Choisissez un niveau."},
                help_text=f"{HINTS[code]} Pèse {realism.WEIGHTS[code]} sur 100.",
            )
            self.fields[code.value] = forms.CharField(
                label=f"{code.label}\u00a0: raison publique",
                max_length=REASON_LENGTH,
                widget=_text(2),
                error_messages={"required": "Donnez une raison en une phrase\u00a0: elle est publique."},
            )

    def judgements(self) -> dict[str, Judgement]:
        """Give what the action writes."""
        given = self.cleaned_data
        return {code: Judgement(given[f"{code}_level"], given[code]) for code in CriterionCode.values}


class ServicesForm(forms.Form):
    """Which services are asked for their part."""

    services = forms.ModelMultipleChoiceField(
        label="Services",
        queryset=Service.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un service."},
    )

    def __init__(self, *args: Any, known: Any = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["services"]
        field.queryset = Service.objects.exclude(pk__in=known)  # type: ignore[attr-defined] # it is one of ours


class OpenForm(ServicesForm):
    """The opening of a study: its services, and why before its turn."""

    reason = ReasonField(
        label="Pourquoi avant son tour",
        max_length=studying.LONGEST_GROUND_REASON,
        required=False,
        help_text="Public, et écrit pour toujours au dossier.",
    )

    def __init__(self, *args: Any, is_its_turn: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if is_its_turn:
            del self.fields["reason"]


class PartForm(forms.Form):
    """The part of a service."""

    feasibility = forms.ChoiceField(
        label="Faisabilité",
        choices=StudyPart.Feasibility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si c’est faisable."},
    )
    condition = forms.CharField(label="À quelle condition", max_length=REASON_LENGTH, required=False, widget=_text(2))
    cost_cents = Euros(label="Coût, en euros")
    upkeep_cents = Euros(label="Entretien par an, en euros")
    delay_months = forms.IntegerField(label="Délai, en mois", min_value=0, max_value=600, required=False)
    constraint = forms.CharField(label="Contrainte", max_length=REASON_LENGTH, required=False, widget=_text(2))

    def said(self) -> Part:
        """Give what the action writes."""
        return Part(**self.cleaned_data)


class SynthesisForm(forms.Form):
    """What comes out of the parts, between agents."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    text = forms.CharField(label="Synthèse", max_length=LONGEST_TEXT, required=False, widget=_text(10))


class NoteForm(forms.Form):
    """A note between agents."""

    text = forms.CharField(
        label="Note", max_length=3000, widget=_text(3), error_messages={"required": "Écrivez la note."}
    )


class PauseForm(forms.Form):
    """Why a clock stops."""

    reason = ReasonField(
        label="Pourquoi le délai s’arrête",
        help_text="Public. Par exemple\u00a0: «\u00a0Nous attendons l’avis de l’architecte des bâtiments de France.\u00a0»",
        error_messages={"required": "Dites pourquoi le délai s’arrête, en une phrase publique."},
    )


class EmptyForm(forms.Form):
    """A gesture that asks for nothing more."""


class AnswerForm(forms.Form):
    """The answer of the city."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    outcome = forms.ChoiceField(
        label="Décision",
        choices=Answer.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la décision."},
    )
    reason = forms.CharField(
        label="Raisons",
        max_length=LONGEST_REASON,
        widget=_text(6),
        help_text="En langage clair\u00a0: c’est ce que tout le monde lit. Le reste va dans le détail.",
        error_messages={"required": "Donnez les raisons de la décision."},
    )
    detail = forms.CharField(
        label="Détail",
        max_length=LONGEST_DETAIL,
        required=False,
        widget=_text(6),
        help_text="Pour qui veut en savoir plus. Une ligne vide commence un paragraphe.",
    )
    act_url = forms.URLField(
        label="Adresse de l’acte",
        max_length=400,
        required=False,
        assume_scheme="https",
        help_text="La délibération, l’arrêté ou le document où la décision est publiée.",
    )
    cost_cents = Euros(label="Coût, en euros")
    next_step = forms.CharField(
        label="Prochaine étape", max_length=REASON_LENGTH, required=False, help_text="Pour une idée retenue."
    )
    next_on = forms.DateField(label="Date de la prochaine étape", required=False, widget=day_input())
    handed_to = forms.CharField(
        label="Transmise à", max_length=160, required=False, help_text="Pour une idée que la Ville transmet."
    )
    remedy = forms.CharField(
        label="Ce que l’auteur peut faire ensuite",
        max_length=REASON_LENGTH,
        required=False,
        widget=_text(2),
        help_text="Pour un refus\u00a0: déposer autrement, s’adresser à un autre service, contester.",
    )
    signatory = forms.CharField(
        label="Fonction de qui signe",
        max_length=120,
        help_text="Jamais un nom. Par exemple\u00a0: «\u00a0L’adjointe déléguée aux espaces verts\u00a0».",
        error_messages={"required": "Dites la fonction de qui signe, sans son nom."},
    )
    correction = ReasonField(label="Ce que cette réponse corrige", required=False, help_text="Public.")

    def __init__(self, *args: Any, is_correction: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_correction:
            del self.fields["correction"]

    def clean(self) -> dict[str, Any]:
        """Say at once everything that the decision owes and that is missing."""
        given = super().clean() or self.cleaned_data
        if given.get("outcome"):
            typed = {name: given[name] for name in Said.__dataclass_fields__ if name in given}
            said = Said(**{"reason": "", "signatory": "", **typed})
            for name, words in answering.lacking(said, at=timezone.now()):
                if name not in self.errors:
                    self.add_error(name, words)
        return given

    def said(self) -> Said:
        """Give what the action writes."""
        return Said(**{name: value for name, value in self.cleaned_data.items() if name != "seen"})


class PlanForm(forms.Form):
    """The days of the stages that have none."""

    def __init__(self, *args: Any, known: Any = (), **options: Any) -> None:
        super().__init__(*args, **options)
        for step in Milestone.Step:
            if step.value not in known:
                label = f"{step.label}\u00a0: prévue le"
                self.fields[step.value] = forms.DateField(label=label, required=False, widget=day_input())

    def days(self) -> dict[str, dt.date]:
        """Give the days that were typed."""
        return {step: day for step, day in self.cleaned_data.items() if day}


class DateForm(forms.Form):
    """Another day for a stage."""

    planned_on = forms.DateField(label="Nouvelle date", widget=day_input())
    reason = ReasonField(label="Pourquoi elle change", help_text="Public. La date annoncée d’abord reste affichée.")


class NewsForm(PhotoNewsForm):
    """What happened, with a photo, or what it costs from then on."""

    state = None  # type: ignore[assignment] # a realisation moves by its stages
    budget_cents = Euros(label="Budget, en euros", help_text="S’il change\u00a0: le total prévu ou dépensé.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(["text", "happened_on", "budget_cents", "photo", "alt"])


class StepForm(NewsForm):
    """A stage that is done."""

    budget_cents = None  # type: ignore[assignment] # said by news
    text = forms.CharField(label="Ce qui a été fait", max_length=3000, required=False, widget=_text(4))


class PromiseForm(StepForm):
    """A promise that is kept."""

    text = forms.CharField(
        label="Ce qui a été fait",
        max_length=3000,
        widget=_text(4),
        help_text="En langage clair\u00a0: où, avec qui, ce qui en est sorti.",
        error_messages={
            "required": "Dites en quelques mots ce qui a été fait\u00a0: c’est ce que les habitants liront."
        },
    )


class AbandonForm(forms.Form):
    """Why the city gives up."""

    reason = forms.CharField(
        label="Pourquoi la Ville y renonce",
        max_length=1000,
        widget=_text(4),
        help_text="Public, et définitif\u00a0: l’idée ne reprend pas.",
        error_messages={"required": "Dites pourquoi la Ville y renonce\u00a0: c’est ce que les habitants liront."},
    )
