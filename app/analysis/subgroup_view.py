"""Genomic subgroups of a selection: what goes into the search, and what becomes of its labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.subgroups import NO_ALTERATION, NOT_TESTED, SubgroupResult, display_coordinates
from app.cohort.groupings import Grouping, by_labels
from data_loaders import Cohort

GROUPING_LABEL = "Genomic subgroup"


@dataclass(frozen=True, eq=False)
class SubgroupMap:
    """The patients of a selection on the map, by position in the cohort.

    Parameters
    ----------
    positions
        Position in the cohort of each patient of the search.
    points
        Columns x and y for display, one row a patient of the search.
    grouping
        The subgroups as a grouping of the cohort; patients outside the selection have no group.
    confidence
        One a patient of the search, 0 to 1.
    result
        What the search found.
    """

    positions: npt.NDArray[np.intp]
    points: pd.DataFrame
    grouping: Grouping
    confidence: npt.NDArray[np.float64]
    result: SubgroupResult


def subgroup_features(cohort: Cohort) -> list[str]:
    """Features a subgroup search uses: all but refinements of a gene that is a feature itself.

    ``CALR type 1`` would only repeat what ``CALR`` tells; ``FLT3-ITD`` stays where there is no
    ``FLT3`` beside it.
    """
    genes = set(cohort.features.index[cohort.features["kind"] == "gene"])
    repeats = (cohort.features["kind"] == "refinement") & cohort.features["gene"].isin(genes)
    return [str(name) for name in cohort.features.index[~repeats]]


def search_input(cohort: Cohort, mask: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """The alterations of the selected patients, without their identifiers.

    Rows are numbered by the order of the identifiers' positions: the search and its cached result
    hold nothing that names a patient.
    """
    chosen = cohort.alterations.loc[mask, subgroup_features(cohort)]
    return chosen.set_axis(pd.RangeIndex(len(chosen), name="patient_id"), axis="index")


def place_result(
    cohort: Cohort, mask: npt.NDArray[np.bool_], result: SubgroupResult
) -> SubgroupMap:
    """Bring what a search found on ``search_input`` back to the cohort's patients."""
    positions = np.flatnonzero(mask)
    labels = np.full(cohort.n, None, dtype=object)
    labels[positions] = result.labels.to_numpy()
    grouping = by_labels(
        GROUPING_LABEL,
        list(labels),
        result.groups,
        grey=(NO_ALTERATION, NOT_TESTED),
        data_driven=True,
    )
    return SubgroupMap(
        positions=positions,
        points=display_coordinates(result.coordinates),
        grouping=grouping,
        confidence=result.confidence.to_numpy(dtype=float, na_value=np.nan),
        result=result,
    )


def alterations_in_words(
    cohort: Cohort, positions: npt.NDArray[np.intp], most: int = 8
) -> list[str]:
    """The alterations of each patient as one line, such as ``CALR, ASXL1, 9pUPD``.

    Parameters
    ----------
    cohort
        The cohort.
    positions
        Which patients.
    most
        How many alterations are written out before "and n more".
    """
    names = subgroup_features(cohort)
    columns = cohort.alterations.columns.get_indexer(names)
    labels = np.array([str(cohort.features.loc[name, "label"]) for name in names], dtype=object)
    states = cohort.states[np.ix_(positions, columns)] == 1
    profiles, inverse = np.unique(np.packbits(states, axis=1), axis=0, return_inverse=True)
    unpacked = np.unpackbits(profiles, axis=1, count=len(names)).astype(bool)
    lines = []
    for profile in unpacked:
        carried = labels[profile].tolist()
        more = len(carried) - most
        line = ", ".join(carried[:most]) or "no alteration found"
        lines.append(f"{line} and {more} more" if more > 0 else line)
    return [lines[i] for i in inverse.reshape(-1)]
