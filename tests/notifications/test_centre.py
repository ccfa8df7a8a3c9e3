"""A person's own pages: what they were told, what they follow, how often. Nobody else's."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from notifications import frequencies, reading, retention, topics
from notifications.models import AddressState, Notification, Subscription
from tests import factories as f
from tests.factories import make_user, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
ABOUT = "test:les-quais"
CENTRE, PREFERENCES, FOLLOWED, FOLLOW = (
    reverse(f"notifications:{name}") for name in ("centre", "preferences", "followed", "follow")
)


@pytest.fixture(autouse=True)
def shown():
    titles = {"les-quais": topics.Topic("Les quais", "/quais/")}
    topics.declare("test", titles.get, many=lambda keys: {key: titles[key] for key in keys if key in titles})
    yield titles
    topics._kinds.pop("test")  # noqa: SLF001 (no app ever takes a kind back)


def told(person, number=0, **fields):
    values = {
        "user": person,
        "kind": "consultations.phase",
        "topic": ABOUT,
        "about": ABOUT,
        "subject_line": f"Nouvelle {number}",
        "url": "/quais/",
        "created_at": timezone.now() - dt.timedelta(minutes=number),
        "once_key": f"{number}:{person.pk}:{fields.get('kind', '')}",
    }
    return Notification.objects.create(**{**values, **fields})


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def own(client, person):
    sign_in(client, person)
    return client


# --- Denied first ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["centre", "preferences", "followed"])
def test_a_visitor_signs_in_first(client, name):
    address = reverse(f"notifications:{name}")
    assert client.get(address)["Location"].startswith(reverse("account_login"))


def test_somebody_else_s_notification_is_not_found(own):
    row = told(make_user())
    assert own.post(reverse("notifications:read", args=[row.pk])).status_code == 404
    assert Notification.objects.get().read_at is None
    assert "Nouvelle 0" not in own.get(CENTRE).content.decode()
    assert own.get(f"{CENTRE}?apres={row.pk}").status_code == 200


def test_marking_all_leaves_those_of_others(own, person):
    told(person)
    other = told(make_user())
    own.post(reverse("notifications:read_all"))
    assert list(Notification.objects.unread()) == [other]


@pytest.mark.parametrize("name", ["read_all", "follow", "address_works"])
def test_a_get_changes_nothing(own, name):
    assert own.get(reverse(f"notifications:{name}")).status_code == 405


# --- The page --------------------------------------------------------------------------------------------------------


def test_it_shows_by_day_what_is_new_and_marks_what_is_not_read(own, person):
    told(person, 1)
    told(person, 2, read_at=timezone.now())
    page = own.get(CENTRE).content.decode()
    assert page.index("Nouvelle 1") < page.index("Nouvelle 2")
    assert page.count(">Non lu</span>") == 1
    assert 'href="/quais/"' in page
    assert '1</span><span class="sr">Mes notifications\u00a0: 1 non lue</span>' in page


def test_nothing_to_show_says_what_to_do(own):
    page = own.get(CENTRE).content.decode()
    assert "Aucune notification" in page
    assert "Mes notifications\u00a0: aucune non lue" in page


def test_what_is_hidden_since_shows_nothing_of_it(own, person, shown):
    told(person, subject_line="Des mots à cacher")
    shown.clear()
    page = own.get(CENTRE).content.decode()
    assert "Ce contenu n’est plus public." in page
    assert "Des mots à cacher" not in page
    assert "/quais/" not in page


def test_one_is_marked_as_read_and_one_comes_back_to_the_same_page(own, person):
    row = told(person)
    response = own.post(reverse("notifications:read", args=[row.pk]), {"next": f"{CENTRE}?page=2"})
    assert response["Location"] == f"{CENTRE}?page=2"
    assert Notification.objects.get().read_at is not None
    elsewhere = own.post(reverse("notifications:read", args=[row.pk]), {"next": "https://evil.example/"})
    assert elsewhere["Location"] == CENTRE


def test_pages_hang_on_a_row(own, person):
    for number in range(reading.PAGE_SIZE * 2 + 1):
        told(person, number)
    first = own.get(CENTRE).content.decode()
    assert "Nouvelle 19<" in first
    assert "Nouvelle 20<" not in first
    last = Notification.objects.get(subject_line="Nouvelle 19")
    second = own.get(f"{CENTRE}?apres={last.pk}&page=2").content.decode()
    assert "Nouvelle 20<" in second
    assert "Nouvelle 39<" in second
    assert "Nouvelle 40<" not in second
    back = Notification.objects.get(subject_line="Nouvelle 20")
    assert "Nouvelle 19<" in own.get(f"{CENTRE}?avant={back.pk}&page=1").content.decode()
    assert own.get(f"{CENTRE}?apres=x").status_code == 200


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_costs_the_same(own, person, count, django_assert_num_queries):
    for number in range(count):
        told(person, number)
    # The session, the person with their count, the page, the address; and the session prolonged, in its savepoint.
    with django_assert_num_queries(7):
        own.get(CENTRE)


@pytest.mark.parametrize(("count", "words"), [(99, "99"), (100, "99+"), (130, "99+")])
def test_the_header_stops_counting(own, person, count, words):
    Notification.objects.bulk_create(
        Notification(
            user=person,
            kind="a",
            about=ABOUT,
            subject_line="a",
            url="/",
            created_at=timezone.now(),
            once_key=str(number),
        )
        for number in range(count)
    )
    page = own.get(reverse("accounts:home")).content.decode()
    assert f'<span class="cloche-nombre" aria-hidden="true">{words}</span>' in page


def test_the_header_of_a_visitor_has_no_bell(client):
    assert "cloche" not in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize(("days", "left"), [(179, 1), (181, 0)])
def test_it_is_kept_half_a_year(person, days, left):
    at = timezone.now()
    told(person, created_at=at - dt.timedelta(days=days))
    retention.purge(at=at)
    assert Notification.objects.count() == left


# --- An address that refuses -----------------------------------------------------------------------------------------


def test_an_address_that_refuses_mails_is_said_where_one_comes_back(own, person):
    at = timezone.now()
    AddressState.objects.create(address=person.email, user=person, bounced_at=at, reported_by="smtp", updated_at=at)
    for address in (reverse("accounts:home"), CENTRE):
        assert "Nos courriels vous reviennent" in own.get(address).content.decode()
    own.post(reverse("notifications:address_works"))
    assert AddressState.objects.get().bounced_at is None
    assert "Nos courriels vous reviennent" not in own.get(CENTRE).content.decode()


# --- How often -------------------------------------------------------------------------------------------------------


def choices(**changes):
    values = {code.replace(".", "-"): str(value) for code, value in frequencies.of_person(0).items()}
    return {**values, **changes}


def test_one_chooses_kind_by_kind(own, person):
    assert own.get(PREFERENCES).status_code == 200
    own.post(PREFERENCES, choices(**{"consultations-phase": "weekly"}))
    now = frequencies.of_person(person.pk)
    assert (now["consultations.phase"], now["consultations.replies"]) == ("weekly", "daily")


def test_an_unknown_frequency_is_an_error_and_changes_nothing(own, person):
    response = own.post(PREFERENCES, choices(**{"consultations-phase": "toujours"}))
    assert response.status_code == 422
    assert "<title>Erreur" in response.content.decode()
    assert frequencies.of_person(person.pk)["consultations.phase"] == "now"


# --- What one follows ------------------------------------------------------------------------------------------------


def test_a_theme_is_followed_then_left(own, person):
    theme = f.make_theme(name="Mobilité")
    topic = f"theme:{theme.slug}"
    assert "Voulez-vous être prévenu" in own.get(f"{FOLLOWED}?sujet={topic}").content.decode()
    own.post(FOLLOW, {"sujet": topic})
    own.post(FOLLOW, {"sujet": topic})
    assert list(Subscription.objects.values_list("user", "topic")) == [(person.pk, topic)]
    assert "Vous suivez déjà" in own.get(f"{FOLLOWED}?sujet={topic}").content.decode()
    own.post(FOLLOW, {"sujet": topic, "suivre": "non"})
    assert Subscription.objects.count() == 0


@pytest.mark.parametrize("topic", ["", "theme:absent", "autre:a", "contribution:ABCDEFGH", "kind:consultations.phase"])
def test_what_has_no_such_page_is_not_followed_from_here(own, topic):
    assert own.post(FOLLOW, {"sujet": topic}).status_code == 404
    assert Subscription.objects.count() == 0


def test_a_consultation_is_followed_from_its_own_page_alone(own):
    consultation = f.make_consultation()
    assert own.post(FOLLOW, {"sujet": consultation.topic}).status_code == 404


def test_what_is_followed_and_gone_can_be_left(own, person):
    Subscription.objects.create(user=person, topic="consultation:absente")
    assert "Un sujet qui n’est plus public" in own.get(FOLLOWED).content.decode()
    own.post(FOLLOW, {"sujet": "consultation:absente", "suivre": "non"})
    assert Subscription.objects.count() == 0


def test_the_page_of_what_one_follows_costs_the_same(own, person, django_assert_num_queries):
    for _ in range(6):
        Subscription.objects.create(user=person, topic=f"theme:{f.make_theme().slug}")
        Subscription.objects.create(user=person, topic=f.make_consultation().topic)
    # The session, the person, the subjects, two sorts of names, the wishes, the themes, the districts; the session prolonged.
    with django_assert_num_queries(11):
        own.get(FOLLOWED)


def test_the_list_of_a_theme_leads_to_following_it(client):
    theme = f.make_theme(name="Mobilité")
    f.make_consultation(theme=theme)
    page = client.get(reverse("consultations:list"), {"theme": theme.slug}).content.decode()
    assert f"{FOLLOWED}?sujet=theme:{theme.slug}" in page
    assert FOLLOWED + "?" not in client.get(reverse("consultations:list")).content.decode()
