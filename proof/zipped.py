"""A ZIP in its one spelling: members in their order, stored, no hour, no comment (PKWARE APPNOTE 6.3). Pure.

Every byte that is not of a member follows from the names, sizes and checksums of the members, so a reader makes them
anew and compares: no byte can change without being found, and none can hide between the members.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

LOCAL, CENTRAL, END, END64, LOCATOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
UTF8, FIRST_DAY, BY_UNIX = 0x0800, 0x0021, 3 << 8
BIG = 0xFFFFFFFF
PIECE = 2**20


class NotInForm(ValueError):
    """Bytes that are no ZIP of this form."""


class Member(NamedTuple):
    """What a ZIP says of a file in it."""

    name: str
    size: int
    crc: int


def local(member: Member) -> bytes:
    """The header before the bytes of a member."""
    name, big = member.name.encode(), member.size >= BIG
    size = BIG if big else member.size
    extra = struct.pack("<HHQQ", 1, 16, member.size, member.size) if big else b""
    fixed = struct.pack("<HHHHHIII", 45 if big else 20, UTF8, 0, 0, FIRST_DAY, member.crc, size, size)
    return LOCAL + fixed + struct.pack("<HH", len(name), len(extra)) + name + extra


def directory(members: Iterable[Member]) -> Iterator[bytes]:
    """Everything behind the last member."""
    offset = length = count = 0
    for member in members:
        entry = _entry(member, offset)
        yield entry
        offset, length, count = offset + len(local(member)) + member.size, length + len(entry), count + 1
    if offset >= BIG or length >= BIG or count >= 0xFFFF:
        fixed = struct.pack("<QHHIIQQQQ", 44, BY_UNIX | 45, 45, 0, 0, count, count, length, offset)
        yield END64 + fixed + LOCATOR + struct.pack("<IQI", 0, offset + length, 1)
    few = min(count, 0xFFFF)
    yield END + struct.pack("<HHHHIIH", 0, 0, few, few, min(length, BIG), min(offset, BIG), 0)


def _entry(member: Member, offset: int) -> bytes:
    name, big, far = member.name.encode(), member.size >= BIG, offset >= BIG
    wide = ([member.size, member.size] if big else []) + ([offset] if far else [])
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    size = BIG if big else member.size
    head = struct.pack("<HHHHHHIII", BY_UNIX | 20, 45 if wide else 20, UTF8, 0, 0, FIRST_DAY, member.crc, size, size)
    tail = struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0o100644 << 16, BIG if far else offset)
    return CENTRAL + head + tail + name + extra


def length(members: Iterable[Member]) -> int:
    """Bytes of the whole ZIP."""
    known = list(members)
    return sum(len(local(m)) + m.size for m in known) + sum(map(len, directory(known)))


def packed(files: dict[str, bytes]) -> bytes:
    """A small ZIP, in memory."""
    members = [Member(name, len(data), zlib.crc32(data)) for name, data in files.items()]
    parts = [part for member in members for part in (local(member), files[member.name])]
    return b"".join([*parts, *directory(members)])


def walk(file: IO[bytes], keep: int) -> Iterator[tuple[str, str, bytes]]:
    """Name, SHA-256 and, of members up to `keep` bytes, the content; in order, in constant memory.

    Raises NotInForm where any byte is not as this form has it.
    """
    members: list[Member] = []
    while (head := file.read(4)) == LOCAL:
        member = _member(file)
        sha, crc, kept = hashlib.sha256(), 0, []
        for piece in _pieces(file, member.size):
            sha.update(piece)
            crc = zlib.crc32(piece, crc)
            if member.size <= keep:
                kept.append(piece)
        if crc != member.crc:
            raise NotInForm(f"{member.name}: the checksum is another")
        members.append(member)
        yield member.name, sha.hexdigest(), b"".join(kept)
    rest = b"".join(directory(members))
    if head + file.read(len(rest) + 1 - len(head)) != rest:
        raise NotInForm("the directory is not that of the members")


def _member(file: IO[bytes]) -> Member:
    """Reads the header of a member, and refuses one that is not as `local` makes it."""
    fixed = file.read(26)
    if len(fixed) != 26:
        raise NotInForm("cut off")
    crc, size = struct.unpack_from("<II", fixed, 10)
    lengths = struct.unpack_from("<HH", fixed, 22)
    rest = file.read(sum(lengths))
    if size == BIG and len(rest) >= lengths[0] + 12:
        size = struct.unpack_from("<Q", rest, lengths[0] + 4)[0]
    member = Member(rest[: lengths[0]].decode(errors="replace"), size, crc)
    if local(member) != LOCAL + fixed + rest:
        raise NotInForm(f"{member.name}: its header is in another form")
    return member


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(PIECE, size))
        if not piece:
            raise NotInForm("cut off")
        size -= len(piece)
        yield piece
