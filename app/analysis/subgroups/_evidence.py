"""Whether the groups are more than chance makes of independent alterations: the null."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.progress import Progress, portion, untold
from app.analysis.subgroups._features import prepare
from app.analysis.subgroups._result import Evidence, SubgroupResult
from app.analysis.subgroups._search.information import Information
from app.analysis.subgroups._search.search import Grouped, group_patients
from app.analysis.subgroups._settings import NULL_EFFORT, SubgroupError, SubgroupSettings

# Below this many times what shuffled data give, company is no more than chance.
MIN_RATIO = 3.0
# Below this share, the groups tell hardly more than which lesion a patient carries.
MIN_COMPANY_SHARE = 0.15
# Whether independent data fall into one group or several is itself a matter of luck; where one
# search is quick, the null is looked at more often.
N_SHUFFLES = 2
N_SHUFFLES_FEW_PROFILES = 5
FEW_PROFILES = 500


def structure_evidence(
    alterations: pd.DataFrame,
    settings: SubgroupSettings,
    result: SubgroupResult,
    progress: Progress = untold,
) -> Evidence:
    """Permute every feature over the patients, search again, and compare.

    Permuting keeps how frequent every alteration is and destroys how they occur together. What is
    compared is the company that alterations keep within groups, see ``Information``: that some
    groups are found says nothing, for they are found in independent alterations too.

    Raises
    ------
    SubgroupError
        As ``find_subgroups``; and for the plain pipeline, which has no consensus to compare.
    Cancelled
        If ``progress`` raises it.
    """
    if result.information is None:
        raise SubgroupError("The plain pipeline has no permutation null; use another quality.")
    prepared = prepare(alterations, settings)
    bits = (prepared.states[prepared.complete] == 1).astype(np.uint8)
    # Patients in the order of their profiles, so that row order cannot matter.
    bits = bits[np.lexsort(bits.T[::-1])]
    few = len(np.unique(bits, axis=0)) <= FEW_PROFILES
    n_shuffles = N_SHUFFLES_FEW_PROFILES if few else N_SHUFFLES
    found: list[Grouped] = []
    for number, stream in enumerate(np.random.SeedSequence(settings.seed).spawn(n_shuffles)):
        rng = np.random.default_rng(stream)
        permuted = np.column_stack([rng.permutation(column) for column in bits.T])
        altered = permuted.any(axis=1)
        part = portion(progress, number / n_shuffles, (number + 1) / n_shuffles)
        found.append(
            group_patients(
                permuted[altered], NULL_EFFORT, settings.seed, part,
                n_unaltered=int((~altered).sum()),
            )
        )  # fmt: skip
    return judge(
        result.information,
        null_bits=max(grouped.information.company_bits for grouped in found),
        n_groups=int(result.summary["group"].isin(result.enrichment["group"]).sum()),
        null_groups=max(grouped.n_groups for grouped in found),
    )


def judge(observed: Information, null_bits: float, n_groups: int, null_groups: int) -> Evidence:
    """The verdict in words.

    Parameters
    ----------
    null_bits
        Company in permuted data, bits per patient.
    """
    # By chance half of the features seem enriched.
    baseline = max(null_bits, observed.chance_bits / 2)
    ratio = observed.company_bits / baseline if baseline > 0 else float("inf")
    doubt = ", not distinguishable from independent alterations" if ratio < MIN_RATIO else ""
    strongest = f"{1 - observed.company_share:.0%}"
    if n_groups == 1:
        kind = "none"
        verdict = (
            "One group only: the alterations occur together no more than independent ones would."
        )
    elif ratio >= MIN_RATIO and observed.company_share >= MIN_COMPANY_SHARE:
        kind = "structure"
        verdict = (
            "The groups reflect alterations that occur together: beyond each group's strongest "
            f"alteration they tell {ratio:.1f} times as much as groups made of the same data with "
            "every alteration shuffled."
        )
    elif observed.total_bits >= MIN_RATIO * observed.chance_bits:
        kind = "single lesions"
        verdict = (
            f"The groups are strata of single lesions: {strongest} of what they tell is each "
            f"group's strongest alteration, and the rest is {ratio:.1f} times what the same data "
            f"give with every alteration shuffled{doubt}. Read them as who carries which lesion, "
            "not as combinations of alterations."
        )
    else:
        kind = "chance"
        verdict = (
            "The groups are hardly more than chance: as many groups drawn at random from so few "
            "patients would seem to tell nearly as much about the alterations."
        )
    return Evidence(
        information=observed.company_bits,
        null_information=baseline,
        ratio=ratio,
        strongest_share=1 - observed.company_share,
        n_groups=n_groups,
        null_groups=null_groups,
        kind=kind,
        verdict=verdict,
    )
