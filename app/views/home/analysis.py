"""A cohort at a glance: its diseases and its leading alterations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.associations import alteration_frequencies
from app.cohort.groupings import Grouping, by_variable
from data_loaders import Cohort


@dataclass(frozen=True, eq=False)
class Glance:
    """Who the selected patients are and what they carry.

    Attributes
    ----------
    n
        How many.
    diseases
        Of :func:`leading_diseases`.
    frequencies
        Of :func:`gene_frequencies`.
    """

    n: int
    diseases: tuple[Grouping, ...]
    frequencies: pd.DataFrame


def glance(cohort: Cohort, mask: npt.NDArray[np.bool_]) -> Glance:
    """The selected patients at a glance."""
    chosen = cohort if mask.all() else cohort.subset(mask)
    return Glance(chosen.n, tuple(leading_diseases(chosen)), gene_frequencies(chosen))


def leading_diseases(cohort: Cohort) -> list[Grouping]:
    """Patients by the leading variables of the disease, two at most."""
    kinds = ("categorical", "ordinal")
    names = [v.name for v in cohort.variables.values() if v.role == "disease" and v.kind in kinds]
    # A variable in detail says again what the first one says.
    names = [name for name in names if not name.endswith("_detail")]
    return [by_variable(cohort, name) for name in names[:2]]


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
