"""Those who take part beside the unit: other bodies, the press, officers whom the province assigns (plan II, III)."""

import pytest

from auth import accounts, audit
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from casework import approved, moved, moves, seen, verifies
from people import KINH_BAC, YEAR, Person, Province


def joins(province: Province, name: str, role: Role, *units: str) -> Person:
    grants = tuple(Grant(unit, role) for unit in units)
    province.db.write(accounts.create_account, OPERATOR, name, name.title(), province.clock.now(), grants=grants)
    return Person(province, name, f"install-{name}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_members_of_other_bodies_add_evidence_to_a_unit_and_file_plans_of_their_own(province: Province) -> None:
    front = joins(province, "mat-tran", Role.FRONT_MEMBER, KINH_BAC)
    department = joins(province, "so-noi-vu", Role.DEPARTMENT_MEMBER, "CQ-001", KINH_BAC)
    tuan = province["tuan"]
    values = {"title": "Tuyên truyền tại khu phố", "kind": "media_item", "criteria": ["PH-B01"], "issuer": "MTTQ"}
    added = front.does("create", type="document", set=values)
    plan = department.does("create", type="document", unit="CQ-001", set={"title": "Kế hoạch của Sở", "kind": "plan"})
    fair = {"title": "Cùng tổ chức Ngày hội toàn dân", "kind": "report", "criteria": ["PH-B03"]}
    helped = department.does("create", type="document", set=fair)
    assert [r["status"] for r in (added, plan, helped)] == ["applied"] * 3
    queued = {(*r["authors"], r["scope"]): r for r in tuan.get("/v1/reviews/queue").json()["records"]}
    in_the_ward = [(who.account_id, f"{KINH_BAC}/{YEAR}") for who in (front, department)]
    assert queued.keys() == {*in_the_ward, (department.account_id, f"CQ-001/{YEAR}")}
    assert {r["status"] for r in verifies(tuan, [queued[one] for one in in_the_ward])} == {"done"}
    items = {i["code"]: i for i in province["ha"].get(f"/v1/units/{KINH_BAC}/progress").json()["items"]}
    assert [items[code]["verified"] for code in ("PH-B01", "PH-B03")] == [1, 1]
    pulled = {change["scope"] for change in front.pull()["changes"]}
    assert pulled == {f"programme/{YEAR}"}, "taking part shows nothing of the unit"
    assert front.does("create", type="document", unit="CQ-001", set=values)["code"] == "not_permitted"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_officers_are_assigned_to_a_unit_that_builds(province: Province) -> None:
    case = approved(province)
    police, mai = joins(province, "cong-an-phuong", Role.COMMUNE_POLICE, KINH_BAC), province["mai"]
    names = ["tuan", "cong-an-phuong"]
    assert moves(province["ha"], case, "assign", fields={"officers": names}).json()["code"] == "not_permitted"
    unknown = moves(mai, case, "assign", fields={"officers": ["tuan", "nam", "Vũ Anh Tuấn"]}).json()["errors"]
    assert [(e["code"], e["pointer"]) for e in unknown] == [
        ("officer_unknown", "/fields/officers/1"), ("officer_unknown", "/fields/officers/2"),
    ], "of another ward; nobody's name"  # fmt: skip
    assert {"“nam”" in unknown[0][words] for words in ("detail_vi", "detail_en")} == {True}
    for odd in ("tuan", [1], [{"username": "tuan"}], ["tuan"] * 21):
        assert moves(mai, case, "assign", fields={"officers": odd}).json()["code"] == "move_incomplete"
    assigned = moved(mai, case, "assign", fields={"officers": names})
    assert (assigned["state"], assigned["data"]["officers"]) == ("approved_to_build", names)
    province.db.write(accounts.set_active, OPERATOR, police.account_id, False, province.clock.now())
    assert moves(mai, case, "assign", fields={"officers": names}).json()["errors"][0]["pointer"] == "/fields/officers/1"
    assert moved(mai, case, "assign", fields={"officers": ["tuan"]})["data"]["officers"] == ["tuan"]
    told = [c["record"] for c in province["lan"].pull()["changes"] if c["kind"] == "put"]
    assert [r["data"]["officers"] for r in told if r["id"] == case["id"]] == [["tuan"]]


MODEL = {"title": "Mô hình camera an ninh", "kind": "model_file", "purposes": ["dossier", "publication"]}


def test_the_press_sees_what_was_cleared_and_files_where_it_appeared(province: Province) -> None:
    lan, tuan, mai = province["lan"], province["tuan"], province["mai"]
    press = joins(province, "bao-bac-ninh", Role.PRESS_EDITOR, "*")
    elsewhere = joins(province, "bao-khac", Role.PRESS_EDITOR, "07228")
    made = lan.does("create", type="document", set=MODEL)["record"]
    address = f"/v1/press/items/{made['id']}"
    assert mai.put(address, seen(made)).json()["code"] == "not_verified"
    assert mai.delete(address).json()["code"] == "not_cleared"
    verified = tuan.decides(made, "verified").json()
    assert tuan.put(address, seen(verified)).json()["code"] == "not_permitted"
    assert mai.put(address, seen(verified)).status_code == 204
    link = {"url": "https://bao.example/camera", "title": "Camera an ninh", "published_on": f"{YEAR}-10-01"}
    assert press.post(f"{address}/links", link).status_code == 204
    assert elsewhere.post(f"{address}/links", link).json()["code"] == "record_unknown"
    shown = press.get("/v1/press/items").json()["items"]
    assert [(i["title"], i["name_vi"], i["links"]) for i in shown] == [("Mô hình camera an ninh", "Kinh Bắc", [link])]
    assert elsewhere.get("/v1/press/items").json()["items"] == []
    assert press.get(f"/v1/records/{made['id']}").status_code == 404
    lan.does("patch", made["id"], type="document", base_ver=verified["ver"], set={"title": "Tên người dân"})
    assert press.get("/v1/press/items", limit=1).json()["items"][0]["title"] == "Mô hình camera an ninh"
    tuan.decides(tuan.record(made["id"]), "rejected", comment="Có tên người")
    assert press.get("/v1/press/items").json()["items"] != [], "what was verified before still stands"
    assert tuan.delete(address).json()["code"] == "not_permitted"
    assert press.delete(address).json()["code"] == "record_unknown"
    assert [mai.delete(address).status_code for _ in range(2)] == [204, 204]
    assert press.get("/v1/press/items").json()["items"] == mai.get("/v1/press/items").json()["items"] == []
    assert press.post(f"{address}/links", link).json()["code"] == "record_unknown"
    noted = [(e.act, e.actor, e.subject) for e in province.db.read(audit.entries) if e.act == "press_withdrawn"]
    assert set(noted) == {("press_withdrawn", mai.account_id, made["id"])}
    again = tuan.decides(tuan.record(made["id"]), "verified").json()
    assert mai.put(address, seen(again)).status_code == 204
    assert [(i["title"], i["links"]) for i in press.get("/v1/press/items").json()["items"]] == [
        ("Tên người dân", [link])
    ]
