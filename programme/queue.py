"""The queue of the review desk: what waits, by index, in pages that cost the same however much exists.

A page walks at most `WALK` places of the index. What the index does not know (kind, claims, signals) is looked at on
the way, so a page may hold fewer records than were asked for, or none; only a missing cursor is the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import Select, select, tuple_, union_all
from sqlmodel import Session, col

from auth.principal import EVERY_UNIT, Permission, Principal
from programme.claims import Held, claimed_by, claims_on
from programme.models import DeskItem
from programme.signals import signal_counts
from programme.transitions import WAITING
from sync.records import Shown, current

WALK = 500
MANY_SCOPES = 50  # beyond it one walk over the year looks at each scope, instead of a walk for each
Sort = Literal["oldest", "newest"]
Assigned = Literal["mine", "others", "nobody"]


class Place(NamedTuple):
    """Where an item stands in the queue: when it came to its state, and its id."""

    since: int
    record_id: str


class Row(NamedTuple):
    """A place, and what is looked at on the way."""

    since: int
    record_id: str
    scope: str
    type: str
    kind: str

    @property
    def place(self) -> Place:
        return Place(self.since, self.record_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the queue lets through; empty lets all through. `older_than` and `newer_than`: ms since 1970 UTC."""

    year: int
    scopes: Sequence[str] = ()
    criterion: str = ""
    states: Sequence[str] = WAITING
    types: Sequence[str] = ()
    kinds: Sequence[str] = ()
    older_than: int | None = None
    newer_than: int | None = None
    assigned: Assigned | None = None
    signals: bool | None = None
    sort: Sort = "oldest"


@dataclass(frozen=True, slots=True)
class Page:
    """A page: records, the claims and the counts of signals on them, and where the next page begins."""

    records: list[Shown]
    claims: dict[str, Held]
    signals: dict[str, dict[str, int]]
    after: Place | None


def page(session: Session, principal: Principal, wanted: Wanted, after: Place | None, limit: int, now: int) -> Page:
    """The next page for whoever may read the units."""
    narrowed = wanted.kinds or wanted.types or wanted.assigned or wanted.signals is not None
    walk = max(WALK, limit) if narrowed else limit
    rows = _mine(session, principal, wanted, after, now) if wanted.assigned == "mine" else None
    if rows is None:
        rows = walked(session, reach(principal, wanted), wanted, after, walk + 1)
    seen = [row for row in rows[:walk] if _passes(row, wanted)]
    claims = claims_on(session, [row.record_id for row in seen], now)
    if wanted.assigned in ("others", "nobody"):
        seen = [r for r in seen if _held_as(claims.get(r.record_id), principal, wanted.assigned)]
    docs = current(session, [row.record_id for row in seen])
    signals = signal_counts(session, principal, list(docs.values()))
    if wanted.signals is not None:
        seen = [r for r in seen if _flagged(docs[r.record_id], signals) is wanted.signals]
    shown = seen[:limit]
    ids = [row.record_id for row in shown]
    last = shown[-1].place if len(seen) > limit else rows[walk - 1].place if len(rows) > walk else None
    kept = {i: signals[i] for i in ids if i in signals}
    return Page([docs[i] for i in ids], {i: claims[i] for i in ids if i in claims}, kept, last)


def reach(principal: Principal, wanted: Wanted) -> list[str] | None:
    """The scopes to look into; None is every unit of the year."""
    if wanted.scopes:
        return sorted({s for s in wanted.scopes if principal.may(Permission.READ, s)})
    units = {unit for unit, year in principal.reach(Permission.READ) if year in (None, wanted.year)}
    return None if EVERY_UNIT in units else sorted(f"{unit}/{wanted.year}" for unit in units)


def walked(session: Session, scopes: list[str] | None, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    """The next places in order: a range of one index for each state and scope, put together."""
    if scopes == []:
        return []
    return [Row(*row) for row in session.execute(places_query(scopes, wanted, after, limit))]


def places_query(scopes: list[str] | None, wanted: Wanted, after: Place | None, limit: int) -> Select[Any]:
    """The statement behind a page."""
    each: list[str | None] = [None] if scopes is None or len(scopes) > MANY_SCOPES else [*scopes]
    columns = [col(getattr(DeskItem, name)) for name in Row._fields]
    branches = []
    for state in sorted(set(wanted.states)):
        for scope in each:
            branch = select(*columns).where(col(DeskItem.criterion) == wanted.criterion, col(DeskItem.state) == state)
            branch = branch.where(col(DeskItem.year) == wanted.year if scope is None else col(DeskItem.scope) == scope)
            if scope is None and scopes is not None:
                branch = branch.where(col(DeskItem.scope).in_(scopes))
            branches.append(_ordered(_within(branch, wanted, after), columns[:2], wanted.sort).limit(limit).subquery())
    together = union_all(*(select(branch) for branch in branches)).subquery()
    return _ordered(select(together), [together.c.since, together.c.record_id], wanted.sort).limit(limit)


def _within(query: Select[Any], wanted: Wanted, after: Place | None) -> Select[Any]:
    if wanted.older_than is not None:
        query = query.where(col(DeskItem.since) <= wanted.older_than)
    if wanted.newer_than is not None:
        query = query.where(col(DeskItem.since) >= wanted.newer_than)
    if after is None:
        return query
    place, begin = tuple_(col(DeskItem.since), col(DeskItem.record_id)), tuple_(after.since, after.record_id)
    return query.where(place > begin if wanted.sort == "oldest" else place < begin)


def _ordered(query: Select[Any], columns: list[Any], sort: Sort) -> Select[Any]:
    return query.order_by(*(c if sort == "oldest" else c.desc() for c in columns))


def _mine(session: Session, principal: Principal, wanted: Wanted, after: Place | None, now: int) -> list[Row]:
    """What the caller has in hand is little: it is looked up by id."""
    scopes = reach(principal, wanted)
    columns = [col(getattr(DeskItem, name)) for name in Row._fields]
    where = [
        col(DeskItem.record_id).in_(claimed_by(session, principal.account_id, now)),
        col(DeskItem.criterion) == wanted.criterion,
        col(DeskItem.state).in_(wanted.states),
    ]
    if not wanted.scopes:
        where.append(col(DeskItem.year) == wanted.year)
    query = _ordered(_within(select(*columns).where(*where), wanted, after), columns[:2], wanted.sort)
    return [row for row in (Row(*r) for r in session.execute(query)) if scopes is None or row.scope in scopes]


def _passes(row: Row, wanted: Wanted) -> bool:
    return (not wanted.kinds or row.kind in wanted.kinds) and (not wanted.types or row.type in wanted.types)


def _held_as(held: Held | None, principal: Principal, assigned: Assigned) -> bool:
    if assigned == "nobody":
        return held is None
    return held is not None and held.holder != principal.account_id


def _flagged(shown: Shown, signals: dict[str, dict[str, int]]) -> bool:
    """Whether there is something to look at before deciding: a signal, an issue, a conflict."""
    doc = orjson.loads(shown.doc)
    return bool(signals.get(shown.id) or doc["issues"] or doc["conflicts"])
