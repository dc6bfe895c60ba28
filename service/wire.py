"""Shapes of the sync contract, for requests and for the published description (protocol C.4, C.5).

An op is taken in any shape: what is wrong with one is told in its result, with the body kept.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sync.push import MAX_OPS

Text = Annotated[str, Field(max_length=200)]
Scopes = Annotated[list[Text], Field(max_length=5000)]


class Clock(BaseModel):
    """The device's clock at sending time; orders nothing, helps to judge capture times."""

    model_config = ConfigDict(extra="ignore")
    wall: Text | None = None
    mono_ms: int | None = None
    boot_id: Text | None = None


class PushRequest(BaseModel):
    """A batch of ops of one client."""

    model_config = ConfigDict(extra="ignore")
    epoch: Text | None = None
    schema_: Annotated[int | None, Field(alias="schema")] = None
    app: Text | None = None
    pending: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    clock: Clock | None = None
    ops: Annotated[list[Any], Field(json_schema_extra={"maxItems": MAX_OPS})]  # held to by the engine

    def said(self) -> dict[str, Any]:
        """What the device says beside its ops."""
        clock = self.clock.model_dump() if self.clock else None
        return {"epoch": self.epoch, "pending": self.pending, "clock": clock}


class Record(BaseModel):
    """A record as every way out shows it; types add server-owned parts such as `review`, `files`, `codes`."""

    model_config = ConfigDict(extra="allow")
    id: str
    type: str
    scope: str
    schema_: Annotated[int, Field(alias="schema")]
    ver: int
    deleted: bool
    state: str
    content_digest: str
    data: dict[str, Any]
    conflicts: list[dict[str, Any]]
    issues: list[dict[str, Any]]


class Stub(BaseModel):
    """A record of a type that the client did not name in `types`: its body comes when it does."""

    id: str
    type: str
    scope: str
    ver: int
    deleted: bool
    data: Annotated[dict[str, Any], Field(max_length=0)]
    unsupported: Literal[True]


class Place(BaseModel):
    """Where in the log of a scope."""

    scope: str
    seq: int


class Result(BaseModel):
    """What became of one op. All but `retry` are durable: the client stops sending."""

    op_id: str
    dev_seq: int | None
    status: Literal["applied", "merged", "conflict", "superseded", "duplicate", "held", "rejected", "retry"]
    original: str | None = None
    code: str | None = None
    message: str | None = None
    action: str | None = None
    fields: list[dict[str, Any]] | None = None
    waiting_for: list[str] | None = None
    signed: bool | None = None
    seq: Place | None = None
    entry_hash: str | None = None
    record: Record | None = None


class PushAnswer(BaseModel):
    """Results in the order of the ops; `acked_through` is the largest n with every dev_seq up to n durable."""

    epoch: str
    server_time: str
    acked_through: int
    missing_dev_seq: list[int]
    safe_to_delete: dict[str, int]
    receipt: Annotated[str | None, Field(description="JWS (ES256) over what became of each op")]
    results: list[Result]


class PullRequest(BaseModel):
    """What to read next; no cursor means from the start."""

    model_config = ConfigDict(extra="ignore")
    epoch: Text | None = None
    cursor: Annotated[str | None, Field(max_length=1_000_000)] = None
    held: Annotated[Scopes, Field(description="scopes of which the client has records")] = []
    types: Annotated[
        list[Text] | None, Field(max_length=200, description="record types that the client knows; others come as stubs")
    ] = None
    reload: Annotated[Scopes, Field(description="scopes to be sent again from their start")] = []
    min_heads: Annotated[
        dict[Text, Annotated[int, Field(ge=0, lt=2**53)]],
        Field(max_length=5000, description="scope -> seq that the answer has to be as new as"),
    ] = {}
    digests: Annotated[bool, Field(description="tell the digest of every scope that is at its end")] = False
    wait_ms: Annotated[
        int, Field(ge=0, le=600_000, description="how long an empty answer may wait for news; 30 s at most")
    ] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 500
    max_bytes: Annotated[int, Field(ge=1, le=4 * 2**20)] = 2**20


class Change(BaseModel):
    """`put` carries the record; `left` says that it is no longer in this scope."""

    scope: str
    seq: int
    kind: Literal["put", "left"]
    record: Record | Stub | None = None
    id: str | None = None
    ver: int | None = None


class CountDigest(BaseModel):
    """What a scope holds at `as_of`: how many records, and the XOR of SHA-256 of each one's `<id>|<ver>`, hex."""

    as_of: int
    n: int
    xor: str


class PullAnswer(BaseModel):
    """A page. Apply it and its cursor in one local transaction; the outbox is never touched by it."""

    epoch: str
    cursor: str
    more: bool
    removed: list[str]
    reload: list[str]
    heads: dict[str, int]
    safe_to_delete: Annotated[dict[str, int], Field(description="per scope, the last seq that backups hold")]
    count_digest: dict[str, CountDigest]
    changes: list[Change]


class RecordPage(BaseModel):
    """A list of records; `cursor` is null on the last page."""

    cursor: str | None
    records: list[Record]


class BatchItem(BaseModel):
    """What became of one: `record` as it now is, or `code`, `message` and `errors` of the problem."""

    record_id: str
    status: Literal["done", "refused"]
    code: str | None = None
    message: str | None = None
    action: str | None = None
    errors: list[dict[str, Any]] | None = None
    current: dict[str, Any] | None = None
    record: Record | None = None


class BatchAnswer(BaseModel):
    """An answer for each, in the order of the request."""

    results: list[BatchItem]


class QueueClaim(BaseModel):
    """Who has a record in hand, until when."""

    record_id: str
    holder: str
    taken_at: str
    until: str


class QueuePage(RecordPage):
    """The queue; by record, `signals` counts what to look at before deciding, `claims` says who has it in hand."""

    signals: dict[str, dict[str, int]]
    claims: dict[str, QueueClaim]
