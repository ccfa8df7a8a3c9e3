"""What the search finds of the idea box: by whom, at which address, narrowed by what; what is not public is found by nobody."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ideas import setting_aside
from ideas.models import Comment, HeldText, Idea, Reaction
from search.models import Document
from tests import factories as f
from tests.ideas.rows import make_answer, make_event, make_reaction
from tests.search.conftest import found as found_fixture
from tests.search.test_visibility import WORD

pytestmark = pytest.mark.django_db
found = found_fixture
SAID = f"<p>Une {WORD} au milieu du texte.</p>"
NOW = timezone.now()


def things(author=None, **fields):
    """One of each, in an idea that says nothing of it itself."""
    idea = f.make_idea(title="Un banc", author=author or f.make_resident(), **fields)
    answer = make_answer(idea)
    return {
        "idea": f.make_idea(need_html=SAID, author=idea.author, campaign=idea.campaign, **fields),
        "idea_comment": f.make_idea_comment(idea=idea, author=idea.author, body_html=SAID),
        "idea_answer": make_answer(idea, reason_html=SAID),
        "idea_news": make_event(idea, text_html=SAID),
        "idea_reaction": make_reaction(answer, body_html=SAID),
    }


def held(author, sort="comment", **fields):
    """A comment or a correction that waits for moderation."""
    words = {"body": f"Une {WORD}."} if sort == "comment" else {"title": "Titre", "need": f"Une {WORD}."}
    idea = f.make_idea(author=author)
    return HeldText.objects.create(
        sort=sort, idea=idea, author=author, cause="held", submitted_at=NOW, words=words, **fields
    )


def on_hidden(author):
    return things(author, hidden_at=NOW, hidden_reason="3.2")


def set_aside(author):
    things(author)
    with transaction.atomic():
        setting_aside.hide(author)


NOT_PUBLIC = {
    "a draft": lambda author: f.make_idea(author=author, need_html=SAID, published=False),
    "an idea handed in": lambda author: f.make_idea(
        author=author, need_html=SAID, published=False, submitted_at=NOW, theme=f.make_theme()
    ),
    "a withdrawn idea": lambda author: f.make_idea(author=author, need_html=SAID, withdrawn_at=NOW),
    "everything of a hidden idea": on_hidden,
    "a withdrawn comment": lambda author: f.make_idea_comment(author=author, body_html=SAID, withdrawn_at=NOW),
    "a hidden comment": lambda author: f.make_idea_comment(author=author, body_html=SAID, hidden_at=NOW),
    "a hidden reaction": lambda author: make_reaction(make_answer(f.make_idea()), body_html=SAID, hidden_at=NOW),
    "a withdrawn reaction": lambda author: make_reaction(make_answer(f.make_idea()), body_html=SAID, withdrawn_at=NOW),
    "a comment that waits": held,
    "a correction that waits": lambda author: held(author, "correction"),
    "a refused comment": lambda author: held(author, refused_at=NOW, refused_clause="3"),
    "a draft campaign": lambda author: f.make_campaign(summary=WORD, published_at=None),
    "data set aside": set_aside,
}


@pytest.mark.parametrize("name", NOT_PUBLIC)
def test_what_is_not_public_is_found_by_nobody(client, found, name):
    author = f.make_resident(public_name="Nadia B.")
    NOT_PUBLIC[name](author)
    seen = {"visitor": found(WORD)}
    agent = f.make_staff("ideas.change_campaign", "ideas.answer_idea", "moderation.decide_case")
    for who, person in {"resident": f.make_resident(), "author": author, "agent": agent}.items():
        f.sign_in(client, person)
        seen[who] = found(WORD) + found(WORD[:6]) + found(WORD.replace("q", "k", 1))
    assert seen == {"visitor": [], "resident": [], "author": [], "agent": []}


def test_each_kind_is_found_by_everybody_and_leads_where_it_is_read(client, found):
    made = things()
    addresses = set(found(WORD))
    answer, news, reaction = made["idea_answer"], made["idea_news"], made["idea_reaction"]
    home = answer.idea.get_absolute_url()
    assert addresses == {
        made["idea"].get_absolute_url(),
        f"{home}commentaires/{made['idea_comment'].reference}/",
        f"{home}#{answer.reference}",
        f"{home}#{news.reference}",
        f"{home}#{reaction.answer.reference}",
    }
    assert {client.get(address, follow=True).status_code for address in addresses} == {200}
    campaign = f.make_campaign(summary=f"Une {WORD}.")
    assert campaign.get_absolute_url() in found(WORD)


@pytest.mark.parametrize("column", ["need_html", "proposal_html", "beneficiaries", "title", "place"])
def test_each_part_of_an_idea_is_found(found, column):
    idea = f.make_idea(**{column: SAID})
    assert found(WORD) == [idea.get_absolute_url()]


def test_an_author_finds_their_own_at_home_and_nobody_elses(client, found):
    author = f.make_resident(public_name="Nadia B.")
    NOT_PUBLIC["a draft"](author)
    NOT_PUBLIC["a withdrawn idea"](author)
    NOT_PUBLIC["a hidden comment"](author)
    held(author)
    f.sign_in(client, f.make_resident())
    assert found(WORD, route="search:own") == []
    f.sign_in(client, author)
    assert len(found(WORD, route="search:own")) == 4


def test_it_follows_every_change_in_the_same_transaction(found):
    made = things()
    assert len(found(WORD)) == 5
    Idea.objects.filter(pk=made["idea"].pk).update(need_html="<p>Autre.</p>")
    Comment.objects.update(body_html="<p>Autre.</p>")
    Reaction.objects.update(body_html="<p>Autre.</p>")
    assert len(found(WORD)) == 2
    Idea.objects.filter(pk=made["idea_answer"].idea_id).update(hidden_at=NOW)
    assert found(WORD) == []
    made["idea"].delete()
    assert not Document.objects.filter(kind="idea", object_id=made["idea"].pk).exists()


def test_counters_write_nothing_in_the_search():
    """A support changes a row of ideas: the words of the idea are not copied again."""
    idea = f.make_idea()
    before = Document.objects.values_list("changed_at", flat=True).get(kind="idea")
    f.make_support(idea=idea)
    assert Document.objects.values_list("changed_at", flat=True).get(kind="idea") == before


def test_what_waited_leaves_once_it_is_published_or_taken_back():
    row = held(f.make_resident())
    assert Document.objects.filter(kind="idea_held").count() == 1
    HeldText.objects.filter(pk=row.pk).update(released_at=NOW)
    assert not Document.objects.filter(kind="idea_held").exists()


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ({"etat": "ouvert"}, True),
        ({"etat": "termine"}, False),
        ({"etat": "repondu"}, False),
        ({"theme": "eau"}, True),
        ({"theme": "arbres"}, False),
        ({"quartier": "essai-a"}, True),
        ({"quartier": "essai-b"}, False),
    ],
)
def test_filters(found, asked, is_found):
    places = {slug: f.make_district(slug=slug) for slug in ("essai-a", "essai-b")}
    themes = {slug: f.make_theme(slug=slug) for slug in ("eau", "arbres")}
    things(theme=themes["eau"], place_district=places["essai-a"])
    assert bool(found(WORD, **asked)) is is_found


def test_the_district_of_somebody_who_signs_with_a_name_finds_nothing(found):
    place = f.make_district(slug="essai-a")
    named = f.make_idea(need_html=SAID, district=place, signature="name")
    signed = f.make_idea(need_html=SAID, district=place, signature="district")
    assert found(WORD, quartier="essai-a") == [signed.get_absolute_url()]
    assert named.get_absolute_url() in found(WORD)


def test_a_question_costs_the_same_with_ten_times_the_ideas(client):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/recherche/", {"q": WORD, "n": len(Document.objects.all())}).status_code == 200
        return len(queries)

    things()
    first = asked()
    for _ in range(9):
        things()
    assert asked() == first
