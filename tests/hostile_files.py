"""Files that mean harm, or are only odd, made on the spot: name -> (bytes, what has to become of them).

`stored`: it may be served and could be read; `unreadable`: it may be served, and carries that mark; any other word is
the code for which it is kept apart. The name is the name that the phone gives; its extension often lies.
"""

import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image
from pillow_heif import register_heif_opener

from hostile_papers import PAPERS, minimal_pdf
from hostile_zips import ZIPS, packed

register_heif_opener()
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
Corpus = dict[str, tuple[bytes, str]]


def picture(form: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    made = Image.linear_gradient("L").resize(size).convert(mode)
    made.save(out, form, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *extra: bytes, rows: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows or b"\0" * (width // 8 + 1) * min(height, 64)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + body + chunk(b"IEND", b"")


def box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), name) + data


def movie(brand: bytes = b"isom", *, moov: bool = True) -> bytes:
    header = box(b"mvhd", struct.pack(">B3xIIII", 0, 3_850_000_000, 3_850_000_000, 1000, 5000) + b"\0" * 80)
    return box(b"ftyp", brand + b"\0" * 4 + brand) + (box(b"moov", header) if moov else b"") + box(b"mdat", b"\1" * 500)


def sound() -> bytes:
    frame = b"\xff\xfb\x90\x00" + b"\0" * 413  # 128 kbit/s at 44.1 kHz
    return b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10 + frame * 5


def endless_exif() -> bytes:
    """A directory of tags that names itself as its successor, and a tag of four thousand million values."""
    entry = struct.pack("<HHII", 0x010F, 2, 0xFFFFFFF0, 8)
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)
    return picture("JPEG", exif=b"Exif\0\0" + tiff)


def wide_jpeg() -> bytes:
    """A JPEG of a few hundred bytes that says it is 65,500 x 65,500."""
    data = bytearray(picture("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65500, 65500)
    return bytes(data)


def wide_webp() -> bytes:
    data = bytearray(picture("WEBP"))
    at = data.index(b"\x9d\x01\x2a")
    data[at + 3 : at + 7] = struct.pack("<HH", 16383, 16383)
    return bytes(data)


def damaged(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def _pictures() -> Corpus:
    good, clear = picture("JPEG", (640, 480)), picture("PNG", (200, 100))
    archive = packed({"a.class": b"\xca\xfe\xba\xbe"})
    wrong_sum = bytearray(clear)
    wrong_sum[40] ^= 0xFF
    return {
        "good.jpg": (good, "stored"),
        "good.png": (clear, "stored"),
        "good.webp": (picture("WEBP"), "stored"),
        "good.heic": (picture("HEIF"), "stored"),
        "cmyk.jpg": (picture("JPEG", mode="CMYK"), "stored"),
        "one pixel.png": (picture("PNG", (1, 1)), "stored"),
        "see-through.png": (picture("PNG", mode="LA"), "stored"),
        "endless exif.jpg": (endless_exif(), "stored"),
        "script in comment.jpg": (picture("JPEG", comment=b"<script>alert(1)</script>"), "stored"),
        "photo called.docx": (good + b"", "stored"),
        "half.jpg": (damaged(good, 0.5), "unreadable"),
        "three bytes.jpg": (b"\xff\xd8\xff", "unreadable"),
        "noise behind the start.jpg": (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40, "unreadable"),
        "half.png": (damaged(clear, 0.7), "unreadable"),
        "wrong sum.png": (bytes(wrong_sum), "unreadable"),
        "half.webp": (damaged(picture("WEBP", (300, 300)), 0.5), "unreadable"),
        "half.heic": (damaged(picture("HEIF"), 0.6), "unreadable"),
        "brand only.heic": (box(b"ftyp", b"heic\0\0\0\0mif1"), "unreadable"),
        "text bomb.png": (
            png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * (80 << 20)))), "unreadable",
        ),
        "pixel bomb.png": (png(30_000, 30_000), "picture_too_large"),
        "pixel bomb of real rows.png": (png(16_000, 16_000, rows=b"\0" * 2001 * 16_000), "picture_too_large"),
        "pixel bomb.jpg": (wide_jpeg(), "picture_too_large"),
        "lies of its size.webp": (wide_webp(), "unreadable"),
        "photo and archive.jpg": (good + archive, "file_structure"),
        "picture and program.png": (clear + archive, "file_structure"),
    }  # fmt: skip


def _strangers() -> Corpus:
    """Other kinds of files under the names of kinds that are taken."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    refused = {
        "one byte.jpg": b"\xff",
        "drawing.jpg": svg,
        "drawing with xml.jpg": b'<?xml version="1.0"?>' + svg,
        "page.jpg": b"\xef\xbb\xbf\n <!DOCTYPE html><script>alert(1)</script>",
        "entities.docx": bomb,
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file",
        "postscript for windows.jpg": b"\xc5\xd0\xd3\xc6" + b"\0" * 40,
        "tiff.jpg": picture("TIFF"),
        "photoshop.jpg": b"8BPS\0\1" + b"\0" * 40,
        "bitmap.png": picture("BMP"),
        "animation.jpg": picture("GIF"),
        "animation and archive.gif": picture("GIF") + packed({"a.class": b"\xca\xfe\xba\xbe"}),
        "avif.heic": box(b"ftyp", b"avif\0\0\0\0avif") + box(b"meta", b"\0" * 40),
        "program.jpg": b"MZ\x90\0" + b"\0" * 60,
        "program.pdf": b"\x7fELF\2\1\1" + b"\0" * 60,
        "script.jpg": b"#!/bin/sh\nrm -rf /\n",
        "server page.jpg": b"<?php system($_GET['c']); ?>",
        "eicar.jpg": EICAR,
        "old word.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        "rich text.docx": b"{\\rtf1 \\object}",
        "rar.docx": b"Rar!\x1a\7\1\0" + b"\0" * 40,
        "7z.xlsx": b"7z\xbc\xaf\x27\x1c" + b"\0" * 40,
        "gzip.pdf": b"\x1f\x8b\x08" + b"\0" * 40,
        "page before paper.pdf": b"<html><script>1</script>" + minimal_pdf(),
        "note.txt": "Ghi chú".encode(),
    }
    return {name: (data, "file_type_refused") for name, data in refused.items()} | {"nothing.jpg": (b"", "file_empty")}


def _films() -> Corpus:
    runs_over = box(b"ftyp", b"isom\0\0\0\0isom") + struct.pack(">I4s", 0xFFFFFFF0, b"moov") + b"\0" * 40
    return {
        "good.mp4": (movie(), "stored"),
        "good.m4a": (movie(b"M4A "), "stored"),
        "good.mp3": (sound(), "stored"),
        "half.mp4": (damaged(movie(), 0.6), "unreadable"),
        "without header.mp4": (movie(moov=False), "unreadable"),
        "box runs over.mp4": (runs_over, "unreadable"),
        "tag only.mp3": (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"\0" * 40, "unreadable"),
        "film and archive.mp4": (movie() + packed({"a": b"b"}), "file_structure"),
        "quicktime.mp4": (movie(b"qt  "), "file_type_refused"),
        "webm.mp4": (b"\x1aE\xdf\xa3" + b"\0" * 40, "file_type_refused"),
    }


@cache
def corpus() -> Corpus:
    """All of them; more than a hundred."""
    return _pictures() | _strangers() | _films() | PAPERS() | ZIPS()
