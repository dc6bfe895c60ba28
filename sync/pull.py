"""A pull: records in the order of their latest change, after a cursor (protocol C.5).

First pull and every later one are the same query: current state only, so cost follows what changed and nothing
expires. A record that changes while somebody pages appears again at its new place.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlmodel import Session

from auth.principal import Permission, Principal
from sync.cursor import Cursor, Place, decode, encode, mark
from sync.epoch import opened, refuse_another
from sync.errors import Behind
from sync.feed import Change, Head, changes, hash_at
from sync.visibility import view

MAX_LIMIT = 1000
MAX_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for.

    `held`: scopes of records that it has from push answers, so that it hears of losing one it never pulled. `types`:
    those that it knows; others come as stubs. `reload`: scopes to be sent again from their start. `min_heads`: by
    scope, what the page has to be as new as. `digests`: of every scope, not of those alone that this page ended.
    """

    cursor: str | None = None
    epoch: str | None = None
    held: Collection[str] = ()
    types: Collection[str] | None = None
    reload: Collection[str] = ()
    min_heads: Mapping[str, int] = field(default_factory=dict)
    digests: bool = False
    limit: int = 500
    max_bytes: int = 2**20


@dataclass(slots=True)
class Page:
    """`removed`: scopes the caller lost. `reload`: scopes to be read again from their start; the outbox stays.

    `ends`: by scope, the head of those that the client has read to their end with this page. `scopes`: all that the
    caller may read.
    """

    epoch: str
    cursor: str = ""
    more: bool = False
    removed: list[str] = field(default_factory=list)
    reload: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    heads: dict[str, int] = field(default_factory=dict)
    ends: dict[str, Head] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that the client did not know."""
        return not (self.changes or self.removed or self.reload)


class Outset(NamedTuple):
    """Who pulls, on a read snapshot, and what stands there (`service/outset.py`).

    `epoch` None: the service waits for an operator. `heads`, `safe` (what backups hold): of every scope that `caller`
    may read.
    """

    caller: Principal
    epoch: str | None
    heads: dict[str, Head]
    safe: dict[str, int]


def pull(session: Session, outset: Outset, secret: bytes, wanted: Wanted) -> Page:
    """The next page for the caller: full up to `limit` records or `max_bytes` whenever more exists.

    Must run on the snapshot on which `outset` was asked. Raises CursorInvalid, EpochChanged, Restored, Behind.
    """
    principal, heads = outset.caller, outset.heads
    at = decode(wanted.cursor, secret) if wanted.cursor else None
    current = opened(outset.epoch)
    # A client that names the present epoch has heard of it; an older cursor then still holds wherever its hash does.
    refuse_another(session, principal, wanted.epoch if wanted.epoch or at is None else at.epoch, current)
    at = at or Cursor(current, principal.account_id)
    if at.account_id != principal.account_id:
        at = Cursor(current, principal.account_id)
    if any(heads[s].seq < seq for s, seq in wanted.min_heads.items() if s in heads):
        raise Behind
    known = {*at.places, *wanted.held, *wanted.reload}
    page = Page(current, removed=sorted(s for s in known - heads.keys() if not principal.may(Permission.READ, s)))
    reader = _Reader(session, principal, heads, wanted, page)
    reader.start({scope: place for scope, place in at.places.items() if scope in heads})
    reader.fill()
    page.cursor = encode(Cursor(current, principal.account_id, reader.places), secret)
    return page


@dataclass(slots=True)
class _Reader:
    """Fills one page, scope by scope."""

    session: Session
    principal: Principal
    heads: dict[str, Head]
    wanted: Wanted
    page: Page
    places: dict[str, Place] = field(default_factory=dict)
    stubs: dict[str, set[str]] = field(default_factory=dict)
    size: int = 0

    def start(self, places: dict[str, Place]) -> None:
        """Where each scope goes on, and which have to begin anew."""
        anew = {s for s, place in places.items() if self._stale(s, place)}
        anew |= {s for s in self.wanted.reload if s in self.heads}
        self.page.reload = sorted(anew)
        seen = {s: p._replace(view=p.view or view(self.principal, s)) for s, p in places.items()}
        self.places = {**seen, **{scope: Place(0, "") for scope in anew}}

    def _stale(self, scope: str, place: Place) -> bool:
        """Whether what the client has of a scope cannot be gone on from.

        Its log is no longer what the cursor saw (protocol P14), the caller sees its records with other eyes (P12), or
        the client has learned a type of which it was sent stubs (P57).
        """
        head = self.heads[scope]
        if place.seq and (
            place.seq > head.seq
            or mark(head.hash if place.seq == head.seq else hash_at(self.session, scope, place.seq)) != place.mark
        ):
            return True
        if place.view not in (None, view(self.principal, scope)):
            return True
        types = self.wanted.types
        return bool(place.stubs) and (types is None or not set(types).isdisjoint(place.stubs))

    def fill(self) -> None:
        limit = min(self.wanted.limit, MAX_LIMIT)
        for scope in _in_order(self.heads, self.principal):
            head, place = self.heads[scope], self.places.get(scope, Place(0, ""))
            if place.seq == head.seq:
                if self.wanted.digests:
                    self.page.ends[scope] = head
                continue
            last = None if self.page.more else self._take(scope, place, limit)
            if last is None:
                self.page.more = True
            elif self.page.more:
                self._stand(scope, last, hash_at(self.session, scope, last), place)
            else:
                self._stand(scope, head.seq, head.hash, place)
                self.page.heads[scope], self.page.ends[scope] = head.seq, head

    def _take(self, scope: str, place: Place, limit: int) -> int | None:
        """Takes what still fits of a scope, and says up to which seq; None where nothing fits.

        Sets `more` when some is left.
        """
        last = None
        max_bytes = min(self.wanted.max_bytes, MAX_BYTES)
        room = limit - len(self.page.changes)
        for change in changes(self.session, scope, place.seq, room + 1, max_bytes - self.size, self.wanted.types):
            if len(self.page.changes) == limit or (self.size and self.size + change.size > max_bytes):
                self.page.more = True
                return last
            self.size += change.size
            self.page.changes.append(change)
            last = change.seq
            if change.stub:
                self.stubs.setdefault(scope, set(place.stubs)).add(str(change.type))
        return place.seq if last is None else last

    def _stand(self, scope: str, seq: int, entry_hash: bytes, before: Place) -> None:
        stubs = tuple(sorted(self.stubs.get(scope, before.stubs)))
        self.places[scope] = Place(seq, mark(entry_hash), view(self.principal, scope), stubs)


def _in_order(heads: Iterable[str], principal: Principal) -> list[str]:
    """One's own outcomes first, then what the programme says, then evidence."""
    return sorted(heads, key=lambda s: (s != principal.own_scope, not s.startswith("programme/"), s))
