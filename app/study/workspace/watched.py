"""What every process of a server knows by the store: who did what, and which logins have ended.

Persons of logins go by a hash, moments are seconds since 1970. Neither table has a patient's value.
Import it where a store is open: what it needs takes a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.study.workspace._schema import AUDIT, LOGINS
from app.study.workspace._store import Workspace


def write_notes(store: Workspace, lines: Sequence[Mapping[str, Any]], since: str) -> None:
    """Add lines of the audit and drop those before a moment (UTC, as ISO 8601 writes it).

    Raises
    ------
    WorkspaceError
        If they cannot be written; then none is.
    """
    with store.writing() as db:
        db.execute(sa.insert(AUDIT), list(lines))
        db.execute(sa.delete(AUDIT).where(AUDIT.c.at < since))


def read_notes(store: Workspace, person: str | None, most: int) -> list[dict[str, Any]]:
    """The newest lines of the audit, of one person or of all, the newest first."""
    asked = sa.select(*(c for c in AUDIT.c if c.name != "id")).order_by(AUDIT.c.id.desc())
    if person is not None:
        asked = asked.where(AUDIT.c.person == person)
    with store.reading() as db:
        return [dict(row) for row in db.execute(asked.limit(most)).mappings()]


def noted_persons(store: Workspace) -> list[str]:
    """Everybody of whom there is a line, the one who did something last first."""
    a = AUDIT.c
    asked = sa.select(a.person).group_by(a.person).order_by(sa.func.max(a.id).desc())
    with store.reading() as db:
        return list(db.execute(asked).scalars())


def came_in(store: Workspace, who: str, began: float, rank: int) -> None:
    """Know of a login; a later one with a lower role ends those before it.

    Parameters
    ----------
    rank
        Of its role, the higher the more it may.
    """
    with store.writing() as db:
        held = db.execute(sa.select(LOGINS).where(LOGINS.c.who == who)).first()
        if held is None:
            db.execute(sa.insert(LOGINS).values(who=who, began=began, rank=rank, ended=0.0))
            return
        (first, before), (last, after) = sorted([(held.began, held.rank), (began, rank)])
        ended = max(held.ended, last) if first < last and after < before else held.ended
        own = sa.update(LOGINS).where(LOGINS.c.who == who)
        db.execute(own.values(began=last, rank=after, ended=ended))


def end_logins(store: Workspace, who: str, at: float) -> None:
    """End every login of a person that began before a moment."""
    with store.writing() as db:
        held = db.execute(sa.select(LOGINS.c.ended).where(LOGINS.c.who == who)).scalar()
        if held is None:
            db.execute(sa.insert(LOGINS).values(who=who, began=0.0, rank=0, ended=at))
        elif held < at:
            db.execute(sa.update(LOGINS).where(LOGINS.c.who == who).values(ended=at))


def ended_logins(store: Workspace) -> dict[str, float]:
    """Before which moment the logins of whom have ended."""
    asked = sa.select(LOGINS.c.who, LOGINS.c.ended).where(LOGINS.c.ended > 0)
    with store.reading() as db:
        return {row.who: row.ended for row in db.execute(asked)}
