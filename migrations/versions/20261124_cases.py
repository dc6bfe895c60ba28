"""cases, their moves, dossier snapshots, quotas

New tables only: the previous release does not know them and is not disturbed.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_cases"
down_revision = "20261124_count_digest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "programme_case",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("programme_case_list", "programme_case", ["type", "year", "state", "since", "record_id"])
    op.create_index("programme_case_unit", "programme_case", ["unit", "year", "type"])
    op.create_table(
        "case_step",
        sa.Column("move_id", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"]),
        sa.PrimaryKeyConstraint("move_id"),
    )
    op.create_index("case_step_record", "case_step", ["record_id", "at"])
    _dossiers()


def _dossiers() -> None:
    op.create_table(
        "dossier_snapshot",
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("dossier_snapshot_unit", "dossier_snapshot", ["unit", "year", "version"], unique=True)
    op.create_table(
        "quota",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", "kind"),
    )


def downgrade() -> None:
    op.drop_table("quota")
    op.drop_index("dossier_snapshot_unit", table_name="dossier_snapshot")
    op.drop_table("dossier_snapshot")
    op.drop_index("case_step_record", table_name="case_step")
    op.drop_table("case_step")
    op.drop_index("programme_case_unit", table_name="programme_case")
    op.drop_index("programme_case_list", table_name="programme_case")
    op.drop_table("programme_case")
