"""Spans reach a collector, say what was done and how much, and hold no word, name or id of anybody."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from people import Province
from pictures import jpeg

HEAVY = (
    "typst", "docx", "docxtpl", "openpyxl", "lxml", "PIL", "pillow_heif", "pypdfium2", "pikepdf", "boto3", "botocore",
    "clamd", "pkg_resources", "alembic", "demo", "minhchung_client", "opentelemetry.sdk",
)  # fmt: skip


class Collector(HTTPServer):
    """What it was sent by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies: list[bytes] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Span]:
        told = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [s for t in told for r in t.resource_spans for scope in r.scope_spans for s in scope.spans]


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:  # its name in the library
        assert self.path == "/v1/traces"
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def attributes(span: Span) -> dict[str, str | int]:
    return {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in span.attributes}


def test_spans_tell_what_was_done_and_of_nobody(tmp_path: Path, migrated: Path, collector: Collector) -> None:
    province = Province(tmp_path / "var", migrated, traces_endpoint=collector.url)
    lan = province["lan"]
    trace = "0af7651916cd43dd8448eb211c80319c"
    op = lan.op("create", set={"title": "Canh-bí-mật"}, record_id="0198f2a4-7c1e-7d02-9a51-00000000c0de")
    headers = {**lan.headers, "traceparent": f"00-{trace}-b7ad6b7169203331-01", "tracestate": "canh=mat"}
    province.http.post("/v1/sync/push?q=canh-hoi", json={"ops": [op, {"odd": "Canh-lạ"}]}, headers=headers)
    lan.pull()
    lan.get(f"/v1/records/{op['record_id']}")
    lan.upload(jpeg(), name="canh-tệp.jpg")
    lan.get("/v1/canh-duong")
    province.work()
    province.app.state.traces.close()
    province.close()

    found = {span.name: (span, attributes(span)) for span in collector.spans()}
    push, told = found["POST /v1/sync/push"]
    assert push.trace_id.hex() == trace
    assert (told["http.response.status_code"], told["minhchung.ops.applied"]) == (200, 1)
    assert int(told["minhchung.statements"]) > 3
    assert int(found["POST /v1/sync/pull"][1]["minhchung.changes"]) > 0
    assert found["POST /v1/uploads"][1]["minhchung.bytes"] == len(jpeg())
    assert found["GET /v1/records/{record_id}"][1]["http.route"] == "/v1/records/{record_id}"
    assert "minhchung.statements" in found["job inspect"][1]

    sent = b"".join(collector.bodies).decode("latin-1").lower()
    words = ["canh", "0198f2a4", "phone-of-lan", "lan", lan.account_id, lan.client_id, "mật".encode().decode("latin-1")]
    assert [word for word in words if word.lower() in sent.replace("plan", "")] == []


def test_serving_loads_nothing_that_it_may_never_need() -> None:
    """A second at each start and some 40 MB for each process. What is asked for later is loaded then."""
    code = "import sys, service.commands.serve as s; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "service.routes.sync" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)
