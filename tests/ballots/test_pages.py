"""The pages of a vote: who is refused, what is shown, and that nothing of the result leaks anywhere before the closing."""

import datetime as dt
import re
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ballots import actions, codes, sealing
from ballots.models import Box, PaperCount, Receipt, RollLine, Votation
from consultations import editing, voting
from consultations.models import Consultation
from mulhouse.errors import RefusedError
from tests import factories
from tests.ballots import votes
from tests.factories import sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def url(link, route="vote"):
    return reverse(f"consultations:{route}", args=[link.consultation.slug, link.votation.reference])


def text(response):
    return response.content.decode()


def contents(link):
    return sealing.unseal(bytes(Box.objects.get(votation=link.votation).sealed), reference=link.votation.reference)


def fields(html):
    """Give the hidden fields of the page, as a browser would send them back."""
    found = {}
    for tag in re.findall(r"<input type=\"hidden\"[^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag).group(1), re.search(r'value="([^"]*)"', tag).group(1)
        found.setdefault(name, []).append(value)
    return found


def at(instant):
    """Read every page at another instant."""
    return mock.patch("django.utils.timezone.now", return_value=instant)


# --- Refusals --------------------------------------------------------------------------------------------------------


def test_draft_and_vote_of_a_draft_consultation_are_not_found(client):
    draft = votes.make_draft()
    hidden = votes.make_vote(consultation=factories.make_consultation(published_at=None))
    agent = Client()
    sign_in(agent, factories.make_staff("consultations.change_consultation"))
    routes = ("vote", "receipt", "secrecy")
    assert [client.get(url(draft, route)).status_code for route in routes] == [404] * 3
    assert [client.get(url(hidden, route)).status_code for route in routes] == [404] * 3
    # Agents read a draft in the workspace, not as if it were public.
    assert agent.get(url(draft)).status_code == 404
    assert client.get(url(draft).replace(draft.consultation.slug, hidden.consultation.slug)).status_code == 404


def test_visitor_reads_the_vote_and_is_led_to_sign_in(client):
    link = votes.make_vote()
    page = client.get(url(link))
    assert page.status_code == 200
    assert "Se connecter pour voter" in text(page)
    assert "csrfmiddlewaretoken" not in text(page)
    assert page.cookies == {}
    response = client.get(url(link, "cast_vote"))
    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("account_login"))


@pytest.mark.parametrize("step", ["", "verifier", "voter"])
def test_somebody_who_may_not_vote_is_told_why(client, step):
    link = votes.make_vote(residency_level="verified")
    sign_in(client, votes.make_voter())
    response = (
        client.post(url(link, "cast_vote"), {"choix": "1", "etape": step})
        if step
        else client.get(url(link, "cast_vote"))
    )
    assert response.status_code == 403
    assert "Cette procédure demande une résidence vérifiée" in text(response)
    assert reverse("accounts:residency") in text(response)
    assert RollLine.objects.count() == 0


def test_nobody_votes_out_of_the_days(client):
    link = votes.make_vote()
    sign_in(client, votes.make_voter())
    sent = {"choix": "1", "etape": "voter"}
    for instant in (link.votation.opens_at - dt.timedelta(seconds=1), link.votation.closes_at):
        with at(instant):
            sign_in(client, votes.make_voter())
            assert client.post(url(link, "cast_vote"), sent).status_code == 403
    assert RollLine.objects.count() == 0


@pytest.mark.parametrize("sent", [{}, {"choix": "9"}, {"choix": "-1"}, {"choix": ["1", "x"]}])
@pytest.mark.parametrize("step", ["verifier", "voter"])
def test_wrong_ballot_comes_back_with_its_sentence(client, sent, step):
    link = votes.make_vote(kind="up_to", most=2)
    sign_in(client, votes.make_voter())
    response = client.post(url(link, "cast_vote"), {**sent, "etape": step})
    assert response.status_code == 422
    assert "Corrigez 1 erreur" in text(response)
    assert RollLine.objects.count() == 0


def test_too_many_choices_and_blank_with_another(client):
    link = votes.make_vote(kind="up_to", most=2)
    sign_in(client, votes.make_voter())
    many = client.post(url(link, "cast_vote"), {"choix": ["1", "2", "3"], "etape": "verifier"})
    assert "Choisissez 2 propositions au plus." in text(many)
    both = client.post(url(link, "cast_vote"), {"choix": ["0", "3"], "etape": "verifier"})
    assert "Le vote blanc ne se combine pas avec un autre choix." in text(both)


# --- Voting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vote", "sent", "said", "ballot"),
    [
        ({}, {"choix": "2"}, "Une fontaine", (2,)),
        ({}, {"choix": "0"}, "Vote blanc", ()),
        ({"kind": "up_to", "most": 2}, {"choix": ["3", "1"]}, "Des tilleuls", (1, 3)),
        ({"kind": "yes_no"}, {"p1": "oui", "p2": "non", "p3": "nsp"}, "Je ne me prononce pas", (1, -2)),
    ],
)
def test_ballot_is_checked_then_cast(client, vote, sent, said, ballot):
    link, voter = votes.make_vote(**vote), votes.make_voter()
    sign_in(client, voter)
    assert client.get(url(link, "cast_vote")).status_code == 200

    check = client.post(url(link, "cast_vote"), {**sent, "etape": "verifier"})
    assert check.status_code == 200
    assert said in text(check)
    assert "no-store" in check["Cache-Control"]
    assert RollLine.objects.count() == 0

    kept = fields(text(check))
    back = client.post(url(link, "cast_vote"), {**kept, "etape": "modifier"})
    assert text(back).count("checked") == (3 if vote.get("kind") == "yes_no" else len(ballot) or 1)

    done = client.post(url(link, "cast_vote"), {**kept, "etape": "voter"})
    assert (done.status_code, "no-store" in done["Cache-Control"]) == (200, True)
    code = re.search(r'<p class="code-recu">([^<]+)</p>', text(done)).group(1)
    assert Receipt.objects.get().pk == codes.fingerprint(codes.typed(code), reference=link.votation.reference)
    assert contents(link) == {ballot: 1}


def test_same_form_twice_shows_the_same_receipt_and_another_one_none(client):
    link = votes.make_vote()
    sign_in(client, votes.make_voter())
    forms = [fields(text(client.post(url(link, "cast_vote"), {"choix": n, "etape": "verifier"}))) for n in ("1", "2")]

    first, again = (client.post(url(link, "cast_vote"), {**forms[0], "etape": "voter"}) for _ in range(2))
    other = client.post(url(link, "cast_vote"), {**forms[1], "etape": "voter"})

    def receipt(response):
        return re.findall(r'<p class="code-recu">([^<]+)</p>', text(response))

    assert receipt(first) == receipt(again) != []
    assert (other.status_code, receipt(other)) == (200, [])
    assert "Vous avez voté" in text(other)
    assert "fontaine" not in text(other).lower()
    assert contents(link) == {(1,): 1}
    again = client.get(url(link, "cast_vote"))
    assert (again.status_code, "Vous avez voté" in text(again)) == (200, True)


def test_receipt_of_somebody_else_s_form_is_not_taken(client):
    link = votes.make_vote()
    sign_in(client, votes.make_voter())
    token = fields(text(client.post(url(link, "cast_vote"), {"choix": "1", "etape": "verifier"})))["jeton"]
    other = Client()
    sign_in(other, votes.make_voter())
    done = other.post(url(link, "cast_vote"), {"choix": "1", "jeton": token, "etape": "voter"})
    code = codes.typed(re.search(r'<p class="code-recu">([^<]+)</p>', text(done)).group(1))
    assert code not in token[0]
    assert Receipt.objects.count() == 1


def test_choice_stays_in_the_browser(client):
    """Neither the session, nor a message, a cookie, an address, or the cache holds it between two pages or after."""
    link = votes.make_vote(options=("Premier", "Deuxième"))
    sign_in(client, votes.make_voter())
    cookies = set(client.cookies)
    before = {row.session_key: row.get_decoded() for row in Session.objects.order_by("pk")}
    kept = fields(text(client.post(url(link, "cast_vote"), {"choix": "2", "etape": "verifier"})))
    done = client.post(url(link, "cast_vote"), {**kept, "etape": "voter"})
    after = {row.session_key: row.get_decoded() for row in Session.objects.order_by("pk")}

    def stored(sessions):
        return {name for values in sessions.values() for name in values} - {"seen"}

    assert stored(after) == stored(before)
    assert not any("choix" in str(values) or "Deuxième" in str(values) for values in after.values())
    assert set(client.cookies) - cookies <= {"csrftoken"}
    assert "Location" not in done.headers
    assert "choix" not in "".join(re.findall(r'(?:href|action)="([^"]*)"', text(done)))


def test_cost_of_the_page(client, django_assert_max_num_queries):
    link = votes.make_vote()
    for _ in range(6):
        votes.cast(link, [1])
    with django_assert_max_num_queries(8):
        client.get(url(link))
    sign_in(client, votes.make_voter())
    with django_assert_max_num_queries(12):
        client.get(url(link))
    with django_assert_max_num_queries(12):
        client.get(url(link, "cast_vote"))


# --- Receipt ---------------------------------------------------------------------------------------------------------


def test_receipt_is_checked_before_and_after_the_count(client):
    link = votes.make_vote()
    code = votes.cast(link, [1])
    other = votes.make_vote()
    address = url(link, "receipt")

    def answer(page, typed):
        return re.findall(
            r"Bulletin compté|Bulletin dans l’urne|Reçu inconnu", text(client.post(page, {"code": typed}))
        )

    assert answer(address, codes.grouped(code).lower()) == ["Bulletin dans l’urne"]
    assert answer(address, codes.new_code()) == ["Reçu inconnu"]
    assert answer(url(other, "receipt"), code) == ["Reçu inconnu"]
    with at(votes.closed(link)):
        assert answer(address, code) == ["Bulletin compté"]
    page = client.post(address, {"code": "trop court"})
    assert (page.status_code, "Un code a douze signes" in text(page)) == (422, True)
    assert "no-store" in client.get(address)["Cache-Control"]


def test_secrecy_page_says_what_is_not_protected(client):
    link = votes.make_vote()
    page = text(client.get(url(link, "secrecy")))
    assert "Ce que le secret du vote protège, et ce qu’il ne protège pas" in page
    assert "Ce qu’il faut croire sur parole" in page


# --- Nothing before the closing -------------------------------------------------------------------------------------------

SHARES = re.compile(r"\b(?:58,3|41,7|58\.3|41\.7)\b")


def surfaces(link):
    """Every address where something of this vote might show."""
    consultation = link.consultation
    slug = consultation.slug
    public = [
        url(link),
        url(link, "receipt"),
        url(link, "secrecy"),
        reverse("consultations:votes", args=[slug]),
        consultation.get_absolute_url(),
        reverse("consultations:rules", args=[slug]),
        reverse("consultations:data", args=[slug]),
        *(reverse("consultations:export", args=[slug, "chiffres", form]) for form in ("csv", "json")),
        reverse("consultations:list"),
        reverse("consultations:feed", args=["rss"]),
        reverse("transparency:register"),
        reverse("home"),
        reverse("consultations:list") + "?q=place",
        "/sitemap.xml",
    ]
    staff = [
        reverse("admin:consultations_consultation_votes", args=[consultation.pk]),
        reverse("admin:consultations_consultation_vote", args=[consultation.pk, link.votation.pk]),
        reverse("admin:index"),
    ]
    return public, staff


def body(response):
    return (b"".join(response) if response.streaming else response.content).decode()


def plain(page):
    """Forget what changes at each reading: tokens and numbers of requests."""
    return re.sub(r'(?:nonce|value)="[^"]*"|[0-9a-f]{16,}|\d{2}:\d{2}:\d{2}[^<",]*', "", page)


@pytest.mark.parametrize("fragment", [False, True])
def test_no_surface_changes_with_what_was_voted(client, redis_server, fragment):
    """The same twelve people, two opposite boxes: every page, file and list is the same, for visitors and for agents."""
    link = votes.make_vote(consultation=factories.make_consultation(title="La place"))
    for choice in [1] * 7 + [2] * 5:
        votes.cast(link, [choice])
    public, staff = surfaces(link)
    agent = Client()
    headers = {"HX-Request": "true"} if fragment else {}

    def read():
        redis_server.flushall()
        sign_in(agent, seen_by)
        pages = {}
        for who, addresses in ((agent, (*public, *staff)), (client, public)):
            for address in addresses:
                response = who.get(address, headers=headers)
                assert response.status_code in {200, 302}, address
                pages[who is agent, address] = plain(body(response))
        return pages

    with at(timezone.now() + dt.timedelta(days=1)):
        seen_by = factories.make_staff("consultations.change_consultation", "consultations.publish_consultation")
        first = read()
        Box.objects.update(sealed=sealing.seal({(1,): 1, (2,): 11}, reference=link.votation.reference))
        second = read()
    assert {key for key in first if first[key] != second[key]} == set()
    assert "12 personnes ont voté" in first[False, url(link)]
    assert "Le résultat</h2>" not in "".join(first.values())


def test_result_shows_everywhere_at_once_after_the_closing(client):
    link = votes.make_vote(quorum=10, majority="absolute")
    for choice in [1] * 7 + [2] * 5:
        votes.cast(link, [choice])
    with at(votes.closed(link) - dt.timedelta(seconds=1)):
        waiting = text(client.get(url(link)))
    assert "Le dépouillement est en cours" in waiting
    assert SHARES.search(waiting) is None
    with at(votes.closed(link)):
        page = text(client.get(url(link)))
    assert "Proposition retenue\u00a0: «\u00a0Un kiosque\u00a0»." in page
    assert SHARES.findall(page) == ["58,3", "41,7", "58,3", "41,7"]
    assert "12 bulletins, il en fallait 10." in page
    assert "il fallait 7 voix, la première en a 7." in page
    before = page
    actions.count(votation=link.votation, at=votes.closed(link))
    with at(votes.closed(link)):
        assert re.findall(r"<tr>.*?</tr>", text(client.get(url(link)))) == re.findall(r"<tr>.*?</tr>", before)


def test_page_kept_for_visitors_at_midnight_is_not_kept_past_the_count(client):
    """Between midnight and the count, « le dépouillement est en cours » is true for a minute, not for an hour."""
    link = votes.make_vote()
    for choice in [1] * 7:
        votes.cast(link, [choice])
    with at(link.votation.closes_at + dt.timedelta(seconds=5)):
        assert "Le dépouillement est en cours" in text(client.get(url(link)))
    with at(votes.closed(link) + dt.timedelta(seconds=1)):
        assert "Proposition retenue" in text(client.get(url(link)))


def test_turnout_of_the_register_and_of_the_page_is_that_of_yesterday(client):
    link = votes.make_vote()
    for _ in range(7):
        votes.cast(link, [1])
    assert "dès que cinq personnes ont voté" in text(client.get(url(link)))
    with at(timezone.now() + dt.timedelta(days=1)):
        assert "7 personnes ont voté jusqu’au" in text(client.get(url(link)))


def test_small_vote_shows_no_detail(client):
    link = votes.make_vote()
    for _ in range(4):
        votes.cast(link, [2])
    with at(votes.closed(link)):
        page = text(client.get(url(link)))
    assert "Moins de cinq bulletins" in page
    assert "<table>" not in page


# --- The workspace -----------------------------------------------------------------------------------------------------


@pytest.fixture
def agent(client):
    user = factories.make_staff("consultations.change_consultation", "consultations.publish_consultation")
    sign_in(client, user)
    return client


def sheet(**changes):
    return {"ballots": 5, "blank": 1, "spoiled": 0, "oui1": 3, "oui2": 1, "oui3": 0, **changes}


def sent(**changes):
    tomorrow = factories.today() + dt.timedelta(days=1)
    return {
        **{name: value for name, value in votes.values().items() if value is not None},
        "opens_on": tomorrow.isoformat(),
        "ends_on": (tomorrow + dt.timedelta(days=9)).isoformat(),
        "blank_allowed": "on",
        "options": "Un kiosque | Couvert\nUne fontaine",
        **changes,
    }


def workspace(route, *args):
    return reverse(f"admin:consultations_consultation_{route}", args=args)


def test_workspace_is_closed_to_residents_and_to_other_agents(client):
    link = votes.make_vote()
    pages = [
        workspace("votes", link.consultation.pk),
        workspace("vote", link.consultation.pk, link.votation.pk),
        workspace("vote_paper", link.consultation.pk, link.votation.pk),
    ]
    for user in (factories.make_resident(), factories.make_staff("consultations.view_contribution")):
        sign_in(client, user)
        assert [client.get(page).status_code for page in pages] in ([302] * 3, [403] * 3)


def test_agent_prepares_publishes_and_changes_no_more(agent):
    consultation = factories.make_consultation()
    response = agent.post(workspace("vote_add", consultation.pk), sent())
    vote = Votation.objects.get()
    assert response["Location"] == workspace("vote", consultation.pk, vote.pk)
    assert [(o.number, o.label, o.description) for o in vote.options.all()] == [
        (1, "Un kiosque", "Couvert"),
        (2, "Une fontaine", ""),
    ]
    agent.post(workspace("vote", consultation.pk, vote.pk), sent(question="Kiosque ou fontaine ?"))
    agent.post(workspace("vote_publish", consultation.pk, vote.pk))
    agent.post(workspace("vote", consultation.pk, vote.pk), sent(question="Autre chose ?"))
    agent.post(workspace("vote_discard", consultation.pk, vote.pk))
    vote.refresh_from_db()
    assert (vote.question, vote.published_at is not None) == ("Kiosque ou fontaine ?", True)
    line = RegisterLine.objects.get(act="vote.published")
    assert '"propositions":["Un kiosque","Une fontaine"]' in line.content
    assert agent.get(workspace("votes", consultation.pk)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"options": ""}, "Ce champ est obligatoire."),
        ({"options": " | sans nom"}, "Une ligne commence par la proposition"),
        ({"options": "Un\nUn"}, "Deux propositions ont le même nom."),
        ({"options": "\n".join(f"P{n}" for n in range(21))}, "20 propositions au plus."),
        ({"options": "x" * 161}, "dépasse 160 caractères"),
        ({"ends_on": "2020-01-01"}, "Le dernier jour vient avant le premier."),
    ],
)
def test_agent_is_told_what_is_wrong(agent, changes, sentence):
    response = agent.post(workspace("vote_add", factories.make_consultation().pk), sent(**changes))
    assert (response.status_code, sentence in text(response)) == (422, True)
    assert Votation.objects.count() == 0


