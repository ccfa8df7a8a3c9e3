"""The journey of an idea: short steps that need no script, nothing typed is lost, nobody reads another's draft."""

import datetime as dt
import io

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import Residency
from ideas import gathering
from ideas.models import Answer, Campaign, HeldText, Idea, Photo
from mulhouse import memory
from notifications.models import OutboundMail
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
TITLE = "Une piste cyclable avenue de Colmar"
START = {"general": "on", "powers": "on", "gainless": "on", "charter": "on", "title": TITLE}


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def somebody(client):
    """A resident who is signed in."""
    person = f.make_resident(public_name="Nadia B.")
    sign_in(client, person)
    return person


@pytest.fixture
def user(somebody):
    """The same, in a city with one open campaign."""
    f.make_campaign(title="La boîte à idées")
    return somebody


def url(name, idea=None):
    return reverse(f"ideas:{name}", args=[idea.reference] if idea else [])


def draft_of(user, **fields):
    campaign = fields.pop("campaign", None) or Campaign.objects.first()
    return f.make_idea(published=False, author=user, campaign=campaign, **{"title": TITLE, **fields})


def whole(user, **fields):
    return draft_of(user, theme=f.make_theme(), **fields)


def form(**fields):
    return {
        "title": TITLE,
        "need": "On roule entre les **voitures**.\r\n\r\nC’est dangereux.",
        "proposal": "Une piste séparée.",
        "theme": f.make_theme().pk,
        "place": "Avenue de Colmar",
        "behalf": "oneself",
        "signature": "name",
        "intention": "apercu",
        **fields,
    }


