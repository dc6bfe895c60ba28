"""The wire of tus 1.0.0: reading and writing its headers, and taking a body piece by piece.

Knows no table and no store. The rules are in `sync/uploads.py`; the routes bring both together.
"""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from email.utils import formatdate
from tempfile import SpooledTemporaryFile
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from auth.errors import AuthError
from service.short import Short
from storage import keys
from storage.errors import OffsetMismatch, StorageError
from sync.errors import SyncError
from sync.uploads import Announced, UploadLengthInvalid, UploadTooLarge, UploadView

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination"
CHECKSUMS = ("sha256", "sha1")  # sha1 because tus asks for it; it guards one transport, never a file
OFFSET_TYPE = "application/offset+octet-stream"
SPOOL_BYTES = 2**20
NUMBER = re.compile(r"[0-9]{1,15}")
COUNT = {"type": "string", "pattern": f"^{NUMBER.pattern}$"}
HEADERS: dict[str, dict[str, Any]] = {  # what is read below, as JSON Schema
    "Tus-Resumable": {"type": "string", "enum": [VERSION]},
    "Upload-Length": COUNT,
    "Upload-Offset": COUNT,
    "Upload-Defer-Length": {"type": "string", "enum": ["1"]},
    "Upload-Metadata": {"type": "string", "description": "pairs of a key and base64 of UTF-8, divided by commas"},
    "Upload-Checksum": {"type": "string", "pattern": f"^({'|'.join(CHECKSUMS)}) [A-Za-z0-9+/]+={{0,2}}$"},
}
Checksum = tuple[str, bytes]  # algorithm, digest
RECORD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TusVersion(SyncError):
    code = "tus_version"


class ContentType(SyncError):
    code = "unsupported_media_type"


class MethodNotAllowed(SyncError):
    code = "method_not_allowed"


class UploadHeaderInvalid(SyncError):
    """`header`: its name."""

    code = "upload_header_invalid"


class SecretRefused(SyncError):
    """A person says that the paper is marked as a state secret: not a byte of it, nor its name, is taken (L8)."""

    code = "secret_refused"


class ChecksumMismatch(SyncError):
    """The bytes of one request were damaged on the way; none of them counts."""

    code = "checksum_mismatch"


class Interrupted(Exception):
    """The connection broke or went silent in the middle of a body."""


class TusRoute(Short):
    """Asks for the version and puts the headers that every tus answer has on answers and on problems."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            try:
                if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
                    raise TusVersion(headers={"Tus-Version": VERSION})
                response = await handle(request)
            except (AuthError, StorageError, SyncError) as error:
                headers = {"Tus-Resumable": VERSION, **error.params.get("headers", {})}
                if isinstance(error, OffsetMismatch):
                    headers["Upload-Offset"] = str(error.params["offset"])
                error.params["headers"] = headers
                raise
            response.headers["Tus-Resumable"] = VERSION
            return response

        return handle_tus


def number(headers: Headers, name: str) -> int | None:
    """A header that is a count of bytes; None where it is absent. Raises UploadHeaderInvalid."""
    if (text := headers.get(name)) is None:
        return None
    if not NUMBER.fullmatch(text):
        raise UploadHeaderInvalid(header=name)
    return int(text)


def announced(headers: Headers, max_bytes: int) -> Announced:
    """What a creation says of its file.

    Raises SecretRefused before all else, UploadLengthInvalid, UploadTooLarge, UploadHeaderInvalid.
    """
    found = metadata(headers.get("Upload-Metadata", ""))
    marked = found.get("marked_secret", "no")
    if marked not in ("no", "yes"):
        raise UploadHeaderInvalid(header="Upload-Metadata")
    if marked == "yes":
        raise SecretRefused
    size, deferred = number(headers, "Upload-Length"), headers.get("Upload-Defer-Length")
    if deferred not in (None, "1") or (size is None) == (deferred is None):
        raise UploadLengthInvalid
    if size is not None and size > max_bytes:
        raise UploadTooLarge(max_bytes=max_bytes)
    sha256, record_id = found.get("sha256", "").lower() or None, found.get("record") or None
    wrong_digest = sha256 is not None and not keys.is_sha256(sha256)
    wrong_record = record_id is not None and not RECORD_ID.fullmatch(record_id)
    if wrong_digest or wrong_record:
        raise UploadHeaderInvalid(header="Upload-Metadata")
    return Announced(size, found.get("filename", ""), found.get("filetype", ""), sha256, record_id)


def metadata(header: str) -> dict[str, str]:
    """`Upload-Metadata`: pairs of a key and base64 of UTF-8, which is kept as it came: NFD stays NFD (protocol P47)."""
    found: dict[str, str] = {}
    for pair in filter(None, (p.strip() for p in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            value = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise UploadHeaderInvalid(header="Upload-Metadata") from None
        if key in found or "\0" in value or len(value) > 1024:
            raise UploadHeaderInvalid(header="Upload-Metadata")
        found[key] = value
    return found


def carries_bytes(headers: Headers) -> bool:
    """Whether the body is said to be bytes of a file."""
    return headers.get("Content-Type", "").strip().lower() == OFFSET_TYPE


def checksum(headers: Headers) -> Checksum | None:
    """`Upload-Checksum`: algorithm and digest of one request's bytes. Raises UploadHeaderInvalid."""
    if (text := headers.get("Upload-Checksum")) is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        digest = b""
    if algorithm not in CHECKSUMS or not digest:
        raise UploadHeaderInvalid(header="Upload-Checksum")
    return algorithm, digest


