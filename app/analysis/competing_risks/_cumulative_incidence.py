"""Cumulative incidence of every cause, exactly (Aalen and Johansen).

A cause is an integer: 0 = censored, every other number is an event of its own kind. Estimates,
variances and tests equal those of R's ``cmprsk``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from app.analysis.arrays import Floats, Ints
from app.analysis.event_tables import follow_up
from app.analysis.survival_input import SurvivalData, at_risk_counts, competing_data, numbers, slack


@dataclass(frozen=True)
class IncidenceCurve:
    """Cumulative incidence of one cause; arrays follow ``CumulativeIncidence.time``.

    Attributes
    ----------
    incidence
        Probability of having had this event by each time.
    std_error
        Standard error, by the counting-process variance of Gray (1988) as in ``cmprsk``.
    lower, upper
        Log-log confidence limits; NaN while the incidence is 0 or once it is 1.
    """

    n_event: Ints
    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class CumulativeIncidence:
    """Exact Aalen-Johansen estimates for every cause.

    Attributes
    ----------
    time
        Distinct times at which someone's follow-up ended, ascending, shape (k,).
    n_risk, n_censored
        At risk just before, and censored at, each time.
    event_free
        Probability of no event of any kind by each time.
    curves
        One curve a cause, by its number.
    """

    time: Floats
    n_risk: Ints
    n_censored: Ints
    event_free: Floats
    curves: dict[int, IncidenceCurve]
    n: int
    events: dict[int, int]
    conf_level: float
    method: str
    _data: SurvivalData = field(repr=False)

    @property
    def causes(self) -> tuple[int, ...]:
        """The causes that occurred, ascending."""
        return tuple(self.curves)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All curves: cause, time, n_risk, n_event, n_censored, incidence, std_error, limits."""
        shared = {"time": self.time, "n_risk": self.n_risk, "n_censored": self.n_censored}
        parts = [
            pd.DataFrame({"cause": cause, **shared, **vars(curve)})
            for cause, curve in self.curves.items()
        ]
        columns = ["cause", "time", "n_risk", "n_event", "n_censored"]
        return pd.concat(parts, ignore_index=True)[
            [*columns, "incidence", "std_error", "lower", "upper"]
        ]

    def at(self, times: float | Sequence[float] | Floats) -> pd.DataFrame:
        """Read every curve at chosen times; NaN after the last follow-up.

        Parameters
        ----------
        times
            Times in the unit of the input.

        Returns
        -------
        DataFrame
            cause, time, n_risk (entry < t <= time), incidence, std_error, lower, upper.
        """
        wanted = numbers(times, "Times")
        position = np.searchsorted(self.time, wanted + slack(wanted)) - 1
        beyond = wanted > self.time[-1] + slack(self.time[-1])
        # The risk set of the next time someone leaves is the risk set now, but for late entries.
        after = np.searchsorted(self._data.times, wanted - slack(wanted))
        risk = np.append(at_risk_counts(self._data), 0.0)[after]
        parts = []
        for cause, curve in self.curves.items():
            frame = {"cause": cause, "time": wanted, "n_risk": risk.astype(np.int64)}
            for name in ("incidence", "std_error", "lower", "upper"):
                values = np.where(position < 0, 0.0, getattr(curve, name)[position])
                frame[name] = np.where(beyond, np.nan, values)
            parts.append(pd.DataFrame(frame))
        return pd.concat(parts, ignore_index=True)


def cumulative_incidence(
    time: Any, cause: Any, entry: Any = None, conf_level: float = 0.95
) -> CumulativeIncidence:
    """Estimate the cumulative incidence of every cause (Aalen & Johansen 1978).

    Ties are exact: nobody's time is moved. The incidences and the event-free probability sum to 1.

    Parameters
    ----------
    time
        End of follow-up, shape (n,), non-negative, any unit.
    cause
        0 where follow-up was censored, else the number of the event that ended it.
    entry
        Time each patient came under observation (left truncation), before ``time``.

    Raises
    ------
    ValueError
        If nobody had an event, or the input is missing or impossible.
    """
    if not 0 < conf_level < 1:
        raise ValueError("The confidence level must lie between 0 and 1, such as 0.95.")
    return fitted(*competing_data(time, cause, entry), conf_level)


