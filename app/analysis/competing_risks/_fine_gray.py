"""The Fine-Gray model: regression on the subdistribution hazard of one cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.likelihood import build_design, few_events, maximise, summarise, unprintable
from app.analysis.survival_input import competing_data

# A robust variance that is rounding error beside the model's own.
NO_SPREAD = 1e-12


@dataclass(frozen=True)
class FineGray:
    """A fitted Fine-Gray model.

    Attributes
    ----------
    summary
        One row a term: term, coef, se, hr (subdistribution hazard ratio), lower, upper, p_value,
        and what the term is: variable, level, reference, per.
    covariance
        Robust covariance of the coefficients, which allows for the estimated censoring
        distribution, shape (p, p).
    log_likelihood
        Partial log-likelihood at the estimate.
    n, events, competing
        Patients, events of the cause of interest, events of other causes.
    n_given, missing
        Rows of the table, and how many lack each column.
    """

    summary: pd.DataFrame
    covariance: Floats
    log_likelihood: float
    n: int
    events: int
    competing: int
    n_given: int
    missing: dict[str, int]
    cause: int
    method: str
    notes: tuple[str, ...]


def fine_gray(
    frame: pd.DataFrame,
    time: str,
    cause: str,
    covariates: Sequence[str],
    cause_of_interest: int = 1,
    *,
    references: Mapping[str, object] | None = None,
    units: Mapping[str, float] | None = None,
    conf_level: float = 0.95,
) -> FineGray:
    """Fit a proportional subdistribution hazards model (Fine & Gray 1999), as ``cmprsk::crr``.

    Patients with a competing event stay at risk with the probability of not yet being censored, by
    the Kaplan-Meier estimate of the censoring distribution in the complete cases. Ties by Breslow.

    Parameters
    ----------
    time, cause
        Columns: end of follow-up; 0 = censored, other whole numbers are events.
    covariates
        Columns to model; numbers as they are, everything else by its levels.
    cause_of_interest
        The cause whose incidence is modelled.
    references, units
        As in :func:`app.analysis.regression.cox`.

    Raises
    ------
    ValueError
        If there is no event, a covariate is constant, collinear or separates the events, a column
        is absent or impossible, or so few events fit exactly that they leave no error.
    """
    design = build_design(frame, covariates, [time, cause], references=references, units=units)
    used = frame.loc[design.kept]
    data, causes = competing_data(used[time], used[cause])
    ours: Bools = causes == cause_of_interest
    if not ours.any():
        raise ValueError("No event of this cause was observed, so there is nothing to model.")
    centre = design.matrix.mean(axis=0)
    scale = design.matrix.std(axis=0)
    order = np.argsort(data.exit, kind="stable")
    model = _Subdistribution(
        ((design.matrix - centre) / scale)[order],
        data.exit[order],
        ours[order],
        (data.event & ~ours)[order],
    )
    reach = np.ptp(model.x, axis=0)
    fit = maximise(model.evaluate, reach, [term.name for term in design.terms])
    bread = np.linalg.inv(fit.information)
    meat = model.residuals(fit.beta)
    covariance = bread @ (meat.T @ meat) @ bread
    if (np.diag(covariance) < NO_SPREAD * np.diag(bread)).any():
        raise ValueError(
            f"With {int(ours.sum())} events of this cause the model fits every patient exactly, so "
            "its standard errors cannot be estimated."
        )
    covariance = covariance / np.outer(scale, scale)
    events = int(ours.sum())
    summary = summarise(design.terms, fit.beta / scale, covariance, conf_level)
    return FineGray(
        summary=summary,
        covariance=covariance,
        log_likelihood=fit.log_likelihood,
        n=data.n,
        events=events,
        competing=int((data.event & ~ours).sum()),
        n_given=len(frame),
        missing=design.missing,
        cause=cause_of_interest,
        method="Fine-Gray model of the subdistribution hazard, robust standard errors",
        notes=(*design.notes, *few_events(events, len(design.terms)), *unprintable(summary)),
    )


class _Subdistribution:
    """Weighted risk sets of the subdistribution hazard, patients in order of time.

    Every sum over a risk set is a running sum: of those still under observation, and of those with
    a competing event earlier, divided by the censoring survival at their own time.
    """

    def __init__(self, x: Floats, exits: Ints, ours: Bools, competing: Bools) -> None:
        n = len(exits)
        self.x, self.ours, self.competing = x, ours, competing
        censored = ~(ours | competing)
        times, self.row = np.unique(exits, return_inverse=True)
        k = len(times)
        left = np.bincount(self.row, minlength=k)
        self.risk = n - np.concatenate([[0], np.cumsum(left)[:-1]])
        self.censorings = np.bincount(self.row[censored], minlength=k)
        self.censored = censored
        free = np.cumprod(1.0 - self.censorings / self.risk)
        self.uncensored = np.concatenate([[1.0], free[:-1]])
        self.deaths = np.bincount(self.row[ours], minlength=k)
        # Weight of a competing event's patient later on: the inverse of this, times uncensored.
        own = self.uncensored[self.row]
        self.inverse = np.divide(1.0, own, out=np.zeros(n), where=competing & (own > 0))

    def _rows(self, values: Floats) -> Floats:
        """Sum within each distinct time; values of shape (n,) or (n, p)."""
        k = len(self.risk)
        if values.ndim == 1:
            return np.bincount(self.row, values, minlength=k).astype(np.float64)
        return np.column_stack([np.bincount(self.row, v, minlength=k) for v in values.T])

    def _risk_sum(self, values: Floats) -> Floats:
        """Weighted sum over the risk set at each distinct time."""
        present = self._rows(values)[::-1].cumsum(axis=0)[::-1]
        past = self._past(values)
        return np.asarray(present + (self.uncensored * past.T).T)

    def _past(self, values: Floats) -> Floats:
        """Sum over earlier competing events, each divided by its censoring survival."""
        own = self._rows((self.inverse * values.T).T)
        return np.asarray(own.cumsum(axis=0) - own)

    def _exposure(self, hazard: Floats) -> Floats:
        """Total of a hazard (k,) or (k, p) over the times each patient is at risk, weighted."""
        until = np.cumsum(hazard, axis=0)
        weighted = (self.uncensored * hazard.T).T
        later = weighted.sum(axis=0) - np.cumsum(weighted, axis=0)
        return np.asarray(until[self.row] + (self.inverse * later[self.row].T).T)

    def evaluate(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Log-likelihood, score and information."""
        eta = self.x @ beta
        shift = float(eta.max())
        e = np.exp(eta - shift)
        s0 = self._risk_sum(e)
        at = self.deaths > 0
        hazard = np.zeros(len(s0))
        hazard[at] = self.deaths[at] / s0[at]
        weight = e * self._exposure(hazard)
        log_likelihood = float(eta[self.ours].sum() - self.deaths[at] @ (np.log(s0[at]) + shift))
        score = self.x.T @ (self.ours - weight)
        mean = self._risk_sum(e[:, None] * self.x)[at] / s0[at, None]
        information = self.x.T @ (weight[:, None] * self.x)
        information -= mean.T @ (self.deaths[at, None] * mean)
        return log_likelihood, score, information

    def residuals(self, beta: Floats) -> Floats:
        """Score residuals with the part of estimating the censoring distribution, shape (n, p)."""
        eta = self.x @ beta
        e = np.exp(eta - eta.max())
        s0 = self._risk_sum(e)
        mean = self._risk_sum(e[:, None] * self.x) / s0[:, None]
        hazard = self.deaths / s0
        score = self.ours[:, None] * (self.x - mean[self.row])
        score -= e[:, None] * self.x * self._exposure(hazard)[:, None]
        score += e[:, None] * self._exposure(hazard[:, None] * mean)

        later = (self.uncensored * hazard)[:, None] * np.column_stack([np.ones(len(s0)), mean])
        later = later[::-1].cumsum(axis=0)[::-1]
        past = self._past(e[:, None] * self.x)
        effect = past * later[:, :1] - self._past(e)[:, None] * later[:, 1:]
        drift = np.cumsum((self.censorings / self.risk**2)[:, None] * effect, axis=0)
        score += self.censored[:, None] * (effect / self.risk[:, None])[self.row]
        return np.asarray(score - drift[self.row])
