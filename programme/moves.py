"""Making a move of a case: permitted, legal, complete, guarded; then written by the engine's one writer.

A move is an op like any other: phones pull it by the same feed, and the hash chain holds it. The same move sent again
gives the same answer.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import orjson
from sqlmodel import Session

from auth.principal import Permission, Principal
from programme import guards
from programme.calendar import Calendar
from programme.checks import day, entry, text
from programme.effects import follow_from
from programme.errors import (
    CaseUnknown,
    FromTheUnit,
    MoveBlocked,
    MoveIdReused,
    MoveIllegal,
    MoveIncomplete,
)
from programme.making import Asked, Effects, Making, fault
from programme.models import Step
from programme.reminders import settle
from programme.tasks import turn
from programme.transitions import CASES, MACHINES, Machine, Move
from sync import canonical
from sync.append import append
from sync.instant import iso
from sync.media import holds
from sync.notice import server_op
from sync.op import Action, Op, OpFault
from sync.records import Shown, current, lock
from sync.types import SHA256, Check, RecordType, Registry
from sync.validate import validate

LINE = text(300)
Readers = Callable[[Session, Collection[str], str, int], set[str]]  # `auth.accounts.readers`, handed down
PAPER_VI = {
    "number": "số văn bản", "date": "ngày văn bản", "signer": "người ký", "body": "cơ quan ban hành",
    "chair": "chủ trì", "conclusion": "kết luận", "members": "thành phần", "file": "bản quét",
}  # fmt: skip
PAPER: dict[str, Check] = {
    "number": LINE,
    "date": day,
    "signer": LINE,
    "body": LINE,
    "chair": LINE,
    "conclusion": text(4000),
    "members": lambda v: None if isinstance(v, list) and v and all(LINE(m) is None for m in v) else "a list of names",
    "file": entry(sha256=lambda v: None if isinstance(v, str) and SHA256.fullmatch(v) else "64 lower-case hex digits"),
}


def make(
    session: Session,
    registry: Registry,
    principal: Principal,
    asked: Asked,
    now: int,
    calendar: Calendar,
    readers: Readers,
) -> str:
    """Makes a move and returns the case's document (JSON text) as it now is.

    Raises CaseUnknown, MoveIdReused, MoveIllegal (with the legal moves), NotPermitted, FromTheUnit, MoveIncomplete,
    MoveBlocked, ContentChanged; then nothing is written.
    """
    asked.checked()
    lock(session, asked.record_id)
    shown, machine = find(session, principal, asked.record_id)
    made = session.get(Step, asked.move_id)
    if made is not None:
        if made.digest != asked.digest():
            raise MoveIdReused
        return shown.doc
    doc = orjson.loads(shown.doc)
    row = _permitted(principal, machine, asked, doc)
    making = Making(asked, principal, machine, row, doc, calendar, now, partial(readers, session))
    types = registry.types[machine.type]
    faults = _incomplete(session, making, types)
    if faults:
        raise MoveIncomplete(errors=faults)
    blocked = guards.check(session, making)
    if blocked:
        raise MoveBlocked(errors=blocked)
    effects = follow_from(session, making)
    ops = [_op(making, effects), *effects.ops, *turn(session, making), *settle(session, making, effects)]
    outcomes = append(session, registry, ops, now)
    session.add_all([_step(making, outcomes[0].entry.ver if outcomes[0].entry else 0), *effects.rows])
    session.flush()
    return outcomes[0].doc or shown.doc


def find(session: Session, principal: Principal, record_id: str) -> tuple[Shown, Machine]:
    """A case and its machine, for whoever may read it or make one of its moves. Raises CaseUnknown."""
    shown = current(session, [record_id]).get(record_id)
    machine = MACHINES.get(shown.type) if shown else None
    if shown is None or machine is None or shown.type not in CASES or not sees(principal, machine, shown.scope):
        raise CaseUnknown
    return shown, machine


def sees(principal: Principal, machine: Machine, scope: str) -> bool:
    """Whoever may read the scope, or has a move of this machine to make; capturing alone shows nothing."""
    return any(principal.may(p, scope) for p in viewers(machine))


def viewers(machine: Machine) -> frozenset[Permission]:
    """Permissions that let their holder see a case of this machine."""
    movers = {m.who for m in machine.moves if m.who is not None}
    return frozenset({Permission.READ, *movers} - {Permission.CAPTURE})


def _permitted(principal: Principal, machine: Machine, asked: Asked, doc: dict[str, Any]) -> Move:
    row = machine.move(doc["state"], asked.action)
    if row is None or row.who is None:
        legal = [m.action for m in machine.legal(doc["state"])]
        known = machine.state_vi(doc["state"]) if doc["state"] in machine.states else doc["state"]
        raise MoveIllegal(state=known, current={"state": doc["state"], "ver": doc["ver"], "legal": legal})
    principal.require(row.who, doc["scope"])
    if row.outsider and any(g.unit == doc["scope"].partition("/")[0] for g in principal.grants):
        raise FromTheUnit
    return row


def _incomplete(session: Session, making: Making, record_type: RecordType) -> list[dict[str, str]]:
    """What the paper, the note and the fields lack, or have in the wrong form."""
    asked, row = making.asked, making.row
    found = [
        fault("missing", f"/paper/{name}", f"Văn bản thiếu {PAPER_VI[name]}.", f"The paper lacks {name}.")
        for name in row.needs
        if not asked.paper.get(name)
    ]
    for name, value in asked.paper.items():
        wrong = PAPER[name](value) if name in PAPER else "no field of a paper"
        if wrong:
            vi = f"{PAPER_VI.get(name, name).capitalize()} không đúng dạng."
            found.append(fault("wrong", f"/paper/{name}", vi, f"{name}: {wrong}."))
    if row.note and not (asked.note or "").strip():
        found.append(fault("missing", "/note", "Cần ghi lý do hoặc nội dung.", "This move wants a note."))
    found += [
        fault("wrong", f"/fields/{name}", "Bước này không sửa trường này.", "This move sets no such field.")
        for name in sorted(asked.fields.keys() - set(row.fields))
    ]
    try:
        validate(_op(making, Effects()), record_type)
    except OpFault as error:
        why = error.params.get("why", "")
        found.append(fault("wrong", f"/fields{error.path}", "Giá trị không đúng dạng.", f"Wrong form: {why}."))
    return found + ([] if found else _file_faults(session, making))


def _file_faults(session: Session, making: Making) -> list[dict[str, str]]:
    """The scan of the paper has to be here before the paper counts."""
    file = making.asked.paper.get("file")
    if file is None or holds(session, making.principal.account_id, file["sha256"]):
        return []
    vi = "Bản quét chưa được bạn tải lên đủ."
    return [fault("file_missing", "/paper/file", vi, "You have not uploaded this file yet.")]


def _op(making: Making, effects: Effects) -> Op:
    asked, row, doc = making.asked, making.row, making.doc
    case = {
        "state": making.target,
        "action": row.action,
        "by": making.principal.account_id,
        "at": iso(making.now),
        "note": asked.note,
        "move_id": asked.move_id,
        **effects.server.get("case", {}),
    }
    server = {**effects.server, "case": case, **({"papers": {row.action: asked.paper}} if asked.paper else {})}
    file = asked.paper.get("file")
    entry_of = {"size": 0, "mime": "application/octet-stream", "name": f"{row.action}.pdf"}
    return server_op(
        move_op_id(asked.move_id),
        doc["type"],
        doc["id"],
        doc["scope"],
        Action.PATCH,
        actor=making.principal.account_id,
        base_ver=doc["ver"],
        values={**asked.fields, **effects.values},
        server=server,
        add={"media": [{**entry_of, **file}]} if isinstance(file, dict) else None,
    )


def move_op_id(move_id: str) -> str:
    """The op of a move; no device's op can have it."""
    return canonical.derived_id("move", canonical.sha256(move_id.encode()))


def _step(making: Making, ver: int) -> Step:
    asked = making.asked
    return Step(
        move_id=asked.move_id,
        record_id=making.doc["id"],
        action=asked.action,
        source=making.doc["state"],
        target=making.target,
        actor=making.principal.account_id,
        at=making.now,
        ver=ver,
        note=asked.note,
        paper=canonical.encode(asked.paper).decode(),
        digest=asked.digest(),
    )
