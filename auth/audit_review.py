"""The weekly look at the audit trail (QCVN 12:2026/BCA 3.9.2): what was unusual, and that somebody signed it off; and
the monthly one at who has read what is sensitive."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import sqlalchemy
from sqlmodel import Session, col, func, select

from auth import audit
from auth.audit import Entry, Trace
from auth.errors import WeekUnreviewable
from auth.models import AuditEntry
from auth.principal import Principal

DAY = 24 * 60 * 60 * 1000
WEEK, MONTH = 7 * DAY, 31 * DAY
SENSITIVE = ("original_read", "restricted_read")
# What a reviewer looks at one by one, whoever did it and however often.
RARE = frozenset(
    {
        "account_created", "account_off", "breach_opened", "client_revoked", "epoch_opened", "exported",
        "file_destroyed", "file_released", "grant_ended", "grant_given", "imported", "items_erased", "keys_rotated",
        "oauth_client_changed", "op_destroyed", "password_set", "refresh_reused", "retention",
        "second_factor_changed", "trail_cut",
    }
)  # fmt: skip
# What is unusual by its number in a week: from one address, or by one account.
MANY_BY_SOURCE = {"sign_in_failed": 10}
MANY_BY_ACTOR = {"original_read": 200, "restricted_read": 20, "viewed": 200}


@dataclass(frozen=True, slots=True)
class Unusual:
    """A reason to look. `entries`: numbers in the trail, the first hundred of them; `of`: an account or an address."""

    why: str
    of: str
    count: int
    entries: list[int]


@dataclass(frozen=True, slots=True)
class Reader:
    """How often an account was shown originals of files, or records of the highest level; times are ms."""

    account_id: str
    act: str
    times: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who looked at the week, when (ms), and up to which entry."""

    by: str
    at: int
    through: int


@dataclass(slots=True)
class Summary:
    """A stretch of the trail, counted; `faults` says what is wrong with its chain."""

    since: int
    until: int
    acts: dict[str, int] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unusual: list[Unusual] = field(default_factory=list)
    signed_off: list[SignOff] = field(default_factory=list)


def summary(session: Session, until: int) -> Summary:
    """The seven days before `until` (ms), and a check of the chain of their entries."""
    since = until - WEEK
    acts: Counter[str] = Counter()
    actors: Counter[str] = Counter()
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    found = Summary(since, until)
    first, last = _stretch(session, since, until)
    before = audit.before(session, first)
    while page := audit.entries(session, after=before[0], through=last):
        found.faults += audit.faults(page, before=before)
        for entry in page:
            acts[entry.act] += 1
            actors[entry.actor] += 1
            if reason := _reason(entry):
                seen[reason].append(entry.seq)
        before = page[-1].seq, page[-1].entry_hash
    found.acts, found.actors = dict(acts), dict(actors)
    limits = MANY_BY_SOURCE | MANY_BY_ACTOR
    found.unusual = [
        Unusual(act, of, len(numbers), numbers[:100])
        for (act, of), numbers in sorted(seen.items())
        if len(numbers) >= limits.get(act, 1)
    ]
    found.signed_off = _signed_off(session, until)
    return found


def readers(session: Session, until: int) -> list[Reader]:
    """Who looked at what is restricted in the month before `until` (ms), the most often first: the monthly review of
    access to sensitive data (QCVN 12:2026/BCA, level 3)."""
    span = (col(AuditEntry.at) >= until - MONTH, col(AuditEntry.at) < until, col(AuditEntry.act).in_(SENSITIVE))
    times = func.count()
    who = col(AuditEntry.actor), col(AuditEntry.act)
    counted = sqlalchemy.select(*who, times, func.min(AuditEntry.at), func.max(AuditEntry.at)).where(*span)
    found = session.execute(counted.group_by(*who).order_by(times.desc(), *who))
    return [Reader(*row) for row in found]


def _stretch(session: Session, since: int, until: int) -> tuple[int, int]:
    """Numbers of the first and the last entry of a period. What is between them belongs to it whatever its time says:
    of two requests at once, the later one may have been written first."""
    first = session.exec(select(func.min(AuditEntry.seq)).where(col(AuditEntry.at) >= since)).one()
    last = session.exec(select(func.max(AuditEntry.seq)).where(col(AuditEntry.at) < until)).one()
    return first or (last or 0) + 1, last or 0


def _reason(entry: Entry) -> tuple[str, str] | None:
    if entry.act in RARE or entry.act in MANY_BY_ACTOR:
        return entry.act, entry.actor
    return (entry.act, entry.source) if entry.act in MANY_BY_SOURCE else None


def _signed_off(session: Session, until: int) -> list[SignOff]:
    where = (col(AuditEntry.act) == "trail_reviewed", col(AuditEntry.subject) == str(until))
    rows = session.exec(select(AuditEntry).where(*where).order_by(col(AuditEntry.seq)))
    return [SignOff(row.actor, row.at, row.seq - 1) for row in rows]


def sign_off(session: Session, principal: Principal, source: str, until: int, unusual: int, now: int) -> Summary:
    """Records that the caller looked at the week that ended at `until`, and saw `unusual` reasons to look.

    Raises WeekUnreviewable while the week lasts, and where more is unusual than the caller has seen.
    """
    found = summary(session, until)
    if until > now or len(found.unusual) != unusual:
        raise WeekUnreviewable
    audit.note(
        session, Trace.of(principal, source), "trail_reviewed", str(until), now, unusual=unusual,
        faults=len(found.faults),
    )  # fmt: skip
    found.signed_off = _signed_off(session, until)
    return found
