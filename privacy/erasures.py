"""Erasing on the desk's word, with a signed certificate of what went; and what is kept too long (domain L18, L19).

The engine erases (`sync/redaction.py`): tombstones stay and the chain holds. A certificate names records, versions and
digests, never content, and the backups that still hold it, which have to be let expire.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, select

from auth.principal import EVERY_UNIT, Permission, Principal
from privacy.errors import CertificateUnknown, NotDue
from privacy.models import ErasureCertificate
from privacy.register import Register
from programme.erasing import redact
from programme.evidence import EVIDENCE_NAMES
from programme.making import fault
from programme.models import Case
from sync import canonical
from sync.instant import iso, milliseconds
from sync.records import Shown, current, listed
from sync.types import Registry

TYP = "mc-erasure+jws"
MONTH_MS = 31 * 24 * 3_600_000
CLASSES = {
    "draft": "draft",
    "rejected": "rejected",
    "needs_info": "rejected",
    "verified": "accepted",
    "deleted": "deleted",
}
Signer = Callable[[str, dict[str, Any]], str]  # typ and payload -> compact JWS


@dataclass(frozen=True, slots=True)
class Due:
    """An item whose period is over: its class, and since when (ms)."""

    record_id: str
    type: str
    scope: str
    retention: str
    since: int


def erase(
    session: Session, registry: Registry, principal: Principal, record_ids: Collection[str],
    fields: Collection[str] | None, reason: str, basis: str, case_id: str | None,
    *, wish: str, sign: Signer, now: int, account_id: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Erases `fields` (None: everything) of these records and signs for it; a retry of `wish` erases nothing twice.

    `account_id`: an account that was forgotten with them, which the certificate names.

    Raises RecordUnknown, NotPermitted, NotRedactable; then nothing is erased.
    """
    found = []
    backups: dict[str, int] = {}
    for record_id in sorted(set(record_ids)):
        redaction_id = canonical.derived_id("erasure", canonical.sha256(f"{wish}/{record_id}".encode()))
        why = {"redaction_id": redaction_id, "reason": reason, "basis": basis}
        done = redact(session, registry, principal, record_id, fields or None, now=now, **why)
        backups |= dict(done.backups)
        found.append({name: value for name, value in asdict(done).items() if name != "backups"} | {"at": iso(done.at)})
    held = [{"name": name, "taken_at": iso(at)} for name, at in sorted(backups.items(), key=lambda one: one[1])]
    said = {
        "at": iso(now), "by": principal.account_id, "reason": reason, "basis": basis, "case": case_id,
        "erased": found, "backups": held, **({"account": account_id} if account_id else {}),
    }  # fmt: skip
    name = _of(wish)
    if session.get(ErasureCertificate, name) is None:  # a retry has erased nothing more to sign for
        session.add(ErasureCertificate(id=name, at=now, reason=reason, case_id=case_id, jws=sign(TYP, said)))
        session.flush()
    return {"certificate": name, "erased": found, "backups": held}


def certificate(session: Session, principal: Principal, certificate_id: str) -> str:
    """A certificate as compact JWS. Raises NotPermitted, CertificateUnknown."""
    principal.require(Permission.PROTECT, EVERY_UNIT)
    row = session.get(ErasureCertificate, certificate_id)
    if row is None:
        raise CertificateUnknown
    return row.jws


def due(
    session: Session, principal: Principal, register: Register, now: int, after: tuple[str, int] | None, limit: int
) -> tuple[list[Due], tuple[str, int] | None]:
    """Items of which the period is over, among the next `limit` records after a place; and the next place.

    Raises NotPermitted.
    """
    principal.require(Permission.PROTECT, EVERY_UNIT)
    wanted = {"scopes": None, "types": sorted(EVIDENCE_NAMES), "states": sorted(CLASSES)}
    rows = listed(session, principal, after=after, limit=limit, **wanted)
    archived = _archived(session)
    judged = (_judged(shown, register, archived, now) for _, shown in rows)
    place = (rows[-1][1].scope, rows[-1][0]) if len(rows) == limit else None
    return [one for one in judged if one], place


def retire(
    session: Session, registry: Registry, principal: Principal, register: Register, record_ids: Collection[str],
    *, wish: str, sign: Signer, now: int,
) -> dict[str, Any]:  # fmt: skip
    """Erases items whose period is over. Raises NotPermitted, NotDue (with each that is not), and as `erase`."""
    principal.require(Permission.PROTECT, EVERY_UNIT)
    archived, held = _archived(session), current(session, list(record_ids))
    faults = list(_not_due(record_ids, held, register, archived, now))
    if faults and session.get(ErasureCertificate, _of(wish)) is None:
        raise NotDue(errors=faults)
    basis = f"register {register.version}"
    return erase(
        session, registry, principal, record_ids, None, "retention", basis, None, wish=wish, sign=sign, now=now
    )


def _of(wish: str) -> str:
    return canonical.derived_id("certificate", canonical.sha256(wish.encode()))


def _not_due(
    record_ids: Collection[str], held: dict[str, Shown], register: Register, archived: set[str], now: int
) -> Iterator[dict[str, str]]:
    for record_id in record_ids:
        shown = held.get(record_id)
        if shown is None or _judged(shown, register, archived, now) is None:
            vi = "Chưa hết thời hạn lưu giữ, hoặc hồ sơ chưa bàn giao lưu trữ."
            yield fault(
                "not_due", f"/record_ids/{record_id}", vi, "Its period lasts, or its dossier was not handed over."
            )


def _judged(shown: Shown, register: Register, archived: set[str], now: int) -> Due | None:
    """Whether the period of an item is over."""
    doc = orjson.loads(shown.doc)
    name = CLASSES.get(doc["state"])
    kept = register.retention.get(name) if name and shown.type in EVIDENCE_NAMES else None
    if name is None or kept is None or any(mark["fields"] is None for mark in doc.get("redacted", ())):
        return None
    if kept.months is None:
        return Due(shown.id, shown.type, shown.scope, name, now) if shown.scope in archived else None
    since = milliseconds((doc.get("review") or {}).get("at") or doc["updated_at"])
    end = since + kept.months * MONTH_MS
    return Due(shown.id, shown.type, shown.scope, name, end) if end <= now else None


def _archived(session: Session) -> set[str]:
    """Scopes whose dossier was handed over to the archive."""
    rows = session.exec(select(Case.unit, Case.year).where(col(Case.type) == "dossier", col(Case.state) == "archived"))
    return {f"{unit}/{year}" for unit, year in rows}
