"""The way to the service, as `Device` needs it. HTTP is one; tests and simulators bring their own."""

from typing import Any, Protocol


class Transport(Protocol):
    """Every call may raise a ClientError, and may have had its effect all the same."""

    def push(self, body: dict[str, Any]) -> Any: ...

    def pull(self, body: dict[str, Any]) -> Any: ...

    def reconcile(self, op_ids: list[str]) -> Any:
        """What became of each of these ops, of any device of the account."""
        ...

    def begin_upload(self, file: dict[str, Any]) -> tuple[str, int, str]:
        """A new or an unfinished upload for `{sha256, size, mime, name, record_id}`: its address, offset and state."""
        ...

    def upload_offset(self, url: str) -> tuple[int, str]:
        """How many bytes the service holds, and the state `open | verified | hash_mismatch`."""
        ...

    def append(self, url: str, offset: int, data: bytes) -> tuple[int, str]:
        """Sends a piece; the new offset and state."""
        ...
