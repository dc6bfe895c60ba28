"""What the schedules of one Python process share: a migrated database to copy, applications and their engines.

Applications and engines are built once and used by every schedule: only what they hold is made anew. Luck is part of
it: ids, salts and tokens are drawn from the seed of the schedule, so that a seed plays the same day on every machine.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import IO

from fastapi import FastAPI
from sqlalchemy import text

from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from service import app as composition
from service.clock import ManualClock
from service.db import Database
from service.migration import prepare
from service.settings import Settings
from service.worker import Worker
from simulator.failpoints import Failpoints
from simulator.stack.turns import Turns
from storage.inspection import Found, Looked

START = 1_790_000_000_000
OFFICERS = ("lan", "minh", "nam", "sơn")
REVIEWER = "tuấn"
UNITS = ("09187", "07228")
MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory, where there is one: nothing here has to last


def _takes_all(_source: IO[bytes]) -> Found:
    """The files of a schedule are random bytes; what a decoder thinks of them is not what is played."""
    return Looked(kind="jpeg", check="ok"), {}


class Workshop:
    """What schedules share: a migrated database to copy, two applications, and the engines under them."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="minhchung-", dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self._place.name)
        self.template = self.folder / "template"
        with luck(Random(0)):  # noqa: S311  # see above
            self._prepare(Settings(data_dir=self.template))
        self.settings = Settings(data_dir=self.folder / "machine")
        self.settings.data_dir.mkdir()
        self.turns, self.points = Turns(), Failpoints()
        self.clock = ManualClock(START)
        self.databases = [self._database() for _ in range(2)]
        self.apps = [composition.create_app(self.settings, self.clock) for _ in range(2)]

    def _prepare(self, settings: Settings) -> None:
        """The first morning: everybody has an account, the officers work in the first unit, the reviewer everywhere."""
        prepare(settings, START)
        database = Database(settings.db_url)
        for name in (*OFFICERS, REVIEWER):
            made = database.write(accounts.create_account, OPERATOR, name, name.title(), START)
            role = Grant("*", Role.PROVINCE_APPRAISER) if name == REVIEWER else Grant(UNITS[0], Role.FIELD_OFFICER)
            database.write(accounts.grant, OPERATOR, made.id, role, START)
        with database.writer.begin() as connection:  # reference data of 340 records would be most of each phone's day
            for table in ("record", "change_log", "op", "scope_head"):
                connection.execute(text(f"delete from {table}"))  # noqa: S608  # see above
        database.close()

    def _database(self) -> Database:
        database = Database(self.settings.db_url)
        self.points.watch(database)
        return database

    def furnish(self, number: int) -> FastAPI:
        """A fresh process: the same code, and nothing remembered.

        Its connections are those of the process before, which has rolled back what it was at.
        """
        database, app = self.databases[number], self.apps[number]
        composition.furnish(app.state, self.settings, self.clock, database)
        app.state.store = self.points.store(app.state.store)
        app.state.worker = Worker(replace(app.state.worker.bench, look=_takes_all))
        return app

    def clear(self) -> None:
        """The machine as it was on the first morning."""
        machine = self.settings.data_dir
        for database in self.databases:
            database.close()
        shutil.rmtree(machine / "blobs", ignore_errors=True)
        for path in machine.glob("minhchung.db*"):
            path.unlink()
        shutil.copy(self.template / "minhchung.db", machine)
        self.clock = ManualClock(START)


@contextmanager
def luck(drawn: Random) -> Iterator[None]:
    """What the system calls random is drawn from `drawn` inside: ids, salts, tokens. May be entered again within."""
    system = os.urandom, random._urandom  # type: ignore[attr-defined]  # noqa: SLF001  # what `secrets` draws from
    os.urandom = random._urandom = drawn.randbytes  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        yield
    finally:
        os.urandom, random._urandom = system  # type: ignore[attr-defined]  # noqa: SLF001


@cache
def workshop() -> Workshop:
    """That of this Python process."""
    return Workshop()
