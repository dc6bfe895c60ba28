"""Making a move of a case of the desk; what it carries out, it does in the same transaction."""

import json
from collections.abc import Callable, Iterator
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
from programme.restricting import restrict
from sync import canonical
from sync.types import Registry

LIMITING = ("restriction", "objection", "consent_withdrawal")


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


@dataclass(frozen=True, slots=True)
class Means:
    """What the desk works with: record types, the register, a signature, and the way to forget an account."""

    registry: Registry
    register: Register
    sign: Signer
    forget: Callable[[Session, str, int], None]


def make(session: Session, principal: Principal, means: Means, asked: Asked, now: int) -> Case:
    """Makes a move, for whoever protects personal data; the same move again is answered again.

    Raises NotPermitted, CaseUnknown, MoveIdReused, MoveIllegal, MoveIncomplete, MoveBlocked, RecordUnknown,
    NotRedactable, NotRestrictable; then nothing is written.
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
    outcome = _effects(session, principal, means, row, asked, now)
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
    if move.action == "carry_out":
        found += _undone(row, asked.fields)
    if move.action == "assess" and not isinstance(asked.fields.get("harm"), bool):
        found.append(
            fault("missing", "/fields/harm", "Chưa đánh giá khả năng gây hại.", "Say whether harm is possible.")
        )
    wrong = set(asked.fields.get("harms") or ()) - set(HARMS)
    if wrong:
        words = ", ".join(HARMS)
        found.append(fault("wrong", "/fields/harms", f"Một trong: {words}.", f"Each is one of {words}."))
    return found


def _undone(row: PrivacyCase, said: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What is missing to carry out a request that takes evidence out of use. Where the person objects or takes back a
    consent and nothing here is about them, the list of records is there and empty."""
    whole = row.kind == "erasure" and said.get("account") is True
    if whole and row.account_id is None:
        yield fault("wrong", "/fields/account", "Yêu cầu này không về một tài khoản.", "The case is about no account.")
    wanted = row.kind in LIMITING or (row.kind == "erasure" and not whole)
    none = row.kind in LIMITING[1:] and said.get("record_ids") == []
    if (wanted or "record_ids" in said) and not none and not _ids(said.get("record_ids")):
        yield fault("missing", "/fields/record_ids", "Chưa nêu bản ghi.", "Which records is missing.")


def _ids(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 200 and all(isinstance(one, str) for one in value)


def _guard(row: PrivacyCase, move: Move) -> None:
    """Where harm is possible the authority is told; a breach is dismissed only where none is (law, article 23)."""
    harm = json.loads(row.facts).get("harm")
    if move.action in ("dismiss", "notify") and harm is not (move.action == "notify"):
        vi = "Có khả năng gây hại thì phải thông báo; không có thì kết thúc theo dõi."
        raise MoveBlocked(errors=[fault("harm", "/fields/harm", vi, "Where harm is possible the authority is told.")])


def _effects(
    session: Session, principal: Principal, means: Means, row: PrivacyCase, asked: Asked, now: int
) -> dict[str, Any]:
    said = asked.fields
    if asked.action == "extend":
        row.act_by = calendar_days(row.act_by - 1, means.register.extension_days)
        return {"act_by": row.act_by}
    if row.kind == "erasure" and asked.action == "carry_out":
        account_id = row.account_id if said.get("account") is True else None
        if account_id is not None:
            means.forget(session, account_id, now)
        why = ("subject_request", asked.basis, row.id)
        return erase(
            session, means.registry, principal, said.get("record_ids", ()), said.get("fields"), *why,
            wish=asked.move_id, sign=means.sign, now=now, account_id=account_id,
        )  # fmt: skip
    if asked.action == "carry_out" and "record_ids" in said:
        lift, wish = said.get("lift") is True, asked.move_id
        moved = restrict(session, means.registry, principal, said["record_ids"], lift=lift, wish=wish, now=now)
        return {"lifted" if lift else "restricted": moved}
    row.facts = json.dumps({**json.loads(row.facts), **said}, sort_keys=True)
    return {}
