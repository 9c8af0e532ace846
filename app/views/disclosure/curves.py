"""Curves that may be shown: life tables of released counts.

Events, competing events and numbers at risk are published questions at a few months
(:data:`GRID`), each a released answer. Between two of them the actuarial estimate is taken
(Cutler and Ederer, J Chronic Dis 1958;8:699: those who leave count half), and the curve is drawn
straight from one to the next. A month whose numbers are hidden is left out; a curve ends with the
last month at which 2k are at risk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.cohort.colours import BLUE, assign_colours
from app.cohort.disclosure import AT_RISK, COMPETING, EVENTS, GRID, Condition, Release, printed
from app.views.disclosure.tables import groups_of
from data_loaders import Endpoint

Floats = npt.NDArray[np.float64]
_Z = 1.959963984540054
_YEARS = (12, 36, 60, 120)


@dataclass(frozen=True, eq=False)
class ReleasedCurve:
    """One group's curve from released counts.

    Attributes
    ----------
    name, colour
        Of the group.
    n, events
        Patients followed, and events until the curve ends, released.
    time
        Months of the grid that could be used; 0 first.
    estimate, lower, upper
        Survival, or cumulative incidence, with its 95% interval; NaN where there is none.
    n_risk
        Released number at risk at each of these months.
    """

    name: str
    colour: str
    n: int
    events: int
    time: npt.NDArray[np.int64]
    estimate: Floats
    lower: Floats
    upper: Floats
    n_risk: npt.NDArray[np.int64]

    @property
    def end(self) -> int:
        """Month at which the curve ends."""
        return int(self.time[-1])

    def risk_at(self, month: float) -> float:
        """Released number at risk at a month of the curve; NaN elsewhere."""
        found = np.flatnonzero(self.time == month)
        return float(self.n_risk[found[0]]) if len(found) else float("nan")

    def at(self, month: float) -> tuple[float, float, float]:
        """Estimate with its interval at a month, between two on the straight line."""
        if month > self.end:
            return (float("nan"),) * 3
        ends = (self.estimate, self.lower, self.upper)
        value, low, high = (float(np.interp(month, self.time, y)) for y in ends)
        return value, low, high

    @property
    def median(self) -> float | None:
        """Month at which half had the event, on the straight line; None if that is not reached."""
        below = np.flatnonzero(self.estimate <= 0.5)
        if not len(below) or below[0] == 0:
            return None
        j = int(below[0])
        return float(np.interp(0.5, self.estimate[[j, j - 1]], self.time[[j, j - 1]].astype(float)))


@dataclass(frozen=True, eq=False)
class ReleasedCurves:
    """Curves by group as they may be shown.

    Attributes
    ----------
    endpoint
        What was followed.
    label
        What the groups are; empty for everyone together.
    falling
        Whether the curves are survival; else cumulative incidence.
    curves
        The groups that may be drawn.
    notes
        What a reader needs to know, as sentences.
    """

    endpoint: Endpoint
    label: str
    falling: bool
    curves: tuple[ReleasedCurve, ...]
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Released number of patients in the curves."""
        return sum(curve.n for curve in self.curves)

    @property
    def end(self) -> int:
        """Month at which the last curve ends."""
        return max((curve.end for curve in self.curves), default=0)


def released_curves(
    endpoint: Endpoint,
    release: Release,
    conditions: Sequence[Condition],
    by: str | None = None,
    *,
    incidence: bool = False,
) -> ReleasedCurves:
    """Curves of the groups from released counts.

    Parameters
    ----------
    conditions
        The filter; curves have at most one condition or group beside the disease.
    by
        What the groups are; None for everyone together.
    incidence
        Cumulative incidence with the competing event, instead of survival.
    """
    label = "" if by is None else release.published.dimensions[by].label
    groups: list[tuple[str, list[Condition]]] = [("Everyone", list(conditions))]
    colours: tuple[str, ...] = (BLUE,)
    if by is not None:
        found = groups_of(release, conditions, by)
        groups = [(name, [*conditions, condition]) for name, condition in found]
        colours = assign_colours([name for name, _ in groups])
    curves, notes = [], []
    if not any(point[0] == endpoint.key for point in release.points):
        notes.append(
            "This endpoint is not among those that are published: at most three are, and none at "
            "which patients come under observation after time zero (left truncation)."
        )
        groups = []
    for (name, own), colour in zip(groups, colours, strict=False):
        curve = _curve(name, colour, endpoint, release, own, incidence=incidence)
        if curve is None:
            notes.append(f"Not drawn, too few numbers that may be shown: {name}.")
        else:
            curves.append(curve)
    return ReleasedCurves(endpoint, label, not incidence, tuple(curves), tuple(notes))


