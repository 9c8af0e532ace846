"""Who did what, and which logins have ended before their time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Text, nullable=False, index=True),
        sa.Column("person", sa.Text, nullable=False, index=True),
        sa.Column("role", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text),
        sa.Column("filter", sa.Text),
        sa.Column("n", sa.Integer),
        sa.Column("what", sa.Text),
    )
    op.create_table(
        "login",
        sa.Column("who", sa.Text, primary_key=True),
        sa.Column("began", sa.Float, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("ended", sa.Float, nullable=False),
    )
