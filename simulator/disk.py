"""The disk of a phone: SQLite in memory, which a process can die over at any statement, and which can be copied.

Disks are used again by later schedules: to clear tables is cheaper than to make them, and what was prepared stays so.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minhchung_client.schema import SCHEMA, SCHEMA_MARK

_free: list[sqlite3.Connection] = []


class Crash(Exception):
    """The phone's process died here."""


class Disk:
    """A connection whose process may die: `left` counts the statements that still happen, -1 is no end.

    `execute` is the connection's own where there is no end: most of a schedule is spent in it.
    """

    execute: Callable[..., Any]

    def __init__(self) -> None:
        self.real = _free.pop() if _free else _formatted()
        self.left = -1

    @property
    def left(self) -> int:
        return self._left

    @left.setter
    def left(self, count: int) -> None:
        self._left = count
        self.execute = self.real.execute if count < 0 else self._counted

    def _counted(self, *args: Any) -> Any:
        if self._left == 0:
            raise Crash
        self._left -= 1
        return self.real.execute(*args)

    def executescript(self, script: str) -> Any:
        return self.real.executescript(script)

    @contextmanager
    def safe(self) -> Iterator[None]:
        """Nobody dies over what is done inside."""
        left, self.left = self.left, -1
        yield
        self.left = left

    def restart(self) -> None:
        """The process is gone, and so is what it had not committed."""
        self.left = -1
        if self.real.in_transaction:
            self.real.execute("rollback")

    def copy(self) -> bytes:
        """Everything on it, as a backup of the phone would have it."""
        return self.real.serialize()

    def put_back(self, backup: bytes) -> None:
        """The phone is set up from a backup: it remembers nothing since."""
        self.restart()
        self.real.deserialize(backup)

    def give_back(self) -> None:
        """Nobody needs what is on it any more."""
        self.restart()
        self.real.execute("begin")
        for table in _tables(self.real):
            self.real.execute(f"delete from {table}")  # noqa: S608  # names out of the schema
        self.real.execute("commit")
        _free.append(self.real)


def _formatted() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    made.executescript(f"{SCHEMA}pragma user_version = {SCHEMA_MARK};")
    return made


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("select name from sqlite_schema where type = 'table'")]
