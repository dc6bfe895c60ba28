"""Signals of records, worked out when they are read, for the one who reads (protocol P45; domain D16).

Reviewers see them; the feed never carries one, so no phone learns from them what other units hold.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
from sqlmodel import Session

from auth.principal import Permission, Principal
from programme.comparisons import Signal, compare
from programme.errors import ReviewNotPermitted
from sync import alike, findings, uses
from sync.records import Shown, readable


def signals_of(session: Session, principal: Principal, record_id: str) -> list[Signal]:
    """Every signal of a record's files. Raises RecordUnknown, ReviewNotPermitted."""
    shown = readable(session, principal, record_id)
    if not principal.may(Permission.REVIEW, shown.scope):
        raise ReviewNotPermitted
    return _signals(session, principal, [shown])[record_id]


def signal_counts(session: Session, principal: Principal, records: Sequence[Shown]) -> dict[str, dict[str, int]]:
    """How many signals of each code, by record id; of the records that the caller reviews, where there are any."""
    reviewed = [shown for shown in records if principal.may(Permission.REVIEW, shown.scope)]
    found = _signals(session, principal, reviewed)
    return {record_id: dict(Counter(signal.code for signal in told)) for record_id, told in found.items() if told}


def _signals(session: Session, principal: Principal, records: Sequence[Shown]) -> dict[str, list[Signal]]:
    docs = {shown.id: orjson.loads(shown.doc) for shown in records}
    named = [(record_id, file) for record_id, doc in docs.items() for file in doc["data"].get("media", ())]
    here = [(r, f) for r, f in named if docs[r].get("files", {}).get(f["sha256"], {}).get("state") != "missing"]
    found = findings.of_files(session, sorted({file["sha256"] for _, file in here}))
    others = uses.elsewhere(session, principal, [(record_id, file["sha256"]) for record_id, file in here])
    signals: dict[str, list[Signal]] = {record_id: [] for record_id in docs}
    for record_id, file in here:
        signals[record_id] += _reused(file["sha256"], others.get((record_id, file["sha256"]), []))
        if file["sha256"] in found:
            signals[record_id] += compare(docs[record_id], file, found[file["sha256"]])
    return signals


def _reused(sha256: str, found: list[uses.Use]) -> list[Signal]:
    """One signal for the same bytes, one for pictures that look the same; each with its records, nearest first."""
    told = []
    for code, wanted in (("same_file", [u for u in found if u.sha256 == sha256]), ("near_picture", found)):
        records = {u.record_id: u for u in wanted if code == "same_file" or u.sha256 != sha256}
        if records:
            compared: dict[str, Any] = {"uses": len(records)}
            if code == "near_picture":
                compared |= {"distance": min(u.distance for u in records.values()), "tolerance": alike.TOLERANCE}
            shown = [{"record_id": u.record_id, "scope": u.scope, "codes": list(u.codes)} for u in records.values()]
            told.append(Signal(code, sha256, compared, tuple(shown)))
    return told
