"""The truth planted in the simulated MDS cohort, beside what an emulated trial estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats, Ints
from app.analysis.transplant import Arm, Emulation
from app.views.transplant.protocol.analysis import Protocol
from data_loaders import Cohort
from data_loaders.demo import MDS_SEED
from data_loaders.demo.potential import PotentialOutcomes, potential_outcomes
from data_loaders.wording import plural

_GRID, _TIMINGS = 241, 13
_COLUMNS = [
    *("group", "strategy", "truth_survival", "truth_rmst", "truth_difference"),
    *("estimate", "lower", "upper", "supported"),
]


def planted_model(cohort: Cohort) -> PotentialOutcomes | None:
    """The model that a cohort was simulated from; None for a cohort whose truth is not known."""
    if cohort.provenance.source != "demo:mds" or "age_years" not in cohort.patients.columns:
        return None
    found = potential_outcomes(cohort.n, MDS_SEED)
    same = found.patients["age_years"].to_numpy() == cohort.patients["age_years"].to_numpy()
    return found if same.all() else None


def planted_truth(cohort: Cohort, protocol: Protocol, emulation: Emulation) -> pd.DataFrame | None:
    """Survival and mean survival that the planted model gives to each class and strategy.

    The patients are those of the trial, the transplants spread over each window as the emulation
    spreads them; nothing is sampled.

    Returns
    -------
    DataFrame
        group, strategy, truth_survival and truth_rmst at the horizon, truth_difference (of the mean
        against the reference), estimate, lower, upper (of that difference; missing for the
        reference), supported. None where the truth is not known: the cohort is not the simulated
        MDS cohort, or a strategy waits for progression.
    """
    model = planted_model(cohort)
    trial = emulation.trial
    waits = any(arm.strategy.kind == "progression" for arm in trial.arms)
    starts_late = len(protocol.data.time) and not np.allclose(
        protocol.data.time,
        cohort.patients["os_months"].to_numpy()[protocol.patients]
        if "os_months" in cohort.patients.columns
        else np.nan,
    )
    if model is None or waits or starts_late:
        return None
    place = pd.Series(protocol.patients, index=protocol.data.rows)
    patients = place.loc[trial.data.rows].to_numpy()
    grid = np.linspace(0.0, trial.horizon, _GRID)
    estimates = emulation.contrasts.set_index(["group", "strategy"])
    rows = []
    for group in emulation.groups:
        own = patients[emulation.members(group)]
        curves = {arm.strategy.label: _curve(model, own, grid, arm) for arm in trial.arms}
        means = {name: float(np.trapezoid(curve, grid)) for name, curve in curves.items()}
        for name, curve in curves.items():
            row: dict[str, object] = {"group": group, "strategy": name}
            row |= {"truth_survival": float(curve[-1]), "truth_rmst": means[name]}
            row["truth_difference"] = means[name] - means[emulation.reference]
            rows.append(row)
            if (group, name) in estimates.index:
                found = estimates.loc[(group, name)]
                row["estimate"] = found["rmst_difference"]
                row["lower"] = found["rmst_difference_lower"]
                row["upper"] = found["rmst_difference_upper"]
                row["supported"] = bool(found["supported"])
            else:
                row |= dict.fromkeys(("estimate", "lower", "upper"), np.nan) | {"supported": True}
    return pd.DataFrame(rows, columns=_COLUMNS)


def truth_reading(table: pd.DataFrame) -> list[str]:
    """How the estimates compare with the planted truth, in sentences."""
    known = table[table["estimate"].notna() & table["supported"]]
    if known.empty:
        return ["Too few transplants to estimate anything that the truth could be held against."]
    drawn = known[known["lower"].notna()]
    sentences = []
    if len(drawn):
        inside = drawn[drawn["truth_difference"].between(drawn["lower"], drawn["upper"])]
        sentences.append(
            f"{len(inside)} of {len(drawn)} intervals hold the planted truth; of 95% intervals "
            "about one in twenty misses it."
        )
    off = (known["estimate"] - known["truth_difference"]).abs()
    worst = known.loc[off.idxmax()]
    sentences.append(
        f"The estimate farthest off is that of {worst['group']}, {worst['strategy'].lower()}: "
        f"{worst['estimate']:+.1f} months where {worst['truth_difference']:+.1f} is true."
    )
    unsupported = int((~table["supported"].astype(bool)).sum())
    if unsupported:
        sentences.append(
            f"For {plural(unsupported, 'pair')} of class and strategy the truth is known where "
            "these data cannot tell it."
        )
    return sentences


def _curve(model: PotentialOutcomes, rows: Ints, grid: Floats, arm: Arm) -> Floats:
    """Mean survival with the transplants spread over the window."""
    if not np.isfinite(arm.opens).any():
        return model.survival(rows, grid, np.inf)
    opens = float(arm.opens[np.isfinite(arm.opens)][0])
    shares = (np.arange(_TIMINGS) + 0.5) / _TIMINGS
    since = np.interp(shares, arm.timing.share, arm.timing.at)
    return np.asarray(np.mean([model.survival(rows, grid, opens + s) for s in since], axis=0))
