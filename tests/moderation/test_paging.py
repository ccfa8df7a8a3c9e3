"""Nothing is cut without a next page: appeals, the reports of a case, what was decided about oneself."""

import pytest
from django.urls import reverse
from django.utils import timezone

from moderation import actions, admin, views
from moderation.models import Appeal, Case
from privacy import actions as asking
from privacy import views as privacy
from tests import factories
from tests.moderation import deciding

pytestmark = pytest.mark.django_db


def walk(client, address, name, *, pages):
    """The rows of a list, page after page, from the link of each to the last."""
    found = []
    for number in range(1, pages + 1):
        context = client.get(address).context
        found.append([(each["row"] if isinstance(each, dict) else each).pk for each in context[name]])
        address = context["pages"].next_url
        assert bool(address) == (number < pages)
        assert bool(context["pages"].previous_url) == (number > 1)
    return found


def test_appeals_and_reports_go_on(client, monkeypatch):
    monkeypatch.setattr(admin, "PAGE_SIZE", 2)
    factories.sign_in(client, deciding.make_moderator())
    made = []
    for _ in range(5):
        contribution = factories.make_contribution()
        decision = deciding.hide(contribution)
        made.append(actions.appeal(actor=contribution.author, decision=decision, words="Non.", at=timezone.now()).pk)
    page = reverse("admin:moderation_case_appeals")
    assert walk(client, page, "waiting", pages=3) == [made[:2], made[2:4], made[4:]]
    assert "Aucune contestation n’attend" not in client.get(f"{page}?page=4").content.decode()
    answer = {"outcome": "upheld", "reasons": "La décision est juste.", "at": timezone.now()}
    for appeal in Appeal.objects.order_by("pk"):
        actions.judge(actor=deciding.make_moderator(), appeal=appeal, **answer)
    assert walk(client, page, "answered", pages=3) == [made[:2:-1], made[2:0:-1], made[:1]]

    contribution = factories.make_contribution()
    reports = [deciding.report(contribution, fingerprint=f"{number}") for number in range(3)]
    deciding.keep(contribution, case=Case.objects.get(pk=reports[0].case_id))
    reports += [deciding.report(contribution, fingerprint=f"{number}") for number in range(2)]
    keys = [report.pk for report in reports]
    case = reverse("admin:moderation_case_change", args=[reports[0].case_id])
    # What waits for an answer first.
    assert walk(client, case, "reports", pages=3) == [[keys[4], keys[3]], [keys[2], keys[1]], [keys[0]]]


def test_what_was_decided_about_oneself_goes_on(client, monkeypatch):
    monkeypatch.setattr(views, "OWN_SHOWN", 2)
    person = factories.make_resident()
    decided = [deciding.hide(factories.make_contribution(author=person)).pk for _ in range(3)]
    reports = [deciding.report(factories.make_contribution(), reporter=person).pk for _ in range(5)]
    factories.sign_in(client, person)
    page = reverse("moderation:own")
    assert walk(client, page, "decisions", pages=3) == [decided[:0:-1], decided[:1], []]
    assert walk(client, page, "reports", pages=3) == [reports[:2:-1], reports[2:0:-1], reports[:1]]
    assert "Aucune décision" not in client.get(f"{page}?page=3").content.decode()
    assert client.get(f"{page}?page=%C2%B2").status_code == 200


def test_one_s_requests_go_on(client, monkeypatch):
    monkeypatch.setattr(privacy, "REQUESTS_PER_PAGE", 2)
    person = factories.make_resident()
    for number in range(3):
        asking.ask(user=person, kind="access", words=f"Demande {number}", at=timezone.now())
    factories.sign_in(client, person)
    page = reverse("privacy:own_requests")
    shown = [client.get(f"{page}?page={number}").content.decode() for number in (1, 2)]
    assert [[f"Demande {number}" in text for number in range(3)] for text in shown] == [
        [False, True, True],
        [True, False, False],
    ]
