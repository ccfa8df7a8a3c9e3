"""Agents write commitments in the staff space; others find it closed."""

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from commitments import queues
from commitments.models import SILENT_DAYS, Commitment, CommitmentNews
from tests.commitments.rows import AGENT, VIEWER, make_commitment
from tests.factories import make_resident, make_service, make_staff, sign_in, today

pytestmark = pytest.mark.django_db


def url(route, *args):
    return reverse(f"admin:commitments_commitment_{route}", args=args)


@pytest.fixture
def agent(client):
    user = make_staff(*VIEWER)
    sign_in(client, user)
    return user


def photo():
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "#7f9f52").save(file, "JPEG")
    return SimpleUploadedFile("IMG_0001.jpg", file.getvalue(), "image/jpeg")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (lambda: None, 302),
        (make_resident, 302),
        (make_staff, 403),
        (lambda: make_staff("commitments.view_commitment"), 403),
    ],
    ids=["visitor", "resident", "staff", "reader"],
)
def test_pages_of_writing_keep_the_others_out(client, who, status):
    row, user = make_commitment(), who()
    if user is not None:
        sign_in(client, user)
    pages = [url("add"), url("edit", row.pk), url("button", row.pk, "nouvelle")]
    found = {client.get(page).status_code for page in pages}
    assert found <= {status, 403, 404}
    assert 200 not in found


def test_reader_sees_no_draft(client):
    make_commitment(published_at=None, title="Brouillon secret")
    sign_in(client, make_staff("commitments.view_commitment"))
    assert "Brouillon secret" not in client.get(url("changelist")).content.decode()


def test_agent_writes_then_publishes(client, agent):
    given = {
        "title": "Planter douze tilleuls",
        "description": "Douze tilleuls place de la Paix.",
        "due_on": (today() + dt.timedelta(days=50)).isoformat(),
        "service": make_service().pk,
        "source_title": "Réunion publique",
        "source_url": "",
    }
    assert client.post(url("add"), {**given, "source_url": "javascript:alert(1)"}).status_code == 422
    response = client.post(url("add"), given)
    row = Commitment.objects.get()
    assert response["Location"] == url("change", row.pk)
    assert client.get(url("change", row.pk)).status_code == 200
    client.post(url("button", row.pk, "publier"))
    row.refresh_from_db()
    assert row.published_at is not None


def test_agent_gives_news_with_a_photo_that_hides_nothing(client, agent):
    row = make_commitment()
    given = {"text": "C’est planté.", "state": "done", "happened_on": today().isoformat(), "photo": photo()}
    assert client.post(url("button", row.pk, "nouvelle"), given).status_code == 422
    given |= {"photo": photo(), "alt": "Douze tilleuls."}
    client.post(url("button", row.pk, "nouvelle"), given)
    news = CommitmentNews.objects.get()
    assert (news.photo_alt, news.photo_width, news.photo_height) == ("Douze tilleuls.", 60, 40)
    with news.photo.open("rb") as kept:
        assert kept.read(4) == b"RIFF"
    news.photo.delete(save=False)


def test_agent_changes_public_words_with_a_reason(client, agent):
    row = make_commitment()
    given = {
        "title": "Planter dix tilleuls",
        "description": row.description,
        "service": row.service_id,
        "source_title": row.source_title,
        "seen": row.version,
        "reason": "",
    }
    assert client.post(url("edit", row.pk), given).status_code == 422
    client.post(url("edit", row.pk), {**given, "reason": "Deux existent déjà."})
    row.refresh_from_db()
    assert row.title == "Planter dix tilleuls"


def test_public_words_are_closed_to_who_only_writes(client):
    row, draft = make_commitment(), make_commitment(published_at=None)
    sign_in(client, make_staff("commitments.view_commitment", "commitments.change_commitment"))
    assert client.get(url("edit", row.pk)).status_code == 403
    assert client.post(url("edit", row.pk), {"title": "Autre", "seen": row.version, "reason": "?"}).status_code == 403
    assert client.get(url("edit", draft.pk)).status_code == 200
    words = "Modifier le texte"
    assert words not in client.get(url("change", row.pk)).content.decode()
    assert words in client.get(url("change", draft.pk)).content.decode()


def test_work_queue_names_what_is_late_or_silent(client, agent, django_assert_num_queries):
    now = timezone.now()
    silence = dt.timedelta(days=SILENT_DAYS)
    make_commitment(due_in=-1)
    make_commitment(due_in=0)
    make_commitment(news_at=now - silence, due_in=200)
    make_commitment(news_at=now - silence + dt.timedelta(minutes=1), due_in=200)
    make_commitment(state="done", due_in=-5)
    make_commitment(published_at=None, due_in=-5)
    with django_assert_num_queries(1):
        items = queues.commitments(agent, now)
    assert [(item.label, item.count, item.late) for item in items] == [
        ("Engagements en retard", 1, 1),
        (f"Engagements sans nouvelle depuis {SILENT_DAYS} jours", 1, 0),
    ]
    for item in items:
        assert client.get(item.url).status_code == 200


def test_list_filters_what_waits(client, agent):
    make_commitment(due_in=-1, title="Tardif")
    make_commitment(title="À l’heure")
    page = client.get(url("changelist") + "?suivi=retard").content.decode()
    assert "Tardif" in page
    assert "À l’heure" not in page
    assert AGENT[0] in VIEWER
