"""What a replica keeps, whatever it is told and whenever its process dies."""

import copy
import json
import sqlite3
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minhchung_client import Garbled, Replica, uuid7

EPOCH = "00000000-0000-4000-8000-000000000001"
SCOPES = ("A1/2026", "B2/2026")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from([2**70, 0.5, "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


class Still:
    """A clock that stands."""

    boot_id = "boot"

    def wall(self) -> int:
        return 1_790_000_000_000

    def mono(self) -> int:
        return 0


class Dying:
    """A connection whose process dies at its n-th statement."""

    def __init__(self, real: sqlite3.Connection, left: int) -> None:
        self.real, self.left = real, left

    def execute(self, *args: Any) -> Any:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return self.real.execute(*args)

    def executescript(self, script: str) -> Any:
        return self.real.executescript(script)


def replica_on(connection: Any) -> Replica:
    counter = iter(range(1, 1_000_000))
    return Replica(connection, clock=Still(), new_id=lambda _now: str(uuid.UUID(int=next(counter))))


def fresh() -> Replica:
    # What is thrown away may be closed by the thread of another test.
    real = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    replica = replica_on(real)
    weakref.finalize(replica, real.close)
    return replica


def dump(connection: sqlite3.Connection) -> list[str]:
    return list(connection.iterdump())


def doc(record_id: str, ver: int, scope: str = SCOPES[0]) -> dict[str, Any]:
    data = {"title": f"{record_id} {ver}"}
    return {"id": record_id, "type": "thing", "scope": scope, "ver": ver, "deleted": False, "data": data} | {
        "conflicts": [{"field": "title", "current": {"v": "a"}, "others": [{"v": "b"}]}],
        "files": {"f" * 64: {"state": "missing"}},
        "state": "needs_info",
        "authors": ["lan"],
        "review": {"comment": "Thiếu"},
    }


def page(changes: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
    base = {"epoch": EPOCH, "cursor": "c1", "more": False, "removed": [], "reload": [], "heads": {}}
    return {**base, "changes": changes, **rest}


def put(record_id: str, ver: int, scope: str = SCOPES[0]) -> dict[str, Any]:
    return {"scope": scope, "seq": ver, "kind": "put", "record": doc(record_id, ver, scope)}


def left(record_id: str, ver: int, scope: str = SCOPES[0]) -> dict[str, Any]:
    return {"scope": scope, "seq": ver, "kind": "left", "id": record_id, "ver": ver}


def answer(ops: list[dict[str, Any]], status: str = "applied") -> dict[str, Any]:
    results = [
        {"op_id": o["op_id"], "dev_seq": o["dev_seq"], "status": status, "record": doc(o["record_id"], 1)} for o in ops
    ]
    return {"epoch": EPOCH, "results": results}


def busy() -> Replica:
    """A replica with records, waiting edits, a file and a held op."""
    replica = fresh()
    replica.apply_page(page([put("r1", 3), put("r2", 1, SCOPES[1])], cursor="c0"))
    file = {"sha256": "f" * 64, "size": 3, "mime": "image/jpeg", "name": "Ảnh.jpg"}
    replica.edit("create", "thing", SCOPES[0], "r3", set={"title": "Mới"}, files=[file])
    replica.apply_results(answer(replica.batch(), "held"))
    replica.edit("patch", "thing", SCOPES[0], "r1", set={"title": "Sửa"}, add={"tags": ["a"]}, inc={"count": 1})
    replica.put("account_id", "lan")
    return replica


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(p for name, part in inner for p in places(part, (*at, name)))]


def spoilt(value: Any, path: tuple[Any, ...], garbage: Any) -> Any:
    if not path:
        return garbage
    found = copy.deepcopy(value)
    part = found
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = garbage
    return found


@settings(max_examples=600, deadline=None)
@given(st.data(), JSON)
def test_an_answer_with_anything_wrong_in_it_is_taken_whole_or_changes_nothing(
    data: st.DataObject, garbage: Any
) -> None:
    replica = busy()
    waiting = replica.batch()
    good: list[tuple[Callable[[Any], Any], Any]] = [
        (replica.apply_page, page([put("r1", 4), left("r2", 2, SCOPES[1])], removed=["X"], reload=[SCOPES[0]])),
        (replica.apply_results, answer(waiting)),
    ]
    take, whole = data.draw(st.sampled_from(good))
    before = dump(replica.connection)
    try:
        take(spoilt(whole, data.draw(st.sampled_from(places(whole))), garbage))
    except Garbled:
        assert dump(replica.connection) == before
    answered = {body for (body,) in replica.connection.execute("select body from sent")}
    kept = replica.batch() + [op for op in map(json.loads, answered) if op in waiting]
    assert all(op in kept for op in waiting)
    replica.records()
    replica.inbox()


ACTS: dict[str, Callable[[Replica], object]] = {
    "a page": lambda r: r.apply_page(page([put("r1", 4), left("r2", 2, SCOPES[1])], removed=[SCOPES[1]])),
    "the last page of a reload": lambda r: r.apply_page(page([put("r9", 1)], reload=[SCOPES[0]])),
    "results": lambda r: r.apply_results(answer(r.batch())),
    "an edit": lambda r: r.edit("patch", "thing", SCOPES[0], "r1", set={"title": "Hai"}),
    "a new epoch": lambda r: r.begin_epoch("restored"),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_killed_at_any_statement_it_is_as_before_or_as_after(act: str) -> None:
    start = busy()
    before, image = dump(start.connection), start.connection.serialize()
    after: list[str] = []
    for left_over in range(60):
        real = sqlite3.connect(":memory:", isolation_level=None)
        real.deserialize(image)
        dying = Dying(real, -1)
        replica = replica_on(dying)
        dying.left = left_over
        try:
            ACTS[act](replica)
        except KeyboardInterrupt:
            if real.in_transaction:
                real.execute("rollback")
            assert dump(real) == before
        else:
            after = after or dump(real)
            assert dump(real) == after != before
        real.close()
    assert after, "never ran to its end"


CHANGE = st.builds(
    lambda kind, n, ver, scope: (put if kind else left)(f"r{n}", ver, scope),
    st.booleans(), st.integers(1, 3), st.integers(1, 6), st.sampled_from(SCOPES),
)  # fmt: skip
STEP = st.one_of(
    st.tuples(st.just("page"), st.lists(CHANGE, max_size=5)),
    st.tuples(st.just("removed"), st.sampled_from(SCOPES)),
    st.tuples(st.just("reload"), st.sampled_from(SCOPES)),
    st.tuples(st.just("edit"), st.integers(1, 4)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_nothing_that_is_pulled_touches_what_waits(steps: list[tuple[str, Any]]) -> None:
    replica = fresh()
    made: list[str] = []
    for what, value in steps:
        if what == "edit":
            replica.edit("patch", "thing", SCOPES[0], f"r{value}", set={"title": "x"})
            made.append(replica.connection.execute("select body from outbox order by dev_seq desc").fetchone()[0])
        else:
            replica.apply_page(page(value) if what == "page" else page([], **{what: [value]}))
        held = [body for (body,) in replica.connection.execute("select body from outbox order by dev_seq")]
        assert held == made
    assert [json.loads(body)["dev_seq"] for body in made] == list(range(1, len(made) + 1))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CHANGE, max_size=4), max_size=8))
def test_a_version_never_goes_back(pages: list[list[dict[str, Any]]]) -> None:
    replica = fresh()
    best: dict[str, int] = {}
    for changes in pages:
        replica.apply_page(page(changes))
        now = dict(replica.connection.execute("select id, ver from base").fetchall())
        assert all(now[record_id] >= ver for record_id, ver in best.items())
        best = now
    puts = {(c["record"]["id"], c["record"]["ver"]) for changes in pages for c in changes if c["kind"] == "put"}
    assert {(d["id"], d["ver"]) for d in replica.base()} <= puts


@given(st.lists(st.integers(0, 60_000), max_size=150))
@settings(max_examples=30, deadline=None)
def test_batches_are_in_order_and_within_bounds_and_leave_nothing_behind(sizes: list[int]) -> None:
    replica, sent = fresh(), []
    for size in sizes:
        replica.edit("create", "thing", SCOPES[0], set={"title": "ộ" * size})
    while batch := replica.batch():
        assert len(batch) <= 100
        assert sum(len(json.dumps(op, ensure_ascii=False).encode()) for op in batch) <= 520 * 1024
        sent += [op["dev_seq"] for op in batch]
        replica.apply_results(answer(batch))
    assert sent == list(range(1, len(sizes) + 1))


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_ids_are_uuid7_and_sort_by_time(now: int, noise: bytes) -> None:
    made = uuid.UUID(uuid7(now, lambda _n: noise))
    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, now)
