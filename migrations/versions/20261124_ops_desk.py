"""ops name their scope and group, and the outcomes that an op had before stay

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "20261124_ops_desk"
down_revision = "20261124_findings"
branch_labels = None
depends_on = None

SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}/[0-9]{4}")
PAGE = 1000


def upgrade() -> None:
    op.add_column(
        "op", sa.Column("scope", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=True)
    )
    op.add_column("op", sa.Column("tx", sa.String(), nullable=True))
    op.create_index("op_open", "op", ["status", "scope"], unique=False)
    op.create_index("ix_op_tx", "op", ["tx"], unique=False)
    op.create_table(
        "past_outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("op_id", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_past_outcome_op_id", "past_outcome", ["op_id"], unique=False)
    _name_scopes(op.get_bind())


def _name_scopes(connection: sa.Connection) -> None:
    """Ops that wait or were refused are listed by scope; the others are found by their record."""
    table = sa.table("op", *(sa.column(name) for name in ("op_id", "status", "body", "scope")))
    after = ""
    while True:
        rows = connection.execute(
            sa.select(table.c.op_id, table.c.body)
            .where(table.c.op_id > after, table.c.status.in_(["held", "rejected"]), table.c.body.is_not(None))
            .order_by(table.c.op_id)
            .limit(PAGE)
        ).all()
        if not rows:
            return
        for op_id, body in rows:
            raw = json.loads(body)
            scope = raw.get("scope") if isinstance(raw, dict) else None
            if isinstance(scope, str) and SCOPE.fullmatch(scope):
                connection.execute(sa.update(table).where(table.c.op_id == op_id).values(scope=scope))
        after = rows[-1][0]


def downgrade() -> None:
    op.drop_table("past_outcome")
    for index in ("ix_op_tx", "op_open"):
        op.drop_index(index, table_name="op")
    for column in ("tx", "scope"):
        op.drop_column("op", column)
