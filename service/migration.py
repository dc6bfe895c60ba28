"""Alembic from inside the wheel, and the province in a fresh database."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from programme.province import load_province
from service.db import Database
from service.settings import Settings
from service.stores import prepare_store
from sync.epoch import ensure_epoch


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the migrations that are shipped as a package."""
    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.attributes["url"] = url
    return config


def upgrade(settings: Settings) -> None:
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(settings.direct_url), "head")


def prepare(settings: Settings, now: int) -> str:
    """Upgrades the database, opens its first epoch, loads units and criteria, makes the bucket.

    Harmless when done before. Returns a line for people.
    """
    upgrade(settings)
    database = Database(settings.db_url)
    try:
        database.write(ensure_epoch, now)
        loaded = database.write(load_province, settings.programme_year, now)
        prepare_store(settings, database)
    finally:
        database.close()
    place = Path(settings.db_url.removeprefix("sqlite:///")).name if settings.database_url is None else "database"
    return f"{place}: {loaded}"
