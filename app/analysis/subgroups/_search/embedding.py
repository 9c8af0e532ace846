"""Maps: UMAP on the unique profiles, and where to put what UMAP cannot place."""

from __future__ import annotations

import warnings

import numpy as np

from app.analysis.arrays import Floats
from app.analysis.subgroups._features import Mask
from app.analysis.subgroups._search.numba_cache import keep_what_umap_compiles
from app.analysis.subgroups._search.profiles import Bits, Neighbours, jaccard_neighbours

N_NEIGHBOURS = 15
N_EPOCHS = 200
# With fewer profiles there is nothing for UMAP to learn: each is its own place.
MIN_PROFILES_FOR_UMAP = 16
_ISLAND_GAP = 2.0


def embed(bits: Bits, seed: int) -> Floats:
    """Two-dimensional UMAP of unique profiles by Jaccard distance.

    n_neighbors 15, min_dist 0, 200 epochs, started from the principal components. Profiles that
    share no alteration with any neighbour stand on a ring around the map.

    Parameters
    ----------
    bits
        Profiles x features, 0 or 1, sorted.

    Returns
    -------
    Floats
        Profiles x 2 coordinates.

    References
    ----------
    McInnes L, Healy J, Melville J. UMAP. arXiv:1802.03426 (2018).
    """
    n_profiles = len(bits)
    if n_profiles < MIN_PROFILES_FOR_UMAP:
        return _circle(n_profiles)
    # In UMAP a profile without neighbours would keep its starting point, in the middle of others.
    sharing = _shares_something(bits)
    if sharing.sum() < MIN_PROFILES_FOR_UMAP:
        return _circle(n_profiles)
    connected = bits[sharing]
    neighbours = jaccard_neighbours(connected, N_NEIGHBOURS, seed)
    coordinates = np.empty((n_profiles, 2))
    coordinates[sharing] = _umap_layout(connected, neighbours, seed)
    coordinates[~sharing] = _ring_around(coordinates[sharing], int((~sharing).sum()))
    return coordinates


def _shares_something(bits: Bits) -> Mask:
    """Profiles that carry a feature which another profile carries too."""
    shared: Mask = np.asarray(bits[:, bits.sum(axis=0, dtype=np.int64) > 1].any(axis=1))
    return shared


def _umap_layout(bits: Bits, neighbours: Neighbours, seed: int) -> Floats:
    with warnings.catch_warnings():
        # Third-party imports and compilation may warn about their own future.
        warnings.simplefilter("ignore")
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

        keep_what_umap_compiles()
        random_state = np.random.RandomState(seed)
        graph, _, _ = fuzzy_simplicial_set(
            bits, neighbours.indices.shape[1], random_state, "precomputed",
            knn_indices=neighbours.indices, knn_dists=neighbours.distances,
        )  # fmt: skip
        a, b = find_ab_params(1.0, 0.0)
        coordinates, _ = simplicial_set_embedding(
            bits.astype(np.float32), graph, 2, 1.0, a, b, 1.0, 5, N_EPOCHS, "pca", random_state,
            "euclidean", {}, densmap=False, densmap_kwds={}, output_dens=False, parallel=False,
        )  # fmt: skip
    result: Floats = coordinates.astype(np.float64)
    return result


def _circle(n: int) -> Floats:
    angle = 2 * np.pi * np.arange(n) / max(n, 1)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * max(2.0, n / 2)


def _ring_around(placed: Floats, n: int) -> Floats:
    """Places for ``n`` profiles around the map, too far from each other to be clustered."""
    centre = (placed.max(axis=0) + placed.min(axis=0)) / 2
    radius = np.sqrt(((placed - centre) ** 2).sum(axis=1)).max() + _ISLAND_GAP
    radius = max(radius, _ISLAND_GAP * n / (2 * np.pi))
    angle = 2 * np.pi * np.arange(n) / max(n, 1)
    result: Floats = centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return result
