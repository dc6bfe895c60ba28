"""files of earlier versions stay, and each file knows when it was checked and copied

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_kept_files"
down_revision = "20261124_duties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attachment", sa.Column("named", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("blob", sa.Column("checked_at", sa.BigInteger(), nullable=True))
    op.add_column("blob", sa.Column("backed_up_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "upload_piece",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "start"),
    )


def downgrade() -> None:
    op.drop_table("upload_piece")
    for column in ("backed_up_at", "checked_at"):
        op.drop_column("blob", column)
    op.drop_column("attachment", "named")
