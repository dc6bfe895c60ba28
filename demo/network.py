"""The way from one phone to the service, with what happens to signals in the field.

It stands where the phone's radio is: below the client, which has to notice everything by itself. What the service
told this phone is noted here, so that it can be held against what the service has in the end.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

DURABLE = frozenset({"applied", "merged", "conflict", "superseded", "duplicate", "held"})


@dataclass(slots=True)
class Accident:
    """The next file to be uploaded breaks off in its middle; `happens` is called at that moment.

    `at`: where it broke. `held`: bytes that the service had afterwards. `sent`: all bytes of the file that ever left
    the phone, so `sent - size` went twice.
    """

    happens: Callable[[], None]
    sha256: str = ""
    size: int = 0
    at: int | None = None
    held: int | None = None
    sent: int = 0


@dataclass(slots=True)
class Told:
    """What the service told this phone: the status of each op, and the digests of files that arrived whole."""

    ops: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def acknowledged(self, op_id: str) -> bool:
        return self.ops.get(op_id) in DURABLE


class Network(httpx.BaseTransport):
    """Straight to the service (no proxy of the machine is asked), and only while there is a signal."""

    def __init__(self) -> None:
        self.signal = True
        self.loses_answer = False
        self.accident: Accident | None = None
        self.told = Told()
        self._wire = httpx.HTTPTransport()
        self._uploads: dict[str, tuple[str, int]] = {}  # path -> digest and size

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ConnectError without a signal, WriteError and ReadError where the connection breaks."""
        if not self.signal:
            raise httpx.ConnectError("no signal", request=request)
        upload = self._uploads.get(request.url.path)
        if upload and request.method == "PATCH":
            request = self._watched(request, *upload)
        response = self._wire.handle_request(request)
        response.read()
        if request.url.path == "/v1/sync/push" and self.loses_answer:
            self.loses_answer = False
            raise httpx.ReadError("the answer got lost", request=request)
        self._note(request, response)
        return response

    def close(self) -> None:
        self._wire.close()

    def _watched(self, request: httpx.Request, sha256: str, size: int) -> httpx.Request:
        """The same request, whose body is counted, and breaks off where the accident is to happen."""
        accident = self.accident
        if accident is None or accident.sha256 not in ("", sha256):
            return request
        accident.sha256, accident.size = sha256, size
        body, start = request.read(), int(request.headers["Upload-Offset"])
        stop = size // 2 - start
        cut = accident.at is None and 0 <= stop < len(body)
        stream = _breaking(body[:stop], accident) if cut else _counted(body, accident)
        return httpx.Request(request.method, request.url, headers=request.headers, content=stream)

    def _note(self, request: httpx.Request, response: httpx.Response) -> None:
        path = request.url.path
        if path == "/v1/sync/push" and response.is_success:
            self.told.ops |= {r["op_id"]: r["status"] for r in json.loads(response.content)["results"]}
        if path == "/v1/uploads" and response.status_code == 201:
            parts = dict(pair.split(" ") for pair in request.headers["Upload-Metadata"].split(","))
            place = httpx.URL(response.headers["Location"]).path
            self._uploads[place] = (base64.b64decode(parts["sha256"]).decode(), int(request.headers["Upload-Length"]))
        digest, _ = self._uploads.get(path, ("", 0))
        if digest and response.headers.get("Upload-State") == "verified":
            self.told.files.add(digest)
        accident = self.accident
        if accident and accident.at is not None and accident.held is None and request.method == "HEAD":
            accident.held = int(response.headers["Upload-Offset"])


def _counted(body: bytes, accident: Accident) -> Iterator[bytes]:
    accident.sent += len(body)
    yield body


def _breaking(body: bytes, accident: Accident) -> Iterator[bytes]:
    accident.sent += len(body)
    accident.at = accident.sent
    yield body
    accident.happens()
    raise httpx.WriteError("the connection broke")
