"""How long the transplant analyses take, and how often their intervals hold the truth.

``python -m benchmarks.transplant`` prints times. ``python -m benchmarks.transplant --cohorts 200``
simulates cohorts in which the effect of transplant differs by risk class, assignment and losses are
confounded by age and risk, and prints bias and coverage beside the naive comparison.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.survival import kaplan_meier
from app.analysis.transplant import (
    NEVER,
    EmulationSettings,
    MicrosimulationSettings,
    Strategy,
    TrialData,
    emulate,
    microsimulate,
    transition_models,
    trial_data,
)

Floats = npt.NDArray[np.floating[Any]]

HORIZON = 60.0
STRATEGIES = (Strategy("within", 6.0), Strategy("delayed", 12.0), Strategy("never"))
DELAYS = (0.0, 6.0, 12.0, 24.0)
CLASSES = ("lower", "higher")
# Monthly hazard of death by class, what a transplant multiplies it by, and of the transplant.
DEATH, FACTOR, TRANSPLANT = (0.008, 0.03), (2.0, 0.5), (0.02, 0.04)


def lives(
    rng: np.random.Generator, risk: npt.NDArray[np.int64], age: Floats, given: Floats
) -> Floats:
    """Months of life when transplanted at ``given`` (infinite: never)."""
    hazard = np.array(DEATH)[risk] * np.exp(0.4 * age)
    clock = rng.exponential(1.0, len(risk)) / hazard
    start = np.where(np.isfinite(given), given, 0.0)
    after = start + (clock - start) / np.array(FACTOR)[risk]
    return np.where(clock > given, after, clock)


def simulated(n: int, seed: int) -> pd.DataFrame:
    """A cohort as a register would hold it."""
    rng = np.random.default_rng(seed)
    risk, age = rng.integers(0, 2, n), rng.normal(size=n)
    given = rng.exponential(1.0, n) / (np.array(TRANSPLANT)[risk] * np.exp(-0.6 * age))
    life = lives(rng, risk, age, given)
    lost = rng.exponential(1.0, n) / (0.005 * np.exp(0.4 * age))
    end = np.minimum(rng.uniform(30, 110, n), lost)
    followed = np.minimum(life, end)
    return pd.DataFrame(
        {
            "time": followed,
            "event": (life <= end).astype(int),
            "treated": np.where(given < followed, given, np.nan),
            "age": age,
            "risk": np.array(CLASSES)[risk],
        }
    )


def prepared(frame: pd.DataFrame) -> TrialData:
    """The cohort as a trial takes it."""
    return trial_data(
        frame["time"],
        frame["event"],
        frame["treated"],
        frame[["age"]],
        groups=pd.Categorical(frame["risk"], categories=list(CLASSES), ordered=True),
    )


def truths() -> dict[tuple[str, str], float]:
    """Gain in mean survival over the horizon, by class and by strategy or delay."""
    rng = np.random.default_rng(0)
    n = 400_000
    found = {}
    for code, name in enumerate(CLASSES):
        risk, age = np.full(n, code), rng.normal(size=n)

        def mean(given: Floats, risk: Any = risk, age: Any = age) -> float:
            same = np.random.default_rng(1)
            return float(np.minimum(lives(same, risk, age, given), HORIZON).mean())

        never = mean(np.full(n, np.inf))
        evenly = rng.uniform(0, 6, n)
        found[name, STRATEGIES[0].label] = mean(evenly) - never
        found[name, STRATEGIES[1].label] = mean(12 + evenly) - never
        for delay in DELAYS:
            found[name, f"delay {delay:g}"] = mean(np.full(n, delay)) - never
    return found


def timings() -> None:
    """Print how long one full answer takes."""
    data = prepared(simulated(2_000, 1))
    rows = []
    for draws in (0, 200):
        begin = time.perf_counter()
        emulate(data, STRATEGIES, EmulationSettings(HORIZON, draws=draws))
        words = "Emulation, 2,000 patients, 3 strategies, 2 classes"
        rows.append((words, draws, time.perf_counter() - begin))
    models = transition_models(data)
    delays = tuple(float(month) for month in range(0, 60, 6))
    for draws in (0, 200):
        settings = MicrosimulationSettings(
            horizon=HORIZON, delays=delays, virtual=10_000, draws=draws
        )
        begin = time.perf_counter()
        microsimulate(models, settings)
        words = "Microsimulation, 10,000 virtual patients a cell, 2 x 11 cells"
        rows.append((words, draws, time.perf_counter() - begin))
    print(pd.DataFrame(rows, columns=["task", "draws", "seconds"]).round(2).to_string(index=False))


def naive(frame: pd.DataFrame) -> dict[str, float]:
    """Ever against never transplanted from diagnosis, by class: what must not be done."""
    gains = {}
    for name, part in frame.groupby("risk"):
        ever = part["treated"].notna()
        curves = [kaplan_meier(own["time"], own["event"]) for own in (part[ever], part[~ever])]
        gains[str(name)] = float(curves[0].rmst(HORIZON)) - float(curves[1].rmst(HORIZON))
    return gains


def coverage(cohorts: int, n: int, draws: int) -> None:
    """Print bias and coverage over simulated cohorts."""
    expected = truths()
    rows = []
    settings = EmulationSettings(HORIZON, spread="even", draws=draws)
    virtual = MicrosimulationSettings(
        horizon=HORIZON, delays=DELAYS, virtual=5_000, virtual_per_draw=500, draws=draws
    )
    for seed in range(cohorts):
        frame = simulated(n, 10_000 + seed)
        data = prepared(frame)
        table = emulate(data, STRATEGIES, settings).contrasts
        for row in table[table["group"].isin(CLASSES)].itertuples():
            limits = row.rmst_difference_lower, row.rmst_difference_upper
            rows.append(("emulation", row.group, row.strategy, row.rmst_difference, *limits))
        # A seed of its own: the chance of one set of virtual patients would pass for bias.
        cells = microsimulate(transition_models(data), replace(virtual, seed=seed)).cells
        for row in cells[cells["delay"] != NEVER].itertuples():
            limits = row.gain_lower, row.gain_upper
            rows.append(("multistate", row.group, f"delay {row.delay:g}", row.gain, *limits))
        for name, gain in naive(frame).items():
            label = STRATEGIES[0].label
            rows.append(("naive", name, label, gain, np.nan, np.nan))
    columns = ["method", "class", "contrast", "gain", "lower", "upper"]
    found = pd.DataFrame(rows, columns=columns)
    keys = zip(found["class"], found["contrast"], strict=True)
    found["truth"] = [expected[key] for key in keys]
    found["bias"] = found["gain"] - found["truth"]
    inside = (found["lower"] <= found["truth"]) & (found["truth"] <= found["upper"])
    found["coverage"] = inside.where(found["lower"].notna()).astype(float)
    summary = found.groupby(["method", "class", "contrast"], sort=False).agg(
        cohorts=("gain", "count"),
        truth=("truth", "first"),
        bias=("bias", "mean"),
        error=("bias", lambda values: values.std() / np.sqrt(len(values))),
        coverage=("coverage", "mean"),
    )
    print(summary.round(3).to_string())


def main() -> None:
    """Print times, or coverage where cohorts are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=0, help="simulated cohorts for coverage")
    parser.add_argument("--patients", type=int, default=1_000, help="patients of each")
    parser.add_argument("--draws", type=int, default=200, help="draws for each interval")
    chosen = parser.parse_args()
    if chosen.cohorts:
        coverage(chosen.cohorts, chosen.patients, chosen.draws)
    else:
        timings()


if __name__ == "__main__":
    main()
