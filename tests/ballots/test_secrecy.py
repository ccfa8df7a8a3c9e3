"""Nothing that is stored, dumped, logged or published ties a voter to a ballot. The order and the choices of the votes are known here."""

import base64
import datetime as dt
import hashlib
import json
import logging
import re
import subprocess
import uuid
from collections import Counter
from contextlib import contextmanager
from itertools import pairwise
from random import Random
from unittest import mock

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from accounts.actions import close_account
from ballots import actions, codes, sealing
from ballots.models import Box, BoxLine, Receipt, RollLine
from consultations.models import ConsultationVote
from desk.models import Person
from mulhouse import backups, personal_data
from tests import factories
from tests.ballots import votes
from transparency.models import LineActor, RegisterLine

VOTERS = 60
FEW = 6


@pytest.fixture(params=votes.HOSTS)
def make(request):
    """Publish a vote of each service in turn."""
    return votes.HOSTS[request.param]


@pytest.fixture
def poll(transactional_db, make):
    """Sixty people who vote one after the other, each in a transaction of their own; what the box looked like after each."""
    return voted(VOTERS, make)


@pytest.fixture
def small_poll(transactional_db, make):
    """The same with six people, where their order does not matter."""
    return voted(FEW, make)


def voted(number, make):
    link = make(options=tuple(f"Proposition {n}" for n in range(1, 7)))
    chance = Random("urne")
    voters = [votes.make_voter() for _ in range(number)]
    choices = [chance.randint(1, 6) for _ in range(number)]
    states = []
    for voter, choice in zip(voters, choices, strict=True):
        votes.cast(link, [choice], voter=voter)
        states.append(bytes(Box.objects.get().sealed))
    return link, voters, choices, states


def ledger(link):
    """Name the table where the service counts the people of a vote: a campaign counts none."""
    return {"consultations_participation"} if isinstance(link, ConsultationVote) else set()


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


# Which tables a statement is about: who, what, or neither. None is about both.
WHO = ("ballots_rollline", "desk_person", "accounts_user", "consultations_participation", "ideas_support")
WHAT = ("ballots_box", "ballots_boxline", "ballots_receipt")


