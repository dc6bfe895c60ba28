"""Ops that bring what may not be kept: sealed when they come, erased on the word of a second person (domain L8).

The first person is the author, who said that the paper is marked. Digest, place and receipt of the op stay.
"""

import orjson
from sqlmodel import Session

from auth.principal import EVERY_UNIT, Permission, Principal
from sync.errors import OpSettled, OpUnknown
from sync.models import Op, PastOutcome
from sync.outcome import SEALED
from sync.quarantine import SecondPersonNeeded
from sync.redaction import overwriting


def destroy(session: Session, principal: Principal, op_id: str, officer: str, now: int) -> None:
    """Erases the body of a sealed op for good; `officer`: the security officer who was told.

    Raises OpUnknown, NotPermitted, OpSettled (not sealed, or erased before), SecondPersonNeeded.
    """
    op = session.get(Op, op_id, with_for_update=True)
    scope = (op and op.scope) or f"{EVERY_UNIT}/"
    if op is None or not principal.may(Permission.READ, scope):
        raise OpUnknown
    principal.require(Permission.QUARANTINE, scope)
    if op.body is None or orjson.loads(op.result).get("code") not in SEALED:
        raise OpSettled(status=op.status)
    if op.actor == principal.account_id:
        raise SecondPersonNeeded
    said = PastOutcome(
        op_id=op_id, until=now, by=principal.account_id, reason=officer, status=op.status, result=op.result
    )
    session.add(said)
    with overwriting(session):
        op.body = op.salt = None
        session.flush()
