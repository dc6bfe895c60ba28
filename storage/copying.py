"""Reading files back whole: is it still what its key says, and the same file in another store."""

import hashlib
from collections.abc import Iterator

from storage import keys
from storage.errors import Damaged
from storage.store import BlobStore


def check(store: BlobStore, sha256: str) -> int:
    """Reads a file back and returns its size. Raises Damaged, ObjectUnknown, StoreUnavailable."""
    return sum(map(len, _checked(store, sha256)))


def copy(source: BlobStore, target: BlobStore, sha256: str) -> None:
    """Copies a file and reads the copy back. Raises as `check` does; a damaged file replaces nothing."""
    target.put(keys.of_digest(sha256), _checked(source, sha256))
    check(target, sha256)


def set_aside(store: BlobStore, sha256: str) -> None:
    """Moves a damaged file out of the way of good bytes; it stays for those who ask what happened to it."""
    key = keys.of_digest(sha256)
    if store.exists(key):
        store.put(f"damaged/{sha256}", store.read(key))
        store.delete(key)


def _checked(store: BlobStore, sha256: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in store.read(keys.of_digest(sha256)):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise Damaged(sha256=sha256)