BUDGET = {
    "kind": "budget",
    "amount_cents": "20 000,50 €",
    "options": "Un kiosque | Couvert | 12 000\nUne fontaine || 9500,5",
}


def test_agent_prepares_a_budget_of_typed_lines(agent):
    consultation = factories.make_consultation()
    agent.post(workspace("vote_add", consultation.pk), sent(**BUDGET))
    vote = Votation.objects.get()
    rows = [(o.label, o.description, o.cost_cents) for o in vote.options.all()]
    assert rows == [("Un kiosque", "Couvert", 1_200_000), ("Une fontaine", "", 950_050)]
    assert (vote.amount_cents, vote.kind) == (2_000_050, "budget")
    page = text(agent.get(workspace("vote", consultation.pk, vote.pk)))
    # What comes back is what is read.
    typed = re.search(r'<textarea name="options"[^>]*>\s*([^<]*)</textarea>', page).group(1)
    assert (
        agent.post(workspace("vote", consultation.pk, vote.pk), sent(**{**BUDGET, "options": typed})).status_code == 302
    )
    assert [(o.label, o.description, o.cost_cents) for o in vote.options.all()] == rows


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"options": "Un kiosque | Couvert\nUne fontaine || 9"}, "Écrivez le coût de «\u00a0Un kiosque\u00a0»"),
        ({"options": "Un kiosque || 0\nUne fontaine || 9"}, "Écrivez le coût de «\u00a0Un kiosque\u00a0»"),
        ({"options": "\n".join(f"P{n} || 9" for n in range(41))}, "40 propositions au plus."),
        ({"amount_cents": "12 euros et demi"}, "Écrivez un montant en euros"),
        ({"amount_cents": ""}, "Un panier se remplit dans un budget"),
        ({"kind": "single"}, "Un budget se répartit"),
    ],
)
def test_agent_is_told_what_is_wrong_with_a_budget(agent, changes, sentence):
    response = agent.post(workspace("vote_add", factories.make_consultation().pk), sent(**{**BUDGET, **changes}))
    assert (response.status_code, sentence in text(response)) == (422, True)
    assert Votation.objects.count() == 0


