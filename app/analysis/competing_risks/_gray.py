"""Gray's test: whether groups share one cumulative incidence of a cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.event_tables import follow_up, groups_of
from app.analysis.survival_input import (
    Groups,
    SurvivalData,
    competing_data,
    count_table,
    group_codes,
    quadratic_form,
    two_or_more_groups,
)


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
    rho
        Weight (1 - F)^rho.
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
        As in :func:`app.analysis.competing_risks.cumulative_incidence`.
    groups
        Group of each patient: labels of any kind, none missing, at least two groups.
    strata
        Strata within which patients are compared; None for no strata.
    rho
        Weight (1 - F)^rho, F the incidence before each event; 0 weighs all times alike.

    Raises
    ------
    ValueError
        If there are fewer than two groups, or the input is missing or impossible.
    """
    data, causes = competing_data(time, cause, beside={"Groups": groups, "Strata": strata})
    known = two_or_more_groups(groups, data.n)
    layers = None if strata is None else group_codes(strata, data.n)
    return _tested(data, causes, known, layers, cause_of_interest, rho)


def gray_test_from_events(
    table: pd.DataFrame, cause_of_interest: int = 1, *, rho: float = 0.0
) -> GrayTest:
    """The same from an event table; stratified by its sites where it has any.

    Parameters
    ----------
    table
        As :func:`app.cohort.tally.event_table` makes it.
    cause_of_interest
        1 = its events, 2 = the competing ones.
    rho
        As in :func:`gray_test`.

    Raises
    ------
    ValueError
        If there are fewer than two groups, patients who entered late, or the table is not possible.
    """
    data, causes = follow_up(table)
    known, sites = groups_of(table)
    if len(known.labels) < 2:
        raise ValueError("A comparison needs patients in at least two groups; here is only one.")
    if data.entry is not None:
        raise ValueError("Gray's test is of patients followed from the start; some entered late.")
    return _tested(data, causes, known, sites, cause_of_interest, rho)


def _tested(  # noqa: PLR0917
    data: SurvivalData,
    causes: Ints,
    known: Groups,
    strata: Groups | None,
    cause_of_interest: int,
    rho: float,
) -> GrayTest:
    kind = np.where(causes == cause_of_interest, 1, np.where(data.event, 2, 0))
    k = len(known.labels)
    copies = np.ones(len(kind), dtype=np.int64) if data.copies is None else data.copies
    layers = strata or Groups(("All",), np.zeros(len(kind), dtype=np.int64))

    def by_group(who: Bools) -> Ints:
        return np.bincount(known.codes[who], copies[who], minlength=k).astype(np.int64)

    score, variance = np.zeros(k), np.zeros((k, k))
    for layer in range(len(layers.labels)):
        own = layers.codes == layer
        if (kind[own] == 1).any():
            part = _gray_score(data.exit[own], kind[own], known.codes[own], copies[own], k, rho)
            score, variance = score + part[0], variance + part[1]
    events = int(copies[kind == 1].sum())
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
            "n": by_group(kind >= 0),
            "events": by_group(kind == 1),
            "competing": by_group(kind == 2),
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


def _gray_score(  # noqa: PLR0917
    exits: Ints, kind: Ints, codes: Ints, copies: Ints, k: int, rho: float
) -> tuple[Floats, Floats]:
    """Score of each group and its covariance within one stratum.

    Rows are the times with an event of any kind, columns the groups. ``kind`` is 0 censored,
    1 of interest, 2 competing.
    """
    event_times = np.unique(exits[kind > 0])
    m = len(event_times)
    row = np.searchsorted(event_times, exits)
    ours, theirs = (
        count_table(row[kind == c], codes[kind == c], m, k, copies[kind == c]) for c in (1, 2)
    )
    last = np.searchsorted(event_times, exits, side="right") - 1
    seen = last >= 0
    risk = count_table(last[seen], codes[seen], m, k, copies[seen])[::-1].cumsum(axis=0)[::-1]
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
    """Finite-population factor of a hypergeometric variance; 1 without ties.

    More than one is at risk wherever several die; of a group that has left, no factor counts.
    """
    several: Bools = (deaths > 1) & (risk > 1)
    return np.where(several, 1.0 - (deaths - 1.0) / np.where(several, risk - 1.0, 1.0), 1.0)
