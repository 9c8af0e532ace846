"""Genomic subgroups of a selection: what goes into the search, and what becomes of its labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.subgroups import (
    NO_ALTERATION,
    NOISE,
    NOT_TESTED,
    Quality,
    SubgroupError,
    SubgroupResult,
    SubgroupSettings,
    display_coordinates,
    find_subgroups,
    subgroup_stability,
)
from app.cohort.groupings import (
    ALTERATIONS,
    MIN_GROUP_FOR_TEST,
    OUTSIDE,
    Grouping,
    by_labels,
    only_groups,
)
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from data_loaders import Cohort
from data_loaders.once import once_per_value

GROUPING_LABEL = "Genomic subgroup"
_MOST_WRITTEN = 6
_MOST_CURVES = 8
UNNAMED = (NO_ALTERATION, NOT_TESTED, NOISE)
KINDS: Mapping[str, tuple[str, ...]] = {
    "genes": ("gene", "refinement"),
    "cytogenetics": ("cytogenetic",),
}


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
    hover
        The alterations of each patient of the search in words.
    """

    positions: npt.NDArray[np.intp]
    points: pd.DataFrame
    grouping: Grouping
    confidence: npt.NDArray[np.float64]
    result: SubgroupResult
    hover: tuple[str, ...]

    @property
    def uncertain(self) -> npt.NDArray[np.bool_]:
        """Patients of the search whose group is uncertain."""
        return np.asarray(self.result.uncertain, dtype=bool)


def subgroup_features(cohort: Cohort, kinds: Collection[str] = tuple(KINDS)) -> list[str]:
    """Features a subgroup search uses: all but refinements of a gene that is a feature itself.

    ``CALR type 1`` would only repeat what ``CALR`` tells; ``FLT3-ITD`` stays where there is no
    ``FLT3`` beside it.
    """
    wanted = cohort.features["kind"].isin([kind for key in kinds for kind in KINDS[key]])
    return [str(name) for name in cohort.features.index[wanted & ~_repeats(cohort)]]


@once_per_value
def _repeats(cohort: Cohort) -> pd.Series:
    """By feature, whether it repeats its gene."""
    names = cohort.features.index
    return pd.Series([_repeats_its_gene(cohort, str(name)) for name in names], index=names)


def _repeats_its_gene(cohort: Cohort, name: str) -> bool:
    """Whether a feature refines a gene whose own column is altered in most of its carriers."""
    kind, gene = cohort.features.loc[name, ["kind", "gene"]]
    if kind != "refinement" or gene not in cohort.features.index:
        return False
    carriers = cohort.feature_state(name) == 1
    shared = np.count_nonzero(carriers & (cohort.feature_state(str(gene)) == 1))
    return bool(2 * shared >= np.count_nonzero(carriers))


def search_input(
    cohort: Cohort, mask: npt.NDArray[np.bool_], kinds: Collection[str] = tuple(KINDS)
) -> pd.DataFrame:
    """The alterations of the selected patients, without their identifiers.

    Rows are numbered by the order of the identifiers' positions: the search and its cached result
    hold nothing that names a patient. Columns bear the labels for people, since groups are named
    after them; where two alterations share a label, their names stand beside it.
    """
    names = subgroup_features(cohort, kinds)
    labels = cohort.features.loc[names, "label"].astype(str)
    taken = labels.duplicated(keep=False)
    columns = [f"{label} ({name})" if taken[name] else label for name, label in labels.items()]
    chosen = cohort.alterations.loc[mask, names].set_axis(columns, axis="columns")
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
        grey=UNNAMED,
        data_driven=True,
    )
    grouping = replace(grouping, made_of=(ALTERATIONS,))
    grouping.codes[~mask] = OUTSIDE
    return SubgroupMap(
        positions=positions,
        points=display_coordinates(result.coordinates),
        grouping=grouping,
        confidence=result.confidence.to_numpy(dtype=float, na_value=np.nan),
        result=result,
        hover=tuple(alterations_in_words(cohort, positions)),
    )


def with_names(result: SubgroupResult, names: Mapping[str, str]) -> SubgroupResult:
    """The result under the user's names, as far as they fit its groups.

    Names for groups that this search did not find are passed over; so are all of them where two
    groups would bear one name.
    """
    fitting = {
        old: new for old, new in names.items() if old in result.groups and old not in UNNAMED
    }
    if not fitting:
        return result
    try:
        return result.renamed(fitting)
    except SubgroupError:
        return result


@dataclass(frozen=True, eq=False)
class SubgroupsFound:
    """What a page shows of a search.

    Parameters
    ----------
    shown
        The subgroups on the map, under the user's names.
    renamed
        New name by the name that the search gave.
    stability
        From ``subgroup_stability``, under the user's names; None where it is not known.
    resamples
        How many subsamples it is from.
    survival
        Survival of the groups that have a curve; None without an endpoint.
    """

    shown: SubgroupMap
    kinds: tuple[str, ...]
    renamed: Mapping[str, str]
    stability: pd.DataFrame | None = None
    resamples: int = 0
    survival: GroupSurvival | None = None


