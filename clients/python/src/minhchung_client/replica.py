"""The durable local part of a client: outbox, replica of what the service says, and the rules between them.

Everything it knows is in one SQLite database; an object over it can be thrown away at any moment and made again.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from minhchung_client.clock import Clock, captured
from minhchung_client.inbox import inbox
from minhchung_client.keeping import attachments, forget, note_safe, send_again
from minhchung_client.mirror import Mirror
from minhchung_client.overlay import lay_over
from minhchung_client.renumber import retire, settle, unasked
from minhchung_client.wire import DURABLE, Doc, became, results, storable, text

MAX_OPS, MAX_BYTES = 100, 512 * 1024


class Replica(Mirror):
    """Outbox and replica over `connection` (autocommit mode). `new_id` mints ids from the clock's time in ms."""

    def __init__(self, connection: sqlite3.Connection, *, clock: Clock, new_id: Callable[[int], str]) -> None:
        super().__init__(connection)
        self.clock, self._new_id = clock, new_id

    def pending(self) -> int:
        """How many ops wait to be sent."""
        return int(self.connection.execute("select count(*) from outbox").fetchone()[0])

    # Capturing.

    def edit(
        self,
        action: str,
        type_name: str,
        scope: str,
        record_id: str | None = None,
        *,
        base_ver: int | None = None,
        files: list[Doc] | None = None,
        **change: Any,
    ) -> str:
        """Makes an op and returns its record's id; when this returns, the op will be sent, whatever happens.

        `change`: set, add, remove, inc, deps, and `tx` for ops that take effect together or not at all. `files`: what
        `Files.keep` returned. `base_ver`: `ver` of the record that was on the screen, where that may be older than what
        the replica shows now. The op's base stays what it is however much later it is sent (protocol P29). Raises
        ValueError, with nothing kept, for an op that could never be sent.
        """
        with self.transaction() as db:
            now = self.clock.wall()
            dev_seq = int(self.get("dev_seq") or 0) + 1
            record_id = record_id or self._new_id(now)
            seen, epoch = self._seen(record_id)
            base_ver = seen if base_ver is None else min(seen, base_ver)
            change |= {"epoch": epoch} if base_ver and epoch else {}
            op = {
                "op_id": self._new_id(now), "dev_seq": dev_seq, "action": action, "type": type_name,
                "record_id": record_id, "scope": scope, "base_ver": base_ver, "schema": 1,
                "captured": captured(self.clock), **change,
            }  # fmt: skip
            if files:
                op["media"] = files
            for file in files or []:
                db.execute(
                    "insert into file (sha256, size, mime, name, record_id, state) values (?, ?, ?, ?, ?, 'waiting')"
                    " on conflict do nothing",
                    (file["sha256"], file["size"], file["mime"], file["name"], record_id),
                )
            row = (dev_seq, op["op_id"], record_id, base_ver, _sendable(op))
            db.execute("insert into outbox values (?, ?, ?, ?, ?)", row)
            self.put("dev_seq", str(dev_seq))
        return record_id

    def _seen(self, record_id: str) -> tuple[int, str | None]:
        """The version on the screen, and the epoch that it counts in.

        What others wrote since lies hidden under own edits that still wait, so while any of this record do, their base
        counts: also after a restore, when it is one of a lineage that has ended.
        """
        query = "select base_ver, json_extract(body, '$.epoch') from waiting where record_id = ? order by dev_seq"
        bases = self.connection.execute(query, (record_id,)).fetchall()
        epoch = self.get("base_epoch")
        if bases and bases[0][1] not in (None, epoch):
            return bases[0][0], str(bases[0][1])
        held = self.connection.execute("select ver from base where id = ? and doc is not null", (record_id,)).fetchone()
        return min([*(base for base, _ in bases), *(held or ())], default=0), epoch

    # Reading.

    def record(self, record_id: str) -> Doc | None:
        """The record as the officer sees it: the service's word, with their own waiting edits over it."""
        row = self.connection.execute("select doc from base where id = ?", (record_id,)).fetchone()
        query = "select body from waiting where record_id = ? order by dev_seq"
        ops = [json.loads(body) for (body,) in self.connection.execute(query, (record_id,))]
        return lay_over(json.loads(row[0]) if row and row[0] else None, ops)

    def records(self, type_name: str | None = None, scope: str | None = None) -> list[Doc]:
        """Everything the officer sees, by id, unsent records included."""
        edits: defaultdict[str, list[Doc]] = defaultdict(list)
        for record_id, body in self.connection.execute("select record_id, body from waiting order by dev_seq"):
            edits[record_id].append(json.loads(body))
        docs = {doc["id"]: doc for doc in self.base()}
        found = (lay_over(docs.get(record_id), edits[record_id]) for record_id in sorted({*docs, *edits}))
        return [r for r in found if r and type_name in (None, r["type"]) and scope in (None, r["scope"])]

    # Pushing.

    def batch(self, max_ops: int = MAX_OPS, max_bytes: int = MAX_BYTES) -> list[Doc]:
        """The ops to send next, oldest first; one at least where there is any. A `tx` goes whole, or waits whole."""
        ops: list[Doc] = []
        size, taken = 0, set[str]()
        query = "select op_id, body from outbox order by dev_seq limit ?"
        for op_id, body in self.connection.execute(query, (max_ops,)).fetchall():
            if op_id in taken:
                continue
            op = json.loads(body)
            unit = [(op, body)] if op.get("tx") is None else self._group(op["tx"])
            size += sum(len(one.encode()) for _, one in unit)
            if ops and (size > max_bytes or len(ops) + len(unit) > max_ops):
                break
            ops += [op for op, _ in unit]
            taken |= {op["op_id"] for op, _ in unit}
        return ops

    def _group(self, tx: str) -> list[tuple[Doc, str]]:
        """The ops of a `tx` with their bodies, in the order in which they were made."""
        query = "select body from outbox where json_extract(body, '$.tx') = ? order by dev_seq"
        return [(json.loads(body), body) for (body,) in self.connection.execute(query, (tx,))]

    def apply_results(self, answer: Any) -> int:
        """Takes the answer to a push: each durable op leaves the outbox together with its record as it now is.

        A late or repeated answer changes nothing. Returns how many ops left. Raises Garbled for anything else.
        """
        found = results(answer)
        left = 0
        with storable(), self.transaction() as db:
            self._in_epoch(answer["epoch"])
            for result in found:
                row = db.execute(
                    "select dev_seq, record_id, base_ver, body from outbox where op_id = ?", (result["op_id"],)
                ).fetchone()
                if row is None or result["status"] not in DURABLE:
                    continue
                db.execute("delete from outbox where op_id = ?", (result["op_id"],))
                kept = {k: v for k, v in result.items() if k != "record"}
                sent = (row[0], result["op_id"], *row[1:], became(result), text(kept))
                db.execute(
                    "insert into sent values (?, ?, ?, ?, ?, ?, ?, 0)"
                    " on conflict do update set status = excluded.status, result = excluded.result",
                    sent,
                )
                if result.get("record"):
                    self._adopt(result["record"])
                left += 1
            note_safe(db, answer)
            if left and isinstance(answer.get("receipt"), str):
                db.execute("insert into receipt (jws) values (?)", (answer["receipt"],))
        return left

    # Starting over.

    def begin_epoch(self, epoch: str, recover: Any = None) -> None:
        """The service was restored: what it lacks waits to be sent again, and goes before anything is pulled.

        The cursor stays: the service knows by it which scopes went back, and has those read anew.
        """
        with self.transaction() as db:
            send_again(db, recover)
            self.put("epoch", epoch)

    def retire_numbers(self) -> None:
        """Another install has this client id: what waits gets numbers of the next one, once the service was asked."""
        with self.transaction() as db:
            retire(db)
            self.put("dev_seq", "0")
            self.put("install_id", None)  # the next enrolment is that of another install
            self.put("forked", self.get("client_id"))

    def unasked(self) -> list[str]:
        """Ops about which the service has to be asked before anything is sent."""
        return unasked(self.connection)

    def settle(self, told: list[Doc]) -> None:
        """Takes what the service said of `unasked`. Raises Garbled, with nothing changed."""
        with storable(), self.transaction() as db:
            self.put("dev_seq", str(settle(db, told, int(self.get("dev_seq") or 0))))

    def forget(self) -> list[str]:
        """Forgets ops that a backup of the service holds; returns the digests of files of which the same is true."""
        with self.transaction() as db:
            return forget(db)

    def attachments(self) -> list[Doc]:
        """The files of this device, and of each what an app shows: `received`, `verified`, `backed_up`, `safe`."""
        return attachments(self.connection)

    # What asks for the officer's attention.

    def inbox(self) -> list[Doc]:
        """Rejected ops, open conflicts, decisions and files that ask for something (see `inbox.py`)."""
        return inbox(self.connection, self.record, self.get("account_id"))

    def dismiss(self, op_id: str) -> None:
        """The officer has dealt with a rejected op; its body stays in `sent`."""
        self.connection.execute("update sent set dismissed = 1 where op_id = ?", (op_id,))


def _sendable(op: Doc) -> str:
    """An op as it waits. Raises ValueError for one that no push could carry, before it blocks those after it."""
    body = text(op)
    if len(body.encode()) > MAX_BYTES:
        raise ValueError(f"an op has at most {MAX_BYTES} bytes")
    return body
