"""The usual case of a small file: bytes that nobody has sent before, and that no record waits for yet.

One question and four rows, in statements that are built once: a camera roll brings hundreds of files, and what
`media.finish` asks for all other cases would cost as much as all the rest of an upload.
"""

from typing import Any
from uuid import uuid4

from sqlalchemy import String, bindparam, exists, insert, or_, select
from sqlmodel import Session, SQLModel, col

from auth.principal import Principal
from sync import jobs
from sync.media_models import Quarantine
from sync.models import Attachment, Blob, Holding, Upload
from sync.uploads import OPEN, VERIFIED, Announced, UploadView

_SHA256, _CLIENT = bindparam("sha256", type_=String), bindparam("client_id", type_=String)
MET = select(
    or_(
        exists().where(col(Blob.sha256) == _SHA256),
        exists().where(col(Quarantine.sha256) == _SHA256),
        exists().where(col(Attachment.sha256) == _SHA256),
        exists().where(col(Holding.sha256) == _SHA256),
        exists().where(col(Upload.client_id) == _CLIENT, col(Upload.sha256) == _SHA256, col(Upload.state) == OPEN),
    )
)
INTO = [insert(SQLModel.metadata.tables[name]) for name in ("upload", "blob", "job", "holding")]


def is_met(session: Session, principal: Principal, sha256: str) -> bool:
    """Whether anything is known of this file, or this client has an upload of it that it has not ended."""
    asked = {"sha256": sha256, "client_id": principal.client_id}
    return bool(session.connection().execute(MET, asked).scalar_one())


def keep(
    session: Session, principal: Principal, announced: Announced, blob: dict[str, Any], now: int, ttl: int
) -> UploadView:
    """Notes a file that is not met, as its upload and all that follows; the caller holds the lock of its digest."""
    sha256, account = blob["sha256"], principal.account_id
    upload = {
        "id": str(uuid4()), "record_id": announced.record_id, "size": blob["size"], "sha256": sha256,
        "name": announced.name, "mime": announced.mime, "state": VERIFIED, "expires_at": now + ttl, "lease": 1,
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        {**upload, "account_id": account, "client_id": principal.client_id, "created_at": now},
        blob,
        {"kind": jobs.INSPECT, "payload": sha256, "run_at": now, "attempts": 0, "done": False},
        {"sha256": sha256, "account_id": account},
    ]
    connection = session.connection()
    for into, row in zip(INTO, rows, strict=True):
        connection.execute(into, row)
    return UploadView(**upload)
