"""grants by year and by delegation, second factors, the ends of sessions and devices, the audit trail

Runs beside the previous release: add columns with a default or nullable, drop them one release later. A change to
synced data goes through `sync.append` or is not a migration (protocol P61).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261124_identity"
down_revision = "20261124_cases"
branch_labels = None
depends_on = None

KEY = ("account_id", "unit", "role", "since")


def upgrade() -> None:
    _membership(year=True)
    op.add_column("account", sa.Column("off_because", sa.String(), nullable=True))
    op.add_column("account", sa.Column("seen_at", sa.BigInteger(), nullable=True))
    op.add_column("client", sa.Column("drained_at", sa.BigInteger(), nullable=True))
    op.add_column("client", sa.Column("wiped_at", sa.BigInteger(), nullable=True))
    op.add_column("refresh_token", sa.Column("begun_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("refresh_token", sa.Column("strong", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.String(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.String(), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("code_hash", sa.String(), primary_key=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
    )
    _audit()


def _membership(*, year: bool) -> None:
    """The year joins the key, or leaves it: a new table takes the place of the old one."""
    columns: list[sa.Column[Any]] = [
        sa.Column("account_id", sa.String(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
    ]
    if year:
        columns.insert(3, sa.Column("year", sa.Integer(), server_default="0", nullable=False))
        columns.append(sa.Column("delegated_by", sa.String(), sa.ForeignKey("account.id"), nullable=True))
    key = (*KEY[:3], "year", KEY[3]) if year else KEY
    op.create_table("membership_new", *columns, sa.PrimaryKeyConstraint(*key))
    kept = ", ".join((*KEY, "until"))
    every_year = "" if year else " WHERE year = 0"
    op.execute(f"INSERT INTO membership_new ({kept}) SELECT {kept} FROM membership{every_year}")  # noqa: S608  # names of ours
    op.drop_table("membership")
    op.rename_table("membership_new", "membership")


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("entry_hash", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit_entry"
                " BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )


def downgrade() -> None:
    for table in ("audit_head", "audit_entry", "recovery_code", "second_factor"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_append_only")
    for table, column in (
        ("refresh_token", "strong"),
        ("refresh_token", "begun_at"),
        ("client", "wiped_at"),
        ("client", "drained_at"),
        ("account", "seen_at"),
        ("account", "off_because"),
    ):
        op.drop_column(table, column)
    _membership(year=False)
