"""Writers of SQLite that wait for each other share a commit, and none pays for another's failure."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from service.db import Database


class Refused(Exception):
    """A domain failure, whose transaction must leave nothing."""


def put(session: Session, number: int) -> int:
    session.execute(text(f"insert into n values ({number})"))
    if number == 5:
        raise Refused
    return number


def count(database: Database) -> int:
    return int(database.read(lambda session: session.execute(text("select count(*) from n")).scalar_one()))


@pytest.mark.parametrize("clash", [False, True], ids=["with a refusal", "with a row that is there"])
def test_those_who_wait_commit_together_and_fail_apart(tmp_path: Path, clash: bool) -> None:
    database = Database(f"sqlite:///{tmp_path / 'some.db'}")
    database.write(lambda session: session.execute(text("create table n (n integer primary key)")))
    commits: list[object] = []
    event.listen(database.writer, "commit", commits.append)
    begun, go_on = Event(), Event()

    def slow(session: Session) -> None:
        put(session, 100)
        begun.set()
        go_on.wait()

    with ThreadPoolExecutor(10) as people:
        first = people.submit(database.write, slow)
        begun.wait()
        others = [people.submit(database.write, put, 100 if clash and n == 3 else n) for n in range(8)]
        while len(database._together._queue) < 8:  # type: ignore[union-attr]  # all of them wait
            pass
        go_on.set()
        first.result()
    refused = {n: other.exception() for n, other in enumerate(others) if other.exception()}
    assert isinstance(refused.pop(5), Refused)
    assert {n: type(error) for n, error in refused.items()} == ({3: IntegrityError} if clash else {})
    assert [other.result() for n, other in enumerate(others) if n not in {5, *refused}] == [
        n for n in range(8) if n not in {5, *refused}
    ]
    assert count(database) == 8 - len(refused)
    assert clash or len(commits) == 2  # that of the first, and one for all who waited
    database.close()
