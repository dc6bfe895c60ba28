"""The service of a schedule: a machine with a disk, two processes on it, and a clock that others move.

A process that dies loses everything but the database and the store; the other one goes on. Applications and engines
are built once and used by every schedule of this Python process: only what they hold is made anew.
"""

import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import IO, Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from auth import accounts, sessions
from auth.accounts import OPERATOR
from auth.clients import Install
from auth.principal import Grant
from auth.tokens import issue_access
from service import app as composition
from service.clock import ManualClock
from service.db import Database
from service.migration import prepare
from service.settings import Settings
from service.worker import Worker
from simulator.failpoints import Failpoints, Killed
from simulator.stack.turns import Turns
from storage.inspection import Found, Looked

START = 1_790_000_000_000
OFFICERS = ("lan", "minh", "nam", "sơn")
REVIEWER = "tuấn"
MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory, where there is one: nothing here has to last


def _takes_all(_source: IO[bytes]) -> Found:
    """The files of a schedule are random bytes; what a decoder thinks of them is not what is played."""
    return Looked(kind="jpeg", check="ok"), {}


class Workshop:
    """What schedules share: a migrated database to copy, two applications, and the engines under them."""

    def __init__(self) -> None:
        place = tempfile.mkdtemp(prefix="minhchung-", dir=MEMORY if MEMORY.is_dir() else None)
        self.folder, self.template = Path(place), Path(place) / "template"
        settings = Settings(data_dir=self.template)
        prepare(settings, START)
        database = Database(settings.db_url)
        for name in (*OFFICERS, REVIEWER):
            database.write(accounts.create_account, OPERATOR, name, name.title(), START)
        with database.writer.begin() as connection:  # reference data of 340 records would be most of each phone's day
            for table in ("record", "change_log", "op", "scope_head"):
                connection.execute(text(f"delete from {table}"))  # noqa: S608  # see above
        database.close()
        self.settings = Settings(data_dir=self.folder / "machine")
        self.settings.data_dir.mkdir()
        self.turns, self.points = Turns(), Failpoints()
        self.clock = ManualClock(START)
        self.databases = [self._database() for _ in range(2)]
        self.apps = [composition.create_app(self.settings, self.clock) for _ in range(2)]

    def _database(self) -> Database:
        database = Database(self.settings.db_url)
        self.points.watch(database)
        return database

    def furnish(self, number: int) -> FastAPI:
        """A fresh process: the same code, and nothing remembered."""
        database, app = self.databases[number], self.apps[number]
        database.close()
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


@cache
def workshop() -> Workshop:
    """That of this Python process."""
    return Workshop()


class Site:
    """Two processes of the service on one machine, for one schedule."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.shop = rng, workshop()
        self.shop.clear()
        self.points, self.turns, self.clock = self.shop.points, self.shop.turns, self.shop.clock
        self.generations = [0, 0]
        self.apps = [self.shop.furnish(number) for number in range(2)]
        self.deaths = 0

    @property
    def database(self) -> Database:
        """A process's way to the database; both lead to one file."""
        database: Database = self.apps[0].state.database
        return database

    @property
    def state(self) -> Any:
        """What the first process holds."""
        return self.apps[0].state

    def carry(self, request: httpx.Request, body: list[bytes], *, whole: bool = True) -> httpx.Response:
        """The answer of one of the processes. Raises httpx.ReadError where it died over the request."""
        number = self.rng.randrange(2)
        born = self.generations[number]

        def alive() -> None:
            if self.generations[number] != born:
                raise Killed

        try:
            return self.turns.run(self.apps[number], request, body, whole=whole, alive=alive)
        except Killed:
            if self.generations[number] == born:
                self.kill(number)
            raise httpx.ReadError("the service died", request=request) from None

    def kill(self, number: int) -> None:
        """A process dies, and another takes its place at once."""
        self.deaths += 1
        self.generations[number] += 1
        self.shop.furnish(number)

    def work(self) -> int:
        """A worker does what waits; it may die over it."""
        try:
            return self.state.worker.drain()
        except Killed:
            self.kill(0)
        except Exception:  # noqa: BLE001, S110  # whatever it is: the job is due again when its lease ends
            pass
        return 1

    def attend(self) -> None:
        """The duties that have come round."""
        with self.points.safe():
            self.state.worker.attend()

    def grant(self, account: str, given: Grant, *, safe: bool = True) -> None:
        """The office gives a role; its own work fails only where that is wanted."""
        with self.points.safe() if safe else nullcontext():
            self.database.write(accounts.grant, OPERATOR, self._id(account), given, self.clock.now())

    def revoke(self, account: str, given: Grant) -> None:
        """The office takes it back."""
        with self.points.safe():
            self.database.write(accounts.revoke_grant, OPERATOR, self._id(account), given, self.clock.now())

    def sign_in(self, account: str, install: str, device: str) -> dict[str, str]:
        """A session for somebody who stands in the office, without the slow password."""
        state, now = self.state, self.clock.now()
        with self.points.safe():
            account_id = self._id(account)
            made = self.database.write(sessions.sign_in, account_id, Install(install, device), now)
        token = issue_access(state.keyring.current(), state.settings.public_url, account_id, made.client_id, now)
        names = {"account_id": account_id, "client_id": made.client_id, "refresh_token": made.refresh_token}
        return names | {"access_token": token}

    def _id(self, account: str) -> str:
        return self.database.read(accounts.account_id_of, account)
