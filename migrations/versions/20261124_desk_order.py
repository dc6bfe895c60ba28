"""the order of ops that wait or were refused, as an index

An index more: the previous release is not disturbed, and keeps it up.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_desk_order"
down_revision = "20261124_apps"
branch_labels = None
depends_on = None

OPEN = sa.text("status IN ('held', 'rejected')")


def upgrade() -> None:
    columns = ["status", "received_at", "op_id"]
    op.create_index("op_desk", "op", columns, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index("op_desk", "op")
