"""Evidence as officers know it: minutes, patrol logs, photos, papers, and how far a unit has come."""

from typing import Any

import pytest

from casework import reports, verifies
from people import KINH_BAC, Province, file_entry
from pictures import jpeg

MINUTES: dict[str, Any] = {
    "title": "Họp quán triệt kế hoạch",
    "kind": "minutes",
    "held_at": "2026-03-02T08:00:00+07:00",
    "held_where": "Hội trường UBND phường",
    "chair": "Trần Thu Hà",
    "attendees": ["Nguyễn Thị Lan", "Trần Văn Minh"],
    "agenda": "1. Quán triệt\n2. Thảo luận",
    "body": "Khai mạc lúc 8 giờ.",
    "decisions": [{"text": "Lập tổ tuần tra", "who": "Minh", "due": "2026-03-15"}],
    "criteria": ["PH-A09"],
}
PATROL: dict[str, Any] = {
    "title": "Tuần tra đêm",
    "kind": "patrol_log",
    "route": "Tuyến khu Niềm Xá",
    "shift": "22:00–24:00",
    "started_at": "2026-03-02T22:00:00+07:00",
    "ended_at": "2026-03-02T23:50:00+07:00",
    "members": ["TV-01", "TV-02"],
    "checkpoints": [{"name": "Cổng chợ", "at": "2026-03-02T22:20:00+07:00", "note": "bình thường"}],
    "observations": "Không có gì bất thường.",
    "incident": False,
    "criteria": ["PH-C05"],
}


@pytest.mark.parametrize(("type_name", "fields"), [("minutes", MINUTES), ("patrol_log", PATROL)])
def test_a_whole_record_is_kept_as_it_was_written_and_asks_for_nothing(
    province: Province, type_name: str, fields: dict[str, Any]
) -> None:
    made = province["lan"].does("create", type=type_name, set=fields)
    assert made["status"] == "applied"
    assert made["record"]["data"] == fields
    assert made["record"]["issues"] == []


