"""The dossier of a unit's year: what is missing and by when, and the snapshot that is sent (domain §5.1, §5.3).

A snapshot names every piece by digest at the version that was verified. It is made in the transaction that receives
the dossier and never changes; a dossier that comes back is sent again as the next version, and both stay readable.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, select

from auth.principal import Permission, Principal
from programme.calendar import Calendar, day_vi
from programme.errors import SnapshotUnknown, UnitUnknown
from programme.making import fault
from programme.models import Snapshot
from programme.progress import ItemProgress, Progress, assess
from programme.standing import Standing, standing_of
from sync import canonical
from sync.instant import iso
from sync.records import current
from sync.waiting import owing


@dataclass(frozen=True, slots=True)
class Completeness:
    """The checklist, and what is not finished yet: evidence that waits, phones that still hold something."""

    standing: Standing
    progress: Progress
    phones: list[dict[str, Any]]
    last_day: str

    def unmet(self) -> list[dict[str, str]]:
        """A fault for each criterion that is not met; the dossier itself meets the one about the dossier."""
        return [self._open(item) for item in self.progress.items if not item.met and item.source != "dossier"]

    def _open(self, item: ItemProgress) -> dict[str, str]:
        """What an item has, and lacks: where reports meet it, which months."""
        due = item.due or self.last_day
        vi, en = f"có {item.verified}/{item.wanted}", f"{item.verified} of {item.wanted}"
        if item.source == "reports":
            months = [m for m in self.standing.months_wanted() if m not in self.standing.reported]
            vi += f", thiếu tháng {', '.join(f'{m[5:]}/{m[:4]}' for m in months)}"
            en += f", missing {', '.join(months)}"
        return fault(
            "criterion_open",
            f"/items/{item.code}",
            f"{item.code} {item.title_vi}: {vi}; hạn {day_vi(due)}.",
            f"{item.code} {item.title_en}: {en}; due {due}.",
        )

    def blocking(self) -> list[dict[str, str]]:
        """What keeps the dossier from being sent: open criteria, and edits of what was verified."""
        vi, en = "Minh chứng này đã sửa sau khi xác nhận; chờ xem xét lại.", "Edited after it was verified."
        edited = [u for u in self.standing.unfinished if u["state"] == "changed"]
        return [*self.unmet(), *(fault("evidence_changed", f"/evidence/{u['record_id']}", vi, en) for u in edited)]


def completeness(session: Session, unit: str, year: int, calendar: Calendar, now: int) -> Completeness:
    """Where the dossier of a unit's year stands. Raises UnitUnknown."""
    standing = standing_of(session, unit, year)
    progress = assess(session, standing, now)
    return Completeness(standing, progress, _owing(session, f"{unit}/{year}"), calendar.last_day("dossier", year))


def _owing(session: Session, scope: str) -> list[dict[str, Any]]:
    """Phones from which something is still to come, the one that was here last first."""
    return [
        {"client_id": o.client_id, "pending": o.pending, "missing_dev_seq": o.missing, "seen_at": iso(o.seen_at)}
        for o in owing(session, scope)
    ]


def state_of(
    session: Session, principal: Principal, unit: str, year: int, calendar: Calendar, now: int
) -> dict[str, Any]:
    """Completeness for whoever may read the unit, as a value to be shown. Raises UnitUnknown."""
    if not principal.may(Permission.READ, f"{unit}/{year}"):
        raise UnitUnknown(code=unit)
    found = completeness(session, unit, year, calendar, now)
    return {
        "unit": unit,
        "year": year,
        "last_day": found.last_day,
        "met": found.progress.met,
        "applicable": found.progress.applicable,
        "missing": found.blocking(),
        "waiting": found.standing.unfinished,
        "phones": found.phones,
        "versions": last_version(session, unit, year),
    }


def content(found: Completeness, version: int, now: int) -> dict[str, Any]:
    """What a snapshot holds: the registration, the score sheet, and each piece by digest."""
    standing = found.standing
    evidence = {}
    for item in found.progress.items:
        pieces = [p for p in standing.verified[item.code] if p.code in item.evidence]
        evidence[item.code] = [
            {
                "code": p.code,
                "record_id": p.record_id,
                "ver": p.ver,
                "content_digest": p.digest,
                "kind": p.kind,
                "title": p.title,
                "issuer": p.issuer,
                "dated": p.dated,
                "files": list(p.files),
            }
            for p in sorted(pieces, key=lambda p: p.code)
        ]
    return {
        "unit": standing.unit.code,
        "name_vi": standing.unit.name_vi,
        "kind": standing.unit.kind,
        "year": standing.year,
        "version": version,
        "received_at": iso(now),
        "criteria_set": found.progress.catalogue,
        "registration": standing.data,
        "reports": sorted(standing.reported),
        "score_sheet": [_row(i.model_dump()) for i in found.progress.items],
        "evidence": evidence,
    }


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """A line of the score sheet: what is wanted, what there is, what the unit says of itself."""
    names = ("code", "title_vi", "wanted", "verified", "met", "source", "evidence", "claim")
    return {name: item[name] for name in names}


def snapshot(record_id: str, found: Completeness, version: int, now: int) -> Snapshot:
    """The row of a snapshot; its digest is that of its canonical bytes."""
    body = canonical.encode(content(found, version, now))
    return Snapshot(
        record_id=record_id,
        unit=found.standing.unit.code,
        year=found.standing.year,
        version=version,
        digest=canonical.sha256(body).hex(),
        content=body.decode(),
        at=now,
    )


def last_version(session: Session, unit: str, year: int) -> int:
    where = (col(Snapshot.unit) == unit, col(Snapshot.year) == year)
    found = session.exec(select(Snapshot.version).where(*where).order_by(col(Snapshot.version).desc())).first()
    return found or 0


def snapshot_of(session: Session, principal: Principal, unit: str, year: int, version: int | None) -> Snapshot:
    """A dossier as it was sent, the newest unless told. Raises SnapshotUnknown, also outside the caller's grants."""
    where = (col(Snapshot.unit) == unit, col(Snapshot.year) == year)
    query = select(Snapshot).where(*where).order_by(col(Snapshot.version).desc())
    found = session.exec(query if version is None else query.where(col(Snapshot.version) == version)).first()
    if found is None or not principal.may(Permission.READ, f"{unit}/{year}"):
        raise SnapshotUnknown
    return found


def untouched_faults(session: Session, record_id: str | None) -> list[dict[str, str]]:
    """Whether the evidence of a snapshot is still what was verified then; what was sent back since is named."""
    row = session.get(Snapshot, record_id) if record_id else None
    if row is None:
        return [fault("dossier_missing", "/data/dossier", "Chưa có hồ sơ đã gửi.", "No dossier was sent.")]
    pieces = {p["record_id"]: p for found in orjson.loads(row.content)["evidence"].values() for p in found}
    held = current(session, sorted(pieces))
    vi, en = "Minh chứng không còn là bản đã xác nhận.", "This is no longer what was verified."
    return [
        fault("evidence_withdrawn", f"/evidence/{i}", f"{p['code']}: {vi}", f"{p['code']}: {en}")
        for i, p in sorted(pieces.items())
        if (orjson.loads(held[i].doc).get("review") or {}).get("verified_digest") != p["content_digest"]
    ]
