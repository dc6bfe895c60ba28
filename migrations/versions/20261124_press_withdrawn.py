"""when what was cleared for publication was taken back, and by whom

Columns that may be empty: the previous release clears as before beside it, and shows what was taken back until it ends.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_press_withdrawn"
down_revision = "20261124_guesses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clearance", sa.Column("withdrawn_by", sa.String(), nullable=True))
    op.add_column("clearance", sa.Column("withdrawn_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("clearance", "withdrawn_at")
    op.drop_column("clearance", "withdrawn_by")
