"""Why the feed is numbered under a lock: other cursors lose rows on the very same PostgreSQL (protocol §D, §F)."""

import os
import threading

import psycopg
import pytest

from postgres import Postgres

SECONDS = float(os.environ.get("SOAK_SECONDS", "1"))
TABLES = """
create table head (s int primary key, seq bigint);
insert into head values (1, 0);
create table log (id bigserial primary key, seq bigint, ts timestamptz default now());
create index on log (seq);
create index on log (ts);
"""
WRITE = {
    "head": "do $$ declare n bigint; begin perform pg_sleep(random() * 0.006);"
    " update head set seq = seq + 1 where s = 1 returning seq into n; insert into log (seq) values (n); end $$",
    "timestamp": "do $$ begin insert into log default values; perform pg_sleep(random() * 0.006); end $$",
    "sequence": "do $$ begin insert into log default values; perform pg_sleep(random() * 0.006); end $$",
}
READ = {
    "head": ("seq", "0"),
    "timestamp": ("ts", "'epoch'"),
    "sequence": ("id", "0"),
}


def play(dsn: str, cursor: str) -> tuple[int, int]:
    """Eight writers and one reader that follows by `cursor`: rows committed, and how many of them it never saw."""
    column, start = READ[cursor]
    until = f"clock_timestamp() + interval '{SECONDS} seconds'"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        end = connection.execute(f"select {until}".encode()).fetchone()
    done, seen = threading.Event(), set()

    def write() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            while connection.execute("select clock_timestamp() < %s", end).fetchone() == (True,):
                connection.execute(WRITE[cursor].encode())

    def follow() -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            last = connection.execute(f"select {start}::{'timestamptz' if column == 'ts' else 'bigint'}".encode())
            at, ending = last.fetchone()[0], False  # type: ignore[index]
            while True:
                query = f"select id, {column} from log where {column} > %s order by {column} limit 500"
                rows = connection.execute(query.encode(), (at,)).fetchall()
                seen.update(row[0] for row in rows)
                at = rows[-1][1] if rows else at
                if ending and not rows:
                    return
                ending = done.is_set()
                connection.execute("select pg_sleep(0.002)")

    reader, writers = threading.Thread(target=follow), [threading.Thread(target=write) for _ in range(8)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select id, seq from log order by id").fetchall()
    if cursor == "head":
        assert sorted(row[1] for row in rows) == list(range(1, len(rows) + 1)), "a gap"
    return len(rows), len({row[0] for row in rows} - seen)


@pytest.mark.parametrize("cursor", READ)
def test_only_a_number_taken_under_the_lock_of_its_scope_loses_nothing(postgres: Postgres, cursor: str) -> None:
    committed, missed = play(postgres.fresh().replace("+psycopg", ""), cursor)
    assert committed > 20
    assert missed == 0 if cursor == "head" else missed > 0, f"{missed} of {committed}"
