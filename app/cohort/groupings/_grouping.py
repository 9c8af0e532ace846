"""What a grouping is: patients in named, ordered, coloured groups, and why others are in none."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from data_loaders.arrays import Bools, Codes, Ints

MISSING, NOT_TESTED, NOT_DRAWN, OUTSIDE, HIDDEN, SEVERAL, UNKNOWN = -1, -2, -3, -4, -5, -6, -7
SMALL, UNCERTAIN, OTHER_DISEASE = -8, -9, -10
# Below it no group is tested, and none is shown of its own accord.
MIN_GROUP_FOR_TEST = 10
LEFT_OUT = MappingProxyType(
    {
        MISSING: "with a value missing",
        NOT_TESTED: "not tested",
        NOT_DRAWN: "in smaller groups that are not shown",
        OUTSIDE: "in none of the chosen groups",
        HIDDEN: "in a hidden group",
        SEVERAL: "in more than one of the groups",
        SMALL: f"in groups of fewer than {MIN_GROUP_FOR_TEST}, set aside",
        UNCERTAIN: "without a certain class: an input of the score is missing",
        OTHER_DISEASE: "with another disease than the score is for",
        UNKNOWN: "not known to be in one group: a value is missing or a gene was not tested",
    }
)
_LOWEST = -min(LEFT_OUT)
MAX_GROUPS = 10
# Of groups that were found in the alterations: made of all.
ALTERATIONS = "alterations:"


class GroupingError(ValueError):
    """A grouping that cannot be made; the message is one sentence for the user."""


class NoSuchVariableError(GroupingError):
    """A grouping by a variable that the cohort does not have, and so has no label for."""

    def __init__(self, cohort: str, variable: str) -> None:
        super().__init__(cohort, variable)
        self.cohort, self.variable = cohort, variable

    def __str__(self) -> str:
        return self.called(self.variable)

    def called(self, label: str) -> str:
        """The message with what the reader calls the variable."""
        return f"{self.cohort} has no variable called {label}."


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
    data_driven
        Whether the groups were made from the data they will be compared on.
    after_baseline
        Whether membership comes about during follow-up, as with a treatment.
    known_from
        The month of follow-up at which membership was measured, from which on the groups can be
        compared (landmark); None where it is known at time zero, or comes about at no fixed month.
    note
        What a reader should know about how the groups were made, as sentences; may be empty.
    reference
        Position of the group that the others are compared with: of a gene's groups the unaltered.
    made_of
        The definition of the groups: names of the variables, alterations, scores and
        classifications that they are made of, as those of groupings, ``alterations:`` for all
        alterations; empty where it is not known. :mod:`app.cohort.made_of` says what follows.
    """

    label: str
    names: tuple[str, ...]
    codes: Codes
    colours: tuple[str, ...]
    ordered: bool = False
    data_driven: bool = False
    after_baseline: bool = False
    known_from: float | None = None
    note: str = ""
    reference: int = 0
    made_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.names) != len(self.colours) or len(set(self.names)) != len(self.names):
            raise GroupingError(f"The groups of {self.label} need one colour and one name each.")

    @property
    def column(self) -> str:
        """The variable whose values the groups are; empty where they are made of something else."""
        kind, _, name = self.made_of[0].partition(":") if len(self.made_of) == 1 else ("", "", "")
        return name if kind == "variable" else ""

    def sizes(self, mask: Bools | None = None) -> tuple[int, ...]:
        """Patients in each group, among those of the mask."""
        return tuple(self._counts(mask)[_LOWEST : _LOWEST + len(self.names)].tolist())

    def left_out(self, mask: Bools | None = None) -> dict[str, int]:
        """Patients in no group, by reason, among those of the mask; reasons without any omitted."""
        counts = self._counts(mask)[_LOWEST + np.array(list(LEFT_OUT))].tolist()
        return {words: n for words, n in zip(LEFT_OUT.values(), counts, strict=True) if n}

    def _counts(self, mask: Bools | None) -> Ints:
        """Patients by code, the negative ones first; those outside the mask come last."""
        last = _LOWEST + len(self.names)
        places = self.codes + np.int16(_LOWEST)
        places = places if mask is None else np.where(mask, places, np.int16(last))
        return np.bincount(places, minlength=last + 1).astype(np.int64)
