"""Spans for OpenTelemetry: what a request or a job did, and how long it took. Off unless the settings ask for it.

Nothing of OpenTelemetry's SDK is imported before a collector is named. An attribute is a name that the code gives, or a
count: a template of a route, a kind of job, a status, statements. Of an error only its class is told. What a
caller wrote reaches no span, and FastAPI's own spans, which hold addresses and messages, are off (`service.app`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, event

from service.settings import Settings

Value = str | int | float | bool


class Span:
    """One that is open. Without a collector it takes what it is told and forgets it."""

    def __init__(self, recorded: Any = None) -> None:
        self.recorded, self.statements = recorded, 0

    def tell(self, **attributes: Value) -> None:
        """Adds attributes; `ops` becomes `minhchung.ops`."""
        if self.recorded is not None:
            for name, value in attributes.items():
                self.recorded.set_attribute(f"minhchung.{name}", value)

    def answered(self, method: str, route: str | None, status: int) -> None:
        """Of a request: the template of its route, never its address (names of OpenTelemetry's HTTP conventions)."""
        if self.recorded is not None:
            self.recorded.update_name(f"{method} {route or 'none'}")
            told = {"http.request.method": method, "http.route": route or "none", "http.response.status_code": status}
            self.recorded.set_attributes(told)


NOBODY = Span()
_open: ContextVar[Span] = ContextVar("span", default=NOBODY)


def current() -> Span:
    """The innermost span of this request or job."""
    return _open.get()


class Traces:
    """Where the spans of one process go: to the collector of the settings, if they name one."""

    def __init__(self, settings: Settings, version: str) -> None:
        self._provider: Any = None
        if settings.traces_endpoint is None:
            return
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # see above
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415

        told = Resource({"service.name": "minhchung", "service.version": version})
        share = TraceIdRatioBased(settings.traces_share)
        sampler = ParentBased(share, remote_parent_sampled=share)  # a caller does not decide how much is kept
        self._provider = TracerProvider(sampler=sampler, resource=told, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{settings.traces_endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("minhchung", version)

    @contextmanager
    def span(self, name: str, caller: str | None = None) -> Iterator[Span]:
        """Opens a span within the one that is open, or within that of a caller, as its `traceparent` says (W3C)."""
        if self._provider is None:
            yield NOBODY
            return
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        above = TraceContextTextMapPropagator().extract({"traceparent": caller}) if caller else None
        quiet = {"record_exception": False, "set_status_on_exception": False}
        with self._tracer.start_as_current_span(name, above, **quiet) as recorded:
            span = Span(recorded)
            token = _open.set(span)
            try:
                yield span
            except Exception as error:
                recorded.set_attribute("error.type", type(error).__name__)
                recorded.set_status(Status(StatusCode.ERROR))
                raise
            finally:
                _open.reset(token)
                span.tell(statements=span.statements)

    def watch(self, *engines: Engine) -> None:
        """Counts statements in the span around them; those of a group commit on SQLite, in that of its leader."""
        for engine in engines if self._provider is not None else ():
            event.listen(engine, "before_cursor_execute", _count)

    def close(self) -> None:
        """Sends what has not left yet."""
        if self._provider is not None:
            self._provider.shutdown()


def _count(*_statement: Any) -> None:
    _open.get().statements += 1
