"""What moves bring about beside the new state: dossier versions, award blocks, threads, the set that is fixed."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlmodel import Session

from programme.catalogue import active_version
from programme.dossier import completeness, last_version, snapshot
from programme.making import Effects, Making
from programme.naming import single_id
from sync import canonical
from sync.instant import iso
from sync.notice import server_op
from sync.op import Action, Op
from sync.records import current


def _approve(session: Session, making: Making) -> Effects:
    """The list document is the approval of each unit on it; the criteria in force are fixed now (guard of §5.1)."""
    return Effects(values={"approval": making.asked.paper, "criteria_set": active_version(session)})


def _submit_dossier(session: Session, making: Making) -> Effects:
    """The snapshot, as the next version. Late is judged by the hour of receipt, flagged, and never a refusal."""
    late = "late" if making.calendar.late("dossier", making.year, making.now) else "no"
    version = last_version(session, making.unit, making.year) + 1
    record_id = single_id("dossier", making.scope, str(version))
    row = snapshot(
        record_id, completeness(session, making.unit, making.year, making.calendar, making.now), version, making.now
    )
    values = {
        "unit": making.unit,
        "year": making.year,
        "unit_kind": making.doc["data"].get("unit_kind"),
        "version": version,
        "digest": row.digest,
        "items": row.content.count('"content_digest"'),
        "files": row.content.count('"sha256"'),
        "received_at": iso(making.now),
        "late": late,
        "criteria_set": making.doc["data"].get("criteria_set"),
    }
    made = made_op(making, "dossier", record_id, values, {"case": _case(making, "submitted")})
    kept = "waived" if making.doc["data"].get("late") == "waived" and late == "late" else late
    return Effects(values={"dossier": record_id, "late": kept}, ops=[made], rows=[row])


def _waive(_session: Session, _making: Making) -> Effects:
    return Effects(values={"late": "waived"})


def _dossier_returned(session: Session, making: Making) -> Effects:
    return Effects(ops=_dossier_moves(session, making, "returned"))


def _recognised(session: Session, making: Making) -> Effects:
    return Effects(ops=_dossier_moves(session, making, "decided"))


def _not_recognised(session: Session, making: Making) -> Effects:
    block = _block(making, "not_recognised", making.doc["data"].get("responsible_head"))
    return Effects(ops=[*_dossier_moves(session, making, "decided"), block])


def _not_listed(session: Session, making: Making) -> Effects:
    year_id = single_id("unit_year", f"{making.unit}/{making.doc['data'].get('recognised_in')}")
    case = current(session, [year_id]).get(year_id)
    head = orjson.loads(case.doc)["data"].get("responsible_head") if case else None
    return Effects(ops=[_block(making, "not_listed", head)])


def _report_sent(_session: Session, making: Making) -> Effects:
    """What was sent is named by digest. Its difficulties become a thread of their own, which gets an answer."""
    case = {"digest": making.doc["content_digest"], "ver": making.doc["ver"], "received_at": iso(making.now)}
    month = str(making.doc["data"].get("month"))
    case["late"] = making.calendar.late("report", int(month[:4]), making.now, int(month[5:]))
    effects = Effects(server={"case": case})
    words = (making.doc["data"].get("difficulties") or "").strip()
    if words:
        record_id = single_id("obstacle", making.scope, making.doc["id"])
        values = {"title": f"Báo cáo tháng {month}", "body": words, "report": making.doc["id"]}
        if not _session_has(_session, record_id):
            effects.ops.append(made_op(making, "obstacle", record_id, values, {"case": _case(making, "open")}))
    return effects


def _session_has(session: Session, record_id: str) -> bool:
    return bool(current(session, [record_id]))


def _thread(_session: Session, making: Making) -> Effects:
    """Every word of an obstacle is added to its thread; the phones of the unit get it with the next pull."""
    said = {
        "by": making.principal.account_id,
        "at": iso(making.now),
        "text": making.asked.note,
        "as": making.row.action,
    }
    thread = [*making.doc.get("thread", ()), said] if making.asked.note else making.doc.get("thread", [])
    heard = len(making.doc["data"].get("messages", ()))
    return Effects(server={"thread": thread, "case": {"heard": heard}})


EFFECTS: Mapping[tuple[str, str], Callable[[Session, Making], Effects]] = {
    ("unit_year", "approve"): _approve,
    ("unit_year", "submit_dossier"): _submit_dossier,
    ("unit_year", "waive_late"): _waive,
    ("unit_year", "return_dossier"): _dossier_returned,
    ("unit_year", "suspend"): _dossier_returned,  # what follows `resume` is sent as the next version
    ("unit_year", "recognise"): _recognised,
    ("unit_year", "not_recognise"): _not_recognised,
    ("maintenance_year", "not_list"): _not_listed,
    ("monthly_report", "submit"): _report_sent,
    **{("obstacle", action): _thread for action in ("answer", "forward", "answer_back", "ask_again", "close")},
}


def follow_from(session: Session, making: Making) -> Effects:
    """The effects of a move; most have none."""
    act = EFFECTS.get((making.machine.type, making.row.action))
    return act(session, making) if act else Effects()


def made_op(
    making: Making, type_name: str, record_id: str, values: dict[str, Any], server: dict[str, Any], ver: int = 0
) -> Op:
    """An op on another record of the same scope, in the name of who makes the move."""
    name = canonical.sha256(f"{making.asked.move_id}/{making.doc['id']}/{record_id}".encode())
    action = Action.PATCH if ver else Action.CREATE
    place = (type_name, record_id, making.scope, action)
    who = making.principal.account_id
    return server_op(
        canonical.derived_id("effect", name), *place, actor=who, base_ver=ver, values=values, server=server
    )


def _case(making: Making, state: str) -> dict[str, Any]:
    return {"state": state, "by": making.principal.account_id, "at": iso(making.now), "note": making.asked.note}


def _dossier_moves(session: Session, making: Making, state: str) -> list[Op]:
    """The dossier goes with the year it is about, where it is with the province."""
    record_id = making.doc["data"].get("dossier")
    held = current(session, [record_id]).get(record_id) if record_id else None
    if held is None or orjson.loads(held.doc)["state"] != "submitted":
        return []
    return [made_op(making, "dossier", held.id, {}, {"case": _case(making, state)}, held.ver)]


def _block(making: Making, reason: str, head: Any) -> Op:
    values = {"unit": making.unit, "year": making.year, "reason": reason, "head": head}
    values["unit_kind"] = making.doc["data"].get("unit_kind")
    record_id = single_id("award_block", making.scope, reason)
    return made_op(making, "award_block", record_id, values, {"case": _case(making, "blocked")})
