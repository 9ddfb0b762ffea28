"""How Alembic runs the steps in versions/: on the connection that core/store.py hands it, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
