"""Which store keeps the files: the one place that chooses, for the application and for commands."""

from dataclasses import replace

from service.db import Database
from service.ledger import TableLedger
from service.settings import Settings
from storage.direct import Direct
from storage.local import DirectoryStore
from storage.s3 import Bucket, S3Store
from storage.store import BlobStore


def open_store(settings: Settings, database: Database | None = None) -> BlobStore:
    """The bucket of the settings, else the folder. A bucket is asked for nothing before it is needed.

    `database`: an open one, for the notes of a store that keeps some.
    """
    if settings.s3_bucket is None:
        return DirectoryStore(settings.data_dir / "blobs")
    return S3Store(bucket(settings, settings.s3_bucket), TableLedger(database or Database(settings.db_url)))


def open_direct(settings: Settings, database: Database) -> Direct | None:
    """What signs addresses of the bucket for phones; None where the settings do not let them reach it."""
    if settings.s3_bucket is None or settings.s3_public_endpoint is None:
        return None
    inside = bucket(settings, settings.s3_bucket)
    return Direct(S3Store(inside, TableLedger(database)), replace(inside, endpoint=settings.s3_public_endpoint))


def open_mirror(settings: Settings, database: Database) -> BlobStore | None:
    """Where second copies go; None where the settings name no place."""
    if settings.mirror_bucket is not None:
        return S3Store(bucket(settings, settings.mirror_bucket), TableLedger(database))
    return DirectoryStore(settings.mirror_dir) if settings.mirror_dir is not None else None


def open_trail(settings: Settings, database: Database) -> BlobStore | None:
    """Where the audit trail is exported to; None where the settings name no place."""
    if settings.audit_bucket is not None:
        return S3Store(bucket(settings, settings.audit_bucket), TableLedger(database))
    return DirectoryStore(settings.audit_dir) if settings.audit_dir is not None else None


def bucket(settings: Settings, name: str) -> Bucket:
    """A bucket of the S3 service of the settings."""
    secret = settings.s3_secret_key.get_secret_value()
    return Bucket(settings.s3_endpoint, settings.s3_region, name, settings.s3_access_key, secret)


def prepare_store(settings: Settings, database: Database) -> None:
    """Makes the buckets that the settings name and that are not there. Raises StoreUnavailable."""
    places = (open_store(settings, database), open_mirror(settings, database), open_trail(settings, database))
    for store in places:
        if isinstance(store, S3Store):
            store.make_bucket()
