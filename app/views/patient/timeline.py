"""What happened to each patient and when, on one clock: the histories of a cohort."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.study.exposures import exposure_options, exposure_times
from data_loaders import Cohort, Endpoint, Variable
from data_loaders.model import DAYS_PER_MONTH
from data_loaders.once import once_per_value
from data_loaders.wording import capitalised

EventKind = Literal[
    "start", "sample", "treatment", "transplant", "remission", "transformation", "progression",
    "other", "death", "end",
]  # fmt: skip
LAST_FOLLOW_UP = "Last follow-up"
_START = "Diagnosis (time zero)"
_KINDS: tuple[tuple[EventKind, str], ...] = (
    ("transplant", r"transplant|\b(allo|auto)?(hsct|sct|bmt)\b"),
    ("remission", r"remission|response|\bcr\b"),
    ("transformation", r"transform|\baml\b|leuk|blast (phase|crisis)|richter"),
    ("progression", r"progress|relapse|recurren|refractory"),
    ("sample", r"sampl|biopsy|sequenc|specimen|collection"),
    ("treatment", r"treat|therap|chemo|start|drug|line"),
)
_NO_EVENT = re.compile(r"birth|\bdob\b|death|died|last|follow|contact|alive|status", re.IGNORECASE)
_DATE_WORDS = re.compile(r"[_ ]?(date|datum)[_ ]?(of[_ ])?", re.IGNORECASE)
_OR_DEATH = re.compile(r"^([^,]+?) or death$")
# A day is 0.033 months; counted from dates at midnight, two clocks agree to this.
_SAME = 0.05
_AGREEMENT = 0.9
_ENOUGH = 3


@dataclass(frozen=True, eq=False)
class Milestone:
    """An event that patients of the cohort had.

    Attributes
    ----------
    key
        Stable key: ``column:transplant_months``, ``endpoint:aml``, ``date:sample_date``.
    kind
        Which sort of event it is; decides its mark.
    months
        From time zero, shape (cohort.n,); NaN for who never had it.
    undated
        Who had it at an unknown time, shape (cohort.n,).
    """

    key: str
    label: str
    kind: EventKind
    months: Floats
    undated: Bools


@dataclass(frozen=True, eq=False)
class Histories:
    """Follow-up and milestones of every patient of a cohort, in months from time zero.

    Attributes
    ----------
    endpoint
        Whose follow-up it is: overall survival where the cohort has it.
    start_label, end_label
        What time zero is, and what ends a follow-up: ``Death``.
    entry
        When each came under observation; 0 unless the endpoint says otherwise.
    end
        End of follow-up; NaN where not recorded.
    ended
        1 where the endpoint's event ended it, 0 where it was censored, NaN where not recorded.
    milestones
        Events in between, those that repeat what others say left out.
    """

    endpoint: Endpoint
    start_label: str
    end_label: str
    entry: Floats
    end: Floats
    ended: Floats
    milestones: tuple[Milestone, ...]

    def end_in_words(self, position: int) -> str:
        """What ended a patient's follow-up: ``Death``, ``Last follow-up``."""
        return self.end_label if self.ended[position] == 1 else LAST_FOLLOW_UP


@once_per_value
def histories(cohort: Cohort) -> Histories | None:
    """The histories of a cohort, worked out once; None without an endpoint.

    Milestones are treatments and outcomes with a time, the events of the other endpoints, and
    columns of dates where one of them is found to be time zero. Of an endpoint such as
    "progression or death" the event that is not death counts where the patient was followed alive
    beyond it. An event that only repeats others (any transformation) is left out.
    """
    if not cohort.endpoints:
        return None
    return _made(cohort)


def patient_events(found: Histories, position: int) -> pd.DataFrame:
    """One patient's events in the order of time.

    Returns
    -------
    DataFrame
        event, kind, months; from time zero to the end of follow-up.
    """
    rows: list[tuple[str, str, float]] = [(found.start_label, "start", 0.0)]
    if found.entry[position] > 0:
        rows.append(("Under observation from", "other", float(found.entry[position])))
    rows += [
        (milestone.label, milestone.kind, float(milestone.months[position]))
        for milestone in found.milestones
        if np.isfinite(milestone.months[position])
    ]
    if np.isfinite(found.end[position]):
        kind = "end" if found.ended[position] != 1 else _end_kind(found)
        rows.append((found.end_in_words(position), kind, float(found.end[position])))
    table = pd.DataFrame(rows, columns=["event", "kind", "months"])
    # At equal times the order above stands: the end of follow-up comes last.
    return table.sort_values("months", kind="stable", ignore_index=True)


def undated_events(found: Histories, position: int) -> list[str]:
    """What a patient had at a time that is not recorded."""
    return [milestone.label for milestone in found.milestones if milestone.undated[position]]


def never_events(found: Histories, position: int) -> list[str]:
    """Events of the cohort that were not seen in a patient."""
    return [
        milestone.label
        for milestone in found.milestones
        if np.isnan(milestone.months[position]) and not milestone.undated[position]
    ]


def treatments_recorded(cohort: Cohort, position: int) -> list[tuple[str, str]]:
    """Treatments of a patient that the file tells without a time: label and value.

    That a treatment was given, yes or no, is left out where the patient's course has its time.
    """
    course = histories(cohort)
    dated = {
        milestone.label.lower()
        for milestone in (course.milestones if course is not None else ())
        if np.isfinite(milestone.months[position])
    }
    found = []
    for variable in cohort.variables.values():
        if variable.role != "treatment" or variable.name not in cohort.patients.columns:
            continue
        if variable.kind not in ("binary", "categorical", "ordinal"):
            continue
        yes = variable.kind == "binary"
        if yes and variable.label.lower() in dated:
            continue
        value = cohort.patients[variable.name].iloc[position]
        if not pd.isna(value) and str(value).lower() not in _NOT_GIVEN:
            found.append((variable.label, "yes" if yes else str(value)))
    return found


