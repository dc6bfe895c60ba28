"""The audit trail off this host: pieces that follow each other, and what may be removed here once they lie there.

An entry stays here for as long as the retention says, and longer where it was not exported: removal asks for an export
that was read back. The chain goes on over the cut, because the head remembers the hash at it (domain L12).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from auth import audit
from auth.audit import Entry, Trace
from auth.models import AuditEntry, AuditExport, AuditHead

PIECE = 10_000  # entries of one file


@dataclass(frozen=True, slots=True)
class Due:
    """The next piece to export; `after`: number and hash of the entry that it follows."""

    after: tuple[int, str]
    entries: list[Entry]

    @property
    def last(self) -> tuple[int, str]:
        return self.entries[-1].seq, self.entries[-1].entry_hash


def due(session: Session) -> Due | None:
    """What was not exported yet, oldest first, at most `PIECE` entries; None when all was."""
    done = session.exec(select(AuditExport).order_by(col(AuditExport.last).desc()).limit(1)).first()
    after = (done.last, done.last_hash.hex()) if done else audit.beginning(session)
    found = audit.entries(session, after=after[0], limit=PIECE)
    news = any(entry.act != "trail_exported" for entry in found)  # else each export would be a reason for the next
    return Due(after, found) if news else None


def exported(session: Session, piece: Due, name: str, now: int) -> None:
    """Notes a piece that was read back where it lies. Noting it again changes nothing."""
    seq, last = piece.last
    if session.get(AuditExport, seq) is not None:
        return
    first, end = piece.entries[0].seq, piece.entries[-1].at
    row = AuditExport(last=seq, first=first, last_at=end, last_hash=bytes.fromhex(last), name=name, verified_at=now)
    session.add(row)
    audit.note(session, Trace("service"), "trail_exported", name, now, first=first, last=seq)


def cut(session: Session, before: int, now: int) -> int:
    """Removes entries that are older than `before` (ms) and were exported; returns how many.

    The database lets go of nothing beyond the cut (a trigger), and the cut moves in the transaction that removes.
    """
    head = session.get(AuditHead, 1, with_for_update=True)
    safe = session.exec(select(func.max(AuditExport.last))).one()
    if head is None or not safe:
        return 0
    kept = session.exec(select(func.min(AuditEntry.seq)).where(col(AuditEntry.at) >= before)).one()
    last = min(safe, kept - 1 if kept else head.seq)
    row = session.get(AuditEntry, last)
    if row is None or last <= head.cut:
        return 0
    gone = last - head.cut
    head.cut, head.cut_hash = last, row.entry_hash
    session.add(head)
    session.expunge(row)
    session.flush()
    session.execute(delete(AuditEntry).where(col(AuditEntry.seq) <= last))
    audit.note(session, Trace("service"), "trail_cut", str(last), now, entries=gone, before=before)
    return gone


def chain_faults(pieces: Iterable[tuple[tuple[int, str], list[Entry]]]) -> list[str]:
    """What is wrong with pieces in their order, each with the number and hash that it says it follows."""
    wrong: list[str] = []
    last: tuple[int, str] | None = None
    for after, entries in pieces:
        if last is not None and after != last:
            wrong.append(f"entry {after[0] + 1} does not follow {last[0]}: a piece is missing or was exchanged")
        wrong += audit.faults(entries, before=after)
        last = entries[-1].seq, entries[-1].entry_hash
    return wrong
