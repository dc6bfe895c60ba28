"""Work after the answer, in the same process: looks into files that have arrived. Jobs are rows: none is forgotten."""

import logging
import threading

from auth import sessions
from service.clock import Clock
from service.db import Database
from storage.inspection import inspect
from storage.keys import of_digest
from storage.store import BlobStore
from sync import files, jobs, uploads
from sync.types import Registry

log = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
SWEEP_MS = 3_600_000


class Worker:
    """One thread that takes due jobs until it is stopped. `drain` does the same at once, for tests and commands."""

    def __init__(self, database: Database, store: BlobStore, types: Registry, clock: Clock) -> None:
        self.database, self.store, self.types, self.clock = database, store, types, clock
        self._swept = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        if self.database.is_sqlite:  # one process: whoever held a job is gone
            self.database.write(jobs.release, self.clock.now())
        self._thread = threading.Thread(target=self._run, name="minhchung-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep()
                worked = self.drain()
            except Exception:  # a worker must outlive a database that is down
                log.exception("worker round failed")
                worked = 0
            if not worked:
                self._stopping.wait(IDLE_SECONDS)

    def drain(self) -> int:
        """Does every job that is due; returns how many."""
        done = 0
        while not self._stopping.is_set() and (job := self.database.write(jobs.claim, self.clock.now())):
            self._do(job)
            done += 1
        return done

    def sweep(self) -> None:
        """Once an hour: forgets what has expired, uploads that nobody finished and sessions that nobody refreshed."""
        now = self.clock.now()
        if now - self._swept >= SWEEP_MS:
            self._swept = now
            self.database.write(uploads.expire, self.store, now)
            self.database.write(sessions.sweep, now)

    def _do(self, job: jobs.Claimed) -> None:
        if job.kind == jobs.INSPECT:
            found = inspect(self.store.read(of_digest(job.payload)))
            self.database.write(files.inspected, self.types, job, found, self.clock.now())
