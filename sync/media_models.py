"""Tables of what was found in files, and of files that are kept apart. Importable by `sync` only; times are ms since
1970 UTC, JSON lies in text columns.
"""

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


class Finding(SQLModel, table=True):
    """What a file says of itself: times, camera, software, place to about a kilometre; the exact place stays in it."""

    __tablename__ = "finding"
    sha256: str = Field(primary_key=True)
    kind: str
    facts: str = Field(sa_column=Column(Text, nullable=False))
    found_at: int = Field(sa_type=BigInteger)


class HashBucket(SQLModel, table=True):
    """A quarter of a picture's hash, and which quarter: pictures that look alike share a bucket, or nearly."""

    __tablename__ = "hash_bucket"
    __table_args__ = (Index("hash_bucket_file", "sha256"),)
    bucket: int = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    hash: int = Field(sa_type=BigInteger, description="all 64 bits, as a signed number")


class Quarantine(SQLModel, table=True):
    """A file that is kept apart, or was: why, by whom, and how it ended. With `destroyed_at` it is the register of
    spills: no store, copy or backup may hold these bytes again.
    """

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_destroyed", "destroyed_at"),)
    sha256: str = Field(primary_key=True)
    code: str
    note: str | None = Field(default=None, sa_column=Column(Text))
    by: str = Field(description="account; empty: the service")
    at: int = Field(sa_type=BigInteger)
    released_by: str | None = None
    released_at: int | None = Field(default=None, sa_type=BigInteger)
    destroyed_by: str | None = None
    destroyed_at: int | None = Field(default=None, sa_type=BigInteger)
    officer: str | None = Field(default=None, description="the security officer who was told")
