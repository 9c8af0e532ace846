"""From complete alteration profiles to groups: maps, partitions, merging, consensus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.arrays import Floats
from app.analysis.progress import Progress, untold
from app.analysis.subgroups._features import Mask
from app.analysis.subgroups._search.consensus import (
    agreement,
    by_size,
    consensus,
    smallest_group,
    without_small,
)
from app.analysis.subgroups._search.embedding import embed
from app.analysis.subgroups._search.information import Information, information
from app.analysis.subgroups._search.lesions import gather_fusions
from app.analysis.subgroups._search.merge import (
    CONCENTRATION_FACTOR,
    MAX_EFFECTIVE_PATIENTS,
    Model,
    fit_model,
    merge_partition,
)
from app.analysis.subgroups._search.partitions import MIN_CLUSTER_SIZE, density_partitions
from app.analysis.subgroups._search.placement import nearest_profile
from app.analysis.subgroups._search.profiles import Bits, Ints, Profiles, collapse
from app.analysis.subgroups._settings import Effort

# More profiles than this are not mapped: the others join the groups by posterior.
MAX_MAPPED_PROFILES = 5000
# Maps and settings differ in luck: the partitions of most evidence decide.
DECIDING_SHARE = 0.4


@dataclass(frozen=True, eq=False)
class Grouped:
    """Groups of patients with complete, non-empty profiles.

    Parameters
    ----------
    labels, confidence
        Group (from 0, the largest first) and confidence of each profile.
    n_mapped, n_maps
        Number of profiles that UMAP and HDBSCAN saw, and of the maps drawn of them.
    concentration
        Of the model by which the clusters were merged.
    information
        What the partitions tell about the features.
    """

    profiles: Profiles
    labels: Ints
    confidence: Floats
    coordinates: Floats
    n_mapped: int
    n_maps: int
    concentration: float
    information: Information

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.labels.max()) + 1


def group_patients(
    bits: Bits,
    effort: Effort,
    seed: int,
    progress: Progress = untold,
    *,
    n_unaltered: int = 0,
    fusions: Mask | None = None,
) -> Grouped:
    """Collapse, map, partition, merge, and find the consensus of the better partitions.

    Parameters
    ----------
    bits
        Patients x features, 0 or 1, every patient with at least one alteration.
    n_unaltered
        Number of further patients without any alteration; counted in the information only.
    fusions
        Which of the features are fusions; None for none.

    Raises
    ------
    Cancelled
        If ``progress`` raises it.
    """
    profiles = collapse(bits)
    seeds = np.random.SeedSequence(seed)
    mapped_counts = landmark_counts(profiles.counts, np.random.default_rng(seeds.spawn(1)[0]))
    mapped = np.flatnonzero(mapped_counts)
    n_mapped_patients = int(mapped_counts.sum())
    scale = min(1.0, MAX_EFFECTIVE_PATIENTS / n_mapped_patients)
    weights: Floats = mapped_counts.astype(np.float64) * scale
    sizes = [max(MIN_CLUSTER_SIZE, round(s * n_mapped_patients)) for s in effort.min_cluster_shares]
    sparse_bits = csr_matrix(profiles.bits, dtype=np.float64)
    fine: list[Ints] = []
    maps: list[Floats] = []
    n_maps = effort.maps_of(len(mapped))
    for number, map_seed in enumerate(seeds.generate_state(n_maps) >> 1):
        progress("Drawing maps", 0.9 * number / n_maps)
        maps.append(embed(profiles.bits[mapped], int(map_seed)))
        for found in density_partitions(maps[-1], mapped_counts[mapped], sizes, effort.min_samples):
            labels = np.full(len(weights), -1, dtype=np.int64)
            labels[mapped] = found
            fine.append(labels)
    progress("Merging clusters", 0.9)
    purer = fit_model(sparse_bits, weights, fine)
    model = Model(purer.overall, CONCENTRATION_FACTOR * purer.concentration)
    merged = [merge_partition(sparse_bits, weights, labels, model) for labels in fine]
    evidence = [model.evidence(sparse_bits, weights, labels) for labels in merged]
    deciding = np.argsort(evidence, kind="stable")[::-1][: round(DECIDING_SHARE * len(merged))]
    partitions = [merged[number] for number in deciding]
    progress("Finding the consensus", 0.97)
    agreed = consensus(partitions, profiles.counts)
    if fusions is not None:
        smallest = scale * smallest_group(n_mapped_patients)
        gathered = gather_fusions(sparse_bits, weights, agreed, fusions, smallest)
        agreed = without_small(gathered, partitions, weights, smallest)
    groups = by_size(agreed, profiles.counts)
    confidence = agreement(partitions, groups, profiles.counts)
    coordinates = np.empty((len(weights), 2))
    coordinates[mapped] = maps[0]
    rest = np.flatnonzero(mapped_counts == 0)
    if len(rest):
        nearest = nearest_profile(
            profiles.bits[rest].astype(np.int8), groups[rest],
            profiles.bits[mapped], profiles.counts[mapped], groups[mapped],
        )  # fmt: skip
        coordinates[rest] = maps[0][nearest]
    return Grouped(
        profiles, groups, confidence, coordinates, len(mapped), n_maps, model.concentration,
        information(sparse_bits, profiles.counts, n_unaltered, partitions),
    )  # fmt: skip


def landmark_counts(counts: Ints, rng: np.random.Generator) -> Ints:
    """Patients of each profile in a random sample of patients with at most 5000 profiles.

    All patients where there are no more profiles than that.
    """
    if len(counts) <= MAX_MAPPED_PROFILES:
        return counts
    drawn = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    _, first = np.unique(drawn, return_index=True)
    stop = np.sort(first)[MAX_MAPPED_PROFILES]
    return np.bincount(drawn[:stop], minlength=len(counts))
