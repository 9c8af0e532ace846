"""For how many patients each score can be computed, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.cohort.scores import SCORES, codes_of, disease_of, score
from data_loaders import Cohort
from data_loaders.arrays import Bools

_OTHER_DISEASE = -2  # as codes_of says it


@dataclass(frozen=True, eq=False)
class Coverage:
    """How far scores reach in the patients selected.

    Parameters
    ----------
    table
        One row a score whose disease occurs: key, label, disease, patients (of that disease),
        certain (class known whatever is missing), lacking (inputs known in nobody), helps_most
        (the one input that would complete most patients), n_more, grade, source.
    selected, concerned
        Patients selected, and those of a disease that a score is made for.
    """

    table: pd.DataFrame
    selected: int
    concerned: int


def score_coverage(cohort: Cohort, mask: Bools) -> Coverage:
    """Count, for every score of a disease that occurs, the patients with a certain class."""
    rows = []
    concerned = np.zeros(len(cohort), dtype=bool)
    for key, definition in SCORES.items():
        codes = codes_of(cohort, key)
        who = mask & (codes != _OTHER_DISEASE)
        occurs = disease_of(cohort, definition.disease).occurs
        if not (occurs and who.any()) or definition.disease == "Before transplant":
            continue
        result = score(cohort, key)
        table = result.table[who]
        certain = pd.Series(codes[who] >= 0, index=table.index)
        single = table["missing"][[len(held) == 1 for held in table["missing"]]]
        alone = single[~certain[single.index]].map(lambda held: held[0]).value_counts()
        labels = dict(zip(result.inputs["input"], result.inputs["label"], strict=True))
        known = result.inputs.set_index("input")["n_known"]
        rows.append(
            {
                "key": key,
                "label": definition.label,
                "disease": definition.disease,
                "patients": int(who.sum()),
                "certain": int(certain.sum()),
                "lacking": tuple(labels[name] for name in known.index[known == 0]),
                "helps_most": labels.get(alone.index[0], alone.index[0]) if len(alone) else "",
                "n_more": int(alone.iloc[0]) if len(alone) else 0,
                "grade": result.grade,
                "source": result.source,
            }
        )
        concerned |= who
    columns = ["key", "label", "disease", "patients", "certain", "lacking", "helps_most",
               "n_more", "grade", "source"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    share = table["certain"] / table["patients"].clip(lower=1)
    order = np.lexsort([np.arange(len(table)), -share.to_numpy(dtype=float)])
    return Coverage(table.iloc[order].reset_index(drop=True), int(mask.sum()), int(concerned.sum()))
