"""The conditions a filter is built of: each evaluates itself, describes itself and serialises.

Conditions use three-valued (Kleene) logic: 1 = holds, 0 = does not hold, -1 = unknown, because the
value is missing or the gene was not tested. An unknown never counts as "no".
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from data_loaders import Cohort, CohortError
from data_loaders.arrays import Bools, States
from data_loaders.wording import listing

Scalar = str | int | float | bool


class FilterError(ValueError):
    """A filter that cannot be read or applied; the message is one sentence for the user."""


class Clause(Protocol):
    """A condition on patients."""

    def evaluate(self, cohort: Cohort) -> States:
        """States of the condition for every patient: 1, 0 or -1 (unknown)."""

    def describe(self, cohort: Cohort | None = None) -> str:
        """The condition in words, with the cohort's labels where one is given."""

    def to_dict(self) -> dict[str, Any]:
        """The condition as plain data for JSON."""


def column_of(cohort: Cohort, name: str) -> pd.Series:
    """A column of the patients; raises FilterError where the cohort has none of that name."""
    if name not in cohort.patients.columns:
        raise FilterError(
            f"The filter names the column {name}, which this cohort does not have; "
            "remove that condition or choose another cohort."
        )
    return cohort.patients[name]


def label_of(cohort: Cohort | None, name: str) -> str:
    """Label of a column; its name where no cohort or no such variable is given."""
    variable = cohort.variables.get(name) if cohort is not None else None
    return variable.label if variable is not None else name


def state_of(cohort: Cohort, feature: str) -> States:
    """State of an alteration; raises FilterError where the cohort has none of that name."""
    try:
        return cohort.feature_state(feature)
    except CohortError as error:
        raise FilterError(
            f"The filter names the alteration {feature}, which this cohort does not have; "
            "remove that condition or choose another cohort."
        ) from error


def feature_label(cohort: Cohort | None, feature: str) -> str:
    """Label of an alteration; its name where no cohort or no such alteration is given."""
    if cohort is None or feature not in cohort.features.index:
        return feature
    return str(cohort.features.loc[feature, "label"])


def _unit(cohort: Cohort | None, name: str) -> str:
    variable = cohort.variables.get(name) if cohort is not None else None
    return f" {variable.unit}" if variable is not None and variable.unit else ""


def plain_number(value: float) -> str:
    """A number without needless digits."""
    return f"{value:g}"


def _words(value: Scalar) -> str:
    return plain_number(value) if isinstance(value, float) else str(value)


def _numbers(values: tuple[Scalar, ...]) -> set[float]:
    numbers = set()
    for value in values:
        with contextlib.suppress(ValueError):
            numbers.add(float(value))
    return numbers


def truth_of(known: Bools, holds: Bools) -> States:
    """1 or 0 where it is known, -1 where it is not."""
    return np.where(known, holds.astype(np.int8), np.int8(-1)).astype(np.int8)


@dataclass(frozen=True)
class InSet:
    """The column's value is one of ``values``; a missing value is unknown."""

    column: str
    values: tuple[Scalar, ...]

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient; numbers compare as numbers, all else as text."""
        numeric = pd.api.types.is_numeric_dtype(column_of(cohort, self.column).dtype)
        codes, values = cohort.factor(self.column)
        wanted = _numbers(self.values) if numeric else {str(value) for value in self.values}
        holds = [(float(v) if numeric else str(v)) in wanted for v in values]
        return np.array([*holds, -1], dtype=np.int8)[codes]

    def describe(self, cohort: Cohort | None = None) -> str:
        """For instance ``Diagnosis is ET or PV``."""
        listed = listing([_words(value) for value in self.values], "or")
        return f"{label_of(cohort, self.column)} is {listed}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"column": self.column, "in": list(self.values)}


@dataclass(frozen=True)
class Between:
    """The number lies in the closed range from ``low`` to ``high``; None leaves an end open."""

    column: str
    low: float | None
    high: float | None

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient; a missing number is unknown."""
        series = column_of(cohort, self.column)
        if not pd.api.types.is_numeric_dtype(series.dtype):
            raise FilterError(
                f"The filter asks for a range of {label_of(cohort, self.column)}, which holds "
                "words, not numbers; choose values instead."
            )
        values = series.to_numpy(dtype=float, na_value=np.nan)
        holds = np.ones(len(values), dtype=bool)
        if self.low is not None:
            holds &= values >= self.low
        if self.high is not None:
            holds &= values <= self.high
        return truth_of(~np.isnan(values), holds)

    def describe(self, cohort: Cohort | None = None) -> str:
        """For instance ``Age from 60 to 75 years`` or ``Age 60 years or more``."""
        label, unit = label_of(cohort, self.column), _unit(cohort, self.column)
        if self.low is not None and self.high is not None:
            return f"{label} from {plain_number(self.low)} to {plain_number(self.high)}{unit}"
        if self.low is not None:
            return f"{label} {plain_number(self.low)}{unit} or more"
        if self.high is not None:
            return f"{label} {plain_number(self.high)}{unit} or less"
        return f"{label} known"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"column": self.column, "between": [self.low, self.high]}


