"""The outermost layer: what the framework would answer or raise on its own leaves the service as the contract says.

Knows no route and no rule.
"""

import logging
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.addresses import host_of, source_of
from service.coding import Coding
from service.problems import problem
from service.settings import Settings

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
log = logging.getLogger(__name__)


class Service(FastAPI):
    """A FastAPI application inside an `Edge`."""

    def build_middleware_stack(self) -> ASGIApp:
        return Edge(Coding(super().build_middleware_stack()), self.state.settings)


class Edge:
    """Turns the body limit's bare 413 into a problem, and keeps what was raised from the server's log.

    The text of an exception may hold people's words. It was answered and noted without them (`service.problems`).
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.hosts = {urlsplit(settings.public_url).hostname, "localhost", "127.0.0.1", "::1"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = host_of(scope)
        if host is None or (self.settings.production and host not in self.hosts):
            await problem(Request(scope), "host_unknown")(scope, receive, send)
            return
        scope["client"] = source_of(scope, self.settings.trusted_proxies)
        started = replaced = False

        async def send_on(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started, replaced = True, _bare_limit(message)
            if not replaced:
                await send(self._guarded(message, scope))
            elif message["type"] == "http.response.start":
                await problem(Request(scope), "too_large")(scope, receive, send)

        try:
            await self.app(scope, receive, send_on)
        except Exception as error:  # noqa: BLE001  # see above
            if not started:
                log.error("a failure could not be answered: %s", type(error).__name__)  # noqa: TRY400  # see above

    def _guarded(self, message: Message, scope: Scope) -> Message:
        """Adds what keeps a browser from doing more with an answer than show it, and how much room is left."""
        if message["type"] != "http.response.start":
            return message
        headers = MutableHeaders(scope=message)
        added = SECURITY | scope.get("state", {}).get("room", {})
        if self.settings.public_url.startswith("https:"):
            added |= {"Strict-Transport-Security": "max-age=31536000"}
        for name, value in added.items():
            headers.setdefault(name, value)
        return message


def _bare_limit(message: Message) -> bool:
    """The limit answers by itself, and in plain text, where the announced length alone is too much."""
    return message["status"] == 413 and (b"content-type", b"text/plain; charset=utf-8") in message["headers"]
