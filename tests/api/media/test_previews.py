"""Previews: upright, small, and without a word of what the original says of its place and its camera."""

import io
from typing import Any

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from auth.principal import Role
from hostile_files import movie
from hostile_papers import paper
from people import KINH_BAC, Person, Province, file_entry

register_heif_opener()
SERIAL, LATITUDE = b"SN-7719-4402", b"21/1 11/1 4711/100"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r" drone:Serial="SN-7719-4402"/></x:xmpmeta>'


def photo(form: str, orientation: int = 6) -> bytes:
    """Twice as wide as high as it lies; red on the left, blue on the right; a serial number, a place, XMP."""
    image = Image.new("RGB", (400, 200), "blue")
    image.paste("red", (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0xC62F] = orientation, "Nhà máy", SERIAL.decode()
    exif.get_ifd(0x8769)[0xA431] = SERIAL.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (21.0, 11.0, 47.11), 3: "E", 4: (106.0, 4.0, 35.77)})
    out = io.BytesIO()
    image.save(out, form, exif=exif.tobytes(), xmp=XMP, quality=95)
    return out.getvalue()


def sent(province: Province, who: Person, data: bytes, name: str = "ảnh.jpg", **values: Any) -> str:
    """A record with a file, looked into; its id."""
    made = who.does("create", type="photo", set={"title": "Ảnh", **values}, media=[file_entry(data, name)])
    assert who.upload(data, name).headers["Upload-State"] == "verified"
    province.work()
    return str(made["record"]["id"])


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG", "HEIF"])
def test_a_preview_is_upright_and_says_nothing_of_place_or_camera(province: Province, form: str) -> None:
    lan, data = province["lan"], photo(form)
    assert SERIAL in data
    record = sent(province, lan, data)
    for picture, side in (("thumbnail", 320), ("preview", 400)):
        answer = lan.get(f"/v1/media/{record}/{file_entry(data)['sha256']}/pictures/{picture}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"] == "private, no-cache"
        for word in (
            SERIAL,
            b"Exif",
            b"xmpmeta",
            b"GPS",
            b"http://ns.adobe.com",
            b"ICC_PROFILE",
            b"Photoshop",
            b"21.18",
        ):
            assert word not in answer.content
        image = Image.open(io.BytesIO(answer.content))
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert (image.height, image.height == 2 * image.width) == (side, True)
        red, blue = (image.convert("RGB").getpixel((image.width // 2, int(image.height * y))) for y in (0.1, 0.9))
        assert red[0] > 200, "turned right by a quarter: what lay on the left is at the top"
        assert red[2] < 60
        assert blue[2] > 200
        assert blue[0] < 60
    assert lan.get(f"/v1/media/{record}/{file_entry(data)['sha256']}").content == data


def test_a_phone_that_has_a_preview_is_not_sent_it_again(province: Province) -> None:
    lan, data = province["lan"], photo("JPEG")
    address = f"/v1/media/{sent(province, lan, data)}/{file_entry(data)['sha256']}/pictures/thumbnail"
    etag = lan.get(address).headers["ETag"]
    again = province.http.get(address, headers={**lan.headers, "If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_office_sees_previews_and_never_the_original(province: Province) -> None:
    data = photo("JPEG")
    record = sent(province, province["lan"], data)
    province.grant("nam", KINH_BAC, Role.PROVINCE_OFFICE)
    address = f"/v1/media/{record}/{file_entry(data)['sha256']}"
    assert province["nam"].get(f"{address}/pictures/preview").status_code == 200
    refused = province["nam"].get(address)
    assert (refused.status_code, refused.json()["code"]) == (403, "original_restricted")
    assert province["tuan"].get(address).content == data


def test_who_may_not_read_the_record_sees_no_preview(province: Province) -> None:
    data = photo("JPEG")
    record = sent(province, province["lan"], data)
    answer = province["nam"].get(f"/v1/media/{record}/{file_entry(data)['sha256']}/pictures/thumbnail")
    assert answer.json()["code"] == "record_unknown"


def test_the_first_page_of_a_paper_is_shown_and_films_have_no_picture(province: Province) -> None:
    lan, page, film = province["lan"], paper(pages=2), movie()
    shown = sent(province, lan, page, "biên bản.pdf")
    answer = lan.get(f"/v1/media/{shown}/{file_entry(page)['sha256']}/pictures/preview")
    assert max(Image.open(io.BytesIO(answer.content)).size) == 1600
    none = lan.get(f"/v1/media/{sent(province, lan, film, 'phim.mp4')}/{file_entry(film)['sha256']}/pictures/preview")
    assert (none.status_code, none.json()["code"]) == (404, "preview_none")


def test_before_a_file_is_looked_into_its_preview_is_pending(province: Province) -> None:
    lan, data = province["lan"], photo("JPEG")
    made = lan.does("create", type="photo", set={"title": "Ảnh"}, media=[file_entry(data)])["record"]
    lan.upload(data)
    answer = lan.get(f"/v1/media/{made['id']}/{file_entry(data)['sha256']}/pictures/thumbnail")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("preview_pending", "5")
    assert lan.record(made["id"])["files"][file_entry(data)["sha256"]]["previews"] == "pending"
