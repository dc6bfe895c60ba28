"""JSON bodies as the engine wants them: nothing rounded, nothing dropped, before anything looks at them."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from sync import canonical


class StrictRequest(Request):
    """Reads a body by `sync.canonical`: odd numbers stay as sent, a name that stands twice is refused (P49)."""

    async def json(self) -> Any:
        if not hasattr(self, "_parsed"):
            self._parsed = canonical.parse(await self.body())
        return self._parsed


class StrictRoute(APIRoute):
    """A route whose handler gets a StrictRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict
