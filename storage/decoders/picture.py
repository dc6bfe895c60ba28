"""Pictures: what they say of themselves, a hash that near-same pictures share, and derivatives without metadata."""

import io
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageCms, ImageOps, ImageStat

from storage.decoders.outcome import PREVIEW, THUMBNAIL, Decoded, Refused

FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "heif": "HEIF"}
SIDES = {THUMBNAIL: (320, 75), PREVIEW: (1600, 80)}  # longest side in pixels, JPEG quality
# Declared pixels above which nothing is decoded. A JPEG is scaled while it is read, so cameras of 200 megapixels pass.
MAX_PIXELS = {"jpeg": 256_000_000, "png": 80_000_000, "webp": 80_000_000, "heif": 80_000_000}
PLAIN = 5  # standard deviation of grey below which a picture has too little in it to be told from another

Image.MAX_IMAGE_PIXELS = None  # the size is checked here, before anything is decoded

Found = tuple[Decoded, dict[str, bytes]]


def decode(source: BinaryIO, kind: str) -> Found:
    """Raises Refused for a picture whose declared size is a bomb, and whatever a decoder raises."""
    if kind == "heif":
        from pillow_heif import register_heif_opener  # noqa: PLC0415  # a tenth of a second that other kinds save

        register_heif_opener()
    with Image.open(source, formats=(FORMATS[kind],)) as image:
        width, height = image.size
        if width * height > MAX_PIXELS[kind]:
            raise Refused("picture_too_large")
        facts = {**_exif(image), **_xmp(image)}
        image.draft("RGB", (2 * SIDES[PREVIEW][0],) * 2)
        turned = ImageOps.exif_transpose(image)
    sideways = (turned.width > turned.height) != (width > height)
    facts["width"], facts["height"] = (height, width) if sideways else (width, height)
    return Decoded(kind=kind, facts=facts, hash=picture_hash(turned)), derive(turned)


def derive(image: Image.Image) -> dict[str, bytes]:
    """Thumbnail and preview as JPEG: nothing but pixels goes over from the original."""
    shown = _flat(image)
    made = {}
    for name in (PREVIEW, THUMBNAIL):  # the larger first, the smaller from it
        side, quality = SIDES[name]
        shown.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        shown.save(out, "JPEG", quality=quality, optimize=True)
        made[name] = out.getvalue()
    return made


def _flat(image: Image.Image) -> Image.Image:
    """Pixels alone, in sRGB on white."""
    profile = image.info.get("icc_profile")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
        return flat
    image = _in_srgb(image, profile) if profile else image
    image = image.convert("RGB") if image.mode != "RGB" else image
    flat = Image.new("RGB", image.size)
    flat.paste(image)
    return flat


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The colours as the picture means them; as they are, where its profile cannot be used."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def picture_hash(image: Image.Image) -> int | None:
    """64 bits: which of the 64 lowest frequencies of a 32 x 32 grey draft are above their median (pHash).

    The picture is upright already; a turned one has another hash. None where there is too little in it to compare.
    """
    grey = image.convert("L").resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=2)
    if ImageStat.Stat(grey).stddev[0] < PLAIN:
        return None
    points = list(grey.tobytes())
    wave = [[math.cos(math.pi * f * (2 * n + 1) / 64) for n in range(32)] for f in range(8)]
    lines = [points[32 * y : 32 * y + 32] for y in range(32)]
    rows = [[sum(w * p for w, p in zip(wave[f], line, strict=True)) for f in range(8)] for line in lines]
    terms = [sum(wave[v][y] * rows[y][u] for y in range(32)) for v in range(8) for u in range(8)]
    middle = sorted(terms[1:])[31]
    return sum(1 << n for n, term in enumerate(terms) if n and term > middle)


def _exif(image: Image.Image) -> dict[str, Any]:
    """Times, place, camera and software from the EXIF; the place rounded to about a kilometre (domain L5)."""
    exif: Image.Exif | None = _try(image.getexif)
    if not exif:
        return {"metadata": False}
    taken = _try(partial(exif.get_ifd, ExifTags.IFD.Exif)) or {}
    place = _try(partial(exif.get_ifd, ExifTags.IFD.GPSInfo)) or {}
    base = ExifTags.Base
    found = {
        "taken_at": _text(taken.get(base.DateTimeOriginal)) or _text(exif.get(base.DateTime)),
        "taken_offset": _text(taken.get(base.OffsetTimeOriginal)),
        "make": _text(exif.get(base.Make)),
        "model": _text(exif.get(base.Model)),
        "software": _text(exif.get(base.Software)),
        "comment": _text(taken.get(base.UserComment)),
        "lat": _try(lambda: _degrees(place, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S")),
        "lon": _try(lambda: _degrees(place, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W")),
    }
    return {"metadata": True, **{name: value for name, value in found.items() if value is not None}}


def _xmp(image: Image.Image) -> dict[str, Any]:
    """The program that made or changed the picture, as XMP names it."""
    raw = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    data = raw.encode() if isinstance(raw, str) else bytes(raw)
    named = re.search(rb"(?:CreatorTool|softwareAgent)(?:=\"|>)([^\"<]{1,100})", data[: 1 << 20])
    tool = _text(named[1]) if named else None
    return {"xmp_tool": tool} if tool else {}


def _degrees(place: dict[int, Any], value: int, side: int, negative: str) -> float | None:
    if value not in place:
        return None
    degrees = sum(float(part) / 60**n for n, part in enumerate(place[value][:3]))
    signed = -degrees if str(place.get(side, "")).strip("\0 ").upper() == negative else degrees
    return round(signed, 2) if math.isfinite(signed) and abs(signed) <= 180 else None


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.removeprefix(b"ASCII\0\0\0").removeprefix(b"UNICODE\0").decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    shown = "".join(c for c in value if c.isprintable()).strip()
    return shown[:100] or None


def _try(read: Callable[[], Any]) -> Any:
    """Odd metadata is no metadata; the picture may still be good."""
    try:
        return read()
    except Exception:  # noqa: BLE001  # whatever a parser of metadata throws
        return None
