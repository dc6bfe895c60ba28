"""count digest: how many records a scope holds, and the XOR of what tells each

The previous release writes heads without counting; `counted` then lags behind `seq`, pulls leave the digest out, and
the next write of this release counts anew.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "20261124_count_digest"
down_revision = "20261124_backups"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("scope_head", schema=None) as batch_op:
        batch_op.add_column(sa.Column("n", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("xor", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("counted", sa.BigInteger(), server_default="0", nullable=False))
    _count()


def _count() -> None:
    """Counts what is there, scope by scope, in constant memory; a copy of `sync.tally` as it was at this revision."""
    connection = op.get_bind()
    scopes = connection.execute(sa.text("select scope from scope_head order by scope")).scalars().all()
    for scope in scopes:
        query = sa.text("select id, ver from record where scope = :scope").execution_options(yield_per=1000)
        n = mixed = 0
        for record_id, ver in connection.execute(query, {"scope": scope}):
            n, mixed = n + 1, mixed ^ int.from_bytes(hashlib.sha256(f"{record_id}|{ver}".encode()).digest())
        counted = sa.text("update scope_head set n = :n, xor = :xor, counted = seq where scope = :scope")
        connection.execute(counted, {"n": n, "xor": mixed.to_bytes(32), "scope": scope})


def downgrade() -> None:
    with op.batch_alter_table("scope_head", schema=None) as batch_op:
        batch_op.drop_column("counted")
        batch_op.drop_column("xor")
        batch_op.drop_column("n")
