"""Named filters together: how they overlap, and their union, intersection and difference.

Overlap policy: a patient may be in several. Union counts each patient once; intersection keeps
those known to be in all; difference keeps those in the first and known to be in none of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from app.cohort.filters import All, AnyOf, Filter, FilterError, Not
from data_loaders import Cohort

Combination = Literal["union", "intersection", "difference"]
POLICY = (
    "A patient may be in several of them. Union: in at least one, each counted once. Intersection: "
    "in all. Difference: in the first and known to be in none of the others. Where a value is "
    "missing or a gene was not tested, the patient is counted as in only if that is known."
)


@dataclass(frozen=True, eq=False)
class Overlap:
    """How named filters overlap.

    Parameters
    ----------
    names, sizes
        The filters and how many each selects.
    patterns
        One row a combination that somebody has, the largest first: one boolean column a filter
        (under its name) and ``n``, the patients in exactly these and no other.
    outside
        Patients in none of them.
    unknown
        Patients of whom it is not known for at least one filter; they count where it is known.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    patterns: pd.DataFrame
    outside: int
    unknown: int


def overlap(cohort: Cohort, filters: Mapping[str, Filter]) -> Overlap:
    """Count patients by exactly which of several filters they are in.

    Raises
    ------
    FilterError
        If there is none or more than 16, or a filter names what the cohort does not have.
    """
    if not 1 <= len(filters) <= 16:
        raise FilterError("Choose one to 16 saved filters to look at together.")
    truths = np.stack([held.root.evaluate(cohort) for held in filters.values()])
    inside = truths == 1
    weights = 1 << np.arange(len(filters))
    codes, counts = np.unique(weights @ inside, return_counts=True)
    names = tuple(filters)
    order = [i for i in np.argsort(-counts, kind="stable") if codes[i]]
    patterns = pd.DataFrame(
        {name: [bool(codes[i] & weights[place]) for i in order] for place, name in enumerate(names)}
    )
    patterns["n"] = [int(counts[i]) for i in order]
    return Overlap(
        names=names,
        sizes=tuple(int(n) for n in inside.sum(axis=1)),
        patterns=patterns,
        outside=int(counts[codes == 0].sum()),
        unknown=int((truths < 0).any(axis=0).sum()),
    )


def combined(filters: Mapping[str, Filter], how: Combination) -> Filter:
    """The union, intersection or difference of several filters, as one filter.

    Parameters
    ----------
    filters
        By name, in order; the first is what a difference is taken from.

    Raises
    ------
    FilterError
        If there are fewer than two.
    """
    roots = tuple(held.root for held in filters.values())
    if len(roots) < 2:
        raise FilterError("Choose two saved filters or more to combine.")
    if how == "union":
        return Filter(All((AnyOf(roots),)))
    if how == "intersection":
        steps = [step for held in filters.values() for step in held.steps]
        return Filter(All(tuple(dict.fromkeys(steps))))
    others = roots[1] if len(roots) == 2 else AnyOf(roots[1:])
    return Filter(All((*next(iter(filters.values())).steps, Not(others))))
