"""Which store keeps the files: the one place that chooses, for the application and for commands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.db import Database
from service.ledger import TableLedger
from service.settings import Settings
from storage.local import DirectoryStore
from storage.store import BlobStore

if TYPE_CHECKING:  # what speaks S3 takes a second to load, and is loaded where the settings name a bucket
    from storage.direct import Direct
    from storage.s3 import Bucket, S3Store


def open_store(settings: Settings, database: Database | None = None) -> BlobStore:
    """The bucket of the settings, else the folder. A bucket is asked for nothing before it is needed.

    `database`: an open one, for the notes of a store that keeps some.
    """
    if settings.s3_bucket is None:
        return DirectoryStore(settings.data_dir / "blobs")
    return _bucket_store(settings, settings.s3_bucket, database or Database(settings.db_url))


def open_direct(settings: Settings, database: Database) -> Direct | None:
    """What signs addresses of the bucket for phones; None where the settings do not let them reach it."""
    if settings.s3_bucket is None or settings.s3_public_endpoint is None:
        return None
    from storage.direct import Direct  # noqa: PLC0415  # as below

    inside = bucket(settings, settings.s3_bucket)
    return Direct(_bucket_store(settings, inside.name, database), replace(inside, endpoint=settings.s3_public_endpoint))


def open_mirror(settings: Settings, database: Database) -> BlobStore | None:
    """Where second copies go; None where the settings name no place."""
    if settings.mirror_bucket is not None:
        return _bucket_store(settings, settings.mirror_bucket, database)
    return DirectoryStore(settings.mirror_dir) if settings.mirror_dir is not None else None


def open_trail(settings: Settings, database: Database) -> BlobStore | None:
    """Where the audit trail is exported to; None where the settings name no place."""
    if settings.audit_bucket is not None:
        return _bucket_store(settings, settings.audit_bucket, database)
    return DirectoryStore(settings.audit_dir) if settings.audit_dir is not None else None


def bucket(settings: Settings, name: str) -> Bucket:
    """A bucket of the S3 service of the settings."""
    from storage.s3 import Bucket  # noqa: PLC0415

    secret = settings.s3_secret_key.get_secret_value()
    return Bucket(settings.s3_endpoint, settings.s3_region, name, settings.s3_access_key, secret)


def _bucket_store(settings: Settings, name: str, database: Database) -> S3Store:
    from storage.s3 import S3Store  # noqa: PLC0415

    return S3Store(bucket(settings, name), TableLedger(database))


def prepare_store(settings: Settings, database: Database) -> None:
    """Makes the buckets that the settings name and that are not there. Raises StoreUnavailable."""
    for name in filter(None, (settings.s3_bucket, settings.mirror_bucket, settings.audit_bucket)):
        _bucket_store(settings, name, database).make_bucket()
