"""The demonstration's visitors of the desk, on their own: once, however often it runs."""

import tomllib
from collections import Counter

import pytest
from django.utils import timezone

from accounts import demo as accounts
from city.models import District
from consultations.demo import visits
from consultations.demo.texts import CONTENT
from consultations.models import Contribution, Participation, TableNotes
from desk.models import Channel
from tests.factories import make_consultation, make_district

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def script():
    return tomllib.loads((CONTENT / "desk.toml").read_text(encoding="utf-8"))


def test_visits_are_made_once(script):
    accounts.seed()
    for name in {row["district"] for row in script["helped"]}:
        District.objects.filter(name=name).exists() or make_district(name=name)
    consultation = make_consultation(slug=script["consultation"], sections=3)
    assert visits.play(at=timezone.now())
    assert not visits.play(at=timezone.now())
    channels = Counter(Contribution.objects.order_by("pk").values_list("channel", flat=True))
    notes = sum(len(table["notes"]) for table in script["tables"])
    assert channels == {**Counter(row["channel"] for row in script["helped"]), Channel.ROOM.value: notes}
    assert Participation.objects.filter(consultation=consultation).exclude(district=None).count() == len(
        script["helped"]
    )
    assert TableNotes.objects.count() == len(script["tables"])
    assert not Contribution.objects.filter(published_at__gt=timezone.now()).exists()


def test_a_closed_consultation_is_not_visited(script):
    accounts.seed()
    make_consultation(slug=script["consultation"], sections=3, phase="decide")
    assert not visits.play(at=timezone.now())


def test_its_words_fit_the_pages(script):
    for row in script["helped"]:
        assert 10 <= len(row["title"]) <= 120
    for row in [*script["helped"], *(note for table in script["tables"] for note in table["notes"])]:
        assert len(row["body"]) <= 3000
        assert 1 <= row["section"] <= 3
