"""Survival analyses beside lifelines and R's survival, and one change of grouping on the page.

``python -m benchmarks.survival`` prints two tables, all measured in one run on the same data. R is
left out where Rscript or its package survival is not installed; it is timed inside R, around the
call alone. A loop over alterations is timed on a few of them and scaled up to all.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from streamlit.testing.v1 import AppTest

from app.analysis.regression import CoxModel, cox, survival_scan
from app.analysis.survival import kaplan_meier, logrank_test
from benchmarks.pages import REPEATS, ROOT, median_ms
from data_loaders import Cohort
from data_loaders.demo import load_demo

SIZES = (3_000, 20_000, 200_000)
PAGE_SIZES = (3_000, 200_000)
LIMIT_MS = {3_000: 200, 200_000: 700}
LARGE = 100_000
FEATURES, IN_A_LOOP = 100, 5
COVARIATES = [f"x{i}" for i in range(1, 7)]
GENES = [f"g{i}" for i in range(1, FEATURES + 1)]
AT = [12.0, 60.0]
TASKS = {
    "curves": "Kaplan-Meier and log-rank, 4 groups",
    "cox": "Cox model, 6 covariates",
    "zph": "Test of proportional hazards",
    "screen": f"Screen of {FEATURES} alterations",
}

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Timing:
    """Seconds a task took, the figures to compare, and whether it was scaled up from a part."""

    seconds: float
    figures: Floats
    scaled: bool = False


def simulated(n: int, seed: int = 0) -> pd.DataFrame:
    """Make n patients with follow-up in months to the day, groups, covariates and alterations."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {"group": rng.choice(list("abcd"), n)}
    columns |= {name: rng.normal(size=n) for name in COVARIATES[:3]}
    columns |= {name: rng.integers(0, 2, n) for name in COVARIATES[3:]}
    columns |= {gene: rng.random(n) < rng.uniform(0.02, 0.4) for gene in GENES}
    frame = pd.DataFrame(columns)
    risk = 0.3 * frame["x1"] - 0.2 * frame["x4"] + 0.4 * frame["g1"] + 0.3 * (frame["group"] == "d")
    died, end = rng.exponential(60 * np.exp(-risk)), rng.uniform(3, 150, n)
    frame["time"] = np.ceil(np.minimum(died, end) * 30.4375) / 30.4375
    frame["event"] = (died <= end).astype(int)
    return frame


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds of the repeats, and the last answer."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), answer


def ours(frame: pd.DataFrame) -> dict[str, Timing]:
    """Time our own functions."""
    repeats = 3 if len(frame) > LARGE else 5

    def curves() -> list[float]:
        found = [
            kaplan_meier(own["time"], own["event"]).at(AT)["survival"]
            for _, own in frame.groupby("group")
        ]
        test = logrank_test(frame["time"], frame["event"], frame["group"])
        return [*np.concatenate(found), test.statistic]

    def fit() -> CoxModel:
        return cox(frame, "time", "event", COVARIATES)

    def screen() -> pd.DataFrame:
        return survival_scan(frame["time"], frame["event"], frame[GENES])

    kaplan = timed(curves, repeats)
    model = timed(fit, repeats)
    fresh = [fit() for _ in range(repeats)]  # a model keeps its test once it was asked for
    test = timed(lambda: fresh.pop().ph_test, repeats)
    table = timed(screen, repeats)
    by_gene = table[1].set_index("feature")["hr"].loc[GENES[:IN_A_LOOP]]
    return {
        "curves": Timing(kaplan[0], np.array(kaplan[1])),
        "cox": Timing(model[0], model[1].summary["coef"].to_numpy()),
        "zph": Timing(test[0], test[1]["chi2"].to_numpy()),
        "screen": Timing(table[0], np.log(by_gene.to_numpy())),
    }


def with_lifelines(frame: pd.DataFrame) -> dict[str, Timing]:
    """Time plain lifelines; fewer repeats and fewer alterations of a large cohort."""
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test, proportional_hazard_test

    repeats, looped = (1, 2) if len(frame) > LARGE else (3, IN_A_LOOP)
    columns = frame[["time", "event", *COVARIATES]]

    def curves() -> list[float]:
        found = [
            KaplanMeierFitter().fit(own["time"], own["event"]).survival_function_at_times(AT)
            for _, own in frame.groupby("group")
        ]
        test = multivariate_logrank_test(frame["time"], frame["group"], frame["event"])
        return [*np.concatenate(found), test.test_statistic]

    def screen() -> list[float]:
        return [
            CoxPHFitter().fit(frame[["time", "event", gene]] * 1.0, "time", "event").params_.iloc[0]
            for gene in GENES[:looped]
        ]

    kaplan = timed(curves, repeats)
    model = timed(lambda: CoxPHFitter().fit(columns, "time", "event"), repeats)
    table = timed(screen, 1)
    found = {
        "curves": Timing(kaplan[0], np.array(kaplan[1])),
        "cox": Timing(model[0], model[1].params_.to_numpy()),
        "screen": Timing(table[0] * FEATURES / looped, np.array(table[1]), scaled=True),
    }
    if len(frame) <= LARGE:  # takes minutes beyond
        test = timed(lambda: proportional_hazard_test(model[1], columns, "km"), 1)
        chi_squared = test[1].summary["test_statistic"].loc[COVARIATES]
        found["zph"] = Timing(test[0], chi_squared.to_numpy())
    return found


