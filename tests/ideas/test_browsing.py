"""The box: who sees what in its lists, in which order, at which cost; the campaigns and their rules."""

import datetime as dt
from itertools import chain

import pytest
from django.db import connection
from django.utils import timezone

from ideas import clocks, filters, supporting
from ideas.models import Idea, Stage
from mulhouse import lists, memory
from mulhouse.references import new_reference
from tests import factories as f
from tests.ballots.votes import make_campaign_vote
from tests.factories import sign_in
from transparency.models import Promise

pytestmark = pytest.mark.django_db
LIST = "/idees/"
NOW = timezone.now()


def page(client, address, status=200, **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == status, address
    return response.content.decode()


def titles(client, query=""):
    """The titles of the cards, in order."""
    return [card.title for card in client.get(LIST + query).context["cards"]]


def promise(idea, *, due_in, kind=clocks.STUDY, **fields):
    due = f.today() + dt.timedelta(days=due_in)
    made = due - dt.timedelta(days=60)
    days = {"made_on": made, "first_due_on": due, "due_on": due, "days": 60, "unit": "calendar"}
    Promise.objects.create(kind=kind, key=idea.reference, title="Étude", **{**days, **fields})


# --- Who -----------------------------------------------------------------------------------------------------------


def test_what_is_not_visible_is_in_no_list(client):
    campaign = f.make_campaign()
    author = f.make_resident()
    f.make_idea(campaign=campaign, author=author, published=False, title="Brouillon")
    f.make_idea(campaign=campaign, author=author, title="Retirée", withdrawn_at=NOW)
    f.make_idea(campaign=campaign, author=author, title="Masquée", hidden_at=NOW, hidden_reason="3.2")
    f.make_idea(campaign=campaign, title="Visible")
    for person in (None, author):
        if person:
            sign_in(client, person)
        for order in ("", *filters.ORDERS):
            assert set(titles(client, f"?tri={order}")) <= {"Visible"}
        assert titles(client) == ["Visible"]
        assert titles(client, "?tri=hasard&graine=1") == ["Visible"]
        assert titles(client, "?q=idee") == []


def test_a_draft_campaign_is_nobody_s_business(client):
    draft = f.make_campaign(published_at=None)
    page(client, draft.get_absolute_url(), 404)
    sign_in(client, f.make_resident())
    page(client, draft.get_absolute_url(), 404)
    assert draft.title not in page(client, "/idees/campagnes/")
    sign_in(client, f.make_staff("ideas.change_campaign"))
    page(client, draft.get_absolute_url())


# --- The orders ----------------------------------------------------------------------------------------------------


def test_each_order_of_the_list(client):
    campaign = f.make_campaign()
    f.make_idea(campaign=campaign, title="neuve", published_at=NOW, heat=1.0)
    f.make_idea(campaign=campaign, title="chaude", published_at=NOW - dt.timedelta(days=2), heat=9.0, declared_count=3)
    f.make_idea(campaign=campaign, title="proche", published_at=NOW - dt.timedelta(days=3), verified_count=48, heat=2.0)
    f.make_idea(
        campaign=campaign,
        title="étudiée",
        published_at=NOW - dt.timedelta(days=4),
        stage=Stage.STUDY,
        next_supports=None,
        declared_count=120,
        heat=0.0,
    )
    assert titles(client) == ["neuve", "chaude", "proche", "étudiée"]
    assert titles(client, "?tri=recent") == ["neuve", "chaude", "proche", "étudiée"]
    assert titles(client, "?tri=montent") == ["chaude", "proche", "neuve", "étudiée"]
    assert titles(client, "?tri=soutenues") == ["étudiée", "proche", "chaude", "neuve"]
    assert titles(client, "?tri=seuil") == ["proche", "chaude", "neuve"]
    assert titles(client, "?tri=attente") == ["étudiée"]
    assert titles(client, "?tri=n-importe-quoi") == ["neuve", "chaude", "proche", "étudiée"]


def test_nearness_counts_what_the_thresholds_count(client):
    strict = f.make_campaign(verified_only=True)
    f.make_idea(campaign=strict, title="beaucoup de déclarés", declared_count=49)
    f.make_idea(campaign=strict, title="quelques vérifiés", verified_count=10)
    assert titles(client, "?tri=seuil") == ["quelques vérifiés", "beaucoup de déclarés"]


def test_waiting_begins_with_the_oldest_study(client):
    campaign = f.make_campaign()
    for title, days in (("hier", 1), ("il y a un mois", 30), ("il y a une semaine", 7)):
        f.make_idea(campaign=campaign, title=title, stage=Stage.STUDY, stage_at=NOW - dt.timedelta(days=days))
    assert titles(client, "?tri=attente") == ["il y a un mois", "il y a une semaine", "hier"]


def test_late_is_past_the_promised_day_and_still_owed(client):
    campaign = f.make_campaign()

    def studied(title):
        return f.make_idea(campaign=campaign, title=title, stage=Stage.STUDY)

    assert "Aucune réponse en retard" in page(client, LIST + "?tri=retard")
    promise(studied("en retard"), due_in=-1)
    promise(studied("le jour même"), due_in=0)
    promise(studied("délai arrêté"), due_in=-1, paused_on=f.today() - dt.timedelta(days=9))
    promise(studied("tenue"), due_in=-1, met_on=f.today())
    promise(studied("sans objet"), due_in=-1, dropped_on=f.today())
    promise(f.make_idea(campaign=campaign, title="répondue", stage=Stage.KEPT), due_in=-1)
    memory.client().flushdb()
    assert titles(client, "?tri=retard") == ["en retard"]


@pytest.mark.parametrize("stage", [Stage.SUPPORT, Stage.EXPIRED, Stage.STUDY])
def test_a_first_reading_is_late_at_every_stage(client, stage):
    campaign = f.make_campaign()
    promise(f.make_idea(campaign=campaign, title="pas lue", stage=stage), due_in=-1, kind=clocks.READING)
    promise(f.make_idea(campaign=campaign, title="à temps", stage=stage), due_in=0, kind=clocks.READING)
    assert titles(client, "?tri=retard") == ["pas lue"]


def test_what_takes_no_support_any_more_is_near_no_threshold(client):
    campaign, yesterday = f.make_campaign(), f.today() - dt.timedelta(days=1)
    f.make_idea(campaign=campaign, title="ouverte", supports_until=f.today(), declared_count=1)
    closed = {"campaign": campaign, "supports_until": yesterday, "published_at": NOW - dt.timedelta(days=2)}
    f.make_idea(**closed, title="close", declared_count=49)
    f.make_idea(**closed, title="à étudier", declared_count=120, next_supports=200)
    assert titles(client, "?tri=seuil") == ["ouverte"]
    memory.client().flushdb()
    shown = {card.title: card for card in client.get(LIST).context["cards"]}
    assert {title: (card.progress.words, card.progress.lacks, card.left) for title, card in shown.items()} == {
        "ouverte": ("1 soutien sur 50", "Encore 49 soutiens\u00a0: Rencontre", "Dernier jour"),
        "close": ("49 soutiens", "", ""),
        "à étudier": ("120 soutiens", "", "En attente d’étude"),
    }


def test_order_at_random_is_the_same_all_along_its_pages(client):
    campaign, author, theme = f.make_campaign(), f.make_resident(), f.make_theme()
    for number in range(45):
        f.make_idea(campaign=campaign, author=author, theme=theme, title=f"n{number}", shuffle=number * 10**7)
    first = client.get(LIST + "?tri=hasard&graine=200")
    pages, response = [[card.title for card in first.context["cards"]]], first
    while response.context["pages"].next_url:
        assert "graine=200" in response.context["pages"].next_url
        response = client.get(response.context["pages"].next_url)
        pages.append([card.title for card in response.context["cards"]])
    # The place 200 of 1,000 is about 429 million: it begins at the 43rd and closes the ring.
    assert [len(each) for each in pages] == [20, 20, 5]
    assert list(chain(*pages)) == [f"n{number % 45}" for number in range(43, 88)]
    back = client.get(response.context["pages"].previous_url)
    assert [card.title for card in back.context["cards"]] == pages[1]
    assert [card.title for card in client.get(back.context["pages"].previous_url).context["cards"]] == pages[0]


def test_order_at_random_is_drawn_once_and_stands_in_the_address(client):
    f.make_idea()
    response = client.get(LIST + "?tri=hasard&theme=")
    assert response.status_code == 302
    seed = response["Location"].rpartition("graine=")[2]
    assert response["Location"] == f"{LIST}?tri=hasard&graine={seed}"
    assert 0 <= int(seed) < filters.SEEDS
    for wrong in ("-1", "1000", "x", "٣"):
        assert client.get(LIST + f"?tri=hasard&graine={wrong}").status_code == 302
    person = f.make_resident()
    sign_in(client, person)
    mine = {client.get(LIST + "?tri=hasard")["Location"] for _ in range(3)}
    assert len(mine) == 1


# --- Filters -------------------------------------------------------------------------------------------------------


def test_list_by_theme_place_stage_campaign_and_words(client):
    theme, district = f.make_theme(), f.make_district()
    campaign, other = f.make_campaign(), f.make_campaign()
    f.make_idea(campaign=campaign, title="Four à pain", theme=theme, place_district=district)
    f.make_idea(campaign=other, title="Bancs à l’ombre", stage=Stage.DONE)
    assert titles(client, f"?theme={theme.slug}") == ["Four à pain"]
    assert titles(client, f"?quartier={district.slug}") == ["Four à pain"]
    assert titles(client, "?etape=realisee") == ["Bancs à l’ombre"]
    assert titles(client, f"?campagne={other.slug}") == ["Bancs à l’ombre"]
    assert titles(client, "?q=bancs") == ["Bancs à l’ombre"]
    assert titles(client, "?q=kayak&tri=recent") == []
    assert titles(client, f"?q=four&campagne={other.slug}") == []
    assert titles(client, "?theme=inconnu&quartier=%27&etape=x&campagne=y&apres=z&page=w") == [
        "Bancs à l’ombre",
        "Four à pain",
    ]


def test_words_are_found_whatever_their_accents_best_first(client):
    campaign = f.make_campaign()
    f.make_idea(campaign=campaign, title="Autre chose", need="Une école.", published_at=NOW)
    f.make_idea(campaign=campaign, title="La cour de l’école", published_at=NOW - dt.timedelta(days=9))
    assert titles(client, "?q=ecoles") == ["La cour de l’école", "Autre chose"]
    assert titles(client, "?q=ecoles&tri=recent") == ["Autre chose", "La cour de l’école"]


def test_filters_in_force_can_be_removed_one_by_one(client):
    f.make_idea(theme=f.make_theme(name="Eau", slug="eau"))
    shown = client.get(f"{LIST}?q=absent&theme=eau&tri=soutenues&graine=4").context["chosen"]
    assert [(str(each.label), each.remove_url) for each in shown] == [
        ("Rechercher\u00a0: «\u00a0absent\u00a0»", f"{LIST}?theme=eau&tri=soutenues&graine=4"),
        ("Thème\u00a0: Eau", f"{LIST}?q=absent&tri=soutenues&graine=4"),
    ]


def test_orders_keep_the_filters_and_drop_the_seed(client):
    f.make_idea(theme=f.make_theme(slug="eau"))
    tabs = client.get(f"{LIST}?theme=eau&tri=hasard&graine=4").context["orders"]
    assert [tab.url for tab in tabs if tab.current] == [f"{LIST}?theme=eau&tri=hasard"]
    assert [tab.url for tab in tabs][:2] == [f"{LIST}?theme=eau", f"{LIST}?theme=eau&tri=montent"]


def test_empty_lists_say_what_to_do(client):
    assert "Les idées paraîtront ici dès que les dépôts ouvriront." in page(client, LIST)
    f.make_campaign()
    memory.client().flushdb()
    assert "La première peut être la vôtre." in page(client, LIST)
    assert "Essayez d’autres mots, ou retirez un filtre." in page(client, f"{LIST}?q=absent")


def test_list_says_what_the_city_promises(client):
    campaign = f.make_campaign(thresholds=((50, "Rencontre"), (100, "Atelier")))
    context = client.get(LIST).context
    assert [(goal.supports, goal.name, goal.opens_study) for goal in context["goals"]] == [
        (50, "Rencontre", False),
        (100, "Atelier", True),
    ]
    assert context["campaign"] == campaign


def test_htmx_gets_the_list_alone_and_announces_it(client):
    f.make_idea()
    fragment = page(client, LIST, **{"HX-Request": "true"})
    assert "<html" not in fragment
    assert fragment.count('id="resultats"') == 1
    assert '<p role="status" class="sr" id="annonce" hx-swap-oob="true">1 idée</p>' in fragment


def test_a_new_support_is_seen_at_once_on_a_kept_page(client):
    """What is kept for visitors follows the register: no page is ever out of date."""
    idea = f.make_idea(declared_count=2)
    for address in (LIST, idea.get_absolute_url()):
        assert "2 soutiens sur 50" in page(client, address)
    supporting.support(actor=f.make_resident(), idea=idea, at=timezone.now())
    for address in (LIST, idea.get_absolute_url()):
        assert "3 soutiens sur 50" in page(client, address)


# --- What one can do there -----------------------------------------------------------------------------------------


def gestures(client, query=""):
    return {card.title: card.gesture for card in client.get(LIST + query).context["cards"]}


def test_buttons_of_a_visitor_and_of_a_resident(client):
    campaign, person = f.make_campaign(), f.make_resident()
    f.make_idea(campaign=campaign, author=person, title="la mienne")
    f.make_support(idea=f.make_idea(campaign=campaign, title="soutenue"), user=person)
    f.make_idea(campaign=campaign, title="libre")
    f.make_idea(campaign=campaign, title="étudiée", stage=Stage.STUDY)
    f.make_idea(campaign=campaign, title="passée", supports_until=f.today() - dt.timedelta(days=1))
    f.make_idea(campaign=campaign, title="dernier jour", supports_until=f.today())
    closed = {"étudiée": "", "passée": ""}
    assert set(gestures(client).items()) == {
        *closed.items(),
        *((title, "sign_in") for title in ("la mienne", "soutenue", "libre", "dernier jour")),
    }
    html = page(client, LIST)
    assert ("csrfmiddlewaretoken" in html, 'aria-pressed="' in html) == (False, False)
    sign_in(client, person)
    assert gestures(client) == {
        **closed,
        "la mienne": "own",
        "soutenue": "supported",
        "libre": "support",
        "dernier jour": "support",
    }
    html = page(client, LIST)
    assert (html.count('aria-pressed="true"'), html.count('aria-pressed="false"')) == (1, 2)


# --- Cost ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3, 30])
def test_list_costs_the_same_whatever_its_length(client, count, django_assert_num_queries):
    campaign = f.make_campaign()
    for number in range(count):
        f.make_idea(campaign=campaign, place_district=f.make_district(), behalf="oneself", title=f"n{number}")
    with django_assert_num_queries(5):  # register, campaigns with their thresholds, page, and the two filters
        client.get(LIST)
    with django_assert_num_queries(6):  # and the count of what a filter leaves
        client.get(LIST + "?tri=seuil")
    sign_in(client, f.make_resident())
    client.get(LIST)  # which notes, once a minute, that its person is there
    with django_assert_num_queries(7):  # session, person; campaigns, page, two filters, own supports
        client.get(LIST)


def _many(count):
    """Thousands of ideas, written at once."""
    campaign, author, themes = f.make_campaign(), f.make_resident(), [f.make_theme() for _ in range(40)]
    districts = [f.make_district() for _ in range(40)]
    Idea.objects.bulk_create(
        Idea(
            reference=new_reference(),
            campaign=campaign,
            author=author,
            theme=themes[number % 40],
            place_district=districts[number % 40],
            title=f"Idée {number}",
            need="b",
            proposal="p",
            submitted_at=NOW,
            published_at=NOW - dt.timedelta(minutes=number),
            stage=Stage.STUDY if number % 50 == 0 else Stage.SUPPORT,
            stage_at=NOW - dt.timedelta(minutes=number),
            supports_until=f.today(),
            next_supports=5000,
            declared_count=number,
            heat=float(number),
        )
        for number in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ideas_idea")
    return themes[0], districts[0]


def test_every_order_and_filter_is_read_from_its_index():
    theme, district = _many(4000)
    visible = Idea.objects.visible()
    orders = {
        "idea_recent": (visible, filters.ORDERS[filters.RECENT]),
        "idea_rising": (visible, filters.ORDERS[filters.RISING]),
        "idea_supported": (visible, filters.ORDERS[filters.SUPPORTED]),
        "idea_near": (filters.narrowed(visible, filters.NEAR, at=NOW), filters.ORDERS[filters.NEAR]),
        "idea_waiting": (filters.narrowed(visible, filters.WAITING, at=NOW), filters.ORDERS[filters.WAITING]),
        "idea_theme": (visible.filter(theme=theme), filters.ORDERS[filters.RECENT]),
        "idea_place": (visible.filter(place_district=district), filters.ORDERS[filters.RECENT]),
        "idea_stage": (visible.filter(stage=Stage.DONE), filters.ORDERS[filters.RECENT]),
    }
    plans = {
        name: (order.of(rows)[:21].explain(), order.of(order.beyond(rows, visible[2000]))[:21].explain())
        for name, (rows, order) in orders.items()
    }
    assert {name for name, both in plans.items() if not all(name in plan for plan in both)} == set()
    assert {name for name, both in plans.items() if any("Sort" in plan for plan in both)} == set()
    ring = filters.ring(300)
    for part in (visible.filter(shuffle__gte=ring.start), visible.filter(shuffle__lt=ring.start)):
        plan = ring.of(part)[:21].explain()
        assert ("idea_shuffled" in plan, "Sort" in plan) == (True, False)


def test_a_page_of_the_ring_hangs_on_a_row():
    _many(50)
    order = filters.ring(500)
    whole = order.take(Idea.objects.visible(), 100)
    assert [row.pk for row in whole] == [
        row.pk for row in sorted(Idea.objects.visible(), key=lambda row: ((row.shuffle - order.start) % 2**31, row.pk))
    ]
    anchor = whole[30]
    assert order.take(Idea.objects.visible(), 5, anchor=anchor) == whole[31:36]
    assert order.take(Idea.objects.visible(), 5, anchor=anchor, backwards=True) == whole[29:24:-1]
    assert order.take(Idea.objects.visible(), 5, anchor=anchor, included=True) == whole[30:35]
    assert isinstance(order, lists.Ring)


# --- Campaigns -----------------------------------------------------------------------------------------------------


def test_campaign_page_says_its_frozen_rules(client):
    opens, day = f.today() - dt.timedelta(days=2), dt.timedelta(days=1)
    campaign = f.make_campaign(
        kind="edition",
        opens_on=opens,
        closes_on=f.today() + 10 * day,
        supports_end_on=f.today() + 20 * day,
        budget_cents=30_000_000,
        verified_only=True,
        minimum_age=16,
        least_realism=40,
        thresholds=((30, "Étude"),),
    )
    f.make_idea(campaign=campaign, title="La sienne")
    f.make_idea(title="D’une autre")
    context = client.get(campaign.get_absolute_url()).context
    facts = {str(fact.label): str(fact.value) for fact in context["facts"]}
    assert facts["Budget"] == "300\u00a0000\u00a0€"
    assert facts["Qui participe\u00a0?"] == "Les personnes qui déclarent habiter Mulhouse, à partir de 16\u00a0ans"
    assert facts["Ce qu’il faut pour être étudiée"] == "Un réalisme d’au moins 40 sur 100 à la première lecture"
    assert "résidences vérifiées" in facts["Ce que comptent les seuils"]
    assert [card.title for card in context["cards"]] == ["La sienne"]
    assert [goal.supports for goal in context["goals"]] == [30]
    assert str(context["tags"][0].label) == "Ouverte"


@pytest.mark.parametrize(
    ("opens", "closes", "ends", "words"),
    [
        (1, 5, 9, "Bientôt"),
        (-5, 0, 3, "Ouverte"),
        (-5, -1, 0, "On peut encore soutenir"),
        (-9, -5, -1, "Terminée"),
    ],
)
def test_state_of_a_campaign_on_each_side_of_its_days(client, opens, closes, ends, words):
    day = dt.timedelta(days=1)
    f.make_campaign(
        kind="edition",
        opens_on=f.today() + opens * day,
        closes_on=f.today() + closes * day,
        supports_end_on=f.today() + ends * day,
    )
    assert [str(card.tag.label) for card in client.get("/idees/campagnes/").context["cards"]] == [words]


@pytest.mark.parametrize("count", [1, 3, 10])
def test_campaign_pages_cost_the_same(client, count, django_assert_num_queries):
    campaign = f.make_campaign()
    for _ in range(count):
        f.make_idea(campaign=campaign)
        f.make_campaign()
        make_campaign_vote(campaign=campaign)
    with django_assert_num_queries(4):  # register, campaign with its thresholds, ideas, votes
        client.get(campaign.get_absolute_url())
    with django_assert_num_queries(2):
        client.get("/idees/campagnes/")
