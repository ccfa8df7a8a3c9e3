"""Reading what residents wrote: the list, one contribution, its debate, its files."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consultations import counters, setting_aside
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Consultation,
    Contribution,
    ContributionVersion,
    Position,
    Source,
)
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def html_of(client, address, status=200, **headers):
    response = client.get(address, headers=headers)
    assert response.status_code == status, address
    return response.content.decode()


def sign_in_here(client, user):
    """Sign in and open one page: the presence noted once a minute is written."""
    sign_in(client, user)
    client.get("/concertations/")


def fetch(client, address, **headers):
    """Download a file to its end."""
    response = client.get(address, headers=headers)
    if response.streaming:
        response.body = b"".join(response.streaming_content)
    return response


def titles(client, row, query=""):
    response = client.get(f"{row.get_absolute_url()}contributions/{query}")
    return [each.title for each in response.context["rows"]]


# --- The list ------------------------------------------------------------------------------------------------------


@pytest.fixture
def debate():
    """Four contributions that each come first in one order, and two that nobody may see."""
    row = f.make_consultation(sections=2)
    sections = list(row.sections.order_by("position"))
    author = f.make_resident()
    for number, (title, fields) in enumerate(
        {
            "La plus ancienne et soutenue": {"agree_count": 2, "imported_agree_count": 7},
            "La plus débattue": {"comment_count": 5, "kind": "question"},
            "Celle qui attend": {"section": sections[1]},
            "La plus récente": {"agree_count": 1, "district": f.make_district(name="Le Fil", slug="le-fil")},
        }.items()
    ):
        at = NOW - dt.timedelta(days=4 - number)
        f.make_contribution(consultation=row, author=author, title=title, published_at=at, **fields)
    f.make_contribution(consultation=row, author=author, title="Retirée", withdrawn_at=NOW, agree_count=50)
    f.make_contribution(consultation=row, author=author, title="Brouillon", published_at=None)
    counters_right()
    return row


def counters_right():
    """Fill the counters of consultations and sections; those of contributions are the tests' own."""
    for row in Consultation.objects.all():
        row.contribution_count = Contribution.objects.visible().filter(consultation=row).count()
        row.save(update_fields=["contribution_count", "updated_at"])
        for section in row.sections.all():
            section.contribution_count = Contribution.objects.visible().filter(section=section).count()
            section.save(update_fields=["contribution_count"])


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("", "La plus récente"),
        ("recent", "La plus récente"),
        ("soutenu", "La plus ancienne et soutenue"),
        ("debattu", "La plus débattue"),
        ("decouvrir", "Celle qui attend"),
        ("n’importe quoi", "La plus récente"),
    ],
)
def test_list_in_each_order_holds_what_is_visible(client, debate, sort, first):
    shown = titles(client, debate, f"?tri={sort}")
    assert (shown[0], len(shown)) == (first, 4)


def test_order_of_discovery_is_explained(client, debate):
    address = f"{debate.get_absolute_url()}contributions/"
    assert "le moins de réactions" in html_of(client, f"{address}?tri=decouvrir")
    assert "le moins de réactions" not in html_of(client, address)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?partie=2", ["Celle qui attend"]),
        ("?sorte=question", ["La plus débattue"]),
        ("?quartier=le-fil", ["La plus récente"]),
        ("?q=soutenues", ["La plus ancienne et soutenue"]),
        ("?q=debatue", ["La plus débattue"]),
        ("?q=plus&tri=debattu", ["La plus débattue", "La plus récente", "La plus ancienne et soutenue"]),
        ("?q=retirée", []),
        ("?q=brouillon", []),
        (
            "?partie=9&sorte=x&quartier=y",
            ["La plus récente", "Celle qui attend", "La plus débattue", "La plus ancienne et soutenue"],
        ),
    ],
)
def test_list_is_narrowed(client, debate, query, found):
    assert titles(client, debate, query) == found


