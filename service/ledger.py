"""The ledger of an S3 store, in the service's own database."""

from collections.abc import Iterator

from service.db import Database
from storage.store import Piece
from sync import pieces


class TableLedger:
    """A `storage.store.Ledger`; each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pieces(self, upload_id: str) -> list[Piece]:
        return self._database.read(pieces.of, upload_id)

    def add(self, upload_id: str, piece: Piece) -> bool:
        return self._database.write(pieces.add, upload_id, piece)

    def forget(self, upload_id: str) -> None:
        self._database.write(pieces.forget, upload_id)

    def ids(self) -> Iterator[str]:
        yield from self._database.read(pieces.ids)
