"""What patients are compared by: alterations tested and found, and the clinical profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from app.views.subgroups.analysis import subgroup_features
from data_loaders import Cohort, CohortError, Variable
from data_loaders.arrays import Bools, Floats
from data_loaders.once import once_per_value

Floats32 = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint16]
# A profile is what was known at time zero: outcomes, treatments and what a study added are not.
ROLES = ("demographic", "disease", "laboratory", "clinical")
_KINDS = ("numeric", "ordinal", "categorical", "binary")
_NAMED = ("the name", "the mapping")
_MOST_LEVELS = 40


@dataclass(frozen=True, eq=False)
class Profiles:
    """Everything that distances are computed from, one row a patient of the cohort.

    Attributes
    ----------
    features
        Alterations compared: those that somebody has, refinements of a gene left out.
    altered, tested
        1 where a feature is altered or was tested, else 0; shape (cohort.n, features).
    measured
        Shape (cohort.n, variables), NaN where missing: ranks of numbers and positions of ordered
        levels between 0 and 1, codes of unordered levels.
    nominal
        Which variables have levels without an order, shape (variables,).
    """

    features: tuple[str, ...]
    altered: Floats32
    tested: Floats32
    variables: tuple[str, ...]
    measured: Floats32
    nominal: Bools

    @cached_property
    def altered_bits(self) -> Bits:
        """The altered features of each patient, a bit each; shape (cohort.n, words)."""
        return _packed(self.altered == 1)

    @cached_property
    def tested_bits(self) -> Bits:
        """The tested features of each patient, a bit each."""
        return _packed(self.tested == 1)

    @cached_property
    def known_bits(self) -> Bits:
        """The known variables of each patient, a bit each."""
        return _packed(np.isfinite(self.measured))


def shared_bits(own: Bits, other: Bits) -> Counts:
    """How many bits each row of one shares with each row of the other.

    Matrix products count the same, but move 32 times the memory, and their threads wait for each
    other on a busy machine.

    Parameters
    ----------
    own, other
        Shapes (rows, words) and (columns, words).

    Returns
    -------
    ndarray
        Shape (rows, columns).
    """
    total = np.zeros((len(own), len(other)), dtype=np.uint16)
    for mine, theirs in zip(own.T, other.T, strict=True):
        total += np.bitwise_count(mine[:, None] & theirs[None, :])
    return total


def _packed(flags: Bools) -> Bits:
    small = np.packbits(flags, axis=1)
    padded = np.pad(small, ((0, 0), (0, -small.shape[1] % 8)))
    return np.ascontiguousarray(padded).view(np.uint64)


def profile_variables(cohort: Cohort) -> list[str]:
    """Variables that a clinical profile can be made of, in the cohort's order.

    Only what describes a patient at time zero: demographic, disease, laboratory and clinical
    variables whose meaning was recognised. What belongs to an endpoint, a treatment or a study
    never counts, nor does a column that nobody said the meaning of: it may be an outcome.
    """
    return list(_profile_variables(cohort))


@once_per_value
def _profile_variables(cohort: Cohort) -> list[str]:
    return [
        variable.name
        for variable in cohort.variables.values()
        if variable.role in ROLES
        and variable.kind in _KINDS
        and variable.name not in cohort.endpoint_columns
        and variable.name in cohort.patients.columns
        and is_recognised(variable)
        and _tells_patients_apart(cohort, variable)
    ]


def default_variables(cohort: Cohort) -> list[str]:
    """The variables of a profile unless told otherwise.

    Demographic, laboratory and clinical ones, and of the disease its leading class and its first
    risk class: scores and further classes say the same again, and each would count as much as age.
    """
    options = [cohort.variables[name] for name in profile_variables(cohort)]
    disease = [v for v in options if v.role == "disease" and v.kind != "numeric"]
    leading = {v.name for v in disease[:1]}
    leading |= {v.name for v in [v for v in disease if v.kind == "ordinal"][:1]}
    return [v.name for v in options if v.role != "disease" or v.name in leading]


def profiles_of(cohort: Cohort, variables: Sequence[str] | None = None) -> Profiles:
    """The profiles of all patients of a cohort, worked out once for each choice of variables.

    Parameters
    ----------
    variables
        Clinical variables; None for :func:`default_variables`.

    Raises
    ------
    CohortError
        If one of them cannot be part of a profile.
    """
    chosen = tuple(default_variables(cohort) if variables is None else variables)
    held = _HELD.setdefault(cohort, {})
    if chosen not in held:
        while len(held) >= _MOST_HELD:
            held.pop(next(iter(held)))
        held[chosen] = _made(cohort, chosen)
    return held[chosen]


# Kept as long as the cohort is. The cohort's arrays do not change with filter or patient.
_HELD: WeakKeyDictionary[Cohort, dict[tuple[str, ...], Profiles]] = WeakKeyDictionary()
_MOST_HELD = 4


def _made(cohort: Cohort, chosen: tuple[str, ...]) -> Profiles:
    usable = set(profile_variables(cohort))
    for name in chosen:
        if name not in usable:
            raise CohortError(
                f"Patients cannot be compared by {name}: choose demographic, disease, laboratory "
                "or clinical variables of this cohort."
            )
    present = cohort.altered_counts > 0
    columns = cohort.alterations.columns
    features = [name for name in subgroup_features(cohort) if present[columns.get_loc(name)]]
    states = cohort.states[:, columns.get_indexer(features)]
    values = np.full((cohort.n, len(chosen)), np.nan, dtype=np.float32, order="F")
    for position, name in enumerate(chosen):
        values[:, position] = _scaled(cohort, cohort.variables[name])
    kinds = [cohort.variables[name].kind for name in chosen]
    return Profiles(
        features=tuple(features),
        altered=(states == 1).astype(np.float32),
        tested=(states >= 0).astype(np.float32),
        variables=chosen,
        measured=values,
        nominal=np.array([kind in ("categorical", "binary") for kind in kinds], dtype=bool),
    )


def _scaled(cohort: Cohort, variable: Variable) -> Floats:
    """A variable between 0 and 1, or as codes where its levels have no order."""
    if variable.kind == "numeric":
        from scipy.stats import rankdata  # that few pages need

        values = cohort.numbers(variable.name)
        known = np.isfinite(values)
        ranks = np.full(cohort.n, np.nan)
        ranks[known] = rankdata(values[known])
        low, high = np.nanmin(ranks), np.nanmax(ranks)
        return np.asarray((ranks - low) / (high - low))
    codes, levels = cohort.factor(variable.name)
    places = np.arange(len(levels), dtype=np.float64)
    if variable.kind == "ordinal":
        order = {level: place for place, level in enumerate(variable.levels)}
        known_levels = [order.get(str(level), np.nan) for level in levels]
        places = np.array(known_levels) / max(len(variable.levels) - 1, 1)
    return np.asarray(np.append(places, np.nan)[codes])


def is_recognised(variable: Variable) -> bool:
    """Whether a variable's meaning was recognised, by its name or by who mapped the file."""
    return not variable.reason or any(words in variable.reason for words in _NAMED)


def _tells_patients_apart(cohort: Cohort, variable: Variable) -> bool:
    codes, levels = cohort.factor(variable.name)
    if variable.kind == "numeric":
        return len(levels) > 1
    return 2 <= len(levels) <= _MOST_LEVELS and bool((codes >= 0).any())
