"""Firth's penalised partial likelihood: finite estimates where a level has no event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri

from app.analysis.arrays import Bools, Floats
from app.analysis.likelihood._risk_sets import RiskSets

MAX_STEPS = 60
STEP_TOLERANCE = 1e-8
LARGEST_STEP = 2.0
# A limit this far out, in log hazard ratio across the covariate's range, is no limit.
OPEN_ENDED = 100.0


@dataclass(frozen=True)
class FirthFit:
    """Maximum of the penalised likelihood, with profile intervals and likelihood-ratio tests.

    Attributes
    ----------
    beta, information
        Estimate and information there.
    log_likelihood, null_log_likelihood
        Without the penalty, at the estimate and at zero.
    lower, upper, p_value
        Profile limits and likelihood-ratio p-value of each coefficient.
    """

    beta: Floats
    information: Floats
    log_likelihood: float
    null_log_likelihood: float
    lower: Floats
    upper: Floats
    p_value: Floats


def firth_cox(
    sets: RiskSets, x: Floats, conf_level: float, columns: Sequence[int] | None = None
) -> FirthFit:
    """Maximise the partial likelihood times the root of the information's determinant.

    Method: Firth (1993), for Cox models Heinze & Schemper (2001), whose profile likelihood
    intervals and tests replace Wald's, which fail where the likelihood is not quadratic.

    Parameters
    ----------
    x
        Standardised covariates, shape (n, p).
    columns
        Coefficients to give an interval and a test, which take time; all by default, NaN elsewhere.
    """
    p = x.shape[1]
    everything = np.ones(p, dtype=np.bool_)
    beta, top = _climb(sets, x, np.zeros(p), everything)
    at = sets.evaluate(x, beta)
    z = float(ndtri(0.5 + conf_level / 2))
    se = np.sqrt(np.diag(np.linalg.inv(at.information)))
    lower, upper, p_value = (np.full(p, np.nan) for _ in range(3))
    for j in range(p) if columns is None else columns:
        profile = _Profile(sets, x, beta, top, j, z)
        lower[j], upper[j] = profile.limit(-z * se[j]), profile.limit(z * se[j])
        p_value[j] = chdtrc(1, profile.root(-beta[j], beta)[0] ** 2)
    null = sets.evaluate(x, np.zeros(p)).log_likelihood
    return FirthFit(beta, at.information, at.log_likelihood, null, lower, upper, p_value)


def _climb(sets: RiskSets, x: Floats, beta: Floats, free: Bools) -> tuple[Floats, float]:
    """Maximise over the free coefficients from a start; the others stay."""
    if not free.any():
        return beta, _penalised(sets, x, beta)[0]
    value, score, information = _penalised(sets, x, beta)
    for _ in range(MAX_STEPS):
        step = np.zeros(len(beta))
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
        largest = float(np.abs(step).max())
        if largest < STEP_TOLERANCE:
            break
        step *= min(1.0, LARGEST_STEP / largest)
        for _ in range(20):
            following = _penalised(sets, x, beta + step)
            if following[0] >= value - 1e-11 * abs(value):
                break
            step /= 2
        beta = beta + step
        value, score, information = following
    return beta, value


def _penalised(sets: RiskSets, x: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    """Penalised log-likelihood, its gradient, and the information.

    The gradient of the penalty is half the trace of the inverse information times its derivative:
    the third central moments of the covariates in each risk set, summed over events. Expanding
    them leaves sums over patients of what each was exposed to.
    """
    at = sets.evaluate(x, beta)
    sign, log_determinant = np.linalg.slogdet(at.information)
    if sign <= 0:
        return -np.inf, at.score, at.information
    inverse = np.linalg.inv(at.information)
    e = at.relative_hazard
    square = np.einsum("ij,jk,ik->i", x, inverse, x)
    exposed = sets.exposure(at.inverse)
    exposed_mean = sets.exposure(at.inverse[:, None] * at.mean)
    mean_square = np.einsum("ij,jk,ik->i", at.mean, inverse, at.mean)
    cross = np.einsum("ij,jk,ik->i", x, inverse, exposed_mean)
    trace = x.T @ (e * (exposed * square - 2 * cross))
    trace += 2 * at.mean.T @ mean_square - exposed_mean.T @ (e * square)
    return at.log_likelihood + 0.5 * float(log_determinant), at.score + trace / 2, at.information


@dataclass(frozen=True)
class _Profile:
    """The profile likelihood of coefficient ``j`` around the maximum ``top`` at ``beta``."""

    sets: RiskSets
    x: Floats
    beta: Floats
    top: float
    j: int
    z: float

    def root(self, distance: float, start: Floats) -> tuple[float, Floats]:
        """Signed root of the likelihood ratio at a distance from the estimate, and where."""
        free = np.arange(len(self.beta)) != self.j
        tried = start.copy()
        tried[self.j] = self.beta[self.j] + distance
        found, value = _climb(self.sets, self.x, tried, free)
        return float(np.sqrt(max(0.0, 2 * (self.top - value)))), found

    def limit(self, distance: float) -> float:
        """Where the root reaches z, looking from the estimate in the direction of distance.

        The root is nearly straight, so the secant through the estimate finds it in a few steps; a
        bracket guards against a profile that bends.
        """
        inside, outside = 0.0, np.inf * np.sign(distance)
        start = self.beta
        for _ in range(60):
            root, start = self.root(distance, start)
            if abs(root - self.z) < 1e-7:
                break
            if root < self.z:
                inside = distance
            else:
                outside = distance
            following = distance * self.z / root if root > 0 else 2 * distance
            low, high = sorted((inside, outside))
            if not low < following < high:
                following = (inside + outside) / 2 if np.isfinite(outside) else 2 * distance
            distance = following
            if abs(distance) * float(self.sets.reach(self.x[:, [self.j]])[0]) > OPEN_ENDED:
                return float(np.copysign(np.inf, distance))
        return float(self.beta[self.j] + distance)
