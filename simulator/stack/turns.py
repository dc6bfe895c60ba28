"""Runs requests of an ASGI application one at a time, and holds one in the middle while others go on.

Where the service would hand work to a thread, a request here waits for its turn. No two turns overlap, so a schedule
decides the order, and the same seed gives the same order.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio.to_thread
import httpx

Events = Callable[[], Any]


class Turns:
    """One event loop. `hold` says whether the request that asks is held now; `between` is what others do meanwhile.

    `between` may run requests of its own, which may be held too. What it raises, the held request dies of.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.hold: Callable[[], bool] = lambda: False
        self.between: Callable[[], None] = lambda: None
        self._held: asyncio.Future[None] | None = None

    def run(
        self, app: Any, request: httpx.Request, body: list[bytes], *, whole: bool, alive: Callable[[], None]
    ) -> httpx.Response:
        """The answer of `app`; raises what it raises. Unless `whole`, the connection breaks behind `body`.

        `alive` is asked after each wait, and raises where the process has died meanwhile.
        """
        sent: list[Any] = []
        task = self.loop.create_task(app(_scope(request), _receive(body, whole=whole), _send(sent)))
        task.add_done_callback(lambda _task: self.loop.stop())
        with self._inline():
            while not task.done():
                self.loop.run_forever()
                held, self._held = self._held, None
                if held is not None:
                    self._go_on(held, alive)
        task.result()
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content, request=request)

    def _go_on(self, held: "asyncio.Future[None]", alive: Callable[[], None]) -> None:
        try:
            self.between()
            alive()
        except BaseException as error:  # noqa: BLE001  # see above
            held.set_exception(error)
        else:
            held.set_result(None)

    async def _turn(self, work: Callable[..., Any], *args: Any, **_options: Any) -> Any:
        if self.hold():
            held = self._held = self.loop.create_future()
            self.loop.stop()
            await held
        return work(*args)

    @contextmanager
    def _inline(self) -> Iterator[None]:
        threads = anyio.to_thread.run_sync
        anyio.to_thread.run_sync = self._turn  # type: ignore[assignment]
        try:
            yield
        finally:
            anyio.to_thread.run_sync = threads


def _scope(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "method": request.method, "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0], "query_string": url.query, "scheme": url.scheme,
        "headers": [(name.lower(), value) for name, value in request.headers.raw], "root_path": "",
        "server": (url.host, url.port or 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip


def _receive(body: list[bytes], *, whole: bool) -> Events:
    left = list(body) or [b""]

    async def receive() -> dict[str, Any]:
        if left:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not whole}
        return {"type": "http.disconnect"}

    return receive


def _send(sent: list[Any]) -> Any:
    async def send(message: Any) -> None:
        sent.append(message)

    return send
