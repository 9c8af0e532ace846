"""The scores and classes of one patient: what it is, what is missing, what that rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.cohort.classification import SYSTEMS, classify
from app.cohort.scores import SCORES, contributions, score
from app.study.wording import listing, number_in_words
from data_loaders import Cohort


def scores_of_patient(cohort: Cohort, keys: Sequence[str], position: int) -> pd.DataFrame:
    """One row a score: its value or range, its class or those still possible, what is missing."""
    rows = []
    for key in keys:
        result = score(cohort, key)
        own = result.table.iloc[position]
        labels = result.inputs.set_index("input")["label"]
        rows.append(
            {
                "Score": result.label,
                "Value": _range(own["lowest"], own["highest"]),
                "Class": own["category"] or " or ".join(own["possible"]) or "not scored",
                "Missing": ", ".join(labels[list(own["missing"])]) or "nothing",
                "Made for": SCORES[key].disease,
            }
        )
    return pd.DataFrame(rows)


def score_in_parts(cohort: Cohort, key: str, position: int) -> pd.DataFrame:
    """One row an input: its value, its points, and which other value would change the class."""
    parts = contributions(cohort, key, position)
    table = pd.DataFrame(
        {
            "Input": parts["label"],
            "This patient": parts["value"],
            "Points": [
                _range(least, most)
                for least, most in zip(parts["least"], parts["most"], strict=True)
            ],
            "Would change the class": parts["changes"],
        }
    )
    return table if parts["least"].notna().any() else table.drop(columns="Points")


def _range(least: float, most: float) -> str:
    if np.isnan(least):
        return ""
    if least == most:
        return number_in_words(least).replace("-", "−")
    return f"{number_in_words(least)} to {number_in_words(most)}".replace("-", "−")


def classes_of_patient(cohort: Cohort, position: int) -> list[tuple[str, str, tuple[str, ...]]]:
    """WHO 2022 and ICC 2022 of one patient: what, in a sentence, and the trail of evidence.

    Returns
    -------
    list of tuple
        Classification, its verdict, sentences of evidence; none where no list is for the disease.
    """
    found = []
    for key, label in SYSTEMS.items():
        row = classify(cohort, key).table.iloc[position]
        if not row["disease"]:
            continue
        if row["entity"] is not None:
            verdict = f"{row['entity']}."
        else:
            verdict = (
                f"not decided: {' or '.join(row['possible'])}. "
                f"It would be decided by {listing(list(row['undecided']))}."
            )
        found.append((label, verdict, row["evidence"]))
    return found