def subgroups_of(
    cohort: Cohort,
    mask: npt.NDArray[np.bool_],
    *,
    kinds: Sequence[str] = tuple(KINDS),
    quality: Quality = "standard",
    seed: int = 0,
    min_frequency: float | None = None,
    evidence: bool = True,
    resamples: int = 0,
    names: Mapping[str, str] | None = None,
    endpoint_key: str | None = None,
    curves: Sequence[str] = (),
) -> SubgroupsFound:
    """Search for subgroups at once, as the page's jobs do one after the other.

    Parameters
    ----------
    kinds
        ``genes``, ``cytogenetics`` or both.
    quality, seed, min_frequency, evidence
        See :class:`app.analysis.subgroups.SubgroupSettings`.
    resamples
        In how many subsamples the groups are searched for again; 0 leaves stability out.
    names
        New names by the names that the search gives.
    endpoint_key, curves
        Endpoint of the survival beside the map, and the subgroups that have a curve; none names
        the largest.

    Raises
    ------
    SubgroupError
        If there is nothing to find groups in.
    """
    alterations = search_input(cohort, mask, kinds)
    settings = SubgroupSettings(quality, seed, min_frequency, evidence=evidence)
    result = find_subgroups(alterations, settings)
    stability = None
    if resamples:
        stability = subgroup_stability(alterations, settings, resamples, result=result)
    return found_of(
        cohort, mask, result, kinds=kinds, stability=stability, resamples=resamples, names=names,
        endpoint_key=endpoint_key, curves=curves,
    )  # fmt: skip


def found_of(
    cohort: Cohort,
    mask: npt.NDArray[np.bool_],
    result: SubgroupResult,
    *,
    kinds: Sequence[str],
    stability: pd.DataFrame | None = None,
    resamples: int = 0,
    names: Mapping[str, str] | None = None,
    endpoint_key: str | None = None,
    curves: Sequence[str] = (),
) -> SubgroupsFound:
    """What a search found, with the survival beside it; parameters as of :func:`subgroups_of`."""
    shown = place_result(cohort, mask, with_names(result, names or {}))
    survival = None
    if endpoint_key is not None:
        drawn = only_groups(shown.grouping, list(curves) or largest_groups(shown.grouping))
        survival = survival_by_group(cohort, mask, endpoint_key, drawn)
    return under_names(shown, kinds, names or {}, stability, resamples, survival)


def largest_groups(grouping: Grouping) -> list[str]:
    """The largest subgroups; smaller ones would withhold the p-value from all."""
    sizes = dict(zip(grouping.names, grouping.sizes(), strict=True))
    enough = [name for name in sizes if sizes[name] >= MIN_GROUP_FOR_TEST] or list(sizes)
    kept = set(sorted(enough, key=lambda name: -sizes[name])[:_MOST_CURVES])
    return [name for name in sizes if name in kept]


def under_names(  # noqa: PLR0917  (what a search is made of)
    shown: SubgroupMap,
    kinds: Sequence[str],
    names: Mapping[str, str],
    stability: pd.DataFrame | None,
    resamples: int,
    survival: GroupSurvival | None,
) -> SubgroupsFound:
    """All of a search under the user's names, which the map bears already."""
    renamed = {old: new for old, new in names.items() if new in shown.result.groups}
    if stability is not None:
        stability = stability.assign(group=stability["group"].replace(renamed))
    return SubgroupsFound(shown, tuple(kinds), renamed, stability, resamples, survival)


def enclosed(
    points: pd.DataFrame,
    boxes: Sequence[Mapping[str, Sequence[float]]],
    lassos: Sequence[Mapping[str, Sequence[float]]],
) -> npt.NDArray[np.bool_]:
    """Which points lie in any of the boxes or lassos.

    Parameters
    ----------
    points
        Columns x and y.
    boxes
        Each with two corners: ``x`` and ``y`` of two numbers.
    lassos
        Each with the corners of a polygon, which closes itself; even-odd rule.
    """
    x, y = points["x"].to_numpy(dtype=float), points["y"].to_numpy(dtype=float)
    inside = np.zeros(len(points), dtype=bool)
    for box in boxes:
        (left, right), (low, high) = sorted(box["x"][:2]), sorted(box["y"][:2])
        inside |= (x >= left) & (x <= right) & (y >= low) & (y <= high)
    for lasso in lassos:
        inside |= _in_polygon(x, y, np.asarray(lasso["x"], float), np.asarray(lasso["y"], float))
    return inside


def _in_polygon(x: Floats, y: Floats, corner_x: Floats, corner_y: Floats) -> npt.NDArray[np.bool_]:
    """Even-odd rule: a ray to the right crosses the outline an odd number of times."""
    inside = np.zeros(len(x), dtype=bool)
    for x1, y1, x2, y2 in zip(
        corner_x, corner_y, np.roll(corner_x, -1), np.roll(corner_y, -1), strict=True
    ):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def alterations_in_words(cohort: Cohort, positions: npt.NDArray[np.intp]) -> list[str]:
    """The alterations of each patient as one line, such as ``CALR, ASXL1, 9pUPD``."""
    names = subgroup_features(cohort)
    columns = cohort.alterations.columns.get_indexer(names)
    labels = np.array([str(cohort.features.loc[name, "label"]) for name in names], dtype=object)
    states = cohort.states[np.ix_(positions, columns)]
    tested = (states >= 0).any(axis=1)
    profiles, inverse = np.unique(np.packbits(states == 1, axis=1), axis=0, return_inverse=True)
    unpacked = np.unpackbits(profiles, axis=1, count=len(names)).astype(bool)
    lines = []
    for profile in unpacked:
        carried = labels[profile].tolist()
        more = len(carried) - _MOST_WRITTEN
        line = ", ".join(carried[:_MOST_WRITTEN]) or "no alteration found"
        lines.append(f"{line} and {more} more" if more > 0 else line)
    found = zip(inverse.reshape(-1), tested, strict=True)
    return [lines[i] if known else "tested for no alteration" for i, known in found]
