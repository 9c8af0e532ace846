"""Brier score of predicted survival under censoring, and its integral (Graf 1999)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats, Ints
from app.analysis.regression import observed_before, observed_until
from app.analysis.survival import kaplan_meier
from app.analysis.survival_input import SurvivalData, survival_data


@dataclass(frozen=True)
class BrierScore:
    """How far predicted survival lies from what happened.

    Attributes
    ----------
    table
        time, brier: weighted mean squared difference, 0 is perfect; reference: that of one
        Kaplan-Meier curve for everybody.
    integrated, integrated_reference
        The mean over time between the first and the last of the times (trapezoid rule).
    """

    table: pd.DataFrame
    integrated: float
    integrated_reference: float

    @property
    def explained(self) -> float:
        """Part of the reference's integrated score that the prediction takes away."""
        return 1 - self.integrated / self.integrated_reference


def brier_score(time: Any, event: Any, predicted: Any, times: Sequence[float]) -> BrierScore:
    """Brier score at times, weighted for censoring (Graf 1999).

    Who had the event by the time counts by the inverse of the probability of being observed until
    just before it; who is still followed, by that of being observed until the time; who was
    censored before it does not count.

    Parameters
    ----------
    time, event
        As in :func:`app.analysis.survival.kaplan_meier`; without late entry.
    predicted
        Predicted probability of being free of the event, shape (n, len(times)).
    times
        Ascending, within the follow-up.

    Raises
    ------
    ValueError
        If the shape is another, or a prediction lies outside 0 to 1.
    """
    data = survival_data(time, event)
    grid = np.asarray(times, dtype=np.float64)
    chance = np.asarray(predicted, dtype=np.float64)
    if chance.shape != (data.n, len(grid)):
        raise ValueError("Predicted survival needs one row a patient and one column a time.")
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError("Predicted survival must lie between 0 and 1.")
    own = data.times[data.exit]
    common = class_survival(data.times[data.exit], data.event, np.zeros(data.n, dtype=int), grid)
    weights = _weights(data, own, grid)
    alive = own[:, None] > grid[None, :]
    scores = [(weights * (alive - p) ** 2).sum(axis=0) / data.n for p in (chance, common)]
    table = pd.DataFrame({"time": grid, "brier": scores[0], "reference": scores[1]})
    span = float(grid[-1] - grid[0]) if len(grid) > 1 else 0.0
    whole = [
        float(np.trapezoid(score, grid) / span) if span else float(score[-1]) for score in scores
    ]
    return BrierScore(table, whole[0], whole[1])


def _weights(data: SurvivalData, own: Floats, grid: Floats) -> Floats:
    before = observed_before(data)
    # Observed until the time itself: as one who is still followed after it would be.
    at = np.concatenate([[1.0], observed_until(data)])[
        np.searchsorted(data.times, grid, side="right")
    ]
    happened = data.event[:, None] & (own[:, None] <= grid[None, :])
    alive = own[:, None] > grid[None, :]
    with np.errstate(divide="ignore"):
        return np.where(happened, 1 / before[:, None], np.where(alive, 1 / at[None, :], 0.0))


def class_survival(time: Any, event: Any, codes: Ints, times: Sequence[float] | Floats) -> Floats:
    """Survival of each patient's class at times, by Kaplan-Meier, shape (n, len(times)).

    In the patients themselves: with few classes of many patients this flatters little.
    """
    own_time, own_event = np.asarray(time, dtype=np.float64), np.asarray(event)
    grid = np.asarray(times, dtype=np.float64)
    found = np.empty((len(own_time), len(grid)))
    for code in np.unique(codes):
        rows = codes == code
        table = kaplan_meier(own_time[rows], own_event[rows]).table
        steps = np.concatenate([[1.0], table["survival"].to_numpy()])
        at = np.searchsorted(table["time"].to_numpy(), grid, side="right")
        found[rows] = steps[at]
    return found
