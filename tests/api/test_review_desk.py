"""The review desk: what waits, taking it in hand, one piece in full, two people where a criterion wants them."""

import uuid
from typing import Any

import pytest

from casework import colleague, verifies
from people import DA_MAI, KINH_BAC, YEAR, Person, Province, file_entry
from programme import catalogue

DAY = 86_400_000
PHOTO = b"\xff\xd8\xff anh"


def waiting(person: Person, **filters: Any) -> list[str]:
    """Titles of the queue, page by page, to its end."""
    titles: list[str] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = person.get("/v1/reviews/queue", **filters, **more)
        assert answer.status_code == 200, answer.text
        titles += [r["data"]["title"] for r in answer.json()["records"]]
        cursor = answer.json()["cursor"]
        if cursor is None:
            return titles


def test_a_reviewer_finds_what_waits_takes_it_in_hand_and_sees_what_changed(province: Province) -> None:
    hoa = colleague(province, "hoa")
    made = captured(province)
    finds_by_filters(province)
    saves_a_view(province, hoa)
    edited = takes_in_hand(province, hoa, made["Nghị quyết"])
    sends_back_and_decides(province, made, edited)
    reads_figures(province, hoa)


def captured(province: Province) -> dict[str, dict[str, Any]]:
    """Three papers of two wards, two days apart, and a draft."""
    lan, nam = province["lan"], province["nam"]
    made: dict[str, dict[str, Any]] = {}
    for who, unit, title, kind, item in (
        (lan, KINH_BAC, "Nghị quyết", "resolution", "PH-A01"),
        (lan, KINH_BAC, "Kế hoạch", "plan", "PH-A02"),
        (nam, DA_MAI, "Nghị quyết Đa Mai", "resolution", "PH-A01"),
    ):
        values = {"title": title, "kind": kind, "criteria": [item]}
        made[title] = who.does("create", type="document", unit=unit, set=values)["record"]
        province.clock.advance(2 * DAY)
    lan.does("create", set={"title": "Nháp", "draft": True})
    return made


