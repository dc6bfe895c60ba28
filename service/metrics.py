"""Figures for a scraper, in the text format of Prometheus: what this process did, and what waits in the database.

Labels are names that the code gives: templates of routes, statuses, codes of problems. Nobody's id is among them.
"""

import time
from collections import Counter as Counted
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from programme.transitions import IN_HAND
from service.db import Database
from service.traces import current
from sync import stock
from sync.outcome import Outcome
from sync.stock import Stock

TEXT = "text/plain; version=0.0.4; charset=utf-8"
STATES = tuple(state for state in IN_HAND if state != "verified")
MOMENT = 0.25  # seconds
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one process."""

    def __init__(self, database: Database, now: Callable[[], int], waiting: Callable[[], int]) -> None:
        self.registry = made = CollectorRegistry()
        self.requests = Histogram(
            "minhchung_request_seconds",
            "Time until an answer had left, by template of the route.",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=made,
        )
        self.ops = Counter(
            "minhchung_ops", "Results of pushes, by status and code of the problem.", ("status", "code"), registry=made
        )
        self.signing = Histogram("minhchung_signing_seconds", "Time to sign a receipt.", buckets=SECONDS, registry=made)
        self.pulled = Counter("minhchung_pulled_changes", "Changes that pulls handed out.", registry=made)
        self.last_request = 0.0  # when one came, by `perf_counter`
        Gauge("minhchung_waiting", "Requests that wait for news.", registry=made).set_function(waiting)
        made.register(_Waiting(database, now))

    def took(self, outcomes: Iterable[Outcome]) -> None:
        """Counts what became of the ops of a push."""
        for (status, code), n in Counted((o.status, o.code or "") for o in outcomes).items():
            self.ops.labels(status, code).inc(n)
            current().tell(**{f"ops.{status}": n})

    def handed(self, changes: int) -> None:
        """Counts the changes of a page."""
        self.pulled.inc(changes)
        current().tell(changes=changes)

    def busy(self) -> bool:
        """Whether a request has come a moment ago."""
        return time.perf_counter() - self.last_request < MOMENT

    def text(self) -> bytes:
        """Everything as text."""
        return generate_latest(self.registry)


class _Waiting(Collector):
    """Reads the database when it is asked; a database that is down leaves its figures out and says so in `up`."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self.database, self.now = database, now

    def describe(self) -> Iterable[Metric]:
        """Empty, so that registering asks nothing of the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self.now()
        try:
            found = self.database.read(stock.take, STATES, now)
        except Exception:  # noqa: BLE001  # whatever it is, the scraper learns that the database does not answer
            yield _gauge("database_up", "1 when the database answered this scrape.", 0)
            return
        yield _gauge("database_up", "1 when the database answered this scrape.", 1)
        yield from _told(found, now)


def _told(found: Stock, now: int) -> Iterator[Metric]:
    yield _by("ops_open", "Ops that wait for something or for an operator.", "status", found.ops)
    yield _by("records_in_hand", "Evidence on which somebody still has to act.", "state", found.records)
    yield _by("uploads", "Uploads of the last days, by state.", "state", found.uploads)
    yield _gauge("scopes", "Scopes that have a log.", found.scopes)
    yield _gauge("log_entries", "Entries of all logs.", found.changes)
    yield _gauge("devices", "Clients that have pushed.", found.devices)
    yield _gauge(
        "devices_waiting", "Clients that said in their last push that more waits on them.", found.devices_waiting
    )
    yield _gauge("device_ops_waiting", "How many ops they said wait there.", found.ops_waiting)
    yield _gauge("jobs_due", "Work after answers that is due.", found.jobs_due)
    yield _gauge("jobs_given_up", "Work that failed too often to be tried again.", found.jobs_given_up)
    yield _gauge("job_age_seconds", "For how long the oldest due job has waited.", _seconds(found.oldest_job, now))
    yield _gauge("files_without_copy", "Files of which no second copy is known to be good.", found.files_without_copy)
    if found.backup_taken is not None:
        yield _gauge("backup_age_seconds", "Age of the newest verified backup.", _seconds(found.backup_taken, now))


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"minhchung_{name}", about, value=value)


def _by(name: str, about: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"minhchung_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _seconds(since: int | None, now: int) -> float:
    return 0 if since is None else max(0, now - since) / 1000