def photo(name="rue.jpg"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def errors(response):
    assert response.status_code == 422
    found = response.context["failures"] if "failures" in response.context else response.context["form"]
    return {bound.html_name: [str(error) for error in bound.errors] for bound in found if bound.errors}


def page(client, address):
    return client.get(address).content.decode()


# --- Who may enter ---------------------------------------------------------------------------------------------------


def test_a_visitor_signs_in_and_comes_back(client):
    f.make_campaign()
    assert client.get(url("deposit"))["Location"] == f"{reverse('account_login')}?next={url('deposit')}"


@pytest.mark.parametrize("name", ["draft", "duplicates", "photos", "preview", "discard"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_s_draft_is_not_found(client, user, name, method):
    theirs = whole(f.make_resident())
    response = getattr(client, method)(url(name, theirs), form())
    assert response.status_code == 404
    theirs.refresh_from_db()
    assert (theirs.published_at, theirs.need) == (None, "Il manque de l’ombre.")


@pytest.mark.parametrize("name", ["draft", "duplicates", "preview"])
def test_what_is_published_or_handed_in_is_no_draft_any_more(client, user, name):
    published = f.make_idea(author=user)
    assert client.get(url(name, published))["Location"] == published.get_absolute_url()
    held = whole(user, submitted_at=timezone.now())
    text = HeldText.objects.create(sort="idea", idea=held, author=user, cause="held", submitted_at=timezone.now())
    assert client.get(url(name, held))["Location"] == url("held", text)


# --- The campaign ----------------------------------------------------------------------------------------------------


def test_without_an_open_campaign_the_page_says_so(client, somebody):
    f.make_campaign(opens_on=f.today() + dt.timedelta(days=1))
    response = client.get(url("deposit"))
    assert "On ne dépose pas d’idée en ce moment" in response.content.decode()
    client.post(url("deposit"), START)
    assert Idea.objects.count() == 0


def test_one_chooses_among_several_campaigns(client, user):
    other = f.make_campaign(title="Les berges", slug="berges")
    f.make_campaign(slug="fermee", published_at=None)
    assert [campaign for campaign, _url in client.get(url("deposit")).context["lines"]] == [
        other,
        Campaign.objects.last(),
    ]
    client.post(f"{url('deposit')}?campagne=berges", START)
    assert Idea.objects.get().campaign == other
    client.post(f"{url('deposit')}?campagne=fermee", START)
    assert Idea.objects.count() == 1


def test_who_can_not_publish_yet_is_told_before_writing(client, somebody):
    f.make_campaign(residency_level="verified")
    response = client.get(url("deposit"))
    assert "Vous pouvez écrire, pas encore publier" in response.content.decode()


# --- Criteria and title ----------------------------------------------------------------------------------------------


def test_the_four_criteria_stand_before_the_form_with_their_help(client, user):
    content = page(client, url("deposit"))
    assert [content.count(f'name="{name}"') for name in ("general", "powers", "gainless", "charter")] == [1, 1, 1, 1]
    assert "un agent la lui transmet" in content


def test_nothing_is_kept_before_the_criteria_and_a_title(client, user):
    response = client.post(url("deposit"), {**START, "charter": "", "title": "Piste"})
    assert set(errors(response)) == {"charter", "title"}
    assert ("Piste" in response.content.decode(), Idea.objects.count()) == (True, 0)


def test_the_draft_is_born_with_its_title(client, user):
    response = client.post(url("deposit"), START)
    draft = Idea.objects.get()
    assert response["Location"] == url("draft", draft)
    assert (draft.title, draft.author, draft.campaign.title, draft.published_at) == (
        TITLE,
        user,
        "La boîte à idées",
        None,
    )


def test_sent_twice_it_is_one_draft_that_keeps_what_was_written_since(client, user):
    token = client.get(url("deposit")).context["token"]
    client.post(url("deposit"), {**START, "jeton": token})
    client.post(url("draft", Idea.objects.get()), form(intention="brouillon"))
    client.post(url("deposit"), {**START, "jeton": token, "title": "Une piste cyclable avenue de Colmar, vite"})
    draft = Idea.objects.get()
    assert (draft.title, draft.place) == ("Une piste cyclable avenue de Colmar, vite", "Avenue de Colmar")


def test_the_token_of_somebody_else_draws_a_new_reference(client, user):
    other = f.make_resident()
    sign_in(client, other)
    stolen = client.get(url("deposit")).context["token"]
    client.post(url("deposit"), {**START, "jeton": stolen})
    sign_in(client, user)
    client.post(url("deposit"), {**START, "jeton": stolen})
    assert set(Idea.objects.values_list("author", flat=True)) == {other.pk, user.pk}


def test_too_many_drafts_at_once_are_refused(client, user):
    for _ in range(10):
        client.post(url("deposit"), START)
    assert client.post(url("deposit"), START).status_code == 429
    assert Idea.objects.count() == 10


# --- What resembles it -----------------------------------------------------------------------------------------------


def test_what_resembles_it_comes_as_a_step_without_script(client, user):
    near = f.make_idea(
        campaign=Campaign.objects.first(), title="Avenue de Colmar\u00a0: une piste pour les cyclistes", stage="already"
    )
    Answer.objects.create(
        idea=near,
        number=1,
        outcome="already",
        reason="Faite.",
        reason_html="",
        signatory="Service des rues",
        published_at=timezone.now(),
    )
    response = client.post(url("deposit"), START)
    draft = Idea.objects.get(author=user)
    assert response["Location"] == url("duplicates", draft)
    content = page(client, url("duplicates", draft))
    wanted = (
        near.title,
        near.get_absolute_url(),
        "Voir ce qu’elle est devenue",
        "Déjà fait",
        "Réponse de la Ville le",
        url("draft", draft),
    )
    assert [part for part in wanted if part not in content] == []
    assert "Soutenir celle-ci" not in content


@pytest.mark.parametrize("stage", ["support", "expired", "study", "kept", "declined", "going_on", "done"])
def test_what_can_not_be_supported_is_not_proposed_to_be(client, user, stage):
    f.make_idea(campaign=Campaign.objects.first(), title=f"{TITLE} sud", stage=stage)
    content = page(client, url("duplicates", draft_of(user)))
    is_open = stage == "support"
    assert ("Soutenir celle-ci" in content, "Voir ce qu’elle est devenue" in content) == (is_open, not is_open)


def test_of_an_idea_that_is_gathered_the_one_that_gathers_it_is_proposed(client, user):
    ideas = [f.make_idea(campaign=Campaign.objects.first(), title=title) for title in (f"{TITLE} sud", "Autre chose")]
    held = f.make_gathering(ideas=ideas)
    for idea in ideas[1:]:
        gathering.answer(actor=idea.author, gathering=held, idea=idea, agrees=True, at=timezone.now())
    parent = Idea.objects.get(gathers=2)
    assert Idea.objects.get(pk=ideas[0].pk).stage == "gathered"
    content = page(client, url("duplicates", draft_of(user)))
    assert ("Soutenir celle-ci" in content, "Soutenir l’idée qui la réunit" in content) == (False, True)
    response = client.post(url("duplicates", draft_of(user)), {"choix": ideas[0].reference})
    assert response["Location"] == f"{parent.get_absolute_url()}#soutenir"


def test_a_draft_that_is_but_a_title_goes_when_another_idea_is_chosen(client, user):
    near = f.make_idea(campaign=Campaign.objects.first(), title=f"{TITLE} sud")
    bare, written = draft_of(user, need="", proposal=""), draft_of(user, need="On y roule mal.")
    for draft in (bare, written):
        response = client.post(url("duplicates", draft), {"choix": near.reference})
        assert response["Location"] == f"{near.get_absolute_url()}#soutenir"
    assert list(Idea.objects.filter(author=user)) == [written]


@pytest.mark.parametrize("choice", ["", "AAAAAAAA", "close"])
def test_nothing_goes_when_nothing_is_chosen_in_its_place(client, user, choice):
    closed = f.make_idea(campaign=Campaign.objects.first(), title=f"{TITLE} sud", stage="declined")
    draft = draft_of(user, need="", proposal="")
    client.post(url("duplicates", draft), {"choix": closed.reference if choice == "close" else choice})
    assert list(Idea.objects.filter(author=user)) == [draft]


def test_another_s_draft_is_not_chosen_away(client, user):
    near = f.make_idea(campaign=Campaign.objects.first(), title=f"{TITLE} sud")
    theirs = draft_of(f.make_resident(), need="", proposal="")
    assert client.post(url("duplicates", theirs), {"choix": near.reference}).status_code == 404
    assert Idea.objects.filter(pk=theirs.pk).exists()


def test_a_title_is_looked_up_only_where_what_resembles_it_has_a_place(client, user):
    draft, idea = draft_of(user), f.make_idea(campaign=Campaign.objects.first(), author=user)
    pages = {
        name: page(client, url(name, row)) for name, row in (("deposit", None), ("draft", draft), ("correct", idea))
    }
    looked_up = {
        name: ('hx-target="#ressemblances"' in html, 'id="ressemblances"' in html) for name, html in pages.items()
    }
    assert looked_up == {"deposit": (True, True), "draft": (True, True), "correct": (False, False)}


def test_who_saw_it_while_typing_does_not_see_it_again(client, user):
    near = f.make_idea(campaign=Campaign.objects.first(), title="Une piste cyclable avenue de Colmar")
    response = client.post(url("deposit"), {**START, "vues": [near.reference]})
    assert response["Location"] == url("draft", Idea.objects.get(author=user))


def test_nothing_resembles_it_leads_to_the_form(client, user):
    draft = draft_of(user)
    assert client.get(url("duplicates", draft))["Location"] == url("draft", draft)


def test_while_typing_the_same_address_sends_a_fragment(client, user):
    near = f.make_idea(campaign=Campaign.objects.first(), title="Une piste cyclable avenue de Colmar")
    response = client.get(url("deposit"), {"title": TITLE}, headers={"HX-Request": "true"})
    content = response.content.decode()
    assert (response["Vary"].count("HX-Request"), "<html" in content) == (1, False)
    assert (near.title in content, "1 idée ressemble à la vôtre" in content) == (True, True)
    empty = client.get(url("deposit"), {"title": "Une piste c"}, headers={"HX-Request": "true"}).content.decode()
    assert ("<li" in empty, 'id="annonce"' in empty) == (False, True)


def test_a_refused_first_step_still_shows_what_resembles_it(client, user):
    near = f.make_idea(campaign=Campaign.objects.first(), title="Une piste cyclable avenue de Colmar")
    response = client.post(url("deposit"), {**START, "charter": ""})
    assert (response.status_code, near.get_absolute_url() in response.content.decode()) == (422, True)


# --- The idea --------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_unfinished_and_taken_up_again(client, user):
    draft = draft_of(user)
    response = client.post(url("draft", draft), form(need="", theme="", intention="brouillon"))
    assert response["Location"] == url("mine")
    draft.refresh_from_db()
    assert (draft.need, draft.proposal, draft.theme) == ("", "Une piste séparée.", None)
    content = page(client, url("draft", draft))
    assert ("Une piste séparée." in content, "Brouillon enregistré le" in content) == (True, True)


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(client, user):
    draft = draft_of(user)
    response = client.post(url("draft", draft), form(need="", theme="", behalf="association"))
    assert set(errors(response)) == {"need", "theme", "behalf_name"}
    assert ("Une piste séparée." in response.content.decode(), response.content.decode().count(" open>")) == (True, 2)
    draft.refresh_from_db()
    assert (draft.proposal, draft.published_at) == ("Une piste séparée.", None)


def test_a_whole_idea_leads_to_its_preview(client, user):
    draft = draft_of(user)
    assert client.post(url("draft", draft), form())["Location"] == url("preview", draft)


def test_personal_data_is_masked_or_kept_by_choice(client, user):
    draft = draft_of(user)
    typed = form(need="Appelez-moi au 06 12 34 56 78.")
    response = client.post(url("draft", draft), typed)
    assert set(errors(response)) == {"need"}
    assert client.post(url("draft", draft), {**typed, "masquage": "masquer"})["Location"] == url("preview", draft)
    draft.refresh_from_db()
    assert draft.need == "Appelez-moi au [téléphone]."


def test_what_is_missing_about_oneself_is_asked_in_the_same_form(client):
    campaign = f.make_campaign(minimum_age=16)
    person, district = f.make_user(public_name=""), f.make_district()
    sign_in(client, person)
    draft = draft_of(person, campaign=campaign)
    response = client.post(url("draft", draft), form())
    assert set(errors(response)) == {"profil-public_name", "profil-district", "profil-birth_year"}
    typed = {"profil-public_name": "Nadia B.", "profil-district": district.pk, "profil-birth_year": "1990"}
    assert client.post(url("draft", draft), form(**typed))["Location"] == url("preview", draft)
    person.refresh_from_db()
    assert (person.public_name, person.birth_year) == ("Nadia B.", 1990)
    assert Residency.objects.standing().get(user=person).district == district


def test_who_signs_by_their_district_needs_no_name(client):
    campaign, person = f.make_campaign(), f.make_resident(public_name="")
    sign_in(client, person)
    draft = draft_of(person, campaign=campaign)
    assert client.post(url("draft", draft), form(signature="district"))["Location"] == url("preview", draft)


def test_a_draft_is_discarded_after_one_question(client, user):
    draft = draft_of(user)
    assert TITLE in page(client, url("discard", draft))
    assert Idea.objects.count() == 1
    assert client.post(url("discard", draft))["Location"] == url("mine")
    assert Idea.objects.count() == 0


# --- Photos ----------------------------------------------------------------------------------------------------------


def add(client, idea, **fields):
    return client.post(url("photos", idea), {"geste": "ajouter", "file": photo(), "alt": "La rue", **fields})


def test_photos_are_added_described_and_taken_away(client, user):
    draft = whole(user)
    assert add(client, draft)["Location"] == url("photos", draft)
    client.post(url("photos", draft), {"geste": "decrire-1", "photo-1-alt": "La rue vide"})
    assert Photo.objects.get().alt == "La rue vide"
    client.post(url("photos", draft), {"geste": "retirer-1"})
    assert Photo.objects.count() == 0


def test_a_photo_without_words_is_kept_and_asked_for_before_publishing(client, user):
    draft = whole(user)
    add(client, draft, alt="")
    assert Photo.objects.get().alt == ""
    assert client.get(url("preview", draft))["Location"] == url("photos", draft)
    response = client.post(url("photos", draft), {"geste": "decrire-1", "photo-1-alt": ""})
    assert set(errors(response)) == {"photo-1-alt"}
    client.post(url("photos", draft), {"geste": "decrire-1", "photo-1-is_decorative": "on"})
    assert client.get(url("preview", draft)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"file": SimpleUploadedFile("rue.jpg", b"<svg onload=alert(1)>", "image/jpeg")}, "file"),
        ({"file": SimpleUploadedFile("plan.pdf", b"%PDF-1.4", "application/pdf")}, "file"),
        ({"file": ""}, "file"),
        ({"alt": "Appelez le 06 12 34 56 78"}, "alt"),
    ],
)
def test_what_can_not_be_kept_is_said_beside_the_field(client, user, fields, field):
    draft = whole(user)
    assert set(errors(add(client, draft, **fields))) == {field}
    assert Photo.objects.count() == 0