def shown(upload: UploadView, offset: int) -> dict[str, str]:
    """The headers that tell a client how its upload stands."""
    headers = {
        "Upload-Offset": str(offset),
        "Upload-State": upload.state,
        "Upload-Expires": formatdate(upload.expires_at / 1000, usegmt=True),
        "Cache-Control": "no-store",
    }
    length = {"Upload-Defer-Length": "1"} if upload.size is None else {"Upload-Length": str(upload.size)}
    return {**length, **headers}


def shown_metadata(upload: UploadView) -> dict[str, str]:
    """`Upload-Metadata` of an upload, from what was kept of it."""
    values = {"filename": upload.name, "filetype": upload.mime, "sha256": upload.sha256, "record": upload.record_id}
    pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items() if value]
    return {"Upload-Metadata": ",".join(pairs)} if pairs else {}


async def pieces(
    request: Request, size: int, limit: int, idle: float, ends: Callable[[], None] = lambda: None
) -> AsyncGenerator[bytes]:
    """The body in pieces of `size` bytes; `ends` is called when no more comes. Raises UploadTooLarge beyond `limit`.

    When the connection breaks, or no byte comes for `idle` seconds, what has arrived is given as the last piece and
    then Interrupted is raised.
    """
    gathered, rest, whole = bytearray(), limit, False
    async with aclosing(request.stream()) as stream:
        while not whole:
            try:
                async with asyncio.timeout(idle):
                    chunk = await anext(stream)
            except (TimeoutError, ClientDisconnect):
                break
            except StopAsyncIteration:
                whole, chunk = True, b""
            rest -= len(chunk)
            if rest < 0:
                raise UploadTooLarge(max_bytes=limit)
            gathered += chunk
            while len(gathered) >= size:
                yield bytes(memoryview(gathered)[:size])
                del gathered[:size]
    ends()
    if gathered:
        yield bytes(gathered)
    if not whole:
        raise Interrupted


async def ahead(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same pieces; the next one is gathered while the caller stores the one before."""
    coming = asyncio.ensure_future(anext(body, b""))
    try:
        while piece := await coming:
            coming = asyncio.ensure_future(anext(body, b""))
            yield piece
    finally:  # whatever still comes belongs to a body that nobody wants any more
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def checked(body: AsyncIterator[bytes], checksum: Checksum) -> AsyncGenerator[bytes]:
    """The same pieces, but none before all have come and their digest is right. Raises ChecksumMismatch.

    They wait in a file of their own, so that damaged bytes never count, not even when the service is killed.
    """
    algorithm, expected = checksum
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with SpooledTemporaryFile[bytes](max_size=SPOOL_BYTES) as spool:
        async for piece in body:
            digest.update(piece)
            await run_in_threadpool(spool.write, piece)
        if digest.digest() != expected:
            raise ChecksumMismatch
        spool.seek(0)
        while piece := await run_in_threadpool(spool.read, SPOOL_BYTES):
            yield piece
