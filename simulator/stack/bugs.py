"""Mistakes of a service around its engine, one patch each, where the whole stack has to be there to make them.

`STACK_BUGS` maps a name to what plants it, what the checker has to say of it, and within how many schedules.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from unittest.mock import patch

from programme.decision import Decision
from programme.review import decide as sound_decide
from service import receiving
from service.db import Database
from service.routes import reviews
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
    luck = Random(3)  # noqa: S311  # a schedule is its seed

    def late(desk: Any, place: Callable[[], None], judge: Callable[..., Any]) -> Any:
        arrived = desk.request.app.state.media_arrived
        judged = desk.db.write(judge, now=desk.now, arrived=arrived, here=lambda _sha256: True)
        if luck.random() > 0.2:
            place()
        return judged

    with patch.object(receiving, "_judged", late):
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


@dataclass(frozen=True, slots=True)
class StackBug:
    """How to plant a mistake, and how it shows: a red schedule that says something else has found something else."""

    plant: Callable[[], AbstractContextManager[None]]
    says: str
    within: int
    often: tuple[str, ...] = ()


STACK_BUGS = {
    "receipt before commit": StackBug(receipt_before_commit, "does not come to rest in _uploads", 12),
    "row before bytes": StackBug(row_before_bytes, "is verified and cannot be read", 30),
    "review by id, over HTTP": StackBug(review_by_id, "verified unseen", 130, ("review", "edit", "push")),
}
