"""Deadlines that come near, as tasks in the feed of the units they concern. A periodic duty makes them."""

from typing import Any

from sqlmodel import Session, col, select

from programme.calendar import DAY_MS, Calendar, day_vi
from programme.making import Making
from programme.models import Case
from programme.naming import single_id
from programme.tasks import task_ops
from sync.append import append
from sync.op import Op
from sync.types import Registry

# deadline -> states of a unit's year in which something is still to be done for it, and what.
WAITS: dict[str, tuple[tuple[str, ...], str]] = {
    "registration": (("draft_registration",), "Ký và gửi phiếu đăng ký"),
    "plan": (("approved_to_build",), "Ban hành nghị quyết, kế hoạch xây dựng đơn vị điển hình"),
    "safety": (("building", "dossier_draft", "returned"), "Có kết quả “An toàn về an ninh, trật tự”"),
    "movement": (("building", "dossier_draft", "returned"), "Có kết quả phân loại phong trào"),
    "dossier": (("building", "dossier_draft", "returned"), "Gửi hồ sơ đề nghị công nhận"),
}
BATCH = 200


def remind(session: Session, registry: Registry, calendar: Calendar, now: int) -> int:
    """Brings the reminders of every open year up to date; returns how many changed."""
    states = sorted({state for waits, _ in WAITS.values() for state in waits})
    where = (col(Case.type) == "unit_year", col(Case.state).in_(states))
    rows = session.exec(select(Case.unit, Case.year, Case.state).where(*where).order_by(col(Case.record_id))).all()
    ops: list[Op] = []
    for unit, year, state in rows:
        scope = f"{unit}/{year}"
        wanted = dict(_wanted(scope, year, state, key, calendar, now) for key in WAITS)
        ops += task_ops(session, scope, wanted, f"remind/{now}")
    for i in range(0, len(ops), BATCH):
        append(session, registry, ops[i : i + BATCH], now)
    return len(ops)


def settle(session: Session, making: Making) -> list[Op]:
    """A unit's year that moves settles its reminders at once, and gets those that are due where it comes to."""
    if making.machine.type != "unit_year":
        return []
    place = (making.scope, making.year, making.target)
    wanted = dict(_wanted(*place, key, making.calendar, making.now) for key in WAITS)
    return task_ops(session, making.scope, wanted, f"settle/{making.asked.move_id}/{making.doc['id']}")


def _wanted(scope: str, year: int, state: str, key: str, calendar: Calendar, now: int) -> tuple[str, dict[str, Any]]:
    waits, words = WAITS[key]
    closes = calendar.closes(key, year)
    near = state in waits and now >= closes - (calendar.remind + 1) * DAY_MS
    return single_id("task", scope, key), {
        "about": single_id("unit_year", scope),
        "about_type": "unit_year",
        "code": f"deadline.{key}",
        "title_vi": f"{words}, hạn {day_vi(calendar.last_day(key, year))}",
        "roles": ["unit_head", "unit_editor"],
        "due": calendar.last_day(key, year),
        "done": not near,
    }