def test_form_of_the_search_asks_for_the_closest_first(client, debate):
    """The first option of the order is no order: sending the form as it is does not sort a search by date."""
    context = client.get(f"{debate.get_absolute_url()}contributions/").context
    assert next((value, chosen) for value, _, chosen in context["sort"].options) == ("", True)
    row = Contribution.objects.get(title="La plus ancienne et soutenue")
    Contribution.objects.filter(pk=row.pk).update(title="Ombre, ombre, ombre")
    f.make_contribution(consultation=debate, author=row.author, body="Un peu d’ombre")
    assert titles(client, debate, "?q=ombre&tri=&partie=&sorte=&quartier=")[0] == "Ombre, ombre, ombre"


def test_words_that_look_alike_are_said_to(client, debate):
    address = f"{debate.get_absolute_url()}contributions/"
    assert "leur ressemblent" in html_of(client, f"{address}?q=debatue")
    assert "leur ressemblent" not in html_of(client, f"{address}?q=attend")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "4 contributions"),
        ("?partie=2", "1 résultat"),
        ("?sorte=question", "1 résultat"),
        ("?q=plus", "3 résultats"),
        ("?q=absent", "0 résultat"),
    ],
)
def test_count_is_said_and_announced(client, debate, query, words):
    address = f"{debate.get_absolute_url()}contributions/{query}"
    assert f">{words}<" in html_of(client, address)
    fragment = html_of(client, address, **{"HX-Request": "true"})
    assert "<html" not in fragment
    assert f'id="annonce" hx-swap-oob="true">{words}<' in fragment


def test_filters_in_force_can_be_removed(client, debate):
    address = f"{debate.get_absolute_url()}contributions/"
    shown = client.get(f"{address}?q=plus&quartier=le-fil&tri=recent").context["chosen"]
    assert [each.remove_url for each in shown] == [
        f"{address}?quartier=le-fil&tri=recent",
        f"{address}?q=plus&tri=recent",
    ]


def test_pages_of_the_list_hang_on_a_row(client):
    row, author = f.make_consultation(), f.make_resident()
    for number in range(45):
        f.make_contribution(
            consultation=row, author=author, title=f"Avis {number:02}", published_at=NOW - dt.timedelta(minutes=number)
        )
    counters_right()
    seen, address, count = [], f"{row.get_absolute_url()}contributions/", 0
    while address:
        context = client.get(address).context
        seen += [each.title for each in context["rows"]]
        address, count = context["pages"].next_url, count + 1
    assert (seen, count) == ([f"Avis {number:02}" for number in range(45)], 3)
    third = client.get(context["pages"].previous_url).context
    assert (third["page_number"], third["rows"][0].title) == (2, "Avis 20")
    assert "page 2" in html_of(client, context["pages"].previous_url).split("</title>")[0]


def test_pages_of_the_best_answers_are_ranked(client):
    row, author = f.make_consultation(), f.make_resident()
    for number in range(25):
        f.make_contribution(consultation=row, author=author, title=f"Un banc {number}")
    first = client.get(f"{row.get_absolute_url()}contributions/?q=banc").context
    second = client.get(first["pages"].next_url).context
    assert (len(first["rows"]), len(second["rows"]), second["pages"].next_url) == (20, 5, "")
    assert {each.title for each in first["rows"]}.isdisjoint(each.title for each in second["rows"])


def test_very_many_results_are_said_to_be_more(client, monkeypatch, debate):
    monkeypatch.setattr("mulhouse.lists.COUNT_LIMIT", 2)
    address = f"{debate.get_absolute_url()}contributions/"
    assert "Plus de 2 résultats" in html_of(client, f"{address}?sorte=opinion")
    assert "Plus de 2 résultats" in html_of(client, f"{address}?q=plus&tri=recent")


@pytest.mark.parametrize(("count", "expected"), [(1, 6), (3, 6), (200, 6)])
def test_list_costs_the_same_whatever_its_length(client, count, expected, django_assert_num_queries):
    row = f.make_consultation(sections=2)
    authors = [f.make_resident() for _ in range(min(count, 20))]
    for number in range(count):
        f.make_contribution(consultation=row, author=authors[number % len(authors)], district=authors[0].district)
    counters_right()
    address = f"{row.get_absolute_url()}contributions/"
    with django_assert_num_queries(expected):  # register, consultation, phases, sections, districts, page
        client.get(address)
    sign_in_here(client, authors[0])
    with django_assert_num_queries(expected + 2):  # session and person besides: made once for all residents
        client.get(address)
    with django_assert_num_queries(3):  # session, person and register
        client.get(address)