def test_three_photos_at_most(client, user):
    draft = whole(user)
    for _ in range(3):
        add(client, draft)
    assert client.get(url("photos", draft)).context["new"] is None
    response = add(client, draft)
    assert (response.status_code, Photo.objects.count()) == (422, 3)


def test_photos_of_an_idea_change_until_somebody_reacts(client, user):
    idea = f.make_idea(author=user)
    assert client.get(url("photos", idea)).status_code == 200
    f.make_support(idea=idea)
    response = client.get(url("photos", idea))
    assert (response.status_code, "les photos ne changent plus" in response.content.decode()) == (403, True)
    assert (add(client, idea).status_code, Photo.objects.count()) == (403, 0)


def test_an_unknown_gesture_changes_nothing(client, user):
    draft = whole(user)
    add(client, draft)
    for gesture in ("", "retirer-9", "retirer-", "decrire-x", "x" * 5000):
        assert client.post(url("photos", draft), {"geste": gesture}).status_code == 302
    assert Photo.objects.get().alt == "La rue"


# --- Preview, publish ------------------------------------------------------------------------------------------------


def test_an_unfinished_idea_goes_back_to_its_form(client, user):
    for draft in (draft_of(user), whole(user, need=""), whole(user, title="Trop court"[:9])):
        for response in (client.get(url("preview", draft)), client.post(url("preview", draft))):
            assert response["Location"] == url("draft", draft)
    assert Idea.objects.filter(published_at__isnull=False).count() == 0


