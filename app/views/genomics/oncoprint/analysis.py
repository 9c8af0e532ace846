"""Who carries what: patients in columns, sorted so that what they share stands together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.arrays import Bools
from app.cohort.groupings import Grouping, GroupingError, GroupingSpec
from app.study.accounting import Accounting
from app.views.genomics.frequencies.analysis import feature_positions
from data_loaders import Cohort
from data_loaders.alterations.mutation_rule import counts
from data_loaders.model import FeatureKind

Codes = npt.NDArray[np.int8]
NOT_TESTED, NOT_ALTERED, ALTERED = -1, 0, 1
# What a cell says beyond "altered", by the classes of the variants behind it.
_OF_CLASS = {
    "missense": "missense",
    "truncating": "truncating",
    "splice": "splice",
    "inframe": "in-frame",
    "ITD": "ITD or PTD",
    "PTD": "ITD or PTD",
}
OTHER, SEVERAL, CYTOGENETIC, UNSPECIFIED = "other variant", "several", "cytogenetic", "altered"
WORDS = (
    "missense", "truncating", "splice", "in-frame", "ITD or PTD", OTHER, SEVERAL, CYTOGENETIC,
    UNSPECIFIED,
)  # fmt: skip
# Columns beyond this no screen and no journal can show: every k-th of the sorted patients stands
# for its neighbours.
MOST_COLUMNS = 3_000


@dataclass(frozen=True, eq=False)
class Track:
    """One clinical variable above the alterations.

    Attributes
    ----------
    codes
        Level of each patient drawn; negative where unknown.
    """

    label: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    codes: npt.NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Oncoprint:
    """What each patient drawn carries.

    Attributes
    ----------
    cells
        Features x patients drawn: -1 not tested, 0 not altered, else 1 + the position in
        :data:`WORDS`.
    patients
        Position in the cohort of each patient drawn, in their order.
    groups
        Names and patients drawn of the groups side by side, in order; one unnamed without a
        grouping.
    sizes
        Patients of the groups, drawn or not.
    altered, tested
        Counts of each row among all patients of the groups.
    tracks
        That of the groups first, where there are any.
    any_altered
        Patients of the groups with at least one of these alterations.
    """

    features: tuple[str, ...]
    labels: tuple[str, ...]
    cells: Codes
    patients: npt.NDArray[np.intp]
    groups: dict[str, int]
    sizes: dict[str, int]
    altered: npt.NDArray[np.int64]
    tested: npt.NDArray[np.int64]
    tracks: tuple[Track, ...]
    accounting: Accounting
    any_altered: int
    label: str
    kinds: tuple[FeatureKind, ...]

    @property
    def every(self) -> int:
        """How many patients a column stands for, 1 where each has its own."""
        return -(-self.accounting.analysed // MOST_COLUMNS)

    def table(self) -> pd.DataFrame:
        """One row a feature and one column a patient drawn, in words; patients by their place."""
        words = np.array([*WORDS, "not tested", "not altered"], dtype=object)
        # Codes -1 and 0 find the last two words; the others follow from 1 on.
        position = np.where(self.cells > 0, self.cells - 1, self.cells + len(words) - 1)
        position = np.where(self.cells == NOT_TESTED, len(words) - 2, position)
        frame = pd.DataFrame(words[position], columns=range(1, self.cells.shape[1] + 1))
        frame.insert(0, "feature", self.labels)
        return frame


def oncoprint(
    cohort: Cohort,
    mask: Bools,
    kinds: Sequence[FeatureKind],
    most: int,
    *,
    grouping: Grouping | None = None,
    tracks: Sequence[str] = (),
    chosen: Sequence[str] = (),
) -> Oncoprint:
    """Arrange patients and alterations as an oncoprint.

    Rows by frequency among the tested. Columns by "memo sort": those with the first alteration
    first, among them those with the second, and so on; not tested comes last. Groups stand side by
    side, each sorted by itself.

    Parameters
    ----------
    most
        How many, the most frequent first.
    tracks
        Columns of clinical variables to show above.
    chosen
        Alterations to show instead, in this order where any is named.

    Raises
    ------
    ValueError
        If nobody is left, or there is no alteration to show.
    """
    inside = np.flatnonzero(mask if grouping is None else mask & (grouping.codes >= 0))
    if not len(inside):
        raise ValueError("Nobody is left to show: choose other groups or widen the filter.")
    positions = _rows(cohort, inside, kinds, most, chosen)
    names = tuple(str(cohort.alterations.columns[position]) for position in positions)
    states = cohort.states[np.ix_(inside, positions)]
    codes = np.zeros(len(inside), dtype=np.int16) if grouping is None else grouping.codes[inside]
    order = memo_order(states, codes)
    every = -(-len(order) // MOST_COLUMNS)
    drawn = order[::every]
    group_names = ("",) if grouping is None else grouping.names
    shown = np.bincount(codes[drawn], minlength=len(group_names))
    sizes = np.bincount(codes, minlength=len(group_names))
    return Oncoprint(
        features=names,
        labels=tuple(str(cohort.features.loc[name, "label"]) for name in names),
        cells=_cells(cohort, names, inside[drawn], states[drawn]),
        patients=inside[drawn],
        groups={n: int(k) for n, k in zip(group_names, shown, strict=True) if k},
        sizes={n: int(k) for n, k in zip(group_names, sizes, strict=True) if k},
        altered=(states == 1).sum(axis=0),
        tested=(states >= 0).sum(axis=0),
        tracks=tuple(_tracks(cohort, mask, tracks, inside[drawn], grouping)),
        accounting=Accounting.of_groups(mask, grouping),
        any_altered=int((states == 1).any(axis=1).sum()),
        label="" if grouping is None else grouping.label,
        kinds=tuple(kinds),
    )


def memo_order(states: Codes, groups: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """Order of the patients: by group, then row by row altered, not altered, not tested.

    Parameters
    ----------
    states
        Patients x features in the order of the rows: 1 altered, 0 not altered, -1 not tested.
    """
    keys = -states.astype(np.int8)  # altered -1, not altered 0, not tested 1
    # lexsort takes its last key first; patients alike stay in the cohort's order.
    order: npt.NDArray[np.intp] = np.lexsort((*keys.T[::-1], groups))
    return order


def class_word(variant_class: str | None) -> str:
    """What a cell or a lollipop says of a variant's class."""
    if variant_class is None or variant_class == "unknown":
        return UNSPECIFIED
    return _OF_CLASS.get(variant_class, OTHER)


