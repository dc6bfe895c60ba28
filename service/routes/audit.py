"""The audit trail, for auditors and the data protection officer. Reading it is an act that stands in it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from auth import audit
from auth.principal import EVERY_UNIT, Permission
from service.deps import CALLER_CODES, Witnessed
from service.fields import Answer, Instant, ShortText
from service.problems import responses

router = APIRouter(prefix="/v1/audit", tags=["audit"])
WEEK = 7 * 24 * 60 * 60 * 1000
CODES = (*CALLER_CODES, "not_permitted")


class Entry(Answer):
    """One act. `subject` and `facts` are ids, codes and numbers; `source` is the network address it came from."""

    seq: int
    at: Instant
    act: str
    actor: str
    client: str
    source: str
    subject: str
    facts: dict[str, Any]
    entry_hash: str


class Trail(Answer):
    """A page of the trail; `next` goes into `after`. `head` is the last entry of all, to check the chain against."""

    entries: list[Entry]
    next: int | None
    head: int
    head_hash: str


class Week(Answer):
    """A week at a glance: how often each act was done and by how many accounts, and whether the chain is whole."""

    since: Instant
    until: Instant
    acts: dict[str, int]
    actors: dict[str, int]
    faults: list[str]


@router.get("", operation_id="readTrail", responses=responses(*CODES))
def read_trail(
    at: Witnessed,
    act: Annotated[list[ShortText], Query(default_factory=list, max_length=50)],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Trail:
    """Entries, oldest first."""
    at.caller.require(Permission.AUDIT, EVERY_UNIT)
    found = at.write("trail_read", "", {"after": after}, audit.entries, after=after, limit=limit, acts=act)
    seq, last = at.db.read(audit.head)
    following = found[-1].seq if len(found) == limit else None
    entries = [Entry.model_validate(entry) for entry in found]
    return Trail(entries=entries, next=following, head=seq, head_hash=last)


@router.get("/week", operation_id="auditWeek", responses=responses(*CODES))
def week(at: Witnessed, until: Annotated[AwareDatetime | None, Query()] = None) -> Week:
    """The weekly review (QCVN 12:2026/BCA 3.9.2): the seven days before `until`, or before now."""
    at.caller.require(Permission.AUDIT, EVERY_UNIT)
    end = int(until.timestamp() * 1000) if until else at.now
    found = at.write("trail_read", "", {"week": end}, audit.summary, end - WEEK, end)
    return Week.model_validate(found)
