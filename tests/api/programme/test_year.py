"""A whole year: every unit registers, two send dossiers around the deadline, and a year later one of them keeps up."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from auth import accounts
from auth.accounts import OPERATOR
from auth.principal import Grant, Role
from casework import DECISION, FORM, MINUTES, PAPER, SCAN, at, moved, moves, opens, proofs, seen, verifies
from people import KINH_BAC, Person, Province
from programme.naming import single_id
from programme.yearly import RECIPIENTS
from sync import canonical
from sync.append import append
from sync.notice import server_op
from sync.op import Action

TIEN_DU = "09319"
SCHOOL = "GD-001"
YEAR = 2027
MONTHS = [f"{YEAR}-{m:02d}" for m in range(5, 12)]


def hired(province: Province, name: str, role: Role) -> Person:
    grants = (Grant("*", role),)
    province.db.write(accounts.create_account, OPERATOR, name, name.title(), province.clock.now(), grants=grants)
    return Person(province, name, f"install-{name}")


def for_all(person: Person, cases: list[dict[str, Any]], action: str, **rest: Any) -> None:
    body = {"move_id": str(uuid.uuid4()), "action": action, "record_ids": [c["id"] for c in cases], **rest}
    results = person.post("/v1/cases/moves", body).json()["results"]
    assert {r["status"] for r in results} == {"done"}, results[0]


@dataclass
class Cast:
    """Who plays in the year, and the case of each unit."""

    province: Province
    van: Person
    thu: Person
    honours: Person
    finance: Person
    office: Person
    every: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Person:
        return self.province[name]


def test_a_year_from_registration_to_maintenance_and_the_blocked_award(province: Province) -> None:
    cast = Cast(
        province,
        hired(province, "van", Role.UNIT_EDITOR),
        hired(province, "thu", Role.UNIT_HEAD),
        hired(province, "noi-vu", Role.AWARD_APPRAISER),
        hired(province, "tai-chinh", Role.BUDGET_VIEWER),
        hired(province, "van-phong", Role.PROVINCE_OFFICE),
    )
    cast["chu_tich"].upload(SCAN, mime="application/pdf")
    register(cast)
    report(cast)
    prove(cast)
    send_around_the_deadline(cast)
    decide(cast)
    keep_up_or_not(cast)


def register(cast: Cast) -> None:
    province, van, thu, every = cast.province, cast.van, cast.thu, cast.every
    mai, chair = cast["mai"], cast["chu_tich"]
    at(province, f"{YEAR}-01-10 08:00")
    kinds = {u["code"]: u["kind"] for u in van.get("/v1/units", limit=500).json()["units"]}
    assert len(kinds) >= 99
    chosen = [KINH_BAC, TIEN_DU, SCHOOL]
    listed = [*chosen, *sorted(set(kinds) - set(chosen))[:2]]
    quiet = {unit: kind for unit, kind in kinds.items() if unit not in listed}
    registered_already(province, quiet)
    every |= {unit: opens(van, "unit_year", unit, YEAR, **FORM).json() for unit in listed}
    for_all(thu, list(every.values()), "register")
    for_all(mai, list(every.values()), "propose")
    province.http.put(f"/v1/quotas/{YEAR}", json={"wanted": {"ward": 1, "commune": 1}}, headers=mai.headers)
    assert sum(f["funding_need"] for f in cast.finance.get("/v1/funding", year=YEAR).json()) == 120_000_000 * len(kinds)
    at(province, f"{YEAR}-05-04 08:00")
    approved = [every[unit] for unit in chosen]
    for_all(chair, approved, "approve", paper={**DECISION, "date": f"{YEAR}-05-04"})
    for_all(chair, [every[unit] for unit in listed[3:]], "not_approve", note="Chưa trong chỉ tiêu")
    needs = {f["unit"]: f["state"] for f in cast.finance.get("/v1/funding", year=YEAR).json()}
    assert needs == dict.fromkeys(chosen, "approved_to_build") | dict.fromkeys(quiet, "registered"), "none was refused"
    for_all(thu, approved, "start_building", paper={**PAPER, "date": f"{YEAR}-05-20"})
    waiting = mai.get("/v1/cases", type="unit_year", year=YEAR, state="registered", limit=500).json()["records"]
    assert {r["data"]["unit"] for r in waiting} == set(quiet)


def registered_already(province: Province, units: dict[str, str]) -> None:
    """The units that this story leaves alone: all registered, written in one go by the engine's one writer."""
    case = {"state": "registered", "action": "register", "by": "", "at": f"{YEAR}-01-10T01:00:00Z", "note": None}
    ops = []
    for unit, kind in units.items():
        place = ("unit_year", single_id("unit_year", f"{unit}/{YEAR}"), f"{unit}/{YEAR}", Action.CREATE)
        values = {**FORM, "unit": unit, "year": YEAR, "unit_kind": kind}
        ops.append(server_op(str(uuid.uuid4()), *place, values=values, server={"case": case}))
    province.db.write(append, province.app.state.types, ops, province.clock.now())


