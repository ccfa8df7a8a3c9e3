"""The ballot as it is filled in, the receipt as it is typed, the sheet on which an agent writes what they counted."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from ballots import actions, codes, presentation, tally
from ballots.models import MAX_OPTIONS, MAX_PROJECTS, Option, Votation
from mulhouse import typography
from mulhouse.reasons import ReasonField

if TYPE_CHECKING:
    VotationModelForm = forms.ModelForm[Votation]
else:
    VotationModelForm = forms.ModelForm

BLANK = "0"
# As long as « oui » and « non »: the length of what is sent says nothing of what was chosen.
NEITHER = "nsp"


class Basket(forms.CheckboxSelectMultiple):
    """Boxes that say what each costs to the script that counts what remains."""

    def __init__(self, costs: dict[str, int]) -> None:
        super().__init__()
        self.costs = costs

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Put the cost on the box; a blank ballot has none."""
        option = super().create_option(name, value, *args, **kwargs)
        if cost := self.costs.get(str(value)):
            option["attrs"]["data-cout"] = cost
        return option


def new_token(user: User, votation: Votation) -> str:
    """Draw a receipt code, signed for this person and this vote: sending the form twice shows the same receipt."""
    return signing.dumps(codes.new_code(), salt=_salt(user, votation))


def read_token(token: str, user: User, votation: Votation) -> str:
    """Read the code back; a new one when the token is not ours."""
    try:
        return str(signing.loads(token, salt=_salt(user, votation)))
    except signing.BadSignature:
        return codes.new_code()


def _salt(user: User, votation: Votation) -> str:
    return f"ballots.receipt.{votation.reference}.{user.pk}"


class BallotForm(forms.Form):
    """A ballot (prefetch `options`). What was chosen is in `choices` once the form is valid, and nowhere else."""

    def __init__(self, *args: Any, votation: Votation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = votation.rules()
        options = sorted(votation.options.all(), key=lambda option: option.number)
        # Numbers of one length, for the same reason.
        self.width = len(str(max(self.rules.options, default=1)))
        labels = [(str(option.number).zfill(self.width), presentation.option_label(option)) for option in options]
        blank = [(BLANK.zfill(self.width), _("Vote blanc"))] if votation.blank_allowed else []
        if votation.kind == Votation.Kind.YES_NO:
            for option in options:
                self.fields[f"p{option.number}"] = self._answer(presentation.option_label(option))
            return
        is_single = votation.kind == Votation.Kind.SINGLE
        field = forms.ChoiceField if is_single else forms.MultipleChoiceField
        self.fields["choix"] = field(
            label=self._asked(votation),
            choices=[*labels, *blank],
            widget=self._widget(votation),
            error_messages={
                "required": _("Choisissez une proposition, ou le vote blanc.")
                if votation.blank_allowed
                else _("Choisissez une proposition."),
                "invalid_choice": _("Choisissez parmi les propositions de la liste."),
            },
        )

    def _asked(self, votation: Votation) -> str:
        if votation.kind == Votation.Kind.SINGLE:
            return _("Votre choix")
        if votation.kind == Votation.Kind.BUDGET:
            return _("Votre panier, %(amount)s au plus") % {"amount": typography.amount(self.rules.amount)}
        return _("Vos choix, %(n)s au plus") % {"n": votation.most}

    def _widget(self, votation: Votation) -> forms.Widget:
        if votation.kind == Votation.Kind.SINGLE:
            return forms.RadioSelect()
        if votation.kind == Votation.Kind.BUDGET:
            return Basket({str(number).zfill(self.width): cost for number, cost in self.rules.costs.items()})
        return forms.CheckboxSelectMultiple()

    def _answer(self, label: Any) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=label,
            choices=[("oui", _("Oui")), ("non", _("Non")), (NEITHER, _("Je ne me prononce pas"))],
            widget=forms.RadioSelect,
            required=False,
            initial=NEITHER,
        )

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Make one ballot of the answers, or say why there is none."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            given["ballot"] = tally.ballot(self._chosen(given), self.rules)
        except tally.WrongBallotError as error:
            name = "choix" if "choix" in self.fields else None
            self.add_error(name, self._sentence(error.code, given))
        return given

    @sensitive_variables()
    def _chosen(self, given: dict[str, Any]) -> list[int]:
        if "choix" not in self.fields:
            signs = {"oui": 1, "non": -1}
            return [signs[given[f"p{n}"]] * n for n in self.rules.options if given.get(f"p{n}") in signs]
        sent = given.get("choix") or []
        chosen = [int(number) for number in ([sent] if isinstance(sent, str) else sent)]
        if 0 in chosen and len(chosen) > 1:
            raise tally.WrongBallotError("blank_and_more")
        return [number for number in chosen if number]

    @sensitive_variables()
    def _sentence(self, code: str, given: dict[str, Any]) -> str:
        if code == "over":
            cost = sum(self.rules.costs[number] for number in self._chosen(given))
            return _(
                "Votre panier coûte %(cost)s, c’est %(more)s de trop\u00a0: décochez une proposition ou plusieurs."
            ) % {
                "cost": typography.amount(cost),
                "more": typography.amount(cost - self.rules.amount),
            }
        sentences = {
            "blank": _("Répondez à une proposition au moins\u00a0: ce vote n’a pas de vote blanc."),
            "blank_and_more": _("Le vote blanc ne se combine pas avec un autre choix."),
            "too_many": _("Choisissez %(n)s propositions au plus.") % {"n": self.rules.most},
        }
        return sentences.get(code, _("Ce bulletin n’est pas valable."))

    @property
    def choices(self) -> tally.Ballot:
        """Give the ballot of a valid form."""
        ballot: tally.Ballot = self.cleaned_data["ballot"]
        return ballot

    @sensitive_variables()
    def kept(self) -> list[tuple[str, str]]:
        """Give the answers as hidden fields: between two pages they stay in the browser, never in a session."""
        sent: Any = self.data
        return [(name, value) for name in self.fields for value in sent.getlist(name)]

    def fullest(self) -> list[tuple[str, str]]:
        """Give as many hidden fields as any ballot can have: how long a page can get."""
        if "choix" not in self.fields:
            return [(name, NEITHER) for name in self.fields]
        return [("choix", BLANK.zfill(self.width))] * (self.rules.longest + 1)


