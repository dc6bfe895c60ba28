"""Tables that follow the records: where each case stands, what the review desk lists.

Written in the transaction that changes the record.
"""

from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from auth.principal import RESTRICTED
from programme.evidence import EVIDENCE_NAMES
from programme.models import Case, DeskItem
from programme.transitions import CASES
from sync import jobs
from sync.bulk import among, upsert
from sync.types import Written


def follow(session: Session, written: list[Written], now: int) -> None:
    """The follower of the programme (`sync.types.Registry.followers`)."""
    evidence = [w for w in written if w.type in EVIDENCE_NAMES]
    follow_evidence(session, evidence, now)
    for spilled in filter(has_spilled, evidence):
        jobs.add(session, jobs.SEAL, spilled.id, now)
    cases = [w for w in written if w.type in CASES]
    if not cases:
        return
    ids = [w.id for w in cases]
    known = {
        row[0]: (row[1], row[2])
        for row in session.execute(select(col(Case.record_id), col(Case.state), col(Case.since)).where(
            col(Case.record_id).in_(ids)
        ))
    }  # fmt: skip
    gone = [w.id for w in cases if w.deleted and w.id in known]
    if gone:
        session.execute(delete(Case).where(col(Case.record_id).in_(gone)))
    upsert(session, Case, [_row(w, known.get(w.id), now) for w in cases if not w.deleted])


def has_spilled(written: Written) -> bool:
    """Whether evidence of a paper that somebody says is marked has files that are still served (domain L8)."""
    files = written.server.get("files", {}).values()
    return bool(written.data.get("marked_secret")) and any(file["state"] == "verified" for file in files)


def _row(written: Written, known: tuple[str, int] | None, now: int) -> dict[str, Any]:
    unit, _, year = written.scope.partition("/")
    return {
        "record_id": written.id,
        "type": written.type,
        "unit": unit,
        "year": int(year),
        "state": written.state,
        "period": str(written.data.get("month") or ""),
        "late": bool(written.data.get("late") or written.server.get("case", {}).get("late")),
        "since": known[1] if known and known[0] == written.state else now,
    }


def follow_evidence(session: Session, written: list[Written], now: int) -> None:
    """Brings the rows of the review desk after evidence; it waits from when it came to its state, edits or not."""
    known = _desk_rows(session, [w.id for w in written if w.ver > 1])
    rows: list[dict[str, Any]] = []
    for one in written:
        if one.scope.startswith(RESTRICTED):
            continue
        unit_year = {"scope": one.scope, "year": int(one.scope.partition("/")[2])}
        kind = {"type": one.type, "kind": str(one.data.get("kind") or one.type)}
        before = known.get((one.id, ""))
        since = before[1] if before and before[0] == one.state else now
        shared = {"record_id": one.id, **unit_year, **kind, "state": one.state, "since": since}
        rows += [{**shared, "criterion": item} for item in ("", *sorted(set(one.data.get("criteria") or ())))]
    kept = {(row["record_id"], row["criterion"]) for row in rows}
    for record_id, criterion in sorted(known.keys() - kept):
        where = (col(DeskItem.record_id) == record_id, col(DeskItem.criterion) == criterion)
        session.execute(delete(DeskItem).where(*where))
    upsert(session, DeskItem, rows)


def _desk_rows(session: Session, ids: list[str]) -> dict[tuple[str, str], tuple[str, int]]:
    if not ids:
        return {}
    columns = (col(DeskItem.record_id), col(DeskItem.criterion), col(DeskItem.state), col(DeskItem.since))
    found = session.execute(select(*columns).where(among(col(DeskItem.record_id), ids)))
    return {(record_id, criterion): (state, since) for record_id, criterion, state, since in found}
