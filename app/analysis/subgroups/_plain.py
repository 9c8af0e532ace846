"""What most dashboards do, for comparison: UMAP and HDBSCAN on the patients as they are."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.numba_cache import keep_what_umap_compiles
from app.analysis.subgroups._search.profiles import Bits, Ints

N_NEIGHBOURS = 15
MIN_DIST = 0.1
MIN_CLUSTER_SIZE = 15


@dataclass(frozen=True, eq=False)
class PlainGroups:
    """Clusters numbered from 0 by falling size (-1 = noise), membership strength, coordinates."""

    labels: Ints
    confidence: Floats
    coordinates: Floats


def plain_groups(bits: Bits, seed: int) -> PlainGroups:
    """UMAP (15 neighbours, min_dist 0.1, Euclidean), then HDBSCAN (min_cluster_size 15).

    The result depends on the order of the rows; that is one of the reasons not to use it.

    Parameters
    ----------
    bits
        Patients x features, 0 or 1, in the order of the table.
    """
    with warnings.catch_warnings():
        # Both libraries warn about their own dependencies' future.
        warnings.simplefilter("ignore")
        from hdbscan import HDBSCAN
        from umap import UMAP

        keep_what_umap_compiles()
        coordinates = UMAP(
            n_neighbors=min(N_NEIGHBOURS, len(bits) - 1), min_dist=MIN_DIST, metric="euclidean",
            random_state=seed, n_jobs=1,
        ).fit_transform(bits.astype(np.float32))  # fmt: skip
        found = HDBSCAN(min_cluster_size=MIN_CLUSTER_SIZE).fit(coordinates)
    labels = found.labels_.astype(np.int64)
    n_clusters = int(labels.max()) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=n_clusters)
    rank = np.empty(n_clusters + 1, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(n_clusters)
    rank[n_clusters] = -1
    return PlainGroups(
        rank[labels], found.probabilities_.astype(np.float64), coordinates.astype(np.float64)
    )
