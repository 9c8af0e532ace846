"""Kept cohorts that their owner lets others open: a person or a group, to read or to edit.

What others save about a shared cohort stays theirs. Who may edit corrects it for all; only its
owner deletes and shares it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from app.study.workspace._records import KeptCohort, Share, SharedCohort
from app.study.workspace._schema import COHORTS, SHARES
from app.study.workspace._store import Workspace, of_owner


def share(store: Workspace, owner: str, key: str, whom: str, may: Share | None) -> None:
    """Let somebody open a cohort of an owner, or not any more.

    Parameters
    ----------
    whom
        ``person:`` or ``group:`` and a name.
    may
        ``read`` or ``edit``; None takes back what was given.

    Raises
    ------
    WorkspaceError
        If the owner keeps no such cohort, or it cannot be written.
    """
    with store.writing() as db:
        number = store.row(db, owner, key).id
        given = sa.and_(SHARES.c.cohort_id == number, SHARES.c.whom == whom)
        db.execute(sa.delete(SHARES).where(given))
        if may is not None:
            db.execute(sa.insert(SHARES).values(cohort_id=number, whom=whom, may=may))


def shares(store: Workspace, owner: str, key: str) -> Mapping[str, Share]:
    """With whom an owner shares a cohort, and what each may."""
    asked = (
        sa.select(SHARES.c.whom, SHARES.c.may)
        .join(COHORTS, COHORTS.c.id == SHARES.c.cohort_id)
        .where(of_owner(COHORTS, owner, key))
        .order_by(SHARES.c.id)
    )
    with store.reading() as db:
        return {row.whom: row.may for row in db.execute(asked)}


def shared_with(store: Workspace, whom: Collection[str]) -> Mapping[str, SharedCohort]:
    """Cohorts that others share with a person or their groups, by key; the larger right holds.

    Where two owners share the same data, the one who may be edited, else the one kept first.
    """
    c = COHORTS.c
    asked = (
        sa.select(c.owner, SHARES.c.may, c.key, c.name, c.fingerprint, c.patients, c.kept)
        .join(SHARES, SHARES.c.cohort_id == c.id)
        .where(SHARES.c.whom.in_(tuple(whom)), c.folder != "")
        # "edit" is before "read"; the first of a key stays.
        .order_by(SHARES.c.may, c.id)
    )
    found: dict[str, SharedCohort] = {}
    with store.reading() as db:
        for row in db.execute(asked):
            # Where it was looked at last is its owner's.
            kept = KeptCohort(
                row.key, row.name, row.fingerprint, row.patients, row.kept,
                has_data=True, page="", used="",
            )  # fmt: skip
            found.setdefault(kept.key, SharedCohort(row.owner, row.may, kept))
    return found
