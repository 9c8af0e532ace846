"""Whom an emulated trial speaks of: everyone, the two halves of the risk, every class."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools
from app.analysis.transplant._trial_data import EVERYONE, TrialData

LOWER, HIGHER = "Lower risk", "Higher risk"


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of patients made of classes.

    Attributes
    ----------
    names
        Everyone first, then the halves where the classes are split, then the classes.
    members
        Which classes make up each, shape (groups, classes).
    halves
        Names of the lower and the higher half; None where nothing is split.
    """

    names: tuple[str, ...]
    members: Bools
    halves: tuple[str, str] | None

    def inside(self, position: int, data: TrialData) -> Bools:
        """Who is in a group, shape (n,)."""
        return np.asarray(self.members[position][data.groups])


def groups_of(data: TrialData, higher: Collection[str]) -> Groups:
    """The groups of a trial whose classes named in ``higher`` are of higher risk."""
    names, k = data.names, len(data.names)
    if k == 1:
        return Groups(names, np.ones((1, 1), dtype=bool), None)
    own = np.eye(k, dtype=bool)
    upper = np.array([name in higher for name in names])
    split = bool(upper.any() and not upper.all())
    if split and k > 2:
        halves = np.array([np.ones(k, dtype=bool), ~upper, upper])
        return Groups((EVERYONE, LOWER, HIGHER, *names), np.vstack([halves, own]), (LOWER, HIGHER))
    pair = (names[int(np.argmin(upper))], names[int(np.argmax(upper))]) if split else None
    return Groups((EVERYONE, *names), np.vstack([np.ones(k, dtype=bool), own]), pair)
