"""What asks for the officer's attention. Reads a replica's tables, changes nothing."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

Doc = dict[str, Any]
ASKING = ("rejected", "needs_info")  # states in which a reviewer waits for the author


def inbox(db: sqlite3.Connection, record: Callable[[str], Doc | None], account_id: str | None) -> list[Doc]:
    """`{kind, …}`: `rejected` ops with body, reason and next action; open `conflict`s; `review` decisions that ask
    something of their author; `file`s that the service does not take.

    `record` shows a record with waiting edits over it: what one of them answers is not asked again.
    """
    return [*_rejected(db), *_asked(db, record, account_id), *_refused_files(db)]


def _rejected(db: sqlite3.Connection) -> list[Doc]:
    query = "select record_id, body, result from sent where status = 'rejected' and dismissed = 0 order by dev_seq"
    return [
        {**json.loads(result), "kind": "rejected", "record_id": record_id, "op": json.loads(body)}
        for record_id, body, result in db.execute(query).fetchall()
    ]


def _asked(db: sqlite3.Connection, record: Callable[[str], Doc | None], account_id: str | None) -> list[Doc]:
    query = (
        "select id from base where doc is not null and (json_array_length(doc, '$.conflicts') > 0"
        " or json_extract(doc, '$.state') in (?, ?)) order by id"
    )
    found: list[Doc] = []
    for (record_id,) in db.execute(query, ASKING).fetchall():
        doc = record(record_id) or {}
        found += [{**c, "kind": "conflict", "record_id": record_id} for c in doc.get("conflicts", [])]
        if doc.get("state") in ASKING and not doc.get("deleted") and _is_author(doc, account_id):
            review = doc.get("review")
            found.append({**(review if isinstance(review, dict) else {}), "kind": "review", "record_id": record_id})
    return found


def _is_author(doc: Doc, account_id: str | None) -> bool:
    """Also where it is not known who wrote: rather ask one person too many than nobody."""
    authors = doc.get("authors")
    return not isinstance(authors, list) or account_id is None or account_id in authors


def _refused_files(db: sqlite3.Connection) -> list[Doc]:
    query = "select sha256, name, record_id, problem from file where problem is not null order by sha256"
    return [
        {**json.loads(problem), "kind": "file", "sha256": sha256, "name": name, "record_id": record_id}
        for sha256, name, record_id, problem in db.execute(query).fetchall()
    ]
