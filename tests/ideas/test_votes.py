"""The vote of a campaign: who is refused, which ideas are on the ballot, the basket, the result and what the budget could not hold."""

import datetime as dt
import json
import re

import brotli
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ballots import actions, codes, counting, dates, declared
from ballots.models import MAX_PROJECTS, Option, PaperCount, Receipt, RollLine, Votation
from ballots.tally import Count, Score
from ideas import vote_lines, vote_results, voting
from ideas.models import Campaign, CampaignVote, Idea, VotedIdea
from mulhouse.errors import DomainError, RefusedError
from tests import factories
from tests.ballots import votes
from tests.ballots.test_pages import at, contents, fields, text
from tests.ballots.votes import url
from tests.factories import sign_in
from tests.search.conftest import found as found_fixture
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
found = found_fixture
RIGHTS = ("ideas.change_campaign", "ideas.publish_campaign")
COSTS = (6_000_000, 5_500_000, 2_500_000, 1_500_000, 1_200_000)
NAMES = ("Un verger", "Une place ombragée", "Une fontaine", "Des bancs", "Un kiosque")


def make_budget(**fields):
    """The example of docs/algorithms/budget.md: 100,000 € between five projects."""
    return votes.make_campaign_vote(options=NAMES, costs=COSTS, **{"amount_cents": 10_000_000, **fields})


def staff_page(route, *args):
    return reverse(f"admin:ideas_campaignvote_{route}", args=args)


def sent(ideas, **changes):
    tomorrow = factories.today() + dt.timedelta(days=1)
    return {
        "question": "Quels projets retenir ?",
        "kind": "budget",
        "amount_cents": "70 000",
        "most": "1",
        "winners": "1",
        "opens_on": tomorrow.isoformat(),
        "ends_on": (tomorrow + dt.timedelta(days=9)).isoformat(),
        "residency_level": "declared",
        "blank_allowed": "on",
        "quorum": "0",
        "majority": "most",
        "tie": "decider",
        "options": [str(idea.pk) for idea in ideas],
        **changes,
    }


@pytest.fixture
def agent(client):
    sign_in(client, factories.make_staff(*RIGHTS))
    return client


# --- Refusals --------------------------------------------------------------------------------------------------------


def test_draft_vote_and_vote_of_a_draft_campaign_are_not_found(client):
    draft = votes.make_campaign_draft()
    hidden = votes.make_campaign_vote(campaign=factories.make_campaign(published_at=None))
    shown = votes.make_campaign_vote()
    for route in ("vote", "receipt", "secrecy", "paper_ballot"):
        assert [client.get(url(link, route)).status_code for link in (draft, hidden, shown)] == [404, 404, 200]
    assert client.get(url(shown).replace(shown.campaign.slug, draft.campaign.slug)).status_code == 404
    assert client.get(url(shown, "vote_file", "json")).status_code == 404


def test_visitor_is_led_to_sign_in_and_somebody_without_residence_is_told_why(client):
    link = votes.make_campaign_vote(residency_level="verified")
    assert "Se connecter pour voter" in text(client.get(url(link)))
    assert client.get(url(link, "cast_vote"))["Location"].split("?")[0] == reverse("account_login")
    sign_in(client, votes.make_voter())
    refused = client.post(url(link, "cast_vote"), {"choix": "1", "etape": "voter"})
    assert (refused.status_code, "Cette procédure demande une résidence vérifiée" in text(refused)) == (403, True)
    assert RollLine.objects.count() == 0


def test_staff_pages_are_closed_to_the_others():
    link = votes.make_campaign_vote()
    pk, key = link.campaign.pk, link.votation.pk
    pages = [staff_page("changelist"), staff_page("votes", pk), staff_page("vote", pk, key), staff_page("vote_add", pk)]
    client = Client()
    for user, expected in (
        (factories.make_resident(), 302),
        (factories.make_staff("consultations.change_consultation"), 403),
        (factories.make_staff("ideas.change_campaign"), 200),
    ):
        sign_in(client, user)
        assert [client.get(page).status_code for page in pages] == [expected] * 4
    # Preparing is not publishing.
    assert client.post(staff_page("vote_publish", pk, key)).status_code == 403


