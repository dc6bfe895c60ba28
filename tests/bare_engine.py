"""The engine on one database, without HTTP: people and their devices, a clock that counts, salts of zeros."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from auth.principal import Grant, Principal, Role
from programme.evidence import EVIDENCE
from programme.models import Review
from service import outset
from service.db import Database
from sync import append, pull, push
from sync.errors import ReplicaForked, SyncError
from sync.models import (
    Attachment,
    LeftRecord,
    LogEntry,
    Op,
    OpWait,
    PastOutcome,
    Record,
    Replica,
    Revision,
    ScopeHead,
    Serial,
    SyncEpoch,
)  # fmt: skip
from sync.notice import NOTICE
from sync.plan import Authority
from sync.types import Field, Kind, Registry

NOW = 1_790_000_000_000
EPOCH = str(UUID(int=9 << 100))
SECRET = b"s" * 32
A, B = "09187", "07228"
SCOPES = (f"{A}/2026", f"{B}/2026")
# Evidence as the programme declares it, with a counter, so that every kind of field is there and it can be reviewed.
MINUTES = next(t for t in EVIDENCE if t.name == "minutes")
MINUTES = replace(MINUTES, fields={**MINUTES.fields, "count": Field(Kind.COUNTER, lambda _value: None)})
TYPES = Registry()
TYPES.add(NOTICE, MINUTES)
TABLES: tuple[type[SQLModel], ...] = (
    Review, Op, OpWait, PastOutcome, Record, Revision, LeftRecord, LogEntry, ScopeHead, Serial, Attachment, Replica,
)  # fmt: skip

OFFICER = Role.FIELD_OFFICER
GRANTS = {
    "lan": (Grant(A, OFFICER),),
    "minh": (Grant(A, OFFICER),),
    "nam": (Grant(A, OFFICER), Grant(B, OFFICER)),
    "ha": (Grant(A, Role.UNIT_HEAD), Grant(B, Role.UNIT_HEAD)),
    "tuan": (Grant("*", Role.PROVINCE_APPRAISER),),
}
FORKED = "replica_forked"
DEVICES = {"lan-1": "lan", "lan-2": "lan", "minh-1": "minh", "nam-1": "nam"}


@dataclass(frozen=True)
class Push:
    """What one device sends at once."""

    device: str
    ops: list[Any]


class Engine:
    """The engine on one database. `left`: who has no rights any more; `now` grows by a second with each call."""

    def __init__(self, url: str) -> None:
        self.db = Database(url)
        SQLModel.metadata.create_all(self.db.writer)
        self.clear()

    def clear(self) -> None:
        """Forgets everything but the epoch, which is the same on every database."""
        self.now, self.left = NOW, set[str]()
        with self.db.writer.begin() as connection:
            for table in (*TABLES, SyncEpoch):
                connection.execute(table.__table__.delete())  # type: ignore[attr-defined]
            row = {"epoch": EPOCH, "started_at": NOW, "reason": "test", "active": True}
            connection.execute(SyncEpoch.__table__.insert(), [row])  # type: ignore[attr-defined]

    def who(self, account: str, client: str = "") -> Principal:
        return Principal(account, client or f"client-{account}", () if account in self.left else GRANTS[account])

    def authority(self, _session: Session) -> Authority:
        """Those who left had their rights until a minute after the beginning."""
        return Authority(lambda who, at: () if who in self.left and at > NOW + 60_000 else GRANTS[who])

    def push(self, device: str, ops: list[Any], *, dry: bool = False, **more: Any) -> push.Pushed:
        """Raises what the engine raises."""
        self.now += 0 if dry else 1000
        work = self.db.rehearse if dry else self.db.write
        said = {name: more.pop(name) for name in ("epoch", "pending", "clock") if name in more}
        sent = push.Sent(self.who(DEVICES[device], device), ops, **said)
        rest = {"authority": self.authority, "salt": lambda: bytes(16), **more}
        [answer] = work(push.push_all, TYPES, [sent], self.now + (1000 if dry else 0), **rest)
        if isinstance(answer, SyncError):
            raise answer
        return answer

    def play(self, script: Iterable[Push], **more: Any) -> list[Any]:
        """What each push was answered, as plain values; a refusal of the whole is its name."""
        answers: list[Any] = []
        for sent in script:
            try:
                answers.append(plain(self.push(sent.device, sent.ops, **more)))
            except ReplicaForked:
                answers.append(FORKED)
        return answers

    def pages(self, account: str, limit: int = 3) -> list[Any]:
        """Every page from the start."""
        found: list[Any] = []
        cursor, more = None, True
        while more:
            wanted = pull.Wanted(cursor=cursor, limit=limit)
            page = self.db.read(self._page, self.who(account), wanted)
            cursor, more = page.cursor, page.more
            found.append(page)
        return found

    @staticmethod
    def _page(session: Session, who: Principal, wanted: pull.Wanted) -> pull.Page:
        return pull.pull(session, outset.of(session, who), SECRET, wanted)

    def rows(self, *tables: type[SQLModel]) -> dict[str, list[Any]]:
        """All rows of `tables` (none named: all that a script can change), by key, as plain values."""
        return self.db.read(lambda session: {t.__tablename__: list(_rows(session, t)) for t in tables or TABLES})

    def docs(self) -> dict[str, Any]:
        """Every record as it is shown, by id."""
        query = select(col(Record.id), col(Record.doc)).order_by(col(Record.id))
        return self.db.read(lambda session: {i: orjson.loads(doc) for i, doc in session.execute(query)})

    def statuses(self) -> dict[str, str]:
        query = select(col(Op.op_id), col(Op.status))
        return self.db.read(lambda session: dict(map(tuple, session.execute(query))))

    def bodies(self) -> dict[str, str]:
        query = select(col(Op.op_id), col(Op.body))
        return self.db.read(lambda session: dict(map(tuple, session.execute(query))))


def _rows(session: Session, table: type[SQLModel]) -> Iterator[tuple[Any, ...]]:
    columns = [c for c in table.__table__.c if c.name != "id" or table is Record]  # type: ignore[attr-defined]
    for row in session.execute(select(*columns).order_by(*columns[:3])):
        yield tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)


def plain(pushed: push.Pushed) -> dict[str, Any]:
    results = []
    for o in pushed.outcomes:
        place = o.entry and (o.entry.scope, o.entry.seq, o.entry.ver, o.entry.entry_hash)
        results.append(
            {
                "op_id": o.op_id,
                "status": o.status,
                "code": o.code,
                "params": o.params,
                "fields": o.fields,
                "waiting_for": o.waiting_for,
                "place": place,
                "doc": o.doc and orjson.loads(o.doc),
            }
        )
    return {"acked": pushed.acked_through, "missing": pushed.missing, "digests": pushed.digests, "results": results}


@contextmanager
def counted_salts() -> Iterator[None]:
    """The machine's randomness gives zeros, so that hashes of what the engine itself writes can be compared."""
    with patch.object(append.os, "urandom", bytes):
        yield
