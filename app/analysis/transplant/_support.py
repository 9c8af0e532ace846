"""What stands behind each number of an emulated trial, and the sentences that say so."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant._claims.groups import Groups
from app.analysis.transplant._trial import Arm, ArmSums, Caps, Trial
from app.analysis.transplant._weights import DrawnWeights
from data_loaders.wording import listing, plural

FEW = 20
NEAR_ZERO = 0.01
# A stabilised weight, about 1 on average, at which one patient stands for very many.
LARGE_WEIGHT = 20.0
FEWEST_DEATHS = 10
DESCRIBED = "so it is described and not estimated"


def support_table(
    trial: Trial, groups: Groups, effective: Floats, fewest: int, least: float
) -> pd.DataFrame:
    """n, adherent, events by group and strategy; whether an estimate is given, and why not.

    Parameters
    ----------
    effective
        Effective number at the horizon, shape (groups, arms).
    fewest, least
        Followers that a strategy needs; effective number that it needs, where not 0, besides
        ``FEWEST_DEATHS``.
    """
    rows = []
    for position, group in enumerate(groups.names):
        here = groups.inside(position, trial.data)
        for number, arm in enumerate(trial.arms):
            followed, events, until = _followed(trial, arm, here)
            label, reach = arm.strategy.label, float(effective[position, number])
            refused = ""
            if followed < fewest:
                refused = (
                    f"{group}: only {followed} of {int(here.sum())} followed '{label}', fewer than "
                    f"{fewest}, so nothing is estimated."
                )
            elif events == 0:
                refused = (
                    f"{group}: no event among those who followed '{label}', so nothing is "
                    "estimated."
                )
            elif least and reach < least:
                refused = (
                    f"{group}: at month {trial.horizon:.3g} '{label}' rests on as much as "
                    f"{plural(int(reach), 'equally weighted patient')}, fewer than {least:g}, "
                    f"{DESCRIBED}."
                )
            elif least and (own := deaths_behind(trial, arm, here, trial.horizon)) < FEWEST_DEATHS:
                after = " after it" if arm.adherent.any() else ""
                refused = (
                    f"{group}: {plural(own, 'event')}{after} among those who followed '{label}', "
                    f"fewer than {FEWEST_DEATHS}, {DESCRIBED}."
                )
            careful = ""
            if until < trial.horizon:
                careful = (
                    f"{group}: '{label}' is followed for {until:.3g} months only; the curve is "
                    "carried on level to the horizon."
                )
            elif followed < FEW:
                careful = f"{group}: only {followed} followed '{label}': read with caution."
            rows.append(
                {
                    "group": group,
                    "strategy": label,
                    "n": int(here.sum()),
                    "adherent": followed,
                    "effective": reach,
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
                    "supported": not refused,
                    "note": refused or careful,
                }
            )
    return pd.DataFrame(rows)


def deaths_behind(trial: Trial, arm: Arm, here: Bools, horizon: float) -> int:
    """Events by a horizon after a transplant in its window; of a strategy without one, its own.

    Clones that still wait are in both arms and tell them apart by nothing: where few died after the
    transplant, draws of patients hardly vary and an interval is too short (with 0 to 7 such deaths
    3 of 9 simulated intervals missed the truth).
    """
    return int((_behind(trial, arm, here) & (trial.data.time <= horizon)).sum())


def death_weights(
    trial: Trial, drawn: DrawnWeights, caps: Caps, arm: Arm, here: Bools
) -> tuple[Floats, Floats]:
    """Times of the events of ``deaths_behind`` at any time, ascending, and their weights."""
    data = trial.data
    who = np.flatnonzero(_behind(trial, arm, here))
    who = who[np.argsort(data.time[who], kind="stable")]
    cell = trial.model.cells.of(data.time[who])
    if arm.adherent.any():
        cap = caps.transplanted.get(arm.strategy.label, np.inf)
        weights = trial.transplanted(arm, drawn, trial.asked(arm, drawn)[1], cap)[who]
    else:
        weights = trial.waiting(drawn, caps)[who, cell]
    if drawn.staying is not None:
        weights = weights * np.minimum(drawn.staying, caps.staying)[who, cell]
    return data.time[who], weights


def effective_by(times: Floats, weights: Floats, at: Floats) -> Floats:
    """Effective number (Kish) of weighted events by some times."""
    upto = np.searchsorted(times, at, side="right")
    total, square = (np.append(0.0, np.cumsum(values))[upto] for values in (weights, weights**2))
    return np.asarray(np.divide(total**2, square, out=np.zeros_like(total), where=square > 0))


def _behind(trial: Trial, arm: Arm, here: Bools) -> Bools:
    data = trial.data
    return here & data.event & (arm.adherent if arm.adherent.any() else ~data.ever_treated)


def _followed(trial: Trial, arm: Arm, here: Bools) -> tuple[int, int, float]:
    """Who followed the strategy, their events by the horizon, and how long anyone is followed."""
    data = trial.data
    untreated = ~data.ever_treated
    waiting = here & untreated & (data.time <= arm.waiting_until)
    followed = here & untreated if arm.strategy.kind == "never" else here & arm.adherent
    observed = here & (arm.adherent | waiting)
    events = int((observed & data.event & (data.time <= trial.horizon)).sum())
    until = float(data.time[followed].max()) if followed.any() else 0.0
    return int(followed.sum()), events, until


def arm_notes(support: pd.DataFrame) -> list[str]:
    """The notes of the table, each once; what a class lacks for an estimate is said of all."""
    return list(dict.fromkeys(note for note in support["note"] if note and DESCRIBED not in note))


def weight_notes(weights: pd.DataFrame) -> list[str]:
    """A sentence where single patients carry very large weights that are not cut off."""
    large = weights[np.minimum(weights["maximum"], weights["cap"]) > LARGE_WEIGHT]
    return [
        f"The largest weight under '{row.strategy}' ({row.state}) is {row.maximum:.0f} times the "
        "average: single patients stand for very many; compare with truncated weights."
        for row in large.itertuples()
    ]


def general_notes(trial: Trial, sums: list[ArmSums]) -> list[str]:
    """Assumptions, and where these data strain them."""
    data = trial.data
    named = ", ".join(map(str, data.confounders.columns)) or "no confounder"
    notes = [
        "Assumes that, given the confounders in the model "
        f"({named}{''.join(', ' + name for name in data.onsets)}), who is transplanted when is "
        "unrelated to prognosis: what is not among them, such as fitness, donor and wish, may "
        "matter; the protocol says what is recorded.",
    ]
    middle = len(trial.deaths) // 2
    still = np.bincount(data.groups[data.time >= trial.deaths[middle]], minlength=len(data.names))
    for arm, own in zip(trial.arms, sums, strict=True):
        risk, square = own.at_risk[:, middle], np.asarray(own.squares)[:, middle]
        effective = np.divide(risk**2, square, out=np.zeros_like(risk), where=square > 0)
        thin = [
            plural(round(float(effective[group])), "patient")
            + ("" if len(data.names) == 1 else f" in {name}")
            for group, name in enumerate(data.names)
            if effective[group] < FEW <= still[group]
        ]
        if thin:
            notes.append(
                f"At month {trial.deaths[middle]:.3g} '{arm.strategy.label}' rests on as much as "
                f"{listing(thin)} equally weighted: its curves are uncertain from there on."
            )
    return notes


def window_probability(trial: Trial, drawn: DrawnWeights, arm: Arm) -> Floats:
    """Modelled probability of a transplant in a patient's window, if alive and without one before.

    Returns
    -------
    array of shape (n,)
        Missing where the window never opens.
    """
    cells, rows = trial.model.cells, np.arange(trial.data.n)
    known = np.isfinite(arm.opens)
    just_after = 1e-9 * trial.horizon
    low = cells.of(np.where(known, arm.opens, 0.0))
    high = cells.of(np.where(known, arm.closes, 0.0) + just_after)
    chance = 1.0 - drawn.waiting[rows, low] / drawn.waiting[rows, high]
    return np.where(known, chance, np.nan)
