"""The short way to the routes that phones ask all day: found by one look-up, their parameters filled in a line.

For a small request the framework costs as much as its work does: routers tried one by one, four stacks of exit
handlers, every dependency asked anew what it is, small classes made in a thread. A route of class `Short` is declared,
documented and refused as any other. It takes what the two calls of a sync and an upload take: the request, parameters,
a JSON body, and dependencies that leave nothing to be closed.
"""

import json
from collections.abc import Callable, Coroutine, Iterable
from functools import cache
from inspect import isclass, iscoroutinefunction
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant, request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from sync import canonical
from sync.errors import SyncError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class TooLarge(SyncError):
    """More than a body may be (`Settings.body_max_bytes`)."""

    code = "too_large"


class Malformed(SyncError):
    """A body that is no JSON as the contract has it."""

    code = "malformed"


class Short(APIRoute):
    """A route that answers with a `Response`. A JSON body is read as sent: nothing rounded, no name lost (P49)."""

    def get_route_handler(self) -> Handler:
        return self._answer

    async def _answer(self, request: Request) -> Response:
        wanted = self.dependant
        body = await _body(request) if wanted.body_params else None
        filling = _Filling(request)
        taken = await filling.of(wanted)
        if wanted.body_params:
            found, faults = await request_body_to_args(wanted.body_params, body, embed_body_fields=False)
            taken |= found
            filling.faults += faults
        if filling.faults:
            raise RequestValidationError(filling.faults, body=body)
        answer: Response = await _called(self.endpoint, taken)
        return answer


class _Filling:
    """Fills the parameters of one request; each dependency is called once. `faults`: what did not fit."""

    def __init__(self, request: Request) -> None:
        self.request, self.faults = request, list[Any]()
        self._known: dict[Any, Any] = {}
        self._instead = request.app.dependency_overrides

    async def of(self, wanted: Dependant) -> dict[str, Any]:
        """The arguments of `wanted.call`."""
        taken: dict[str, Any] = {}
        for part in wanted.dependencies:
            if part.call not in self._known:
                self._known[part.call] = await self._value(part)
            if part.name is not None:
                taken[part.name] = self._known[part.call]
        if name := wanted.request_param_name or wanted.http_connection_param_name:
            taken[name] = self.request
        if wanted.path_params:
            self._add(taken, wanted.path_params, self.request.path_params)
        if wanted.query_params:
            self._add(taken, wanted.query_params, self.request.query_params)
        if wanted.header_params:
            self._add(taken, wanted.header_params, self.request.headers)
        return taken

    async def _value(self, part: Dependant) -> Any:
        if part.call in self._instead:
            part = get_dependant(path="", call=self._instead[part.call])
        taken = await self.of(part)
        return None if self.faults else await _called(part.call, taken)

    def _add(self, taken: dict[str, Any], fields: Any, received: Any) -> None:
        found, faults = request_params_to_args(fields, received)
        taken |= found
        self.faults += faults


async def _called(call: Any, taken: dict[str, Any]) -> Any:
    """A class is made here; a plain function waits for something, so it has a thread."""
    if _is_awaited(call):
        return await call(**taken)
    return call(**taken) if isclass(call) else await run_in_threadpool(call, **taken)


@cache
def _is_awaited(call: Any) -> bool:
    return iscoroutinefunction(call) or (not isclass(call) and iscoroutinefunction(type(call).__call__))


async def _body(request: Request) -> Any:
    """JSON as sent; the bytes of what is not said to be JSON. Faults are told as the framework tells its own."""
    try:
        text = await _read(request)
        return canonical.parse(text) if text and _is_json(request.headers.get("content-type", "")) else text or None
    except json.JSONDecodeError as error:
        told = {"loc": ("body", error.pos), "msg": "JSON decode error", "input": {}, "ctx": {"error": error.msg}}
        raise RequestValidationError([{"type": "json_invalid", **told}], body=error.doc) from error
    except TooLarge:
        raise
    except Exception as error:  # not UTF-8, a name that stands twice, a coding that breaks off
        raise Malformed(errors=[{"pointer": "", "detail": str(error)}]) from error


async def _read(request: Request) -> bytes:
    limit = request.app.max_body_size
    announced = request.headers.get("content-length", "")
    if limit is not None and announced.isdecimal() and int(announced) > limit:
        raise TooLarge
    pieces, size = [], 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if limit is not None and size > limit:
            raise TooLarge
    return b"".join(pieces)


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class Shortcut:
    """Hands a request to the `Short` route that its method and address name, and every other one to the framework."""

    def __init__(self, app: ASGIApp, routes: Iterable[Short], service: FastAPI) -> None:
        self._app, self._refusals = app, service.exception_handlers
        self._table: dict[tuple[str, str], tuple[Short, Handler, str]] = {}
        for route in routes:
            start, _, name = route.path_format.partition("{")
            for method in route.methods or ():
                self._table[method, start] = route, route.get_route_handler(), name.rstrip("}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], handle, scope["path_params"] = found
        request = Request(scope, receive, send)
        try:
            answer = await handle(request)
        except Exception as error:  # noqa: BLE001  # each has its handler in `service.problems`, and the last takes all
            refuse: Any = next(self._refusals[kind] for kind in type(error).__mro__ if kind in self._refusals)
            answer = refuse(request, error)
        await answer(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[Short, Handler, dict[str, str]] | None:
        """An address is that of a route, or that and one name after it."""
        path: str = scope["path"]
        if found := self._table.get((scope["method"], path)):
            return None if found[2] else (found[0], found[1], {})
        start, _, last = path.rpartition("/")
        found = self._table.get((scope["method"], f"{start}/"))
        return (found[0], found[1], {found[2]: last}) if found and found[2] and last else None