def test_actions_refuse_whoever_may_not():
    link, now = votes.make_campaign_vote(), timezone.now()
    nobody, preparer = factories.make_staff(), factories.make_staff("ideas.change_campaign")
    with pytest.raises(RefusedError):
        voting.save(actor=nobody, campaign=link.campaign, votation=None, values=votes.values(), options=[])
    with pytest.raises(RefusedError):
        voting.discard(actor=nobody, campaign=link.campaign, votation=link.votation)
    for actor in (nobody, preparer):
        given = {"actor": actor, "campaign": link.campaign, "votation": link.votation, "at": now}
        for call in (
            lambda: voting.publish(**given),  # noqa: B023 (called at once)
            lambda: voting.cancel(**given, reason="Une erreur."),  # noqa: B023
            lambda: voting.extend(**given, reason="Une erreur.", ends_on=factories.today()),  # noqa: B023
        ):
            with pytest.raises(RefusedError) as refused:
                call()
            assert refused.value.code == "not_allowed"
    sheet = Count(ballots=0, scores={n: Score() for n in (1, 2, 3)})
    with pytest.raises(RefusedError):
        voting.enter_paper_count(actor=nobody, votation=link.votation, sheet=sheet, at=votes.closed(link))


def test_vote_waits_for_its_campaign():
    draft = votes.make_campaign_draft(
        campaign=factories.make_campaign(published_at=None), opens_on=factories.today() + dt.timedelta(days=2)
    )
    agent = factories.make_staff(*RIGHTS)
    refusal = voting.publish_refusal(agent, draft.campaign, votes.reload(draft), at=timezone.now())
    assert refusal.code == "not_published"


@pytest.mark.parametrize(
    ("costs", "amount", "words"),
    [
        ((100, None), 150, "Chaque proposition doit avoir un coût."),
        ((100, 200), 150, "Une proposition coûte plus que le budget"),
        ((100, 50), 150, "Toutes les propositions tiennent dans le budget"),
    ],
)
def test_budget_that_offers_no_choice_is_not_published(costs, amount, words):
    link = votes.make_campaign_draft(options=("Un", "Deux"), costs=costs, amount_cents=amount)
    with transaction.atomic(), pytest.raises(RefusedError, match=words):
        actions.publish(actor=None, votation=link.votation, at=link.votation.opens_at - dt.timedelta(hours=1))


# --- Preparing -------------------------------------------------------------------------------------------------------


def test_ideas_on_the_ballot_are_those_kept_with_a_cost_in_the_order_of_their_deposit():
    campaign = factories.make_campaign()
    now = timezone.now()
    later = votes.keep_idea(campaign, title="Déposée après", published_at=now - dt.timedelta(days=1))
    first = votes.keep_idea(
        campaign, title="Déposée d’abord", outcome="partly", published_at=now - dt.timedelta(days=9)
    )
    votes.keep_idea(campaign, title="Sans coût", cost_cents=None)
    votes.keep_idea(campaign, title="Masquée", hidden_at=now)
    votes.keep_idea(campaign, title="Déjà en travaux", stage="going_on")
    votes.keep_idea(campaign, title="Corrigée en refus", outcome="already")
    votes.keep_idea(factories.make_campaign(), title="D’une autre campagne")
    factories.make_idea(campaign=campaign)
    assert [(one.idea, one.cost_cents) for one in voting.eligible(campaign)] == [
        (first.pk, votes.COST),
        (later.pk, votes.COST),
    ]
    assert len(voting.kept_ideas(campaign)) == 3