@pytest.mark.parametrize(
    "query",
    ["?q=contribution", "?q=contributoin", "?q=contribution&tri=soutenu", "?sorte=opinion&tri=debattu", "?q=absent"],
)
def test_narrowed_list_stays_within_budget(client, query):
    row, author = f.make_consultation(sections=2), f.make_resident()
    for _ in range(30):
        f.make_contribution(consultation=row, author=author)
    with CaptureQueriesContext(connection) as captured:
        client.get(f"{row.get_absolute_url()}contributions/{query}")
    assert len(captured) <= 8


def test_card_signs_as_the_author_chose(client):
    row, district = f.make_consultation(), f.make_district(name="Le Fil")
    author = f.make_resident(public_name="Nadia B.", district=district)
    fields = {"consultation": row, "district": district}
    f.make_contribution(author=author, title="Signée", **fields)
    f.make_contribution(author=author, title="Discrète", signature="district", **fields)
    f.make_contribution(title="Importée", author_label="Pseudo 12", **fields)
    f.make_contribution(title="Sans compte", **fields)
    Contribution.objects.filter(title__in=["Importée", "Sans compte"]).update(author=None)
    shown = client.get(f"{row.get_absolute_url()}contributions/").context["rows"]
    assert {each.title: (each.author, each.district) for each in shown} == {
        "Signée": ("Nadia B.", "Le Fil"),
        "Discrète": ("Un habitant du quartier Le Fil", ""),
        "Importée": ("Pseudo 12", ""),
        "Sans compte": ("Compte fermé", ""),
    }
    assert "Nadia B." not in str([each for each in shown if each.title == "Discrète"])


# --- One contribution ----------------------------------------------------------------------------------------------


def test_contribution_of_another_consultation_or_of_a_draft_one_is_not_found(client):
    row, other = f.make_contribution(), f.make_consultation()
    html_of(client, reverse("consultations:contribution", args=[other.slug, row.reference]), 404)
    Consultation.objects.filter(pk=row.consultation_id).update(published_at=None)
    html_of(client, row.get_absolute_url(), 404)


def test_draft_is_found_by_its_author_only(client):
    draft = f.make_contribution(published_at=None)
    html_of(client, draft.get_absolute_url(), 404)
    sign_in(client, f.make_resident())
    html_of(client, draft.get_absolute_url(), 404)
    sign_in(client, f.make_staff("consultations.change_consultation"))
    html_of(client, draft.get_absolute_url(), 404)
    sign_in(client, draft.author)
    assert client.get(draft.get_absolute_url())["Location"] == reverse(
        "consultations:draft", args=[draft.consultation.slug, draft.reference]
    )


def test_withdrawn_contribution_leaves_a_sentence_and_not_a_word_more(client):
    row = f.make_contribution(title="Mon secret", body="Tout le secret", withdrawn_at=NOW)
    html = html_of(client, row.get_absolute_url(), 410)
    assert "Contribution retirée par son auteur" in html
    assert row.reference in html
    assert [words for words in ("Mon secret", "Tout le secret", row.author.public_name) if words in html] == []
    sign_in(client, row.author)
    assert "Tout le secret" in html_of(client, row.get_absolute_url(), 410)


def test_withdrawn_contribution_is_nowhere_else(client):
    row = f.make_contribution(title="Mon secret", withdrawn_at=NOW)
    addresses = [
        row.consultation.get_absolute_url(),
        f"{row.consultation.get_absolute_url()}contributions/",
        f"{row.consultation.get_absolute_url()}contributions/?q=secret",
        reverse("consultations:feed", args=["atom"]),
        reverse("home"),
    ]
    assert [address for address in addresses if "Mon secret" in html_of(client, address)] == []


def test_reference_is_read_back_in_small_letters(client):
    row = f.make_contribution(reference="ABCD2345")
    html_of(client, reverse("consultations:contribution", args=[row.consultation.slug, "abcd2345"]))


