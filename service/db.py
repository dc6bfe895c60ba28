"""Engines and transactions. The only commit in the house.

Work on the database is a function handed to `Database.write` or `Database.read`: the commit has happened when the
call returns, so no answer can leave before it, and a transaction that the database refused for concurrency can run
again from its start (docs/adr/0002).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from service.database_url import DEFAULT_CONNECTIONS, OWN
from service.together import Together
from sync import raw

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 3
SHARED = 16  # transactions of SQLite in one commit: the first one waits for all
HURRY = "set local lock_timeout = '500ms'"  # for what others wait behind
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
POOL_SECONDS = 10  # for a free connection; then the caller is asked to come again
UNASKED = 1.0  # seconds for which a connection of the pool is taken to be alive
# PostgreSQL: serialization failure, deadlock, unique violation (two installs racing with one op id: the second
# attempt finds the first one's row), lock not available.
RETRIED_STATES = frozenset({"40001", "40P01", "23505", "55P03"})
OVERTAKEN = RETRIED_STATES | {"57014"}  # and a statement that waited too long, which is not worth waiting for again
# How long a session of PostgreSQL waits, and that a commit is on disk when it returns (protocol P4, P16). Isolation
# is said with each transaction, whatever the default of the server is (P20).
SESSION = {
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "10s",
    "synchronous_commit": "on",
}


def overtaken(error: DBAPIError) -> bool:
    """Whether the database refused a transaction because of others that ran beside it; nothing of it was stored."""
    return getattr(error.orig, "sqlstate", None) in OVERTAKEN or _row_of_the_same_op(error)


_Done = tuple[Any, set[str]]  # what work gave, and the scopes that it touched and nobody was told of yet


class Database:
    """A writing and a reading path to one database.

    SQLite: writers start with BEGIN IMMEDIATE on a single connection and commit in groups, readers see whole commits
    through WAL.
    """

    def __init__(self, url: str) -> None:
        self.announce: Callable[[set[str]], None] = lambda _scopes: None
        self.writer = _engine(url, writer=True)
        self.reader = _engine(url, writer=False) if self.is_sqlite else self.writer
        self._together = Together(self._commit_all, SHARED) if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    def write(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work(session, ...)` and commits; runs it again when the database asked for that."""

        def bound(session: Session) -> T:
            return work(session, *args, **kwargs)

        if self._together is None:
            return self._run(bound, keep=True)
        done, touched = self._together.run(bound, lambda: (self._run(bound, keep=True), set()))
        if touched:
            self.announce(touched)
        return done  # type: ignore[no-any-return]

    def attempt(self, work: Callable[[Session], T]) -> T:
        """Runs `work(session)` and commits, once, and waits for locks a moment only: others wait behind it."""
        if self.is_sqlite:
            return self.write(work)

        def hurried(session: Session) -> T:
            session.connection().exec_driver_sql(HURRY)
            return work(session)

        return self._run(hurried, keep=True, attempts=1)

    def rehearse(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work(session, ...)` as `write` would, and leaves no trace of it."""
        return self._run(lambda session: work(session, *args, **kwargs), keep=False)

    def _commit_all(self, works: list[Callable[[Session], Any]]) -> list[_Done | Exception]:
        """Commits work that waited for the one writer of SQLite: alone as ever, else each in a savepoint.

        Raises what the database refuses any of it for; then nothing of it is stored.
        """
        if len(works) == 1:
            try:
                return [(self._run(works[0], keep=True), set())]
            except Exception as error:  # noqa: BLE001  # its caller gets it
                return [error]
        with self.writer.begin() as connection:
            return [_in_savepoint(connection, work) for work in works]

    def _run(self, work: Callable[[Session], T], *, keep: bool, attempts: int = ATTEMPTS) -> T:
        for attempt in range(1, attempts + 1):
            committing = False
            try:
                with Session(self.writer, expire_on_commit=False) as session:
                    result = work(session)
                    committing = keep
                    if keep:
                        session.commit()
                        self._announce(session)
                    else:
                        session.rollback()
                    return result
            except DBAPIError as error:
                # A connection that was dead before the commit has stored nothing; after it, nobody knows.
                dead = error.connection_invalidated and not committing
                if attempt == attempts or not (dead or _worth_retrying(error)):
                    raise
        raise AssertionError("unreachable")

    def _announce(self, session: Session) -> None:
        """Tells those who wait in which scopes something was committed; work names them in `session.info`."""
        if touched := session.info.get("touched"):
            self.announce(set(touched))

    def read(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work(session, ...)` on one snapshot and changes nothing."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with Session(self.reader, expire_on_commit=False) as session:
                    if not self.is_sqlite:
                        session.connection(execution_options=SNAPSHOT)
                    result = work(session, *args, **kwargs)
                    session.commit()  # nothing; but after a rollback the driver forgets every prepared statement
                    return result
            except DBAPIError as error:
                if attempt == ATTEMPTS or not error.connection_invalidated:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def _in_savepoint(connection: Connection, work: Callable[[Session], Any]) -> _Done | Exception:
    """What `work` gives, kept where the transaction that is open on `connection` will be, or by what rule it failed."""
    try:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            result = work(session)
            session.commit()
            return result, set(session.info.get("touched", ()))
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  # its savepoint is rolled back; the one that waits for it raises it
        return error


def _worth_retrying(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in RETRIED_STATES or _row_of_the_same_op(error)


def _row_of_the_same_op(error: DBAPIError) -> bool:
    return "UNIQUE constraint failed: op." in str(error.orig)


def _engine(url: str, *, writer: bool) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _postgresql(parsed)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    pool: dict[str, Any] = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 60} if writer else {"pool_size": 8}
    engine = create_engine(parsed, connect_args={"check_same_thread": False, "timeout": 30}, **pool)
    _set_up_sqlite(engine, writer=writer)
    return engine


def _postgresql(url: URL) -> Engine:
    """Behind a pooler in transaction mode each transaction may meet another session: nothing is prepared there."""
    pooled = url.query.get("pooler") == "transaction"
    most = int(str(url.query.get("connections", DEFAULT_CONNECTIONS)))
    driver = {"prepare_threshold": None} if pooled else {}
    pool: dict[str, Any] = {"pool_size": most, "max_overflow": 0, "pool_timeout": POOL_SECONDS, "pool_use_lifo": True}
    engine = create_engine(
        url.difference_update_query(OWN), connect_args=driver, isolation_level="READ COMMITTED", **pool
    )
    event.listen(engine, "connect", lambda connection, _record: raw.teach(connection))
    _bound(engine, pooled=pooled)
    _ask_after_a_pause(engine)
    return engine


def _bound(engine: Engine, *, pooled: bool) -> None:
    """Sessions that wait a bounded time; where a session is lent for a transaction only, each says so itself."""

    def connect(connection: Any, _record: Any) -> None:
        connection.execute("; ".join(f"set {name} = '{value}'" for name, value in SESSION.items()))
        connection.commit()

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("; ".join(f"set local {name} = '{value}'" for name, value in SESSION.items()))

    event.listen(engine, *(("begin", begin) if pooled else ("connect", connect)))


def _ask_after_a_pause(engine: Engine) -> None:
    @event.listens_for(engine, "checkin")
    def checkin(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["left"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        """Asks for a sign of life, but not of a connection that just gave one: every request would pay for that."""
        if time.monotonic() - record.info.get("left", 0) > UNASKED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]
                raise DisconnectionError from error  # the pool drops it, and those that are as old


def _set_up_sqlite(engine: Engine, *, writer: bool) -> None:
    """Durable SQLite: WAL with `synchronous=FULL`, and a write lock that is taken at BEGIN (protocol P6, P16)."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")
        if not writer:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    @event.listens_for(engine, "checkin")
    def checkin(connection: Any, _record: Any) -> None:
        if connection is not None and connection.in_transaction:  # a COMMIT that SQLite refused leaves it open
            connection.rollback()
