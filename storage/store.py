"""The blob store contract: the docstrings say who checks what, and every store passes the same contract suite.

Two areas. *Incoming* holds uploads under their ids while bytes arrive; *objects* holds finished bytes under keys.
A store knows no table, no account and no file name. It trusts no digest: callers hash what they read back from it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol


class Piece(NamedTuple):
    """Bytes of an unfinished upload that a store keeps as an object `name`; one of no bytes ends a sealed upload."""

    start: int
    size: int
    name: str
    etag: str


class Ledger(Protocol):
    """Which pieces count, for a store that cannot tell by itself; what a call has done survives a power cut."""

    def pieces(self, upload_id: str) -> list[Piece]:
        """In the order of their bytes."""
        ...

    def add(self, upload_id: str, piece: Piece) -> bool:
        """Counts a piece. False, and nothing done, where another one begins at its `start`: one of two appends wins."""
        ...

    def forget(self, upload_id: str) -> None:
        """Harmless for an upload without pieces."""
        ...

    def ids(self) -> Iterator[str]:
        """Uploads that have pieces."""
        ...


class BlobStore(Protocol):
    """Every method may raise `StoreUnavailable`, and ValueError for a name that `storage.keys` does not allow.

    Calls block; they may come from any thread and from several processes at once. What a method has returned or
    done survives a power cut; `append` alone may leave that to the next `size` or `seal`.
    """

    @property
    def append_size(self) -> int:
        """Bytes that a caller should gather before it appends, for speed; any other number is taken too."""
        ...

    # Incoming: an id that was never appended to is an upload of zero bytes, so there is no step that creates one.

    def size(self, upload_id: str) -> int:
        """The offset: makes the bytes so far durable and counts them. Never a counter that could run ahead of them.

        Only this number may be told to a client: it will not send those bytes again.
        """
        ...

    def append(self, upload_id: str, offset: int, data: bytes) -> int:
        """Adds `data` at `offset` and returns where the next append begins. A killed process loses nothing of it.

        The store checks that `offset` is its size, in one step with the write: of two appends at one offset, one
        raises OffsetMismatch. An append that fails leaves what was there before. After `seal` it raises UploadGone.
        Callers check who appends, how much an upload may hold, and checksums; they hand over good bytes only.
        """
        ...

    def incoming(self, upload_id: str) -> Iterator[bytes]:
        """The bytes so far, in bounded pieces; for hashing."""
        ...

    def seal(self, upload_id: str, sha256: str, size: int) -> None:
        """Makes the bytes the object `keys.of_digest(sha256)`; they also stay incoming until `discard`.

        The caller has hashed `size` bytes read from `incoming`; the store raises OffsetMismatch where it holds
        another number of them. Sealing again, or bytes that another upload brought before, changes nothing: a
        caller that was killed after this call can begin its verification anew.
        """
        ...

    def discard(self, upload_id: str) -> None:
        """Forgets an upload; objects sealed from it stay. Harmless for an id that is not there."""
        ...

    def incoming_ids(self) -> Iterator[str]:
        """Ids with bytes in the incoming area, in no promised order; for the sweep."""
        ...

    def tidy(self, before: int) -> None:
        """Removes what killed processes left behind before that time (ms), and what no other method shows."""
        ...

    # Objects.

    def put(self, key: str, data: bytes | Iterable[bytes]) -> None:
        """Stores an object, replacing what was there; a reader sees the old bytes or the new, never a mixture.

        Bytes may come in pieces; where they stop with an error, nothing is stored.
        """
        ...

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        ...

    def length(self, key: str) -> int:
        """Its size in bytes. Raises ObjectUnknown."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start`, at most `length` of them, in bounded pieces. Raises ObjectUnknown at the first piece.

        Callers check ranges against `length(key)`; beyond the end there is nothing.
        """
        ...

    def delete(self, key: str) -> None:
        """Removes an object. Harmless for a key that is not there. Callers check that nobody needs it."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, in no promised order."""
        ...
