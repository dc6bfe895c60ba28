"""What can go wrong in `storage`, by name; `service/problems.py` gives each its text.

StorageError
├── OffsetMismatch      an append that does not begin where the durable bytes end
├── UploadGone          an upload that takes no more bytes: discarded, expired, or sealed
├── ObjectUnknown       no object under this key
├── Damaged             bytes that are not what their key says
└── StoreUnavailable    the disk or the S3 service did not do its work; what was durable before still is
"""

from typing import Any, ClassVar


class StorageError(Exception):
    """Base; `params` fill the text of the problem whose `code` this is."""

    code: ClassVar[str] = "internal"

    def __init__(self, **params: Any) -> None:
        super().__init__(self.code)
        self.params = params


class OffsetMismatch(StorageError):
    """`offset`: the number of bytes that are durable."""

    code = "offset_mismatch"


class UploadGone(StorageError):
    code = "upload_gone"


class ObjectUnknown(StorageError):
    code = "object_unknown"


class Damaged(StorageError):
    """`sha256`: what they should be."""

    code = "object_damaged"


class StoreUnavailable(StorageError):
    code = "storage_unavailable"
