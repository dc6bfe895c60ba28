"""The archive of a year: what every scope of it holds and the log that proves it, all files, a table of contents.

It is for whoever has to keep the year when the service is long gone: each log is a bundle of `proof/bundle.py`, each
file lies under its digest, records are JSON lines as phones pull them. The list of it all is signed and written last;
nothing counts before it was read back. The database keeps what it has: an archive is a copy, not a move.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlmodel import Session

from auth.keys import SigningKeys
from auth.principal import RESTRICTED
from proof import bundle, jws
from service import backup_files, signed_list
from service.backup_tables import file_digest
from service.bundles import make_bundle
from service.db import Database
from service.signed_list import Manifest
from service.tables import csv_bytes
from storage.keys import of_digest
from storage.store import BlobStore
from sync.checkpoint import heads_now
from sync.desk import open_in
from sync.instant import iso
from sync.proof import Evidence, evidence
from sync.quarantine import kept_apart
from sync.records import all_in
from sync.waiting import owing

TYP = "mc-archive+jws"
CONTENTS = "contents.csv"
COLUMNS = {
    "unit": "Đơn vị", "type": "Loại", "codes": "Mã minh chứng", "title": "Tên", "state": "Trạng thái",
    "ver": "Phiên bản", "id": "Mã bản ghi", "files": "Tệp (SHA-256)",
}  # fmt: skip


class ArchiveUnusable(Exception):
    """Why an archive cannot be used; one line for people."""


@dataclass(frozen=True, slots=True)
class Held:
    """One scope on one snapshot: its log, its records as JSON, and which of its files may not leave the house."""

    log: Evidence
    docs: list[str]
    apart: set[str]
    open: int
    owing: int


def write(
    database: Database, store: BlobStore, keys: SigningKeys, issuer: str, root: Path, year: int, now: int
) -> Manifest:
    """Writes the archive of `year` below `root` and reads it back. Raises ArchiveUnusable, Restored, OSError.

    Scopes whose processing is restricted stay out, and so do files that are kept apart; both are counted.
    """
    folder = root / str(year)
    if (folder / signed_list.NAME).exists():
        raise ArchiveUnusable(f"{folder} holds an archive already; choose another folder")
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    (folder / "records").mkdir(exist_ok=True)
    scopes = [scope for scope in sorted(database.read(heads_now)) if scope.endswith(f"/{year}")]
    told: dict[str, Any] = {"iss": issuer, "year": year, "at": iso(now), "open": 0, "owing": 0, "scopes": {}}
    told["restricted"] = sum(scope.startswith(RESTRICTED) for scope in scopes)
    files: set[str] = set()
    apart: set[str] = set()
    contents: list[dict[str, Any]] = []
    for scope in scopes:
        if scope.startswith(RESTRICTED):
            continue
        held = database.read(_held, scope)
        told["scopes"][scope] = _put(folder, scope, held, make_bundle(held.log, scope, store, keys, issuer, now))
        told["open"], told["owing"] = told["open"] + held.open, told["owing"] + held.owing
        files.update(held.log.files)
        apart |= held.apart
        contents += map(_line, held.docs)
    objects, missing = backup_files.take(store, root, [of_digest(sha256) for sha256 in sorted(files - apart)])
    if missing:
        raise ArchiveUnusable(f"{len(missing)} files are missing or damaged in the store, {missing[0]} first")
    (folder / CONTENTS).write_bytes(csv_bytes(contents, COLUMNS))
    told |= {"apart": sorted(apart), "objects": backup_files.list_in(folder, objects)}
    told |= {"records": len(contents), "contents": file_digest(folder / CONTENTS)}
    made = signed_list.write(root, str(year), keys, TYP, told)
    if faults := check(made):
        raise ArchiveUnusable(f"what was written cannot be read back: {faults[0]}")
    return made


def _held(session: Session, scope: str) -> Held:
    log = evidence(session, scope)
    docs = list(all_in(session, scope))
    return Held(log, docs, kept_apart(session, log.files), open_in(session, scope), len(owing(session, scope)))


def _put(folder: Path, scope: str, held: Held, proved: bytes) -> list[Any]:
    """Writes the log and the records of a scope; returns their digests."""
    log, records = _places(folder, scope)
    log.write_bytes(proved)
    records.write_bytes("".join(f"{doc}\n" for doc in held.docs).encode())
    return [file_digest(log), file_digest(records)]


def _places(folder: Path, scope: str) -> tuple[Path, Path]:
    name = f"{scope.replace('/', '-')}.jsonl"
    return folder / "logs" / name, folder / "records" / name


def _line(doc: str) -> dict[str, Any]:
    """A record in the table of contents."""
    record = orjson.loads(doc)
    return {
        "unit": record["scope"].partition("/")[0],
        "type": record["type"],
        "codes": record.get("codes", []),
        "title": (record.get("data") or {}).get("title"),
        "state": "deleted" if record["deleted"] else record["state"],
        "ver": record["ver"],
        "id": record["id"],
        "files": sorted(record.get("files") or {}),
    }


def read(root: Path, year: int, keys: SigningKeys | None) -> Manifest:
    """The archive of `year` below `root`. Raises ArchiveUnusable unless its list is signed."""
    try:
        return signed_list.read(root, str(year), keys, TYP)
    except OSError as error:
        raise ArchiveUnusable(f"there is no whole archive of {year} in {root}") from error
    except jws.NotSigned as error:
        raise ArchiveUnusable(f"the archive of {year} is not signed") from error


def check(archive: Manifest) -> list[str]:
    """Faults of an archive: every byte of it is read, and every log in it is followed from its start to its head."""
    return signed_list.checked(_faults(archive))


def _faults(archive: Manifest) -> Iterator[str]:
    told, folder = archive.told, archive.folder
    if file_digest(folder / CONTENTS) != told["contents"]:
        yield "the table of contents is damaged"
    if not backup_files.list_holds(folder, told["objects"]):
        yield "the list of files is damaged"
        return
    objects = backup_files.listed(folder)
    yield from backup_files.damaged(archive.root, objects)
    here = {sha256 for _, sha256, _ in objects} | set(told["apart"])
    for scope, digests in told["scopes"].items():
        log, records = _places(folder, scope)
        if [file_digest(log), file_digest(records)] != digests:
            yield f"{scope} is damaged"
            continue
        proved = log.read_bytes()
        yield from (f"{scope}: {fault}" for fault in bundle.check(proved, told["keys"]))
        lost = sorted(set(bundle.files(proved)) - here)
        yield from (f"{scope}: file {sha256} is not in the archive" for sha256 in lost)
