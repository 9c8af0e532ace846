"""A demo cohort put together from its parts, and events that death competes with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo.outcomes import (
    DeathProcess,
    common_clock,
    median_survival,
    observed,
)
from data_loaders.demo.planted import Effect, Term, median_truth
from data_loaders.demo.simulate import (
    FeatureSpec,
    alteration_tables,
    blank_at_random,
    choose,
    patient_ids,
)
from data_loaders.demo.sources import Source
from data_loaders.demo.variants import VariantDraw, mutation_table, ordinary_draws
from data_loaders.model import Cohort, Endpoint, PlantedTruth, Provenance, Variable

_USUAL = {
    variable.name: variable
    for variable in (
        Variable("age_years", "Age at diagnosis", "numeric", "years", "demographic"),
        Variable("sex", "Sex", "categorical", role="demographic", levels=("F", "M")),
        Variable("hb_g_per_l", "Haemoglobin", "numeric", "g/L", "laboratory"),
        Variable("wbc_1e9_per_l", "White cell count", "numeric", "10⁹/L", "laboratory"),
        Variable("platelets_1e9_per_l", "Platelets", "numeric", "10⁹/L", "laboratory"),
        Variable("neutrophils_1e9_per_l", "Neutrophils", "numeric", "10⁹/L", "laboratory"),
        Variable("blasts_pb_percent", "Circulating blasts", "numeric", "%", "laboratory"),
        Variable("blasts_bm_percent", "Marrow blasts", "numeric", "%", "laboratory"),
        Variable("ldh_u_per_l", "LDH", "numeric", "U/L", "laboratory"),
        Variable(
            "beta2_microglobulin_mg_per_l", "Beta-2 microglobulin", "numeric", "mg/L", "laboratory"
        ),
        Variable("ecog", "ECOG performance status", "numeric", role="clinical"),
        Variable("b_symptoms", "B symptoms", "binary", role="clinical"),
        Variable("splenomegaly", "Palpable spleen", "binary", role="clinical"),
    )
}

# The last of the centres has the small panel.
CENTRES = {"Centre A": 0.3, "Centre B": 0.25, "Centre C": 0.2, "Centre D": 0.15, "Centre E": 0.1}


@dataclass(frozen=True, eq=False)
class Parts:
    """What a demo cohort is made of.

    Parameters
    ----------
    features
        Its alterations, in the order of the columns.
    altered
        What every patient carries.
    off_core_panel
        Genes that the small panel of one centre does not hold.
    patients, outcomes
        Clinical columns, without gaps; times and events.
    gaps
        Share of each column that is blanked at random.
    not_tested
        Further features that were looked for in some patients only, and in whom they were not.
    uncomputable
        Empties, in place, what cannot be computed where its inputs were blanked.
    variants
        Changes, in place, the variants to be drawn, by feature, given what was seen; None where
        each alteration has its ordinary ones.
    """

    key: str
    citation: str
    features: Sequence[FeatureSpec]
    altered: Mapping[str, Bools]
    off_core_panel: Sequence[str]
    patients: pd.DataFrame
    outcomes: Mapping[str, npt.NDArray[Any]]
    gaps: Mapping[str, float]
    variables: Sequence[Variable]
    endpoints: Sequence[Endpoint]
    truths: Sequence[PlantedTruth]
    not_tested: Mapping[str, Bools] | None = None
    uncomputable: Callable[[pd.DataFrame], None] | None = None
    variants: Callable[[dict[str, VariantDraw], Mapping[str, Bools]], None] | None = None


def centres(
    rng: np.random.Generator, n: int, shares: Mapping[str, float] = CENTRES
) -> dict[str, npt.NDArray[Any]]:
    """Centre and sequencing panel of every patient, as columns."""
    centre = choose(rng, shares, n)
    small = centre == tuple(shares)[-1]
    return {"centre": centre, "panel": np.where(small, "Core panel", "Full panel")}


def usual(*names: str) -> tuple[Variable, ...]:
    """What most of the cohorts record, as each of them describes it."""
    return tuple(_USUAL[name] for name in names)


def study_variables(
    off_core_panel: Sequence[str], shares: Mapping[str, float] = CENTRES
) -> tuple[Variable, ...]:
    """The dictionary of centre, panel and year of diagnosis."""
    names = tuple(shares)
    return (
        Variable("centre", "Centre", "categorical", role="study", levels=names),
        Variable(
            "panel", "Sequencing panel", "categorical", role="study",
            levels=("Full panel", "Core panel"),
            description=f"The core panel of {names[-1]} does not hold {', '.join(off_core_panel)}.",
        ),
        Variable("diagnosis_year", "Year of diagnosis", "numeric", role="study"),
    )  # fmt: skip


def assembled(rng: np.random.Generator, parts: Parts) -> Cohort:
    """The cohort, marked as synthetic."""
    index = patient_ids(parts.key.upper(), len(parts.patients))
    core = (parts.patients["panel"] == "Core panel").to_numpy()
    not_tested = {**dict.fromkeys(parts.off_core_panel, core), **(parts.not_tested or {})}
    alterations, features = alteration_tables(parts.features, parts.altered, index, not_tested)
    seen = {
        name: carried & ~not_tested.get(name, ~carried) for name, carried in parts.altered.items()
    }
    visible = blank_at_random(rng, parts.patients, parts.gaps).set_axis(index)
    if parts.uncomputable is not None:
        parts.uncomputable(visible)
    draws = ordinary_draws(parts.features, seen)
    if parts.variants is not None:
        parts.variants(draws, seen)
    return Cohort(
        name=f"{parts.key.upper()} demo (synthetic)",
        patients=pd.concat([visible, pd.DataFrame(parts.outcomes, index=index)], axis=1),
        alterations=alterations,
        features=features,
        endpoints={endpoint.key: endpoint for endpoint in parts.endpoints},
        variables={variable.name: variable for variable in parts.variables},
        provenance=Provenance(
            source=f"demo:{parts.key}",
            citation=parts.citation,
            licence="MIT",
            version="1",
            synthetic=True,
            note="SYNTHETIC: simulated patients, no real person is behind any row.",
            truths=tuple(parts.truths),
        ),
        mutations=mutation_table(rng, index, list(draws.values())),
    )


def endpoint(key: str, label: str, event_label: str) -> Endpoint:
    """One that death is part of, its columns as :meth:`Course.survival` makes them."""
    return Endpoint(key, label, f"{key}_months", f"{key}_event", event_label=event_label)


def competing_endpoint(key: str, label: str, event_label: str) -> Endpoint:
    """One that death competes with, its columns as :meth:`Course.competing` makes them."""
    return replace(endpoint(key, label, event_label), competing=f"{key}_competing")


OVERALL_SURVIVAL = endpoint("os", "Overall survival", "death")


@dataclass(frozen=True, eq=False)
class Course:
    """What a cohort records of its patients' course: columns by the key of their endpoint.

    Parameters
    ----------
    died, end
        Months of death and of the end of follow-up.
    """

    died: Floats
    end: Floats

    def survival(self, key: str, *events: Floats) -> dict[str, Floats]:
        """Time until the first of death and of events (their months, infinite if never)."""
        first = np.minimum.reduce([self.died, *events])
        time, event, _ = observed(first, first, self.end)
        return {f"{key}_months": time, f"{key}_event": event}

    def competing(self, key: str, event_month: Floats) -> dict[str, Floats]:
        """Time until an event, or until death without it."""
        time, event, competing = observed(event_month, self.died, self.end)
        return {f"{key}_months": time, f"{key}_event": event, f"{key}_competing": competing}


def median_truths(
    patients: pd.DataFrame,
    death: DeathProcess,
    groups: Iterable[Mapping[str, str]],
    source: Source,
    before: str | None = None,
) -> list[PlantedTruth]:
    """Median survival that the planted model gives to groups of patients.

    Parameters
    ----------
    groups
        The level of each column that a group is made of.
    source
        Where the order of the groups comes from; their sizes follow from the model.
    before
        Column of a treatment at which the follow-up ends; None if there is none.
    """
    truths = []
    for group in groups:
        here = np.all([patients[column] == level for column, level in group.items()], axis=0)
        if here.any():
            months = median_survival(death.rate[here], death.clock.of(here))
            truths.append(median_truth("os", months, source.chosen(), group, before=before))
    return truths


def levels_of(column: str, levels: Iterable[str]) -> list[dict[str, str]]:
    """A group of patients for each level of a column."""
    return [{column: level} for level in levels]


def waiting_time(
    rng: np.random.Generator, relative: Floats, median_months: float, shape: float
) -> Floats:
    """Month of an event whose hazard does not depend on that of death, given the covariates.

    Death competes, and the cause-specific hazard ratios are exactly the planted ones.

    Parameters
    ----------
    relative
        Exponential of the event's linear predictor.
    median_months
        When half of the patients would have had it if nobody died.
    shape
        Of the Weibull clock.
    """
    return DeathProcess.drawn(rng, common_clock(relative, median_months, shape), relative).months


def of_feature(name: str, ratio: float, source: Source) -> Effect:
    """A planted hazard ratio of an alteration."""
    return Effect(Term(feature=name), ratio, source)


def of_level(column: str, level: str, ratio: float, source: Source) -> Effect:
    """A planted hazard ratio of a level of a column."""
    return Effect(Term(column=column, level=level), ratio, source)


def of_value(column: str, at_least: float, ratio: float, source: Source) -> Effect:
    """A planted hazard ratio of a measurement from a value on."""
    return Effect(Term(column=column, at_least=at_least), ratio, source)
