"""Tables of what outlives an accident: where a lineage ended, what was witnessed and backed up (P14, C.9).

Importable by `sync` only; times are ms since 1970 UTC.
"""

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from sync.models import SCOPE


class EpochHead(SQLModel, table=True):
    """How far a scope had come when a lineage ended: up to here, and no further, the next one shares its log."""

    __tablename__ = "epoch_head"
    epoch: str = Field(primary_key=True)
    scope: str = Field(primary_key=True, sa_type=SCOPE)
    seq: int = Field(sa_type=BigInteger)


class CheckpointHead(SQLModel, table=True):
    """A head that a signed checkpoint names; `key` is where the checkpoint lies in the blob store."""

    __tablename__ = "checkpoint_head"
    scope: str = Field(primary_key=True, sa_type=SCOPE)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    hash: bytes = Field(sa_type=LargeBinary)
    key: str


class Backup(SQLModel, table=True):
    """A backup that was read back and held: with its heads and files, what `safe_to_delete` is made of."""

    __tablename__ = "backup"
    name: str = Field(primary_key=True)
    taken_at: int = Field(sa_type=BigInteger, description="of its snapshot")
    verified_at: int = Field(sa_type=BigInteger)
    epoch: str
    place: str = Field(description="where it was put, as the operator named it")


class BackupHead(SQLModel, table=True):
    """How far a scope had come in the snapshot of a backup."""

    __tablename__ = "backup_head"
    backup: str = Field(primary_key=True)
    scope: str = Field(primary_key=True, sa_type=SCOPE)
    seq: int = Field(sa_type=BigInteger)
