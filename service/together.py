"""Group commit: transactions that wait for the one writer of SQLite share a commit, and so one sync to the disk.

While one group is written the next one gathers. Whoever is alone has a transaction to itself, as without this module;
in a group each has a savepoint, so that one that fails takes nothing of the others with it.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

T = TypeVar("T")
Keep = Callable[[Connection, Callable[[Session], Any]], tuple[Any, set[str]]]
MOST = 16  # in one group: the first one waits for all


class _Place:
    """One transaction in the queue. Called and not settled: it leads the next group, or has to run alone."""

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self.work = work
        self.called = threading.Event()
        self.settled = self.alone = False
        self.result: Any = None
        self.error: Exception | None = None
        self.touched: set[str] = set()


class Together:
    """The queue before the writing connection of `engine`; `keep` does work within a transaction that is open there."""

    def __init__(self, engine: Engine, keep: Keep) -> None:
        self._engine, self._keep = engine, keep
        self._lock = threading.Lock()
        self._queue: list[_Place] = []
        self._busy = False

    def run(self, work: Callable[[Session], T], alone: Callable[[], T]) -> tuple[T, set[str]]:
        """What `work` gives, committed, and what it touched, where nobody was told of that yet.

        `alone` does the same in a transaction of its own, for when nobody else waits and for when a group has failed.
        """
        place = _Place(work)
        with self._lock:
            self._queue.append(place)
            leads, self._busy = not self._busy, True
        if not leads:
            place.called.wait()
        if not place.settled:
            try:
                group = self._next()
                if len(group) == 1 or not self._commit(group):
                    return alone(), set()
            finally:
                self._hand_over()
        if place.error:
            raise place.error
        return place.result, place.touched

    def _next(self) -> list[_Place]:
        """The head of the queue, which is the caller, and those who may go with it."""
        with self._lock:
            stop = 1
            if not self._queue[0].alone:
                while stop < min(MOST, len(self._queue)) and not self._queue[stop].alone:
                    stop += 1
            group, self._queue = self._queue[:stop], self._queue[stop:]
        return group

    def _commit(self, group: list[_Place]) -> bool:
        """Commits a group. False where the database refused any of it: nothing is stored, and each has to go alone."""
        try:
            with self._engine.begin() as connection:
                for place in group:
                    self._work(place, connection)
        except Exception:  # noqa: BLE001  # whatever it was, those who wait must not wait for ever
            for place in group:
                place.settled, place.alone = False, True
            with self._lock:
                self._queue[:0] = group[1:]
            return False
        for place in group[1:]:
            place.called.set()
        return True

    def _work(self, place: _Place, connection: Connection) -> None:
        try:
            place.result, place.touched = self._keep(connection, place.work)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001  # its savepoint is rolled back; the one that waits for it raises it
            place.error = error
        place.settled = True

    def _hand_over(self) -> None:
        with self._lock:
            self._busy = bool(self._queue)
            if self._busy:
                self._queue[0].called.set()
