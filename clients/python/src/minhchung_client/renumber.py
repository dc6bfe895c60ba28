"""Going on under another client id: two installs had one (a cloned phone, or one that was restored from its backup).

What waits has to be asked about first: an op that the service has is not sent again, one that it lacks gets a number of
the new client. Functions over the database of a replica, to be called inside a transaction; protocol P52.
"""

import json
import sqlite3
from typing import Any

from minhchung_client.errors import Garbled
from minhchung_client.wire import DURABLE, became, text

Doc = dict[str, Any]


def retire(db: sqlite3.Connection) -> None:
    """Takes the numbers of all ops back: what has none of the present client's is below 1, in the order it was made."""
    last = db.execute("select max(dev_seq) from (select dev_seq from outbox union all select dev_seq from sent)")
    shift = last.fetchone()[0] or 0
    for table in ("outbox", "sent"):
        rows = db.execute(f"select dev_seq from {table} order by dev_seq").fetchall()  # noqa: S608  # a constant
        for (dev_seq,) in rows:
            db.execute(f"update {table} set dev_seq = ? where dev_seq = ?", (dev_seq - shift, dev_seq))  # noqa: S608


def unasked(db: sqlite3.Connection) -> list[str]:
    """All that waits, oldest first, where something waits that has no number; else nothing."""
    if db.execute("select 1 from outbox where dev_seq < 1").fetchone() is None:
        return []
    return [op_id for (op_id,) in db.execute("select op_id from outbox order by dev_seq")]


def settle(db: sqlite3.Connection, ops: list[Doc], last: int) -> int:
    """Takes what the service said of all of `unasked`: what it knows leaves the outbox, the rest is numbered.

    `last`: the last number given; returns the last one then. Raises Garbled, before anything is changed.
    """
    told = {op["op_id"]: op for op in ops}
    rows = db.execute("select dev_seq, op_id, record_id, base_ver, body from outbox order by dev_seq").fetchall()
    if {row[1] for row in rows} - told.keys():
        raise Garbled("not an answer about all that was asked")
    unknown = []
    for row in rows:
        op = told[row[1]]
        if op.get("status") not in DURABLE:
            unknown.append(row)
            continue
        db.execute("delete from outbox where op_id = ?", (row[1],))
        db.execute("delete from sent where op_id = ?", (row[1],))
        db.execute("insert into sent values (?, ?, ?, ?, ?, ?, ?, 0)", (*row, became(op), text(op)))
    free: list[int] = [row[0] for row in unknown if row[0] > 0]
    numbers = free + list(range(last + 1, last + 1 + len(unknown) - len(free)))
    for _, op_id, *_ in unknown:
        db.execute("delete from outbox where op_id = ?", (op_id,))
        db.execute("delete from sent where op_id = ?", (op_id,))  # a restored service has lost it
    for number, (_, op_id, record_id, base_ver, body) in zip(numbers, unknown, strict=True):
        numbered = text({**json.loads(body), "dev_seq": number})
        db.execute("insert into outbox values (?, ?, ?, ?, ?)", (number, op_id, record_id, base_ver, numbered))
    return max(last, *numbers, 0)
