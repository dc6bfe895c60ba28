"""for whom the review of a year is written

A column with a default: the previous release asks for papers beside it as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_paper_to"
down_revision = "20261124_press_withdrawn"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paper", sa.Column("to", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("paper", "to")
