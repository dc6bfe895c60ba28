"""Tables that follow the records: where each case stands. Written in the transaction that changes the record."""

from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from programme.models import Case
from programme.transitions import CASES
from sync.bulk import upsert
from sync.types import Written


def follow(session: Session, written: list[Written], now: int) -> None:
    """The follower of the programme (`sync.types.Registry.followers`)."""
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
