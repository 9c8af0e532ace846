"""A definition tried on a cohort, and examples that this cohort allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from app.analysis.survival import kaplan_meier
from app.cohort.derived import (
    Definition,
    Derived,
    DerivedEndpoint,
    DerivedError,
    Preview,
    definition_of,
    derived_as,
    preview,
    typed,
    underived,
)
from app.study.outcomes import Outcome, outcome_of
from data_loaders import Cohort
from data_loaders.wording import capitalised, mid_sentence

_FEW = 50


@dataclass(frozen=True, eq=False)
class Trial:
    """What a definition gives.

    Attributes
    ----------
    outcome, median
        Of an endpoint: who is followed, and the median follow-up in months (reverse Kaplan-Meier),
        NaN where it is not reached.
    """

    cohort: Cohort
    found: Preview
    outcome: Outcome | None = None
    median: float = float("nan")


def tried(cohort: Cohort, definitions: Sequence[Definition], at: int) -> Trial:
    """The cohort with all definitions, and what that at a place among them gives.

    Parameters
    ----------
    cohort
        As it was loaded.

    Raises
    ------
    DerivedError
        If one of them cannot be used.
    """
    definition = definitions[at]
    found = preview(derived_as(cohort, definitions[:at]), definition)
    made = derived_as(cohort, definitions)
    if not isinstance(definition, DerivedEndpoint):
        return Trial(made, found)
    outcome = outcome_of(made, np.ones(made.n, dtype=bool), definition.key)
    if not outcome.n:
        return Trial(made, found, outcome)
    curve = kaplan_meier(outcome.time, outcome.event, entry=outcome.entry)
    return Trial(made, found, outcome, curve.median_followup)


def variable_of(
    cohort: Cohort, said: Mapping[str, str], *, alteration: bool
) -> tuple[Derived, bool]:
    """The definition that a form says, and whether it may be an alteration.

    Parameters
    ----------
    said
        ``name``, ``formula``, ``unit``, ``missing`` and ``description`` as typed; what stands for
        missing values is a number where the formula gives numbers.
    alteration
        Whether a yes or no of alterations alone is to be one.

    Raises
    ------
    DerivedError
        If the formula cannot be used.
    """
    plain = Derived(
        said["name"], said["formula"], unit=said["unit"], description=said["description"]
    )
    found = preview(cohort, plain)
    text: str | float = said["missing"]
    if found.kind == "numeric":
        with suppress(ValueError):
            text = float(text)
    if text != "":
        return replace(plain, missing=text), False
    if found.of_alterations and alteration:
        return replace(plain, kind="alteration"), True
    return plain, found.of_alterations


def examples(cohort: Cohort) -> list[Definition]:
    """Definitions that this cohort allows, one of a kind, to start from.

    Parameters
    ----------
    cohort
        As it was loaded.
    """
    own = underived(cohort)
    said = [*_variable_examples(own), *_endpoint_examples(own)]
    few = own.subset(np.arange(own.n) < _FEW)  # whether a formula can be read, not what it gives
    found: list[Definition] = []
    for one in said:
        with suppress(DerivedError):  # a name that is too long, or that no formula can hold
            definition = definition_of(one)
            preview(few, definition)
            found.append(definition)
    return found


def _variable_examples(cohort: Cohort) -> Iterator[Mapping[str, str]]:
    numbers = [
        v for v in cohort.variables.values() if v.kind == "numeric" and v.name in cohort.patients
    ]
    age = next((v for v in numbers if v.unit == "years" and v.role == "demographic"), None)
    if age is not None:
        yield {
            "name": f"{age.label}, in classes",
            "formula": f"cut({typed(age.name)}, 60, 75)",
        }
    measured = [v for v in numbers if v.role == "laboratory"]
    if len(measured) > 1:
        one, other = measured[:2]
        yield {
            "name": f"{one.label} to {mid_sentence(other.label)}",
            "formula": f"{typed(one.name)} / {typed(other.name)}",
        }
    common = np.argsort(-cohort.altered_counts, kind="stable")[:2]
    if len(common) > 1:
        first, second = (str(cohort.alterations.columns[place]) for place in common)
        yield {
            "name": f"{first} without {second}",
            "formula": f"{typed(first)} and not {typed(second)}",
            "kind": "alteration",
        }


def _endpoint_examples(cohort: Cohort) -> Iterator[Mapping[str, str]]:
    if not cohort.endpoints:
        return
    first, *others = cohort.endpoints.values()
    times = [
        name
        for name, v in cohort.variables.items()
        if v.unit == "months" and v.role == "treatment" and name not in cohort.endpoint_columns
    ]
    if times:
        yield {
            "derives": "endpoint",
            "name": f"{first.label}, censored at transplant",
            "events": typed(first.key),
            "censor_at": typed(times[0]),
        }
    single = next((one for one in others if one.competing is not None), None)
    if single is not None:
        yield {
            "derives": "endpoint",
            "name": capitalised(f"{single.event_label} or {first.event_label}, first"),
            "events": f"{typed(single.key)}, {typed(first.key)}",
        }
