"""Competing risks: cumulative incidence, Gray's test and the Fine-Gray model.

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
from scipy.special import chdtrc, ndtri

from app.analysis._survival_data import (
    TIE_TOLERANCE,
    Bools,
    Floats,
    Groups,
    Ints,
    SurvivalData,
    at_risk_counts,
    competing_data,
    count_table,
    group_codes,
    numbers,
    quadratic_form,
    tie_scale,
    two_or_more_groups,
)
from app.analysis.fine_gray import FineGray, fine_gray

__all__ = [
    "CumulativeIncidence",
    "FineGray",
    "GrayTest",
    "cumulative_incidence",
    "fine_gray",
    "gray_test",
]


@dataclass(frozen=True)
class IncidenceCurve:
    """Cumulative incidence of one cause; arrays follow ``CumulativeIncidence.time``.

    Attributes
    ----------
    n_event
        Events of this cause at each time.
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
    n, events
        Patients, and events by cause.
    conf_level
        Level of the limits.
    method
        What was done, in words.
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
        slack = TIE_TOLERANCE * tie_scale(self.time)
        position = np.searchsorted(self.time, wanted + slack) - 1
        beyond = wanted > self.time[-1] + slack
        # The risk set of the next time someone leaves is the risk set now, but for late entries.
        after = np.searchsorted(self._data.times, wanted - slack)
        risk = np.append(at_risk_counts(self._data), 0.0)[after]
        parts = []
        for cause, curve in self.curves.items():
            frame = {"cause": cause, "time": wanted, "n_risk": risk.astype(np.int64)}
            for name in ("incidence", "std_error", "lower", "upper"):
                values = np.where(position < 0, 0.0, getattr(curve, name)[position])
                frame[name] = np.where(beyond, np.nan, values)
            parts.append(pd.DataFrame(frame))
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class GrayTest:
    """Gray's test that a cause has the same cumulative incidence in all groups.

    Attributes
    ----------
    statistic, df, p_value
        Chi-squared statistic, its degrees of freedom and its p-value; NaN if nothing can be
        compared, and then ``note`` says why.
    table
        group, n, events (of the cause), competing (events of other causes), score.
    cause
        The cause compared.
    rho
        Weight (1 - F)^rho.
    n, events
        Patients, and events of the cause.
    method, note
        What was done, in words; why there is no answer, if there is none.
    """

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame
    cause: int
    rho: float
    n: int
    events: int
    method: str
    note: str = ""


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
    conf_level
        Level of the log-log limits.

    Returns
    -------
    CumulativeIncidence

    Raises
    ------
    ValueError
        If nobody had an event, or the input is missing or impossible.
    """
    if not 0 < conf_level < 1:
        raise ValueError("The confidence level must lie between 0 and 1, such as 0.95.")
    data, causes = competing_data(time, cause, entry)
    if not data.event.any():
        raise ValueError("No event of any kind was observed, so there is no incidence to show.")
    k = len(data.times)
    leaving = np.bincount(data.exit, minlength=k)
    ends = leaving > 0
    risk = at_risk_counts(data)[ends]
    labels = np.unique(causes[data.event])
    died = {
        int(label): np.bincount(data.exit[causes == label], minlength=k)[ends] for label in labels
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
        method=method + ("" if entry is None else ", left-truncated at entry"),
        _data=data,
    )


def gray_test(
    time: Any,
    cause: Any,
    groups: Any,
    cause_of_interest: int = 1,
    strata: Any = None,
    *,
    rho: float = 0.0,
) -> GrayTest:
    """Compare the cumulative incidence of one cause between groups (Gray 1988).

    Parameters
    ----------
    time, cause
        As in :func:`cumulative_incidence`.
    groups
        Group of each patient: labels of any kind, none missing, at least two groups.
    cause_of_interest
        The cause to compare.
    strata
        Strata within which patients are compared; None for no strata.
    rho
        Weight (1 - F)^rho, F the incidence before each event; 0 weighs all times alike.

    Returns
    -------
    GrayTest

    Raises
    ------
    ValueError
        If there are fewer than two groups, or the input is missing or impossible.
    """
    data, causes = competing_data(time, cause)
    known = two_or_more_groups(groups, data.n)
    kind = np.where(causes == cause_of_interest, 1, np.where(data.event, 2, 0))
    k = len(known.labels)
    if strata is None:
        layers = Groups(("All",), np.zeros(data.n, dtype=np.int64))
    else:
        layers = group_codes(strata, data.n)
    score, variance = np.zeros(k), np.zeros((k, k))
    for layer in range(len(layers.labels)):
        own = layers.codes == layer
        if (kind[own] == 1).any():
            part = _gray_score(data.exit[own], kind[own], known.codes[own], k, rho)
            score, variance = score + part[0], variance + part[1]
    events = int((kind == 1).sum())
    statistic, df = quadratic_form(score, variance)
    note = ""
    if np.linalg.eigvalsh(variance)[0] < -1e-9 * np.trace(variance):
        # Gray's estimate need not be positive; cmprsk then prints a negative chi-squared.
        statistic, df = float("nan"), 0
        note = (
            "Some groups are so small that Gray's estimate is not a valid variance: join the "
            "smallest groups."
        )
    elif not events:
        note = "No event of this cause was observed, so its incidence cannot be compared."
    elif not df:
        note = "No two groups were at risk together at an event, so they cannot be compared."
    table = pd.DataFrame(
        {
            "group": pd.Series(known.labels, dtype=object),
            "n": np.bincount(known.codes, minlength=k),
            "events": np.bincount(known.codes[kind == 1], minlength=k),
            "competing": np.bincount(known.codes[kind == 2], minlength=k),
            "score": score,
        }
    )
    method = "Gray's test" + (f" (rho = {rho:g})" if rho else "")
    if strata is not None:
        method += f", stratified ({len(layers.labels)} strata)"
    return GrayTest(
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)) if df else float("nan"),
        table=table,
        cause=cause_of_interest,
        rho=rho,
        n=data.n,
        events=events,
        method=method,
        note=note,
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


def _gray_score(exits: Ints, kind: Ints, codes: Ints, k: int, rho: float) -> tuple[Floats, Floats]:
    """Score of each group and its covariance within one stratum.

    Rows are the times with an event of any kind, columns the groups. ``kind`` is 0 censored,
    1 of interest, 2 competing.
    """
    event_times = np.unique(exits[kind > 0])
    m = len(event_times)
    row = np.searchsorted(event_times, exits)
    ours, theirs = (count_table(row[kind == c], codes[kind == c], m, k) for c in (1, 2))
    last = np.searchsorted(event_times, exits, side="right") - 1
    seen = last >= 0
    risk = count_table(last[seen], codes[seen], m, k)[::-1].cumsum(axis=0)[::-1]
    present = risk > 0

    def ratio(top: Floats, bottom: Floats) -> Floats:
        shape = np.broadcast_shapes(np.shape(top), np.shape(bottom))
        return np.divide(top, bottom, out=np.zeros(shape), where=bottom > 0)

    free = np.cumprod(1.0 - ratio(ours + theirs, risk), axis=0)
    free_before = np.vstack([np.ones(k), free[:-1]])
    jump = free_before * ratio(ours, risk)
    incidence_before = np.cumsum(jump, axis=0) - jump
    # Subdistribution risk sets: those at risk, scaled up for who had the competing event.
    scaled = ratio(risk, free_before)
    total = scaled.sum(axis=1, keepdims=True)
    events = ours.sum(axis=1, keepdims=True)
    pooled = np.cumsum(ratio(events, total), axis=0).astype(np.float64)
    pooled_before = np.vstack([[0.0], pooled[:-1]])
    weight = np.maximum(1.0 - pooled_before, 0.0) ** rho
    at_risk = scaled * (1.0 - incidence_before)
    expected = events * ratio(at_risk, at_risk.sum(axis=1, keepdims=True))
    score = (weight * (ours - expected) * present).sum(axis=0)

    hazard = ratio(events, total * (1.0 - pooled_before))
    survivors = ratio(1.0 - pooled, free)
    variance = np.zeros((k, k))
    for group in range(k):
        own = scaled[:, [group]]
        unit = -weight * ratio(scaled * own, total)
        unit[:, group] += (weight * own)[:, 0]
        drift = np.cumsum(unit * hazard, axis=0)
        ahead = drift[-1] - drift
        effect = np.where(free[:, [group]] > 0, 1.0 - survivors[:, [group]], 1.0)
        spread = _tie_correction(events, total * free_before[:, [group]])
        spread = spread * free_before[:, [group]] * ratio(events, total * risk[:, [group]])
        direct = unit + effect * ahead
        variance += (direct * spread).T @ direct
        competing = theirs[:, [group]]
        tied = _tie_correction(competing, risk[:, [group]])
        tied = tied * free_before[:, [group]] ** 2 * ratio(competing, risk[:, [group]] ** 2)
        indirect = survivors[:, [group]] * ahead
        variance += (indirect * tied).T @ indirect
    return score, variance


def _tie_correction(deaths: Floats, risk: Floats) -> Floats:
    """Finite-population factor of a hypergeometric variance; 1 without ties."""
    several: Bools = deaths > 1
    return np.where(several, 1.0 - (deaths - 1.0) / np.where(several, risk - 1.0, 1.0), 1.0)
