"""The engine's tables (protocol C.2). Importable by `sync` only; times are ms since 1970 UTC.
JSON lives in text columns: it is written once, hashed as written, and passed through to pulls unparsed.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Text, UniqueConstraint, text, true
from sqlmodel import Field, SQLModel

SCOPE = String().with_variant(String(collation="C"), "postgresql")  # compared by range: the order of bytes everywhere

OPEN = "status IN ('held', 'rejected')"  # ops that a person may have to look at


class SyncEpoch(SQLModel, table=True):
    """The lineage of this database. A restore opens a new one, so that devices know to compare (protocol P14)."""

    __tablename__ = "sync_epoch"
    epoch: str = Field(primary_key=True)
    started_at: int = Field(sa_type=BigInteger)
    reason: str
    active: bool = True
    parent: str | None = Field(default=None, description="the lineage that this one goes on from")


class ScopeHead(SQLModel, table=True):
    """The last `seq` of a scope and the hash of its log up to there. Locked last, just before commit.

    `n` and `xor` are the tally of its records (`sync/tally.py`) as of the seq `counted`.
    """

    __tablename__ = "scope_head"
    scope: str = Field(primary_key=True, sa_type=SCOPE)
    seq: int = Field(sa_type=BigInteger)
    hash: bytes = Field(sa_type=LargeBinary)
    n: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    xor: bytes | None = Field(default=None, sa_type=LargeBinary)
    counted: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Record(SQLModel, table=True):
    """Current state of a record; `doc` is what a pull sends, `meta` is what a merge needs."""

    __tablename__ = "record"
    __table_args__ = (
        Index("record_feed", "scope", "seq", unique=True),
        Index("record_state", "state", "scope", "seq"),
    )
    id: str = Field(primary_key=True)
    type: str
    scope: str = Field(sa_type=SCOPE)
    seq: int = Field(sa_type=BigInteger)
    ver: int
    deleted: bool
    state: str
    content_digest: str
    doc: str = Field(sa_column=Column(Text, nullable=False))
    meta: str = Field(sa_column=Column(Text, nullable=False))


class Revision(SQLModel, table=True):
    """What a record was before its next change: the base of text merges, and what was verified stays readable."""

    __tablename__ = "revision"
    record_id: str = Field(primary_key=True)
    ver: int = Field(primary_key=True)
    content_digest: str
    doc: str = Field(sa_column=Column(Text, nullable=False))


class LeftRecord(SQLModel, table=True):
    """A record that moved away from a scope: tells its readers to drop their copy (protocol P10)."""

    __tablename__ = "left_record"
    scope: str = Field(primary_key=True, sa_type=SCOPE)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    record_id: str
    ver: int


class LogEntry(SQLModel, table=True):
    """History of a scope: gap-free, hash-chained, never updated (protocol C.3, C.9)."""

    __tablename__ = "change_log"
    __table_args__ = (Index("change_log_record", "record_id", "ver"),)
    scope: str = Field(primary_key=True, sa_type=SCOPE)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    record_id: str
    kind: str
    ver: int
    op_id: str
    actor: str
    at: int = Field(sa_type=BigInteger)
    payload_digest: bytes = Field(sa_type=LargeBinary)
    entry_hash: bytes = Field(sa_type=LargeBinary)


class Op(SQLModel, table=True):
    """What a device did, kept for ever whether it was applied or not. Only `body` and `salt` may be redacted."""

    __tablename__ = "op"
    __table_args__ = (
        UniqueConstraint("client_id", "dev_seq", name="op_client_seq"),
        Index("op_open", "status", "scope"),
        Index(  # the order of the desk; the many that were applied are not in it
            "op_desk", "status", "received_at", "op_id", postgresql_where=text(OPEN)
        ),
    )
    op_id: str = Field(primary_key=True)
    client_id: str
    dev_seq: int | None = Field(default=None, sa_type=BigInteger)
    actor: str
    record_id: str | None = None
    scope: str | None = Field(default=None, sa_type=SCOPE)
    tx: str | None = Field(default=None, index=True)
    received_at: int = Field(sa_type=BigInteger)
    digest: bytes = Field(sa_type=LargeBinary)
    salt: bytes | None = Field(default=None, sa_type=LargeBinary)
    body: str | None = Field(default=None, sa_column=Column(Text))
    status: str
    result: str = Field(sa_column=Column(Text, nullable=False))


class PastOutcome(SQLModel, table=True):
    """What had become of an op before its outcome changed: released, replayed, accepted or refused."""

    __tablename__ = "past_outcome"
    id: int | None = Field(default=None, primary_key=True)
    op_id: str = Field(index=True)
    until: int = Field(sa_type=BigInteger)
    by: str  # on whose word; empty: something arrived
    reason: str
    status: str
    result: str = Field(sa_column=Column(Text, nullable=False))


class OpWait(SQLModel, table=True):
    """What a held op waits for: `record:<id>` or `op:<id>`. Released by its arrival, never by a timer."""

    __tablename__ = "op_wait"
    __table_args__ = (Index("op_wait_needs", "needs"),)
    op_id: str = Field(primary_key=True)
    needs: str = Field(primary_key=True)


class Serial(SQLModel, table=True):
    """The last running number given out under a name in a scope."""

    __tablename__ = "serial"
    scope: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    last: int


class Replica(SQLModel, table=True):
    """How far one client's ops have come. Its row lock makes pushes of one client follow each other."""

    __tablename__ = "replica"
    client_id: str = Field(primary_key=True)
    acked_through: int = Field(sa_type=BigInteger)
    last_dev_seq: int = Field(sa_type=BigInteger)
    pending: int
    seen_at: int = Field(sa_type=BigInteger)


