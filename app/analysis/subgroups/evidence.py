"""Whether the groups are more than chance makes of independent alterations: the null."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.subgroups.features import prepare
from app.analysis.subgroups.information import Information
from app.analysis.subgroups.result import Evidence, SubgroupResult
from app.analysis.subgroups.search import Grouped, group_patients, portion
from app.analysis.subgroups.settings import (
    NULL_EFFORT,
    Progress,
    ShouldCancel,
    SubgroupError,
    SubgroupSettings,
)
from app.analysis.wording import count

# Below this many times the null's information, groups only say who carries which lesion.
MIN_RATIO = 3.0
# Whether independent data fall into one group or several is itself a matter of luck.
N_SHUFFLES = 3


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
    summed over the features and averaged over the partitions behind a result.

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
    SubgroupError
        As ``find_subgroups``; and for the plain pipeline, which has no consensus to compare.
    Cancelled
        If ``should_cancel`` says so.
    """
    if result.information is None:
        raise SubgroupError("The plain pipeline has no permutation null; use another quality.")
    prepared = prepare(alterations, settings)
    bits = (prepared.states[prepared.complete] == 1).astype(np.uint8)
    # Patients in the order of their profiles, so that row order cannot matter.
    bits = bits[np.lexsort(bits.T[::-1])]
    found: list[Grouped] = []
    for number, stream in enumerate(np.random.SeedSequence(settings.seed).spawn(N_SHUFFLES)):
        rng = np.random.default_rng(stream)
        permuted = np.column_stack([rng.permutation(column) for column in bits.T])
        altered = permuted.any(axis=1)
        part = portion(progress, number / N_SHUFFLES, (number + 1) / N_SHUFFLES)
        found.append(
            group_patients(
                permuted[altered], NULL_EFFORT, settings.seed, part, should_cancel,
                n_unaltered=int((~altered).sum()),
            )
        )  # fmt: skip
    return judge(
        result.information,
        null_bits=max(grouped.information.bits for grouped in found),
        n_groups=int(result.summary["group"].isin(result.enrichment["group"]).sum()),
        null_groups=max(grouped.n_groups for grouped in found),
    )


def judge(observed: Information, null_bits: float, n_groups: int, null_groups: int) -> Evidence:
    """The verdict in words.

    Parameters
    ----------
    observed
        What the groups tell.
    null_bits
        Bits per patient in permuted data.
    n_groups, null_groups
        Groups found in the data and in permuted data.
    """
    baseline = max(null_bits, observed.chance_bits)
    ratio = observed.bits / baseline if baseline > 0 else float("inf")
    shuffled = (
        f"{count(null_groups, 'group')} found in the same data with every alteration shuffled"
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
            f"much about the alterations as chance does ({shuffled})."
        )
    elif null_bits > observed.chance_bits:
        kind = "single lesions"
        verdict = (
            f"The groups are strata of single lesions: they tell {ratio:.1f} times as much about "
            "the alterations as groups made of the same data with every alteration shuffled. They "
            "say who carries which lesion, and are not distinguishable from what independent "
            "alterations would give."
        )
    else:
        kind = "chance"
        verdict = (
            f"The groups are hardly more than chance: they tell {ratio:.1f} times as much about "
            "the alterations as independent alterations or groups drawn at random would."
        )
    return Evidence(
        information=observed.bits,
        null_information=baseline,
        ratio=ratio,
        n_groups=n_groups,
        null_groups=null_groups,
        kind=kind,
        verdict=verdict,
    )
