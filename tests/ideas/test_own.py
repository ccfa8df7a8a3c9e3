"""« Mes idées »: what is mine and where it stands, what I support, and what I may still do with each."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ideas import actions
from ideas.models import HeldText, Idea, IdeaVersion, Support
from mulhouse import memory
from tests import factories as f
from tests.factories import sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def user(client):
    user = f.make_resident(public_name="Nadia B.")
    sign_in(client, user)
    return user


def url(name, thing=None):
    return reverse(f"ideas:{name}", args=[thing.reference] if thing else [])


def lines(client, name="mine"):
    response = client.get(url(name))
    assert response.status_code == 200
    return [(line.title, str(line.tag.label)) for line in response.context["lines"]]


def page(client, address):
    return client.get(address).content.decode()


def again(row):
    return type(row).objects.get(pk=row.pk)


def handed_in(user, *, moderation="prior", **fields):
    """An idea that waits to be read, and its held text."""
    campaign = f.make_campaign(moderation=moderation)
    draft = f.make_idea(published=False, author=user, campaign=campaign, theme=f.make_theme(), **fields)
    actions.publish(actor=user, idea=draft, at=timezone.now())
    return draft, HeldText.objects.get(idea=draft)


# --- Whose it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mine", "supported"])
def test_a_visitor_signs_in(client, name):
    assert client.get(url(name)).status_code == 302


@pytest.mark.parametrize("name", ["correct", "withdraw", "renew"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_s_idea_is_not_found(client, user, name, method):
    theirs = f.make_idea(supports_until=f.today())
    assert getattr(client, method)(url(name, theirs), {"title": "À moi maintenant"}).status_code == 404
    assert (again(theirs).title, again(theirs).withdrawn_at, again(theirs).renewed_at) == (theirs.title, None, None)


@pytest.mark.parametrize("name", ["held", "held_take_back"])
def test_another_s_held_text_is_not_found(client, user, name):
    _draft, held = handed_in(f.make_resident())
    assert client.post(url(name, held)).status_code == 404
    assert again(held).is_waiting


def test_the_list_holds_mine_alone(client, user):
    f.make_idea()
    f.make_idea(published=False)
    assert lines(client) == []
    assert "Vous n’avez encore déposé aucune idée" in page(client, url("mine"))


# --- What is mine ----------------------------------------------------------------------------------------------------


def test_each_idea_says_where_it_stands(client, user):
    at = timezone.now()
    f.make_idea(author=user, published=False, title="Brouillon")
    f.make_idea(author=user, title="Publiée")
    f.make_idea(author=user, title="Étudiée", stage="study")
    f.make_idea(author=user, title="Passée", stage="expired")
    f.make_idea(author=user, title="Retirée", withdrawn_at=at)
    f.make_idea(author=user, title="Masquée", hidden_at=at)
    handed_in(user, title="Attendue")
    refused, held = handed_in(user, title="Refusée")
    HeldText.objects.filter(pk=held.pk).update(refused_at=at, refused_clause="3")
    assert sorted(lines(client)) == [
        ("Attendue", "En attente de relecture"),
        ("Brouillon", "Brouillon, non publié"),
        ("Masquée", "Retirée par la modération"),
        ("Passée", "Délai passé"),
        ("Publiée", "Recueille des soutiens"),
        ("Refusée", "Non publiée"),
        ("Retirée", "Retirée"),
        ("Étudiée", "À l’étude"),
    ]
    assert refused.published_at is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"declared_count": 48}, "Il lui manque 2 soutiens pour «\u00a0Rencontre\u00a0»"),
        ({"declared_count": 120, "next_supports": None}, "Tous les seuils sont atteints"),
        ({"supports_until": f.today() - DAY}, "Les soutiens sont clos depuis"),
        ({"stage": "expired"}, "Son délai est passé sans réunir les soutiens demandés"),
        ({"stage": "study"}, "La Ville l’étudie"),
        ({"stage": "declined"}, "La réponse de la Ville est sur sa page"),
        ({"stage": "gathered"}, "Elle est réunie à d’autres"),
    ],
)
def test_each_idea_says_what_comes_next(client, user, fields, words):
    idea = f.make_idea(author=user, **fields)
    assert words in page(client, url("mine"))
    with_support = f.make_resident()
    f.make_support(idea=idea, user=with_support)
    sign_in(client, with_support)
    assert (words in page(client, url("supported"))) == ("48" not in str(fields))


def test_a_draft_says_until_when_it_may_be_published(client, user):
    days = {"opens_on": f.today() - DAY, "closes_on": f.today() + DAY, "supports_end_on": f.today() + DAY}
    f.make_idea(author=user, published=False, campaign=f.make_campaign(kind="edition", **days))
    assert "À publier avant la fin du" in page(client, url("mine"))


def test_the_list_goes_on_to_the_next_page(client, user):
    for number in range(21):
        f.make_idea(author=user, title=f"Idée {number}")
    response = client.get(url("mine"))
    assert (len(response.context["lines"]), response.context["pages"].next_url != "") == (20, True)
    assert len(client.get(response.context["pages"].next_url).context["lines"]) == 1


def test_what_i_support_is_mine_alone_and_visible_alone(client, user):
    kept, gone = f.make_idea(title="Gardée"), f.make_idea(title="Partie", withdrawn_at=timezone.now())
    for idea in (kept, gone):
        f.make_support(idea=idea, user=user)
    f.make_support(idea=f.make_idea(title="D’un autre"))
    assert lines(client, "supported") == [("Gardée", "Recueille des soutiens")]
    sign_in(client, kept.author)
    assert lines(client, "supported") == []


# --- Correcting, withdrawing -----------------------------------------------------------------------------------------


def correction(idea, **fields):
    given = {"title": "Des bancs au soleil", "need": "Il fait froid.", "proposal": "Des bancs.", "theme": idea.theme_id}
    return {**given, "behalf": "oneself", "signature": "name", **fields}


def test_before_a_reaction_everything_is_corrected(client, user):
    idea = f.make_idea(author=user)
    assert (
        client.post(url("correct", idea), correction(idea, place="Quai du Fil"))["Location"] == idea.get_absolute_url()
    )
    assert (again(idea).title, again(idea).place, IdeaVersion.objects.count()) == (
        "Des bancs au soleil",
        "Quai du Fil",
        0,
    )


def test_after_a_reaction_the_page_says_that_the_old_text_stays(client, user):
    idea = f.make_idea(author=user)
    f.make_support(idea=idea)
    content = page(client, url("correct", idea))
    assert ("Votre texte d’avant restera lisible par tous" in content, 'name="place"' in content) == (True, False)
    client.post(url("correct", idea), correction(idea, place="Quai du Fil"))
    assert (again(idea).title, again(idea).place, IdeaVersion.objects.count()) == ("Des bancs au soleil", "", 1)


def test_a_wrong_correction_is_given_back(client, user):
    idea = f.make_idea(author=user)
    response = client.post(url("correct", idea), correction(idea, need="", cost="a" * 300))
    assert (response.status_code, set(response.context["form"].errors)) == (422, {"need", "cost"})
    assert ("Des bancs au soleil" in response.content.decode(), again(idea).title) == (True, idea.title)


def test_a_correction_that_is_read_first_says_so(client, user):
    idea = f.make_idea(author=user, campaign=f.make_campaign(moderation="prior"))
    response = client.post(url("correct", idea), correction(idea), follow=True)
    assert "Votre correction paraîtra après relecture" in response.content.decode()
    assert again(idea).title == idea.title
    assert "En attente de relecture" in page(client, url("mine"))


@pytest.mark.parametrize("name", ["correct", "withdraw"])
def test_an_idea_under_study_stays_as_it_is(client, user, name):
    idea = f.make_idea(author=user, stage="study")
    for response in (client.get(url(name, idea)), client.post(url(name, idea), correction(idea))):
        assert (response.status_code, "La Ville étudie cette idée" in response.content.decode()) == (403, True)
    assert (again(idea).title, again(idea).withdrawn_at) == (idea.title, None)


def test_withdrawing_asks_first(client, user):
    idea = f.make_idea(author=user)
    assert "Retirer cette idée" in page(client, url("withdraw", idea))
    assert again(idea).withdrawn_at is None
    assert client.post(url("withdraw", idea))["Location"] == url("mine")
    assert again(idea).withdrawn_at is not None
    assert client.post(url("withdraw", idea))["Location"] == idea.get_absolute_url()
    assert list(RegisterLine.objects.values_list("act", flat=True)) == ["idea.withdrawn"]


# --- Renewing --------------------------------------------------------------------------------------------------------


def test_renewing_says_why_and_what_then(client, user):
    idea = f.make_idea(author=user, stage="expired", supports_until=f.today() - DAY, declared_count=12)
    assert url("renew", idea) in page(client, url("mine"))
    content = page(client, url("renew", idea))
    until = f.today() + 90 * DAY
    wanted = ("réunissait 12 soutiens", "Il en faut 100", "une seule fois", str(until.year))
    assert [part for part in wanted if part not in content] == []
    assert client.post(url("renew", idea))["Location"] == idea.get_absolute_url()
    assert (again(idea).stage, again(idea).supports_until) == ("support", until)


@pytest.mark.parametrize("fields", [{"renewed_at": timezone.now()}, {"supports_until": f.today() + 60 * DAY}])
def test_what_is_not_renewed_says_why(client, user, fields):
    idea = f.make_idea(author=user, **{"supports_until": f.today(), **fields})
    before = idea.supports_until
    assert url("renew", idea) not in page(client, url("mine"))
    for response in (client.get(url("renew", idea)), client.post(url("renew", idea))):
        assert response.status_code == 403
    assert again(idea).supports_until == before


# --- Texts that wait -------------------------------------------------------------------------------------------------


def test_a_text_that_waits_is_read_corrected_and_keeps_its_place(client, user):
    draft, held = handed_in(user, cost="Peu")
    content = page(client, url("held", held))
    wanted = ("En attente de relecture", held.get_cause_display(), "16\u00a0heures ouvrées", draft.title, "Peu")
    assert [part for part in wanted if part not in content] == []
    typed = {"title": "Des bancs au soleil", "need": "Il fait froid.", "proposal": "Des bancs.", "cost": "Très peu"}
    assert client.post(url("held", held), typed)["Location"] == url("held", held)
    draft = again(draft)
    assert (draft.title, draft.need_html, draft.cost, draft.published_at) == (
        "Des bancs au soleil",
        "<p>Il fait froid.</p>\n",
        "Très peu",
        None,
    )
    assert again(held).is_waiting


def test_a_wrong_correction_of_a_text_that_waits_is_given_back(client, user):
    draft, held = handed_in(user)
    response = client.post(url("held", held), {"title": "Court", "need": "", "proposal": "Autre chose."})
    assert (response.status_code, set(response.context["form"].errors)) == (422, {"title", "need"})
    assert again(draft).title == draft.title


def test_taken_back_it_is_a_draft_again(client, user):
    draft, held = handed_in(user)
    assert client.post(url("held_take_back", held))["Location"] == url("draft", draft)
    assert (again(draft).submitted_at, again(held).is_waiting) == (None, False)
    assert client.get(url("draft", draft)).status_code == 200
    assert client.get(url("held", held)).status_code == 404


def test_a_refused_text_says_why_and_changes_no_more(client, user):
    draft, held = handed_in(user)
    HeldText.objects.filter(pk=held.pk).update(refused_at=timezone.now(), refused_clause="3")
    content = page(client, url("held", held))
    assert ("La modération n’a pas publié ce texte" in content, "Enregistrer la correction" in content) == (True, False)
    for name in ("held", "held_take_back"):
        assert client.post(url(name, held), {"title": "Des bancs au soleil"}).status_code == 403
    assert again(draft).title == draft.title


def test_one_speaks_for_somebody_to_the_end(client, user):
    """The name of the association may change while it waits, not be taken away."""
    draft, held = handed_in(user, behalf="association", behalf_name="Amis du canal")
    typed = {"title": "Des bancs au soleil", "need": "Il fait froid.", "proposal": "Des bancs."}
    assert client.post(url("held", held), typed).status_code == 422
    client.post(url("held", held), {**typed, "behalf_name": "Amis des quais"})
    assert (again(draft).behalf, again(draft).behalf_name) == ("association", "Amis des quais")


# --- Cost ------------------------------------------------------------------------------------------------------------


def asked(client, address):
    cache.clear()
    memory.client().flushdb()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_pages_ask_the_same_whatever_the_number(client, user):
    idea = f.make_idea(author=user, supports_until=f.today())
    _draft, held = handed_in(user)
    pages = [
        url("mine"),
        url("supported"),
        *(url(name, idea) for name in ("correct", "withdraw", "renew")),
        url("held", held),
    ]
    f.make_support(idea=f.make_idea(), user=user)
    client.get(pages[0])  # the first page of a session writes that its person is there
    counts = [[asked(client, each) for each in pages]]
    for _ in range(2):
        f.make_idea(author=user, supports_until=f.today())
        handed_in(user)
        f.make_support(idea=f.make_idea(), user=user)
    counts.append([asked(client, each) for each in pages])
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 12, counts
    assert (Support.objects.count(), Idea.objects.filter(author=user).count()) == (3, 6)
