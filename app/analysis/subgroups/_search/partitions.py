"""Fine partitions of a map: HDBSCAN with every profile counted as often as patients have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.profiles import Ints

MIN_CLUSTER_SIZE = 5


def weighted_core_distances(points: Floats, counts: Ints, min_samples: int) -> Floats:
    """Distance within which a point sees ``min_samples`` patients besides itself.

    Parameters
    ----------
    points
        Coordinates of the unique profiles, n x 2.
    counts
        Patients at each point.
    """
    k = min(min_samples + 1, len(points))
    distances, indices = cKDTree(points).query(points, k=k)
    distances, indices = distances.reshape(-1, k), indices.reshape(-1, k)
    reached = np.cumsum(counts[indices], axis=1) > min_samples
    first = np.where(reached.any(axis=1), reached.argmax(axis=1), k - 1)
    core: Floats = distances[np.arange(len(points)), first]
    return core


def density_partitions(
    points: Floats, counts: Ints, min_cluster_sizes: Sequence[int], min_samples: Sequence[int]
) -> list[Ints]:
    """HDBSCAN (excess of mass, epsilon 0) for every pair of settings.

    As the hdbscan package on rows repeated by ``counts``, without repeating them: the spanning
    tree of a map is built once per ``min_samples`` and cut for every size. A profile that more
    than ``min_samples`` patients share is infinitely dense, and a cluster once they are enough.

    Parameters
    ----------
    points
        Coordinates of the unique profiles, n x 2.
    counts
        Patients at each point.

    Returns
    -------
    list of Ints
        Cluster numbers from 0, -1 for noise, one array per pair.

    References
    ----------
    Campello RJGB, Moulavi D, Sander J. PAKDD 2013; McInnes L, Healy J, Astels S. JOSS 2017;2:205.
    """
    from app.analysis.subgroups._search.kernels import (
        excess_of_mass,
        minimum_spanning_tree,
        single_linkage,
    )

    if len(points) == 1:
        return [np.zeros(1, dtype=np.int64)]
    partitions = []
    for samples in min_samples:
        core = weighted_core_distances(points, counts, samples)
        left, right, length = minimum_spanning_tree(points, core)
        order = np.argsort(length, kind="stable")
        children, size = single_linkage(left[order], right[order], counts)
        with np.errstate(divide="ignore"):
            density = 1.0 / np.concatenate([core, length[order]])
        for min_size in min_cluster_sizes:
            raw = excess_of_mass(children, size, density, min_size)
            numbers, labels = np.unique(raw, return_inverse=True)
            partitions.append(labels - 1 if numbers[0] < 0 else labels)
    return partitions
