"""Addresses under which phones reach a bucket themselves, where the deployment lets them: bytes pass the service by.

Each address is for one thing, for a short time, and signed (AWS Signature 4, in the query). What is put there counts
for nothing until the service has found it (`S3Store.adopt`), read it back whole, and hashed it.
"""

from base64 import b64encode
from dataclasses import dataclass

from storage.s3 import Bucket, S3Store, client_of, object_name, part_name


@dataclass(frozen=True, slots=True)
class Link:
    """Where to send one request, and the headers that it has to carry as they are."""

    url: str
    headers: dict[str, str]


class Direct:
    """Makes addresses in the bucket of `store` as phones reach it: `outside` has the endpoint that they see."""

    def __init__(self, store: S3Store, outside: Bucket) -> None:
        self.store, self._name, self._client = store, outside.name, client_of(outside)

    def part(self, upload_id: str, part: str, size: int, sha256: str, seconds: int) -> Link:
        """For a PUT of exactly these bytes: the S3 service refuses all others."""
        checksum = b64encode(bytes.fromhex(sha256)).decode()
        wanted = {"Bucket": self._name, "Key": part_name(upload_id, part), "ContentLength": size}
        url = self._client.generate_presigned_url(
            "put_object", Params={**wanted, "ChecksumSHA256": checksum}, ExpiresIn=seconds, HttpMethod="PUT"
        )
        return Link(str(url), {"Content-Length": str(size), "x-amz-checksum-sha256": checksum})

    def read(self, key: str, disposition: str, mime: str, seconds: int) -> Link:
        """For GETs of an object, with any `Range`; it is served as a file of this type that is to be saved."""
        wanted = {"Bucket": self._name, "Key": object_name(key)}
        shown = {"ResponseContentDisposition": disposition, "ResponseContentType": mime}
        url = self._client.generate_presigned_url("get_object", Params={**wanted, **shown}, ExpiresIn=seconds)
        return Link(str(url), {})
