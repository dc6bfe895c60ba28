"""Looking into a file: what it is, whether it may be served, what it says of itself, and pictures of it to look at.

Signatures are compared here; everything that parses runs in a child (`storage/decoders`), which gets the bytes as an
open file without a name and writes its answer into another one, whose size the kernel bounds.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from storage import kinds
from storage.decoders.confine import OUTPUT

TAIL = 65_557  # the furthest from its end that a ZIP's directory record can begin
JPEG = b"\xff\xd8\xff"
Short = Annotated[str, Field(max_length=300)]
Fact = bool | int | float | Short | list[Short]


class DecoderDied(Exception):
    """The child crashed, was killed by a limit, or talked nonsense: of the file, or of the machine's state just now."""


class Looked(BaseModel):
    """What was found. `refusal`: the code for which the file is kept apart; None: it may be served.

    `check`: could it be read. `facts`: what the file says of itself. `hash`: see `decoders.picture.picture_hash`.
    `parts`: length of each derivative. The child may have been taken over by the file, so its words are checked.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    kind: Annotated[str, Field(pattern=r"^[a-z0-9]{1,12}$")]
    check: Literal["ok", "unreadable", "unknown"] = "unknown"
    refusal: Annotated[str | None, Field(pattern=r"^[a-z_]{1,40}$")] = None
    facts: Annotated[dict[Short, Fact], Field(max_length=40)] = {}
    hash: Annotated[int | None, Field(ge=0, lt=2**64)] = None
    parts: dict[Literal["thumbnail", "preview"], Annotated[int, Field(ge=1)]] = {}

    @property
    def mime(self) -> str:
        known = kinds.ALLOWED.get(self.kind)
        return known.mime if known else kinds.UNKNOWN_MIME


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may use: bytes of memory, seconds of processor time, seconds in all."""

    memory: int = 1 << 30
    cpu_seconds: int = 20
    seconds: float = 60


DEFAULT = Bounds()
Found = tuple[Looked, dict[str, bytes]]  # with the derivatives, JPEGs by name


@contextmanager
def spooled(chunks: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """The bytes of `chunks` as an open file that has no name and is gone afterwards. Raises what `chunks` raises."""
    with TemporaryFile(prefix="minhchung-") as source:
        for chunk in chunks:
            source.write(chunk)
        source.flush()
        yield source


def look(source: IO[bytes], bounds: Bounds = DEFAULT) -> Found:
    """Looks into a whole file. Raises DecoderDied."""
    source.seek(0)
    kind = kinds.kind_of(source.read(kinds.HEAD))
    known = kinds.ALLOWED.get(kind)
    if kind == "empty":
        return Looked(kind=kind, refusal="file_empty"), {}
    if known is None and kind != "zip":
        return Looked(kind=kind, refusal="file_type_refused"), {}
    if kind != "zip" and _ends_as_zip(source):
        return Looked(kind=kind, refusal="file_structure"), {}
    return _decode(source, known.decoder if known else "office", kind, bounds)


def _ends_as_zip(source: IO[bytes]) -> bool:
    """Whether an unpacker would find an archive in a file that begins as something else (APPNOTE.TXT §4.3.16)."""
    size = source.seek(0, os.SEEK_END)
    source.seek(max(0, size - TAIL))
    tail = source.read()
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at >= 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") <= len(tail)


def _decode(source: IO[bytes], decoder: str, kind: str, bounds: Bounds) -> Found:
    source.seek(0)
    with TemporaryFile(prefix="minhchung-") as answer:
        command = [sys.executable, "-I", "-m", "storage.decoders", decoder, kind]
        command += [str(bounds.memory), str(bounds.cpu_seconds)]
        with subprocess.Popen(  # noqa: S603  # our own interpreter and module; nothing of the service goes with it
            command, stdin=source, stdout=answer, stderr=subprocess.DEVNULL, env={}, cwd="/", start_new_session=True
        ) as child:
            try:
                code = child.wait(bounds.seconds)
            except subprocess.TimeoutExpired:
                raise DecoderDied("time-out") from None
            finally:
                child.kill()  # harmless for one that has ended; it can have no children (`confine.py`)
        if code != 0:
            raise DecoderDied(f"exit code {code}")
        answer.seek(0)
        return _read(answer.read(OUTPUT + 1))


def _read(answer: bytes) -> Found:
    line, _, rest = answer.partition(b"\n")
    try:
        looked = Looked.model_validate_json(line)
    except ValueError as error:
        raise DecoderDied("nonsense") from error
    parts = {}
    for name, size in looked.parts.items():
        parts[str(name)], rest = rest[:size], rest[size:]
        if len(parts[name]) != size or not parts[name].startswith(JPEG):
            raise DecoderDied("a derivative is cut off, or is no JPEG")
    return looked, parts
