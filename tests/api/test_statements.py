"""How many statements a push and a pull cost: a fixed number, whatever the size of the batch (protocol C.3, C.12)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from people import Province
from service.db import Database

PUSH, PAGE = 30, 8  # statements of a push of new records and of a page, begin and rights included


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """What is sent to the database meanwhile; many rows by one prepared statement count once."""
    found: list[str] = []

    def heard(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(" ".join(statement.split()))

    for engine in {db.writer, db.reader}:
        event.listen(engine, "before_cursor_execute", heard)
    yield found
    for engine in {db.writer, db.reader}:
        event.remove(engine, "before_cursor_execute", heard)


def test_a_batch_costs_a_fixed_number_of_statements_and_locks_heads_last(province: Province) -> None:
    lan = province["lan"]
    cost = []
    for size in (1, 10, 500):
        ops = [lan.op("create", set={"title": "Họp tổ", "criteria": ["PH-A02"]}) for _ in range(size)]
        with statements(province.db) as found:
            lan.push(*ops)
        cost.append(len(found))
        heads = [n for n, s in enumerate(found) if re.search(r"FROM scope_head.* (FOR UPDATE|ORDER BY)", s)]
        locks = [n for n, s in enumerate(found) if "FOR UPDATE" in s or "pg_advisory" in s]
        assert heads
        assert not locks or max(locks) in heads
    assert max(cost[1:]) <= PUSH, cost
    assert cost[1] == cost[2], cost
    patches = [lan.op("patch", op["record_id"], base_ver=1, set={"title": "Họp tổ 3"}) for op in ops]
    with statements(province.db) as found:
        lan.push(*patches)
    assert len(found) <= PUSH


def test_a_page_is_read_on_one_snapshot(province: Province) -> None:
    lan = province["lan"]
    lan.push(*(lan.op("create", set={"title": "Họp tổ"}) for _ in range(100)))
    cursor = lan.pull()["cursor"]
    cost = {}
    for size in (1, 90):
        lan.push(*(lan.op("create", set={"title": "Họp tổ"}) for _ in range(size)))
        with statements(province.db) as found:
            page = lan.post("/v1/sync/pull", {"cursor": cursor}).json()
        assert len(page["changes"]) == size
        cursor, cost[size] = page["cursor"], len(found)
    assert cost[1] == cost[90] <= PAGE, cost
    if not province.db.is_sqlite:  # there a page is one read transaction of the write-ahead log
        seen: list[Any] = []
        province.db.read(lambda session: seen.append(session.connection().get_isolation_level()))
        assert seen == ["REPEATABLE READ"]
