"""With whom kept cohorts are shared."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "share",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "cohort_id",
            sa.Integer,
            sa.ForeignKey("cohort.id", name="fk_share_cohort", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("whom", sa.Text, nullable=False),
        sa.Column("may", sa.Text, nullable=False),
        sa.UniqueConstraint("cohort_id", "whom", name="uq_share_cohort_whom"),
    )
