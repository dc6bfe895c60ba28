"""Every place where a process of the service may fail, found by counting instead of by marks in its code.

A point is a statement, either side of a commit, either side of a call of the store, and, where asked for, each call
of the file system in the directory store. New code has its points without anybody thinking of them.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from service.db import Database
from storage import local

FILE_CALLS = frozenset({"open", "pwrite", "fsync", "fdatasync", "ftruncate"})


class Mishap(Exception):
    """Something went wrong in the service that nobody expected."""


class Killed(BaseException):
    """`kill -9`: no handler of the service hears of it."""


class SerializationFailure(Exception):
    """What PostgreSQL says when it asks for another try."""

    sqlstate = "40001"


def mishap(name: str) -> None:
    """Raises what nobody expected."""
    raise Mishap(name)


class Blackout(Killed):
    """The power goes: every process dies, and so does what was not synced."""


def blackout(name: str) -> None:
    """Ends the machine."""
    raise Blackout(name)


def killed(name: str) -> None:
    """Ends the process, as far as its code can tell."""
    raise Killed(name)


def busy(name: str) -> None:
    """The database refuses a statement for concurrency; beside a statement nothing happens."""
    if name.startswith("sql"):
        raise OperationalError(name, None, SerializationFailure(name))


Fault = Callable[[str], None]


class Failpoints:
    """Counts points as they are passed, and lets `fault` happen at the one that was chosen."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._left = -1
        self._fault: Fault = mishap

    def arm(self, left: int, fault: Fault) -> None:
        """`fault` happens after `left` more points; what was passed is counted anew."""
        self.passed, self._left, self._fault = [], left, fault

    def disarm(self) -> bool:
        """Nothing happens any more; whether it still would have."""
        waiting, self._left = self._left >= 0, -1
        return waiting

    @contextmanager
    def safe(self) -> Iterator[None]:
        """Nothing fails inside."""
        left, self._left = self._left, -1
        yield
        self._left = left

    def reach(self, name: str) -> None:
        """A point is passed."""
        self.passed.append(name)
        if self._left == 0:
            self._left = -1
            self._fault(name)
        elif self._left > 0:
            self._left -= 1

    def watch(self, database: Database) -> None:
        """Makes points of what a database does."""
        for engine in {database.writer, database.reader}:
            self._watch(engine)

    def _watch(self, engine: Engine) -> None:
        commit: Callable[[Any], None] = engine.dialect.do_commit

        @event.listens_for(engine, "before_cursor_execute")
        def statement(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
            self.reach(f"sql {' '.join(text.split()[:4])}")

        def do_commit(connection: Any) -> None:
            self.reach("before commit")
            commit(connection)
            self.reach("after commit")

        engine.dialect.do_commit = do_commit  # type: ignore[assignment, method-assign]

    def store(self, store: Any) -> Any:
        """The store, with a point on either side of each call."""
        return _Watched(store, self)

    def files(self) -> Any:
        """What stands for `os` in the directory store, with a point before each call of the file system."""
        return _Files(self)


class _Watched:
    def __init__(self, store: Any, points: Failpoints) -> None:
        self._store, self._points = store, points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._points.reach(f"before store.{name}")
            result = found(*args, **kwargs)
            self._points.reach(f"after store.{name}")
            return result

        return call


class _Files(ModuleType):
    def __init__(self, points: Failpoints) -> None:
        super().__init__("os")
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        if name not in FILE_CALLS:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._points.reach(f"os.{name}")
            return found(*args, **kwargs)

        return call


@contextmanager
def watched_files(points: Failpoints) -> Iterator[None]:
    """Inside, the file system of the directory store has points as well."""
    with patch.object(local, "os", points.files()):
        yield
