"""A cohort at a glance: its diseases and its leading alterations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from app.analysis.associations import alteration_frequencies
from app.cohort.groupings import MISSING, Grouping, by_variable
from data_loaders import Cohort
from data_loaders.arrays import Bools

_MOST_BARS = 10


@dataclass(frozen=True, eq=False)
class Diseases:
    """Patients by a variable of the disease.

    Attributes
    ----------
    known
        Patients with a value, in a group or not.
    """

    label: str
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    colours: tuple[str, ...]
    known: int
    left_out: dict[str, int]

    @classmethod
    def of(cls, grouping: Grouping) -> Diseases:
        """The sizes of a grouping."""
        known = int((grouping.codes != MISSING).sum())
        sizes, left_out = grouping.sizes(), grouping.left_out()
        return cls(grouping.label, grouping.names, sizes, grouping.colours, known, left_out)


@dataclass(frozen=True, eq=False)
class Glance:
    """Who the selected patients are and what they carry."""

    n: int
    diseases: tuple[Diseases, ...]
    frequencies: pd.DataFrame

    @cached_property
    def leading(self) -> pd.DataFrame:
        """The alterations that have a bar: those of most patients, as few may be tested for one."""
        ordered = self.frequencies.sort_values("altered", ascending=False, kind="stable")
        return ordered[ordered["altered"] > 0].head(_MOST_BARS)


def glance(cohort: Cohort, mask: Bools) -> Glance:
    """The selected patients at a glance."""
    chosen = cohort if mask.all() else cohort.subset(mask)
    return Glance(
        chosen.n, tuple(map(Diseases.of, leading_diseases(chosen))), gene_frequencies(chosen)
    )


def leading_diseases(cohort: Cohort) -> list[Grouping]:
    """Patients by the leading variables of the disease."""
    return [by_variable(cohort, name) for name in disease_variables(cohort)]


def disease_variables(cohort: Cohort) -> list[str]:
    """The leading variables of the disease, two at most."""
    kinds = ("categorical", "ordinal")
    names = [v.name for v in cohort.variables.values() if v.role == "disease" and v.kind in kinds]
    # A variable in detail says again what the first one says.
    return [name for name in names if not name.endswith("_detail")][:2]


def gene_frequencies(cohort: Cohort) -> pd.DataFrame:
    """Frequencies of genes and cytogenetic events, of :func:`alteration_frequencies`.

    Refinements would repeat their gene.
    """
    names = cohort.features_of_kind(["gene", "cytogenetic"])
    states = cohort.states[:, [int(cohort.alterations.columns.get_loc(name)) for name in names]]
    frame = pd.DataFrame(
        np.where(states < 0, np.nan, states), columns=names, index=cohort.alterations.index
    )
    return alteration_frequencies(frame)
