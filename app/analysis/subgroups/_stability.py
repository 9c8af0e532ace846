"""Which groups come back when some of the patients are left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.progress import Progress, portion, untold
from app.analysis.subgroups._describe import NOT_TESTED
from app.analysis.subgroups._features import Prepared, prepare
from app.analysis.subgroups._find import find_subgroups
from app.analysis.subgroups._result import SubgroupResult
from app.analysis.subgroups._search.search import group_patients
from app.analysis.subgroups._settings import REPEAT_EFFORT, SubgroupSettings

STABLE_FROM = 0.75
TENTATIVE_FROM = 0.5
RESAMPLED_SHARE = 0.8


def subgroup_stability(
    alterations: pd.DataFrame,
    settings: SubgroupSettings | None = None,
    n_resamples: int = 12,
    *,
    result: SubgroupResult | None = None,
    progress: Progress = untold,
) -> pd.DataFrame:
    """Search again in random 80% of the patients and see which groups come back.

    Parameters
    ----------
    result
        What ``find_subgroups`` returned for them; found anew where it is not given.

    Returns
    -------
    DataFrame
        group, n, mean_jaccard (the overlap of the group with the most similar group of each
        subsample, averaged), lowest_jaccard, and verdict: stable from 0.75, tentative from 0.5,
        else unstable.

    Raises
    ------
    SubgroupError, Cancelled
        As ``find_subgroups``.

    References
    ----------
    Hennig C. Cluster-wise assessment of cluster stability. Comput Stat Data Anal 2007;52:258.
    """
    settings = settings or SubgroupSettings()
    if result is None:
        result = find_subgroups(alterations, settings, portion(progress, 0.0, 0.0))
    prepared = prepare(alterations, settings)
    # By identifier, so that row order cannot matter.
    order = np.argsort(alterations.index.astype(str).to_numpy(), kind="stable")
    order = order[prepared.complete[order]]
    labels = result.labels.to_numpy()
    groups = [group for group in result.groups if group != NOT_TESTED]
    overlaps = np.full((n_resamples, len(groups)), np.nan)
    streams = np.random.SeedSequence(settings.seed).spawn(n_resamples)
    for number, stream in enumerate(streams):
        rng = np.random.default_rng(stream)
        chosen = rng.choice(order, size=round(RESAMPLED_SHARE * len(order)), replace=False)
        part = portion(
            progress, number / n_resamples, (number + 1) / n_resamples, "Repeating in subsamples"
        )
        again = _regroup(prepared, chosen, int(rng.integers(2**31)), part)
        overlaps[number] = [_best_jaccard(labels[chosen] == group, again) for group in groups]
    sizes = result.summary.set_index("group")["n"]
    known = ~np.isnan(overlaps).all(axis=0)
    mean = np.full(len(groups), np.nan)
    lowest = np.full(len(groups), np.nan)
    mean[known] = np.nanmean(overlaps[:, known], axis=0)
    lowest[known] = np.nanmin(overlaps[:, known], axis=0)
    return pd.DataFrame(
        {
            "group": groups,
            "n": [int(sizes[group]) for group in groups],
            "mean_jaccard": mean,
            "lowest_jaccard": lowest,
            "verdict": [stability_word(value) for value in mean],
        }
    )


def stability_word(mean_jaccard: float) -> str:
    """``stable``, ``tentative`` or ``unstable``; ``not assessed`` where it is not known."""
    if np.isnan(mean_jaccard):
        return "not assessed"
    if mean_jaccard >= STABLE_FROM:
        return "stable"
    return "tentative" if mean_jaccard >= TENTATIVE_FROM else "unstable"


def _regroup(
    prepared: Prepared,
    chosen: npt.NDArray[np.int64],
    seed: int,
    progress: Progress,
) -> npt.NDArray[np.int64]:
    bits = (prepared.states[chosen] == 1).astype(np.uint8)
    altered = bits.any(axis=1)
    found = group_patients(bits[altered], REPEAT_EFFORT, seed, progress)
    groups = np.full(len(chosen), -1, dtype=np.int64)
    groups[altered] = found.labels[found.profiles.of_patient]
    return groups


def _best_jaccard(member: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64]) -> float:
    if not member.any():
        return float("nan")
    best = 0.0
    for group in np.unique(groups[member]):
        other = groups == group
        best = max(best, float((member & other).sum() / (member | other).sum()))
    return best
