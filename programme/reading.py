"""What was verified, as it was verified: later edits neither change nor hide it (README §3 *Review*)."""

import orjson
from sqlmodel import Session

from sync.errors import RecordUnknown
from sync.records import Shown, version


def as_verified(session: Session, shown: Shown) -> Shown:
    """The version that the last `verified` decision names. Raises RecordUnknown when nothing was verified."""
    review = orjson.loads(shown.doc).get("review") or {}
    ver = review.get("verified_ver")
    if ver is None:
        raise RecordUnknown
    return version(session, shown, ver)