def finds_by_filters(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    everything = ["Nghị quyết", "Kế hoạch", "Nghị quyết Đa Mai"]
    assert waiting(tuan, limit=1) == everything
    assert waiting(tuan, limit=2, sort="newest") == everything[::-1]
    assert waiting(tuan, criterion="PH-A01", limit=1) == ["Nghị quyết", "Nghị quyết Đa Mai"]
    assert waiting(tuan, criterion="PH-A01", scope=f"{DA_MAI}/{YEAR}") == ["Nghị quyết Đa Mai"]
    assert waiting(tuan, kind="plan", limit=1) == ["Kế hoạch"]
    assert waiting(tuan, min_days=3) == ["Nghị quyết", "Kế hoạch"]
    assert waiting(tuan, max_days=3) == ["Nghị quyết Đa Mai"]
    assert waiting(tuan, signals=False) == []
    assert waiting(tuan, year=YEAR - 1) == []
    assert waiting(lan) == ["Nghị quyết", "Kế hoạch"]


def saves_a_view(province: Province, hoa: Person) -> None:
    tuan = province["tuan"]
    assert tuan.put("/v1/reviews/views/nghị quyết", {"criterion": "PH-A01", "sort": "newest"}).status_code == 204
    assert waiting(tuan, view="nghị quyết") == ["Nghị quyết Đa Mai", "Nghị quyết"]
    assert waiting(tuan, view="nghị quyết", scope=f"{KINH_BAC}/{YEAR}") == ["Nghị quyết"]
    assert [v["filters"]["sort"] for v in tuan.get("/v1/reviews/views").json()] == ["newest"]
    assert hoa.get("/v1/reviews/queue", view="nghị quyết").json()["code"] == "view_unknown"
    assert tuan.delete("/v1/reviews/views/nghị quyết").status_code == 204


def takes_in_hand(province: Province, hoa: Person, resolution: dict[str, Any]) -> dict[str, Any]:
    """Two reviewers on one piece, and an edit meanwhile; returns the piece as edited."""
    lan, tuan = province["lan"], province["tuan"]
    address = f"/v1/reviews/{resolution['id']}"
    taken = tuan.put(f"{address}/claim").json()
    assert hoa.put(f"{address}/claim").json()["current"] == {"holder": tuan.account_id, "until": taken["until"]}
    assert waiting(tuan, assigned="mine") == waiting(hoa, assigned="others") == ["Nghị quyết"]
    assert waiting(hoa, assigned="nobody") == ["Kế hoạch", "Nghị quyết Đa Mai"]
    assert hoa.get("/v1/reviews/queue").json()["claims"][resolution["id"]]["holder"] == tuan.account_id

    edited = lan.does("patch", resolution["id"], type="document", base_ver=1, set={"title": "Nghị quyết 01"})["record"]
    stale = tuan.decides(resolution, "verified").json()
    assert (stale["code"], stale["errors"][0]["after"]) == ("content_changed", "Nghị quyết 01")
    shown = tuan.get(address).json()
    assert (shown["since"], shown["changes"]) == (1, stale["errors"]), "since it was taken in hand"
    assert [v["ver"] for v in shown["versions"]] == [1, 2]
    assert (shown["legal"], shown["claim"]["holder"]) == (["needs_info", "rejected", "verified"], tuan.account_id)
    assert hoa.decides(edited, "verified").json()["code"] == "claimed_by_another"

    province.clock.advance(29 * 60_000)
    renewed = tuan.put(f"{address}/claim").json()
    assert renewed["until"] > taken["until"]
    province.clock.advance(30 * 60_000)
    assert hoa.put(f"{address}/claim").status_code == 200, "it has run out"
    assert tuan.decides(edited, "verified").json()["code"] == "claimed_by_another"
    assert hoa.delete(f"{address}/claim").status_code == 204
    return edited


def sends_back_and_decides(province: Province, made: dict[str, dict[str, Any]], edited: dict[str, Any]) -> None:
    lan, tuan, resolution = province["lan"], province["tuan"], made["Nghị quyết"]
    address = f"/v1/reviews/{resolution['id']}"
    assert tuan.decides(edited, "rejected").json()["code"] == "reason_wanted"
    back = tuan.decides(edited, "needs_info", reason_code="missing_signature", comment="Trang 2").json()["review"]
    assert (back["todo_vi"], back["comment"]) == ("Xin ký, đóng dấu rồi chụp lại.", "Trang 2")
    told = [c["record"] for c in lan.pull()["changes"] if c["kind"] == "put"]
    assert [r["review"]["todo_vi"] for r in told if r["id"] == resolution["id"]] == [back["todo_vi"]]
    mended = lan.does("patch", resolution["id"], type="document", base_ver=3, set={"signer": "Bà Hà"})["record"]
    assert mended["state"] == "pending"
    shown = tuan.get(address).json()
    assert [c["pointer"] for c in shown["changes"]] == ["/data/signer"], "since the last decision"
    assert [d["decision"] for d in shown["decisions"]] == ["needs_info"]
    done = verifies(tuan, [made["Kế hoạch"], resolution, mended])
    assert [(r["status"], r.get("code")) for r in done] == [
        ("done", None), ("refused", "content_changed"), ("done", None),
    ]  # fmt: skip
    assert waiting(tuan) == ["Nghị quyết Đa Mai"]
    overruled = colleague(province, "phuc").decides(mended, "rejected", comment="Không đồng ý").json()
    assert (overruled["code"], overruled["current"]["by"]) == ("decided_meanwhile", tuan.account_id)
    assert set(waiting(tuan, state="verified")) == {"Kế hoạch", "Nghị quyết 01"}


def reads_figures(province: Province, hoa: Person) -> None:
    lan, tuan = province["lan"], province["tuan"]
    load = hoa.get("/v1/reviews/workload").json()
    assert [(row["state"], row["count"]) for row in load["waiting"]] == [
        ("pending", 1), ("changed", 0), ("verified_once", 0),
    ]  # fmt: skip
    assert [(a["under_days"], a["count"]) for a in load["waiting"][0]["ages"] if a["count"]] == [(3, 1)]
    assert load["reviewers"] == [{"account_id": tuan.account_id, "in_hand": 0, "decided_in_7_days": 3}]
    by = {row["code"]: row["states"] for row in tuan.get("/v1/overview/evidence", by="criterion").json()}
    assert by == {"PH-A01": {"pending": 1, "verified": 1}, "PH-A02": {"verified": 1}}
    units = tuan.get("/v1/overview/evidence", by="unit").json()
    assert [(u["code"], u["title_vi"]) for u in units] == [(DA_MAI, "Đa Mai"), (KINH_BAC, "Kinh Bắc")]
    assert [u["code"] for u in lan.get("/v1/overview/evidence", by="unit").json()] == [KINH_BAC]
    table = tuan.get("/v1/overview/evidence", by="criterion", format="csv").content.decode("utf-8-sig").splitlines()
    assert table[0].startswith("Mã,Nội dung,bản nháp,chờ xem xét,")
    assert [(row[:6], row.split(",")[-7:-1]) for row in table[1:]] == [("PH-A01", [*"100001"]), ("PH-A02", [*"000001"])]
    overview = tuan.get("/v1/overview").json()
    assert {(e["unit_kind"], e["state"], e["count"]) for e in overview["evidence"]} == {
        ("ward", "draft", 1), ("ward", "pending", 1), ("ward", "verified", 2),
    }  # fmt: skip
    assert "minh chứng,phường,verified,đã xác nhận,2," in tuan.get("/v1/overview", format="csv").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_criterion_that_wants_two_people_is_confirmed_by_two_who_share_no_device(province: Province) -> None:
    lan, tuan, quan = province["lan"], province["tuan"], province["quan"]
    text = catalogue.packaged().decode().replace("version: 0.1.0", "version: 0.2.0", 1)
    text = text.replace("- code: PH-A01\n", "- code: PH-A01\n            reviewers: 2\n", 1)
    imported = province.http.post("/v1/criteria-sets", content=text.encode(), headers=quan.headers)
    assert imported.status_code < 300, imported.text
    same_phone = colleague(province, "binh", "phone-of-tuan")
    hoa = colleague(province, "hoa")
    values = {"title": "Nghị quyết", "kind": "resolution", "criteria": ["PH-A01", "PH-A02"]}
    made = lan.does("create", type="document", set=values)["record"]
    assert tuan.get(f"/v1/reviews/{made['id']}").json()["reviewers_wanted"] == 2
    once = tuan.decides(made, "verified").json()
    assert (once["state"], once["review"]["verified_ver"]) == ("verified_once", None)
    for again in (tuan, same_phone):
        assert again.decides(once, "verified").json()["code"] == "second_reviewer"
    edited = lan.does("patch", made["id"], type="document", base_ver=once["ver"], set={"signer": "Bà Hà"})["record"]
    assert edited["state"] == "pending", "one has confirmed other words"
    once = hoa.decides(edited, "verified").json()
    twice = tuan.decides(once, "verified").json()
    assert (twice["state"], twice["review"]["reviewers"]) == ("verified", [hoa.account_id, tuan.account_id])
    edited = lan.does("patch", made["id"], type="document", base_ver=twice["ver"], set={"signer": "Ông Bảo"})["record"]
    once = hoa.decides(edited, "verified").json()
    assert (once["state"], once["review"]["verified_ver"]) == ("verified_once", twice["review"]["verified_ver"])
    back = tuan.decides(once, "rejected", comment="Sai người ký").json()
    assert (back["state"], back["review"]["reviewers"]) == ("rejected", [])
    assert lan.record(made["id"], **{"as": "verified"})["data"]["signer"] == "Bà Hà"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_item_shows_its_files_with_their_pictures_and_signals(province: Province) -> None:
    lan, nam, tuan = province["lan"], province["nam"], province["tuan"]
    values = {"title": "Ra quân", "media": [file_entry(PHOTO)]}
    made = lan.does("create", type="photo", set=values)["record"]
    nam.does("create", type="photo", unit=DA_MAI, set=values)
    before = tuan.get(f"/v1/reviews/{made['id']}").json()
    assert [f["state"] for f in before["files"]] == ["missing"]
    for who in (lan, nam):
        who.upload(PHOTO)
    shown = tuan.get(f"/v1/reviews/{made['id']}").json()
    sha256 = file_entry(PHOTO)["sha256"]
    assert shown["files"][0]["thumbnail"] == f"/v1/media/{made['id']}/{sha256}/pictures/thumbnail"
    assert [s["code"] for s in shown["signals"]] == ["same_file"]
    assert waiting(tuan, signals=True) == ["Ra quân", "Ra quân"]
    assert tuan.get(f"/v1/reviews/{uuid.uuid4()}").json()["code"] == "record_unknown"
    assert lan.get(f"/v1/reviews/{made['id']}").json()["code"] == "review_not_permitted"
