"""The votes of campaigns in the staff space: which ideas, within which budget, under which rules; then the paper to count.

The pages are those of the room of ballots, inside a frame of their own.
"""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from ballots import presentation as words
from ballots import staff as pages
from ballots.forms import VotationForm
from ballots.models import MAX_OPTIONS, MAX_PROJECTS, Votation
from ideas import voting
from ideas.models import Campaign, CampaignVote
from mulhouse import typography
from mulhouse.access import staff
from mulhouse.staff import NOT_YOURS, ShownAdmin

KINDS = (Votation.Kind.BUDGET, Votation.Kind.UP_TO)


class CampaignVotationForm(VotationForm):
    """A vote between the ideas that a campaign kept (prefetch `options`)."""

    # In place of the lines of text: what an option says is what the idea and its answer say.
    options = forms.MultipleChoiceField(
        label="Idées soumises au vote",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez les idées entre lesquelles on vote."},
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        kept = voting.kept_ideas(campaign)
        self.projects = {str(project.idea): project for project in kept if project.cost_cents}
        super().__init__(*args, **kwargs)
        kind, options = self.fields["kind"], self.fields["options"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 (a choice of the model)
        assert isinstance(options, forms.MultipleChoiceField)  # noqa: S101 (declared above)
        kind.choices = [(value.value, value.label) for value in KINDS]
        options.choices = [
            (key, f"{project.label} ({typography.amount(project.cost_cents or 0)})")
            for key, project in self.projects.items()
        ]
        options.help_text = _left_out(len(kept) - len(self.projects))
        if self.instance.pk is None:
            self.initial |= {
                "kind": Votation.Kind.BUDGET,
                "question": f"Quels projets retenir\u00a0? {campaign.title}"[:300],
                "amount_cents": campaign.budget_cents,
                "residency_level": campaign.residency_level,
                "minimum_age": campaign.minimum_age,
                "options": list(self.projects),
            }
            return
        rows = self.instance.campaign_link.voted_ideas.values_list("idea_id", flat=True)
        options.initial = [str(idea) for idea in rows]

    def clean_options(self) -> list[Any]:
        """Give the projects that are ticked, in the order in which they were deposited."""
        ticked = set(self.cleaned_data["options"])
        most = MAX_PROJECTS if self.cleaned_data.get("amount_cents") else MAX_OPTIONS
        if len(ticked) > most:
            raise forms.ValidationError(f"{most} idées au plus sur un bulletin.", code="many")
        return [project for key, project in self.projects.items() if key in ticked]


def _left_out(number: int) -> str:
    words = "Celles que la Ville retient, avec le coût de sa réponse, dans l’ordre de leur dépôt\u00a0: c’est celui du bulletin."
    if not number:
        return words
    without = "1 idée retenue n’a" if number == 1 else f"{number} idées retenues n’ont"
    return f"{words} {without} pas de coût dans la réponse de la Ville\u00a0: on ne peut pas voter pour elle{'s' if number > 1 else ''}."


def address(route: str, *args: object) -> str:
    """Give the address of a page of these votes."""
    return reverse(f"admin:ideas_campaignvote_{route}", args=args)


def _campaign(request: HttpRequest, pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)


def _vote(campaign: Campaign, votation_pk: int) -> Votation:
    links = CampaignVote.objects.filter(campaign=campaign).select_related("votation")
    return get_object_or_404(links.prefetch_related("votation__options"), votation_id=votation_pk).votation


def _room(request: HttpRequest, campaign: Campaign) -> pages.Room:
    return pages.Room(
        voting=voting,
        holder={"campaign": campaign},
        frame="admin/ideas/votes_frame.html",
        draw=partial(_draw, request, campaign),
        address=lambda route, *key: address(route, campaign.pk, *key),
        public_url=lambda votation: reverse("ideas:vote", args=[campaign.slug, votation.reference]),
        nothing_words="Une campagne peut s’en passer. Un vote sert à choisir entre les idées que la Ville retient, quand son "
        "budget ne les contient pas toutes.",
        form=partial(CampaignVotationForm, campaign=campaign),
    )


def _draw(request: HttpRequest, campaign: Campaign, template: str, **context: Any) -> TemplateResponse:
    """Draw a page; 422 when its form came back with errors."""
    form = context.get("form")
    failed = bool(form is not None and form.is_bound and form.errors)
    frame = {
        **admin.site.each_context(request),
        "title": f"Votes\u00a0: {campaign.title}",
        "campaign": campaign,
        "refusal": voting.edit_refusal(request.user, campaign),
        "home_url": address("changelist"),
        "votes_url": address("votes", campaign.pk),
        "form": None,
    }
    return TemplateResponse(request, template, {**frame, **context}, status=422 if failed else 200)


@staff(voting.PREPARE)
@require_safe
def votes(request: HttpRequest, pk: int) -> HttpResponse:
    """List the votes of a campaign."""
    campaign = _campaign(request, pk)
    links = CampaignVote.objects.filter(campaign=campaign).select_related("votation").order_by("pk")
    return pages.votes(_room(request, campaign), [link.votation for link in links])


@staff(voting.PREPARE)
def vote(request: HttpRequest, pk: int, votation_pk: int | None = None) -> HttpResponse:
    """Prepare a vote; once published, see its rules, who came and what is left to do."""
    campaign = _campaign(request, pk)
    known = None if votation_pk is None else _vote(campaign, votation_pk)
    return pages.vote(request, _room(request, campaign), known)


@staff(voting.PUBLISH)
@require_POST
def publish(request: HttpRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Publish a vote and its rules, for good."""
    campaign = _campaign(request, pk)
    return pages.publish(request, _room(request, campaign), _vote(campaign, votation_pk))


@staff(voting.PREPARE)
@require_POST
def discard(request: HttpRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Throw away a vote that nobody saw."""
    campaign = _campaign(request, pk)
    return pages.discard(request, _room(request, campaign), _vote(campaign, votation_pk))


@staff(voting.PREPARE)
def paper(request: UserRequest, pk: int, votation_pk: int) -> HttpResponse:
    """Enter what one counted of the paper ballots, apart from the other agent."""
    campaign = _campaign(request, pk)
    return pages.paper(request, _room(request, campaign), _vote(campaign, votation_pk))


@admin.register(CampaignVote)
class CampaignVoteAdmin(ShownAdmin):
    """The door of the votes, in the menu: the campaigns, and the votes of each."""

    navigation = "Votes des idées"
    navigation_rank = 13

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Agents who prepare votes."""
        return obj is None and bool(request.user.has_perm(voting.PREPARE))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the campaigns that are published, the newest first, with their votes."""
        if not self.has_view_permission(request):
            raise PermissionDenied(NOT_YOURS)
        at = timezone.now()
        links = CampaignVote.objects.select_related("votation").order_by("pk")
        campaigns = Campaign.objects.published().prefetch_related(Prefetch("vote_links", queryset=links))
        lines = [
            {
                "title": campaign.title,
                "url": address("votes", campaign.pk),
                "tags": [words.tag(link.votation, at=at) for link in campaign.vote_links.all()],
            }
            for campaign in campaigns.order_by("-opens_on", "-pk")[: self.list_per_page]
        ]
        context = {**admin.site.each_context(request), "title": "Votes des idées", "lines": lines}
        return TemplateResponse(request, "admin/ideas/votes_home.html", context)

    def get_urls(self) -> list[URLPattern]:
        """Put the pages of votes under their door."""
        opened = self.admin_site.admin_view
        name = "ideas_campaignvote_{}".format
        return [
            path("", opened(self.changelist_view), name=name("changelist")),
            path("<int:pk>/vote/", opened(votes), name=name("votes")),
            path("<int:pk>/vote/ajouter/", opened(vote), name=name("vote_add")),
            path("<int:pk>/vote/<int:votation_pk>/", opened(vote), name=name("vote")),
            path("<int:pk>/vote/<int:votation_pk>/publier/", opened(publish), name=name("vote_publish")),
            path("<int:pk>/vote/<int:votation_pk>/supprimer/", opened(discard), name=name("vote_discard")),
            path("<int:pk>/vote/<int:votation_pk>/papier/", opened(paper), name=name("vote_paper")),
        ]
