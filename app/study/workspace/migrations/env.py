"""What Alembic runs: the migrations, within the connection and transaction that are given."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
