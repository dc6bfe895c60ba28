"""What of a file is served to whom: the original to some, a picture of it to everybody who may read the record."""

from sqlmodel import Session

from auth.principal import Permission, Principal
from sync.errors import SyncError
from sync.media import Media, find
from sync.records import Shown


class OriginalRestricted(SyncError):
    """The caller may read the record and see previews; originals hold places and device numbers (domain L4, L5)."""

    code = "original_restricted"


class PreviewPending(SyncError):
    """The picture of the file is being made."""

    code = "preview_pending"


class PreviewNone(SyncError):
    """There is no picture of this file, and there will be none."""

    code = "preview_none"


def original(session: Session, principal: Principal, shown: Shown, sha256: str) -> Media:
    """A file for those who may have it as it came. Raises OriginalRestricted, and what `find` raises."""
    if not principal.may(Permission.ORIGINAL, shown.scope):
        raise OriginalRestricted
    return find(session, shown, sha256)


def pictured(session: Session, shown: Shown, sha256: str) -> Media:
    """A file of which there is a picture. Raises PreviewPending, PreviewNone, and what `find` raises."""
    found = find(session, shown, sha256)
    if found.previews == "pending":
        raise PreviewPending(headers={"Retry-After": "5"})
    if found.previews != "ready":
        raise PreviewNone
    return found
