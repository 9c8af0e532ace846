"""What the draws of an emulated trial allow one to claim: intervals, tests over classes, verdicts.

Percentiles of a few hundred draws move with the seed and are too short in small classes. Here an
interval is the estimate and its standard error over the draws, on the quantiles of Student's t
with the effective number of patients; several at once share their level (Šidák 1967). What is left
of the chance of the draws is given with the interval, and a verdict never hangs on it.

Where few die little of life is lost and the draws hardly vary: a difference as long on both sides
of its estimate claims a gain too easily and a harm too rarely (in 200 simulated cohorts without
effect 13 claims were wrong, all of a longer life). What is lost is positive, so the limits of each
strategy's loss come from its logarithm, and those of the difference from theirs (MOVER; Zou &
Donner 2008, Stat Med 27:1693).

Patients drawn anew vary less than patients do, by the root of one part in their number (Hesterberg
2015, Am Stat 69:371): it is put back. Of weighted patients both this number and the degrees of
freedom are those of the standard error, which hangs on the heaviest even more than the estimate
does (Satterthwaite 1946, Biometrics Bull 2:110).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import fdtrc, ndtr, stdtr, stdtrit

from app.analysis.arrays import Floats

Verdict = Literal["longer", "shorter", "border", "open", "unknown"]
# How many times its own error of simulation a limit must lie from zero to be beyond it.
_CLEAR = 2.0
# A loss in a draw counts as no less than this part of the estimate: its logarithm stays finite.
_LEAST = 0.01


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
    estimate: float,
    drawn: Floats,
    level: float,
    effective: float,
    *,
    several: int = 1,
    resampled: bool = False,
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
    resampled
        Whether the draws are of patients; else they are of parameters.
    """
    known = drawn[np.isfinite(drawn)]
    if len(known) < 2 or not np.isfinite(estimate):
        return Interval()
    half = _quantile(level, effective, several) * float(known.std(ddof=1))
    half *= float(_narrow(effective)) if resampled else 1.0
    return Interval(estimate - half, estimate + half, half / float(np.sqrt(2 * len(known))))


def less_lost(
    lost: Floats, drawn: Floats, level: float, freedom: Floats, *, several: int = 1
) -> Interval:
    """Interval of how much less a strategy loses than the reference: life, or survivors.

    Parameters
    ----------
    lost, drawn
        Loss under the strategy and under the reference, shape (2,) and (draws, 2).
    freedom
        Degrees of freedom of the standard error of each, shape (2,).
    several
        As in :func:`interval`.
    """
    known = drawn[np.isfinite(drawn).all(axis=1)]
    if len(known) < 2 or not np.isfinite(lost).all():
        return Interval()
    effective = 1.0 + float(of_both(freedom, known))
    quantile = _narrow(effective) * np.array([_quantile(level, effective, several)])
    lower, upper = _less_lost(lost[:, None], known[..., None], quantile)
    value = lost[1] - lost[0]
    longer = float(max(value - lower[0], upper[0] - value))
    return Interval(float(lower[0]), float(upper[0]), longer / float(np.sqrt(2 * len(known))))


def apart(one: float, own: Interval, other: float, others: Interval) -> Interval:
    """Interval of the difference of two estimates, of different patients, from their intervals."""
    value = one - other
    return Interval(
        value - float(np.hypot(one - own.lower, others.upper - other)),
        value + float(np.hypot(own.upper - one, other - others.lower)),
        float(np.hypot(own.error, others.error)),
    )


def of_both(freedom: Floats, drawn: Floats) -> Floats:
    """Degrees of freedom of a difference (Welch), from those of both sides and their draws.

    Parameters
    ----------
    freedom, drawn
        Shape (2, ...) and (draws, 2, ...).
    """
    if not len(drawn):
        return np.asarray(freedom.min(axis=0))
    spread = drawn.var(axis=0)
    part = np.divide(spread, spread.sum(axis=0), out=np.full(spread.shape, 0.5),
                     where=spread.sum(axis=0) > 0)  # fmt: skip
    return np.asarray(1.0 / (part**2 / np.maximum(freedom, 1.0)).sum(axis=0))


def _quantile(level: float, effective: float, several: int) -> float:
    each = level ** (1.0 / max(several, 1))
    return float(stdtrit(max(effective - 1.0, 1.0), (1 + each) / 2))


