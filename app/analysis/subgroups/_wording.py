"""Sentences about a subgroup search: what was done, what to mind, how it works."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from app.analysis.subgroups._describe import NO_ALTERATION, NOT_TESTED
from app.analysis.subgroups._features import Prepared
from app.analysis.subgroups._search.merge import ABSENCE_WEIGHT
from app.analysis.subgroups._search.search import DECIDING_SHARE
from app.analysis.subgroups._settings import EFFORTS, SubgroupSettings
from data_loaders.wording import listing, plural

EXPLORATORY_PATIENTS = 200
_LISTED = 8


def notes_on(
    prepared: Prepared,
    labels: pd.Series,
    placed: pd.Series,
    unmapped: int,
    mixed: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """What was done to which data."""
    notes = [
        f"The groups are shaped by {plural(len(prepared.names), 'feature')} altered in at least "
        f"{plural(prepared.min_altered, 'patient')}."
    ]
    for gene, refinements in prepared.merged.items():
        notes.append(f"{gene} stands for {listing(list(refinements))}, so that none counts twice.")
    for gene, refinements in prepared.split.items():
        notes.append(
            f"{gene} is split into {listing([*refinements, 'other'])}, which occur with different "
            "alterations."
        )
    for left_out, why in (
        (prepared.too_rare, "too few patients carry them"),
        (prepared.constant, "every patient tested carries them"),
        (prepared.too_untested, "too many patients were not tested for them"),
    ):
        if left_out:
            names = ", ".join(left_out[:_LISTED])
            more = f" and {len(left_out) - _LISTED} more" if len(left_out) > _LISTED else ""
            notes.append(f"Left out because {why}: {names}{more}.")
    for group, features in mixed.items():
        notes.append(
            f"{group} ({plural(int((labels == group).sum()), 'patient')}) is a mixture: no "
            f"alteration is found in half of its patients; {listing(list(features))} are the "
            "commonest that set it apart, and need not occur together."
        )
    if placed.any():
        notes.append(
            f"Some of the tests are missing for {plural(int(placed.sum()), 'patient')} of "
            f"{len(labels):,}; they did not shape the groups and were placed by what was tested in "
            "them."
        )
    if unmapped:
        notes.append(
            f"So many different profiles are mapped from a sample: {plural(unmapped, 'profile')} "
            "joined the groups by posterior and stand where their most similar profile does."
        )
    if (labels == NO_ALTERATION).any():
        notes.append(
            "A group of their own beside the map is made of "
            f"{plural(int((labels == NO_ALTERATION).sum()), 'patient')} without any of these "
            "alterations."
        )
    if (labels == NOT_TESTED).any():
        notes.append(
            "No group and no place on the map is there for "
            f"{plural(int((labels == NOT_TESTED).sum()), 'patient')} tested for none of these "
            "features."
        )
    return tuple(notes)


def warnings_on(
    prepared: Prepared, labels: pd.Series, placed: pd.Series, n_groups: int
) -> tuple[str, ...]:
    """What a reader must know before trusting the groups."""
    warnings = []
    shaping = int(prepared.complete.sum())
    if shaping <= EXPLORATORY_PATIENTS:
        warnings.append(
            f"Exploratory: with {plural(shaping, 'patient')} the groups are unlikely to repeat in "
            "another cohort."
        )
    lacking = int(placed.sum()) + int((labels == NOT_TESTED).sum())
    if lacking > 0.25 * len(labels):
        warnings.append(
            f"{lacking:,} of {len(labels):,} patients lack some of the tests: their groups are "
            "less certain than the others'."
        )
    if n_groups == 1:
        warnings.append(
            "No subgroups: the alterations are as one would expect of one homogeneous group."
        )
    return tuple(warnings)


def method_text(prepared: Prepared, settings: SubgroupSettings, n_maps: int) -> str:
    """How the groups were made, for a methods section."""
    if settings.quality == "plain":
        return (
            f"UMAP (15 neighbours, min_dist 0.1, Euclidean distance, seed {settings.seed}) of "
            f"{len(prepared.names)} alterations, untested counted as not altered, then HDBSCAN "
            "(min_cluster_size 15). For comparison only: the groups depend on the order of the "
            "patients."
        )
    effort = EFFORTS[settings.quality]
    maps = plural(n_maps, "UMAP embedding")
    partitions = n_maps * len(effort.min_cluster_shares) * len(effort.min_samples)
    shares = ", ".join(f"{100 * share:.1f}" for share in effort.min_cluster_shares)
    samples = " and ".join(str(value) for value in effort.min_samples)
    return (
        f"Patients were collapsed to unique profiles of {len(prepared.names)} alterations (each in "
        f"at least {prepared.min_altered} patients). {maps} of the profiles (exact Jaccard "
        "distance, 15 neighbours, min_dist 0, 200 epochs, principal-component start) "
        f"were clustered by HDBSCAN with profiles counted by their patients (min_cluster_size "
        f"{shares}% of patients, min_samples {samples}: {partitions} partitions). Clusters were "
        "merged while their Beta-Bernoulli marginal likelihood improved (concentration estimated "
        "from the clusters), profiles assigned by posterior (what is absent and a cluster's size "
        f"weighted {ABSENCE_WEIGHT:g}), and groups taken from average linkage "
        f"of the co-association over the {DECIDING_SHARE:.0%} of partitions with most evidence, "
        "cut at 0.6; where fusions exclude each other, each has a group of its own. Confidence is "
        f"the mean co-association with the own group. Seed {settings.seed}."
    )
