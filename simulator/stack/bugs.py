"""Mistakes of a service around its engine, one patch each, where the whole stack has to be there to make them.

`STACK_BUGS` maps a name to what plants it, what the checker has to say of it, and within how many schedules.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Permission, Principal
from minhchung_client import Replica
from programme import judging
from programme.decision import Decision
from programme.review import decide as sound_decide
from service import pushing, receiving
from service.db import Database
from service.routes import reviews
from simulator.disk import Disk
from simulator.stack import phone
from simulator.stack.phone import FieldPhone
from simulator.stack.power import Power
from sync.models import Record, ScopeHead


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
def blob_without_sync() -> Iterator[None]:
    """The store believes that what it wrote is on the disk."""
    with patch.object(Power, "fdatasync", lambda _power, _fd: None):
        yield


@contextmanager
def entry_without_sync() -> Iterator[None]:
    """Bytes are on the disk, and the folder does not know their name."""
    with patch.object(Power, "fsync", lambda _power, _fd: None):
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


@contextmanager
def overruled_unseen() -> Iterator[None]:
    """Whoever decides last decides, though a colleague has since decided on the same content."""
    with patch.dict(judging.GUARDS, {"undecided_since": lambda _judging: None}):
        yield


@contextmanager
def outbox_of_the_phone() -> Iterator[None]:
    """An app keeps what waits by phone, and sends it in the name of whoever is signed in."""

    def shared(self: FieldPhone) -> Disk:
        return self.host.disk if self.host else Disk()

    def take_over(replica: Replica, session: dict[str, str]) -> None:
        for name, value in session.items():
            replica.put(name, value)

    with patch.object(FieldPhone, "database", shared), patch.object(phone, "store_session", take_over):
        yield


@contextmanager
def safe_without_backup() -> Iterator[None]:
    """Phones are told to forget what no backup holds yet."""

    def heads(session: Session, principal: Principal, _copies: int) -> dict[str, int]:
        rows = session.execute(select(col(ScopeHead.scope), col(ScopeHead.seq)))
        return {scope: seq for scope, seq in rows if principal.may(Permission.READ, scope)}

    with patch.object(pushing, "safe_to_delete", heads):
        yield


class NothingAgain(Replica):
    """Goes on in the new epoch without sending again what the restored service lacks."""

    def begin_epoch(self, epoch: str, recover: Any = None) -> None:
        self.put("epoch", epoch)


@dataclass(frozen=True, slots=True)
class StackBug:
    """How to plant a mistake, and how it shows: a red schedule that says something else has found something else."""

    says: str
    within: int
    plant: Callable[[], AbstractContextManager[None]] = nullcontext
    replica: type[Replica] = Replica
    often: Mapping[str, int] | None = None


STACK_BUGS = {
    "receipt before commit": StackBug("does not come to rest in _uploads", 12, receipt_before_commit),
    "row before bytes": StackBug("is verified and cannot be read", 30, row_before_bytes),
    "blob without sync": StackBug("holds other bytes", 60, blob_without_sync, often={"upload": 5, "blackout": 10}),
    "entry without sync": StackBug("cannot be read", 60, entry_without_sync, often={"upload": 5, "blackout": 10}),
    "review by id, over HTTP": StackBug("decided unseen", 60, review_by_id, often={"review": 3, "push": 3, "edit": 2}),
    "overruled unseen": StackBug("overruled unseen", 60, overruled_unseen, often={"review": 10, "push": 3}),
    "outbox of the phone": StackBug("in another name", 60, outbox_of_the_phone, often={"lend": 10}),
    "safe without a backup": StackBug("lost:", 60, safe_without_backup, often={"free": 10, "push": 2, "restore": 2}),
    "nothing sent again": StackBug("lost:", 60, replica=NothingAgain, often={"push": 3, "restore": 2}),
}
