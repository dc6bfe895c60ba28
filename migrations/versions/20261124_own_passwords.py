"""who chose a password and when, and those before it

Columns that may be empty or have a default, and a table: the previous release signs people in as before beside it. What
was set before counts as chosen by its holder, at an unknown time.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_own_passwords"
down_revision = "20261124_paper_to"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("password_at", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("password_given", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "old_password",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "hash"),
    )


def downgrade() -> None:
    op.drop_table("old_password")
    op.drop_column("account", "password_given")
    op.drop_column("account", "password_at")
