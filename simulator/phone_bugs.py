"""Mistakes of a client that sync systems really make, one class each."""

import json
from typing import Any

from minhchung_client import Replica


class CursorFirst(Replica):
    """Saves the cursor, then applies the page."""

    def apply_page(self, page: Any) -> bool:
        self.put("cursor", page["cursor"])
        return super().apply_page(page)


class LateAnswer(Replica):
    """Takes the records of an answer without asking whether it still waits for one."""

    def apply_results(self, answer: Any) -> int:
        with self.transaction():
            for result in answer["results"]:
                if doc := result.get("record"):
                    row = (doc["id"], doc["type"], doc["scope"], doc["ver"], json.dumps(doc))
                    self.connection.execute("insert or replace into base values (?, ?, ?, ?, 0, ?)", row)
        return super().apply_results(answer)


class Restamped(Replica):
    """Gives waiting ops the newest version as their base."""

    def apply_page(self, page: Any) -> bool:
        more = super().apply_page(page)
        for dev_seq, body in self.connection.execute("select dev_seq, body from outbox").fetchall():
            op = json.loads(body)
            held = self.connection.execute("select ver from base where id = ?", (op["record_id"],)).fetchone()
            op["base_ver"] = held[0] if held else op["base_ver"]
            self.connection.execute("update outbox set body = ? where dev_seq = ?", (json.dumps(op), dev_seq))
        return more


class VersionOnly(Replica):
    """Takes the version out of an answer, and not what it says."""

    def _adopt(self, doc: dict[str, Any]) -> None:
        where = (doc["ver"], doc["id"], doc["ver"])
        self.connection.execute("update base set ver = ? where id = ? and ver < ?", where)


class HiddenBase(Replica):
    """Believes that what lies under waiting edits was seen."""

    def _seen(self, record_id: str) -> tuple[int, str | None]:
        row = self.connection.execute("select ver from base where id = ? and doc is not null", (record_id,)).fetchone()
        return (int(row[0]) if row else 0), super()._seen(record_id)[1]
