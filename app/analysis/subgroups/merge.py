"""Merging of micro-clusters by a penalised Bernoulli likelihood, and posterior assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.subgroups.profiles import Bits, Floats, Ints

# More patients must not mean ever more clusters: likelihoods count as if there were 2000.
MAX_EFFECTIVE_PATIENTS = 2000
MIN_PATIENTS_STRICT_PENALTY = 600
PRESENT_SHARE = 0.02
PRESENT_CARRIERS = 1.5


@dataclass(frozen=True)
class Penalty:
    """What a cluster costs: per feature present in it (extended BIC), or at a flat rate (AIC)."""

    value: float
    by_presence: bool = False


def penalties(n_patients: int, n_features: int) -> tuple[Penalty, ...]:
    """AIC and the extended BIC at 1.5, and at 2 where there are at least 600 patients."""
    log_n = np.log(min(n_patients, MAX_EFFECTIVE_PATIENTS))
    chosen = [Penalty(n_features + 1.0), Penalty(1.5 / 2 * log_n, by_presence=True)]
    if n_patients >= MIN_PATIENTS_STRICT_PENALTY:
        chosen.append(Penalty(2.0 / 2 * log_n, by_presence=True))
    return tuple(chosen)


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of clusters with independent features, in logarithms.

    Parameters
    ----------
    log_altered, log_unaltered
        Clusters x features: log of the probability of an alteration and of its absence.
    log_weight
        Log of each cluster's share of the patients.
    """

    log_altered: Floats
    log_unaltered: Floats
    log_weight: Floats

    def log_joint(self, altered: Floats, unaltered: Floats) -> Floats:
        """Log of weight x likelihood, patients x clusters; cells that are in neither count nothing.

        Parameters
        ----------
        altered, unaltered
            Patients x features, 1 where the patient was found altered, found not altered.
        """
        result: Floats = (
            altered @ self.log_altered.T + unaltered @ self.log_unaltered.T + self.log_weight
        )
        return result


def fit_mixture(bits: Bits, weights: Floats, labels: Ints, n_clusters: int) -> Mixture:
    """The mixture that a partition describes; frequencies are smoothed towards the overall one.

    Parameters
    ----------
    bits
        Profiles x features.
    weights
        Patients of each profile, possibly scaled.
    labels
        Cluster of each profile, -1 for none.
    n_clusters
        Number of clusters, all of them occupied.
    """
    carriers, sizes = cluster_totals(bits, weights, labels, n_clusters)
    overall = weights @ bits / weights.sum()
    theta = (carriers + overall) / (sizes[:, None] + 1.0)
    return Mixture(np.log(theta), np.log1p(-theta), np.log(sizes / sizes.sum()))


def cluster_totals(
    bits: Bits, weights: Floats, labels: Ints, n_clusters: int
) -> tuple[Floats, Floats]:
    """Carriers of every feature in every cluster, and the clusters' sizes (both weighted)."""
    member = np.zeros((n_clusters, len(labels)))
    inside = np.flatnonzero(labels >= 0)
    member[labels[inside], inside] = weights[inside]
    return member @ bits, member.sum(axis=1)


def merge_partition(bits: Bits, weights: Floats, labels: Ints, penalty: Penalty) -> Ints:
    """Merge the clusters of a partition and give every profile, noise included, to one of them.

    Parameters
    ----------
    bits
        Profiles x features.
    weights
        Patients of each profile, scaled to at most 2000 in all.
    labels
        Micro-cluster of each profile, -1 for noise.
    penalty
        What a cluster costs.

    Returns
    -------
    Ints
        Cluster of each profile, numbered from 0.
    """
    from app.analysis.subgroups.kernels import merge_clusters

    n_clusters = int(labels.max()) + 1
    if n_clusters < 2:
        return np.zeros(len(bits), dtype=np.int64)
    carriers, sizes = cluster_totals(bits, weights, labels, n_clusters)
    overall = weights @ bits / weights.sum()
    merged = merge_clusters(
        carriers, sizes, overall, penalty.by_presence, penalty.value, PRESENT_SHARE,
        PRESENT_CARRIERS,
    )  # fmt: skip
    numbers, compact = np.unique(merged, return_inverse=True)
    labels = np.where(labels >= 0, compact[labels], -1)
    mixture = fit_mixture(bits, weights, labels, len(numbers))
    altered = bits.astype(np.float64)
    best = mixture.log_joint(altered, 1.0 - altered).argmax(axis=1)
    return np.unique(best, return_inverse=True)[1].astype(np.int64)
