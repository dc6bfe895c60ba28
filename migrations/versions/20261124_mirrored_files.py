"""when the mirror got its copy of a file

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_mirrored_files"
down_revision = "20261124_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blob", sa.Column("mirrored_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("blob", "mirrored_at")
