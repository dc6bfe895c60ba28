"""Migrations: shipped, reversible, and never apart from the tables that the code declares."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlmodel import SQLModel

from people import NOW
from service.db import Database
from service.migration import alembic_config, prepare
from service.settings import Settings


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
