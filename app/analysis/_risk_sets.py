"""Cox's partial likelihood in vectorised form: risk sets as running sums.

Built once for a set of patients, evaluated at each Newton step in O(n p^2) without a Python loop
over times. Handles Efron ties, strata and delayed entry (or counting-process rows).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis._survival_data import Bools, Floats, Groups, Ints, SurvivalData


@dataclass(frozen=True)
class Evaluation:
    """The partial likelihood at one coefficient vector.

    Attributes
    ----------
    log_likelihood, score, information
        Log partial likelihood, its gradient and minus its Hessian.
    relative_hazard
        exp(x beta) of each patient, up to the factor exp(shift).
    shift
        Log of that factor.
    inverse
        For each event, one over its risk-set sum (Efron: with its share of tied deaths removed).
    mean
        For each event, the weighted mean of the covariates in that risk set, shape (events, p).
    """

    log_likelihood: float
    score: Floats
    information: Floats
    relative_hazard: Floats
    shift: float
    inverse: Floats
    mean: Floats


class RiskSets:
    """Who is at risk at each event time.

    A *row* is a distinct event time within a stratum. A patient is at risk in the rows from
    ``first`` up to, not including, ``stop``. A row with d tied deaths counts as d events, the l-th
    of them (l = 0 .. d-1) with the fraction l/d of the tied deaths removed (Efron 1977).

    Parameters
    ----------
    data
        Follow-up; the covariates given later are of the same patients in the same order.
    strata
        Strata with separate baseline hazards, or None.
    """

    def __init__(self, data: SurvivalData, strata: Groups | None = None) -> None:
        k = len(data.times)
        offset = np.zeros(data.n, dtype=np.int64) if strata is None else strata.codes * k
        leaving = offset + data.exit
        died = data.event
        rows, counts = np.unique(leaving[died], return_counts=True)
        self.n = data.n
        self.event: Bools = died
        self.row_code: Ints = rows % k
        self.row_time: Floats = data.times[self.row_code]
        self.row_stratum: Ints = rows // k
        self.stop: Ints = np.searchsorted(rows, leaving, side="right")
        if data.entry is None:
            self.first: Ints = np.searchsorted(rows, offset, side="left")
        else:
            self.first = np.searchsorted(rows, offset + data.entry, side="right")
        self.everyone_from_start = not self.first.any()
        self.n_rows = len(rows)
        self.death_row: Ints = np.searchsorted(rows, leaving[died])
        self.event_row: Ints = np.repeat(np.arange(len(rows)), counts)
        start = np.concatenate([[0], np.cumsum(counts)[:-1]])
        place = np.arange(len(self.event_row)) - np.repeat(start, counts)
        self.fraction: Floats = place / np.repeat(counts, counts)
        self.tied = bool((counts > 1).any())

    def _row_sums(self, rows: Ints, values: Floats) -> Floats:
        """Sum values (n,) or (n, p) by row, for rows 0 .. n_rows (the last one is beyond)."""
        if values.ndim == 1:
            return np.asarray(np.bincount(rows, values, minlength=self.n_rows + 1), np.float64)
        return np.column_stack(
            [np.bincount(rows, column, minlength=self.n_rows + 1) for column in values.T]
        )

    def risk_sum(self, values: Floats) -> Floats:
        """Sum of values (n,) or (n, p) over those at risk in each row."""
        sums = self._row_sums(self.stop, values)[::-1].cumsum(axis=0)[::-1][1:]
        if not self.everyone_from_start:
            sums = sums - self._row_sums(self.first, values)[::-1].cumsum(axis=0)[::-1][1:]
        return sums

    def event_sum(self, values: Floats) -> Floats:
        """Sum over those at risk at each event, tied deaths removed by their fraction."""
        sums = self.risk_sum(values)[self.event_row]
        if self.tied:
            deaths = self._row_sums(self.death_row, values[self.event])[self.event_row]
            sums = sums - (self.fraction * deaths.T).T
        return sums

    def exposure(self, hazard: Floats) -> Floats:
        """Total each patient was exposed to, of increments (events,) or (events, p).

        A tied death is exposed to its own row's events only in part.
        """
        rows = self._row_sums(self.event_row, hazard)
        until = np.concatenate([np.zeros_like(rows[:1]), np.cumsum(rows, axis=0)])
        total = until[self.stop] - until[self.first]
        if self.tied:
            part = self._row_sums(self.event_row, (self.fraction * hazard.T).T)
            total[self.event] -= part[self.death_row]
        return np.asarray(total)

    def evaluate(self, x: Floats, beta: Floats, offset: Floats | None = None) -> Evaluation:
        """Evaluate the partial likelihood.

        Parameters
        ----------
        x
            Covariates, shape (n, p), best standardised.
        beta
            Coefficients, shape (p,).
        offset
            Added to the linear predictor, shape (n,).
        """
        eta = x @ beta if offset is None else x @ beta + offset
        shift = float(eta.max())
        e = np.exp(eta - shift)
        total = self.event_sum(e)
        inverse = 1.0 / total
        weight = e * self.exposure(inverse)
        mean = self.event_sum(e[:, None] * x) * inverse[:, None]
        return Evaluation(
            log_likelihood=float(eta[self.event].sum() - np.log(total).sum() - len(total) * shift),
            score=x.T @ (self.event - weight),
            information=x.T @ (weight[:, None] * x) - mean.T @ mean,
            relative_hazard=e,
            shift=shift,
            inverse=inverse,
            mean=mean,
        )

    def weighted_information(self, x: Floats, at: Evaluation, weights: Floats) -> Floats:
        """Sum over events of weight times the covariance of the covariates at risk, (p, p)."""
        weight = at.relative_hazard * self.exposure(weights * at.inverse)
        return np.asarray(x.T @ (weight[:, None] * x) - at.mean.T @ (weights[:, None] * at.mean))

    def martingale_residuals(self, at: Evaluation) -> Floats:
        """Events less those expected, for each patient."""
        return np.asarray(self.event - at.relative_hazard * self.exposure(at.inverse))

    def baseline_hazard(self, at: Evaluation) -> Floats:
        """Baseline hazard increment of each row (Efron), for a linear predictor of zero."""
        rows = np.bincount(self.event_row, at.inverse, minlength=self.n_rows)
        return np.asarray(rows * np.exp(-at.shift))
