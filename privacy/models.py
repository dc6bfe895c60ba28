"""Tables of the desk for personal data; times are ms since 1970 UTC. Names of people stand here and nowhere else."""

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


class PrivacyCase(SQLModel, table=True):
    """A request of a data subject, or a breach."""

    __tablename__ = "privacy_case"
    __table_args__ = (Index("privacy_case_open", "ended", "act_by", "id"),)
    id: str = Field(primary_key=True)
    type: str = Field(description="request | breach")
    kind: str = Field(description="which right; empty for a breach")
    state: str
    ended: bool = False
    opened_by: str
    account_id: str | None = Field(default=None, description="the subject, where it is an account of this service")
    received_at: int = Field(sa_type=BigInteger, description="of a request; of a breach when it was discovered")
    answer_by: int | None = Field(default=None, sa_type=BigInteger)
    act_by: int = Field(sa_type=BigInteger)
    subject: str = Field(sa_column=Column(Text, nullable=False), description="who asks and how to reach them")
    words: str = Field(sa_column=Column(Text, nullable=False), description="what is asked, or what happened")
    facts: str = Field(default="{}", sa_column=Column(Text, nullable=False), description="what moves have set, JSON")
    digest: str = Field(description="SHA-256 of the request that opened it; tells a retry from a reuse of the id")


class PrivacyStep(SQLModel, table=True):
    """One move of a case, as it was made; appended, never changed."""

    __tablename__ = "privacy_step"
    __table_args__ = (Index("privacy_step_case", "case_id", "at"),)
    move_id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="privacy_case.id")
    action: str
    source: str
    target: str
    actor: str
    at: int = Field(sa_type=BigInteger)
    late: bool
    note: str = Field(sa_column=Column(Text, nullable=False))
    basis: str
    outcome: str = Field(sa_column=Column(Text, nullable=False), description="what came of it, JSON")
    digest: str = Field(description="SHA-256 of the request; tells a retry from a reuse of the id")


class ErasureCertificate(SQLModel, table=True):
    """What was erased, why and on whose word: signed, and without a word of what it was."""

    __tablename__ = "erasure_certificate"
    id: str = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)
    reason: str
    case_id: str | None = Field(default=None, foreign_key="privacy_case.id")
    jws: str = Field(sa_column=Column(Text, nullable=False))
