"""Nothing that is stored, dumped, logged or published ties a voter to a ballot. The order and the choices of the votes are known here."""

import logging
import re
import subprocess
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.utils import timezone

from ballots import actions, sealing
from ballots.models import Box, BoxLine, Receipt, RollLine
from desk.models import Person
from mulhouse import backups
from tests.ballots import votes
from transparency.models import LineActor, RegisterLine

VOTERS = 60


@pytest.fixture
def poll(transactional_db):
    """Sixty people who vote one after the other, each in a transaction of their own; what the box looked like after each."""
    link = votes.make_vote(options=tuple(f"Proposition {n}" for n in range(1, 7)))
    chance = Random("urne")
    voters = [votes.make_voter() for _ in range(VOTERS)]
    choices = [chance.randint(1, 6) for _ in range(VOTERS)]
    states = []
    for voter, choice in zip(voters, choices, strict=True):
        votes.cast(link, [choice], voter=voter)
        states.append(bytes(Box.objects.get().sealed))
    return link, voters, choices, states


def rows(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def agreement(one, other):
    """Count the places where two orders of the same choices agree."""
    return sum(a == b for a, b in zip(one, other, strict=True))


def test_no_column_is_shared_but_the_vote():
    def columns(model):
        return {field.column for field in model._meta.fields} - {"id", "votation_id"}

    assert columns(RollLine) & (columns(Box) | columns(BoxLine) | columns(Receipt)) == set()
    instants = {"DateTimeField", "TimeField", "DateField"}
    assert {
        field.name
        for model in (Box, BoxLine, Receipt)
        for field in model._meta.fields
        if field.get_internal_type() in instants
    } == set()
    assert [field.get_internal_type() for field in RollLine._meta.fields if field.name == "voted_on"] == ["DateField"]
    sequences = [
        model.__name__
        for model in (RollLine, Box, BoxLine, Receipt)
        if "AutoField" in model._meta.pk.get_internal_type()
    ]
    assert sequences == []
    related = {
        model.__name__: {field.related_model for field in model._meta.fields if field.related_model}
        for model in (Box, BoxLine, Receipt)
    }
    assert {name: len(models) for name, models in related.items()} == {"Box": 1, "BoxLine": 1, "Receipt": 1}
    assert Person not in set().union(*related.values())


def test_before_the_count_the_ballots_are_one_row_of_which_nothing_can_be_read(poll):
    link, _voters, choices, states = poll

    assert rows("SELECT count(*) FROM ballots_boxline") == [(0,)]
    assert rows("SELECT count(*) FROM ballots_box") == [(1,)]
    # One row has one transaction, next to that of the last voter, whatever they and the others chose.
    assert len(rows("SELECT xmin::text FROM ballots_box")) == 1
    assert len({len(state) for state in states}) == 1
    assert len(set(states)) == VOTERS
    # What changes between two states does not depend on what was added: about one bit in two, each time.
    for before, after in pairwise(states):
        changed = sum((a ^ b).bit_count() for a, b in zip(before, after, strict=True))
        assert abs(changed / (8 * len(before)) - 0.5) < 0.05
    # With the key, what is inside still has no order.
    found = sealing.unseal(states[-1], reference=link.votation.reference)
    assert found == {(choice,): times for choice, times in Counter(choices).items()}
    assert list(found) == sorted(found)


def test_after_the_count_no_transaction_nor_order_leads_to_a_voter(poll):
    link, _voters, choices, _states = poll
    roll_transactions = {xmin for (xmin,) in rows("SELECT xmin::text FROM ballots_rollline")}
    assert len(roll_transactions) == VOTERS

    actions.count(votation=link.votation, at=votes.closed(link))

    box_transactions = {xmin for (xmin,) in rows("SELECT xmin::text FROM ballots_boxline")}
    assert len(box_transactions) == 1
    assert box_transactions & roll_transactions == set()
    roll_order = "SELECT person_id FROM ballots_rollline r JOIN desk_person p ON p.id = r.person_id ORDER BY r.ctid"
    assert [person for (person,) in rows(roll_order)] == sorted(person for (person,) in rows(roll_order))
    # The roll lies in the order of the votes: the box, however it is read, does not. By chance ten places agree of sixty;
    # thirty would happen once in a thousand million runs.
    for order in ("ctid", "id", "xmin::text, ctid"):
        laid = [choice for (choice,) in rows(f"SELECT choices[1] FROM ballots_boxline ORDER BY {order}")]
        assert sorted(laid) == sorted(choices)
        assert agreement(laid, choices) < VOTERS // 2
        assert agreement(laid[::-1], choices) < VOTERS // 2
    # Nor in the order in which they are sorted, which the box had inside.
    laid = [choice for (choice,) in rows("SELECT choices[1] FROM ballots_boxline ORDER BY ctid")]
    assert laid != sorted(laid)


def test_dump_has_neither_a_choice_before_the_count_nor_an_order_after_it(poll):
    link, _voters, choices, _states = poll

    before = dump()
    assert "COPY public.ballots_rollline" in before
    assert copied(before, "ballots_boxline") == []
    assert len(copied(before, "ballots_box")) == 1

    actions.count(votation=link.votation, at=votes.closed(link))
    after = [int(re.search(r"\{(\d)\}", line).group(1)) for line in copied(dump(), "ballots_boxline")]
    assert sorted(after) == sorted(choices)
    assert agreement(after, choices) < VOTERS // 2


def dump():
    """Write the database as a backup does, in plain text."""
    own = backups.own_database()
    program = str(own.programs / "pg_dump") if own.programs else "pg_dump"
    environment = {**own.environment, "PGDATABASE": connection.settings_dict["NAME"]}
    done = subprocess.run([program, "--data-only"], check=True, capture_output=True, text=True, env=environment)
    return done.stdout


def copied(text, table):
    _head, _, rest = text.partition(f"COPY public.{table} (")
    return rest.partition("\n")[2].partition("\\.")[0].splitlines()


def test_register_has_no_line_of_a_vote_and_no_choice_anywhere(poll):
    link, _voters, _choices, _states = poll
    lines = RegisterLine.objects.filter(subject=link.votation.reference).order_by("number")
    assert list(lines.values_list("act", flat=True)) == ["vote.published"]
    assert LineActor.objects.filter(line__in=lines).count() == 0


def test_choices_reach_neither_the_queries_nor_the_logs(transactional_db, caplog):
    """Every statement sent to the database while somebody votes is read, with its values."""
    link, voter = votes.make_vote(options=("Un", "Deux", "Trois")), votes.make_voter()
    votes.person_of(voter)
    sent = []

    def listen(execute, sql, params, many, context):
        if "SAVEPOINT" not in sql:
            sent.append((sql, params))
        return execute(sql, params, many, context)

    def statements(choice, who):
        sent.clear()
        with caplog.at_level(logging.DEBUG), connection.execute_wrapper(listen):
            votes.cast(link, choice, voter=who, code="7K2M9QXT04BD" if who == voter else None)
        return list(sent)

    other = votes.make_voter()
    votes.person_of(other)
    first, second = statements([1], voter), statements([3], other)
    assert [sql for sql, _params in first] == [sql for sql, _params in second]
    # The values differ by the voter, the receipt, the line's key and the sealed block, by nothing else.
    writes = [params for sql, params in first if sql.startswith(("INSERT", "UPDATE"))]
    assert all("choi" not in sql for sql, _params in first)
    assert [len(params) for params in writes] == [len(p) for sql, p in second if sql.startswith(("INSERT", "UPDATE"))]
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert "7K2M9QXT04BD" not in said
    assert "choi" not in said


def test_failure_while_voting_shows_no_choice(transactional_db, monkeypatch):
    """What an error report would print of the local variables is starred."""
    from django.test import RequestFactory  # noqa: PLC0415 (one test)
    from django.views.debug import SafeExceptionReporterFilter  # noqa: PLC0415 (one test)

    link, voter = votes.make_vote(), votes.make_voter()
    monkeypatch.setattr("ballots.actions.codes.fingerprint", lambda code, *, reference: 1 / 0)
    request = RequestFactory().post("/")
    try:
        votes.cast(link, [3], voter=voter, code="7K2M9QXT04BD")
    except ZeroDivisionError as error:
        trace = error.__traceback__
    shown = {}
    while trace is not None:
        frame = trace.tb_frame
        if "/ballots/actions" in frame.f_code.co_filename or "consultations/voting" in frame.f_code.co_filename:
            variables = dict(SafeExceptionReporterFilter().get_traceback_frame_variables(request, frame))
            shown |= {f"{frame.f_code.co_name}.{name}": value for name, value in variables.items()}
        trace = trace.tb_next
    assert {name: value for name, value in shown.items() if name.split(".")[1] in {"choices", "one", "code"}} != {}
    starred = {value for name, value in shown.items() if name.split(".")[1] in {"choices", "one", "code"}}
    assert starred == {SafeExceptionReporterFilter.cleansed_substitute}
    assert RollLine.objects.count() == 0


def test_staff_space_lists_no_ballot_no_roll_and_no_receipt():
    shown = {model._meta.label for model in admin.site._registry if model._meta.app_label == "ballots"}  # noqa: SLF001
    assert shown == set()


def test_no_other_table_points_at_a_ballot():
    secret = {Box, BoxLine, Receipt}
    pointing = {
        field.model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model in secret
    }
    assert pointing == set()


def test_each_state_of_the_box_is_new_when_the_same_ballot_comes_again(transactional_db):
    link = votes.make_vote()
    states = []
    for _ in range(5):
        votes.cast(link, [1], at=timezone.now())
        states.append(bytes(Box.objects.get().sealed))
    with transaction.atomic():
        assert len(set(states)) == 5
