"""Every commitment of the city is public with its state, and late shows as late, computed from the day."""

import csv
import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from commitments import actions, exports
from commitments.models import Commitment
from commitments.views import NEWS_SHOWN
from mulhouse import typography
from notifications.models import Subscription
from tests.commitments.rows import AGENT, make_commitment, make_news
from tests.factories import make_district, make_resident, make_service, make_staff, make_theme, sign_in, today

pytestmark = pytest.mark.django_db
LIST = "/engagements/"


def text_of(response):
    return response.content.decode()


def titles(client, query=""):
    return [row.title for row in client.get(LIST + query).context["rows"]]


# --- Denials ---------------------------------------------------------------------------------------------------------


def test_draft_is_a_404_for_everybody_but_those_who_write(client):
    row = make_commitment(published_at=None)
    assert client.get(row.get_absolute_url()).status_code == 404
    sign_in(client, make_resident())
    assert client.get(row.get_absolute_url()).status_code == 404
    assert client.post(reverse("commitments:follow", args=[row.reference])).status_code == 404
    sign_in(client, make_staff("commitments.view_commitment"))
    assert client.get(row.get_absolute_url()).status_code == 404
    sign_in(client, make_staff(*AGENT))
    assert client.get(row.get_absolute_url()).status_code == 200


def test_drafts_are_in_no_list_file_nor_feed(client):
    make_commitment(published_at=None, title="Secret")
    make_commitment(title="Public")
    assert titles(client) == ["Public"]
    for table, form in (("engagements", "csv"), ("engagements", "json"), ("nouvelles", "csv")):
        response = client.get(reverse("commitments:export", args=[table, form]))
        assert "Secret" not in b"".join(response.streaming_content).decode()
    assert "Secret" not in text_of(client.get(reverse("commitments:feed", args=["atom"])))


# --- Lateness --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_in", "state", "closed_in", "words"),
    [
        (0, "in_progress", None, "Promis pour aujourd’hui"),
        (-1, "planned", None, "En retard de 1\u00a0jour"),
        (-12, "in_progress", None, "En retard de 12\u00a0jours"),
        (-5, "done", -5, "dans les temps"),
        (-5, "done", -4, "avec 1\u00a0jour de retard"),
        (-5, "abandoned", -1, "Abandonné le"),
    ],
)
def test_lateness_on_both_sides_of_the_day(client, due_in, state, closed_in, words):
    closed = {} if closed_in is None else {"closed_on": today() + dt.timedelta(days=closed_in)}
    row = make_commitment(due_in=due_in, state=state, **closed)
    page = text_of(client.get(row.get_absolute_url()))
    assert words.replace("\u00a0", " ") in page.replace("\u00a0", " ")
    is_late = state in {"planned", "in_progress"} and due_in < 0
    assert ("En retard de" in page) is is_late
    assert titles(client, "?etat=en-retard") == ([row.title] if is_late else [])


def test_first_day_stays_in_sight(client):
    row = make_commitment(due_in=40, first_due_on=dt.date(2026, 3, 1))
    page = text_of(client.get(row.get_absolute_url()))
    assert "Échéance annoncée au départ" in page


# --- The list --------------------------------------------------------------------------------------------------------


def test_list_narrows_by_each_question(client):
    service, district, theme = make_service(), make_district(), make_theme()
    make_commitment(
        title="Tilleuls", service=service, district=district, theme=theme, topic="consultation:a", state="done"
    )
    make_commitment(title="Bancs", description="Dix bancs.", topic="consultation:b", due_in=-4)
    asked = {
        f"service={service.slug}": ["Tilleuls"],
        f"quartier={district.slug}": ["Tilleuls"],
        f"theme={theme.slug}": ["Tilleuls"],
        "source=consultation:a": ["Tilleuls"],
        "etat=realises": ["Tilleuls"],
        "etat=en-retard": ["Bancs"],
        "etat=abandonnes": [],
        "q=tilleul": ["Tilleuls"],
        "etat=n-importe-quoi": ["Bancs", "Tilleuls"],
    }
    assert {query: titles(client, f"?{query}") for query in asked} == asked


