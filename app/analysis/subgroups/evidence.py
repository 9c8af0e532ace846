"""Whether the groups are more than chance makes of independent alterations: the null."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.subgroups.features import prepare
from app.analysis.subgroups.profiles import Bits
from app.analysis.subgroups.result import Evidence, SubgroupResult
from app.analysis.subgroups.search import group_patients
from app.analysis.subgroups.settings import REPEAT_EFFORT, Progress, ShouldCancel, SubgroupSettings
from app.analysis.wording import count

# Below this many times the null's information, groups only say who carries which lesion.
MIN_RATIO = 3.0


def structure_evidence(
    alterations: pd.DataFrame,
    settings: SubgroupSettings,
    result: SubgroupResult,
    progress: Progress | None = None,
    should_cancel: ShouldCancel | None = None,
) -> Evidence:
    """Permute every feature over the patients, search again, and compare.

    Permuting keeps how frequent every alteration is and destroys how they occur together. What
    groups tell is measured in bits per patient: the mutual information of group and feature,
    summed over the features.

    Parameters
    ----------
    alterations, settings
        As given to ``find_subgroups``.
    result
        What it returned.
    progress, should_cancel
        As for ``find_subgroups``.

    Raises
    ------
    SubgroupError, Cancelled
        As ``find_subgroups``.
    """
    prepared = prepare(alterations, settings)
    bits = (prepared.states[prepared.complete] == 1).astype(np.uint8)
    labels = result.labels.to_numpy()[prepared.complete]
    groups = np.unique(labels, return_inverse=True)[1]
    rng = np.random.default_rng(settings.seed)
    # Patients in the order of their profiles, so that row order cannot matter.
    ordered = bits[np.lexsort(bits.T[::-1])]
    permuted = np.column_stack([rng.permutation(column) for column in ordered.T])
    altered = permuted.any(axis=1)
    found = group_patients(permuted[altered], REPEAT_EFFORT, settings.seed, progress, should_cancel)
    null_groups = np.full(len(permuted), -1, dtype=np.int64)
    null_groups[altered] = found.labels[found.profiles.of_patient]
    n_groups = int(result.summary["group"].isin(result.enrichment["group"]).sum())
    # Even groups drawn at random tell a little about many features.
    by_chance = groups.max() * bits.shape[1] / (2 * np.log(2) * len(bits))
    return judge(
        information=information_bits(bits, groups),
        null_information=information_bits(permuted, null_groups),
        chance_information=float(by_chance),
        n_groups=n_groups,
        null_groups=int(found.labels.max()) + 1,
    )


def information_bits(bits: Bits, groups: npt.NDArray[np.int64]) -> float:
    """Mutual information of group and feature, summed over the features, in bits per patient.

    Parameters
    ----------
    bits
        Patients x features, 0 or 1.
    groups
        A number for each patient's group.
    """
    compact = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(compact)
    carriers = np.array([np.bincount(compact, weights=column) for column in bits.T]).T
    inside = (sizes / len(bits)) @ _entropy(carriers / sizes[:, None])
    return float((_entropy(bits.mean(axis=0)) - inside).sum())


def _entropy(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    q = np.clip(p, 1e-12, 1 - 1e-12)
    result: npt.NDArray[np.float64] = -(q * np.log2(q) + (1 - q) * np.log2(1 - q))
    return result


def judge(
    information: float,
    null_information: float,
    chance_information: float,
    n_groups: int,
    null_groups: int,
) -> Evidence:
    """The verdict in words.

    Parameters
    ----------
    information
        Bits per patient that the groups tell about the features.
    null_information
        The same for the groups found in permuted data.
    chance_information
        What as many groups drawn at random would seem to tell: (groups - 1) x features /
        (2 ln 2 x patients), the bias of mutual information (Miller 1955).
    n_groups, null_groups
        Groups found in the data and in permuted data.
    """
    baseline = max(null_information, chance_information)
    ratio = information / baseline if baseline > 0 else float("inf")
    shuffled = (
        f"{count(null_groups, 'group')} found after every alteration was shuffled over the patients"
    )
    if n_groups == 1:
        kind = "none"
        verdict = (
            "One group only: the alterations occur together no more than independent ones would."
        )
    elif ratio >= MIN_RATIO:
        kind = "structure"
        verdict = (
            f"The groups reflect alterations that occur together: they tell {ratio:.1f} times as "
            f"much about the alterations as chance does (the {shuffled}, or as many groups drawn "
            "at random)."
        )
    elif null_groups > 1:
        kind = "single lesions"
        verdict = (
            "The groups are strata of single lesions: they tell "
            f"{ratio:.1f} times as much about the alterations as the {shuffled}. They say who "
            "carries which lesion, and are not distinguishable from what independent alterations "
            "would give."
        )
    else:
        kind = "chance"
        verdict = (
            f"The groups are hardly more than chance: they tell {ratio:.1f} times as much about "
            "the alterations as so many groups drawn at random from so many patients."
        )
    return Evidence(
        information=information,
        null_information=null_information,
        ratio=ratio,
        n_groups=n_groups,
        null_groups=null_groups,
        kind=kind,
        verdict=verdict,
    )
