"""A commit that the database refuses is over: the next writer finds a clean connection."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.db import Database

TABLES = (
    "create table parent (id integer primary key)",
    "create table child (parent integer references parent (id) deferrable initially deferred)",
)


def test_a_refused_commit_does_not_stop_those_who_write_after_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'some.db'}")

    def run(session: Session, *statements: str) -> None:
        for statement in statements:
            session.execute(text(statement))

    database.write(run, *TABLES)
    with pytest.raises(IntegrityError):  # SQLite looks at a deferred reference when it commits, and not before
        database.write(run, "insert into child values (1)")
    database.write(run, "insert into parent values (1)", "insert into child values (1)")
    assert database.read(lambda session: session.execute(text("select count(*) from child")).scalar_one()) == 1
    database.close()
