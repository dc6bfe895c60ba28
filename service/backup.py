"""Backups (protocol P14, row D9): a snapshot of every table, every file by digest, and a signed manifest written last.

A backup is worth nothing until it was read back: `take` checks what it wrote before the database hears of it. Keys and
the secret are not in it; they are kept apart (QCVN 3.12.2.2).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from auth.keys import SigningKeys
from proof import jws
from proof.logs import ChainCheck
from service import backup_files, backup_tables, signed_list
from service.db import Database
from service.signed_list import Manifest
from storage.keys import of_digest
from storage.store import BlobStore
from sync import backups
from sync.checkpoint import Heads, heads_now
from sync.epoch import current_epoch
from sync.files import backed_up
from sync.instant import iso
from sync.types import Registry

TYP = "mc-backup+jws"
TOLD_AT_ONCE = 5000


class BackupUnusable(Exception):
    """Why a backup cannot be used; one line for people."""


def tables_of(manifest: Manifest) -> Path:
    """Where the tables of a backup lie."""
    return manifest.folder / "tables"


def take(
    database: Database, store: BlobStore, types: Registry, keys: SigningKeys, issuer: str, root: Path, now: int
) -> Manifest:
    """Writes a backup below `root`, reads it back, records it, and tells the records whose files it holds.

    Raises BackupUnusable, Restored, OSError.
    """
    name = f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%S}{now % 1000:03}Z"
    folder = root / name
    told = database.read(_snapshot, folder / "tables")
    files = [row["sha256"] for row in backup_tables.rows(folder / "tables", "blob")]
    objects, missing = backup_files.take(store, root, [*map(of_digest, files), *backup_files.others(store)])
    if missing:
        raise BackupUnusable(f"{len(missing)} files are missing or damaged in the store, {missing[0]} first")
    told |= {"iss": issuer, "name": name, "at": iso(now), "objects": backup_files.list_in(folder, objects)}
    made = signed_list.write(root, name, keys, TYP, told)
    faults = check(made)
    if faults:
        raise BackupUnusable(f"what was written cannot be read back: {faults[0]}")
    heads = {scope: seq for scope, seq, _ in told["heads"]}
    taken = backups.Taken(name, now, told["epoch"], str(root), heads)
    database.write(backups.record, taken, now)
    for start in range(0, len(files), TOLD_AT_ONCE):
        database.write(backed_up, types, files[start : start + TOLD_AT_ONCE], now)
    return made


def _snapshot(session: Session, folder: Path) -> dict[str, Any]:
    epoch, revision = current_epoch(session), backup_tables.revision(session)
    heads: Heads = heads_now(session)
    listed = [[scope, seq, head.hex()] for scope, (seq, head) in sorted(heads.items())]
    return {"epoch": epoch, "revision": revision, "heads": listed, "tables": backup_tables.dump(session, folder)}


def newest(root: Path) -> str:
    """The name of the newest whole backup below `root`. Raises BackupUnusable."""
    names = sorted(path.parent.name for path in root.glob(f"*/{signed_list.NAME}"))
    if not names:
        raise BackupUnusable(f"there is no whole backup in {root}")
    return names[-1]


def read_manifest(root: Path, name: str, keys: SigningKeys | None) -> Manifest:
    """Raises BackupUnusable unless the manifest is signed: by one of `keys`, or else by a key that it brings itself."""
    try:
        return signed_list.read(root, name, keys, TYP)
    except OSError as error:
        raise BackupUnusable(f"the manifest of {name} cannot be read") from error
    except jws.NotSigned as error:
        raise BackupUnusable(f"the manifest of {name} is not signed") from error


def check(manifest: Manifest) -> list[str]:
    """Faults of a backup: every byte of it is read, and every log in it is followed from its start to its head."""
    return signed_list.checked(_faults(manifest))


def _faults(manifest: Manifest) -> Iterator[str]:
    for table, (_, digest) in manifest.told["tables"].items():
        if backup_tables.file_digest(backup_tables.path_of(tables_of(manifest), table)) != digest:
            yield f"table {table} is damaged"
            return
    if not backup_files.list_holds(manifest.folder, manifest.told["objects"]):
        yield "the list of objects is damaged"
        return
    objects = backup_files.listed(manifest.folder)
    yield from backup_files.damaged(manifest.root, objects)
    here = {sha256 for _, sha256, _ in objects}
    lost = [row["sha256"] for row in backup_tables.rows(tables_of(manifest), "blob") if row["sha256"] not in here]
    yield from (f"file {sha256} is not in the backup" for sha256 in lost)
    yield from _log_faults(manifest)


def _log_faults(manifest: Manifest) -> Iterator[str]:
    """Follows the chains; a row of a log whose op was erased is checked by its digest alone."""
    check = ChainCheck()
    for op in backup_tables.rows(tables_of(manifest), "op"):
        check.body(op["op_id"], op["salt"], op["body"])
    for entry in backup_tables.rows(tables_of(manifest), "change_log"):
        check.entry(entry)
    yield from check.faults
    if check.heads() != [tuple(head) for head in manifest.told["heads"]]:
        yield "the logs do not end at their heads"
