"""The table of papers; times are ms since 1970 UTC, JSON lives in text columns."""

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


class Paper(SQLModel, table=True):
    """A paper that somebody asked for: its facts, frozen, and the files made of them. The facts never change."""

    __tablename__ = "paper"
    __table_args__ = (Index("paper_list", "year", "unit", "kind", "at"),)
    paper_id: str = Field(primary_key=True, description="follows from kind, unit and digest: the same facts, one paper")
    kind: str
    unit: str = Field(description="empty for the whole province")
    year: int
    to: str = Field(default="", description="for whom the review of a year is; empty for any other paper")
    digest: str = Field(description="SHA-256 of `content`, hex")
    content: str = Field(sa_column=Column(Text, nullable=False), description="the facts, canonical JSON")
    at: int = Field(sa_type=BigInteger, description="when it was asked for first")
    asked_by: str
    state: str = Field(description="waiting | ready | failed")
    files: str = Field(sa_column=Column(Text, nullable=False), description="format -> [sha256, size], JSON")
