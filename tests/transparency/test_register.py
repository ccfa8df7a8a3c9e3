import json
from io import StringIO

import psycopg2.errors
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from tests.concurrency import run_in_threads
from tests.factories import make_user
from transparency import actions, chain, register, verification
from transparency.models import LineActor, RegisterLine

ACT = "test.act"


@pytest.fixture(autouse=True)
def _act():
    register.declare(register.Act(ACT, "Un acte d’essai"))
    yield
    register._acts.pop(ACT)  # noqa: SLF001 (no app ever takes an act back)


def write(count=1, **fields):
    with transaction.atomic():
        return [register.record(ACT, **{"role": "agent", **fields}) for _number in range(count)]


# --- Writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_outside_a_transaction():
    with pytest.raises(RuntimeError):
        register.record(ACT, role="agent")

    assert register.head() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("act", "role"), [("test.unknown", "agent"), (ACT, "maire")])
def test_an_act_or_a_role_that_is_not_declared_is_refused(act, role):
    with pytest.raises(KeyError), transaction.atomic():
        register.record(act, role=role)


@pytest.mark.django_db
def test_a_line_says_what_was_done_and_follows_the_last():
    user = make_user()
    (first,) = write(subject="8F3K2M1Q", facts={"titre": "L’eau"}, actor=user)
    (second,) = write()

    assert (first.number, first.previous, second.number, second.previous) == (1, chain.GENESIS, 2, first.seal)
    assert json.loads(first.content) == {
        "numero": 1,
        "le": chain.written_at(first.at),
        "acte": ACT,
        "par": "agent",
        "objet": "8F3K2M1Q",
        "faits": {"titre": "L’eau"},
    }
    assert first.seal == chain.seal(chain.GENESIS, first.content)
    assert list(LineActor.objects.values_list("line", "user")) == [(1, user.pk)]
    assert register.head() == 2


@pytest.mark.django_db
def test_a_line_costs_three_queries(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(3):
        register.record(ACT, role="agent")


@pytest.mark.django_db
def test_an_act_that_no_release_declares_any_more_keeps_its_code():
    assert (register.label(ACT), register.label("old.act")) == ("Un acte d’essai", "old.act")
    assert register.Act(ACT, "Un acte d’essai") in register.acts()


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_no_line():
    with transaction.atomic():
        register.record(ACT, role="agent")
        transaction.set_rollback(True)
    write()

    assert list(RegisterLine.objects.values_list("number", flat=True)) == [1]


@pytest.mark.django_db(transaction=True)
def test_thirty_threads_make_one_chain():
    results = run_in_threads(30, lambda number: [write() for _line in range(5)] and None)

    assert results == [None] * 30
    verdict = verification.verify_whole()
    assert (verdict.lines, verdict.broken_at) == (150, None)
    instants = list(RegisterLine.objects.order_by("number").values_list("at", flat=True))
    assert instants == sorted(instants)


# --- What the database refuses ---------------------------------------------------------------------------------------

REFUSED = (psycopg2.errors.RestrictViolation,)


def refused(sql, *values):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return isinstance(caught.value.__cause__, psycopg2.errors.RestrictViolation)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE transparency_registerline SET act = 'z' WHERE number = 1",
        "UPDATE transparency_registerline SET number = 9 WHERE number = 2",
        "DELETE FROM transparency_registerline WHERE number = 2",
        "DELETE FROM transparency_registerline",
    ],
)
def test_a_line_can_not_be_changed_nor_removed(sql):
    write(2)

    assert refused(sql)
    assert verification.verify_whole().lines == 2


@pytest.mark.django_db
def test_the_register_can_not_be_emptied():
    write()

    assert refused("TRUNCATE transparency_registerline CASCADE")


def insert(**changes):
    last = RegisterLine.objects.order_by("number").last()
    at = timezone.now()
    number = last.number + 1
    content = chain.canonical(number=number, at=at, act=ACT, role="agent", subject="", facts={})
    row = {
        "number": number,
        "at": at,
        "act": ACT,
        "role": "agent",
        "subject": "",
        "content": content,
        "previous": last.seal,
        **changes,
    }
    row.setdefault("seal", chain.seal(row["previous"], row["content"]))
    columns = ", ".join(row)
    return f"INSERT INTO transparency_registerline ({columns}) VALUES ({', '.join(['%s'] * len(row))})", *row.values()


