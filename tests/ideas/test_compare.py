"""Two ideas side by side: choosing them, what is compared, what is never shown."""

import pytest
from django.utils import timezone

from tests import factories as f
from tests.factories import sign_in

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
