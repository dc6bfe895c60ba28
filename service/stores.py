"""Which blob store a deployment has. The only place that chooses."""

from service.settings import Settings
from storage.local import DirectoryStore
from storage.store import BlobStore


def open_store(settings: Settings) -> BlobStore:
    """The store of `settings`; the service and every command read and write files through it."""
    return DirectoryStore(settings.data_dir / "blobs")
