"""A unit registers, is put on a list, approved on a paper and begins to build (plan II.1, III.1.2, IV.2)."""

import uuid

from casework import DECISION, FORM, PAPER, SCAN, approved, moved, moves, opens
from people import DA_MAI, KINH_BAC, Province
from programme import catalogue

GUIDANCE = """
instruments:
  - id: HD15
    number: 15/HD-CAT
    issuer: Công an tỉnh Bắc Ninh
    date: '2026-05-10'
    title_vi: Hướng dẫn áp dụng Bộ Tiêu chí
    text_seen: full
    role: how the provincial police apply the criteria
    url: https://congan.example/15-hd-cat
"""


def test_a_unit_registers_and_is_approved_on_a_list_that_fixes_its_criteria(province: Province) -> None:
    case = approved(province)
    assert case["state"] == "approved_to_build"
    assert case["data"]["criteria_set"] == "bn-dien-hinh-antq/0.1.0"
    assert case["data"]["approval"]["number"] == DECISION["number"]
    assert case["papers"]["approve"]["signer"] == PAPER["signer"]
    newer = catalogue.packaged().replace(b"version: 0.1.0", b"version: 0.2.0", 1)
    newer = newer.replace(b"\ninstruments:\n", GUIDANCE.encode(), 1)
    adopted = province.http.post("/v1/criteria-sets", content=newer, headers=province["quan"].headers).json()
    assert (adopted["version"], adopted["outcome"]) == ("0.2.0", "imported")
    judged_by = {u: province["mai"].get(f"/v1/units/{u}/progress").json()["catalogue"][-5:] for u in (KINH_BAC, DA_MAI)}
    assert judged_by == {KINH_BAC: "0.1.0", DA_MAI: "0.2.0"}, "new criteria are for those not approved yet"
    guided = province["lan"].get(f"/v1/criteria-sets/{adopted['id']}/0.2.0").json()["head"]["instruments"]
    assert [g["url"] for g in guided if g["number"] == "15/HD-CAT"] == ["https://congan.example/15-hd-cat"]
    scan = province["lan"].get(f"/v1/media/{case['id']}/{DECISION['file']['sha256']}")
    assert scan.content == SCAN
    building = moved(province["ha"], case, "start_building", paper=PAPER)
    assert building["state"] == "building"
    told = [c["record"] for c in province["lan"].pull()["changes"] if c["kind"] == "put"]
    assert [r["state"] for r in told if r["id"] == case["id"]] == ["building"]
    task = next(r for r in told if r["type"] == "task" and r["data"]["code"] == "unit_year.building")
    assert (task["data"]["about"], task["data"]["roles"]) == (case["id"], ["unit_editor", "commune_police"])


def test_a_form_with_gaps_is_not_sent_and_says_what_is_missing(province: Province) -> None:
    case = opens(province["lan"], "unit_year", funding_need=0).json()
    refused = moves(province["ha"], case, "register")
    assert (refused.status_code, refused.json()["code"]) == (409, "move_blocked")
    missing = {e["pointer"] for e in refused.json()["errors"]}
    assert missing == {"/data/safety_result", "/data/movement_class", "/data/responsible_head"}
    moved(province["lan"], case, "amend", fields=FORM)
    failed = {**FORM["safety_result"], "conclusion": "not_met"}
    moved(province["lan"], case, "amend", fields={"safety_result": failed})
    assert moves(province["ha"], case, "register").json()["errors"][0]["code"] == "safety_not_met"
    moved(province["lan"], case, "amend", fields={"safety_result": FORM["safety_result"]})
    assert moved(province["ha"], case, "register")["state"] == "registered"


def test_whoever_opens_a_case_sets_its_form_and_nothing_that_is_decided_later(province: Province) -> None:
    decided = {"approval": {"number": "1", "date": "2026-01-02"}, "criteria_set": "x/1", "officers": ["lan"]}
    decided |= {"late": "waived", "dossier": str(uuid.uuid4())}
    refused = opens(province["lan"], "unit_year", **FORM, **decided).json()
    assert (refused["code"], {e["pointer"] for e in refused["errors"]}) == (
        "move_incomplete", {f"/fields/{name}" for name in decided},
    )  # fmt: skip
    found = [{"id": "1", "text": "Đã khắc phục"}]
    round_ = opens(province["mai"], "inspection", planned_on="2026-10-01", findings=found).json()
    assert [e["pointer"] for e in round_["errors"]] == ["/fields/findings"]
    assert opens(province["lan"], "unit_year", **FORM).json()["data"].keys() == {*FORM, "unit", "year", "unit_kind"}


def test_an_illegal_move_is_answered_with_the_legal_ones(province: Province) -> None:
    case = opens(province["lan"], "unit_year", **FORM).json()
    refused = moves(province["chu_tich"], case, "approve", paper=DECISION).json()
    assert refused["code"] == "move_illegal"
    assert refused["current"]["legal"] == ["amend", "register", "withdraw"]
    assert "đang lập phiếu đăng ký" in refused["title"]
    shown = province["ha"].get(f"/v1/cases/{case['id']}/moves").json()
    assert {m["action"]: m["permitted"] for m in shown["legal"]} == {"amend": True, "register": True, "withdraw": True}
    assert next(m for m in shown["legal"] if m["action"] == "register")["due"] == "2026-06-30"
    assert [s["action"] for s in shown["history"]] == ["open"]


