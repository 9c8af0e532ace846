"""State of every gene: altered, not altered, not tested, each gene once."""

from __future__ import annotations

import numpy as np

from data_loaders import Cohort
from data_loaders.arrays import States

TESTED_SHARE = 0.95


def gene_states(cohort: Cohort) -> dict[str, States]:
    """State of every gene (1, 0, -1 not tested), each once, whatever refinements it has.

    A gene of which only parts have columns is altered where a part is. Of two parts or more, as the
    ITD and the TKD of FLT3, a file tells the gene; one part alone, as the ITD, says nothing of the
    patients without it, who are not wild type.
    """
    # The parts of a cytogenetic event, such as del(13q) on both alleles, are of no gene.
    events = set(cohort.features_of_kind(["cytogenetic"]))
    whole: dict[str, States] = {}
    parts: dict[str, list[States]] = {}
    for position, (name, kind, gene) in enumerate(
        zip(cohort.features.index, cohort.features["kind"], cohort.features["gene"], strict=True)
    ):
        called = str(gene) if isinstance(gene, str) else str(name)
        if kind == "gene":
            whole[called] = cohort.states[:, position]
        elif kind == "refinement" and called not in events:
            parts.setdefault(called, []).append(cohort.states[:, position])
    joined = {
        gene: np.where(
            np.any(np.equal(states, 1), axis=0),
            1,
            np.min(states, axis=0) if len(states) > 1 else -1,
        ).astype(np.int8)
        for gene, states in parts.items()
        if gene not in whole
    }
    return whole | joined
