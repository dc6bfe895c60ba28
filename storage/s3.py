"""The S3 store: one bucket of any S3-compatible service, laid out as the directory store lays out its folder.

An unfinished upload is a row of pieces, each an object `incoming/<upload id>/<piece>` of any size, so that every append
is durable at once; the 5 MiB rule of S3's own multipart uploads stays in `multipart.py`. The ledger says which pieces
count, with their ETags.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storage import keys, multipart
from storage.errors import ObjectUnknown, OffsetMismatch, StoreUnavailable, UploadGone
from storage.store import Ledger, Piece

READ = 2**18
THREADS = 16
UNKNOWN = frozenset({"404", "NoSuchKey", "NotFound"})
CONFIG = Config(
    signature_version="s3v4",
    # The checksums that boto3 adds by itself have broken with several services; ours are explicit.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=THREADS,
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the objects are; `endpoint` None is AWS. The secret is in no text that this makes of itself."""

    endpoint: str | None
    region: str
    name: str
    access_key: str
    secret_key: str = field(repr=False)


def client_of(bucket: Bucket) -> Any:
    """What speaks to the S3 service of a bucket; nothing is asked of it yet."""
    return boto3.client(
        "s3",
        endpoint_url=bucket.endpoint,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key,
        aws_secret_access_key=bucket.secret_key,
        config=CONFIG,
    )


def object_name(key: str) -> str:
    """The name of an object in the bucket. Raises ValueError for what is no key."""
    if not keys.is_key(key):
        raise ValueError("not a key")
    return f"objects/{key}"


def part_name(upload_id: str, part: str) -> str:
    """The name of a piece of an unfinished upload. Raises ValueError for what is no id."""
    if not (keys.is_upload_id(upload_id) and keys.is_upload_id(part)):
        raise ValueError("not an upload id")
    return f"incoming/{upload_id}/{part}"


