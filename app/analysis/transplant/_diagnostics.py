"""Whether an emulated trial can be trusted: positivity, and how much the choices matter."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.progress import Progress, portion, untold
from app.analysis.transplant._balance import followers, trial_times
from app.analysis.transplant._emulation import Emulation, EmulationSettings, emulate
from app.analysis.transplant._strata import without_confounders
from app.analysis.transplant._strategies import Spread, Strategy
from app.analysis.transplant._support import NEAR_ZERO, window_probability
from app.analysis.transplant._tables import clone_weights
from app.analysis.transplant._trial_data import TrialData

# A weight of nothing has no place on a logarithmic scale.
_SMALLEST = 0.01
_BARS = 30
_FEWEST_COMPARED = 5
AGE_BANDS = (50.0, 60.0, 65.0, 70.0, 75.0)


def positivity(emulation: Emulation, strata: pd.DataFrame) -> pd.DataFrame:
    """Who could have followed each strategy with a transplant, by age band, risk or both.

    Parameters
    ----------
    strata
        One column or more of labels of the patients given to ``trial_data``, in their order.

    Returns
    -------
    DataFrame
        The columns of ``strata``, strategy, n, transplanted (in the window), mean and minimum of
        the modelled ``probability`` of a transplant in the window for a patient alive and without
        one at its opening (missing where it never opens),
        near_zero (share below 1%), and note where nobody was transplanted (no estimate rests on
        data there) or most have next to no chance.

    Raises
    ------
    ValueError
        If nobody was transplanted in the window of any strategy.
    """
    trial = emulation.trial
    labels = strata.iloc[trial.data.rows].reset_index(drop=True)
    rows = []
    for arm in trial.arms:
        if not np.isfinite(arm.opens).any() or not arm.adherent.any():
            continue
        probability = window_probability(trial, emulation.drawn, arm)
        near = np.where(np.isnan(probability), np.nan, probability < NEAR_ZERO)
        frame = labels.assign(p=probability, done=arm.adherent, near=near)
        table = (
            frame.groupby(list(labels.columns), observed=True)
            .agg(
                n=("p", "size"),
                transplanted=("done", "sum"),
                probability=("p", "mean"),
                minimum=("p", "min"),
                near_zero=("near", "mean"),
            )
            .reset_index()
        )
        table.insert(len(labels.columns), "strategy", arm.strategy.label)
        rows.append(table)
    if not rows:
        raise ValueError(
            "Nobody was transplanted in the window of any strategy, so no share can be told: "
            "choose other windows in the question."
        )
    result = pd.concat(rows, ignore_index=True)
    result["note"] = np.select(
        [result["transplanted"] == 0, result["near_zero"] > 0.5],
        [
            "Nobody here was transplanted in this window: what is said of them is extrapolated.",
            "Most here had next to no chance of a transplant in this window.",
        ],
        "",
    )
    return result


def age_bands(age: Floats) -> pd.Categorical:
    """Age in bands for tables: under 50, 50 to 59, ... 75 and over."""
    edges = [-np.inf, *AGE_BANDS, np.inf]
    inner = [f"{low:g}–{high - 1:g}" for low, high in itertools.pairwise(AGE_BANDS)]
    labels = [f"under {AGE_BANDS[0]:g}", *inner, f"{AGE_BANDS[-1]:g} and over"]
    return pd.cut(np.asarray(age, dtype=np.float64), edges, right=False, labels=labels)


def sensitivity(
    data: TrialData,
    strategies: Sequence[Strategy],
    settings: EmulationSettings,
    *,
    graces: Sequence[float] = (),
    truncations: Sequence[float | None] = (None, 0.995, 0.99, 0.975, 0.95),
    progress: Progress = untold,
) -> pd.DataFrame:
    """Emulate the trial again under other choices, without draws.

    Parameters
    ----------
    graces
        Other grace periods; for "transplant within", other windows.
    truncations
        Other quantiles at which weights are cut off.

    Returns
    -------
    DataFrame
        choice (in words), varied (as set, grace, truncation, spread, losses, confounder: one is
        left out of the weights), and the columns of ``Emulation.contrasts``.
    """
    arms, base = tuple(strategies), replace(settings, draws=0)
    choices: list[tuple[str, str, tuple[Strategy, ...], EmulationSettings, TrialData]] = [
        ("As set", "as set", arms, base, data)
    ]
    for grace in graces:
        if grace <= 0:
            raise ValueError("A grace period must be a positive time.")
        moved = tuple(Strategy("within", grace) if a.kind == "within" else a for a in arms)
        if len(set(moved)) == len(moved):
            words = f"Grace period {grace:g}"
            choices.append((words, "grace", moved, replace(base, grace=grace), data))
    for cut in truncations:
        if cut != settings.truncation:
            words = "No truncation" if cut is None else f"Truncation at {100 * cut:g}%"
            choices.append((words, "truncation", arms, replace(base, truncation=cut), data))
    other: Spread = "even" if settings.spread == "practice" else "practice"
    words = "Transplants spread evenly" if other == "even" else "Transplants spread as in practice"
    choices.append((words, "spread", arms, replace(base, spread=other), data))
    words = "Losses not weighted" if settings.adjust_losses else "Losses weighted"
    changed = replace(base, adjust_losses=not settings.adjust_losses)
    choices.append((words, "losses", arms, changed, data))
    # The progression stays: a strategy may wait for it, and a class keeps its own baseline.
    choices += [
        (f"Without {name}", "confounder", arms, base, without_confounders(data, {str(name)}))
        for name in data.confounders.columns
    ]
    parts = []
    for number, (words, varied, own, how, patients) in enumerate(choices):
        part = portion(progress, number / len(choices), (number + 1) / len(choices), "Sensitivity")
        table = emulate(patients, own, how, progress=part).contrasts
        table.insert(0, "choice", words)
        table.insert(1, "varied", varied)
        parts.append(table)
    progress("Done", 1.0)
    return pd.concat(parts, ignore_index=True)


def balance_within(emulation: Emulation) -> pd.DataFrame:
    """Whether the weights balance the confounders within each group, and later in follow-up.

    Returns
    -------
    DataFrame
        One row a strategy with a transplant, group and time (the end of the window, half and all
        of the horizon): strategy, group, at, term (that differs most), smd_before, smd_after,
        n, n_reference. Groups and times with fewer than five followers on a side have none.
    """
    trial, layout = emulation.trial, emulation.layout
    caps = trial.caps(emulation.drawn, emulation.settings.truncation)
    rows = []
    for arm, times in trial_times(trial, layout.reference):
        for at in times:
            own = followers(trial, emulation.drawn, caps, arm, at)
            other = followers(trial, emulation.drawn, caps, layout.reference, at)
            for group in layout.groups.names:
                here = emulation.members(group)
                found = _worst(trial.data, here, own, other)
                if found is not None:
                    rows.append({"strategy": layout.names[arm], "group": group, "at": at} | found)
    return pd.DataFrame(rows)


def _worst(
    data: TrialData, here: Bools, own: tuple[Bools, Floats], other: tuple[Bools, Floats]
) -> dict[str, object] | None:
    """The confounder that differs most after weighting, among some patients."""
    sides = [(there & here, weight * here) for there, weight in (own, other)]
    if min(int(there.sum()) for there, _ in sides) < _FEWEST_COMPARED or not data.x.shape[1]:
        return None
    if min(weight.sum() for _, weight in sides) <= 0:
        return None
    before, after = (
        np.average(data.x, axis=0, weights=a) - np.average(data.x, axis=0, weights=b)
        for a, b in zip(*sides, strict=True)
    )
    worst = int(np.argmax(np.abs(after)))
    return {
        "term": data.terms[worst],
        "smd_before": float(before[worst]),
        "smd_after": float(after[worst]),
        "n": int(sides[0][0].sum()),
        "n_reference": int(sides[1][0].sum()),
    }


def weight_histogram(emulation: Emulation) -> pd.DataFrame:
    """How the stabilised weights of each arm are spread, on a logarithmic scale.

    The weights are those of ``Emulation.weights``: at the end of each clone's time in a state,
    before they are cut off.

    Returns
    -------
    DataFrame
        strategy, state, low, high (of the bar), n, share (of the clones in that state).
    """
    found = clone_weights(emulation.trial, emulation.drawn)
    known = [np.maximum(values, _SMALLEST) for _, _, values, _ in found]
    low = min(float(values.min()) for values in known)
    high = max(float(values.max()) for values in known)
    edges = np.geomspace(low / 1.01, max(high, low * 1.2) * 1.01, _BARS + 1)
    parts = []
    for (strategy, state, _, _), values in zip(found, known, strict=True):
        n = np.histogram(values, edges)[0]
        frame = {"strategy": strategy, "state": state, "low": edges[:-1], "high": edges[1:]}
        parts.append(pd.DataFrame(frame | {"n": n, "share": n / len(values)}))
    return pd.concat(parts, ignore_index=True)