_NOT_GIVEN = {"0", "0.0", "false", "no", "none", "n"}


def kind_of(label: str) -> EventKind:
    """Which sort of event a label speaks of.

    Parameters
    ----------
    label
        Such as ``Transplant in first remission``.
    """
    text = label.replace("_", " ").lower()
    return next((kind for kind, pattern in _KINDS if re.search(pattern, text)), "other")


def _end_kind(found: Histories) -> EventKind:
    return "death" if "death" in found.endpoint.event_label else kind_of(found.end_label)


def _made(cohort: Cohort) -> Histories:
    endpoint = cohort.endpoints.get("os") or next(iter(cohort.endpoints.values()))
    end, ended = cohort.numbers(endpoint.time), cohort.numbers(endpoint.event)
    known = np.isfinite(end) & np.isfinite(ended)
    end, ended = np.where(known, end, np.nan), np.where(known, ended, np.nan)
    zero = _zero_date(cohort, end)
    milestones = [*_exposures(cohort, endpoint), *_composites(cohort, endpoint, end, ended)]
    if zero is not None:
        milestones += _dates(cohort, zero)
    entry = np.zeros(cohort.n)
    if endpoint.entry is not None:
        entry = np.nan_to_num(cohort.numbers(endpoint.entry))
    label = endpoint.event_label
    return Histories(
        endpoint=endpoint,
        start_label=_START if zero is None else _date_label(cohort.variables[zero]),
        end_label=capitalised(label),
        entry=entry,
        end=end,
        ended=ended,
        milestones=tuple(_without_repeats(milestones)),
    )


def _exposures(cohort: Cohort, endpoint: Endpoint) -> list[Milestone]:
    found = []
    for option in exposure_options(cohort, endpoint.key):
        times = exposure_times(cohort, option.key, endpoint.key)
        kind = kind_of(option.label)
        found.append(Milestone(option.key, option.label, kind, times.months, times.undated))
    return found


def _composites(cohort: Cohort, main: Endpoint, end: Floats, ended: Floats) -> list[Milestone]:
    """Of "X or death" the events that were X: the patient was followed alive beyond them."""
    if main.event_label != "death":
        return []
    told = {endpoint.event_label for endpoint in cohort.endpoints.values()}
    found = []
    for endpoint in cohort.endpoints.values():
        what = _OR_DEATH.match(endpoint.event_label)
        if what is None or what.group(1) in told:
            continue
        time, event = cohort.numbers(endpoint.time), cohort.numbers(endpoint.event)
        free = (event == 0) & (ended == 0) & np.isfinite(time) & np.isfinite(end)
        same = np.abs(time - end)[free] <= _SAME
        if free.sum() < _ENOUGH or same.mean() < _AGREEMENT:
            continue  # another clock: its times mean nothing here
        happened = (event == 1) & ((time < end - _SAME) | (ended == 0))
        label = capitalised(what.group(1))
        months = np.where(happened, time, np.nan)
        if happened.any():
            found.append(
                Milestone(
                    f"endpoint:{endpoint.key}", label, kind_of(label), months,
                    np.zeros(cohort.n, dtype=np.bool_),
                )
            )  # fmt: skip
    return found


def _zero_date(cohort: Cohort, end: Floats) -> str | None:
    """The column of dates that the follow-up is counted from; None where none fits."""
    dates = [v.name for v in _date_columns(cohort)]
    for zero in dates:
        for other in dates:
            if other == zero:
                continue
            months = _months_between(cohort, zero, other)
            known = np.isfinite(months) & np.isfinite(end) & (end > _SAME)
            agree = np.abs(months - end)[known] <= _SAME
            if len(agree) >= _ENOUGH and agree.mean() >= _AGREEMENT:
                return zero
    return None


def _dates(cohort: Cohort, zero: str) -> list[Milestone]:
    """Other columns of dates as events; the ends of follow-up are told by the endpoint."""
    found = []
    for variable in _date_columns(cohort):
        if variable.name == zero or _NO_EVENT.search(variable.name.replace("_", " ")):
            continue
        months = _months_between(cohort, zero, variable.name)
        if np.isfinite(months).any():
            label = _date_label(variable)
            undated = np.zeros(cohort.n, dtype=np.bool_)
            kind = kind_of(label)
            found.append(Milestone(f"date:{variable.name}", label, kind, months, undated))
    return found


def _date_columns(cohort: Cohort) -> Iterable[Variable]:
    return [
        variable
        for variable in cohort.variables.values()
        if variable.kind == "date" and variable.name in cohort.patients.columns
    ]


def _months_between(cohort: Cohort, first: str, last: str) -> Floats:
    passed = pd.to_datetime(cohort.patients[last]) - pd.to_datetime(cohort.patients[first])
    return np.asarray(passed.dt.total_seconds() / (86_400 * DAYS_PER_MONTH), dtype=np.float64)


def _date_label(variable: Variable) -> str:
    label = _DATE_WORDS.sub(" ", variable.label).strip() or variable.label
    return capitalised(label)


def _without_repeats(milestones: list[Milestone]) -> list[Milestone]:
    """Leave out what only repeats others: each of its times is one of theirs, in every patient."""
    kept = list(milestones)
    for milestone in reversed(milestones):
        had = np.isfinite(milestone.months)
        others = [other.months[had] for other in kept if other is not milestone]
        if not others or milestone.undated.any():
            continue
        near = [np.abs(months - milestone.months[had]) <= _SAME for months in others]
        if np.logical_or.reduce(near).all():
            kept = [other for other in kept if other is not milestone]
    return kept
