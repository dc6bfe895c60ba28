"""From May to November of the year of `demo/year.py`: reports, a difficulty that is answered, an inspection."""

from demo.year import Doc, Year, create, new_id
from demo.year_papers import MINUTES


def work(year: Year, approved: list[str]) -> None:
    """Monthly reports from May to November: drafted on phones, signed by heads. One tells of a difficulty."""
    sent = 0
    for month in range(5, 12):
        period = f"{year.year}-{month:02d}"
        drafts = year.push([create(u, year.year, "monthly_report", month=period, results="Ổn định.",
                                   audiences={"students": 20, "workers": 10}) for u in approved])  # fmt: skip
        if month == 6:
            drafts[0] = _with_difficulty(year, drafts[0])
        year.at(f"{month:02d}-28")
        for draft in drafts:
            on = {"ver": draft["ver"], "content_digest": draft["content_digest"]}
            year.move("thu", draft, "submit", on=on)
        sent += len(drafts)
        if month == 6:
            _answer(year)
        if month == 9:
            _inspect(year, approved[0])
    year.report.done(f"28/11  {sent} báo cáo tháng đã gửi, từ tháng 5", f"{sent} monthly reports are in, since May")
    late = year.ask("mai", "GET", "/v1/reports/overdue", params={"year": year.year})
    year.expect(late == [], "Không đơn vị nào thiếu báo cáo", f"{len(late)} units lack reports")


def _with_difficulty(year: Year, draft: Doc) -> Doc:
    op = {"action": "patch", "type": draft["type"], "record_id": draft["id"], "scope": draft["scope"]}
    values = {"difficulties": "Thiếu kinh phí tuyên truyền"}
    return year.push([{**op, "base_ver": draft["ver"], "set": values}])[0]


def _answer(year: Year) -> None:
    """What a report calls a difficulty waits for the staff office, whose answer goes back to the phone (plan IV)."""
    waiting = year.ask("mai", "GET", "/v1/cases", params={"type": "obstacle", "state": "open"})["records"]
    for thread in waiting:
        year.move("mai", thread, "answer", note="Sở Tài chính bổ sung trong quý IV")
        year.move("van", thread, "close")
    year.report.done(f"28/06  {len(waiting)} vướng mắc được trả lời", f"{len(waiting)} difficulty is answered")


def _inspect(year: Year, unit: str) -> None:
    """A round of inspection: its finding is mended before it is closed (plan II.4)."""
    fields = {"planned_on": f"{year.year}-09-28", "subject": "Kiểm tra tiến độ", "inspectors": ["Lê Thị Hoa"]}
    body = {"move_id": new_id(), "type": "inspection", "unit": unit, "year": year.year, "fields": fields}
    case = year.ask("mai", "POST", "/v1/cases", json=body)
    minutes = {name: MINUTES[name] for name in ("number", "date", "chair", "members")}
    finding = {"id": "1", "text": "Chưa lập sổ tuần tra"}
    year.move("mai", case, "record", paper=minutes, fields={"findings": [finding]})
    done = {"finding": "1", "text": "Đã lập sổ"}
    year.move("van", case, "follow_up", fields={"follow_ups": [done]}, note="Đã khắc phục")
    year.move("mai", case, "close")
    year.report.done("28/09  1 đợt kiểm tra, kiến nghị đã khắc phục", "an inspection; its finding was mended")