def test_each_move_is_for_whom_the_table_names(province: Province) -> None:
    case = opens(province["lan"], "unit_year", **FORM).json()
    assert moves(province["lan"], case, "register").json()["code"] == "not_permitted"
    assert moves(province["nam"], case, "register").json()["code"] == "case_unknown", "another ward's"
    moved(province["ha"], case, "register")
    assert moves(province["ha"], case, "propose").json()["code"] == "not_permitted"
    assert opens(province["nam"], "unit_year", unit=KINH_BAC).json()["code"] == "not_permitted"
    assert opens(province["mai"], "unit_year").json()["code"] == "not_permitted"


def test_a_decision_wants_its_paper_whole_and_its_scan_here(province: Province) -> None:
    case = opens(province["lan"], "unit_year", **FORM).json()
    moved(province["ha"], case, "register")
    moved(province["mai"], case, "propose")
    chair = province["chu_tich"]
    bare = moves(chair, case, "approve", paper={"number": "12", "date": "4/5/2026", "sender": "?"})
    assert bare.status_code == 422
    assert {e["pointer"] for e in bare.json()["errors"]} == {
        "/paper/signer", "/paper/body", "/paper/file", "/paper/date", "/paper/sender",
    }  # fmt: skip
    assert moves(chair, case, "approve", paper=DECISION).json()["errors"][0]["code"] == "file_missing"
    for odd in ({"number": 1.5}, {"number": "x\u0000"}, {"số": "1"}, {"file": {"sha256": "x"}}, {"members": []}):
        assert moves(chair, case, "approve", paper={**DECISION, **odd}).json()["code"] == "move_incomplete"
    chair.upload(SCAN, mime="application/pdf")
    assert moved(chair, case, "approve", paper=DECISION)["state"] == "approved_to_build"


def test_the_same_request_again_gives_the_same_answer_and_writes_once(province: Province) -> None:
    body = {"move_id": str(uuid.uuid4()), "type": "unit_year", "unit": KINH_BAC, "year": 2026, "fields": FORM}
    first, again = (province["lan"].post("/v1/cases", body) for _ in range(2))
    assert first.json() == again.json()
    assert province["lan"].post("/v1/cases", {**body, "fields": {}}).json()["code"] == "move_id_reused"
    other = opens(province["minh"], "unit_year").json()
    assert (other["code"], other["current"]["record_id"]) == ("case_exists", first.json()["id"])
    move = {"move_id": str(uuid.uuid4()), "action": "register"}
    sent = [province["ha"].post(f"/v1/cases/{first.json()['id']}/moves", move) for _ in range(2)]
    assert sent[0].json() == sent[1].json()
    other = province["ha"].post(f"/v1/cases/{first.json()['id']}/moves", {**move, "action": "withdraw", "note": "x"})
    assert other.json()["code"] == "move_id_reused"


def test_one_decision_approves_a_list_and_answers_for_each_unit(province: Province) -> None:
    ids = []
    for name, unit in (("lan", KINH_BAC), ("nam", DA_MAI)):
        ids.append(opens(province[name], "unit_year", unit=unit, **FORM).json()["id"])
    moved(province["ha"], {"id": ids[0]}, "register")
    moved(province["mai"], {"id": ids[0]}, "propose")
    proposed = province["mai"].get("/v1/cases", type="unit_year", year=2026, state="proposed").json()["records"]
    assert [r["id"] for r in proposed] == ids[:1]
    chair = province["chu_tich"]
    chair.upload(SCAN, mime="application/pdf")
    gone = str(uuid.uuid4())
    body = {"move_id": str(uuid.uuid4()), "action": "approve", "paper": DECISION, "record_ids": [*ids, gone]}
    answers = [chair.post("/v1/cases/moves", body).json()["results"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert [(r["status"], r.get("code")) for r in answers[0]] == [
        ("done", None), ("refused", "move_illegal"), ("refused", "case_unknown"),
    ]  # fmt: skip
    assert answers[0][0]["record"]["state"] == "approved_to_build"


def test_cases_are_listed_page_by_page_within_what_one_may_see(province: Province) -> None:
    for name, unit in (("lan", KINH_BAC), ("nam", DA_MAI)):
        opens(province[name], "unit_year", unit=unit)
        province.clock.advance(1000)
    page = province["mai"].get("/v1/cases", type="unit_year", limit=1).json()
    assert [r["data"]["unit"] for r in page["records"]] == [KINH_BAC]
    rest = province["mai"].get("/v1/cases", type="unit_year", limit=1, cursor=page["cursor"]).json()
    assert [r["data"]["unit"] for r in rest["records"]] == [DA_MAI]
    assert rest["cursor"] is None
    assert len(province["lan"].get("/v1/cases", type="unit_year").json()["records"]) == 1
    assert province["lan"].get("/v1/cases", type="nonsense").status_code == 422
