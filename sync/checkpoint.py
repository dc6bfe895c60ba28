"""Checkpoints: signed heads of scopes in the blob store, the witness against a database that went back (protocol P14).

One checkpoint names the heads that moved since the last one. It signs a digest of each head instead of the head, so
that it can be handed to whoever reads one scope without telling of the others. `checkpoints/latest` names every head;
at start the service compares it with its log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from proof.chain import head_digest
from storage.errors import ObjectUnknown
from storage.store import BlobStore
from sync.epoch import current_epoch
from sync.instant import iso
from sync.kept_models import CheckpointHead
from sync.models import LogEntry, ScopeHead

TYP = "mc-checkpoint+jws"
LATEST = "checkpoints/latest"
Heads = dict[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Due:
    """What a checkpoint is to say: `moved` since the last one, and `all` heads."""

    epoch: str
    moved: Heads
    all: Heads


def heads_now(session: Session) -> Heads:
    """Every head as it stands."""
    rows = session.execute(select(col(ScopeHead.scope), col(ScopeHead.seq), col(ScopeHead.hash)))
    return {scope: (seq, head) for scope, seq, head in rows}


def due(session: Session) -> Due:
    """The heads as they stand. Raises Restored."""
    heads = heads_now(session)
    known = session.execute(
        select(col(CheckpointHead.scope), func.max(col(CheckpointHead.seq))).group_by(col(CheckpointHead.scope))
    )
    witnessed = dict(map(tuple, known))
    moved = {scope: head for scope, head in heads.items() if head[0] > witnessed.get(scope, 0)}
    return Due(current_epoch(session), moved, heads)


def payload(epoch: str, heads: Heads, issuer: str, now: int) -> dict[str, Any]:
    """What is signed: who, when, in which lineage, and the digest of each head (`proof.chain.head_digest`), hex."""
    digests = sorted(head_digest(scope, seq, head).hex() for scope, (seq, head) in heads.items())
    return {"iss": issuer, "epoch": epoch, "at": iso(now), "heads": digests}


def stored(jws: str, heads: Heads) -> bytes:
    """The object in the store: the signature, and the heads in clear for the service itself."""
    return orjson.dumps({"jws": jws, "heads": [[s, seq, head.hex()] for s, (seq, head) in sorted(heads.items())]})


def key(now: int) -> str:
    """Where a checkpoint lies: `checkpoints/<day>/<ms>`."""
    return f"checkpoints/{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%d}/{now}"


def note(session: Session, heads: Heads, where: str) -> None:
    """Remembers which checkpoint names which heads, so that the next one names what moved since."""
    known = {
        (scope, seq)
        for scope, seq in session.execute(
            select(col(CheckpointHead.scope), col(CheckpointHead.seq)).where(col(CheckpointHead.scope).in_(list(heads)))
        )
    }
    rows = [
        {"scope": scope, "seq": seq, "hash": head, "key": where}
        for scope, (seq, head) in heads.items()
        if (scope, seq) not in known
    ]
    if rows:
        session.execute(insert(CheckpointHead), rows)


def latest(store: BlobStore) -> Heads:
    """The heads of the newest checkpoint; none where there is none yet."""
    try:
        found = orjson.loads(b"".join(store.read(LATEST)))
    except ObjectUnknown:
        return {}
    return {scope: (seq, bytes.fromhex(head)) for scope, seq, head in found["heads"]}


def behind(session: Session, witnessed: Heads) -> list[str]:
    """Scopes whose log does not hold what was witnessed of it."""
    return sorted(_unlike(session, heads_now(session), witnessed.items()))


def _unlike(session: Session, heads: Heads, witnessed: Iterable[tuple[str, tuple[int, bytes]]]) -> Iterable[str]:
    for scope, (seq, head) in witnessed:
        if heads.get(scope) == (seq, head):
            continue
        where = (col(LogEntry.scope) == scope, col(LogEntry.seq) == seq)
        if session.execute(select(col(LogEntry.entry_hash)).where(*where)).scalar_one_or_none() != head:
            yield scope
