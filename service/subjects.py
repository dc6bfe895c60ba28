"""What the desk for personal data needs of others: accounts from `auth`, records from the engine, a signature."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel import Session

from auth import personal
from auth.audit import Act
from auth.keys import SigningKeys
from auth.principal import EVERY_UNIT, Permission, Principal
from auth.sessions import as_of
from auth.tokens import sign
from privacy import desk, moves
from privacy.erasures import Signer
from privacy.notices import breach_notice
from privacy.person import records_of
from privacy.register import Register, load
from privacy.transitions import BREACH, REQUEST
from programme.errors import CaseUnknown
from service.deps import Witness
from sync import census
from sync.types import Registry

ACTS: Mapping[str, Act] = {REQUEST: "subject_request", BREACH: "breach_opened"}
BREACH_ACTS: Mapping[str, Act] = {"notify": "breach_notified", "close": "breach_closed", "dismiss": "breach_closed"}


async def _processing(request: Request) -> Register:
    return load(request.app.state.settings.privacy_register)


Processing = Annotated[Register, Depends(_processing)]


def signer(keys: SigningKeys) -> Signer:
    def signed(typ: str, payload: dict[str, Any]) -> str:
        return sign(keys, typ, payload)

    return signed


def move(at: Witness, types: Registry, register: Register, keys: SigningKeys, asked: moves.Asked) -> desk.Case:
    """Makes a move of the desk with its line in the trail; see `privacy.moves.make`."""
    kind = at.db.read(desk.read, at.caller, asked.case_id, at.now).type
    act = BREACH_ACTS.get(asked.action, "breach_opened") if kind == BREACH else "subject_request"
    facts: dict[str, Any] = {"action": asked.action}
    if named := asked.fields.get("record_ids"):
        facts["records"] = named if isinstance(named, list) else str(named)
    if asked.fields.get("account") is True:
        facts["account"] = True
    means = moves.Means(types, register, signer(keys), personal.forget)
    return at.write(act, asked.case_id, facts, moves.make, at.caller, means, asked, at.now)


def of_account(session: Session, account_id: str) -> dict[str, Any]:
    """All that is kept about an account, the records in which it wrote among it. Raises AccountUnknown."""
    return {**personal.held(session, account_id), **records_of(session, census.written_by(session, account_id))}


def of_case(session: Session, principal: Principal, case_id: str, records: list[str], now: int) -> dict[str, Any]:
    """The copy for the subject of a request, with `records` that whoever decides on it has found.

    Raises CaseUnknown, NotPermitted.
    """
    case = desk.read(session, principal, case_id, now)
    principal.require(Permission.PROTECT, EVERY_UNIT)
    about = of_account(session, case.account_id) if case.account_id else {}
    found = records_of(session, records)
    return {**about, **{name: [*about.get(name, ()), *found[name]] for name in found}}


def notice(session: Session, principal: Principal, case_id: str, now: int) -> str:
    """Raises CaseUnknown, NotPermitted."""
    case = desk.read(session, principal, case_id, now)
    principal.require(Permission.PROTECT, EVERY_UNIT)
    measures = [step.note for step in case.steps]
    return breach_notice(case.words, case.received_at, case.act_by, case.facts, measures)


def reach(session: Session, principal: Principal, case_id: str, now: int) -> dict[str, Any]:
    """What the lost device of a breach could read: scopes with counts, units, and accounts that wrote there.

    Raises CaseUnknown, also for a case that names no device; NotPermitted.
    """
    case = desk.read(session, principal, case_id, now)
    principal.require(Permission.PROTECT, EVERY_UNIT)
    client_id = str(case.facts.get("client_id", ""))
    owner = personal.owner(session, client_id)
    if owner is None:
        raise CaseUnknown
    account_id, revoked_at = owner
    scopes = census.readable_by(session, as_of(session, account_id, client_id, revoked_at or now))
    names = [found.scope for found in scopes]
    return {
        "scopes": [{"scope": s.scope, "records": s.records, "with_files": s.with_files} for s in scopes],
        "units": sorted({name.partition("/")[0] for name in names if not name.startswith("user:")}),
        "accounts": census.writers(session, names),
    }