@contextmanager
def listening(caplog):
    """Keep every statement sent to the database, with its values; nothing else may be said anywhere meanwhile."""
    sent = []

    def listen(execute, sql, params, many, context):
        if "SAVEPOINT" not in sql:
            sent.append((sql, tuple(params or ())))
        return execute(sql, params, many, context)

    caplog.clear()
    with caplog.at_level(logging.DEBUG), connection.execute_wrapper(listen):
        yield sent
    # Those of Django's database are the statements themselves.
    assert [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")] == []


def tables(sql):
    return set(re.findall(r'"((?:ballots|desk|accounts|consultations|ideas)_\w+?)"', sql))


def written(sent):
    """Give what each table was told to hold, by column: each was written once."""
    found = {}
    for sql, params in sent:
        if insert := re.match(r'INSERT INTO "(\w+)" \((.*?)\) VALUES', sql):
            columns = re.findall(r'"(\w+)"', insert[2])
        elif update := re.match(r'UPDATE "(\w+)" SET (.*)', sql):
            insert, columns = update, re.findall(r'"(\w+)" = %s', update[2])
        else:
            assert not sql.startswith(("INSERT", "UPDATE", "DELETE")), sql
            continue
        assert insert[1] not in found
        found[insert[1]] = dict(zip(columns, params, strict=True))
    return found


def forms(mark):
    """Write a key, an address or a code in each of the ways in which it may be hidden in a value."""
    text = str(mark)
    whole = [text, text.encode().hex(), base64.b64encode(text.encode()).decode().rstrip("=")]
    if isinstance(mark, int):
        whole += [f"{mark:08x}", mark.to_bytes(4, "big"), mark.to_bytes(4, "little")]
    if isinstance(mark, uuid.UUID):
        whole += [mark.hex, mark.bytes]
    whole += [hashlib.sha256(text.encode()).hexdigest(), hashlib.md5(text.encode()).hexdigest()]
    return [form if isinstance(form, bytes) else form.encode() for form in whole]


def holds(params, mark):
    """Tell whether a mark is among values, in whatever way it is written there."""
    return any(form in raw(value) for form in forms(mark) for value in params)


def raw(value):
    """Give a value as bytes; the driver keeps those of a column of bytes in a wrapper."""
    value = getattr(value, "adapted", value)
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def plain(sealed, link):
    """Open a box without the module's own reader, which leaves aside what it does not look for."""
    box, reference = raw(sealed), link.votation.reference
    return sealing._cipher(reference).decrypt(box[:12], box[12:], reference.encode())  # noqa: SLF001 (attacked)


def test_what_is_sent_to_the_database_ties_no_voter_to_a_ballot(transactional_db, caplog, make):
    """Each statement of a vote is read: those about the voter have nothing of the ballot, those about the ballot nothing of the voter."""
    link = make(options=("Un", "Deux", "Trois"))
    pk, reference = link.votation.pk, link.votation.reference
    # Keys that no other value is by chance.
    for table, first in (("accounts_user", 7_340_001), ("desk_person", 5_230_001)):
        rows(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {first})")
    voters = [votes.make_voter(), votes.make_voter()]
    people = [votes.person_of(voter) for voter in voters]
    codes_given, choices = ["7K2M9QXT04BD", "3V5N8RWZ16CF"], [[1], [3]]
    heard = []
    for voter, choice, code in zip(voters, choices, codes_given, strict=True):
        with listening(caplog) as sent:
            votes.cast(link, choice, voter=voter, code=code)
        heard.append(sent)

    # The text of the statements is the same, whoever votes and whatever they choose: what differs is in the values.
    assert [sql for sql, _params in heard[0]] == [sql for sql, _params in heard[1]]
    boxes = [{(1,): 1}, {(1,): 1, (3,): 1}]
    for sent, voter, person, code, box in zip(heard, voters, people, codes_given, boxes, strict=True):
        told = written(sent)
        assert set(told) == {"ballots_rollline", "ballots_box", "ballots_receipt"} | ledger(link)
        # The whole of what is said of the ballot, to the byte.
        assert set(told["ballots_box"]) == {"sealed", "votation_id"}
        assert told["ballots_box"]["votation_id"] == pk
        assert plain(told["ballots_box"]["sealed"], link) == sealing.written(box)
        fingerprint = codes.fingerprint(code, reference=reference)
        assert told["ballots_receipt"] == {"fingerprint": fingerprint, "votation_id": pk}
        # The whole of what is said of the voter.
        line = RollLine.objects.get(person=person)
        assert told["ballots_rollline"] == {
            "id": line.pk,
            "votation_id": pk,
            "person_id": person.pk,
            "channel": "web",
            "voted_on": factories.today(),
        }
        assert (line.pk.version, line.pk.variant) == (4, uuid.RFC_4122)
        for sql, params in sent:
            about = tables(sql)
            assert not (about & set(WHO) and about & set(WHAT)), sql
            if about & set(WHAT):
                assert [mark for mark in (voter.pk, person.pk, line.pk, voter.email) if holds(params, mark)] == [], sql
            else:
                assert [mark for mark in (code, fingerprint) if holds(params, mark)] == [], sql
        assert about_voters(heard[0], voters[0], people[0]) == about_voters(heard[1], voters[1], people[1])


def about_voters(sent, voter, person):
    """Give the values of all that is not about the box, the voter's own marks left out: a choice would be what differs."""
    line = RollLine.objects.get(person=person)
    own = [voter.pk, person.pk, line.pk, voter.district_id]
    return [[value for value in params if value not in own] for sql, params in sent if not tables(sql) & set(WHAT)]


def test_count_asks_for_no_voter(transactional_db, caplog, make):
    """Of the roll, the count asks how many lines it has, by channel and day; what it lays out has keys of its own."""
    link = make(options=("Un", "Deux", "Trois"))
    chosen = [1, 2, 3, 3, 3, 1]
    for choice in chosen:
        votes.cast(link, [choice])
    with listening(caplog) as sent:
        assert actions.count(votation=link.votation, at=votes.closed(link))
    asked = [sql for sql, _params in sent if tables(sql) & set(WHO)]
    assert {re.sub(r" WHERE .*", "", sql) for sql in asked} == {
        'SELECT COUNT(*) AS "__count" FROM "ballots_rollline"',
        (
            'SELECT COUNT("ballots_rollline"."id") AS "voters", COUNT("ballots_rollline"."id") FILTER '
            '(WHERE "ballots_rollline"."channel" IN (%s, %s, %s, %s)) AS "by_hand" FROM "ballots_rollline"'
        ),
        (
            'SELECT "ballots_rollline"."voted_on" AS "voted_on", "ballots_rollline"."channel" AS "channel", '
            'COUNT("ballots_rollline"."id") AS "number" FROM "ballots_rollline"'
        ),
    }
    (laid,) = [sql for sql, _params in sent if sql.startswith('INSERT INTO "ballots_boxline"')]
    assert re.findall(r'"(\w+)"', laid.partition("VALUES")[0]) == ["ballots_boxline", "id", "votation_id", "choices"]
    known = {*RollLine.objects.values_list("pk", flat=True)}
    lines = list(BoxLine.objects.values_list("pk", "choices"))
    assert sorted(choices for _pk, choices in lines) == [[choice] for choice in sorted(chosen)]
    assert {pk.version for pk, _choices in lines} == {4}
    assert known & {pk for pk, _choices in lines} == set()


def test_failure_while_voting_shows_no_choice(transactional_db, monkeypatch, make):
    """What an error report would print of the local variables is starred."""
    from django.test import RequestFactory  # noqa: PLC0415 (one test)
    from django.views.debug import SafeExceptionReporterFilter  # noqa: PLC0415 (one test)

    link, voter = make(), votes.make_voter()
    monkeypatch.setattr("ballots.actions.codes.fingerprint", lambda code, *, reference: 1 / 0)
    request = RequestFactory().post("/")
    try:
        votes.cast(link, [3], voter=voter, code="7K2M9QXT04BD")
    except ZeroDivisionError as error:
        trace = error.__traceback__
    shown = {}
    while trace is not None:
        frame = trace.tb_frame
        if "/ballots/actions" in frame.f_code.co_filename or "/voting.py" in frame.f_code.co_filename:
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


def test_each_state_of_the_box_is_new_when_the_same_ballot_comes_again(transactional_db, make):
    link = make()
    states = []
    for _ in range(5):
        votes.cast(link, [1], at=timezone.now())
        states.append(bytes(Box.objects.get().sealed))
    with transaction.atomic():
        assert len(set(states)) == 5


# --- Attacked again: every trace a vote leaves, looked at together ---------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["single", "up_to", "yes_no", "budget"])
def test_page_where_a_ballot_is_checked_has_one_length(client, kind):
    """The log of a server and anybody on the way count the bytes: the words of the choice must not change them."""
    options = ("Oui", "Une très longue proposition avec des accents é à ç et <des signes>", "Un kiosque", "Rien")
    link = (
        votes.make_campaign_vote(options=options, costs=[100_000_050, 5_000, 199, 99_900], amount_cents=100_100_000)
        if kind == "budget"
        else votes.make_vote(kind=kind, most=2 if kind == "up_to" else 1, options=options)
    )
    client.force_login(votes.make_voter())
    every = {
        "single": [{"choix": str(n)} for n in range(5)],
        "budget": [{"choix": c} for c in (["1"], ["2"], ["3"], ["1", "3"], ["2", "3", "4"], ["0"])],
        "up_to": [{"choix": c} for c in (["1"], ["2"], ["1", "2"], ["3", "4"], ["0"])],
        "yes_no": [
            dict(zip(("p1", "p2", "p3", "p4"), words, strict=True))
            for words in (("oui",) * 4, ("non", "oui", "nsp", "nsp"), ("nsp",) * 4)
        ],
    }[kind]
    address = votes.url(link, "cast_vote")
    found = [client.post(address, {**sent, "etape": "verifier"}, headers={"Accept-Encoding": "gzip"}) for sent in every]
    assert [response.status_code for response in found] == [200] * len(every)
    assert {response.get("Content-Encoding") for response in found} == {"identity"}
    assert len({len(response.content) for response in found}) == 1
    # What is sent has one length too, as long as as many boxes are ticked.
    if kind == "yes_no":
        assert len({len(str(sent)) for sent in every}) == 1


@pytest.mark.django_db
def test_numbers_on_the_ballot_have_one_length(client, make):
    link = make(options=tuple(f"Proposition {n}" for n in range(1, 13)))
    client.force_login(votes.make_voter())
    address = votes.url(link, "cast_vote")
    values = set(re.findall(r'name="choix" value="(\d+)"', client.get(address).content.decode()))
    assert values == {f"{n:02}" for n in range(13)}
    assert client.post(address, {"choix": "03", "etape": "verifier"}).status_code == 200


def test_receipts_lead_to_no_ballot_however_they_are_read(poll):
    """A receipt is written with the line of the roll: its transaction may lead to a person, never further."""
    link, _voters, choices, _states = poll
    actions.count(votation=link.votation, at=votes.closed(link))
    receipts = rows("SELECT fingerprint, xmin::text FROM ballots_receipt ORDER BY xmin::text::bigint")
    ballots = {xmin for (xmin,) in rows("SELECT xmin::text FROM ballots_boxline")}
    assert {xmin for _fingerprint, xmin in receipts} & ballots == set()
    # What the ballots would be if they lay in the order of the votes, or of the codes: they agree with neither but by chance.
    by_code = [choice for _fingerprint, choice in sorted(zip((one for one, _xmin in receipts), choices, strict=True))]
    for order in ("ctid", "id"):
        laid = [choice for (choice,) in rows(f"SELECT choices[1] FROM ballots_boxline ORDER BY {order}")]
        assert agreement(laid, choices) < VOTERS // 2
        assert agreement(laid, by_code) < VOTERS // 2


def test_no_other_row_written_by_a_vote_says_what_it_was(small_poll):
    """Every table is read, before and after six more people vote: what changed is the roll, the ledger, the box, the receipts."""
    link, _voters, _choices, _states = small_poll

    def written():
        found = {}
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                table = model._meta.db_table
                ((digest,),) = rows(
                    f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t"
                )
                found[table] = digest
        return found

    voters = [votes.make_voter() for _ in range(6)]
    for voter in voters:
        votes.person_of(voter)
    before = written()
    for number, voter in enumerate(voters):
        votes.cast(link, [number % 6 + 1], voter=voter)
    after = written()
    assert {table for table in before if before[table] != after[table]} == {
        *("ballots_rollline", "ballots_box", "ballots_receipt"),
        *ledger(link),
    }


def test_sequences_stay_where_they_are_but_that_of_the_ledger(small_poll):
    """A sequence counts the rows of a table, even of those that were refused: none is shared by a person and a ballot."""
    link, _voters, _choices, _states = small_poll
    query = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
    voter = votes.make_voter()
    votes.person_of(voter)
    before = dict(rows(query))
    votes.cast(link, [2], voter=voter)
    assert {name for name, value in rows(query) if before[name] != value} == {
        f"{table}_id_seq" for table in ledger(link)
    }
    before = dict(rows(query))
    actions.count(votation=link.votation, at=votes.closed(link))
    moved = {name for name, value in rows(query) if before[name] != value}
    assert {name for name in moved if name.startswith("ballots")} == set()


@pytest.mark.django_db
def test_memory_shared_by_the_servers_keeps_no_choice(client, redis_server, make):
    link, voter = make(options=("Kiosque", "Fontaine", "Tilleuls")), votes.make_voter()
    client.force_login(voter)
    address = votes.url(link, "cast_vote")
    page = client.post(address, {"choix": "3", "etape": "verifier"}).content.decode()
    token = re.search(r'name="jeton" value="([^"]+)"', page).group(1)
    assert client.post(address, {"choix": "3", "jeton": token, "etape": "voter"}).status_code == 200
    for key in redis_server.scan_iter():
        kind = redis_server.type(key).decode()
        read = {
            "string": redis_server.get,
            "hash": redis_server.hgetall,
            "zset": lambda k: redis_server.zrange(k, 0, -1),
        }
        value = str(read.get(kind, lambda k: b"")(key))
        assert ("Tilleuls" in value, "choix" in value, token in value) == (False, False, False)
    for session in Session.objects.all():
        kept = str(session.get_decoded())
        assert ("choix" in kept, token in kept) == (False, False)


@pytest.mark.parametrize("name", ["erase", "export"])
def test_account_that_closes_or_asks_for_its_data_touches_no_ballot(small_poll, name):
    """While the vote is open, and after the count: the box, the receipts and the ballots are byte for byte the same."""
    link, voters, _choices, _states = small_poll

    def ballots():
        return [
            rows(f"SELECT t::text, t.xmin::text FROM {table} t ORDER BY 1")
            for table in ("ballots_box", "ballots_boxline", "ballots_receipt")
        ]

    def touch(voter):
        if name == "export":
            given = json.dumps(
                [list(holding.export(voter)) for holding in personal_data.holdings() if holding.export], default=str
            )
            assert ("Proposition" in given, "choices" in given) == (False, False)
        else:
            close_account(user=voter)

    before = ballots()
    touch(voters[0])
    assert ballots() == before
    assert RollLine.objects.count() == FEW
    actions.count(votation=link.votation, at=votes.closed(link))
    before = ballots()
    touch(voters[1])
    assert ballots() == before


@pytest.mark.django_db
@pytest.mark.parametrize("choices", [[2], [2] * 4])
def test_small_turnout_tells_nothing_to_anybody(client, choices, make):
    """One voter, or four of one mind: no page, no file, no line of the register says what was chosen, agents included."""
    link = make(options=("Un kiosque", "Une fontaine", "Des bancs"))
    for choice in choices:
        votes.cast(link, [choice])
    actions.count(votation=link.votation, at=votes.closed(link))
    content = RegisterLine.objects.get(act="vote.counted").content
    assert ("voix" in content, "retenues" in content, "blancs" in content) == (False, False, False)
    agent = factories.make_staff(
        *("consultations.change_consultation", "consultations.publish_consultation"),
        *("ideas.change_campaign", "ideas.publish_campaign"),
    )
    addresses = [
        votes.url(link, "vote"),
        votes.staff_url(link),
    ]
    with mock.patch("django.utils.timezone.now", return_value=votes.closed(link) + dt.timedelta(days=2)):
        factories.sign_in(client, agent)
        pages = [client.get(address).content.decode() for address in addresses]
    for page in pages:
        assert not re.search(r"\d+\s*voix|Proposition retenue|100\s*%", page.partition("</header>")[2])


@pytest.mark.django_db
def test_result_shows_at_the_minute_of_the_count_whoever_asks_and_not_when_somebody_voted(client, make):
    """Before the count, the page does not change when a ballot comes: neither its words nor its length."""
    link = make()
    for choice in [1] * 6:
        votes.cast(link, [choice])
    address = votes.url(link, "vote")

    def read():
        return re.sub(r'nonce="[^"]*"', "", client.get(address).content.decode())

    before = read()
    votes.cast(link, [2])
    assert read() == before


@pytest.mark.django_db
def test_district_with_one_voter_stands_beside_no_result(client, make):
    """The ledger knows the district of each person; no figure of a vote is told by district."""
    link = make()
    alone = factories.make_district(name="Quartier d’une seule personne")
    votes.cast(link, [1], voter=votes.make_voter(district=alone))
    for _ in range(8):
        votes.cast(link, [2])
    with mock.patch("django.utils.timezone.now", return_value=votes.closed(link)):
        address = votes.url(link, "vote")
        page = client.get(address).content.decode()
        files = [client.get(f"{address}resultat.{form}").content.decode() for form in ("csv", "json")]
    assert all(alone.name not in told for told in (page, *files))
    assert {field.name for field in RollLine._meta.fields} == {"id", "votation", "person", "channel", "voted_on"}
