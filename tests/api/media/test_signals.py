"""Signals: what a reviewer should look at, each with what was compared, and nobody sees more than their own part."""

import io
from typing import Any

from PIL import Image, ImageFilter

from auth.principal import Role
from hostile_zips import office
from people import DA_MAI, KINH_BAC, Person, Province, file_entry
from pictures import jpeg


def scene(seed: int) -> Image.Image:
    """A picture with something in it."""
    return Image.open(io.BytesIO(jpeg(seed, 24))).resize((640, 480), Image.Resampling.BICUBIC)


def saved(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def exif(taken: str = "2026:03:02 08:15:00", lat: tuple[float, ...] = (21.0, 11.0, 10.0), **more: str) -> Image.Exif:
    """Taken by a phone in Kinh Bắc, unless told otherwise."""
    made = Image.Exif()
    made[0x010F], made[0x0110] = "Oppo", "A17"
    made.get_ifd(0x8769)[0x9003] = taken
    made.get_ifd(0x8825).update({1: "N", 2: lat, 3: "E", 4: (106.0, 4.0, 30.0)})
    for tag, value in {"software": 0x0131}.items():
        if tag in more:
            made[value] = more[tag]
    return made


def sent(
    province: Province, who: Person, data: bytes, name: str = "ảnh.jpg", unit: str = KINH_BAC, **values: Any
) -> str:
    mime = "image/jpeg" if name.endswith("jpg") else ""
    kind = values.pop("type", "photo")
    fields = {"title": "Ra quân", "captured_at": "2026-03-02T08:15:00+07:00", **values}
    made = who.does("create", type=kind, unit=unit, set=fields, media=[file_entry(data, name, mime)])
    assert made["status"] == "applied", made
    who.upload(data, name)
    province.work()
    return str(made["record"]["id"])


def signals(who: Person, record: str) -> dict[str, dict[str, Any]]:
    answer = who.get(f"/v1/records/{record}/signals")
    assert answer.status_code == 200, answer.text
    return {signal["code"]: signal for signal in answer.json()["signals"]}


def test_an_honest_photo_gives_no_signal(province: Province) -> None:
    place = {"unit": KINH_BAC, "lat": "21.1861", "lon": "106.0763", "accuracy_m": 20}
    record = sent(province, province["lan"], saved(scene(1), exif=exif()), place=place)
    assert signals(province["tuan"], record) == {}
    queue = province["tuan"].get("/v1/reviews/queue").json()
    assert ([r["id"] for r in queue["records"]], queue["signals"]) == ([record], {})


def test_a_photo_of_another_time_place_and_program_says_what_was_compared(province: Province) -> None:
    data = saved(scene(2), exif=exif("2025:03:02 10:15:00", (16.0, 3.0, 0.0), software="Adobe Photoshop 26.1"))
    record = sent(province, province["lan"], data, place={"cell": "21.18,106.07"})
    found = signals(province["tuan"], record)
    assert set(found) == {"time_differs", "year_differs", "place_differs", "outside_province", "edited"}
    assert found["time_differs"]["compared"] == {
        "taken_at": "2025-03-02T10:15:00+07:00", "captured_at": "2026-03-02T08:15:00+07:00",
        "minutes": 525_480, "tolerance": 60,
    }  # fmt: skip
    assert found["year_differs"]["compared"] == {"taken_year": 2025, "year": 2026}
    assert 560 < found["place_differs"]["compared"]["km"] < 580
    assert found["edited"]["compared"] == {"software": "Adobe Photoshop 26.1"}
    assert "2025" in found["year_differs"]["message"]
    queue = province["tuan"].get("/v1/reviews/queue").json()
    assert queue["signals"] == {record: dict.fromkeys(found, 1)}


def test_what_a_screen_a_name_and_a_paper_give_away(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    screen = sent(province, lan, saved(scene(3).resize((720, 1600)), "PNG"), "IMG_2026.jpg")
    assert set(signals(tuan, screen)) == {"screenshot", "type_differs", "no_metadata"}
    stamped = sent(province, lan, office(text="MẬT"), "báo cáo.docx", type="document")
    assert signals(tuan, stamped)["marked_words"]["compared"] == {"words": "MẬT"}
    in_sentence = sent(province, lan, office(text="Giữ bí MẬT nơi làm việc"), "quy chế.docx", type="document")
    assert signals(tuan, in_sentence) == {}
    broken = sent(province, lan, jpeg(4)[:900])
    assert set(signals(tuan, broken)) == {"unreadable"}


def test_the_same_photo_sent_again_is_found_by_its_bytes_and_by_its_looks(province: Province) -> None:
    lan, tuan, original = province["lan"], province["tuan"], scene(5)
    data = saved(original, exif=exif())
    first, second = sent(province, lan, data), sent(province, lan, data)
    through_chat = sent(province, lan, saved(original.resize((400, 300)), quality=40))
    another = sent(province, lan, saved(scene(6), exif=exif()))
    same = signals(tuan, first)
    assert [use["record_id"] for use in same["same_file"]["records"]] == [second]
    assert [use["record_id"] for use in same["near_picture"]["records"]] == [through_chat]
    assert same["near_picture"]["compared"]["tolerance"] == 7
    assert {use["record_id"] for use in signals(tuan, through_chat)["near_picture"]["records"]} == {first, second}
    assert "near_picture" not in signals(tuan, another)


def test_a_reviewer_of_one_unit_learns_nothing_of_another(province: Province) -> None:
    data = saved(scene(7).filter(ImageFilter.SMOOTH), exif=exif())
    here = sent(province, province["lan"], data)
    there = sent(province, province["nam"], data, unit=DA_MAI)
    assert [u["record_id"] for u in signals(province["tuan"], here)["same_file"]["records"]] == [there]
    province.grant("minh", KINH_BAC, Role.PROVINCE_APPRAISER)
    assert signals(province["minh"], here) == {}
    refused = province["lan"].get(f"/v1/records/{here}/signals")
    assert (refused.status_code, refused.json()["code"]) == (403, "review_not_permitted")
    assert province["nam"].get(f"/v1/records/{here}/signals").json()["code"] == "record_unknown"
    assert province["lan"].get("/v1/reviews/queue").json()["signals"] == {}
    assert "same_file" not in str(province["lan"].pull())