def test_page_shows_facts_place_files_and_versions(client):
    row = f.make_contribution(
        kind="experience",
        usage_when="le matin",
        usage_frequency="tous les jours",
        usage_role="parent d’élève",
        place="Quai du Fil",
        corrected_at=NOW,
    )
    ContributionVersion.objects.create(
        contribution=row, number=1, title="Ancien titre", body="Avant", body_html="<p>Avant</p>", replaced_at=NOW
    )
    make_attachment(row, alt="Un quai vide")
    make_attachment(row, position=2, kind="document", name="plan.pdf", content_type="application/pdf")
    html = html_of(client, row.get_absolute_url())
    expected = (
        "le matin",
        "tous les jours",
        "parent d’élève",
        "Quai du Fil",
        "Ancien titre",
        "<p>Avant</p>",
        "Corrigée le",
        'alt="Un quai vide"',
        "plan.pdf",
        "PDF",
        f"Référence {row.reference}",
        "Expertise d’usage",
    )
    assert [words for words in expected if words not in html] == []
    assert html.count("<h1") == 1


def test_imported_contribution_shows_its_sources_and_counts(client):
    row = f.make_contribution(
        channel="import", author_label="Pseudo 12", imported_agree_count=40, imported_mixed_count=2, agree_count=3
    )
    said = {"body_html": "<p>Le plan de <strong>2020</strong>, &lt;p. 3&gt;.</p>"}
    Source.objects.create(contribution=row, title="Rapport", url="https://example.org/rapport", source_key="s1", **said)
    html = html_of(client, row.get_absolute_url())
    expected = (
        "Pseudo 12",
        "https://example.org/rapport",
        "Le plan de 2020, &lt;p. 3&gt;.",
        "43 d’accord, 2 mitigé",
    )
    assert [words for words in expected if words not in html] == []


def test_text_of_a_resident_can_do_nothing(client):
    """Stored by the action, shown as it was cleaned; titles, places and names are text."""
    from consultations import actions  # noqa: PLC0415 (this test alone writes through the action)

    author, consultation = f.make_resident(public_name="<b>Nadia</b>"), f.make_consultation()
    # Links from a new account are read by moderation first.
    f.make_comment(author=author)
    author.date_joined -= dt.timedelta(days=30)
    body = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> [clic](javascript:alert(1)) "
        '[lien](https://example.org" onmouseover="alert(1)) **gras** <a hx-get="/x" href="data:text/html,x">x</a>'
    )
    draft = actions.save_draft(
        actor=author,
        consultation=consultation,
        reference="XSSTEST1",
        words=actions.Words(
            section=consultation.sections.get(),
            kind="experience",
            title="<script>alert(2)</script>",
            body=body,
            signature="name",
            place="<i onclick=x>ici</i>",
            usage_when="<u>hier</u>",
        ),
    )
    row = actions.publish(actor=author, contribution=draft, at=timezone.now())
    pages = [
        row.get_absolute_url(),
        f"{consultation.get_absolute_url()}contributions/",
        consultation.get_absolute_url(),
    ]
    for address in pages:
        found = tags_of(html_of(client, address))
        assert [tag for tag, attributes in found if tag == "script" and "src" not in attributes] == []
        assert [attributes for tag, attributes in found if any(name.startswith("on") for name in attributes)] == []
        links = [attributes.get("href") or attributes.get("src") or "" for _tag, attributes in found]
        assert [link for link in links if link.startswith(("javascript:", "data:")) or link == "x"] == []
        assert [attributes for _tag, attributes in found if attributes.get("hx-get") == "/x"] == []
        assert [tag for tag, _attributes in found if tag in {"i", "u", "img"}] == []
    assert "<strong>gras</strong>" in html_of(client, pages[0])


def tags_of(html):
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(html)
    return found


def test_author_finds_what_they_can_do(client):
    row = f.make_contribution()
    doors = [
        reverse(f"consultations:{name}", args=[row.consultation.slug, row.reference]) for name in ("edit", "withdraw")
    ]
    assert [door for door in doors if door in html_of(client, row.get_absolute_url())] == []
    sign_in(client, f.make_resident())
    assert [door for door in doors if door in html_of(client, row.get_absolute_url())] == []
    sign_in(client, row.author)
    assert [door for door in doors if door in html_of(client, row.get_absolute_url())] == doors


