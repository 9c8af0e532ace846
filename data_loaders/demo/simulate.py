"""What the demo cohorts share: alterations with planted odds ratios, blood counts, gaps, tables.

Alterations are drawn one after the other within a stratum (a diagnosis or a planted genomic
class). A feature has a frequency in each stratum and at most one parent; its probability with and
without the parent solves the two-by-two table for the planted odds ratio, so that both the
frequency and the odds ratio within the stratum are exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from data_loaders.arrays import Bools, Floats
from data_loaders.demo.sources import Source
from data_loaders.model import FEATURE_COLUMNS, FeatureKind

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class FeatureSpec:
    """One alteration: how often it occurs in each stratum, and what it travels with.

    Parameters
    ----------
    name
        Feature name, a column of ``Cohort.alterations``.
    frequency
        Frequency in each stratum; a stratum that is not named has none.
    source
        Where the frequencies come from.
    kind, gene, label
        As in ``Cohort.features``; a gene is its own gene, and the label defaults to the name.
    parent
        An earlier feature; None if the feature depends on the stratum only.
    odds_ratio
        Odds ratio with the parent within a stratum; infinite if it occurs with the parent only.
    odds_ratio_source
        Where the odds ratio comes from.
    other_sources
        Source of the frequency in the strata where it is not ``source``.
    """

    name: str
    frequency: Mapping[str, float]
    source: Source
    kind: FeatureKind = "gene"
    gene: str | None = None
    label: str = ""
    parent: str | None = None
    odds_ratio: float = 1.0
    odds_ratio_source: Source | None = None
    other_sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def symbol(self) -> str | None:
        """The gene's symbol; None for a cytogenetic event."""
        return self.gene or (self.name if self.kind == "gene" else None)


def conditional_probabilities(p: float, parent: float, odds_ratio: float) -> tuple[float, float]:
    """Probability of a feature with and without its parent.

    Parameters
    ----------
    p, parent
        Frequencies of the feature and of its parent.
    odds_ratio
        Their odds ratio; infinite if the feature occurs with the parent only.

    Returns
    -------
    P(feature | parent), P(feature | no parent).

    Raises
    ------
    ValueError
        If a feature that needs its parent is more frequent than it.
    """
    if math.isinf(odds_ratio):
        if p > parent:
            raise ValueError("A feature that needs its parent cannot be more frequent than it.")
        return (p / parent if parent else 0.0), 0.0
    if odds_ratio == 1 or parent in (0.0, 1.0):
        return p, p
    excess = odds_ratio - 1
    s = 1 + (p + parent) * excess
    both = (s - math.sqrt(s * s - 4 * odds_ratio * excess * p * parent)) / (2 * excess)
    return both / parent, (p - both) / (1 - parent)


def draw_features(
    rng: np.random.Generator,
    stratum: Texts,
    specs: Sequence[FeatureSpec],
    drawn: Mapping[str, Bools],
) -> dict[str, Bools]:
    """Draw the alterations of every patient.

    Parameters
    ----------
    specs
        The features, parents before children.
    drawn
        Features that exist already (drivers); taken as they are.

    Returns
    -------
    One boolean array a feature, in the order of ``specs``.
    """
    names, code = np.unique(stratum, return_inverse=True)
    by_name = {spec.name: spec for spec in specs}
    result: dict[str, Bools] = {}
    for spec in specs:
        if spec.name in drawn:
            result[spec.name] = drawn[spec.name]
            continue
        parent = by_name[spec.parent].frequency if spec.parent else {}
        pairs = [
            conditional_probabilities(
                spec.frequency.get(name, 0.0), parent.get(name, 0.0), spec.odds_ratio
            )
            for name in names
        ]
        with_parent = np.array([pair[0] for pair in pairs])[code]
        without = np.array([pair[1] for pair in pairs])[code]
        carried = result[spec.parent] if spec.parent else np.zeros(len(stratum), dtype=bool)
        result[spec.name] = rng.random(len(stratum)) < np.where(carried, with_parent, without)
    return result


def spread(
    overall: float,
    shares: Mapping[str, float],
    known: Mapping[str, float],
    silent: Sequence[str] = (),
) -> dict[str, float]:
    """Frequencies by class that add up to an overall frequency.

    Parameters
    ----------
    overall
        Frequency in the whole cohort.
    known
        Frequency in the classes where it is known.
    silent
        Classes that never carry the feature.

    Returns
    -------
    Frequency in every class: the known ones as given, the same background in all others.

    Raises
    ------
    ValueError
        If the known classes alone exceed the overall frequency.
    """
    rest = [name for name in shares if name not in known and name not in silent]
    left = overall - sum(shares[name] * p for name, p in known.items())
    if left < -1e-9:
        raise ValueError("The classes with a known frequency exceed the overall frequency.")
    background = max(left, 0.0) / sum(shares[name] for name in rest) if rest else 0.0
    frequency = {**dict.fromkeys(shares, 0.0), **dict.fromkeys(rest, background), **known}
    return {name: p for name, p in frequency.items() if p}


def choose(rng: np.random.Generator, shares: Mapping[str, float], n: int) -> Texts:
    """Draw ``n`` names with the given shares (normalised)."""
    weights = np.array(list(shares.values()))
    return rng.choice(np.array(list(shares)), size=n, p=weights / weights.sum())


def choose_within(
    rng: np.random.Generator, shares: Mapping[str, Mapping[str, float]], group: Texts
) -> Texts:
    """Draw a name for every patient with the shares of its group, one group after the other."""
    drawn = np.empty(len(group), dtype=object)
    for name, within in shares.items():
        here = group == name
        drawn[here] = choose(rng, within, int(here.sum()))
    return drawn.astype(str)


