"""How often each sentence that the transplant page can print is wrong, in simulated cohorts.

``python -m benchmarks.transplant_claims --cohorts 200`` simulates cohorts in which the transplant
does nothing, and ``--effect`` ones in which it harms early and helps later in higher risk only.
Timing is confounded by age, class and leukaemia, losses by age. ``--hidden 3`` adds a cause that is
not recorded, makes a transplant so many times likelier and death so many times rarer.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.transplant import (
    EFFECTIVE,
    Emulation,
    EmulationSettings,
    Strategy,
    TrialData,
    emulate,
    kinds_of,
    same_terms,
    timed_cox,
    trial_data,
    without_kinds,
)

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]

CLASSES = ("Low", "Moderate Low", "Moderate High", "High", "Very High")
HIGHER = CLASSES[2:]
SHARES = (0.25, 0.2, 0.2, 0.2, 0.15)
DEATH = np.array([0.006, 0.010, 0.016, 0.028, 0.05])
LEUKAEMIA = np.array([0.001, 0.002, 0.004, 0.008, 0.016])
TRANSPLANT = np.array([0.005, 0.007, 0.012, 0.018, 0.025])
AFTER_LEUKAEMIA, EARLY_UNTIL = 4.0, 6.0
# What a transplant multiplies the hazard of death by, early and late, by class.
NOTHING = (np.ones(5), np.ones(5))
EFFECT = (np.full(5, 1.5), np.array([1.0, 1.0, 0.8, 0.35, 0.35]))
ARMS = (Strategy("within", 12.0), Strategy("never"))
ASKED = 96.0


def lives(rate: Floats, onset: Floats, given: Floats, factors: tuple[Floats, Floats],
          clock: Floats) -> Floats:  # fmt: skip
    """Months of life: the hazard changes at the leukaemia, at the transplant and after it."""
    early, late = factors
    edges = np.sort(np.column_stack([onset, given, given + EARLY_UNTIL]), axis=1)
    edges = np.column_stack([np.zeros(len(rate)), edges, np.full(len(rate), np.inf)])
    left, life = clock.copy(), np.full(len(rate), np.inf)
    for begin, end in zip(edges.T[:-1], edges.T[1:], strict=True):
        hazard = rate * np.where(begin >= onset, AFTER_LEUKAEMIA, 1.0)
        hazard = hazard * np.where(begin >= given + EARLY_UNTIL, late,
                                   np.where(begin >= given, early, 1.0))  # fmt: skip
        long = np.where(np.isfinite(begin), end - np.minimum(begin, 1e9), 0.0)
        used = np.where(long > 0, hazard * np.minimum(long, 1e9), 0.0)
        dies = np.isinf(life) & (left <= used) & (long > 0)
        life = np.where(dies, begin + left / hazard, life)
        left = left - used
    return life


def simulated(n: int, seed: int, factors: tuple[Floats, Floats], hidden: float) -> pd.DataFrame:
    """A cohort as a register would hold it; the hidden cause stands in ``rate`` only."""
    rng = np.random.default_rng(seed)
    risk, age = rng.choice(5, n, p=SHARES), rng.normal(size=n)
    fit = rng.random(n) < 0.5
    rate = DEATH[risk] * np.exp(0.3 * age) / np.where(fit, hidden, 1.0)
    onset = rng.exponential(1 / LEUKAEMIA[risk])
    chance = TRANSPLANT[risk] * np.exp(-0.7 * age) * np.where(fit, hidden, 1.0)
    wait = rng.exponential(1 / chance)
    wait = np.where(wait < onset, wait, onset + (wait - onset) / 2)
    life = lives(rate, onset, wait, (factors[0][risk], factors[1][risk]), rng.exponential(size=n))
    end = np.minimum(rng.uniform(24, 110, n), rng.exponential(1 / (0.004 * np.exp(0.4 * age))))
    followed = np.minimum(life, end)
    return pd.DataFrame(
        {
            "time": followed, "event": (life <= end).astype(int), "age": 60 + 8 * age,
            "treated": np.where(wait < followed, wait, np.nan),
            "aml": np.where(onset < followed, onset, np.nan),
            "risk": risk, "rate": rate,
        }
    )  # fmt: skip


def prepared(frame: pd.DataFrame) -> TrialData:
    """The cohort as the page takes it: only kinds of patients of whom some followed."""
    data = trial_data(
        frame["time"],
        frame["event"],
        frame["treated"],
        frame[["age"]],
        groups=pd.Categorical.from_codes(frame["risk"], list(CLASSES), ordered=True),
        onsets={"AML": frame["aml"]},
    )
    kinds = kinds_of(data, ARMS[0], frame["age"].to_numpy()[data.rows], grace=12.0)
    return without_kinds(data, kinds)


def truths(frame: pd.DataFrame, found: Emulation, factors: tuple[Floats, Floats]) -> Floats:
    """Gain by the horizon of each patient compared, over many lives of each."""
    rng = np.random.default_rng(7)
    rows = np.repeat(found.trial.data.rows, 40)
    risk, rate = frame["risk"].to_numpy()[rows], frame["rate"].to_numpy()[rows]
    onset = rng.exponential(1 / LEUKAEMIA[risk])
    timing = found.trial.arms[0].timing
    given = np.interp(rng.random(len(rows)), timing.share, timing.at)
    clock, own = rng.exponential(size=len(rows)), (factors[0][risk], factors[1][risk])
    horizon = found.settings.horizon
    never = np.full(len(rows), np.inf)
    gains = [np.minimum(lives(rate, onset, at, own, clock), horizon) for at in (given, never)]
    return np.asarray((gains[0] - gains[1]).reshape(-1, 40).mean(axis=1))


def claims(frame: pd.DataFrame, found: Emulation, factors: tuple[Floats, Floats],
           draws: int) -> dict[str, Any]:  # fmt: skip
    """What would be printed: 1 where it claims a difference, and whether its interval holds.

    The other estimators have intervals where ``draws`` is not 0.
    """
    true = truths(frame, found, factors)
    said: dict[str, Any] = {"horizon": found.settings.horizon, "n": found.n}
    mean = {name: float(true[found.members(name)].mean()) for name in found.groups}
    rows = found.contrasts.set_index("group")
    some = []
    for name, row in rows.iterrows():
        if not row["supported"]:
            continue
        clear = row["verdict"] in ("longer", "shorter")
        inside = row["rmst_difference_lower"] <= mean[str(name)] <= row["rmst_difference_upper"]
        if name in found.classes:
            some.append((clear, inside))
            continue
        said |= {f"{name}: claims": clear, f"{name}: holds": inside,
                 f"{name}: off": row["rmst_difference"] - mean[str(name)],
                 f"{name}: E-value of the limit": row["e_value_hazard_limit"]}  # fmt: skip
    if some:
        said["any class: claims"] = any(clear for clear, _ in some)
        said["any class: holds"] = all(inside for _, inside in some)
    others = same_terms(found, [], draws=draws).means
    for row in others[others["supported"]].to_dict("records"):
        what, truth = f"{row['approach']}, {row['group']}", mean[str(row["group"])]
        said[f"{what}: off"] = row["rmst_difference"] - truth
        if draws:
            said[f"{what}: claims"] = row["verdict"] in ("longer", "shorter")
            said[f"{what}: holds"] = row["lower"] <= truth <= row["upper"]
    tests = found.tests.set_index("test")
    if len(tests) and tests.loc["contrast", "supported"]:
        row, (low, high) = tests.loc["contrast"], found.halves or ("", "")
        said["contrast: claims"] = row["verdict"] in ("longer", "shorter")
        said["contrast: holds"] = row["lower"] <= mean[high] - mean[low] <= row["upper"]
    for name in ("trend", "heterogeneity"):
        if len(tests) and not np.isnan(tests.loc[name, "p_value"]):
            said[f"{name}: claims"] = tests.loc[name, "p_value"] < 0.05
    warned = found.influence
    said["one patient: warned"] = bool(len(warned)) and bool(warned["warned"].any())
    timed = timed_cox(found.trial.data).set_index("period")
    for period in ("early", "late"):
        row = timed.loc[period]
        said[f"{period} mortality: claims"] = bool(row["lower"] > 1 or row["upper"] < 1)
    return said


def main() -> None:
    """Print how often each sentence was printed, was wrong, and how often its interval held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first cohort")
    parser.add_argument("--patients", type=int, default=1_500)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument(
        "--others", type=int, default=0, help="cohorts in which the other estimators are drawn too"
    )
    parser.add_argument("--effect", action="store_true", help="with an effect that differs")
    parser.add_argument("--hidden", type=float, default=1.0, help="strength of a hidden cause")
    chosen = parser.parse_args()
    factors = EFFECT if chosen.effect else NOTHING
    settings = EmulationSettings(
        ASKED, grace=12.0, draws=chosen.draws, progression="AML", higher=HIGHER, effective=EFFECTIVE
    )
    begin, rows = time.perf_counter(), []
    for seed in range(chosen.first, chosen.first + chosen.cohorts):
        frame = simulated(chosen.patients, 50_000 + seed, factors, chosen.hidden)
        draws = chosen.draws // 2 if seed - chosen.first < chosen.others else 0
        rows.append(claims(frame, emulate(prepared(frame), ARMS, settings), factors, draws))
    table = pd.DataFrame(rows).astype(float)
    summary = pd.DataFrame(
        {
            "cohorts": table.count(),
            "mean": table.mean(),
            "error": table.std() / table.count() ** 0.5,
        }
    )
    print(summary.round(3).to_string())
    print(f"{chosen.cohorts} cohorts, {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
