"""Patients like one patient: nearest by alterations and clinical profile, and how typical it is.

Distances lie between 0 (alike in everything compared) and 1. Neither outcome nor treatment takes
part, so that what happened to the nearest patients can be read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats
from app.views.patient.analysis import evenly
from app.views.patient.similar.profiles import Floats32, Profiles, profiles_of, shared_bits
from data_loaders import Cohort
from data_loaders.arrays import Positions

MIN_NEIGHBOURS = 10
MAX_NEIGHBOURS = 200
# Two patients who were both tested for fewer alterations, or of whom fewer values are known, are
# too little known to be called alike.
MIN_TESTED = 5
MIN_VALUES = 3
MOST_REFERENCES = 100
MOST_IN_POOL = 3_000
_DIGITS = 6
# Blocks that a processor keeps at hand are worked through twice as fast.
_MOST_CELLS = 200_000


@dataclass(frozen=True)
class SimilaritySettings:
    """How patients are compared.

    Attributes
    ----------
    neighbours
        How many of the nearest patients are wanted.
    alterations
        Weight of the alterations, 0 to 1; the clinical profile has the rest.
    variables
        Clinical variables of the profile; None for the usual ones.
    """

    neighbours: int = 25
    alterations: float = 0.5
    variables: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not MIN_NEIGHBOURS <= self.neighbours <= MAX_NEIGHBOURS:
            raise ValueError(
                f"Choose {MIN_NEIGHBOURS} to {MAX_NEIGHBOURS} patients to compare with, not "
                f"{self.neighbours}."
            )
        if not 0 <= self.alterations <= 1:
            raise ValueError("The weight of the alterations must lie between 0 and 1.")


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances of some patients (rows) to others (columns); NaN where they cannot be told."""

    combined: Floats
    alterations: Floats32
    clinical: Floats32


@dataclass(frozen=True, eq=False)
class Typicality:
    """How near a patient's neighbours are, against those of other patients.

    Attributes
    ----------
    median
        Median distance of the patient to its nearest patients.
    of_others
        The same of each patient it is compared with, ascending.
    share
        Share of these whose neighbours are farther away; ties count half.
    """

    median: float
    of_others: Floats
    share: float


@dataclass(frozen=True, eq=False)
class SimilarPatients:
    """The nearest patients of one patient.

    Attributes
    ----------
    position
        The patient, by position in the cohort.
    parts
        What the distance is made of: ``alterations``, ``clinical`` or both. A part of which too
        little is known of the patient is left out.
    neighbours
        Positions in the cohort, nearest first; ties in the cohort's order.
    distance, alteration_distance
        Of each neighbour, shape (neighbours,); NaN for a part that cannot be told.
    compared
        Other selected patients whose distance could be told.
    not_comparable
        Other selected patients of whom too little is known.
    tied
        Patients as near as the last neighbour who found no place among them.
    """

    position: int
    settings: SimilaritySettings
    profiles: Profiles
    parts: tuple[str, ...]
    neighbours: Positions
    distance: Floats
    alteration_distance: Floats32
    compared: int
    not_comparable: int
    tied: int
    typicality: Typicality