def test_what_is_missing_is_an_issue_for_the_reviewer_and_no_refusal(province: Province) -> None:
    made = province["lan"].does("create", type="patrol_log", set={"title": "Tuần tra", "incident": True})
    assert made["status"] == "applied"
    issues = {(i["code"], i["field"]) for i in made["record"]["issues"]}
    assert {("missing", "route"), ("no_criterion", "criteria"), ("incident_without_paper", "incident_paper")} <= issues
    late = {**PATROL, "ended_at": "2026-03-02T21:00:00+07:00"}
    odd = province["lan"].does("create", type="patrol_log", set=late)["record"]
    assert [i["code"] for i in odd["issues"]] == ["ends_before_it_starts"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("held_at", "hôm qua"), ("held_at", "2026-03-02T08:00:00"), ("attendees", "Lan"), ("decisions", ["Lập tổ"]),
        ("criteria", ["A09"]), ("sensitivity", 9), ("draft", "yes"), ("corrects", "biên bản cũ"), ("title", "x" * 301),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_form_is_rejected_with_its_field_and_kept(
    province: Province, field: str, value: Any
) -> None:
    result = province["lan"].does("create", set={**MINUTES, field: value})
    assert (result["status"], result["code"]) == ("rejected", "field_invalid")
    assert result["fields"][0]["path"] == f"/{field}"


def test_a_paper_that_may_not_be_stored_is_told_by_its_index(province: Province) -> None:
    index = {"number": "15/XN-CAP", "date": "2026-11-10", "issuer": "Công an phường", "conclusion": "Không xảy ra"}
    made = province["lan"].does(
        "create",
        type="document",
        set={"title": "Xác nhận", "kind": "police_confirmation", "index": index, "criteria": ["PH-D02"]},
    )["record"]
    assert (made["issues"], made["codes"], made["media_state"]) == ([], ["[PH-D02-01]"], "complete")
    with_file = province["lan"].does(
        "patch",
        made["id"],
        type="document",
        base_ver=1,
        media=[{"sha256": "a" * 64, "size": 1, "mime": "", "name": ""}],
    )["record"]
    assert [i["code"] for i in with_file["issues"]] == ["index_only_with_file"]


def test_one_piece_of_evidence_counts_for_many_criteria_each_with_its_own_number(province: Province) -> None:
    lan = province["lan"]
    first = lan.does("create", set={**MINUTES, "criteria": ["PH-A09", "PH-B01"]})["record"]
    second = lan.does("create", set={**MINUTES, "criteria": ["PH-B01"]})["record"]
    assert first["codes"] == ["[PH-A09-01]", "[PH-B01-01]"]
    assert second["codes"] == ["[PH-B01-02]"]
    less = lan.does("patch", first["id"], base_ver=1, remove={"criteria": ["PH-B01"]})["record"]
    assert less["codes"] == ["[PH-A09-01]"]
    again = lan.does("patch", first["id"], base_ver=2, add={"criteria": ["PH-B01"]})["record"]
    assert again["codes"] == ["[PH-A09-01]", "[PH-B01-01]"], "a code that was cited once keeps its meaning"


def test_progress_counts_verified_evidence_of_the_right_kind_only(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]

    def met() -> tuple[int, int]:
        found = lan.get(f"/v1/units/{KINH_BAC}/progress").json()
        return found["met"], found["applicable"]

    none, applicable = met()
    right = lan.does("create", type="document", set={"title": "Kế hoạch", "kind": "plan", "criteria": ["PH-A02"]})[
        "record"
    ]
    wrong = lan.does("create", set={**MINUTES, "criteria": ["PH-A03"]})["record"]
    assert (none, met()) == (0, (0, applicable))
    assert tuan.decides(right, "verified").status_code == 200
    assert tuan.decides(wrong, "verified").status_code == 200
    assert met() == (1, applicable)
    late = lan.does("patch", right["id"], type="document", base_ver=right["ver"] + 1, remove={"criteria": ["PH-A02"]})
    assert late["record"]["state"] == "changed"
    assert met() == (1, applicable), "what was verified counts as it was verified"


ASKED_OF_UNITS = {
    "PH-A01": "resolution", "PH-A02": "plan", "PH-A09": "training_record", "PH-A10": "budget_document",
    "PH-B01": "media_item",
}  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_paper_that_the_plan_asks_of_a_unit_counts_for_its_criterion(province: Province) -> None:
    """Resolution and plan, outreach, funds (plan II.2, II.3, III.8); a paper of another kind is no proof."""
    lan = province["lan"]
    outreach = reports(lan, province["ha"], KINH_BAC, "2026-08", 2026, audiences={"students": 420, "workers": 80})
    assert outreach["state"] == "submitted"
    told = province["mai"].get("/v1/participation", year=2026).json()
    assert (told["audiences"], told["people"]) == ({"students": 420, "workers": 80}, 500)
    for shift, met in ((1, False), (0, True)):
        kinds = list(ASKED_OF_UNITS.values())
        papers = zip(ASKED_OF_UNITS, kinds[shift:] + kinds[:shift], strict=True)
        ops = [
            lan.op("create", type="document", set={"title": kind, "kind": kind, "criteria": [code]})
            for code, kind in papers
        ]
        made = [result["record"] for result in lan.push(*ops)["results"]]
        assert {r["status"] for r in verifies(province["tuan"], made)} == {"done"}
        items = {i["code"]: i["met"] for i in lan.get(f"/v1/units/{KINH_BAC}/progress").json()["items"]}
        assert {code: items[code] for code in ASKED_OF_UNITS} == dict.fromkeys(ASKED_OF_UNITS, met)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_verified_evidence_that_proves_nothing_stands_aside_with_the_reason(province: Province) -> None:
    """Whose paper it is, whether it may be here at all, what it was taken for (domain §3.1)."""
    lan = province["lan"]
    of_the_ward = {"kind": "recognition", "criteria": ["PH-P01"], "issuer": "UBND phường Kinh Bắc"}
    tried: list[tuple[dict[str, Any], str | None]] = [
        (of_the_ward, "own_issuer"),
        (of_the_ward | {"issuer": ""}, "no_issuer"),
        (of_the_ward | {"issuer": "Công an tỉnh", "purposes": ["publication"]}, "other_purpose"),
        (of_the_ward | {"issuer": "Công an phường Kinh Bắc"}, None),
        ({"kind": "police_confirmation", "criteria": ["PH-D02"], "issuer": "Công an tỉnh"}, "index_wanted"),
    ]
    ops = [lan.op("create", type="document", set={"title": "Giấy tờ", **values}) for values, _ in tried]
    made = [result["record"] for result in lan.push(*ops)["results"]]
    assert {r["status"] for r in verifies(province["tuan"], made)} == {"done"}
    items = lan.get(f"/v1/units/{KINH_BAC}/progress").json()["items"]
    aside = {piece["record_id"]: piece["reason"] for item in items for piece in item["aside"]}
    assert [aside.get(record["id"]) for record in made] == [reason for _, reason in tried]
    assert {i["code"]: i["met"] for i in items if i["code"] in ("PH-P01", "PH-D02")} == {
        "PH-P01": True,
        "PH-D02": False,
    }


def test_drafts_stay_out_of_the_queue_until_they_are_ready(province: Province) -> None:
    lan, tuan = province["lan"], province["tuan"]
    made = lan.does("create", set={**MINUTES, "draft": True})["record"]
    assert made["state"] == "draft"
    assert tuan.get("/v1/reviews/queue").json()["records"] == []
    assert tuan.decides(made, "verified").json()["code"] == "not_reviewable"
    ready = lan.does("patch", made["id"], base_ver=1, set={"draft": False})["record"]
    assert [r["id"] for r in tuan.get("/v1/reviews/queue").json()["records"]] == [ready["id"]]


def test_a_correction_names_the_record_it_corrects(province: Province) -> None:
    lan = province["lan"]
    old = lan.does("create", type="photo", set={"title": "Nhầm ngày", "captured_at": "2026-03-02T08:00:00+07:00"})[
        "record"
    ]
    new = lan.does("create", type="photo", set={"title": "Đúng ngày", "corrects": old["id"]})
    assert (new["status"], new["record"]["data"]["corrects"]) == ("applied", old["id"])
    waits = lan.does("create", type="photo", set={"title": "Chờ", "corrects": "00000000-0000-4000-8000-000000000000"})
    assert waits["status"] == "held"


def test_one_photo_in_two_records_arrives_once_for_both(province: Province) -> None:
    lan = province["lan"]
    photo = jpeg(seed=3)
    made = [lan.does("create", type="photo", set={"title": t}, media=[file_entry(photo)])["record"] for t in "ab"]
    lan.upload(photo)
    for record in made:
        assert lan.record(record["id"])["media_state"] == "complete"
    third = lan.does("create", type="photo", set={"title": "c"}, media=[file_entry(photo)])["record"]
    assert third["media_state"] == "complete"
    nam = province["nam"].does("create", type="photo", unit="07228", set={"title": "d"}, media=[file_entry(photo)])
    assert nam["record"]["media_state"] == "missing", "knowing a digest gives nothing"
