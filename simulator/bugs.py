"""Mistakes that sync systems really make, played one at a time. A simulator that misses one of them proves nothing.

`BUGS` maps a name to what plays it (a server, a client, or a patch of the merge), what the checker has to say of it,
and within how many schedules.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from minhchung_client import Replica
from simulator import phone_bugs, server_bugs
from simulator.server import ModelServer
from sync import merge
from sync.sight import Effect, Sight
from sync.state import Register


@contextmanager
def last_write_wins() -> Iterator[None]:
    """The newest value takes the place of all others."""

    def contend(
        register: Register, _held: bool, _current: Any, value: Any, sight: Sight, **_more: Any
    ) -> tuple[Any, Effect]:
        register.others, register.dot = [], sight.me
        return value, Effect.APPLIED

    with patch.object(merge, "_contend", contend):
        yield


@dataclass(frozen=True, slots=True)
class Bug:
    """How to play a mistake, how it shows, and within how many schedules it has to be found.

    A red schedule that says something else has found something else.
    """

    says: str
    within: int
    server: Callable[[], ModelServer] = ModelServer
    replica: type[Replica] = Replica
    patch: Callable[[], AbstractContextManager[None]] = nullcontext


BUGS = {
    "idempotency table removed": Bug("counter of", 100, server=server_bugs.NoIdempotency),
    "dedup by body": Bug("lost:", 600, server=server_bugs.DedupByBody),
    "answer before commit": Bug("lost:", 100, server=server_bugs.AckBeforeCommit),
    "seq before the lock": Bug("differs on", 300, server=server_bugs.EarlySequence),
    "timestamp cursor": Bug("differs on", 300, server=server_bugs.TimestampCursor),
    "chain over mutable text": Bug("does not chain", 100, server=server_bugs.ChainOverText),
    "pull by original scope": Bug("differs on", 300, server=server_bugs.ByOriginalScope),
    "move without left": Bug("differs on", 600, server=server_bugs.NoLeft),
    "revoke without removed": Bug("differs on", 300, server=server_bugs.NoRemoved),
    "rights of the first page": Bug("leaked:", 300, server=server_bugs.RightsOfTheFirstPage),
    "review by id": Bug("verified unseen", 600, server=server_bugs.ReviewById),
    "last write wins": Bug("overwritten in silence", 200, patch=last_write_wins),
    "cursor before page": Bug("differs on", 600, replica=phone_bugs.CursorFirst),
    "late answer writes": Bug("differs on", 600, replica=phone_bugs.LateAnswer),
    "base stamped anew": Bug("overwritten in silence", 600, replica=phone_bugs.Restamped),
    "version without record": Bug("overwritten in silence", 900, replica=phone_bugs.VersionOnly),
    "hidden base": Bug("overwritten in silence", 2500, replica=phone_bugs.HiddenBase),
}
