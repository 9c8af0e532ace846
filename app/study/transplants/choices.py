"""What a cohort offers for a question about transplants: outcomes, transplants, clocks, classes."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from app.study.adjustment import MAX_LEVELS
from app.study.exposures import MONTHS_PER, Exposure, exposure_options
from app.study.transplants.confounders import TRANSPLANT
from data_loaders import Cohort, Variable
from data_loaders.wording import listing, plural

_PROGRESSION = re.compile(r"aml|leuk|relapse|progress|transform", re.IGNORECASE)
_TIME = re.compile(r"month|week|day|year|time", re.IGNORECASE)
_TREATED = ("treatment", "outcome")
# The systems in use, the most detailed first; then any other ordered classes of the disease.
_RISK = ("ipssm", "ipssr", "eln", "mipss", "dipss", "risk")


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


def _rank(variable: Variable) -> int:
    name = re.sub(r"[^a-z]", "", f"{variable.name} {variable.label}".lower())
    return next((i for i, word in enumerate(_RISK) if word in name), len(_RISK))
