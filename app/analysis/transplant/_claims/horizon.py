"""How far the data reach: effective numbers over time, and the horizon that they support."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._trial import ArmSums, Trial

# Fewer equally weighted patients than this in an arm support no estimate.
EFFECTIVE = 20.0


def effective_numbers(sums: list[ArmSums], members: Bools) -> Floats:
    """Effective number at risk (Kish) of every group and arm at each time, shape (g, arms, k).

    Parameters
    ----------
    members
        Which classes make up each group, shape (g, classes).
    """
    risk = np.stack([members @ arm.at_risk for arm in sums], axis=1)
    return _kish(risk, _squares(sums, members))


def freedoms(sums: list[ArmSums], members: Bools) -> Floats:
    """Degrees of freedom of the standard error (Satterthwaite), as :func:`effective_numbers`.

    The estimate rests on the sum of the weights, its variance on that of their squares, of which
    the heaviest patients have a larger part still.
    """
    fourth = np.stack([members @ np.asarray(arm.fourths) for arm in sums], axis=1)
    return _kish(_squares(sums, members), fourth)


def _squares(sums: list[ArmSums], members: Bools) -> Floats:
    return np.stack([members @ np.asarray(arm.squares) for arm in sums], axis=1)


def _kish(total: Floats, square: Floats) -> Floats:
    return np.asarray(np.divide(total**2, square, out=np.zeros_like(total), where=square > 0))


def last_deaths(trial: Trial, at: Sequence[float] | Floats) -> Ints:
    """Position of the last death by each time."""
    return np.maximum(np.searchsorted(trial.deaths, at, side="right") - 1, 0)


def supported_until(trial: Trial, effective: Floats, least: float) -> float:
    """Last whole time at which everyone's arms have their effective number; else a half's.

    Before the windows close clones that wait for their transplant count too, so that the numbers
    say little: the answer is never earlier than the first whole time after the shortest window.

    Parameters
    ----------
    effective
        Of the arms that are compared, of everyone and then of others to fall back on where everyone
        together has not enough even then, shape (groups, arms, k).
    """
    first, reached = _reached(trial, effective, least)
    until = reached[0] if reached[0] > first else max(reached)
    return float(np.clip(until, first, trial.horizon))


def own_horizons(trial: Trial, effective: Floats, least: float) -> list[float]:
    """Last whole time at which each of some groups has its effective number; missing if never.

    Parameters
    ----------
    effective
        As in :func:`supported_until`.
    """
    first, reached = _reached(trial, effective, least)
    return [until if until > first else float("nan") for until in reached]


def _reached(trial: Trial, effective: Floats, least: float) -> tuple[float, list[float]]:
    """First whole time after the shortest window; last whole one before each has too few."""
    closes = [
        float(arm.closes[np.isfinite(arm.closes)].min())
        for arm in trial.arms
        if np.isfinite(arm.closes).any()
    ]
    start = min([*closes, trial.horizon])
    after = trial.deaths >= start
    reached = []
    for own in effective:
        ends = trial.deaths[after & (own < least).any(axis=0)]
        until = trial.horizon if not len(ends) else float(ends[0]) - 1e-6
        reached.append(float(np.floor(until)))
    return min(float(np.ceil(start)), trial.horizon), reached
