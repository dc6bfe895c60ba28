"""Every table of a database as files, and back: one form for SQLite and PostgreSQL, so a backup of one restores to the
other. Tables are read as the database has them, not as the models say, so that an old backup keeps its old shape.

`<table>.jsonl.gz`: the names of the columns on the first line, then a row a line; bytes are `{"b64": …}`.
"""

import gzip
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import MetaData, Table, insert, select, text
from sqlmodel import Session

VERSION = "alembic_version"
AT_ONCE = 2000
Tables = dict[str, list[Any]]  # table -> [rows, SHA-256 of its file in hex]


def revision(session: Session) -> str:
    """The migration that the database is at."""
    return str(session.connection().execute(text(f"select version_num from {VERSION}")).scalar_one())  # noqa: S608


def dump(session: Session, folder: Path) -> Tables:
    """Writes all tables of one snapshot into `folder`."""
    folder.mkdir(parents=True)
    return {table.name: _dump_table(session, table, path_of(folder, table.name)) for table in _reflected(session)}


def _reflected(session: Session) -> list[Table]:
    """Tables in an order in which each comes after those it refers to."""
    metadata = MetaData()
    metadata.reflect(bind=session.connection())
    return [table for table in metadata.sorted_tables if table.name != VERSION]


def path_of(folder: Path, table: str) -> Path:
    return folder / f"{table}.jsonl.gz"


def _dump_table(session: Session, table: Table, path: Path) -> list[Any]:
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=AT_ONCE)
    count = 0
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0, filename="") as file:
        file.write(orjson.dumps([column.name for column in table.columns]) + b"\n")
        for row in session.connection().execute(query):
            file.write(orjson.dumps([_plain(value) for value in row]) + b"\n")
            count += 1
    return [count, file_digest(path)]


def _plain(value: Any) -> Any:
    return {"b64": b64encode(value).decode()} if isinstance(value, bytes) else value


def _native(value: Any) -> Any:
    return b64decode(value["b64"]) if isinstance(value, dict) else value


def file_digest(path: Path) -> str:
    """SHA-256 in hex; the file is not held in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rows(folder: Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a dumped table, by name of column. Raises OSError, ValueError for what `dump` did not write."""
    with gzip.open(path_of(folder, table), "rb") as file:
        names = orjson.loads(file.readline())
        for line in file:
            yield dict(zip(names, map(_native, orjson.loads(line)), strict=True))


def load(session: Session, folder: Path, tables: Tables) -> None:
    """Fills the tables of a database that is at the revision of the dump. Raises ValueError where one is not empty."""
    for table in _reflected(session):
        if session.connection().execute(select(table).limit(1)).first() is not None:
            session.connection().execute(table.delete())  # what a migration itself puts in
        if table.name in tables:
            _load_table(session, table, folder)


def _load_table(session: Session, table: Table, folder: Path) -> None:
    some: list[dict[str, Any]] = []
    for row in rows(folder, table.name):
        some.append(row)
        if len(some) == AT_ONCE:
            session.connection().execute(insert(table), some)
            some = []
    if some:
        session.connection().execute(insert(table), some)
    key = table.autoincrement_column
    if key is not None and session.get_bind().dialect.name == "postgresql":
        go_on = (
            f"select setval(pg_get_serial_sequence('{table.name}', '{key.name}'), max({key.name})) from {table.name}"  # noqa: S608
        )
        session.connection().execute(text(go_on))
