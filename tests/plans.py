"""How the database would answer a query, in its own words."""

import re

from sqlalchemy import Executable

from service.db import Database

# What no query that is asked again and again may do: sort much, or look at every row of a table.
COSTLY = re.compile(r"\bSort\b|Seq Scan|TEMP B-TREE|\bSCAN\b")


def plan(database: Database, query: Executable) -> str:
    """The lines of `explain`, without running the query."""
    dialect = database.reader.dialect
    sql = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    word = "explain query plan" if database.is_sqlite else "explain"
    with database.reader.connect() as connection:
        return "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(f"{word} {sql.replace('%', '%%')}"))