def test_agent_prepares_changes_and_publishes(agent):
    campaign = factories.make_campaign(budget_cents=7_000_000)
    ideas = [votes.keep_idea(campaign, title=f"Idée {n}") for n in (1, 2, 3)]
    page = text(agent.get(staff_page("vote_add", campaign.pk)))
    assert 'value="70\u00a0000\u00a0€"' in page
    assert page.count("checked") == 4  # the blank vote and the three ideas
    response = agent.post(staff_page("vote_add", campaign.pk), sent(ideas[:2]))
    link = CampaignVote.objects.get()
    assert response["Location"] == staff_page("vote", campaign.pk, link.votation.pk)
    agent.post(staff_page("vote", campaign.pk, link.votation.pk), sent(ideas))
    rows = VotedIdea.objects.order_by("option__number").values_list("option__number", "idea", "option__cost_cents")
    assert list(rows) == [(n, idea.pk, votes.COST) for n, idea in enumerate(ideas, start=1)]
    assert (link.votation.options.count(), Votation.objects.get().amount_cents) == (3, 7_000_000)
    agent.post(staff_page("vote_publish", campaign.pk, link.votation.pk))
    line = json.loads(RegisterLine.objects.get(act="vote.published").content)["faits"]
    assert (line["budget_centimes"], line["couts_centimes"], line["campagne"]) == (
        7_000_000,
        [votes.COST] * 3,
        campaign.slug,
    )
    assert text(agent.get(staff_page("votes", campaign.pk))).count("Quels projets retenir") == 1
    # Nothing of it changes any more.
    agent.post(staff_page("vote", campaign.pk, link.votation.pk), sent(ideas[:2], question="Autre chose ?"))
    agent.post(staff_page("vote_discard", campaign.pk, link.votation.pk))
    assert (Votation.objects.get().question, Option.objects.count()) == ("Quels projets retenir ?", 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"options": []}, "Cochez les idées entre lesquelles on vote."),
        ({"options": ["999999"]}, "999999"),
        ({"amount_cents": ""}, "Un panier se remplit dans un budget"),
        ({"amount_cents": "beaucoup"}, "Écrivez un montant en euros"),
        ({"amount_cents": "0"}, "Un budget se répartit"),
        ({"majority": "absolute"}, "Un budget se répartit"),
        ({"kind": "yes_no"}, "Sélectionnez un choix valide"),
    ],
)
def test_agent_is_told_what_is_wrong_and_loses_nothing(agent, changes, words):
    campaign = factories.make_campaign()
    ideas = [votes.keep_idea(campaign) for _ in range(3)]
    response = agent.post(staff_page("vote_add", campaign.pk), sent(ideas, **changes))
    assert (response.status_code, words in text(response)) == (422, True)
    assert "Quels projets retenir ?" in text(response)
    assert Votation.objects.count() == 0


def test_draft_is_thrown_away_and_its_ideas_stay(agent):
    link = votes.make_campaign_draft()
    agent.post(staff_page("vote_discard", link.campaign.pk, link.votation.pk))
    assert (Votation.objects.count(), CampaignVote.objects.count(), VotedIdea.objects.count()) == (0, 0, 0)
    assert Campaign.objects.get().ideas.count() == 3


# --- The basket ------------------------------------------------------------------------------------------------------


def test_basket_over_the_budget_is_refused_and_nothing_is_lost(client):
    link = make_budget()
    sign_in(client, votes.make_voter())
    for step in ("verifier", "voter"):
        response = client.post(url(link, "cast_vote"), {"choix": ["1", "2"], "etape": step})
        page = text(response)
        assert (response.status_code, page.count("checked")) == (422, 2)
        assert "Votre panier coûte 115\u00a0000\u00a0€, c’est 15\u00a0000\u00a0€ de trop" in page.replace(
            "\u202f", "\u00a0"
        )
    assert RollLine.objects.count() == 0
    with pytest.raises(DomainError) as raised:
        votes.cast(link, [1, 2])
    assert (raised.value.code, contents(link)) == ("over", {})


def test_basket_is_checked_with_its_cost_then_cast(client):
    link = make_budget()
    sign_in(client, votes.make_voter())
    page = text(client.get(url(link, "cast_vote")))
    assert re.findall(r'data-cout="(\d+)"', page) == [str(cost) for cost in COSTS]
    assert 'data-panier="10000000"' in page
    check = text(client.post(url(link, "cast_vote"), {"choix": ["1", "4"], "etape": "verifier"}))
    plain = check.replace("\u202f", "\u00a0")
    assert ["Un verger" in plain, "75\u00a0000\u00a0€" in plain, "25\u00a0000\u00a0€" in plain] == [True] * 3
    done = client.post(url(link, "cast_vote"), {**fields(check), "etape": "voter"})
    code = re.search(r'<p class="code-recu">([^<]+)</p>', text(done)).group(1)
    assert Receipt.objects.get().pk == codes.fingerprint(codes.typed(code), reference=link.votation.reference)
    assert contents(link) == {(1, 4): 1}
    assert "Bulletin dans l’urne" in text(client.post(url(link, "receipt"), {"code": code}))


