"""What the draws of an emulated trial allow one to claim: intervals, tests over classes, verdicts.

Percentiles of a few hundred draws move with the seed and are too short in small classes. Here an
interval is the estimate and its standard error over the draws, on the quantiles of Student's t
with the effective number of patients; several at once share their level (Šidák 1967). What is left
of the chance of the draws is given with the interval, and a verdict never hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from app.analysis.arrays import Floats

Verdict = Literal["longer", "shorter", "border", "open", "unknown"]
# How many times its own error of simulation a limit must lie from zero to be beyond it.
_CLEAR = 2.0


@dataclass(frozen=True)
class Interval:
    """Limits of an estimate, and the error of simulation of each; missing without draws."""

    lower: float = float("nan")
    upper: float = float("nan")
    error: float = float("nan")

    @property
    def verdict(self) -> Verdict:
        """Whether zero lies outside the limits by more than the draws could have moved them."""
        if np.isnan(self.lower) or np.isnan(self.upper):
            return "unknown"
        near = self.lower if self.lower + self.upper > 0 else -self.upper
        if abs(near) < _CLEAR * self.error:
            return "border"
        if near < 0:
            return "open"
        return "longer" if self.lower > 0 else "shorter"


def interval(
    estimate: float, drawn: Floats, level: float, effective: float, *, several: int = 1
) -> Interval:
    """The estimate give or take its standard error over the draws.

    Parameters
    ----------
    drawn
        The estimate in every draw, shape (draws,).
    effective
        Effective number of patients in the smaller arm: degrees of freedom and one.
    several
        Number of intervals that hold together with the level.
    """
    known = drawn[np.isfinite(drawn)]
    if len(known) < 2 or not np.isfinite(estimate):
        return Interval()
    each = level ** (1.0 / max(several, 1))
    quantile = float(stats.t.ppf((1 + each) / 2, max(effective - 1.0, 1.0)))
    half = quantile * float(known.std(ddof=1))
    return Interval(estimate - half, estimate + half, half / float(np.sqrt(2 * len(known))))


@dataclass(frozen=True)
class ClassTests:
    """Whether the gain changes over ordered classes, and whether it differs at all.

    Attributes
    ----------
    classes
        How many classes take part; with fewer than three there is no test.
    slope, p_trend
        Months gained more from one class to the next; p of no trend.
    p_heterogeneity
        p of equal gains in all classes.
    """

    classes: int
    slope: float = float("nan")
    p_trend: float = float("nan")
    p_heterogeneity: float = float("nan")


def class_tests(gains: Floats, drawn: Floats, ranks: Floats, effective: Floats) -> ClassTests:
    """Weighted regression of the gains on the rank of the class, and Cochran's test of equality.

    Weights are one over the variance over the draws (classes hold different patients); both tests
    have the effective patients of the thinnest class less one as degrees of freedom of the error.

    Parameters
    ----------
    gains, ranks, effective
        Gain, place in the order and effective number of each class, shape (k,).
    drawn
        Gains in every draw, shape (draws, k).
    """
    k = len(gains)
    if k < 3 or len(drawn) < 2:
        return ClassTests(k)
    weight = 1.0 / np.maximum(np.nanvar(drawn, axis=0, ddof=1), 1e-12)
    freedom = max(float(effective.min()) - 1.0, 1.0)
    centre = float(np.average(ranks, weights=weight))
    spread = float((weight * (ranks - centre) ** 2).sum())
    slope = float((weight * (ranks - centre) * gains).sum()) / spread
    p_trend = 2 * float(stats.t.sf(abs(slope) * np.sqrt(spread), freedom))
    apart = float((weight * (gains - np.average(gains, weights=weight)) ** 2).sum()) / (k - 1)
    return ClassTests(k, slope, p_trend, float(stats.f.sf(apart, k - 1, freedom)))


def band(
    estimate: Floats, drawn: Floats, level: float, effective: Floats | float = np.inf
) -> tuple[Floats, Floats]:
    """Limits that hold at all places together: the largest standardised departure of the draws.

    Parameters
    ----------
    estimate, drawn
        Shape (places,) and (draws, places): times, or groups at delays. Places at which nothing
        varies have no width.
    effective
        Effective number of patients in the smaller arm, or events, at each place: few of them widen
        it there, to the quantile of Student's t whose tail is that of the largest departure. The
        quantile of a single interval would widen too little: the further out, the heavier t's tail.
    """
    if len(drawn) < 2:
        return np.full(estimate.shape, np.nan), np.full(estimate.shape, np.nan)
    error = drawn.std(axis=0, ddof=1)
    moving = error > 1e-9
    if not moving.any():
        return estimate, estimate
    away = np.abs(drawn[:, moving] - drawn[:, moving].mean(axis=0)) / error[moving]
    # Of a hundred draws the linear quantile is that of 94: this one is not too near.
    departs = float(np.quantile(away.max(axis=1), level, method="weibull"))
    freedom = np.maximum(np.asarray(effective, dtype=np.float64) - 1.0, 1.0)
    half = stats.t.isf(stats.norm.sf(departs), freedom) * error
    return estimate - half, estimate + half
