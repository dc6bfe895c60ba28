"""The tables of who is calling. Importable by `auth` only, and by migrations; times are ms since 1970 UTC.

Ids are UUIDs in text, as everywhere. No secret is stored as such: passwords are argon2id, codes and tokens are digests.
"""

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel


class Account(SQLModel, table=True):
    """One person. Without a password it can only be reached through an enrolled device."""

    __tablename__ = "account"
    id: str = Field(primary_key=True)
    username: str = Field(unique=True)
    name: str
    password_hash: str | None = None
    active: bool = True
    created_at: int = Field(sa_type=BigInteger)


class Membership(SQLModel, table=True):
    """A role that an account held in a unit from `since` to `until`; ended ones stay, as history."""

    __tablename__ = "membership"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    unit: str = Field(primary_key=True, description="unit code, or * for every unit")
    role: str = Field(primary_key=True)
    since: int = Field(primary_key=True, sa_type=BigInteger)
    until: int | None = Field(default=None, sa_type=BigInteger)


class Client(SQLModel, table=True):
    """One install x account: the `client_id` of the sync protocol. Signing in again keeps it, so its queue goes on."""

    __tablename__ = "client"
    __table_args__ = (UniqueConstraint("account_id", "install_id", name="client_install"),)
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    install_id: str = Field(description="random text that the install made for itself")
    name: str
    public_key: str | None = Field(default=None, description="P-256, PEM; set once, never changed")
    created_at: int = Field(sa_type=BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=BigInteger)
    revoked_as: str | None = Field(default=None, description="lost | retired")


class Enrolment(SQLModel, table=True):
    """A one-time code that lets a device in without a password."""

    __tablename__ = "enrolment"
    code_hash: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger)
    client_id: str | None = Field(default=None, foreign_key="client.id")


class RefreshToken(SQLModel, table=True):
    """One link of a chain of refresh tokens; a chain is a `family`, begun by signing in or enrolling."""

    __tablename__ = "refresh_token"
    hash: str = Field(primary_key=True)
    family: str = Field(index=True)
    client_id: str = Field(foreign_key="client.id", index=True)
    account_id: str = Field(foreign_key="account.id")
    issued_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger, description="when its successor was first made")
    revoked: bool = False
