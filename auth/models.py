"""The tables of who is calling. Importable by `auth` only, and by migrations; times are ms since 1970 UTC.

Ids are UUIDs in text, as everywhere. No secret is stored as such: passwords are argon2id, codes and tokens are digests.
"""

from sqlalchemy import BigInteger, Column, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class Account(SQLModel, table=True):
    """One person. Without a password it can only be reached through an enrolled device."""

    __tablename__ = "account"
    id: str = Field(primary_key=True)
    username: str = Field(unique=True)
    name: str
    password_hash: str | None = None
    password_at: int | None = Field(default=None, sa_type=BigInteger, description="null: before this was kept")
    password_given: bool = Field(default=False, description="somebody else chose it")
    active: bool = True
    off_because: str | None = Field(default=None, description="administrator | idle | erased, while it is switched off")
    created_at: int = Field(sa_type=BigInteger)
    seen_at: int | None = Field(default=None, sa_type=BigInteger, description="last sign-in or refresh")


class OldPassword(SQLModel, table=True):
    """A password that was replaced, so that it is not chosen again."""

    __tablename__ = "old_password"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    hash: str = Field(primary_key=True)
    set_at: int = Field(sa_type=BigInteger)


class Membership(SQLModel, table=True):
    """A role that an account held in a unit from `since` to `until`; ended ones stay, as history.

    `delegated_by`: the account that passed its own role on for this period; null where an administrator gave it.
    """

    __tablename__ = "membership"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    unit: str = Field(primary_key=True, description="unit code, or * for every unit")
    role: str = Field(primary_key=True)
    year: int = Field(default=0, primary_key=True, description="the one year, or 0 for every year")
    since: int = Field(primary_key=True, sa_type=BigInteger)
    until: int | None = Field(default=None, sa_type=BigInteger)
    delegated_by: str | None = Field(default=None, foreign_key="account.id")


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
    drained_at: int | None = Field(default=None, sa_type=BigInteger, description="when a retired one had sent all")
    wiped_at: int | None = Field(default=None, sa_type=BigInteger, description="when a lost one was first told to wipe")


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
    begun_at: int = Field(default=0, sa_type=BigInteger, description="when the chain began; 0: before this was kept")
    strong: bool = Field(default=False, description="a second factor was shown in this chain")
    issued_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger, description="when its successor was first made")
    revoked: bool = False
    scope: str | None = Field(default=None, description="what a third-party app was given; null: one's own device")


class SecondFactor(SQLModel, table=True):
    """The time-based codes of an account (RFC 6238). A code counts once: `last_step` only grows."""

    __tablename__ = "second_factor"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    sealed: bytes = Field(sa_type=LargeBinary, description="the shared key, AES-GCM under the server secret")
    made_at: int = Field(sa_type=BigInteger)
    confirmed_at: int | None = Field(default=None, sa_type=BigInteger)
    last_step: int = Field(default=0, sa_type=BigInteger)


class RecoveryCode(SQLModel, table=True):
    """A code on paper that stands in for the second factor, once."""

    __tablename__ = "recovery_code"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    code_hash: str = Field(primary_key=True)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class GuessBucket(SQLModel, table=True):
    """How many wrong guesses are left for a name or an address; gone when it is full again."""

    __tablename__ = "guess_bucket"
    key_hash: str = Field(primary_key=True, description="limit and key, under the server secret")
    level: float
    at: int = Field(sa_type=BigInteger, description="when `level` was true")


class AuditEntry(SQLModel, table=True):
    """One security-relevant act. Appended, chained to the one before, never changed: the database refuses it."""

    __tablename__ = "audit_entry"
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    at: int = Field(sa_type=BigInteger, index=True)
    act: str
    actor: str = Field(description="account id, `operator`, or empty for a stranger")
    client: str = Field(default="", description="client id of the actor")
    source: str = Field(default="", description="network address that the request came from")
    subject: str = Field(default="", description="what it was done to: an account, a client, a scope, a record")
    facts: str = Field(default="{}", sa_column=Column(Text, nullable=False), description="more of it, JSON")
    entry_hash: bytes = Field(sa_type=LargeBinary)


class AuditHead(SQLModel, table=True):
    """The one row whose lock orders the audit trail; locked after everything else.

    Entries up to `cut` have been exported and removed; the trail goes on from the hash of that entry.
    """

    __tablename__ = "audit_head"
    id: int = Field(default=1, primary_key=True)
    seq: int = Field(default=0, sa_type=BigInteger)
    hash: bytes = Field(default=b"", sa_type=LargeBinary)
    cut: int = Field(default=0, sa_type=BigInteger)
    cut_hash: bytes = Field(default=b"", sa_type=LargeBinary)


class AuditExport(SQLModel, table=True):
    """A piece of the trail that lies off this host, signed; it counts once it was read back there."""

    __tablename__ = "audit_export"
    last: int = Field(primary_key=True, sa_type=BigInteger, description="number of its last entry")
    first: int = Field(sa_type=BigInteger)
    last_at: int = Field(sa_type=BigInteger, description="when its last entry was written")
    last_hash: bytes = Field(sa_type=LargeBinary)
    name: str
    verified_at: int = Field(sa_type=BigInteger)
