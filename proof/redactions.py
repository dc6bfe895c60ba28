"""What was erased from a log, by its own word. Pure.

An erased body leaves its digest in the chain. An op of the service says in `redacted` what went, why and on whose word
(protocol P58). A body that is gone without such a word is no fault of the chain; it is told as such.
"""

import json
from collections.abc import Iterable
from typing import Any

Doc = dict[str, Any]


def told(entries: Iterable[Doc]) -> list[str]:
    """A line for each redaction, and one for each record whose bodies are gone without a word.

    `entries`: as the wire shows them, with `payload`; those without one (not asked for, or not told) say nothing.
    """
    lines: list[str] = []
    gone: dict[str, list[int]] = {}
    explained: set[str] = set()
    for entry in entries:
        record_id = entry["record_id"]
        if "payload" in entry and entry["payload"] is None:
            gone.setdefault(record_id, []).append(entry["seq"])
        elif mark := _mark(entry.get("payload")):
            explained.add(record_id)
            what = "all of it" if mark["fields"] is None else ", ".join(mark["fields"])
            why = f"{mark['reason']}, {mark['basis']}"
            lines.append(
                f"record {record_id}: {what} erased at {mark['at']} by {mark['by']} ({why}), entry {entry['seq']}"
            )
    for record_id, seqs in gone.items():
        numbers = ", ".join(map(str, seqs))
        word = "" if record_id in explained else "; nothing in this log says why"
        lines.append(f"record {record_id}: bodies of entries {numbers} are erased{word}")
    return lines


def _mark(payload: str | None) -> Doc | None:
    """The last mark of an op of the service; a device's op has a number of its own, and its word counts for nothing."""
    said = json.loads(payload) if payload is not None else {}
    server = said.get("server") if isinstance(said, dict) and "dev_seq" not in said else None
    marks = server.get("redacted") if isinstance(server, dict) else None
    return marks[-1] if isinstance(marks, list) and marks else None
