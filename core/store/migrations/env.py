"""Runs the migrations in versions/ on the connection of core/store/store.py, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
