"""Where the bytes of unfinished uploads are, for stores that keep them as objects (`storage.store.Ledger`)."""

from sqlalchemy import delete, select
from sqlmodel import Session, col

from storage.store import Piece
from sync import bulk
from sync.models import UploadPiece


def of(session: Session, upload_id: str) -> list[Piece]:
    """The pieces of an upload, in the order of their bytes."""
    columns = (col(UploadPiece.start), col(UploadPiece.size), col(UploadPiece.name), col(UploadPiece.etag))
    of_upload = select(*columns).where(col(UploadPiece.upload_id) == upload_id).order_by(col(UploadPiece.start))
    return [Piece(*row) for row in session.execute(of_upload)]


def add(session: Session, upload_id: str, piece: Piece) -> bool:
    """Counts a piece; False where another one begins at that place."""
    return bulk.insert_new(session, UploadPiece, {"upload_id": upload_id, **piece._asdict()})


def forget(session: Session, upload_id: str) -> None:
    session.execute(delete(UploadPiece).where(col(UploadPiece.upload_id) == upload_id))


def ids(session: Session) -> list[str]:
    """Uploads that have pieces."""
    return list(session.scalars(select(col(UploadPiece.upload_id)).distinct()))
