"""One suite for every blob store: what `storage/store.py` promises of objects, each store keeps."""

from collections.abc import Iterator

import pytest

from storage.errors import ObjectUnknown, StoreUnavailable
from storage.store import BlobStore
from stored import FILM, KEY, PHOTO, SHA256, UPLOAD, sealed, whole


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


def test_an_object_may_come_in_pieces(store: BlobStore) -> None:
    store.put("exports/large", (FILM for _ in range(4)))
    assert store.length("exports/large") == 4 * len(FILM)
    store.put("exports/large", iter(()))
    assert store.length("exports/large") == 0


@pytest.mark.parametrize("good", [1, 4])
def test_an_object_whose_pieces_end_with_an_error_is_not_stored(store: BlobStore, good: int) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(good):
            yield FILM
        raise OSError("the other disk is gone")

    store.put("exports/large", b"as it was")
    with pytest.raises((OSError, StoreUnavailable)):
        store.put("exports/large", pieces())
    assert whole(store.read("exports/large")) == b"as it was"
    assert sorted(store.keys()) == ["exports/large"]
