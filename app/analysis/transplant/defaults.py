"""The trial that a cohort supports as it stands: what the page opens on, before anybody chooses."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.adjustment import MAX_LEVELS, age_column
from app.analysis.arrays import Bools, Floats
from app.analysis.exposures import MONTHS_PER, Exposure, exposure_options, exposure_times
from app.analysis.transplant.confounders import TRANSPLANT, confounder_options
from app.analysis.transplant.kinds import ALLOGENEIC, transplant_kinds
from app.analysis.transplant.protocol import TargetTrial
from app.analysis.transplant.strategies import Strategy
from app.cohort.clauses import All, Between
from app.cohort.filters import Filter
from data_loaders import Cohort, Variable
from data_loaders.wording import listing, plural

_PROGRESSION = re.compile(r"aml|leuk|relapse|progress|transform", re.IGNORECASE)
_TIME = re.compile(r"month|week|day|year|time", re.IGNORECASE)
_REMISSION = "remission"
_TREATED = ("treatment", "outcome")
# The systems in use, the most detailed first; then any other ordered classes of the disease.
_RISK = ("ipssm", "ipssr", "eln", "mipss", "dipss", "risk")
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


def survival_endpoints(cohort: Cohort) -> list[str]:
    """Keys of the endpoints in which death is an event: those a trial can have."""
    return [key for key, endpoint in cohort.endpoints.items() if endpoint.competing is None]


def transplants(cohort: Cohort, endpoint: str) -> list[Exposure]:
    """The transplants with a time that the cohort records."""
    return [
        option
        for option in exposure_options(cohort, endpoint)
        if option.key.startswith("column:") and TRANSPLANT.search(f"{option.key} {option.label}")
    ]


def why_no_transplant(cohort: Cohort) -> str:
    """Why no transplant can be analysed although times of one are recorded; empty if none are."""
    endpoints = survival_endpoints(cohort)
    names = [
        variable.name
        for variable in cohort.variables.values()
        if variable.role in _TREATED
        and (variable.unit in MONTHS_PER or _TIME.search(variable.name))
        and variable.name in cohort.patients.columns
        and TRANSPLANT.search(f"{variable.name} {variable.label}")
    ]
    for name in names if endpoints else []:
        end = cohort.patients[cohort.endpoints[endpoints[0]].time]
        last = end.to_numpy(dtype=np.float64, na_value=np.nan)
        # A column in which all have the same number of months is read as no time at all.
        months = pd.to_numeric(cohort.patients[name], errors="coerce").to_numpy(dtype=np.float64)
        months = months * MONTHS_PER.get(str(cohort.variables[name].unit), 1.0)
        known = np.isfinite(months)
        if not known.any():
            continue
        parts = [
            (int((known & (months < 0)).sum()), "before time zero"),
            (int((known & (months == 0)).sum()), "at time zero"),
            (int((known & (months > 0) & (months >= last)).sum()), "at or after the end of it"),
            (int((known & np.isnan(last)).sum()), "in whom the end of it is not known"),
        ]
        where = listing([f"{number:,} {words}" for number, words in parts if number])
        return (
            f"{cohort.name} has {plural(int(known.sum()), 'transplant')}, but none during "
            f"follow-up ({where}): there is no time before a transplant to compare with the time "
            "after it. Check the unit and the origin of the times on the Data page."
        )
    return ""


def progressions(cohort: Cohort, endpoint: str) -> list[Exposure]:
    """Events of other endpoints that may hasten or rule out a transplant: AML, relapse."""
    return [
        option
        for option in exposure_options(cohort, endpoint)
        if option.key.startswith("endpoint:") and _PROGRESSION.search(option.label)
    ]


def time_zeros(cohort: Cohort, endpoint: str, treatment: str) -> list[Exposure]:
    """Events that can start the clock instead of the start of follow-up: first remission."""
    return [
        option
        for option in exposure_options(cohort, endpoint)
        if option.key.startswith("column:") and option.key != treatment
    ]


def risk_classes(cohort: Cohort) -> list[Variable]:
    """Ordered classes of the disease, the usual risk scores first."""
    found = [
        variable
        for variable in cohort.variables.values()
        if variable.kind == "ordinal"
        and variable.role == "disease"
        and variable.name in cohort.patients.columns
        and 2 <= len(cohort.factor(variable.name)[1]) <= MAX_LEVELS
    ]
    return sorted(found, key=_rank)


def eligible(chosen: Filter, age: str | None, oldest: float | None) -> Filter:
    """A filter and an age limit as one filter."""
    if age is None or oldest is None:
        return chosen
    return Filter(All((*chosen.steps, Between(age, None, oldest))))


def suggest(cohort: Cohort, chosen: Filter) -> Suggestion | None:
    """The trial that these patients support.

    Parameters
    ----------
    cohort
        The cohort.
    chosen
        The reader's filter.

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


def _rank(variable: Variable) -> int:
    name = re.sub(r"[^a-z]", "", f"{variable.name} {variable.label}".lower())
    return next((i for i, word in enumerate(_RISK) if word in name), len(_RISK))


def _since(cohort: Cohort, treatment: str, zero: str | None, endpoint: str) -> Floats:
    months = exposure_times(cohort, treatment, endpoint).months
    if zero is None:
        return months
    return np.asarray(months - exposure_times(cohort, zero, endpoint).months)


def _followed(cohort: Cohort, endpoint: str, zero: str | None) -> Floats:
    column = cohort.endpoints[endpoint].time
    months = cohort.patients[column].to_numpy(dtype=np.float64, na_value=np.nan)
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
    sex = [
        f"variable:{v.name}"
        for v in cohort.variables.values()
        if v.role == "demographic" and v.label.lower() in {"sex", "gender"}
    ]
    found += [name for name in sex if name in options]
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
