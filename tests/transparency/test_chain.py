import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency import chain

AT = dt.datetime(2026, 11, 22, 21, 15, 4, 512345, tzinfo=dt.UTC)
FACTS = st.dictionaries(
    st.text(max_size=8), st.text(max_size=20) | st.integers() | st.booleans() | st.none(), max_size=3
)
ACTS = st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10), FACTS), max_size=8)


def build(acts):
    lines, previous = [], chain.GENESIS
    for number, (act, subject, facts) in enumerate(acts, start=1):
        content = chain.canonical(number=number, at=AT, act=act, role="agent", subject=subject, facts=facts)
        seal = chain.seal(previous, content)
        lines.append(chain.Line(number, content, previous, seal, AT, act, "agent", subject))
        previous = seal
    return lines


def test_a_line_is_written_in_one_way():
    """The worked example of docs/algorithms/registre.md."""
    content = chain.canonical(
        number=1204,
        at=dt.datetime(2026, 11, 22, 21, 15, 4, 512345, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        act="consultation.published",
        role="agent",
        subject="les-quais",
        facts={"titre": "Les quais"},
    )

    assert content == (
        '{"acte":"consultation.published","faits":{"titre":"Les quais"},"le":"2026-11-22T20:15:04.512345+00:00",'
        '"numero":1204,"objet":"les-quais","par":"agent"}'
    )


def test_the_seal_is_a_sha256_anyone_can_compute():
    # printf '%064d\n{}' 0 | sha256sum
    assert chain.seal(chain.GENESIS, "{}") == "5649d09ed68c17156095d175eef152856c5b1a81c117c409c1e00f096aa6838e"


@pytest.mark.parametrize("facts", [{"a": float("nan")}, {"a": dt.date(2026, 1, 1)}, {"a": {1, 2}}])
def test_facts_that_json_can_not_hold_are_refused(facts):
    with pytest.raises((TypeError, ValueError)):
        chain.canonical(number=1, at=AT, act="a", role="agent", subject="", facts=facts)


def test_an_empty_register_is_intact():
    assert chain.verify([]) == chain.Verdict(chain.START, 0, chain.START, None, "")


@given(ACTS)
def test_what_was_written_is_intact(acts):
    lines = build(acts)
    verdict = chain.verify(lines)

    assert (verdict.broken_at, verdict.reason, verdict.lines) == (None, "", len(lines))
    assert verdict.head == (chain.Link(len(lines), lines[-1].seal) if lines else chain.START)


@given(ACTS.filter(bool), st.data())
def test_the_end_of_a_register_is_checked_from_the_seal_before_it(acts, data):
    lines = build(acts)
    first = data.draw(st.integers(0, len(lines) - 1))
    start = chain.Link(lines[first - 1].number, lines[first - 1].seal) if first else chain.START

    verdict = chain.verify(lines[first:], start=start)

    assert (verdict.start, verdict.lines, verdict.head.number, verdict.broken_at) == (
        start,
        len(lines) - first,
        len(lines),
        None,
    )


@given(ACTS.filter(lambda acts: len(acts) > 1), st.data())
def test_any_change_is_found_at_its_line(acts, data):
    lines = build(acts)
    place = data.draw(st.integers(0, len(lines) - 1))
    field = data.draw(st.sampled_from(["number", "content", "previous", "seal", "at", "act", "role", "subject"]))
    line = lines[place]
    changed = {
        "number": line.number + 1,
        "content": json.dumps({**json.loads(line.content), "par": "autre"}),
        "previous": "f" * 64,
        "seal": "f" * 64,
        "at": AT + dt.timedelta(microseconds=1),
        "act": line.act + "x",
        "role": line.role + "x",
        "subject": line.subject + "x",
    }[field]
    lines[place] = line._replace(**{field: changed})

    verdict = chain.verify(lines)

    reasons = {"number": "number", "previous": "previous", "content": "seal", "seal": "seal"}
    assert (verdict.broken_at, verdict.lines, verdict.reason) == (place + 1, place, reasons.get(field, "content"))


@given(ACTS.filter(lambda acts: len(acts) > 1), st.data())
def test_a_line_taken_out_is_found(acts, data):
    lines = build(acts)
    place = data.draw(
        st.integers(0, len(lines) - 2)
    )  # the last one leaves a shorter chain that is right: the method says so
    del lines[place]

    assert (chain.verify(lines).broken_at, chain.verify(lines).reason) == (place + 1, "number")


def test_a_line_rewritten_with_its_seal_breaks_the_next_one():
    lines = build([("a", "", {}), ("b", "", {}), ("c", "", {})])
    forged = chain.canonical(number=2, at=AT, act="z", role="agent", subject="", facts={})
    lines[1] = lines[1]._replace(act="z", content=forged, seal=chain.seal(lines[1].previous, forged))

    assert chain.verify(lines) == chain.Verdict(chain.START, 2, chain.Link(2, lines[1].seal), 3, "previous")
