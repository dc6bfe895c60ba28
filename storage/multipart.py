"""One object of any size into a bucket, in one request or, beyond `PART` bytes, as a multipart upload of S3.

All bytes go out with their SHA-256, which the other side checks; nothing that it says of digests is believed.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from storage.errors import StoreUnavailable

PART = 2**23  # S3 takes no part below 5 MiB but the last; 10,000 of these are 80 GiB


def put(client: Any, bucket: str, name: str, data: bytes) -> str:
    """Stores a small object; its ETag."""
    return str(client.put_object(Bucket=bucket, Key=name, Body=data, **_checksum(data))["ETag"])


def store(client: Any, bucket: str, name: str, pieces: Iterable[bytes], sha256: str | None = None) -> None:
    """Stores an object whole or not at all. Raises StoreUnavailable where it is not what `sha256` (hex) says."""
    digest, parts = hashlib.sha256(), _parts(pieces)
    first, second = next(parts), next(parts, None)
    digest.update(first)
    if second is None:
        _must_be(digest, sha256)
        put(client, bucket, name, first)
        return
    into = {"Bucket": bucket, "Key": name}
    into["UploadId"] = client.create_multipart_upload(**into, ChecksumAlgorithm="SHA256")["UploadId"]
    try:
        done = [_part(client, into, 1, first), _part(client, into, 2, second)]
        digest.update(second)
        for part in parts:
            digest.update(part)
            done.append(_part(client, into, len(done) + 1, part))
        _must_be(digest, sha256)
        client.complete_multipart_upload(**into, MultipartUpload={"Parts": done})
    except BaseException:
        with suppress(Exception):  # a service that is away keeps the parts until `tidy`
            abort(client, bucket, name, into["UploadId"])
        raise


def abort(client: Any, bucket: str, name: str, upload_id: str) -> None:
    """Forgets a multipart upload and its parts."""
    client.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload_id)


def _part(client: Any, into: dict[str, str], number: int, data: bytes) -> dict[str, Any]:
    checksum = _checksum(data)
    etag = client.upload_part(**into, PartNumber=number, Body=data, **checksum)["ETag"]
    return {"PartNumber": number, "ETag": etag, **checksum}


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of `PART`, the last one smaller; one empty part where there are none."""
    gathered, given = bytearray(), False
    for piece in pieces:
        gathered += piece
        while len(gathered) > PART:
            yield bytes(memoryview(gathered)[:PART])
            del gathered[:PART]
            given = True
    if gathered or not given:
        yield bytes(gathered)


def _must_be(digest: Any, sha256: str | None) -> None:
    if sha256 not in (None, digest.hexdigest()):
        raise StoreUnavailable(reason="the bytes that came back are not those that were stored")


def _checksum(data: bytes) -> dict[str, str]:
    return {"ChecksumSHA256": b64encode(hashlib.sha256(data).digest()).decode()}
