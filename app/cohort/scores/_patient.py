"""A score of one patient: what each input contributes, and what would change the class."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf, nextafter

import numpy as np
import pandas as pd

from app.cohort.scores._definition import Definition, Item, Nested, Sum
from app.cohort.scores._engine import bound
from app.cohort.scores._evidence import Evidence
from app.cohort.scores._inputs import Input, input_of
from app.cohort.scores._ipssm import IPSS_M, TERMS, values_of
from app.cohort.scores._score import computed, definition_of, evidence_for
from data_loaders import Cohort
from data_loaders.arrays import Floats, States

_WIDE, _TRIED = 100, 101
# Inputs whose numbers have names.
_NAMED = ("cyto_ipssr", "mf_karyotype", "cpss_karyotype")


def contributions(cohort: Cohort, key: str, position: int) -> pd.DataFrame:
    """What each input of a score contributes in one patient.

    Returns
    -------
    pandas.DataFrame
        One row an input: ``input``, ``label``, ``value`` in words, ``least`` and ``most`` points
        (equal where it is known; NaN where it adds nothing by itself), of the logarithm where
        the score is the exponential of a sum, and ``changes``: other values
        of this input alone and the class that they would give, in words.
    """
    definition = definition_of(key)
    held = {
        name: replace(e, low=e.low[[position]], high=e.high[[position]])
        for name, e in evidence_for(cohort, definition).items()
    }
    now = computed(definition, held)
    points = _points(definition, held)
    rows = []
    for name, evidence in held.items():
        known = input_of(name)
        least, most = points.get(name, (np.nan, np.nan))
        rows.append(
            {
                "input": name,
                "label": known.label,
                "value": _in_words(known, evidence),
                "least": least,
                "most": most,
                "changes": _changes(definition, held, name, int(now.category[0])),
            }
        )
    return pd.DataFrame(rows)


def _items(definition: Definition) -> dict[str, Item]:
    return {
        part.input: part
        for item in definition.items
        for part in (item.items if isinstance(item, Nested) else (item,))
    }


def _points(definition: Definition, held: dict[str, Evidence]) -> dict[str, tuple[float, float]]:
    if definition is IPSS_M:
        found = {}
        for term in TERMS:
            best, _, worst = values_of(term, held[term.input])
            ends = [term.beta * (float(x[0]) - term.mean) / np.log(2) for x in (best, worst)]
            found[term.input] = (min(ends), max(ends))
        return found
    formula = definition.formula
    terms, weight = (formula.terms, formula.weight) if isinstance(formula, Sum) else ({}, 1.0)
    reached = {}
    for name, item in _items(definition).items():
        first, last = (int(item.level(end)[0]) for end in (held[name].low, held[name].high))
        worth = item.points[first : last + 1]
        reached[name] = (weight * min(worth), weight * max(worth))
    for name, part in terms.items():
        ends = [float(part(bound(held[name], direction))[0]) for direction in (-1, 1)]
        reached[name] = (min(ends), max(ends))
    return reached


def _alternatives(definition: Definition, name: str) -> list[tuple[float, str]]:
    """Other values that an input could have, each with its words."""
    known = input_of(name)
    item = _items(definition).get(name)
    if item is None:
        if name in {"hb", "platelets", "bm_blasts"} or not _is_stepped(known):
            return []
        most = {"cyto_ipssr": 4, "nRes2": 2}.get(name, 1)
        return [(float(value), _word(known, value)) for value in range(most + 1)]
    cuts = [(step.cut if step.side == ">=" else nextafter(step.cut, inf)) for step in item.steps]
    if _is_stepped(known) or known.bounds[1] - known.bounds[0] <= len(cuts):
        values = [min(0.0, cuts[0] - 1) if cuts[0] <= 0 else 0.0, *cuts]
        return [(value, _word(known, value)) for value in values]
    steps = item.steps
    first, last = steps[0], steps[-1]
    words = [f"below {first.cut:g}" if first.side == ">=" else f"up to {first.cut:g}"]
    words += [f"{step.cut:g} to {after.cut:g}" for step, after in pairwise(steps)]
    words.append(f"from {last.cut:g}" if last.side == ">=" else f"above {last.cut:g}")
    return list(zip([nextafter(first.cut, -inf), *cuts], words, strict=True))


def _is_stepped(known: Input) -> bool:
    """Whether its numbers are yes and no, or names."""
    return known.bounds[1] in {1, inf} or known.key in _NAMED


def _changes(definition: Definition, held: dict[str, Evidence], name: str, category: int) -> str:
    if category < 0:
        return ""
    choices = _alternatives(definition, name)
    told: list[tuple[str, int]]
    if choices:
        found = _tried(definition, held, name, np.array([value for value, _ in choices]))
        told = [(words, int(own)) for (_, words), own in zip(choices, found, strict=True)]
    elif np.isfinite(input_of(name).bounds).all():
        told = _stretches(definition, held, name)
    else:
        return ""
    return "; ".join(
        f"{words}: {definition.categories[place]}"
        for words, place in told
        if place >= 0 and place != category
    )


def _tried(definition: Definition, held: dict[str, Evidence], name: str, values: Floats) -> States:
    """The class with each of some values of an input, all others as they are."""
    rows = len(values)
    tried = {
        other: replace(e, low=np.repeat(e.low, rows), high=np.repeat(e.high, rows))
        for other, e in held.items()
    }
    tried[name] = replace(held[name], low=values, high=values)
    return computed(definition, tried).category


def _stretches(
    definition: Definition, held: dict[str, Evidence], name: str
) -> list[tuple[str, int]]:
    """Where a number that enters a formula crosses into another class: in words, and that class.

    Bounds are found to a thousandth of what is thought possible, or nearer.
    """
    low, high = input_of(name).bounds
    spread = np.geomspace if low > 0 and high / low > _WIDE else np.linspace
    values = np.asarray(spread(low, high, _TRIED), dtype=np.float64)
    classes = _tried(definition, held, name, values)
    starts = np.flatnonzero(np.diff(classes)) + 1
    bounds = []
    for start in starts:
        near = np.linspace(values[start - 1], values[start], _TRIED)
        changed = _tried(definition, held, name, near) != classes[start - 1]
        bounds.append(f"{near[int(changed.argmax())]:.3g}")
    ends = ["", *bounds, ""]
    found = []
    for place, (first, last) in enumerate(pairwise(ends)):
        words = f"{first} to {last}" if first and last else f"from {first}"
        own = int(classes[0 if not place else starts[place - 1]])
        found.append((words if first else f"below {last}", own))
    return found if bounds else []


def _in_words(known: Input, held: Evidence) -> str:
    low, high = float(held.low[0]), float(held.high[0])
    if low == high:
        word = _word(known, low)
        if known.unit == "%":
            return f"{word}%"
        times = "× " if known.unit.startswith("10") else ""
        return f"{word} {times}{known.unit}".strip()
    if np.isinf([low, high]).any() or (low, high) == known.bounds:
        return "missing"
    return f"{_word(known, low)} to {_word(known, high)}"


def _word(known: Input, value: float) -> str:
    if known.key in _NAMED:
        return max((word for word, worth in known.words.items() if worth == value), key=len)
    if known.bounds[1] == 1:
        return "yes" if value >= 1 else "no"
    return f"{value:g}"
