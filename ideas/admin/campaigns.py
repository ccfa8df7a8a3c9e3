"""A campaign in the staff space: its words, dates and thresholds on one page, its rules in sentences beside them."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from ideas import campaign_rules, campaigning
from ideas.campaigning import ThresholdEdit
from ideas.models import Campaign
from ideas.models.campaigns import MAX_PROMISE_DAYS, PROMISE_DAYS
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.errors import DomainError

if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
    ThresholdForms = forms.BaseFormSet["ThresholdForm"]
else:
    CampaignModelForm = forms.ModelForm
    ThresholdForms = forms.BaseFormSet

MOST_THRESHOLDS = 5
CENTS = 100


def _day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class CampaignForm(CampaignModelForm):
    """What a campaign is and how it works, its thresholds apart."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    budget = forms.IntegerField(
        label="Budget, en euros", min_value=0, required=False, help_text="Vide\u00a0: la campagne n’en annonce pas."
    )

    class Meta:
        model = Campaign
        fields = tuple(name for name in campaigning.FIELDS if name != "budget_cents")
        labels: ClassVar[dict[str, str]] = {
            "title": "Titre",
            "slug": "Adresse",
            "summary": "En bref",
            "kind": "Sorte",
            "opens_on": "Premier jour pour déposer",
            "closes_on": "Dernier jour pour déposer",
            "supports_end_on": "Dernier jour pour soutenir",
            "support_days": "Jours pour réunir des soutiens",
            "residency_level": "Qui peut déposer et soutenir",
            "minimum_age": "Âge minimum",
            "verified_only": "Les seuils ne comptent que les soutiens de résidences vérifiées",
            "least_realism": "Réalisme demandé pour être étudiée, sur 100",
            "moderation": "Les textes sont relus",
            "review_hours": "Délai de relecture annoncé, en heures ouvrées",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "slug": "Facultatif\u00a0: elle se fait du titre.",
            "closes_on": "Inclus. Pour une campagne datée seulement.",
            "supports_end_on": "Inclus. Pour une campagne datée seulement\u00a0: le même jour pour toutes les idées.",
            "support_days": "Pour la boîte permanente\u00a0: comptés du dépôt de chaque idée.",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "summary": forms.Textarea(attrs={"rows": 4}),
            "kind": forms.RadioSelect(),
            "moderation": forms.RadioSelect(),
            "opens_on": _day_input(),
            "closes_on": _day_input(),
            "supports_end_on": _day_input(),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["slug"].required = False
        if self.instance.pk:
            self.fields["seen"].initial = self.instance.version
        if self.instance.budget_cents is not None:
            self.fields["budget"].initial = self.instance.budget_cents // CENTS

    def values(self) -> dict[str, Any]:
        """Give what the action writes."""
        budget = self.cleaned_data["budget"]
        found = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return {**found, "budget_cents": None if budget is None else budget * CENTS}


class ThresholdForm(forms.Form):
    """A threshold; left blank, it does not exist."""

    supports = forms.IntegerField(label="Soutiens", min_value=1, max_value=1_000_000, required=False)
    name = forms.CharField(label="Nom du seuil", max_length=80, required=False)
    promise = forms.CharField(
        label="Ce que la Ville promet",
        max_length=300,
        required=False,
        help_text="Une phrase\u00a0: «\u00a0La Ville organise une rencontre dans le quartier.\u00a0»",
    )
    days = forms.IntegerField(
        label="Jours pour tenir la promesse",
        min_value=1,
        max_value=MAX_PROMISE_DAYS,
        required=False,
        initial=PROMISE_DAYS,
    )
    opens_study = forms.BooleanField(label="À partir de ce seuil, l’idée peut être étudiée", required=False)

    def is_blank(self) -> bool:
        """Tell whether nothing was written here."""
        given = self.cleaned_data
        return not (given.get("supports") or given.get("name") or given.get("promise"))

    def clean(self) -> dict[str, Any]:
        """A threshold has a number, a name and a promise."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "days" not in self.errors:
            values["days"] = values.get("days") or PROMISE_DAYS
        if not self.is_blank():
            asked = (
                ("supports", "Donnez le nombre de soutiens."),
                ("name", "Donnez un nom à ce seuil."),
                ("promise", "Dites ce que la Ville promet."),
            )
            for name, words in asked:
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return values


class BaseThresholdFormSet(ThresholdForms):
    """The thresholds of a campaign, with blanks for new ones."""

    def clean(self) -> None:
        """Each number once, and one threshold at most that opens the study."""
        edits = self.edits()
        if len({edit.supports for edit in edits}) < len(edits):
            raise forms.ValidationError("Deux seuils demandent le même nombre de soutiens.")
        if sum(edit.opens_study for edit in edits) > 1:
            raise forms.ValidationError("Un seul seuil ouvre l’étude.")

    def edits(self) -> list[ThresholdEdit]:
        """Give what the action writes, the smallest first."""
        written = [form.cleaned_data for form in self.forms if form.is_valid() and not form.is_blank()]
        return sorted((ThresholdEdit(**given) for given in written), key=lambda edit: edit.supports)


_FormSet: Any = forms.formset_factory(
    ThresholdForm, formset=BaseThresholdFormSet, extra=0, max_num=MOST_THRESHOLDS, absolute_max=MOST_THRESHOLDS
)


def _formset(campaign: Campaign | None, data: Any) -> BaseThresholdFormSet:
    rows = list(campaign.thresholds.values("supports", "name", "promise", "opens_study", "days")) if campaign else []
    made: BaseThresholdFormSet = _FormSet(data, initial=rows + [{}] * (MOST_THRESHOLDS - len(rows)), prefix="seuil")
    return made


def address(campaign: Campaign) -> str:
    """Give the page of a campaign, where its gestures are."""
    return reverse("admin:ideas_campaign_change", args=[campaign.pk])


def state_words(campaign: Campaign, *, at: Any) -> str:
    """Say where a campaign stands: nothing is saved and invisible without a word about it."""
    if campaign.published_at is None:
        return "Enregistrée, non publiée\u00a0: personne ne la voit."
    if campaign.is_open(at=at):
        last = campaign.last_day
        return f"Ouverte jusqu’au {typography.day(last)}" if last else "Ouverte, sans date de fin"
    if typography.local_day(at) < campaign.opens_on:
        return f"Publiée, ouvre le {typography.day(campaign.opens_on)}"
    return "Dépôts terminés"


@staff(campaign_rules.WRITE)
def create(request: HttpRequest) -> HttpResponse:
    """Begin a campaign."""
    form, formset = CampaignForm(request.POST or None), _formset(None, request.POST or None)
    if request.method == "POST" and _is_valid(form, formset):
        campaign = campaigning.create(actor=request.user, values=form.values(), thresholds=formset.edits())
        messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
        return redirect(address(campaign))
    return _draw(request, form, formset, None)


@staff("ideas.view_campaign")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft; read the frozen rules of what is public."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if campaign_rules.edit_refusal(request.user, campaign):
        return _draw(request, None, None, campaign)
    form, formset = CampaignForm(request.POST or None, instance=campaign), _formset(campaign, request.POST or None)
    if request.method == "POST" and _is_valid(form, formset) and _save(request, form, formset, pk):
        messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
        return redirect(address(campaign))
    return _draw(request, form, formset, campaign)


def _is_valid(form: CampaignForm, formset: BaseThresholdFormSet) -> bool:
    return all([form.is_valid(), formset.is_valid()])


def _save(request: HttpRequest, form: CampaignForm, formset: BaseThresholdFormSet, pk: int) -> bool:
    try:
        campaigning.save(
            actor=request.user,
            campaign=Campaign.objects.get(pk=pk),
            values=form.values(),
            thresholds=formset.edits(),
            seen=form.cleaned_data["seen"],
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return False
    return True


def _draw(
    request: HttpRequest, form: CampaignForm | None, formset: BaseThresholdFormSet | None, campaign: Campaign | None
) -> TemplateResponse:
    stored = Campaign.objects.get(pk=campaign.pk) if campaign else None
    thresholds = list(stored.thresholds.order_by("supports")) if stored else []
    now = timezone.now()
    table: Any = admin.site.get_model_admin(Campaign)
    problems = (
        campaign_rules.problems(stored, thresholds, today=timezone.localdate(now))
        if stored and stored.published_at is None
        else []
    )
    failed = bool(form and formset and form.is_bound and (form.errors or not formset.is_valid()))
    context = {
        **admin.site.each_context(request),
        "title": stored.title if stored else "Nouvelle campagne d’idées",
        "campaign": stored,
        "state": state_words(stored, at=now) if stored else "",
        "form": form,
        "formset": formset,
        "failed": failed,
        "rules": campaign_rules.in_words(stored, thresholds) if stored else [],
        "problems": problems,
        "votes_url": reverse("admin:ideas_campaignvote_votes", args=[stored.pk])
        if stored and stored.published_at and request.user.has_perm(campaign_rules.WRITE)
        else "",
        "may_add": campaign_rules.write_refusal(request.user) is None,
        "buttons": [
            (button, url)
            for button, url in (table.buttons_for(request, stored) if stored else [])
            if button.name != "publier" or not problems
        ],
    }
    return TemplateResponse(request, "admin/ideas/campaign.html", context, status=422 if failed else 200)
