"""The clocks of moderation, on both sides of each boundary: a fake instant is given to every action."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from consultations import actions as consultations
from consultations.models import Contribution, ModerationMode
from moderation import actions, cases, figures, queues
from moderation.models import Case
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from tests import factories as f
from tests.moderation import deciding

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
# A Wednesday at ten.
AT = dt.datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
HOUR, DAY, SECOND = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(seconds=1)


def reported(number, *, each=HOUR, start=AT):
    """A contribution that so many people reported, one after the other."""
    contribution = f.make_contribution()
    for rank in range(number):
        deciding.report(contribution, fingerprint=f"{rank}", at=start + rank * each)
    return Case.objects.get(subject=contribution.reference)


def late(case, at):
    return Case.objects.late(at=at).filter(pk=case.pk).exists()


@pytest.mark.parametrize(("number", "priority", "due"), [(2, 5, AT + 3 * DAY), (3, 0, AT + 2 * HOUR + DAY)])
def test_the_third_report_starts_a_clock_of_24_hours(number, priority, due):
    case = reported(number)
    assert (case.priority, case.due_at) == (priority, due)
    assert not late(case, due - SECOND)
    assert not late(case, due)
    assert late(case, due + SECOND)
    moderator = deciding.make_moderator()
    assert [(item.count, item.late) for item in queues.waiting(moderator, due)] == [(1, 0)]
    assert [(item.count, item.late) for item in queues.waiting(moderator, due + SECOND)] == [(1, 1)]


def test_the_third_report_goes_to_the_top_and_never_makes_the_clock_longer():
    old, hot = reported(1, start=AT - 2 * DAY), reported(3, start=AT)
    assert list(Case.objects.waiting().in_order()) == [hot, old]
    # Three days are nearly over: a third report does not give a day more.
    tired = reported(3, each=35 * HOUR)
    assert (tired.priority, tired.due_at) == (Case.Priority.URGENT, AT + 3 * DAY)


def test_more_reports_do_not_move_a_clock_that_runs():
    case = reported(3)
    due = case.due_at
    deciding.report(case_subject(case), fingerprint="late", at=AT + 20 * HOUR)
    case.refresh_from_db()
    assert (case.due_at, case.report_count) == (due, 4)


def case_subject(case):
    return Contribution.objects.get(reference=case.subject)


def test_after_a_decision_three_more_people_are_needed():
    case = reported(3)
    deciding.keep(case_subject(case), case=case, at=AT + 5 * HOUR)
    for rank in range(2):
        deciding.report(case_subject(case), fingerprint=f"again {rank}", at=AT + DAY)
    case.refresh_from_db()
    assert (case.priority, case.report_count, case.due_at) == (Case.Priority.NORMAL, 2, AT + 4 * DAY)


def test_the_delay_crosses_the_change_of_hour_at_the_same_hour_in_mulhouse():
    # The clocks go back in the night of 24 to 25 October 2026.
    assert cases.due_at(dt.datetime(2026, 10, 23, 10, 0, tzinfo=PARIS)) == dt.datetime(
        2026, 10, 26, 10, 0, tzinfo=PARIS
    )


# --- Texts read before ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "handed_in", "due"),
    [
        (8, AT, dt.datetime(2026, 11, 26, 10, 0, tzinfo=PARIS)),
        (7, AT, dt.datetime(2026, 11, 25, 17, 0, tzinfo=PARIS)),
        # A Friday at four: an hour that day, seven on Monday.
        (8, dt.datetime(2026, 11, 27, 16, 0, tzinfo=PARIS), dt.datetime(2026, 11, 30, 16, 0, tzinfo=PARIS)),
    ],
)
def test_the_delay_announced_beside_the_form_is_the_clock_of_the_case(hours, handed_in, due):
    consultation = f.make_consultation(moderation=ModerationMode.PRIOR, review_hours=hours)
    author = f.make_resident(public_name="Nadia")
    draft = f.make_contribution(consultation=consultation, author=author, published_at=None)
    consultations.publish(actor=author, contribution=draft, at=handed_in)
    case = Case.objects.get()
    assert (case.cause, case.due_at) == ("held", due)
    assert not late(case, due)
    assert late(case, due + SECOND)


def test_a_text_held_where_nothing_was_announced_waits_three_days_at_most():
    consultation = f.make_consultation(review_hours=1)
    author = f.make_resident(public_name="Nadia")
    body = "Appelez-moi au 06 12 34 56 78."
    draft = f.make_contribution(consultation=consultation, author=author, published_at=None, body=body)
    consultations.publish(actor=author, contribution=draft, at=AT)
    case = Case.objects.get()
    assert (case.cause, case.proposal, case.due_at) == ("masking", ["06 12 34 56 78"], AT + 3 * DAY)


# --- Appeals, suspensions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "refused"), [(15 * DAY - SECOND, ""), (15 * DAY, "late"), (15 * DAY + SECOND, "late")]
)
def test_one_contests_for_fifteen_days(client, after, refused):
    contribution = f.make_contribution()
    made = deciding.hide(contribution, at=AT)
    given = {"actor": contribution.author, "decision": made, "words": "Non.", "at": AT + after}
    if refused:
        with pytest.raises(RefusedError) as caught:
            actions.appeal(**given)
        assert caught.value.code == refused
    else:
        assert actions.appeal(**given).due_at == AT + after + 15 * DAY


@pytest.mark.parametrize("days", [7, 30, 90])
def test_a_suspension_ends_at_its_hour_without_any_task(days):
    consultation = f.make_consultation(residency_level="none", phase_days=200)
    contribution = f.make_contribution(consultation=consultation)
    person = f.make_resident(public_name="Nadia")
    made = actions.block(
        actor=deciding.make_moderator(), person=person, days=days, clause="3.2", reason="Trois insultes.", at=AT
    )
    person.refresh_from_db()
    assert made.ends_at.astimezone(PARIS) == AT + days * DAY
    words = {"actor": person, "contribution": contribution, "stance": "for", "body": "Oui."}
    with pytest.raises(RefusedError) as caught:
        consultations.comment(**words, reference=new_reference(), at=made.ends_at - SECOND)
    assert caught.value.code == "blocked"
    consultations.comment(**words, reference=new_reference(), at=made.ends_at)


def test_a_late_report_says_so_to_who_reported(client):
    case = reported(1, start=dt.datetime(2026, 1, 5, 10, 0, tzinfo=PARIS))
    page = client.get(reverse("moderation:reported", args=[case.reports.get().reference])).content.decode()
    assert "La réponse est en retard" in page


def test_a_year_begins_at_midnight_in_mulhouse():
    """A second before it and at it: the figures are of two years, clause by clause."""
    midnight = dt.datetime(2027, 1, 1, tzinfo=PARIS)
    for at in (midnight - SECOND, midnight):
        contribution = f.make_contribution()
        deciding.report(contribution, fingerprint="a", at=at)
        made = deciding.hide(contribution, case=case_of(contribution), clause="3.3", at=at)
        appeal = actions.appeal(actor=made.author, decision=made, words="Non.", at=at)
        actions.judge(actor=deciding.make_moderator(), appeal=appeal, outcome="upheld", reasons="Si.", at=at)
        actions.block(
            actor=deciding.make_moderator(), person=made.author, days=7, clause="3.3", reason="Trois fois.", at=at
        )
    years = figures.by_year()
    assert [(each.year, each.reports, each.hidden, each.appeals, each.upheld, each.blocks) for each in years] == [
        (2027, 1, 1, 1, 1, 1),
        (2026, 1, 1, 1, 1, 1),
    ]
    assert [{line.clause: line.hidden for line in each.lines if line.hidden} for each in years] == [{"3.3": 1}] * 2


def case_of(contribution):
    return Case.objects.get(subject=contribution.reference)
