"""The scores of one patient as tables: class, what is missing, what each input contributes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.cohort.scores import SCORES, contributions, score
from app.study.wording import number_in_words
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
        return number_in_words(least)
    return f"{number_in_words(least)} to {number_in_words(most)}"
