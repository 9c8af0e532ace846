"""How the schema of a workspace came to be: what Alembic runs."""
