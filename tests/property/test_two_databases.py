"""SQLite and PostgreSQL come to one end: the same random script through the engine on both (invariant 30)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from auth.errors import AuthError
from bare_engine import TYPES, Engine, Push, counted_salts
from postgres import Postgres
from programme.decision import Decision
from programme.errors import ProgrammeError
from programme.review import decide
from programme.transitions import DECISIONS
from proof import chain
from scripts import FIRST, RECORDS, assembled, pushes, random_scripts
from sync import desk, redaction, tally
from sync.errors import SyncError
from sync.models import LogEntry, Op, Record, ScopeHead

AT_THE_DESK = st.tuples(st.sampled_from(["replay", "accept", "refuse", "decide", "erase", "leave"]), st.integers(0, 9))
DAYS = st.lists(st.one_of(pushes(), pushes(odd=False), AT_THE_DESK), min_size=3, max_size=12)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[list[Engine]]:
    place: Path = tmp_path_factory.mktemp("two")
    urls = [f"sqlite:///{place / 'one.db'}", postgres.fresh()]
    made = [Engine(url) for url in urls]
    yield made
    for engine in made:
        engine.db.close()
    postgres.drop(urls[1])


@random_scripts
@given(drawn=DAYS)
def test_any_script_ends_alike_on_both_databases(engines: list[Engine], drawn: list[Any]) -> None:
    steps = script(drawn)
    lite, large = ([*play(engine, steps)] for engine in engines)
    for step, one, other in zip(steps, lite, large, strict=True):
        assert one == other, step
    one, other = (engine.rows() for engine in engines)
    for table, rows in one.items():
        assert rows == other[table], table
    for who in ("lan", "nam", "ha"):
        assert pages(engines[0], who) == pages(engines[1], who)
    for engine in engines:
        logs_hold(engine)


def script(drawn: list[Any]) -> list[Any]:
    """The pushes among the steps get their numbers; before them come two records."""
    first, *rest = assembled([FIRST, *(step for step in drawn if isinstance(step[1], list))])
    numbered = iter(rest)
    return [first, *(next(numbered) if isinstance(step[1], list) else step for step in drawn)]


def play(engine: Engine, steps: list[Any]) -> Iterator[Any]:
    """What each step was answered."""
    engine.clear()
    with counted_salts():
        for number, step in enumerate(steps):
            if isinstance(step, Push):
                yield engine.play([step])
            elif step[0] == "leave":
                engine.left.add("minh")
                yield None
            else:
                yield at_the_desk(engine, *step, number)


def at_the_desk(engine: Engine, act: str, which: int, number: int) -> Any:
    """What somebody with the right to decides about an op or a record; a refusal is its code."""
    engine.now += 1000
    try:
        return engine.db.write(_ACTS[act], engine, which, number)
    except (SyncError, AuthError, ProgrammeError) as refused:
        return type(refused).__name__


def _op(session: Session, engine: Engine, which: int, *, asking: bool = False) -> str:
    """One of those that wait or were refused, or of those that ask for a person."""
    statuses, ha = ("held", "rejected"), engine.who("ha")
    found = desk.listed(session, ha, statuses=statuses, scopes=None, after=None, limit=50)
    found = [op for op in found if not asking or op["code"] in desk.ASKING]
    return str(found[which % len(found)]["op_id"]) if found else str(UUID(int=which))


def _decided(decision: Callable[..., Any]) -> Callable[[Session, Engine, int, int], Any]:
    def act(session: Session, engine: Engine, which: int, _number: int) -> Any:
        op_id = _op(session, engine, which, asking=decision is desk.accept)
        who = engine.who("ha")
        outcome = decision(session, TYPES, who, op_id, engine.now, engine.authority(session), None)
        return op_id, outcome.status, outcome.code, desk.one(session, who, op_id)

    return act


def _refuse(session: Session, engine: Engine, which: int, _number: int) -> Any:
    op_id = _op(session, engine, which)
    return op_id, desk.refuse(session, TYPES, engine.who("ha"), op_id, "Không rõ", engine.now).status


def _decide(session: Session, engine: Engine, which: int, number: int) -> Any:
    held = session.get(Record, RECORDS[which % 3])
    seen = (held.ver, held.content_digest) if held else (1, "0" * 64)
    asked = Decision(str(UUID(int=number)), RECORDS[which % 3], *seen, DECISIONS[which % 3], "other", "Chưa rõ")
    return orjson.loads(decide(session, TYPES, engine.who("tuan"), asked, engine.now))


def _erase(session: Session, engine: Engine, which: int, number: int) -> Any:
    fields = ["title"] if which < 8 else None
    words = {"reason": "not_needed", "basis": "Luật 91/2025/QH15, Điều 14"}
    return redaction.redact(
        session, TYPES, RECORDS[which % 3], fields, redaction_id=str(UUID(int=number)), actor="ha", now=engine.now,
        **words,
    )  # fmt: skip


_ACTS = {
    "replay": _decided(desk.replay), "accept": _decided(desk.accept), "refuse": _refuse, "decide": _decide,
    "erase": _erase,
}  # fmt: skip


def pages(engine: Engine, account: str) -> list[Any]:
    return [(p.cursor, p.changes, p.heads, p.ends, p.more) for p in engine.pages(account)]


def logs_hold(engine: Engine) -> None:
    """Each scope counts 1, 2, 3 …, its hashes follow from each other, and its tally is that of its records."""
    rows = engine.rows(LogEntry, ScopeHead, Record, Op)
    names = {t: [c.name for c in t.__table__.c] for t in (LogEntry, ScopeHead, Record)}  # type: ignore[attr-defined]
    entries = [dict(zip(names[LogEntry], row, strict=True)) for row in rows["change_log"]]
    records = [dict(zip(names[Record], row, strict=True)) for row in rows["record"]]
    for head in (dict(zip(names[ScopeHead], row, strict=True)) for row in rows["scope_head"]):
        scope, before = head["scope"], chain.START
        log = [e for e in entries if e["scope"] == scope]
        assert [e["seq"] for e in log] == list(range(1, head["seq"] + 1))
        for entry in log:
            header = [entry[name] for name in chain.HEADER]
            before = chain.entry_hash(scope, entry["seq"], before, header, entry["payload_digest"])
            assert before == entry["entry_hash"]
        assert before == head["hash"]
        held = tally.of((r["id"], r["ver"]) for r in records if r["scope"] == scope)
        assert (head["n"], head["xor"]) == held, scope
