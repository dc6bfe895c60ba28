"""Alembic's entry: the tables of every package, on the database that the command was given."""

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel

import auth.models
import programme.models
import sync.models  # noqa: F401  # importing fills SQLModel.metadata

url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True)["url"]
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
