"""What stands behind each number of an emulated trial, and the sentences that say so."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis._survival_data import Bools
from app.analysis.transplant._trial import Arm, ArmSums, Trial
from app.analysis.transplant._weights import DrawnWeights

FEW = 20
LOW_EFFECTIVE_SHARE = 0.25
NEAR_ZERO = 0.01


def support_table(trial: Trial, groups: tuple[str, ...], fewest: int) -> pd.DataFrame:
    """n, adherent, events by class and strategy; whether an estimate is given, and why not."""
    data = trial.data
    inside = [
        np.ones(data.n, dtype=bool) if g == 0 else data.groups == g - 1 for g in range(len(groups))
    ]
    rows = []
    for group, here in zip(groups, inside, strict=True):
        for arm in trial.arms:
            followed, events, until = _followed(trial, arm, here)
            note = ""
            if followed < fewest:
                note = (
                    f"{group}: only {followed} of {int(here.sum())} followed "
                    f"'{arm.strategy.label}', fewer than {fewest}, so nothing is estimated."
                )
            elif events == 0:
                note = (
                    f"{group}: no event among those who followed '{arm.strategy.label}', so its "
                    "curve says only that none was seen."
                )
            elif until < trial.horizon:
                note = (
                    f"{group}: '{arm.strategy.label}' is followed for {until:.3g} only; the curve "
                    "is carried on level to the horizon."
                )
            elif followed < FEW:
                note = (
                    f"{group}: only {followed} followed '{arm.strategy.label}': read with caution."
                )
            rows.append(
                {
                    "group": group,
                    "strategy": arm.strategy.label,
                    "n": int(here.sum()),
                    "adherent": followed,
                    "events": events,
                    **dict.fromkeys(
                        (
                            "survival",
                            "survival_lower",
                            "survival_upper",
                            "rmst",
                            "rmst_lower",
                            "rmst_upper",
                        ),
                        np.nan,
                    ),
                    "supported": followed >= fewest,
                    "note": note,
                }
            )
    return pd.DataFrame(rows)


def _followed(trial: Trial, arm: Arm, here: Bools) -> tuple[int, int, float]:
    """Who followed the strategy, their events by the horizon, and how long anyone is followed."""
    data = trial.data
    untreated = ~data.ever_treated
    waiting = here & untreated & (data.time <= arm.waiting_until)
    if arm.strategy.kind == "never":
        followed = here & untreated
    elif arm.strategy.kind == "progression":
        followed = here & (arm.adherent | (untreated & (data.time <= arm.waiting_until)))
        if not (here & arm.adherent).any():
            followed = here & arm.adherent
    else:
        followed = here & arm.adherent
    observed = here & (arm.adherent | waiting)
    events = int((observed & data.event & (data.time <= trial.horizon)).sum())
    until = float(data.time[followed].max()) if followed.any() else 0.0
    return int(followed.sum()), events, until


def arm_notes(support: pd.DataFrame) -> list[str]:
    """The notes of the table, each once."""
    return list(dict.fromkeys(note for note in support["note"] if note))


def general_notes(trial: Trial, drawn: DrawnWeights, sums: list[ArmSums]) -> list[str]:
    """Assumptions, and where these data strain them."""
    data = trial.data
    named = ", ".join(map(str, data.confounders.columns)) or "no confounder"
    notes = [
        "Assumes that, given the confounders in the model "
        f"({named}{''.join(', ' + name for name in data.onsets)}), who is transplanted when is "
        "unrelated to prognosis: fitness, donor and wish are not known here and may matter.",
    ]
    for arm in trial.arms:
        if not arm.adherent.any():
            continue
        inverse = drawn.waiting[:, min(_last_cell(trial, arm), drawn.waiting.shape[1] - 1)]
        unlikely = (1.0 - 1.0 / inverse) < NEAR_ZERO
        if unlikely.any():
            notes.append(
                f"Positivity: {int(unlikely.sum())} of {data.n} had a chance below "
                f"{NEAR_ZERO:.0%} of a transplant by the end of the window of "
                f"'{arm.strategy.label}'; nobody like them can show what it does. A narrower "
                "eligibility helps."
            )
    for arm, own in zip(trial.arms, sums, strict=True):
        risk, square = own.at_risk.sum(axis=0), np.asarray(own.squares).sum(axis=0)
        middle = len(risk) // 2
        people = int((data.time >= trial.deaths[middle]).sum())
        effective = risk[middle] ** 2 / square[middle] if square[middle] > 0 else 0.0
        if people and effective < FEW:
            notes.append(
                f"'{arm.strategy.label}' rests on the equivalent of {effective:.0f} patients at "
                f"{trial.deaths[middle]:.3g}: its curve is uncertain from there on."
            )
    return notes


def _last_cell(trial: Trial, arm: Arm) -> int:
    known = arm.closes[np.isfinite(arm.closes)]
    return int(trial.model.cells.of(known.max(initial=0.0) + 1e-9 * trial.horizon))