def other_content(**changes):
    said = {"number": 3, "at": timezone.now(), "act": ACT, "role": "agent", "subject": "", "facts": {}, **changes}
    return chain.canonical(**said)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"number": 1},
        {"number": 5},
        {"previous": chain.GENESIS},
        {"previous": "f" * 64},
        {"seal": "f" * 64},
        {"act": "other.act"},
        {"role": "habitant"},
        {"subject": "8F3K2M1Q"},
        {"at": timezone.now()},
        {"content": other_content(number=4)},
        {"content": "{}"},
    ],
)
def test_a_forged_line_is_refused(changes):
    write(2)

    assert refused(*insert(**changes))


@pytest.mark.django_db
def test_a_right_line_is_let_in_whoever_writes_it():
    write(2)
    sql, *values = insert()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)

    assert verification.verify_whole().lines == 3


# --- Checking --------------------------------------------------------------------------------------------------------


def tamper(sql):
    """What somebody who holds the database could do: its master can do without triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET session_replication_role = DEFAULT")


TAMPERED = [
    (
        "UPDATE transparency_registerline SET content = replace(content, 'agent', 'habitant') WHERE number = 3",
        3,
        "seal",
    ),
    ("UPDATE transparency_registerline SET act = 'other.act' WHERE number = 3", 3, "content"),
    ("UPDATE transparency_registerline SET at = at + interval '1 day' WHERE number = 3", 3, "content"),
    ("DELETE FROM transparency_registerline WHERE number = 3", 3, "number"),
    ("UPDATE transparency_registerline SET previous = repeat('f', 64) WHERE number = 3", 3, "previous"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("sql", "line", "reason"), TAMPERED)
def test_a_register_that_was_tampered_with_is_found_out(sql, line, reason):
    write(5)
    tamper(sql)

    verdict = verification.verify_whole()

    assert (verdict.broken_at, verdict.lines, verdict.reason) == (line, line - 1, reason)
    assert verification.explain(reason).endswith(".")


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "start", "lines"), [(5, 0, 5), (6, 0, 5), (4, 1, 4), (1, 4, 1)])
def test_the_end_of_the_register_is_checked(limit, start, lines):
    write(5)
    verdict = verification.verify_recent(limit)

    assert (verdict.start.number, verdict.lines, verdict.head.number, verdict.broken_at) == (start, lines, 5, None)


@pytest.mark.django_db
def test_the_end_does_not_hold_when_the_line_before_it_is_missing():
    write(5)
    tamper("DELETE FROM transparency_registerline WHERE number = 2")

    assert verification.verify_recent(2).broken_at is None
    assert (verification.verify_recent(3).broken_at, verification.verify_recent(3).reason) == (3, "previous")


@pytest.mark.django_db
def test_lines_are_read_a_few_thousand_at_a_time(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(register, "READ_AT_ONCE", 2)
    write(5)

    with django_assert_num_queries(3):
        assert [line.number for line in register.lines_after(0)] == [1, 2, 3, 4, 5]
    assert [line.number for line in register.lines_after(3)] == [4, 5]


@pytest.mark.django_db
def test_the_command_says_that_the_register_is_intact():
    lines = write(3)
    out = StringIO()
    call_command("verify_register", stdout=out)

    assert out.getvalue() == f"Registre intact : 3 lignes. Dernier sceau : {lines[-1].seal}\n"


@pytest.mark.django_db
def test_the_command_fails_on_a_broken_register():
    write(3)
    tamper(TAMPERED[1][0].replace("3", "2"))
    err = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("verify_register", stderr=err)

    assert stop.value.code == 1
    assert err.getvalue().startswith("Ligne 2 : Ce que le site affiche")


@pytest.mark.django_db(transaction=True)
def test_the_nightly_check_is_written_on_the_register():
    lines = write(3)
    verdict = actions.verify_register()

    line = RegisterLine.objects.get(number=4)
    assert (verdict.lines, line.act, line.role) == (3, "register.verified", "système")
    assert json.loads(line.content)["faits"] == {"lignes": 3, "sceau": lines[-1].seal}
    assert verification.last_whole_check() == line


@pytest.mark.django_db(transaction=True)
def test_a_broken_register_says_so_itself():
    write(3)
    tamper(TAMPERED[1][0])
    actions.verify_register()

    line = RegisterLine.objects.get(number=4)
    assert (line.act, json.loads(line.content)["faits"]) == ("register.broken", {"ligne": 3, "cause": "content"})
    assert verification.last_whole_check() is None
