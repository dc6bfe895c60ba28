"""Phones of the tests: the reference client on a disk of its own, and the network between it and the service."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from minhchung_client import Device, HttpTransport, Replica, uuid7
from minhchung_client.clock import SystemClock
from minhchung_client.files import Files
from people import KINH_BAC, YEAR, Person, Province

SCOPE = f"{KINH_BAC}/{YEAR}"


class Weather:
    """The network between a phone and the service: what it does to the next exchanges."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self.next: list[Callable[[httpx.Request], httpx.Response]] = []
        self.seen: list[httpx.Request] = []

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.carry), base_url="http://testserver")

    def carry(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if self.next:
            return self.next.pop(0)(request)
        return self.through(request)

    def through(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        body, headers = request.content, dict(request.headers)
        answer = self.province.http.request(request.method, path, content=body, headers=headers)
        plain = {n: v for n, v in answer.headers.items() if n not in ("content-encoding", "content-length")}
        return httpx.Response(answer.status_code, headers=plain, content=answer.content)  # unpacked on the way

    def lost_answer(self, request: httpx.Request) -> httpx.Response:
        self.through(request)
        raise httpx.ReadTimeout("lost", request=request)

    def no_signal(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no signal", request=request)

    def portal(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "text/html"}, content="<html>Đăng nhập Wi-Fi</html>")


class Kit:
    """A phone: replica on disk, files, and its weather."""

    def __init__(self, province: Province, person: Person, folder: Path) -> None:
        self.province, self.person, self.folder = province, person, folder
        folder.mkdir()
        self.weather = Weather(province)
        self.open()
        self.replica.put("client_id", person.client_id)
        self.sign(person)

    def open(self) -> None:
        self.connection = sqlite3.connect(self.folder / "replica.db", isolation_level=None)
        self.replica = Replica(self.connection, clock=SystemClock(), new_id=uuid7)
        self.http = HttpTransport(self.province.settings.public_url, self.replica, http=self.weather.client())
        self.device = Device(self.replica, self.http, Files(self.folder / "files"))

    def sign(self, person: Person) -> None:
        token = person.headers["Authorization"].removeprefix("Bearer ")
        self.replica.put("access_token", token)

    def close(self) -> None:
        self.http.close()
        self.connection.close()

    def ops(self) -> list[str]:
        return [op["op_id"] for op in self.replica.batch()]

    def rows(self, table: str) -> list[Any]:
        """Everything in one table of the replica."""
        return self.connection.execute(f"select * from {table} order by 1").fetchall()

    def changes(self) -> list[str]:
        """A dump of the whole replica, to be compared with an earlier one."""
        return list(self.connection.iterdump())


@contextmanager
def kits(province: Province, folder: Path) -> Iterator[dict[str, Kit]]:
    """Lan's and Minh's phones, signed in."""
    made = {name: Kit(province, province[name], folder / name) for name in ("lan", "minh")}
    yield made
    for kit in made.values():
        kit.close()
