"""Unique alteration profiles, how many patients share each, and their nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Bits = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

# Profiles that share nothing are no neighbours.
DISCONNECTED = 0.99


@dataclass(frozen=True, eq=False)
class Profiles:
    """Unique alteration profiles in sorted order, so that patient order cannot matter.

    Parameters
    ----------
    bits
        Profiles x features, 0 or 1; no profile is empty.
    counts
        Number of patients with each profile.
    of_patient
        For each patient, the row of ``bits``.
    """

    bits: Bits
    counts: Ints
    of_patient: Ints

    @property
    def n_patients(self) -> int:
        """Number of patients over all profiles."""
        return int(self.counts.sum())


def collapse(bits: Bits) -> Profiles:
    """Collapse patients to unique profiles, sorted."""
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, inverse, counts = np.unique(
        rows, return_index=True, return_inverse=True, return_counts=True
    )
    return Profiles(np.ascontiguousarray(bits[first]), counts.astype(np.int64), inverse.ravel())


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Nearest neighbours as UMAP wants them: each profile is its own first neighbour.

    ``indices`` holds -1 and ``distances`` infinity where a neighbour would share no alteration.
    """

    indices: npt.NDArray[np.int32]
    distances: npt.NDArray[np.float32]


def jaccard_neighbours(bits: Bits, n_neighbours: int, seed: int) -> Neighbours:
    """Exact nearest neighbours by Jaccard distance, ties broken at random by ``seed``.

    Parameters
    ----------
    bits
        Profiles x features, 0 or 1, no empty profile.
    n_neighbours
        Neighbours per profile, itself included; at most the number of profiles.
    """
    from app.analysis.subgroups._search.kernels import nearest_by_jaccard

    by_profile = csr_matrix(bits)
    by_feature = by_profile.tocsc()
    carriers = (by_feature.indptr.astype(np.int64), by_feature.indices.astype(np.int64))
    indices, distances = nearest_by_jaccard(
        by_profile.indptr.astype(np.int64), by_profile.indices.astype(np.int64), carriers,
        n_neighbours, seed,
    )  # fmt: skip
    unrelated = distances >= DISCONNECTED
    indices[unrelated] = -1
    distances[unrelated] = np.inf
    return Neighbours(indices.astype(np.int32), distances.astype(np.float32))
