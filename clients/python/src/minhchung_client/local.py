"""The one database of a device: all its state, in transactions. Objects over it can be thrown away at any moment."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from minhchung_client.schema import SCHEMA, SCHEMA_MARK


class Local:
    """Tables and named values in `connection`, which has to be in autocommit mode."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        if connection.execute("pragma user_version").fetchone()[0] != SCHEMA_MARK:
            connection.executescript(f"{SCHEMA}pragma user_version = {SCHEMA_MARK};")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is inside, durably, or none of it."""
        self.connection.execute("begin immediate")
        try:
            yield self.connection
            self.connection.execute("commit")
        except BaseException:
            with suppress(sqlite3.OperationalError):  # on a full disk SQLite may have done so by itself
                self.connection.execute("rollback")
            raise

    def get(self, name: str) -> str | None:
        row = self.connection.execute("select value from meta where name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.connection.execute("delete from meta where name = ?", (name,))
        else:
            self.connection.execute("insert or replace into meta values (?, ?)", (name, value))

    def receipts(self) -> list[str]:
        """What the service has signed for this device's ops: compact JWS, each naming the ops it covers."""
        return [jws for (jws,) in self.connection.execute("select jws from receipt order by id")]
