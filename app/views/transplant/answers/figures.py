"""Figures of the answers side by side: months of life with the naive error, and hazard ratios."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.study.figures.forest import forest_figure
from app.views.survival.during.analysis import NAIVE
from app.views.transplant.answers.words import EMULATED, naive_error
from app.views.transplant.figures_gain import gain_forest


def months_figure(answers: pd.DataFrame, *, axis: str) -> go.Figure:
    """Draw the months of life that the naive comparison and the emulated trial give.

    The naive one is marked as wrong; a band shows how far it is off the first strategy.

    Parameters
    ----------
    answers
        From :func:`app.views.transplant.answers.words.side_by_side`.
    axis
        What is shown and of how many; what the numbers are.
    """
    own = answers[(answers["key"] == NAIVE) | (answers["approach"] == EMULATED)]
    wrong = own["wrong"].to_numpy(dtype=bool)
    rows = pd.DataFrame(
        {
            "label": own["label"],
            "group": own["approach"],
            "value": own["rmst_difference"],
            "lower": own["rmst_difference_lower"],
            "upper": own["rmst_difference_upper"],
            "note": np.where(wrong, "no estimate", "too few to estimate"),
            "wrong": wrong,
        }
    )
    error = naive_error(answers)
    span = None if error is None else (error.naive, error.emulated)
    return gain_forest(rows, axis=axis, span=span)


def ratios_figure(answers: pd.DataFrame) -> go.Figure:
    """Draw the hazard ratio of every answer under each other, the naive one first."""
    return forest_figure(
        ratio_rows(answers),
    )


def ratio_rows(answers: pd.DataFrame) -> pd.DataFrame:
    """The rows of the forest of hazard ratios; one whose interval is not there yet says so."""
    drawn = answers["hr_lower"].notna() & answers["hr_upper"].notna()
    return pd.DataFrame(
        {
            "label": answers["label"],
            "group": answers["approach"],
            "series": np.where(answers["wrong"].astype(bool), "Naive: wrong", "Time respected"),
            "n": answers["n"],
            "events": answers["events"],
            "hr": answers["hr"].where(drawn),
            "lower": answers["hr_lower"],
            "upper": answers["hr_upper"],
            # Why an answer is missing is told in words; beside the forest there is room for two.
            "note": [
                "no estimate" if np.isnan(ratio) else f"{ratio:.2f}, interval to come"
                for ratio in answers["hr"]
            ],
        }
    )
