"""Events during follow-up as exposures: which a cohort has, and when each patient's began."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats
from app.cohort.tally import ExposureColumns
from data_loaders import Cohort, CohortError, Endpoint, Variable
from data_loaders.wording import capitalised, mid_sentence

MONTHS_PER = {"days": 12 / 365.25, "weeks": 7 * 12 / 365.25, "months": 1.0, "years": 12.0}
_COLUMN, _ENDPOINT = "column", "endpoint"
_ROLES = ("treatment", "outcome")
_UNIT_WORDS = re.compile(r"[_ ]?(days|weeks|months|years|date|time)$", re.IGNORECASE)
_TIME_WORDS = re.compile(r"^(time|days|weeks|months|years)[_ ]?to[_ ]?", re.IGNORECASE)
_LABEL_TAIL = re.compile(r"(, time from .*| \((days|months|years)\)|: time)$", re.IGNORECASE)
_TIME_TO = re.compile(r"^time to ", re.IGNORECASE)
# A file whose clocks differ between outcomes shows it in those who had no event.
_CLOCK_TOLERANCE = 0.1
_CLOCK_AGREEMENT = 0.9
_CLOCK_PATIENTS = 10
_LANDMARKS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 60, 84, 120, 180, 240)
_QUANTILES = (0.25, 0.5, 0.75)
_SOME = 0.1  # of those ever exposed: fewer by a landmark are too few to compare there


@dataclass(frozen=True)
class Exposure:
    """An event during follow-up that patients can be compared by.

    Attributes
    ----------
    key
        ``column:transplant_months`` for a column with its time, ``endpoint:aml`` for the event of
        another endpoint.
    """

    key: str
    label: str

    @property
    def noun(self) -> str:
        """The name within a sentence: ``transplant``, ``AML transformation``."""
        return mid_sentence(self.label)


@dataclass(frozen=True, eq=False)
class ExposureTimes:
    """When the exposure of each patient of the cohort began, on the clock of an endpoint.

    Attributes
    ----------
    months
        Shape (cohort.n,); NaN for who never had it, and for who is undated or unknown.
    unknown
        True for patients of whom it is not known whether they had it, shape (cohort.n,).
    shifted_by
        Label of the event that the endpoint's clock starts at, where the exposure is counted from
        an earlier day in the file and was moved; empty otherwise.
    """

    exposure: Exposure
    months: Floats
    undated: Bools
    unknown: Bools
    shifted_by: str = ""


def exposure_options(cohort: Cohort, endpoint_key: str) -> list[Exposure]:
    """Events with a time during the follow-up of an endpoint, treatments first.

    A treatment or outcome column with a time in days, weeks, months or years counts, and the event
    of every other endpoint that is not death or a composite with death, if at least one patient
    had it before the end of the endpoint's follow-up.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint.
    """
    endpoint = _endpoint(cohort, endpoint_key)
    end = _months(cohort, endpoint.time)
    found = []
    for exposure in [*_columns(cohort), *_events(cohort, endpoint_key)]:
        months = exposure_times(cohort, exposure.key, endpoint_key).months
        if ((months > 0) & (months < end)).any():
            found.append(exposure)
    return found


def exposure_times(cohort: Cohort, key: str, endpoint_key: str) -> ExposureTimes:
    """When an exposure began, in months on the clock of an endpoint.

    Parameters
    ----------
    endpoint_key
        Whose clock: an endpoint that starts at a later event (relapse, from remission) has the
        time of that event taken off.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint or exposure.
    """
    exposure, columns, shifted_by = exposure_columns(cohort, key, endpoint_key)
    undated = np.isnan(cohort.numbers(columns.months[0][0]))
    months = np.sum([cohort.numbers(name) * times for name, times in columns.months], axis=0)
    had, unknown = np.zeros(cohort.n, dtype=np.bool_), np.zeros(cohort.n, dtype=np.bool_)
    if columns.happened:
        codes, values = cohort.factor(columns.happened)
        had = np.array([*(value in columns.yes for value in values), False])[codes]
        unknown = (codes < 0) & columns.says_no
    if columns.always:
        months = np.where(had, months, np.nan)
    else:
        unknown = unknown & undated
    return ExposureTimes(exposure, months, undated & had, unknown, shifted_by)


def exposure_columns(
    cohort: Cohort, key: str, endpoint_key: str
) -> tuple[Exposure, ExposureColumns, str]:
    """An exposure, how its time comes of columns, and what the times were moved by.

    Raises
    ------
    CohortError
        As :func:`exposure_times`.
    """
    endpoint = _endpoint(cohort, endpoint_key)
    options = {option.key: option for option in [*_columns(cohort), *_events(cohort, endpoint_key)]}
    exposure = options.get(key)
    if exposure is None:
        raise CohortError(
            f"This cohort has no event during follow-up called {key}; it needs a column with a "
            "time, such as transplant_months."
        )
    kind, _, name = key.partition(":")
    happened, yes, says_no = "", (), True
    starts_at = None
    if kind == _ENDPOINT:
        other = cohort.endpoints[name]
        name, happened = other.time, other.event
        yes = tuple(value for value in cohort.factor(happened)[1] if float(value) == 1)
        starts_at = _clock_start(cohort, other)
    elif companion := _companion(cohort, name):
        happened = companion
        values = cohort.factor(happened)[1]
        yes = tuple(v for v in values if str(v).lower() in {"1", "1.0", "true", "yes"})
        # A column that never says no leaves out those without, so nobody is unknown by it.
        says_no = len(yes) < len(values)
    months = [(name, 1.0), *([(starts_at, 1.0)] if starts_at else [])]
    origin = _clock_start(cohort, endpoint)
    months += [(origin, -1.0)] if origin else []
    columns = ExposureColumns(
        months=tuple((column, sign * _factor(cohort, column)) for column, sign in months),
        happened=happened, yes=yes, says_no=says_no, always=kind == _ENDPOINT,
    )  # fmt: skip
    return exposure, columns, _short_label(cohort.variables[origin]) if origin else ""


def default_landmarks(months: Floats) -> list[float]:
    """Three round landmarks, near the quartiles of the exposure times; by each some are exposed.

    Parameters
    ----------
    months
        Exposure times; NaN for never.
    """
    known = months[np.isfinite(months) & (months > 0)]
    if not len(known):
        return [3.0, 6.0, 12.0]
    begun = [mark for mark in _LANDMARKS if mark >= np.quantile(known, _SOME)]
    usable = begun if len(begun) >= len(_QUANTILES) else _LANDMARKS
    chosen: list[float] = []
    for wanted in np.quantile(known, _QUANTILES):
        free = [mark for mark in usable if mark not in chosen]
        later = [mark for mark in free if not chosen or mark > chosen[-1]] or free
        chosen.append(float(min(later, key=lambda mark: abs(np.log(mark / wanted)))))
    return sorted(chosen)


def _columns(cohort: Cohort) -> list[Exposure]:
    """Columns that hold when something happened; treatments before outcomes."""
    taken = {
        column
        for endpoint in cohort.endpoints.values()
        for column in (endpoint.time, endpoint.entry)
        if column is not None
    }
    taken |= {cohort.variables[c].source_column or c for c in taken if c in cohort.variables}
    held = [
        variable
        for variable in cohort.variables.values()
        if variable.role in _ROLES
        and variable.kind == "numeric"
        and variable.unit in MONTHS_PER
        and variable.name not in taken
        and variable.name in cohort.patients.columns
    ]
    held.sort(key=lambda variable: _ROLES.index(variable.role))
    return [Exposure(f"{_COLUMN}:{v.name}", _short_label(v)) for v in held]


def _events(cohort: Cohort, endpoint_key: str) -> list[Exposure]:
    """Events of the other endpoints; nothing follows a death, so those with death are not."""
    return [
        Exposure(f"{_ENDPOINT}:{endpoint.key}", capitalised(endpoint.event_label))
        for endpoint in cohort.endpoints.values()
        if endpoint.key != endpoint_key
        and "death" not in endpoint.event_label
        and endpoint.event_label != "event"
    ]


def _clock_start(cohort: Cohort, endpoint: Endpoint) -> str | None:
    """The column with the time at which an endpoint's clock starts; None if that is time zero.

    Relapse counts from remission while everything else counts from diagnosis. Nothing in a table
    says so, but then the follow-up of those without the event, plus the time of remission, is the
    follow-up of overall survival.
    """
    survival = cohort.endpoints.get("os")
    if survival is None or endpoint.key == survival.key:
        return None
    whole, part = _months(cohort, survival.time), _months(cohort, endpoint.time)
    without = _months(cohort, endpoint.event) == 0
    for option in _columns(cohort):
        name = option.key.removeprefix(f"{_COLUMN}:")
        start = _months(cohort, name)
        known = without & np.isfinite(whole) & np.isfinite(part) & np.isfinite(start)
        known &= start > _CLOCK_TOLERANCE
        if int(known.sum()) < _CLOCK_PATIENTS:
            continue
        if (np.abs(part + start - whole)[known] <= _CLOCK_TOLERANCE).mean() >= _CLOCK_AGREEMENT:
            return name
    return None


def _companion(cohort: Cohort, name: str) -> str:
    """The yes/no column of the same name as a time, ``transplant``; empty for none."""
    stem = _TIME_WORDS.sub("", _UNIT_WORDS.sub("", name))
    variable = cohort.variables.get(stem)
    held = stem in cohort.patients.columns
    return stem if variable is not None and variable.kind == "binary" and held else ""


def _endpoint(cohort: Cohort, key: str) -> Endpoint:
    endpoint = cohort.endpoints.get(key)
    if endpoint is None:
        raise CohortError(f"This cohort has no endpoint called {key}.")
    return endpoint


def _months(cohort: Cohort, column: str) -> Floats:
    """A column as floats; times in months."""
    return np.asarray(cohort.numbers(column) * _factor(cohort, column))


def _factor(cohort: Cohort, column: str) -> float:
    """Months for each unit of a column of times."""
    variable = cohort.variables.get(column)
    unit = "months" if variable is None or variable.unit is None else variable.unit
    return MONTHS_PER.get(unit, 1.0)


def _short_label(variable: Variable) -> str:
    """What happens, from the label of its time: ``Transplant, time from diagnosis``."""
    label = _TIME_TO.sub("", _LABEL_TAIL.sub("", variable.label))
    label = _UNIT_WORDS.sub("", label) or variable.label
    return capitalised(label)
