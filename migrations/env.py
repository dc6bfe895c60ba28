"""Alembic's entry: the tables of every package, on the database that the command was given."""

from typing import Literal

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import privacy.models  # noqa: F401
import sync.kept_models  # noqa: F401  # importing fills SQLModel.metadata


def render(kind: str, found: object, _context: object) -> str | Literal[False]:
    """SQLModel's text type is SQLAlchemy's, so that a migration needs one import."""
    return "sa.String()" if kind == "type" and isinstance(found, AutoString) else False


url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True)["url"]
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
