"""Curves that may be shown: made of released counts, never rounded afterwards.

As OpenSAFELY's researchers round cumulative counts before they draw (``round_km`` of wjchulme's
osutils delays events until enough have happened): the cumulative events of each cause are
rounded to the nearest multiple of k, the number at risk is released, times are whole months, and
Kaplan-Meier's or Aalen-Johansen's estimate is taken of those. Every step stands for k events or a
multiple of k, the censored have no marks, and a curve ends where fewer than 2k are at risk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.disclosure_tables import one_digit
from app.analysis.group_survival import survival_by_group
from app.analysis.outcomes import outcome_of
from app.cohort.colours import BLUE
from app.cohort.disclosure import Disclosure, printed
from app.cohort.groupings import Grouping
from data_loaders import Cohort, Endpoint

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
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
        Months of the steps; 0 first.
    estimate, lower, upper
        Survival, or cumulative incidence, with its 95% interval; NaN where there is none.
    n_risk
        At risk at each step, released.
    end
        Month at which the curve ends.
    at_risk
        Released number at risk at each month from 0 to ``end``.
    """

    name: str
    colour: str
    n: int
    events: int
    time: Ints
    estimate: Floats
    lower: Floats
    upper: Floats
    n_risk: Ints
    end: int
    at_risk: Ints

    def risk_at(self, month: float) -> float:
        """Released number at risk at a month; NaN where the curve has ended."""
        return float(self.at_risk[int(month)]) if month <= self.end else float("nan")

    def at(self, month: float) -> tuple[float, float, float]:
        """Estimate with its interval at a month; NaN where the curve has ended."""
        if month > self.end:
            return (float("nan"),) * 3
        place = int(np.searchsorted(self.time, month, "right")) - 1
        return float(self.estimate[place]), float(self.lower[place]), float(self.upper[place])

    @property
    def median(self) -> int | None:
        """First month at which half had the event; None where that is not reached."""
        below = np.flatnonzero(self.estimate <= 0.5)
        return int(self.time[below[0]]) if len(below) else None


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
    p_value
        Log-rank test to one digit; NaN where none is given.
    notes
        What a reader needs to know, as sentences.
    """

    endpoint: Endpoint
    label: str
    falling: bool
    curves: tuple[ReleasedCurve, ...]
    p_value: float
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
    cohort: Cohort,
    endpoint_key: str,
    grouping: Grouping,
    policy: Disclosure,
    *,
    incidence: bool = False,
) -> ReleasedCurves:
    """Curves of the groups from released counts.

    Parameters
    ----------
    cohort
        The cohort.
    endpoint_key
        Which endpoint.
    grouping
        Groups of :meth:`Disclosure.pooled`, with k or more patients each; one for everyone.
    policy
        The policy.
    incidence
        Cumulative incidence with the competing event, instead of survival.
    """
    several = len(grouping.names) > 1
    mask = grouping.codes >= 0
    endpoint = cohort.endpoints[endpoint_key]
    label = grouping.label if several else ""
    outcome = outcome_of(cohort, mask, endpoint_key, grouping, truncated=True)
    if outcome.entry is not None and (outcome.entry > 0).any():
        words = (
            "Patients come under observation after time zero here (left truncation); curves of "
            "such endpoints are not shown under disclosure control."
        )
        return ReleasedCurves(endpoint, label, not incidence, (), float("nan"), (words,))
    cause = outcome.cause if incidence else outcome.event.astype(np.int64)
    curves, notes = [], []
    for code, name in enumerate(grouping.names):
        own = outcome.codes == code
        colour = grouping.colours[code] if several else BLUE
        curve = _curve(name, colour, outcome.time[own], cause[own], policy, incidence=incidence)
        if curve is None:
            notes.append(f"Not drawn, too few to follow: {name}.")
        else:
            curves.append(curve)
    p_value = float("nan")
    if several and not incidence and not notes and all(curve.events for curve in curves):
        test = survival_by_group(cohort, mask, endpoint_key, grouping)
        p_value = float("nan") if test.p_value is None else one_digit(test.p_value)
        notes += [test.bias] * bool(test.bias)
    return ReleasedCurves(endpoint, label, not incidence, tuple(curves), p_value, tuple(notes))


def _curve(
    name: str,
    colour: str,
    time: Floats,
    cause: Ints,
    policy: Disclosure,
    *,
    incidence: bool,
) -> ReleasedCurve | None:
    """The curve of one group; None with fewer than 2k patients."""
    least = 2 * policy.threshold
    if len(time) < least:
        return None
    month = np.ceil(time).astype(np.int64)
    last = int(month.max())
    leaving = np.bincount(month, minlength=last + 1)
    exact = len(month) - np.concatenate(([0], np.cumsum(leaving)[:-1]))
    end = int(np.flatnonzero(exact >= least)[-1])
    at_risk = np.array([policy.released(int(n)) for n in exact[: end + 1]], dtype=np.int64)
    cumulative = np.array(
        [
            [
                policy.nearest(int(n))
                for n in np.cumsum(np.bincount(month[cause == which], minlength=last + 1))[
                    : end + 1
                ]
            ]
            for which in (1, 2)
        ],
        dtype=np.int64,
    )
    steps = np.diff(cumulative, axis=1, prepend=0)
    places = np.flatnonzero(steps.sum(axis=0) > 0)
    falls = np.minimum(steps[:, places] / at_risk[places], 1.0)
    together = np.minimum(falls.sum(axis=0), 1.0)
    survival = np.concatenate(([1.0], np.cumprod(1 - together)))
    if incidence:
        estimate = np.concatenate(([0.0], np.cumsum(survival[:-1] * falls[0])))
        lower = upper = np.full(len(estimate), np.nan)
    else:
        estimate = survival
        lower, upper = _log_log(survival, steps[:, places].sum(axis=0), at_risk[places])
    return ReleasedCurve(
        name=name,
        colour=colour,
        n=int(at_risk[0]),
        events=int(cumulative[0, -1]),
        time=np.concatenate(([0], places)),
        estimate=estimate,
        lower=lower,
        upper=upper,
        n_risk=np.concatenate((at_risk[:1], at_risk[places])),
        end=end,
        at_risk=at_risk,
    )


def _log_log(survival: Floats, events: Ints, n_risk: Ints) -> tuple[Floats, Floats]:
    """Limits on the log-log scale with Greenwood's variance of the released counts."""
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.concatenate(([0.0], np.cumsum(events / (n_risk * (n_risk - events)))))
        half = _Z * np.sqrt(greenwood) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(half), survival ** np.exp(-half)
    within = (survival > 0) & (survival < 1)
    return np.where(within, lower, np.nan), np.where(within, upper, np.nan)


def curve_frame(result: ReleasedCurves) -> pd.DataFrame:
    """Every step of the curves: the numbers behind the figure."""
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
