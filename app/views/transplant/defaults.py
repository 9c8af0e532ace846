"""The trial that a cohort supports as it stands: what the page opens on, before anybody chooses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant import Strategy
from app.cohort.filters import All, Between, Filter
from app.study.adjustment import age_column, sex_column
from app.study.exposures import exposure_times
from app.study.transplants.choices import (
    progressions,
    risk_classes,
    survival_endpoints,
    time_zeros,
    transplants,
)
from app.study.transplants.confounders import confounder_options
from app.study.transplants.kinds import ALLOGENEIC, transplant_kinds
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort, Variable

_REMISSION = "remission"
# What decides on a transplant besides the score, the most telling form of each first.
_ALTERATIONS = (
    ("TP53_multi_hit", "TP53multi", "TP53"),
    ("NPM1",),
    ("FLT3_ITD", "FLT3-ITD"),
    ("ASXL1",),
    ("RUNX1",),
)
_MOST_ALTERATIONS = 3
_FEWEST_CARRIERS = 20
_CARRIER_SHARE = 0.05
_KNOWN_SHARE = 0.9
_AGE_STEP = 5.0
_AGE_SHARE = 0.95
_WINDOWS = (3.0, 6.0, 12.0, 24.0)
_FEWEST_DELAYED = 10
_HORIZONS = (96.0, 60.0, 36.0, 24.0, 12.0)
_FEWEST_FOLLOWED = 30


@dataclass(frozen=True)
class Suggestion:
    """A trial, and the age limit that its eligibility adds to the reader's filter.

    Attributes
    ----------
    trial
        The trial; its eligibility is the filter and the age limit.
    age
        Column of the age; None where the cohort has none.
    oldest
        Highest age that is eligible: nearly all transplanted patients were younger, and of older
        ones nothing can be said. None without an age.
    """

    trial: TargetTrial
    age: str | None
    oldest: float | None


def eligible(chosen: Filter, age: str | None, oldest: float | None) -> Filter:
    """A filter and an age limit as one filter."""
    if age is None or oldest is None:
        return chosen
    return Filter(All((*chosen.steps, Between(age, None, oldest))))


def suggest(cohort: Cohort, chosen: Filter) -> Suggestion | None:
    """The trial that these patients support.

    Returns
    -------
    Suggestion
        None where the cohort records no transplant with a time, or no endpoint with death.
    """
    endpoints = survival_endpoints(cohort)
    found = next(((e, t) for e in endpoints for t in transplants(cohort, e)[:1]), None)
    if found is None:
        return None
    endpoint, treatment = found
    zero = None
    if _REMISSION in treatment.label.lower():
        zeros = time_zeros(cohort, endpoint, treatment.key)
        zero = next((o.key for o in zeros if _REMISSION in o.label.lower()), None)
    mask = chosen.apply(cohort).mask
    age = age_column(cohort)
    at = _since(cohort, treatment.key, zero, endpoint)
    given = mask & np.isfinite(at)
    oldest = _oldest(cohort, age, given)
    strategies, grace = _strategies(at[given])
    progression = progressions(cohort, endpoint)
    classes = risk_classes(cohort)
    followed = _followed(cohort, endpoint, zero)[mask]
    trial = TargetTrial(
        eligibility=eligible(chosen, age, oldest),
        treatment=treatment.key,
        time_zero=zero,
        endpoint=endpoint,
        strategies=strategies,
        grace_months=grace,
        horizon_months=_horizon(followed),
        confounders=tuple(_confounders(cohort, mask, age, classes)),
        classes=f"variable:{classes[0].name}" if classes else None,
        progression=progression[0].key if progression else None,
        kind=ALLOGENEIC if transplant_kinds(cohort) is not None else "",
    )
    return Suggestion(trial, age, oldest)


def _since(cohort: Cohort, treatment: str, zero: str | None, endpoint: str) -> Floats:
    months = exposure_times(cohort, treatment, endpoint).months
    if zero is None:
        return months
    return np.asarray(months - exposure_times(cohort, zero, endpoint).months)


def _followed(cohort: Cohort, endpoint: str, zero: str | None) -> Floats:
    column = cohort.endpoints[endpoint].time
    months = cohort.numbers(column)
    if zero is None:
        return np.asarray(months)
    return np.asarray(months - exposure_times(cohort, zero, endpoint).months)


def _oldest(cohort: Cohort, age: str | None, given: Bools) -> float | None:
    if age is None or not given.any():
        return None
    years = cohort.patients.loc[given, age].to_numpy(dtype=np.float64, na_value=np.nan)
    years = years[np.isfinite(years)]
    if not len(years):
        return None
    return float(np.ceil(np.quantile(years, _AGE_SHARE) / _AGE_STEP) * _AGE_STEP)


def _strategies(at: Floats) -> tuple[tuple[Strategy, ...], float]:
    """Early as about half of the transplants were; delayed only where some were."""
    at = at[at > 0]
    early = next((w for w in _WINDOWS if len(at) and (at <= w).mean() >= 0.5), _WINDOWS[-1])
    arms = [Strategy("within", early)]
    if int(((at > early) & (at <= 2 * early)).sum()) >= _FEWEST_DELAYED:
        arms.append(Strategy("delayed", early))
    return (*arms, Strategy("never")), early


def _horizon(followed: Floats) -> float:
    for horizon in _HORIZONS:
        if int((followed >= horizon).sum()) >= _FEWEST_FOLLOWED:
            return horizon
    return _HORIZONS[-1]


def _confounders(
    cohort: Cohort, mask: Bools, age: str | None, classes: list[Variable]
) -> list[str]:
    """Age, the score behind the risk class, sex, and the leading alterations of high risk."""
    options = confounder_options(cohort)
    found = [] if age is None else [f"variable:{age}"]
    if classes:
        score = f"{classes[0].name}_score".lower()
        found += [option for option in options if option.lower() == f"variable:{score}"]
    found += [name for name in [f"variable:{sex_column(cohort)}"] if name in options]
    altered = (_leading(cohort, mask, forms) for forms in _ALTERATIONS)
    chosen = [f"alteration:{name}" for name in altered if name is not None]
    return [*found, *chosen[:_MOST_ALTERATIONS]]


def _leading(cohort: Cohort, mask: Bools, forms: tuple[str, ...]) -> str | None:
    """The first form of an alteration that is known in nearly all and not rare."""
    for name in forms:
        if name not in cohort.alterations.columns:
            continue
        state = cohort.feature_state(name)[mask]
        carriers = int((state == 1).sum())
        enough = carriers >= max(_FEWEST_CARRIERS, _CARRIER_SHARE * len(state))
        if enough and (state >= 0).mean() >= _KNOWN_SHARE:
            return name
    return None
