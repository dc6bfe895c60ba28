"""Making a move of a case of the desk; an erasure that is carried out erases in the same transaction."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from auth.principal import EVERY_UNIT, Permission, Principal
from privacy.clocks import calendar_days
from privacy.desk import Case, find, running, shown, stopped
from privacy.erasures import Signer, erase
from privacy.models import PrivacyCase, PrivacyStep
from privacy.register import Register
from privacy.transitions import HARMS, MACHINES, Move
from programme.errors import MoveBlocked, MoveIdReused, MoveIllegal, MoveIncomplete
from programme.making import fault, plain
from sync import canonical
from sync.types import Registry


@dataclass(frozen=True, slots=True)
class Asked:
    """A move as somebody asks for it. `basis`: law and article. `fields`: what the move sets."""

    move_id: str
    case_id: str
    action: str
    note: str = ""
    basis: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        parts = [self.case_id, self.action, self.note, self.basis, self.fields]
        return canonical.sha256(canonical.encode(parts)).hex()


def make(
    session: Session, registry: Registry, principal: Principal, register: Register, asked: Asked, sign: Signer, now: int
) -> Case:
    """Makes a move, for whoever protects personal data; the same move again is answered again.

    Raises NotPermitted, CaseUnknown, MoveIdReused, MoveIllegal, MoveIncomplete, MoveBlocked, RecordUnknown,
    NotRedactable; then nothing is written.
    """
    plain({"note": asked.note, "basis": asked.basis, "fields": asked.fields})
    row = find(session, principal, asked.case_id)
    principal.require(Permission.PROTECT, EVERY_UNIT)
    session.refresh(row, with_for_update=True)
    made = session.get(PrivacyStep, asked.move_id)
    if made is not None:
        if made.digest != asked.digest():
            raise MoveIdReused
        return shown(session, row, now)
    machine = MACHINES[row.type]
    move = machine.move(row.state, asked.action)
    if move is None:
        raise MoveIllegal(state=row.state, current={"moves": machine.legal(row.state)})
    if faults := _faults(row, move, asked):
        raise MoveIncomplete(errors=faults)
    _guard(row, move)
    end = running(row, stopped(session, row)).get(move.stops)
    outcome = _effects(session, registry, principal, register, row, asked, sign, now)
    session.add(
        PrivacyStep(
            move_id=asked.move_id,
            case_id=row.id,
            action=move.action,
            source=row.state,
            target=move.target,
            actor=principal.account_id,
            at=now,
            late=end is not None and now >= end,
            note=asked.note,
            basis=asked.basis,
            outcome=json.dumps(outcome, sort_keys=True),
            digest=asked.digest(),
        )
    )
    row.state, row.ended = move.target, move.target in machine.ends
    session.add(row)
    session.flush()
    return shown(session, row, now)


def _faults(row: PrivacyCase, move: Move, asked: Asked) -> list[dict[str, str]]:
    found = []
    if move.note and not asked.note.strip():
        found.append(fault("missing", "/note", "Chưa ghi nội dung, lý do.", "What was done and why is missing."))
    if move.basis and not asked.basis.strip():
        found.append(fault("missing", "/basis", "Chưa ghi căn cứ pháp lý.", "The law and article are missing."))
    found += [
        fault("unknown", f"/fields/{name}", "Bước này không ghi mục này.", "Not set by this move.")
        for name in sorted(asked.fields.keys() - set(move.fields))
    ]
    if row.kind == "erasure" and move.action == "carry_out" and not _ids(asked.fields.get("record_ids")):
        found.append(fault("missing", "/fields/record_ids", "Chưa nêu bản ghi cần xoá.", "Which records is missing."))
    if move.action == "assess" and not isinstance(asked.fields.get("harm"), bool):
        found.append(
            fault("missing", "/fields/harm", "Chưa đánh giá khả năng gây hại.", "Say whether harm is possible.")
        )
    wrong = set(asked.fields.get("harms") or ()) - set(HARMS)
    if wrong:
        words = ", ".join(HARMS)
        found.append(fault("wrong", "/fields/harms", f"Một trong: {words}.", f"Each is one of {words}."))
    return found


def _ids(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 200 and all(isinstance(one, str) for one in value)


def _guard(row: PrivacyCase, move: Move) -> None:
    """Where harm is possible the authority is told; a breach is dismissed only where none is (law, article 23)."""
    harm = json.loads(row.facts).get("harm")
    if move.action in ("dismiss", "notify") and harm is not (move.action == "notify"):
        vi = "Có khả năng gây hại thì phải thông báo; không có thì kết thúc theo dõi."
        raise MoveBlocked(errors=[fault("harm", "/fields/harm", vi, "Where harm is possible the authority is told.")])


def _effects(
    session: Session, registry: Registry, principal: Principal, register: Register, row: PrivacyCase, asked: Asked,
    sign: Signer, now: int,
) -> dict[str, Any]:  # fmt: skip
    if asked.action == "extend":
        row.act_by = calendar_days(row.act_by - 1, register.extension_days)
        return {"act_by": row.act_by}
    if row.kind == "erasure" and asked.action == "carry_out":
        ids, fields = asked.fields["record_ids"], asked.fields.get("fields")
        why = ("subject_request", asked.basis, row.id)
        return erase(session, registry, principal, ids, fields, *why, wish=asked.move_id, sign=sign, now=now)
    row.facts = json.dumps({**json.loads(row.facts), **asked.fields}, sort_keys=True)
    return {}
