"""Small gestures on a contribution: each works as a plain form, says what happened, and is refused with its reason."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Residency
from consultations.models import Comment, CommentSupport, Contribution, Position
from mulhouse import charter
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def place(client):
    """A contribution, and a resident who is signed in."""
    row, user = f.make_contribution(), f.make_resident(public_name="Karim D.")
    sign_in(client, user)
    return row, user


def address(name, row, *more):
    return reverse(f"consultations:{name}", args=[row.consultation.slug, row.reference, *more])


def errors(response):
    assert response.status_code == 422
    return {
        bound.html_name: [str(error) for error in bound.errors]
        for bound in response.context["failures"]
        if bound.errors
    }


def token(client, row):
    return client.get(row.get_absolute_url()).context["token"]


# --- Positions -----------------------------------------------------------------------------------------------------


def test_position_by_a_plain_form(client, place):
    row, _ = place
    response = client.post(address("position", row), {"position": "mixed"})
    assert response["Location"] == f"{row.get_absolute_url()}#positions"
    assert Position.objects.get().choice == "mixed"
    html = client.get(row.get_absolute_url()).content.decode()
    assert "Votre position est comptée\u00a0: Mitigé." in html
    client.post(address("position", row), {"position": "aucune"})
    assert Position.objects.count() == 0


def test_position_by_htmx_gives_the_box_back_and_announces(client, place):
    row, _ = place
    html = client.post(address("position", row), {"position": "agree"}, headers=HTMX).content.decode()
    assert "<html" not in html
    assert 'id="positions"' in html
    assert html.count('aria-pressed="true"') == 1
    assert 'hx-swap-oob="true">Votre position est comptée\u00a0: D’accord.<' in html
    row.refresh_from_db()
    assert row.agree_count == 1
    html = client.post(address("position", row), {"position": "aucune"}, headers=HTMX).content.decode()
    assert html.count('aria-pressed="true"') == 0


@pytest.mark.parametrize("given", [{}, {"position": "peut-être"}, {"position": ""}])
def test_no_position_is_no_position(client, place, given):
    response = client.post(address("position", place[0]), given)
    assert (response.status_code, Position.objects.count()) == (302, 0)


def test_position_is_refused_with_its_reason(client, place):
    late = f.make_contribution(consultation=f.make_consultation(phase="analyse"))
    response = client.post(address("position", late), {"position": "agree"})
    assert (response.status_code, "terminée" in response.content.decode()) == (403, True)
    draft = f.make_contribution(published_at=None)
    assert client.post(address("position", draft), {"position": "agree"}).status_code == 404
    gone = f.make_contribution(withdrawn_at=timezone.now())
    assert client.post(address("position", gone), {"position": "agree"}).status_code == 403
    assert Position.objects.count() == 0


def test_position_is_not_taken_by_a_link(client, place):
    response = client.get(address("position", place[0]))
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "Rien n’a été envoyé." in response.content.decode()


def test_newcomer_is_told_what_is_missing_and_where(client):
    row = f.make_contribution()
    sign_in(client, f.make_user())
    html = client.get(row.get_absolute_url()).content.decode()
    assert "Indiquez d’abord votre quartier" in html
    assert reverse("accounts:residency") in html


# --- Comments ------------------------------------------------------------------------------------------------------


def test_comment_leads_to_its_own_place(client, place):
    row, user = place
    given = {"stance": "against", "body": "Non, *merci*.", "jeton": token(client, row)}
    response = client.post(address("comments", row), given)
    written = Comment.objects.get()
    assert response["Location"] == address("comment", row, written.reference)
    assert (written.author, written.stance, written.body_html) == (user, "against", "<p>Non, <em>merci</em>.</p>\n")
    assert f'id="commentaire-{written.reference}"' in client.get(response["Location"], follow=True).content.decode()


@pytest.mark.parametrize("reply", [False, True], ids=["comment", "reply"])
def test_form_of_a_comment_says_that_publishing_accepts_the_charter(client, place, reply):
    row, _ = place
    thread = f.make_comment(contribution=row)
    page = client.get(row.get_absolute_url(), {"repondre": thread.reference} if reply else {}).content.decode()
    assert page.count(reverse("charter_version", args=[charter.CURRENT.number])) == 1


def test_sending_a_comment_twice_writes_it_once(client, place):
    row, _ = place
    given = {"stance": "for", "body": "Oui.", "jeton": token(client, row)}
    locations = {client.post(address("comments", row), given)["Location"] for _ in range(3)}
    assert (Comment.objects.count(), len(locations)) == (1, 1)


def test_comment_without_a_token_is_written_all_the_same(client, place):
    client.post(address("comments", place[0]), {"stance": "for", "body": "Oui.", "jeton": "nonsense"})
    assert Comment.objects.count() == 1


def test_errors_of_a_comment_keep_what_was_typed(client, place):
    row, _ = place
    response = client.post(address("comments", row), {"body": "Un avis bien tourné."})
    assert errors(response) == {"stance": ["Dites si vous êtes pour, contre ou sans avis tranché."]}
    html = response.content.decode()
    assert "<title>Erreur\u00a0: " in html
    assert "Un avis bien tourné." in html
    response = client.post(address("comments", row), {"stance": "for", "body": " \r\n "})
    assert errors(response) == {"body": ["Écrivez votre commentaire."]}
    response = client.post(address("comments", row), {"stance": "for", "body": "x" * 1501})
    assert errors(response) == {"body": ["Votre commentaire dépasse 1\u00a0500 caractères. Raccourcissez-le."]}
    assert Comment.objects.count() == 0


def test_newcomer_says_the_rest_beside_the_comment(client):
    row, user, district = f.make_contribution(), f.make_user(public_name=""), f.make_district()
    sign_in(client, user)
    response = client.post(address("comments", row), {"stance": "for", "body": "Oui."})
    assert sorted(errors(response)) == ["profil-district", "profil-public_name"]
    assert "Oui." in response.content.decode()
    answers = {"profil-public_name": "Sam", "profil-district": district.pk}
    assert client.post(address("comments", row), {"stance": "for", "body": "Oui.", **answers}).status_code == 302
    user.refresh_from_db()
    assert (user.public_name, Residency.objects.get(user=user).district, Comment.objects.get().author) == (
        "Sam",
        district,
        user,
    )


def test_comment_is_refused_with_its_reason(client, place):
    late = f.make_contribution(consultation=f.make_consultation(phase="decide"))
    response = client.post(address("comments", late), {"stance": "for", "body": "Oui."})
    assert (response.status_code, "terminée" in response.content.decode()) == (403, True)
    assert Comment.objects.count() == 0


def test_too_many_comments_in_a_row_are_slowed_down(client, place):
    given = {"stance": "for", "body": "Oui."}
    codes = [client.post(address("comments", place[0]), given).status_code for _ in range(11)]
    assert codes == [302] * 10 + [429]


# --- Replies -------------------------------------------------------------------------------------------------------


def test_reply_form_opens_by_a_link(client, place):
    row, _ = place
    thread = f.make_comment(contribution=row)
    Contribution.objects.filter(pk=row.pk).update(comment_count=1)
    link = address("comment", row, thread.reference)
    html = client.get(f"{link}?repondre=oui", follow=True).content.decode()
    assert 'id="repondre"' in html
    assert 'id="commenter"' not in html


def test_reply_goes_under_its_comment(client, place):
    row, user = place
    thread = f.make_comment(contribution=row, stance="against")
    given = {"reponse-body": "Et alors ?", "reponse_a": thread.reference, "jeton": token(client, row)}
    response = client.post(address("comments", row), given)
    reply = Comment.objects.get(parent=thread)
    assert (reply.author, reply.stance) == (user, "neutral")
    html = client.get(response["Location"], follow=True).content.decode()
    assert f'id="commentaire-{reply.reference}"' in html


def test_errors_of_a_reply_open_its_form_again(client, place):
    row, _ = place
    thread = f.make_comment(contribution=row)
    Contribution.objects.filter(pk=row.pk).update(comment_count=1)
    response = client.post(address("comments", row), {"reponse-body": "", "reponse_a": thread.reference})
    assert errors(response) == {"reponse-body": ["Écrivez votre réponse."]}
    assert 'id="repondre"' in response.content.decode()


def test_a_reply_that_is_refused_keeps_its_words_however_old_what_it_answers(client):
    row = f.make_contribution()
    oldest, *_others = [f.make_comment(contribution=row) for _ in range(25)]
    sign_in(client, f.make_resident())
    typed = {"reponse-body": "Appelez-moi au 06 12 34 56 78", "reponse_a": oldest.reference}
    response = client.post(address("comments", row), typed)
    assert (response.status_code, response.content.decode().count("06 12 34 56 78</textarea>")) == (422, 1)


def test_reply_to_a_reply_or_to_another_debate_is_refused(client, place):
    row, _ = place
    reply = f.make_comment(parent=f.make_comment(contribution=row))
    elsewhere = f.make_comment()
    given = {"reponse-body": "Et alors ?"}
    assert client.post(address("comments", row), {**given, "reponse_a": reply.reference}).status_code == 403
    for wanted in (elsewhere.reference, "\0", "x" * 50):
        assert client.post(address("comments", row), {**given, "reponse_a": wanted}).status_code == 404
    assert Comment.objects.count() == 3


# --- Supports ------------------------------------------------------------------------------------------------------


def test_support_by_a_plain_form(client, place):
    row, user = place
    comment = f.make_comment(contribution=row)
    response = client.post(address("support", row, comment.reference))
    assert response["Location"] == address("comment", row, comment.reference)
    assert CommentSupport.objects.get().resident == user
    client.post(address("unsupport", row, comment.reference))
    assert CommentSupport.objects.count() == 0


def test_support_by_htmx_gives_the_button_back_and_announces(client, place):
    row, _ = place
    comment = f.make_comment(contribution=row, imported_support_count=4)
    html = client.post(address("support", row, comment.reference), headers=HTMX).content.decode()
    assert f'id="soutien-{comment.reference}"' in html
    assert 'aria-pressed="true"' in html
    assert "5 soutiens" in html
    assert "Votre soutien est compté." in html
    assert address("unsupport", row, comment.reference) in html
    html = client.post(address("unsupport", row, comment.reference), headers=HTMX).content.decode()
    assert 'aria-pressed="false"' in html
    assert "4 soutiens" in html


@pytest.mark.parametrize("name", ["support", "unsupport"])
def test_support_is_refused_with_its_reason(client, place, name):
    row, user = place
    own = f.make_comment(contribution=row, author=user)
    assert client.post(address(name, row, own.reference)).status_code == 403
    elsewhere = f.make_comment()
    assert client.post(address(name, row, elsewhere.reference)).status_code == 404
    assert client.get(address(name, row, elsewhere.reference)).status_code == 405
    assert CommentSupport.objects.count() == 0


# --- Withdrawing a comment -----------------------------------------------------------------------------------------


def test_withdrawing_a_comment_is_for_its_author(client, place):
    row, _ = place
    comment = f.make_comment(contribution=row)
    for method in (client.get, client.post):
        assert method(address("withdraw_comment", row, comment.reference)).status_code == 403
    comment.refresh_from_db()
    assert comment.withdrawn_at is None


def test_withdrawing_a_comment_asks_first(client, place):
    row, user = place
    comment = f.make_comment(contribution=row, author=user)
    page = address("withdraw_comment", row, comment.reference)
    assert "Retirer ce commentaire" in client.get(page).content.decode()
    comment.refresh_from_db()
    assert comment.withdrawn_at is None
    assert client.post(page)["Location"] == f"{row.get_absolute_url()}#debat"
    comment.refresh_from_db()
    assert comment.withdrawn_at is not None


@pytest.mark.parametrize("name", ["position", "comments", "support", "unsupport", "withdraw_comment"])
def test_visitors_sign_in_first(client, name):
    comment = f.make_comment()
    more = [] if name in {"position", "comments"} else [comment.reference]
    response = client.post(
        address(name, comment.contribution, *more), {"position": "agree", "stance": "for", "body": "Oui."}
    )
    assert response["Location"].startswith(reverse("account_login"))
    assert (Position.objects.count(), Comment.objects.count(), CommentSupport.objects.count()) == (0, 1, 0)
