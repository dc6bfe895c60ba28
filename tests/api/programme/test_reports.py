"""Reports, obstacles and inspections: drafted on phones, sent by heads, answered by the province (plan II.4, IV)."""

import uuid

from casework import FORM, MINUTES, approved, at, moved, moves, opens, reports, seen
from people import KINH_BAC, YEAR, Person, Province

JUNE = {"month": f"{YEAR}-09", "results": "Đã họp."}


def test_two_drafts_of_one_month_are_both_kept_and_one_is_sent(province: Province) -> None:
    drafts = [province[n].does("create", type="monthly_report", set=JUNE)["record"] for n in ("lan", "minh")]
    assert [d["state"] for d in drafts] == ["draft", "draft"]
    sent = moved(province["ha"], drafts[0], "submit", on=seen(drafts[0]))
    assert (sent["state"], sent["case"]["late"]) == ("submitted", False)
    refused = moves(province["ha"], drafts[1], "submit", on=seen(drafts[1])).json()
    assert refused["errors"][0]["code"] == "month_taken"
    assert drafts[0]["id"] in refused["errors"][0]["detail_en"]


def test_words_of_two_people_in_one_report_are_never_joined(province: Province) -> None:
    lan, minh, ha = province["lan"], province["minh"], province["ha"]
    draft = lan.does("create", type="monthly_report", set=JUNE)["record"]
    lan.does("patch", draft["id"], type="monthly_report", base_ver=1, set={"results": "Lan viết."})
    apart = minh.does("patch", draft["id"], type="monthly_report", base_ver=1, set={"results": "Minh viết."})
    assert apart["status"] == "conflict"
    refused = moves(ha, draft, "submit", on=seen(apart["record"])).json()
    assert refused["errors"][0]["code"] == "conflict_open"
    stale = moves(ha, draft, "submit", on=seen(draft)).json()
    assert stale["code"] == "content_changed"


def test_a_report_goes_back_with_a_reason_is_mended_and_accepted_and_a_late_edit_shows(province: Province) -> None:
    lan, ha, mai = province["lan"], province["ha"], province["mai"]
    sent = reports(lan, ha, KINH_BAC, f"{YEAR}-09", YEAR)
    assert moves(mai, sent, "return", on=seen(sent)).json()["errors"][0]["pointer"] == "/note"
    back = moved(mai, sent, "return", on=seen(sent), note="Thiếu số liệu")
    told = [c["record"] for c in lan.pull()["changes"] if c["kind"] == "put"]
    assert "Thiếu số liệu" in [r["case"]["note"] for r in told if r["id"] == sent["id"]]
    place = {"type": "monthly_report", "base_ver": back["ver"]}
    mended = lan.does("patch", sent["id"], **place, set={"figures": {"meetings": 3}})["record"]
    again = moved(ha, mended, "submit", on=seen(mended))
    accepted = moved(mai, again, "accept", on=seen(again))
    place["base_ver"] = accepted["ver"]
    edited = lan.does("patch", sent["id"], **place, set={"results": "Sửa sau"})["record"]
    assert (edited["state"], edited["case"]["changed_since"]) == ("accepted", True), "kept, and seen to be other words"


def test_difficulties_become_a_thread_that_the_staff_office_answers_on_the_phone(province: Province) -> None:
    lan, mai = province["lan"], province["mai"]
    reports(lan, province["ha"], KINH_BAC, f"{YEAR}-09", YEAR, difficulties="Thiếu kinh phí tuyên truyền")
    thread = mai.get("/v1/cases", type="obstacle", state="open").json()["records"][0]
    assert thread["data"]["body"] == "Thiếu kinh phí tuyên truyền"
    moved(mai, thread, "answer", note="Sở Tài chính sẽ bổ sung trong quý IV")
    told = next(c["record"] for c in lan.pull()["changes"] if c["kind"] == "put" and c["record"]["id"] == thread["id"])
    assert told["thread"][0]["text"] == "Sở Tài chính sẽ bổ sung trong quý IV"
    message = {"id": str(uuid.uuid4()), "at": "2026-09-22T08:00:00+07:00", "text": "Bao giờ có?"}
    place = {"type": "obstacle", "base_ver": told["ver"]}
    asked = lan.does("patch", thread["id"], **place, add={"messages": [message]})["record"]
    assert asked["state"] == "open", "words from a phone open it again"
    moved(mai, asked, "answer", note="Tháng 10")
    assert moved(lan, asked, "close")["state"] == "closed"


def test_an_inspection_closes_when_its_findings_are_followed_up(province: Province) -> None:
    lan, mai = province["lan"], province["mai"]
    case = opens(mai, "inspection", planned_on="2026-10-01", subject="Đợt I", inspectors=["Tuấn"]).json()
    finding = {"id": "1", "text": "Bổ sung nhật ký tuần tra", "due": "2026-10-20"}
    held = moved(mai, case, "record", paper={k: MINUTES[k] for k in ("number", "date", "chair", "members")},
                 fields={"findings": [finding]})  # fmt: skip
    assert moves(mai, held, "close").json()["errors"][0]["code"] == "finding_open"
    moved(lan, held, "follow_up", note="Đã bổ sung", fields={"follow_ups": [{"finding": "1", "text": "Đã bổ sung"}]})
    assert moved(mai, held, "close")["state"] == "closed"


def reminders(person: Person) -> list[str]:
    """What the unit is reminded of, as its people read it."""
    records = person.get("/v1/records", type="task", state="open").json()["records"]
    return sorted(r["data"]["title_vi"] for r in records if r["data"]["code"].startswith("deadline."))


def test_a_deadline_that_comes_near_is_a_task_on_the_phone_and_goes_when_it_is_done(province: Province) -> None:
    lan = province["lan"]
    case = opens(lan, "unit_year", **FORM).json()
    province.app.state.worker.attend()
    assert reminders(lan) == [f"Ký và gửi phiếu đăng ký, hạn 30/06/{YEAR}"], "late is not too late"
    moved(province["ha"], case, "register")
    assert reminders(lan) == []


def test_the_report_of_a_month_is_a_task_from_a_week_before_its_last_day_until_it_is_sent(province: Province) -> None:
    lan, ha, mai = province["lan"], province["ha"], province["mai"]
    case = approved(province, on=f"{YEAR}-09-04")
    plan = f"Ban hành nghị quyết, kế hoạch xây dựng đơn vị điển hình, hạn 31/03/{YEAR}"
    september = f"Ký và gửi báo cáo tháng 09/{YEAR}, hạn 05/10/{YEAR}"
    for moment, due in ((f"{YEAR}-09-27 23:59:59", [plan]), (f"{YEAR}-09-28 01:00", [plan, september])):
        at(province, moment)
        province.app.state.worker.attend()
        assert reminders(lan) == due
    assert mai.get("/v1/reports/overdue").json() == []
    sent = reports(lan, ha, KINH_BAC, f"{YEAR}-09", YEAR)
    assert reminders(lan) == [plan]
    told = [c["record"]["data"] for c in lan.pull()["changes"] if c["kind"] == "put" and c["record"]["type"] == "task"]
    task = next(t for t in told if t["code"] == "deadline.report")
    assert (task["title_en"], task["due"], task["done"]) == (
        f"Sign and send the report of {YEAR}-09, due {YEAR}-10-05",
        f"{YEAR}-10-05",
        True,
    )
    moved(mai, sent, "return", on=seen(sent), note="Thiếu số liệu")
    assert reminders(lan) == [plan, september], "a report that was sent back is owed again"
    moved(ha, case, "withdraw", note="Không đủ điều kiện")
    assert reminders(lan) == []
