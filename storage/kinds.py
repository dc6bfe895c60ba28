"""Kinds of files by their first bytes, never by what a client says of them. Pure.

The allow-list is `ALLOWED`; everything else has a name only so that a person can be told what was found.
"""

from dataclasses import dataclass

HEAD = 4096  # bytes that `kind_of` wants to see
UNKNOWN_MIME = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that is taken: its type, the extensions that go with it, and the decoder that looks into it."""

    mime: str
    extensions: tuple[str, ...]
    decoder: str


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ALLOWED: dict[str, Kind] = {
    "jpeg": Kind("image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), "picture"),
    "png": Kind("image/png", ("png",), "picture"),
    "webp": Kind("image/webp", ("webp",), "picture"),
    "heif": Kind("image/heic", ("heic", "heif", "hif"), "picture"),
    "pdf": Kind("application/pdf", ("pdf",), "paper"),
    "docx": Kind(DOCX, ("docx",), "office"),
    "xlsx": Kind(XLSX, ("xlsx",), "office"),
    "mp4": Kind("video/mp4", ("mp4", "m4v", "3gp"), "movie"),
    "m4a": Kind("audio/mp4", ("m4a", "m4b", "mp4"), "movie"),
    "mp3": Kind("audio/mpeg", ("mp3",), "sound"),
}
# What clients call the same things.
ALIASES = {"image/jpg": "image/jpeg", "image/heif": "image/heic", "audio/x-m4a": "audio/mp4", "audio/mp3": "audio/mpeg"}

_HEIF = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_MP4 = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"MSNV", b"dash")
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"%PDF-", "pdf"),
    (b"ID3", "mp3"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"8BPS", "psd"),
    (b"%!PS", "eps"),
    (b"\xc5\xd0\xd3\xc6", "eps"),
    (b"BM", "bmp"),
    (b"MZ", "exe"),
    (b"\x7fELF", "elf"),
    (b"#!", "script"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"{\\rtf", "rtf"),
)
_MARKUP = ((b"<svg", "svg"), (b"<!doctype html", "html"), (b"<html", "html"), (b"<script", "html"), (b"<?xml", "xml"))


def kind_of(head: bytes) -> str:
    """The kind that the first bytes show: a key of `ALLOWED`, `zip` (which may be a DOCX or XLSX), or another name.

    `empty` for no bytes, `unknown` for what has no signature.
    """
    if not head:
        return "empty"
    if head[4:8] == b"ftyp":
        return _brand(head[8:12])
    if head[:4] == b"RIFF":
        return "webp" if head[8:12] == b"WEBP" else "riff"
    found = next((name for start, name in _STARTS if head.startswith(start)), None)
    if found:
        return found
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # sync of 11 bits, layer III
        return "mp3"
    text = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    return next((name for word, name in _MARKUP if text.startswith(word)), "unknown")


def _brand(brand: bytes) -> str:
    """The kind of an ISO base media file (ISO/IEC 14496-12) by its major brand."""
    if brand in _HEIF:
        return "heif"
    if brand in _MP4 or brand[:2] == b"3g":
        return "mp4"
    return {b"M4A ": "m4a", b"M4B ": "m4a", b"qt  ": "mov", b"avif": "avif", b"avis": "avif"}.get(brand, "unknown")


def says_otherwise(kind: str, name: str, mime: str) -> list[str]:
    """What a client said of a file that does not go with its content: `extension`, `type`. Nothing said is no word."""
    known = ALLOWED.get(kind)
    if known is None:
        return []
    said = mime.partition(";")[0].strip().lower()
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    found = ["extension"] if extension and extension not in known.extensions else []
    if said and said != UNKNOWN_MIME and ALIASES.get(said, said) != known.mime:
        found.append("type")
    return found
