"""The pages of the idea box read by axe-core: empty or full, in error, wide and narrow, light and dark, and by keyboard."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from ballots import actions as ballots
from city.models import District
from ideas import actions, coauthors
from ideas.models import Idea
from mulhouse import uploads
from tests import factories
from tests.ballots import votes
from tests.e2e.journeys import photo_with_a_place
from tests.e2e.test_accessibility import NARROWEST, WIDE, all_problems, become, page, sent_empty, tab_through
from tests.ideas import city_rows, rows

__all__ = ["page"]

# A slow machine reads some twenty pages in more time than one test has.
PARTS = 3


@pytest.fixture
def box(live_server):
    """The permanent box with an idea at each stage, a photo, a debate, and what others propose."""
    district = factories.make_district(name="Les Tilleuls")
    campaign = factories.make_campaign(title="La boîte à idées", thresholds=((2, "Rencontre"), (3, "Étude")))
    factories.make_campaign(
        title="Le budget des quartiers",
        kind="edition",
        budget_cents=30_000_000,
        closes_on=factories.today() + dt.timedelta(days=20),
        supports_end_on=factories.today() + dt.timedelta(days=40),
    )
    theme = factories.make_theme(name="Nature")
    return campaign, theme, district


@pytest.fixture
def idea(box):
    """An idea that gathers supports, full of what people say of it."""
    campaign, theme, district = box
    author = factories.make_resident(public_name="Léa M.", district=district)
    made = factories.make_idea(
        campaign=campaign,
        author=author,
        theme=theme,
        title="Des bancs à l’ombre place de la Paix",
        place="Place de la Paix",
        place_district=district,
        beneficiaries="Les anciens",
        cost="Cher",
    )
    photo = photo_with_a_place()
    actions.attach(
        actor=author,
        idea=made,
        upload=uploads.clean(photo["name"], photo["buffer"]),
        alt="La place au soleil.",
        is_decorative=False,
        at=timezone.now(),
    )
    for number in range(22):
        comment = factories.make_idea_comment(idea=made, stance=("for", "against", "neutral")[number % 3])
    factories.make_idea_comment(idea=made, parent=comment, author=author)
    factories.make_support(idea=made, is_verified=True)
    rows.make_version(made)
    Idea.objects.filter(pk=made.pk).update(corrected_at=timezone.now())
    factories.make_amendment(idea=made)
    factories.make_author_news(idea=made)
    city_rows.read(made, cost=0)
    city_rows.read(made, cost=2)
    made.refresh_from_db()
    return made


def address(name, *args):
    return reverse(f"ideas:{name}", args=args)


@pytest.mark.parametrize("part", range(PARTS))
def test_lists_and_rules(page, live_server, box, idea, part):
    """The lists in every order, sought and narrowed; the map, the rules, what is realised, two ideas side by side."""
    campaign, theme, district = box
    # In a district of the plan, where there is one: a plan without a link can not be pushed aside by keyboard.
    on_plan = District.objects.order_by("pk").first()
    other = factories.make_idea(campaign=campaign, theme=theme, title="Une fontaine", place_district=on_plan)
    city_rows.pass_threshold(other)
    city_rows.read(other)
    city_rows.make_planned()
    orders = ("montent", "soutenues", "seuil", "attente", "retard", "hasard")
    asked = [
        address("list"),
        *(f"{address('list')}?tri={order}" for order in orders),
        f"{address('list')}?q=bancs&theme={theme.slug}&quartier={district.slug}",
        f"{address('list')}?q=introuvable",
        f"{address('map')}?quartier={district.slug}",
        address("compare"),
        f"{address('compare')}?a={idea.reference}&b={other.reference}",
        address("rule"),
        f"{address('realised')}?etat=en-cours",
        address("campaigns"),
        campaign.get_absolute_url(),
        address("data"),
        address("paper_form", campaign.slug),
        address("paper_sheet", idea.reference),
    ]
    assert all_problems(page, live_server.url, asked[part::PARTS]) == {}


def test_an_idea_at_each_stage(page, live_server, idea):
    """Fresh, studied, answered, refused, realised, gathered, expired; and what others propose of it."""
    campaign = idea.campaign
    amendment, news = idea.amendment_set.get(), idea.authornews_set.get()
    kept, refused = city_rows.make_answered(), city_rows.make_answered(outcome="declined", remedy="Écrire au bailleur.")
    rows.make_reaction(kept.answers.get())
    planned = city_rows.make_planned()
    rows.make_event(planned, text_html="<p>La tranchée est ouverte.</p>")
    expired = factories.make_idea(campaign=campaign, stage="expired")
    gathering = factories.gather(*(factories.make_idea(campaign=campaign) for _ in range(2)))
    asked = [
        idea.get_absolute_url(),
        f"{idea.get_absolute_url()}?voir=against",
        *(each.get_absolute_url() for each in (city_rows.make_studied(services=2), kept, refused, planned, expired)),
        gathering.parent.get_absolute_url(),
        gathering.members.order_by("pk").first().idea.get_absolute_url(),
        address("amendments", idea.reference),
        address("amendment", idea.reference, amendment.reference),
        address("author_news_list", idea.reference),
        address("author_news", idea.reference, news.reference),
    ]
    assert all_problems(page, live_server.url, asked) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_of_an_author(page, live_server, idea, part):
    """From the first sentence to the photos and the preview; then all that one does with what one published."""
    author, campaign = idea.author, idea.campaign
    draft = factories.make_idea(
        published=False, campaign=campaign, author=author, theme=idea.theme, title="Des bancs à l’ombre"
    )
    empty = factories.make_idea(published=False, campaign=campaign, author=author, need="", proposal="")
    ending = factories.make_idea(campaign=campaign, author=author)
    Idea.objects.filter(pk=ending.pk).update(supports_until=factories.today() + dt.timedelta(days=3))
    answered = city_rows.make_answered(idea=city_rows.make_ready(campaign=campaign, author=author))
    proposed = factories.make_gathering(
        ideas=[factories.make_idea(campaign=campaign), factories.make_idea(campaign=campaign, author=author)]
    )
    coauthors.invite(actor=author, idea=idea, email="amie@example.org", at=timezone.now())
    become(page, live_server.url, author)
    asked = [
        f"{address('deposit')}?campagne={campaign.slug}",
        *(address(name, draft.reference) for name in ("draft", "duplicates", "photos", "preview", "discard")),
        address("draft", empty.reference),
        address("mine"),
        address("supported"),
        idea.get_absolute_url(),
        *(address(name, idea.reference) for name in ("correct", "withdraw", "coauthors", "gather")),
        address("renew", ending.reference),
        address("react", answered.reference),
        address("amendment", idea.reference, idea.amendment_set.get().reference),
        address("author_news_write", ending.reference),
        proposed.get_absolute_url(),
        address("carrying"),
    ]
    assert all_problems(page, live_server.url, asked[part::PARTS]) == {}


def test_pages_of_who_takes_part(page, live_server, idea):
    """Somebody who has their district to say still, then somebody who proposes a change and is asked to sign."""
    newcomer = factories.make_user(public_name="")
    become(page, live_server.url, newcomer)
    asked = [address("support", idea.reference), idea.get_absolute_url(), address("mine"), address("supported")]
    assert all_problems(page, live_server.url, asked) == {}

    friend = factories.make_resident(public_name="Amie")
    invitation = coauthors.invite(actor=idea.author, idea=idea, email=friend.email, at=timezone.now())
    made = factories.gather(*(factories.make_idea(campaign=idea.campaign) for _ in range(2)), at=None)
    original = made.members.order_by("pk").first().idea
    factories.make_support(idea=original, user=friend)
    become(page, live_server.url, friend)
    asked = [
        address("invitation", invitation.key),
        address("amend", idea.reference),
        address("support", idea.reference),
        address("carrying"),
    ]
    assert all_problems(page, live_server.url, asked) == {}


def test_pages_of_the_vote_of_a_campaign(page, live_server):
    """Open, to a visitor and to a voter; then counted, with what the budget could not hold."""
    link = votes.make_campaign_vote()
    before = factories.today() - dt.timedelta(days=votes.DAYS + 2)
    ended = votes.make_campaign_vote(campaign=link.campaign, opens_on=before)
    votes.cast(ended, [1, 2], at=ended.votation.opens_at + dt.timedelta(days=1))
    ballots.count(votation=ended.votation, at=votes.closed(ended))
    routes = ("vote", "receipt", "secrecy", "paper_ballot")
    asked = [link.campaign.get_absolute_url(), votes.url(ended), *(votes.url(link, route) for route in routes)]
    assert all_problems(page, live_server.url, asked) == {}
    become(page, live_server.url, votes.make_voter())
    assert all_problems(page, live_server.url, [votes.url(link), votes.url(link, "cast_vote")]) == {}
    assert sent_empty(page, "Vérifier mon bulletin") == []


def test_pages_in_error(page, live_server, idea):
    """A form sent empty says what to correct, first."""
    base, author = live_server.url, idea.author
    draft = factories.make_idea(published=False, campaign=idea.campaign, author=author, need="", proposal="")
    become(page, base, author)
    forms = {
        f"{address('deposit')}?campagne={idea.campaign.slug}": "Continuer",
        address("draft", draft.reference): "Voir l’aperçu",
        address("photos", draft.reference): "Ajouter cette photo",
        address("gather", idea.reference): "Envoyer aux autres auteurs",
        address("coauthors", idea.reference): "Inviter",
        idea.get_absolute_url(): "Publier mon commentaire",
    }
    found = {}
    for where, button in forms.items():
        page.goto(base + where)
        found[where] = sent_empty(page, button)
    become(page, base, factories.make_user(public_name=""))
    page.goto(base + address("support", idea.reference))
    found["support"] = sent_empty(page, "Soutenir")
    become(page, base, factories.make_resident())
    page.goto(base + address("amend", idea.reference))
    found["amend"] = sent_empty(page, "Publier ma proposition")
    assert {where: lines for where, lines in found.items() if lines} == {}


def test_everything_is_reached_by_keyboard(page, live_server, idea):
    become(page, live_server.url, factories.make_resident())
    rule = address("rule")
    deposit = f"{address('deposit')}?campagne={idea.campaign.slug}"
    for size in (WIDE, NARROWEST):
        page.set_viewport_size(size)
        for where in (address("list"), idea.get_absolute_url(), deposit, address("map"), rule):
            page.goto(live_server.url + where)
            stops = tab_through(page)
            assert stops[0]["text"] == "Aller au contenu"
            assert [stop for stop in stops if not stop["ringed"]] == []
            assert [stop for stop in stops if not stop["inView"]] == []