def similar_patients(
    cohort: Cohort,
    mask: Bools,
    position: int,
    settings: SimilaritySettings | None = None,
    *,
    references: Floats | None = None,
) -> SimilarPatients:
    """The selected patients nearest to one of them, the patient itself left out.

    Alterations are compared by Jaccard's distance over those tested in both patients (1901), two
    patients without any being alike; clinical variables by Gower's (1971) over those known in
    both, numbers by their ranks in the cohort (Podani 1999). The distance is their weighted mean.

    Parameters
    ----------
    settings
        How patients are compared; None for the defaults.
    references
        What :func:`reference_medians` gave for the same patients and settings; None to compute it.

    Raises
    ------
    ValueError
        If too little is known of the patient, or too few others can be compared with it.
    """
    settings = settings or SimilaritySettings()
    profiles = profiles_of(cohort, settings.variables)
    parts = _parts(profiles, position, settings)
    if not parts:
        raise ValueError(
            "Too little is known of this patient to look for others like it: it was tested for too "
            "few alterations and too few of its clinical values are known."
        )
    others = np.flatnonzero(mask)
    others = others[others != position]
    found = distances(profiles, np.array([position]), others, settings.alterations)
    known = np.isfinite(found.combined[0])
    if np.count_nonzero(known) < MIN_NEIGHBOURS:
        raise ValueError(
            f"Only {np.count_nonzero(known):,} other selected patients can be compared with this "
            f"one, and at least {MIN_NEIGHBOURS} are needed: widen the filter."
        )
    combined = found.combined[0, known]
    order = np.argsort(combined, kind="stable")[: settings.neighbours]
    nearest = np.flatnonzero(known)[order]
    if references is None:
        references = reference_medians(cohort, mask, settings)
    return SimilarPatients(
        position=position,
        settings=settings,
        profiles=profiles,
        parts=parts,
        neighbours=others[nearest],
        distance=combined[order],
        alteration_distance=found.alterations[0, nearest],
        compared=len(combined),
        not_comparable=len(others) - len(combined),
        tied=int(np.count_nonzero(combined == combined[order[-1]]))
        - int(np.count_nonzero(combined[order] == combined[order[-1]])),
        typicality=_typicality(profiles, mask, position, settings, references),
    )


