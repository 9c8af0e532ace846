"""A cohort at a glance: patients, follow-up, events, diagnoses, the leading alterations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.associations import alteration_frequencies
from app.analysis.survival import kaplan_meier
from app.cohort.groupings import Grouping, by_variable
from app.study.adjustment import age_column
from data_loaders import Cohort, Endpoint


@dataclass(frozen=True)
class EndpointGlance:
    """One endpoint of a selection: who is followed, events, follow-up in months.

    ``followup`` is the median by reverse Kaplan-Meier (Schemper & Smith 1996), NaN if unknown.
    """

    endpoint: Endpoint
    n: int
    events: int
    followup: float
    followup_ci: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Overview:
    """A selection at a glance.

    Parameters
    ----------
    n
        Patients.
    primary
        The first endpoint that has data, None if the cohort has none.
    diseases
        Patients by the cohort's leading disease variables, two at most.
    frequencies
        Alterations among the tested, the most frequent first.
    median_age
        In years, NaN if unknown.
    """

    n: int
    primary: EndpointGlance | None
    diseases: tuple[Grouping, ...]
    frequencies: pd.DataFrame
    median_age: float


def overview(cohort: Cohort) -> Overview:
    """Describe a cohort at a glance.

    Parameters
    ----------
    cohort
        The patients to describe: usually ``selection.cohort``.
    """
    primary = next(
        (glance for key in cohort.endpoints if (glance := _glance(cohort, key)).n),
        None,
    )
    return Overview(
        n=cohort.n,
        primary=primary,
        diseases=_diseases(cohort),
        frequencies=_gene_frequencies(cohort),
        median_age=_median_age(cohort),
    )


def _diseases(cohort: Cohort) -> tuple[Grouping, ...]:
    kinds = ("categorical", "ordinal")
    names = [v.name for v in cohort.variables.values() if v.role == "disease" and v.kind in kinds]
    # A variable in detail says again what the first one says.
    names = [name for name in names if not name.endswith("_detail")]
    return tuple(by_variable(cohort, name) for name in names[:2])


def _glance(cohort: Cohort, key: str) -> EndpointGlance:
    endpoint = cohort.endpoints[key]
    time = cohort.patients[endpoint.time].to_numpy(dtype=float, na_value=np.nan)
    event = cohort.patients[endpoint.event].to_numpy(dtype=float, na_value=np.nan)
    known = ~(np.isnan(time) | np.isnan(event))
    if not known.any():
        return EndpointGlance(endpoint, 0, 0, float("nan"), (float("nan"), float("nan")))
    km = kaplan_meier(time[known], event[known])
    return EndpointGlance(endpoint, km.n, km.events, km.median_followup, km.median_followup_ci)


def _gene_frequencies(cohort: Cohort) -> pd.DataFrame:
    """Frequencies of genes and cytogenetic events; refinements would repeat their gene."""
    names = cohort.features_of_kind(["gene", "cytogenetic"])
    states = cohort.states[:, [int(cohort.alterations.columns.get_loc(name)) for name in names]]
    frame = pd.DataFrame(
        np.where(states < 0, np.nan, states), columns=names, index=cohort.alterations.index
    )
    return alteration_frequencies(frame)


def _median_age(cohort: Cohort) -> float:
    column = age_column(cohort)
    if column is None:
        return float("nan")
    ages = cohort.patients[column].to_numpy(dtype=float, na_value=np.nan)
    return float(np.nanmedian(ages)) if not np.isnan(ages).all() else float("nan")
