"""Signing in through an outside OpenID provider: who is whom there, and trips of browsers."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_external_sign_in"
down_revision = "20261124_desk_order"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "external_identity",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("issuer", "subject", name="external_subject"),
    )
    op.create_table(
        "external_sign_in",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("install_id", sa.String(), nullable=False),
        sa.Column("return_uri", sa.String(), nullable=False),
        sa.Column("app_state", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("invitation", sa.String(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("back_at", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("sid", sa.String(), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.Column("family", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("state_hash"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_index("ix_external_sign_in_account_id", "external_sign_in", ["account_id"])


def downgrade() -> None:
    op.drop_index("ix_external_sign_in_account_id", "external_sign_in")
    op.drop_table("external_sign_in")
    op.drop_table("external_identity")
