"""Personal data in what is about to be published: asked about once, masked in place or kept, nothing typed lost."""

import pytest

from consultations.models import Attachment, Comment, Contribution
from tests import factories as f
from tests.consultations.test_writing import address, errors, form, photo, token
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
PHONE = "Appelez-moi au 06 12 34 56 78."


@pytest.fixture
def place(client):
    row, user = f.make_consultation(sections=2), f.make_resident(public_name="Nadia B.")
    sign_in(client, user)
    return row, user


def send(client, row, **fields):
    return client.post(address("contribute", row), {**form(row), "jeton": token(client, row), **fields})


def keep(response, name="form"):
    warnings = list(response.context[name].masking.values())
    return warnings[0].keep


def test_a_number_in_a_text_is_asked_about_once_and_the_draft_is_kept(client, place):
    row, _user = place
    response = send(client, row, body=PHONE)
    assert errors(response) == {
        "body": [
            (
                "Tout le monde lirait ici un numéro de téléphone («\u00a006 12 34 56 78\u00a0»). "
                "Masquez, ou dites que c’est à vous ou que c’est public."
            )
        ]
    }
    page = response.content.decode()
    assert "Appelez-moi au [téléphone]." in page
    assert page.count('name="masquage" value="masquer"') == 1
    draft = Contribution.objects.get()
    assert (draft.body, draft.published_at) == (PHONE, None)


def test_masking_writes_the_masked_text_in_the_draft(client, place):
    row, _user = place
    jeton = token(client, row)
    send(client, row, body=PHONE, jeton=jeton)
    response = send(client, row, body=PHONE, jeton=jeton, masquage="masquer", intention="")
    draft = Contribution.objects.get()
    assert response["Location"] == address("check", row, draft.reference)
    assert draft.body == "Appelez-moi au [téléphone]."


def test_keeping_goes_on_with_the_text_as_it_is(client, place):
    row, _user = place
    jeton = token(client, row)
    asked = send(client, row, body=PHONE, jeton=jeton)
    response = send(client, row, body=PHONE, jeton=jeton, masquage=keep(asked), intention="")
    draft = Contribution.objects.get()
    assert response["Location"] == address("check", row, draft.reference)
    assert draft.body == PHONE


def test_a_choice_does_not_stand_for_what_is_typed_afterwards(client, place):
    row, _user = place
    asked = send(client, row, body=PHONE)
    again = send(client, row, body=PHONE + " Ou paul@exemple.fr.", masquage=keep(asked))
    assert list(errors(again)) == ["body"]


def test_every_field_that_everybody_reads_is_looked_at(client, place):
    row, _user = place
    fields = {"title": "La voiture AB-123-CD gêne", "usage_role": "moi@exemple.fr", "place": "chez moi, 0612345678"}
    response = send(client, row, **fields)
    assert sorted(errors(response)) == sorted(fields)
    send(client, row, **fields, masquage="masquer")
    draft = Contribution.objects.order_by("-pk").first()
    assert [draft.title, draft.usage_role, draft.place] == [
        "La voiture [plaque] gêne",
        "[courriel]",
        "chez moi, [téléphone]",
    ]


def test_the_city_s_own_number_is_no_secret(client, place, settings):
    settings.CONTACT = {**settings.CONTACT, "phone": "03 89 32 58 58", "email": "participation@ville.example"}
    row, _user = place
    assert send(client, row, body="03 89 32 58 58 ou participation@ville.example").status_code == 302


def test_a_comment_asks_too_and_its_words_come_back(client, place):
    row = f.make_contribution(consultation=place[0])
    url = address("comments", row, row.reference)
    response = client.post(url, {"stance": "for", "body": PHONE, "jeton": ""})
    assert response.status_code == 422
    page = response.content.decode()
    assert PHONE in page
    assert "Appelez-moi au [téléphone]." in page
    assert Comment.objects.count() == 0
    client.post(url, {"stance": "for", "body": PHONE, "jeton": "", "masquage": "masquer"})
    assert Comment.objects.get().body == "Appelez-moi au [téléphone]."


def test_the_words_of_a_photo_hold_no_personal_data(client, place):
    """They are neither masked nor read by moderation before they appear."""
    row, _user = place
    response = send(client, row, **{"new-1-file": photo(), "new-1-alt": "Mon portail, 06 12 34 56 78"})
    wrong = ["Retirez «\u00a006 12 34 56 78\u00a0» de la description\u00a0: tout le monde la lirait."]
    assert errors(response) == {"kept-1-alt": wrong}
    assert 'value="Mon portail, 06 12 34 56 78"' in response.content.decode()
    assert Attachment.objects.get().alt == ""
    draft = Contribution.objects.get()
    assert draft.published_at is None
    response = client.post(
        address("draft", row, draft.reference), {**form(row), "kept-1-alt": "Écrire à lea@exemple.org"}
    )
    assert list(errors(response)) == ["kept-1-alt"]
    assert Attachment.objects.get().alt == ""