class ReceiptForm(forms.Form):
    """A receipt code, however it is typed."""

    code = forms.CharField(
        label=gettext_lazy("Code du reçu"),
        help_text=gettext_lazy("Douze lettres et chiffres. Les tirets, les espaces et les majuscules ne comptent pas."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Écrivez le code de votre reçu.")},
    )

    def clean_code(self) -> str:
        """Read it past its dashes and look-alikes."""
        code = codes.typed(str(self.cleaned_data["code"]))
        if not code:
            raise forms.ValidationError(
                _("Un code a douze signes. Relisez celui que vous avez noté."), code="not_a_code"
            )
        return code


class EurosField(forms.Field):
    """An amount typed in euros, « 12 000 » or « 12 000,50 € », kept in cents."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        """Read it past its spaces and its sign."""
        if value in self.empty_values:
            return None
        try:
            return cents(str(value))
        except ValueError:
            raise forms.ValidationError(
                "Écrivez un montant en euros\u00a0: «\u00a012 000\u00a0» ou «\u00a012 000,50\u00a0».", code="invalid"
            ) from None

    def prepare_value(self, value: Any) -> Any:
        """Write it as people do."""
        return typography.amount(value) if isinstance(value, int) else value


def cents(text: str) -> int:
    """Read an amount in euros. Raises: ValueError."""
    found = re.fullmatch(r"(\d{1,10})(?:[.,](\d{1,2}))?", re.sub(r"[\s€]", "", text))
    if found is None:
        raise ValueError(text)
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


class VotationForm(VotationModelForm):
    """A vote that is being prepared (prefetch `options`)."""

    amount_cents = EurosField(
        label="Budget à répartir, en euros",
        required=False,
        help_text="Vide\u00a0: aucun. Sinon les propositions retenues sont celles qui ont le plus de voix et tiennent dans ce budget.",
    )
    options: forms.Field = forms.CharField(
        label="Propositions, une par ligne",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Dans l’ordre du bulletin. Après une barre «\u00a0|\u00a0», une phrase qui explique\u00a0: "
        "«\u00a0Un kiosque | Au milieu de la place, couvert\u00a0». Avec un budget, une seconde barre et le coût en euros\u00a0: "
        "«\u00a0Un kiosque | Couvert | 12 000\u00a0».",
    )

    class Meta:
        model = Votation
        fields = actions.FIELDS
        widgets: ClassVar[dict[str, Any]] = {
            "intro": forms.Textarea(attrs={"rows": 4}),
            "opens_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts: ClassVar[dict[str, str]] = {
            "question": "Une seule question, sans suggérer la réponse.",
            "most": "Pour «\u00a0plusieurs choix\u00a0» seulement.",
            "winners": "Combien de propositions sont retenues si elles remplissent les règles. Sans effet pour le oui ou non, "
            "ni avec un budget.",
            "opens_on": "Après aujourd’hui\u00a0: les règles se publient avant l’ouverture.",
            "tie": "Sans effet avec un budget\u00a0: la moins chère passe d’abord, puis le plus petit numéro.",
            "quorum": "0\u00a0: aucun. Les bulletins blancs et nuls comptent.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["options"].initial = "\n".join(
                " | ".join(_parts(option)) for option in self.instance.options.all()
            )

    def clean_options(self) -> list[actions.OptionEdit]:
        """Read one option on each line."""
        lines = [line for line in str(self.cleaned_data["options"]).splitlines() if line.strip()]
        amount = self.cleaned_data.get("amount_cents")
        most = MAX_PROJECTS if amount else MAX_OPTIONS
        if len(lines) > most:
            raise forms.ValidationError(f"{most} propositions au plus.", code="many")
        found = []
        for line in lines:
            label, description, cost = ([part.strip() for part in line.split("|", 2 if amount else 1)] + ["", ""])[:3]
            edit = actions.OptionEdit(label, description, _cost(label, cost) if amount else None)
            for name, text in (("label", label), ("description", description)):
                longest = Option._meta.get_field(name).max_length  # type: ignore[union-attr]
                if len(text) > (longest or 0):
                    raise forms.ValidationError(
                        f"«\u00a0{text[:40]}…\u00a0» dépasse {longest} caractères.", code="long"
                    )
            if not label:
                raise forms.ValidationError("Une ligne commence par la proposition, avant la barre.", code="empty")
            found.append(edit)
        if len({edit.label for edit in found}) != len(found):
            raise forms.ValidationError("Deux propositions ont le même nom.", code="twice")
        return found

    def clean(self) -> dict[str, Any]:
        """Keep numbers that have no meaning for the chosen form at one; a basket has an amount."""
        given = super().clean() or {}
        if given.get("kind") != Votation.Kind.UP_TO:
            given |= {"most": 1, "winners": 1}
        if given.get("kind") == Votation.Kind.BUDGET and given.get("amount_cents", 0) is None:
            self.add_error("amount_cents", "Un panier se remplit dans un budget\u00a0: écrivez son montant.")
        return given

    def values(self) -> dict[str, Any]:
        """Give what the action writes."""
        return {name: self.cleaned_data[name] for name in actions.FIELDS}


def _parts(option: Option) -> list[str]:
    cost = [] if option.cost_cents is None else [typography.amount(option.cost_cents)]
    return [option.label, option.description, *cost] if option.description or cost else [option.label]


def _cost(label: str, text: str) -> int:
    try:
        found = cents(text)
    except ValueError:
        found = 0
    if not found:
        raise forms.ValidationError(
            f"Écrivez le coût de «\u00a0{label[:40]}\u00a0» en euros, après une seconde barre.", code="cost"
        )
    return found


class ReasonForm(forms.Form):
    """Why: everybody reads it."""

    reason = ReasonField(help_text="Une phrase, publique\u00a0: elle va au registre et sur la page du vote.")

    def __init__(self, *args: Any, tells: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tells:
            self.fields[
                "reason"
            ].help_text = (
                "Une phrase, publique\u00a0: elle va au registre, sur la page du vote et aux personnes qui participent."
            )


class CancelForm(ReasonForm):
    """Why a vote is cancelled, by somebody who knows what it does."""

    sure = forms.BooleanField(
        label="L’urne sera détruite, et personne ne pourra plus rien compter\u00a0: je le sais",
        error_messages={"required": "Cochez cette case pour annuler le vote."},
    )


class ExtendForm(ReasonForm):
    """A later last day, and why."""

    ends_on = forms.DateField(
        label="Nouveau dernier jour",
        help_text="Inclus, plus tard que le dernier jour annoncé\u00a0: un délai ne se raccourcit pas.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("ends_on", "reason")


class PaperForm(forms.Form):
    """What one agent counted of the paper ballots (prefetch `options`)."""

    ballots = forms.IntegerField(label="Bulletins trouvés dans l’urne", min_value=0, max_value=1_000_000)
    blank = forms.IntegerField(label="dont bulletins blancs", min_value=0, max_value=1_000_000)
    spoiled = forms.IntegerField(
        label="dont bulletins nuls",
        min_value=0,
        max_value=1_000_000,
        help_text="Illisibles, signés, avec trop de choix ou au-dessus du budget.",
    )

    def __init__(self, *args: Any, votation: Votation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_yes_no = votation.kind == Votation.Kind.YES_NO
        self.numbers = votation.rules().options
        for option in sorted(votation.options.all(), key=lambda option: option.number):
            words = f"«\u00a0{option.label}\u00a0»"
            self.fields[f"oui{option.number}"] = _whole(f"Oui à {words}" if self.is_yes_no else f"Voix pour {words}")
            if self.is_yes_no:
                self.fields[f"non{option.number}"] = _whole(f"Non à {words}")

    def sheet(self) -> tally.Count:
        """Give a valid sheet as the count reads it."""
        given = self.cleaned_data
        return tally.Count(
            ballots=given["ballots"],
            blank=given["blank"],
            spoiled=given["spoiled"],
            scores={n: tally.Score(given[f"oui{n}"], given.get(f"non{n}", 0)) for n in self.numbers},
        )


def _whole(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=1_000_000)
