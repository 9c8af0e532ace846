"""How well one scale tells who has the event first: what a scale and its follow-up support."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.prediction import compare_discrimination
from app.study.outcomes import Outcome
from app.study.wording import format_interval
from data_loaders.arrays import Floats

FEWEST_EVENTS, _FEWEST_LEFT = 10, 10
MEASURES = {"harrell": "Harrell's C", "uno": "Uno's C"}
NO_ENTRY = (
    "Uno's C, the area under the curve over time and the Brier score know no entry times: they are "
    "given where patients count from time zero on."
)
_GRID = (6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0, 96.0, 108.0, 120.0)


def supported_times(outcome: Outcome) -> list[float]:
    """Months by which enough had the event and after which enough are followed; none with entry."""
    if outcome.entry is not None:
        return []
    return [
        moment
        for moment in _GRID
        if (outcome.event[outcome.time <= moment].sum() >= FEWEST_EVENTS)
        and ((outcome.time > moment).sum() >= _FEWEST_LEFT)
    ]


def concordance_of(outcome: Outcome, scales: dict[str, Floats]) -> pd.DataFrame:
    """Concordance of each of some scales in the patients who have it.

    Parameters
    ----------
    scales
        Name to score of each analysed patient, higher = earlier event, NaN without one.

    Returns
    -------
    DataFrame
        As :class:`Discrimination` has it, with n and events; a scale with fewer than 10 events is
        not among them. Uno's index is of the events up to the last time that follow-up supports.
    """
    rows = []
    times = supported_times(outcome)
    for name, score in scales.items():
        known = ~np.isnan(score)
        events = int(outcome.event[known].sum())
        if events < FEWEST_EVENTS:
            continue
        found = compare_discrimination(
            outcome.time[known], outcome.event[known], {name: score[known]},
            entry=None if outcome.entry is None else outcome.entry[known],
            until=times[-1] if times else None, resamples=0,
        )  # fmt: skip
        rows.append(found.concordance.assign(n=int(known.sum()), events=events))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def measures_of(row: pd.Series) -> dict[str, str]:
    """The measures that a row of concordance has, as printed: name to figure with interval."""
    return {
        label: format_interval(row[key], row[f"{key}_lower"], row[f"{key}_upper"], ".3f")
        for key, label in MEASURES.items()
        if not np.isnan(row[key])
    }