def test_vote_that_opens_today_is_not_published(agent):
    link = votes.make_draft(opens_on=factories.today())
    agent.post(workspace("vote_publish", link.consultation.pk, link.votation.pk))
    assert Votation.objects.get().published_at is None
    page = text(agent.get(workspace("vote", link.consultation.pk, link.votation.pk)))
    assert "Les règles se publient avant l’ouverture" in page


def test_draft_is_thrown_away(agent):
    link = votes.make_draft()
    agent.post(workspace("vote_discard", link.consultation.pk, link.votation.pk))
    assert Votation.objects.count() == 0


def test_draft_consultation_goes_after_the_vote_prepared_in_it():
    consultation = factories.make_consultation(published_at=None)
    link = votes.make_draft(consultation=consultation)
    agent = factories.make_staff("consultations.delete_consultation", "consultations.change_consultation")
    with pytest.raises(RefusedError):
        editing.delete_draft(actor=agent, consultation=consultation)
    voting.discard(actor=agent, consultation=consultation, votation=link.votation)
    editing.delete_draft(actor=agent, consultation=consultation)
    assert not Consultation.objects.filter(pk=consultation.pk).exists()


def test_two_agents_count_the_paper_apart(agent):
    link = votes.make_vote()
    for _ in range(5):
        votes.enter(link, channel="paper")
    pk, page = link.votation.pk, workspace("vote_paper", link.consultation.pk, link.votation.pk)
    home = workspace("vote", link.consultation.pk, pk)
    assert agent.get(page)["Location"] == home
    other = Client()
    with at(votes.closed(link)):
        sign_in(agent, factories.make_staff("consultations.change_consultation"))
        sign_in(other, factories.make_staff("consultations.change_consultation"))
        assert agent.post(page, sheet(oui1=9)).status_code == 422
        agent.post(page, sheet())
        # The other agent sees that somebody counted, and no number of theirs.
        seen = text(other.get(page))
        assert re.findall(r'<input type="number"[^>]*value="[^"]*"', seen) == []
        assert "Un comptage saisi." in text(other.get(home))
        assert "Le résultat est public" not in text(other.get(home))
        other.post(page, sheet(oui1=2, oui2=2))
        assert "2 comptages saisis, qui ne s’accordent pas encore." in text(agent.get(home))
        other.post(page, sheet())
        assert "Terminé. Le résultat est public." in text(agent.get(home))
    assert PaperCount.objects.count() == 2
    assert Votation.objects.get().counted_at is not None


