"""The planted models: covariates, hazard ratios, and the truths that travel with a demo cohort."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo.simulate import FeatureSpec, Texts
from data_loaders.demo.sources import Source
from data_loaders.model import Endpoint, PlantedTruth, Variable


@dataclass(frozen=True)
class Term:
    """A covariate of a planted model, described so that anyone can build it from the cohort.

    Exactly one of: an alteration (``feature``), a ``level`` of a column, a column ``at_least`` or
    ``below`` a value, or a column per ``per`` units. ``within`` limits it to some strata.
    """

    feature: str | None = None
    column: str | None = None
    level: str | None = None
    at_least: float | None = None
    below: float | None = None
    per: float | None = None
    within: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Short stable name, such as ``ASXL1@MF`` or ``age_years/10``."""
        if self.feature is not None:
            name = self.feature
        elif self.level is not None:
            name = f"{self.column}={self.level}"
        elif self.at_least is not None:
            name = f"{self.column}>={self.at_least:g}"
        elif self.below is not None:
            name = f"{self.column}<{self.below:g}"
        else:
            name = f"{self.column}/{self.per:g}"
        return name + ("@" + "+".join(self.within) if self.within else "")

    def values(
        self, patients: pd.DataFrame, altered: Mapping[str, Bools], stratum: Texts | str
    ) -> Floats:
        """The covariate of every patient, zero outside ``within``."""
        if self.feature is not None:
            value = altered[self.feature].astype(float)
        else:
            column = patients[self.column].to_numpy()
            if self.level is not None:
                value = (column == self.level).astype(float)
            elif self.at_least is not None:
                value = (column >= self.at_least).astype(float)
            elif self.below is not None:
                value = (column < self.below).astype(float)
            else:
                value = column.astype(float) / (self.per or 1.0)
        return np.where(np.isin(stratum, self.within), value, 0.0) if self.within else value

    def words(self, variables: Mapping[str, Variable]) -> str:
        """The covariate for people: ``Haemoglobin below 100 g/L in MF``."""
        if self.column is None:
            name = str(self.feature)
        else:
            variable = variables[self.column]
            unit = f" {variable.unit}" if variable.unit else ""
            if self.level is not None:
                name = f"{variable.label} {self.level}"
            elif self.below is not None:
                name = f"{variable.label} below {self.below:g}{unit}"
            elif self.per is not None:
                name = f"{variable.label}, per {self.per:g}{unit}"
            elif variable.kind == "binary":
                name = variable.label
            else:
                name = f"{variable.label} of at least {self.at_least:g}{unit}"
        return name + (f" in {' and '.join(self.within)}" if self.within else "")

    def details(self) -> dict[str, object]:
        """What an analysis needs to build the covariate."""
        fields = ("feature", "column", "level", "at_least", "below", "per")
        return {name: getattr(self, name) for name in fields if getattr(self, name) is not None}


@dataclass(frozen=True)
class Effect:
    """A planted hazard ratio: covariate, ratio and its source."""

    term: Term
    hazard_ratio: float
    source: Source


def relative_hazard(
    effects: Sequence[Effect],
    patients: pd.DataFrame,
    altered: Mapping[str, Bools],
    stratum: Texts | str = "all",
) -> Floats:
    """Exponential of the linear predictor of every patient.

    Parameters
    ----------
    stratum
        Of every patient, or that of all.
    """
    log_hazard = np.zeros(len(patients))
    for effect in effects:
        values = effect.term.values(patients, altered, stratum)
        log_hazard += math.log(effect.hazard_ratio) * values
    return np.exp(log_hazard)


def hazard_truths(
    models: Mapping[str, Sequence[Effect]],
    endpoints: Sequence[Endpoint],
    variables: Sequence[Variable],
    *,
    strata: str | None = None,
    treatment: str | None = None,
) -> list[PlantedTruth]:
    """One planted truth for each hazard ratio of the endpoints.

    Parameters
    ----------
    models
        The planted model of an endpoint, by its key.
    strata
        Column by which the baseline hazard differs; None if it does not.
    treatment
        Column with the month of a treatment that changes the hazard from then on; None if there
        is none.

    Returns
    -------
    Truths whose details tell how to recover them: one Cox model with the terms of all truths of
    the endpoint, stratified by ``strata``, the competing event censored, and the follow-up ended
    at the treatment.
    """
    truths = []
    by_name = {variable.name: variable for variable in variables}
    outcomes = {endpoint.key: endpoint.event_label for endpoint in endpoints}
    for key, effects in models.items():
        for effect in effects:
            details: dict[str, object] = {
                "analysis": "cox",
                "endpoint": key,
                **effect.term.details(),
                "adjusted_for": tuple(other.term.key for other in effects if other is not effect),
            }
            if treatment:
                details["before"] = treatment
            if strata:
                details["strata"] = strata
                if effect.term.within:
                    details["within"] = {strata: effect.term.within}
            truths.append(
                PlantedTruth(
                    key=f"hr:{key}:{effect.term.key}",
                    statement=(
                        f"{effect.term.words(by_name)}: the hazard of {outcomes[key]} is "
                        f"multiplied by {effect.hazard_ratio:.2f}, everything else in the model "
                        "being equal."
                    ),
                    value=effect.hazard_ratio,
                    source=str(effect.source),
                    details=details,
                )
            )
    return truths


