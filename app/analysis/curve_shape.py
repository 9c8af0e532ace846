"""How the shapes of survival curves limit what their test and their ratio say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.analysis.contrasts import Curves
from app.analysis.group_hazards import GroupModel, group_cox
from app.analysis.outcomes import Outcome
from app.analysis.survival import KaplanMeier

FEW_AT_RISK = 10
CLEAR = 1.96  # standard errors that a difference must exceed on both sides of a crossing
_GRID = 200


@dataclass(frozen=True)
class Crossing:
    """Two curves that change places, each ahead by more than chance would have it at some time.

    Attributes
    ----------
    first_ahead, later_ahead
        The group with the higher curve before and after.
    time
        Where the curves meet, in the unit of the curves.
    """

    first_ahead: str
    later_ahead: str
    time: float


def crossings(curves: Curves) -> list[Crossing]:
    """Pairs of curves that cross, looked for while ten patients are at risk in both.

    A touch does not count: on either side of the crossing the difference must somewhere exceed its
    pointwise 95% interval (Greenwood).

    Parameters
    ----------
    curves
        By group name.
    """
    found = []
    for a, b in combinations(curves, 2):
        end = min(_last_read(curves[a]), _last_read(curves[b]))
        if not end > 0:
            continue
        grid = np.linspace(0, end, _GRID + 1)[1:]
        left, right = curves[a].at(grid), curves[b].at(grid)
        difference = (left["survival"] - right["survival"]).to_numpy()
        error = np.hypot(left["std_error"].fillna(0.0), right["std_error"].fillna(0.0)).to_numpy()
        clear = np.flatnonzero(np.abs(difference) > CLEAR * error)
        signs = np.sign(difference[clear])
        turns = np.flatnonzero(signs[1:] != signs[:-1])
        if len(turns):
            before, after = clear[turns[0]], clear[turns[0] + 1]
            between = np.arange(before, after + 1)
            meet = between[np.argmin(np.abs(difference[between]))]
            ahead, behind = (a, b) if difference[before] > 0 else (b, a)
            found.append(Crossing(str(ahead), str(behind), float(grid[meet])))
    return found


def _last_read(km: KaplanMeier) -> float:
    """Last time with ten patients still at risk; zero if there never were."""
    enough = np.flatnonzero(km.n_risk >= FEW_AT_RISK)
    return float(km.time[enough[-1]]) if len(enough) else 0.0


def proportional_hazards(outcome: Outcome) -> float:
    """P-value of the test that the groups' hazards are proportional (Grambsch & Therneau 1994).

    That of :func:`hazards_model`, R's ``cox.zph``; NaN where there is none.
    """
    model = hazards_model(outcome)
    return float("nan") if model is None or model.ph_p_value is None else model.ph_p_value


def hazards_model(outcome: Outcome) -> GroupModel | None:
    """A Cox model with the groups as its only covariate; None where it cannot be fitted.

    As with an infinite hazard ratio.
    """
    cause = outcome.event.astype(np.int64)
    try:
        return group_cox(outcome.time, cause, outcome.groups, entry=outcome.entry)
    except ValueError:
        return None
