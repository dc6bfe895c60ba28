"""Alembic migrations, shipped in the wheel so that `minhchung migrate` needs no checkout."""
