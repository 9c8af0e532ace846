"""Kaplan-Meier curves: the estimate, its band, medians and restricted means.

Estimates equal R's ``survival`` package; where its conventions and ours differ, the docstring says
so. Times are in whatever unit they come in; every result is in that unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy.special import ndtri

from app.analysis.arrays import Floats, Ints
from app.analysis.survival_input import (
    SurvivalData,
    at_risk_counts,
    numbers,
    slack,
    survival_data,
    wald,
)
from data_loaders.model import TIE_TOLERANCE

ConfType = Literal["log-log", "log", "plain"]


class Estimate(float):
    """A number that knows how sure it is.

    Behaves as a float everywhere.

    Attributes
    ----------
    lower, upper
        Confidence limits at ``conf_level``, within ``bounds``; NaN where the standard error is 0:
        that nothing varied in these patients is no certainty.
    bounds
        The least and the largest value that the number can have.
    """

    std_error: float
    lower: float
    upper: float
    conf_level: float
    note: str
    bounds: tuple[float, float]

    def __new__(
        cls,
        value: float,
        std_error: float,
        conf_level: float = 0.95,
        note: str = "",
        bounds: tuple[float, float] = (-np.inf, np.inf),
    ) -> Self:
        """Make the number with its Wald interval."""
        self = super().__new__(cls, value)
        self.std_error, self.conf_level, self.note = std_error, conf_level, note
        self.bounds = bounds
        limits = wald(np.array([value]), np.array([std_error]), conf_level, bounds)
        self.lower, self.upper = float(limits["lower"][0]), float(limits["upper"][0])
        return self

    def __getnewargs__(  # type: ignore[override]
        self,
    ) -> tuple[float, float, float, str, tuple[float, float]]:
        """Pickle with everything that was given."""
        return float(self), self.std_error, self.conf_level, self.note, self.bounds


@dataclass(frozen=True)
class KaplanMeier:
    """A Kaplan-Meier curve; arrays have one entry for each distinct end of follow-up.

    Attributes
    ----------
    time
        Distinct times at which someone's follow-up ended, ascending.
    n_risk, n_event, n_censored
        At risk just before, events at, and censored at each time (sums of weights if weighted).
    survival
        Probability of being event-free after each time.
    std_error
        Standard error of ``survival`` (Greenwood); NaN once the curve has reached zero, as in R.
    lower, upper
        Confidence limits; NaN where the interval type has none (log-log: survival 0 or 1).
    conf_type, conf_level
        Interval type and level.
    """

    time: Floats
    n_risk: Floats
    n_event: Floats
    n_censored: Floats
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats
    n: int
    events: int
    conf_type: ConfType
    conf_level: float
    method: str
    _increment: Floats = field(repr=False)
    _data: SurvivalData = field(repr=False)
    _weights: Floats | None = field(repr=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The curve as a table: time, counts, survival, standard error and limits."""
        columns = ("time", "n_risk", "n_event", "n_censored")
        frame = {name: getattr(self, name) for name in columns}
        if self._weights is None:
            frame |= {name: frame[name].astype(np.int64) for name in columns[1:]}
        rest = ("survival", "std_error", "lower", "upper")
        return pd.DataFrame(frame | {name: getattr(self, name) for name in rest})

    @property
    def median(self) -> float:
        """First time with survival at or below 0.5; NaN if not reached."""
        return self.quantile(0.5)[0]

    @property
    def median_ci(self) -> tuple[float, float]:
        """Confidence limits of the median; NaN where a limit is not reached."""
        return self.quantile(0.5)[1:]

    def quantile(self, p: float) -> tuple[float, float, float]:
        """Time by which a fraction p has had the event, with its limits.

        The limits are where the confidence band crosses 1 - p (Brookmeyer & Crowley 1982), as in R.
        Comparisons have R's tolerance. Where the curve is flat at exactly 1 - p, R gives the middle
        of the flat part; here it is the first time at or below, the definition in use clinically.

        Parameters
        ----------
        p
            Fraction with the event, between 0 and 1; 0.5 is the median.

        Returns
        -------
        tuple of float
            Estimate, lower and upper limit; NaN where not reached.

        Raises
        ------
        ValueError
            If p is not between 0 and 1.
        """
        if not 0 < p < 1:
            raise ValueError("A quantile needs a fraction between 0 and 1, such as 0.5.")
        return (
            self._first_below(self.survival, 1 - p),
            self._first_below(self.lower, 1 - p),
            self._first_below(self.upper, 1 - p),
        )

    def _first_below(self, curve: Floats, level: float) -> float:
        with np.errstate(invalid="ignore"):
            below = curve <= level + TIE_TOLERANCE
        return float(self.time[np.argmax(below)]) if below.any() else float("nan")

    def at(self, times: float | Sequence[float] | Floats) -> pd.DataFrame:
        """Read the curve at chosen times.

        After the last follow-up the curve is unknown: NaN, as R without ``extend``. Before the
        first time of the table the curve is 1 with limits 1, as R.

        Parameters
        ----------
        times
            Times in the unit of the input.

        Returns
        -------
        DataFrame
            time, n_risk (entry < t <= time), survival, std_error, lower, upper.
        """
        wanted = numbers(times, "Times")
        position = np.searchsorted(self.time, wanted + slack(wanted)) - 1
        after = position < 0
        beyond = wanted > self.time[-1] + slack(self.time[-1])
        frame = {"time": wanted, "n_risk": self._at_risk(wanted)}
        for name, start in (("survival", 1.0), ("std_error", 0.0), ("lower", 1.0), ("upper", 1.0)):
            values = np.where(after, start, getattr(self, name)[position])
            frame[name] = np.where(beyond, np.nan, values)
        return pd.DataFrame(frame)

    def _at_risk(self, ticks: Floats) -> Floats | Ints:
        """At risk just before each tick."""
        data = self._data
        first = np.searchsorted(data.times, ticks - slack(ticks))
        mass = data.copies if self._weights is None else self._weights
        leaving = np.bincount(data.exit, mass, minlength=len(data.times))
        staying = np.append(np.cumsum(leaving[::-1])[::-1], 0)[first]
        if data.entry is not None:
            entering = np.bincount(data.entry, mass, minlength=len(data.times))
            staying = staying - np.append(np.cumsum(entering[::-1])[::-1], 0)[first]
        return staying if self._weights is not None else np.asarray(staying).astype(np.int64)

    def rmst(self, tau: float) -> Estimate:
        """Restricted mean survival time: the area under the curve from 0 to tau.

        Standard error by integrating the Greenwood variance, as R's ``survfit(..., rmean=tau)``.
        With left truncation the curve is 1 before the first time.

        Parameters
        ----------
        tau
            Horizon, positive, in the unit of the input.

        Returns
        -------
        Estimate
            The mean with ``std_error``, ``lower`` and ``upper``, the limits cut at 0 and tau. If
            follow-up ends before tau with survivors, the curve is carried on flat, as R does, and
            ``note`` says so.

        Raises
        ------
        ValueError
            If tau is not positive.
        """
        if not (np.isfinite(tau) and tau > 0):
            raise ValueError("The horizon of a restricted mean must be a positive time.")
        inside = self.time < tau
        edges = np.concatenate([[0.0], self.time[inside], [tau]])
        area = np.concatenate([[1.0], self.survival[inside]]) * np.diff(edges)
        remaining = np.cumsum(area[::-1])[::-1][1:]
        increment = np.where(remaining > 0, self._increment[inside], 0.0)
        variance = float(np.sum(remaining**2 * increment))
        note = ""
        if tau > self.time[-1] + slack(self.time[-1]) and self.survival[-1] > 0:
            note = (
                f"Follow-up ends at {self.time[-1]:.4g}, before the horizon {tau:.4g}: the curve "
                "is assumed to stay level in between."
            )
        if not variance and not note:
            note = "The curve falls at no time that leaves uncertainty, so there is no interval."
        error = float(np.sqrt(variance))
        return Estimate(float(area.sum()), error, self.conf_level, note, (0.0, float(tau)))

    @cached_property
    def _reversed(self) -> KaplanMeier:
        data = self._data
        flipped = replace(data, event=~data.event)
        return kaplan_meier_of(flipped, self._weights, self.conf_type, self.conf_level)

    @property
    def median_followup(self) -> float:
        """Median follow-up by reverse Kaplan-Meier (Schemper & Smith 1996); NaN if not reached."""
        return self._reversed.median

    @property
    def median_followup_ci(self) -> tuple[float, float]:
        """Confidence limits of the median follow-up."""
        return self._reversed.median_ci