# --- Elsewhere -------------------------------------------------------------------------------------------------------


def test_consultation_leads_to_its_open_vote(client):
    link = votes.make_vote()
    page = text(client.get(link.consultation.get_absolute_url()))
    assert f'href="{url(link)}"' in page
    assert reverse("consultations:votes", args=[link.consultation.slug]) in page
    response = client.get(reverse("consultations:votes", args=[link.consultation.slug]))
    assert response["Location"] == url(link)


def test_several_votes_are_listed(client):
    consultation = factories.make_consultation()
    links = [votes.make_vote(consultation=consultation, question=f"Question {n} ?") for n in (1, 2)]
    votes.make_draft(consultation=consultation, question="Brouillon ?")
    page = text(client.get(reverse("consultations:votes", args=[consultation.slug])))
    assert [f'href="{url(link)}"' in page for link in links] == [True, True]
    assert "Brouillon" not in page


def test_person_is_told_that_they_voted_and_that_nobody_knows_what(client):
    from ballots.personal_data import HOLDINGS  # noqa: PLC0415 (one test)

    link, voter = votes.make_vote(), votes.make_voter()
    votes.cast(link, [1], voter=voter)
    (row,) = HOLDINGS[0].export(voter)
    assert row["vous_avez_vote_le"] == factories.today()
    assert row["reference"] == link.votation.reference
    assert set(row) == {"vote", "reference", "vous_avez_vote_le", "canal", "votre_choix"}
    assert "Un kiosque" not in str(row)
    HOLDINGS[0].erase(voter)
    assert RollLine.objects.count() == 1


