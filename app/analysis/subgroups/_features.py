"""Which features and patients a subgroup search can use, and what to do with untested cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.subgroups._refinements import States, count_events_once
from app.analysis.subgroups._settings import SubgroupError, SubgroupSettings
from data_loaders.wording import plural

SMALL_COHORT = 300
DEFAULT_MIN_FREQUENCY = 0.005
MIN_ALTERED = 5
MIN_ALTERED_SMALL_COHORT = 3
MIN_PATIENTS = 20

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Prepared:
    """The part of an alteration table that shapes the groups.

    Parameters
    ----------
    names
        Features kept, sorted by name, so that column order cannot matter.
    states
        Patients x kept features: 1 altered, 0 not altered, -1 not tested.
    complete
        Patients tested for every kept feature: they shape the groups.
    too_rare
        Features left out because too few patients carry them.
    constant
        Features left out because every tested patient carries them.
    too_untested
        Features left out because keeping them would have set too many patients aside.
    min_altered
        Number of carriers a feature needed.
    merged, split
        Genes that stand for their refinements, and genes that their refinements stand for.
    """

    names: tuple[str, ...]
    states: States
    complete: Mask
    too_rare: tuple[str, ...]
    constant: tuple[str, ...]
    too_untested: tuple[str, ...]
    min_altered: int
    merged: Mapping[str, tuple[str, ...]]
    split: Mapping[str, tuple[str, ...]]


def alteration_states(alterations: pd.DataFrame) -> States:
    """A table of alterations as a compact matrix.

    Parameters
    ----------
    alterations
        Patients x features; nullable boolean, bool, or numbers 0 and 1; missing = not tested.

    Returns
    -------
    States
        int8 matrix of the same shape: 1 altered, 0 not altered, -1 not tested.

    Raises
    ------
    SubgroupError
        If a column holds anything but 0, 1, true, false and missing.
    """
    states = np.empty(alterations.shape, dtype=np.int8, order="F")
    for position in range(alterations.shape[1]):
        column = alterations.iloc[:, position]
        try:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            values = np.full(len(column), 2.0)
        untested = np.isnan(values)
        values = np.where(untested, -1.0, values)
        if not np.isin(values, (-1.0, 0.0, 1.0)).all() or (values[~untested] < 0).any():
            raise SubgroupError(
                f"The column {alterations.columns[position]} holds values other than altered (1), "
                "not altered (0) and missing; recode it or leave it out."
            )
        states[:, position] = values.astype(np.int8)
    return states


def check_table(alterations: pd.DataFrame, settings: SubgroupSettings) -> pd.DataFrame:
    """The table restricted to the wanted features, in the order of their names.

    Raises
    ------
    SubgroupError
        If the table is too small, names a patient or feature twice, or lacks a wanted feature.
    """
    n_patients, n_features = alterations.shape
    if n_patients < MIN_PATIENTS:
        raise SubgroupError(
            f"Subgroups need at least {MIN_PATIENTS} patients; this selection has {n_patients}."
        )
    if not alterations.index.is_unique:
        raise SubgroupError("The alteration table lists a patient more than once.")
    names = alterations.columns.astype(str)
    if not names.is_unique:
        raise SubgroupError("The alteration table has two columns of the same name.")
    table = alterations.set_axis(names, axis=1)
    if settings.features is not None:
        missing = sorted(set(settings.features) - set(names))
        if missing:
            raise SubgroupError(f"The cohort has no feature called {missing[0]}.")
        table = table[sorted(set(settings.features))]
        n_features = table.shape[1]
    if n_features < 2:
        raise SubgroupError(f"Subgroups need at least 2 features; {n_features} was given.")
    return table[sorted(table.columns)]


def required_carriers(n_patients: int, min_frequency: float | None) -> int:
    """Number of patients who must carry a feature for it to be used."""
    floor = MIN_ALTERED_SMALL_COHORT if n_patients < SMALL_COHORT else MIN_ALTERED
    share = DEFAULT_MIN_FREQUENCY if min_frequency is None else min_frequency
    if n_patients < SMALL_COHORT and min_frequency is None:
        return floor
    # 0.5% of 1000 is 5, not 5.000000000000001 rounded up to 6.
    return max(floor, math.ceil(round(share * n_patients, 9)))


def prepare(alterations: pd.DataFrame, settings: SubgroupSettings) -> Prepared:
    """Choose the features, and the patients who shape the groups.

    Raises
    ------
    SubgroupError
        If nothing is left to find groups in; the sentence says why.
    """
    table = check_table(alterations, settings)
    states = alteration_states(table)
    n_tested_patients = int((states >= 0).any(axis=1).sum())
    if n_tested_patients == 0:
        raise SubgroupError("None of the selected patients was tested for any of the features.")
    if not (states == 1).any():
        raise SubgroupError("None of the selected patients carries any of the features.")
    threshold = required_carriers(n_tested_patients, settings.min_frequency)
    events = count_events_once(tuple(table.columns), states, threshold)
    names, states = np.array(events.names, dtype=object), events.states
    tested = states >= 0
    carriers = (states == 1).sum(axis=0)
    constant = (carriers > 0) & (carriers == tested.sum(axis=0))
    rare = (carriers < threshold) & ~constant
    candidate = ~rare & ~constant
    if constant.any() and not (carriers > 0)[~constant].any():
        raise SubgroupError(
            "All selected patients carry the same alterations, so there are no subgroups to find."
        )
    if candidate.sum() < 2:
        raise SubgroupError(
            f"Subgroups need at least 2 features that {threshold} or more patients carry and some "
            f"do not; of the {len(names)} features {int(candidate.sum())} qualifies."
        )
    kept = np.flatnonzero(candidate)
    kept = kept[features_worth_keeping(states[:, kept])]
    chosen = np.zeros(len(names), dtype=bool)
    chosen[kept] = True
    complete = np.asarray(tested[:, kept].all(axis=1))
    # Setting patients aside can leave a feature with too few carriers among the rest.
    still: Mask = (states[np.ix_(complete, kept)] == 1).sum(axis=0) >= MIN_ALTERED_SMALL_COHORT
    rare[kept[~still]] = True
    kept = kept[still]
    complete = np.asarray(tested[:, kept].all(axis=1))
    if complete.sum() < MIN_PATIENTS or len(kept) < 2:
        raise SubgroupError(
            f"Only {plural(int(complete.sum()), 'patient')} can be compared, tested for the same "
            f"{plural(len(kept), 'feature')}; choose features that were tested in more of them."
        )
    return Prepared(
        names=tuple(str(name) for name in names[kept]),
        states=np.ascontiguousarray(states[:, kept]),
        complete=complete,
        too_rare=tuple(str(name) for name in names[rare]),
        constant=tuple(str(name) for name in names[constant]),
        too_untested=tuple(str(name) for name in names[candidate & ~chosen]),
        min_altered=threshold,
        merged=events.merged,
        split=events.split,
    )


def _entropy(states: States) -> npt.NDArray[np.float64]:
    """Entropy in bits of each feature among the patients tested for it."""
    tested = np.maximum((states >= 0).sum(axis=0), 1)
    p = np.clip((states == 1).sum(axis=0) / tested, 1e-12, 1 - 1e-12)
    result: npt.NDArray[np.float64] = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return result


def features_worth_keeping(states: States) -> Mask:
    """Choose between losing features and setting patients aside.

    Features untested in the same patients are kept or dropped together. Starting from all
    features, the group of features whose loss frees the most information is dropped, again and
    again; the best point of that path wins. Information = (patients tested for everything kept)
    x (summed entropy of the features kept).

    Parameters
    ----------
    states
        Patients x features: 1, 0 or -1 (not tested).

    Returns
    -------
    Mask
        True for the features to keep.
    """
    untested = states < 0
    if not untested.any():
        return np.ones(states.shape[1], dtype=bool)
    patterns, pattern_of = np.unique(untested, axis=1, return_inverse=True)
    pattern_of = pattern_of.ravel()
    rows, row_counts = np.unique(patterns, axis=0, return_counts=True)
    n_patterns = rows.shape[1]
    information = np.bincount(pattern_of, weights=_entropy(states), minlength=n_patterns)
    alive = np.ones(n_patterns, dtype=bool)
    best_score, best = -1.0, alive.copy()
    while alive.any():
        missing = rows & alive
        n_missing = missing.sum(axis=1)
        complete = int(row_counts[n_missing == 0].sum())
        score = complete * float(information[alive].sum())
        if score > best_score:
            best_score, best = score, alive.copy()
        one_short = (n_missing == 1) * row_counts
        freed = complete + one_short @ missing
        after = np.where(alive, freed * (information[alive].sum() - information), -1.0)
        if not missing.any():
            break
        # Where no single pattern frees a patient, the most untested one goes first.
        load = row_counts @ missing
        order = np.lexsort((np.arange(n_patterns), -load, -np.round(after, 9)))
        alive[next(p for p in order if alive[p])] = False
    return best[pattern_of]
