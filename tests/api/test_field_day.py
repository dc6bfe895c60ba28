"""The main job, end to end through the API: captured, pushed, uploaded, reviewed, sent back, fixed, verified."""

import io
import re

from PIL import Image

from auth.principal import Role
from people import KINH_BAC, Province, file_entry


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


def test_a_photo_comes_from_a_phone_and_is_verified(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    photo = jpeg()
    made = lan.does(
        "create",
        type="photo",
        set={
            "title": "Ra quân tuyên truyền",
            "kind": "photo",
            "criteria": ["PH-B01"],
            "captured_at": "2026-03-02T08:15:00+07:00",
        },
        media=[file_entry(photo, "Ảnh ra quân.jpg")],
    )
    assert made["status"] == "applied"
    assert made["record"]["media_state"] == "missing"
    assert made["record"]["codes"] == ["[PH-B01-01]"]
    waiting = tuan.get("/v1/reviews/queue").json()["records"]
    assert [r["id"] for r in waiting] == [made["record"]["id"]]
    early = tuan.decides(waiting[0], "verified")
    assert (early.status_code, early.json()["code"]) == (409, "media_incomplete")

    sent = lan.upload(photo, "Ảnh ra quân.jpg")
    assert sent.headers["Upload-State"] == "verified", sent.text
    province.work()
    shown = tuan.record(made["record"]["id"])
    assert next(iter(shown["files"].values())) == {
        "state": "verified", "mime": "image/jpeg", "check": "ok", "backed_up": False, "safe_to_delete": False,
            "previews": "ready", "scan": "not_scanned",
    }  # fmt: skip
    assert tuan.get(f"/v1/media/{shown['id']}/{file_entry(photo)['sha256']}").content == photo

    verified = tuan.decides(shown, "verified")
    assert verified.json()["state"] == "verified"
    progress = lan.get(f"/v1/units/{KINH_BAC}/progress").json()
    item = next(i for i in progress["items"] if i["code"] == "PH-B01")
    assert item["captured"] == 1


def test_the_officer_sees_why_something_came_back_fixes_it_and_it_is_verified(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    made = lan.does("create", set={"title": "Họp tổ dân phố", "body": "Nội dung họp", "criteria": ["PH-A02"]})["record"]
    cursor = lan.pull()["cursor"]
    tuan.decides(made, "needs_info", reason_code="incomplete", comment="Thiếu danh sách dự họp")
    told = [c["record"] for c in lan.pull(cursor)["changes"] if c["kind"] == "put"]
    assert [r["review"]["comment"] for r in told] == ["Thiếu danh sách dự họp"]
    assert told[0]["state"] == "needs_info"

    fixed = lan.does("patch", made["id"], base_ver=told[0]["ver"], add={"attendees": ["Bà Hoa", "Ông Đức"]})["record"]
    assert fixed["state"] == "pending"
    assert tuan.decides(fixed, "verified").json()["state"] == "verified"


def test_a_late_edit_never_changes_what_was_verified(province: Province) -> None:
    lan, minh, tuan = province["lan"], province["minh"], province["tuan"]
    made = lan.does("create", set={"title": "Biên bản", "body": "Dòng một"})["record"]
    verified = tuan.decides(made, "verified").json()
    late = minh.does("patch", made["id"], base_ver=made["ver"], set={"body": "Dòng một\nDòng hai"})["record"]
    assert late["state"] == "changed"
    assert late["review"]["has_unreviewed_changes"]
    as_verified = tuan.record(made["id"], **{"as": "verified"})
    assert as_verified["data"]["body"] == "Dòng một"
    assert as_verified["content_digest"] == verified["review"]["verified_digest"]


def test_a_reviewer_who_looked_before_an_edit_is_shown_the_difference(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    made = lan.does("create", set={"title": "Cũ"})["record"]
    lan.does("patch", made["id"], base_ver=1, set={"title": "Mới"})
    refused = tuan.decides(made, "verified")
    assert (refused.status_code, refused.json()["code"]) == (409, "content_changed")
    assert refused.json()["errors"] == [{"pointer": "/data/title", "before": "Cũ", "after": "Mới"}]


def test_nobody_decides_on_their_own_work(province: Province) -> None:
    province.grant("lan", "*", Role.PROVINCE_APPRAISER)
    made = province["lan"].does("create", set={"title": "Của tôi"})["record"]
    refused = province["lan"].decides(made, "verified")
    assert (refused.status_code, refused.json()["code"]) == (403, "four_eyes")


def test_a_conflict_is_shown_to_both_and_blocks_verification_until_it_is_resolved(province: Province) -> None:
    lan, minh, tuan = province["lan"], province["minh"], province["tuan"]
    made = lan.does("create", set={"title": "Họp"})["record"]
    lan.does("patch", made["id"], base_ver=1, set={"title": "Họp khu 1"})
    clash = minh.does("patch", made["id"], base_ver=1, set={"title": "Họp khu 2"})
    assert (clash["status"], clash["code"], clash["action"]) == ("conflict", "field_conflict", "resolve_conflict")
    assert clash["record"]["data"]["title"] == "Họp khu 1"
    assert [o["v"] for o in clash["record"]["conflicts"][0]["others"]] == ["Họp khu 2"]
    assert tuan.decides(clash["record"], "verified").json()["code"] == "conflict_open"
    solved = lan.does("resolve", made["id"], base_ver=clash["record"]["ver"], set={"title": "Họp khu 1 và 2"})["record"]
    assert solved["conflicts"] == []
    assert tuan.decides(solved, "verified").json()["state"] == "verified"


def test_an_officer_of_another_ward_neither_sees_nor_changes_anything(province: Province) -> None:
    made = province["lan"].does("create", set={"title": "Riêng"})["record"]
    nam = province["nam"]
    assert nam.get(f"/v1/records/{made['id']}").json()["code"] == "record_unknown"
    assert all(c["scope"] != made["scope"] for c in nam.pull()["changes"])
    refused = nam.does("patch", made["id"], base_ver=1, set={"title": "Đổi"})
    assert (refused["status"], refused["code"], refused["record"]) == ("rejected", "not_permitted", None)


def test_the_page_of_the_api_needs_no_other_server(province: Province) -> None:
    page = province.http.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) == 3
    for address in addresses:
        assert address.startswith("/docs/assets/")
        assert province.http.get(address).status_code == 200


def test_a_review_may_not_be_confused_with_an_op_or_another_review(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    op = lan.op("create", set={"title": "Một"})
    made = lan.push(op)["results"][0]["record"]
    on = {"ver": made["ver"], "content_digest": made["content_digest"]}
    body = {"review_id": op["op_id"], "record_id": made["id"], "on": on, "decision": "verified"}
    first, again = tuan.post("/v1/reviews", body), tuan.post("/v1/reviews", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    other = tuan.post("/v1/reviews", {**body, "decision": "rejected"})
    assert (other.status_code, other.json()["code"]) == (409, "review_id_reused")
