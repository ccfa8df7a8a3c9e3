"""Feeds and calendars of consultations: what everybody may read, and nothing else."""

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from icalendar import Calendar

from consultations import calendar, editing, editing_rules, phases
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
    phases = [f"phase-{calendar.phase_key(phase)}" for phase in consultation.phases.all()]
    parts = [*phases, f"fin-{calendar.phase_key(asking)}", "reponse"]
    assert sorted(found) == sorted(f"consultation-parc-{part}" for part in parts)
    phase = found[f"consultation-parc-phase-{calendar.phase_key(asking)}"]
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
    last = consultation.phases.get(position=5)
    uid = f"consultation-parc-phase-{calendar.phase_key(last)}"
    before = events(client, "/concertations/parc/agenda.ics")[uid]
    last.ends_on += dt.timedelta(days=5)
    last.save()
    act("consultation.dates_changed", subject="parc")
    after = events(client, "/concertations/parc/agenda.ics")[uid]
    assert after.decoded("dtend") - before.decoded("dtend") == dt.timedelta(days=5)
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert after.decoded("dtstamp") > before.decoded("dtstamp")


@pytest.mark.django_db(transaction=True)
def test_a_phase_that_comes_before_takes_no_event_of_another(client):
    """Else a calendar that is subscribed would show « Décider » moved where a new phase begins."""
    agent = make_staff("consultations.change_consultation", "consultations.publish_consultation")
    consultation = make_consultation(slug="parc")
    before = events(client, "/concertations/parc/agenda.ics")
    kept = [editing_rules.PhaseEdit(phase.pk, phase.span) for phase in consultation.phases.all()]
    later = [edit if edit.span.kind.value in {"inform", "contribute", "analyse"} else _later(edit) for edit in kept]
    first = next(edit.span.starts_on for edit in kept if edit.span.kind is phases.Kind.DECIDE)
    added = phases.Span(phases.Kind.ANALYSE, "Second examen", first, first + dt.timedelta(days=10))
    editing.save_phases(
        actor=agent,
        consultation=consultation,
        edits=[*later, editing_rules.PhaseEdit(None, added)],
        seen=editing.version(consultation),
        at=timezone.now(),
        reason="Un second examen",
    )
    after = events(client, "/concertations/parc/agenda.ics")
    (new,) = after.keys() - before.keys()
    assert before.keys() - after.keys() == set()
    assert str(after[new]["summary"]).endswith("Second examen")
    assert {uid: str(event["summary"]) for uid, event in after.items() if uid != new} == {
        uid: str(event["summary"]) for uid, event in before.items()
    }


def _later(edit):
    span, days = edit.span, dt.timedelta(days=30)
    return editing_rules.PhaseEdit(
        edit.pk, phases.Span(span.kind, span.name, span.starts_on + days, span.ends_on and span.ends_on + days)
    )


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
