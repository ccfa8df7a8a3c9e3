"""Two ideas side by side: choosing them, what is compared, what is never shown."""

import datetime as dt

import pytest
from django.utils import timezone

from tests import factories as f
from tests.factories import sign_in
from tests.ideas.rows import make_answer

pytestmark = pytest.mark.django_db
COMPARE = "/idees/comparer/"


def test_what_is_not_visible_is_not_compared(client):
    author = f.make_resident()
    seen = f.make_idea(author=author)
    for fields in ({"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now()}, {"published": False}):
        gone = f.make_idea(author=author, title="Titre secret", need_html="<p>Secret</p>", **fields)
        for person in (None, author):
            if person:
                sign_in(client, person)
            response = client.get(f"{COMPARE}?a={seen.reference}&b={gone.reference}")
            assert response.context["lines"] == []
            html = response.content.decode()
            assert ("ecret" in html, "n’existe pas, ou n’est plus publique" in html) == (False, True)
        client.logout()


def test_the_two_ideas_stand_line_by_line(client):
    first = f.make_idea(title="Le four", declared_count=12, cost="Peu", realism=71)
    second = f.make_idea(title="Les bancs", place="Au canal", declared_count=2)
    context = client.get(f"{COMPARE}?a={first.reference.lower()}&b={second.reference}").context
    lines = {str(heading): [str(each) for each in sides] for heading, sides in context["lines"]}
    assert [idea.title for idea in context["ideas"]] == ["Le four", "Les bancs"]
    assert lines["Soutiens"] == ["12 soutiens sur 50", "2 soutiens sur 50"]
    assert lines["Réalisme"] == ["71 sur 100", "Pas encore lue"]
    assert lines["Combien cela coûterait"] == ["Peu", ""]
    assert lines["Où\u00a0?"] == ["", "Au canal"]
    assert "Pour qui\u00a0?" not in lines
    assert lines["La proposition"] == ["<p>Planter des arbres.</p>"] * 2


def test_what_the_city_answered_stands_line_by_line(client):
    first, second = f.make_idea(stage="kept"), f.make_idea()
    make_answer(first, outcome="already")
    day = dt.date(2027, 3, 12)
    make_answer(
        first,
        cost_cents=1_250_000,
        next_step="Plans",
        next_on=day,
        published_at=dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC),
    )
    asked = f"{COMPARE}?a={first.reference}&b={second.reference}"
    lines = {str(heading): [str(each) for each in sides] for heading, sides in client.get(asked).context["lines"]}
    assert lines["Réponse de la Ville"] == ["Retenue, le 2\u00a0novembre 2026", ""]
    assert lines["Coût selon la Ville"] == ["12\u00a0500\u00a0€", ""]
    assert lines["Prochaine étape"] == ["Plans (12\u00a0mars 2027)", ""]
    unanswered = client.get(f"{COMPARE}?a={second.reference}&b={f.make_idea().reference}").context["lines"]
    assert {"Réponse de la Ville", "Coût selon la Ville", "Prochaine étape"} & {
        heading for heading, _sides in unanswered
    } == set()


def test_the_second_is_chosen_among_the_same_theme_or_by_words(client):
    theme = f.make_theme()
    first = f.make_idea(theme=theme, title="Le four")
    alike = f.make_idea(theme=theme, title="Un marché", declared_count=3)
    other = f.make_idea(title="Des bancs à l’ombre")
    asked = f"{COMPARE}?a={first.reference}"
    assert client.get(asked).context["proposed"] == [
        ("Un marché", "3 soutiens", f"{asked}&b={alike.reference}"),
    ]
    assert [url for _title, _words, url in client.get(f"{asked}&q=bancs").context["proposed"]] == [
        f"{asked}&b={other.reference}"
    ]
    assert client.get(f"{asked}&q=kayak").context["proposed"] == []


def test_the_first_is_chosen_too(client):
    idea = f.make_idea(title="Le four")
    context = client.get(COMPARE).context
    assert [(title, url) for title, _words, url in context["proposed"]] == [
        ("Le four", f"{COMPARE}?a={idea.reference}")
    ]
    assert client.get(f"{COMPARE}?a={idea.reference}&b={idea.reference}").context["lines"] == []


@pytest.mark.parametrize("query", ["a=%00", "a=x&b=y", "a=AAAAAAAA", "q=%27%22%3C", "a=&b="])
def test_nonsense_is_a_page_that_asks_again(client, query):
    assert client.get(f"{COMPARE}?{query}").status_code == 200


@pytest.mark.parametrize("count", [1, 3, 10])
def test_comparison_costs_the_same(client, count, django_assert_num_queries):
    ideas = [f.make_idea() for _ in range(count + 1)]
    with django_assert_num_queries(2):  # register, both ideas with their thresholds
        client.get(f"{COMPARE}?a={ideas[0].reference}&b={ideas[1].reference}")
    with django_assert_num_queries(3):
        client.get(f"{COMPARE}?a={ideas[0].reference}")
    with django_assert_num_queries(4):
        client.get(f"{COMPARE}?a={ideas[0].reference}&q=idee")
