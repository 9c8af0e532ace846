"""The tables of a workspace, and how a database comes to have them: by Alembic, from code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.study.workspace._records import WorkspaceError

# The newest revision of the migrations: a database that has it needs no migration to be looked up.
REVISION = "0003"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number: what holds back a second process that migrates PostgreSQL at the same time.
_LOCK = 0x0CA1_0001

metadata = sa.MetaData()

COHORTS = sa.Table(
    "cohort",
    metadata,
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
FILES = sa.Table(
    "file",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "cohort_id",
        sa.ForeignKey("cohort.id", name="fk_file_cohort", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary),
    sa.UniqueConstraint("cohort_id", "name", name="uq_file_cohort_name"),
)
SAVED = sa.Table(
    "saved",
    metadata,
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
    # Numbers are not given again: they tell whether something is new.
    sqlite_autoincrement=True,
)

SHARES = sa.Table(
    "share",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "cohort_id",
        sa.ForeignKey("cohort.id", name="fk_share_cohort", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("whom", sa.Text, nullable=False),
    sa.Column("may", sa.Text, nullable=False),
    sa.UniqueConstraint("cohort_id", "whom", name="uq_share_cohort_whom"),
)
AUDIT = sa.Table(
    "audit",
    metadata,
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
LOGINS = sa.Table(
    "login",
    metadata,
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("began", sa.Float, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("ended", sa.Float, nullable=False),
)


def migrated(connection: sa.Connection) -> None:
    """Bring a database to the newest schema, within the transaction that is open.

    Raises
    ------
    WorkspaceError
        If a newer version of the product wrote it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    held = revision(connection)
    if held == REVISION:
        return
    # Half a second to import, and needed once.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if held is not None and held not in known:
        raise WorkspaceError(
            "The workspace was written by a newer version of CALR Explorer; open it with that."
        )
    command.upgrade(settings, "head")


def revision(connection: sa.Connection) -> str | None:
    """The revision that a database has; None where it has none of our tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
