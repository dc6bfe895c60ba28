"""How a whole-stack schedule ended, read from the database and the store the way an auditor would."""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Grant, Principal, Role
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
    ops = select(col(Op.op_id), col(Op.digest), col(Op.dev_seq), col(Op.status), col(Op.result))
    fates = {
        i: Fate(d, n, status, orjson.loads(result).get("code")) for i, d, n, status, result in session.execute(ops)
    }
    docs = {i: orjson.loads(doc) for i, doc in session.execute(select(col(Record.id), col(Record.doc)))}
    reach = {}
    for account, units in day.held.items():
        account_id = next(p.account_id for p in day.phones if p.account == account)
        reach[account] = {f"{unit}/2026" for unit in units} | {f"user:{account_id}", "programme/2026"}
    others = [*_logs(session), *_files(day, docs), *_reviews(session, day, docs), *_thrift(day)]
    others += [*day.odd, *day.desk.odd, *(odd for phone in day.phones for odd in phone.odd)]
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
    """What was verified is what was on the reviewer's screen, and it still can be read."""
    for record_id, ver in day.desk.decided:
        shown, now = day.desk.shown[record_id, ver], docs.get(record_id)
        if now is None:
            yield f"verified {record_id} is nowhere"
            continue
        review = now.get("review") or {}
        if review.get("verified_ver") is None:
            yield f"verified {record_id} at {ver}, and the record does not say so"
            continue
        seen = {doc["content_digest"] for (shown_id, _), doc in day.desk.shown.items() if shown_id == record_id}
        if review["verified_digest"] not in seen:
            yield f"verified unseen: {record_id} at {review['verified_ver']}"
        past = session.get(Revision, (record_id, ver))
        then = now if now["ver"] == ver else orjson.loads(past.doc) if past else None
        if then is None or then["data"] != shown["data"]:
            yield f"what was verified of {record_id} at {ver} cannot be read any more"


def _thrift(day: "Day") -> Iterator[str]:
    """An interruption costs at most one piece of a file, sent again; an upload that expired, what it held."""
    for phone in day.phones:
        sizes = phone.disk.execute("select coalesce(sum(size), 0) from file").fetchone()[0]
        network, expired = phone.network, day.site.expired[phone.account_id]
        if not phone.went_back and network.sent > sizes + expired + PIECE * network.interrupted:
            told = f"{phone.account} sent {network.sent} bytes of {sizes}, interrupted {network.interrupted} times"
            yield f"{told}, and {expired} bytes expired"