def report(cast: Cast) -> None:
    province, van, thu, mai = cast.province, cast.van, cast.thu, cast["mai"]
    building = (KINH_BAC, TIEN_DU)
    drafts = van.push(*(
        van.op("create", type="monthly_report", scope=f"{unit}/{YEAR}", set={"month": month, "results": "Ổn định.",
                                                                              "audiences": {"students": 10}})
        for month in MONTHS for unit in building
    ))["results"]  # fmt: skip
    for month, *pair in zip(MONTHS, drafts[::2], drafts[1::2], strict=True):
        at(province, f"{month}-28 08:00")
        sent = [moved(thu, one["record"], "submit", on=seen(one["record"])) for one in pair]
    for one in sent:
        moved(mai, one, "accept", on=seen(one))
    late = mai.get("/v1/reports/overdue", year=YEAR).json()
    assert [(row["unit"], len(row["months"])) for row in late] == [(SCHOOL, 6)]


def prove(cast: Cast) -> None:
    van, thu, every, tuan = cast.van, cast.thu, cast.every, cast["tuan"]
    for unit in (KINH_BAC, TIEN_DU):
        made = [r["record"] for r in van.push(*proofs(van, unit, YEAR))["results"]]
        assert {r["status"] for r in verifies(tuan, made)} == {"done"}
        moved(van, every[unit], "open_dossier")
        state = thu.get(f"/v1/units/{unit}/dossier", year=YEAR).json()
        assert state["missing"] == []
        assert state["last_day"] == f"{YEAR}-12-11"
    moved(van, every[SCHOOL], "open_dossier")
    bare = moves(thu, every[SCHOOL], "submit_dossier", paper=PAPER).json()
    assert bare["code"] == "move_blocked"
    assert len(bare["errors"]) > 20
    reports_of = next(e["detail_vi"] for e in bare["errors"] if "0/7" in e["detail_vi"])
    assert "thiếu tháng 05/2027, 06/2027" in reports_of, "says which months"


def send_around_the_deadline(cast: Cast) -> None:
    province, van, thu, every, mai = cast.province, cast.van, cast.thu, cast.every, cast["mai"]
    at(province, f"{YEAR}-12-11 23:59:59.999")
    van.push(van.op("create", scope=f"{KINH_BAC}/{YEAR}", set={"title": "Kịp gửi", "draft": True}), pending=1)
    offline = van.op("create", type="document", scope=f"{KINH_BAC}/{YEAR}", set={"title": "Còn trong máy"})
    early = moves(cast["chu_tich"], every[SCHOOL], "not_recognise", paper=PAPER, note="Không gửi hồ sơ").json()
    assert early["errors"][0]["code"] == "deadline_ahead", "the school may still send it"
    phones = thu.get(f"/v1/units/{KINH_BAC}/dossier", year=YEAR).json()["phones"]
    assert [p["pending"] for p in phones] == [1], "known of, and no reason to wait"
    in_time = moved(thu, every[KINH_BAC], "submit_dossier", paper=PAPER)
    at(province, f"{YEAR}-12-12 00:00")
    too_late = moved(thu, every[TIEN_DU], "submit_dossier", paper=PAPER)
    assert (in_time["data"]["late"], too_late["data"]["late"]) == ("no", "late")
    sent = mai.get(f"/v1/units/{KINH_BAC}/dossiers/1", year=YEAR).json()
    arrived = van.push(offline)["results"][0]
    assert (arrived["status"], arrived["record"]["state"]) == ("applied", "pending"), "late, kept, not in the dossier"
    assert mai.get(f"/v1/units/{KINH_BAC}/dossiers/1", year=YEAR).json() == sent
    receipt = canonical.sha256(canonical.encode(sent["content"])).hex()
    assert (sent["at"], sent["digest"]) == (f"{YEAR}-12-11T16:59:59.999Z", receipt), "received in time, and what"
    for unit in (KINH_BAC, TIEN_DU):
        moved(mai, every[unit], "take_in")
    moved(mai, every[TIEN_DU], "return_dossier", note="Thiếu chữ ký")
    moved(thu, every[TIEN_DU], "submit_dossier", paper={**PAPER, "number": "13/TB-UBND"})
    versions = [mai.get(f"/v1/units/{TIEN_DU}/dossiers/{n}", year=YEAR).json() for n in (1, 2)]
    assert [(v["version"], mai.record(v["record_id"])["state"]) for v in versions] == [
        (1, "returned"), (2, "submitted"),
    ]  # fmt: skip
    moved(mai, every[TIEN_DU], "suspend", note="Xảy ra vụ việc nghiêm trọng")
    assert mai.record(versions[1]["record_id"])["state"] == "returned", "nobody appraises it meanwhile"
    moved(mai, every[TIEN_DU], "resume", note="Đã xác minh, không phải ở địa bàn")
    moved(van, every[TIEN_DU], "open_dossier")
    moved(thu, every[TIEN_DU], "submit_dossier", paper={**PAPER, "number": "14/TB-UBND"})
    moved(mai, every[TIEN_DU], "take_in")
    assert moves(mai, every[TIEN_DU], "start_appraisal").json()["errors"][0]["code"] == "late"
    assert moves(mai, every[KINH_BAC], "waive_late", paper=PAPER, note="x").json()["errors"][0]["code"] == "not_late"
    moved(mai, every[TIEN_DU], "waive_late", paper=PAPER, note="Mất điện do bão")


