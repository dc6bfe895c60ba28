"""Stored JSON as the bytes that it is: a page of a pull is neither decoded by the driver nor encoded again."""

from typing import Any

from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import ColumnElement, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType


class _Bytes(UserDefinedType[bytes]):
    """On SQLite a blob. On PostgreSQL `bpchar`, as which text is told without a change, and which nothing else uses."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "BLOB"


@compiles(_Bytes, "postgresql")
def _bpchar(_type: _Bytes, _compiler: Any, **_options: Any) -> str:
    return "bpchar"


class _AsItIs(Loader):
    format = Format.TEXT
    load: Any = bytes  # a builtin: no call of Python for a value


def teach(connection: Any) -> None:
    """Makes a connection to PostgreSQL give what `raw` selects as bytes."""
    connection.adapters.register_loader("bpchar", _AsItIs)


def raw(text: ColumnElement[str]) -> ColumnElement[bytes]:
    """The UTF-8 of a column of text."""
    return cast(text, _Bytes)
