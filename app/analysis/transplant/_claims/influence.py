"""On how few patients a claim rests: the largest share of an arm, and the estimate without one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._balance import followers
from app.analysis.transplant._claims.intervals import Interval
from app.analysis.transplant._tables import Findings, Point, estimate
from app.analysis.transplant._trial import Caps
from app.analysis.transplant._weights import DrawnWeights

# One patient carries too much: this share of an arm, or this part of the estimate that is also this
# part of its standard error.
LARGE_SHARE, LARGE_PART, LARGE_ERROR = 0.05, 0.25, 0.75
_TRIED = 8


def influence_table(found: Findings, drawn: DrawnWeights, caps: Caps) -> pd.DataFrame:
    """What the first strategy's gain would be without the one patient who moves it most.

    The heaviest of both arms are left out one by one and all models fitted again. Nothing in the
    table tells who they are.

    A quarter of an estimate near zero is next to nothing, which any patient moves; so a change must
    also be beyond what the heaviest does where nobody is special. In 14 simulated cohorts without
    effect that was 0.2 to 0.7 standard errors in each of 33 groups: three quarters of one are asked
    for. Before the draws are there the error is not known, and only the share of an arm is told.

    Returns
    -------
    DataFrame
        One row for everyone and each half with an estimate: group, share (of the weight of an arm
        at the end of its window that one patient has), strategy (of that arm), rmst_difference,
        without, without_lower, without_upper (with the width of the whole), changes (the verdict),
        warned (a change of the verdict, or of more than a quarter of the estimate and three
        quarters of its standard error).
    """
    trial, groups, arm = found.trial, found.groups, found.primary
    closes = trial.arms[arm].closes
    closes = closes[np.isfinite(closes)]
    at = min(float(closes.max()), trial.horizon) if len(closes) else trial.horizon
    weights = {own: followers(trial, drawn, caps, own, at)[1] for own in (arm, found.reference)}
    again: dict[int, Point] = {}

    def without(patient: int) -> Point:
        if patient not in again:
            counts = np.ones(trial.data.n)
            counts[patient] = 0.0
            refitted = trial.model.draw(counts, drawn)
            sums = trial.sums(refitted, caps, counts)
            again[patient] = estimate(trial, sums, found.layout)
        return again[patient]

    rows = []
    for group, name in enumerate(groups.names):
        if group and name not in (groups.halves or ()):
            continue
        if found.told_at[group] < 0:
            continue
        inside = groups.inside(group, trial.data)
        rows.append(
            {"group": name}
            | _share(found, weights, inside)
            | _moved(found, group, _heaviest(weights, inside), without)
        )
    return pd.DataFrame(rows)


def _share(found: Findings, weights: dict[int, Floats], inside: Bools) -> dict[str, object]:
    shares = {
        own: float(weight[inside].max() / weight[inside].sum())
        for own, weight in weights.items()
        if weight[inside].sum() > 0
    }
    largest = max(shares, key=lambda own: shares[own], default=found.primary)
    return {"share": shares.get(largest, np.nan), "strategy": found.names[largest]}


def _heaviest(weights: dict[int, Floats], inside: Bools) -> Ints:
    """The heaviest of both arms, half as many of the larger arm: its weights are closer to 1."""
    found = []
    for number, weight in zip((_TRIED, _TRIED // 2), weights.values(), strict=True):
        order = np.argsort(np.where(inside, -weight, 0.0), kind="stable")[:number]
        found.append(order[(weight * inside)[order] > 0])
    return np.asarray(np.unique(np.concatenate(found)))


def _moved(
    found: Findings, group: int, patients: Ints, without: Callable[[int], Point]
) -> dict[str, object]:
    arm, at = found.primary, found.told_at[group]

    def gain(point: Point) -> float:
        return float(point.earlier[group, arm, at] - point.earlier[group, found.reference, at])

    whole = gain(found.point)
    gains = [gain(without(int(patient))) for patient in patients]
    other = max(gains, key=lambda value: abs(value - whole), default=whole)
    own, error = found.gain(group, arm, horizon=at), found.error(group, arm, at)
    large = max(LARGE_PART * abs(whole), LARGE_ERROR * error)
    moved = Interval(own.lower + other - whole, own.upper + other - whole, own.error)
    clear = {"longer", "shorter"}
    changes = own.verdict != moved.verdict and bool({own.verdict, moved.verdict} & clear)
    return {
        "rmst_difference": whole,
        "without": other,
        "without_lower": moved.lower,
        "without_upper": moved.upper,
        "changes": changes,
        "warned": changes or abs(other - whole) > large,
    }
