"""How often each sentence that the transplant page can print is wrong, in simulated cohorts.

``python -m benchmarks.transplant_claims --out FILE`` simulates cohorts by turns in which the
transplant does nothing (``null``), in which it harms early and helps later in higher risk only
(``effect``), and in which it does nothing but a hidden cause makes it twice as likely and death
half as likely (``hidden``). A line a cohort is added to the file, from which a later run goes on;
``--quick`` counts a few cohorts with few draws. See ``benchmarks.transplant_cohorts``.

A claim is an interval that excludes no difference, or a p below 0.05; it is wrong where the truth
is no difference, or one the other way. What is printed with one interval for several groups,
delays or times counts once: wrong if any of them is, and held if all hold. The page makes 1,000
draws, and does not claim what lies nearer to zero than its draws could have moved it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.transplant import (
    CRUDE,
    EFFECTIVE,
    LARGE_SHARE,
    NEVER,
    Emulation,
    EmulationSettings,
    Microsimulation,
    TrialData,
    age_bands,
    emulate,
    same_terms,
    timed_cox,
    without_confounders,
)
from app.views.transplant.benefits.analysis import AGE, RISK, Benefit, benefit, delay_settings
from app.views.transplant.words import caution
from benchmarks.transplant_cohorts import (
    ARMS,
    CLASSES,
    EFFECT,
    HIGHER,
    NOTHING,
    Floats,
    Truth,
    prepared,
    simulated,
)

ASKED = 96.0
STRENGTH = 2.0
SCENARIOS = {"null": (NOTHING, 1.0), "effect": (EFFECT, 1.0), "hidden": (NOTHING, STRENGTH)}
ALTERED = "An alteration"
LANDMARKS = (6.0, 12.0)
# Virtual patients of a draw, of which the page has a thousand.
VIRTUAL = 300
# Cohorts from 50,000 and 90,000 on taught the rules; these are others.
_FIRST = 130_000
_SMALL = 1e-6
_COUNTED = ("claims", "wrong", "holds", "off")
Said = dict[str, float]


def told(name: str, rows: Iterable[tuple[float, float, float, float]]) -> Said:
    """Whether any of some (value, lower, upper, truth) claims and is wrong, whether all hold."""
    known = np.array([row for row in rows if np.isfinite(row[1])])
    if not len(known):
        return {}
    value, lower, upper, truth = known.T
    clear = (lower > _SMALL) | (upper < -_SMALL)
    said = {
        "claims": clear.any(),
        "wrong": (clear & (np.sign(value) * truth <= 0)).any(),
        "holds": ((lower <= truth + _SMALL) & (truth - _SMALL <= upper)).all(),
        "off": (value - truth).mean(),
    }
    return {f"{name}: {what}": float(number) for what, number in said.items()}


def of_trial(found: Emulation, true: Floats) -> Said:
    """What stands at the top of the page, and in the tables of the trial.

    Parameters
    ----------
    true
        Months of each life under each strategy, shape (2, n, lives).
    """
    settings, groups = found.settings, found.groups
    inside = {name: true[:, found.members(name)] for name in groups}

    def gain(group: str, horizon: float) -> float:
        means = np.minimum(inside[group], horizon).mean(axis=(1, 2))
        return float(means[0] - means[1])

    said: Said = {"horizon": settings.horizon}
    rows = found.contrasts[found.contrasts["supported"]].set_index("group")
    limits = ["rmst_difference", "rmst_difference_lower", "rmst_difference_upper"]
    single = {
        str(name): (*row[limits], gain(str(name), settings.horizon))
        for name, row in rows.iterrows()
    }
    said |= _of_everyone(found, inside[groups[0]])
    said |= told("any class", [single[name] for name in found.classes if name in single])
    for name in (groups[0], *(found.halves or ())):
        # A half without an estimate at the horizon has one at the latest of its own, if any.
        own = found.horizons[(found.horizons["group"] == name) & found.horizons["supported"]]
        if len(own):
            last = own.iloc[-1]
            value = (last["rmst_difference"], last["lower"], last["upper"])
            said |= told(f"gain, {name}", [(*value, gain(name, last["horizon"]))])
    if groups[0] in rows.index:
        row, alive = rows.loc[groups[0]], (inside[groups[0]] > settings.horizon).mean(axis=(1, 2))
        said |= told("survival difference", [
            (*(row[f"survival_difference{end}"] for end in ("", "_lower", "_upper")),
             float(alive[0] - alive[1]))])  # fmt: skip
        said |= told("risk ratio", [_log(row, "risk_ratio", (1 - alive[0]) / (1 - alive[1]))])
        if np.allclose(true[0], true[1]):
            said |= told("hazard ratio", [_log(row, "hazard_ratio", 1.0)])
    tests = found.tests.set_index("test")
    if len(tests) and found.halves and tests.loc["contrast", "supported"]:
        low, high = found.halves
        truth = gain(high, settings.horizon) - gain(low, settings.horizon)
        own = tests.loc["contrast", ["value", "lower", "upper"]].astype(float)
        said |= told("higher against lower risk", [(*own, truth)])
    for name in ("trend", "heterogeneity"):
        if len(tests) and not np.isnan(tests.loc[name, "p_value"]):
            said[f"{name}: claims"] = float(tests.loc[name, "p_value"] < 0.05)
            said[f"{name}: wrong"] = said[f"{name}: claims"] * float(np.allclose(true[0], true[1]))
    said["one patient: moves it (warned)"] = float(found.influence["warned"].any())
    shares = found.influence.set_index("group")["share"]
    said["one patient: over 5% of an arm of everyone"] = float(
        shares.get(groups[0], 0) > LARGE_SHARE
    )
    said["one patient: careful"] = float(bool(caution(found)))
    return said


def _of_everyone(found: Emulation, lived: Floats) -> Said:
    """Gain by other horizons, both curves, and their difference over time."""
    said: Said = {}
    horizon, everyone = found.settings.horizon, found.groups[0]
    for row in found.horizons[found.horizons["supported"]].to_dict("records"):
        if row["horizon"] < horizon and row["group"] == everyone:
            means = np.minimum(lived, row["horizon"]).mean(axis=(1, 2))
            value = (row["rmst_difference"], row["lower"], row["upper"], means[0] - means[1])
            said |= told(f"gain by {row['horizon']:g} months", [value])
    arms = found.estimates[found.estimates["supported"] & (found.estimates["group"] == everyone)]
    for row in arms.to_dict("records"):
        arm = found.strategies.index(row["strategy"])
        truths = {"survival": (lived[arm] > horizon).mean(),
                  "rmst": np.minimum(lived[arm], horizon).mean()}  # fmt: skip
        for measure, truth in truths.items():
            holds = row[f"{measure}_lower"] <= truth <= row[f"{measure}_upper"]
            words = ("a transplant", "no transplant")[arm]
            said[f"{measure} under {words}: holds"] = float(holds)
    own = found.differences[found.differences["group"] == everyone]
    at = [(lived > month).mean(axis=(1, 2)) for month in own["time"]]
    over = zip(own["difference"], own["lower"], own["upper"], [a - b for a, b in at], strict=True)
    # Before the first death nothing varies, and nothing is claimed.
    return said | told("survival over time", [row for row in over if row[1] < row[2]])


def _log(row: pd.Series, name: str, truth: float) -> tuple[float, float, float, float]:
    """A ratio, its limits and its truth as logarithms."""
    ratio = [row[name], row[f"{name}_lower"], row[f"{name}_upper"], truth]
    value, lower, upper, true = map(float, np.log(np.asarray(ratio, dtype=np.float64)))
    return value, lower, upper, true


def of_others(found: Emulation, true: Floats, draws: int) -> Said:
    """What the other estimators say of the same patients, and the Cox models."""
    said: Said = {}
    same = same_terms(found, LANDMARKS, draws=draws)
    for row in same.means[same.means["supported"]].to_dict("records"):
        means = np.minimum(true[:, found.members(row["group"])], found.settings.horizon)
        truth = float(np.subtract(*means.mean(axis=(1, 2))))
        half = "everyone" if row["group"] == found.groups[0] else row["group"]
        value = (row["rmst_difference"], row["lower"], row["upper"])
        said |= told(f"{row['approach']}, {half}", [(*value, truth)])
    nothing = np.allclose(true[0], true[1])
    ratios = same.ratios.set_index("approach")[["hr", "lower", "upper"]]
    # Which ratio would be true where the effect changes over time is known of the early one alone.
    for name, row in np.log(ratios).iterrows():
        truth = 0.0 if nothing else np.log(EFFECT[0][0]) if "early" in str(name) else None
        if truth is not None and name != CRUDE:
            said |= told(f"hazard ratio, {name}", [(*row, float(truth))])
    return said


def of_delays(frame: pd.DataFrame, data: TrialData, asked: tuple[float, int],
              factors: tuple[Floats, Floats]) -> Said:  # fmt: skip
    """What the views When and Who benefits say.

    Parameters
    ----------
    asked
        Horizon and draws.
    """
    horizon, draws = asked
    strata = {
        RISK: pd.Series(pd.Categorical.from_codes(data.groups, list(data.names), ordered=True)),
        AGE: pd.Series(age_bands(frame["age"].to_numpy()[data.rows])),
        ALTERED: pd.Series(np.where(frame["altered"].to_numpy()[data.rows], "present", "absent")),
    }
    settings = replace(delay_settings(horizon), draws=draws, virtual_per_draw=VIRTUAL)
    found = benefit(data, strata, settings, progression="AML")
    truth = Truth(frame, data.rows, factors)
    lived = {delay: np.minimum(truth.at(delay), horizon).mean(axis=1)
             for delay in (*settings.delays, NEVER)}  # fmt: skip
    said: Said = {}
    for by, part in found.parts.items():
        labels = strata[by].to_numpy()
        mean = {(name, delay): float(values[labels == name].mean())
                for delay, values in lived.items() for name in part.groups}  # fmt: skip
        said |= _of_part(found, by, part, mean)
    return said


def _of_part(found: Benefit, by: str, part: Microsimulation,
             mean: dict[tuple[str, float], float]) -> Said:  # fmt: skip
    def gain(group: str, delay: float, against: float = NEVER) -> float:
        return mean[group, delay] - mean[group, against]

    said: Said = {}
    if by == RISK:
        said |= told("any delay, in words", [
            (r["difference"], r["lower"], r["upper"], gain(r["group"], r["delay"], r["against"]))
            for r in part.differences.to_dict("records")])  # fmt: skip
        cells = part.cells[part.cells["supported"]].to_dict("records")
        said |= told("any cell of the map", [
            (r["gain"], r["gain_lower"], r["gain_upper"], gain(r["group"], r["delay"]))
            for r in cells if r["delay"] != NEVER])  # fmt: skip
        inside = [r["lower"] <= mean[r["group"], r["delay"]] <= r["upper"] for r in cells]
        if inside:
            said["life at a delay, of all cells: holds"] = float(np.mean(inside))
    own = found.interactions[(found.interactions["by"] == by) & found.interactions["supported"]]
    return said | told(f"who benefits, by {by.lower()}", [
        (r["difference"], r["lower"], r["upper"],
         gain(r["group"], r["delay"]) - gain(r["against"], r["delay"]))
        for r in own.to_dict("records")])  # fmt: skip


def of_hidden(frame: pd.DataFrame, data: TrialData, found: Emulation) -> Said:
    """What the sensitivity analysis says where a hidden cause of stated strength makes a claim."""
    rows = found.contrasts.set_index("group")
    row = rows.loc[found.groups[0]]
    if not row["supported"]:
        return {}
    lower, upper = row["rmst_difference_lower"], row["rmst_difference_upper"]
    claims = bool(lower > 0 or upper < 0)
    said = {"E-value of the ratio": row["e_value_hazard"],
            "E-value of its limit": row["e_value_hazard_limit"]}  # fmt: skip
    # Falsely reassuring: a claim of which it says that only a stronger cause would make it.
    said["reassures wrongly: by the E-value"] = float(
        claims and row["e_value_hazard_limit"] > STRENGTH)  # fmt: skip
    settings = replace(found.settings, draws=0, effective=0.0)
    less = emulate(without_confounders(data, {"age"}), ARMS, settings).contrasts
    moved = float(less["rmst_difference"].iloc[0] - row["rmst_difference"])
    said["age left out moves the gain by"] = moved
    near = min(abs(lower), abs(upper)) if claims else 0.0
    said["age as strong would make the limit"] = float(near <= abs(moved))
    rows_of = frame["fit"].to_numpy()[data.rows]
    lived = np.minimum(Truth(frame, data.rows, NOTHING).at(NEVER), settings.horizon).mean(axis=1)
    longer = float(lived[rows_of].mean() - lived[~rows_of].mean())
    said["hidden cause lengthens life by"] = longer
    said["months asked for by the limit"] = near / 0.2
    said["reassures wrongly: by months of life"] = float(claims and near / 0.2 > longer)
    return said


def claims(scenario: str, seed: int, patients: int, draws: int) -> Said:
    """Everything that the page would say of one cohort."""
    factors, hidden = SCENARIOS[scenario]
    frame = simulated(patients, _FIRST + seed, factors, hidden)
    everyone, compared = prepared(frame)
    settings = EmulationSettings(
        ASKED, grace=12.0, draws=draws, progression="AML", higher=HIGHER, effective=EFFECTIVE
    )
    found = emulate(compared, ARMS, settings)
    truth = Truth(frame, compared.rows, factors)
    true = np.stack([truth.under(found, arm) for arm in (0, 1)])
    timed = timed_cox(compared).set_index("period")
    said = of_trial(found, true) | {"late ratio": float(timed.loc["late", "hr"])}
    said |= of_others(found, true, draws // 2)
    said |= of_delays(frame, everyone, (found.settings.horizon, draws), factors)
    if hidden != 1:
        said |= of_hidden(frame, compared, found)
    return {name: float(value) for name, value in said.items()}


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """By sentence: cohorts with it, shares that claim, are wrong and hold, bias, and its errors."""
    table = pd.DataFrame(rows).drop(columns=["scenario", "seed"]).astype(float)
    found: dict[str, dict[str, float]] = {}
    for column, values in table.items():
        name, _, what = str(column).rpartition(": ")
        known = values.dropna()
        name, what = (name, what) if what in _COUNTED else (str(column), "mean")
        own = found.setdefault(name, {"cohorts": len(known)})
        own[what] = float(known.mean())
        if what in ("holds", "off", "mean"):
            own[f"{what} ±"] = float(known.std(ddof=0) / len(known) ** 0.5)
    columns = ["cohorts", "claims", "wrong", "holds", "holds ±", "off", "off ±", "mean", "mean ±"]
    return pd.DataFrame.from_dict(found, orient="index").reindex(columns=columns).round(3)


def main() -> None:
    """Count cohort after cohort, then print how often each sentence was there, wrong, and held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--patients", type=int, default=1_500)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--out", type=Path, help="a file of lines, gone on with where it ends")
    parser.add_argument("--quick", action="store_true", help="four cohorts of each, 40 draws")
    chosen = parser.parse_args()
    number, draws = (4, 40) if chosen.quick else (chosen.cohorts, chosen.draws)
    there = chosen.out is not None and chosen.out.exists()
    rows = [json.loads(line) for line in chosen.out.read_text().splitlines()] if there else []
    done, begin = {(row["scenario"], row["seed"]) for row in rows}, time.perf_counter()
    for seed in range(number):
        for scenario in chosen.scenario:
            if (scenario, seed) in done:
                continue
            said = claims(scenario, seed, chosen.patients, draws)
            rows.append({"scenario": scenario, "seed": seed, **said})
            if chosen.out is not None:
                with chosen.out.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    for scenario in chosen.scenario:
        own = [row for row in rows if row["scenario"] == scenario]
        print(f"\n{scenario}, {len(own)} cohorts of {chosen.patients:,}, classes {len(CLASSES)}")
        print(summary(own).to_string(na_rep=""))
    print(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