def test_list_finds_words_as_the_other_lists_do(client):
    make_commitment(title="Le vélo à l’école")
    make_commitment(title="Bancs")
    for words in ("les vélos", "à vélo", "écoel"):
        assert titles(client, f"?q={words}") == ["Le vélo à l’école"], words


def test_a_no_break_space_and_a_slash_part_words(client):
    make_commitment(title="Quel canal\u00a0? Avec GNU/Linux", description="Un banc\u00a0: oui.")
    make_commitment()
    for words in ("canal", "linux", "banc"):
        assert titles(client, f"?q={words}") == ["Quel canal\u00a0? Avec GNU/Linux"], words


def test_list_is_read_from_row_to_row(client):
    for number in range(45):
        make_commitment(title=f"Engagement {number}", published_at=timezone.now() - dt.timedelta(hours=number))
    seen, url = [], LIST
    while url:
        page = client.get(url).context
        seen += [row.title for row in page["rows"]]
        url = page["pages"].next_url
    assert seen == [f"Engagement {number}" for number in range(45)]


@pytest.mark.parametrize("count", [1, 15])
def test_list_costs_the_same_whatever_its_length(client, count, django_assert_num_queries):
    for _ in range(count):
        make_commitment(district=make_district(), theme=make_theme(), topic="consultation:a")
    with django_assert_num_queries(6):
        client.get(LIST)


def test_detail_costs_little(client, django_assert_num_queries):
    row = make_commitment()
    for _ in range(6):
        make_news(row)
    with django_assert_num_queries(3):
        client.get(row.get_absolute_url())


