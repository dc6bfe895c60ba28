"""MP4 and M4A (ISO/IEC 14496-12): are the boxes whole, when was it made, how long is it. Nothing is decoded.

A poster would need a decoder of films, which is a large dependency with a large attack surface, so there is none.
"""

import os
import re
import struct
from datetime import UTC, datetime
from typing import BinaryIO

from storage.decoders.outcome import Decoded

SINCE_1904 = 2_082_844_800  # seconds from 1904, where these files count from, to 1970
MAX_HEADER, MAX_BOXES = 64 << 20, 10_000


def decode(source: BinaryIO, kind: str) -> tuple[Decoded, dict[str, bytes]]:
    """Raises ValueError where boxes are missing, cut off, or run over each other."""
    end, at, seen, header = source.seek(0, os.SEEK_END), 0, set(), b""
    for _ in range(MAX_BOXES):
        if at == end:
            break
        name, size, skip = _box(source, at, end)
        seen.add(name)
        if name == b"moov":
            source.seek(at + skip)
            header = source.read(min(size - skip, MAX_HEADER))
        at += size
    if at != end or not {b"ftyp", b"moov"} <= seen or not seen & {b"mdat", b"moof"}:
        raise ValueError("boxes are missing")
    return Decoded(kind=kind, facts=_facts(header)), {}


def _box(source: BinaryIO, at: int, end: int) -> tuple[bytes, int, int]:
    """Name, whole size and size of the head of the box at `at`."""
    source.seek(at)
    size, name = struct.unpack(">I4s", source.read(8))
    skip = 8
    if size == 1:
        size, skip = struct.unpack(">Q", source.read(8))[0], 16
    elif size == 0:
        size = end - at
    if size < skip or at + size > end:
        raise ValueError("a box is cut off")
    return name, size, skip


def _facts(header: bytes) -> dict[str, str | int | float]:
    at = header.find(b"mvhd")
    if at < 0:
        raise ValueError("no movie header")
    wide = header[at + 4] == 1
    made, _, scale, length = struct.unpack_from(">QQIQ" if wide else ">IIII", header, at + 8)
    facts: dict[str, str | int | float] = {"seconds": length // max(scale, 1)}
    if SINCE_1904 < made < SINCE_1904 + 2**33:
        facts["made_at"] = datetime.fromtimestamp(made - SINCE_1904, UTC).isoformat()
    place = re.search(rb"\xa9xyz.{4}([+-]\d{1,2}\.\d{1,6})([+-]\d{1,3}\.\d{1,6})", header, re.DOTALL)
    if place:
        facts |= {"lat": round(float(place[1]), 2), "lon": round(float(place[2]), 2)}
    return facts
