"""Merging of a map's clusters by their marginal likelihood, and assignment by posterior.

Tried on two published cohorts, their subsamples of 400 and their permutations, and simulated dense,
sparse, small and lymphoid tables, and left: penalised likelihoods (AIC, BIC, extended BIC) with
votes; a fixed concentration; features that keep the overall frequency with a prior probability
(better on lymphoid tables, blind to small cohorts of single lesions); merging once after the
consensus, merging again after it, or the one best partition (fewer, larger groups; single lesions
lost); a Dirichlet-multinomial of what patients carry (JAK2 with 9pUPD lost in JAK2); a
concentration of every feature, capped or not (small groups better, sparse tables and MPN worse),
half way to the common one, or merging by the features that differ alone (sparse tables worse); one
reassignment instead of two (AML worse); all partitions deciding (AML by luck of maps, sparse tables
in pieces; MPN and lymphoid tables better); the partition's whole prior (single lesions lost in MPN,
sparse previews better), or 0.98 of it; half the weight of what is absent in merging too (MPN in
pieces); splitting off a lesion with 80% of its carriers in one group (no difference once fusions
are gathered). Figures: docs/MEASURED.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import betaln, gammaln

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.profiles import Ints

# More patients must not mean ever more clusters: likelihoods count as if there were 2000.
MAX_EFFECTIVE_PATIENTS = 2000
REASSIGNMENTS = 2
CONCENTRATIONS = tuple(2.0**power for power in range(-2, 6))
# A map's clusters are purer than the groups they are parts of.
CONCENTRATION_FACTOR = 3.0
# To split patients by one lesion gains as much likelihood as a prior over all partitions takes.
# This much of that prior lets clusters that the map sets apart stay apart.
PRIOR_WEIGHT = 0.96
# Patients carry more or fewer alterations for reasons that are no group's (burden, depth, panel),
# and a large group is no better for being large: what a patient carries counts twice as much.
ABSENCE_WEIGHT = 0.5


@dataclass(frozen=True, eq=False)
class Model:
    """Clusters with independent features, their frequencies drawn around the overall ones.

    A feature's frequency in a cluster has the prior Beta(a m, a (1 - m)), where m is its overall
    frequency and a the concentration: small where clusters are pure, large where they are vague.

    Parameters
    ----------
    overall
        Frequency of every feature; never 0 or 1, whose logarithms would rule profiles out.
    concentration
        As many patients as the overall frequencies count for in every cluster.

    References
    ----------
    Heller KA, Ghahramani Z. Bayesian hierarchical clustering. ICML 2005:297.
    """

    overall: Floats
    concentration: float

    def worth(self, carriers: Floats, sizes: Floats, prior: float) -> Floats:
        """Log of each cluster's marginal likelihood and of its part in the partition's prior.

        Parameters
        ----------
        carriers
            Clusters x features.
        sizes
            Patients of each cluster.
        prior
            Power of the partition's prior, the product of the clusters' (n - 1)!.
        """
        result: Floats = self.likelihood(carriers, sizes).sum(axis=1) + prior * gammaln(sizes)
        return result

    def likelihood(self, carriers: Floats, sizes: Floats) -> Floats:
        """Log of the marginal likelihood of every feature in every cluster, clusters x features."""
        alpha = self.concentration * self.overall
        beta = self.concentration - alpha
        unaltered = sizes[:, None] - carriers
        result: Floats = betaln(carriers + alpha, unaltered + beta) - betaln(alpha, beta)
        return result

    def evidence(self, bits: csr_matrix, weights: Floats, labels: Ints) -> float:
        """Log of the prior and marginal likelihood of a partition, up to a constant."""
        carriers, sizes = cluster_totals(bits, weights, labels, int(labels.max()) + 1)
        return float(self.worth(carriers, sizes, PRIOR_WEIGHT).sum())


def overall_frequency(bits: csr_matrix, weights: Floats) -> Floats:
    """Frequency of every feature, kept off 0 and 1."""
    frequency: Floats = np.clip(bits.T @ weights / weights.sum(), 1e-6, 1 - 1e-6)
    return frequency


def fit_model(bits: csr_matrix, weights: Floats, partitions: Sequence[Ints]) -> Model:
    """The model whose concentration suits the clusters of all fine partitions.

    Of the features that differ between clusters: where many are as frequent in one as in another,
    as in a broad panel, they would make clusters of distinct lesions seem vague.

    Parameters
    ----------
    bits
        Profiles x features, sparse, 0.0 or 1.0.
    weights
        Patients of each profile.
    partitions
        Micro-cluster of each profile, -1 for noise, one array per partition.
    """
    overall = overall_frequency(bits, weights)
    totals = [cluster_totals(bits, weights, p, int(p.max()) + 1) for p in partitions]
    carriers = np.vstack([carriers for carriers, _ in totals])
    sizes = np.concatenate([sizes for _, sizes in totals])
    present = carriers.sum(axis=0)
    alike = present * np.log(overall) + (sizes.sum() - present) * np.log1p(-overall)
    gains = {
        a: Model(overall, a).likelihood(carriers, sizes).sum(axis=0) - alike for a in CONCENTRATIONS
    }
    best = max(CONCENTRATIONS, key=lambda a: np.maximum(gains[a], 0.0).sum())
    return Model(overall, best)


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of clusters with independent features, in logarithms.

    Parameters
    ----------
    log_altered, log_unaltered
        Clusters x features: log of the probability of an alteration, and as far as it counts of
        its absence.
    log_weight
        Log of each cluster's share of the patients, as far as it counts.
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


def fit_mixture(
    bits: csr_matrix, weights: Floats, labels: Ints, n_clusters: int, model: Model
) -> Mixture:
    """The clusters of a partition with their posterior mean frequencies.

    Parameters
    ----------
    bits
        Profiles x features, sparse, 0.0 or 1.0.
    labels
        Cluster of each profile, -1 for none.
    """
    carriers, sizes = cluster_totals(bits, weights, labels, n_clusters)
    a = model.concentration
    theta = (carriers + a * model.overall) / (sizes[:, None] + a)
    absent, share = np.log1p(-theta), np.log(sizes / sizes.sum())
    return Mixture(np.log(theta), ABSENCE_WEIGHT * absent, ABSENCE_WEIGHT * share)


def cluster_totals(
    bits: csr_matrix, weights: Floats, labels: Ints, n_clusters: int
) -> tuple[Floats, Floats]:
    """Carriers of every feature in every cluster, and the clusters' sizes (both weighted)."""
    inside = np.flatnonzero(labels >= 0)
    member = csr_matrix(
        (weights[inside], (labels[inside], inside)), shape=(n_clusters, len(labels))
    )
    return (member @ bits).toarray(), np.asarray(member.sum(axis=1)).ravel()


def merge_partition(bits: csr_matrix, weights: Floats, labels: Ints, model: Model) -> Ints:
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
    merged = merge_clusters(carriers, sizes, model.overall, model.concentration, PRIOR_WEIGHT)
    compact = np.unique(merged, return_inverse=True)[1]
    labels = np.where(labels >= 0, compact[labels], -1)
    for _ in range(REASSIGNMENTS):
        mixture = fit_mixture(bits, weights, labels, int(labels.max()) + 1, model)
        best = mixture.log_joint_complete(bits).argmax(axis=1)
        labels = np.unique(best, return_inverse=True)[1]
    return labels