def test_the_preview_shows_what_everybody_will_read(client, user):
    draft = whole(
        user,
        need_html="<p>On <strong>roule</strong> mal.</p>",
        cost="peu",
        behalf="association",
        behalf_name="Amis du canal",
    )
    content = page(client, url("preview", draft))
    wanted = ("<strong>roule</strong>", "Nadia B.", "Amis du canal", "peu", "version 20", "Qui voit quoi")
    assert [part for part in wanted if part not in content] == []
    draft.refresh_from_db()
    assert draft.published_at is None


def test_publishing_leads_to_the_idea_and_is_acknowledged(client, user):
    draft = whole(user)
    response = client.post(url("preview", draft))
    draft.refresh_from_db()
    assert (response["Location"], draft.published_at is not None) == (draft.get_absolute_url(), True)
    assert [mail.kind for mail in OutboundMail.objects.all()] == ["ideas.published"]
    assert client.post(url("preview", draft))["Location"] == draft.get_absolute_url()
    assert (Campaign.objects.get().idea_count, OutboundMail.objects.count()) == (1, 1)


def test_what_is_read_first_says_so_before_and_after(client, somebody):
    f.make_campaign(moderation="prior")
    draft = whole(somebody)
    assert "Votre texte sera relu avant de paraître" in page(client, url("preview", draft))
    assert client.post(url("preview", draft))["Location"] == url("held", HeldText.objects.get())
    draft.refresh_from_db()
    assert draft.published_at is None


