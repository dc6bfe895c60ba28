"""PostgreSQL behind a pooler in transaction mode: what a transaction needs, it says itself, and it leaves nothing.

Here a session forgets everything between two transactions, which is what a pooler may do to it. The same story through
a real PgBouncer: `PGBOUNCER=/usr/sbin/pgbouncer pytest tests/api/test_pooled.py` (`make soak`, where it is installed).
"""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from people import Province
from pictures import jpeg
from postgres import Postgres, free_port
from service.db import SESSION
from service.settings import Settings

PGBOUNCER = os.environ.get("PGBOUNCER")


@contextmanager
def bouncer(folder: Path, postgres: Postgres) -> Iterator[int]:
    """PgBouncer with two sessions for everybody, so that no transaction meets the one of before for long."""
    port = free_port()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={postgres.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\nauth_file = {folder}/users\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nserver_round_robin = 1\nunix_socket_dir =\n"
    )
    folder.chmod(0o755)
    command = [str(PGBOUNCER), *(["-u", "nobody"] if os.geteuid() == 0 else []), str(folder / "pgbouncer.ini")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            for _ in range(200):
                try:
                    psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=2).close()
                    break
                except psycopg.OperationalError:
                    assert process.poll() is None, (folder / "log").read_text()
            yield port
        finally:
            process.kill()


@pytest.fixture
def pooled(tmp_path: Path, migrated: Path, postgres: Postgres) -> Iterator[Province]:
    url = postgres.fresh("migrated")
    (tmp_path / "pooler").mkdir()
    if PGBOUNCER:
        with bouncer(tmp_path / "pooler", postgres) as port:
            through = url.replace(f":{postgres.port}/", f":{port}/")
            province = Province(tmp_path / "var", migrated, through, database_direct_url=url)
            yield province
            province.close()
    else:
        province = Province(tmp_path / "var", migrated, url, database_direct_url=url)

        @event.listens_for(province.db.writer, "checkin")
        def forget(connection: Any, _record: Any) -> None:
            connection.rollback()
            connection.autocommit = True
            connection.execute("discard all")
            connection.autocommit = False

        yield province
        province.close()
    postgres.drop(url)


def test_a_day_behind_a_pooler(pooled: Province) -> None:
    """More often than the driver needs to prepare a statement, by two at once; news comes over the direct line."""
    lan, minh, tuan = (pooled[name] for name in ("lan", "minh", "tuan"))
    photo = jpeg()
    assert lan.upload(photo).status_code == 201

    def create(number: int) -> str:
        who = (lan, minh)[number % 2]
        result = who.push(who.op("create", set={"title": f"Biên bản {number}"}))["results"][0]
        who.pull()
        return str(result["status"])

    with ThreadPoolExecutor(1) as hand:
        told = [hand.submit(create, number) for number in range(14)]
        seen = [tuan.pull()["cursor"] for _ in range(7)]
        assert [t.result() for t in told] == ["applied"] * 14
    assert len(seen) == 7
    pooled.work()

    def in_force(session: Any) -> dict[str, str]:
        names = {**SESSION, "transaction_isolation": "", "transaction_read_only": ""}
        shown = {name: session.execute(text(f"show {name}")).scalar_one() for name in names}
        assert shown.items() >= (SESSION | {"statement_timeout": "1min"}).items()
        assert session.execute(text("select count(*) from pg_prepared_statements")).scalar_one() == 0
        return {"isolation": shown["transaction_isolation"], "read_only": shown["transaction_read_only"]}

    assert pooled.db.write(in_force) == {"isolation": "read committed", "read_only": "off"}
    assert pooled.db.read(in_force)["isolation"] == "repeatable read"
    assert pooled.db.write(in_force)["isolation"] == "read committed"

    pooled.app.state.wakes.start()
    pooled.app.state.wakes.stop()


def test_what_the_url_says_of_its_own_stays_here() -> None:
    plain = "postgresql+psycopg://u@h/d"
    assert Settings(database_url=plain).db_url == plain
    pooled = Settings(database_url=plain + "?sslmode=require", database_direct_url=plain, database_connections=7)
    assert pooled.db_url == plain + "?sslmode=require&pooler=transaction&connections=7"
    assert pooled.direct_url == plain
