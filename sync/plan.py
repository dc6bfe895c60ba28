"""What a batch of ops reads and writes, as values: the `World` it asks and the `Plan` it makes. Pure (protocol C.3)."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from sync.op import Op
from sync.outcome import Entry, Known, Outcome
from sync.state import State


class World(Protocol):
    """What is already there. Answers are as of the plan's transaction; a plan reads its own changes from itself."""

    def record(self, record_id: str) -> State | None: ...

    def doc(self, record_id: str) -> str: ...

    def known(self, op_id: str) -> Known | None: ...

    def op_at(self, dev_seq: int) -> str | None: ...

    def text_at(self, record_id: str, name: str, ver: int) -> str | None: ...

    def ver_of(self, record_id: str, content_digest: str) -> int | None: ...

    def shared_ver(self, record_id: str, epoch: str | None) -> int | None: ...

    def waiters(self, needs: str) -> list["Waiting"]: ...

    def next_number(self, scope: str, name: str) -> int: ...

    def file(self, sha256: str, account_id: str) -> dict[str, Any] | None: ...


@dataclass(slots=True)
class Waiting:
    """A held op and what it still needs."""

    op: Op
    needs: set[str]


@dataclass(slots=True)
class OpRow:
    """An op to be stored, with its outcome."""

    op_id: str
    client_id: str
    dev_seq: int | None
    actor: str
    digest: bytes
    body: str
    outcome: Outcome
    salt: bytes = b""
    at: int = 0


@dataclass(slots=True)
class Changed:
    """A record that the batch touches: how it was stored before, and each version it went through.

    `shown`: ver -> (state name, content digest) of that version.
    """

    state: State
    stored_doc: str | None
    stored_digest: str = ""
    docs: dict[int, str] = field(default_factory=dict)
    shown: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """Everything that one transaction writes."""

    rows: dict[str, OpRow] = field(default_factory=dict)
    released: list[OpRow] = field(default_factory=list)
    waits: dict[str, set[str]] = field(default_factory=dict)
    changed: dict[str, Changed] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    attached: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    detached: list[tuple[str, str]] = field(default_factory=list)


class Forked(Exception):
    """Another op already has this client's `dev_seq`: two installs share one client id (protocol P52)."""