def decide(cast: Cast) -> None:
    every, tuan, mai, chair = cast.every, cast["tuan"], cast["mai"], cast["chu_tich"]
    for unit in (KINH_BAC, TIEN_DU):
        moved(mai, every[unit], "start_appraisal")
        moved(tuan, every[unit], "submit_to_chair", paper=MINUTES)
    sent_back_in_the_last_hour(cast)
    for unit in (KINH_BAC, TIEN_DU):
        moved(chair, every[unit], "recognise", paper=DECISION)
        moved(mai, every[unit], "announce", paper=PAPER)
        dossier = {"id": mai.record(every[unit]["id"])["data"]["dossier"]}
        kept = moved(mai, dossier, "archive", paper={"number": "5/BBGN", "date": f"{YEAR}-12-30"})
        assert kept["state"] == "archived"
    failed = moved(chair, every[SCHOOL], "not_recognise", paper=PAPER, note="Không gửi hồ sơ")
    assert failed["state"] == "not_recognised", "a year that came to nothing ends too"
    told = {to: mai.get("/v1/yearly-report", to=to, year=YEAR).json() for to in RECIPIENTS}
    assert {r["cases"]["unit_year"]["announced"] for r in told.values()} == {2}
    assert told["ministry"]["participation"] == mai.get("/v1/participation", year=YEAR).json()
    assert told["ministry"]["participation"]["audiences"] == {"students": 140}
    assert told["peoples_committee"]["more"]["funding_need"] > 99 * 120_000_000
    follow_the_results(cast.office)


def sent_back_in_the_last_hour(cast: Cast) -> None:
    """The Chair recognises a unit that meets every criterion, by the evidence that was appraised."""
    mai, tuan, chair = cast["mai"], cast["tuan"], cast["chu_tich"]
    code, pieces = next(
        iter(mai.get(f"/v1/units/{KINH_BAC}/dossiers/1", year=YEAR).json()["content"]["evidence"].items())
    )
    tuan.decides(mai.record(pieces[0]["record_id"]), "rejected", comment="Chữ ký giả")
    refused = moves(chair, cast.every[KINH_BAC], "recognise", paper=DECISION).json()
    assert {e["code"] for e in refused["errors"]} == {"criterion_open", "evidence_withdrawn"}
    assert code in refused["errors"][0]["detail_vi"]
    assert tuan.decides(mai.record(pieces[0]["record_id"]), "verified").status_code == 200


def follow_the_results(office: Person) -> None:
    """The Office of the People's Committee sees totals, goes down to the unit and its criteria, and changes nothing."""
    quotas = {q["kind"]: q for q in office.get("/v1/overview", year=YEAR).json()["quotas"]}
    assert (quotas["ward"]["wanted"], quotas["ward"]["recognised"], quotas["commune"]["recognised"]) == (1, 1, 1)
    assert "xã,announced," in office.get("/v1/overview", year=YEAR, format="csv").text
    units = office.get("/v1/overview/evidence", by="unit", year=YEAR).json()
    assert {u["code"] for u in units} == {KINH_BAC, TIEN_DU}
    ended = office.get("/v1/cases", type="unit_year", year=YEAR, state="announced").json()["records"]
    assert {r["data"]["unit"] for r in ended} == {KINH_BAC, TIEN_DU}
    assert opens(office, "inspection", KINH_BAC, YEAR).json()["code"] == "not_permitted"


def keep_up_or_not(cast: Cast) -> None:
    province, thu, tuan, mai = cast.province, cast.thu, cast["tuan"], cast["mai"]
    chair = cast["chu_tich"]
    following = YEAR + 1
    at(province, f"{following}-11-20 08:00")
    assert opens(mai, "maintenance_year", SCHOOL, following).json()["errors"][0]["code"] == "never_recognised"
    for unit, end in ((KINH_BAC, "list_maintained"), (TIEN_DU, "not_list")):
        case = opens(mai, "maintenance_year", unit, following).json()
        moved(thu, case, "review_self", note="Giữ vững các tiêu chí")
        moved(tuan, case, "review", paper=MINUTES)
        moved(mai, case, end, paper=PAPER, note="Theo biên bản rà soát")
    refused = opens(mai, "award", TIEN_DU, following, level="province", form="Bằng khen", for_whom="head").json()
    assert refused["errors"][0]["code"] == "award_blocked"
    award = opens(mai, "award", KINH_BAC, following, level="province", form="Bằng khen", for_whom="unit").json()
    moved(cast.honours, award, "appraise", paper={"number": "1", "date": "2028-12-20", "conclusion": "Đủ điều kiện"})
    moved(mai, award, "submit", paper=PAPER)
    assert moved(chair, award, "award", paper=DECISION)["state"] == "awarded"
    blocks = mai.get("/v1/cases", type="award_block").json()["records"]
    assert [b["data"]["reason"] for b in blocks] == ["not_recognised", "not_listed"]