def test_ballot_of_choices_needs_no_budget_of_the_voter(client):
    link = make_budget(kind="up_to", most=3)
    sign_in(client, votes.make_voter())
    page = text(client.get(url(link, "cast_vote")))
    assert ("data-panier" in page, "Vos choix, 3 au plus" in page) == (False, True)
    assert client.post(url(link, "cast_vote"), {"choix": ["1", "2", "3"], "etape": "verifier"}).status_code == 200


def test_ballot_of_many_projects_stays_light(client):
    """The page that is sent without compression too: as long as the fullest basket, not as the ballot."""
    options = [f"{n} {'Un jardin partagé derrière l’école '}" for n in range(10, 10 + MAX_PROJECTS)]
    link = votes.make_campaign_vote(options=options, costs=[100_050] * MAX_PROJECTS, amount_cents=100_050 * 20)
    sign_in(client, votes.make_voter())
    first = client.get(url(link, "cast_vote"))
    check = client.post(url(link, "cast_vote"), {"choix": [f"{n:02}" for n in range(1, 21)], "etape": "verifier"})
    assert check.status_code == 200
    assert len(brotli.compress(first.content)) < 15_000
    assert (len(first.content) < 30_000, len(check.content) < 24_000) == (True, True)


# --- The result ------------------------------------------------------------------------------------------------------


def with_result(link):
    """The voices of the example, divided by five: 42, 36, 19, 19, 8."""
    for choices, times in (([1, 4], 19), ([1], 23), ([2, 3], 19), ([2], 17), ([5], 8)):
        for _ in range(times):
            votes.cast(link, choices)
    return votes.closed(link)


def test_result_is_open_data_once_everybody_reads_it():
    link = make_budget()
    assert list(vote_results.read()) == []
    hidden = VotedIdea.objects.select_related("idea").get(vote=link, option__number=5).idea
    then = with_result(link)
    with at(then):
        told = list(vote_results.read())
        Idea.objects.filter(pk=hidden.pk).update(hidden_at=then)
        after = list(vote_results.read())
    verger = VotedIdea.objects.select_related("idea").get(vote=link, option__number=1).idea.reference
    assert {(one.campaign, one.vote) for one in told} == {(link.campaign.slug, link.votation.reference)}
    assert [(one.measure, one.number, one.label, one.idea, one.kept) for one in told[:3]] == [
        ("voix", 42, "Un verger", verger, "oui"),
        ("cout", 6_000_000, "Un verger", verger, "oui"),
        ("reste", 10_000_000, "Un verger", verger, "oui"),
    ]
    assert [(one.measure, one.number) for one in told if not one.label] == [
        ("votants", 86),
        ("bulletins", 86),
        ("blancs", 0),
        ("nuls", 0),
        ("exprimes", 86),
    ]
    assert ({one.idea for one in told} - {one.idea for one in after}, len(after)) == ({hidden.reference}, len(told))


def test_under_five_ballots_open_data_says_no_voice():
    link = make_budget()
    votes.cast(link, [1])
    with at(votes.closed(link)):
        assert [(one.measure, one.number, one.label) for one in vote_results.read()] == [
            ("votants", 1, ""),
            ("bulletins", 1, ""),
        ]


def test_vote_is_found_by_its_question_and_its_projects_once_published(found):
    draft = votes.make_campaign_draft(question="Que faire du quai des Pêcheurs ?")
    assert found("Pêcheurs") == []
    link = make_budget(question="Que faire du quai des Moulins ?")
    assert (found("Moulins"), url(link) in found("place ombragée")) == ([url(link)], True)
    Option.objects.filter(votation=draft.votation, number=1).update(label="Un carillon")
    actions.publish(
        actor=None,
        votation=draft.votation,
        at=dates.midnight(draft.votation.opens_on) - dt.timedelta(hours=1),
    )
    assert found("carillon") == [url(draft)]


