"""Whether the weights make those who follow a strategy like those who follow the reference."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant._trial import Caps, Trial
from app.analysis.transplant._weights import DrawnWeights

# A standardised difference after weighting that a reader should hear of.
UNBALANCED = 0.25
_COLUMNS = ["strategy", "reference", "at", "term", "smd_before", "smd_after", "n", "n_reference"]


def balance_table(trial: Trial, drawn: DrawnWeights, caps: Caps, reference: int) -> pd.DataFrame:
    """Confounders of those who follow each strategy against those of the reference.

    At the end of each window, among the clones still followed then, before and after weighting.

    Returns
    -------
    DataFrame
        strategy, reference, at, term, smd_before, smd_after (differences of means over the standard
        deviation among all eligible), n, n_reference.
    """
    data = trial.data
    rows = []
    for position, (at, *_) in trial_times(trial, reference):
        ours, ours_weight = followers(trial, drawn, caps, position, at)
        theirs, their_weight = followers(trial, drawn, caps, reference, at)
        if not ours_weight.any() or not their_weight.any():
            continue
        mean = [
            np.average(data.x, axis=0, weights=weight)
            for weight in (ours, theirs, ours_weight, their_weight)
        ]
        rows.append(
            pd.DataFrame(
                {
                    "strategy": trial.arms[position].strategy.label,
                    "reference": trial.arms[reference].strategy.label,
                    "at": at,
                    "term": list(data.terms),
                    "smd_before": mean[0] - mean[1],
                    "smd_after": mean[2] - mean[3],
                    "n": int(ours.sum()),
                    "n_reference": int(theirs.sum()),
                }
            )
        )
    filled = [part for part in rows if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_COLUMNS)


def balance_notes(table: pd.DataFrame) -> list[str]:
    """A sentence for each strategy that the weights leave unlike the reference."""
    notes = []
    for strategy, part in table.groupby("strategy", sort=False):
        worst = part.loc[part["smd_after"].abs().idxmax()]
        if abs(worst["smd_after"]) > UNBALANCED:
            notes.append(
                f"Balance: after weighting, those who follow '{strategy}' still differ from "
                f"'{worst['reference']}' by {abs(worst['smd_after']):.2f} standard deviations of "
                f"{worst['term']}."
            )
    return notes


def trial_times(trial: Trial, reference: int) -> list[tuple[int, list[float]]]:
    """Each arm with a transplant, and when its followers are compared: window, half, horizon."""
    found = []
    for position, arm in enumerate(trial.arms):
        closes = arm.closes[np.isfinite(arm.closes)]
        if position == reference or not len(closes) or not arm.adherent.any():
            continue
        first = float(closes.max()) if arm.strategy.kind != "progression" else trial.horizon / 2
        later = [at for at in (trial.horizon / 2, trial.horizon * 0.95) if at > first]
        found.append((position, [first, *later]))
    return found


def followers(
    trial: Trial, drawn: DrawnWeights, caps: Caps, position: int, at: float
) -> tuple[Bools, Floats]:
    """Clones of an arm still followed just after a time, and their weights."""
    data = trial.data
    arm = trial.arms[position]
    there = (data.time > at) & (data.entry < at)
    waiting = there & (data.treated > at) & (arm.waiting_until > at)
    done = there & arm.adherent & (data.treated <= at)
    cell = trial.model.cells.of(np.full(data.n, at))
    rows = np.arange(data.n)
    weights = np.where(waiting, trial.waiting(drawn, caps)[rows, cell], 0.0)
    if arm.adherent.any():
        left, share = trial.asked(arm, drawn)
        cap = caps.transplanted.get(arm.strategy.label, np.inf)
        after = trial.transplanted(arm, drawn, share, cap)
        weights = np.where(done, after, weights * left[rows, cell])
    return waiting | done, weights
