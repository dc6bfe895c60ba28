"""PDF: what in it could act on its own, and a picture of its first page."""

import re
from typing import Any, BinaryIO

import pikepdf
import pypdfium2

from storage.decoders import words
from storage.decoders.outcome import Decoded, Refused
from storage.decoders.picture import SIDES, derive, picture_hash

MAX_PAGES, MAX_OBJECTS = 3000, 500_000
# Names that stand for something a reader would run or unpack (ISO 32000-2 §12.6, §7.11.4). Opening at a page is none.
ACTIVE = {"/JS", "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/RichMedia", "/XFA", "/EmbeddedFile", "/EF"}
MARKUP = re.compile(rb"<(?:html|script|!doctype|svg)", re.IGNORECASE)


def decode(source: BinaryIO, kind: str) -> tuple[Decoded, dict[str, bytes]]:
    """Raises Refused for what is encrypted, active, two things at once, or too large."""
    if MARKUP.search(source.read(1024)):
        raise Refused("file_structure")
    source.seek(0)
    facts = _inspect(source)
    source.seek(0)
    document = pypdfium2.PdfDocument(source)
    page = document[0]
    longest = max(page.get_size())
    image = page.render(scale=SIDES["preview"][0] / max(longest, 1)).to_pil()
    text = page.get_textpage().get_text_bounded()[:20_000]
    marked = words.marks(text)
    told = {**facts, **({"marks": marked} if marked else {})}
    return Decoded(kind=kind, facts=told, hash=picture_hash(image)), derive(image)


def _inspect(source: BinaryIO) -> dict[str, Any]:
    try:
        pdf = pikepdf.open(source)
    except pikepdf.PasswordError:
        raise Refused("file_encrypted") from None
    with pdf:
        if pdf.is_encrypted:
            raise Refused("file_encrypted")
        if len(pdf.pages) > MAX_PAGES:
            raise Refused("file_unpacks_too_large")
        for count, found in enumerate(pdf.objects):
            if count > MAX_OBJECTS:
                raise Refused("file_unpacks_too_large")
            if _active(found):
                raise Refused("file_active_content")
        info = pdf.docinfo
        named = {"producer": "/Producer", "software": "/Creator", "made_at": "/CreationDate"}
        shown = {name: str(info[key])[:100] for name, key in named.items() if key in info}
        return {"pages": len(pdf.pages), "signed": _signed(pdf), **{k: v for k, v in shown.items() if v.isprintable()}}


def _active(found: Any, depth: int = 0) -> bool:
    """Whether an object, or one inside it, is or names something active. Indirect objects come round on their own."""
    if isinstance(found, pikepdf.Array):
        return depth < 50 and any(_active(part, depth + 1) for part in found if not _indirect(part))
    if not isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
        return False
    entries = dict(found.stream_dict.items() if isinstance(found, pikepdf.Stream) else found.items())
    if not ACTIVE.isdisjoint(entries) or {str(entries.get(k)) for k in ("/S", "/Type", "/Subtype")} & ACTIVE:
        return True
    return depth < 50 and any(_active(part, depth + 1) for part in entries.values() if not _indirect(part))


def _indirect(part: Any) -> bool:
    return bool(getattr(part, "is_indirect", False))


def _signed(pdf: pikepdf.Pdf) -> bool:
    form = pdf.Root.get("/AcroForm")
    return isinstance(form, pikepdf.Dictionary) and int(form.get("/SigFlags", 0)) & 1 == 1