@pytest.mark.parametrize("kind", ["budget", "up_to"])
def test_result_explains_each_step_and_names_what_the_budget_could_not_hold(client, kind):
    link = make_budget(kind=kind, most=3 if kind == "up_to" else 1)
    then = with_result(link)
    with at(then):
        page = text(client.get(url(link))).replace("\u202f", "\u00a0")
        files = {form: text(client.get(url(link, "vote_file", form))) for form in ("csv", "json")}
    assert "3 propositions retenues sur 5, pour 100\u00a0000\u00a0€. Il reste 0\u00a0€." in page
    missed = page.partition("Ce que le budget n’a pas pu contenir")[2].partition("Les règles, appliquées")[0]
    assert re.findall(r"<p>([^<]*il restait[^<]*)</p>", missed) == [
        "36 voix. Coûte 55\u00a0000\u00a0€, il restait 40\u00a0000\u00a0€.",
        "8 voix. Coûte 12\u00a0000\u00a0€, il restait 0\u00a0€.",
    ]
    assert page.count("Autant de voix que la précédente, qui coûte moins.") == 1
    order = re.findall(r'<th scope="row"[^>]*>(?:<a[^>]*>)?([^<]+)', page)
    assert order == ["Un verger", "Une place ombragée", "Des bancs", "Une fontaine", "Un kiosque"]
    ideas = {
        row.option.label: row.idea.get_absolute_url() for row in VotedIdea.objects.select_related("option", "idea")
    }
    assert all(f'href="{address}"' in page for address in ideas.values())
    told = json.loads(files["json"])
    assert [(one["voix"], one["cout"], one["reste"], one["retenue"]) for one in told["propositions"]] == [
        (42, 6_000_000, 10_000_000, "oui"),
        (36, 5_500_000, 4_000_000, "non"),
        (19, 2_500_000, 2_500_000, "oui"),
        (19, 1_500_000, 4_000_000, "oui"),
        (8, 1_200_000, 0, "non"),
    ]
    assert (told["budget_centimes"], told["regles"][-1]["regle"]) == (10_000_000, "repartition")
    assert "reste;Une place ombragée;4000000;non" in files["csv"]
    with at(then):
        assert [(idea.title, cost) for idea, cost in voting.winners(link.campaign, at=then)] == [
            ("Un verger", 6_000_000),
            ("Des bancs", 1_500_000),
            ("Une fontaine", 2_500_000),
        ]
        before = vote_lines.of_campaign(link.campaign, at=then)
    actions.count(votation=link.votation, at=then)
    after = vote_lines.of_campaign(link.campaign, at=then)
    assert [(line.has_result, line.url) for line in (*before, *after)] == [(False, url(link)), (True, url(link))]
    facts = json.loads(RegisterLine.objects.get(act="vote.counted").content)["faits"]
    assert [(one["proposition"], one["reste"], one["retenue"]) for one in facts["repartition"]] == [
        (1, 10_000_000, True),
        (2, 4_000_000, False),
        (4, 4_000_000, True),
        (3, 2_500_000, True),
        (5, 0, False),
    ]


def test_no_result_and_no_winner_before_the_closing(client):
    link = make_budget()
    then = with_result(link) - dt.timedelta(minutes=2)
    assert voting.winners(link.campaign, at=then) == []
    with at(then):
        page = text(client.get(url(link)))
    assert ("Ce que le budget n’a pas pu contenir" in page, "Ne tient plus" in page) == (False, False)
    assert [line.has_result for line in vote_lines.of_campaign(link.campaign, at=then)] == [False]


def test_idea_hidden_since_keeps_its_place_and_leads_nowhere(client):
    link = make_budget()
    then = with_result(link)
    idea = VotedIdea.objects.get(option__number=1).idea
    type(idea).objects.filter(pk=idea.pk).update(hidden_at=timezone.now())
    with at(then):
        page = text(client.get(url(link)))
    assert (f'href="{idea.get_absolute_url()}"' in page, "Un verger" in page) == (False, True)


