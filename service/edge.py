"""The outermost layer: what the framework would answer or raise on its own leaves the service as the contract says.

Knows no route and no rule.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from starlette.datastructures import Headers, State
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.addresses import host_of, source_of
from service.coding import Coding
from service.logs import pseudonym
from service.metrics import Metrics
from service.problems import METHODS, problem
from service.settings import Settings
from service.short import Short, Shortcut
from service.traces import Span

SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
log = logging.getLogger(__name__)


class Service(FastAPI):
    """A FastAPI application inside an `Edge`. `short`: routes that are found before it looks; `cors`: for web apps."""

    short: Iterable[Short] = ()
    cors: Callable[[ASGIApp], ASGIApp] | None = None

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = Shortcut(super().build_middleware_stack(), self.short, self)
        return Edge(Coding(self.cors(app) if self.cors else app), self.state)


class Edge:
    """Turns the body limit's bare 413 into a problem, and keeps what was raised from the server's log.

    The text of an exception may hold people's words. It was answered and noted without them (`service.problems`).
    Every request leaves one line in the log, under the id that its answer carries as `X-Request-Id`.
    """

    def __init__(self, app: ASGIApp, held: State) -> None:
        self.app, self.held = app, held

    @property
    def settings(self) -> Settings:
        settings: Settings = self.held.settings
        return settings

    @property
    def hosts(self) -> set[str | None]:
        """Names under which a service in production answers."""
        return {urlsplit(self.settings.public_url).hostname, "localhost", "127.0.0.1", "::1"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = str(uuid.uuid4())
        with self.held.traces.span("request", Headers(scope=scope).get("traceparent")) as span:
            await self._timed(scope, receive, send, span)

    async def _timed(self, scope: Scope, receive: Receive, send: Send, span: Span) -> None:
        begun, status = time.perf_counter(), 0
        self.held.metrics.last_request = begun

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(self._guarded(message, scope))

        host = host_of(scope)
        try:
            if host is None or (self.settings.production and host not in self.hosts):
                await problem(Request(scope), "host_unknown")(scope, receive, noted)
            else:
                scope["client"] = source_of(scope, self.settings.trusted_proxies)
                await self._serve(scope, receive, noted)
        finally:  # also where the caller has hung up
            self._log(scope, status, begun, span)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
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

    def _guarded(self, message: Message, scope: Scope) -> Message:
        """Adds what keeps a browser from doing more with an answer than show it, and how much room is left."""
        if message["type"] != "http.response.start":
            return message
        state = scope["state"]
        added = [*SECURITY, (b"x-request-id", state["request_id"].encode())]
        added += [(name.lower().encode(), value.encode()) for name, value in state.get("room", {}).items()]
        if self.settings.public_url.startswith("https:"):
            added.append((b"strict-transport-security", b"max-age=31536000"))
        if self.held.wakes.dismissed:
            added.append((b"connection", b"close"))  # the next request on it would find nobody
        said = {name for name, _ in message["headers"]}
        message["headers"] = [*message["headers"], *(header for header in added if header[0] not in said)]
        return message

    def _log(self, scope: Scope, status: int, begun: float, span: Span) -> None:
        """The address as its template: what stands in its place, or behind a `?`, is the caller's."""
        account_id = scope["state"].get("account_id")
        method = scope["method"] if scope["method"] in METHODS else "other"
        route, seconds = getattr(scope.get("route"), "path", None), time.perf_counter() - begun
        metrics: Metrics = self.held.metrics
        metrics.requests.labels(method, route or "none", status).observe(seconds)
        span.answered(method, route, status)
        if not log.isEnabledFor(logging.INFO):
            return
        told = {
            "request": scope["state"]["request_id"],
            "principal": pseudonym(self.held.secret, account_id) if account_id else None,
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        log.info("request", extra={"told": told})


def _bare_limit(message: Message) -> bool:
    """The limit answers by itself, and in plain text, where the announced length alone is too much."""
    return message["status"] == 413 and (b"content-type", b"text/plain; charset=utf-8") in message["headers"]