def test_a_closed_campaign_keeps_the_draft_and_says_why(client, somebody):
    yesterday = f.today() - dt.timedelta(days=1)
    f.make_campaign(kind="edition", opens_on=yesterday, closes_on=yesterday, supports_end_on=f.today())
    draft = whole(somebody)
    content = page(client, url("preview", draft))
    assert ("Vous ne pouvez pas encore publier" in content, "Publier mon idée" in content) == (True, False)
    assert client.post(url("preview", draft)).status_code == 403
    assert client.get(url("draft", draft)).status_code == 200


# --- Cost ------------------------------------------------------------------------------------------------------------


def asked(client, address, **headers):
    cache.clear()
    memory.client().flushdb()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code == 200
    return len(captured)


def test_pages_ask_the_same_whatever_the_number(client, user):
    draft = whole(user)
    counts = []
    for number in (1, 3):
        f.make_idea(title=TITLE, campaign=Campaign.objects.first())
        if number == 3:
            f.make_idea(title=TITLE, campaign=Campaign.objects.first())
            f.make_theme()
            f.make_district()
        add(client, draft)
        pages = [url("deposit"), *(url(name, draft) for name in ("duplicates", "draft", "photos", "preview"))]
        counts.append([asked(client, each) for each in pages])
        counts[-1].append(asked(client, f"{url('deposit')}?title={TITLE}", **{"HX-Request": "true"}))
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 12, counts
