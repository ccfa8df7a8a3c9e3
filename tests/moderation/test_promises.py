"""What moderation promises in public: made with the first report, shorter when it is urgent, kept by the decision."""

import datetime as dt

import pytest
from django.db import transaction

from consultations import actions as consultations
from consultations.models import ModerationMode
from moderation import cases
from moderation.models import Case
from tests import factories
from tests.moderation import deciding
from transparency import deadlines
from transparency.models import Promise

pytestmark = pytest.mark.django_db
# A Wednesday at ten.
AT = dt.datetime(2026, 11, 25, 10, 0, tzinfo=deadlines.PARIS)
DAY = dt.timedelta(days=1)


def promises():
    rows = Promise.objects.filter(kind__startswith="moderation-").exclude(kind="moderation-appeal").order_by("pk")
    return [(row.kind, row.made_on, row.due_on, row.met_on, row.dropped_on) for row in rows]


def test_a_report_is_promised_once_and_kept_by_the_decision():
    contribution = factories.make_contribution()
    made = deciding.report(contribution, fingerprint="a", at=AT)
    deciding.report(contribution, fingerprint="b", at=AT + DAY)
    day = AT.date()
    assert promises() == [("moderation-report", day, day + 3 * DAY, None, None)]
    deciding.keep(contribution, case=Case.objects.get(pk=made.case_id), at=AT + 2 * DAY)
    assert promises() == [("moderation-report", day, day + 3 * DAY, day + 2 * DAY, None)]
    # Reported again: another wait, another promise.
    deciding.report(contribution, fingerprint="c", at=AT + 5 * DAY)
    assert promises()[1:] == [("moderation-report", day + 5 * DAY, day + 8 * DAY, None, None)]
    deciding.keep(contribution, case=Case.objects.get(), at=AT + 9 * DAY)
    assert promises()[1:] == [("moderation-report", day + 5 * DAY, day + 8 * DAY, day + 9 * DAY, None)]


def test_the_third_report_promises_an_earlier_day():
    contribution, day = factories.make_contribution(), AT.date()
    for number in range(4):
        deciding.report(contribution, fingerprint=f"{number}", at=AT)
    assert promises() == [
        ("moderation-report", day, day + 3 * DAY, None, day),
        ("moderation-urgent", day, day + DAY, None, None),
    ]


def test_a_late_promise_is_not_set_back_by_a_third_report():
    contribution, day = factories.make_contribution(), AT.date()
    for number in range(3):
        deciding.report(contribution, fingerprint=f"{number}", at=AT + 2 * number * DAY)
    case = Case.objects.get()
    assert (case.priority, case.due_at) == (Case.Priority.URGENT, AT + 3 * DAY)
    assert promises() == [("moderation-report", day, day + 3 * DAY, None, None)]


def test_what_staff_opened_promises_nothing_until_somebody_reports_it():
    contribution = factories.make_contribution()
    deciding.open_case(contribution, at=AT)
    assert promises() == []
    deciding.report(contribution, fingerprint="a", at=AT + 9 * DAY)
    day = AT.date() + 9 * DAY
    assert promises() == [("moderation-report", day, day + 3 * DAY, None, None)]


def test_a_text_read_before_it_is_public_is_promised_for_the_day_of_its_case():
    consultation = factories.make_consultation(moderation=ModerationMode.PRIOR, review_hours=16)
    author = factories.make_resident(public_name="Nadia")
    draft = factories.make_contribution(
        consultation=consultation, author=author, published_at=None, title="Le banc de la rue de l’Arsenal"
    )
    consultations.publish(actor=author, contribution=draft, at=AT)
    case = Case.objects.get()
    due = deadlines.day_of(case.due_at)
    assert promises() == [("moderation-review", AT.date(), due, None, None)]
    made = Promise.objects.get()
    # Neither words nor anybody: the title is the same for all, nothing leads to the text.
    assert (made.title, made.route) == ("Relecture d’un texte avant publication", "")
    assert (author.public_name in made.key, draft.reference in made.key) == (False, False)


def test_a_case_that_nobody_waits_for_any_more_keeps_no_promise_late():
    contribution = factories.make_contribution()
    made = deciding.report(contribution, fingerprint="a", at=AT)
    for _ in range(2):
        with transaction.atomic():
            cases.close(kind=made.case.kind, reference=made.case.subject, at=AT + DAY)
    day = AT.date()
    assert promises() == [("moderation-report", day, day + 3 * DAY, None, day + DAY)]
    assert Case.objects.get().state == Case.State.CLOSED
    # Reported again, it is promised again.
    deciding.report(contribution, fingerprint="b", at=AT + 2 * DAY)
    assert (Case.objects.get().state, len(promises())) == (Case.State.WAITING, 2)
