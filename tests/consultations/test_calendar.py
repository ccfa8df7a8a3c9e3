"""Feeds and calendars of consultations: what everybody may read, and nothing else."""

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from icalendar import Calendar

from tests.factories import make_consultation, make_contribution, make_resident, make_staff, sign_in
from tests.opendata.content import act

ATOM = "{http://www.w3.org/2005/Atom}"


def events(client, path):
    response = client.get(path)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))
    return {str(event["uid"]).partition("@")[0]: event for event in Calendar.from_ical(response.content).walk("VEVENT")}


@pytest.mark.parametrize("path", ["agenda.ics", "flux/atom/", "flux/rss/"])
def test_a_draft_has_neither_feed_nor_dates(db, client, path):
    draft = make_consultation(slug="cachee", published_at=None)
    assert client.get(f"/concertations/{draft.slug}/{path}").status_code == 404
    sign_in(client, make_staff("consultations.change_consultation"))
    assert client.get(f"/concertations/{draft.slug}/{path}").status_code == 404
    assert "cachee" not in client.get("/concertations/agenda.ics").content.decode()


def test_dates_of_a_consultation(db, client):
    consultation = make_consultation(slug="parc", title="Le parc", restitution_days=30)
    found = events(client, "/concertations/parc/agenda.ics")
    asking = consultation.phases.get(kind="contribute")
    phases = [f"phase-{rank}" for rank in range(1, 6)]
    parts = [*phases, f"fin-{asking.position}", "reponse"]
    assert sorted(found) == sorted(f"consultation-parc-{part}" for part in parts)
    phase = found[f"consultation-parc-phase-{asking.position}"]
    assert (phase.decoded("dtstart"), phase.decoded("dtend")) == (
        asking.starts_on,
        asking.ends_on + dt.timedelta(days=1),
    )
    assert found["consultation-parc-reponse"].decoded("dtstart") == asking.ends_on + dt.timedelta(days=30)
    assert {str(event["status"]) for event in found.values()} == {"CONFIRMED"}
    assert all(event.get(name) is not None for event in found.values() for name in ("dtstamp", "sequence", "summary"))
    assert events(client, "/concertations/agenda.ics").keys() == found.keys()


def test_a_date_that_moves_keeps_its_event_and_grows_its_sequence(db, client):
    consultation = make_consultation(slug="parc")
    before = events(client, "/concertations/parc/agenda.ics")["consultation-parc-phase-5"]
    last = consultation.phases.get(position=5)
    last.ends_on += dt.timedelta(days=5)
    last.save()
    act("consultation.dates_changed", subject="parc")
    after = events(client, "/concertations/parc/agenda.ics")["consultation-parc-phase-5"]
    assert after.decoded("dtend") - before.decoded("dtend") == dt.timedelta(days=5)
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert after.decoded("dtstamp") > before.decoded("dtstamp")


def test_feed_of_a_consultation(db, client):
    consultation = make_consultation(slug="parc")
    shown = make_contribution(
        consultation=consultation, title="Des tilleuls", author=make_resident(public_name="Aïcha")
    )
    make_contribution(consultation=consultation, title="zbrouillon", published_at=None)
    make_contribution(consultation=consultation, title="zretiré", withdrawn_at=timezone.now())
    make_contribution(consultation=consultation, title="zmasqué", hidden_at=timezone.now())
    response = client.get("/concertations/parc/flux/atom/")
    feed = ET.fromstring(response.content)
    assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == ["Des tilleuls"]
    assert feed.find(f"{ATOM}entry/{ATOM}link").get("href").endswith(shown.get_absolute_url())
    assert client.get("/concertations/parc/flux/atom/", headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.get("/concertations/parc/flux/xml/").status_code == 404


@pytest.mark.parametrize("path", ["/concertations/", "/concertations/parc/", "/engagements/", "/registre/"])
def test_feeds_are_announced_by_their_page(db, client, path):
    make_consultation(slug="parc")
    page = client.get(path).content.decode()
    for line in page.split("\n"):
        if 'rel="alternate" type="application/' in line or 'rel="alternate" type="text/calendar"' in line:
            address = line.partition('href="')[2].partition('"')[0]
            assert client.get(address).status_code == 200
    assert 'type="application/atom+xml"' in page


def test_feed_of_the_register_says_what_and_never_who(db, client):
    act("contribution.published")
    feed = ET.fromstring(client.get("/registre/flux/atom/").content)
    (entry,) = feed.iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Une contribution a été publiée"
    assert entry.find(f"{ATOM}author") is None
