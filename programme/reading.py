"""What was verified, as it was verified: later edits neither change nor hide it (README §3 *Review*)."""

import orjson
from sqlmodel import Session

from auth.principal import Principal
from sync.errors import RecordUnknown
from sync.records import Shown, readable, version


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
