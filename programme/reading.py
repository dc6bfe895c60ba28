"""What was verified, as it was verified: later edits neither change nor hide it (README §3 *Review*)."""

import orjson
from sqlmodel import Session

from auth.principal import Principal
from sync import served
from sync.errors import RecordUnknown
from sync.media import Media
from sync.records import Shown, readable, version

RESTRICTED = '"sensitivity":4'  # as the stored JSON of a record has it, and no text of a field can: quotes are escaped
RESTRICTED_BYTES = RESTRICTED.encode()


def is_restricted(doc: str | bytes) -> bool:
    """Whether a record is of the highest level, by its stored JSON: views of it are noted (QCVN 12:2026/BCA 3.5.2)."""
    return RESTRICTED in doc if isinstance(doc, str) else RESTRICTED_BYTES in doc


def as_verified(session: Session, shown: Shown) -> Shown:
    """The version that the last `verified` decision names. Raises RecordUnknown when nothing was verified."""
    review = orjson.loads(shown.doc).get("review") or {}
    ver = review.get("verified_ver")
    if ver is None:
        raise RecordUnknown
    return version(session, shown, ver)


def chosen(session: Session, principal: Principal, record_id: str, *, verified: bool, ver: int | None) -> Shown:
    """A record as it stands, as it was verified, or as it was at a version. Raises RecordUnknown."""
    shown = readable(session, principal, record_id)
    if verified:
        return as_verified(session, shown)
    return version(session, shown, ver) if ver else shown


def original(
    session: Session, principal: Principal, record_id: str, sha256: str, *, verified: bool, ver: int | None
) -> Media:
    """A file as it came, of a record as `chosen` reads it. Raises as that does, and as `served.original` does."""
    return served.original(
        session, principal, chosen(session, principal, record_id, verified=verified, ver=ver), sha256
    )
