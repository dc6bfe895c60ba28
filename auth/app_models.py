"""The tables of third-party apps (OAuth 2 clients). Importable by `auth` only; times are ms since 1970 UTC."""

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel


class App(SQLModel, table=True):
    """An app that an administrator registered. Without a secret it is public (RFC 6749 §2.1)."""

    __tablename__ = "oauth_app"
    id: str = Field(primary_key=True)
    name: str
    redirect_uris: str = Field(sa_column=Column(Text, nullable=False), description="one a line")
    scope: str = Field(description="all that it may ask for, space-separated")
    grant_types: str = Field(description="space-separated")
    secret_hash: str | None = Field(default=None, description="SHA-256 of 256 random bits, hex")
    account_id: str | None = Field(default=None, foreign_key="account.id", description="the account it acts as itself")
    active: bool = True
    created_at: int = Field(sa_type=BigInteger)


class Consent(SQLModel, table=True):
    """What an account lets an app do. Its client is the one that acts; withdrawn, that is shut out and this is gone."""

    __tablename__ = "oauth_consent"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    app_id: str = Field(primary_key=True, foreign_key="oauth_app.id")
    client_id: str = Field(foreign_key="client.id")
    scope: str
    given_at: int = Field(sa_type=BigInteger)


class AuthorizationCode(SQLModel, table=True):
    """RFC 6749 §4.1: counts once, for a minute, for one app, address and verifier."""

    __tablename__ = "oauth_code"
    hash: str = Field(primary_key=True)
    app_id: str = Field(foreign_key="oauth_app.id")
    account_id: str = Field(foreign_key="account.id")
    redirect_uri: str
    scope: str
    challenge: str
    nonce: str | None = None
    strong: bool = False
    made_at: int = Field(sa_type=BigInteger)
    family: str | None = Field(default=None, description="the session that it was exchanged for")


class DeviceGrant(SQLModel, table=True):
    """RFC 8628: a device that waits for a person to type its code elsewhere."""

    __tablename__ = "oauth_device_grant"
    device_hash: str = Field(primary_key=True)
    user_hash: str = Field(unique=True)
    app_id: str = Field(foreign_key="oauth_app.id")
    scope: str
    made_at: int = Field(sa_type=BigInteger)
    polled_at: int = Field(default=0, sa_type=BigInteger)
    interval: int = Field(description="seconds")
    state: str = Field(default="pending", description="pending | allowed | denied | used")
    account_id: str | None = Field(default=None, foreign_key="account.id")
    strong: bool = False