def kaplan_meier(
    time: Any,
    event: Any,
    entry: Any = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    *,
    weights: Any = None,
    copies: Any = None,
) -> KaplanMeier:
    """Estimate a survival curve by the product-limit method (Kaplan & Meier 1958).

    Parameters
    ----------
    time
        End of follow-up, shape (n,), non-negative, any unit.
    event
        1 or True where follow-up ended with the event, else 0 or False.
    entry
        Time each patient came under observation (left truncation), before ``time``.
    conf_type
        Scale of the confidence band: ``log-log``, ``log`` or ``plain``.
    weights
        Positive weights, for instance inverse probabilities. The standard error is then that of Xie
        & Liu (2005), which uses the effective number at risk, does not depend on the weights' scale
        and is Greenwood's for equal weights.
    copies
        How many patients each entry stands for, where no weights are given; None for one.

    Returns
    -------
    KaplanMeier

    Raises
    ------
    ValueError
        If the input is empty, missing, impossible or of unequal lengths.
    """
    data = survival_data(time, event, entry, copies=copies, beside={"Weights": weights})
    checked = None
    if weights is not None:
        checked = numbers(weights, "Weights", data.rows)
        if (checked <= 0).any():
            raise ValueError("Weights must be positive: leave patients with weight zero out.")
    return kaplan_meier_of(data, checked, conf_type, conf_level)


