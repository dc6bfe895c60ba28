"""the desk for personal data: requests, breaches, certificates of erasure

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_privacy"
down_revision = "20261124_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_case",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=True),
        sa.Column("act_by", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_index("privacy_case_open", "privacy_case", ["ended", "act_by", "id"])
    op.create_table(
        "privacy_step",
        sa.Column("move_id", sa.String(), primary_key=True),
        sa.Column("case_id", sa.String(), sa.ForeignKey("privacy_case.id"), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_index("privacy_step_case", "privacy_step", ["case_id", "at"])
    op.create_table(
        "erasure_certificate",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), sa.ForeignKey("privacy_case.id"), nullable=True),
        sa.Column("jws", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    for table in ("erasure_certificate", "privacy_step", "privacy_case"):
        op.drop_table(table)