def lookup(table: Mapping[str, float], keys: Texts) -> Floats:
    """The value of a table for every key."""
    names, code = np.unique(keys, return_inverse=True)
    return np.array([table[str(name)] for name in names])[code]


def bounded_normal(
    rng: np.random.Generator,
    mean: Floats | float,
    sd: Floats | float,
    bounds: tuple[Floats | float, Floats | float],
    n: int,
) -> Floats:
    """Normal values kept within bounds by truncation (not by clipping, which would heap)."""
    low, high = np.asarray(bounds[0]), np.asarray(bounds[1])
    lower, upper = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(mean + sd * ndtri(lower + rng.random(n) * (upper - lower)))


def lognormal(rng: np.random.Generator, median: Floats | float, sigma: float, n: int) -> Floats:
    """Log-normal values with a median and a standard deviation of the logarithm."""
    return np.asarray(median * np.exp(sigma * rng.standard_normal(n)))


def blank_at_random(
    rng: np.random.Generator, patients: pd.DataFrame, shares: Mapping[str, float]
) -> pd.DataFrame:
    """Set a share of some columns to missing, completely at random."""
    patients = patients.copy()
    for column, share in shares.items():
        patients[column] = patients[column].mask(rng.random(len(patients)) < share)
    return patients


def alteration_tables(
    specs: Sequence[FeatureSpec],
    altered: Mapping[str, Bools],
    patient_id: pd.Index,
    not_tested: Mapping[str, Bools],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The alteration matrix and the table that describes its columns.

    Parameters
    ----------
    specs
        The features, in the order of the columns.
    not_tested
        For some features: the patients whose panel did not look at it.

    Returns
    -------
    ``Cohort.alterations`` (NA where not tested) and ``Cohort.features``.
    """
    nobody = np.zeros(len(patient_id), dtype=bool)
    alterations = pd.DataFrame(
        {
            spec.name: pd.arrays.BooleanArray(
                altered[spec.name].copy(), not_tested.get(spec.name, nobody).copy()
            )
            for spec in specs
        },
        index=patient_id,
    )
    features = pd.DataFrame(
        [(spec.kind, spec.symbol, spec.label or spec.name, spec.name) for spec in specs],
        columns=list(FEATURE_COLUMNS),
        index=pd.Index([spec.name for spec in specs], name="feature"),
    )
    return alterations, features


def patient_ids(prefix: str, n: int) -> pd.Index:
    """Identifiers such as ``MPN-0001``, wide enough for all patients."""
    width = max(4, len(str(n)))
    return pd.Index([f"{prefix}-{i:0{width}d}" for i in range(1, n + 1)], name="patient_id")


def draw_alleles(
    rng: np.random.Generator, carriers: Bools, shares: Mapping[str, float]
) -> dict[str, Bools]:
    """Give every carrier of a gene one of its alleles (hotspots that exclude each other)."""
    allele = choose(rng, shares, len(carriers))
    return {name: carriers & (allele == name) for name in shares}


def draw_lost_y(
    rng: np.random.Generator,
    stratum: Texts,
    specs: Sequence[FeatureSpec],
    male: Bools,
    share_of_men: Floats | float,
) -> dict[str, Bools]:
    """Loss of Y, which only men can have: the frequency of a stratum falls on its men.

    Parameters
    ----------
    share_of_men
        Of the stratum of each patient.
    """
    frequency = next(spec for spec in specs if spec.name == "-Y").frequency
    wanted = lookup({str(name): frequency.get(name, 0.0) for name in np.unique(stratum)}, stratum)
    return {"-Y": male & (rng.random(len(stratum)) < wanted / share_of_men)}


def _thinning(frequencies: Sequence[float]) -> float:
    """Factor on the frequencies such that adding one where none is restores them."""
    total = sum(frequencies)
    if total <= 1:
        raise ValueError("Frequencies that add up to less than one cannot leave nobody without.")

    def excess(factor: float) -> float:
        none = math.prod(1 - factor * p for p in frequencies)
        return factor - 1 + none / total

    return float(brentq(excess, 0.0, 1.0))


def thinned(
    specs: Sequence[FeatureSpec], required: Mapping[str, Sequence[str]]
) -> tuple[FeatureSpec, ...]:
    """Specs to draw from when :func:`require_any` follows and the frequencies are to hold after it.

    Parameters
    ----------
    specs
        The features with the frequencies that are wanted in the end.
    required
        For a stratum: the features of which each of its patients has at least one.

    Raises
    ------
    ValueError
        If the frequencies of the required features add up to one or less.
    """
    by_name = {spec.name: spec for spec in specs}
    for stratum, names in required.items():
        factor = _thinning([by_name[name].frequency[stratum] for name in names])
        for name in names:
            spec = by_name[name]
            thin = {**spec.frequency, stratum: factor * spec.frequency[stratum]}
            by_name[name] = replace(spec, frequency=thin)
    return tuple(by_name.values())


def require_any(
    rng: np.random.Generator,
    stratum: Texts,
    altered: Mapping[str, Bools],
    specs: Sequence[FeatureSpec],
    required: Mapping[str, Sequence[str]],
) -> None:
    """Give one of the required features to every patient of the stratum who has none (in place)."""
    by_name = {spec.name: spec for spec in specs}
    for name, features in required.items():
        none = (stratum == name) & ~np.any([altered[feature] for feature in features], axis=0)
        weights = {feature: by_name[feature].frequency[name] for feature in features}
        added = choose(rng, weights, int(none.sum()))
        for feature in features:
            altered[feature][np.flatnonzero(none)[added == feature]] = True
