"""Until when curves are supported: how far a time axis reaches, and a mean is restricted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.cohort.groupings import MIN_GROUP_FOR_TEST

FEWEST_AT_RISK = MIN_GROUP_FOR_TEST
SHARE_AT_RISK = 0.1


class Followed(Protocol):
    """A curve with the number at risk at each time at which somebody's follow-up ended."""

    @property
    def n(self) -> int:
        """Patients followed."""
        ...

    @property
    def time(self) -> npt.NDArray[np.floating[Any]]:
        """Times, ascending."""
        ...

    @property
    def n_risk(self) -> npt.NDArray[Any]:
        """At risk just before each."""
        ...


def last_with(curve: Followed, fewest: float = FEWEST_AT_RISK) -> float:
    """The latest time with at least ``fewest`` patients still at risk; 0 if there never were."""
    enough = np.flatnonzero(np.asarray(curve.n_risk) >= fewest)
    return float(curve.time[enough[-1]]) if len(enough) else 0.0


def supported_until(curves: Collection[Followed]) -> float:
    """Where a time axis ends by default: later, every group has fewer than 10% or 10 at risk.

    The end of the longest follow-up where no group ever has as many (Pocock, Clayton & Altman 2002
    advise to stop where 10 to 20% remain).

    Parameters
    ----------
    curves
        One a group.
    """
    ends = [last_with(c, max(FEWEST_AT_RISK, SHARE_AT_RISK * c.n)) for c in curves]
    return max(ends, default=0.0) or max((float(c.time[-1]) for c in curves), default=0.0)


def supported_by_all(curves: Collection[Followed]) -> float:
    """The largest time at which every group still has 10 at risk; groups below 10 do not count.

    0 where no group has as many.
    """
    return min((end for curve in curves if (end := last_with(curve)) > 0), default=0.0)
