"""The debate of an idea as pages: what is shown, in which order, what comes back to be corrected, and what it costs."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Residency
from ideas.models import Comment, HeldText, Idea
from mulhouse import charter
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NOW = timezone.now()


@pytest.fixture
def place(client):
    """An idea, and a resident who is signed in."""
    idea, user = f.make_idea(), f.make_resident(public_name="Karim D.")
    sign_in(client, user)
    return idea, user


def address(name, idea, *more):
    return reverse(f"ideas:{name}", args=[idea.reference, *more])


def errors(response):
    assert response.status_code == 422
    return {
        bound.html_name: [str(error) for error in bound.errors]
        for bound in response.context["failures"]
        if bound.errors
    }


def html_of(client, url, **kwargs):
    return client.get(url, follow=True, **kwargs).content.decode()


def shown(client, idea, query=""):
    """The texts of the threads that a page shows, in its order."""
    html = client.get(f"{idea.get_absolute_url()}{query}").content.decode()
    rows = Comment.objects.filter(idea=idea, parent=None)
    found = [(html.find(f'id="commentaire-{row.reference}"'), row.body) for row in rows]
    return [body for position, body in sorted(found) if position >= 0]


def make_debate(threads, replies, **fields):
    idea, authors = f.make_idea(**fields), [f.make_resident() for _ in range(3)]
    for number in range(threads):
        thread = f.make_idea_comment(
            idea=idea,
            author=authors[number % 3],
            body=f"Fil {number:03}.",
            body_html=f"<p>Fil {number:03}.</p>",
            stance=("for", "against", "neutral")[number % 3],
            published_at=NOW - dt.timedelta(days=1) + dt.timedelta(seconds=number),
        )
        for rank in range(replies):
            f.make_idea_comment(idea=idea, parent=thread, author=authors[rank % 3], published_at=NOW)
    return idea, authors


# --- Denials ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["comments", "withdraw_comment"])
def test_visitors_sign_in_first(client, name):
    comment = f.make_idea_comment()
    more = [] if name == "comments" else [comment.reference]
    response = client.post(address(name, comment.idea, *more), {"stance": "for", "body": "Oui."})
    assert response["Location"].startswith(reverse("account_login"))
    assert Comment.objects.filter(withdrawn_at=None).count() == 1


def test_idea_that_is_gone_or_a_draft_takes_no_comment(client, place):
    _, user = place
    given = {"stance": "for", "body": "Oui."}
    for fields, status in (
        ({"published": False}, 404),
        ({"withdrawn_at": NOW}, 403),
        ({"hidden_at": NOW}, 403),
        ({"author": user, "published": False}, 404),
    ):
        assert client.post(address("comments", f.make_idea(**fields)), given).status_code == status
    assert Comment.objects.count() == 0


def test_comment_of_an_idea_that_is_gone_is_not_found(client):
    for fields in ({"withdrawn_at": NOW}, {"hidden_at": NOW}):
        comment = f.make_idea_comment(idea=f.make_idea(**fields))
        assert client.get(address("comment", comment.idea, comment.reference)).status_code == 404
    comment = f.make_idea_comment()
    assert client.get(address("comment", f.make_idea(), comment.reference)).status_code == 404


def test_writing_needs_a_form(client, place):
    assert client.get(address("comments", place[0])).status_code == 405


# --- Comments ------------------------------------------------------------------------------------------------------


def test_comment_leads_to_its_own_place(client, place):
    idea, user = place
    token = client.get(idea.get_absolute_url()).context["token"]
    given = {"stance": "against", "body": "Non, *merci*.", "jeton": token}
    locations = {client.post(address("comments", idea), given)["Location"] for _ in range(2)}
    written = Comment.objects.get()
    assert locations == {address("comment", idea, written.reference)}
    assert (written.author, written.stance, written.body_html) == (user, "against", "<p>Non, <em>merci</em>.</p>\n")
    html = html_of(client, locations.pop())
    assert f'id="commentaire-{written.reference}"' in html
    assert "Votre commentaire est publié." in html


def test_question_needs_no_stance_and_says_so(client, place):
    idea, _ = place
    response = client.post(address("comments", idea), {"is_question": "on", "body": "Où exactement ?"})
    assert Comment.objects.values_list("is_question", "stance").get() == (True, "neutral")
    html = html_of(client, response["Location"])
    assert "Votre question est publiée." in html
    assert html.count(">Question à l’auteur<") == 1


def test_nobody_is_asked_where_there_is_no_author_and_nobody_asks_themselves(client, place):
    _, user = place
    for idea in (f.make_idea(author=None), f.make_idea(author=user)):
        assert 'name="is_question"' not in html_of(client, idea.get_absolute_url())
        client.post(address("comments", idea), {"is_question": "on", "stance": "for", "body": "Oui."})
    assert set(Comment.objects.values_list("is_question", "stance")) == {(False, "for")}


def test_criteria_are_commented_once_there_is_a_reading(client, place):
    idea, _ = place
    assert 'name="criterion"' not in html_of(client, idea.get_absolute_url())
    Idea.objects.update(realism=60)
    html = html_of(client, f"{idea.get_absolute_url()}?critere=cost")
    assert '<option value="cost" selected>' in html
    response = client.post(address("comments", idea), {"criterion": "cost", "stance": "for", "body": "C’est peu."})
    assert Comment.objects.get().criterion == "cost"
    assert ">Ordre de coût<" in html_of(client, response["Location"])
    response = client.post(address("comments", idea), {"criterion": "x", "stance": "for", "body": "Oui."})
    assert errors(response) == {"criterion": ["Choisissez un critère de la liste."]}


def test_errors_of_a_comment_keep_what_was_typed(client, place):
    idea, _ = place
    asked = "Dites si vous êtes pour, contre ou sans avis tranché."
    response = client.post(address("comments", idea), {"body": "Un avis bien tourné."})
    assert errors(response) == {"stance": [asked]}
    html = response.content.decode()
    assert "<title>Erreur\u00a0: " in html
    assert "Un avis bien tourné." in html
    response = client.post(address("comments", idea), {"stance": "x", "body": "Oui."})
    assert errors(response) == {"stance": [asked]}
    response = client.post(address("comments", idea), {"stance": "for", "body": " \r\n "})
    assert errors(response) == {"body": ["Écrivez votre commentaire."]}
    response = client.post(address("comments", idea), {"stance": "for", "body": "x" * 1501})
    assert errors(response) == {"body": ["Votre commentaire dépasse 1\u00a0500 caractères. Raccourcissez-le."]}
    assert Comment.objects.count() == 0


def test_newcomer_says_the_rest_beside_the_comment(client):
    idea, user, district = f.make_idea(), f.make_user(public_name=""), f.make_district()
    sign_in(client, user)
    response = client.post(address("comments", idea), {"stance": "for", "body": "Oui."})
    assert sorted(errors(response)) == ["profil-district", "profil-public_name"]
    answers = {"profil-public_name": "Sam", "profil-district": district.pk}
    assert client.post(address("comments", idea), {"stance": "for", "body": "Oui.", **answers}).status_code == 302
    user.refresh_from_db()
    assert (user.public_name, Residency.objects.get(user=user).district, Comment.objects.get().author) == (
        "Sam",
        district,
        user,
    )


def test_personal_data_is_shown_and_kept_for_moderation_if_wanted(client, place):
    idea, _ = place
    typed = {"stance": "for", "body": "Appelez-moi au 06 12 34 56 78."}
    response = client.post(address("comments", idea), typed)
    assert list(errors(response)) == ["body"]
    assert Comment.objects.count() == 0
    response = client.post(address("comments", idea), {**typed, "masquage": "masquer"})
    assert "06 12" not in Comment.objects.get().body


def test_text_that_waits_is_said_to_wait(client, place):
    idea = f.make_idea(campaign=f.make_campaign(moderation="prior", review_hours=16))
    assert "sous 16\u00a0heures ouvrées" in html_of(client, idea.get_absolute_url())
    response = client.post(address("comments", idea), {"stance": "for", "body": "Oui."})
    held = HeldText.objects.get()
    assert response["Location"] == reverse("ideas:held", args=[held.reference])
    assert (Comment.objects.count(), HeldText.objects.waiting().count()) == (0, 1)


def test_too_many_comments_in_a_row_are_slowed_down(client, place):
    given = {"stance": "for", "body": "Oui."}
    codes = [client.post(address("comments", place[0]), given).status_code for _ in range(11)]
    assert codes == [302] * 10 + [429]


@pytest.mark.parametrize("reply", [False, True], ids=["comment", "reply"])
def test_form_says_that_publishing_accepts_the_charter(client, place, reply):
    idea, _ = place
    thread = f.make_idea_comment(idea=idea)
    page = client.get(idea.get_absolute_url(), {"repondre": thread.reference} if reply else {}).content.decode()
    assert page.count(reverse("charter_version", args=[charter.CURRENT.number])) == 1


# --- Replies -------------------------------------------------------------------------------------------------------


def test_reply_opens_by_a_link_and_goes_under_its_comment(client, place):
    idea, user = place
    thread = f.make_idea_comment(idea=idea, stance="against")
    html = html_of(client, f"{address('comment', idea, thread.reference)}?repondre=oui")
    assert ('id="repondre"' in html, 'id="commenter"' in html) == (True, False)

    response = client.post(address("comments", idea), {"reponse-body": "Et alors ?", "reponse_a": thread.reference})

    reply = Comment.objects.get(parent=thread)
    assert (reply.author, reply.stance) == (user, "neutral")
    assert f'id="commentaire-{reply.reference}"' in html_of(client, response["Location"])


def test_reply_that_is_refused_keeps_its_words_however_old_what_it_answers(client, place):
    idea, _ = place
    oldest, *_others = [f.make_idea_comment(idea=idea) for _ in range(25)]
    response = client.post(address("comments", idea), {"reponse-body": "", "reponse_a": oldest.reference})
    assert errors(response) == {"reponse-body": ["Écrivez votre réponse."]}
    typed = {"reponse-body": "Appelez-moi au 06 12 34 56 78", "reponse_a": oldest.reference}
    response = client.post(address("comments", idea), typed)
    assert (response.status_code, response.content.decode().count("06 12 34 56 78</textarea>")) == (422, 1)


def test_reply_to_a_reply_or_to_another_debate_is_refused(client, place):
    idea, _ = place
    reply = f.make_idea_comment(idea=idea, parent=f.make_idea_comment(idea=idea))
    elsewhere = f.make_idea_comment()
    given = {"reponse-body": "Et alors ?"}
    assert client.post(address("comments", idea), {**given, "reponse_a": reply.reference}).status_code == 403
    for wanted in (elsewhere.reference, "\0", "x" * 50):
        assert client.post(address("comments", idea), {**given, "reponse_a": wanted}).status_code == 404
    assert Comment.objects.count() == 3


def test_author_of_the_idea_is_named_as_such_unless_they_sign_by_their_district(client):
    for signature, count in (("name", 1), ("district", 0)):
        idea = f.make_idea(signature=signature)
        f.make_idea_comment(idea=idea, author=idea.author)
        f.make_idea_comment(idea=idea)
        assert html_of(client, idea.get_absolute_url()).count(">Auteur de l’idée<") == count


# --- The list ------------------------------------------------------------------------------------------------------


def test_comments_are_narrowed_and_put_in_order(client):
    idea, _ = make_debate(4, 0)
    f.make_idea_comment(idea=idea, body="Question.", is_question=True, published_at=NOW)
    f.make_idea_comment(idea=idea, parent=Comment.objects.get(body="Fil 001."), published_at=NOW)

    everything = ["Question.", "Fil 003.", "Fil 002.", "Fil 001.", "Fil 000."]
    assert shown(client, idea) == everything
    assert shown(client, idea, "?sens=for") == ["Fil 003.", "Fil 000."]
    assert shown(client, idea, "?sens=against") == ["Fil 001."]
    assert shown(client, idea, "?sens=neutral") == ["Fil 002."]
    assert shown(client, idea, "?sens=questions") == ["Question."]
    assert shown(client, idea, "?sens=x&tri=x&apres=%00&page=x") == everything
    assert shown(client, idea, "?tri=debattu") == ["Fil 001.", "Question.", "Fil 003.", "Fil 002.", "Fil 000."]


def test_filter_without_answer_says_so(client):
    idea, _ = make_debate(1, 0)
    assert "Aucun commentaire de cette sorte." in html_of(client, f"{idea.get_absolute_url()}?sens=against")
    assert "Personne n’a encore commenté" in html_of(client, f.make_idea().get_absolute_url())


def test_htmx_gets_the_debate_alone_at_the_same_address(client):
    idea, _ = make_debate(3, 0)
    response = client.get(f"{idea.get_absolute_url()}?sens=for", headers=HTMX)
    html = response.content.decode()
    assert html.lstrip().startswith('<section class="pile" id="debat"')
    assert ("<html" in html, "Fil 000." in html, "Fil 001." in html) == (False, True, False)
    assert "<html" in html_of(client, f"{idea.get_absolute_url()}?sens=for")


def test_pages_of_twenty_lead_to_each_other(client):
    idea, _ = make_debate(45, 0)

    def following(url):
        return client.get(url).context["debate_pages"].next_url

    second = following(idea.get_absolute_url())
    third = following(second)
    queries = [url.removeprefix(idea.get_absolute_url()).removesuffix("#debat") for url in (second, third)]
    pages = [shown(client, idea, query) for query in ("", *queries)]
    assert [(len(page), page[0], page[-1]) for page in pages] == [
        (20, "Fil 044.", "Fil 025."),
        (20, "Fil 024.", "Fil 005."),
        (5, "Fil 004.", "Fil 000."),
    ]


def test_address_of_an_old_comment_and_of_a_reply_leads_to_where_they_stand(client):
    idea, _ = make_debate(25, 5)
    oldest = Comment.objects.get(body="Fil 000.")
    for row in (oldest, oldest.replies.last()):
        response = client.get(address("comment", idea, row.reference))
        assert response["Location"].endswith(f"#commentaire-{row.reference}")
        assert f'id="commentaire-{row.reference}"' in html_of(client, response["Location"])


def test_long_comment_is_cut_and_read_whole_with_its_thread(client):
    body = "Mot. " * 200 + "Fin."
    comment = f.make_idea_comment(body=body, body_html=f"<p>{body}</p>")
    assert "Fin." not in html_of(client, comment.idea.get_absolute_url())
    assert "Fin." in html_of(client, address("comment", comment.idea, comment.reference))


# --- What is gone ----------------------------------------------------------------------------------------------------


def test_withdrawn_comment_leaves_a_sentence_where_it_was_answered_only(client):
    idea = f.make_idea()
    alone, answered = (f.make_idea_comment(idea=idea, body_html="<p>Secret.</p>") for _ in range(2))
    f.make_idea_comment(idea=idea, parent=answered)
    Comment.objects.filter(parent=None).update(withdrawn_at=NOW)
    html = html_of(client, idea.get_absolute_url())
    assert ("Secret." in html, html.count("Commentaire retiré par son auteur.")) == (False, 1)
    assert client.get(address("comment", idea, alone.reference))["Location"] == f"{idea.get_absolute_url()}#debat"


def test_hidden_comment_answers_with_its_clause_and_its_words_to_its_author_only(client):
    comment = f.make_idea_comment(body_html="<p>Secret.</p>", hidden_at=NOW, hidden_reason="3.1")
    page = address("comment", comment.idea, comment.reference)
    sentence = "Commentaire retiré\u00a0: article 3.1 de la charte"
    assert html_of(client, comment.idea.get_absolute_url()).count(sentence) == 1
    response = client.get(page)
    assert (response.status_code, sentence in response.content.decode(), "Secret." in response.content.decode()) == (
        410,
        True,
        False,
    )
    sign_in(client, comment.author)
    assert "Secret." in client.get(page).content.decode()


def test_withdrawing_a_comment_is_for_its_author_and_asks_first(client, place):
    idea, user = place
    other = f.make_idea_comment(idea=idea)
    for method in (client.get, client.post):
        assert method(address("withdraw_comment", idea, other.reference)).status_code == 403
    own = f.make_idea_comment(idea=idea, author=user)
    page = address("withdraw_comment", idea, own.reference)
    assert "Retirer ce commentaire" in html_of(client, page)
    assert Comment.objects.filter(withdrawn_at=None).count() == 2
    assert client.post(page)["Location"] == f"{idea.get_absolute_url()}#debat"
    own.refresh_from_db()
    assert own.withdrawn_at is not None


def test_own_comment_is_withdrawn_and_others_are_reported(client, place):
    idea, user = place
    own, other = f.make_idea_comment(idea=idea, author=user), f.make_idea_comment(idea=idea)
    html = html_of(client, idea.get_absolute_url())
    assert [address("withdraw_comment", idea, row.reference) in html for row in (own, other)] == [True, False]
    reports = [reverse("moderation:report", args=["commentaire-d-idee", row.reference]) for row in (own, other)]
    assert [report in html for report in reports] == [False, True]


# --- Costs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 3, 100])
def test_debate_costs_the_same_whatever_its_length(client, threads, django_assert_num_queries):
    idea, authors = make_debate(threads, 2)
    with django_assert_num_queries(8):  # register, idea, threads, replies, four of what the city did
        client.get(idea.get_absolute_url())
    sign_in(client, authors[0])
    client.get(idea.get_absolute_url())
    with django_assert_num_queries(11):
        client.get(idea.get_absolute_url())


def test_writing_a_comment_stays_within_reason(client, place):
    idea, _ = place
    make = {"stance": "for", "body": "Oui."}
    client.post(address("comments", idea), make)
    with CaptureQueriesContext(connection) as one:
        client.post(address("comments", idea), make)
    for _ in range(20):
        f.make_idea_comment(idea=idea)
    with CaptureQueriesContext(connection) as many:
        client.post(address("comments", idea), make)
    assert len(one) == len(many)
