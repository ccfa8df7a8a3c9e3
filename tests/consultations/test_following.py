"""The tab « Suivi »: commitments begin there, come from the consultation, and tell its followers once they are public."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from commitments import actions, tasks
from commitments.models import Commitment
from consultations import committing
from consultations.models import ConsultationCommitment, PromiseReminder
from mulhouse.errors import RefusedError
from notifications.models import OutboundMail, Subscription
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
AGENT = ("consultations.change_consultation", "commitments.change_commitment", "commitments.publish_commitment")


def url(route, consultation):
    return reverse(f"admin:consultations_consultation_{route}", args=[consultation.pk])


def given(consultation):
    return {
        "title": "Planter douze tilleuls",
        "description": "Douze tilleuls sur le quai.",
        "due_on": (f.today() + dt.timedelta(days=200)).isoformat(),
        "service": consultation.service_id,
        "theme": "",
        "district": "",
    }


@pytest.mark.parametrize("route", ["following", "commitment_add"])
@pytest.mark.parametrize(
    "who", [None, f.make_resident, f.make_staff, lambda: f.make_staff("consultations.view_consultation")],
    ids=["visitor", "resident", "staff", "reader"],
)  # fmt: skip
def test_tab_is_closed_to_the_others(client, route, who):
    consultation = f.make_consultation()
    if who is not None:
        f.sign_in(client, who())
    assert client.get(url(route, consultation)).status_code in {302, 403}


def test_writing_a_commitment_takes_its_own_permission(client):
    consultation = f.make_consultation()
    f.sign_in(client, f.make_staff("consultations.change_consultation"))
    assert client.get(url("following", consultation)).status_code == 200
    assert client.get(url("commitment_add", consultation)).status_code == 403
    with pytest.raises(RefusedError):
        committing.commit(actor=f.make_resident(), consultation=consultation, values={})


def test_draft_consultation_commits_to_nothing(client):
    consultation = f.make_consultation(published_at=None)
    f.sign_in(client, f.make_staff(*AGENT))
    assert client.get(url("commitment_add", consultation)).status_code == 403


def test_agent_commits_the_city_after_a_consultation(client):
    consultation, agent = f.make_consultation(phase="follow", title="Quais du canal"), f.make_staff(*AGENT)
    f.sign_in(client, agent)
    assert client.post(url("commitment_add", consultation), {"title": ""}).status_code == 422
    client.post(url("commitment_add", consultation), given(consultation))
    row = Commitment.objects.get()
    assert (row.source_title, row.source_url, row.topic) == (
        "Quais du canal",
        consultation.get_absolute_url(),
        consultation.topic,
    )
    assert ConsultationCommitment.objects.get().consultation == consultation
    assert RegisterLine.objects.order_by("-number").first().act == "commitment.draft"

    follower = f.make_user()
    Subscription.objects.create(user=follower, topic=consultation.topic)
    news = actions.publish(actor=agent, commitment=row, at=timezone.now())
    tasks.tell_news(news_id=news.pk)
    assert OutboundMail.objects.get(kind="commitments.news").user == follower
    page = client.get(url("following", consultation)).content.decode()
    assert "Planter douze tilleuls" in page


def test_thrown_away_draft_takes_its_link_with_it():
    consultation, agent = f.make_consultation(), f.make_staff(*AGENT)
    values = {"title": "Un banc", "description": "Un.", "due_on": f.today(), "service": consultation.service}
    row = committing.commit(actor=agent, consultation=consultation, values=values)
    actions.delete_draft(actor=agent, commitment=row)
    assert ConsultationCommitment.objects.count() == 0


def test_tab_says_what_was_promised_and_reminded(client):
    consultation = f.make_consultation(phase="decide")
    f.sign_in(client, f.make_staff(*AGENT))
    PromiseReminder.objects.create(consultation=consultation, ended_on=f.today(), days=7, sent_at=timezone.now())
    page = client.get(url("following", consultation)).content.decode().replace("\u00a0", " ")
    assert "La Ville" in page
    assert "Rappel à 7 jours" in page
