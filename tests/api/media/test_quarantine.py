"""A spill: kept apart at once and everywhere, destroyed by a second person, and never back again."""

from pathlib import Path

from auth.principal import Role
from hostile_files import picture
from people import DA_MAI, KINH_BAC, Person, Province, file_entry

PAPER = picture("JPEG", (300, 200))
SHA = file_entry(PAPER)["sha256"]


def filed(province: Province, who: Person, unit: str = KINH_BAC) -> str:
    made = who.does("create", type="document", unit=unit, set={"title": "Tài liệu"}, media=[file_entry(PAPER)])
    who.upload(PAPER)
    province.work()
    return f"/v1/media/{made['record']['id']}/{SHA}"


def told(who: Person, address: str) -> dict[str, object]:
    return dict(who.record(address.split("/")[3])["files"][SHA])


def test_a_file_that_may_be_secret_is_served_to_nobody_and_phones_remove_it(province: Province) -> None:
    lan, nam, tuan = province["lan"], province["nam"], province["tuan"]
    here, there = filed(province, lan), filed(province, nam, DA_MAI)
    cursor = nam.pull()["cursor"]
    kept = tuan.post(f"{here}/quarantine", {"reason": "may_be_secret", "note": "Dấu đỏ ở góc"})
    assert (kept.status_code, kept.json()["code"]) == (200, "file_secret")
    for who, address in ((lan, here), (nam, there), (tuan, here)):
        for path in (address, f"{address}/pictures/thumbnail", f"{address}/pictures/preview"):
            assert who.get(path).json()["code"] == "file_secret"
    assert (told(lan, here)["state"], told(lan, here)["remove"]) == ("quarantined", True)
    pulled = [c["record"] for c in nam.pull(cursor)["changes"]]
    assert pulled[0]["files"][SHA]["remove"]
    assert "Dấu đỏ" not in str(pulled)
    asked = lan.post("/v1/media/verify", {"files": [{"record_id": here.split("/")[3], "sha256": SHA}]}).json()
    assert asked["files"][0]["remove"]


def test_destroying_takes_a_second_person_and_the_name_of_the_officer(province: Province) -> None:
    lan, tuan, mai = province["lan"], province["tuan"], province["mai"]
    address = filed(province, lan)
    tuan.post(f"{address}/quarantine", {"reason": "may_be_secret"})
    assert tuan.post(f"{address}/destroy", {"officer": "Thiếu tá Hoà"}).json()["code"] == "second_person_needed"
    assert mai.post(f"{address}/destroy", {}).json()["code"] == "malformed"
    assert mai.post(f"{address}/destroy", {"officer": "Thiếu tá Hoà"}).json()["destroyed_at"]
    province.work()
    store = province.app.state.store
    assert [key for key in store.keys("") if SHA in key] == []
    assert lan.get(address).json()["code"] == "file_destroyed"
    assert told(lan, address) == {"state": "destroyed", "remove": True}
    history = mai.get(f"/v1/records/{address.split('/')[3]}/history").json()
    assert {tuan.account_id, mai.account_id} <= {line["actor"] for line in history}


def test_destroyed_bytes_that_are_sent_again_are_destroyed_again(province: Province) -> None:
    lan, minh, tuan, mai = province["lan"], province["minh"], province["tuan"], province["mai"]
    address = filed(province, lan)
    tuan.post(f"{address}/quarantine", {"reason": "personal_data"})
    mai.post(f"{address}/destroy", {"officer": "Thiếu tá Hoà"})
    province.work()
    again = filed(province, minh)
    assert minh.upload(PAPER).headers["Upload-State"] == "destroyed"
    province.work()
    assert told(minh, again)["state"] == "destroyed"
    assert list(Path(province.settings.data_dir).rglob(f"*{SHA}*")) == []
    assert list((Path(province.settings.data_dir) / "blobs/incoming").iterdir()) == []


def test_a_mistake_is_taken_back_by_who_may_do_so_wherever_the_file_is_used(province: Province) -> None:
    lan, nam, tuan = province["lan"], province["nam"], province["tuan"]
    here, _ = filed(province, lan), filed(province, nam, DA_MAI)
    tuan.post(f"{here}/quarantine", {"reason": "other"})
    province.grant("minh", KINH_BAC, Role.DATA_PROTECTION_OFFICER)
    assert province["minh"].post(f"{here}/release", None).json()["code"] == "not_permitted"
    assert lan.post(f"{here}/release", None).json()["code"] == "not_permitted"
    assert tuan.post(f"{here}/release", None).status_code == 204
    assert tuan.post(f"{here}/release", None).json()["code"] == "not_quarantined"
    province.work()
    assert lan.get(here).content == PAPER
    assert lan.get(f"{here}/pictures/thumbnail").status_code == 200


def test_what_a_person_released_the_service_does_not_keep_apart_again(province: Province) -> None:
    lan, tuan, data = province["lan"], province["tuan"], b"Ghi ch\xc3\xba"
    made = lan.does("create", type="document", set={"title": "Ghi chú"}, media=[file_entry(data)])["record"]
    lan.upload(data, "ghi chú.txt")
    province.work()
    address = f"/v1/media/{made['id']}/{file_entry(data)['sha256']}"
    assert lan.get(address).json()["code"] == "file_type_refused"
    tuan.post(f"{address}/release", None)
    province.work()
    assert lan.get(address).content == data


def test_who_may_keep_files_apart_sees_a_list_of_them(province: Province) -> None:
    """Page by page, in one's own units only; what was released is gone from it."""
    lan, nam, tuan, mai = (province[name] for name in ("lan", "nam", "tuan", "mai"))
    here, there = filed(province, lan), filed(province, nam, DA_MAI)
    tuan.post(f"{here}/quarantine", {"reason": "may_be_secret", "note": "Dấu đỏ ở góc"})
    province.grant("minh", KINH_BAC, Role.DATA_PROTECTION_OFFICER)

    def seen(who: Person, **page: object) -> tuple[list[str], str | None]:
        answer = who.get("/v1/media/quarantined", **page).json()
        assert {(f["code"], f["note"]) for f in answer["files"]} <= {("file_secret", "Dấu đỏ ở góc")}
        return [f["record_id"] for f in answer["files"]], answer["next"]

    both = sorted(address.split("/")[3] for address in (here, there))
    first, more = seen(mai, limit=1)
    rest, end = seen(mai, limit=1, after=more)
    assert (first + rest, end) == (both, None)
    assert seen(province["minh"])[0] == [here.split("/")[3]]
    assert seen(lan) == ([], None)
    tuan.post(f"{here}/release", None)
    assert seen(mai) == ([], None)
