"""Keeping the files whole: second copies, bytes hashed anew and repaired, and what nobody needs swept away.

Duties of the worker, and `minhchung blobs`. Each opens its own transactions; none is open while a store works, but for
the removal of bytes under the lock of their digest.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial

from service.db import Database
from storage import copying, keys
from storage.errors import Damaged, ObjectUnknown
from storage.store import BlobStore
from sync import files, media, sweep
from sync.types import Registry

log = logging.getLogger(__name__)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files of a service: what is known of them, where they are, and where their second copies are, if anywhere."""

    database: Database
    store: BlobStore
    mirror: BlobStore | None
    types: Registry


def mirror(shelf: Shelf, now: int) -> int:
    """Copies what has no second copy yet, reads it back, and tells phones; returns how many."""
    if shelf.mirror is None:
        return 0
    copied: list[str] = []
    for sha256 in shelf.database.read(sweep.unmirrored, AT_ONCE):
        try:
            copying.copy(shelf.store, shelf.mirror, sha256)
        except (Damaged, ObjectUnknown):  # `check` says so and repairs
            log.warning("no second copy of a damaged file: %s", sha256)
            continue
        shelf.database.write(sweep.mirrored, sha256, now)
        copied.append(sha256)
    shelf.database.write(files.backed_up, shelf.types, copied, now)
    return len(copied)


def check(shelf: Shelf, now: int, *, before: int, limit: int = AT_ONCE) -> Counter[str]:
    """Hashes files anew that were last hashed before that time (ms): how many are `good`, `repaired`, `lost`."""
    found: Counter[str] = Counter()
    for sha256 in shelf.database.read(sweep.unchecked, before, limit):
        how = _check(shelf, sha256, now)
        found[how] += 1
        if how != "good":
            log.error("a file was %s: %s", how, sha256)
    return found


def _check(shelf: Shelf, sha256: str, now: int) -> str:
    how = "good"
    try:
        copying.check(shelf.store, sha256)
    except (Damaged, ObjectUnknown):
        how = "repaired" if _repair(shelf, sha256) else "lost"
    if how == "lost":
        copying.set_aside(shelf.store, sha256)
        shelf.database.write(files.lost, shelf.types, sha256, now)
    else:
        shelf.database.write(sweep.checked, sha256, now)
    return how


def _repair(shelf: Shelf, sha256: str) -> bool:
    if shelf.mirror is None:
        return False
    try:
        copying.copy(shelf.mirror, shelf.store, sha256)
    except (Damaged, ObjectUnknown):
        return False
    return True


def clean(shelf: Shelf, now: int, *, before: int) -> int:
    """Removes blobs that came before that time (ms) and that nobody needs; returns how many.

    Bytes without a row, left by a killed process, get one, and with it as long a time to be needed as all others.
    """
    known = shelf.database.read(sweep.known)
    here = {key.rpartition("/")[2] for key in shelf.store.keys("sha256/")}
    for sha256 in sorted(here - known):
        _adopt(shelf, sha256, now)
    gone = shelf.database.write(sweep.forget, shelf.database.read(sweep.unused, before, AT_ONCE), before)
    for sha256 in gone:
        shelf.database.write(sweep.take, sha256, partial(_remove, shelf, keys.of_digest(sha256)))
    return len(gone)


def _adopt(shelf: Shelf, sha256: str, now: int) -> None:
    try:
        size = copying.check(shelf.store, sha256)
    except Damaged:
        copying.set_aside(shelf.store, sha256)
    except ObjectUnknown:
        pass  # gone meanwhile
    else:
        mime = media.mime_of(next(shelf.store.read(keys.of_digest(sha256)), b""))
        shelf.database.write(sweep.adopt, sha256, size, mime, now)


def _remove(shelf: Shelf, key: str) -> None:
    for store in (shelf.store, shelf.mirror):
        if store is not None:
            store.delete(key)
