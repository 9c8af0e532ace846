"""How much partitions tell about the alterations, and how much they would seem to by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.merge import cluster_totals
from app.analysis.subgroups._search.profiles import Ints


@dataclass(frozen=True)
class Information:
    """What groups tell about the alterations, in bits per patient, averaged over partitions.

    Parameters
    ----------
    total_bits
        Mutual information of group and feature, summed over the features.
    company_bits
        The part of it that is about alterations enriched in a group beside the group's strongest
        one: which alterations keep company.
    chance_bits
        What as many groups drawn at random would seem to tell in all: (groups - 1) x features /
        (2 ln 2 x patients), the bias of mutual information (Miller 1955).
    """

    total_bits: float
    company_bits: float
    chance_bits: float

    @property
    def company_share(self) -> float:
        """Share of what the groups tell that goes beyond each group's strongest alteration."""
        return self.company_bits / self.total_bits if self.total_bits > 0 else 0.0


def information(
    profiles: csr_matrix, counts: Ints, n_unaltered: int, partitions: Sequence[Ints]
) -> Information:
    """What partitions tell about the features, on average.

    Parameters
    ----------
    profiles
        Unique profiles x features, sparse, 0.0 or 1.0.
    n_unaltered
        Patients without any alteration: a group of their own in every partition.
    partitions
        Cluster of each profile, numbered from 0, one array per partition.
    """
    weights = counts.astype(np.float64)
    n = weights.sum() + n_unaltered
    overall = profiles.T @ weights / n
    unaltered = n_unaltered / n * relative_entropy(np.zeros_like(overall), overall).sum()
    total, company, groups = 0.0, 0.0, 0
    for labels in partitions:
        n_clusters = int(labels.max()) + 1
        carriers, sizes = cluster_totals(profiles, weights, labels, n_clusters)
        frequency = carriers / sizes[:, None]
        told = relative_entropy(frequency, overall)
        enriched = np.where(frequency > overall, told, 0.0)
        total += float(sizes / n @ told.sum(axis=1)) + unaltered
        company += float(sizes / n @ (enriched.sum(axis=1) - enriched.max(axis=1)))
        groups += n_clusters + (n_unaltered > 0)
    parameters = (groups / len(partitions) - 1) * profiles.shape[1]
    return Information(
        total_bits=total / len(partitions),
        company_bits=company / len(partitions),
        chance_bits=float(parameters / (2 * np.log(2) * n)),
    )


def relative_entropy(p: Floats, q: Floats) -> Floats:
    """Kullback-Leibler divergence in bits of a yes-or-no event of probability p from one of q."""
    p, q = np.clip(p, 1e-12, 1 - 1e-12), np.clip(q, 1e-12, 1 - 1e-12)
    result: Floats = p * np.log2(p / q) + (1 - p) * np.log2((1 - p) / (1 - q))
    return result
