"""Work after the answer. Jobs and duties are rows (`duties.py` lists them): none is forgotten, any process may act."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from service.bench import Bench
from service.duties import DUTIES, JOBS
from storage.errors import StoreUnavailable
from sync import jobs
from sync.epoch import is_restored

Spanning = AbstractContextManager[object]
log = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
RETRY_MS = 60_000
AWAY_MS = 10_000  # until a job is tried again whose store was away
SHARE = 19  # how often longer than its own work the thread rests while phones are being answered


class Worker:
    """One thread that takes due jobs until it is stopped. `drain` does the same at once, for tests and commands.

    `busy`: whether phones are being answered in this process. They wait for the same interpreter and the same writer
    of SQLite, so meanwhile the thread takes a twentieth of a processor at most; decoders are processes of their own.
    """

    def __init__(
        self, bench: Bench, busy: Callable[[], bool] = lambda: False, span: Callable[[str], Spanning] = nullcontext
    ) -> None:
        self.bench, self._busy, self._span = bench, busy, span
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        if self.bench.database.is_sqlite:  # one process: whoever held a job is gone
            self.bench.database.write(jobs.release, self.bench.clock.now())
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
                self.attend()
                worked = self.drain(self._give_way)
            except Exception:  # a worker must outlive a database that is down
                log.exception("worker round failed")
                worked = 0
            if not worked:
                self._stopping.wait(IDLE_SECONDS)

    def _give_way(self, used: float) -> None:
        if self._busy():
            self._stopping.wait(used * SHARE)

    def drain(self, rest: Callable[[float], None] = lambda _used: None) -> int:
        """Does every job that is due; returns how many. A restored service leaves all as it is for its operator.

        `rest` is told after each job how many seconds of a processor it took.
        """
        done = 0
        if self.bench.database.read(is_restored):
            return done
        write, clock = self.bench.database.write, self.bench.clock
        while not self._stopping.is_set() and (job := write(jobs.claim, clock.now())):
            begun = time.thread_time()
            self._do(job)
            rest(time.thread_time() - begun)
            done += 1
        return done

    def _do(self, job: jobs.Claimed) -> None:
        try:
            with self._span(f"job {job.kind}"):
                JOBS[job.kind](self.bench, job)
        except StoreUnavailable:
            self.bench.database.write(jobs.give_back, job, self.bench.clock.now() + AWAY_MS)
            raise

    def attend(self) -> None:
        """Does every duty that has come round; one that fails holds up no other."""
        database, clock, settings = self.bench.database, self.bench.clock, self.bench.settings
        if database.read(is_restored):
            return
        due = database.read(jobs.due, list(DUTIES), clock.now())
        for name in due:
            duty = DUTIES[name]
            every = duty.every if isinstance(duty.every, int) else duty.every(settings)
            if self._stopping.is_set() or not database.write(jobs.take, name, clock.now(), every):
                continue
            try:
                duty.act(self.bench)
            except Exception:
                log.exception("duty failed: %s", name)
                database.write(jobs.put_off, name, clock.now() + RETRY_MS)
