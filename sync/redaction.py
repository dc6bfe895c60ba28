"""Erasing what the law wants erased, while the log stays whole (protocol P58; Law 91/2025/QH15, domain L18, L19).

The chain covers salted digests of the ops' bodies. So a body and its salt may go, and the log still proves that it is
the one that was receipted; what went, when, why and on whose word is an op of the log itself.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, or_, select, text, update
from sqlmodel import Session, col

from sync import backups, bulk, canonical, jobs, sweep
from sync.append import random_salt, write
from sync.errors import NotRedactable, RecordUnknown
from sync.followers import tell_followers
from sync.held import STORED
from sync.instant import iso, milliseconds
from sync.ledger import told
from sync.locks import hold
from sync.media_models import Finding, HashBucket
from sync.models import Attachment, Blob, Holding, LogEntry, Op, Revision
from sync.notice import server_op
from sync.op import Action
from sync.outcome import Outcome
from sync.plan import OpRow
from sync.planner import Planner
from sync.stripping import MARK, Fields, covered, says, strip_doc
from sync.types import MEDIA, Registry
from sync.world import DbWorld

UNAPPLIED = ("held", "rejected", "superseded")  # statuses of ops that have no place in a log
BODY, STATUS = 6, 8  # places in a row of `_rows`


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was erased: `bodies` of ops and `files` (digests) by this call, `at` ms by the last one that erased.

    `backups`: name and time of those that may still hold it, oldest first; they have to be let expire, or replaced.
    """

    record_id: str
    ver: int
    at: int
    fields: list[str] | None
    bodies: int
    files: list[str]
    backups: list[tuple[str, int]]


def redact(
    session: Session, registry: Registry, record_id: str, fields: Collection[str] | None,
    *, redaction_id: str, actor: str, reason: str, basis: str, now: int,
) -> Redacted:  # fmt: skip
    """Erases `fields` of a record, or with None all that people wrote in it, its files among it, for good.

    Out of the record, its earlier versions, the merge's marks and the bodies of its ops; ops that waited are rejected
    with `record_redacted` and their authors told. Digests, places in the log and receipts stay. A file goes where no
    other record ever named it. The record gets a version that says in `redacted` what happened, which every phone
    pulls; one erased whole becomes a tombstone that takes no more ops.

    For whoever may: asks for no permission itself. `redaction_id` names the wish, so that a retry changes nothing; nor
    does a second wish for what is gone already. `reason` is a code, `basis` the law and article; neither may name a
    person. Raises RecordUnknown, NotRedactable (a whole record that the service alone writes).
    """
    wanted: Fields = None if fields is None else frozenset(fields)
    world = DbWorld(session)
    world.fetch_records({record_id})
    state = world.record(record_id)
    record_type = registry.get(state.type) if state else None
    if state is None or record_type is None:
        raise RecordUnknown
    if wanted is None and record_type.shared:
        raise NotRedactable
    wish = canonical.encode([record_id, sorted(wanted) if wanted is not None else None, reason, basis])
    op_id = canonical.derived_id(f"redaction{redaction_id}", canonical.sha256(wish))
    rows = [row for row in session.execute(_rows(record_id)).all() if row[BODY] and says(row[BODY], wanted)]
    if world.known(op_id) or (covered(state, wanted) and not rows):
        return _told(session, record_id, state.ver, fields, milliseconds(state.server[MARK][-1]["at"]))
    digests = _files(session, record_id) if wanted is None or MEDIA in wanted else []
    mark = {
        "at": iso(now), "by": actor, "fields": sorted(wanted) if wanted is not None else None,
        "reason": reason, "basis": basis, "files": digests,
    }  # fmt: skip
    marks = [*state.server.get(MARK, ()), mark]
    planner = Planner(world, registry)
    planner.plan.by, planner.plan.reason = actor, reason
    _reject(planner, rows, record_id, now)
    op = server_op(
        op_id, state.type, record_id, state.scope, Action.PATCH, actor=actor, base_ver=state.ver, server={MARK: marks}
    )
    outcome = planner.draft.redact(op, wanted, now)
    planner.ledger.store(OpRow(op_id, "", None, actor, op.digest, op.body, outcome, op.scope), op)
    planner.ledger.release(now)
    with overwriting(session):
        write(session, planner.plan, now, random_salt)
        _strip(session, record_id, wanted, marks, [row[0] for row in rows])
        _forget(session, record_id, digests, now)
        tell_followers(session, registry, planner.plan, now)
    return _told(session, record_id, state.ver, fields, now, len(rows), digests)