def test_migrations_are_whole():
    call_command("makemigrations", "ballots", "--check", "--dry-run", verbosity=0)


# --- Yes or no ---------------------------------------------------------------------------------------------------------


def plain_result(client, link):
    with at(votes.closed(link)):
        return re.sub(r"<[^>]+>", " ", text(client.get(url(link))))


def test_yes_or_no_says_what_each_option_needed_and_had(client):
    link = votes.make_vote(kind="yes_no", options=("Fermer la rue", "Garder les bancs"), majority="two_thirds")
    for choices in [[1, 2]] * 4 + [[1, -2]] * 2 + [[-1], [2], [2]]:
        votes.cast(link, choices)
    page = plain_result(client, link)
    rule = "Les deux tiers au moins des bulletins exprimés\u00a0: il fallait 6 oui, il y en a 6."
    assert [page.count(f"«\u00a0{name}\u00a0». {rule}") for name in ("Fermer la rue", "Garder les bancs")] == [1, 1]
    # It has it or not: nothing is said of a tie that can not be.
    assert "égalité" not in page.casefold()


@pytest.mark.parametrize(
    ("tie", "words"),
    [
        ("decider", "la Ville décide si la proposition est retenue, et publie pourquoi"),
        ("again", "un second vote a lieu sur cette proposition"),
        ("nobody", "la proposition n’est pas retenue"),
    ],
)
def test_yes_and_no_level_is_said_of_one_option(client, tie, words):
    link = votes.make_vote(kind="yes_no", options=("Fermer la rue",), tie=tie)
    for choice in [1, -1] * 3:
        votes.cast(link, [choice])
    page = plain_result(client, link)
    said = f"Autant de oui que de non pour «\u00a0Fermer la rue\u00a0». La règle annoncée\u00a0: {words}."
    assert (page.count(said), "Égalité entre" in page) == (2, False)
    assert f"{words[0].upper()}{words[1:]}" in page
