"""What a page may cost: queries that do not grow with the rows, and few bytes."""

import gzip
import re
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consultations.models import Consultation, Contribution
from ideas.filters import ORDER_LABELS
from ideas.models import Idea
from mulhouse import memory
from tests import factories
from tests.ballots.votes import make_vote
from tests.factories import sign_in
from tests.questionnaires.making import make_questionnaire

pytestmark = pytest.mark.django_db

VISITOR_QUERIES = 8
SIGNED_IN_QUERIES = 12
HTML_BYTES = 15_000
ASSETS_BYTES = 60_000
SMALL, LARGE = 3, 30
PARAGRAPH = (
    "Le trottoir est trop étroit devant l’école : deux poussettes ne s’y croisent pas, et les vélos passent sur la chaussée. "
    "Je propose de retirer quatre places de stationnement et de planter des arbres, comme rue de la Sinne. "
)


def fill(count):
    """A city of `count` consultations; the first has `count` contributions, the first of which has `count` comments."""
    author = factories.make_resident()
    for number in range(count):
        factories.make_consultation(phase=factories.PHASES[number % 5], sections=min(count, 6))
    consultation = factories.make_consultation(sections=3, districts=[factories.make_district() for _ in range(3)])
    bodies = {"body": PARAGRAPH * 3, "author": author}
    contributions = [factories.make_contribution(consultation=consultation, **bodies) for _ in range(count)]
    for _ in range(count):
        comment = factories.make_comment(contribution=contributions[0], body=PARAGRAPH, author=author)
        factories.make_comment(parent=comment, body=PARAGRAPH, author=author)
    fill_ideas(count, author)
    return consultation, contributions[0], author


def fill_ideas(count, author):
    """`count` ideas of a campaign with as many thresholds, each with its place and long texts."""
    campaign = factories.make_campaign(thresholds=[(10 * rank, f"Seuil {rank}") for rank in range(1, count + 1)])
    html = f"<p>{PARAGRAPH * 3}</p>"
    texts = {"need": html, "need_html": html, "proposal": html, "proposal_html": html}
    for _ in range(count):
        district = factories.make_district()
        idea = factories.make_idea(
            campaign=campaign, author=author, place_district=district, district=district, **texts
        )
        factories.make_support(idea=idea)


def addresses(consultation, contribution):
    idea, other = Idea.objects.visible().order_by("-published_at", "-pk")[:2]
    ideas = reverse("ideas:list")
    inside = [consultation.slug, contribution.reference]
    contributions = reverse("consultations:contributions", args=[consultation.slug])
    return {
        "home": reverse("home"),
        "consultations": reverse("consultations:list"),
        "consultation": consultation.get_absolute_url(),
        "contributions": contributions,
        "contributions, most discussed": f"{contributions}?tri=discussed",
        "contributions, search": f"{contributions}?q=trottoir+ecole",
        "contribution": reverse("consultations:contribution", args=inside),
        "register": reverse("transparency:register"),
        "ideas": ideas,
        **{f"ideas, {order}": f"{ideas}?tri={order}&graine=500" for order in ORDER_LABELS},
        "ideas, filtered": f"{ideas}?campagne={idea.campaign.slug}&tri=hasard&graine=1&apres={idea.reference}&etape=soutiens",
        "ideas, search": f"{ideas}?q=idee",
        "idea": idea.get_absolute_url(),
        "ideas, map": reverse("ideas:map"),
        "ideas, map of a district": f"{reverse('ideas:map')}?quartier={idea.place_district.slug}",
        "ideas, side by side": f"{reverse('ideas:compare')}?a={idea.reference}&b={other.reference}",
        "campaigns": reverse("ideas:campaigns"),
        "campaign": idea.campaign.get_absolute_url(),
    }


def own_addresses(consultation, contribution):
    inside = [consultation.slug, contribution.reference]
    return {
        **addresses(consultation, contribution),
        "space": reverse("accounts:home"),
        "mine": reverse("consultations:mine"),
        "contribute": reverse("consultations:contribute", args=[consultation.slug]),
        "edit": reverse("consultations:edit", args=inside),
        "data": reverse("accounts:data"),
    }


def asked(client, address):
    """Ask a page, nothing being kept from the page before; give its status and the number of its queries."""
    cache.clear()
    memory.client().flushdb()
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    if response.streaming:
        response.getvalue()  # a file is closed once it is read
    return response.status_code, len(captured)


def queries(client, address):
    """Count the queries of one page."""
    status, count = asked(client, address)
    assert status == 200, address
    return count


def grown(small, large):
    """Give the pages that cost more with more rows (a search that finds little asks once more, for near words)."""
    return {name: (small[name], large[name]) for name in small if large[name] > small[name]}


