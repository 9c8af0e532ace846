"""What one definition gives in a cohort: values, how many are missing and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.cohort.derived._definition import Definition, Derived, DerivedEndpoint, DerivedError
from app.cohort.derived._endpoints import FollowUp, follow_up
from app.cohort.derived._evaluate import Evaluation
from app.cohort.derived._names import Names
from app.cohort.derived._parsing import parse
from app.cohort.derived._values import IN_WORDS, Value, unit_words
from app.cohort.later_columns import comes_later
from data_loaders.model import Cohort, VariableKind, VariableRole
from data_loaders.wording import plural

_KIND_OF: Mapping[str, VariableKind] = {
    "number": "numeric",
    "text": "categorical",
    "date": "date",
    "truth": "binary",
}
_LATER: tuple[VariableRole, ...] = ("treatment", "outcome")
_INHERITED: tuple[VariableRole, ...] = ("demographic", "laboratory", "study")


@dataclass(frozen=True, eq=False)
class Preview:
    """What a definition gives in a cohort, before or after it is added.

    Attributes
    ----------
    kind, unit, levels
        Of the variable or alteration.
    series
        One value a patient: numbers, dates, texts, or 1, 0 and missing. Of an endpoint: its times.
    missing
        Patients without a value.
    filled
        Patients of whom the missing rule says the value.
    needs
        What the formula is made of, with how many patients have no value of it.
    losses
        Why patients who have all of it have no value: reason to number.
    of_alterations
        Whether it is a yes or no of alterations alone.
    followed
        Of an endpoint: its times and events.
    """

    definition: Definition
    kind: VariableKind
    unit: str
    levels: tuple[str, ...]
    series: pd.Series
    missing: int
    filled: int
    needs: Mapping[str, int]
    losses: Mapping[str, int]
    role: VariableRole = "outcome"
    of_alterations: bool = False
    followed: FollowUp | None = None

    def why_missing(self) -> str:
        """Why values are missing, in words; empty where none is."""
        said = [f"{name} missing in {number:,}" for name, number in self.needs.items() if number]
        said += [
            f"{reason} in {plural(number, 'patient')}" for reason, number in self.losses.items()
        ]
        return "; ".join(said)


def preview(cohort: Cohort, definition: Definition) -> Preview:
    """What a definition gives in a cohort.

    Raises
    ------
    DerivedError
        With one sentence and the position in the formula.
    """
    if isinstance(definition, DerivedEndpoint):
        return _previewed_endpoint(cohort, definition)
    parsed = parse(definition.formula)
    of = Evaluation(parsed, Names(cohort))
    value = of.value(parsed.root)
    if value.literal or not of.used:
        raise DerivedError(
            "The formula names nothing of the cohort, so that all have the same value"
        )
    role = _role(cohort, [name for origin, name in of.used if origin == "variable"])
    if definition.kind == "alteration":
        if value.kind != "truth":
            raise DerivedError(
                f"An alteration is a yes or no, and the formula gives {IN_WORDS[value.kind]}"
            )
        if role in _LATER:
            raise DerivedError(
                "An alteration is known at time zero, and the formula names what comes later: make "
                "it a variable"
            )
    # What was lost on the way and made up for by coalesce is no loss.
    losses = {reason: int((who & value.missing).sum()) for reason, who in of.losses.held.items()}
    value, filled = _filled(definition, value)
    return Preview(
        definition=definition,
        kind="ordinal" if value.ordered else _KIND_OF[value.kind],
        unit=(definition.unit or unit_words(value.unit)) if value.kind == "number" else "",
        levels=_levels(value),
        series=_series(cohort, value),
        missing=int(value.missing.sum()),
        filled=filled,
        needs={name: int(who.sum()) for (_, name), who in of.used.items()},
        losses={reason: number for reason, number in losses.items() if number},
        role=role,
        of_alterations=value.kind == "truth" and all(o == "alteration" for o, _ in of.used),
    )


def _previewed_endpoint(cohort: Cohort, definition: DerivedEndpoint) -> Preview:
    found = follow_up(cohort, definition)
    return Preview(
        definition=definition,
        kind="numeric",
        unit="months",
        levels=(),
        series=pd.Series(found.time, index=cohort.patients.index),
        missing=int(np.isnan(found.time).sum()),
        filled=0,
        needs=found.needs,
        losses=found.left_out,
        followed=found,
    )


def _role(cohort: Cohort, names: Sequence[str]) -> VariableRole:
    """What a variable is about: later than time zero if any of what it is made of is."""
    described = Names(cohort).described
    roles: set[VariableRole] = {described[name].role for name in names}
    if "treatment" in roles:
        return "treatment"
    if "outcome" in roles or any(comes_later(cohort, name) for name in names):
        return "outcome"
    return next((role for role in _INHERITED if roles == {role}), "clinical")


def _filled(definition: Derived, value: Value) -> tuple[Value, int]:
    """The values after the missing rule, and of how many patients it says the value."""
    rule, gone = definition.missing, value.missing
    if rule is None:
        return value, 0
    fits = value.kind == ("text" if isinstance(rule, str) else "number")
    if not fits:
        needed = {"text": "a name", "number": "a number"}.get(value.kind)
        raise DerivedError(
            f"What stands for a missing value needs to be {needed} here"
            if needed
            else f"The formula gives {IN_WORDS[value.kind]}: what is missing stays missing, since "
            "not known is neither"
        )
    data = value.data.copy()
    data[gone] = rule
    levels = (*value.levels, str(rule)) if value.kind == "text" else ()
    ordered = value.ordered and str(rule) in value.levels
    return replace(value, data=data, levels=tuple(dict.fromkeys(levels)), ordered=ordered), int(
        gone.sum()
    )


def _levels(value: Value) -> tuple[str, ...]:
    """Categories that occur, in their order."""
    present = set(value.data) if value.kind == "text" else set()
    return tuple(level for level in value.levels if level in present)


def _series(cohort: Cohort, value: Value) -> pd.Series:
    data = value.data
    if value.kind == "truth":
        data = np.where(data < 0, np.nan, data.astype(np.float64))
    return pd.Series(data, index=cohort.patients.index)
