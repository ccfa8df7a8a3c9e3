"""The rules of the game of a consultation, and what became of each since it was published."""

from itertools import pairwise

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consultations import game, presentation
from consultations.models import Ruleset
from consultations.views import fetching
from mulhouse.access import public
from mulhouse.templatetags import ui
from questionnaires.models import Amendment
from transparency.pages import cached_for_visitors


@public
@require_safe
@cached_for_visitors
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rules in force, since when, and each amendment with its reason, newest first."""
    row = fetching.consultation(request, slug, "sections")
    versions = list(Ruleset.objects.filter(consultation=row).order_by("-version"))
    current = versions[0] if versions else None
    return render(
        request,
        "consultations/rules.html",
        {
            "consultation": row,
            "current": current,
            "first": versions[-1] if versions else None,
            "lines": game.in_words(current.rules if current else game.rules_of(row)),
            "amendments": [
                (after, game.differences(before.rules, after.rules)) for after, before in pairwise(versions)
            ],
            "corrections": list(
                Amendment.objects.filter(questionnaire__consultation_link__consultation=row)
                .select_related("questionnaire")
                .order_by("-made_at", "-pk")
            ),
            "tabs": presentation.tabs(row, current="rules"),
            "crumbs": [
                ui.Crumb(_("Consultations"), reverse("consultations:list")),
                ui.Crumb(row.title, row.get_absolute_url()),
                ui.Crumb(_("Règles du jeu")),
            ],
        },
    )
