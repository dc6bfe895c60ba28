"""Pictures that look alike: 64-bit hashes that differ in few bits, found through an index. Pure.

A hash is cut into four quarters. Where two hashes differ in at most 7 bits, one quarter differs in at most one, so
looking into the buckets of each quarter and of its 16 neighbours is enough.
"""

from collections.abc import Iterator

QUARTERS, BITS = 4, 16
TOLERANCE = 7
"""Bits of 64 that may differ. Measured in `tests/unit/test_alike.py`: the same photo sent again by a chat app differs
in few; two photos of one place, taken seconds apart, in more."""


def buckets(picture_hash: int) -> list[int]:
    """The four buckets that a picture lies in."""
    return [quarter << BITS | picture_hash >> quarter * BITS & 0xFFFF for quarter in range(QUARTERS)]


def probes(picture_hash: int) -> Iterator[int]:
    """The 68 buckets in which a picture within the tolerance must lie."""
    for bucket in buckets(picture_hash):
        yield bucket
        yield from (bucket ^ 1 << bit for bit in range(BITS))


def distance(one: int, other: int) -> int:
    """In how many bits two hashes differ; either may be signed."""
    return ((one ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count()


def signed(picture_hash: int) -> int:
    """The same 64 bits as the signed number that a BIGINT holds."""
    return picture_hash - (1 << 64) if picture_hash >> 63 else picture_hash
