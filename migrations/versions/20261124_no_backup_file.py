"""backups no longer list files: each manifest does, and the row of a file says whether one holds it

Only `minhchung backup` of the previous release wrote here; run it of the new one.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_no_backup_file"
down_revision = "20261124_own_passwords"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("backup_file")


def downgrade() -> None:
    op.create_table(
        "backup_file",
        sa.Column("sha256", sa.String(), primary_key=True),
        sa.Column("backup", sa.String(), nullable=False),
    )
