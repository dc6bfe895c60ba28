"""What a decoder says of a file, and the words in which the child says it. Pure; small, because each child loads it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

THUMBNAIL, PREVIEW = "thumbnail", "preview"


@dataclass(frozen=True, slots=True)
class Decoded:
    """`check`: could it be read, `ok` or `unreadable`. `refusal`: why it must not be served, a code.

    `facts`: what the file says of itself. `hash`: 64 bits that near-same pictures share most of.
    """

    kind: str
    check: str = "ok"
    refusal: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    hash: int | None = None


class Refused(Exception):
    """A file that must not be served; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def frame(decoded: Decoded, parts: dict[str, bytes]) -> bytes:
    """One line of JSON, then the derivatives; `storage.inspection` reads it as one reads a stranger's words."""
    told = asdict(decoded) | {"parts": {name: len(data) for name, data in parts.items()}}
    return json.dumps(told).encode() + b"\n" + b"".join(parts.values())
