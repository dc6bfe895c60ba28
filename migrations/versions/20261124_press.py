"""what is cleared for publication, and where it has appeared

New tables only: the previous release does not know them and is not disturbed.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_press"
down_revision = "20261124_review_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clearance",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("clearance_at", "clearance", ["at", "record_id"])
    op.create_table(
        "press_link",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("published_on", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["clearance.record_id"]),
        sa.PrimaryKeyConstraint("record_id", "url"),
    )


def downgrade() -> None:
    op.drop_table("press_link")
    op.drop_table("clearance")
