"""A secret vote in a browser, from the page of the consultation to the receipt: on a desk, on a telephone, without any script."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.urls import reverse

from ballots import actions, sealing
from ballots.models import Box, RollLine
from tests import factories
from tests.ballots import votes
from tests.e2e.journeys import follow, heading, press, sign_in


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def link(live_server):
    consultation = factories.make_consultation(title="La place de demain")
    return votes.make_vote(consultation=consultation, kind="up_to", most=2, winners=1)


def fits(page):
    """Tell whether nothing sticks out sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_resident_votes_in_secret_and_checks_the_receipt(page, live_server, link):
    base, voter = live_server.url, votes.make_voter()
    sign_in(page, base + reverse("accounts:home"), voter.email)

    page.goto(base + link.consultation.get_absolute_url())
    follow(page, "Voter")
    assert heading(page) == link.votation.question
    assert fits(page)
    follow(page, "Voter", within=page.locator("main"))

    press(page, "Vérifier mon bulletin")
    assert "Choisissez une proposition, ou le vote blanc." in page.locator("main").inner_text()
    page.get_by_label("Un kiosque").check()
    page.get_by_label("Des tilleuls").check()
    press(page, "Vérifier mon bulletin")
    assert heading(page) == "Vérifiez, puis votez"
    assert fits(page)
    assert RollLine.objects.count() == 0

    press(page, "Modifier")
    assert [page.get_by_label(name).is_checked() for name in votes.OPTIONS] == [True, False, True]
    page.get_by_label("Un kiosque").uncheck()
    press(page, "Vérifier mon bulletin")
    shown = page.locator("main").inner_text()
    assert ("Des tilleuls" in shown, "Un kiosque" in shown) == (True, False)
    press(page, "Déposer mon bulletin")
    assert heading(page) == "Votre bulletin est dans l’urne"
    code = page.locator(".code-recu").inner_text()
    assert re.fullmatch(r"(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}", code)
    assert "tilleuls" not in page.locator("main").inner_text()
    assert fits(page)

    page.reload()  # the browser sends the form again: same receipt, still one ballot
    assert page.locator(".code-recu").inner_text() == code
    sealed = bytes(Box.objects.get().sealed)
    assert sealing.unseal(sealed, reference=link.votation.reference) == {(3,): 1}

    follow(page, "Vérifier un reçu", within=page.locator("main"))
    page.get_by_label("Code du reçu").fill(code.lower().replace("-", " "))
    press(page, "Vérifier", within=page.locator("main"))
    assert "Bulletin dans l’urne" in page.locator("main").inner_text()
    assert fits(page)

    follow(page, "Revenir au vote", within=page.locator("main"))
    assert "Vous avez voté." in page.locator("main").inner_text()
    follow(page, "Ce que le secret protège")
    assert heading(page) == "Ce que le secret du vote protège, et ce qu’il ne protège pas"
    assert fits(page)


def test_everybody_reads_what_was_decided_and_rule_by_rule(page, live_server):
    """The page of the result, once the box was opened: what each proposal needed, what it had, and the file."""
    consultation = factories.make_consultation(title="La place de demain")
    before = factories.today() - dt.timedelta(days=votes.DAYS + 2)
    names = ("Fermer la rue aux voitures", "Garder les bancs")
    fields = {"kind": "yes_no", "majority": "two_thirds", "opens_on": before, "options": names}
    link = votes.make_vote(consultation=consultation, **fields)
    for choices in [[1, 2]] * 4 + [[1, -2]] * 2 + [[-1]] * 3:
        votes.cast(link, choices, at=link.votation.opens_at + dt.timedelta(days=1))
    actions.count(votation=link.votation, at=votes.closed(link))

    page.goto(live_server.url + consultation.get_absolute_url())
    follow(page, "Vote", within=page.get_by_role("navigation", name="Dans cette consultation"))
    said = page.locator("main").inner_text()
    assert f"Proposition retenue\u00a0: «\u00a0{names[0]}\u00a0»." in said
    rule = "Les deux tiers au moins des bulletins exprimés\u00a0: il fallait 6 oui, il y en a"
    assert [f"«\u00a0{name}\u00a0». {rule} {number}." in said for name, number in zip(names, (6, 4), strict=True)] == [
        True,
        True,
    ]
    assert fits(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").first.click()
    assert f"oui;{names[0]};6;oui" in Path(taken.value.path()).read_text(encoding="utf-8")
