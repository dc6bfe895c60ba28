"""What a server has to offer to be measured: a device that pushes, pulls and updates. One class for each server."""

from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import orjson

JSON = {"Content-Type": "application/json"}
Record = dict[str, Any]


@dataclass(slots=True)
class Pulled:
    """Records of one page by id, as the device would store them; `cursor` goes into the next pull."""

    records: list[tuple[str, Any]]
    cursor: Any
    more: bool


class Device(Protocol):
    """One phone with its own connections. A method that the server does not answer as it should raises `Refused`."""

    async def push(self, records: list[Record]) -> int:
        """Sends new records; how many the server says it has."""

    async def pull(self, cursor: Any, limit: int) -> Pulled:
        """The next page of the device's space."""

    async def versions(self, ids: list[str]) -> dict[str, Any]:
        """What the device takes for the current version of each record."""

    async def update(self, base: dict[str, Any], records: list[Record]) -> list[str]:
        """Changes records over versions held: `ok` (taken), `conflict` (told that somebody was first) for each."""

    async def surviving(self, ids: list[str]) -> dict[str, set[str]]:
        """Tags of each record that the server can still give back: current, or kept beside it."""

    async def close(self) -> None: ...


class Refused(Exception):
    """The server answered with a failure."""


class Line:
    """A connection pool of one device, and JSON over it."""

    def __init__(self, base: str, headers: dict[str, str] | None = None) -> None:
        self.base = base
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=2), headers=headers, timeout=aiohttp.ClientTimeout(total=300)
        )

    async def post(self, path: str, body: Any) -> Any:
        async with self.http.post(self.base + path, data=orjson.dumps(body), headers=JSON) as answer:
            return await _read(answer)

    async def get(self, path: str, **params: str) -> Any:
        async with self.http.get(self.base + path, params=params) as answer:
            return await _read(answer)

    async def close(self) -> None:
        await self.http.close()


async def _read(answer: aiohttp.ClientResponse) -> Any:
    raw = await answer.read()
    if answer.status >= 300:
        raise Refused(f"{answer.status} {raw[:300]!r}")
    return orjson.loads(raw)


async def everything(device: Device) -> dict[str, Any]:
    """All records of a device's space, page by page."""
    found: dict[str, Any] = {}
    cursor, more = None, True
    while more:
        page = await device.pull(cursor, 1000)
        found.update(page.records)
        cursor, more = page.cursor, page.more
    return found
