"""The durable local part of a client: outbox, replica of what the service says, and the rules between them.

Everything it knows is in one SQLite database; an object over it can be thrown away at any moment and made again.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minhchung_client.clock import Clock, stamp
from minhchung_client.errors import Garbled
from minhchung_client.overlay import lay_over
from minhchung_client.schema import SCHEMA

DURABLE = frozenset({"applied", "merged", "conflict", "superseded", "duplicate", "held", "rejected"})
MAX_OPS, MAX_BYTES = 100, 512 * 1024
Doc = dict[str, Any]


class Replica:
    """Outbox and replica over `connection` (autocommit mode). `new_id` mints ids from the clock's time in ms."""

    def __init__(self, connection: sqlite3.Connection, *, clock: Clock, new_id: Callable[[int], str]) -> None:
        self.connection, self.clock, self._new_id = connection, clock, new_id
        connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is inside, durably, or none of it."""
        self.connection.execute("begin immediate")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    # What the device knows of itself and of the service.

    def get(self, name: str) -> str | None:
        row = self.connection.execute("select value from meta where name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.connection.execute("delete from meta where name = ?", (name,))
        else:
            self.connection.execute("insert or replace into meta values (?, ?)", (name, value))

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
        files: list[Doc] | None = None,
        **change: Any,
    ) -> str:
        """Makes an op and returns its record's id; when this returns, the op will be sent, whatever happens.

        `change`: set, add, remove, inc, deps. `files`: what `Files.keep` returned. The op's base is the version that
        the replica shows now, and stays so however much later it is sent (protocol P29).
        """
        with self.transaction() as db:
            now = self.clock.wall()
            dev_seq = int(self.get("dev_seq") or 0) + 1
            record_id = record_id or self._new_id(now)
            base_ver = self._seen(record_id)
            op = {
                "op_id": self._new_id(now), "dev_seq": dev_seq, "action": action, "type": type_name,
                "record_id": record_id, "scope": scope, "base_ver": base_ver, "schema": 1,
                "captured": stamp(self.clock), **change,
            }  # fmt: skip
            if files:
                op["media"] = files
            for file in files or []:
                db.execute(
                    "insert into file (sha256, size, mime, name, record_id, state) values (?, ?, ?, ?, ?, 'waiting')"
                    " on conflict do nothing",
                    (file["sha256"], file["size"], file["mime"], file["name"], record_id),
                )
            row = (dev_seq, op["op_id"], record_id, base_ver, _text(op))
            db.execute("insert into outbox values (?, ?, ?, ?, ?)", row)
            self.put("dev_seq", str(dev_seq))
        return record_id

    def _seen(self, record_id: str) -> int:
        """The version on the screen. What others wrote since lies hidden under own edits that still wait, so while
        any of this record do, their base counts."""
        query = (
            "select min(ver) from (select ver from base where id = ? and doc is not null"
            " union all select base_ver from outbox where record_id = ?)"
        )
        return self.connection.execute(query, (record_id, record_id)).fetchone()[0] or 0

    # Reading.

    def record(self, record_id: str) -> Doc | None:
        """The record as the officer sees it: the service's word, with their own unsent edits over it."""
        row = self.connection.execute("select doc from base where id = ?", (record_id,)).fetchone()
        query = "select body from outbox where record_id = ? order by dev_seq"
        ops = [json.loads(body) for (body,) in self.connection.execute(query, (record_id,))]
        return lay_over(json.loads(row[0]) if row and row[0] else None, ops)

    def scopes(self) -> list[str]:
        """Scopes of which the replica holds records."""
        return [s for (s,) in self.connection.execute("select distinct scope from base order by scope")]

    def base(self, scope: str | None = None) -> list[Doc]:
        """Records as the service last told them, without unsent edits."""
        query = "select doc from base where doc is not null and (? is null or scope = ?) order by id"
        return [json.loads(doc) for (doc,) in self.connection.execute(query, (scope, scope))]

    def records(self, type_name: str | None = None) -> list[Doc]:
        """Everything the officer sees, unsent records included."""
        query = "select id from base where doc is not null union select record_id from outbox order by 1"
        found = (self.record(record_id) for (record_id,) in self.connection.execute(query).fetchall())
        return [r for r in found if r is not None and type_name in (None, r["type"])]

    # Pushing.

    def batch(self, max_ops: int = MAX_OPS, max_bytes: int = MAX_BYTES) -> list[Doc]:
        """The ops to send next, oldest first; one at least where there is any."""
        ops: list[Doc] = []
        size = 0
        query = "select body from outbox order by dev_seq limit ?"
        for (body,) in self.connection.execute(query, (max_ops,)).fetchall():
            size += len(body.encode())
            if ops and size > max_bytes:
                break
            ops.append(json.loads(body))
        return ops

    def apply_results(self, answer: Any) -> int:
        """Takes the answer to a push: each durable op leaves the outbox together with its record as it now is.

        A late or repeated answer to ops that left already changes nothing. Returns how many ops left. Raises Garbled,
        with nothing changed, for anything that is not such an answer.
        """
        results = _results(answer)
        left = 0
        with self.transaction() as db:
            for result in results:
                row = db.execute(
                    "select dev_seq, record_id, base_ver, body from outbox where op_id = ?", (result["op_id"],)
                ).fetchone()
                if row is None or result["status"] not in DURABLE:
                    continue
                db.execute("delete from outbox where op_id = ?", (result["op_id"],))
                kept = {k: v for k, v in result.items() if k != "record"}
                sent = (row[0], result["op_id"], *row[1:], result["status"], _text(kept))
                db.execute("insert or replace into sent values (?, ?, ?, ?, ?, ?, ?, 0)", sent)
                if result.get("record"):
                    self._adopt(result["record"])
                left += 1
            self.put("epoch", str(answer["epoch"]))
        return left

    def _adopt(self, doc: Doc) -> None:
        """A record out of an answer: taken, unless its scope was lost since, or a later version is known."""
        lost = self.connection.execute("select 1 from lost_scope where scope = ?", (doc["scope"],)).fetchone()
        if lost is None:
            self._put(doc)

    def _put(self, doc: Doc) -> None:
        held = self.connection.execute("select ver from base where id = ?", (doc["id"],)).fetchone()
        if held is None or doc["ver"] > held[0]:
            new = (doc["id"], doc["type"], doc["scope"], doc["ver"], _text(doc))
            self.connection.execute("insert or replace into base values (?, ?, ?, ?, 0, ?)", new)
        elif doc["ver"] == held[0]:
            same = (doc["scope"], _text(doc), doc["id"])
            self.connection.execute("update base set stale = 0, scope = ?, doc = ? where id = ?", same)

    # Pulling.

    def apply_page(self, page: Any) -> bool:
        """Takes a page and its cursor in one transaction; the outbox is not touched. Returns whether there is more.

        Raises Garbled, with nothing changed, for anything that is not a page.
        """
        _check_page(page)
        with self.transaction() as db:
            for scope in page["removed"]:
                db.execute("delete from base where scope = ?", (scope,))
                db.execute("insert or ignore into lost_scope values (?)", (scope,))
            for scope in page["reload"]:
                db.execute("update base set stale = 1 where scope = ?", (scope,))
            for change in page["changes"]:
                db.execute("delete from lost_scope where scope = ?", (change["scope"],))
                if change["kind"] == "put":
                    self._put(change["record"])
                else:
                    self._leave(change)
            if not page["more"]:
                db.execute("delete from base where stale = 1")
            self.put("cursor", page["cursor"])
            self.put("epoch", page["epoch"])
        return bool(page["more"])

    def _leave(self, change: Doc) -> None:
        where = (change["ver"], change["id"], change["scope"], change["ver"])
        self.connection.execute("update base set doc = null, ver = ? where id = ? and scope = ? and ver < ?", where)

    def begin_epoch(self, epoch: str) -> None:
        """The service was restored: everything ever sent waits to be sent again, and the next pull starts anew.

        Sending again is harmless: what the service still has answers `duplicate`.
        """
        with self.transaction() as db:
            db.execute("insert or ignore into outbox select dev_seq, op_id, record_id, base_ver, body from sent")
            db.execute("delete from sent")
            db.execute("update base set stale = 1, ver = 0")
            self.put("cursor", None)
            self.put("epoch", epoch)

    # What asks for the officer's attention.

    def inbox(self) -> list[Doc]:
        """Rejected ops with reason and next action, open conflicts, and decisions that ask for something."""
        query = "select op_id, record_id, result from sent where status = 'rejected' and dismissed = 0 order by dev_seq"
        found: list[Doc] = []
        for op_id, record_id, result in self.connection.execute(query).fetchall():
            found.append({"kind": "rejected", "op_id": op_id, "record_id": record_id, **json.loads(result)})
        for doc in self.base():
            found += [{"kind": "conflict", "record_id": doc["id"], **c} for c in doc.get("conflicts", [])]
            review = doc.get("review") or {}
            if doc.get("state") in ("rejected", "needs_info"):
                found.append({"kind": "review", "record_id": doc["id"], **review})
        return found

    def dismiss(self, op_id: str) -> None:
        """The officer has dealt with a rejected op; its body stays in `sent`."""
        self.connection.execute("update sent set dismissed = 1 where op_id = ?", (op_id,))


def _text(value: Doc) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _results(answer: Any) -> list[Doc]:
    """Raises Garbled unless this is an answer to a push."""
    results = answer.get("results") if isinstance(answer, dict) and "epoch" in answer else None
    if not isinstance(results, list) or not all(
        isinstance(r, dict) and {"op_id", "status"} <= r.keys() for r in results
    ):
        raise Garbled("not an answer to a push")
    return results


def _check_page(page: Any) -> None:
    names = {"epoch", "cursor", "more", "removed", "reload", "changes"}
    if not isinstance(page, dict) or not names <= page.keys() or not isinstance(page["changes"], list):
        raise Garbled("not a page")
