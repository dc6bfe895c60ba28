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
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Executable,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Session, SQLModel

Rows = Sequence[dict[str, Any]]  # all with the same keys: names of columns


def table(model: type[SQLModel]) -> Table:
    """The table of a model: statements of the hot paths are made of its columns, once, and know nothing of objects."""
    made: Table = model.__table__  # type: ignore[attr-defined]
    return made


def insert(session: Session, model: type[SQLModel], rows: Rows) -> None:
    """Adds rows; one that is there already is an integrity error."""
    _run(session, model, rows, None)


def upsert(session: Session, model: type[SQLModel], rows: Rows) -> None:
    """Adds rows, or puts them in the place of those with the same primary key. A key stands in `rows` once."""
    _run(session, model, rows, "replace")


def insert_missing(session: Session, model: type[SQLModel], rows: Rows) -> None:
    """Adds the rows whose primary key is not there yet."""
    _run(session, model, rows, "keep")


def insert_new(session: Session, model: type[SQLModel], row: dict[str, Any]) -> bool:
    """Adds one row; False where its primary key is there already."""
    target = table(model)
    kind = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = kind.insert(target).values(row).on_conflict_do_nothing().returning(*target.primary_key)
    return session.execute(statement).first() is not None


def among(column: Any, values: Collection[Any] | str) -> ColumnElement[bool]:
    """`column in values`, as one parameter however many they are.

    `values` as a text is the name of that parameter, for a statement that is made once.
    """
    kind = _Many(column.type)
    if isinstance(values, str):
        return _Among(column, bindparam(values, type_=kind))
    return _Among(column, bindparam(None, list(values), type_=kind, unique=True))


class _Many(TypeDecorator[Collection[Any]]):
    """Values of one type as one parameter: an array, or JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.item))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return orjson.dumps(list(value)).decode() if dialect.name == "sqlite" else list(value)


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_Among":  # noqa: ARG002
        """As it is: the `= 1` that a database without booleans would get behind it keeps SQLite from its indexes."""
        return self


@compiles(_Among)
def _is_any(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _is_in(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # clauses that the compiler made


def _run(session: Session, model: type[SQLModel], rows: Rows, there: str | None) -> None:
    if not rows:
        return
    target = table(model)
    names = tuple(rows[0])
    if session.get_bind().dialect.name == "sqlite":
        session.connection().execute(_by_row(target, names, there), list(rows))
    else:
        document = orjson.dumps(rows, default=bytes.hex).decode()
        session.connection().execute(_by_document(target, names, there), {"document": document})


@cache
def _by_row(target: Table, names: tuple[str, ...], there: str | None) -> Executable:
    statement = sqlite.insert(target).values({name: bindparam(name) for name in names})
    return _agree(statement, target, names, there)


@cache
def _by_document(target: Table, names: tuple[str, ...], there: str | None) -> Executable:
    columns = [target.c[name] for name in names]
    given = (
        func.json_to_recordset(cast(bindparam("document", type_=Text), postgresql.JSON))
        .table_valued(*(column(c.name, Text() if _binary(c) else c.type) for c in columns))
        .render_derived(with_types=True)
    )
    values = [func.decode(given.c[c.name], "hex") if _binary(c) else given.c[c.name] for c in columns]
    return _agree(postgresql.insert(target).from_select(list(names), select(*values)), target, names, there)


def _binary(column_: Column[Any]) -> bool:
    """JSON has no bytes; they travel as hex."""
    return isinstance(column_.type, LargeBinary)


def _agree(statement: Any, target: Table, names: tuple[str, ...], there: str | None) -> Executable:
    """Says what becomes of a row whose primary key is there already."""
    keys = [c.name for c in target.primary_key]
    if there == "keep":
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    elif there == "replace":
        values = {name: statement.excluded[name] for name in names if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    return statement  # type: ignore[no-any-return]
