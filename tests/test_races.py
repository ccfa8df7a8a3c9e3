"""Thirty at once, on real connections: one position per resident, one account per address, one unbroken chain."""

from collections import Counter

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from consultations import actions
from consultations.models import Contribution, Position
from mulhouse.references import new_reference
from notifications.models import OutboundMail
from tests import factories
from tests.accounts.people import sign_up_data
from tests.concurrency import run_in_threads
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 30


def test_thirty_clicks_of_one_resident_are_one_position():
    contribution, resident, at = factories.make_contribution(), factories.make_resident(), timezone.now()
    choices = ["agree", "mixed", "disagree"]

    answers = run_in_threads(
        CROWD,
        lambda number: actions.take_position(
            actor=resident, contribution=contribution, choice=choices[number % 3], at=at
        ),
    )

    assert answers == [None] * CROWD
    position = Position.objects.get()
    contribution.refresh_from_db()
    counted = {"agree": contribution.agree, "mixed": contribution.mixed, "disagree": contribution.disagree}
    assert counted == {**dict.fromkeys(choices, 0), position.choice: 1}
    assert verify_whole().reason == ""


def test_thirty_residents_are_thirty_positions_and_thirty_lines():
    contribution, at = factories.make_contribution(), timezone.now()
    residents = [factories.make_resident() for _ in range(CROWD)]

    answers = run_in_threads(
        CROWD,
        lambda number: actions.take_position(actor=residents[number], contribution=contribution, choice="agree", at=at),
    )

    assert answers == [None] * CROWD
    assert Contribution.objects.values_list("agree_count", flat=True).get() == CROWD
    assert Position.objects.count() == CROWD
    assert (verify_whole().lines, verify_whole().reason) == (CROWD, "")


def test_gestures_of_every_sort_keep_the_chain_and_the_counts():
    """Publishing, commenting, supporting and changing one's mind at the same time, on the same contribution."""
    consultation, at = factories.make_consultation(), timezone.now()
    contribution = factories.make_contribution(consultation=consultation)
    comment = factories.make_comment(contribution=contribution)
    drafts = [factories.make_contribution(consultation=consultation, published_at=None) for _ in range(CROWD)]

    def gesture(number):
        actor = drafts[number].author
        match number % 4:
            case 0:
                actions.publish(actor=actor, contribution=drafts[number], at=at)
            case 1:
                actions.take_position(actor=actor, contribution=contribution, choice="mixed", at=at)
            case 2:
                actions.support_comment(actor=actor, comment=comment, at=at)
            case 3:
                actions.comment(
                    actor=actor, contribution=contribution, reference=new_reference(), body="Oui.", stance="for", at=at
                )

    failures = [answer for answer in run_in_threads(CROWD, gesture) if answer is not None]

    assert failures == []
    contribution.refresh_from_db()
    comment.refresh_from_db()
    assert Counter(number % 4 for number in range(CROWD)) == {0: 8, 1: 8, 2: 7, 3: 7}
    assert (contribution.mixed, contribution.comment_count, comment.support_count) == (8, 7, 7)
    assert (verify_whole().lines, verify_whole().reason) == (CROWD, "")


def test_thirty_sign_ups_with_one_address_are_one_account(settings):
    """Capitals do not make another address, and nobody learns that it is taken."""
    settings.ACCOUNT_RATE_LIMITS = False  # which would stop 29 of them before they meet
    pages = [sign_up_data("", password1=factories.PASSWORD) for _number in range(CROWD)]

    def sign_up(number):
        client = Client(REMOTE_ADDR=f"192.0.2.{number + 1}")
        email = "Lea.Muller@example.org" if number % 2 else "lea.muller@example.org"
        response = client.post(reverse("account_signup"), {**pages[number], "email": email})
        return response.status_code, response.get("Location")

    answers = run_in_threads(CROWD, sign_up)

    assert set(answers) == {(302, reverse("account_email_verification_sent"))}
    assert User.objects.filter(email__iexact="lea.muller@example.org").count() == 1
    assert User.objects.count() == 1
    # One code to confirm; the others are told, by mail only, that the address has an account.
    assert OutboundMail.objects.count() == CROWD
