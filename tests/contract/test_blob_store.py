"""One suite for every blob store: what `storage/store.py` promises, each store keeps."""

import hashlib
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import keys
from storage.errors import ObjectUnknown, OffsetMismatch, StoreUnavailable, UploadGone
from storage.local import DirectoryStore
from storage.store import BlobStore

PHOTO = b"\xff\xd8\xff\xe0 a patrol at night " * 1000
SHA256 = hashlib.sha256(PHOTO).hexdigest()
KEY = keys.of_digest(SHA256)
UPLOAD, OTHER = (str(UUID(int=n)) for n in (1, 2))


@pytest.fixture(params=["directory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return DirectoryStore(tmp_path / "blobs")


def whole(pieces: Iterator[bytes]) -> bytes:
    return b"".join(pieces)


def sealed(store: BlobStore, upload_id: str = UPLOAD, data: bytes = PHOTO) -> str:
    store.append(upload_id, 0, data)
    digest = hashlib.sha256(data).hexdigest()
    store.seal(upload_id, digest, len(data))
    return keys.of_digest(digest)


def test_an_upload_begins_empty(store: BlobStore) -> None:
    assert store.size(UPLOAD) == 0
    assert whole(store.incoming(UPLOAD)) == b""
    assert list(store.incoming_ids()) == []


def test_appends_follow_each_other(store: BlobStore) -> None:
    assert store.append(UPLOAD, 0, PHOTO[:700]) == 700
    assert store.append(UPLOAD, 700, PHOTO[700:]) == len(PHOTO)
    assert store.size(UPLOAD) == len(PHOTO)
    assert whole(store.incoming(UPLOAD)) == PHOTO
    assert list(store.incoming_ids()) == [UPLOAD]


@pytest.mark.parametrize("offset", [0, 699, 701, 10_000])
def test_an_append_elsewhere_changes_nothing(store: BlobStore, offset: int) -> None:
    store.append(UPLOAD, 0, PHOTO[:700])
    with pytest.raises(OffsetMismatch) as refused:
        store.append(UPLOAD, offset, b"from another place")
    assert refused.value.params == {"offset": 700}
    assert whole(store.incoming(UPLOAD)) == PHOTO[:700]


def test_of_appends_at_one_offset_one_wins(store: BlobStore) -> None:
    bodies = [bytes([n]) * 50_000 for n in range(8)]

    def append(body: bytes) -> bool:
        try:
            store.append(UPLOAD, 0, body)
        except OffsetMismatch:
            return False
        return True

    with ThreadPoolExecutor(8) as phones:
        won = list(phones.map(append, bodies))
    assert won.count(True) == 1
    assert whole(store.incoming(UPLOAD)) == bodies[won.index(True)]


def test_a_sealed_upload_is_an_object_and_takes_no_more(store: BlobStore) -> None:
    key = sealed(store)
    assert key == KEY
    assert whole(store.read(KEY)) == PHOTO
    assert whole(store.incoming(UPLOAD)) == PHOTO
    with pytest.raises(UploadGone):
        store.append(UPLOAD, len(PHOTO), b"late")
    assert whole(store.read(KEY)) == PHOTO


def test_sealing_again_changes_nothing(store: BlobStore) -> None:
    sealed(store)
    store.seal(UPLOAD, SHA256, len(PHOTO))
    store.append(OTHER, 0, PHOTO)
    store.seal(OTHER, SHA256, len(PHOTO))
    store.discard(UPLOAD)
    store.discard(OTHER)
    assert whole(store.read(KEY)) == PHOTO
    assert list(store.keys()) == [KEY]


def test_only_the_hashed_number_of_bytes_is_sealed(store: BlobStore) -> None:
    store.append(UPLOAD, 0, PHOTO)
    with pytest.raises(OffsetMismatch):
        store.seal(UPLOAD, SHA256, len(PHOTO) - 1)
    with pytest.raises(OffsetMismatch):
        store.seal(OTHER, SHA256, len(PHOTO))
    assert not store.exists(KEY)


def test_an_empty_file_can_be_sealed_without_an_append(store: BlobStore) -> None:
    empty = hashlib.sha256().hexdigest()
    store.seal(UPLOAD, empty, 0)
    assert store.length(keys.of_digest(empty)) == 0
    assert whole(store.read(keys.of_digest(empty))) == b""


def test_discard_forgets_the_upload_and_keeps_the_object(store: BlobStore) -> None:
    sealed(store)
    store.discard(UPLOAD)
    store.discard(UPLOAD)
    assert store.size(UPLOAD) == 0
    assert list(store.incoming_ids()) == []
    assert whole(store.read(KEY)) == PHOTO


def test_a_new_store_on_the_same_place_finds_everything(store: BlobStore, tmp_path: Path) -> None:
    sealed(store)
    store.append(OTHER, 0, b"half a report")
    again = DirectoryStore(tmp_path / "blobs")
    assert again.size(OTHER) == 13
    assert whole(again.read(KEY)) == PHOTO


def test_ranges(store: BlobStore) -> None:
    sealed(store)
    assert store.length(KEY) == len(PHOTO)
    assert whole(store.read(KEY, 5)) == PHOTO[5:]
    assert whole(store.read(KEY, 5, 10)) == PHOTO[5:15]
    assert whole(store.read(KEY, len(PHOTO) - 3, 10)) == PHOTO[-3:]
    assert whole(store.read(KEY, len(PHOTO), 10)) == b""
    assert whole(store.read(KEY, 0, 0)) == b""


def test_a_small_object_is_replaced_as_a_whole(store: BlobStore) -> None:
    store.put("checkpoints/27/2026/latest", b"first")
    store.put("checkpoints/27/2026/latest", b"2nd")
    assert whole(store.read("checkpoints/27/2026/latest")) == b"2nd"
    assert list(store.incoming_ids()) == []


def test_keys_by_prefix(store: BlobStore) -> None:
    for key in ("checkpoints/a/1", "checkpoints/a/2", "checkpoints/b/1", "checkpoints-old"):
        store.put(key, b"x")
    assert sorted(store.keys("checkpoints/a/")) == ["checkpoints/a/1", "checkpoints/a/2"]
    assert sorted(store.keys("checkpoints/a/1")) == ["checkpoints/a/1"]
    assert len(list(store.keys("checkpoints"))) == 4
    assert sorted(store.keys("none/")) == []


def test_an_object_that_is_not_there(store: BlobStore) -> None:
    assert not store.exists(KEY)
    store.delete(KEY)
    with pytest.raises(ObjectUnknown):
        store.length(KEY)
    with pytest.raises(ObjectUnknown):
        whole(store.read(KEY))


def test_a_deleted_object_is_gone(store: BlobStore) -> None:
    store.put("checkpoints/a", b"x")
    store.delete("checkpoints/a")
    assert not store.exists("checkpoints/a")


WICKED = [
    "",
    "..",
    "../x",
    "/etc/passwd",
    "a/../b",
    "a//b",
    "a/",
    ".hidden",
    "a\0b",
    "a\\b",
    "Biên bản.jpg",
    "a" * 300,
    "a\n",
]


@pytest.mark.parametrize("name", WICKED)
def test_names_that_could_be_paths_reach_no_disk(store: BlobStore, name: str) -> None:
    for call in (store.size, store.discard, lambda n: store.append(n, 0, b"x"), lambda n: store.seal(n, SHA256, 0)):
        with pytest.raises(ValueError, match="not a"):
            call(name)
    for call in (
        store.length,
        store.exists,
        store.delete,
        lambda n: store.put(n, b"x"),
        lambda n: whole(store.read(n)),
    ):
        with pytest.raises(ValueError, match="not a"):
            call(name)
    with pytest.raises(ValueError, match="not a"):
        store.seal(UPLOAD, name, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000)), stale=st.lists(st.booleans(), max_size=20))
def test_any_way_of_cutting_a_body_gives_the_same_bytes(
    store: BlobStore, body: bytes, cuts: list[int], stale: list[bool]
) -> None:
    """A phone that goes on from `size`, however often it is cut off and however many old requests come late."""
    store.discard(UPLOAD)
    late = iter(stale)
    for stop in sorted({min(cut, len(body)) for cut in cuts} | {len(body)}):
        offset = store.size(UPLOAD)
        store.append(UPLOAD, offset, body[offset:stop])
        if next(late, False) and stop > 0:
            with pytest.raises(OffsetMismatch):
                store.append(UPLOAD, 0, b"an answer that was lost, sent again")
    assert whole(store.incoming(UPLOAD)) == body


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """Only the directory store: the system refuses to let the file grow beyond 1000 bytes, in the middle of a write."""
    store = DirectoryStore(tmp_path)
    store.append(UPLOAD, 0, b"good")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(StoreUnavailable):
            store.append(UPLOAD, 4, b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert whole(store.incoming(UPLOAD)) == b"good"
    assert store.append(UPLOAD, 4, b"!") == 5
