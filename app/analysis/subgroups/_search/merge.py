"""Merging of micro-clusters by a penalised Bernoulli likelihood, and posterior assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.profiles import Ints

# More patients must not mean ever more clusters: likelihoods count as if there were 2000.
MAX_EFFECTIVE_PATIENTS = 2000
# BIC, and the extended BIC that asks for half as much again.
BIC_FACTORS = (1.0, 1.5)
REASSIGNMENTS = 2


@dataclass(frozen=True)
class Penalty:
    """What a cluster costs: a flat rate (AIC), and a rate per feature present in it (BIC).

    ``votes`` is how often the partition made with it counts in the consensus.
    """

    flat: float = 0.0
    per_feature: float = 0.0
    votes: int = 1


def penalties(n_patients: int, n_features: int) -> tuple[Penalty, ...]:
    """AIC, and the BIC and extended BIC over the features present in a cluster.

    AIC has as many votes as the two that grow with the number of patients.
    """
    log_n = float(np.log(min(n_patients, MAX_EFFECTIVE_PATIENTS)))
    return (
        Penalty(flat=n_features + 1.0, votes=len(BIC_FACTORS)),
        *(Penalty(per_feature=factor / 2 * log_n) for factor in BIC_FACTORS),
    )


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

    def log_joint_complete(self, bits: csr_matrix) -> Floats:
        """Log of weight x likelihood of completely tested profiles, profiles x clusters."""
        difference = (self.log_altered - self.log_unaltered).T
        result: Floats = bits @ difference + self.log_unaltered.sum(axis=1) + self.log_weight
        return result

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


def fit_mixture(bits: csr_matrix, weights: Floats, labels: Ints, n_clusters: int) -> Mixture:
    """The mixture that a partition describes; frequencies are smoothed towards the overall one.

    Parameters
    ----------
    bits
        Profiles x features, sparse, 0.0 or 1.0.
    labels
        Cluster of each profile, -1 for none.
    """
    carriers, sizes = cluster_totals(bits, weights, labels, n_clusters)
    overall = _overall(bits, weights)
    theta = (carriers + overall) / (sizes[:, None] + 1.0)
    return Mixture(np.log(theta), np.log1p(-theta), np.log(sizes / sizes.sum()))


def _overall(bits: csr_matrix, weights: Floats) -> Floats:
    """Frequency of every feature; never 0 or 1, whose logarithms would rule profiles out."""
    frequency: Floats = np.clip(bits.T @ weights / weights.sum(), 1e-6, 1 - 1e-6)
    return frequency


def cluster_totals(
    bits: csr_matrix, weights: Floats, labels: Ints, n_clusters: int
) -> tuple[Floats, Floats]:
    """Carriers of every feature in every cluster, and the clusters' sizes (both weighted)."""
    inside = np.flatnonzero(labels >= 0)
    member = csr_matrix(
        (weights[inside], (labels[inside], inside)), shape=(n_clusters, len(labels))
    )
    return (member @ bits).toarray(), np.asarray(member.sum(axis=1)).ravel()


def merge_partition(bits: csr_matrix, weights: Floats, labels: Ints, penalty: Penalty) -> Ints:
    """Merge the clusters of a partition and give every profile, noise included, to one of them.

    Parameters
    ----------
    bits
        Profiles x features, sparse, 0.0 or 1.0.
    weights
        Patients of each profile, scaled to at most 2000 in all.
    labels
        Micro-cluster of each profile, -1 for noise.

    Returns
    -------
    Ints
        Cluster of each profile, numbered from 0.
    """
    from app.analysis.subgroups._search.kernels import merge_clusters

    n_clusters = int(labels.max()) + 1
    if n_clusters < 2:
        return np.zeros(len(labels), dtype=np.int64)
    carriers, sizes = cluster_totals(bits, weights, labels, n_clusters)
    overall = _overall(bits, weights)
    price = np.array([penalty.flat, penalty.per_feature])
    merged = merge_clusters(carriers, sizes, overall, price)
    compact = np.unique(merged, return_inverse=True)[1]
    labels = np.where(labels >= 0, compact[labels], -1)
    for _ in range(REASSIGNMENTS):
        mixture = fit_mixture(bits, weights, labels, int(labels.max()) + 1)
        best = mixture.log_joint_complete(bits).argmax(axis=1)
        labels = np.unique(best, return_inverse=True)[1]
    return labels