def check_choices(conf_type: ConfType, conf_level: float) -> None:
    """Refuse an interval type or a level that there is not.

    Raises
    ------
    ValueError
        If so.
    """
    if conf_type not in ("log-log", "log", "plain"):
        raise ValueError("The interval type must be 'log-log', 'log' or 'plain'.")
    if not 0 < conf_level < 1:
        raise ValueError("The confidence level must lie between 0 and 1, such as 0.95.")


def kaplan_meier_of(
    data: SurvivalData,
    weights: Floats | None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> KaplanMeier:
    """Fit checked data, each row of it standing for its copies; see :func:`kaplan_meier`."""
    check_choices(conf_type, conf_level)
    k = len(data.times)
    mass = data.copies if weights is None else weights
    ends = np.bincount(data.exit, minlength=k) > 0
    leaving = np.bincount(data.exit, mass, minlength=k).astype(np.float64)[ends]
    events = data.event.astype(np.float64) * (1.0 if mass is None else mass)
    died = np.bincount(data.exit, events, minlength=k)[ends].astype(np.float64)
    risk = at_risk_counts(data, weights)[ends]
    # Exactly 1 where everyone at risk dies, free of the rounding of weighted sums.
    dying = np.where(risk - died <= TIE_TOLERANCE * risk, 1.0, died / risk)
    survival = np.cumprod(1.0 - dying).astype(np.float64)
    effective = risk
    if weights is not None:
        effective = risk**2 / at_risk_counts(data, weights**2)[ends]
    with np.errstate(divide="ignore", invalid="ignore"):
        increment = np.where(dying > 0, dying / ((1.0 - dying) * effective), 0.0)
        log_se: Floats = np.sqrt(np.cumsum(increment))
        std_error = survival * log_se
    lower, upper = confidence_band(survival, log_se, conf_type, conf_level)
    return KaplanMeier(
        time=data.times[ends],
        n_risk=risk,
        n_event=died,
        n_censored=leaving - died,
        survival=survival,
        std_error=std_error,
        lower=lower,
        upper=upper,
        n=data.n,
        events=data.events,
        conf_type=conf_type,
        conf_level=conf_level,
        method=_method(conf_type, conf_level, data.entry is not None, weights is not None),
        _increment=increment,
        _data=data,
        _weights=weights,
    )


def confidence_band(
    survival: Floats, log_se: Floats, conf_type: ConfType, conf_level: float
) -> tuple[Floats, Floats]:
    """Pointwise limits of a survival curve, as R's ``survfit`` computes them.

    Parameters
    ----------
    log_se
        Standard error of the log of the curve.
    conf_type
        ``log-log``, ``log`` or ``plain``.

    Returns
    -------
    tuple of arrays
        Lower and upper limit, inside [0, 1]; NaN where the scale has none.
    """
    z = float(ndtri(0.5 + conf_level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "plain":
            half = z * survival * log_se
            lower, upper = survival - half, survival + half
        elif conf_type == "log":
            positive = np.where(survival > 0, survival, np.nan)
            lower, upper = positive * np.exp(-z * log_se), positive * np.exp(z * log_se)
        else:
            inner = np.where((survival > 0) & (survival < 1), survival, np.nan)
            shift = z * log_se / np.log(inner)
            centre = np.log(-np.log(inner))
            lower = np.exp(-np.exp(centre - shift))
            upper = np.exp(-np.exp(centre + shift))
    return np.maximum(lower, 0.0), np.minimum(upper, 1.0)


def _method(conf_type: ConfType, conf_level: float, truncated: bool, weighted: bool) -> str:
    error = "Xie-Liu weighted" if weighted else "Greenwood"
    sentence = f"Kaplan-Meier estimate, {error} standard error, {conf_level:.0%} {conf_type} band"
    return sentence + (", left-truncated at entry" if truncated else "")