@dataclass(frozen=True)
class Known:
    """The column has a value; this alone is never unknown."""

    column: str

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient: 1 or 0."""
        known: States = column_of(cohort, self.column).notna().to_numpy().astype(np.int8)
        return known

    def describe(self, cohort: Cohort | None = None) -> str:
        """For instance ``Age known``."""
        return f"{label_of(cohort, self.column)} known"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"known": self.column}


@dataclass(frozen=True)
class Altered:
    """The gene or event is altered; unknown where it was not tested."""

    feature: str

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient."""
        return state_of(cohort, self.feature)

    def describe(self, cohort: Cohort | None = None) -> str:
        """For instance ``ASXL1 altered``."""
        return f"{feature_label(cohort, self.feature)} altered"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"altered": self.feature}


@dataclass(frozen=True)
class Not:
    """The clause does not hold; what is unknown stays unknown."""

    clause: Clause

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient."""
        truth = self.clause.evaluate(cohort)
        return np.where(truth < 0, truth, 1 - truth).astype(np.int8)

    def describe(self, cohort: Cohort | None = None) -> str:
        """For instance ``JAK2 not altered``, ``Diagnosis is not ET or PV``, ``not (…)``."""
        words = self.clause.describe(cohort)
        match self.clause:
            case Altered():
                return f"{words.removesuffix(' altered')} not altered"
            case Known():
                return f"{words.removesuffix(' known')} missing"
            case InSet(column, values):
                listed = listing([_words(value) for value in values], "or")
                return f"{label_of(cohort, column)} is not {listed}"
        return f"not ({words})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"not": self.clause.to_dict()}


@dataclass(frozen=True)
class All:
    """Every clause holds; without clauses it always does."""

    clauses: tuple[Clause, ...]

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient: no beats unknown, unknown beats yes."""
        truth = np.ones(cohort.n, dtype=np.int8)
        for clause in self.clauses:
            other = clause.evaluate(cohort)
            truth = np.where((truth == 0) | (other == 0), 0, np.minimum(truth, other))
        return truth.astype(np.int8)

    def describe(self, cohort: Cohort | None = None) -> str:
        """The clauses joined by "and"."""
        return _join(self.clauses, "and", cohort)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"all": [clause.to_dict() for clause in self.clauses]}


@dataclass(frozen=True)
class AnyOf:
    """At least one clause holds; without clauses none does."""

    clauses: tuple[Clause, ...]

    def evaluate(self, cohort: Cohort) -> States:
        """States for every patient: yes beats unknown, unknown beats no."""
        truth = np.zeros(cohort.n, dtype=np.int8)
        for clause in self.clauses:
            other = clause.evaluate(cohort)
            truth = np.where((truth == 1) | (other == 1), 1, np.minimum(truth, other))
        return truth.astype(np.int8)

    def describe(self, cohort: Cohort | None = None) -> str:
        """The clauses joined by "or"."""
        return _join(self.clauses, "or", cohort)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"any": [clause.to_dict() for clause in self.clauses]}


def _join(clauses: Sequence[Clause], word: str, cohort: Cohort | None) -> str:
    if not clauses:
        return "everyone" if word == "and" else "nobody"
    parts = []
    for clause in clauses:
        words = clause.describe(cohort)
        nested = len(clauses) > 1 and isinstance(clause, All | AnyOf) and len(clause.clauses) > 1
        parts.append(f"({words})" if nested else words)
    return f" {word} ".join(parts)
