"""The two kinds of limits: requests of devices, counted in memory, and wrong guesses, counted in the database.

A device asks thousands of times, so that a statement for each would cost more than it protects: every process allows
its share. Guesses are few and each is written down anyway, so all processes count them together (docs/adr/0020).
"""

from collections import OrderedDict
from threading import Lock

from auth import guesses
from auth.buckets import MINUTE_MS, Policy, Room, filled, room
from auth.guesses import Count
from service.db import Database

MOST_KEYS = 50_000


class Limits:
    """Buckets of devices, the least used forgotten first."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def spend(self, policy: Policy, key: str, now: int) -> Room:
        """Takes one out of a bucket. Raises TooManyRequests, taking nothing."""
        with self._lock:
            level, then = self._buckets.pop(key, (float(policy.burst), now))
            level = filled(policy, level, then, now)
            self._buckets[key] = (level - 1 if level >= 1 else level, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        return room(policy, level, 1)


def requests_of_client(per_minute: int, processes: int) -> Policy:
    """What one signed-in device may ask in a minute of one of so many processes."""
    return Policy("client", max(1, per_minute // processes), MINUTE_MS)


class Guesses:
    """The counts of wrong guesses, each in a transaction of its own: a refusal rolls nothing of it back."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database, self._secret = database, secret

    def ask(self, now: int, *counts: Count) -> None:
        """Raises TooManyRequests where there is no room."""
        self._database.read(guesses.ask, self._secret, counts, now)

    def spend(self, now: int, *counts: Count) -> None:
        """Raises TooManyRequests, taking nothing."""
        self._database.write(guesses.spend, self._secret, counts, now)
