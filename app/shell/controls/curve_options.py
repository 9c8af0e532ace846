"""The options behind the survival curves: time, drawing, and which test."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.analysis.multiplicity import Adjustment
from app.analysis.survival import ConfType, Weights
from app.shell.controls.choice import choice, number, pick, toggle
from app.shell.links import unique_labels
from app.study.wording import TimeUnit
from data_loaders import Cohort

SURVIVAL, INCIDENCE, LOG_MINUS_LOG = "Survival", "1 − survival", "Log-minus-log"
_SCALES = (SURVIVAL, INCIDENCE, LOG_MINUS_LOG)
_CONF_TYPES: tuple[ConfType, ...] = ("log-log", "log", "plain")
_LOGRANK, _PETO, _FLEMING = "Log-rank", "Peto-Peto", "Fleming-Harrington"
_ADJUSTMENTS: dict[str, Adjustment] = {
    "Holm": "holm",
    "Benjamini-Hochberg": "bh",
    "Bonferroni": "bonferroni",
    "None": "none",
}
_NO_STRATA = "none"
_MOST_STRATA = 30


@dataclass(frozen=True)
class TimeOptions:
    """Unit of the time axis, and the time limit in months or None."""

    unit: TimeUnit
    limit: float | None


@dataclass(frozen=True)
class CurveOptions:
    """What is asked of the curves besides endpoint and groups."""

    time: TimeOptions
    truncated: bool
    scale: str
    conf_type: ConfType
    band: bool
    marks: bool
    full_table: bool
    weights: Weights
    strata: str | None
    adjust: Adjustment


def draw_time_options() -> TimeOptions:
    """Unit and limit of follow-up; the same in every view."""
    units: list[TimeUnit] = ["years", "months"]
    unit = choice("Time in", units, "unit")
    limit = number(
        f"Follow-up limit, {unit}",
        "limit",
        placeholder="none",
        help="Follow-up ends here for every number on the page (administrative censoring).",
    )
    months = None if not limit else limit * (12.0 if unit == "years" else 1.0)
    return TimeOptions(unit, months)


def draw_truncated(cohort: Cohort, endpoint: str) -> bool:
    """Whether patients count only from their entry on; asked where entry times are known."""
    if cohort.endpoints[endpoint].entry is None:
        return True
    return toggle(
        "Count patients from their entry on",
        "truncated",
        value=True,
        help="Who came under observation late was not at risk before (left truncation).",
    )


def draw_curve_options(cohort: Cohort, endpoint: str) -> CurveOptions:
    """Draw the options and return what they ask for; entry times are one where there are any."""
    time = draw_time_options()
    truncated = draw_truncated(cohort, endpoint)
    st.divider()
    scale = choice("Scale", _SCALES, "scale")
    conf_type = pick(
        "Confidence band",
        _CONF_TYPES,
        "ci",
        help="log-log is the default here; R's survfit prints log unless told otherwise.",
    )
    band = toggle("Draw the band", "band", value=True)
    marks = toggle("Mark censored patients", "marks", value=True)
    full = toggle("Events and censored in the table", "table")
    st.divider()
    weights = _draw_test()
    strata = _draw_strata(cohort)
    adjust = pick(
        "Adjust pairs of groups by",
        _ADJUSTMENTS,
        "adjust",
        help="Used where there are more than two groups.",
    )
    return CurveOptions(
        time=time,
        truncated=truncated,
        scale=scale,
        conf_type=conf_type,
        band=band,
        marks=marks,
        full_table=full,
        weights=weights,
        strata=strata,
        adjust=_ADJUSTMENTS[adjust],
    )


def _draw_test() -> Weights:
    test = pick(
        "Test",
        [_LOGRANK, _PETO, _FLEMING],
        "test",
        help="Choose before looking: log-rank weighs all times alike, Peto-Peto early differences, "
        "Fleming-Harrington what rho and gamma say (0 and 1: late ones).",
    )
    if test == _PETO:
        return "peto-peto"
    if test != _FLEMING:
        return "logrank"
    rho, gamma = st.columns(2)
    return (
        "fleming-harrington",
        rho.number_input("rho", 0.0, 5.0, 0.0, 0.5, key="rho", bind="query-params"),
        gamma.number_input("gamma", 0.0, 5.0, 1.0, 0.5, key="gamma", bind="query-params"),
    )


def _draw_strata(cohort: Cohort) -> str | None:
    grouped = {"categorical", "ordinal", "binary"}
    names = [
        variable.name
        for variable in cohort.variables.values()
        if variable.kind in grouped
        and variable.role not in {"outcome", "treatment"}
        and 2 <= len(cohort.factor(variable.name)[1]) <= _MOST_STRATA
    ]
    labels = {_NO_STRATA: "No strata"} | unique_labels(
        names, lambda name: cohort.variables[name].label
    )
    chosen = pick(
        "Compare within strata of",
        labels,
        "strata",
        labels=labels,
        help="Patients are compared with others of the same value only (stratified test).",
    )
    return None if chosen == _NO_STRATA else chosen
