"""Cox's partial likelihood in vectorised form: risk sets as running sums.

Built once for a set of patients, evaluated at each Newton step in O(n p^2) without a Python loop
over times. Handles Efron ties, strata and delayed entry (or counting-process rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.survival_input import Groups, SurvivalData


@dataclass(frozen=True)
class Evaluation:
    """The partial likelihood at one coefficient vector.

    Attributes
    ----------
    log_likelihood, score, information
        Log partial likelihood, its gradient and minus its Hessian.
    relative_hazard
        exp(x beta) of each row's patients together, over the largest of their stratum.
    inverse
        For each event, one over its risk-set sum of relative hazards (Efron: with its share of
        tied deaths removed).
    baseline
        For each event, its part of the baseline hazard: ``inverse`` on the scale of exp(x beta).
    mean
        For each event, the weighted mean of the covariates in that risk set, shape (events, p).
    """

    log_likelihood: float
    score: Floats
    information: Floats
    relative_hazard: Floats
    inverse: Floats
    baseline: Floats
    mean: Floats


class RiskSets:
    """Who is at risk at each event time.

    A *row* is a distinct event time within a stratum, rows ordered by stratum and time. A row with
    d tied deaths counts as d events, the l-th of them (l = 0 .. d-1) with the fraction l/d of the
    tied deaths removed (Efron 1977). Running sums restart in each stratum: what is large in one
    must not swallow the digits of another.

    Parameters
    ----------
    data
        Follow-up; the covariates given later are of the same patients in the same order.
    strata
        Strata with separate baseline hazards, or None.
    """

    def __init__(self, data: SurvivalData, strata: Groups | None = None) -> None:
        k = len(data.times)
        self.stratum: Ints = np.zeros(data.rows, dtype=np.int64) if strata is None else strata.codes
        self.n_strata = 1 if strata is None else len(strata.labels)
        leaving = self.stratum * k + data.exit
        died = data.event
        rows, self.death_row = np.unique(leaving[died], return_inverse=True)
        self.n = data.rows
        # How many patients each row of the data stands for.
        self.mass: Floats = np.ones(data.rows) if data.copies is None else data.copies * 1.0
        counts = np.bincount(self.death_row, self.mass[died]).astype(np.int64)
        self.n_rows = len(rows)
        self.event: Bools = died
        self.row_code: Ints = rows % k
        self.row_time: Floats = data.times[self.row_code]
        self.row_stratum: Ints = rows // k
        edges = np.searchsorted(self.row_stratum, np.arange(self.n_strata + 1))
        self._blocks = [slice(a, b) for a, b in pairwise(edges) if b > a]
        begin = edges[self.stratum]
        # The last row a patient is at risk in, and the last before entry; n_rows if there is none.
        stop = np.searchsorted(rows, leaving, side="right")
        self._last: Ints = np.where(stop > begin, stop - 1, self.n_rows)
        self._before: Ints | None = None
        if data.entry is not None:
            first = np.searchsorted(rows, self.stratum * k + data.entry, side="right")
            self._before = np.where(first > begin, first - 1, self.n_rows)
        self.event_row: Ints = np.repeat(np.arange(len(rows)), counts)
        start = np.concatenate([[0], np.cumsum(counts)[:-1]])
        place = np.arange(len(self.event_row)) - np.repeat(start, counts)
        self.fraction: Floats = place / np.repeat(counts, counts)
        self.tied = bool((counts > 1).any())

    def reach(self, x: Floats) -> Floats:
        """Largest difference of each covariate between patients of one stratum, shape (p,)."""
        spans = [np.ptp(x[self.stratum == code], axis=0) for code in range(self.n_strata)]
        return np.asarray(np.max(spans, axis=0))

    def row_sums(self, rows: Ints, values: Floats) -> Floats:
        """Sum values (m,) or (m, p) by row; row n_rows, for none, is left out."""
        size = self.n_rows + 1
        if values.ndim == 1:
            return np.asarray(np.bincount(rows, values, minlength=size), np.float64)[:-1]
        return np.array([np.bincount(rows, v, minlength=size)[:-1] for v in values.T]).T

    def _running(self, sums: Floats, *, backwards: bool = False) -> Floats:
        """Running sums over the rows of each stratum."""
        step = -1 if backwards else 1
        parts = [sums[block][::step].cumsum(axis=0)[::step] for block in self._blocks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def risk_sum(self, values: Floats) -> Floats:
        """Sum of values (n,) or (n, p) over those at risk in each row."""
        sums = self._running(self.row_sums(self._last, values), backwards=True)
        if self._before is not None:
            sums = sums - self._running(self.row_sums(self._before, values), backwards=True)
        return sums

    def event_sum(self, values: Floats) -> Floats:
        """Sum over those at risk at each event, tied deaths removed by their fraction."""
        sums = self.risk_sum(values)[self.event_row]
        if self.tied:
            deaths = self.row_sums(self.death_row, values[self.event])[self.event_row]
            sums = sums - (self.fraction * deaths.T).T
        return sums

    def exposure(self, hazard: Floats) -> Floats:
        """Total each patient was exposed to, of increments (events,) or (events, p).

        A tied death is exposed to its own row's events only in part.
        """
        until = self._running(self.row_sums(self.event_row, hazard))
        until = np.concatenate([until, np.zeros_like(until[:1])])
        total = until[self._last]
        if self._before is not None:
            total = total - until[self._before]
        if self.tied:
            part = self.row_sums(self.event_row, (self.fraction * hazard.T).T)
            total[self.event] -= part[self.death_row]
        return np.asarray(total)

    def evaluate(self, x: Floats, beta: Floats) -> Evaluation:
        """Evaluate the partial likelihood.

        Parameters
        ----------
        x
            Covariates, shape (n, p), best standardised.
        beta
            Coefficients, shape (p,).

        Returns
        -------
        Evaluation
            With a log-likelihood of minus infinity where the coefficients are so large that a risk
            set has no weight left.
        """
        eta = x @ beta
        largest = np.full(self.n_strata, -np.inf)
        np.maximum.at(largest, self.stratum, eta)
        e = self.mass * np.exp(eta - largest[self.stratum])
        total = self.event_sum(e)
        if not total.min() > 0:
            p = len(beta)
            empty = np.full(len(total), np.nan)
            return Evaluation(
                -np.inf, np.zeros(p), np.zeros((p, p)), e, empty, empty, np.outer(empty, beta)
            )
        shift = largest[self.row_stratum[self.event_row]]
        observed = (self.mass * eta)[self.event].sum()
        inverse = 1.0 / total
        weight = e * self.exposure(inverse)
        mean = self.event_sum(e[:, None] * x) * inverse[:, None]
        return Evaluation(
            log_likelihood=float(observed - np.log(total).sum() - shift.sum()),
            score=x.T @ (self.mass * self.event - weight),
            information=x.T @ (weight[:, None] * x) - mean.T @ mean,
            relative_hazard=e,
            inverse=inverse,
            baseline=inverse * np.exp(-shift),
            mean=mean,
        )

    def weighted_information(self, x: Floats, at: Evaluation, weights: Floats) -> Floats:
        """Sum over events of weight times the covariance of the covariates at risk, (p, p)."""
        weight = at.relative_hazard * self.exposure(weights * at.inverse)
        return np.asarray(x.T @ (weight[:, None] * x) - at.mean.T @ (weights[:, None] * at.mean))
