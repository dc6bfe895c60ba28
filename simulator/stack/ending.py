"""How a whole-stack schedule ended, read from the database and the store the way an auditor would."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Grant, Principal, Role
from programme.models import Review
from proof.logs import check_log
from simulator.ending import Ending, Fate
from simulator.handset import Captured
from simulator.stack.phone import PIECE
from storage.keys import of_digest
from sync.models import Op, Record, Revision, ScopeHead
from sync.proof import log_page

if TYPE_CHECKING:
    from simulator.stack.day import Day

AUDITOR = Principal("auditor", "", (Grant("*", Role.PROVINCE_APPRAISER),))


def ending(day: "Day") -> Ending:
    """For the checker; the promises that need files, logs or reviews are looked into here."""
    return day.site.database.read(_ending, day)


def _ending(session: Session, day: "Day") -> Ending:
    names = {phone.account_id: phone.account for phone in day.phones}
    ops = select(col(Op.op_id), col(Op.digest), col(Op.dev_seq), col(Op.actor), col(Op.status), col(Op.result))
    fates = {
        i: Fate(digest, dev_seq, names.get(actor, actor), status, orjson.loads(result).get("code"))
        for i, digest, dev_seq, actor, status, result in session.execute(ops)
    }
    docs = {i: orjson.loads(doc) for i, doc in session.execute(select(col(Record.id), col(Record.doc)))}
    reach = {}
    for account, units in day.held.items():
        account_id = next(p.account_id for p in day.phones if p.account == account)
        reach[account] = {f"{unit}/2026" for unit in units} | {f"user:{account_id}", "programme/2026"}
    others = [*_logs(session), *_files(day, docs), *_reviews(session, day, docs)]
    others += [*_decisions(session, day), *_thrift(day)]
    others += [
        *day.odd,
        *(odd for desk in day.desks for odd in desk.odd),
        *(odd for phone in day.phones for odd in phone.odd),
    ]
    return Ending(fates, docs, reach, others)


def _logs(session: Session) -> Iterator[str]:
    """Every scope's log holds together, bodies included."""
    for (scope,) in session.execute(select(col(ScopeHead.scope))).all():
        reader = AUDITOR if not scope.startswith("user:") else Principal(scope.removeprefix("user:"), "")
        page = log_page(session, reader, scope, after=0, limit=1000, payload=True)
        yield from (f"{scope}: {fault}" for fault in check_log([page]))


def _files(day: "Day", docs: dict[str, Any]) -> Iterator[str]:
    """A file that a record calls verified is there, byte for byte; none waits for ever."""
    store = day.site.state.store
    for record_id, doc in docs.items():
        for sha256, file in doc.get("files", {}).items():
            if file["state"] != "verified":
                if not _excused(day, record_id, sha256):
                    yield f"file {sha256[:8]} of {record_id} never arrived: {file['state']}"
                continue
            try:
                data = b"".join(store.read(of_digest(sha256)))
            except Exception as error:  # noqa: BLE001  # whatever it is, the file cannot be read
                yield f"file {sha256[:8]} of {record_id} is verified and cannot be read: {type(error).__name__}"
                continue
            if hashlib.sha256(data).hexdigest() != sha256:
                yield f"file {sha256[:8]} of {record_id} is verified and holds other bytes"


def _excused(day: "Day", record_id: str, sha256: str) -> bool:
    """A phone that went back in time does not know of the file any more."""
    naming = [c for c in day.ledger.values() if c.op["record_id"] == record_id and _names(c, sha256)]
    return all(c.gone or not _kept_by(day, c) for c in naming)


def _names(captured: Captured, sha256: str) -> bool:
    return any(entry["sha256"] == sha256 for entry in captured.op.get("media", []))


def _kept_by(day: "Day", captured: Captured) -> bool:
    return any(captured.op["op_id"] in phone.held_ops() for phone in day.phones)


def _reviews(session: Session, day: "Day", docs: dict[str, Any]) -> Iterator[str]:
    """What was verified says so, and still can be read."""
    for record_id, ver in day.docket.verified:
        shown, now = day.docket.shown[record_id, ver], docs.get(record_id)
        if now is None:
            yield f"verified {record_id} is nowhere"
            continue
        review = now.get("review") or {}
        if review.get("verified_ver") is None:
            yield f"verified {record_id} at {ver}, and the record does not say so"
            continue
        past = session.get(Revision, (record_id, ver))
        then = now if now["ver"] == ver else orjson.loads(past.doc) if past else None
        if then is None or then["data"] != shown["data"]:
            yield f"what was verified of {record_id} at {ver} cannot be read any more"


def _decisions(session: Session, day: "Day") -> Iterator[str]:
    """Each is about what was on the screen; none goes against a colleague's on the same content that was not."""
    names = ("record_id", "ver", "content_digest", "actor", "review_id")
    rows = select(*(getattr(Review, name) for name in names)).order_by(col(Review.record_id), col(Review.ver))
    before: Any = None
    for row in session.execute(rows):
        ver, digest = day.docket.asked[row.review_id]
        if row.content_digest != digest:
            yield f"decided unseen: {row.record_id} at {row.ver}"
        same = before and (before.record_id, before.content_digest) == (row.record_id, row.content_digest)
        if same and before.actor != row.actor and ver <= before.ver:
            yield f"overruled unseen: {row.record_id} at {row.ver}"
        before = row


def _thrift(day: "Day") -> Iterator[str]:
    """An interruption costs at most one piece of a file, sent again; an upload that expired, what it held."""
    for phone in day.phones:
        sizes = phone.disk.execute("select coalesce(sum(size), 0) from file").fetchone()[0]
        network, expired = phone.network, day.site.expired[phone.account_id]
        if not phone.went_back and network.sent > sizes + expired + PIECE * network.interrupted:
            told = f"{phone.account} sent {network.sent} bytes of {sizes}, interrupted {network.interrupted} times"
            yield f"{told}, and {expired} bytes expired"