def test_own_position_is_shown_to_oneself_only(client):
    row, person = f.make_contribution(agree_count=1), f.make_resident()
    Position.objects.create(contribution=row, resident=person, choice="agree")
    assert "Votre position" not in html_of(client, row.get_absolute_url())
    sign_in(client, f.make_resident())
    assert 'aria-pressed="true"' not in html_of(client, row.get_absolute_url())
    sign_in(client, person)
    html = html_of(client, row.get_absolute_url())
    assert html.count('aria-pressed="true"') == 1
    assert "Votre position\u00a0: <b>D’accord</b>" in html


def test_visitors_are_led_to_sign_in_and_back(client):
    row = f.make_contribution()
    html = html_of(client, row.get_absolute_url())
    assert f"{reverse('account_login')}?next={row.get_absolute_url()}" in html
    assert "csrfmiddlewaretoken" not in html


def test_closed_phase_says_why_nothing_can_be_added(client):
    row = f.make_contribution(consultation=f.make_consultation(phase="analyse"))
    sign_in(client, f.make_resident())
    html = html_of(client, row.get_absolute_url())
    assert "La phase d’avis est terminée" in html
    assert "<textarea" not in html


# --- The debate ----------------------------------------------------------------------------------------------------


def make_debate(threads=25, replies=5):
    row, authors = f.make_contribution(), [f.make_resident() for _ in range(5)]
    for number in range(threads):
        thread = f.make_comment(
            contribution=row,
            author=authors[number % 5],
            body=f"Fil {number:03}.",
            published_at=NOW - dt.timedelta(minutes=number),
            stance=Comment.Stance.values[number % 3],
            support_count=number,
        )
        for reply in range(replies):
            f.make_comment(parent=thread, author=authors[reply % 5], body=f"Réponse {reply}.")
    counters.recount(repair=True)
    return row, authors


def references(client, address):
    return [remark.reference for remark in client.get(address).context["threads"]]


def test_debate_has_pages_and_each_comment_once(client):
    row, _ = make_debate(45, 0)
    seen, address = [], row.get_absolute_url()
    while address:
        context = client.get(address).context
        seen += [remark.reference for remark in context["threads"]]
        address = context["debate_pages"].next_url
    assert seen == list(Comment.objects.order_by("-published_at").values_list("reference", flat=True))


@pytest.mark.parametrize(
    ("sort", "column"), [("", "-published_at"), ("soutenu", "-support_total"), ("debattu", "-reply_count")]
)
def test_debate_in_each_order(client, sort, column):
    row, _ = make_debate(10, 0)
    Comment.objects.filter(body="Fil 004.").update(support_count=0, reply_count=9)
    expected = Comment.objects.order_by(column, "-pk").values_list("reference", flat=True)
    assert references(client, f"{row.get_absolute_url()}?tri={sort}") == list(expected)


def test_debate_by_stance(client):
    row, _ = make_debate(9, 0)
    for stance in Comment.Stance.values:
        shown = references(client, f"{row.get_absolute_url()}?sens={stance}")
        assert sorted(shown) == sorted(Comment.objects.filter(stance=stance).values_list("reference", flat=True))
    assert len(references(client, f"{row.get_absolute_url()}?sens=x")) == 9


def test_first_replies_are_shown_and_the_others_on_demand(client):
    row, _ = make_debate(2, 5)
    context = client.get(row.get_absolute_url()).context
    assert [(len(thread.replies), thread.hidden_replies) for thread in context["threads"]] == [(3, 2), (3, 2)]
    opened = context["threads"][1].reference
    assert client.get(f"{row.get_absolute_url()}?fil=%00&repondre=%00").status_code == 200
    context = client.get(f"{row.get_absolute_url()}?fil={opened}").context
    assert [(len(thread.replies), thread.hidden_replies) for thread in context["threads"]] == [(3, 2), (5, 0)]


def test_stable_link_leads_to_the_page_where_the_comment_stands(client):
    row, _ = make_debate(45, 1)
    for body in ("Fil 000.", "Fil 019.", "Fil 030.", "Fil 044."):
        thread = Comment.objects.get(body=body)
        for comment in (thread, thread.replies.get()):
            target = client.get(f"{row.get_absolute_url()}commentaires/{comment.reference}/")["Location"]
            address, _, anchor = target.partition("#")
            assert anchor == f"commentaire-{comment.reference}"
            assert f'id="{anchor}"' in html_of(client, address)


