"""What a file says of itself, beside what its record says: the signals that need no other record. Pure.

Every signal carries the values that were compared and the tolerance. None is a verdict: a phone's clock may be wrong, a
photo may have come through a chat app, and a paper may well say what its words say.
"""

import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.kinds import ALLOWED, says_otherwise

MINUTES = 60
KM = 3.0  # beside the declared accuracy; the picture's place is rounded to about a kilometre
# South, west, north, east of Bắc Ninh, in degrees, and 0.05 more: the published extremes of the two provinces that
# became one on 1 July 2025 (Bắc Giang 21°07'-21°37' N, 105°53'-107°02' E; Bắc Ninh 20°58'-21°16' N, 105°54'-106°19' E).
PROVINCE = (20.91, 105.83, 21.67, 107.09)
EDITORS = re.compile(
    r"photoshop|lightroom|gimp|snapseed|picsart|canva|pixlr|meitu|affinity|fireworks|paint\.net|faceapp|firefly|midjourney",
    re.IGNORECASE,
)
SCREEN = re.compile(r"screen ?shot|màn hình", re.IGNORECASE)
LONG = 1.7  # sides of a phone's screen, long by short


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason to look at a file: what was compared, and with which records where others take part."""

    code: str
    sha256: str
    compared: dict[str, Any] = field(default_factory=dict)
    records: tuple[dict[str, Any], ...] = ()


def compare(doc: dict[str, Any], named: dict[str, Any], found: dict[str, Any]) -> list[Signal]:
    """Signals of one file. `doc`: the record; `named`: its `media` element; `found`: kind, facts, check, held."""
    facts, kind, data = found["facts"], found["kind"], doc["data"]
    year = int(doc["scope"].rpartition("/")[2])
    told = [
        _time(facts, data.get("captured_at")),
        _year(facts, year),
        *_place(facts, data.get("place") or {}),
        _edited(facts),
        _screenshot(facts, kind, named.get("name") or ""),
        _type(kind, named),
        ("marked_words", {"words": ", ".join(facts["marks"])}) if facts.get("marks") else None,
        ("unreadable", {}) if found["check"] == "unreadable" else None,
        ("quarantined", {"reason": found["held"]}) if found["held"] else None,
    ]
    if doc["type"] == "photo" and facts.get("metadata") is False:
        told.append(("no_metadata", {}))
    return [Signal(code, named["sha256"], compared) for code, compared in filter(None, told)]


Told = tuple[str, dict[str, Any]] | None


def _taken(facts: dict[str, Any], zone: str = "+07:00") -> datetime | None:
    """When the picture says it was taken; a camera that names no zone is read in `zone`."""
    try:
        return datetime.strptime(f"{facts['taken_at']} {facts.get('taken_offset') or zone}", "%Y:%m:%d %H:%M:%S %z")
    except (KeyError, ValueError):
        return None


def _time(facts: dict[str, Any], captured_at: str | None) -> Told:
    if captured_at is None:
        return None
    captured = datetime.fromisoformat(captured_at)
    taken = _taken(facts, captured.strftime("%z"))
    minutes = abs((taken - captured).total_seconds()) // 60 if taken else 0
    if taken is None or minutes <= MINUTES:
        return None
    compared = {"taken_at": taken.isoformat(), "captured_at": captured_at, "minutes": int(minutes)}
    return "time_differs", compared | {"tolerance": MINUTES}


def _year(facts: dict[str, Any], year: int) -> Told:
    taken = _taken(facts)
    return ("year_differs", {"taken_year": taken.year, "year": year}) if taken and taken.year != year else None


def _place(facts: dict[str, Any], place: dict[str, Any]) -> list[Told]:
    if "lat" not in facts or "lon" not in facts:
        return []
    at = (float(facts["lat"]), float(facts["lon"]))
    south, west, north, east = PROVINCE
    told: list[Told] = []
    if not (south <= at[0] <= north and west <= at[1] <= east):
        box = f"{south}-{north} N, {west}-{east} E"
        told.append(("outside_province", {"lat": at[0], "lon": at[1], "box": box}))
    declared = _declared(place)
    if declared:
        km = distance_km(at, declared)
        tolerance = KM + (place.get("accuracy_m") or 0) / 1000
        if km > tolerance:
            shown = {"declared": f"{declared[0]:.2f}; {declared[1]:.2f}", "km": round(km, 1)}
            told.append(("place_differs", shown | {"tolerance": round(tolerance, 1)}))
    return told


def _declared(place: dict[str, Any]) -> tuple[float, float] | None:
    """The place of the record: its point, else its cell `lat,lon`."""
    lat, lon = place.get("lat"), place.get("lon")
    if lat is None or lon is None:
        lat, _, lon = str(place.get("cell") or "").partition(",")
    try:
        found = float(lat), float(lon)
    except ValueError:
        return None
    return found if all(map(math.isfinite, found)) else None


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance of two places in degrees over the ground (haversine, sphere of 6371 km)."""
    a, b = (tuple(map(math.radians, point)) for point in (one, other))
    share = math.sin((a[0] - b[0]) / 2) ** 2 + math.cos(a[0]) * math.cos(b[0]) * math.sin((a[1] - b[1]) / 2) ** 2
    return 2 * 6371 * math.asin(min(1.0, math.sqrt(share)))


def _edited(facts: dict[str, Any]) -> Told:
    named = (str(facts.get(name, "")) for name in ("software", "xmp_tool"))
    return next((("edited", {"software": software}) for software in named if EDITORS.search(software)), None)


def _screenshot(facts: dict[str, Any], kind: str, name: str) -> Told:
    if SCREEN.search(str(facts.get("comment", ""))):
        return "screenshot", {"sign": "EXIF"}
    if kind in ("png", "jpeg", "webp", "heif") and SCREEN.search(unicodedata.normalize("NFC", name)):
        return "screenshot", {"sign": "tên tệp / file name"}
    short, long = sorted((facts.get("width", 0), facts.get("height", 0)))
    if kind == "png" and not facts.get("make") and short and long >= LONG * short and short >= 360:
        return "screenshot", {"sign": f"PNG {short} x {long}, không có máy ảnh / no camera"}
    return None


def _type(kind: str, named: dict[str, Any]) -> Told:
    name, mime = named.get("name") or "", named.get("mime") or ""
    wrong = says_otherwise(kind, name, mime)
    if not wrong:
        return None
    said = [name.rpartition(".")[2] if part == "extension" else mime for part in wrong]
    return "type_differs", {"declared": ", ".join(said)[:120], "found": ALLOWED[kind].mime}
