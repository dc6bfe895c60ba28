"""Which blobs nobody needs any more. Nothing is taken that a record names or ever named, or that is young.

A blob goes in two transactions, each under the lock of its digest: `forget` ends what the database knows of it, so that
from then on it counts as missing; `take` removes the bytes, unless they have come again meanwhile. `media.finish` looks
for the bytes under the same lock. So no order of pushes, uploads and sweeps loses a file that counts.
"""

import re
from collections.abc import Callable, Sequence

import orjson
from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from sync import jobs, spills
from sync.locks import hold
from sync.models import Attachment, Blob, Holding, Op

DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
KEPT_OPS = ("held", "rejected")  # an operator, or an arrival, may yet make them count


def unused(session: Session, before: int, limit: int) -> list[str]:
    """Digests of blobs that came before that time (ms) and that no version of a record names."""
    named = select(col(Attachment.sha256)).where(col(Attachment.sha256) == col(Blob.sha256))
    old = select(col(Blob.sha256)).where(col(Blob.created_at) < before, ~named.exists())
    return list(session.scalars(old.order_by(col(Blob.created_at), col(Blob.sha256)).limit(limit)))


def forget(session: Session, digests: Sequence[str], before: int) -> list[str]:
    """Ends those blobs that are still unused and that no held or rejected op names; returns them."""
    hold(session, digests)
    still = set(unused(session, before, 2**31 - 1)) & set(digests)
    gone = sorted(still - waited_for(session)) if still else []
    session.execute(delete(Holding).where(col(Holding.sha256).in_(gone)))
    session.execute(delete(Blob).where(col(Blob.sha256).in_(gone)))
    return gone


def take(session: Session, sha256: str, remove: Callable[[], None]) -> bool:
    """Calls `remove` where no blob of this digest counts; whoever brings its bytes again waits until that is done."""
    hold(session, [sha256])
    if session.get(Blob, sha256) is not None:
        return False
    remove()
    return True


def adopt(session: Session, sha256: str, size: int, mime: str, now: int) -> None:
    """Lets good bytes count that a killed process left without a row; nobody owns them, and they are young."""
    hold(session, [sha256])
    if session.get(Blob, sha256) is None and not spills.is_destroyed(session, sha256):
        blob = {"sha256": sha256, "size": size, "mime": mime, "check": "pending", "created_at": now}
        session.execute(insert(Blob).values(blob))
        jobs.add(session, jobs.INSPECT, sha256, now)


def known(session: Session) -> set[str]:
    """Digests of all blobs."""
    return set(session.scalars(select(col(Blob.sha256))))


def unchecked(session: Session, before: int, limit: int) -> list[str]:
    """Digests of blobs whose bytes were last hashed before that time (ms), the longest ago first."""
    last = col(Blob.checked_at).is_(None) | (col(Blob.checked_at) < before)
    due = select(col(Blob.sha256)).where(last, col(Blob.created_at) < before)
    return list(session.scalars(due.order_by(col(Blob.checked_at).nulls_first(), col(Blob.sha256)).limit(limit)))


def checked(session: Session, sha256: str, now: int) -> None:
    session.execute(update(Blob).where(col(Blob.sha256) == sha256).values(checked_at=now))


def unmirrored(session: Session, limit: int) -> list[str]:
    """Digests of blobs that have no second copy yet, oldest first."""
    due = select(col(Blob.sha256)).where(col(Blob.mirrored_at).is_(None))
    return list(session.scalars(due.order_by(col(Blob.created_at), col(Blob.sha256)).limit(limit)))


def mirrored(session: Session, sha256: str, now: int) -> None:
    session.execute(update(Blob).where(col(Blob.sha256) == sha256).values(mirrored_at=now))


def waited_for(session: Session) -> set[str]:
    """Digests in the bodies of ops that wait or were refused, wherever they stand and however they are escaped."""
    found: set[str] = set()
    for body in session.scalars(select(col(Op.body)).where(col(Op.status).in_(KEPT_OPS))):
        if body:
            found.update(DIGEST.findall(orjson.dumps(orjson.loads(body)).decode().lower()))
    return found
