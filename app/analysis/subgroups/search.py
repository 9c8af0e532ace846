"""Finding genomic subgroups: the whole method, from complete profiles to groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.subgroups.consensus import consensus
from app.analysis.subgroups.embedding import embed
from app.analysis.subgroups.merge import MAX_EFFECTIVE_PATIENTS, merge_partition, penalties
from app.analysis.subgroups.partitions import MIN_CLUSTER_SIZE, density_partitions
from app.analysis.subgroups.profiles import Bits, Floats, Ints, Profiles, collapse
from app.analysis.subgroups.settings import Cancelled, Effort, Progress, ShouldCancel


@dataclass(frozen=True, eq=False)
class Grouped:
    """Groups of patients with complete, non-empty profiles.

    Parameters
    ----------
    profiles
        The unique profiles.
    labels, confidence
        Group (from 0, the largest first) and confidence of each profile.
    coordinates
        The first map, profiles x 2.
    """

    profiles: Profiles
    labels: Ints
    confidence: Floats
    coordinates: Floats


def group_patients(
    bits: Bits,
    effort: Effort,
    seed: int,
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> Grouped:
    """Collapse, map, partition, merge and find the consensus.

    Parameters
    ----------
    bits
        Patients x features, 0 or 1, every patient with at least one alteration.
    effort
        How many maps, and HDBSCAN's grid.
    seed
        Seed of everything random.
    progress
        Called with the stage and the share done.
    should_cancel
        Asked between the stages.

    Raises
    ------
    Cancelled
        If ``should_cancel`` says so.
    """
    profiles = collapse(bits)
    n_patients = profiles.n_patients
    weights = profiles.counts * min(1.0, MAX_EFFECTIVE_PATIENTS / n_patients)
    sizes = [max(MIN_CLUSTER_SIZE, round(s * n_patients)) for s in effort.min_cluster_shares]
    map_seeds = np.random.SeedSequence(seed).generate_state(effort.n_maps) >> 1
    partitions: list[Ints] = []
    maps: list[Floats] = []
    for number, map_seed in enumerate(map_seeds):
        report(progress, should_cancel, "Drawing maps", number / effort.n_maps)
        coordinates = embed(profiles.bits, int(map_seed))
        maps.append(coordinates)
        fine = density_partitions(coordinates, profiles.counts, sizes, effort.min_samples)
        report(progress, should_cancel, "Merging clusters", (number + 0.8) / effort.n_maps)
        partitions.extend(
            merge_partition(profiles.bits, weights, labels, penalty)
            for labels in fine
            for penalty in penalties(n_patients, bits.shape[1])
        )
    report(progress, should_cancel, "Finding the consensus", 0.95)
    agreed = consensus(partitions, profiles.counts)
    return Grouped(profiles, agreed.labels, agreed.confidence, maps[0])


def report(
    progress: Progress | None, should_cancel: ShouldCancel | None, stage: str, fraction: float
) -> None:
    """Tell the caller how far the work is; raise Cancelled if the caller wants no more."""
    if should_cancel is not None and should_cancel():
        raise Cancelled
    if progress is not None:
        progress(stage, fraction)
