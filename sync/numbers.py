"""Running numbers of set elements within a scope (docs/adr/0008): no two records get one, and none is skipped."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from sync import bulk
from sync.locks import hold
from sync.models import Serial
from sync.op import Envelope
from sync.types import Registry

Place = tuple[str, str]  # scope, element
_SERIAL = bulk.table(Serial).c
LAST = select(_SERIAL.scope, _SERIAL.name, _SERIAL.last).where(
    bulk.among(_SERIAL.scope, "scopes"), bulk.among(_SERIAL.name, "names")
)


class Numbers:
    """The last numbers of one transaction, whose places are locked when they are read."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.last: dict[Place, int] = {}

    def fetch(self, places: Iterable[Place]) -> None:
        """Locks and reads places in one order, in two statements however many they are."""
        wanted = sorted(set(places) - self.last.keys())
        if not wanted:
            return
        hold(self.session, [f"number {scope} {name}" for scope, name in wanted])  # a first number has no row to lock
        self.last.update(dict.fromkeys(wanted, 0))
        scopes, names = sorted({s for s, _ in wanted}), sorted({n for _, n in wanted})
        rows = self.session.execute(LAST, {"scopes": scopes, "names": names})
        self.last.update({(s, n): last for s, n, last in rows if (s, n) in self.last})

    def last_of(self, scope: str, name: str) -> int:
        """The last number that was given out before this transaction."""
        self.fetch([(scope, name)])
        return self.last[scope, name]


def wanted(envelopes: list[Envelope], registry: Registry) -> set[Place]:
    """Places that a batch may need a number of, as far as its ops say by themselves."""
    found: set[Place] = set()
    for envelope in envelopes:
        raw = envelope.raw
        declared = registry.get(raw["type"]) if isinstance(raw, dict) and isinstance(raw.get("type"), str) else None
        if declared and isinstance(raw.get("scope"), str):
            found |= {(raw["scope"], name) for name in _elements(raw, declared.numbered)}
    return found


def _elements(raw: dict[str, Any], fields: tuple[str, ...]) -> set[str]:
    parts = [part for key in ("set", "add") if isinstance(part := raw.get(key), dict)]
    lists = [part.get(name) for part in parts for name in fields]
    return {e for elements in lists if isinstance(elements, list) for e in elements if isinstance(e, str)}
