"""The log-rank family: tests of whether groups share one survival curve.

Weighted, stratified and left-truncated in one pass over a table of counts (event times x groups).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.multiplicity import Adjustment, adjust_p_values
from app.analysis.survival_input import (
    Groups,
    SurvivalData,
    count_table,
    group_codes,
    numbers,
    quadratic_form,
    survival_data,
    two_or_more_groups,
)

Weights = Literal["logrank", "peto-peto"] | tuple[str, float, float]

NO_EVENT = "No event was observed in any group, so survival cannot be compared."
NEVER_TOGETHER = (
    "No two groups were under observation together at the time of an event, so survival cannot be "
    "compared."
)


@dataclass(frozen=True)
class LogrankResult:
    """A test of equal survival.

    Attributes
    ----------
    statistic, df, p_value
        Chi-squared statistic, its degrees of freedom and its p-value; NaN if nothing can be
        compared, and then ``note`` says why.
    table
        group, n, events, observed, expected. With weights other than ``logrank``, observed and
        expected are weighted sums, as R's ``survdiff`` prints them.
    variance
        Covariance matrix of observed - expected, shape (groups, groups).
    weights
        Which events weigh how much.
    """

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame
    variance: Floats
    n: int
    events: int
    weights: Weights
    method: str
    note: str = ""


def logrank_test(
    time: Any,
    event: Any,
    groups: Any,
    entry: Any = None,
    strata: Any = None,
    *,
    weights: Weights = "logrank",
    copies: Any = None,
) -> LogrankResult:
    """Test whether all groups have the same survival.

    Equals R's ``survdiff`` (which has no entry times): observed minus expected events at each event
    time with hypergeometric variance, summed over times and strata.

    Parameters
    ----------
    groups
        Group of each patient: labels of any kind, none missing, at least two groups.
    strata
        Strata within which patients are compared; None for no strata.
    weights
        ``logrank`` weighs every event alike; ``peto-peto`` by the pooled survival just before it
        (early differences; R's rho = 1); ``("fleming-harrington", rho, gamma)`` by
        S(t-)^rho (1 - S(t-))^gamma.

    Returns
    -------
    LogrankResult

    Raises
    ------
    ValueError
        If fewer than two groups are given or the input is missing or impossible.
    """
    exponents_of(weights)
    beside = {"Groups": groups, "Strata": strata}
    data = survival_data(time, event, entry, copies=copies, beside=beside)
    known = two_or_more_groups(groups, data.rows)
    layers = None if strata is None else group_codes(strata, data.rows)
    return logrank_of(data, known, layers, weights)


def trend_of(overall: LogrankResult, scores: Any = None) -> LogrankResult:
    """Test for a trend in survival over ordered groups (Tarone 1975), one degree of freedom.

    Parameters
    ----------
    overall
        The test of any difference between the groups, in their order.
    scores
        One number a non-empty group, in order; 1, 2, 3, ... by default.

    Returns
    -------
    LogrankResult
        ``table`` has the score of each group.

    Raises
    ------
    ValueError
        If the scores do not match the groups.
    """
    k = len(overall.table)
    score = np.arange(1.0, k + 1) if scores is None else numbers(scores, "Scores", k)
    table = overall.table.assign(score=score)
    difference = (table["observed"] - table["expected"]).to_numpy()
    variance = float(score @ overall.variance @ score)
    statistic, p_value, note = float("nan"), float("nan"), overall.note
    if variance > 0:
        statistic = float(score @ difference) ** 2 / variance
        p_value = float(chdtrc(1, statistic))
    elif not note:
        note = "The scores do not differ between the groups that can be compared."
    method = f"{overall.method}, trend over {k} ordered groups"
    return replace(
        overall, statistic=statistic, df=1, p_value=p_value, table=table, method=method, note=note
    )


def pairwise_logrank(
    time: Any,
    event: Any,
    groups: Any,
    adjust: Adjustment = "holm",
    *,
    entry: Any = None,
    strata: Any = None,
    weights: Weights = "logrank",
) -> pd.DataFrame:
    """Compare every pair of groups, each on the patients of that pair only.

    Parameters
    ----------
    time, event, groups, entry, strata, weights
        As in :func:`logrank_test`.
    adjust
        ``holm``, ``bh``, ``bonferroni`` or ``none``, over the pairs that could be tested.

    Returns
    -------
    DataFrame
        a, b, n_a, n_b, statistic, p_value, p_adjusted, note (why a pair has no p-value).

    Raises
    ------
    ValueError
        As :func:`logrank_test`.
    """
    exponents_of(weights)
    data = survival_data(time, event, entry, beside={"Groups": groups, "Strata": strata})
    known = two_or_more_groups(groups, data.n)
    layers = None if strata is None else group_codes(strata, data.n)
    return pairwise_logrank_of(data, known, layers, adjust, weights)


def pairwise_logrank_of(
    data: SurvivalData,
    groups: Groups,
    strata: Groups | None = None,
    adjust: Adjustment = "holm",
    weights: Weights = "logrank",
) -> pd.DataFrame:
    """Compare every pair of groups of checked data; see :func:`pairwise_logrank`."""
    exponents = exponents_of(weights)
    k = len(groups.labels)
    n, events = _patients(data, groups)
    tables = _event_tables(data, groups.codes, k, strata)
    rows = []
    for a, b in combinations(range(k), 2):
        pair = [a, b]
        if events[pair].any():
            columns = [(died[:, pair], risk[:, pair]) for died, risk in tables]
            statistic, df, note = _chi_squared(*_sums(columns, 2, exponents))
        else:
            statistic, df, note = float("nan"), 0, NO_EVENT
        p_value = float(chdtrc(df, statistic)) if df else float("nan")
        rows.append((groups.labels[a], groups.labels[b], n[a], n[b], statistic, p_value, note))
    frame = pd.DataFrame(rows, columns=["a", "b", "n_a", "n_b", "statistic", "p_value", "note"])
    frame.insert(6, "p_adjusted", adjust_p_values(frame["p_value"], adjust))
    return frame


def logrank_of(
    data: SurvivalData,
    groups: Groups,
    strata: Groups | None = None,
    weights: Weights = "logrank",
) -> LogrankResult:
    """Test checked data, each row of it standing for its copies; see :func:`logrank_test`."""
    exponents = exponents_of(weights)
    k = len(groups.labels)
    n, events_of = _patients(data, groups)
    tables = _event_tables(data, groups.codes, k, strata)
    observed, expected, variance = _sums(tables, k, exponents)
    statistic, df, note = _chi_squared(observed, expected, variance)
    table = pd.DataFrame(
        {
            "group": pd.Series(groups.labels, dtype=object),
            "n": n,
            "events": events_of,
            "observed": observed,
            "expected": expected,
        }
    )
    events = data.events
    return LogrankResult(
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)) if df else float("nan"),
        table=table,
        variance=variance,
        n=data.n,
        events=events,
        weights=weights,
        method=_method(weights, strata, data.entry is not None),
        note=note if events else NO_EVENT,
    )


def _patients(data: SurvivalData, groups: Groups) -> tuple[Ints, Ints]:
    """Patients and events by group."""
    k, copies = len(groups.labels), data.copies
    events = data.event if copies is None else data.event * copies
    counts = (np.bincount(groups.codes, weights, minlength=k) for weights in (copies, events))
    n, happened = (counted.astype(np.int64) for counted in counts)
    return n, happened


def _sums(
    tables: Iterable[tuple[Floats, Floats]], k: int, exponents: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Observed, expected and the covariance of their difference, over event times and strata."""
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for all_died, all_risk in tables:
        happened = all_died.any(axis=1)
        if not happened.any():
            continue
        died, risk = all_died[happened], all_risk[happened]
        weight = _event_weights(died, risk, exponents)
        deaths, total = died.sum(axis=1), risk.sum(axis=1)
        share = risk / total[:, None]
        observed += weight @ died
        expected += (weight * deaths) @ share
        # A single patient at risk cannot be compared: its share is 1 and its variance 0.
        spread = weight**2 * deaths * (total - deaths) / np.maximum(total - 1, 1)
        variance += np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return observed, expected, variance


def _event_tables(
    data: SurvivalData, codes: Ints, k: int, strata: Groups | None
) -> list[tuple[Floats, Floats]]:
    """Events and numbers at risk of each stratum."""
    return [_event_table(part, own, k) for part, own in _layers(data, codes, strata)]


def _layers(
    data: SurvivalData, codes: Ints, strata: Groups | None
) -> Iterator[tuple[SurvivalData, Ints]]:
    """The patients of each stratum with their group codes."""
    if strata is None:
        yield data, codes
        return
    for layer in range(len(strata.labels)):
        own = strata.codes == layer
        if data.event[own].any():
            yield data.subset(own), codes[own]


def _event_table(data: SurvivalData, codes: Ints, k: int) -> tuple[Floats, Floats]:
    """Events and numbers at risk, one row an event time and one column a group.

    At risk are those whose follow-up reaches the event time, less those who had not entered.
    """
    deaths = np.bincount(data.exit[data.event], minlength=len(data.times))
    event_times = np.flatnonzero(deaths)
    m = len(event_times)
    row = np.searchsorted(event_times, data.exit[data.event])

    def count(rows: Ints, who: Bools) -> Floats:
        copies = None if data.copies is None else data.copies[who]
        return count_table(rows, codes[who], m, k, copies)

    died = count(row, data.event)
    # Follow-up counts for every event time up to its end: the last event time at or before it.
    last = np.searchsorted(event_times, data.exit, side="right") - 1
    seen = last >= 0
    risk = count(last[seen], seen)[::-1].cumsum(axis=0)[::-1]
    if data.entry is not None:
        # Not yet under observation at event times up to and including the entry time.
        before = np.searchsorted(event_times, data.entry, side="right") - 1
        late = before >= 0
        risk = risk - count(before[late], late)[::-1].cumsum(axis=0)[::-1]
    return died, risk


def _event_weights(died: Floats, risk: Floats, exponents: tuple[float, float]) -> Floats:
    """Fleming-Harrington weights from the pooled survival just before each event time."""
    rho, gamma = exponents
    if rho == 0 and gamma == 0:
        return np.ones(len(died))
    survival = np.cumprod(1.0 - died.sum(axis=1) / risk.sum(axis=1))
    before = np.concatenate([[1.0], survival[:-1]])
    return np.asarray(before**rho * (1.0 - before) ** gamma)


def _chi_squared(observed: Floats, expected: Floats, variance: Floats) -> tuple[float, int, str]:
    """Quadratic form over the groups that can be compared, with its rank as degrees of freedom."""
    usable = expected > 0
    difference = (observed - expected)[usable]
    statistic, df = quadratic_form(difference, variance[np.ix_(usable, usable)])
    return statistic, df, "" if df else NEVER_TOGETHER


def exponents_of(weights: Weights) -> tuple[float, float]:
    """Rho and gamma of the weights.

    Raises
    ------
    ValueError
        If there are no such weights.
    """
    if weights == "logrank":
        return 0.0, 0.0
    if weights == "peto-peto":
        return 1.0, 0.0
    if isinstance(weights, tuple) and len(weights) == 3 and weights[0] == "fleming-harrington":
        rho, gamma = float(weights[1]), float(weights[2])
        if rho >= 0 and gamma >= 0:
            return rho, gamma
    raise ValueError(
        "The weights must be 'logrank', 'peto-peto' or ('fleming-harrington', rho, gamma) with rho "
        "and gamma of at least 0."
    )


def _method(weights: Weights, strata: Groups | None, truncated: bool) -> str:
    if weights == "logrank":
        name = "Log-rank test"
    elif weights == "peto-peto":
        name = "Peto-Peto test (Fleming-Harrington rho = 1)"
    else:
        name = f"Fleming-Harrington test (rho = {weights[1]:g}, gamma = {weights[2]:g})"
    if strata is not None:
        name += f", stratified ({len(strata.labels)} strata)"
    return name + (", left-truncated at entry" if truncated else "")
