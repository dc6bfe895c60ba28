"""exports of the audit trail, and a cut behind which exported entries may be removed

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_audit_exports"
down_revision = "20261124_ops_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = "X''" if _sqlite() else "''"
    op.add_column("audit_head", sa.Column("cut", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("audit_head", sa.Column("cut_hash", sa.LargeBinary(), server_default=sa.text(empty), nullable=False))
    op.create_table(
        "audit_export",
        sa.Column("last", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
    )
    if _sqlite():
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(
            "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry"
            " WHEN OLD.seq > (SELECT coalesce(max(cut), 0) FROM audit_head)"
            " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )
        return
    op.execute("DROP TRIGGER audit_append_only ON audit_entry")
    op.execute(
        "CREATE FUNCTION audit_behind_the_cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF OLD.seq > (SELECT coalesce(max(cut), 0) FROM audit_head)"
        " THEN RAISE EXCEPTION 'the audit trail is append-only'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
    op.execute(
        "CREATE TRIGGER audit_behind_the_cut BEFORE DELETE ON audit_entry"
        " FOR EACH ROW EXECUTE FUNCTION audit_behind_the_cut()"
    )


def downgrade() -> None:
    op.drop_table("audit_export")
    if _sqlite():
        op.execute("DROP TRIGGER audit_no_delete")
    else:
        op.execute("DROP TRIGGER audit_behind_the_cut ON audit_entry")
        op.execute("DROP FUNCTION audit_behind_the_cut")
        op.execute("DROP TRIGGER audit_append_only ON audit_entry")
    op.drop_column("audit_head", "cut_hash")
    op.drop_column("audit_head", "cut")
    if _sqlite():
        op.execute(
            "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry"
            " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
