"""Requests of data subjects and breaches as state machines: who moves what where, with what. Pure.

The style is that of the programme's tables; `docs/privacy.md` shows the same rows. Basis: Law 91/2025/QH15 and Decree
356/2025 (domain L19, L20).
"""

from dataclasses import dataclass
from types import MappingProxyType

REQUEST, BREACH = "request", "breach"


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow. `note`, `basis`: asked for, the law and article for the second. `fields`: what it may set.

    `stops`: the clock that it stops: a move after the end of that clock is made all the same, and marked late.
    """

    action: str
    sources: tuple[str, ...]
    target: str
    note: bool = False
    basis: bool = False
    fields: tuple[str, ...] = ()
    stops: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of case of the desk; `ends`: states in which nothing is to be done any more."""

    type: str
    first: str
    moves: tuple[Move, ...]
    ends: frozenset[str]

    def move(self, state: str, action: str) -> Move | None:
        return next((m for m in self.moves if m.action == action and state in m.sources), None)

    def legal(self, state: str) -> list[str]:
        return [m.action for m in self.moves if state in m.sources]


OPEN = ("received", "in_hand", "extended")
REQUESTS = Machine(REQUEST, "received", (
    Move("accept", ("received",), "in_hand", note=True, stops="answer"),
    Move("refuse", OPEN, "refused", note=True, basis=True, stops="answer"),
    Move("extend", ("in_hand",), "extended", note=True, basis=True),
    Move("carry_out", ("in_hand", "extended"), "carried_out", note=True, basis=True, stops="act",
         fields=("record_ids", "fields", "account", "lift")),
    Move("withdraw", OPEN, "withdrawn", note=True),
), frozenset({"refused", "carried_out", "withdrawn"}))  # fmt: skip

BREACHES = Machine(BREACH, "discovered", (
    Move("assess", ("discovered", "assessed"), "assessed", note=True,
         fields=("harm", "harms", "people", "units", "data", "client_id")),
    Move("notify", ("assessed",), "notified", note=True, fields=("number",), stops="act"),
    Move("dismiss", ("assessed",), "dismissed", note=True, basis=True),
    Move("supplement", ("notified",), "notified", note=True, fields=("number", "people", "units", "data")),
    Move("close", ("notified",), "closed", note=True),
), frozenset({"dismissed", "closed"}))  # fmt: skip

MACHINES: MappingProxyType[str, Machine] = MappingProxyType({REQUEST: REQUESTS, BREACH: BREACHES})
# What harm is possible (law, article 23); where any is, the authority is told.
HARMS = ("defence", "security", "order", "life", "health", "honour", "property")
