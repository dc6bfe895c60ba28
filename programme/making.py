"""What a move is asked for, and what is known while it is made. Values only. Pure."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from auth.principal import Principal
from programme.calendar import Calendar
from programme.errors import MoveIncomplete
from programme.transitions import Machine, Move
from sync import canonical
from sync.op import Op


def fault(code: str, pointer: str, vi: str, en: str) -> dict[str, str]:
    """One reason why a move is not made, as a problem's `errors` carry it."""
    return {"code": code, "pointer": pointer, "detail_vi": vi, "detail_en": en}


def plain(value: Any) -> None:
    """Raises MoveIncomplete where JSON cannot be canonical (`sync.canonical.check`)."""
    try:
        canonical.check(canonical.parse(json.dumps(value).encode()))
    except canonical.OddValue as error:
        wrong = fault("wrong", error.path, f"Giá trị không ghi được: {error}.", f"{error}.")
        raise MoveIncomplete(errors=[wrong]) from error


@dataclass(frozen=True, slots=True)
class Asked:
    """One move as somebody asks for it. `paper`: the document behind it; `on`: the ver and digest on the screen."""

    move_id: str
    record_id: str
    action: str
    paper: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    on: tuple[int, str] | None = None

    def checked(self) -> "Asked":
        """Itself. Raises MoveIncomplete for what no record could hold: fractions, NUL, odd names."""
        plain({"paper": self.paper, "fields": self.fields, "note": self.note})
        return self

    def digest(self) -> str:
        parts = [self.record_id, self.action, self.paper, self.fields, self.note, list(self.on or ())]
        return canonical.sha256(canonical.encode(parts)).hex()


@dataclass(frozen=True, slots=True)
class Making:
    """A move that is permitted; guards look at it and effects follow from it.

    `readers(usernames, scope, now)`: those whose account is on and may read the scope.
    """

    asked: Asked
    principal: Principal
    machine: Machine
    row: Move
    doc: dict[str, Any]
    calendar: Calendar
    now: int
    readers: Callable[[Collection[str], str, int], set[str]]

    @property
    def scope(self) -> str:
        return str(self.doc["scope"])

    @property
    def unit(self) -> str:
        return self.scope.partition("/")[0]

    @property
    def year(self) -> int:
        return int(self.scope.partition("/")[2])

    @property
    def target(self) -> str:
        return self.row.target or str(self.doc["state"])


@dataclass(slots=True)
class Effects:
    """What a move writes beside the new state: fields and server-owned parts of the case, ops on other records.

    `rows`: rows of the programme's own tables, written after the ops.
    """

    values: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    ops: list[Op] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