def distances(profiles: Profiles, rows: Positions, columns: Positions, weight: float) -> Distances:
    """Distances of some patients to others.

    Parameters
    ----------
    weight
        Weight of the alterations, 0 to 1.

    Returns
    -------
    Distances
        Each of shape (rows, columns). A part that counts and of which enough is known of the row's
        patient must be known of the column's too; else their distance is NaN.
    """
    by_alterations = _jaccard(profiles, rows, columns)
    by_values = _gower(profiles, rows, columns)
    heavy = np.stack([_has_alterations(profiles, rows), _has_values(profiles, rows)])
    weights = heavy * np.array([[weight], [1.0 - weight]])
    total = weights.sum(axis=0)
    combined = np.zeros((len(rows), len(columns)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for share, part in zip(weights / total, (by_alterations, by_values), strict=True):
            # 0 times NaN is NaN: a part without weight must not be looked at.
            counts = slice(None) if (share > 0).all() else share > 0
            combined[counts] += share[counts, None] * part[counts]
        combined[total == 0] = np.nan
    # Single precision holds seven digits: what differs beyond the sixth is a tie.
    return Distances(np.round(combined, _DIGITS), by_alterations, by_values)


def reference_medians(
    cohort: Cohort, mask: Bools, settings: SimilaritySettings | None = None
) -> Floats:
    """Median distance of the selected patients to their nearest, what a patient is judged against.

    Of more than :data:`MOST_REFERENCES` patients as many are taken at even steps of the cohort's
    order; neighbours are sought among at most :data:`MOST_IN_POOL`, again at even steps.

    Parameters
    ----------
    settings
        How patients are compared; None for the defaults.

    Returns
    -------
    ndarray
        Ascending; patients who can be compared with too few others are left out.
    """
    settings = settings or SimilaritySettings()
    profiles = profiles_of(cohort, settings.variables)
    pool = evenly(np.flatnonzero(mask), MOST_IN_POOL)
    chosen = evenly(pool, MOST_REFERENCES)
    step = max(1, _MOST_CELLS // max(len(pool), 1))
    parts = [
        _medians(profiles, chosen[start : start + step], pool, settings)
        for start in range(0, len(chosen), step)
    ]
    medians = np.concatenate(parts) if parts else np.array([])
    return np.sort(medians[np.isfinite(medians)])


def _medians(
    profiles: Profiles, rows: Positions, pool: Positions, settings: SimilaritySettings
) -> Floats:
    """Median distance of each row's patient to its nearest in the pool, itself left out."""
    found = distances(profiles, rows, pool, settings.alterations).combined
    found[rows[:, None] == pool[None, :]] = np.nan
    nearest = min(settings.neighbours, len(pool) - 1)
    if nearest < MIN_NEIGHBOURS:
        return np.full(len(rows), np.nan)
    # NaN sorts last, as infinity does; a median over infinity is not finite.
    found = np.where(np.isnan(found), np.inf, found)
    lowest = np.partition(found, nearest - 1, axis=1)[:, :nearest]
    return np.asarray(np.median(lowest, axis=1))


def _typicality(
    profiles: Profiles,
    mask: Bools,
    position: int,
    settings: SimilaritySettings,
    references: Floats,
) -> Typicality:
    pool = evenly(np.flatnonzero(mask), MOST_IN_POOL)
    median = float(_medians(profiles, np.array([position]), pool, settings)[0])
    if not np.isfinite(median) or not len(references):
        return Typicality(median, references, float("nan"))
    farther = np.count_nonzero(references > median) + 0.5 * np.count_nonzero(references == median)
    return Typicality(median, references, float(farther / len(references)))


def _parts(profiles: Profiles, position: int, settings: SimilaritySettings) -> tuple[str, ...]:
    row = np.array([position])
    parts = []
    if settings.alterations > 0 and _has_alterations(profiles, row)[0]:
        parts.append("alterations")
    if settings.alterations < 1 and _has_values(profiles, row)[0]:
        parts.append("clinical")
    return tuple(parts)


def _has_alterations(profiles: Profiles, rows: Positions) -> Bools:
    return np.asarray(profiles.tested[rows].sum(axis=1) >= _least_tested(profiles))


def _has_values(profiles: Profiles, rows: Positions) -> Bools:
    return np.asarray(np.isfinite(profiles.measured[rows]).sum(axis=1) >= _least_values(profiles))


def _least_tested(profiles: Profiles) -> int:
    """At least one: without any feature nothing is known."""
    return max(1, min(MIN_TESTED, len(profiles.features)))


def _least_values(profiles: Profiles) -> int:
    return max(1, min(MIN_VALUES, len(profiles.variables)))


def _jaccard(profiles: Profiles, rows: Positions, columns: Positions) -> Floats32:
    """One minus shared by either, over the features tested in both."""
    altered, tested = profiles.altered_bits[rows], profiles.tested_bits[rows]
    other, other_tested = profiles.altered_bits[columns], profiles.tested_bits[columns]
    both = shared_bits(altered, other)
    either = shared_bits(altered, other_tested) + shared_bits(tested, other) - both
    with np.errstate(invalid="ignore"):
        distance = np.float32(1.0) - both / either
    # Two patients without any are alike: of NaN and 0 the latter.
    np.fmax(distance, np.float32(0.0), out=distance)
    joint = shared_bits(tested, other_tested)
    np.copyto(distance, np.nan, where=joint < _least_tested(profiles))
    return distance


def _gower(profiles: Profiles, rows: Positions, columns: Positions) -> Floats32:
    """Mean difference over the variables known in both."""
    total = np.zeros((len(rows), len(columns)), dtype=np.float32)
    for values, nominal in zip(profiles.measured.T, profiles.nominal, strict=True):
        difference = values[rows][:, None] - values[columns][None, :]
        np.abs(difference, out=difference)
        if nominal:
            # Codes are whole numbers: two that differ at all differ by one or more.
            np.minimum(difference, 1.0, out=difference)
        # Of NaN and 0 the latter: what is not known of both adds nothing.
        total += np.fmax(difference, 0.0, out=difference)
    known = shared_bits(profiles.known_bits[rows], profiles.known_bits[columns])
    with np.errstate(invalid="ignore"):
        mean = np.divide(total, known, out=total)
    np.copyto(mean, np.nan, where=known < _least_values(profiles))
    return mean
