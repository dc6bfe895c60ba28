"""The outermost layer: what the framework would answer or raise on its own leaves the service as the contract says.

Knows no route and no rule.
"""

import logging

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.coding import Coding
from service.problems import problem

log = logging.getLogger(__name__)


class Service(FastAPI):
    """A FastAPI application inside an `Edge`."""

    def build_middleware_stack(self) -> ASGIApp:
        return Edge(Coding(super().build_middleware_stack()))


class Edge:
    """Turns the body limit's bare 413 into a problem, and keeps what was raised from the server's log.

    The text of an exception may hold people's words. It was answered and noted without them (`service.problems`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = replaced = False

        async def send_on(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started, replaced = True, _bare_limit(message)
            if not replaced:
                await send(message)
            elif message["type"] == "http.response.start":
                await problem(Request(scope), "too_large")(scope, receive, send)

        try:
            await self.app(scope, receive, send_on)
        except Exception as error:  # noqa: BLE001  # see above
            if not started:
                log.error("a failure could not be answered: %s", type(error).__name__)  # noqa: TRY400  # see above


def _bare_limit(message: Message) -> bool:
    """The limit answers by itself, and in plain text, where the announced length alone is too much."""
    return message["status"] == 413 and (b"content-type", b"text/plain; charset=utf-8") in message["headers"]
