"""lineages with a parent, checkpoints, backups

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_backups"
down_revision = "20261124_kept_files"
branch_labels = None
depends_on = None

SCOPE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("sync_epoch") as batch_op:
        batch_op.add_column(sa.Column("parent", sa.String(), nullable=True))
    op.create_table(
        "epoch_head",
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("scope", SCOPE, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "scope"),
    )
    op.create_table(
        "checkpoint_head",
        sa.Column("scope", SCOPE, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "seq"),
    )
    op.create_table(
        "backup",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "backup_head",
        sa.Column("backup", sa.String(), nullable=False),
        sa.Column("scope", SCOPE, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("backup", "scope"),
    )
    op.create_table(
        "backup_file",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("backup", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )


def downgrade() -> None:
    for table in ("backup_file", "backup_head", "backup", "checkpoint_head", "epoch_head"):
        op.drop_table(table)
    with op.batch_alter_table("sync_epoch") as batch_op:
        batch_op.drop_column("parent")