def test_visitor_pages_cost_the_same_at_ten_times_the_rows(client):
    small = {name: queries(client, address) for name, address in addresses(*fill(SMALL)[:2]).items()}
    Contribution.objects.all().delete()
    Consultation.objects.all().delete()
    large = {name: queries(client, address) for name, address in addresses(*fill(LARGE)[:2]).items()}
    assert grown(small, large) == {}
    assert {name: count for name, count in large.items() if count > VISITOR_QUERIES} == {}


def test_a_consultation_that_has_everything_keeps_to_the_budget(client):
    """Districts, parts, opinions that wait for an answer, a questionnaire and a vote that are open, somebody who follows."""
    consultation = factories.make_consultation(
        phase="analyse", sections=3, districts=[factories.make_district() for _ in range(3)]
    )
    for _ in range(SMALL):
        factories.make_item(contribution=factories.make_contribution(consultation=consultation))
    make_questionnaire(consultation=consultation)
    make_vote(consultation=consultation)
    page = consultation.get_absolute_url()
    assert queries(client, page) <= VISITOR_QUERIES
    # The first page of a session writes that its person is there, as one page a minute does from then on.
    sign_in(client, factories.make_resident())
    assert queries(client, page) <= SIGNED_IN_QUERIES


def test_signed_in_pages_cost_the_same_at_ten_times_the_rows(client):
    consultation, contribution, author = fill(SMALL)
    sign_in(client, author)
    small = {name: queries(client, address) for name, address in own_addresses(consultation, contribution).items()}
    consultation, contribution, author = fill(LARGE)
    sign_in(client, author)
    large = {name: queries(client, address) for name, address in own_addresses(consultation, contribution).items()}
    assert grown(small, large) == {}
    assert {name: count for name, count in large.items() if count > SIGNED_IN_QUERIES} == {}


def test_staff_pages_cost_the_same_at_ten_times_the_rows(client):
    tables = ["consultations_consultation", "consultations_contribution", "consultations_comment"]
    names = ["admin:index", *(f"admin:{table}_changelist" for table in tables)]
    rights = [
        f"consultations.{verb}_{model}"
        for verb in ("view", "change")
        for model in ("consultation", "contribution", "comment")
    ]

    def count():
        return {name: queries(client, reverse(name)) for name in names}

    sign_in(client, factories.make_staff(*rights))
    fill(SMALL)
    count()  # the types of content are read once by each process
    small = count()
    fill(LARGE)
    assert grown(small, count()) == {}


def test_pages_are_light(client):
    consultation, contribution, author = fill(LARGE)
    weights = {
        name: len(gzip.compress(client.get(a).content, 6)) for name, a in addresses(consultation, contribution).items()
    }
    sign_in(client, author)
    pages = own_addresses(consultation, contribution)
    weights |= {f"{name}, signed in": len(gzip.compress(client.get(a).content, 6)) for name, a in pages.items()}
    assert {name: weight for name, weight in weights.items() if weight > HTML_BYTES} == {}


def test_every_link_leads_somewhere(client):
    """An address that a template failed to write is an empty one: the browser reads it as the page itself."""
    consultation, contribution, author = fill(SMALL)
    nowhere = re.compile(r'(?:href|action|src)="(?:|None|#)"')
    for person, pages in (
        (None, addresses(consultation, contribution)),
        (author, own_addresses(consultation, contribution)),
    ):
        if person is not None:
            sign_in(client, person)
        assert [name for name, address in pages.items() if nowhere.search(client.get(address).content.decode())] == []


def assets(client, address):
    """Name the style sheets and scripts of a page, and what they call by name."""
    html = client.get(address).content.decode()
    found = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html) + re.findall(r'<script[^>]* src="([^"]+)"', html)
    return [Path(finders.find(url.removeprefix(settings.STATIC_URL))) for url in found]


def test_style_and_scripts_are_light(client):
    """As sent to a first visit, with brotli."""
    consultation, contribution, author = fill(SMALL)
    sign_in(client, author)
    for address in own_addresses(consultation, contribution).values():
        files = assets(client, address)
        assert files
        assert sum(len(brotli.compress(path.read_bytes())) for path in files) <= ASSETS_BYTES, address


def test_a_page_asks_for_nothing_elsewhere(client):
    """No address of another machine is loaded by a page, its style or its scripts."""
    consultation, contribution, _author = fill(SMALL)
    loads = re.compile(r'(?:src|srcset|href|action)="(https?:)?//(?!testserver)[^"]*"|url\((["\']?)(?:https?:)?//')
    for address in addresses(consultation, contribution).values():
        html = client.get(address).content.decode()
        loaded = re.findall(r"<(?:script|img|link|iframe|source|video|audio)\b[^>]*>", html)
        # Said about the page, never loaded by it.
        loaded = [tag for tag in loaded if not re.search(r'rel="(?:canonical|alternate|license)"', tag)]
        assert [tag for tag in loaded if loads.search(tag)] == []
        for path in assets(client, address):
            assert not re.search(r"@import|url\([\"']?(?:https?:)?//", path.read_text()), path
