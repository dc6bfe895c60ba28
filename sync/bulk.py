"""Many rows in one statement, and many values in one parameter: the same calls on both databases.

PostgreSQL takes all rows as one JSON document, which costs it and the driver least; SQLite runs one prepared statement
row by row, in process. Statements are made once for a table.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Executable,
    LargeBinary,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Rows = Sequence[dict[str, Any]]  # all with the same keys: names of columns


def insert(session: Session, table: type[SQLModel], rows: Rows) -> None:
    """Adds rows; one that is there already is an integrity error."""
    _run(session, table, rows, None)


def upsert(session: Session, table: type[SQLModel], rows: Rows) -> None:
    """Adds rows, or puts them in the place of those with the same primary key. A key stands in `rows` once."""
    _run(session, table, rows, "replace")


def insert_missing(session: Session, table: type[SQLModel], rows: Rows) -> None:
    """Adds the rows whose primary key is not there yet."""
    _run(session, table, rows, "keep")


def insert_new(session: Session, table: type[SQLModel], row: dict[str, Any]) -> bool:
    """Adds one row; False where its primary key is there already."""
    target: Table = table.__table__  # type: ignore[attr-defined]
    kind = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = kind.insert(target).values(row).on_conflict_do_nothing().returning(*target.primary_key)
    return session.execute(statement).first() is not None


def among(session: Session, column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`column in values`, as one parameter where the database takes arrays."""
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(values)  # type: ignore[no-any-return]
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type), unique=True))  # type: ignore[no-any-return]


def _run(session: Session, table: type[SQLModel], rows: Rows, there: str | None) -> None:
    if not rows:
        return
    target: Table = table.__table__  # type: ignore[attr-defined]
    names = tuple(rows[0])
    if session.get_bind().dialect.name == "sqlite":
        session.connection().execute(_by_row(target, names, there), list(rows))
    else:
        document = orjson.dumps(rows, default=bytes.hex).decode()
        session.connection().execute(_by_document(target, names, there), {"document": document})


@cache
def _by_row(table: Table, names: tuple[str, ...], there: str | None) -> Executable:
    statement = sqlite.insert(table).values({name: bindparam(name) for name in names})
    return _agree(statement, table, names, there)


@cache
def _by_document(table: Table, names: tuple[str, ...], there: str | None) -> Executable:
    columns = [table.c[name] for name in names]
    given = (
        func.json_to_recordset(cast(bindparam("document", type_=Text), postgresql.JSON))
        .table_valued(*(column(c.name, Text() if _binary(c) else c.type) for c in columns))
        .render_derived(with_types=True)
    )
    values = [func.decode(given.c[c.name], "hex") if _binary(c) else given.c[c.name] for c in columns]
    return _agree(postgresql.insert(table).from_select(list(names), select(*values)), table, names, there)


def _binary(column_: Column[Any]) -> bool:
    """JSON has no bytes; they travel as hex."""
    return isinstance(column_.type, LargeBinary)


def _agree(statement: Any, table: Table, names: tuple[str, ...], there: str | None) -> Executable:
    """Says what becomes of a row whose primary key is there already."""
    keys = [c.name for c in table.primary_key]
    if there == "keep":
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    elif there == "replace":
        values = {name: statement.excluded[name] for name in names if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    return statement  # type: ignore[no-any-return]
