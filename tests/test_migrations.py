"""Migrations: shipped, reversible, and never apart from the tables that the code declares."""

import uuid
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, create_engine, inspect, select
from sqlmodel import SQLModel, col

from auth.models import Membership
from auth.principal import Role
from people import DA_MAI, NOW, YEAR, Province
from programme.models import DeskItem
from service.db import Database
from service.migration import alembic_config, prepare
from service.settings import Settings
from sync.models import Op, ScopeHead

DAY = 86_400_000
FIRST = "20261123_first_tables"


def drift(url: str) -> list[object]:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    return list(found)


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return found


def test_an_upgraded_database_is_what_the_code_declares(empty_url: str) -> None:
    command.upgrade(alembic_config(empty_url), "head")
    assert drift(empty_url) == []


def test_up_down_up(empty_url: str) -> None:
    config = alembic_config(empty_url)
    command.upgrade(config, "head")
    made = tables(empty_url)
    command.downgrade(config, "base")
    assert tables(empty_url) == set()
    command.upgrade(config, "head")
    assert tables(empty_url) == made
    assert drift(empty_url) == []


def test_drift_would_be_seen(empty_url: str) -> None:
    command.upgrade(alembic_config(empty_url), "head")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("alter table unit add column colour varchar")
    engine.dispose()
    assert drift(empty_url) != []


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first, again = prepare(settings, NOW), prepare(settings, NOW + 1)
    assert "340 records written" in first
    assert " 0 records written" in again


def test_sqlite_is_set_up_for_durability(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    prepare(settings, NOW)
    database = Database(settings.db_url)
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    for engine in (database.writer, database.reader):
        with engine.connect() as connection:
            found = {p: connection.exec_driver_sql(f"pragma {p}").scalar() for p in pragmas}
        assert found == pragmas
    with database.reader.connect() as connection:
        assert connection.exec_driver_sql("pragma query_only").scalar() == 1
    database.close()


def test_what_was_there_before_a_release_is_found_in_the_tables_that_it_adds(province: Province) -> None:
    """Down to the first tables with everything that people wrote, and up again: each migration fills what it adds."""
    waited = at_work(province)
    desk, *others = filled(province)
    assert (len(desk), {scope for _, scope in others[-1]}) == (12, {f"{DA_MAI}/{YEAR}", None})
    told = shown(province)
    province.db.close()
    config = alembic_config(province.settings.direct_url)
    command.downgrade(config, FIRST)
    command.upgrade(config, "head")
    now, *same = filled(province)
    assert same == others
    # Of a time before the desk it is only known when a piece has last changed.
    assert now == {(*row[:-1], NOW + DAY if row[0] in waited else row[-1]) for row in desk}
    assert shown(province) == told


def at_work(province: Province) -> set[str]:
    """Evidence of every state and shape, ops that wait and that were refused, a role that ended.

    Returns the ids of what has changed without coming to another state.
    """
    lan = province["lan"]
    province.grant("lan", DA_MAI, Role.UNIT_EDITOR)
    paper = {"title": "Nghị quyết", "kind": "resolution", "criteria": ["PH-A01", "PH-A02"]}
    made = [lan.does("create", type="document", set=paper)["record"] for _ in range(3)]
    verified, moved, edited = made
    lan.does("create", type="photo", set={"title": "Ra quân", "draft": True})
    gone = lan.does("create", type="patrol_log", set={"title": "Tuần tra"})["record"]
    lan.does("create", set={"title": "Họp tổ"})
    lan.does("create", type="monthly_report", set={"month": f"{YEAR}-09"})
    province.clock.advance(DAY)
    assert province["tuan"].decides(verified, "verified").status_code == 200
    refused = lan.push(
        lan.op("move", moved["id"], type="document", base_ver=1, unit=DA_MAI),
        lan.op("delete", gone["id"], type="patrol_log", base_ver=1),
        lan.op("patch", edited["id"], type="document", base_ver=1, set={"title": "Nghị quyết 01"}),
        lan.op("patch", str(uuid.uuid4()), unit=DA_MAI, base_ver=1, set={"title": "Sửa sớm"}),
        lan.op("create", unit=DA_MAI, set={"title": 7}),
        lan.op("create", scope="không ở đâu"),
    )["results"]
    assert [r["status"] for r in refused] == ["applied"] * 3 + ["held"] + ["rejected"] * 2
    province.revoke("lan", DA_MAI, Role.UNIT_EDITOR)
    return {moved["id"], edited["id"]}


def filled(province: Province) -> list[set[Any]]:
    """Rows that a migration made of what was there: desk items, heads of scopes, roles, scopes of open ops."""
    tables: list[Table] = [m.__table__ for m in (DeskItem, ScopeHead, Membership)]  # type: ignore[attr-defined]
    ops = select(col(Op.op_id), col(Op.scope)).where(col(Op.status).in_(("held", "rejected")))
    queries = [*map(select, tables), ops]
    return [province.db.read(lambda s, q=q: set(map(tuple, s.execute(q)))) for q in queries]


def shown(province: Province) -> list[Any]:
    """The same on the screens of people."""
    lan, tuan = province["lan"], province["tuan"]
    queue = tuan.get("/v1/reviews/queue").json()["records"]
    ops = lan.get("/v1/ops", status=["held", "rejected"]).json()["ops"]
    return [sorted(r["id"] for r in queue), ops, tuan.pull()["count_digest"], lan.get("/v1/auth/me").json()["grants"]]
