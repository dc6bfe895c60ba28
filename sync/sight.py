"""What an op had seen when it was made, and what became of its values. Pure (protocol C.6)."""

from dataclasses import dataclass, field
from enum import IntEnum

from sync.op import Op
from sync.state import Dot


class Effect(IntEnum):
    """What became of one value. Ordered: the largest of an op's effects names the op's status."""

    SUPERSEDED = 0
    APPLIED = 1
    MERGED = 2
    CONFLICT = 3


@dataclass(slots=True)
class Merged:
    """What one op did. `refused` lists fields whose value the contract keeps from devices: [(field, code)]."""

    effects: dict[str, Effect] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    code: str | None = None
    moved_from: str | None = None

    @property
    def status(self) -> str:
        if not self.effects:
            return "rejected" if self.refused else "applied"
        return max(self.effects.values()).name.lower()

    def apart(self) -> list[str]:
        """Names of what was edited apart."""
        return [n.removeprefix("@") for n, e in self.effects.items() if e is Effect.CONFLICT]

    def reports(self) -> list[dict[str, str]]:
        """Fields that need a word: kept apart, or kept from devices."""
        found = [{"path": f"/{name}", "reason": "concurrent_edit"} for name in self.apart()]
        return found + [{"path": f"/{name}", "reason": code} for name, code in self.refused]


@dataclass(frozen=True, slots=True)
class Sight:
    """An op, the dot of what it writes, and the version that its author was looking at."""

    op: Op
    me: Dot
    base: int

    def own(self, dot: Dot) -> bool:
        return dot.client == self.me.client and dot.dev_seq < self.me.dev_seq

    def shared(self, dot: Dot) -> Dot:
        """The dot of a value that others gave as well, unseen: seen by whoever sees what this op makes."""
        return Dot(self.me.ver, "", 0, dot.by)

    def seen(self, dot: Dot) -> bool:
        return dot.ver <= self.base or self.own(dot)
