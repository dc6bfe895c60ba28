"""One suite for every blob store: what `storage/store.py` promises of incoming uploads, each store keeps."""

import hashlib
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import keys
from storage.errors import OffsetMismatch, StoreUnavailable, UploadGone
from storage.local import DirectoryStore
from storage.s3 import S3Store
from storage.store import BlobStore
from stored import FILM, KEY, OTHER, PHOTO, SHA256, UPLOAD, sealed, whole


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


def test_a_new_store_on_the_same_place_finds_everything(store: BlobStore, opening: Callable[[], BlobStore]) -> None:
    sealed(store)
    store.append(OTHER, 0, b"half a report")
    again = opening()
    assert again.size(OTHER) == 13
    assert whole(again.read(KEY)) == PHOTO


def test_a_large_upload_of_many_small_pieces(store: BlobStore) -> None:
    """Beyond what S3 takes in one part, and cut where S3 would take no part."""
    data = FILM * 4
    offset = 0
    for size in (2**20, 6 * 2**20, 9 * 2**20, 4 * 2**20):
        offset = store.append(UPLOAD, offset, data[offset : offset + size])
    assert store.size(UPLOAD) == len(data)
    digest = hashlib.sha256(data).hexdigest()
    store.seal(UPLOAD, digest, len(data))
    store.discard(UPLOAD)
    read = hashlib.sha256()
    for piece in store.read(keys.of_digest(digest)):
        assert len(piece) <= 2**20, "in bounded pieces"
        read.update(piece)
    assert read.hexdigest() == digest
    assert whole(store.read(keys.of_digest(digest), 8 * 2**20 - 5, 10)) == data[8 * 2**20 - 5 :][:10]


def test_tidying_leaves_everything_that_counts(store: BlobStore) -> None:
    sealed(store)
    store.append(OTHER, 0, b"half a report")
    store.tidy(before=2**42)
    assert whole(store.read(KEY)) == PHOTO
    assert whole(store.incoming(OTHER)) == b"half a report"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000)), stale=st.lists(st.booleans(), max_size=20))
def test_any_way_of_cutting_a_body_gives_the_same_bytes(
    store: BlobStore, body: bytes, cuts: list[int], stale: list[bool]
) -> None:
    """A phone that goes on from `size`, however often it is cut off and however many old requests come late."""
    if isinstance(store, S3Store):
        cuts = cuts[:3]  # the same rules, at a hundredth of the speed
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
