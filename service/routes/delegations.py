"""Passing one's own role on to a colleague for a period: holidays, illness, a post that is empty."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import AwareDatetime

from auth import delegations
from auth.principal import Grant
from service.deps import CALLER_CODES, Caller, Db, Now, Witnessed
from service.fields import Answer, GrantItem, Instant, NewGrant, ShortText, UnitCode, Year, shown
from service.problems import responses

CODES = (*CALLER_CODES, "not_permitted", "account_unknown", "role_unknown", "delegation_invalid")
router = APIRouter(prefix="/v1/delegations", tags=["accounts"])


class NewDelegation(NewGrant):
    """A role that the caller holds, for a colleague of the same units, at most 92 days. Absent `since`: from now on."""

    username: ShortText
    since: AwareDatetime | None = None
    until: AwareDatetime


class Delegation(Answer):
    """A role that somebody holds for the caller."""

    account_id: str
    username: str
    grant: GrantItem
    since: Instant
    until: Instant


@router.post("", operation_id="delegateRole", status_code=status.HTTP_201_CREATED, responses=responses(*CODES))
def delegate(body: NewDelegation, at: Witnessed) -> Delegation:
    """Passes a role on for a period. It ends earlier when it is taken back, or when the caller loses the role."""
    given, until = body.grant(), int(body.until.timestamp() * 1000)
    since = int(body.since.timestamp() * 1000) if body.since else at.now
    facts = {"grant": shown(given), "since": since, "until": until}
    period = delegations.Period(since, until)
    made = at.write("delegated", _whom, facts, delegations.delegate, at.caller, body.username, given, period, at.now)
    return Delegation.model_validate(made)


@router.get("", operation_id="listDelegations", responses=responses(*CALLER_CODES))
def list_delegations(caller: Caller, db: Db, now: Now) -> list[Delegation]:
    """What the caller has passed on and has not ended."""
    return [Delegation.model_validate(found) for found in db.read(delegations.delegations, caller, now)]


@router.delete(
    "/{account_id}/{unit}/{role}",
    operation_id="endDelegation",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=responses(*CALLER_CODES, "role_unknown"),
)
def end_delegation(
    account_id: UUID, unit: UnitCode, role: ShortText, *, at: Witnessed, year: Annotated[Year, Query()] = None
) -> None:
    """Takes a role back; taking back what was not given does nothing."""
    given, whom = Grant.of(unit, role, year), str(account_id)
    facts = {"grant": shown(given)}
    at.write("delegation_ended", whom, facts, delegations.take_back, at.caller, whom, given, at.now)


def _whom(made: delegations.Delegation) -> str:
    return made.account_id