@contextmanager
def overwriting(session: Session) -> Iterator[None]:
    """SQLite writes zeros over what it frees; PostgreSQL takes the old rows away at its next vacuum."""
    lite = session.get_bind().dialect.name == "sqlite"
    if lite:
        session.execute(text("pragma secure_delete = on"))
    yield
    if lite:
        session.execute(text("pragma secure_delete = off"))


def _rows(record_id: str) -> Select[Any]:
    """Stored ops that are about a record: `STORED`, then status. Those without a place name it, or stand unread."""
    logged = select(col(LogEntry.op_id)).where(col(LogEntry.record_id) == record_id)
    unread = col(Op.record_id).is_(None) & col(Op.body).contains(record_id)
    others = col(Op.status).in_(UNAPPLIED) & or_(col(Op.record_id) == record_id, unread)
    query = select(*STORED, col(Op.status)).where(or_(col(Op.op_id).in_(logged), others))
    return query.order_by(col(Op.op_id)).with_for_update()


def _files(session: Session, record_id: str) -> list[str]:
    """Digests of the files that a record names or has named, locked before the heads are."""
    query = select(col(Attachment.sha256)).where(col(Attachment.record_id) == record_id)
    digests = sorted(session.scalars(query))
    hold(session, digests)
    return digests


def _reject(planner: Planner, rows: Sequence[Any], record_id: str, now: int) -> None:
    """What waits to change the record can no more be read."""
    for row in rows:
        if row[STATUS] == "held":
            outcome = Outcome(row[0], row[2], "rejected", "record_redacted", record_id=record_id)
            planner.ledger.change(told(row, outcome), outcome, now)


def _strip(session: Session, record_id: str, fields: Fields, marks: list[dict[str, Any]], op_ids: list[str]) -> None:
    """Takes it out of what is stored."""
    for start in range(0, len(op_ids), 10_000):
        some = bulk.among(col(Op.op_id), op_ids[start : start + 10_000])
        session.execute(update(Op).where(some).values(body=None, salt=None))
    kept = (Revision.record_id, Revision.ver, Revision.content_digest, Revision.doc)
    past = session.execute(select(*map(col, kept)).where(col(Revision.record_id) == record_id)).all()
    names = ("record_id", "ver", "content_digest", "doc")
    rows = [dict(zip(names, (*rest, strip_doc(doc, fields, marks)), strict=True)) for *rest, doc in past]
    bulk.upsert(session, Revision, rows)


def _forget(session: Session, record_id: str, digests: list[str], now: int) -> None:
    """The record has these files no more; bytes that nothing else needs are taken from the store after the commit."""
    if not digests:
        return
    mine = (col(Attachment.record_id) == record_id, bulk.among(col(Attachment.sha256), digests))
    session.execute(delete(Attachment).where(*mine))
    others = set(session.scalars(select(col(Attachment.sha256)).where(col(Attachment.sha256).in_(digests))))
    gone = sorted(set(digests) - others - sweep.waited_for(session))
    for table in (Holding, Finding, HashBucket, Blob):
        column = col(table.sha256)
        session.execute(delete(table).where(column.in_(gone)))
    for sha256 in gone:
        jobs.add(session, jobs.ERASE, sha256, now)


def _told(
    session: Session, record_id: str, ver: int, fields: Collection[str] | None, at: int,
    bodies: int = 0, files: Sequence[str] = (),
) -> Redacted:  # fmt: skip
    named = None if fields is None else sorted(fields)
    return Redacted(record_id, ver, at, named, bodies, list(files), backups.before(session, at))
