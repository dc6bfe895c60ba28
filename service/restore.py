"""Restoring: a backup into a deployment that has no data. It serves no sync until an operator opens an epoch."""

from pathlib import Path

from alembic import command
from sqlalchemy import inspect
from sqlmodel import Session

from auth.keys import adopt_public, load_keys
from service import backup_files, backup_tables
from service.backup import BackupUnusable, check, tables_of
from service.db import Database
from service.migration import alembic_config, upgrade
from service.settings import Settings
from service.signed_list import Manifest
from service.stores import open_store
from sync import backups, epoch
from sync.instant import milliseconds


def restore(manifest: Manifest, settings: Settings, now: int) -> int:
    """Checks the whole backup, then fills database and store; returns how many objects the store lacked.

    Raises BackupUnusable, with the database as it was, when the backup does not hold or there is data already.
    """
    faults = check(manifest)
    if faults:
        raise BackupUnusable(faults[0])
    _require_empty(settings.db_url)
    brought = backup_files.put_back(open_store(settings), manifest.root, backup_files.listed(manifest.folder))
    command.upgrade(alembic_config(settings.direct_url), manifest.told["revision"])
    database = Database(settings.db_url)
    try:
        database.write(_fill, manifest)
    finally:
        database.close()
    upgrade(settings)
    _finish(manifest, settings, now)
    directory = settings.data_dir / "keys"
    load_keys(directory)
    adopt_public(directory, manifest.told["keys"])
    return brought


def _require_empty(url: str) -> None:
    database = Database(url)
    try:
        if inspect(database.writer).get_table_names():
            raise BackupUnusable("there is a database already; a backup is restored into an empty deployment")
    finally:
        database.close()


def _fill(session: Session, manifest: Manifest) -> None:
    backup_tables.load(session, tables_of(manifest), manifest.told["tables"])
    epoch.close_epoch(session)


def _finish(manifest: Manifest, settings: Settings, now: int) -> None:
    """The database hears of the backup it came from, which was not finished when its snapshot was taken."""
    told = manifest.told
    heads = {scope: seq for scope, seq, _ in told["heads"]}
    database = Database(settings.db_url)
    try:
        at = milliseconds(told["at"])
        taken = backups.Taken(manifest.name, at, told["epoch"], str(Path(manifest.root)), heads)
        database.write(backups.record, taken, now)
    finally:
        database.close()
