"""DOCX and XLSX (ECMA-376): a ZIP is one of them, or an archive, which nobody is asked to unpack."""

import re
import zipfile
from html import unescape
from typing import BinaryIO

from storage.decoders import words
from storage.decoders.outcome import Decoded, Refused

MAX_PARTS, MAX_UNPACKED, MAX_RATIO = 10_000, 512 << 20, 200
FREE = 16 << 20  # unpacked bytes up to which no ratio is asked for
READ = 4 << 20
MAIN = {
    "docx": (b"wordprocessingml.document.main+xml", "word/document.xml"),
    "xlsx": (b"spreadsheetml.sheet.main+xml", "xl/workbook.xml"),
}
MACROS = re.compile(r"vbaproject|/macrosheets/|vbadata", re.IGNORECASE)
ACTIVE = re.compile(r"/(?:embeddings|activex|afchunk)", re.IGNORECASE)
# Relationships that fetch what runs or replaces the paper; a hyperlink waits for a click (ECMA-376 Part 1 §15).
FETCHES = re.compile(
    rb'<Relationship\b[^>]*(?:attachedTemplate|oleObject|frame|subDocument|aFChunk|externalLinkPath)"[^>]*>'
)


def decode(source: BinaryIO, _kind: str) -> tuple[Decoded, dict[str, bytes]]:
    """Raises Refused; an archive of another kind is one reason."""
    with zipfile.ZipFile(source) as archive:
        names = [part.filename for part in archive.infolist()]
        _sizes(archive)
        if "[Content_Types].xml" not in names:
            raise Refused("archive_refused")
        if len(set(names)) != len(names) or any(_odd(name) for name in names) or _begins_late(archive):
            raise Refused("file_structure")
        types = _read(archive, "[Content_Types].xml")
        if b"macroEnabled" in types or any(MACROS.search(name) for name in names):
            raise Refused("file_macros")
        kind = next((name for name, (mark, main) in MAIN.items() if mark in types and main in names), None)
        if kind is None:
            raise Refused("archive_refused")
        if any(ACTIVE.search(f"/{name}") for name in names) or any(_fetches(archive, n) for n in names):
            raise Refused("file_active_content")
        return Decoded(kind=kind, facts=_facts(archive, names, MAIN[kind][1])), {}


def _sizes(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("file_encrypted")
    unpacked, packed = sum(p.file_size for p in parts), sum(p.compress_size for p in parts)
    bomb = unpacked > FREE and unpacked > MAX_RATIO * max(packed, 1)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or bomb:
        raise Refused("file_unpacks_too_large")


def _odd(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name


def _begins_late(archive: zipfile.ZipFile) -> bool:
    """Whether bytes stand before the first part: another program may see another file in them."""
    return min((part.header_offset for part in archive.infolist()), default=0) > 0


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(READ)


def _fetches(archive: zipfile.ZipFile, name: str) -> bool:
    if not name.endswith(".rels"):
        return False
    return any(b'"External"' in found for found in FETCHES.findall(_read(archive, name)))


def _facts(archive: zipfile.ZipFile, names: list[str], main: str) -> dict[str, str | int | list[str]]:
    found: dict[str, str | int | list[str]] = {}
    if "docProps/app.xml" in names:
        made = re.search(rb"<Application>([^<]{1,100})", _read(archive, "docProps/app.xml"))
        found |= {"software": made[1].decode("utf-8", "replace")} if made else {}
    body = _read(archive, main) if main.startswith("word/") else b""
    text = re.sub(r"<[^>]*>", "", body.decode("utf-8", "replace").replace("</w:p>", "\n"))
    marked = words.marks(unescape(text[:200_000]))
    return found | ({"marks": marked} if marked else {})
