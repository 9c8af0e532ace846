"""How much partitions tell about the alterations, and how much they would seem to by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.subgroups.merge import cluster_totals
from app.analysis.subgroups.profiles import Floats, Ints


@dataclass(frozen=True)
class Information:
    """Mutual information of group and feature, summed over the features, in bits per patient.

    Parameters
    ----------
    bits
        Mean over the partitions behind a result.
    chance_bits
        What as many groups drawn at random would seem to tell: (groups - 1) x features /
        (2 ln 2 x patients), the bias of mutual information (Miller 1955).
    """

    bits: float
    chance_bits: float


def information(
    profiles: csr_matrix, counts: Ints, n_unaltered: int, partitions: Sequence[Ints]
) -> Information:
    """What partitions tell about the features, on average.

    Parameters
    ----------
    profiles
        Unique profiles x features, sparse, 0.0 or 1.0.
    counts
        Patients of each profile.
    n_unaltered
        Patients without any alteration: a group of their own in every partition.
    partitions
        Cluster of each profile, numbered from 0, one array per partition.
    """
    weights = counts.astype(np.float64)
    n = weights.sum() + n_unaltered
    whole = entropy_bits(profiles.T @ weights / n).sum()
    told, groups = 0.0, 0
    for labels in partitions:
        n_clusters = int(labels.max()) + 1
        carriers, sizes = cluster_totals(profiles, weights, labels, n_clusters)
        told += whole - sizes / n @ entropy_bits(carriers / sizes[:, None]).sum(axis=1)
        groups += n_clusters + (n_unaltered > 0)
    parameters = (groups / len(partitions) - 1) * profiles.shape[1]
    return Information(float(told / len(partitions)), float(parameters / (2 * np.log(2) * n)))


def entropy_bits(p: Floats) -> Floats:
    """Entropy of a yes-or-no event of probability ``p``, in bits."""
    q = np.clip(p, 1e-12, 1 - 1e-12)
    result: Floats = -(q * np.log2(q) + (1 - q) * np.log2(1 - q))
    return result
