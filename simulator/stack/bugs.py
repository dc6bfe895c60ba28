"""Mistakes of a service around its engine, one patch each, where the whole stack has to be there to make them.

`STACK_BUGS`: name -> within how many schedules it has to be found, and what plants it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from random import Random
from typing import Any
from unittest.mock import patch

from programme.decision import Decision
from programme.review import decide as sound_decide
from service.db import Database
from service.routes import reviews
from storage.local import DirectoryStore
from sync.models import Record


@contextmanager
def receipt_before_commit() -> Iterator[None]:
    """The answer is made, signed and sent; then the transaction fails, and nobody hears of it."""
    luck, write = Random(3), Database.write  # noqa: S311  # a schedule is its seed

    def hasty(self: Database, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        lost = work.__name__ == "push" and luck.random() < 0.2
        return (self.rehearse if lost else write.__get__(self))(work, *args, **kwargs)

    with patch.object(Database, "write", hasty):
        yield


@contextmanager
def row_before_bytes() -> Iterator[None]:
    """The table says that a file is here, and its bytes are put in their place later, by a process that may be gone."""
    luck, seal = Random(3), DirectoryStore.seal  # noqa: S311  # a schedule is its seed

    def late(self: DirectoryStore, upload_id: str, sha256: str, size: int) -> None:
        if luck.random() > 0.2:
            seal(self, upload_id, sha256, size)

    with patch.object(DirectoryStore, "seal", late):
        yield


@contextmanager
def review_by_id() -> Iterator[None]:
    """A decision counts for whatever the record is by then."""

    def decide(session: Any, registry: Any, principal: Any, asked: Decision, now: int, **more: Any) -> str:
        held = session.get(Record, asked.record_id)
        seen = replace(asked, ver=held.ver, content_digest=held.content_digest)
        return sound_decide(session, registry, principal, seen, now, **more)

    with patch.object(reviews, "decide", decide):
        yield


STACK_BUGS: dict[str, tuple[int, Callable[[], AbstractContextManager[None]]]] = {
    "receipt before commit": (40, receipt_before_commit),
    "row before bytes": (60, row_before_bytes),
    "review by id, over HTTP": (80, review_by_id),
}
