"""Patients who may be in two cohorts: same age, sex, diagnosis, times and alterations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Positions
from data_loaders.meaning.alike import same_word
from data_loaders.model import Cohort

_MOSTLY = 0.9
# Standard deviations of a count by which more are alike than chance explains.
_DEVIATIONS = 3.0


@dataclass(frozen=True, eq=False)
class Alike:
    """Patients of one cohort who are like somebody of another.

    Attributes
    ----------
    who
        Those of the second, shape (n,).
    chance
        Pairs that would be alike by chance, as many as there are within the two cohorts, where they
        are two patients each.
    by
        Columns, endpoints and ``alterations`` that were compared.
    """

    first: int
    second: int
    who: Bools
    chance: float
    by: tuple[str, ...]

    @property
    def suspected(self) -> bool:
        """Whether more are alike than chance explains."""
        many = int(self.who.sum())
        return many > self.chance + _DEVIATIONS * math.sqrt(self.chance)


def alike_patients(whole: Cohort, cohort: Positions, variables: Sequence[str]) -> list[Alike]:
    """Patients who are alike in all that two cohorts both know, for any two cohorts.

    They are compared by the variables given, by the times and events of the endpoints both have,
    and by the alterations both mostly tested; not at all without one endpoint and something else.

    Parameters
    ----------
    cohort
        Position of each patient's cohort.
    variables
        Columns of age, sex and diagnosis, as far as there are any.
    """
    found = []
    for first, second in combinations(range(int(cohort.max(initial=0)) + 1), 2):
        both = [np.flatnonzero(cohort == place) for place in (first, second)]
        columns, words = _compared(whole, both, variables)
        if len(words) < 2 or not any(word in whole.endpoints for word in words):
            continue
        ours, theirs = (_keys(columns, rows) for rows in both)
        who = np.zeros(whole.n, dtype=bool)
        who[both[1][theirs.isin(set(ours.dropna())).to_numpy() & theirs.notna().to_numpy()]] = True
        pairs = sum(_pairs(keys) for keys in (ours, theirs))
        within = sum(len(rows) * (len(rows) - 1) / 2 for rows in both)
        chance = pairs / within * len(ours) * len(theirs) if within else 0.0
        found.append(Alike(first, second, who, chance, tuple(words)))
    return found


def _compared(
    whole: Cohort, both: Sequence[Positions], variables: Sequence[str]
) -> tuple[list[pd.Series], list[str]]:
    """The columns by which two cohorts can be compared, as text; what they are."""
    columns, words = [], []
    for name in variables:
        values = whole.patients[name]
        if all(values.iloc[rows].notna().mean() > _MOSTLY for rows in both):
            number = pd.api.types.is_numeric_dtype(values.dtype)
            # Ages may be in whole years in one cohort and not in the other.
            shown = np.floor(values).astype(str) if number else values.map(same_word, "ignore")
            columns.append(shown.where(values.notna()))
            words.append(name)
    for key, endpoint in whole.endpoints.items():
        time, event = whole.patients[endpoint.time], whole.patients[endpoint.event]
        if all(time.iloc[rows].notna().mean() > _MOSTLY for rows in both):
            columns.append(time.round(1).astype(str) + " " + event.astype(str))
            words.append(key)
    tested = [
        place
        for place in range(whole.states.shape[1])
        if all((whole.states[rows, place] >= 0).mean() > _MOSTLY for rows in both)
    ]
    if tested:
        altered = whole.states[:, tested] == 1
        packed = np.packbits(altered, axis=1)
        columns.append(pd.Series([row.tobytes().hex() for row in packed], whole.patients.index))
        words.append("alterations")
    return columns, words


def _keys(columns: Sequence[pd.Series], rows: Positions) -> pd.Series:
    """One text a patient; None where something is not known."""
    frame = pd.concat([column.iloc[rows].reset_index(drop=True) for column in columns], axis=1)
    joined = frame.astype(str).agg("|".join, axis=1)
    return joined.where(frame.notna().all(axis=1))


def _pairs(keys: pd.Series) -> float:
    sizes = keys.dropna().value_counts().to_numpy(dtype=np.float64)
    return float((sizes * (sizes - 1) / 2).sum())
