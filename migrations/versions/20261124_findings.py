"""what was found in files, pictures that look alike, and files that are kept apart

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_findings"
down_revision = "20261124_mirrored_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blob", sa.Column("held", sa.String(), nullable=True))
    op.add_column("blob", sa.Column("previews", sa.String(), server_default="none", nullable=False))
    op.add_column("blob", sa.Column("scan", sa.String(), server_default="not_scanned", nullable=False))
    op.create_table(
        "finding",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "hash_bucket",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "sha256"),
    )
    op.create_index("hash_bucket_file", "hash_bucket", ["sha256"])
    op.create_table(
        "quarantine",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("destroyed_by", sa.String(), nullable=True),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.Column("officer", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("quarantine_destroyed", "quarantine", ["destroyed_at"])


def downgrade() -> None:
    for table in ("quarantine", "hash_bucket", "finding"):
        op.drop_table(table)
    for column in ("scan", "previews", "held"):
        op.drop_column("blob", column)
