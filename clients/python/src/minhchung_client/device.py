"""A device: a replica with a way to the service. Each step may be interrupted anywhere and simply be done again."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from minhchung_client.clock import Clock, SystemClock, stamp
from minhchung_client.errors import ClientError, NeedsEnrolment, Refused
from minhchung_client.files import PIECE, Files
from minhchung_client.http import HttpTransport
from minhchung_client.ids import uuid7
from minhchung_client.replica import Replica
from minhchung_client.transport import Transport

GONE = frozenset({"upload_unknown", "upload_gone", "hash_mismatch"})


@dataclass(slots=True)
class Report:
    """What one `sync` did; `stopped` names what ended it early."""

    pushed: int = 0
    uploaded: int = 0
    pulled: int = 0
    stopped: str | None = None


class Device:
    """Sends, uploads and pulls for one replica."""

    def __init__(self, replica: Replica, transport: Transport, files: Files | None = None) -> None:
        self.replica, self.transport, self.files = replica, transport, files

    def close(self) -> None:
        """Lets go of the database and of the network; what waits to be sent stays in the folder."""
        self.replica.connection.close()
        if isinstance(self.transport, HttpTransport):
            self.transport.close()

    def sync(self) -> Report:
        """Sends everything, uploads everything, pulls everything; stops at the first thing that cannot go on now."""
        report = Report()
        try:
            while left := self.push_once():
                report.pushed += left
            while self.upload_once():
                report.uploaded += 1
            more = True
            while more:
                more = self.pull_once()
                report.pulled += 1
        except ClientError as error:
            report.stopped = f"{type(error).__name__}: {error}"
        return report

    def push_once(self) -> int:
        """Sends one batch; returns how many ops are durable at the service now and left the outbox."""
        ops = self.replica.batch()
        if not ops:
            return 0
        body: dict[str, Any] = {"schema": 1, "pending": self.replica.pending(), "ops": ops}
        body |= {"clock": stamp(self.replica.clock), "app": "minhchung-client/0.1"}
        return self.replica.apply_results(self._in_epoch(self.transport.push, body))

    def pull_once(self) -> bool:
        """Takes one page; returns whether there is more."""
        body = {"cursor": self.replica.get("cursor"), "held": self.replica.scopes(), "limit": 500}
        return self.replica.apply_page(self._in_epoch(self.transport.pull, body))

    def _in_epoch(self, call: Any, body: dict[str, Any]) -> Any:
        if epoch := self.replica.get("epoch"):
            body["epoch"] = epoch
        try:
            return call(body)
        except Refused as refused:
            if refused.code == "replica_forked":
                raise NeedsEnrolment(refused.code) from refused
            current = (refused.problem.get("current") or {}).get("epoch")
            if refused.code == "epoch_changed" and current:
                self.replica.begin_epoch(current)
            elif refused.code == "cursor_invalid":
                self.replica.put("cursor", None)
            raise

    def upload_once(self, pieces: int | None = None) -> bool:
        """Brings the next waiting file to the service, or `pieces` pieces of it; returns whether there was one.

        Goes on where the service says it is: after an interruption at most one piece is sent twice.
        """
        query = "select sha256, size, mime, name, record_id, url from file where state = 'waiting' order by sha256"
        row = self.replica.connection.execute(query).fetchone()
        if row is None or self.files is None:
            return False
        file = dict(zip(("sha256", "size", "mime", "name", "record_id", "url"), row, strict=True))
        try:
            self._bring(file, pieces)
        except Refused as refused:
            if refused.code not in GONE:
                raise
            self._note(file["sha256"], "waiting", None)  # the file itself is here; the next try begins anew
        return True

    def _bring(self, file: dict[str, Any], pieces: int | None) -> None:
        url = file["url"]
        if url is None:
            url = self.transport.begin_upload(file)
            self._note(file["sha256"], "waiting", url)
        offset, state = self.transport.upload_offset(url)
        while state == "open" and pieces != 0:
            data = self.files.piece(file["sha256"], offset) if self.files else b""
            offset, state = self.transport.append(url, offset, data)
            pieces = pieces - 1 if pieces is not None else None
        if state != "open":
            verified = state == "verified"
            self._note(file["sha256"], "verified" if verified else "waiting", url if verified else None)

    def _note(self, sha256: str, state: str, url: str | None) -> None:
        self.replica.connection.execute("update file set state = ?, url = ? where sha256 = ?", (state, url, sha256))

    def capture(
        self, type_name: str, scope: str, files: Sequence[tuple[Path | bytes, str, str]] = (), **change: Any
    ) -> str:
        """A new record with files `(path or bytes, name, mime)`; returns its id. Works without any network."""
        kept = [self.files.keep(*file) for file in files] if self.files else []
        return self.replica.edit("create", type_name, scope, files=kept, **change)


def open_device(
    folder: Path,
    server: str,
    *,
    clock: Clock | None = None,
    language: str = "vi",
    http: httpx.Client | None = None,
    piece_size: int = PIECE,
) -> Device:
    """The device that lives in `folder`: database, files and session.

    `http`: its way out, such as one with a proxy of its own. `piece_size`: bytes of a file in one request, and so the
    most that is sent twice after an interruption.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "replica.db", isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    replica = Replica(connection, clock=clock or SystemClock(), new_id=uuid7)
    transport = HttpTransport(server, replica, language=language, http=http)
    return Device(replica, transport, Files(folder / "files", piece_size))


def enrol(folder: Path, server: str, code: str, device_name: str, **options: Any) -> Device:
    """Signs a device in by a one-time code; `options` are those of `open_device`. Raises ClientError.

    The install's own id is durable first, so a retry is the same install.
    """
    device = open_device(folder, server, **options)
    try:
        if isinstance(device.transport, HttpTransport):
            device.transport.enrol(code, device_name)
    except BaseException:
        device.close()
        raise
    return device
