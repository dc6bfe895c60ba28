"""The tables of the programme; times are ms since 1970 UTC, JSON lives in text columns."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Text
from sqlmodel import Field, SQLModel


class Unit(SQLModel, table=True):
    """Who takes part: a commune, ward, special zone, agency, enterprise or school."""

    __tablename__ = "unit"
    code: str = Field(primary_key=True, description="five digits of the state's numbering for communes and wards")
    name_vi: str
    name_en: str
    kind: str
    parent: str | None = Field(default=None, foreign_key="unit.code", description="the commune that it lies in")
    search: str = Field(description="kind, names and code without marks and capitals")
    active: bool = True


class CriteriaSet(SQLModel, table=True):
    """One version of the criteria, never changed once it is in. The one imported last is the active one."""

    __tablename__ = "criteria_set"
    id: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    language: str
    imported_at: int = Field(sa_type=BigInteger)
    digest: str = Field(description="SHA-256 of the canonical JSON of the content, hex")
    head: str = Field(sa_column=Column(Text, nullable=False), description="the content without its items, JSON")
    source_text: str = Field(sa_column=Column(Text, nullable=False), description="the file as it came, for audit")


class Criterion(SQLModel, table=True):
    """One item of a set; `position` is its place among the items of its kind of unit, from 1."""

    __tablename__ = "criterion"
    __table_args__ = (
        ForeignKeyConstraint(["set_id", "version"], ["criteria_set.id", "criteria_set.version"]),
        Index("criterion_order", "set_id", "version", "unit_kind", "position", unique=True),
    )
    set_id: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    unit_kind: str
    group_code: str
    position: int
    shared_key: str
    title_vi: str = Field(sa_column=Column(Text, nullable=False))
    title_en: str = Field(sa_column=Column(Text, nullable=False))
    check: str
    evidence_kinds: str = Field(sa_column=Column(Text, nullable=False), description="codes, JSON")
    min_evidence: int
    reviewers: int = Field(
        default=1, sa_column_kwargs={"server_default": "1"}, description="how many people have to confirm a piece"
    )
    frequency: str
    due: str | None = Field(default=None, description="MM-DD, the last day allowed, Asia/Ho_Chi_Minh")
    responsible_role: str
    applies_when: str | None = None
    points: int | None = None
    privacy: str = Field(sa_column=Column(Text, nullable=False), description="flags, JSON")
    status: str = Field(description="official | template")
    source: str = Field(sa_column=Column(Text, nullable=False), description="instrument, ref, url, JSON")
    maps_to_3554: str | None = None
    note: str | None = Field(default=None, sa_column=Column(Text))


class Review(SQLModel, table=True):
    """One decision on one version of a record; appended, never changed. The record's `review` shows the last."""

    __tablename__ = "review"
    __table_args__ = (Index("review_record", "record_id", "at"), Index("review_at", "at", "actor"))
    review_id: str = Field(primary_key=True)
    record_id: str = Field(foreign_key="record.id")
    scope: str
    ver: int
    content_digest: str
    decision: str = Field(description="verified | rejected | needs_info")
    reason_code: str | None = None
    comment: str | None = Field(default=None, sa_column=Column(Text))
    actor: str
    at: int = Field(sa_type=BigInteger)
    digest: str = Field(description="SHA-256 of the request; tells a retry from a reuse of the id")


class DeskItem(SQLModel, table=True):
    """Evidence as the review desk lists it: follows the records, so that the queue walks an index.

    One row for the piece itself (`criterion` empty), and one for each criterion that it names.
    """

    __tablename__ = "desk_item"
    __table_args__ = (
        Index("desk_item_year", "year", "criterion", "state", "since", "record_id"),
        Index("desk_item_scope", "scope", "criterion", "state", "since", "record_id"),
    )
    record_id: str = Field(primary_key=True, foreign_key="record.id")
    criterion: str = Field(primary_key=True)
    scope: str
    year: int
    type: str
    kind: str = Field(description="kind of proof, as the catalogue names it; else the type")
    state: str
    since: int = Field(sa_type=BigInteger, description="when it came to this state")


