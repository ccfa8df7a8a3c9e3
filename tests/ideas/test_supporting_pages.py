"""Supporting, taking a support back and following, from the pages: with script, without, and when something is missing."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Residency
from ideas.models import Idea, Stage, Support
from notifications.models import Subscription
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def address(idea, gesture="soutenir"):
    return f"/idees/{idea.reference}/{gesture}/"


def counts(idea):
    row = Idea.objects.get(pk=idea.pk)
    return row.verified_count, row.declared_count, Support.objects.filter(idea=idea).count()


# --- Refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gesture", ["soutenir", "ne-plus-soutenir", "suivre"])
def test_visitors_sign_in_first(client, gesture):
    idea = f.make_idea()
    response = client.post(address(idea, gesture))
    assert (response.status_code, "/compte/connexion/" in response["Location"]) == (302, True)
    assert counts(idea) == (0, 0, 0)


def test_a_visitor_is_led_back_to_the_form(client):
    idea = f.make_idea()
    assert client.get(address(idea))["Location"].endswith(f"next={address(idea)}")


@pytest.mark.parametrize(
    "fields",
    [
        {"stage": Stage.STUDY},
        {"stage": Stage.GATHERED},
        {"supports_until": f.today() - dt.timedelta(days=1)},
    ],
)
def test_what_takes_no_support_refuses_it(client, fields):
    idea = f.make_idea(**fields)
    sign_in(client, f.make_resident())
    assert client.get(address(idea)).status_code == 302
    assert client.post(address(idea)).status_code == 403
    assert client.post(address(idea, "ne-plus-soutenir")).status_code == 403
    answer = client.post(address(idea), {"vue": "carte"}, headers=HTMX)
    assert answer.status_code == 200
    assert counts(idea) == (0, 0, 0)


@pytest.mark.parametrize("fields", [{"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now()}])
def test_what_is_gone_is_not_supported(client, fields):
    idea = f.make_idea(**fields)
    sign_in(client, f.make_resident())
    assert client.post(address(idea)).status_code == 403
    assert client.post(address(idea, "suivre"), {"suivre": "oui"}).status_code == 403
    assert counts(idea) == (0, 0, 0)


def test_a_draft_is_not_found(client):
    draft = f.make_idea(published=False)
    sign_in(client, draft.author)
    for gesture in ("soutenir", "ne-plus-soutenir", "suivre"):
        assert client.post(address(draft, gesture)).status_code == 404


def test_nobody_supports_their_own_idea(client):
    idea = f.make_idea()
    sign_in(client, idea.author)
    response = client.get(address(idea))
    assert (response.status_code, response["Location"]) == (302, f"{idea.get_absolute_url()}#soutenir")
    assert client.post(address(idea)).status_code == 403
    assert "C’est votre idée" in client.get(idea.get_absolute_url()).content.decode()


def test_a_verified_residence_is_asked_with_its_remedy(client):
    idea = f.make_idea(campaign=f.make_campaign(residency_level="verified"))
    sign_in(client, f.make_resident())
    context = client.get(idea.get_absolute_url()).context
    assert bool(context["support_refusal"]) is True
    assert context["support_remedy"] != ""
    fragment = client.post(address(idea), {"vue": "carte"}, headers=HTMX).content.decode()
    assert (context["support_refusal"] in fragment, context["support_remedy"] in fragment) == (True, True)
    assert counts(idea) == (0, 0, 0)


def test_opening_an_address_supports_nothing(client):
    idea = f.make_idea()
    sign_in(client, f.make_resident())
    assert client.get(address(idea)).status_code == 200
    for gesture in ("ne-plus-soutenir", "suivre"):
        assert client.get(address(idea, gesture)).status_code == 405
    assert counts(idea) == (0, 0, 0)


# --- Supporting ----------------------------------------------------------------------------------------------------


def test_support_and_take_back_without_script(client):
    idea = f.make_idea()
    sign_in(client, f.make_resident())
    for _ in range(2):  # twice is once
        response = client.post(address(idea))
        assert (response.status_code, response["Location"]) == (302, f"{idea.get_absolute_url()}#soutenir")
        assert counts(idea) == (0, 1, 1)
    html = client.get(idea.get_absolute_url()).content.decode()
    assert ("Vous soutenez cette idée" in html, "Votre soutien est compté." in html) == (True, True)
    assert client.get(address(idea))["Location"] == f"{idea.get_absolute_url()}#soutenir"
    for _ in range(2):
        assert client.post(address(idea, "ne-plus-soutenir")).status_code == 302
        assert counts(idea) == (0, 0, 0)


def test_a_verified_resident_counts_as_such(client):
    idea = f.make_idea()
    sign_in(client, f.make_resident(verified=True))
    client.post(address(idea))
    assert counts(idea) == (1, 0, 1)


def test_support_with_htmx_in_a_list_and_on_the_page(client):
    idea = f.make_idea(declared_count=5)
    sign_in(client, f.make_resident())
    card = client.post(address(idea), {"vue": "carte"}, headers=HTMX).content.decode()
    assert "<html" not in card
    assert f'id="soutien-{idea.reference}"' in card
    assert 'aria-pressed="true"' in card
    assert "6 soutiens sur 50" in card
    assert 'id="annonce" hx-swap-oob="true">Votre soutien est compté.</p>' in card
    block = client.post(address(idea, "ne-plus-soutenir"), headers=HTMX).content.decode()
    assert "<html" not in block
    assert 'id="soutenir"' in block
    assert 'aria-pressed="false"' in block
    assert "5 soutiens sur 50" in block
    assert "Votre soutien est retiré." in block


def test_support_and_follow_at_once(client):
    idea, person = f.make_idea(), f.make_resident()
    sign_in(client, person)
    client.post(address(idea), {"suivre": "oui"})
    assert [row.topic for row in Subscription.objects.filter(user=person)] == [idea.topic]


# --- What is missing -----------------------------------------------------------------------------------------------


def test_a_missing_district_and_year_are_asked_on_the_same_page(client):
    district = f.make_district()
    idea = f.make_idea(campaign=f.make_campaign(minimum_age=16))
    person = f.make_user(public_name="")
    sign_in(client, person)
    page = client.get(idea.get_absolute_url()).content.decode()
    assert f'href="{address(idea)}"' in page
    response = client.post(address(idea))  # from a list that did not ask
    assert (response.status_code, response["Location"]) == (302, address(idea))
    form = client.get(address(idea)).context["form"]
    assert sorted(form.fields) == ["birth_year", "district"]
    wrong = client.post(address(idea), {"profil-district": "", "profil-birth_year": "1990"})
    assert (wrong.status_code, "Choisissez votre quartier." in wrong.content.decode()) == (422, True)
    assert 'value="1990"' in wrong.content.decode()
    assert counts(idea) == (0, 0, 0)
    client.post(address(idea), {"profil-district": district.pk, "profil-birth_year": "1990"})
    assert counts(idea) == (0, 1, 1)
    assert Residency.objects.get(user=person).district == district


def test_somebody_too_young_is_refused_once_they_say_so(client):
    idea = f.make_idea(campaign=f.make_campaign(minimum_age=16))
    sign_in(client, f.make_resident())
    year = f.today().year - 10
    assert client.post(address(idea), {"profil-birth_year": str(year)}).status_code == 403
    assert counts(idea) == (0, 0, 0)


def test_htmx_leads_to_the_question(client):
    idea = f.make_idea()
    sign_in(client, f.make_user())
    card = client.post(address(idea), {"vue": "carte"}, headers=HTMX).content.decode()
    assert (f'href="{address(idea)}"' in card, "Dites d’abord votre quartier." in card) == (True, True)


# --- Following -----------------------------------------------------------------------------------------------------


def test_follow_and_stop(client):
    idea, person = f.make_idea(), f.make_resident()
    sign_in(client, person)
    for said, expected in (("oui", 1), ("oui", 1), ("non", 0), ("non", 0)):
        response = client.post(address(idea, "suivre"), {"suivre": said})
        assert (response.status_code, response["Location"]) == (302, idea.get_absolute_url())
        assert Subscription.objects.filter(user=person, topic=idea.topic).count() == expected
