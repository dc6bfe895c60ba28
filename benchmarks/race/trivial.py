"""A server that does nothing: what a device's pushes and pulls cost where only the generator works. Its own ceiling."""

from typing import Any

import orjson

from race.device import Device, Line, Pulled, Record
from race.thin import respond

PAGE = orjson.dumps({"cursor": 0, "more": False, "records": []})


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers a push with how many bytes came, and a pull with an empty page."""
    if scope["type"] == "http":
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        await respond(send, PAGE if scope["path"] == "/pull" else orjson.dumps(size))


class TrivialDevice(Device):
    """Sends what any device sends, and hears nothing."""

    def __init__(self, base: str) -> None:
        self.line = Line(base)

    async def push(self, records: list[Record]) -> int:
        await self.line.post("/push", [{"base": 0, "doc": r} for r in records])
        return len(records)

    async def pull(self, cursor: Any, limit: int) -> Pulled:
        page = await self.line.get("/pull", after=str(cursor or 0), limit=str(limit))
        return Pulled([], page["cursor"], page["more"])

    async def close(self) -> None:
        await self.line.close()
