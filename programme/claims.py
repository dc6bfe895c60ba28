"""Claims: a reviewer takes a piece in hand for a while, so that two do not read the same one.

A claim is a courtesy with a clock, never a lock on the record: phones go on writing, and a decision is bound to the
digest that was seen. It runs out by itself, is renewed by asking again, and ends with a decision. Nobody takes it over
before it has run out, and nobody decides on what somebody else holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session, col, delete, select

from auth.principal import Permission, Principal
from programme.errors import ClaimedByAnother, NotReviewable, OwnUnit, ReviewNotPermitted
from programme.evidence import EVIDENCE_NAMES
from programme.models import Claim
from programme.transitions import IN_HAND
from sync.instant import iso
from sync.records import lock, readable


@dataclass(frozen=True, slots=True)
class Held:
    """Who has a piece in hand, until when (ms since 1970 UTC)."""

    record_id: str
    holder: str
    taken_at: int
    until: int


def take(session: Session, principal: Principal, record_id: str, now: int, minutes: int) -> Held:
    """Takes a piece, or holds it on for `minutes` from now.

    Raises RecordUnknown, ReviewNotPermitted, NotReviewable, OwnUnit, ClaimedByAnother.
    """
    lock(session, record_id)
    shown = readable(session, principal, record_id)
    if not principal.may(Permission.REVIEW, shown.scope):
        raise ReviewNotPermitted
    state = orjson.loads(shown.doc)["state"]
    if shown.type not in EVIDENCE_NAMES or state not in IN_HAND:
        raise NotReviewable(state=state)
    if principal.belongs_to(shown.scope):
        raise OwnUnit
    other = other_holder(session, principal, record_id, now)
    if other is not None:
        raise ClaimedByAnother(current=other)
    until = now + minutes * 60_000
    held = session.get(Claim, record_id)
    if held is None:
        held = Claim(record_id=record_id, holder=principal.account_id, ver=shown.ver, taken_at=now, until=until)
        session.add(held)
    elif held.holder != principal.account_id or held.until <= now:
        held.holder, held.ver, held.taken_at, held.until = principal.account_id, shown.ver, now, until
    else:
        held.until = until
    session.flush()
    return Held(record_id, held.holder, held.taken_at, held.until)


def give_up(session: Session, principal: Principal, record_id: str) -> None:
    """Ends the caller's own claim, if there is one. Raises RecordUnknown."""
    lock(session, record_id)  # whoever takes it in hand at this moment finds it held or free, never gone on the way
    shown = readable(session, principal, record_id)
    session.exec(delete(Claim).where(col(Claim.record_id) == shown.id, col(Claim.holder) == principal.account_id))


def end_claim(session: Session, record_id: str) -> None:
    """A decision was made: nobody has the piece in hand any more."""
    session.exec(delete(Claim).where(col(Claim.record_id) == record_id))


def claims_on(session: Session, record_ids: Sequence[str], now: int) -> dict[str, Held]:
    """The claims that hold at `now`, by record id."""
    rows = session.exec(select(Claim).where(col(Claim.record_id).in_(record_ids), col(Claim.until) > now))
    return {row.record_id: Held(row.record_id, row.holder, row.taken_at, row.until) for row in rows}


def claimed_by(session: Session, account_id: str, now: int) -> list[str]:
    """Ids of the records that an account has in hand."""
    where = (col(Claim.holder) == account_id, col(Claim.until) > now)
    return list(session.exec(select(Claim.record_id).where(*where)))


def other_holder(session: Session, principal: Principal, record_id: str, now: int) -> dict[str, Any] | None:
    """Who else has the piece in hand now, as a problem shows it."""
    held = claims_on(session, [record_id], now).get(record_id)
    if held is None or held.holder == principal.account_id:
        return None
    return {"holder": held.holder, "until": iso(held.until)}
