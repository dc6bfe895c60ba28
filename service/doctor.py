"""What is wrong with a deployment, and what to do about it; looks at everything, changes nothing but a probe object.

Each check yields findings: a code of `doctor.yaml`, which holds the texts and the one thing to do, and what fills them.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import BaseModel
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from programme.transitions import IN_HAND
from service.boot import unsafe
from service.db import Database
from service.migration import alembic_config
from service.settings import Settings
from service.stores import open_mirror, open_store
from storage.errors import StorageError
from storage.scanner import ready
from storage.store import BlobStore
from sync import stock
from sync.epoch import is_restored

MINUTE, DAY = 60_000, 86_400_000
PROBE = "probe/doctor"
LITTLE, LEAST = 5 * 2**30, 2**29  # free bytes
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class Text(BaseModel):
    """One row of `doctor.yaml`: how bad it is, what is so, and what to do."""

    level: Literal["bad", "look"]
    vi: str
    en: str
    do_vi: str
    do_en: str


@dataclass(frozen=True, slots=True)
class Found:
    """A code, and what its texts name."""

    code: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patient:
    """A deployment as its settings describe it; `now` in ms."""

    settings: Settings
    database: Database
    now: int


@cache
def texts() -> dict[str, Text]:
    """Every finding that there can be, by code."""
    raw = yaml.safe_load(files("service").joinpath("doctor.yaml").read_text(encoding="utf-8"))
    return {code: Text(**row) for code, row in raw.items()}


def examine(settings: Settings, now: int) -> list[Found]:
    """All findings; empty for a deployment that is well."""
    if not settings.data_dir.is_dir():
        return [Found("folder_missing", {"folder": settings.data_dir})]
    database = Database(settings.db_url)
    try:
        patient = Patient(settings, database, now)
        return [found for check in CHECKS for found in check(patient)]
    finally:
        database.close()


def _settings(patient: Patient) -> Iterator[Found]:
    for reason in unsafe(patient.settings):
        yield Found("settings_unsafe", {"reason": reason})
    folder = patient.settings.data_dir
    for path in [*sorted((folder / "keys").glob("**/*")), folder / "secret"]:
        if path.is_file() and path.stat().st_mode & 0o077:
            yield Found("key_readable", {"file": path.relative_to(folder)})


def _disk(patient: Patient) -> Iterator[Found]:
    free = shutil.disk_usage(patient.settings.data_dir).free
    if free < LITTLE:
        yield Found("disk_full" if free < LEAST else "disk_low", {"free": free // 2**20})


def _database(patient: Patient) -> Iterator[Found]:
    try:
        version = patient.database.read(_version)
    except SQLAlchemyError as error:
        yield Found("database_unreachable", {"error": type(error).__name__})
        return
    newest = set(ScriptDirectory.from_config(alembic_config(patient.settings.db_url)).get_heads())
    if version != newest:
        yield Found("database_behind", {"version": ", ".join(sorted(version)) or "-"})
        return
    yield from patient.database.read(_inside, patient.settings, patient.now)


def _version(session: Session) -> set[str]:
    return set(MigrationContext.configure(session.connection()).get_current_heads())


def _inside(session: Session, settings: Settings, now: int) -> list[Found]:
    """What the database says of itself and of its work."""
    found = [Found("database_careless", {"setting": name}) for name in _careless(session)]
    if session.get_bind().dialect.name == "postgresql":
        apart = abs(session.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one() * 1000 - now)
        if apart > 5000:
            found.append(Found("clocks_apart", {"seconds": round(apart / 1000)}))
    if is_restored(session):
        found.append(Found("restored", {}))
    found += _work(stock.take(session, IN_HAND, now), settings, now)
    return found


def _careless(session: Session) -> list[str]:
    """Settings with which PostgreSQL may forget what it has acknowledged when the power fails; ours sets SQLite's."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    off = text("select name from pg_settings where name = any(:names) and setting = 'off'")
    return sorted(session.scalars(off, {"names": list(DURABLE)}))


def _work(waits: stock.Stock, settings: Settings, now: int) -> Iterator[Found]:
    if waits.oldest_job is not None and now - waits.oldest_job > 10 * MINUTE:
        yield Found("worker_stopped", {"minutes": (now - waits.oldest_job) // MINUTE})
    if waits.jobs_given_up:
        yield Found("jobs_given_up", {"n": waits.jobs_given_up})
    if waits.ops["held"] or waits.ops["rejected"]:
        yield Found("ops_open", waits.ops)
    if waits.backup_taken is None:
        yield Found("backup_none", {})
    elif now - waits.backup_taken > DAY + 120 * MINUTE:
        yield Found("backup_old", {"hours": (now - waits.backup_taken) // (60 * MINUTE)})
    if waits.files_without_copy and (settings.mirror_dir or settings.mirror_bucket):
        yield Found("files_without_copy", {"n": waits.files_without_copy})


def _stores(patient: Patient) -> Iterator[Found]:
    yield from _tried("store_broken", lambda: open_store(patient.settings, patient.database))
    if patient.settings.mirror_dir is None and patient.settings.mirror_bucket is None:
        yield Found("mirror_none", {})
    else:
        yield from _tried("mirror_broken", lambda: open_mirror(patient.settings, patient.database))


def _tried(code: str, opened: Callable[[], BlobStore | None]) -> Iterator[Found]:
    """Puts an object, reads it and removes it."""
    try:
        store = opened()
        if store is None:
            return
        try:
            store.put(PROBE, b"probe")
            whole = b"".join(store.read(PROBE)) == b"probe"
        finally:
            with suppress(StorageError):
                store.delete(PROBE)
    except (StorageError, OSError, ValueError) as error:
        yield Found(code, {"error": type(error).__name__})
        return
    if not whole:
        yield Found(code, {"error": "other bytes"})


def _scanner(patient: Patient) -> Iterator[Found]:
    if patient.settings.clamd is None:
        yield Found("scanner_none", {})
    elif not ready(patient.settings.clamd):
        yield Found("scanner_away", {"address": patient.settings.clamd})


CHECKS = (_settings, _disk, _database, _stores, _scanner)
