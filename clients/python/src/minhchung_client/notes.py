"""What a record of the service tells a replica about the device's own files and ops."""

import json
import sqlite3
from typing import Any

Doc = dict[str, Any]


def take_note(db: sqlite3.Connection, doc: Doc) -> None:
    """To be called for every record taken, in the transaction that takes it."""
    for sha256, file in doc.get("files", {}).items():
        _file(db, file.get("state"), sha256, doc["id"])
        _copies(db, file, sha256, doc["id"])
    for mark in doc.get("redacted") or ():
        for sha256 in mark.get("files", ()):
            _remove(db, sha256, doc["id"])
    if doc["type"] == "op_outcome":
        _outcome(db, doc["data"])


def _file(db: sqlite3.Connection, state: Any, sha256: str, record_id: str) -> None:
    """The record has the last word on whether the service holds its file."""
    if state == "verified":
        query = "update file set state = 'verified', url = null, problem = null where sha256 = ? and record_id = ?"
        db.execute(query, (sha256, record_id))
    elif state == "missing":  # it was there once: the service was restored
        query = "update file set state = 'waiting' where sha256 = ? and record_id = ? and state = 'verified'"
        db.execute(query, (sha256, record_id))


def _copies(db: sqlite3.Connection, file: Doc, sha256: str, record_id: str) -> None:
    """Whether this device may let go of its copy, or has to: a file that nobody may keep."""
    if file.get("remove") is True:
        _remove(db, sha256, record_id)
    elif file.get("safe_to_delete") is True:
        db.execute("insert or ignore into copied values (?)", (sha256,))
    else:
        db.execute("delete from copied where sha256 = ?", (sha256,))


def _remove(db: sqlite3.Connection, sha256: str, record_id: str) -> None:
    query = "update file set state = 'remove', url = null where sha256 = ? and record_id = ? and state <> 'removed'"
    db.execute(query, (sha256, record_id))


def _outcome(db: sqlite3.Connection, told: Doc) -> None:
    """What became of an op that the service held, or of one that an operator replayed."""
    op_id, status = told.get("op_id"), told.get("status")
    if isinstance(op_id, str) and isinstance(status, str):
        kept = json.dumps({name: told.get(name) for name in ("op_id", "status", "code", "fields")})
        where = (status, kept, op_id, status)
        db.execute("update sent set status = ?, result = ? where op_id = ? and status <> ?", where)
