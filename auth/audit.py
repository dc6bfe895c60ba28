"""The audit trail: who did what to whom, when and from where. Appended, hash-chained, read by auditors (domain L12).

The hash of an entry covers the one before, so that a trail that was changed, shortened in the middle or reordered no
longer checks. The row of the head is locked last in a transaction, and orders the trail.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlmodel import Session, col, select

from auth.models import AuditEntry, AuditHead
from auth.principal import Principal

Act = Literal[
    "account_created", "account_off", "account_on", "breach_closed", "breach_notified", "breach_opened",
    "client_revoked", "client_wiped", "consent_given", "consent_withdrawn", "decision", "delegated",
    "delegation_ended", "enrolled", "enrolment_opened", "epoch_opened", "exported", "file_destroyed",
    "file_quarantined", "file_released", "grant_ended", "grant_given", "identity_tied", "identity_untied", "imported",
    "items_erased", "keys_rotated", "oauth_client_changed", "op_destroyed", "original_read", "password_changed",
    "password_set", "press_cleared", "press_withdrawn", "purpose_refused", "refresh_reused", "restricted_read",
    "retention", "second_factor_changed", "sign_in_failed", "signed_in", "signed_out", "subject_request", "trail_cut",
    "trail_exported", "trail_read", "trail_reviewed", "viewed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a request came from: the account and client behind it, and its network address."""

    actor: str = ""
    client: str = ""
    source: str = ""

    @classmethod
    def of(cls, principal: Principal, source: str) -> "Trace":
        return cls(principal.account_id, principal.client_id, source)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail, as it is shown, exported and hashed; `at` is ms, `entry_hash` hex."""

    seq: int
    at: int
    act: str
    actor: str
    client: str
    source: str
    subject: str
    facts: dict[str, Any]
    entry_hash: str


def note(session: Session, /, trace: Trace, act: Act, subject: str, now: int, **facts: Any) -> None:
    """Appends one entry. `facts` are ids, codes and numbers: never a person's words, a name of a file or a place."""
    head = session.get(AuditHead, 1, with_for_update=True)
    if head is None:
        head = AuditHead(id=1)
        session.add(head)
        session.flush()
        head = session.get_one(AuditHead, 1, with_for_update=True)
    row = AuditEntry(
        seq=head.seq + 1,
        at=now,
        act=act,
        actor=trace.actor,
        client=trace.client,
        source=trace.source,
        subject=subject,
        facts=json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        entry_hash=b"",
    )
    row.entry_hash = _hash(head.hash, _shown(row))
    head.seq, head.hash = row.seq, row.entry_hash
    session.add_all((row, head))
    session.flush()


def entries(
    session: Session, *, after: int = 0, through: int = 2**62, limit: int = 500, acts: Iterable[str] = ()
) -> list[Entry]:
    """Entries behind number `after` and up to `through`, oldest first; no `acts` means all."""
    where = [col(AuditEntry.seq) > after, col(AuditEntry.seq) <= through]
    if wanted := list(acts):
        where.append(col(AuditEntry.act).in_(wanted))
    return [
        _shown(r) for r in session.exec(select(AuditEntry).where(*where).order_by(col(AuditEntry.seq)).limit(limit))
    ]


def head(session: Session) -> tuple[int, str]:
    """Number and hash of the last entry."""
    found = session.get(AuditHead, 1)
    return (found.seq, found.hash.hex()) if found else (0, "")


def beginning(session: Session) -> tuple[int, str]:
    """Number and hash of the last entry that was removed after its export; what is kept follows it."""
    found = session.get(AuditHead, 1)
    return (found.cut, found.cut_hash.hex()) if found else (0, "")


def before(session: Session, seq: int) -> tuple[int, str]:
    """Number and hash of the entry that `seq` follows, kept or removed."""
    row = session.get(AuditEntry, seq - 1)
    return (row.seq, row.entry_hash.hex()) if row else beginning(session)


def faults(found: Iterable[Entry], *, before: tuple[int, str] = (0, "")) -> list[str]:
    """What is wrong with a stretch of the trail that follows `before` (number and hash); nothing, when it is whole."""
    seq, last = before
    wrong = []
    for entry in found:
        if entry.seq != seq + 1:
            wrong.append(f"entry {seq + 1} is missing before {entry.seq}")
        if entry.entry_hash != _hash(bytes.fromhex(last), entry).hex():
            wrong.append(f"entry {entry.seq} was changed, or does not follow the one before")
        seq, last = entry.seq, entry.entry_hash
    return wrong


def _shown(row: AuditEntry) -> Entry:
    return Entry(
        row.seq, row.at, row.act, row.actor, row.client, row.source, row.subject, json.loads(row.facts),
        row.entry_hash.hex(),
    )  # fmt: skip


def _hash(before: bytes, entry: Entry) -> bytes:
    parts = [entry.seq, entry.at, entry.act, entry.actor, entry.client, entry.source, entry.subject, entry.facts]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(before + text.encode()).digest()
