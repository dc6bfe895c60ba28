"""The files of a backup: every object of the store by the digest of its bytes, shared by all backups of one folder."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from storage.errors import ObjectUnknown
from storage.keys import of_digest
from storage.store import BlobStore
from sync.checkpoint import LATEST

BY_DIGEST = "sha256/"
PIECE = 2**20
Object = tuple[str, str, int]  # key in the store, SHA-256 in hex, size


def object_path(root: Path, sha256: str) -> Path:
    return root / "objects" / sha256[:2] / sha256


def take(store: BlobStore, root: Path, files: list[str]) -> tuple[list[Object], list[str]]:
    """Copies what is new: `files` by digest, and all that lies under other keys.

    Returns what the backup now holds, and the keys that are missing from the store or are not what their name says.
    """
    wanted = [of_digest(sha256) for sha256 in files]
    wanted += sorted(key for key in store.keys() if not key.startswith(BY_DIGEST))  # noqa: SIM118  # a store, no dict
    held: list[Object] = []
    missing: list[str] = []
    for key in wanted:
        digest = key.rpartition("/")[2] if key.startswith(BY_DIGEST) else None
        try:
            there = digest and object_path(root, digest)
            if there and there.is_file() and there.stat().st_size == store.length(key):
                held.append((key, str(digest), there.stat().st_size))
                continue
            sha256, size = _copy(store, key, root)
        except ObjectUnknown:
            missing.append(key)
            continue
        if digest in (None, sha256):
            held.append((key, sha256, size))
        else:
            missing.append(key)
    return held, missing


def _copy(store: BlobStore, key: str, root: Path) -> tuple[str, int]:
    """Copies an object durably to its place by digest, unless the same bytes lie there from a backup before."""
    draft = root / "objects" / f"{uuid4().hex}.part"
    draft.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with draft.open("wb") as file:
            for piece in store.read(key):
                digest.update(piece)
                size += len(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        place = object_path(root, digest.hexdigest())
        place.parent.mkdir(exist_ok=True)
        if not place.is_file() or place.stat().st_size != size:
            draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest(), size


def damaged(root: Path, objects: list[Object]) -> Iterator[str]:
    """Objects of a backup that are not there, or not what they were."""
    for _, sha256, size in objects:
        path = object_path(root, sha256)
        if not path.is_file() or path.stat().st_size != size or _digest(path) != sha256:
            yield f"object {sha256} is missing or damaged"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_back(store: BlobStore, root: Path, objects: list[Object]) -> int:
    """Gives the store what it lacks; returns how many. Its newest checkpoint is not touched: it may know more."""
    done = 0
    for key, sha256, size in objects:
        if key == LATEST or (store.exists(key) and store.length(key) == size):
            continue
        if key.startswith(BY_DIGEST):
            _seal(store, object_path(root, sha256), sha256)
        else:
            store.put(key, object_path(root, sha256).read_bytes())
        done += 1
    return done


def _seal(store: BlobStore, path: Path, sha256: str) -> None:
    upload_id, size = str(uuid4()), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE * 8):
            size = store.append(upload_id, size, piece)
    store.seal(upload_id, sha256, store.size(upload_id))
    store.discard(upload_id)
