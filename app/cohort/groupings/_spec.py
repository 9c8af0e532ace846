"""How patients can be grouped: by what, as plain data, and the groups that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.classification import offered_classes
from app.cohort.colours import NEUTRAL, SLATE, VERMILION, assign_colours, colour_of
from app.cohort.filters import Filter
from app.cohort.groupings._classes import by_classification
from app.cohort.groupings._combinations import by_combinations
from app.cohort.groupings._cuts import Cut, by_cut
from app.cohort.groupings._grouping import (
    MAX_GROUPS,
    MISSING,
    NOT_DRAWN,
    NOT_TESTED,
    Grouping,
    GroupingError,
    NoSuchVariableError,
)
from app.cohort.groupings._kinds import by_alleles, by_burden, by_hierarchy, by_two_genes
from app.cohort.groupings._named import (
    by_filters,
    filters_from_text,
    filters_to_text,
)
from app.cohort.groupings._scores import by_score
from app.cohort.later_columns import comes_later, measured_at
from app.cohort.scores import offered_scores, score_variable, scores_among
from app.cohort.spec_text import join_parts, split_parts
from data_loaders import Cohort, CohortError, Variable
from data_loaders.arrays import Bools

SAVED, GENES, HIERARCHY, BURDEN, ALLELES = "saved", "genes", "hierarchy", "burden", "alleles"
CUT, FILTERS, COMBINATIONS, SCORE, CLASS = "cut", "filters", "combinations", "score", "class"
# What a grouping may be made of; the text after the colon says of which.
_NAMED = ("alteration", "variable", ALLELES, SAVED, SCORE, CLASS)
_SEPARATORS = {GENES: "|", HIERARCHY: ">"}
# Groups of one cohort that somebody saved, by name.
SavedGroups = Mapping[str, Grouping]


@dataclass(frozen=True)
class GroupingSpec:
    """How to group, as plain data that a link, a saved view and a script hold.

    ``alteration:CALR``, ``variable:diagnosis``, ``saved:NAME``, ``genes:TP53|ASXL1``,
    ``hierarchy:JAK2>CALR>MPL``, ``burden:``, ``alleles:CALR``, ``cut:age_years@median`` (or
    tertiles, quartiles, clinical, typed values such as ``40,60``),
    ``filters:NAME=FILTER|NAME=FILTER`` and ``combinations:`` of the same, which makes a group of
    patients in several of the filters; ``score:ipss_m`` is the class of a computed score,
    ``class:who_2022`` the entity of a classification.
    """

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> GroupingSpec:
        """Read the form that ``str()`` writes.

        Raises
        ------
        GroupingError
            If the text does not start with a known kind, or does not say of what.
        """
        kind, colon, name = text.partition(":")
        spec = cls(kind, name)
        if not colon or not spec._is_complete():
            raise GroupingError(f"{text!r} is not a grouping; choose one from the list.")
        if kind == CUT:
            Cut.parse(name)
        if kind in (FILTERS, COMBINATIONS):
            filters_from_text(name)
        return spec

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def of_genes(cls, first: str, second: str) -> GroupingSpec:
        """Two genes: only the one, only the other, both, neither."""
        return cls(GENES, join_parts((first, second), _SEPARATORS[GENES]))

    @classmethod
    def of_hierarchy(cls, features: Sequence[str]) -> GroupingSpec:
        """The first altered of several genes."""
        return cls(HIERARCHY, join_parts(features, _SEPARATORS[HIERARCHY]))

    @classmethod
    def of_cut(cls, cut: Cut) -> GroupingSpec:
        """A number cut into groups."""
        return cls(CUT, str(cut))

    @classmethod
    def of_filters(cls, filters: Mapping[str, Filter], kind: str = FILTERS) -> GroupingSpec:
        """Named filters against each other, or their combinations."""
        return cls(kind, filters_to_text(filters))

    @property
    def features(self) -> tuple[str, ...]:
        """The genes of ``genes:`` and ``hierarchy:``, in order; of other kinds none."""
        separator = _SEPARATORS.get(self.kind)
        return split_parts(self.name, separator) if separator and self.name else ()

    @property
    def filters(self) -> dict[str, Filter]:
        """The filters of ``filters:`` and ``combinations:`` by name; of other kinds none."""
        return filters_from_text(self.name) if self.kind in (FILTERS, COMBINATIONS) else {}

    def build(
        self,
        cohort: Cohort,
        mask: Bools | None = None,
        saved: SavedGroups | None = None,
    ) -> Grouping:
        """The grouping of the cohort's patients.

        Parameters
        ----------
        mask
            The patients selected, shape (cohort.n,): where a quantile lies and which genes are
            counted is theirs to decide. Patients outside it have a group all the same.

        Raises
        ------
        GroupingError
            If the cohort lacks what the groups are made of, its values make no groups, or there
            are no saved groups of this name.
        """
        grouping = self._build(cohort, mask, saved or {})
        return grouping if self.kind == SAVED else replace(grouping, made_of=self.made_of)

    @property
    def made_of(self) -> tuple[str, ...]:
        """What the groups are made of, see :class:`Grouping`; of saved ones they say it."""
        if self.kind in _SEPARATORS:
            return tuple(f"alteration:{name}" for name in self.features)
        if self.kind == CUT:
            return (f"variable:{Cut.parse(self.name).column}",)
        if self.kind in (FILTERS, COMBINATIONS):
            return tuple(dict.fromkeys(n for held in self.filters.values() for n in held.names))
        return (str(self),)

    def _build(self, cohort: Cohort, mask: Bools | None, saved: SavedGroups) -> Grouping:
        match self.kind:
            case "alteration":
                return by_alteration(cohort, self.name)
            case "genes":
                first, second = self.features
                return by_two_genes(cohort, first, second)
            case "hierarchy":
                return by_hierarchy(cohort, self.features)
            case "burden":
                return by_burden(cohort, mask)
            case "alleles":
                return by_alleles(cohort, self.name)
            case "cut":
                return by_cut(cohort, Cut.parse(self.name), mask)
            case "filters":
                return by_filters(cohort, self.filters)
            case "combinations":
                return by_combinations(cohort, self.filters)
            case "score":
                return by_score(cohort, self.name)
            case "class":
                return by_classification(cohort, self.name)
            case "saved":
                return _saved(cohort, self.name, saved)
        return by_variable(cohort, self.name)

    def _is_complete(self) -> bool:
        if self.kind == BURDEN:
            return not self.name
        if self.kind == GENES:
            return len(self.features) == 2 and all(self.features)
        if self.kind == HIERARCHY:
            return bool(self.features) and all(self.features)
        return self.kind in {*_NAMED, CUT, FILTERS, COMBINATIONS} and bool(self.name)


def _saved(cohort: Cohort, name: str, saved: SavedGroups) -> Grouping:
    grouping = saved.get(name)
    if grouping is None or len(grouping.codes) != cohort.n:
        raise GroupingError(
            f"This session has no saved groups called {name}: load their file on the Subgroups "
            "page."
        )
    return grouping


def by_alteration(cohort: Cohort, feature: str) -> Grouping:
    """Altered against not altered; patients who were not tested are in neither.

    Raises
    ------
    GroupingError
        If the cohort has no such alteration.
    """
    try:
        state = cohort.feature_state(feature)
    except CohortError as error:
        raise GroupingError(str(error)) from error
    label = str(cohort.features.loc[feature, "label"])
    cytogenetic = cohort.features.loc[feature, "kind"] == "cytogenetic"
    yes, no = ("present", "absent") if cytogenetic else ("mutated", "wild type")
    codes = np.select([state == 1, state == 0], [0, 1], NOT_TESTED).astype(np.int16)
    colours = (colour_of(label) or VERMILION, SLATE)
    return Grouping(label, (f"{label} {yes}", f"{label} {no}"), codes, colours, reference=1)


def by_variable(cohort: Cohort, column: str, max_groups: int = MAX_GROUPS) -> Grouping:
    """One group a value of a categorical, ordinal or binary variable.

    Ordinal variables keep the order of their levels; the others keep the dictionary's order, or
    go from the largest group down. Of more than ``max_groups`` values the largest are kept and
    the patients in the others are counted as not shown.

    Raises
    ------
    GroupingError
        If the cohort has no such variable, or it holds numbers or free text.
    """
    variable = cohort.variables.get(column)
    if variable is None or column not in cohort.patients.columns:
        raise NoSuchVariableError(cohort.name, column)
    if variable.kind not in {"categorical", "ordinal", "binary"}:
        raise GroupingError(
            f"{variable.label} is not a set of categories; choose a categorical variable."
        )
    codes, values = cohort.factor(column)
    counts = dict(zip(values, np.bincount(codes[codes >= 0]).tolist(), strict=True))
    grouping, places = by_levels(cohort, column, counts, max_groups)
    return replace(grouping, codes=np.array([*places, MISSING], dtype=np.int16)[codes])


def by_levels(
    cohort: Cohort, column: str, counts: Mapping[Any, int], max_groups: int = MAX_GROUPS
) -> tuple[Grouping, list[int]]:
    """The groups of a variable of which it is known how many patients have each value.

    Parameters
    ----------
    counts
        Patients by value of the column.

    Returns
    -------
    tuple
        The groups, as :func:`by_variable` makes them but of nobody; the code of each value.
    """
    variable = cohort.variables[column]
    numeric = pd.api.types.is_numeric_dtype(cohort.patients[column].dtype)
    binary = variable.kind == "binary" and numeric
    words = [("Yes" if value else "No") if binary else str(value) for value in counts]
    sizes = dict.fromkeys(words, 0)
    for word, size in zip(words, counts.values(), strict=True):
        sizes[word] += size
    shown = _largest(sizes, _in_order(sizes, variable), max_groups)
    position = {level: i for i, level in enumerate(shown)}
    ordered = variable.kind == "ordinal"
    grouping = Grouping(
        label=variable.label,
        names=tuple(shown),
        codes=np.empty(0, dtype=np.int16),
        colours=assign_colours(shown, ordered=ordered),
        ordered=ordered,
        after_baseline=comes_later(cohort, column),
        known_from=measured_at(cohort, column),
        made_of=(f"variable:{column}",),
    )
    return grouping, [position.get(word, NOT_DRAWN) for word in words]


def by_labels(
    label: str,
    labels: Sequence[str | None],
    names: Sequence[str],
    *,
    grey: Sequence[str] = (),
    data_driven: bool = False,
) -> Grouping:
    """Groups from one label a patient, such as genomic subgroups.

    Parameters
    ----------
    labels
        One a patient of the cohort, None for those in no group.
    names
        The groups in their order; labels that are not among them count as missing.
    grey
        Names drawn in the neutral colour, such as ``No alteration``.
    data_driven
        Whether the groups were found in the data they will be compared on.
    """
    codes = pd.Categorical(labels, categories=list(names)).codes.astype(np.int16)
    hued = [name for name in names if name not in grey]
    coloured = iter(assign_colours(hued, beside=[NEUTRAL] if len(hued) < len(names) else []))
    colours = tuple(NEUTRAL if name in grey else next(coloured) for name in names)
    return Grouping(label, tuple(names), codes, colours, data_driven=data_driven)


def grouping_options(cohort: Cohort) -> list[GroupingSpec]:
    """What patients can be grouped by, the most telling first.

    Disease variables lead, then the alterations from the most to the least frequent, then the
    other categorical variables, then the scores and classifications that can be computed.
    """
    grouped = {"categorical", "ordinal", "binary"}
    computed = {score_variable(key) for key in scores_among(cohort)}
    variables = [
        v
        for v in cohort.variables.values()
        if v.kind in grouped and v.role != "outcome" and v.name not in computed
    ]
    disease = [v for v in variables if v.role == "disease"]
    # A yes or no about the disease tells less than its classes.
    first = [v.name for v in sorted(disease, key=lambda v: v.kind == "binary")]
    rest = [v.name for v in variables if v.role != "disease"]
    counts = cohort.altered_counts
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], str(cohort.features.index[i])))
    features = [str(cohort.features.index[i]) for i in order if counts[i]]
    return [
        *(GroupingSpec("variable", name) for name in first),
        *(GroupingSpec("alteration", name) for name in features),
        *(GroupingSpec("variable", name) for name in rest),
        *(GroupingSpec(SCORE, key) for key in offered_scores(cohort)),
        *(GroupingSpec(CLASS, key) for key in offered_classes(cohort)),
    ]


def _in_order(counts: dict[str, int], variable: Variable) -> list[str]:
    order = variable.levels or (("Yes", "No") if variable.kind == "binary" else ())
    known = [level for level in order if level in counts]
    rest = [word for word in counts if word not in known]
    return known + sorted(rest, key=lambda word: (-counts[word], word))


def _largest(counts: dict[str, int], levels: list[str], max_groups: int) -> list[str]:
    keep = set(sorted(levels, key=lambda level: (-counts[level], level))[:max_groups])
    return [level for level in levels if level in keep]
