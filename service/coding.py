"""Compressed bodies, both ways (RFC 9110 §8.4): zstd (RFC 8878) and gzip, for JSON; uploads travel as they are.

A body that is sent compressed is unpacked piece by piece, and refused once it would grow beyond what a body may be:
memory stays flat whatever is inside.
"""

import sys
import zlib
from collections.abc import Callable
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import problem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "zstd, gzip"
WORTHWHILE, ASIDE = 1024, 64 * 1024  # bytes from which a body is packed, and from which a thread does it
PIECE = 64 * 1024
RATIO, UNSUSPECTED = 100, 256 * 1024  # a body may unpack to this many times its size, or to this many bytes
WINDOW = {int(zstd.DecompressionParameter.window_log_max): 23}  # 8 MiB, the most that a sender may use (RFC 9659)


class Refused(Exception):
    """The body cannot be taken; the argument is the code of the problem."""


class Unpacker:
    """Unpacks one body of one coding, at most `PIECE` bytes at a time."""

    def __init__(self, coding: str) -> None:
        gzipped = coding in {"gzip", "x-gzip"}
        self._codec: Any = zlib.decompressobj(31) if gzipped else zstd.ZstdDecompressor(options=WINDOW)
        self.read = self.written = 0
        self._left = b""

    @property
    def ended(self) -> bool:
        return bool(self._codec.eof)

    def feed(self, data: bytes) -> None:
        self.read += len(data)
        self._left += data

    def take(self) -> bytes:
        """The next piece of what was fed; empty when more has to be fed. Raises Refused."""
        if self.ended:
            if self._left:
                raise Refused("malformed")  # one coding, one frame, nothing after it
            return b""
        try:
            out: bytes = self._codec.decompress(self._left, PIECE)
        except (zlib.error, zstd.ZstdError) as error:
            raise Refused("malformed") from error
        # zlib hands back what it has not read yet, zstd keeps it; both hand back what stands after the end.
        self._left = getattr(self._codec, "unconsumed_tail", b"") or self._codec.unused_data
        self.written += len(out)
        if self.written > max(UNSUSPECTED, RATIO * self.read):
            raise Refused("too_large")
        return out

    def check_end(self, piece: bytes) -> None:
        """To be called when nothing more comes: raises Refused for a body that was cut short."""
        if not piece and not self.ended:
            raise Refused("malformed")


class Coding:
    """Takes a coding off what comes in, and puts one on what goes out, where the caller says that it can."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sending = Packer(send, chosen(headers.get("accept-encoding", ""))) if scope["method"] != "HEAD" else None
        out: Send = sending.send if sending else send
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding == "identity" or "json" not in headers.get("content-type", ""):
            await self.app(scope, receive, out)
        elif coding not in {"gzip", "x-gzip", "zstd"}:
            refusal = problem(Request(scope), "unsupported_media_type", headers={"Accept-Encoding": ACCEPTED})
            await refusal(scope, receive, out)
        else:
            await self._unpacked(scope, receive, out, Unpacker(coding))

    async def _unpacked(self, scope: Scope, receive: Receive, send: Send, unpacker: Unpacker) -> None:
        plain = [(n, v) for n, v in scope["headers"] if n not in {b"content-encoding", b"content-length"}]
        refused: str | None = None
        more = True

        async def read() -> Message:
            nonlocal more, refused
            try:
                while not (out := unpacker.take()) and more:
                    message = await receive()
                    if message["type"] != "http.request":
                        return message
                    unpacker.feed(message.get("body", b""))
                    more = message.get("more_body", False)
                unpacker.check_end(out)
            except Refused as error:
                refused = str(error)
                raise
            return {"type": "http.request", "body": out, "more_body": bool(out)}

        async def answer(message: Message) -> None:
            nonlocal refused
            if refused is None:
                await send(message)
            elif message["type"] == "http.response.start":
                await problem(Request(scope), refused)(scope, receive, send)

        await self.app({**scope, "headers": plain}, read, answer)


def chosen(accepted: str) -> str | None:
    """The coding for an answer, by `Accept-Encoding`: zstd before gzip, None for as it is."""
    found = {}
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        found[name.strip()] = quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return next((name for name in ("zstd", "gzip") if found.get(name)), None)


class Packer:
    """Packs an answer that is in one piece; one that is streamed goes as it is."""

    def __init__(self, send: Send, coding: str | None) -> None:
        self._send, self._coding = send, coding
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _packable(message):
            self._start = message
        elif self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            await self._send_packed(start, message)
        else:
            await self._send(message)

    async def _send_packed(self, start: Message, message: Message) -> None:
        body = message.get("body", b"")
        headers = MutableHeaders(raw=start["headers"])
        headers.add_vary_header("Accept-Encoding")
        if self._coding and len(body) >= WORTHWHILE and not message.get("more_body"):
            pack: Callable[[bytes], bytes] = _zstd if self._coding == "zstd" else _gzip
            body = await run_sync(pack, body) if len(body) > ASIDE else pack(body)
            headers["Content-Encoding"], headers["Content-Length"] = self._coding, str(len(body))
        await self._send(start)
        await self._send({**message, "body": body})


def _packable(start: Message) -> bool:
    """JSON that holds no secret: the size of a packed secret tells about it where others choose what stands beside."""
    headers: Any = Headers(raw=start["headers"])
    secret = "no-store" in headers.get("cache-control", "")
    plain = "content-encoding" not in headers and start["status"] not in {204, 206, 304}
    return "json" in headers.get("content-type", "") and plain and not secret


def _zstd(body: bytes) -> bytes:
    """A page of a thousand records at the lowest level: a quarter less work, four hundredths more bytes."""
    return zstd.compress(body, 1 if len(body) > ASIDE else 3)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(5, wbits=31)
    return packer.compress(body) + packer.flush()
