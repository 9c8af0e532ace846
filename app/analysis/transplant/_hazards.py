"""A Cox model whose patients carry whole-number weights: fitted again for every bootstrap draw.

Everything that does not change between draws (orders, risk sets) is worked out once. Breslow's
handling of ties, whose baseline hazard has a closed form; the score is the sum of martingale
residuals, so no risk-set sum of squares is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats, Ints

# Keeps a coefficient finite where a level has no transplant; worth a hundredth of an event.
RIDGE = 1e-2
_STEPS, _TOLERANCE, _REACH = 25, 1e-7, 6.0


class HazardRows:
    """Counting-process rows (start, stop] of a hazard model, and what stays the same in every fit.

    Parameters
    ----------
    start, stop
        Interval of each row, shape (r,); ``start`` is minus infinity for rows from time zero.
    x
        Standardised covariates, shape (r, p).
    stratum
        Stratum of the baseline hazard, 0, 1, ..., shape (r,).

    Attributes
    ----------
    event_time, event_stratum
        Distinct times of the events by stratum, and their stratum, shape (k,).
    event_of
        Which of them each row ended with; meaningless for rows without the event.
    """

    def __init__(self, start: Floats, stop: Floats, event: Bools, x: Floats, stratum: Ints) -> None:
        self.event, self.x = event, x
        keys = np.unique(np.column_stack([stratum.astype(np.float64), stop])[event], axis=0)
        self.event_stratum: Ints = keys[:, 0].astype(np.int64)
        self.event_time: Floats = keys[:, 1]
        self.stops = _Order(stop, stratum, keys)
        self.starts = _Order(start, stratum, keys)
        self.event_of: Ints = self.stops.event_of_row - 1


class _Order:
    """Rows sorted by stratum and time, and where the events fall among them."""

    def __init__(self, times: Floats, stratum: Ints, keys: Floats) -> None:
        self.rows = np.lexsort((times, stratum))
        ordered_time, ordered_stratum = times[self.rows], stratum[self.rows]
        self.first = np.empty(len(keys), dtype=np.int64)
        self.last = np.empty(len(keys), dtype=np.int64)
        # Events of the own stratum up to and including each row's time, counted over all strata.
        self.event_of_row = np.zeros(len(times), dtype=np.int64)
        for code in np.unique(stratum):
            low, high = np.searchsorted(ordered_stratum, [code, code + 1])
            own = np.flatnonzero(keys[:, 0] == code)
            begin = int(np.searchsorted(keys[:, 0], code))
            event_times = keys[own, 1]
            self.first[own] = low + np.searchsorted(ordered_time[low:high], event_times)
            self.last[own] = high
            here = self.rows[low:high]
            count = np.searchsorted(event_times, ordered_time[low:high], side="right")
            self.event_of_row[here] = begin + count

    def from_event_on(self, values: Floats) -> Floats:
        """Sum of ``values`` over the rows of the stratum with a time at or after each event."""
        total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values[self.rows], 0)])
        return np.asarray(total[self.last] - total[self.first])


@dataclass(frozen=True)
class FittedHazard:
    """A fitted hazard: log hazard ratios of the standardised covariates and the baseline's jumps.

    Attributes
    ----------
    beta
        Shape (p,).
    covariance
        Of the coefficients, shape (p, p).
    jumps
        Baseline hazard at each event time of the rows' strata, shape (k,); zero where no patient
        with a weight had the event.
    events
        Weighted number of events.
    """

    beta: Floats
    covariance: Floats
    jumps: Floats
    events: float

    @property
    def std_error(self) -> Floats:
        """Standard errors of the coefficients, shape (p,)."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))


def fit_hazard(
    rows: HazardRows, weights: Floats, near: Floats | None = None, *, ridge: float = RIDGE
) -> FittedHazard:
    """Maximise the weighted partial likelihood by Newton's method, with a light ridge.

    Parameters
    ----------
    weights
        Weight of each row, shape (r,); zero leaves it out.
    near
        Coefficients to start from, such as those of the whole cohort; zero by default.
    ridge
        Half of it times the squared coefficients is taken off the log-likelihood.

    Returns
    -------
    FittedHazard
        A coefficient that runs away stops at a distance from zero at which its level has, in
        effect, no events.
    """
    p = rows.x.shape[1]
    deaths: Floats = np.bincount(
        rows.event_of[rows.event], weights[rows.event], minlength=len(rows.event_time)
    ).astype(np.float64)
    happened = weights * rows.event
    beta: Floats = np.zeros(p) if near is None else near
    information: Floats = np.eye(p)
    ratio, hazard = _baseline(rows, weights, beta, deaths)
    for _ in range(_STEPS if p else 0):
        total = _at_risk(rows, ratio)
        mean = _divide(_at_risk(rows, ratio[:, None] * rows.x), total[:, None])
        expected = ratio * _accumulated(rows, hazard)
        score = rows.x.T @ (happened - expected) - ridge * beta
        information = (rows.x * expected[:, None]).T @ rows.x + ridge * np.eye(p)
        information = information - (mean * deaths[:, None]).T @ mean
        step = np.linalg.solve(information, score)
        step = step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        beta = np.clip(beta + step, -_REACH, _REACH)
        ratio, hazard = _baseline(rows, weights, beta, deaths)
        if np.abs(step).max() < _TOLERANCE:
            break
    return FittedHazard(beta, np.linalg.pinv(information), hazard, float(deaths.sum()))


def baseline_jumps(rows: HazardRows, beta: Floats) -> Floats:
    """Jumps of the baseline hazard at other coefficients, every row counted once, shape (k,)."""
    deaths = np.bincount(rows.event_of[rows.event], minlength=len(rows.event_time))
    return _baseline(rows, np.ones(len(rows.event)), beta, deaths.astype(np.float64))[1]


def _baseline(
    rows: HazardRows, weights: Floats, beta: Floats, deaths: Floats
) -> tuple[Floats, Floats]:
    ratio = weights * np.exp(rows.x @ beta)
    return ratio, _divide(deaths, _at_risk(rows, ratio))


def _at_risk(rows: HazardRows, values: Floats) -> Floats:
    """Sums over the rows at risk at each event: start < t <= stop."""
    return rows.stops.from_event_on(values) - rows.starts.from_event_on(values)


def _accumulated(rows: HazardRows, hazard: Floats) -> Floats:
    """Cumulative baseline hazard over each row's interval."""
    total = np.concatenate([[0.0], np.cumsum(hazard)])
    return np.asarray(total[rows.stops.event_of_row] - total[rows.starts.event_of_row])


def _divide(top: Floats, bottom: Floats) -> Floats:
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    return np.divide(top, bottom, out=np.zeros(shape), where=bottom > 1e-12)
