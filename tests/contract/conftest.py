"""The stores that the suite runs on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from service.db import Database
from service.ledger import TableLedger
from storage.local import DirectoryStore
from storage.s3 import S3Store
from storage.store import BlobStore

Opening = Callable[[], BlobStore]


@pytest.fixture(params=["directory", "s3"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    """Opens the store of one test, as a process does that starts; each time it finds what the others left."""
    if request.param == "directory":
        yield lambda: DirectoryStore(tmp_path / "blobs")
        return
    bucket = request.getfixturevalue("swift").bucket()
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    SQLModel.metadata.create_all(database.writer)
    S3Store(bucket, TableLedger(database)).make_bucket()
    yield lambda: S3Store(bucket, TableLedger(database))
    database.close()


@pytest.fixture
def store(opening: Opening) -> BlobStore:
    return opening()