class Claim(SQLModel, table=True):
    """Who has taken a piece in hand, until when. A row whose time has run out counts for nothing."""

    __tablename__ = "review_claim"
    __table_args__ = (Index("review_claim_holder", "holder", "until"),)
    record_id: str = Field(primary_key=True, foreign_key="record.id")
    holder: str
    ver: int = Field(description="what was there when it was taken")
    taken_at: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger)


class SavedView(SQLModel, table=True):
    """Filters of the queue under a name, for one account."""

    __tablename__ = "desk_view"
    account_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    filters: str = Field(sa_column=Column(Text, nullable=False), description="JSON")
    at: int = Field(sa_type=BigInteger)


class Case(SQLModel, table=True):
    """Where each case stands: follows the records, so that lists and figures need not read them."""

    __tablename__ = "programme_case"
    __table_args__ = (
        Index("programme_case_list", "type", "year", "state", "since", "record_id"),
        Index("programme_case_unit", "unit", "year", "type"),
    )
    record_id: str = Field(primary_key=True, foreign_key="record.id")
    type: str
    unit: str
    year: int
    state: str
    period: str = Field(description="month of a report, YYYY-MM; empty for others")
    late: bool
    since: int = Field(sa_type=BigInteger, description="when it came to this state")


class Step(SQLModel, table=True):
    """One move of a case, as it was made; appended, never changed. The record's `case` shows the last."""

    __tablename__ = "case_step"
    __table_args__ = (Index("case_step_record", "record_id", "at"),)
    move_id: str = Field(primary_key=True)
    record_id: str = Field(foreign_key="record.id")
    action: str
    source: str
    target: str
    actor: str
    at: int = Field(sa_type=BigInteger)
    ver: int
    note: str | None = Field(default=None, sa_column=Column(Text))
    paper: str = Field(sa_column=Column(Text, nullable=False), description="number, date, signer …, JSON")
    digest: str = Field(description="SHA-256 of the request; tells a retry from a reuse of the id")


class Snapshot(SQLModel, table=True):
    """What a dossier was when it was sent: digests of evidence and the rendered forms. Never changed."""

    __tablename__ = "dossier_snapshot"
    __table_args__ = (Index("dossier_snapshot_unit", "unit", "year", "version", unique=True),)
    record_id: str = Field(primary_key=True, foreign_key="record.id")
    unit: str
    year: int
    version: int
    digest: str = Field(description="SHA-256 of `content`, hex")
    content: str = Field(sa_column=Column(Text, nullable=False), description="canonical JSON")
    at: int = Field(sa_type=BigInteger)


class Quota(SQLModel, table=True):
    """How many units of a kind the ministry asks for in a year (plan III.1.3 c)."""

    __tablename__ = "quota"
    year: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    wanted: int


class Clearance(SQLModel, table=True):
    """Evidence that may be published, as it was verified; a step of its own (domain L23), until it is taken back."""

    __tablename__ = "clearance"
    __table_args__ = (Index("clearance_at", "at", "record_id"),)
    record_id: str = Field(primary_key=True, foreign_key="record.id")
    scope: str
    ver: int
    content_digest: str
    by: str
    at: int = Field(sa_type=BigInteger)
    withdrawn_by: str | None = None
    withdrawn_at: int | None = Field(default=None, sa_type=BigInteger, description="cleared again, it is empty again")


class PressLink(SQLModel, table=True):
    """Where something that was cleared has appeared."""

    __tablename__ = "press_link"
    record_id: str = Field(primary_key=True, foreign_key="clearance.record_id")
    url: str = Field(primary_key=True)
    title: str
    published_on: str = Field(description="YYYY-MM-DD")
    by: str
    at: int = Field(sa_type=BigInteger)
