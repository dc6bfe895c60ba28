"""wrong guesses, counted for all processes

A table more: the previous release counts in memory, beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_guesses"
down_revision = "20261124_external_sign_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guess_bucket",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash"),
    )


def downgrade() -> None:
    op.drop_table("guess_bucket")
