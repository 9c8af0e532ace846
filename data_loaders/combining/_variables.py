"""The variables of several cohorts side by side: which are the same, in which unit and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from data_loaders.meaning.alike import same_word
from data_loaders.meaning.vocabulary import factor_between, order_of, term_of
from data_loaders.model import Cohort, Issue, Variable
from data_loaders.wording import listed, shown

_WORDS = frozenset({"categorical", "ordinal", "text"})


@dataclass
class Slot:
    """One variable of the whole, and what each cohort calls it.

    Attributes
    ----------
    variable
        As the first cohort that has it describes it.
    columns
        By position of the cohort: its own variable, and what turns its numbers into this unit.
    """

    variable: Variable
    columns: dict[int, tuple[Variable, float]] = field(default_factory=dict)


def matched_variables(
    cohorts: Sequence[Cohort], names: Sequence[str], taken: Collection[str]
) -> tuple[list[Slot], list[Issue]]:
    """Which variables of the cohorts are the same.

    They are by their term of the vocabulary, else by name, else by label, where their values are of
    one kind; numbers in units that can be converted. What has the name of another and means
    something else gets a name of its own.

    Parameters
    ----------
    taken
        Names that the variables may not have.

    Returns
    -------
    tuple
        The variables in order; what was converted, and what stayed apart.
    """
    slots: list[Slot] = []
    issues: list[Issue] = []
    for place, cohort in enumerate(cohorts):
        own = _variables(cohort)
        left = dict(own)
        pairs: list[tuple[Slot, Variable]] = []
        for meaning in (_term, lambda v: v.name, lambda v: v.label.casefold()):
            free = [slot for slot in slots if all(slot is not held for held, _ in pairs)]
            for slot, variable in _alike(free, list(left.values()), meaning):
                factor = _factor(variable, slot.variable)
                if factor is None:
                    issues.append(_apart(slot.variable, variable, names[place]))
                    continue
                pairs.append((slot, variable))
                slot.columns[place] = (left.pop(variable.name), factor)
                if factor != 1:
                    issues.append(_converted(slot.variable, variable, names[place]))
        used = {slot.variable.name for slot in slots} | set(taken)
        for variable in left.values():
            name = variable.name
            while name in used:
                name = f"{name}_{place + 1}"
            used.add(name)
            label = variable.label
            if variable.name in taken:
                label = f"{label}, as in the file"
            elif name != variable.name:
                label = f"{label} ({names[place]})"
            slots.append(Slot(replace(variable, name=name, label=label), {place: (variable, 1.0)}))
    return slots, list({issue.sentence: issue for issue in issues}.values())


def combined_column(slot: Slot, cohorts: Sequence[Cohort]) -> tuple[pd.Series, Variable]:
    """The column of all patients, and its entry in the dictionary.

    Words are spelt as the first cohort spells them; numbers are in its unit.
    """
    spelt: dict[str, str] = {}
    parts, origins, levels = [], [], []
    for place, cohort in enumerate(cohorts):
        if place not in slot.columns:
            parts.append(pd.Series(np.full(cohort.n, None), dtype=object))
            continue
        own, factor = slot.columns[place]
        values = cohort.patients[own.name]
        if own.kind in _WORDS:
            for level in (*own.levels, *cohort.factor(own.name)[1]):
                spelt.setdefault(same_word(level), str(level))
            if own.kind != "text":
                levels += [level for level in own.levels if level not in levels]
                values = values.map(lambda v: spelt[same_word(v)], na_action="ignore")
        elif factor != 1:
            values = pd.Series(cohort.numbers(own.name) * factor)
        parts.append(values.reset_index(drop=True))
        origins.append((own, factor))
    first = origins[0][0]
    whole = pd.concat([part for part in parts if len(part)], ignore_index=True)
    if first.kind not in _WORDS:
        typed = cohorts[next(iter(slot.columns))].patients[first.name].dtype
        whole = whole.astype(typed)
    order = list(dict.fromkeys(spelt[same_word(level)] for level in levels))
    if first.kind == "ordinal":
        order = list(order_of(order) or order)
    source = sorted({own.source_column or own.name for own, _ in origins})
    variable = replace(
        slot.variable,
        levels=tuple(order),
        source_column=None,
        reason=f"from {listed(source)}" if len(origins) > 1 else slot.variable.reason,
    )
    return whole, variable


def _variables(cohort: Cohort) -> dict[str, Variable]:
    """Every column that is no part of an endpoint, those without an entry in the dictionary too."""
    known = [str(name) for name in cohort.patients.columns if name not in cohort.endpoint_columns]
    held = {name: v for name, v in cohort.variables.items() if name in known}
    rest = {name: Variable(name, name, "text") for name in known if name not in held}
    return held | rest


def _term(variable: Variable) -> str:
    """The key of what it means; empty where the vocabulary does not know it."""
    for text in (variable.source_column or variable.name, variable.name, variable.label):
        found = term_of(text)
        if found is not None:
            return found.key
    return ""


def _alike(
    slots: Sequence[Slot], variables: Sequence[Variable], meaning: Callable[[Variable], str]
) -> list[tuple[Slot, Variable]]:
    """Pairs of one meaning, where neither side has it twice."""
    ours = Counter(meaning(slot.variable) for slot in slots)
    theirs = Counter(meaning(variable) for variable in variables)
    by_meaning = {meaning(slot.variable): slot for slot in slots}
    return [
        (by_meaning[key], variable)
        for variable in variables
        if (key := meaning(variable)) and ours[key] == theirs[key] == 1
    ]


def _factor(theirs: Variable, ours: Variable) -> float | None:
    """What turns their values into ours: 1 for the same; None if they cannot be one column."""
    if theirs.kind in _WORDS and ours.kind in _WORDS:
        return 1.0
    if theirs.kind != ours.kind:
        return None
    if theirs.kind != "numeric" or theirs.unit == ours.unit:
        return 1.0
    return factor_between(theirs.unit or "", ours.unit or "")


def _unit(variable: Variable) -> str:
    return variable.unit or ("no unit" if variable.kind == "numeric" else f"{variable.kind} values")


def _converted(ours: Variable, theirs: Variable, name: str) -> Issue:
    return Issue(
        "info",
        f"{shown(ours.label)} of {shown(name)} was converted from {_unit(theirs)} to "
        f"{_unit(ours)}.",
        column=ours.name,
        code="converted",
    )


def _apart(ours: Variable, theirs: Variable, name: str) -> Issue:
    return Issue(
        "warning",
        f"{shown(theirs.label)} of {shown(name)} is in {_unit(theirs)} and elsewhere in "
        f"{_unit(ours)}: both stay, in columns of their own.",
        column=theirs.name,
        code="apart",
    )