def frequency_truths(
    specs: Sequence[FeatureSpec],
    strata: str,
    floor: float = 0.02,
    pairs_within: tuple[str, ...] = (),
) -> list[PlantedTruth]:
    """Planted frequencies of at least ``floor`` in a stratum, and planted odds ratios.

    Parameters
    ----------
    strata
        Column of ``Cohort.patients`` with the stratum.
    floor
        Lowest frequency worth a truth.
    pairs_within
        Strata in which the odds ratios hold; all of them if empty.
    """
    truths = [
        PlantedTruth(
            key=f"frequency:{spec.name}@{name}",
            statement=f"{100 * p:.1f}% of patients in {name} carry {spec.label or spec.name}.",
            value=p,
            source=str(spec.other_sources.get(name, spec.source)),
            details={
                "analysis": "frequency",
                "feature": spec.name,
                "within": {strata: (name,)},
            },
        )
        for spec in specs
        for name, p in spec.frequency.items()
        if p >= floor
    ]
    truths.extend(
        PlantedTruth(
            key=f"or:{spec.name}~{spec.parent}",
            statement=(
                f"{spec.name} and {spec.parent} occur together with an odds ratio of "
                f"{spec.odds_ratio:g} within each {strata}."
            ),
            value=spec.odds_ratio,
            source=str(spec.odds_ratio_source),
            details={
                "analysis": "odds_ratio",
                "features": (spec.name, spec.parent),
                "strata": strata,
                **({"within": {strata: pairs_within}} if pairs_within else {}),
            },
        )
        for spec in specs
        if spec.parent and spec.odds_ratio_source and math.isfinite(spec.odds_ratio)
    )
    return truths


def mixture_truths(
    specs: Sequence[FeatureSpec],
    shares: Mapping[str, float],
    pairs: Sequence[tuple[str, str]],
) -> list[PlantedTruth]:
    """Frequencies in the whole cohort, and odds ratios that the mixture of classes gives to pairs.

    Parameters
    ----------
    specs
        The features, with a frequency in each class.
    pairs
        Features that are independent within the classes.
    """
    by_name = {spec.name: spec for spec in specs}
    truths = []
    for spec in specs:
        value = sum(shares[name] * p for name, p in spec.frequency.items())
        truths.append(
            PlantedTruth(
                key=f"frequency:{spec.name}",
                statement=f"{100 * value:.1f}% of patients carry {spec.label or spec.name}.",
                value=value,
                source=str(spec.source),
                details={"analysis": "frequency", "feature": spec.name},
            )
        )
    for a, b in pairs:
        table = np.zeros((2, 2))
        for name, share in shares.items():
            p = by_name[a].frequency.get(name, 0.0)
            q = by_name[b].frequency.get(name, 0.0)
            table += share * np.outer([1 - p, p], [1 - q, q])
        value = float(table[1, 1] * table[0, 0] / (table[1, 0] * table[0, 1]))
        truths.append(
            PlantedTruth(
                key=f"or:{a}~{b}",
                statement=f"The planted classes give {a} and {b} an odds ratio of {value:.2g}.",
                value=value,
                source=str(by_name[a].source.chosen()),
                details={"analysis": "odds_ratio", "features": (a, b)},
            )
        )
    return truths


def treatment_truths(
    endpoint: str,
    name: str,
    *,
    within: Mapping[str, tuple[str, ...]],
    factors: tuple[float, float],
    early_months: float,
    source: Source,
) -> list[PlantedTruth]:
    """Hazard ratios of a transplant in the first months and from then on, in a group of patients.

    Parameters
    ----------
    within
        The group: levels of a column.
    factors
        Hazard ratio early and late.
    early_months
        Length of the early period.
    source
        Where the direction comes from.
    """
    periods = {
        "early": (factors[0], 0.0, early_months),
        "late": (factors[1], early_months, math.inf),
    }
    return [
        PlantedTruth(
            key=f"hr:{endpoint}:transplant:{period}@{name}",
            statement=(
                f"In {name} risk, transplant multiplies the hazard of death by {ratio:g} "
                + (f"in the first {until:g} months." if period == "early" else "thereafter.")
            ),
            value=ratio,
            source=str(source),
            details={
                "analysis": "cox_time_dependent",
                "endpoint": endpoint,
                "treatment": "transplant_months",
                "from_month": since,
                "to_month": until,
                "within": dict(within),
            },
        )
        for period, (ratio, since, until) in periods.items()
    ]


def _where(within: Mapping[str, str]) -> str:
    return ", ".join(within.values()) if within else "the whole cohort"


def median_truth(
    endpoint: str,
    months: float,
    source: Source,
    within: Mapping[str, str],
    *,
    before: str | None = None,
) -> PlantedTruth:
    """Median survival that the planted model gives to a group.

    ``before`` names the column of a treatment at which the follow-up ends.
    """
    return PlantedTruth(
        key=f"median:{endpoint}@{':'.join(within.values())}",
        statement=f"Median survival in {_where(within)} is {months / 12:.1f} years.",
        value=months,
        source=str(source),
        details={
            "analysis": "median",
            "endpoint": endpoint,
            "within": {column: (level,) for column, level in within.items()},
            **({"before": before} if before else {}),
        },
    )


def incidence_truth(
    endpoint: str,
    month: float,
    incidence: float,
    source: Source,
    within: Mapping[str, str],
) -> PlantedTruth:
    """Cumulative incidence, death competing, that the planted model gives to a group."""
    return PlantedTruth(
        key=f"cif:{endpoint}@{':'.join(within.values())}:{month:g}",
        statement=(
            f"In {_where(within)}, {100 * incidence:.1f}% have had the event ({endpoint}) by "
            f"{month / 12:g} years, death competing."
        ),
        value=incidence,
        source=str(source),
        details={
            "analysis": "cumulative_incidence",
            "endpoint": endpoint,
            "month": month,
            "within": {column: (level,) for column, level in within.items()},
        },
    )
