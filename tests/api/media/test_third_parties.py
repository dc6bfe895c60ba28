"""Apps of third parties get derivatives only: no way out hands them the original, a device number or an exact place.

Every operation that a GET reaches is asked, those that no scope opens too, in the name of one who may read all of it.
"""

import io

import pytest
from PIL import ExifTags, Image

from auth.scopes import SCOPES
from outside_apps import bearer, register, tokens
from people import KINH_BAC, Province, file_entry

SERIAL, OWNER = "SN-7719-0042", "Nguyễn Thị Lan"
LAT, LON = "21.186123", "106.076543"
PLACE = {"unit": KINH_BAC, "lat": LAT, "lon": LON, "accuracy_m": 8}


def camera_file() -> bytes:
    """What a phone writes: where it was, and which phone it is."""
    image, out = Image.effect_noise((400, 300), 60).convert("RGB"), io.BytesIO()
    exif = image.getexif()
    exif[ExifTags.Base.Make] = "Samsung"
    camera = exif.get_ifd(ExifTags.IFD.Exif)
    camera |= {ExifTags.Base.BodySerialNumber: SERIAL, ExifTags.Base.CameraOwnerName: OWNER}
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps |= {1: "N", 2: (21.0, 11.0, 10.0428), 3: "E", 4: (106.0, 4.0, 35.5548)}
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


PHOTO = camera_file()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_no_way_out_gives_an_app_more_than_pictures_and_coarse_places(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    entry = file_entry(PHOTO, "ra quân.jpg")
    asked = {"title": "Ra quân", "criteria": ["PH-A02"], "place": PLACE}
    record = lan.does("create", type="photo", set=asked, media=[entry])["record"]
    lan.upload(PHOTO)
    province.work()
    tuan.decides(tuan.record(record["id"]), "verified")
    original = f"/v1/media/{record['id']}/{entry['sha256']}"
    assert SERIAL.encode() in tuan.get(original).content, "it is there for those who may have it"

    scope = " ".join(SCOPES)
    headers = bearer(tokens(province, register(province, scope=scope), scope, name="tuan")[1])
    known = {
        "record_id": record["id"],
        "sha256": entry["sha256"],
        "picture": "preview",
        "unit": KINH_BAC,
        "code": KINH_BAC,
        "version": "1",
        "set_id": "bac-ninh-2026",
        "type": "unit_year",
        "by": "unit",
        "to": "2026-09-30",
        "scope": record["scope"],
        "payload": "true",
        "unit_code": KINH_BAC,
    }
    reached, forbidden = set(), (SERIAL.encode(), OWNER.encode(), LAT.encode(), LON.encode(), b"Exif\0", PHOTO[-500:])
    for path, methods in province.app.openapi()["paths"].items():
        operation = methods.get("get")
        if operation is None or path == "/v1/sync/events":  # a stream that only names scopes
            continue
        taken = operation.get("parameters", ())
        query = {p["name"]: known[p["name"]] for p in taken if p["in"] == "query" and p["name"] in known}
        places = {p["name"]: known.get(p["name"], record["id"]) for p in taken if p["in"] == "path"}
        answer = province.http.get(path.format(**places), params=query, headers=headers)
        if answer.status_code == 200:
            reached.add(operation["operationId"])
        assert [word for word in forbidden if word in answer.content] == [], operation["operationId"]
    pulled = province.http.post("/v1/sync/pull", json={}, headers=headers)
    for way, answer in {"pull": pulled, "original": province.http.get(original, headers=headers)}.items():
        assert [word for word in forbidden if word in answer.content] == [], way
    assert record["id"] in pulled.text
    expected = "listRecords readRecord readHistory readProof readSignals reviewQueue getPreview unitProgress"
    assert set(expected.split()) <= reached
    for address in (original, f"{original}/link", f"/v1/proofs/{record['id']}"):
        assert province.http.get(address, headers=headers).json()["code"] == "scope_insufficient"
    assert "21.18,106.07" in pulled.text
