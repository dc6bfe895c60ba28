"""What a device keeps although the service has it: until a backup holds it too, it may have to be sent again.

Functions over the database of a replica, to be called inside a transaction.
"""

import json
import sqlite3
from typing import Any

Doc = dict[str, Any]
PLACE = "json_extract(result, '$.seq.scope') as scope, json_extract(result, '$.seq.seq') as seq"


def send_again(db: sqlite3.Connection, recover: Any) -> None:
    """Queues what a restored service lacks: ops it never got, ops whose place it has lost, files no record confirmed.

    `recover`: `{from: {scope: seq}, acked_through}` as the service told; where it told nothing usable, everything goes.
    Sending too much is harmless: what the service still has answers `duplicate`.
    """
    acked, heads = _told(recover)
    query = f"select dev_seq, {PLACE} from sent"  # noqa: S608  # a constant
    lost = [
        (dev_seq,)
        for dev_seq, scope, seq in db.execute(query).fetchall()
        if dev_seq < 1 or dev_seq > acked or (isinstance(seq, int) and seq > heads.get(scope, 0))
    ]
    again = "select dev_seq, op_id, record_id, base_ver, body from sent where dev_seq = ?"
    for row in lost:
        db.execute(f"insert or ignore into outbox {again}", row)
    db.execute("update file set state = 'waiting', url = null where state = 'sent'")
    db.execute("update file set scope = null, seq = null")


def _told(recover: Any) -> tuple[int, dict[str, int]]:
    heads = recover.get("from") if isinstance(recover, dict) else None
    acked = recover.get("acked_through") if isinstance(recover, dict) else None
    if not isinstance(heads, dict) or not isinstance(acked, int):
        return 0, {}
    return acked, {scope: seq for scope, seq in heads.items() if isinstance(seq, int)}


def place_files(db: sqlite3.Connection, change: Doc) -> None:
    """Notes where the log first said that the service holds a file of this device."""
    files, seq = change["record"].get("files", {}), change.get("seq")
    for sha256, file in files.items():
        if file.get("state") == "verified" and isinstance(seq, int):
            db.execute(
                "update file set scope = ?, seq = ? where sha256 = ? and record_id = ? and seq is null",
                (change["scope"], seq, sha256, change["record"]["id"]),
            )


def note_safe(db: sqlite3.Connection, answer: Doc) -> None:
    """Keeps what the service last said to be in its backups; the newest word counts."""
    safe = answer.get("safe_to_delete")
    if isinstance(safe, dict):
        db.execute("delete from safe")
        rows = [(scope, seq) for scope, seq in safe.items() if isinstance(scope, str) and isinstance(seq, int)]
        for row in rows:
            db.execute("insert into safe values (?, ?)", row)


def forget(db: sqlite3.Connection) -> list[str]:
    """Drops ops that a backup holds, and says which files one holds: their digests, hex.

    What asks for the officer's attention stays, and so does an op that nobody has given a place yet.
    """
    placed = f"select dev_seq, status, {PLACE} from sent"  # noqa: S608  # a constant
    covered = (
        f"select dev_seq from ({placed}) as op join safe on safe.scope = op.scope"  # noqa: S608
        " where op.seq <= safe.seq and op.status not in ('held', 'rejected')"
    )
    db.execute(f"delete from sent where dev_seq in ({covered})")  # noqa: S608
    return [file["sha256"] for file in attachments(db) if file["safe"]]


def attachments(db: sqlite3.Connection) -> list[Doc]:
    """How far each file of this device has come: `received`, `verified`, `backed_up`, `safe` to delete here.

    Safe is what a second copy holds, as its record says, and whose record is in a backup too: a service that is
    restored then still knows of both. A file that an op still has to name is not safe, whoever else named it before.
    """
    unsent = "exists (select 1 from outbox where instr(body, sha256))"
    copied = "sha256 in (select sha256 from copied)"
    query = (
        f"select sha256, name, size, record_id, state, problem, {copied}, coalesce(file.seq <= safe.seq, 0), {unsent}"  # noqa: S608
        " from file left join safe using (scope) order by turn, sha256"
    )
    found = []
    for sha256, name, size, record_id, state, problem, backed_up, covered, unsent_op in db.execute(query):
        verified = state == "verified"
        steps = {"received": state in ("sent", "verified"), "verified": verified, "backed_up": bool(backed_up)}
        safe = bool(verified and backed_up and covered and not unsent_op)
        file = {"sha256": sha256, "name": name, "size": size, "record_id": record_id, **steps, "safe": safe}
        found.append(file | {"problem": problem and json.loads(problem)})
    return found
