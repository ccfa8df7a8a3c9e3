"""The pages that belong to no app: home, the approach, the rules, and what the law asks every page to lead to."""

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mulhouse import charter as charters
from mulhouse import home as homes
from mulhouse import navigation, personal_data, security_txt
from mulhouse.access import public
from mulhouse.templatetags.ui import Crumb, Fact, Milestone
from transparency.figures import kept as kept_figures
from transparency.pages import cached_for_visitors

DEADLINES_SHOWN = 4
CARDS_SHOWN = 6
# The declaration is dated by hand: it must be written again after a redesign, or three years.
ACCESSIBILITY_DECLARED_ON = date(2026, 11, 22)

# What is public and dated, from the founding text and the city’s own pages. No office holder is named.
MILESTONES = (
    Milestone("L’appel", "done", when="Mai 2014", text="Démocratie Ouverte appelle des territoires volontaires."),
    Milestone(
        "Le forum « Mulhouse c’est vous ! »",
        "done",
        when="24 et 25 octobre 2014",
        text="4 900 inscriptions et dix-neuf ateliers pour recueillir vœux et propositions.",
    ),
    Milestone(
        "L’Agence de la participation citoyenne",
        "done",
        when="Juin 2015",
        text="Une équipe et un budget à part, pour accompagner les conseils et la démarche.",
    ),
    Milestone(
        "Les conseils citoyens dans toute la ville",
        "done",
        when="2015",
        text="Six secteurs, des volontaires tirés au sort.",
    ),
    Milestone(
        "Un premier budget participatif",
        "done",
        when="2018",
        text="300 000 €, trois cents idées, douze réalisations.",
    ),
    Milestone(
        "La conciliation avec l’administration",
        "done",
        when="Janvier 2019",
        text="Une personne indépendante des services aide à régler les désaccords avec la mairie.",
    ),
    Milestone(
        "Les conseils des habitants et la proposition citoyenne",
        "done",
        when="2023",
        text="Une seule forme de conseil. Des seuils de soutien ouvrent droit à une rencontre, à un atelier, au conseil municipal.",
    ),
    Milestone(
        "Ce portail",
        "current",
        when="2026",
        text="Un seul endroit pour donner son avis, suivre la décision et la vérifier.",
    ),
)
# The nine systems of the founding text: name, what it is asked to do, and whether it is on this portal yet.
SYSTEMS = (
    ("Les consultations", "La Ville pose une question, les habitants répondent, elle explique sa décision.", True),
    (
        "La boîte à idées",
        "Les habitants proposent ; la Ville étudie les idées les plus soutenues et les plus réalistes.",
        True,
    ),
    ("Les conseils citoyens", "Des volontaires tirés au sort, qui travaillent en toute indépendance.", False),
    ("La conciliation", "De meilleures relations entre les habitants et l’administration.", False),
    ("La commission des finances", "Ouverte aux citoyens, elle rend les comptes lisibles.", False),
    ("La mission d’évaluation", "Des élus de la majorité et de l’opposition observent et rendent compte.", False),
    ("Le forum citoyen", "Le rendez-vous fondateur, pour recueillir vœux et propositions.", False),
    ("Le label et son jury", "Un diagnostic, un plan d’action, et un jury de citoyens qui les juge.", False),
    ("L’Agence de la participation", "L’équipe qui fait vivre la démarche, avec des moyens publics.", False),
)


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """Show a page of text, with its title and the way to it."""
    return render(request, template, {"title": title, "crumbs": [Crumb(title)], **context})


@public
@require_safe
@cached_for_visitors
def home(request: HttpRequest) -> HttpResponse:
    """What is open now, what is soon over, and how it works."""
    at = timezone.now()
    sources = homes.sources()
    shown = [source.shown(at) for source in sources]
    deadlines = sorted((line for lines, _cards in shown for line in lines), key=lambda line: line.at)
    counts = kept_figures("home", lambda: homes.counted(sources, at))
    context = {
        "deadlines": deadlines[:DEADLINES_SHOWN],
        "cards": _in_turn([cards for _lines, cards in shown])[:CARDS_SHOWN],
        "figures": [
            figure for source, counted in zip(sources, counts, strict=True) for figure in source.figures(counted)
        ],
        "year": timezone.localdate(at).year,
    }
    return render(request, "pages/home.html", context)


def _in_turn(cards: Sequence[Sequence[Any]]) -> list[Any]:
    """Take the cards of each service in turn, so that none fills the page."""
    return [card for rank in zip_longest(*cards) for card in rank if card is not None]


