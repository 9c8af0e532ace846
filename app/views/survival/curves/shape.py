"""How the shapes of survival curves limit what their test and their ratio say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from app.analysis.competing_risks import GroupModel, group_cox_of, hazard_ratios_from_events
from app.analysis.survival import Curves, last_with
from app.study.outcomes import Outcome
from app.views.survival.curves.analysis import GroupSurvival
from data_loaders.once import once_per_value

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
    """
    found = []
    for a, b in combinations(curves, 2):
        end = min(last_with(curves[a]), last_with(curves[b]))
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


def proportional_hazards(outcome: Outcome) -> float:
    """P-value of the test that the groups' hazards are proportional (Grambsch & Therneau 1994).

    That of :func:`hazards_model`, R's ``cox.zph``; NaN where there is none.
    """
    model = hazards_model(outcome)
    return float("nan") if model is None or model.ph_p_value is None else model.ph_p_value


@dataclass(frozen=True)
class HazardRatio:
    """The hazard of a group against that of the reference, with its 95% interval."""

    group: str
    reference: str
    hr: float
    lower: float
    upper: float


def hazard_ratio(result: GroupSurvival) -> HazardRatio | None:
    """The hazard ratio of two groups, by a Cox model with nothing else in it (Efron ties).

    None where there are more groups or fewer, the test is stratified, the comparison is biased by
    immortal time, or the ratio cannot be estimated.
    """
    if result.test is None or result.strata or result.bias or len(result.drawn) != 2:
        return None
    model = hazards_model(result.outcome)
    if model is None or len(model.summary) != 1:
        return None
    row = model.summary.iloc[0]
    hr, lower, upper = (float(row[name]) for name in ("hr", "lower", "upper"))
    if str(row["group"]) == result.reference:
        return HazardRatio(model.reference, str(row["group"]), 1 / hr, 1 / upper, 1 / lower)
    return HazardRatio(str(row["group"]), model.reference, hr, lower, upper)


def ratios_from_counts(result: GroupSurvival) -> pd.DataFrame | None:
    """The hazard ratio of two groups by every likelihood that counts allow.

    As :func:`app.analysis.competing_risks.hazard_ratios_from_events` gives it; None where
    :func:`hazard_ratio` gives none.
    """
    if hazard_ratio(result) is None:
        return None
    own = np.isin(result.outcome.codes, result.outcome.large_enough()[0])
    return ratios_of(result.outcome.table(own), result.reference)


def ratios_of(table: pd.DataFrame, reference: str) -> pd.DataFrame | None:
    """The same of an event table; None where a group has no event."""
    try:
        return hazard_ratios_from_events(table, reference)
    except ValueError:
        return None


# Figure, sentences, methods and sheets all ask for it, at every run of the page.
@once_per_value
def hazards_model(outcome: Outcome) -> GroupModel | None:
    """A Cox model with the groups as its only covariate; None where it cannot be fitted.

    As with an infinite hazard ratio. Groups that are too small for a test do not count.
    """
    tested, _ = outcome.large_enough()
    if len(tested) < 2:
        return None
    data, groups = outcome.followed_in(tested)
    try:
        return group_cox_of(data, data.event, groups)
    except ValueError:
        return None
