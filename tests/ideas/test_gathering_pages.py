"""The pages of gatherings: who reads them, what they say, without script; nothing changes on a GET."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ideas import gathering, pairing, tasks
from ideas.models import CarryAnswer, Gathering, Idea, LikelyPair, Stage
from notifications.models import OutboundMail
from tests import factories as f

pytestmark = pytest.mark.django_db
STUDY = "ideas.study_idea"


def text(response):
    return response.content.decode()


def url(name, *args):
    return reverse(f"ideas:{name}", args=args)


# --- Proposing -----------------------------------------------------------------------------------------------------


def test_form_is_for_the_author_of_an_idea_that_stands(client):
    idea = f.make_idea()
    address = url("gather", idea.reference)
    assert client.get(address).status_code == 302
    f.sign_in(client, f.make_resident())
    assert client.get(address).status_code == 403
    f.sign_in(client, idea.author)
    assert (client.get(address).status_code, address in text(client.get(idea.get_absolute_url()))) == (200, True)
    Idea.objects.filter(pk=idea.pk).update(stage=Stage.STUDY)
    assert client.get(address).status_code == 403
    assert address not in text(client.get(idea.get_absolute_url()))


def test_journey_of_two_authors(client):
    campaign = f.make_campaign()
    first, second = (f.make_idea(campaign=campaign) for _ in range(2))
    f.sign_in(client, first.author)
    address = url("gather", first.reference)
    form = client.get(address)
    given = {
        "title": "Une idée pour deux",
        "need": "De l’ombre.",
        "proposal": "Des arbres.",
        "jeton": form.context["token"],
    }
    wrong = client.post(address, {**given, "others": "rien de tel"})
    assert (wrong.status_code, list(wrong.context["form"].errors), "Des arbres." in text(wrong)) == (
        422,
        ["others"],
        True,
    )
    for _ in range(2):
        sent = client.post(address, {**given, "others": f"voir http://x.fr{second.get_absolute_url()} !"})
    made = Gathering.objects.get()
    assert sent["Location"] == made.get_absolute_url()
    page = text(client.get(made.get_absolute_url()))
    assert ("Sans réponse" in page, "Retirer cette proposition" in page) == (True, True)
    f.sign_in(client, second.author)
    assert made.get_absolute_url() in text(client.get(url("carrying")))
    page = text(client.get(made.get_absolute_url()))
    assert ("Des arbres." in page, "Retirer cette proposition" in page) == (True, False)
    answering = url("gathering_answer", made.reference)
    assert client.post(answering, {"idee": second.reference, "reponse": "peut-être"}).status_code == 302
    assert Gathering.objects.get().is_pending
    client.post(answering, {"idee": second.reference, "reponse": "oui"})
    made.refresh_from_db()
    client.logout()
    page = text(client.get(made.parent.get_absolute_url()))
    assert ("Réunit 2 idées" in page, first.title in page, second.title in page) == (True, True, True)
    # Nobody can be asked about a support without an account: it stays where it was given.
    assert "Un soutien donné au guichet ou sur papier, sans compte, reste à l’idée d’origine" in page
    page = text(client.get(second.get_absolute_url()))
    assert ("Cette idée est regroupée avec d’autres" in page, made.parent.title in page) == (True, True)


def test_proposal_is_nobody_elses(client):
    made = f.make_gathering()
    addresses = [
        made.get_absolute_url(),
        *(url(name, made.reference) for name in ("gathering_answer", "gathering_cancel")),
    ]
    assert client.get(addresses[0]).status_code == 302
    f.sign_in(client, f.make_resident())
    assert [client.get(addresses[0]).status_code, *(client.post(each).status_code for each in addresses[1:])] == [
        404
    ] * 3
    f.sign_in(client, f.make_staff("ideas.read_idea"))
    assert client.get(addresses[0]).status_code == 404
    f.sign_in(client, f.make_staff(STUDY))
    assert client.get(addresses[0]).status_code == 200
    assert client.get(addresses[2]).status_code == 405
    assert client.post(addresses[2]).status_code == 403


# --- Whether one's support counts --------------------------------------------------------------------------------------


def test_supporter_answers_from_their_account_and_a_link_changes_nothing(client):
    campaign = f.make_campaign()
    first, second = (f.make_idea(campaign=campaign) for _ in range(2))
    person = f.make_resident()
    f.make_support(idea=first, user=person)
    made = f.gather(first, second)
    tasks.ask_supporters(gathering_id=made.pk)
    mail = OutboundMail.objects.get(kind="ideas.gathered")
    address = url("carrying")
    assert f"{address}#{made.reference}" in mail.text
    assert client.get(address).status_code == 302
    f.sign_in(client, person)
    page = text(client.get(address))
    assert ("vous la souteniez" in page, "Vous n’avez pas répondu" in page) == (True, True)
    posting = url("carry", made.reference)
    assert client.get(posting).status_code == 405
    assert CarryAnswer.objects.count() == 0
    client.post(posting, {"compte": ""})
    assert CarryAnswer.objects.count() == 0
    assert client.post(posting, {"compte": "oui"})["Location"] == f"{address}#{made.reference}"
    assert "Votre soutien compte pour l’idée commune, une fois." in text(client.get(address))
    client.post(posting, {"compte": "non"})
    page = text(client.get(address))
    assert ("Votre soutien ne compte pas" in page, Idea.objects.get(pk=made.parent_id).declared_count) == (True, 0)
    Idea.objects.filter(pk=made.parent_id).update(stage=Stage.STUDY)
    assert posting not in text(client.get(address))
    assert client.post(posting, {"compte": "oui"}).status_code == 403


def test_who_supported_nothing_is_asked_nothing(client):
    made = f.gather()
    f.sign_in(client, f.make_resident())
    assert "Rien à répondre" in text(client.get(url("carrying")))
    assert client.post(url("carry", made.reference), {"compte": "oui"}).status_code == 403
    f.sign_in(client, made.author)
    assert "Rien à répondre" in text(client.get(url("carrying")))


@pytest.mark.parametrize("count", [1, 3])
def test_pages_cost_the_same_however_many(client, count):
    person, campaign = f.make_resident(), f.make_campaign()
    for _ in range(count):
        ideas = [f.make_idea(campaign=campaign) for _ in range(count + 1)]
        f.make_support(idea=ideas[0], user=person)
        made = f.gather(*ideas)
    proposed = f.make_gathering(ideas=[f.make_idea(campaign=campaign) for _ in range(count + 1)])
    queries = {}
    for who, address in (
        (None, made.parent.get_absolute_url()),
        (None, ideas[0].get_absolute_url()),
        (person, url("carrying")),
        (proposed.author, proposed.get_absolute_url()),
    ):
        client.logout()
        if who is not None:
            f.sign_in(client, who)
        with CaptureQueriesContext(connection) as found:
            response = client.get(address)
        assert response.status_code == 200
        queries[address if who is None else response.resolver_match.url_name] = len(found)
    assert list(queries.values()) == [8, 8, 9, 7]


# --- The staff space -------------------------------------------------------------------------------------------------


def test_staff_pages_are_for_those_who_study_ideas(client):
    made = f.make_gathering(is_of_city=True)
    addresses = [
        reverse("admin:ideas_gathering_changelist"),
        reverse("admin:ideas_gathering_change", args=[made.pk]),
        reverse("admin:ideas_gathering_propose"),
        reverse("admin:ideas_likelypair_changelist"),
    ]
    f.sign_in(client, f.make_staff("ideas.view_idea", "ideas.read_idea"))
    assert [client.get(address).status_code for address in addresses] == [403] * 4
    f.sign_in(client, f.make_staff(STUDY))
    assert [client.get(address).status_code for address in addresses] == [200] * 4


def test_agent_goes_from_a_pair_to_a_gathering_and_back(client):
    campaign = f.make_campaign()
    first, second = (f.make_idea(campaign=campaign, title="Un banc devant la poste") for _ in range(2))
    tasks.find_pairs()
    pair = LikelyPair.objects.get()
    f.sign_in(client, f.make_staff(STUDY))
    assert "Un banc devant la poste" in text(client.get(reverse("admin:ideas_likelypair_changelist")))
    page = text(client.get(reverse("admin:ideas_likelypair_change", args=[pair.pk])))
    address = reverse("admin:ideas_gathering_propose")
    assert f"{address}?idees={first.reference}+{second.reference}" in page
    form = client.get(f"{address}?idees={first.reference}+{second.reference}")
    given = {
        "others": form.context["form"].initial["others"],
        "title": "Des bancs devant la poste",
        "need": "S’asseoir.",
        "proposal": "Deux bancs.",
        "jeton": form.context["token"],
    }
    assert client.post(address, {**given, "others": first.reference}).status_code == 422
    made_at = client.post(address, given)["Location"]
    made = Gathering.objects.get()
    assert (made.is_of_city, made_at) == (True, reverse("admin:ideas_gathering_change", args=[made.pk]))
    assert list(pairing.to_look_at()) == []
    for idea in (first, second):
        gathering.answer(actor=idea.author, gathering=made, idea=idea, agrees=True, at=made.submitted_at)
    press = reverse("admin:ideas_gathering_button", args=[made.pk, "separer"])
    assert client.post(press, {"reason": ""}).status_code == 422
    client.post(press, {"reason": "Deux bancs différents."})
    made.refresh_from_db()
    assert (made.end, made.end_reason) == ("city", "Deux bancs différents.")
    client.logout()
    response = client.get(made.parent.get_absolute_url())
    assert (response.status_code, "Deux bancs différents." in text(response)) == (410, True)
    said = ("La Ville les a séparées.", "retirée par son auteur", "L’idée a été retirée", "Idées séparées")
    assert [words in text(response) for words in said] == [True, False, False, True]


@pytest.mark.parametrize(
    ("is_of_city", "words"),
    [(True, "Proposé par la Ville, sans refus des auteurs."), (False, "avec l’accord des autres.")],
)
def test_page_says_what_the_authors_agreed_to(client, is_of_city, words):
    made = f.gather(is_of_city=is_of_city)
    assert words in text(client.get(made.parent.get_absolute_url()))


def test_agent_dismisses_a_pair(client):
    campaign = f.make_campaign()
    for _ in range(2):
        f.make_idea(campaign=campaign, title="Un banc devant la poste")
    tasks.find_pairs()
    press = reverse("admin:ideas_likelypair_button", args=[LikelyPair.objects.get().pk, "ecarter"])
    f.sign_in(client, f.make_staff("ideas.read_idea"))
    assert client.post(press).status_code == 403
    f.sign_in(client, f.make_staff(STUDY))
    assert client.post(press).status_code == 302
    assert list(pairing.to_look_at()) == []


# --- What is not for everybody ---------------------------------------------------------------------------------------


def test_words_that_moderation_reads_first_are_not_shown_to_the_other_authors(client):
    campaign = f.make_campaign(moderation="prior")
    ideas = [f.make_idea(campaign=campaign) for _ in range(2)]
    made = f.make_gathering(ideas=ideas, title="Titre à relire")
    f.sign_in(client, ideas[1].author)
    assert client.get(made.get_absolute_url()).status_code == 404
    assert "Titre à relire" not in text(client.get(url("carrying")))
    for reader in (ideas[0].author, f.make_staff("moderation.decide_case")):
        f.sign_in(client, reader)
        assert "Titre à relire" in text(client.get(made.get_absolute_url()))


def test_title_of_an_idea_that_was_hidden_stays_nowhere_in_its_gathering(client):
    ideas = [f.make_idea(campaign=f.make_campaign())]
    ideas.append(f.make_idea(campaign=ideas[0].campaign, title="Original secret"))
    made = f.gather(*ideas, title="Titre secret", need="Besoin secret", proposal="Proposition secrète")
    made.refresh_from_db()
    assert (made.title, made.need, made.proposal, made.named) == ("", "", "", "Titre secret")
    Idea.objects.filter(pk__in=[made.parent_id, ideas[1].pk]).update(hidden_at=timezone.now())
    assert tasks.tell_gathering(gathering_id=made.pk) is None
    tasks.ask_supporters(gathering_id=made.pk)
    assert OutboundMail.objects.filter(text__icontains="secret").count() == 0
    staff = f.make_staff(STUDY)
    for reader, address in (
        (ideas[0].author, made.get_absolute_url()),
        (ideas[0].author, url("carrying")),
        (staff, reverse("admin:ideas_gathering_changelist")),
        (staff, reverse("admin:ideas_gathering_change", args=[made.pk])),
    ):
        f.sign_in(client, reader)
        page = text(client.get(address))
        assert ("secret" in page, "Idée retirée" in page or address == url("carrying")) == (False, True), address