def _narrow(effective: Floats | float) -> Floats:
    """How much more patients vary than draws of so many of them."""
    number = np.maximum(np.asarray(effective, dtype=np.float64), 2.0)
    return np.asarray(1.0 / np.sqrt(1.0 - 1.0 / number))


def _less_lost(lost: Floats, drawn: Floats, quantile: Floats) -> tuple[Floats, Floats]:
    """Limits at several places: losses of shape (2, places) and (draws, 2, places)."""
    lost = np.maximum(lost, 1e-12)
    drawn = np.maximum(drawn, _LEAST * lost)
    far = quantile * np.log(drawn).std(axis=0, ddof=1)
    less, more = -lost * np.expm1(-far), lost * np.expm1(far)
    away = drawn - drawn.mean(axis=0)
    spread = np.sqrt((away**2).mean(axis=0))
    both = (away[:, 0] * away[:, 1]).mean(axis=0)
    tie = np.divide(both, spread[0] * spread[1], out=np.zeros_like(both), where=both != 0)

    def long(own: Floats, others: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(own**2 - 2 * tie * own * others + others**2, 0.0)))

    value = lost[1] - lost[0]
    return value - long(more[0], less[1]), value + long(less[0], more[1])


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
    error = _narrow(effective) * np.nanstd(drawn, axis=0, ddof=1)
    weight = 1.0 / np.maximum(error**2, 1e-12)
    freedom = max(float(effective.min()) - 1.0, 1.0)
    centre = float(np.average(ranks, weights=weight))
    spread = float((weight * (ranks - centre) ** 2).sum())
    slope = float((weight * (ranks - centre) * gains).sum()) / spread
    p_trend = 2 * float(stdtr(freedom, -abs(slope) * np.sqrt(spread)))
    apart = float((weight * (gains - np.average(gains, weights=weight)) ** 2).sum()) / (k - 1)
    return ClassTests(k, slope, p_trend, float(fdtrc(k - 1, freedom, apart)))


def band(
    estimate: Floats, drawn: Floats, level: float, effective: Floats | float = np.inf
) -> tuple[Floats, Floats]:
    """Limits that hold at all places together: the largest standardised departure of the draws.

    Parameters
    ----------
    estimate, drawn
        Shape (places,) and (draws, places): groups at delays. Places at which nothing varies have
        no width.
    effective
        Effective number of patients in the smaller arm, or events, at each place: few of them widen
        it there, to the quantile of Student's t whose tail is that of the largest departure. The
        quantile of a single interval would widen too little: the further out, the heavier t's tail.
    """
    if len(drawn) < 2:
        return np.full(estimate.shape, np.nan), np.full(estimate.shape, np.nan)
    half = _far(drawn, level, effective) * drawn.std(axis=0, ddof=1)
    return estimate - half, estimate + half


def band_of_less_lost(
    lost: Floats, drawn: Floats, level: float, freedom: Floats
) -> tuple[Floats, Floats]:
    """The same of how much less a strategy loses than the reference, as in :func:`less_lost`.

    Parameters
    ----------
    lost, drawn
        Loss under the strategy and under the reference, shape (2, times) and (draws, 2, times).
    freedom
        As in :func:`less_lost`, shape (2, times).
    """
    if len(drawn) < 2:
        return np.full(lost.shape[1:], np.nan), np.full(lost.shape[1:], np.nan)
    effective = 1.0 + of_both(freedom, drawn)
    far = _far(drawn[:, 1] - drawn[:, 0], level, effective)
    return _less_lost(lost, drawn, far * _narrow(effective))


def _far(drawn: Floats, level: float, effective: Floats | float) -> Floats:
    """How many standard errors the limits lie from the estimate at each place."""
    error = drawn.std(axis=0, ddof=1)
    moving, far = error > 1e-9, np.zeros(drawn.shape[1])
    if moving.any():
        away = np.abs(drawn[:, moving] - drawn[:, moving].mean(axis=0)) / error[moving]
        # Of a hundred draws the linear quantile is that of 94: this one is not too near.
        departs = float(np.quantile(away.max(axis=1), level, method="weibull"))
        freedom = np.maximum(np.asarray(effective, dtype=np.float64) - 1.0, 1.0)
        far[moving] = np.broadcast_to(-stdtrit(freedom, ndtr(-departs)), far.shape)[moving]
    return far