def cumulative_incidence_from_events(
    table: pd.DataFrame, conf_level: float = 0.95
) -> CumulativeIncidence:
    """Estimate cumulative incidences from an event table: cause 1 its events, 2 the competing ones.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it.

    Raises
    ------
    ValueError
        If nobody had an event, or the table is not possible.
    """
    return fitted(*follow_up(table), conf_level)


def fitted(data: SurvivalData, causes: Ints, conf_level: float) -> CumulativeIncidence:
    """Estimate from checked data; see :func:`cumulative_incidence`."""
    if not data.event.any():
        raise ValueError("No event of any kind was observed, so there is no incidence to show.")
    k = len(data.times)
    copies = np.ones(len(data.exit), dtype=np.int64) if data.copies is None else data.copies
    leaving = np.bincount(data.exit, copies, minlength=k)
    ends = leaving > 0
    risk = at_risk_counts(data)[ends]
    labels = np.unique(causes[data.event])
    died = {
        int(label): np.bincount(data.exit, copies * (causes == label), k)[ends].astype(np.int64)
        for label in labels
    }
    total = np.sum(list(died.values()), axis=0)
    free = np.cumprod(1.0 - total / risk)
    before = np.concatenate([[1.0], free[:-1]])
    z = float(ndtri(0.5 + conf_level / 2))
    curves = {}
    for label, own in died.items():
        incidence = np.cumsum(before * own / risk)
        std_error = np.sqrt(_variance(incidence, before, free, (own, total - own), risk))
        curves[label] = IncidenceCurve(own, incidence, std_error, *_limits(incidence, std_error, z))
    method = f"Aalen-Johansen cumulative incidence, {conf_level:.0%} log-log intervals"
    return CumulativeIncidence(
        time=data.times[ends],
        n_risk=risk.astype(np.int64),
        n_censored=(leaving[ends] - total).astype(np.int64),
        event_free=free,
        curves=curves,
        n=data.n,
        events={label: int(own.sum()) for label, own in died.items()},
        conf_level=conf_level,
        method=method + ("" if data.entry is None else ", left-truncated at entry"),
        _data=data,
    )


def _variance(
    incidence: Floats, before: Floats, free: Floats, deaths: tuple[Ints, Ints], risk: Floats
) -> Floats:
    """Variance of a cumulative incidence at each time.

    The sum over earlier times s of the binomial variance of the events at s times the squared
    effect on F(t) of one event more: 1 - (F(t) - F(s)) / S(s) for an event of this cause and
    -(F(t) - F(s)) / S(s) for one of another. Expanding the square gives three running sums.
    ``deaths`` are those of this cause and those of the others.
    """
    inverse = np.divide(1.0, free, out=np.zeros_like(free), where=free > 0)
    sums = np.zeros((3, len(free)))
    for died, direct in zip(deaths, (1.0, 0.0), strict=True):
        correction = 1.0 - np.maximum(died - 1, 0) / np.maximum(risk - 1, 1)
        binomial = before**2 * correction * died / risk**2
        effect = direct + inverse * incidence
        sums += np.array([effect**2, effect * inverse, inverse**2]) * binomial
    square, cross, slope = np.cumsum(sums, axis=1)
    variance = square - 2 * incidence * cross + incidence**2 * slope
    return np.asarray(np.maximum(variance, 0.0))


def _limits(incidence: Floats, std_error: Floats, z: float) -> tuple[Floats, Floats]:
    """Confidence limits on the log(-log) scale."""
    # A sum of jumps may miss 1 by rounding.
    inner = np.where((incidence > 0) & (incidence < 1 - 1e-12), incidence, np.nan)
    power = np.exp(-z * std_error / (inner * np.log(inner)))
    return inner**power, inner ** (1 / power)
