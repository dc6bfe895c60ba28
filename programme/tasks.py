"""Whose turn it is, as records that phones pull: one task for each case, and one for each deadline that comes near."""

from typing import Any

import orjson
from sqlmodel import Session

from programme.calendar import Calendar, day_of
from programme.making import Making
from programme.naming import single_id
from programme.transitions import Machine
from sync import canonical
from sync.notice import server_op
from sync.op import Action, Op
from sync.records import current


def turn(session: Session, making: Making) -> list[Op]:
    """The task of a case after a move: for whom, what, by when; done where nobody is to act."""
    values = _values(making.machine, making.doc["id"], making.target, making.year, making.calendar)
    name = f"{making.asked.move_id}/{making.doc['id']}"
    return task_ops(session, making.scope, {single_id("task", making.scope, making.doc["id"]): values}, name)


def first_turn(machine: Machine, scope: str, record_id: str, state: str, calendar: Calendar) -> dict[str, Any]:
    """The values of the task of a case that has just been opened."""
    return _values(machine, record_id, state, int(scope.partition("/")[2]), calendar)


def task_ops(session: Session, scope: str, wanted: dict[str, dict[str, Any]], name: str) -> list[Op]:
    """Ops that bring tasks (by id) to the values wanted; one that says the same already is left alone."""
    held = current(session, sorted(wanted))
    ops = []
    for record_id, values in sorted(wanted.items()):
        doc = orjson.loads(held[record_id].doc) if record_id in held else None
        if (doc is None and values["done"]) or (doc is not None and doc["data"] == values):
            continue
        op_id = canonical.derived_id("task", canonical.sha256(f"{name}/{record_id}".encode()))
        action, ver = (Action.PATCH, doc["ver"]) if doc else (Action.CREATE, 0)
        ops.append(server_op(op_id, "task", record_id, scope, action, base_ver=ver, values=values))
    return ops


def _values(machine: Machine, record_id: str, state: str, year: int, calendar: Calendar) -> dict[str, Any]:
    roles = [role.value for role in machine.turns.get(state, ())]
    dues = [m.due for m in machine.legal(state) if m.due and m.due != "report"]
    return {
        "about": record_id,
        "about_type": machine.type,
        "code": f"{machine.type}.{state}",
        "title_vi": f"{machine.title_vi}: {machine.state_vi(state)}",
        "roles": roles,
        "due": day_of(calendar.closes(dues[0], year) - 1) if dues else None,
        "done": not roles,
    }
