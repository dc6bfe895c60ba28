"""The virus scanner: clamd's INSTREAM, spoken by a server of the test, for the real one is half a gigabyte of Debian.

What is tested is our side of the protocol and what becomes of the verdict; the marker stands for a signature.
"""

import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hostile_files import EICAR, picture
from people import Province, file_entry
from service.bench import Bench
from service.worker import Worker

LIMIT = 100_000


class Daemon(socketserver.StreamRequestHandler):
    """One request of clamd's protocol (clamd(8)): PING or INSTREAM, ended by a newline."""

    def handle(self) -> None:
        command = self.rfile.readline().strip().lstrip(b"n")
        if command == b"PING":
            self.wfile.write(b"PONG\n")
        elif command == b"INSTREAM":
            self.wfile.write(self.scan())

    def scan(self) -> bytes:
        data = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
            if len(data) > LIMIT:
                return b"INSTREAM size limit exceeded. ERROR\n"
        return b"stream: Eicar-Test-Signature FOUND\n" if EICAR in data else b"stream: OK\n"


@pytest.fixture
def daemon() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Daemon) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def with_scanner(province: Province, address: str | None) -> Worker:
    """A worker of the same service that has this scanner."""
    bench: Bench = province.app.state.worker.bench
    settings = province.settings.model_copy(update={"clamd": address})
    return Worker(Bench(bench.database, bench.store, bench.types, bench.clock, settings))


def scans(province: Province, worker: Worker, *files: bytes) -> list[dict[str, Any]]:
    lan = province["lan"]
    ops = [lan.op("create", type="photo", set={"title": "Ảnh"}, media=[file_entry(data)]) for data in files]
    records = [result["record"]["id"] for result in lan.push(*ops)["results"]]
    for data in files:
        lan.upload(data)
    worker.drain()
    return [next(iter(lan.record(record)["files"].values())) for record in records]


def test_a_file_with_a_signature_is_kept_apart_and_its_decoder_never_starts(province: Province, daemon: str) -> None:
    clean, found, large = scans(
        province, with_scanner(province, daemon),
        picture("JPEG"), picture("JPEG", comment=EICAR), picture("PNG", (64, 48)) + b"\0" * LIMIT,
    )  # fmt: skip
    assert (clean["scan"], clean["state"], clean["previews"]) == ("clean", "verified", "ready")
    assert (found["scan"], found["code"], found["check"]) == ("found", "file_malware", "unknown")
    assert (large["scan"], large["state"]) == ("too_large", "verified")


def test_while_the_scanner_is_away_files_say_so_and_are_scanned_on_its_return(province: Province, daemon: str) -> None:
    (entry,) = scans(province, with_scanner(province, "127.0.0.1:1"), picture("JPEG"))
    assert (entry["scan"], entry["state"]) == ("not_scanned", "verified")
    back = with_scanner(province, daemon)
    province.clock.advance(1)
    back.attend()
    back.drain()
    assert [f["scan"] for c in province["lan"].pull()["changes"] for f in c["record"].get("files", {}).values()] == [
        "clean"
    ]
