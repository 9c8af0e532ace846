"""Every answer on the same terms: the same patients, confounders, strategies and horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.progress import Progress, untold
from app.analysis.transplant._answers.augmented import Augmentation
from app.analysis.transplant._answers.standardised import Standardisation
from app.analysis.transplant._answers.timed_cox import landmark_cox, timed_cox
from app.analysis.transplant._claims.horizon import freedoms
from app.analysis.transplant._claims.intervals import less_lost
from app.analysis.transplant._emulation import Emulation
from app.analysis.transplant._strata import without_confounders
from app.analysis.transplant._tables import estimate
from app.analysis.transplant._trial_data import TrialData
from app.analysis.transplant._weights import DrawnWeights

WEIGHTED, STANDARDISED, ROBUST = "Weights (IPW)", "Standardised (g-formula)", "Doubly robust (AIPW)"
CRUDE, TIMED = "Time-dependent, unadjusted", "Time-dependent, adjusted"
# Points in time, moments of each patient: of the estimate, and of draws, which only say how it
# spreads (their standard errors are within 4% of those of the finer ones, on the wide side).
_POINTS, _DRAWN_POINTS, _DRAWN_REPEATS = 65, 17, 2
_DRAWN_STEPS = 65


@dataclass(frozen=True, eq=False)
class SameTerms:
    """Answers that differ only in how they are estimated.

    Attributes
    ----------
    means
        approach, group (everyone and the halves), rmst_difference, lower, upper, verdict: gain of
        the first strategy by the horizon.
    ratios
        approach, hr, lower, upper, n, transplanted, events: Cox models, adjusted for the same.
    draws
        Bootstrap draws behind the intervals.
    """

    means: pd.DataFrame
    ratios: pd.DataFrame
    draws: int


def same_terms(
    emulation: Emulation,
    landmarks: Sequence[float],
    *,
    draws: int = 0,
    progress: Progress = untold,
) -> SameTerms:
    """Estimate the gain by weights, standardisation and both, and the ratios by Cox models.

    Parameters
    ----------
    emulation
        The emulated trial, whose patients, weights and horizon are taken.
    landmarks
        Times of the adjusted landmark analyses.
    draws
        Bootstrap draws of patients, the same for all three; 0 for no intervals.
    """
    trial, settings, data = emulation.trial, emulation.settings, emulation.trial.data
    groups = emulation.layout.groups
    wide = [i for i, name in enumerate(groups.names) if i == 0 or name in (groups.halves or ())]
    higher = groups.inside(wide[-1], data) if groups.halves else np.zeros(data.n, dtype=bool)
    fine = (
        Standardisation(data, higher, np.linspace(0.0, trial.horizon, _POINTS)),
        Augmentation(trial),
    )
    grid = np.linspace(0.0, trial.horizon, _DRAWN_POINTS)
    coarse = (
        Standardisation(data, higher, grid, _DRAWN_REPEATS),
        Augmentation(trial, _DRAWN_STEPS),
    )
    caps = trial.caps(emulation.drawn, settings.truncation)
    pair = [*_pair(emulation)]
    inside = np.array([groups.inside(g, data) for g in wide], dtype=np.float64)

    def lost(
        counts: Floats, drawn: DrawnWeights, standard: Standardisation, augmented: Augmentation
    ) -> Floats:
        point = estimate(trial, trial.sums(drawn, caps, counts), emulation.layout)
        survival = standard.survival(tuple(trial.arms[i] for i in pair), counts)
        area = np.asarray(np.trapezoid(survival, standard.times, axis=-1))
        robust = augmented.means(pair, drawn, caps, counts)
        share = inside * counts
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        return trial.horizon - np.stack(
            [point.rmst[wide][:, pair], share @ area.T, share @ robust.T]
        )

    whole = lost(np.ones(data.n), emulation.drawn, *fine)
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    found = np.empty((draws, *whole.shape))
    for number in range(draws):
        if number % 5 == 0:
            progress("Other estimators", number / draws)
        counts = data.resampled(rng)
        found[number] = lost(counts, trial.model.draw(counts, emulation.drawn), *coarse)
    progress("Done", 1.0)
    rows = []
    sums = trial.sums(emulation.drawn, caps, np.ones(data.n), squares=True)
    freedom = freedoms(sums, groups.members)[wide][:, pair, -1]
    behind = emulation.contrasts.groupby("group", sort=False)["supported"].first()
    for position, approach in enumerate((WEIGHTED, STANDARDISED, ROBUST)):
        for place, group in enumerate(wide):
            name = groups.names[group]
            value, drawn = whole[position, place], found[:, position, place]
            own = less_lost(value, drawn, settings.conf_level, freedom[place])
            rows.append(
                {
                    "approach": approach, "group": name,
                    "rmst_difference": float(value[1] - value[0]),
                    "lower": own.lower, "upper": own.upper, "verdict": own.verdict,
                    "supported": bool(behind[name]),
                }
            )  # fmt: skip
    return SameTerms(pd.DataFrame(rows), _ratios(data, landmarks), draws)


def _pair(emulation: Emulation) -> tuple[int, int]:
    """Positions of the first strategy and of the reference."""
    reference = emulation.strategies.index(emulation.reference)
    return (1 if reference == 0 else 0), reference


def _ratios(data: TrialData, landmarks: Sequence[float]) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    crude = timed_cox(without_confounders(data)).iloc[-1:]
    for words, table in ((CRUDE, crude), ("", timed_cox(data))):
        for row in table.to_dict("records"):
            label = words or f"{TIMED}: {row['period']}"
            numbers = {name: row[name] for name in ("hr", "lower", "upper", "events")}
            rows.append({"approach": label, "n": data.n, "transplanted": row["patients"]} | numbers)
    rows += [
        {"approach": f"Landmark at month {at:g}, adjusted", **landmark_cox(data, at)}
        for at in landmarks
    ]
    return pd.DataFrame(rows)
