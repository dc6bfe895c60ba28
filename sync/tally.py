"""What a scope holds, in 40 bytes: how many records, and the XOR of SHA-256 of each one's id and ver. Pure.

A client that is caught up makes the same from its own copy, and knows whether it holds what the service holds
(`count_digest` of protocol C.5). Each change of a record moves it by one step, so it costs nothing to keep.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sync import canonical
from sync.plan import Plan

NOTHING = bytes(32)


class Tally(NamedTuple):
    """`n` records whose marks XOR to `xor`. As a difference, `n` may be negative."""

    n: int = 0
    xor: bytes = NOTHING

    def plus(self, other: "Tally") -> "Tally":
        mixed = int.from_bytes(self.xor) ^ int.from_bytes(other.xor)
        return Tally(self.n + other.n, mixed.to_bytes(32))


def mark(record_id: str, ver: int) -> bytes:
    """SHA-256 of `<id>|<ver>` in UTF-8."""
    return canonical.sha256(f"{record_id}|{ver}".encode())


def of(records: Iterable[tuple[str, int]]) -> Tally:
    """The tally of these (id, ver), counted anew."""
    n, mixed = 0, 0
    for record_id, ver in records:
        n, mixed = n + 1, mixed ^ int.from_bytes(mark(record_id, ver))
    return Tally(n, mixed.to_bytes(32))


def moved(plan: Plan) -> dict[str, Tally]:
    """Scope -> by how much `plan` changes its tally."""
    came_from: dict[str, str] = {}
    for entry in plan.entries:
        came_from.setdefault(entry.record_id, entry.scope)  # a move says first what it left
    found: dict[str, Tally] = {}
    for record_id, changed in plan.changed.items():
        if changed.stored_doc is not None:
            scope, ver = came_from[record_id], min(changed.docs) - 1
            found[scope] = found.get(scope, Tally()).plus(Tally(-1, mark(record_id, ver)))
        scope, ver = changed.state.scope, changed.state.ver
        found[scope] = found.get(scope, Tally()).plus(Tally(1, mark(record_id, ver)))
    return found
