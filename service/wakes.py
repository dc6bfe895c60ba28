"""Who waits for news of which scopes, and how news comes to them (protocol P19).

A wake carries no data: whoever hears one pulls. SQLite has one process; on PostgreSQL the processes tell each other by
LISTEN and NOTIFY over one connection each, apart from the pool. Waiting holds no thread and no connection.
"""

import asyncio
import contextlib
import json
import logging
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

log = logging.getLogger(__name__)
CHANNEL = "minhchung"
NAMED: dict[str, Any] = {"application_name": "minhchung-wakes", "connect_timeout": 10}
EVERYBODY = "*"  # in place of a list of scopes that one notification cannot hold
MOST = 7000  # bytes of one notification; PostgreSQL takes 8000
Sees = Callable[[str], bool]


class Waiter:
    """One that waits, in the event loop where it was made."""

    def __init__(self, sees: Sees) -> None:
        self.sees = sees
        self._loop = asyncio.get_running_loop()
        self._heard = asyncio.Event()

    def hear(self) -> None:
        """From any thread."""
        with contextlib.suppress(RuntimeError):  # its loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._heard.set)

    async def wait(self, seconds: float) -> bool:
        """Whether there was news since the last wait, or is within `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        heard = self._heard.is_set()
        self._heard.clear()
        return heard


class Wakes:
    """All that wait in this process. `dsn`: the PostgreSQL over which processes tell each other, if there is one."""

    def __init__(self, dsn: str | None = None) -> None:
        self._waiters: set[Waiter] = set()
        self._lock = threading.Lock()
        self.dismissed = False
        self._line = Line(dsn, self.tell) if dsn else None

    def start(self) -> None:
        if self._line:
            self._line.start()

    def stop(self) -> None:
        if self._line:
            self._line.stop()

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    @contextmanager
    def waiter(self, sees: Sees) -> Iterator[Waiter]:
        """Registers one that waits for scopes that it `sees`; to be made before it looks for the last time."""
        made = Waiter(sees)
        with self._lock:
            self._waiters.add(made)
        if self.dismissed:
            made.hear()
        try:
            yield made
        finally:
            with self._lock:
                self._waiters.discard(made)

    def dismiss(self) -> None:
        """Sends everybody away, now and from now on: this process is about to end, and another one will have them."""
        self.dismissed = True
        self.tell({EVERYBODY})

    def announce(self, scopes: set[str]) -> None:
        """Something was committed in these scopes: tells everybody, here and in the other processes."""
        self.tell(scopes)
        if self._line:
            self._line.send(scopes)

    def tell(self, scopes: set[str]) -> None:
        """Wakes those here that see one of `scopes`."""
        with self._lock:
            waiters = list(self._waiters)
        for waiter in waiters:
            if EVERYBODY in scopes or any(map(waiter.sees, scopes)):
                waiter.hear()


class Line:
    """The connection of this process to the others: one thread that listens, and sends what it is given."""

    def __init__(self, dsn: str, heard: Callable[[set[str]], None]) -> None:
        self._dsn, self._heard = dsn, heard
        self._lock = threading.Lock()
        self._outgoing: set[str] = set()
        self._bell, self._ring = os.pipe()
        os.set_blocking(self._ring, False)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="minhchung-wakes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._touch()
        if self._thread:
            self._thread.join()
            self._thread = None

    def send(self, scopes: set[str]) -> None:
        with self._lock:
            self._outgoing |= scopes
        self._touch()

    def _touch(self) -> None:
        with contextlib.suppress(BlockingIOError):  # the bell is ringing already
            os.write(self._ring, b"!")

    def _run(self) -> None:
        pause = 0.1
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, **NAMED) as connection:
                    connection.execute(f"listen {CHANNEL}".encode())
                    self._heard({EVERYBODY})  # something may have been missed while there was no line
                    pause = 0.1
                    self._serve(connection)
            except psycopg.Error as error:
                log.warning("no line to the other processes: %s", type(error).__name__)
                self._stopping.wait(pause)
                pause = min(10.0, pause * 2)

    def _serve(self, connection: psycopg.Connection) -> None:
        me = connection.info.backend_pid
        while not self._stopping.is_set():
            # A quiet line is asked for a sign of life now and then: a network may drop one without a word.
            ready, _, _ = select.select([connection.fileno(), self._bell], [], [], 15)
            if self._bell in ready:
                os.read(self._bell, 4096)
            if not ready:
                connection.execute(b"select 1")
            for message in _messages(self._take()):
                connection.execute("select pg_notify(%s, %s)", (CHANNEL, message))
            for note in connection.notifies(timeout=0):
                if note.pid != me:
                    self._heard(_scopes(note.payload))

    def _take(self) -> set[str]:
        with self._lock:
            taken, self._outgoing = self._outgoing, set()
        return taken


def _messages(scopes: set[str]) -> list[str]:
    if not scopes:
        return []
    message = json.dumps(sorted(scopes))
    return [message if len(message) <= MOST else json.dumps([EVERYBODY])]


def _scopes(payload: str) -> set[str]:
    """Anybody with access to the database may notify: what is not ours wakes everybody, which harms nothing."""
    try:
        found = json.loads(payload)
    except ValueError:
        found = None
    return {s for s in found if isinstance(s, str)} if isinstance(found, list) else {EVERYBODY}