def test_long_comment_is_cut_in_the_debate_and_whole_on_its_own_link(client):
    """Twenty texts of the longest would weigh more than the page; nothing is cut without its link."""
    row, _ = make_debate(2, 1)
    sign_in(client, f.make_resident())  # rows written past the actions do not renew the pages of visitors
    long = " ".join(f"<b>mot</b>{number}" for number in range(200))
    for comment in (Comment.objects.get(body="Fil 000."), Comment.objects.get(body="Fil 000.").replies.get()):
        Comment.objects.filter(pk=comment.pk).update(body_html=f"<p>{long}</p>")
        html = html_of(client, row.get_absolute_url())
        own = f"{row.get_absolute_url()}commentaires/{comment.reference}/"
        assert "mot199" not in html.replace("</b>", "").replace("<b>", "")
        assert f'<a href="{own}">Lire la suite' in html
        assert "&lt;b&gt;" not in html
        whole = client.get(own, follow=True).content.decode()
        assert "<b>mot</b>199" in whole
        assert f'id="commentaire-{comment.reference}"' in whole
        Comment.objects.filter(pk=comment.pk).update(body_html="<p>Court.</p>")


def test_stable_link_of_the_newest_comment_is_the_plain_page(client):
    row, _ = make_debate(2, 0)
    newest = Comment.objects.order_by("-published_at").first()
    target = client.get(f"{row.get_absolute_url()}commentaires/{newest.reference}/")["Location"]
    assert target == f"{row.get_absolute_url()}#commentaire-{newest.reference}"


def test_comment_of_another_contribution_or_of_a_withdrawn_one_is_not_found(client):
    comment, other = f.make_comment(), f.make_contribution()
    html_of(client, f"{other.get_absolute_url()}commentaires/{comment.reference}/", 404)
    Contribution.objects.filter(pk=comment.contribution_id).update(withdrawn_at=NOW)
    html_of(client, f"{comment.contribution.get_absolute_url()}commentaires/{comment.reference}/", 404)


def test_withdrawn_comment_leaves_a_sentence_where_it_was_answered(client):
    row, _ = make_debate(2, 1)
    answered, alone = Comment.objects.get(body="Fil 000."), Comment.objects.get(body="Fil 001.")
    alone.replies.all().delete()
    Comment.objects.filter(pk__in=[answered.pk, alone.pk]).update(withdrawn_at=NOW)
    counters.recount(repair=True)
    html = html_of(client, row.get_absolute_url())
    assert html.count("Commentaire retiré par son auteur.") == 1
    assert [words for words in ("Fil 000.", "Fil 001.") if words in html] == []
    assert "Réponse 0." in html
    assert client.get(f"{row.get_absolute_url()}commentaires/{alone.reference}/")["Location"].endswith("#debat")


def test_moderated_comment_leaves_the_article_of_the_charter_where_it_stood(client):
    row, _ = make_debate(2, 1)
    thread, reply = Comment.objects.get(body="Fil 001."), Comment.objects.get(parent__body="Fil 000.")
    thread.replies.all().delete()
    Comment.objects.filter(pk__in=[thread.pk, reply.pk]).update(hidden_at=NOW, hidden_reason="3.2")
    counters.recount(repair=True)
    html = html_of(client, row.get_absolute_url())
    assert html.count("Commentaire retiré\u00a0: article 3.2 de la charte") == 2
    assert [words for words in ("Fil 001.", "Réponse 0.", "Voir encore") if words in html] == []


def test_comment_that_is_set_aside_leaves_nothing_where_nobody_answered(client):
    row, _ = make_debate(1, 0)
    Comment.objects.update(hidden_at=NOW, hidden_reason=setting_aside.REASON)
    counters.recount(repair=True)
    assert "non visible pour le moment" not in html_of(client, row.get_absolute_url())


def test_supports_are_counted_for_everybody(client):
    row, _ = make_debate(3, 0)
    Comment.objects.filter(body="Fil 001.").update(support_count=1)
    Comment.objects.filter(body="Fil 002.").update(support_count=2, imported_support_count=5)
    html = html_of(client, row.get_absolute_url())
    assert re.findall(r"(\d+) soutiens?<", html) == ["1", "7"]


