"""How a schedule ended, as the checker sees it, whichever simulator it was played in."""

from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an op: the digest, number and person it is stored under, its status and code."""

    digest: bytes
    dev_seq: int | None
    by: str
    status: str
    code: str | None


@dataclass(slots=True)
class Ending:
    """What the server holds at the end. `docs`: each record as its readers see it. `reach`: account -> its scopes."""

    fates: dict[str, Fate]
    docs: dict[str, Doc]
    reach: dict[str, set[str]]
    others: list[str] = field(default_factory=list)  # promises that only one of the simulators can look into
