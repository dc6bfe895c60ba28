"""What a batch of ops reads and writes, as values: the `World` it asks and the `Plan` it makes. Pure (protocol C.3)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from auth.principal import Grant
from sync.op import Op
from sync.outcome import Entry, Known, Outcome
from sync.state import State


class World(Protocol):
    """What is already there. Answers are as of the plan's transaction; a plan reads its own changes from itself."""

    def record(self, record_id: str) -> State | None: ...

    def doc(self, record_id: str) -> str: ...

    def known(self, op_id: str) -> Known | None: ...

    def is_numbered(self, client_id: str, dev_seq: int) -> bool:
        """Whether an op of this client has this number already."""
        ...

    def text_at(self, record_id: str, name: str, ver: int) -> str | None: ...

    def ver_of(self, record_id: str, content_digest: str) -> int | None: ...

    def shared_ver(self, record_id: str, epoch: str | None) -> int | None: ...

    def waiters(self, needs: str) -> list["Waiting"]: ...

    def arrivals(self, awaited: set[str], news: set[str]) -> set[str]:
        """Those of `awaited` that came since this plan began; from now on nobody begins to wait for `news` unseen."""
        ...

    def last_number(self, scope: str, name: str) -> int: ...

    def file(self, sha256: str, account_id: str) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Authority:
    """What the engine asks about people and devices other than the caller of this request.

    `grants_at(account_id, at)`: what an account was allowed at a time. `signed(client_id, payload, jws)`: whether the
    key of a device made this detached signature.
    """

    grants_at: Callable[[str, int], tuple[Grant, ...]] = lambda _account_id, _at: ()
    signed: Callable[[str, bytes, str], bool] = lambda _client_id, _payload, _jws: False


@dataclass(slots=True)
class Waiting:
    """A held op and what it still needs. `salt`: that of its stored body."""

    op: Op
    needs: set[str]
    salt: bytes = b""


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
    scope: str | None = None
    tx: str | None = None
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
    """Everything that one transaction writes.

    `released`: stored ops whose outcome changes. `numbers`: (scope, element) -> the last running number given out.
    `by`, `reason`: the person on whose word stored outcomes change, and why; empty where an arrival changed them.
    """

    rows: dict[str, OpRow] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    released: list[OpRow] = field(default_factory=list)
    waits: dict[str, set[str]] = field(default_factory=dict)
    changed: dict[str, Changed] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    attached: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    detached: list[tuple[str, str]] = field(default_factory=list)
    by: str = ""
    reason: str = ""

    def next_number(self, world: World, scope: str, name: str) -> int:
        """The next running number of a set element in a scope."""
        last = self.numbers.get((scope, name))
        self.numbers[scope, name] = 1 + (world.last_number(scope, name) if last is None else last)
        return self.numbers[scope, name]


class Forked(Exception):
    """Another op already has this client's `dev_seq`: two installs share one client id (protocol P52)."""
