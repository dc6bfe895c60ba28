"""The audit trail, for auditors and the data protection officer. Reading it is an act that stands in it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from auth import audit, audit_review
from auth.principal import EVERY_UNIT, Permission
from service.deps import CALLER_CODES, Witnessed
from service.fields import Answer, Body, Instant, ShortText
from service.problems import responses

router = APIRouter(prefix="/v1/audit", tags=["audit"])
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


class Unusual(Answer):
    """A reason to look: an act that is rare, or too many of one, `of` an account or an address."""

    why: str
    of: str
    count: int
    entries: list[int]


class SignOff(Answer):
    """Who looked at the week, when, and up to which entry of the trail."""

    by: str
    at: Instant
    through: int


class Week(Answer):
    """A week at a glance: how often each act was done and by whom, what of it a person should look at, who has looked,
    and whether the chain is whole."""

    since: Instant
    until: Instant
    acts: dict[str, int]
    actors: dict[str, int]
    faults: list[str]
    unusual: list[Unusual]
    signed_off: list[SignOff]


class Reader(Answer):
    """How often an account was shown originals of files, or records of the highest level."""

    account_id: str
    act: str
    times: int
    first_at: Instant
    last_at: Instant


class Readers(Answer):
    """Of the 31 days before `until`; the most often first."""

    until: Instant
    readers: list[Reader]


class WeekSeen(Body):
    """The end of the week that was looked at, and how many reasons to look stood in it."""

    until: AwareDatetime
    unusual: Annotated[int, Field(ge=0, le=2**31)]


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
    return Week.model_validate(at.write("trail_read", "", {"week": end}, audit_review.summary, end))


@router.get("/readers", operation_id="sensitiveReaders", responses=responses(*CODES))
def sensitive_readers(at: Witnessed, until: Annotated[AwareDatetime | None, Query()] = None) -> Readers:
    """The monthly review of access to sensitive data: who was shown what is restricted, and how often."""
    at.caller.require(Permission.AUDIT, EVERY_UNIT)
    end = int(until.timestamp() * 1000) if until else at.now
    found = at.write("trail_read", "", {"readers": end}, audit_review.readers, end)
    return Readers(until=end, readers=[Reader.model_validate(one) for one in found])


@router.post("/week", operation_id="signOffWeek", responses=responses(*CODES, "week_unreviewable"))
def sign_off(body: WeekSeen, at: Witnessed) -> Week:
    """Says, for the trail, that the caller has looked at the week before `until` and at all that is unusual in it."""
    at.caller.require(Permission.AUDIT, EVERY_UNIT)
    until = int(body.until.timestamp() * 1000)
    seen = (at.caller, at.source, until, body.unusual, at.now)
    return Week.model_validate(at.db.write(audit_review.sign_off, *seen))