def test_htmx_gets_the_results_alone(client):
    make_commitment()
    page = text_of(client.get(LIST, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert 'id="resultats"' in page


def test_pages_change_on_the_next_request(client):
    row = make_commitment(title="Tilleuls")
    agent = make_staff(*AGENT)
    assert "C’est planté" not in text_of(client.get(row.get_absolute_url()))
    assert client.get(LIST + "?etat=realises").context["rows"] == []
    actions.add_news(
        actor=agent, commitment=row, text="C’est planté.", state="done", happened_on=today(), at=timezone.now()
    )
    assert "C’est planté" in text_of(client.get(row.get_absolute_url()))
    assert titles(client, "?etat=realises") == ["Tilleuls"]


# --- News, photos, following -----------------------------------------------------------------------------------------


def test_timeline_shows_each_dated_event_newest_first(client):
    row = make_commitment(state="done")
    make_news(row, text_html="<p>Début.</p>", state="in_progress", happened_on=today() - dt.timedelta(days=9))
    name = default_storage.save("engagements/essai.webp", ContentFile(b"RIFF"))
    news = make_news(row, text_html="<p>Fin.</p>", photo=name, photo_alt="Douze jeunes tilleuls.")
    response = client.get(row.get_absolute_url())
    page = text_of(response)
    assert [event.title for event in response.context["events"]] == ["C’est fait", "Ça avance"]
    assert 'alt="Douze jeunes tilleuls."' in page
    photo = client.get(reverse("commitments:photo", args=[news.photo_key]))
    assert (photo["Content-Type"], photo["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    photo.close()
    default_storage.delete(name)


def test_page_says_when_older_news_was_told(client):
    fresh, told_late = (make_commitment(state="in_progress") for _twice in range(2))
    make_news(fresh, happened_on=today())
    make_news(told_late, happened_on=today() - dt.timedelta(days=40))
    assert "Publié ici le" not in client.get(fresh.get_absolute_url()).content.decode()
    page = client.get(told_late.get_absolute_url()).content.decode()
    assert page.count(f"Publié ici le {typography.day(today())}") == 1


def test_page_says_what_the_words_were_and_why_they_changed(client):
    row = make_commitment(title="Planter dix tilleuls")
    changed = [
        {"field": "title", "before": "Planter douze tilleuls", "after": "Planter dix tilleuls"},
        {"field": "district", "before": "", "after": "Centre <b>"},
    ]
    make_news(row, kind="words", changes=changed, text="Oubli.", text_html="<p>Deux existent déjà.</p>")
    response = client.get(row.get_absolute_url())
    page = " ".join(text_of(response).replace("\u00a0", " ").split())
    assert [event.title for event in response.context["events"]] == ["Texte modifié"]
    assert "<strong>Titre, avant :</strong> <span>Planter douze tilleuls</span>" in page
    assert "<strong>Quartier, avant :</strong> Rien." in page
    assert "Centre &lt;b&gt;" in page
    assert "Deux existent déjà." in page
    body = b"".join(client.get(reverse("commitments:export", args=["nouvelles", "json"])).streaming_content)
    (news,) = json.loads(body)["lignes"]
    assert news["changements"].replace("\u00a0", " ").splitlines() == [
        "titre : « Planter douze tilleuls » → « Planter dix tilleuls »",
        "quartier : «  » → « Centre <b> »",
    ]


def test_news_are_read_to_the_first_one(client):
    row, other = make_commitment(), make_commitment()
    make_news(other)
    # Three news a day: those of one day keep their order from page to page.
    rows = [
        make_news(row, happened_on=today() - dt.timedelta(days=number // 3)) for number in range(2 * NEWS_SHOWN + 1)
    ]
    expected = [each.reference for each in sorted(rows, key=lambda each: (each.happened_on, each.pk), reverse=True)]
    seen, sizes, url = [], [], row.get_absolute_url()
    while url:
        context = client.get(url).context
        sizes.append(len(context["events"]))
        seen += [event.anchor for event in context["events"]]
        last, url = context["pages"], context["pages"].next_url
    assert (seen, sizes) == (expected, [NEWS_SHOWN, NEWS_SHOWN, 1])
    before = client.get(last.previous_url).context["events"]
    assert [event.anchor for event in before] == expected[NEWS_SHOWN : 2 * NEWS_SHOWN]
    # The news of another commitment mark no place here.
    strange = client.get(f"{row.get_absolute_url()}?apres={other.news.get().reference}").context["events"]
    assert [event.anchor for event in strange] == expected[:NEWS_SHOWN]


def test_following_takes_an_account(client):
    row = make_commitment()
    url = reverse("commitments:follow", args=[row.reference])
    assert client.post(url)["Location"].startswith(reverse("account_login"))
    sign_in(client, make_resident())
    client.post(url, {"suivre": "oui"})
    assert list(Subscription.objects.values_list("topic", flat=True)) == [row.own_topic]
    client.post(url, {"suivre": "non"})
    assert Subscription.objects.count() == 0


# --- Files -----------------------------------------------------------------------------------------------------------


def test_files_hold_what_the_pages_show(client):
    row = make_commitment(due_in=-2, title="=1+1")
    make_news(row, due_before=None)
    body = b"".join(client.get(reverse("commitments:export", args=["engagements", "csv"])).streaming_content).decode()
    (line,) = list(csv.DictReader(io.StringIO(body), delimiter=";"))
    assert (line["reference"], line["titre"], line["jours_de_retard"]) == (row.reference, "'=1+1", "2")
    body = b"".join(client.get(reverse("commitments:export", args=["nouvelles", "json"])).streaming_content)
    (news,) = json.loads(body)["lignes"]
    assert (news["engagement"], news["texte"], news["photo"]) == (row.reference, "Les fosses sont creusées.", None)


def test_dictionary_names_every_column(client):
    page = text_of(client.get(reverse("commitments:data")))
    assert "jours_de_retard" in page
    assert "echeance_avant" in page


def test_feed_has_an_entry_for_each_event(client):
    row = make_commitment()
    news = [make_news(row), make_news(row, text="Deuxième.")]
    page = text_of(client.get(reverse("commitments:feed", args=["rss"])))
    assert [f"#{one.reference}" in page for one in news] == [True, True]
    assert client.get("/engagements/flux/pdf/").status_code == 404


def test_reference_is_read_whatever_its_capitals(client):
    row = make_commitment()
    assert client.get(f"/engagements/{row.reference.lower()}/").status_code == 200
    assert Commitment.objects.count() == 1


def test_documentation_describes_each_column():
    text = (Path(settings.BASE_DIR) / "docs" / "donnees.md").read_text()
    missing = [
        f"{table.name}.{column.name}"
        for table in exports.TABLES.values()
        for column in table.columns
        if f"| `{column.name}` | {column.meaning} |" not in text
    ]
    assert missing == []