def test_support_is_shown_to_oneself_only(client):
    row, authors = make_debate(2, 0)
    comment, other = Comment.objects.get(body="Fil 000."), Comment.objects.get(body="Fil 001.")
    person = f.make_resident()
    CommentSupport.objects.create(comment=comment, resident=person)

    def buttons():
        html = html_of(client, row.get_absolute_url())
        pressed = re.findall(r'aria-pressed="(true|false)" id="soutien-(\w+)-bouton"', html)
        return {reference: state for state, reference in pressed}

    assert buttons() == {}
    sign_in(client, person)
    assert buttons() == {comment.reference: "true", other.reference: "false"}
    sign_in(client, authors[0])  # who wrote the first one
    assert buttons() == {other.reference: "false"}


@pytest.mark.parametrize("threads", [1, 3, 160])
def test_debate_costs_the_same_whatever_its_length(client, threads, django_assert_num_queries):
    row, authors = make_debate(threads, 2)
    with django_assert_num_queries(6):  # register, contribution, phases, files, threads, replies
        client.get(row.get_absolute_url())
    sign_in_here(client, authors[0])
    with django_assert_num_queries(10):  # session, person, residence, position and supports instead of the register
        client.get(row.get_absolute_url())


def test_last_page_of_a_corrected_text_stays_within_budget(client):
    row, authors = make_debate(45, 2)
    Contribution.objects.filter(pk=row.pk).update(corrected_at=NOW)
    last = Comment.objects.get(body="Fil 030.")
    address = f"{row.get_absolute_url()}?apres={last.reference}&page=3"
    with CaptureQueriesContext(connection) as visitor:
        client.get(address)
    sign_in_here(client, authors[0])
    with CaptureQueriesContext(connection) as resident:
        client.get(address)
    assert (len(visitor), len(resident)) == (8, 12)


# --- Files ---------------------------------------------------------------------------------------------------------


def make_attachment(row, **fields):
    given = {
        "kind": "photo",
        "file": ContentFile(b"RIFFpixels", "quai.webp"),
        "name": "quai.webp",
        "alt": "Un quai",
        "content_type": "image/webp",
        "size": 10,
        "width": 4,
        "height": 3,
        **fields,
    }
    return Attachment.objects.create(contribution=row, **given)


def file_of(attachment):
    return reverse("consultations:attachment", args=[attachment.key])


@pytest.mark.parametrize("fields", [{"published_at": None}, {"withdrawn_at": NOW}])
def test_file_of_what_is_not_public_is_for_its_author(client, fields):
    kept = make_attachment(f.make_contribution(**fields))
    html_of(client, file_of(kept), 404)
    sign_in(client, f.make_resident())
    html_of(client, file_of(kept), 404)
    sign_in(client, kept.contribution.author)
    assert fetch(client, file_of(kept)).status_code == 200


def test_file_of_a_draft_consultation_is_not_found(client):
    kept = make_attachment(f.make_contribution())
    Consultation.objects.update(published_at=None)
    html_of(client, file_of(kept), 404)


def test_photo_is_shown_and_a_document_is_saved(client):
    row = f.make_contribution()
    photo = fetch(client, file_of(make_attachment(row)))
    plan = make_attachment(row, position=2, kind="document", name='pl"an\r\n.pdf', content_type="application/pdf")
    document = fetch(client, file_of(plan))
    assert (photo["Content-Type"], photo.get("Content-Disposition", "inline").split(";")[0]) == ("image/webp", "inline")
    assert document["Content-Disposition"].startswith("attachment;")
    for response in (photo, document):
        assert (response["X-Content-Type-Options"], response["Content-Security-Policy"]) == (
            "nosniff",
            "default-src 'none'; sandbox",
        )
        assert response["Cache-Control"] == "private, no-cache"


def test_photo_already_seen_is_not_sent_again_unless_it_went_away(client):
    kept = make_attachment(f.make_contribution())
    etag = fetch(client, file_of(kept))["ETag"]
    assert client.get(file_of(kept), headers={"If-None-Match": etag}).status_code == 304
    Contribution.objects.update(withdrawn_at=NOW)
    assert client.get(file_of(kept), headers={"If-None-Match": etag}).status_code == 404
