"""Photos as phones take them: drawn ones with real EXIF, or those of a folder.

Drawing is deterministic: the same seed and moment give the same bytes (where the same fonts are installed).
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from PIL import ExifTags, Image, ImageDraw, ImageFilter, ImageFont

MIMES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".heif": "image/heif",
}
FONTS = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "arial.ttf")
SIZE = (1600, 1200)
UPRIGHT, TURNED = 1, 6  # EXIF Orientation; 6: the phone was held on its side
DECODABLE = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")
HANOI = "+07:00"


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture file as it lies on the phone; `name` as its file system spells it."""

    name: str
    mime: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def mark(self) -> str | None:
        """What the service should say of it: `ok`, `unreadable`, or None where this program cannot tell itself."""
        if not self.data.startswith(DECODABLE):
            return None
        try:
            with Image.open(BytesIO(self.data)) as image:
                image.load()
        except (OSError, SyntaxError, ValueError):
            return "unreadable"
        return "ok"


def in_folder(folder: Path) -> list[Photo]:
    """Every picture file of a folder by name, readable or not. Raises OSError, also where there is none."""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in MIMES and p.is_file())
    if not paths:
        raise FileNotFoundError(f"no photos in {folder}")
    return [Photo(p.name, MIMES[p.suffix.lower()], p.read_bytes()) for p in paths]


def draw(seed: int, caption: str, at: datetime, where: tuple[float, float], *, blurred: bool = False) -> Photo:
    """A JPEG of some hundred KB: an invented scene, its caption, and the EXIF of a phone.

    `where`: latitude and longitude in degrees. Every third picture is taken with the phone on its side.
    """
    random = Random(seed)  # noqa: S311  # scenery, not secrets
    image = _scene(random)
    if blurred:
        image = image.filter(ImageFilter.GaussianBlur(9))
    _write(image, caption, f"{at:%d/%m/%Y %H:%M}")
    orientation = TURNED if seed % 3 == 2 else UPRIGHT
    if orientation == TURNED:
        image = image.rotate(90, expand=True)
    out = BytesIO()
    image.save(out, "JPEG", quality=86, exif=_exif(at, where, orientation))
    return Photo(f"IMG_{at:%Y%m%d_%H%M%S}.jpg", "image/jpeg", out.getvalue())


def taken(photo: Photo) -> dict[str, Any]:
    """`captured_at` and `place` as the photo's EXIF tells them; what cannot be read is left out."""
    found: dict[str, Any] = {}
    try:
        with Image.open(BytesIO(photo.data)) as image:
            exif = image.getexif()
            details, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
        if moment := details.get(ExifTags.Base.DateTimeOriginal):
            at = datetime.strptime(f"{moment}{HANOI}", "%Y:%m:%d %H:%M:%S%z")
            found["captured_at"] = at.isoformat()
        if ExifTags.GPS.GPSLatitude in gps and ExifTags.GPS.GPSLongitude in gps:
            lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef) == "S")
            lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef) == "W")
            found["place"] = {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}
    except (OSError, SyntaxError, ValueError, TypeError, ArithmeticError):
        return found  # a photo with damaged EXIF is still a photo
    return found


def _scene(random: Random) -> Image.Image:
    """Sky, ground, houses and people, with the grain of a small sensor: grain is what makes a JPEG large."""
    width, height = SIZE
    horizon = random.randint(520, 640)
    image = Image.new("RGB", SIZE, (random.randint(120, 170), 180, 215))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, horizon, width, height), fill=(120, random.randint(110, 150), 90))
    for _ in range(random.randint(5, 8)):
        x, tall, wide = random.randint(0, width - 200), random.randint(120, 330), random.randint(140, 300)
        wall = (random.randint(150, 230), random.randint(120, 190), random.randint(90, 150))
        pen.rectangle((x, horizon - tall, x + wide, horizon + 40), fill=wall)
        roof = ((x - 20, horizon - tall), (x + wide / 2, horizon - tall - 70), (x + wide + 20, horizon - tall))
        pen.polygon(roof, fill=(150, 60, 45))
    for _ in range(random.randint(6, 14)):
        x, y = random.randint(60, width - 60), random.randint(horizon + 60, 960)
        pen.ellipse((x - 16, y - 92, x + 16, y - 60), fill=(222, 184, 150))
        pen.rectangle((x - 22, y - 60, x + 22, y + 40), fill=(40, random.randint(60, 120), random.randint(60, 140)))
    quarter = (width // 2, height // 2)
    grain = Image.frombytes("L", quarter, random.randbytes(quarter[0] * quarter[1])).resize(SIZE)
    return Image.blend(image, Image.merge("RGB", (grain,) * 3), 0.12)


def _write(image: Image.Image, caption: str, moment: str) -> None:
    font = _font()
    text = unicodedata.normalize("NFC", f"{caption}\n{moment}")
    if font is None:  # the built-in font knows no Vietnamese
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
        text = text.translate(str.maketrans("đĐ", "dD"))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, SIZE[1] - 150, *SIZE), fill=(20, 40, 60))
    pen.multiline_text((40, SIZE[1] - 135), text, font=font or ImageFont.load_default(44), fill=(255, 255, 255))


def _font() -> ImageFont.FreeTypeFont | None:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, 44)
        except OSError:
            continue
    return None


def _exif(at: datetime, where: tuple[float, float], orientation: int) -> Image.Exif:
    exif = Image.Exif()
    moment = f"{at:%Y:%m:%d %H:%M:%S}"
    exif[ExifTags.Base.Make] = "Minh Chung"
    exif[ExifTags.Base.Model] = "Demo phone"
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.DateTime] = moment
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = moment
    details[ExifTags.Base.OffsetTimeOriginal] = HANOI
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for value, mark, number, names in (
        (where[0], ExifTags.GPS.GPSLatitudeRef, ExifTags.GPS.GPSLatitude, "NS"),
        (where[1], ExifTags.GPS.GPSLongitudeRef, ExifTags.GPS.GPSLongitude, "EW"),
    ):
        minutes, milliseconds = divmod(round(abs(value) * 3_600_000), 60_000)  # of arc
        gps[mark] = names[value < 0]
        gps[number] = (float(minutes // 60), float(minutes % 60), milliseconds / 1000)
    return exif


def _degrees(parts: tuple[Any, Any, Any], negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if negative else value
