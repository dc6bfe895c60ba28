"""Uploads that are cut off: a phone without signal, a killed service, two connections of one phone.

The service runs as a process of its own and is spoken to by sockets: a broken connection is a broken connection.
"""

import asyncio
import hashlib
import json
import random
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MIB = 2**20
FILM = random.Random(2026).randbytes(4 * MIB)
SHA256 = hashlib.sha256(FILM).hexdigest()


def begin(machine, phone, path: str, offset: int, body: bytes, *more: str, length: int) -> socket.socket:
    """A PATCH that announces `length` bytes and then sends only `body`."""
    lines = [f"PATCH {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", f"Upload-Offset: {offset}"]
    lines += [f"{name}: {value}" for name, value in phone.headers.items()]
    lines += [f"Content-Type: {phone.OFFSET_TYPE}", *more, "", ""]
    connection = socket.create_connection(("127.0.0.1", machine.port), timeout=30)
    connection.sendall("\r\n".join(lines).encode() + body)
    return connection


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what the service says before it closes or the whole answer is here."""
    with connection, connection.makefile("rb") as file:
        status = int(file.readline().split()[1])
        lines = iter(file.readline, b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in lines)}
        return status, headers, file.read(int(headers.get("content-length", 0)))


def offset(phone, path: str) -> int:
    return int(phone.head(path).headers["Upload-Offset"])


def until(phone, path: str, least: int) -> int:
    """Asks until at least so many bytes are durable."""
    return next(found for found in iter(lambda: offset(phone, path), -1) if found >= least)


def test_a_phone_that_loses_its_signal_goes_on_later(running) -> None:
    lan = running.lan
    path = lan.create(len(FILM), sha256=SHA256)
    begin(running, lan, path, 0, FILM[: 3 * MIB // 2], length=len(FILM)).close()
    assert MIB <= until(lan, path, MIB) <= 3 * MIB // 2
    assert lan.resume(path, FILM).headers["Upload-State"] == "verified"


def test_the_service_killed_in_the_middle_of_a_body(machine) -> None:
    lan = machine.start()
    path = lan.create(len(FILM), sha256=SHA256)
    with begin(machine, lan, path, 0, FILM[: 5 * MIB // 2], length=len(FILM)):
        promised = until(lan, path, 2 * MIB)
        assert machine.kill() == -signal.SIGKILL
    again = machine.start()
    assert promised <= offset(again, path) <= 5 * MIB // 2
    assert again.resume(path, FILM).headers["Upload-State"] == "verified"


@pytest.mark.parametrize("repair", ["head", "patch", "create"])
def test_the_service_killed_between_the_last_byte_and_the_verdict(house, machine, repair: str) -> None:
    """`house` shares its folder with `machine`, which dies inside the transaction that would have judged the file."""
    house.record(sha256=SHA256)
    lan = machine.start("die")
    path = lan.create(len(FILM), sha256=SHA256)
    answer(begin(machine, lan, path, 0, FILM[:-1], length=len(FILM) - 1))
    with begin(machine, lan, path, len(FILM) - 1, FILM[-1:], length=1):
        assert machine.process.wait(timeout=30) == -signal.SIGKILL
    assert house.told == []
    if repair == "head":
        found = house.lan.head(path)
    elif repair == "patch":
        found = house.lan.patch(path, len(FILM), b"")
    else:
        found = house.lan.post(len(FILM), sha256=SHA256)
    assert (found.headers["Upload-Offset"], found.headers["Upload-State"]) == (str(len(FILM)), "verified")
    assert house.told == [lan.RECORD]
    assert house.lan.get(lan.RECORD, SHA256).content == FILM


def test_a_connection_that_hangs_does_not_lock_its_phone_out(running) -> None:
    lan = running.lan
    path = lan.create(len(FILM), sha256=SHA256)
    hanging = begin(running, lan, path, 0, FILM[: MIB + 10], length=len(FILM))
    until(lan, path, MIB)
    assert lan.patch(path, MIB, FILM[MIB : 2 * MIB]).status_code == 204
    hanging.sendall(FILM[MIB + 10 : 3 * MIB])
    status, _, body = answer(hanging)
    assert (status, json.loads(body)["code"]) == (409, "upload_superseded")
    assert offset(lan, path) == 2 * MIB
    assert lan.resume(path, FILM).headers["Upload-State"] == "verified"


def test_an_append_at_a_wrong_offset_stops_nobody(running) -> None:
    lan = running.lan
    path = lan.create(len(FILM), sha256=SHA256)
    good = begin(running, lan, path, 0, FILM[: 2 * MIB], length=len(FILM))
    until(lan, path, 2 * MIB)
    assert lan.patch(path, 5, b"lost its way").status_code == 409
    good.sendall(FILM[2 * MIB :])
    status, headers, _ = answer(good)
    assert (status, headers["upload-state"]) == (204, "verified")


def test_a_silent_connection_is_ended_and_keeps_what_came(running) -> None:
    lan = running.lan
    path = lan.create(len(FILM))
    status, headers, _ = answer(begin(running, lan, path, 0, b"twelve bytes", length=100))
    assert (status, headers["upload-offset"], headers["connection"]) == (204, "12", "close")


def test_a_checked_part_that_is_cut_off_counts_for_nothing(running) -> None:
    lan = running.lan
    path = lan.create(len(FILM))
    checksum = "Upload-Checksum: sha256 " + "A" * 43 + "="
    status, headers, _ = answer(begin(running, lan, path, 0, FILM[: 2 * MIB], checksum, length=len(FILM)))
    assert (status, headers["upload-offset"]) == (204, "0")


def test_two_appends_at_once_never_mix(running) -> None:
    lan = running.lan
    path = lan.create(len(FILM), sha256=SHA256)

    def send(_: int) -> int:
        return answer(begin(running, lan, path, 0, FILM, length=len(FILM)))[0]

    with ThreadPoolExecutor(4) as phones:
        assert set(phones.map(send, range(4))) <= {204, 409}
    assert lan.resume(path, FILM).headers["Upload-State"] == "verified"


def test_memory_does_not_follow_the_size_of_a_file(running) -> None:
    lan = running.lan
    assert lan.send(FILM, sha256=SHA256).headers["Upload-State"] == "verified"
    before = running.peak_kib()
    digest = hashlib.sha256(FILM * 10).hexdigest()
    path = lan.create(10 * len(FILM), sha256=digest)
    headers = {**lan.headers, "Upload-Offset": "0", "Content-Type": lan.OFFSET_TYPE}
    sent = lan.http.patch(path, headers=headers, content=(FILM for _ in range(10)))
    assert sent.headers["Upload-State"] == "verified"
    assert running.peak_kib() - before < 16 * 1024


# What one connection does: sends some bytes, in pieces, and ends in order or breaks.
CONNECTIONS = st.lists(st.tuples(st.lists(st.binary(min_size=1, max_size=40)), st.booleans()), max_size=5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(connections=CONNECTIONS)
def test_any_connections_give_the_same_file(house, connections: list[tuple[list[bytes], bool]]) -> None:
    body = b"".join(piece for pieces, _ in connections for piece in pieces)
    path = house.lan.create(len(body), sha256=hashlib.sha256(body).hexdigest())
    for pieces, breaks in connections:
        at = offset(house.lan, path)
        asyncio.run(connect(house, path, at, pieces, breaks=breaks))
        assert offset(house.lan, path) == at + sum(map(len, pieces))
    assert house.lan.head(path).headers["Upload-State"] == "verified"


async def connect(house, path: str, at: int, pieces: list[bytes], *, breaks: bool) -> None:
    """One PATCH, handed to the service as its web server would."""
    last = {"type": "http.disconnect"} if breaks else {"type": "http.request", "body": b"", "more_body": False}
    messages: Iterator[dict[str, object]] = iter(
        [*({"type": "http.request", "body": piece, "more_body": True} for piece in pieces), last]
    )
    headers = {**house.lan.headers, "Upload-Offset": str(at), "Content-Type": house.lan.OFFSET_TYPE}
    scope = {
        "type": "http", "method": "PATCH", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http", "server": ("x", 80), "http_version": "1.1",
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(_: object) -> None:
        pass

    await house.app(scope, receive, send)
