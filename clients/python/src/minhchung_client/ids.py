"""UUIDv7 (RFC 9562 §5.7): ids that sort by the time of their making, made offline."""

import os
import uuid
from collections.abc import Callable


def uuid7(now: int, random_bytes: Callable[[int], bytes] = os.urandom) -> str:
    """A UUIDv7 for `now`, ms since 1970; the time in it is a convenience and is never trusted."""
    bits = int.from_bytes(random_bytes(10))
    value = (now & (2**48 - 1)) << 80 | bits
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
