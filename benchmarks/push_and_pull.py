"""How much the engine costs beside the bare database: the same records, pushed and pulled, and merely written and read.

Both write batches of 100 durably to SQLite (WAL, synchronous=FULL) on the same disk, turn by turn. Figures are medians
of `ROUNDS` and only the ratio carries over to another machine.
"""

import json
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from auth.principal import Grant, Principal, Role
from programme import intake
from programme.registry import registry
from service import outset
from service.authority import authority
from service.clock import SystemClock
from service.db import Database
from service.migration import prepare
from service.settings import Settings
from sync.pull import Wanted, pull
from sync.push import Sent
from sync.types import Registry

RECORDS, BATCH, ROUNDS = 5_000, 100, 3
NOTE = "Biên bản họp tổ dân phố về công tác tuần tra và tuyên truyền. " * 8
SECRET = bytes(32)


def ops(first: int) -> Iterator[list[dict[str, Any]]]:
    """Batches of new minutes of about a kilobyte each."""
    for start in range(first, first + RECORDS, BATCH):
        yield [new(n) for n in range(start + 1, start + BATCH + 1)]


def new(n: int) -> dict[str, Any]:
    named = {"op_id": str(uuid.uuid4()), "dev_seq": n, "record_id": str(uuid.uuid4()), "scope": "09187/2026"}
    return {**named, "action": "create", "type": "minutes", "base_ver": 0, "set": {"title": f"Họp {n}", "body": NOTE}}


def rate(work: Callable[[], object]) -> float:
    """Records a second."""
    start = time.perf_counter()
    work()
    return RECORDS / (time.perf_counter() - start)


def bare_write(path: Path, batches: list[list[dict[str, Any]]]) -> None:
    """What the disk and SQLite take by themselves: one row for each op, nothing looked at."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table r (id primary key, doc)")
    for batch in batches:
        connection.execute("begin immediate")
        connection.executemany("insert into r values (?, ?)", [(o["op_id"], json.dumps(o)) for o in batch])
        connection.execute("commit")
    connection.close()


def pull_all(database: Database, principal: Principal) -> None:
    cursor, more = None, True
    while more:
        wanted = Wanted(cursor, limit=1000, max_bytes=4 * 2**20)
        page = database.read(lambda session, w=wanted: pull(session, outset.of(session, principal), SECRET, w))
        cursor, more = page.cursor, page.more


def push_one(database: Database, types: Registry, principal: Principal, batch: list[dict[str, Any]]) -> None:
    database.write(intake.push_all, types, [Sent(principal, batch)], SystemClock().now(), authority=authority)


def main() -> None:
    """Prints the medians and the ratio."""
    pushed, pulled, written = [], [], []
    principal = Principal("lan", "phone", (Grant("09187", Role.FIELD_OFFICER),))
    types, clock = registry(), SystemClock()
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(data_dir=Path(folder))
            prepare(settings, clock.now())
            database = Database(settings.db_url)
            batches = list(ops(0))
            pushed.append(rate(lambda b=batches, d=database: [push_one(d, types, principal, o) for o in b]))
            pulled.append(rate(lambda d=database: pull_all(d, principal)))
            written.append(rate(lambda b=batches, f=folder: bare_write(Path(f) / "bare.db", b)))
            database.close()
        print(f"round {number + 1} of {ROUNDS} done", flush=True)
    push, first, bare = (statistics.median(found) for found in (pushed, pulled, written))
    print(f"push        {push:10,.0f} records/s, {push / bare:.2f} of the bare database")
    print(f"first pull  {first:10,.0f} records/s")
    print(f"bare write  {bare:10,.0f} records/s")


if __name__ == "__main__":
    main()
