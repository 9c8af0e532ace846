"""Unique alteration profiles, how many patients share each, and their nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Profiles that share nothing are no neighbours.
DISCONNECTED = 0.99
_BLOCK_CELLS = 8_000_000
# Well below the gap between two different Jaccard distances, well above float32's resolution.
_TIE_SCALE = np.float32(1e-4)


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
    """Collapse patients to unique profiles, sorted.

    Parameters
    ----------
    bits
        Patients x features, 0 or 1.
    """
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
    seed
        Seed of the tie-breaking.
    """
    rng = np.random.default_rng(seed)
    values = bits.astype(np.float32)
    sizes = values.sum(axis=1)
    n_profiles = len(values)
    indices = np.empty((n_profiles, n_neighbours), dtype=np.int32)
    distances = np.empty((n_profiles, n_neighbours), dtype=np.float32)
    step = max(1, _BLOCK_CELLS // n_profiles)
    for start in range(0, n_profiles, step):
        stop = min(start + step, n_profiles)
        shared = values[start:stop] @ values.T
        distance = 1.0 - shared / (sizes[start:stop, None] + sizes - shared)
        key = rng.random(distance.shape, dtype=np.float32)
        key *= _TIE_SCALE
        key += distance
        own = np.arange(start, stop)
        key[np.arange(stop - start), own] = -1.0
        nearest = np.argpartition(key, n_neighbours - 1, axis=1)[:, :n_neighbours]
        order = np.argsort(np.take_along_axis(key, nearest, axis=1), axis=1, kind="stable")
        nearest = np.take_along_axis(nearest, order, axis=1)
        indices[start:stop] = nearest
        distances[start:stop] = np.take_along_axis(distance, nearest, axis=1)
    unrelated = distances >= DISCONNECTED
    indices[unrelated] = -1
    distances[unrelated] = np.inf
    return Neighbours(indices, distances)
