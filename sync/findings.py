"""What was found in files: noted once per file, and told to every record that names it."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from storage.inspection import Looked
from storage.scanner import Scan
from sync import alike, files, jobs, quarantine
from sync.media_models import Finding, HashBucket
from sync.models import Blob
from sync.types import Registry


def inspected(
    session: Session, registry: Registry, job: jobs.Claimed, looked: Looked, *, previews: str, scan: Scan, now: int
) -> None:
    """Notes what a look into a file gave. What may not be served is quarantined; its bytes stay.

    `previews`: `ready`, `failed` or `none`. A file that people have quarantined, or released, keeps their word.
    """
    sha256 = job.payload
    values: dict[str, Any] = {"mime": looked.mime, "check": looked.check, "previews": previews, "scan": scan}
    session.execute(update(Blob).where(col(Blob.sha256) == sha256).values(**values))
    session.execute(delete(Finding).where(col(Finding.sha256) == sha256))
    facts = orjson.dumps(looked.facts).decode()
    session.execute(insert(Finding).values(sha256=sha256, kind=looked.kind, facts=facts, found_at=now))
    session.execute(delete(HashBucket).where(col(HashBucket.sha256) == sha256))
    if looked.hash is not None:
        rows = [{"bucket": b, "sha256": sha256, "hash": alike.signed(looked.hash)} for b in alike.buckets(looked.hash)]
        session.execute(insert(HashBucket), rows)
    code = "file_malware" if scan == "found" else looked.refusal
    if code:
        quarantine.keep_apart(session, sha256, code, now)
    files.arrived(session, registry, files.named_by(session, sha256), now)
    jobs.finish(session, job)


def of_files(session: Session, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Kind, facts and standing by digest, of those that were looked into; for the service itself, nobody's view."""
    rows = session.execute(
        select(col(Finding.sha256), col(Finding.kind), col(Finding.facts), col(Blob.check), col(Blob.held))
        .join(Blob, col(Blob.sha256) == col(Finding.sha256))
        .where(col(Finding.sha256).in_(digests))
    )
    return {s: {"kind": kind, "facts": orjson.loads(facts), "check": c, "held": h} for s, kind, facts, c, h in rows}


def scan_again(session: Session, now: int) -> None:
    """Has files that were looked into but not scanned looked into once more, a hundred at a time."""
    waiting = select(col(Blob.sha256)).where(col(Blob.scan) == "not_scanned", col(Blob.check) != "pending")
    for sha256 in session.scalars(waiting.order_by(col(Blob.created_at)).limit(100)).all():
        jobs.add(session, jobs.INSPECT, sha256, now)
