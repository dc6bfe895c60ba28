"""The pull cursor: opaque to clients, authenticated, never a permission. Pure (protocol C.5).

It holds, per scope, the last `seq` delivered and the first 8 bytes of the log hash there, so that a server restored
from a backup is noticed scope by scope.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

import orjson

from sync.errors import CursorInvalid

TAG = 16


@dataclass(slots=True)
class Cursor:
    """`places`: scope -> (seq, hash8 as hex)."""

    epoch: str
    account_id: str
    places: dict[str, tuple[int, str]] = field(default_factory=dict)


def encode(cursor: Cursor, secret: bytes) -> str:
    body = orjson.dumps([cursor.epoch, cursor.account_id, {s: list(p) for s, p in cursor.places.items()}])
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
    return Cursor(epoch, account_id, {scope: (seq, mark) for scope, (seq, mark) in places.items()})


def _tag(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"cursor" + body, hashlib.sha256).digest()[:TAG]


def mark(entry_hash: bytes) -> str:
    return entry_hash[:8].hex()
