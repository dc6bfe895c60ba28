"""papers that officials use, with their facts frozen

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_papers"
down_revision = "20261124_audit_exports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper",
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id"),
    )
    op.create_index("paper_list", "paper", ["year", "unit", "kind", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("paper_list", table_name="paper")
    op.drop_table("paper")
