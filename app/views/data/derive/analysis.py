"""A definition tried on a cohort, and examples that this cohort allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from app.analysis.survival import kaplan_meier
from app.cohort.derived import (
    Definition,
    Derived,
    DerivedEndpoint,
    Preview,
    derived_as,
    preview,
    typed,
    underived,
)
from app.cohort.later_columns import comes_later
from app.study.outcomes import Outcome, outcome_of
from data_loaders import Cohort


@dataclass(frozen=True, eq=False)
class Trial:
    """What a definition gives.

    Attributes
    ----------
    cohort
        With it.
    found
        Its values.
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
    """Definitions that this cohort allows, one of a kind, to start from."""
    own = underived(cohort)
    numbers = [v for v in own.variables.values() if v.kind == "numeric" and v.name in own.patients]
    found: list[Definition] = []
    age = next((v for v in numbers if v.unit == "years" and v.role == "demographic"), None)
    if age is not None:
        found.append(Derived(f"{age.label}, in classes", f"cut({typed(age.name)}, 60, 75)"))
    measured = [v for v in numbers if v.role == "laboratory"]
    if len(measured) > 1:
        one, other = measured[:2]
        found.append(
            Derived(
                f"{one.label} to {other.label.lower()}", f"{typed(one.name)} / {typed(other.name)}"
            )
        )
    common = np.argsort(-own.altered_counts)[:2]
    if len(common) > 1:
        names = [str(own.alterations.columns[place]) for place in common]
        one_name, other_name = map(typed, names)
        found.append(
            Derived(
                f"{names[0]} without {names[1]}",
                f"{one_name} and not {other_name}",
                kind="alteration",
            )
        )
    found += _endpoint_examples(own)
    return [one for one in found if one.name not in own.variables]


def _endpoint_examples(cohort: Cohort) -> list[Definition]:
    keys = list(cohort.endpoints)
    found: list[Definition] = []
    months = [
        v
        for v in cohort.variables.values()
        if v.unit == "months" and v.name not in cohort.endpoint_columns
        if comes_later(cohort, v.name)
    ]
    transplant = next((v for v in months if v.role == "treatment"), None)
    if keys and transplant is not None:
        label = cohort.endpoints[keys[0]].label
        found.append(
            DerivedEndpoint(
                f"{label}, censored at transplant", keys[0], censor_at=typed(transplant.name)
            )
        )
    single = [key for key in keys[1:] if cohort.endpoints[key].competing is not None]
    if single and keys:
        one, first = cohort.endpoints[single[0]], cohort.endpoints[keys[0]]
        label = f"{one.event_label} or {first.event_label}"
        found.append(
            DerivedEndpoint(f"{label[:1].upper()}{label[1:]}, first", f"{single[0]}, {keys[0]}")
        )
    return found
