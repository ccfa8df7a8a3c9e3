"""The map of a consultation: who sees it, what it counts, what it costs, and no trace of Leaflet where nobody asked for it."""

import datetime as dt
import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from city.models import District
from consultations import actions
from consultations.models import Contribution
from tests.factories import (
    make_consultation,
    make_contribution,
    make_district,
    make_resident,
    make_staff,
    sign_in,
)

pytestmark = pytest.mark.django_db
TILES = "/tuiles/{z}/{x}/{y}.png"


def address(consultation, query=""):
    return f"/concertations/{consultation.slug}/carte/{query}"


def page(client, consultation, query=""):
    response = client.get(address(consultation, query))
    assert response.status_code == 200
    return response


def place(consultation, district=None, **fields):
    return make_contribution(consultation=consultation, place_district=district, **{"place": "Le pont", **fields})


def district(slug):
    return District.objects.get(slug=slug)


# --- Who -----------------------------------------------------------------------------------------------------------------


def test_map_of_a_draft_is_for_its_agents(client):
    consultation = make_consultation(published_at=None)
    assert client.get(address(consultation)).status_code == 404
    sign_in(client, make_resident())
    assert client.get(address(consultation)).status_code == 404
    sign_in(client, make_staff("consultations.change_consultation"))
    assert client.get(address(consultation)).status_code == 200


def test_map_is_only_read(client):
    assert client.post(address(make_consultation())).status_code == 405


