"""the review desk: what waits, claims, saved views; how many people confirm a criterion

New tables, and a column with a default: the previous release is not disturbed. What it writes meanwhile comes to the
desk with its next change. The rows of what is there already are made here.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_review_desk"
down_revision = "20261124_privacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_item",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"]),
        sa.PrimaryKeyConstraint("record_id", "criterion"),
    )
    op.create_table(
        "review_claim",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("review_claim_holder", "review_claim", ["holder", "until"])
    op.create_table(
        "desk_view",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name"),
    )
    op.create_index("review_at", "review", ["at", "actor"])
    op.add_column("criterion", sa.Column("reviewers", sa.Integer(), server_default="1", nullable=False))
    _fill(op.get_bind())
    op.create_index("desk_item_year", "desk_item", ["year", "criterion", "state", "since", "record_id"])
    op.create_index("desk_item_scope", "desk_item", ["scope", "criterion", "state", "since", "record_id"])


def _fill(bind: sa.Connection) -> None:
    """Rows for the evidence that is there; it counts as waiting since its last change."""
    sqlite = bind.dialect.name == "sqlite"
    kind = "json_extract(r.doc, '$.data.kind')" if sqlite else "r.doc::json -> 'data' ->> 'kind'"
    year = "instr(r.scope, '/')" if sqlite else "position('/' in r.scope)"
    items = (
        "json_each(r.doc, '$.data.criteria') as c"
        if sqlite
        else "json_array_elements_text(coalesce(r.doc::json #> '{data,criteria}', '[]'::json)) as c(value)"
    )
    for criterion, more in (("''", ""), ("c.value", f", {items}")):
        bind.exec_driver_sql(
            f"insert into desk_item select distinct r.id, {criterion}, r.scope, "  # noqa: S608  # words of this file
            f"cast(substr(r.scope, {year} + 1) as integer), r.type, coalesce({kind}, r.type), r.state, l.at "
            f"from record r join change_log l on l.scope = r.scope and l.seq = r.seq{more} "
            "where r.type in ('document', 'photo', 'minutes', 'patrol_log')"
        )


def downgrade() -> None:
    op.drop_column("criterion", "reviewers")
    op.drop_index("review_at", "review")
    for table in ("desk_view", "review_claim", "desk_item"):
        op.drop_table(table)