@public
@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """From the question asked to the decision explained, and who sees what."""
    return _page(request, "pages/how_it_works.html", _("Comment ça marche"))


@public
@require_safe
def approach(request: HttpRequest) -> HttpResponse:
    """What a « Territoire Hautement Citoyen » is, what Mulhouse did, and what it cost."""
    return _page(request, "pages/approach.html", _("La démarche"), milestones=MILESTONES, systems=SYSTEMS)


@public
@require_safe
def charter(request: HttpRequest, number: str = "") -> HttpResponse:
    """Show the charter in force, or the version somebody accepted."""
    version = charters.find(number) if number else charters.CURRENT
    if version is None:
        raise Http404
    return _page(
        request,
        "pages/charter.html",
        _("Charte de la participation"),
        version=version,
        current=charters.CURRENT,
        others=[other for other in reversed(charters.VERSIONS) if other != version],
    )


@public
@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Who publishes and who hosts the site."""
    declared = settings.LEGAL
    return _page(
        request,
        "pages/legal.html",
        _("Mentions légales"),
        publisher=[
            Fact("Éditeur", declared["publisher"]),
            Fact("Adresse", declared["publisher_address"]),
            Fact("Téléphone", declared["publisher_phone"]),
            Fact("Direction de la publication", declared["director"]),
        ],
        host=[
            Fact("Hébergeur", declared["host"]),
            Fact("Adresse", declared["host_address"]),
            Fact("Téléphone", declared["host_phone"]),
        ],
    )


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Each purpose, basis and period, read from the registry that the export and the erasure obey."""
    return _page(
        request,
        "pages/privacy.html",
        _("Données personnelles"),
        controller=settings.LEGAL["controller"],
        dpo_email=settings.LEGAL["dpo_email"],
        groups=_purposes(),
        table_url=reverse("privacy:processings"),
        ask_url=reverse("privacy:ask"),
        session_hours=settings.SESSION_COOKIE_AGE // 3600,
        session_cookie=settings.SESSION_COOKIE_NAME,
        csrf_cookie=settings.CSRF_COOKIE_NAME,
    )


def _purposes() -> list[tuple[personal_data.Group, int]]:
    """Count the tables kept for each purpose."""
    held = [holding.group for holding in personal_data.holdings()]
    return [(group, held.count(group)) for group in personal_data.Group if group in held]


@public
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The declaration, the multi-year scheme, the plan of the year, and where to report a fault."""
    return _page(
        request,
        "pages/accessibility.html",
        _("Accessibilité"),
        declared_on=ACCESSIBILITY_DECLARED_ON,
        audited_on=settings.ACCESSIBILITY_AUDIT_ON,
        rate=settings.ACCESSIBILITY_RATE,
        publisher=settings.LEGAL["publisher"],
    )


@public
@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """How to reach the team, and to take part without internet."""
    return _page(request, "pages/contact.html", _("Contact et aide"), facts=_contact_facts())


@public
@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """Every page that stands on its own, in groups."""
    return _page(
        request,
        "pages/site_map.html",
        _("Plan du site"),
        groups=[
            (_("Participer"), list(navigation.present(navigation.TAKE_PART))),
            (_("Comprendre"), list(navigation.present(navigation.UNDERSTAND))),
            (_("Votre compte"), list(navigation.present(navigation.ACCOUNT_PAGES))),
            (_("Informations légales"), list(navigation.present(navigation.LEGAL_PAGES))),
        ],
    )


@public
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """How to report a flaw, and what is promised to those who do."""
    contacts = [address.strip() for address in settings.SECURITY_CONTACT.split(",")]
    return _page(
        request, "pages/security.html", _("Sécurité"), contacts=[(url, url.removeprefix("mailto:")) for url in contacts]
    )


@public
@require_safe
def security_file(request: HttpRequest) -> HttpResponse:
    """Answer /.well-known/security.txt."""
    text = security_txt.build(
        contact=settings.SECURITY_CONTACT,
        expires=settings.SECURITY_TXT_EXPIRES,
        canonical=f"{settings.SITE_URL}{reverse('security_txt')}",
        policy=f"{settings.SITE_URL}{reverse('security')}",
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _contact_facts() -> list[Fact]:
    declared = settings.CONTACT
    return [
        Fact(_("Courriel"), declared["email"], url=f"mailto:{declared['email']}"),
        Fact(_("Téléphone"), declared["phone"], url=f"tel:{''.join(declared['phone'].split())}"),
        Fact(_("Adresse"), declared["address"], foreign=True),
        Fact(_("Horaires"), declared["hours"], foreign=True),
    ]
