"""Opening a case: a unit's year, a maintenance year, an inspection, a nomination for an award."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from auth.principal import Principal
from programme.calendar import Calendar
from programme.errors import CaseExists, CaseUnknown, MoveBlocked, MoveIdReused, MoveIncomplete
from programme.guards import block_faults
from programme.making import fault, plain
from programme.models import Case, Step
from programme.moves import move_op_id
from programme.naming import single_id
from programme.tasks import first_turn, task_ops
from programme.transitions import MACHINES, Machine
from programme.units import get_unit
from sync import canonical
from sync.append import append
from sync.instant import iso
from sync.notice import server_op
from sync.op import Action, OpFault
from sync.records import current
from sync.types import Registry
from sync.validate import validate

KEPT = ("recognised", "announced")


@dataclass(frozen=True, slots=True)
class Opening:
    """A case as somebody asks for it; `move_id` names the request, and the record of a kind that is not single."""

    move_id: str
    type: str
    unit: str
    year: int
    fields: dict[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        return canonical.sha256(canonical.encode([self.type, self.unit, self.year, self.fields])).hex()


def open_case(
    session: Session, registry: Registry, principal: Principal, asked: Opening, now: int, calendar: Calendar
) -> str:
    """Opens a case and returns its document (JSON text). The same request again gives the same answer.

    Raises CaseUnknown, NotPermitted, UnitUnknown, CaseExists, MoveIncomplete, MoveBlocked, MoveIdReused.
    """
    plain(asked.fields)
    machine = MACHINES.get(asked.type)
    if machine is None or machine.create is None:
        raise CaseUnknown
    scope = f"{asked.unit}/{asked.year}"
    principal.require(machine.create, scope)
    unit = get_unit(session, asked.unit)
    record_id = single_id(asked.type, scope, "" if machine.single else asked.move_id)
    held = current(session, [record_id]).get(record_id)
    step = session.get(Step, asked.move_id)
    if step is not None and step.digest != asked.digest():
        raise MoveIdReused
    if step is not None and held is not None:
        return held.doc
    if held is not None:
        raise CaseExists(current={"record_id": record_id, "ver": held.ver})
    values = {**_form(machine, asked), "unit": asked.unit, "year": asked.year, "unit_kind": unit.kind}
    values |= _kept(session, machine, asked)
    case = {"state": machine.first, "action": "open", "by": principal.account_id, "at": iso(now), "note": None}
    who = principal.account_id
    place = (asked.type, record_id, scope, Action.CREATE)
    op = server_op(move_op_id(asked.move_id), *place, actor=who, values=values, server={"case": case})
    try:
        validate(op, registry.types[asked.type])
    except OpFault as error:
        why = error.params.get("why", "")
        wrong = fault("wrong", f"/fields{error.path}", "Giá trị không đúng dạng.", f"Wrong form: {why}.")
        raise MoveIncomplete(errors=[wrong]) from error
    task = {single_id("task", scope, record_id): first_turn(machine, scope, record_id, machine.first, calendar)}
    outcome = append(session, registry, [op, *task_ops(session, scope, task, asked.move_id)], now)[0]
    session.add(_step(asked, machine, record_id, who, now))
    session.flush()
    return outcome.doc or ""


def _form(machine: Machine, asked: Opening) -> dict[str, Any]:
    """The fields as asked for. Raises MoveIncomplete for one that only a move sets: an approval, a dossier."""
    wrong = [
        fault("wrong", f"/fields/{name}", "Bước này không sửa trường này.", "Opening sets no such field.")
        for name in sorted(asked.fields.keys() - set(machine.form))
    ]
    if wrong:
        raise MoveIncomplete(errors=wrong)
    return asked.fields


def _kept(session: Session, machine: Machine, asked: Opening) -> dict[str, Any]:
    """What a maintenance year or an award rests on."""
    if machine.type == "award":
        blocked = block_faults(session, asked.unit, asked.year)
        if blocked:
            raise MoveBlocked(errors=blocked)
    if machine.type != "maintenance_year":
        return {}
    where = (col(Case.unit) == asked.unit, col(Case.type) == "unit_year", col(Case.state).in_(KEPT))
    query = select(Case.year).where(*where, col(Case.year) < asked.year).order_by(col(Case.year).desc())
    recognised = session.exec(query).first()
    if recognised is None:
        vi, en = "Đơn vị chưa được công nhận năm nào trước đó.", "The unit was not recognised in an earlier year."
        raise MoveBlocked(errors=[fault("never_recognised", "/unit", vi, en)])
    return {"recognised_in": recognised}


def _step(asked: Opening, machine: Machine, record_id: str, actor: str, now: int) -> Step:
    return Step(
        move_id=asked.move_id,
        record_id=record_id,
        action="open",
        source="",
        target=machine.first,
        actor=actor,
        at=now,
        ver=1,
        note=None,
        paper="{}",
        digest=asked.digest(),
    )