def _curve(
    name: str,
    colour: str,
    endpoint: Endpoint,
    release: Release,
    conditions: Sequence[Condition],
    *,
    incidence: bool,
) -> ReleasedCurve | None:
    """The curve of one group; None where fewer than two months can be used."""
    kinds = [AT_RISK, EVENTS] + ([] if endpoint.competing is None else [COMPETING])
    months: list[int] = []
    rows: list[list[int]] = []
    for month in GRID:
        counts = [release.count(conditions, (endpoint.key, kind, month)) for kind in kinds]
        # Nothing has happened at time zero; hidden are also the few of the first months.
        if month == 0 and counts[0] is not None:
            counts = [counts[0], *([0] * (len(kinds) - 1))]
        if counts[0] is None or counts[0] < 2 * release.threshold or counts[1] is None:
            continue
        counts = [n or 0 for n in counts]
        months.append(month)
        rows.append([int(n or 0) for n in counts])
    if len(months) < 2 or months[0] != 0:
        return None
    table = np.array(rows, dtype=float)
    at_risk, cumulative = table[:, 0], np.maximum.accumulate(table[:, 1:], axis=0)
    steps = np.diff(cumulative, axis=0)
    lost = np.maximum(at_risk[:-1] - at_risk[1:] - steps.sum(axis=1), 0)
    exposed = np.maximum(at_risk[:-1] - lost / 2, 1)
    if not incidence:
        steps = steps[:, :1] if endpoint.competing is None else steps
    falls = np.minimum(steps / exposed[:, None], 1.0)
    together = np.minimum(falls.sum(axis=1) if incidence else falls[:, 0], 1.0)
    survival = np.concatenate(([1.0], np.cumprod(1 - together)))
    if incidence:
        estimate = np.concatenate(([0.0], np.cumsum(survival[:-1] * falls[:, 0])))
        lower = upper = np.full(len(estimate), np.nan)
    else:
        estimate = survival
        lower, upper = _log_log(survival, steps[:, 0], exposed)
    return ReleasedCurve(
        name=name,
        colour=colour,
        n=int(at_risk[0]),
        events=int(cumulative[-1, 0]),
        time=np.array(months, dtype=np.int64),
        estimate=estimate,
        lower=lower,
        upper=upper,
        n_risk=at_risk.astype(np.int64),
    )


def _log_log(survival: Floats, events: Floats, exposed: Floats) -> tuple[Floats, Floats]:
    """Limits on the log-log scale with Greenwood's variance of the released counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.concatenate(([0.0], np.cumsum(events / (exposed * (exposed - events)))))
        half = _Z * np.sqrt(greenwood) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(half), survival ** np.exp(-half)
    within = (survival > 0) & (survival < 1)
    return np.where(within, lower, np.nan), np.where(within, upper, np.nan)


def curve_frame(result: ReleasedCurves) -> pd.DataFrame:
    """Every month of the curves: the numbers behind the figure."""
    return pd.DataFrame(
        [
            {
                "group": curve.name, "month": int(month), "at_risk": int(n),
                "estimate": float(value), "lower": float(low), "upper": float(high),
            }
            for curve in result.curves
            for month, n, value, low, high in zip(
                curve.time, curve.n_risk, curve.estimate, curve.lower, curve.upper, strict=True
            )
        ]
    )  # fmt: skip


def summary_frame(result: ReleasedCurves) -> pd.DataFrame:
    """One row a group: released patients and events, median, estimates at chosen years."""
    rows = []
    for curve in result.curves:
        row = {
            "Group": curve.name, "Patients": printed(curve.n),
            "Events shown": printed(curve.events),
        }  # fmt: skip
        if result.falling:
            row["Median"] = (
                "not reached" if curve.median is None else f"{curve.median / 12:.1f} years"
            )
        for month in _YEARS:
            value, low, high = curve.at(month)
            words = "–" if math.isnan(value) else f"{value:.0%}"
            if not math.isnan(low):
                words += f" ({low:.0%} to {high:.0%})"
            row[f"At {month // 12} years" if month > 12 else "At 1 year"] = words
        rows.append(row)
    return pd.DataFrame(rows)