def with_r(frames: dict[int, pd.DataFrame]) -> dict[int, dict[str, Timing]]:
    """Time R's survival on the same patients; nothing where it is not installed."""
    program = shutil.which("Rscript")
    if program is None:
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for n, frame in frames.items():
            used = ["time", "event", "group", *COVARIATES, *GENES[:IN_A_LOOP]]
            (frame[used] * 1).to_csv(folder / f"{n}.csv", index=False)
        script = Path(__file__).with_suffix(".R")
        done = subprocess.run(
            [program, str(script), str(folder)], check=False, capture_output=True, text=True
        )
        if done.returncode:
            print("R was left out:", done.stderr.strip().splitlines()[-1])
            return {}
        table = pd.read_csv(folder / "r.csv")
    answers: dict[int, dict[str, Timing]] = {}
    for (patients, task), rows in table.groupby(["patients", "task"]):
        scaled = task == "screen"
        seconds = rows["seconds"].iloc[0] * (FEATURES / IN_A_LOOP if scaled else 1)
        answers.setdefault(int(patients), {})[str(task)] = Timing(
            float(seconds), rows["value"].to_numpy(), scaled
        )
    return answers


def shown(timing: Timing | None) -> str:
    """Write a time, with a tilde where it was scaled up from a part."""
    if timing is None:
        return "-"
    number = (
        f"{1000 * timing.seconds:,.0f} ms" if timing.seconds < 10 else f"{timing.seconds:.0f} s"
    )
    return ("~" if timing.scaled else "") + number


def difference(one: Timing, other: Timing | None) -> str:
    """Largest absolute difference between the figures that both have."""
    if other is None:
        return "-"
    both = min(len(one.figures), len(other.figures))
    return f"{np.abs(one.figures[:both] - other.figures[:both]).max():.0e}"


def compare() -> None:
    """Print how long each task takes, ours and theirs, and how far the answers lie apart."""
    frames = {n: simulated(n) for n in SIZES}
    reference = with_r(frames)
    print("Analyses, median of repeats (~ scaled up from a part of the alterations)")
    heads = f"{'ours':>10} {'lifelines':>11} {'R':>11} {'from lifelines':>15} {'from R':>8}"
    print(f"{'':<38}{'patients':>9} {heads}")
    for n, frame in frames.items():
        own, plain = ours(frame), with_lifelines(frame)
        for task, label in TASKS.items():
            theirs = reference.get(n, {}).get(task)
            print(
                f"{label:<38}{n:>9,} {shown(own[task]):>10} {shown(plain.get(task)):>11} "
                f"{shown(theirs):>11} {difference(own[task], plain.get(task)):>15} "
                f"{difference(own[task], theirs):>8}"
            )
    print(
        "Differences are the largest of: survival at 1 and 5 years and the chi-squared statistic; "
        "coefficients; chi-squared statistics; log hazard ratios. lifelines tests proportional "
        "hazards by an approximation, which takes it minutes for 200,000 patients; R and we by the "
        "exact score test."
    )


def grouping_changes(cohort: Cohort) -> tuple[list[float], list[float]]:
    """Seconds, and seconds of the processor, for changes of grouping with everything on."""
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["_uploads"] = {"upload:benchmark": cohort}
    options = {"cohort": "upload:benchmark", "table": "true", "numbers": "Every pair"}
    for key, value in options.items():
        at.query_params[key] = value
    at.switch_page(str(ROOT / "pages" / "survival.py")).run()
    at.selectbox(key="strata").set_value("sex")
    wall, processor = [], []
    for repeat in range(REPEATS + 1):
        at.selectbox(key="group").set_value(["variable:diagnosis", "variable:driver"][repeat % 2])
        start = time.perf_counter(), time.process_time()
        at.run()
        wall.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
        if at.exception:
            raise RuntimeError(at.exception[0].message)
    return wall, processor


def pages() -> None:
    """Print the server time of one change of grouping."""
    print("\nOne change of grouping on the survival page, everything on (median of 7)")
    print(f"{'patients':>10} {'server time':>13} {'of processor':>14} {'goal':>9}")
    for n in PAGE_SIZES:
        wall, processor = map(median_ms, grouping_changes(load_demo("mpn", n=n)))
        print(f"{n:>10,} {wall:>10.0f} ms {processor:>11.0f} ms {LIMIT_MS[n]:>6} ms")


def main() -> None:
    """Measure and print."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(f"{cores} cores, load {load:.1f}{' (busy: times are too long)' if load > cores else ''}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines and Streamlit outside a server warn a lot
        compare()
        pages()


if __name__ == "__main__":
    main()
