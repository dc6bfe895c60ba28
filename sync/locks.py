"""Names that two transactions must not work on at once. SQLite has one writer, so there it holds already."""

from collections.abc import Iterable

from sqlalchemy import ARRAY, BigInteger, bindparam, column, func, select
from sqlmodel import Session

from sync import canonical

_KEYS = func.unnest(bindparam("keys", type_=ARRAY(BigInteger))).table_valued(column("key", BigInteger)).render_derived()
SHARE = select(func.pg_advisory_xact_lock_shared(bindparam("key", type_=BigInteger)))
LOCK = select(func.pg_advisory_xact_lock(_KEYS.c.key)).select_from(_KEYS)  # row by row, in the order of the array


def hold(session: Session, names: Iterable[str]) -> None:
    """Waits until no other transaction holds any of `names`, then holds them until the commit.

    Taken in one order, so that two callers never wait for each other.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    keys = sorted(_key(name) for name in set(names))
    if keys:
        session.execute(LOCK, {"keys": keys})


def share(session: Session, name: str) -> None:
    """Waits until no other transaction holds `name`; from then to the commit many may share it, and none hold it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(SHARE, {"key": _key(name)})


def _key(name: str) -> int:
    return int.from_bytes(canonical.sha256(name.encode())[:8], "big", signed=True)