def test_tab_is_there_once_a_place_is_named(client):
    consultation = make_consultation()
    make_contribution(consultation=consultation)
    assert "/carte/" not in client.get(consultation.get_absolute_url()).content.decode()
    for hidden in ({"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now(), "hidden_reason": "Une raison."}):
        place(consultation, **hidden)
    assert "/carte/" not in client.get(f"{consultation.get_absolute_url()}?2").content.decode()
    place(consultation)
    assert address(consultation) in client.get(f"{consultation.get_absolute_url()}?3").content.decode()


# --- What ----------------------------------------------------------------------------------------------------------------


def test_counts_of_the_drawing_and_of_the_table_are_those_of_the_rows(client):
    consultation, drouot, rebberg = make_consultation(), district("drouot"), district("rebberg")
    for _ in range(3):
        place(consultation, drouot)
    place(consultation, rebberg, place="")
    place(consultation)
    place(consultation, drouot, withdrawn_at=timezone.now())
    place(consultation, drouot, hidden_at=timezone.now(), hidden_reason="Une raison.")
    place(consultation, drouot, published_at=None)
    place(make_consultation(), drouot)
    context = page(client, consultation).context
    counts = {group.slug: group.count for group in context["groups"] if group.count}
    assert counts == {"drouot": 3, "rebberg": 1, "sans-quartier": 1}
    assert context["total_count"] == 5
    html = page(client, consultation).content.decode()
    assert re.findall(r'class="pas-(\d)"><title>([^<]+)</title>', html) == [
        ("3", "Drouot\u00a0: 3 contributions"),
        ("1", "Rebberg\u00a0: 1 contribution"),
    ]


def test_every_district_of_mulhouse_has_a_tile_of_its_own(client):
    consultation = make_consultation()
    place(consultation)
    drawn = page(client, consultation).context["drawn"]
    assert len(drawn) == 17
    assert len({(each.tile.x, each.tile.y) for each in drawn}) == 17
    # North is up, west is left.
    by_slug = {each.slug: each.tile for each in drawn}
    assert by_slug["bourtzwiller"].y < by_slug["centre-historique"].y < by_slug["rebberg"].y
    assert by_slug["dornach"].x < by_slug["centre-historique"].x < by_slug["drouot"].x


def test_a_district_without_a_tile_is_in_the_table(client):
    consultation, newcomer = make_consultation(), make_district(name="Nouveau quartier", slug="nouveau-quartier")
    place(consultation, newcomer)
    context = page(client, consultation).context
    assert "nouveau-quartier" not in {tile.slug for tile in context["drawn"]}
    assert {group.slug: group.count for group in context["groups"]}["nouveau-quartier"] == 1


def test_two_districts_do_not_share_a_tile():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS district_tile_once IMMEDIATE")
    with pytest.raises(IntegrityError, match="district_tile_once"), transaction.atomic():
        District.objects.filter(slug="drouot").update(map_column=3, map_row=4)
    with pytest.raises(IntegrityError, match="district_tile_whole"), transaction.atomic():
        District.objects.filter(slug="drouot").update(map_row=None)


def test_list_of_a_district_goes_from_page_to_page(client):
    consultation, drouot = make_consultation(), district("drouot")
    now = timezone.now()
    for number in range(23):
        place(consultation, drouot, title=f"Au pont {number:02}", published_at=now - dt.timedelta(minutes=number))
    place(consultation, district("rebberg"), title="Ailleurs")
    first = page(client, consultation, "?quartier=drouot")
    second = client.get(first.context["pages"].next_url)
    titles = [row.title for row in (*first.context["rows"], *second.context["rows"])]
    assert titles == [f"Au pont {number:02}" for number in range(23)]
    assert second.context["pages"].next_url == ""


def test_overview_shows_the_newest_of_each_district_and_its_place(client):
    consultation, drouot = make_consultation(), district("drouot")
    now = timezone.now()
    for number in range(5):
        place(
            consultation,
            drouot,
            title=f"Au pont {number}",
            place=f"Pont {number}",
            published_at=now - dt.timedelta(minutes=number),
        )
    place(consultation, title="Sur la place", place="Une place")
    groups = {group.slug: group for group in page(client, consultation).context["groups"]}
    assert [(row.title, row.place) for row in groups["drouot"].rows] == [
        ("Au pont 0", "Pont 0"),
        ("Au pont 1", "Pont 1"),
        ("Au pont 2", "Pont 2"),
    ]
    assert [row.title for row in groups["sans-quartier"].rows] == ["Sur la place"]
    html = page(client, consultation).content.decode()
    assert "Voir les 5 contributions" in html
    assert [row.title for row in page(client, consultation, "?quartier=sans-quartier").context["rows"]] == [
        "Sur la place"
    ]


@pytest.mark.parametrize("query", ["?quartier=inconnu", "?quartier=", "?quartier=%00"])
def test_an_unknown_district_gives_them_all(client, query):
    consultation = make_consultation()
    place(consultation)
    assert page(client, consultation, query).context["group"] is None


def test_map_without_a_place_says_so(client):
    assert "Aucune contribution ne nomme un lieu" in page(client, make_consultation()).content.decode()


def test_place_of_the_consultation_is_written(client):
    consultation = make_consultation(place_name="Le marché", latitude="47.75090", longitude="7.32410")
    presented = client.get(consultation.get_absolute_url()).content.decode()
    # Degrees are for the map: nobody finds their way with them.
    assert ("Le marché" in presented, "47,75090°" in presented) == (True, False)
    assert "47,75090° nord, 7,32410° est" in page(client, consultation).content.decode()


# --- What it costs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("query", "expected"), [("", 7), ("?quartier=drouot", 6)])
def test_map_costs_the_same_with_more_rows(client, query, expected):
    consultation = make_consultation()
    author = make_resident()
    costs = []
    for turn in ("1", "2"):
        for slug in ("drouot", "rebberg", "dornach"):
            for _number in range(4):
                place(consultation, district(slug), author=author)
        place(consultation, author=author)
        # Another address each time: the first page is kept for visitors.
        with CaptureQueriesContext(connection) as queries:
            page(client, consultation, f"{query}&n={turn}" if query else f"?n={turn}")
        costs.append(len(queries))
    assert costs == [expected, expected]


def test_counts_and_lists_come_from_the_index():
    consultation, author = make_consultation(), make_resident()
    section, drouot, now = consultation.sections.get(), district("drouot"), timezone.now()
    Contribution.objects.bulk_create(
        Contribution(
            consultation=consultation,
            section=section,
            author=author,
            title=f"Avis {number}",
            body="Un texte.",
            place="Le pont" if number % 40 == 0 else "",
            place_district=drouot if number % 80 == 0 else None,
            published_at=now - dt.timedelta(minutes=number),
        )
        for number in range(4000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE consultations_contribution")
    placed = Contribution.objects.placed().filter(consultation=consultation)
    here = Contribution.objects.filter(consultation=consultation).order_by("-published_at", "-pk")
    plans = [
        here.placed_in(drouot)[:20].explain(),
        placed.order_by().values("place_district").annotate(count=Count("pk")).explain(),
        placed.order_by().values("pk")[:1].explain(),
    ]
    assert ["contribution_place" in plan for plan in plans] == [True, True, True]
    # Those in no district: from this index where they are few, from that of the whole list where they are many. Which one
    # the planner takes here follows how full the pages of the table are, so that either is right.
    nowhere = here.placed_in(None)[:20].explain()
    assert "Index" in nowhere
    assert [each for each in [*plans, nowhere] if "Seq Scan" in each] == []


# --- Writing it -----------------------------------------------------------------------------------------------------------


def test_district_of_a_place_is_written_corrected_and_erased():
    consultation, author = make_consultation(), make_resident(public_name="Lou")
    drouot, rebberg = district("drouot"), district("rebberg")
    words = actions.Words(
        section=consultation.sections.get(),
        kind="opinion",
        title="Le pont est trop étroit",
        body="On s’y croise mal.",
        signature="name",
        place="Le pont",
        place_district=drouot,
    )
    draft = actions.save_draft(actor=author, consultation=consultation, reference="ABCD2345", words=words)
    assert draft.place_district == drouot
    draft.published_at = timezone.now()
    draft.save()
    corrected = actions.correct(
        actor=author,
        contribution=draft,
        words=actions.Words(**{**vars(words), "place_district": rebberg}),
        at=timezone.now(),
    )
    assert corrected.place_district == rebberg
    Contribution.objects.update(withdrawn_at=timezone.now())
    actions.erase_contributions(user=author)
    assert Contribution.objects.values_list("place", "place_district").get() == ("", None)


def test_form_asks_for_the_district_of_the_place(client):
    consultation, author, drouot = make_consultation(), make_resident(), district("drouot")
    sign_in(client, author)
    start = f"/concertations/{consultation.slug}/participer/"
    assert 'name="place_district"' in client.get(start).content.decode()
    client.post(start, {"title": "Le pont", "place": "Le pont", "place_district": drouot.pk, "intention": "brouillon"})
    assert Contribution.objects.get().place_district == drouot
    for nonsense in ("0", "-1", "drouot", "9" * 40):
        reference = Contribution.objects.get().reference
        client.post(f"{start}{reference}/", {"title": "Le pont", "place_district": nonsense, "intention": "brouillon"})
        assert Contribution.objects.get().place_district is None


# --- Leaflet --------------------------------------------------------------------------------------------------------------


def test_no_trace_of_leaflet_unless_tiles_are_given(client):
    consultation = make_consultation(latitude="47.75090", longitude="7.32410")
    place(consultation, district("drouot"))
    html = page(client, consultation).content.decode()
    assert not re.search("leaflet|carte.js|data-carte|data-tuiles", html, re.IGNORECASE)


def test_leaflet_waits_for_a_button(client, settings):
    settings.MAP_TILES_URL, settings.MAP_TILES_CREDIT = TILES, "© la Ville"
    District.objects.filter(slug="drouot").update(latitude="47.75600", longitude="7.36100")
    consultation = make_consultation(latitude="47.75090", longitude="7.32410", place_name="Le marché")
    place(consultation, district("drouot"))
    place(consultation, district("rebberg"))
    response = page(client, consultation)
    html = response.content.decode()
    assert f'data-tuiles="{TILES}"' in html
    assert re.findall(r"<script[^>]* src=\"([^\"]+)\"", html) == [
        "/static/js/carte.js",
        "/static/vendor/htmx-4.0.1/htmx.min.js",
        "/static/js/app.js",
    ]
    assert 'rel="stylesheet" href="/static/vendor/leaflet' not in html
    # The districts whose point nobody gave are in the table only.
    assert re.findall(r'data-latitude="([\d.]+)" data-longitude="([\d.]+)" data-nombre="(\d*)"', html) == [
        ("47.75090", "7.32410", ""),
        ("47.75600", "7.36100", "1"),
    ]
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "url",
    ["https://tuiles.example/{z}/{x}/{y}.png", "//tuiles.example/{z}/{x}/{y}.png", "tuiles/{z}/{x}/{y}", "/tuiles/{z}"],
)
def test_tiles_of_another_host_are_refused(monkeypatch, url):
    monkeypatch.setenv("MAP_TILES_URL", url)
    with pytest.raises(ImproperlyConfigured, match="MAP_TILES_URL"):
        runpy.run_path(str(Path(conf.BASE_DIR) / "mulhouse" / "settings.py"))


def test_leaflet_is_whole_and_says_its_licence():
    folder = Path(conf.BASE_DIR) / "static" / "vendor" / "leaflet-1.9.4"
    assert "BSD 2-Clause" in (folder / "LICENSE").read_text()
    assert "Leaflet 1.9.4" in (folder / "leaflet.js").read_text()[:80]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "half", [{"latitude": "47.75000"}, {"longitude": "7.33000"}, {"latitude": "10", "longitude": "10"}]
)
def test_half_a_place_or_one_elsewhere_is_refused(half):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_consultation(**half)
