"""The tables of signing in through an outside OpenID provider. Importable by `auth` only; times in ms since 1970."""

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel


class Identity(SQLModel, table=True):
    """Whom the provider calls `subject`, tied to one account by an administrator's code and by nothing else."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="external_subject"),)
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    issuer: str
    subject: str
    linked_at: int = Field(sa_type=BigInteger)


class ExternalSignIn(SQLModel, table=True):
    """One trip to the provider: begun by an app, come back with somebody, and the session that came of it."""

    __tablename__ = "external_sign_in"
    state_hash: str = Field(primary_key=True, description="of the `state` that the provider hands back, once")
    install_id: str
    return_uri: str
    app_state: str
    challenge: str = Field(description="S256 of what only the app knows")
    invitation: str | None = Field(default=None, description="digest of an enrolment code")
    made_at: int = Field(sa_type=BigInteger)
    back_at: int | None = Field(default=None, sa_type=BigInteger, description="when the browser came back")
    account_id: str | None = Field(default=None, foreign_key="account.id", index=True)
    strong: bool = Field(default=False, description="the provider says that a second factor was shown")
    sid: str | None = Field(default=None, description="the provider's name of its session")
    code_hash: str | None = Field(default=None, unique=True)
    family: str | None = Field(default=None, description="the session that the code was exchanged for")