def _rows(
    cohort: Cohort,
    inside: npt.NDArray[np.intp],
    kinds: Sequence[FeatureKind],
    most: int,
    chosen: Sequence[str],
) -> npt.NDArray[np.intp]:
    if chosen:
        return np.array([int(cohort.alterations.columns.get_loc(name)) for name in chosen])
    positions = feature_positions(cohort, kinds)
    states = cohort.states[np.ix_(inside, positions)]
    altered, tested = (states == 1).sum(axis=0), (states >= 0).sum(axis=0)
    share = altered / np.maximum(tested, 1)
    order = np.lexsort((np.arange(len(share)), -share))
    order = order[altered[order] > 0][:most]
    if not len(order):
        raise ValueError("None of these alterations was found in the patients selected.")
    rows: npt.NDArray[np.intp] = positions[order]
    return rows


def _cells(
    cohort: Cohort, names: Sequence[str], patients: npt.NDArray[np.intp], states: Codes
) -> Codes:
    """States as codes of words, from the variants where they are known."""
    kinds = cohort.features.loc[list(names), "kind"].to_numpy()
    code = {word: position + 1 for position, word in enumerate(WORDS)}
    plain = np.where(kinds == "cytogenetic", code[CYTOGENETIC], code[UNSPECIFIED])
    cells = np.where(states == ALTERED, plain[None, :], states).astype(np.int8).T
    known = _variant_words(cohort, names)
    if len(known):
        column = np.full(cohort.n, -1, dtype=np.int64)
        column[patients] = np.arange(len(patients))
        at = column[known["patient"].to_numpy()]
        row, word = known["row"].to_numpy(), known["code"].to_numpy()
        seen = at >= 0
        row, at, word = row[seen], at[seen], word[seen]
        altered = cells[row, at] > 0
        cells[row[altered], at[altered]] = word[altered]
    return np.ascontiguousarray(cells)


def _variant_words(cohort: Cohort, names: Sequence[str]) -> pd.DataFrame:
    """Word of each patient's variants of each gene shown: patient, row, code."""
    rows = {name: i for i, name in enumerate(names) if cohort.features.loc[name, "kind"] == "gene"}
    mutations = cohort.mutations
    if not rows or not len(mutations):
        return pd.DataFrame()
    genes = {cohort.features.loc[name, "gene"]: row for name, row in rows.items()}
    own = mutations[mutations["gene"].isin(genes).to_numpy() & counts(mutations)]
    code = {word: position + 1 for position, word in enumerate(WORDS)}
    classes = own["variant_class"].unique()
    words = own["variant_class"].map({name: code[class_word(name)] for name in classes})
    cells = pd.DataFrame(
        {
            "patient": cohort.patients.index.get_indexer(own["patient_id"]),
            "row": own["gene"].map(genes).to_numpy(),
            "code": words.to_numpy(dtype=np.int8),
        }
    )
    # Equal cells follow each other: the first word, and whether another one differs from it.
    ends = cells.groupby(["patient", "row"], sort=False)["code"].agg(["min", "max"]).reset_index()
    ends["code"] = np.where(ends["min"] == ends["max"], ends["min"], code[SEVERAL])
    return ends[ends["patient"] >= 0].astype({"code": np.int8})


def _tracks(
    cohort: Cohort,
    mask: Bools,
    columns: Sequence[str],
    patients: npt.NDArray[np.intp],
    grouping: Grouping | None,
) -> list[Track]:
    """The groups in their colours, then the variables as groups; those that make none are left out.

    A variable that the groups are made of stands there once.
    """
    found = []
    if grouping is not None:
        codes = grouping.codes[patients]
        found.append(Track(grouping.label, grouping.names, grouping.colours, codes))
    for column in columns:
        numeric = cohort.variables[column].kind == "numeric"
        spec = GroupingSpec("cut", f"{column}@quartiles") if numeric else None
        try:
            made = (spec or GroupingSpec("variable", column)).build(cohort, mask)
        except GroupingError:
            continue
        if grouping is None or made.label != grouping.label:
            found.append(Track(made.label, made.names, made.colours, made.codes[patients]))
    return found
