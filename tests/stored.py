"""Bytes that the tests of stores keep, and two steps that they share."""

import hashlib
import random
from collections.abc import Iterator
from uuid import UUID

from storage import keys
from storage.store import BlobStore

PHOTO = b"\xff\xd8\xff\xe0 a patrol at night " * 1000
SHA256 = hashlib.sha256(PHOTO).hexdigest()
KEY = keys.of_digest(SHA256)
FILM = random.Random(2026).randbytes(5 * 2**20)
UPLOAD, OTHER = (str(UUID(int=n)) for n in (1, 2))


def whole(pieces: Iterator[bytes]) -> bytes:
    return b"".join(pieces)


def sealed(store: BlobStore, upload_id: str = UPLOAD, data: bytes = PHOTO) -> str:
    store.append(upload_id, 0, data)
    digest = hashlib.sha256(data).hexdigest()
    store.seal(upload_id, digest, len(data))
    return keys.of_digest(digest)
