"""Flat cost: a pull of 100 changes, a page of the queue and the progress of a unit, however much exists beside them."""

import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from auth.principal import Grant, Principal, Role
from plans import plan
from programme import intake, queue
from programme.progress import progress_of
from programme.registry import registry
from race.fill import fill
from race.records import records
from race.servers import unit
from race.work import Figures
from service import outset
from service.authority import authority
from service.clock import SystemClock
from service.db import Database
from service.migration import prepare
from service.settings import Settings
from sync.cursor import Cursor, Place, encode, mark
from sync.epoch import current_epoch
from sync.feed import feed, heads_query
from sync.pull import Wanted, pull
from sync.push import Sent
from sync.visibility import view

FEWEST, MOST = 20_000, 2_000_000
CHANGES, TIMES, YEAR = 100, 30, 2026
SECRET = bytes(32)
COORDINATOR = Principal("mai", "desk", (Grant("*", Role.PROVINCE_COORDINATOR),))


class House:
    """A database of one kind, with a scope that grows and a unit that does not."""

    def __init__(self, settings: Settings) -> None:
        prepare(settings, SystemClock().now())
        self.database, self.types = Database(settings.db_url), registry()
        self.scope, self.quiet = f"{unit(0)}/{YEAR}", f"{unit(1)}/{YEAR}"
        self.officer = Principal("lan", "phone", (Grant(unit(0), Role.FIELD_OFFICER), Grant(unit(1), Role.UNIT_HEAD)))
        self.sent = self.filled = 0
        self.template = self.push(self.scope, 1)[0]
        for _ in range(2):
            self.push(self.quiet, CHANGES)

    def push(self, scope: str, count: int) -> list[str]:
        """New records through the engine; their ids."""
        ops = []
        for made in records(f"flat {scope} {self.sent}", count):
            self.sent += 1
            named = {"op_id": str(uuid.uuid4()), "dev_seq": 10**9 + self.sent, "action": "create", "type": "document"}
            fields = {name: made[name] for name in ("title", "kind", "criteria", "captured_at", "place")}
            fields["criteria"] = fields["criteria"][:1]
            ops.append({**named, "record_id": made["id"], "scope": scope, "base_ver": 0, "set": fields})
        sent = [Sent(self.officer, ops)]
        self.database.write(intake.push_all, self.types, sent, SystemClock().now(), authority=authority)
        return [op["record_id"] for op in ops]

    def grow(self, total: int) -> None:
        fill(self.database, self.template, self.scope, self.filled + 2, total)
        self.filled = total

    def caught_up(self) -> str:
        """The cursor of a device that has everything."""

        def made(session: Any) -> str:
            heads = outset.of(session, self.officer).heads
            places = {s: Place(h.seq, mark(h.hash), view(self.officer, s)) for s, h in heads.items()}
            return encode(Cursor(current_epoch(session), self.officer.account_id, places), SECRET)

        return self.database.read(made)

    def times(self) -> Figures:
        """Medians in ms."""
        cursor = self.caught_up()
        pushed = [_ms(lambda: self.push(self.scope, CHANGES))]
        read, now = self.database.read, SystemClock().now()
        page = Wanted(cursor=cursor, limit=1000, max_bytes=4 * 2**20)

        def pulled(session: Any) -> int:
            return len(pull(session, outset.of(session, self.officer), SECRET, page).changes)

        assert read(pulled) == CHANGES
        pushed += [_ms(lambda: self.push(self.quiet, CHANGES)) for _ in range(4)]
        desk = queue.Wanted(YEAR)
        return {
            "pull_100_ms": _median(lambda: read(pulled)),
            "queue_ms": _median(lambda: read(queue.page, COORDINATOR, desk, None, 50, now)),
            "progress_ms": _median(lambda: read(progress_of, self.officer, unit(1), YEAR, now)),
            "push_100_ms": statistics.median(pushed),
        }

    def plans(self) -> dict[str, str]:
        """How the database answers the queries behind the figures."""
        asked = {"scope": self.scope, "after": self.filled // 4, "n": CHANGES + 1}
        put, left = (plan(self.database, query.params(**asked)) for query in feed())
        heads = plan(self.database, heads_query(self.officer))
        places = queue.places_query(None, queue.Wanted(YEAR), None, 51)
        return {"records": put, "left": left, "heads": heads, "queue": plan(self.database, places)}


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_ms(work) for _ in range(TIMES))


def flat(folder: Path, database_url: str, most: int = MOST) -> tuple[dict[str, dict[int, Figures]], dict[str, Any]]:
    """Database -> how many records there are -> figures; and the plans where there are most of them."""
    made = {"postgresql": Settings(data_dir=folder / "flat-pg", database_url=database_url)}
    made["sqlite"] = Settings(data_dir=folder / "flat-lite")
    houses = {name: House(settings) for name, settings in made.items()}
    found: dict[str, dict[int, Figures]] = {name: {} for name in houses}
    for total in sorted({FEWEST, most}):
        with ThreadPoolExecutor(len(houses)) as both:
            list(both.map(lambda house, n=total: house.grow(n), houses.values()))
        for name, house in houses.items():
            found[name][total] = house.times()
            told = ", ".join(f"{k} {v:.2f}" for k, v in found[name][total].items())
            print(f"{name} with {total:,} records: {told}", flush=True)
    plans = {name: house.plans() for name, house in houses.items()}
    for house in houses.values():
        house.database.close()
    return found, plans
