"""Clocks of the desk that come near or have run out, as tasks of those who protect personal data. A duty makes them."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from privacy.clocks import HOUR_MS
from privacy.desk import running, stopped
from privacy.models import PrivacyCase
from privacy.transitions import BREACH
from programme.calendar import day_of
from programme.naming import single_id
from programme.tasks import task_ops
from sync.append import append
from sync.types import Registry

NEAR = {"answer": 24 * HOUR_MS, "act": 3 * 24 * HOUR_MS}  # ms before the end from which it reminds
WORDS = {"answer": "Trả lời yêu cầu của chủ thể dữ liệu", "act": "Thực hiện yêu cầu của chủ thể dữ liệu"}
OF_BREACH = "Thông báo vi phạm dữ liệu cá nhân (72 giờ)"


def remind(session: Session, registry: Registry, officers: Collection[str], now: int) -> int:
    """Brings the tasks of `officers` (accounts) up to date; returns how many changed."""
    rows = session.exec(select(PrivacyCase).order_by(col(PrivacyCase.ended), col(PrivacyCase.act_by)).limit(500)).all()
    changed = 0
    for officer in sorted(officers):
        scope = f"user:{officer}"
        wanted = dict(_task(session, scope, row, name, now) for row in rows for name in NEAR)
        ops = task_ops(session, scope, wanted, f"privacy/{now}")
        if ops:
            append(session, registry, ops, now)
            changed += len(ops)
    return changed


def _task(session: Session, scope: str, row: PrivacyCase, name: str, now: int) -> tuple[str, dict[str, object]]:
    end = running(row, stopped(session, row)).get(name)
    return single_id("task", scope, f"{row.id}/{name}"), {
        "about": row.id,
        "about_type": f"privacy_{row.type}",
        "code": f"privacy.{name}",
        "title_vi": OF_BREACH if row.type == BREACH else WORDS[name],
        "roles": ["data_protection_officer"],
        "due": day_of(end - 1) if end is not None else None,
        "done": end is None or now < end - NEAR[name],
    }
