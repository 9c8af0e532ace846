"""What comes about during follow-up: columns that tell what happened after time zero."""

from __future__ import annotations

from collections.abc import Iterable

from app.cohort.clauses import All, AnyOf, Between, Clause, InSet, Known, Not
from app.cohort.filters import Filter
from data_loaders import Cohort

_LATER = frozenset({"treatment", "outcome"})


def comes_later(cohort: Cohort, column: str) -> bool:
    """Whether a column holds a treatment or an outcome, so is not known at time zero."""
    variable = cohort.variables.get(column)
    if variable is not None and variable.role in _LATER:
        return True
    return any(
        column in (endpoint.time, endpoint.event, endpoint.competing)
        for endpoint in cohort.endpoints.values()
    )


def later_columns(cohort: Cohort, filters: Iterable[Filter]) -> list[str]:
    """Columns of filters that are not known at time zero, each once, by name."""
    named = {column for held in filters for column in _columns(held.root)}
    return sorted(column for column in named if comes_later(cohort, column))


def _columns(clause: Clause) -> set[str]:
    match clause:
        case InSet(column=column) | Between(column=column) | Known(column=column):
            return {column}
        case Not(inner):
            return _columns(inner)
        case All(clauses) | AnyOf(clauses):
            return set().union(*(_columns(inner) for inner in clauses))
    return set()
