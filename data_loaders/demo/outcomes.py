"""Times to events whose hazard ratios are exactly the planted ones.

Every stratum (a diagnosis, say) has a Weibull clock: ``u(t) = (t / scale) ** shape``. In clock time
a patient dies at a constant rate ``a``, so overall survival follows a proportional-hazards model
exactly. An intermediate event (AML, myelofibrosis, relapse) happens at the constant rate ``b``
while the patient is alive and free of it, and is followed by death at the rate ``m > a``. The
hazard of death *before* the event is then whatever keeps overall survival as planted, which makes
both the model for death and the cause-specific model for the event exact. Given the time of death
``U``, the illness-death process integrates in closed form::

    P(event before death | U)    = m b / (a (b + m - a)) * (1 - exp(-(b + m - a) U))
    density of its time s | U  is proportional to (m - a) exp((m - a) s) + b exp(-b s), 0 < s < U

which needs ``b <= a`` (nobody dies of an event more often than he dies).

A treatment that starts at a known month makes the clock run faster or slower from then on. Its
start is drawn independently of the clock times given the covariates, so a time-dependent Cox
model recovers the planted factors while "ever treated" is biased by immortal time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from data_loaders.arrays import Bools, Floats
from data_loaders.model import DAYS_PER_MONTH


@dataclass(frozen=True)
class Clock:
    """Clock time of every patient: ``u = (months / scale) ** shape``.

    Parameters
    ----------
    scale, shape
        Weibull scale (months) and shape, one value a patient.
    """

    scale: Floats
    shape: Floats

    def elapsed(self, months: Floats | float) -> Floats:
        """Clock time after ``months``."""
        return np.asarray((months / self.scale) ** self.shape)

    def months(self, elapsed: Floats) -> Floats:
        """Months at a clock time."""
        return np.asarray(self.scale * elapsed ** (1 / self.shape))

    def of(self, mask: Bools) -> Clock:
        """The clocks of some patients."""
        return Clock(self.scale[mask], self.shape[mask])


def calibrated_clock(
    rate: Floats,
    stratum: npt.NDArray[np.str_],
    median_months: Mapping[str, float],
    shape: Mapping[str, float],
) -> Clock:
    """Clocks under which each stratum, with the patients it has, reaches its median survival.

    Parameters
    ----------
    rate
        Rate of death in clock time, one a patient.
    stratum
        Stratum of each patient, a key of the two mappings.
    median_months
        Median survival of the mixture of the stratum's patients.
    """
    scales, shapes = np.ones(len(rate)), np.ones(len(rate))
    for name, median in median_months.items():
        here = stratum == name
        if not here.any():
            continue
        rates = rate[here]
        log_u = brentq(
            lambda x, r=rates: float(np.exp(-r * np.exp(x)).mean()) - 0.5,
            -np.log(rates.max()) - 10,
            -np.log(rates.min()) + 10,
        )
        shapes[here] = shape[name]
        scales[here] = median / np.exp(log_u / shape[name])
    return Clock(scales, shapes)


def common_clock(rate: Floats, median_months: float, shape: float) -> Clock:
    """The clock that all patients share; parameters as of :func:`calibrated_clock`."""
    everyone = np.full(len(rate), "all")
    return calibrated_clock(rate, everyone, {"all": median_months}, {"all": shape})


def median_survival(rate: Floats, clock: Clock) -> float:
    """Median survival (months) of the mixture of these patients."""
    return float(
        brentq(
            lambda t: float(np.exp(-rate * clock.elapsed(np.full_like(rate, t))).mean()) - 0.5,
            1e-3,
            1e5,
        )
    )


def event_incidence(elapsed: Floats, death: Floats, event: Floats, after: Floats) -> Floats:
    """Cumulative incidence of the intermediate event, death competing, in clock time.

    Parameters
    ----------
    death, event, after
        The rates ``a``, ``b`` and ``m`` of the module's model.
    """
    net = event + after - death
    share = event / net
    return np.asarray(
        event
        * (
            (1 - share) * -np.expm1(-death * elapsed) / death
            + share * -np.expm1(-(event + after) * elapsed) / (event + after)
        )
    )


def calibrated_event_rate(
    relative: Floats, death: Floats, after: Floats, elapsed: Floats, incidence: float
) -> Floats:
    """Event rates proportional to ``relative`` that give a mean cumulative incidence.

    Parameters
    ----------
    relative
        Exponential of the event's linear predictor.
    death, after
        Rates of death overall and after the event.
    elapsed
        Clock time of the horizon, one a patient.
    incidence
        Cumulative incidence at the horizon, averaged over the patients.
    """
    if len(relative) == 0:
        return relative

    def excess(log_base: float) -> float:
        rates = np.minimum(np.exp(log_base) * relative, death)
        return float(event_incidence(elapsed, death, rates, after).mean()) - incidence

    low = np.log(incidence) - 25.0
    high = np.log(death.max() / relative.min()) + 1.0
    base = brentq(excess, low, high) if excess(high) > 0 else high
    return np.asarray(np.minimum(np.exp(base) * relative, death))


def intermediate_event(
    rng: np.random.Generator, death_at: Floats, death: Floats, event: Floats, after: Floats
) -> Floats:
    """Clock time of the intermediate event given the clock time of death; infinite if it never is.

    Parameters
    ----------
    death_at
        Clock time of death.
    death, event, after
        The rates ``a``, ``b <= a`` and ``m > a`` of the module's model.
    """
    gap = after - death
    net = event + gap
    probability = after * event / (death * net) * -np.expm1(-net * death_at)
    happens = rng.random(len(death_at)) < probability
    # Two components; the first is scaled by exp(-gap * death_at) so that nothing overflows.
    late = -np.expm1(-gap * death_at)
    early = np.exp(-gap * death_at) * -np.expm1(-event * death_at)
    uniform = rng.random(len(death_at))
    from_late = death_at + np.log(uniform + (1 - uniform) * np.exp(-gap * death_at)) / gap
    with np.errstate(divide="ignore", invalid="ignore"):
        from_early = -np.log1p(uniform * np.expm1(-event * death_at)) / event
        is_late = rng.random(len(death_at)) < late / (late + early)
    time = np.where(is_late, from_late, from_early)
    return np.where(happens, np.clip(time, 0.0, death_at), np.inf)


@dataclass(frozen=True)
class DeathProcess:
    """Death of every patient in clock time.

    Parameters
    ----------
    rate
        Rate of death in clock time.
    at
        Clock time of death, drawn from the rate.
    """

    clock: Clock
    rate: Floats
    at: Floats

    @classmethod
    def drawn(cls, rng: np.random.Generator, clock: Clock, rate: Floats) -> DeathProcess:
        """Deaths at these rates."""
        return cls(clock, rate, rng.exponential(1.0, len(rate)) / rate)

    @property
    def months(self) -> Floats:
        """Month of death."""
        return self.clock.months(self.at)

    def rate_after(self, typical_month: Floats | float, months_left: float) -> Floats:
        """Rate of death after an event that leaves a median of ``months_left`` to live.

        The event is taken to happen at ``typical_month``; the clock runs faster later, so earlier
        events leave somewhat more. The rate is at least 1.5 times that of the patient's death.
        """
        step = self.clock.elapsed(typical_month + months_left) - self.clock.elapsed(typical_month)
        return np.asarray(np.maximum(np.log(2) / step, 1.5 * self.rate))


def event_at(
    rng: np.random.Generator,
    process: DeathProcess,
    relative: Floats,
    after: Floats,
    horizons: Sequence[tuple[Bools, float, float]],
) -> Floats:
    """Clock time of an intermediate event with planted cumulative incidences; infinite if never.

    Parameters
    ----------
    process
        How the patients die.
    relative
        Exponential of the event's linear predictor.
    after
        Rate of death after the event.
    horizons
        Who, the month, and the cumulative incidence (death competing) in them by that month;
        whoever is in none of the groups never has the event.
    """
    rate = np.zeros(len(relative))
    for group, month, incidence in horizons:
        elapsed = process.clock.elapsed(np.full(len(relative), month))[group]
        rate[group] = calibrated_event_rate(
            relative[group], process.rate[group], after[group], elapsed, incidence
        )
    return intermediate_event(rng, process.at, process.rate, rate, after)


@dataclass(frozen=True)
class TreatmentFactors:
    """Hazard factors of a treatment: ``early`` for ``early_months`` after its start, then ``late``.

    One value a patient.
    """

    early: Floats
    late: Floats
    early_months: float


def _milestones(clock: Clock, start: Floats, factors: TreatmentFactors) -> tuple[Floats, Floats]:
    opening = clock.elapsed(start)
    return opening, clock.elapsed(start + factors.early_months) - opening


def under_treatment(
    event_at: Floats, clock: Clock, start: Floats, factors: TreatmentFactors
) -> Floats:
    """Month of an event when a treatment changes the hazard from its start on.

    Parameters
    ----------
    event_at
        Clock time of the event without the treatment.
    start
        Month of the treatment; infinite if it never starts.
    factors
        By how much the hazard is multiplied.
    """
    untreated = clock.months(event_at)
    begin = np.where(np.isfinite(start), start, 0.0)
    opening, early_span = _milestones(clock, begin, factors)
    left = event_at - opening
    early_budget = factors.early * early_span
    with np.errstate(invalid="ignore"):
        early_time = clock.months(opening + np.maximum(left, 0) / factors.early)
        late_time = clock.months(
            opening + early_span + np.maximum(left - early_budget, 0) / factors.late
        )
    treated = np.where(left <= early_budget, early_time, late_time)
    return np.where(untreated > start, treated, untreated)


def survival_under_treatment(
    months: Floats, rate: Floats, clock: Clock, start: float, factors: TreatmentFactors
) -> Floats:
    """Mean survival of the patients if all were treated at one month (potential outcome).

    Parameters
    ----------
    months
        Grid of times.
    rate, clock, factors
        Of the patients; rate of death without treatment.
    start
        Month of the treatment, if still alive; infinite for never.

    Returns
    -------
    Survival at each time of the grid, averaged over the patients.
    """
    curve = np.empty(len(months))
    begin = np.full_like(rate, start if np.isfinite(start) else 0.0)
    opening, early_span = _milestones(clock, begin, factors)
    for position, month in enumerate(months):
        now = clock.elapsed(np.full_like(rate, month))
        if np.isfinite(start):
            since = np.maximum(now - opening, 0.0)
            early = np.minimum(since, early_span)
            now = now - since + factors.early * early + factors.late * (since - early)
        curve[position] = np.exp(-rate * now).mean()
    return curve


def follow_up(
    rng: np.random.Generator, n: int, shortest: float, longest: float, lost_per_year: float
) -> tuple[Floats, Floats]:
    """End of follow-up: a common closing date after staggered entry, and losses at random.

    Returns
    -------
    Months to the end of follow-up, and months from entry to the closing date.
    """
    closing = rng.uniform(shortest, longest, n)
    lost = rng.exponential(12.0 / lost_per_year, n)
    return np.minimum(closing, lost), closing


def recorded(months: Floats) -> Floats:
    """Months as a register holds them: whole days, at least one, in float months."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.maximum(np.ceil(months * DAYS_PER_MONTH), 1.0) / DAYS_PER_MONTH)


def observed(
    event_month: Floats, death_month: Floats, end_month: Floats
) -> tuple[Floats, Floats, Floats]:
    """Time, event and competing death as seen by the end of follow-up.

    Parameters
    ----------
    event_month
        Month of the event; infinite if it never happens. Pass ``death_month`` for survival.
    death_month, end_month
        Months of death and of the end of follow-up.

    Returns
    -------
    Time in months (whole days), event (1 or 0), competing event (1 = died without the event).
    """
    first = np.minimum(event_month, death_month)
    seen = first <= end_month
    event = seen & (event_month <= death_month)
    return (
        recorded(np.minimum(first, end_month)),
        event.astype(float),
        (seen & ~event).astype(float),
    )