class Upload(SQLModel, table=True):
    """One tus upload. Its offset is not here: the store knows what is durable (protocol C.8)."""

    __tablename__ = "upload"
    id: str = Field(primary_key=True)
    account_id: str
    client_id: str
    record_id: str | None = None
    size: int = Field(sa_type=BigInteger)
    sha256: str | None = Field(default=None, description="whole-file digest that the client declared, hex")
    name: str = Field(description="display text, as sent; never a path")
    mime: str
    state: str = Field(description="open | verified | hash_mismatch")
    created_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    lease: int = Field(default=0, description="raised by each append; an older append loses")


class UploadPiece(SQLModel, table=True):
    """Bytes of an unfinished upload in a store that keeps them as objects: `size` of them at `start`, under `name`.

    That one place holds one piece decides between two appends. Sealed uploads end with a piece of no bytes.
    """

    __tablename__ = "upload_piece"
    upload_id: str = Field(primary_key=True)
    start: int = Field(primary_key=True, sa_type=BigInteger)
    size: int = Field(sa_type=BigInteger)
    name: str
    etag: str


class Blob(SQLModel, table=True):
    """Bytes that arrived whole and whose SHA-256 this service computed itself."""

    __tablename__ = "blob"
    sha256: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    mime: str
    check: str = Field(description="pending | ok | unreadable | unknown: could a decoder read it")
    created_at: int = Field(sa_type=BigInteger, description="when they last came")
    checked_at: int | None = Field(default=None, sa_type=BigInteger, description="when its bytes were last hashed anew")
    mirrored_at: int | None = Field(default=None, sa_type=BigInteger, description="when the mirror got its copy")
    backed_up_at: int | None = Field(
        default=None, sa_type=BigInteger, description="since when a second copy is known to be good"
    )
    held: str | None = Field(default=None, description="code for which it is quarantined: not served, to nobody")
    previews: str = Field(
        default="pending",
        sa_column=Column(String, nullable=False, server_default="none"),
        description="pending | ready | failed | none",
    )
    scan: str = Field(
        default="not_scanned",
        sa_column=Column(String, nullable=False, server_default="not_scanned"),
        description="not_scanned | clean | found | too_large",
    )


class Holding(SQLModel, table=True):
    """An account that has sent all bytes of a digest. Knowing a digest alone gives nothing (protocol P44)."""

    __tablename__ = "holding"
    sha256: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)


class Attachment(SQLModel, table=True):
    """A file that a record names or has named, and whether its bytes are here for that record.

    The row stays when the file is taken off the record: earlier versions still name it, and so it is not swept.
    """

    __tablename__ = "attachment"
    __table_args__ = (Index("attachment_sha256", "sha256"),)
    record_id: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    account_id: str = Field(description="who attached it")
    state: str = Field(description="missing | verified | destroyed")
    named: bool = Field(
        default=True, sa_column=Column(Boolean, nullable=False, server_default=true()), description="by the head"
    )


class Job(SQLModel, table=True):
    """Work to be done after the answer, written in the transaction that caused it; claimed with a lease."""

    __tablename__ = "job"
    __table_args__ = (Index("job_due", "done", "run_at"),)
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    payload: str = Field(sa_column=Column(Text, nullable=False))
    run_at: int = Field(sa_type=BigInteger)
    attempts: int = 0
    done: bool = False


class DutyRound(SQLModel, table=True):
    """When a duty of the worker comes round again."""

    __tablename__ = "duty_round"
    name: str = Field(primary_key=True)
    due_at: int = Field(sa_type=BigInteger)
