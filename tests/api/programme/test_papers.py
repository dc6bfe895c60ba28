"""Papers: asked for, made by the worker, the same bytes for the same facts, seen by those who read the unit."""

import hashlib
from typing import Any

from casework import FORM, approved, moved, opens, reports, words_of
from people import KINH_BAC, YEAR, Person, Province
from programme.yearly import RECIPIENTS


def asks(person: Person, kind: str, unit: str = KINH_BAC, **rest: Any) -> dict[str, Any]:
    answer = person.post("/v1/papers", {"kind": kind, "year": YEAR, "unit": unit, **rest})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_paper_is_frozen_when_it_is_asked_for_and_made_by_the_worker(province: Province) -> None:
    lan, mai = province["lan"], province["mai"]
    assert lan.post("/v1/papers", {"kind": "registration", "year": YEAR, "unit": KINH_BAC}).status_code == 404
    case = opens(lan, "unit_year", **FORM).json()
    first = asks(lan, "registration")
    assert (first["state"], first["files"]) == ("waiting", [])
    assert lan.get(f"/v1/papers/{first['paper_id']}/pdf").json()["code"] == "paper_not_ready"
    province.work()
    ready = lan.get(f"/v1/papers/{first['paper_id']}").json()
    assert [f["format"] for f in ready["files"]] == ["docx", "pdf"]
    for file in ready["files"]:
        got = mai.get(f"/v1/papers/{first['paper_id']}/{file['format']}")
        assert (hashlib.sha256(got.content).hexdigest(), len(got.content)) == (file["sha256"], file["size"])
        assert "filename*=UTF-8''Phi%E1%BA%BFu" in got.headers["content-disposition"]
    assert asks(mai, "registration")["paper_id"] == first["paper_id"]
    moved(lan, case, "amend", fields={"funding_need": 5})
    assert asks(lan, "registration")["digest"] != first["digest"]
    assert len(lan.get("/v1/papers", unit=KINH_BAC, kind="registration").json()) == 2


def test_papers_of_a_unit_are_for_its_readers_and_those_of_the_province_for_who_reads_all(province: Province) -> None:
    approved(province)
    paper = asks(province["lan"], "registration")
    for path in (
        f"/v1/papers/{paper['paper_id']}",
        f"/v1/papers/{paper['paper_id']}/pdf",
        f"/v1/papers?unit={KINH_BAC}",
    ):
        assert province["nam"].get(path).json()["code"] == "paper_unknown"
    assert (
        province["lan"].post("/v1/papers", {"kind": "yearly_summary", "year": YEAR}).json()["code"] == "paper_unknown"
    )
    assert province["mai"].post("/v1/papers", {"kind": "decision", "year": YEAR, "unit": KINH_BAC}).status_code == 404
    for kind in ("approval_list", "decision", "announcement", "maintenance_notice", "award_list", "yearly_summary"):
        asks(province["mai"], kind, unit="")
    for to in RECIPIENTS:
        asks(province["mai"], "yearly_summary", unit="", to=to)
    sent = reports(province["lan"], province["ha"], KINH_BAC, "2026-08", YEAR)
    asks(province["lan"], "monthly_report", record_id=sent["id"])
    asks(province["lan"], "self_score_sheet")
    province.work()
    shown = (
        province["mai"].get("/v1/papers", year=YEAR).json() + province["lan"].get("/v1/papers", unit=KINH_BAC).json()
    )
    assert {p["state"] for p in shown} == {"ready"}
    assert len(shown) == 12
    words = {to: words_of(province["mai"], next(p["paper_id"] for p in shown if p["to"] == to)) for to in RECIPIENTS}
    for to, vi in RECIPIENTS.items():
        assert f"Kính gửi: {vi}" in words[to]
        assert ("chưa xét khen thưởng" in words[to]) == (to == "standing_committee"), "II.7 is for the Party committee"
        assert ("120.000.000 đồng" in words[to]) == (to == "peoples_committee"), "funds are for the People's Committee"


def test_a_file_that_a_restored_store_lacks_is_made_again(province: Province) -> None:
    lan = province["lan"]
    opens(lan, "unit_year", **FORM)
    paper = asks(lan, "registration")
    province.work()
    before = lan.get(f"/v1/papers/{paper['paper_id']}/pdf").content
    store = province.app.state.store
    store.delete(f"papers/{paper['paper_id']}.pdf")
    assert lan.get(f"/v1/papers/{paper['paper_id']}/pdf").json()["code"] == "paper_not_ready"
    province.work()
    assert lan.get(f"/v1/papers/{paper['paper_id']}/pdf").content == before