def test_frozen_rules_have_the_budget_and_those_of_other_votes_are_what_they_were():
    rules = declared.of(votes.reload(make_budget()))
    assert (rules["amount_cents"], rules["costs"]) == (10_000_000, list(COSTS))
    words = " ".join(declared.in_words(rules)).replace("\u202f", "\u00a0")
    assert ["100\u00a0000\u00a0€" in words, "«\u00a0Un verger\u00a0» (60\u00a0000\u00a0€)" in words] == [True, True]
    assert {"amount_cents", "costs"} & set(declared.of(votes.reload(votes.make_vote()))) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ballots_votation SET amount_cents = amount_cents + 1",
        "UPDATE ballots_option SET cost_cents = 1 WHERE number = 1",
        "UPDATE ideas_votedidea SET idea_id = (SELECT max(idea_id) FROM ideas_votedidea)",
        "DELETE FROM ideas_votedidea",
        "UPDATE ideas_campaignvote SET campaign_id = campaign_id",
        "DELETE FROM ideas_campaignvote",
        "INSERT INTO ideas_votedidea SELECT option_id, idea_id, vote_id FROM ideas_votedidea LIMIT 1",
    ],
)
def test_published_budget_stays_whoever_writes(statement):
    votes.make_campaign_vote()
    with pytest.raises(IntegrityError, match="published vote"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_draft_of_a_budget_may_not_have_another_majority():
    link = votes.make_campaign_draft()
    for change in ({"majority": "absolute"}, {"kind": "single"}, {"amount_cents": 0}):
        with pytest.raises(IntegrityError, match="votation_amount_shared"), transaction.atomic():
            Votation.objects.filter(pk=link.votation.pk).update(**change)
    with pytest.raises(IntegrityError, match="votation_basket_has_amount"), transaction.atomic():
        Votation.objects.filter(pk=link.votation.pk).update(amount_cents=None)


# --- Paper -----------------------------------------------------------------------------------------------------------


def test_paper_ballot_bears_the_costs_and_nothing_of_the_voter(client):
    page = text(client.get(url(make_budget(), "paper_ballot"))).replace("\u202f", "\u00a0")
    assert ["60\u00a0000\u00a0€" in page, "Additionnez les coûts" in page] == [True, True]
    sign_in(client, votes.make_voter())
    assert "Lire la campagne" in text(
        client.get(url(make_budget(opens_on=factories.today() - dt.timedelta(days=40)), "paper_ballot"))
    )


def test_two_agents_count_the_paper_and_the_budget_is_shared_with_it(agent):
    link = make_budget()
    for _ in range(4):
        votes.cast(link, [1])
    for _ in range(6):
        votes.enter(link)
    pk, key = link.campaign.pk, link.votation.pk
    page = staff_page("vote_paper", pk, key)
    other = Client()
    # Six baskets: four orchards, and the two cheap ones.
    right = {"ballots": 6, "blank": 1, "spoiled": 1, "oui1": 0, "oui2": 4, "oui3": 0, "oui4": 4, "oui5": 0}
    with at(votes.closed(link)):
        sign_in(agent, factories.make_staff(*RIGHTS))
        sign_in(other, factories.make_staff(*RIGHTS))
        # Four baskets of 100,000 € can not hold four orchards and four squares.
        wrong = agent.post(page, {**right, "oui1": 4})
        assert (wrong.status_code, "coûtent plus que leurs paniers" in text(wrong)) == (422, True)
        for person in (agent, other):
            assert person.post(page, right)["Location"] == staff_page("vote", pk, key)
        assert "Terminé. Le résultat est public." in text(agent.get(staff_page("vote", pk, key)))
    found = counting.result(votes.reload(link), at=votes.closed(link))
    assert (found.count.ballots, PaperCount.objects.count(), found.outcome.kept) == (10, 2, (4, 2))


def test_agent_prolongs_and_cancels_in_public(agent):
    link = votes.make_campaign_vote()
    page = staff_page("vote", link.campaign.pk, link.votation.pk)
    later = link.votation.ends_on + dt.timedelta(days=3)
    agent.post(
        page,
        {"geste": "prolonger", "prolongation-ends_on": later.isoformat(), "prolongation-reason": "Affiches en retard."},
    )
    assert Votation.objects.get().ends_on == later
    assert f"?objet={link.votation.reference}" in text(Client().get(url(link)))
    agent.post(page, {"geste": "annuler", "annulation-reason": "Une erreur de coût.", "annulation-sure": "on"})
    assert Votation.objects.get().cancelled_at is not None
    assert "Une erreur de coût." in text(Client().get(url(link)))


# --- What it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [3, 9])
def test_cost_of_the_pages(client, django_assert_num_queries, number):
    link = votes.make_campaign_vote(options=[f"Idée {n}" for n in range(number)])
    for _ in range(6):
        votes.cast(link, [1])
    with django_assert_num_queries(5):
        client.get(url(link))
    with at(votes.closed(link)), django_assert_num_queries(8):
        client.get(url(link))
    visitor = Client()
    with django_assert_num_queries(1):
        vote_lines.of_campaign(link.campaign, at=timezone.now())
    sign_in(visitor, votes.make_voter())
    visitor.get(url(link))
    with django_assert_num_queries(8):
        visitor.get(url(link))
    with django_assert_num_queries(6):
        visitor.get(url(link, "cast_vote"))
