"""The guards of moves, by the names that `transitions.py` gives them. Each returns what stands in the way."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlmodel import Session, col, select

from programme.calendar import day_vi
from programme.dossier import completeness, untouched_faults
from programme.errors import ContentChanged
from programme.making import Making, fault
from programme.models import Case
from programme.transitions import SENT
from sync.records import current

Faults = list[dict[str, str]]
REGISTRATION = {
    "safety_result": ("kết quả “An toàn về an ninh, trật tự”", "the result of the “An toàn” standard"),
    "movement_class": ("kết quả phân loại phong trào", "the class in the movement"),
    "responsible_head": ("người đứng đầu chịu trách nhiệm", "the responsible head"),
    "funding_need": ("nhu cầu kinh phí (ghi 0 nếu không có)", "the funding need (0 where there is none)"),
}


def _form_complete(_session: Session, making: Making) -> Faults:
    data = {**making.doc["data"], **making.asked.fields}
    missing = [
        fault("missing", f"/data/{name}", f"Thiếu {vi}.", f"{en[0].upper()}{en[1:]} is missing.")
        for name, (vi, en) in REGISTRATION.items()
        if data.get(name) is None
    ]
    result = data.get("safety_result") or {}
    if result and result.get("conclusion") != "met":
        vi, en = "Đơn vị chưa đạt tiêu chuẩn “An toàn về an ninh, trật tự”.", "The unit has not met the standard."
        missing.append(fault("safety_not_met", "/data/safety_result/conclusion", vi, en))
    return missing


def _dossier_complete(session: Session, making: Making) -> Faults:
    return completeness(session, making.unit, making.year, making.calendar, making.now).blocking()


def _is_late(_session: Session, making: Making) -> Faults:
    if making.doc["data"].get("late") == "late":
        return []
    return [fault("not_late", "/data/late", "Hồ sơ không muộn.", "The dossier is not late.")]


def _in_time_or_waived(_session: Session, making: Making) -> Faults:
    if making.doc["data"].get("late") != "late":
        return []
    vi = "Hồ sơ đến muộn và chưa có văn bản chấp nhận."
    return [fault("late", "/data/late", vi, "The dossier came late and no waiver was written.")]


def _deadline_passed(_session: Session, making: Making) -> Faults:
    """Who has not sent a dossier still may, until the last day is over."""
    if making.calendar.late("dossier", making.year, making.now):
        return []
    day = day_vi(making.calendar.last_day("dossier", making.year))
    vi, en = f"Đơn vị còn được gửi hồ sơ đến hết ngày {day}.", f"The unit may send its dossier until {day}."
    return [fault("deadline_ahead", "", vi, en)]


def _all_criteria_met(session: Session, making: Making) -> Faults:
    """Recognition needs every criterion (plan II.5), in the dossier that was appraised."""
    return completeness(session, making.unit, making.year, making.calendar, making.now).unmet()


def _dossier_untouched(session: Session, making: Making) -> Faults:
    return untouched_faults(session, making.doc["data"].get("dossier"))


def _officers_known(_session: Session, making: Making) -> Faults:
    """Who is assigned to a unit can sign in and read its year (III.1.3)."""
    named = making.asked.fields.get("officers") or []
    known = making.readers(named, making.scope, making.now)
    vi = "Không có tài khoản “{}” đang dùng và xem được hồ sơ của đơn vị này."
    en = "No account “{}” is in use and may read this unit."
    return [
        fault("officer_unknown", f"/fields/officers/{i}", vi.format(name), en.format(name))
        for i, name in enumerate(named)
        if name not in known
    ]


def _seen(_session: Session, making: Making) -> Faults:
    """What is signed or judged is what was on the screen."""
    on = making.asked.on
    if on is None:
        vi = "Cần nêu phiên bản đang xem."
        return [fault("on_missing", "/on", vi, "The version on the screen must be named.")]
    if on[1] != making.doc["content_digest"]:
        raise ContentChanged(
            current={"ver": making.doc["ver"], "content_digest": making.doc["content_digest"]}, errors=[]
        )
    return []


def _no_conflict(_session: Session, making: Making) -> Faults:
    vi, en = "Trường này có hai giá trị do hai người cùng sửa; hãy chọn một.", "Two people wrote apart; choose one."
    return [fault("conflict_open", f"/data/{c['field']}", vi, en) for c in making.doc["conflicts"]]


def _month_free(session: Session, making: Making) -> Faults:
    """One report for a month is sent; a second draft stays a draft, and nobody's words are joined silently."""
    month = making.doc["data"].get("month")
    if not month:
        return [fault("missing", "/data/month", "Chưa ghi tháng báo cáo.", "The month is missing.")]
    where = (col(Case.unit) == making.unit, col(Case.year) == making.year, col(Case.type) == "monthly_report")
    sent = select(Case.record_id).where(*where, col(Case.period) == month, col(Case.state).in_(SENT))
    other = session.exec(sent.where(col(Case.record_id) != making.doc["id"])).first()
    if other is None:
        return []
    vi, en = f"Tháng {month} đã có báo cáo {other}.", f"Report {other} was sent for {month}."
    return [fault("month_taken", "/data/month", vi, en)]


def _findings_followed(_session: Session, making: Making) -> Faults:
    data = making.doc["data"]
    done = {f.get("finding") for f in data.get("follow_ups") or ()}
    vi, en = "Kiến nghị này chưa được báo cáo khắc phục.", "This finding was not followed up."
    return [
        fault("finding_open", f"/data/findings/{i}", vi, en)
        for i, found in enumerate(data.get("findings") or ())
        if found.get("id") not in done
    ]


def _no_award_block(session: Session, making: Making) -> Faults:
    return block_faults(session, making.unit, making.year)


def block_faults(session: Session, unit: str, year: int) -> Faults:
    """No titles for heads and units that fail or do not keep up (plan II.7)."""
    where = (col(Case.unit) == unit, col(Case.type) == "award_block", col(Case.state) == "blocked")
    ids = session.exec(select(Case.record_id).where(*where, col(Case.year) == year)).all()
    reasons = [orjson.loads(s.doc)["data"]["reason"] for s in current(session, list(ids)).values()]
    vi = "Đơn vị và người đứng đầu chưa được xét khen thưởng năm này (mục II.7)."
    return [fault("award_blocked", "", vi, f"Awards of this year are blocked: {reason}.") for reason in reasons]


GUARDS: Mapping[str, Callable[[Session, Making], Faults]] = {
    "officers_known": _officers_known,
    "form_complete": _form_complete,
    "dossier_complete": _dossier_complete,
    "is_late": _is_late,
    "in_time_or_waived": _in_time_or_waived,
    "deadline_passed": _deadline_passed,
    "all_criteria_met": _all_criteria_met,
    "dossier_untouched": _dossier_untouched,
    "seen": _seen,
    "no_conflict": _no_conflict,
    "month_free": _month_free,
    "findings_followed": _findings_followed,
    "no_award_block": _no_award_block,
}


def check(session: Session, making: Making) -> list[dict[str, Any]]:
    """Everything that stands in the way of a move, guard by guard."""
    return [found for name in making.row.guards for found in GUARDS[name](session, making)]
