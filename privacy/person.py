"""What the service holds about somebody, handed out in an open form: records as JSON and a manifest of their files."""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlmodel import Session

from sync.records import current


def records_of(session: Session, record_ids: Iterable[str]) -> dict[str, Any]:
    """Records by their ids, and every file that they name: digest, size, type, name."""
    held = current(session, sorted(set(record_ids)))
    docs = [orjson.loads(shown.doc) for _, shown in sorted(held.items())]
    return {"records": docs, "files": [_file(doc["id"], one) for doc in docs for one in doc["data"].get("media") or ()]}


def _file(record_id: str, named: dict[str, Any]) -> dict[str, Any]:
    return {"record_id": record_id, **{key: named.get(key) for key in ("sha256", "size", "mime", "name")}}
