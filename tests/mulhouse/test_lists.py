"""Pages that hang on a row: each row once, in order, forwards and backwards, at the same cost."""

import copy
import datetime as dt

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from consultations.filters import COMMENT_ORDERS, ORDERS
from consultations.models import Comment, Contribution
from mulhouse import lists
from mulhouse.references import new_reference
from tests import factories as f

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def rows():
    """Twenty-five contributions with many ties in every order."""
    consultation, author = f.make_consultation(), f.make_resident()
    return [
        f.make_contribution(
            consultation=consultation,
            author=author,
            published_at=NOW - dt.timedelta(hours=number // 4),
            agree_count=number % 3,
            comment_count=number % 2,
        )
        for number in range(25)
    ]


def read(order, query, size=10):
    found = lists.read(
        Contribution.objects.visible(),
        order,
        size=size,
        at=lists.place(QueryDict(query)),
        anchor_of=lambda reference: Contribution.objects.filter(reference=reference).first(),
    )
    return found, [row.pk for row in found.rows]


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_walking_forwards_and_back_meets_every_row_once(rows, order):
    whole = list(order.of(Contribution.objects.all()).values_list("pk", flat=True))
    first, shown = read(order, "")
    pages, page = [shown], first
    while page.next:
        page, shown = read(order, f"apres={page.next}&page={page.number + 1}")
        pages.append(shown)
    assert [pk for shown in pages for pk in shown] == whole
    assert [len(shown) for shown in pages] == [10, 10, 5]
    assert (first.previous, page.number) == ("", 3)
    back = [pages[-1]]
    while page.previous:
        page, shown = read(order, f"avant={page.previous}&page={page.number - 1}")
        back.insert(0, shown)
    assert back == pages
    assert page.number == 1


def test_page_can_begin_with_a_row(rows):
    order = ORDERS["recent"]
    whole = list(order.of(Contribution.objects.all()))
    page, shown = read(order, f"depuis={whole[7].reference}", size=5)
    assert shown == [row.pk for row in whole[7:12]]
    assert (page.previous, page.next) == (whole[7].reference, whole[11].reference)


def test_a_row_that_was_withdrawn_still_marks_its_place(rows):
    order = ORDERS["recent"]
    whole = list(order.of(Contribution.objects.all()))
    Contribution.objects.filter(pk=whole[9].pk).update(withdrawn_at=NOW)
    assert read(order, f"apres={whole[9].reference}")[1] == [row.pk for row in whole[10:20]]


def test_a_new_row_shifts_nothing(rows):
    order = ORDERS["recent"]
    page, _ = read(order, "")
    before = read(order, f"apres={page.next}")[1]
    f.make_contribution(
        consultation=rows[0].consultation, author=rows[0].author, published_at=NOW + dt.timedelta(hours=1)
    )
    assert read(order, f"apres={page.next}")[1] == before


@pytest.mark.parametrize(
    "query",
    ["apres=", "apres=INCONNUE", "apres=' OR 1=1 --", "apres=AAAAAAA\x00", "depuis=ABC", "apres=ILOUILOU", "page=9"],
)
def test_nonsense_means_the_first_page(rows, query):
    assert read(ORDERS["recent"], query)[1] == read(ORDERS["recent"], "")[1]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 1),
        ("page=3", 3),
        ("page=0", 1),
        ("page=-2", 1),
        ("page=x", 1),
        ("page=²", 1),
        ("page=9999999999", 1),
        ("page=9999999", 100_000),
    ],
)
def test_page_number_is_a_number(query, number):
    assert lists.number(QueryDict(query)) == number


def test_counting_stops_at_a_limit(rows, monkeypatch):
    monkeypatch.setattr(lists, "COUNT_LIMIT", 10)
    assert lists.bounded_count(Contribution.objects.all()) == 11
    assert lists.bounded_count(Contribution.objects.filter(agree_count=9)) == 0


def test_address_of_a_list_forgets_the_page_and_empty_answers():
    query = QueryDict("q=banc&partie=&apres=ABCDEFGH&page=3&tri=recent")
    assert lists.address(query) == "?q=banc&tri=recent"
    assert lists.address(query, tri="", quartier="drouot") == "?q=banc&quartier=drouot"
    assert lists.address(QueryDict("q=a%26b"), page="2") == "?q=a%26b&page=2"
    assert lists.address(QueryDict("")) == ""


def crowd(rows):
    """Twenty times as many in another consultation: the order of all of them would walk past those."""
    other = f.make_consultation()
    copies = []
    for number in range(500):
        made = copy.copy(rows[number % len(rows)])
        made.pk, made.reference, made.consultation = None, new_reference(), other
        copies.append(made)
    Contribution.objects.bulk_create(copies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE consultations_contribution")


def plan(rows):
    """Explain how a query is run, with enough rows for the planner to have a choice."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    return rows.explain()


@pytest.mark.parametrize("name", ORDERS)
def test_each_order_of_contributions_reads_its_index(rows, name):
    """From the row it hangs on, without sorting: the 1,700th page costs what the first one does."""
    index = {"recent": "recent", "soutenu": "supported", "debattu": "discussed", "decouvrir": "unseen"}[name]
    crowd(rows)
    order = ORDERS[name]
    visible = Contribution.objects.visible().filter(consultation=rows[0].consultation)
    explained = plan(order.of(order.beyond(visible, rows[3]))[:21])
    assert f"contribution_{index}" in explained
    assert "Sort" not in explained
    assert "Index Cond: ((consultation_id" in explained
    assert "ROW(" in explained


@pytest.mark.parametrize("name", COMMENT_ORDERS)
def test_each_order_of_comments_reads_its_index(rows, name):
    index = {"recent": "recent", "soutenu": "supported", "debattu": "discussed"}[name]
    comment = f.make_comment(contribution=rows[0])
    order = COMMENT_ORDERS[name]
    explained = plan(order.of(order.beyond(Comment.objects.threads().filter(contribution=rows[0]), comment))[:21])
    assert f"comment_{index}" in explained
    assert "Sort" not in explained
    assert "ROW(" in explained
