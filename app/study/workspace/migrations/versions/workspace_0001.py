"""Cohorts, their files, and what is saved with them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cohort",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("patients", sa.Integer, nullable=False),
        sa.Column("kept", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("used", sa.Text, nullable=False),
        sa.Column("place", sa.LargeBinary),
        sa.UniqueConstraint("owner", "key", name="uq_cohort_owner_key"),
    )
    op.create_table(
        "file",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "cohort_id",
            sa.Integer,
            sa.ForeignKey("cohort.id", name="fk_file_cohort", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sa.UniqueConstraint("cohort_id", "name", name="uq_file_cohort_name"),
    )
    op.create_table(
        "saved",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary),
        sa.UniqueConstraint("owner", "scope", "kind", "name", "version", name="uq_saved_version"),
        sqlite_autoincrement=True,
    )
