"""Patients divided into named, ordered, coloured groups: what every comparison takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.cohort.colours import NEUTRAL, SLATE, VERMILION, assign_colours, colour_of
from data_loaders import Cohort, CohortError, Variable

MISSING, NOT_TESTED, NOT_DRAWN, OUTSIDE = -1, -2, -3, -4
LEFT_OUT = MappingProxyType(
    {
        MISSING: "value missing",
        NOT_TESTED: "not tested",
        NOT_DRAWN: "in smaller groups that are not shown",
        OUTSIDE: "in none of the chosen groups",
    }
)
MAX_GROUPS = 10
SAVED = "saved"


class GroupingError(ValueError):
    """A grouping that cannot be made; the message is one sentence for the user."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """Patients of one cohort in named, ordered, coloured groups.

    Parameters
    ----------
    label
        What the groups are groups of: ``Driver mutation``.
    names
        Group names in their order; a group may be empty.
    codes
        One integer a patient of the cohort: the position of the group, or a negative reason for
        being in none (:data:`LEFT_OUT`).
    colours
        One colour a group.
    ordered
        Whether the groups are steps of one scale.
    data_driven
        Whether the groups were made from the data they will be compared on.
    after_baseline
        Whether membership comes about during follow-up, as with a treatment.
    """

    label: str
    names: tuple[str, ...]
    codes: npt.NDArray[np.int16]
    colours: tuple[str, ...]
    ordered: bool = False
    data_driven: bool = False
    after_baseline: bool = False

    def __post_init__(self) -> None:
        if len(self.names) != len(self.colours) or len(set(self.names)) != len(self.names):
            raise GroupingError(f"The groups of {self.label} need one colour and one name each.")

    def sizes(self, mask: npt.NDArray[np.bool_] | None = None) -> tuple[int, ...]:
        """Patients in each group, among those of the mask."""
        codes = self.codes if mask is None else self.codes[mask]
        counts = np.bincount(codes[codes >= 0], minlength=len(self.names))
        return tuple(int(count) for count in counts)

    def left_out(self, mask: npt.NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Patients in no group, by reason, among those of the mask; reasons without any omitted."""
        codes = self.codes if mask is None else self.codes[mask]
        counts = {words: int(np.count_nonzero(codes == code)) for code, words in LEFT_OUT.items()}
        return {words: count for words, count in counts.items() if count}


@dataclass(frozen=True)
class GroupingSpec:
    """How to group, as plain data: ``alteration:CALR``, ``variable:diagnosis``, ``saved:NAME``."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> GroupingSpec:
        """Read the form that ``str()`` writes.

        Raises
        ------
        GroupingError
            If the text does not start with a known kind.
        """
        kind, _, name = text.partition(":")
        if kind not in {"alteration", "variable", SAVED} or not name:
            raise GroupingError(f"{text!r} is not a grouping; choose one from the list.")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def build(self, cohort: Cohort) -> Grouping:
        """The grouping of the cohort's patients.

        Raises
        ------
        GroupingError
            If the cohort lacks the alteration or variable, its values make no groups, or there
            are no saved groups of this name.
        """
        if self.kind == "alteration":
            return by_alteration(cohort, self.name)
        if self.kind == SAVED:
            return _SAVED_BY[-1](cohort, self.name)
        return by_variable(cohort, self.name)


def _nothing_saved(_cohort: Cohort, name: str) -> Grouping:
    raise GroupingError(f"There are no saved groups called {name}.")


_SAVED_BY: list[Callable[[Cohort, str], Grouping]] = [_nothing_saved]


def saved_groups_from(source: Callable[[Cohort, str], Grouping]) -> None:
    """Say where groups saved by name are held: with whoever runs the session, not here.

    Parameters
    ----------
    source
        Gives the groups of a cohort that bear a name; raises GroupingError if there are none.
    """
    _SAVED_BY[:] = [source]


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
    return Grouping(label, (f"{label} {yes}", f"{label} {no}"), codes, colours)


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
        raise GroupingError(f"This cohort has no variable called {column}.")
    if variable.kind not in {"categorical", "ordinal", "binary"}:
        raise GroupingError(
            f"{variable.label} is not a set of categories; choose a categorical variable."
        )
    value_codes, words = _words_by_patient(cohort, variable)
    counts = dict.fromkeys(words, 0)
    for word, size in zip(words, np.bincount(value_codes[value_codes >= 0]), strict=True):
        counts[word] += int(size)
    levels = _in_order(counts, variable)
    shown = _largest(counts, levels, max_groups)
    position = {level: i for i, level in enumerate(shown)}
    lookup = [*(position.get(word, NOT_DRAWN) for word in words), MISSING]
    codes = np.array(lookup, dtype=np.int16)[value_codes]
    ordered = variable.kind == "ordinal"
    return Grouping(
        label=variable.label,
        names=tuple(shown),
        codes=codes,
        colours=assign_colours(shown, ordered=ordered),
        ordered=ordered,
        after_baseline=variable.role == "treatment",
    )


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
    label
        What the groups are.
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
    coloured = iter(assign_colours([name for name in names if name not in grey]))
    colours = tuple(NEUTRAL if name in grey else next(coloured) for name in names)
    return Grouping(label, tuple(names), codes, colours, data_driven=data_driven)


def grouping_options(cohort: Cohort) -> list[GroupingSpec]:
    """What patients can be grouped by, the most telling first.

    Disease variables lead, then the alterations from the most to the least frequent, then the
    other categorical variables.
    """
    grouped = {"categorical", "ordinal", "binary"}
    variables = [v for v in cohort.variables.values() if v.kind in grouped and v.role != "outcome"]
    first = [v.name for v in variables if v.role == "disease"]
    rest = [v.name for v in variables if v.role != "disease"]
    counts = cohort.altered_counts
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], str(cohort.features.index[i])))
    features = [str(cohort.features.index[i]) for i in order if counts[i]]
    return [
        *(GroupingSpec("variable", name) for name in first),
        *(GroupingSpec("alteration", name) for name in features),
        *(GroupingSpec("variable", name) for name in rest),
    ]


def _words_by_patient(cohort: Cohort, variable: Variable) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Position of each patient's value (-1 missing) in the list of values, as words."""
    codes, values = cohort.factor(variable.name)
    numeric = pd.api.types.is_numeric_dtype(cohort.patients[variable.name].dtype)
    binary = variable.kind == "binary" and numeric
    return codes, [("Yes" if value else "No") if binary else str(value) for value in values]


def _in_order(counts: dict[str, int], variable: Variable) -> list[str]:
    order = variable.levels or (("Yes", "No") if variable.kind == "binary" else ())
    known = [level for level in order if level in counts]
    rest = [word for word in counts if word not in known]
    return known + sorted(rest, key=lambda word: (-counts[word], word))


def _largest(counts: dict[str, int], levels: list[str], max_groups: int) -> list[str]:
    keep = set(sorted(levels, key=lambda level: (-counts[level], level))[:max_groups])
    return [level for level in levels if level in keep]
