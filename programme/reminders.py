"""Deadlines that come near, as tasks in the feed of the units they concern. A periodic duty makes them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, select

from programme.calendar import DAY_MS, Calendar, day_of, day_vi, report_months
from programme.making import Effects, Making
from programme.models import Case
from programme.naming import single_id
from programme.tasks import task_ops
from programme.transitions import REPORTING, SENT
from sync.append import append
from sync.op import Op
from sync.records import current
from sync.types import Registry

# deadline -> states of a unit's year in which something is still to be done for it, and what.
WAITS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "registration": (("draft_registration",), "Ký và gửi phiếu đăng ký", "Sign and send the registration"),
    "plan": (
        ("approved_to_build",),
        "Ban hành nghị quyết, kế hoạch xây dựng đơn vị điển hình",
        "Issue the resolution and the plan for building an exemplary unit",
    ),
    "safety": (
        ("building", "dossier_draft", "returned"),
        "Có kết quả “An toàn về an ninh, trật tự”",
        "Have the result of the “An toàn” standard",
    ),
    "movement": (
        ("building", "dossier_draft", "returned"),
        "Có kết quả phân loại phong trào",
        "Have the class in the movement",
    ),
    "dossier": (
        ("building", "dossier_draft", "returned"),
        "Gửi hồ sơ đề nghị công nhận",
        "Send the dossier that asks for recognition",
    ),
}
BATCH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit's year stands: its state, when it was approved, and the months (YYYY-MM) whose report was sent."""

    scope: str
    state: str
    approval: dict[str, Any] | None
    sent: set[str]

    @property
    def year(self) -> int:
        return int(self.scope.partition("/")[2])


def remind(session: Session, registry: Registry, calendar: Calendar, now: int) -> int:
    """Brings the reminders of every open year up to date; returns how many changed."""
    states = sorted({*REPORTING, *(state for waits, *_ in WAITS.values() for state in waits)})
    where = (col(Case.type) == "unit_year", col(Case.state).in_(states))
    ids = session.exec(select(Case.record_id).where(*where).order_by(col(Case.record_id))).all()
    docs = [orjson.loads(shown.doc) for shown in current(session, list(ids)).values()]
    sent = _sent(session, {int(doc["data"]["year"]) for doc in docs})
    ops: list[Op] = []
    for doc in docs:
        scope = doc["scope"]
        place = Place(scope, doc["state"], doc["data"].get("approval"), sent[scope])
        ops += task_ops(session, scope, _tasks(place, calendar, now), f"remind/{now}")
    for i in range(0, len(ops), BATCH):
        append(session, registry, ops[i : i + BATCH], now)
    return len(ops)


def settle(session: Session, making: Making, effects: Effects) -> list[Op]:
    """A move of a unit's year or of a report settles reminders at once, and makes those that are due where it leads."""
    name = f"settle/{making.asked.move_id}/{making.doc['id']}"
    place = _after(session, making, effects)
    return task_ops(session, making.scope, _tasks(place, making.calendar, making.now), name) if place else []


def _after(session: Session, making: Making, effects: Effects) -> Place | None:
    """Where the unit's year stands once the move is made; None where no reminder hangs on it."""
    scope, doc = making.scope, making.doc
    if making.machine.type == "unit_year":
        approval = {**doc["data"], **effects.values}.get("approval")
        return Place(scope, making.target, approval, _sent(session, {making.year}, making.unit)[scope])
    year = current(session, [single_id("unit_year", scope)]) if making.machine.type == "monthly_report" else {}
    for shown in year.values():
        case, month = orjson.loads(shown.doc), {doc["data"].get("month")}
        sent = _sent(session, {making.year}, making.unit)[scope]
        sent = sent | month if making.target in SENT else sent - month
        return Place(scope, case["state"], case["data"].get("approval"), sent)
    return None


def _sent(session: Session, years: set[int], unit: str | None = None) -> defaultdict[str, set[str]]:
    """Months whose report was sent, by scope."""
    where = [col(Case.type) == "monthly_report", col(Case.year).in_(sorted(years)), col(Case.state).in_(SENT)]
    where += [col(Case.unit) == unit] if unit else []
    found: defaultdict[str, set[str]] = defaultdict(set)
    for code, year, month in session.exec(select(Case.unit, Case.year, Case.period).where(*where)):
        found[f"{code}/{year}"].add(month)
    return found


def _tasks(place: Place, calendar: Calendar, now: int) -> dict[str, dict[str, Any]]:
    """Every reminder of a unit's year, by the id of its task; done where its day is far or nothing is left to do."""
    rows = [
        (key, f"deadline.{key}", calendar.closes(key, place.year), place.state in waits, vi, en)
        for key, (waits, vi, en) in WAITS.items()
    ]
    for month in report_months(place.year, place.approval):
        owed = place.state in REPORTING and month not in place.sent
        vi, en = f"Ký và gửi báo cáo tháng {day_vi(month)}", f"Sign and send the report of {month}"
        rows.append((f"report/{month}", "deadline.report", calendar.report_closes(month), owed, vi, en))
    found = {}
    for name, code, closes, waits, vi, en in rows:
        due = day_of(closes - 1)
        found[single_id("task", place.scope, name)] = {
            "about": single_id("unit_year", place.scope),
            "about_type": "unit_year",
            "code": code,
            "title_vi": f"{vi}, hạn {day_vi(due)}",
            "title_en": f"{en}, due {due}",
            "roles": ["unit_head", "unit_editor"],
            "due": due,
            "done": not waits or now < closes - (calendar.remind + 1) * DAY_MS,
        }
    return found
