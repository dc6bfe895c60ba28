"""What holds for any script of ops: numbers, answers and groups, on a real database (docs/promises.md)."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bare_engine import FORKED, SCOPES, Engine, Push
from scripts import RECORDS, Script, random_scripts, scripts
from sync.models import LogEntry, OpWait, Record, Replica, Revision, ScopeHead
from sync.outcome import EFFECTIVE


@random_scripts
@given(script=scripts())
def test_an_op_counts_once_however_often_it_comes(engine: Engine, script: Script) -> None:
    engine.clear()
    engine.play(script)
    before = seen(engine)
    again, once_more = engine.play(script), engine.play(script)
    assert seen(engine) == before
    assert again == once_more
    statuses = {r["op_id"]: (r["status"], r["code"]) for answer in again if answer != FORKED for r in answer["results"]}
    assert {s for s, code in statuses.values() if code != "op_id_reuse"} <= {"duplicate"}


def seen(engine: Engine) -> dict[str, Any]:
    """Everything but when a device was last heard of."""
    return {table: rows for table, rows in engine.rows().items() if table != Replica.__tablename__}


@random_scripts
@given(script=scripts(), which=st.integers(0, 40))
def test_one_id_with_another_body_changes_nothing(engine: Engine, script: Script, which: int) -> None:
    engine.clear()
    engine.play(script)
    said = [(sent.device, op) for sent in script for op in sent.ops if isinstance(op, dict) and op.get("op_id") != "no"]
    device, op = said[which % len(said)]
    if op["op_id"] not in engine.statuses():
        return  # its push was refused whole
    before = engine.rows(Record, Revision, LogEntry, ScopeHead, OpWait)
    (result,) = engine.play([Push(device, [{**op, "set": {"title": "Lời không ai nói"}}])])[0]["results"]
    assert (result["status"], result["code"]) == ("rejected", "op_id_reuse")
    assert engine.rows(Record, Revision, LogEntry, ScopeHead, OpWait) == before


BAD = [
    {"type": "boat"}, {"action": "move", "scope": "99999/2026"}, {"set": {"title": 7}}, {"base_ver": "x"},
    {"action": "burn"}, {"actor": "quan"}, {"deps": 3},
]  # fmt: skip


@random_scripts
@given(script=scripts(odd=False), bad=st.lists(st.sampled_from(BAD), min_size=1, max_size=3), at=st.integers(0, 3))
def test_a_refused_op_changes_nothing_for_the_others(engine: Engine, script: Script, bad: list[Any], at: int) -> None:
    engine.clear()
    alone = [numbered(sent, apart=10) for sent in script]
    answers = engine.play(alone)
    records_alone = engine.rows(Record, LogEntry, ScopeHead)
    engine.clear()
    mixed = [Push(s.device, [*s.ops[:at], *poison(s, n, at, bad), *s.ops[at:]]) for n, s in enumerate(alone)]
    poisoned = {op["op_id"] for sent in mixed for op in sent.ops} - {op["op_id"] for sent in alone for op in sent.ops}
    for answer, other in zip(answers, engine.play(mixed), strict=True):
        others = [r for r in other["results"] if r["op_id"] not in poisoned]
        assert [without_doc(r) for r in others] == [without_doc(r) for r in answer["results"]]
        assert {r["status"] for r in other["results"] if r["op_id"] in poisoned} <= {"rejected"}
    assert engine.rows(Record, LogEntry, ScopeHead) == records_alone


def without_doc(result: dict[str, Any]) -> dict[str, Any]:
    """The record stands in the last result about it, which may be that of the refused op."""
    return {**result, "doc": None}


def numbered(sent: Push, apart: int) -> Push:
    """The same with numbers that leave room between them."""
    return Push(sent.device, [{**op, "dev_seq": op["dev_seq"] * apart} for op in sent.ops])


def poison(sent: Push, number: int, at: int, bad: list[Any]) -> list[dict[str, Any]]:
    """Ops that can only be refused, with numbers between those of their neighbours."""
    whole = {"action": "patch", "type": "minutes", "record_id": RECORDS[0], "scope": SCOPES[0], "base_ver": 0}
    first = sent.ops[min(at, len(sent.ops) - 1)]["dev_seq"] + 1
    return [
        {**whole, "op_id": str(UUID(int=(3 << 100) + 10 * number + n)), "dev_seq": first + n, **odd}
        for n, odd in enumerate(bad)
    ]


@random_scripts
@given(script=scripts(8, odd=False))
def test_a_group_takes_effect_whole_or_not_at_all(engine: Engine, script: Script) -> None:
    engine.clear()
    for sent in script:
        engine.play([sent])
        statuses = engine.statuses()
        groups: dict[Any, set[bool]] = {}
        for done in script:
            for op in done.ops:
                if "tx" in op and op["op_id"] in statuses:
                    groups.setdefault((done.device, op["tx"]), set()).add(statuses[op["op_id"]] in EFFECTIVE)
        assert all(len(found) == 1 for found in groups.values()), statuses


@random_scripts
@given(script=scripts())
def test_a_dry_run_answers_as_the_push_and_leaves_no_byte(engine: Engine, script: Script) -> None:
    engine.clear()
    for sent in script:
        before = engine.rows()
        rehearsed = engine.play([sent], dry=True)
        assert engine.rows() == before
        assert engine.play([sent]) == rehearsed


TURNS = st.tuples(st.sampled_from(["phone", "copy"]), st.integers(1, 3))


@random_scripts
@given(sent=st.lists(TURNS, max_size=8), shared=st.integers(0, 3))
def test_a_number_that_is_taken_tells_two_installs_apart(engine: Engine, sent: list[Any], shared: int) -> None:
    """Both go on from the same number: the first push that brings a number of the other is refused, and whole."""
    engine.clear()
    last = dict.fromkeys(("phone", "copy"), shared)
    taken: dict[int, str] = {n + 1: "phone" for n in range(shared)}
    engine.play([Push("lan-1", [edit("phone", n + 1) for n in range(shared)])] if shared else [])
    for who, count in sent:
        numbers = range(last[who] + 1, last[who] + 1 + count)
        before = engine.rows()
        (answer,) = engine.play([Push("lan-1", [edit(who, n) for n in numbers])])
        forked = any(taken.get(n, who) != who for n in numbers)
        assert (answer == FORKED) is forked
        if forked:
            assert engine.rows() == before
            return
        last[who] = numbers[-1]
        taken |= dict.fromkeys(numbers, who)


def edit(who: str, dev_seq: int) -> dict[str, Any]:
    n = (4 << 100) + dev_seq + (1 << 20 if who == "copy" else 0)
    rest = {"type": "minutes", "scope": SCOPES[0], "set": {"title": who}}
    return {"op_id": str(UUID(int=n)), "dev_seq": dev_seq, "action": "create", "record_id": RECORDS[0], **rest}
