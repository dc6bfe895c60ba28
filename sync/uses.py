"""Where else a file, or a picture like it, is used: as far as the caller may see, and no further (protocol P45)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from auth.principal import Principal
from sync import alike
from sync.media_models import HashBucket
from sync.models import Attachment, Record
from sync.visibility import visible

AT_ONCE = 5000  # buckets, or digests, in one statement
MOST = 20_000  # look-alikes that are compared; a page of records has few


@dataclass(frozen=True, slots=True)
class Use:
    """Another record that names the same file (`distance` 0), or a picture that differs in `distance` bits of 64."""

    record_id: str
    scope: str
    codes: tuple[str, ...]
    sha256: str
    distance: int


def elsewhere(
    session: Session, principal: Principal, files: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[Use]]:
    """Other records for each `(record id, digest)`; nearest first. Records that are deleted do not count."""
    alike_to = _alike(session, sorted({sha256 for _, sha256 in files}))
    digests = sorted({sha256 for _, sha256 in files} | {s for found in alike_to.values() for s in found})
    using = _records(session, principal, digests)
    found: dict[tuple[str, str], list[Use]] = {}
    for record_id, sha256 in files:
        near = {sha256: 0, **alike_to.get(sha256, {})}
        uses = [
            Use(other, scope, codes, digest, bits)
            for digest, bits in near.items()
            for other, scope, codes in using.get(digest, ())
            if other != record_id
        ]
        if uses:
            found[record_id, sha256] = sorted(uses, key=lambda use: (use.distance, use.record_id))
    return found


def _alike(session: Session, digests: Sequence[str]) -> dict[str, dict[str, int]]:
    """Digest -> digests of pictures within the tolerance, with how many bits differ."""
    own = session.execute(
        select(col(HashBucket.sha256), col(HashBucket.hash)).where(col(HashBucket.sha256).in_(digests)).distinct()
    ).all()
    asking = defaultdict(list)
    for sha256, value in own:
        for bucket in alike.probes(value & 0xFFFFFFFFFFFFFFFF):
            asking[bucket].append((sha256, value))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for bucket, other, value in _in_buckets(session, sorted(asking)):
        for sha256, mine in asking[bucket]:
            bits = alike.distance(mine, value)
            if bits <= alike.TOLERANCE and other != sha256:
                found[sha256][other] = bits
    return found


def _in_buckets(session: Session, buckets: Sequence[int]) -> list[Any]:
    rows: list[Any] = []
    for start in range(0, len(buckets), AT_ONCE):
        where = col(HashBucket.bucket).in_(buckets[start : start + AT_ONCE])
        table = select(col(HashBucket.bucket), col(HashBucket.sha256), col(HashBucket.hash))
        rows += session.execute(table.where(where).limit(MOST - len(rows))).all()
    return rows


def _records(
    session: Session, principal: Principal, digests: Sequence[str]
) -> dict[str, list[tuple[str, str, tuple[str, ...]]]]:
    found = defaultdict(list)
    for start in range(0, len(digests), AT_ONCE):
        rows = session.execute(
            select(col(Attachment.sha256), col(Record.id), col(Record.scope), col(Record.doc))
            .join(Record, col(Record.id) == col(Attachment.record_id))
            .where(col(Attachment.sha256).in_(digests[start : start + AT_ONCE]), col(Attachment.named))
            .where(col(Attachment.state) != "missing", ~col(Record.deleted), visible(principal, col(Record.scope)))
        )
        for sha256, record_id, scope, doc in rows:
            found[sha256].append((record_id, scope, tuple(orjson.loads(doc).get("codes", ()))))
    return found
