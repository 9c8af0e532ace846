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
    information = information_bits(bits, groups)
    null_information = information_bits(permuted, null_groups)
    n_groups = int(result.summary["group"].isin(result.enrichment["group"]).sum())
    return _judge(information, null_information, n_groups, int(found.labels.max()) + 1)


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


def _judge(
    information: float, null_information: float, n_groups: int, null_groups: int
) -> Evidence:
    ratio = information / null_information if null_information > 1e-9 else np.inf
    if n_groups == 1:
        kind = "none"
        verdict = (
            "One group only: the alterations occur together no more than independent ones would."
        )
    elif ratio < MIN_RATIO:
        kind = "single lesions"
        verdict = (
            "The groups are strata of single lesions: they tell "
            f"{ratio:.1f} times as much about the alterations as the "
            f"{count(null_groups, 'group')} found after every alteration was shuffled "
            "over the patients. They say who carries which lesion, and are not distinguishable "
            "from what independent alterations would give."
        )
    else:
        kind = "structure"
        times = "far more" if ratio > 100 else f"{ratio:.0f} times as much"
        verdict = (
            "The groups reflect alterations that occur together: they tell "
            f"{times} about the alterations {'than' if ratio > 100 else 'as'} the "
            f"{count(null_groups, 'group')} found after every alteration was shuffled over the "
            "patients."
        )
    return Evidence(
        information=information,
        null_information=null_information,
        ratio=float(ratio),
        n_groups=n_groups,
        null_groups=null_groups,
        kind=kind,
        verdict=verdict,
    )
