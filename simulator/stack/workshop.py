"""What the schedules of one Python process share: a migrated database to copy, applications and their engines.

Applications and engines are built once and used by every schedule: only what they hold is made anew. Luck is part of
it: ids, salts and tokens are drawn from the seed of the schedule, so that a seed plays the same day on every machine.
"""

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import IO
from unittest.mock import patch

from alembic import command as alembic_command
from fastapi import FastAPI
from sqlalchemy import Table, text
from sqlmodel import Session

from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from service import app as composition
from service import backup_tables
from service import restore as restoring
from service.clock import ManualClock
from service.db import Database
from service.migration import prepare
from service.settings import Settings
from service.signed_list import Manifest
from service.worker import Worker
from simulator.failpoints import Failpoints
from simulator.stack.power import Power
from simulator.stack.turns import Turns
from storage.inspection import Found, Looked

START = 1_790_000_000_000
OFFICERS = ("lan", "minh", "nam", "sơn")
REVIEWERS = ("tuấn", "vân")
UNITS = ("09187", "07228")
YEAR = 2026
MOST_PHONES = 5
MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory, where there is one: nothing here has to last


def _takes_all(_source: IO[bytes]) -> Found:
    """The files of a schedule are random bytes; what a decoder thinks of them is not what is played."""
    return Looked(kind="jpeg", check="ok"), {}


class Workshop:
    """What schedules share: a migrated database to copy, two applications, and the engines under them."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="minhchung-", dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self._place.name)
        self.template, self.tables = self.folder / "first-morning.db", self.folder / "tables.db"
        self.backups = self.folder / "backups"
        self._schema: list[Table] = []
        with luck(Random(0)):  # noqa: S311  # see above
            self._prepare(Settings(data_dir=self.folder / "template"))
        self.settings = Settings(data_dir=self.folder / "machine")
        self.settings.data_dir.mkdir()
        self.power = Power(self.settings.data_dir / "blobs")
        self.turns, self.points = Turns(), Failpoints()
        self.clock = ManualClock(START)
        self.databases = [self._database() for _ in range(2)]
        self.apps = [composition.create_app(self.settings, self.clock) for _ in range(2)]

    def _prepare(self, settings: Settings) -> None:
        """The first morning: everybody has an account, the officers work in the first unit, the reviewer everywhere."""
        prepare(settings, START)
        shutil.copy(settings.data_dir / "minhchung.db", self.tables)
        _clear(self.tables)
        database = Database(settings.db_url)
        for name in (*OFFICERS, *REVIEWERS):
            made = database.write(accounts.create_account, OPERATOR, name, name.title(), START)
            role = Grant("*", Role.PROVINCE_APPRAISER) if name in REVIEWERS else Grant(UNITS[0], Role.FIELD_OFFICER)
            database.write(accounts.grant, OPERATOR, made.id, role, START)
        with database.writer.begin() as connection:  # reference data of 340 records would be most of each phone's day
            for table in ("record", "change_log", "op", "scope_head"):
                connection.execute(text(f"delete from {table}"))  # noqa: S608  # see above
        database.close()
        shutil.copy(settings.data_dir / "minhchung.db", self.template)

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

    def restore(self, manifest: Manifest) -> None:
        """The machine as a backup has it. Its tables come from a copy: to migrate from nothing takes a second."""
        self._empty()
        migrated = patch.object(alembic_command, "upgrade", lambda *_: self._lay(self.tables))
        with migrated, self.schema_known(), patch.object(restoring, "upgrade", lambda _settings: None):
            restoring.restore(manifest, self.settings, self.clock.now())

    def schema_known(self) -> AbstractContextManager[object]:
        """Inside, backups ask the database for its schema the first time only: it never changes here."""
        ask = backup_tables._reflected  # noqa: SLF001  # half the time of a backup of a small database

        def known(session: Session) -> list[Table]:
            self._schema = self._schema or ask(session)
            return self._schema

        return patch.object(backup_tables, "_reflected", known)

    def _empty(self) -> None:
        for database in self.databases:
            database.close()
        shutil.rmtree(self.settings.data_dir / "blobs", ignore_errors=True)
        self.power.forget()
        self._lay(None)

    def _lay(self, database: Path | None) -> None:
        for path in self.settings.data_dir.glob("minhchung.db*"):
            path.unlink()
        if database:
            shutil.copy(database, self.settings.data_dir / "minhchung.db")

    def clear(self) -> None:
        """The machine as it was on the first morning."""
        self._empty()
        self._lay(self.template)
        shutil.rmtree(self.backups, ignore_errors=True)
        self.clock = ManualClock(START)


def _clear(database: Path) -> None:
    """Takes every row out but the mark of the migrations."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        names = connection.execute("select name from sqlite_schema where type = 'table'").fetchall()
        for (name,) in names:
            if name != "alembic_version" and not name.startswith("sqlite_"):
                connection.execute(f"delete from {name}")  # noqa: S608  # names out of the schema


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
