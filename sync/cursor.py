"""The pull cursor: opaque to clients, authenticated, never a permission. Pure (protocol C.5).

It holds, per scope, the last `seq` delivered and the first 8 bytes of the log hash there, so that a server restored
from a backup is noticed scope by scope; and what the records looked like to the caller, so that they are sent again
when that changes.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from sync.errors import CursorInvalid

TAG = 16


class Place(NamedTuple):
    """Where one scope goes on.

    `mark`: hash8 as hex. `view`: see `visibility.view`; None in a cursor from before there were views. `stubs`: types
    of which records went without their body, because the client did not know them.
    """

    seq: int
    mark: str
    view: str | None = None
    stubs: tuple[str, ...] = ()


@dataclass(slots=True)
class Cursor:
    """`places`: by scope."""

    epoch: str
    account_id: str
    places: dict[str, Place] = field(default_factory=dict)


def encode(cursor: Cursor, secret: bytes) -> str:
    places = {s: [*p[:3], *p.stubs] for s, p in cursor.places.items()}
    body = orjson.dumps([cursor.epoch, cursor.account_id, places])
    return base64.urlsafe_b64encode(_tag(body, secret) + body).decode().rstrip("=")


def decode(text: str, secret: bytes) -> Cursor:
    """Raises CursorInvalid for anything that `encode` did not make with this secret."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise CursorInvalid from error
    tag, body = raw[:TAG], raw[TAG:]
    if not hmac.compare_digest(tag, _tag(body, secret)):
        raise CursorInvalid
    epoch, account_id, places = orjson.loads(body)
    return Cursor(epoch, account_id, {scope: _place(*p) for scope, p in places.items()})


def _place(seq: int, seen: str, view: str | None = None, *stubs: str) -> Place:
    return Place(seq, seen, view, stubs)


def _tag(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"cursor" + body, hashlib.sha256).digest()[:TAG]


def mark(entry_hash: bytes) -> str:
    return entry_hash[:8].hex()