class S3Store:
    """A `BlobStore` in a bucket, which `make_bucket` makes. Nothing is asked of the other side before it is needed."""

    append_size = 2**22  # a few of them are in memory at once

    def __init__(self, bucket: Bucket, ledger: Ledger) -> None:
        self._ledger = ledger
        self._name = bucket.name
        self._client = client_of(bucket)

    def make_bucket(self) -> None:
        """Makes the bucket where it is not there yet."""
        with _available():
            try:
                self._client.head_bucket(Bucket=self._name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in {*UNKNOWN, "NoSuchBucket"}:
                    raise
                self._client.create_bucket(Bucket=self._name)

    def size(self, upload_id: str) -> int:
        return _end(self._pieces(upload_id))

    def append(self, upload_id: str, offset: int, data: bytes) -> int:
        self._check_end(upload_id, offset)
        if not data:
            return offset
        name = part_name(upload_id, str(uuid4()))
        with _available():
            etag = multipart.put(self._client, self._name, name, data)
        if not self._ledger.add(upload_id, Piece(offset, len(data), name, etag)):
            with suppress(StoreUnavailable), _available():
                self._client.delete_object(Bucket=self._name, Key=name)
            self._check_end(upload_id, offset)
        return offset + len(data)

    def adopt(self, upload_id: str, offset: int, size: int, part: str) -> int:
        """Counts bytes that somebody has put under `part_name(upload_id, part)`; where the next ones begin.

        Raises ObjectUnknown where there are not `size` bytes, and as `append` does.
        """
        self._check_end(upload_id, offset)
        name = part_name(upload_id, part)
        with _available(name):
            found = self._client.head_object(Bucket=self._name, Key=name)
        if found["ContentLength"] != size:
            raise ObjectUnknown(key=name)
        if not self._ledger.add(upload_id, Piece(offset, size, name, str(found["ETag"]))):
            self._check_end(upload_id, offset)
        return offset + size

    def incoming(self, upload_id: str) -> Iterator[bytes]:
        for piece in self._pieces(upload_id):
            if piece.size:
                with _available():
                    yield from self._get(piece.name, IfMatch=piece.etag)

    def seal(self, upload_id: str, sha256: str, size: int) -> None:
        key, found = object_name(keys.of_digest(sha256)), self.size(upload_id)
        if found != size:
            raise OffsetMismatch(offset=found)
        self._ledger.add(upload_id, Piece(size, 0, "", ""))
        found = self.size(upload_id)
        if found != size:  # an append came between
            raise OffsetMismatch(offset=found)
        with _available():
            multipart.store(self._client, self._name, key, self.incoming(upload_id), sha256)

    def discard(self, upload_id: str) -> None:
        prefix = f"incoming/{_upload(upload_id)}/"
        with _available():
            for name in self._names(prefix):
                self._client.delete_object(Bucket=self._name, Key=name)
        self._ledger.forget(upload_id)

    def incoming_ids(self) -> Iterator[str]:
        with _available():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._name, Prefix="incoming/", Delimiter="/"
            )
            found = {p["Prefix"].split("/")[1] for page in pages for p in page.get("CommonPrefixes", ())}
        yield from filter(keys.is_upload_id, found | set(self._ledger.ids()))

    def tidy(self, before: int) -> None:
        with _available():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._name)
            for upload in (u for page in pages for u in page.get("Uploads", ())):
                if upload["Initiated"] < datetime.fromtimestamp(before / 1000, UTC):
                    multipart.abort(self._client, self._name, upload["Key"], upload["UploadId"])

    def put(self, key: str, data: bytes | Iterable[bytes]) -> None:
        name = object_name(key)
        with _available():
            multipart.store(self._client, self._name, name, [data] if isinstance(data, bytes) else data)

    def exists(self, key: str) -> bool:
        try:
            return self.length(key) >= 0
        except ObjectUnknown:
            return False

    def length(self, key: str) -> int:
        name = object_name(key)
        with _available(key):
            return int(self._client.head_object(Bucket=self._name, Key=name)["ContentLength"])

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        name, size = object_name(key), self.length(key)
        stop = size if length is None else min(start + length, size)
        if start < stop:
            with _available(key):
                yield from self._get(name, Range=f"bytes={start}-{stop - 1}")

    def delete(self, key: str) -> None:
        name = object_name(key)
        with _available():
            self._client.delete_object(Bucket=self._name, Key=name)

    def keys(self, prefix: str = "") -> Iterator[str]:
        if prefix and not keys.is_key(prefix.removesuffix("/")):
            raise ValueError("not the beginning of a key")
        with _available():
            for name in self._names(f"objects/{prefix}"):
                yield name.removeprefix("objects/")

    def _pieces(self, upload_id: str) -> list[Piece]:
        return self._ledger.pieces(_upload(upload_id))

    def _check_end(self, upload_id: str, offset: int) -> None:
        """Raises UploadGone for a sealed upload, OffsetMismatch where it does not end at `offset`."""
        pieces = self._pieces(upload_id)
        if pieces and pieces[-1].size == 0:
            raise UploadGone
        if _end(pieces) != offset:
            raise OffsetMismatch(offset=_end(pieces))

    def _get(self, name: str, **how: str) -> Iterator[bytes]:
        body = self._client.get_object(Bucket=self._name, Key=name, **how)["Body"]
        with body:
            yield from body.iter_chunks(READ)

    def _names(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        return (found["Key"] for page in pages for found in page.get("Contents", ()))


@contextmanager
def _available(key: str | None = None) -> Iterator[None]:
    """Whatever the other side does wrong is StoreUnavailable; that `key` is not there is ObjectUnknown."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if key is not None and code in UNKNOWN:
            raise ObjectUnknown(key=key) from error
        raise StoreUnavailable(reason=f"the S3 service answered {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailable(reason=f"the S3 service: {type(error).__name__}") from error


def _end(pieces: list[Piece]) -> int:
    return pieces[-1].start + pieces[-1].size if pieces else 0


def _upload(upload_id: str) -> str:
    if not keys.is_upload_id(upload_id):
        raise ValueError("not an upload id")
    return upload_id
