"""A device: a replica with a way to the service. Each step may be interrupted anywhere and simply be done again."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from minhchung_client.clock import Clock, SystemClock, stamp
from minhchung_client.errors import Busy, ClientError, NeedsEnrolment, Refused, Unreachable
from minhchung_client.files import PIECE, Files
from minhchung_client.http import HttpTransport
from minhchung_client.ids import uuid7
from minhchung_client.replica import Replica
from minhchung_client.transport import Transport
from minhchung_client.uploads import bring_next, drop_removed, waiting
from minhchung_client.wire import new_heads, told_ops

T = TypeVar("T")
ASKED_AT_ONCE = 5000  # ops in one question about what became of them
Source = tuple[Path | bytes, str, str]  # the file or its bytes, its name, its MIME type


@dataclass(slots=True)
class Report:
    """What one `sync` did; `stopped` names the first thing that could not be done, and why.

    `reloaded`: scopes whose copy here had come to differ from what the service holds, and was read anew.
    """

    pushed: int = 0
    uploaded: int = 0
    pulled: int = 0
    reloaded: tuple[str, ...] = ()
    stopped: str | None = None
    needs_enrolment: bool = False


class Device:
    """Sends, uploads and pulls for one replica. `types`: those that the app knows; None is every type."""

    def __init__(
        self,
        replica: Replica,
        transport: Transport,
        files: Files | None = None,
        types: Sequence[str] | None = None,
    ) -> None:
        self.replica, self.transport, self.files, self.types = replica, transport, files, types
        self._heads: dict[str, int] = {}  # what the service has said of own ops: the next pull must not be older

    def close(self) -> None:
        """Lets go of the database and of the network; what waits to be sent stays in the folder."""
        self.replica.connection.close()
        if isinstance(self.transport, HttpTransport):
            self.transport.close()

    def sync(self) -> Report:
        """Sends everything, uploads everything, pulls everything.

        What is refused does not keep the rest from going on; no network does, and so does a session that is closed.
        """
        report = Report()
        for _ in range(2):  # a service that was restored meanwhile gets everything once more
            epoch = self.replica.get("epoch")
            if not self._round(report) or epoch in (None, self.replica.get("epoch")):
                break
        return report

    def _round(self, report: Report) -> bool:
        for step in (self._push_all, self._upload_all, self._pull_all):
            try:
                step(report)
            except ClientError as error:
                report.stopped = report.stopped or f"{type(error).__name__}: {error}"
                report.needs_enrolment = isinstance(error, NeedsEnrolment)
                if report.needs_enrolment or (isinstance(error, Unreachable) and not isinstance(error, Busy)):
                    return False
        return True

    def _push_all(self, report: Report) -> None:
        while left := self.push_once():
            report.pushed += left

    def _upload_all(self, report: Report) -> None:
        """Each waiting file gets one try."""
        before = waiting(self.replica)
        try:
            for _ in range(before):
                self.upload_once()
        finally:
            report.uploaded += before - waiting(self.replica)

    def _pull_all(self, report: Report) -> None:
        more = True
        while more:
            more = self.pull_once()
            report.pulled += 1
            if not more and (diverged := self.replica.diverged()):
                more, report.reloaded = True, (*report.reloaded, *diverged)

    def push_once(self) -> int:
        """Sends one batch; returns how many ops are durable at the service now and left the outbox."""
        return self._mended(self._push)

    def pull_once(self) -> bool:
        """Takes one page; returns whether there is more."""
        return self._mended(self._pull)

    def upload_once(self, pieces: int | None = None) -> bool:
        """Brings the next waiting file to the service, or `pieces` pieces of it; returns whether there was one."""
        return self.files is not None and bring_next(self.replica, self.transport, self.files, pieces)

    def _push(self) -> int:
        if self.replica.get("forked") == self.replica.get("client_id") is not None:
            raise NeedsEnrolment("replica_forked")
        self._ask()
        ops = self.replica.batch()
        if not ops:
            return 0
        body: dict[str, Any] = {"schema": 1, "pending": self.replica.pending(), "ops": ops}
        body |= {"clock": stamp(self.replica.clock), "app": "minhchung-client/0.1"}
        answer = self.transport.push(body | self._epoch())
        left = self.replica.apply_results(answer)
        self._heads |= new_heads(answer)
        return left

    def _ask(self) -> None:
        """What waits from before this client id: some of it the service may have."""
        if op_ids := self.replica.unasked():
            parts = [op_ids[n : n + ASKED_AT_ONCE] for n in range(0, len(op_ids), ASKED_AT_ONCE)]
            told = [op for part in parts for op in told_ops(self.transport.reconcile(part))]
            self.replica.settle(told)

    def _pull(self) -> bool:
        body: dict[str, Any] = {"cursor": self.replica.get("cursor"), "held": self.replica.scopes(), "limit": 500}
        body |= {"types": list(self.types)} if self.types is not None else {}
        body |= {"reload": self.replica.diverged(), "min_heads": self._heads}
        more = self.replica.apply_page(self.transport.pull(body | self._epoch()))
        self._heads = {}
        if self.files is not None:
            drop_removed(self.replica, self.files)
        return more

    def _epoch(self) -> dict[str, str]:
        epoch = self.replica.get("epoch")
        return {"epoch": epoch} if epoch else {}

    def _mended(self, step: Callable[[], T]) -> T:
        """Does a step; and once more, where its refusal says what the replica has to do first."""
        try:
            return step()
        except Refused as refused:
            current = refused.problem.get("current")
            epoch = current.get("epoch") if isinstance(current, dict) else None
            if refused.code == "epoch_changed" and isinstance(epoch, str):
                self.replica.begin_epoch(epoch, refused.problem["current"].get("recover"))
                self._heads = {}
                while step == self._pull and self.push_once():
                    pass  # what the service has lost goes before what it has is read
            elif refused.code == "cursor_invalid":
                self.replica.forget_cursor()
            elif refused.code == "replica_forked":
                self.replica.retire_numbers()
                raise NeedsEnrolment(refused.code) from refused
            else:
                raise
        return step()

    def free(self) -> int:
        """Lets go of ops and files that a backup of the service holds; returns how many bytes of files that freed."""
        digests = self.replica.forget()
        return sum(self.files.drop(sha256) for sha256 in digests) if self.files else 0

    def capture(self, type_name: str, scope: str, files: Sequence[Source] = (), **change: Any) -> str:
        """A new record with files `(path or bytes, name, mime)`; returns its id. Works without any network.

        Raises OSError for a file that cannot be kept; then nothing is captured.
        """
        return self.replica.edit("create", type_name, scope, files=self._keep(files), **change)

    def attach(self, record_id: str, files: Sequence[Source]) -> None:
        """Adds files to a record that the replica shows. Raises OSError, KeyError."""
        record = self.replica.record(record_id)
        if record is None:
            raise KeyError(record_id)
        self.replica.edit("patch", record["type"], record["scope"], record_id, files=self._keep(files))

    def _keep(self, files: Sequence[Source]) -> list[dict[str, Any]]:
        if files and self.files is None:
            raise OSError("this device has no folder for files")
        return [self.files.keep(*file) for file in files] if self.files else []


def open_device(
    folder: Path,
    server: str,
    *,
    clock: Clock | None = None,
    language: str = "vi",
    http: httpx.Client | None = None,
    types: Sequence[str] | None = None,
    piece_size: int = PIECE,
) -> Device:
    """The device that lives in `folder`: database, files and session.

    `http`: its way out, such as one with a proxy of its own. `types`: record types that the app knows. `piece_size`:
    bytes of a file in one request, and so the most that is sent twice after an interruption.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "replica.db", isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    replica = Replica(connection, clock=clock or SystemClock(), new_id=uuid7)
    transport = HttpTransport(server, replica, language=language, http=http)
    return Device(replica, transport, Files(folder / "files", piece_size), types)


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
