"""Five million patients asked where they lie, beside loading them and beside the rows in memory.

Run from the root of the project: ``python -m benchmarks.engine`` (``--parquet 50000000`` for a
folder of Parquet files of that many patients). Writes the tables to a temporary folder; each way
runs in a process of its own, so that its time and peak memory are its own. The question is the
same: patients of 50 or more without a TP53 mutation, overall survival by diagnosis (four groups),
curves, log-rank test and risk table. ``pages`` times what each page asks of the database instead,
for the same patients, with its figures drawn.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PATIENTS = 5_000_000
_TICKS = (0, 12, 24, 60, 120)
_TABLE = """
SELECT printf('P%09d', i) AS patient_id, round(40 + 45 * random(), 1) AS age,
  CASE WHEN random() < 0.5 THEN 'male' ELSE 'female' END AS sex,
  ['ET', 'PV', 'PMF', 'MDS'][1 + floor(random() * 4)::INT] AS diagnosis,
  round(70 + 90 * random()) AS hb_g_per_l,
  CASE WHEN random() < 0.1 THEN NULL ELSE round(20 + 900 * random()) END AS platelets,
  CASE WHEN random() < 0.2 THEN NULL WHEN random() < 0.1 THEN 1 ELSE 0 END AS TP53,
  CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.25 THEN 1 ELSE 0 END AS ASXL1,
  CASE WHEN random() < 0.05 THEN NULL WHEN random() < 0.55 THEN 1 ELSE 0 END AS JAK2,
  1 + (-1500 * ln(1 - random()))::INT % 6000 AS os_days,
  CASE WHEN random() < 0.5 THEN 1 ELSE 0 END AS os_event
FROM range({first}, {last}) t(i)
"""


def write(folder: Path, patients: int, *, parquet: bool) -> str:
    """Write the table and return its address."""
    with duckdb.connect() if parquet else duckdb.connect(folder / "registry.duckdb") as connection:
        connection.execute("SELECT setseed(0.5)")
        if not parquet:
            connection.execute("CREATE TABLE patients AS " + _TABLE.format(first=0, last=patients))
            return f"duckdb://{folder / 'registry.duckdb'}"
        for part, first in enumerate(range(0, patients, PATIENTS)):
            rows = _TABLE.format(first=first, last=min(first + PATIENTS, patients))
            connection.execute(f"COPY ({rows}) TO '{folder}/part{part}.parquet'")
    return str(folder)


def asked(address: str) -> str:
    """Ask the engine; the time it takes to connect stands by itself."""
    from app.analysis.survival import kaplan_meier_from_events, logrank_from_events
    from app.cohort.filters import Filter
    from app.cohort.tally import connect

    begun = time.perf_counter()
    tally = connect(address, "patients", seconds=600)
    connected = time.perf_counter() - begun
    chosen = Filter.from_dict(_FILTER)
    found = []
    for _ in range(3):
        begun, spent = time.perf_counter(), time.process_time()
        table = tally.events(chosen, "os", "variable:diagnosis")
        told = time.perf_counter() - begun
        curves = [
            kaplan_meier_from_events(part) for _, part in table.groupby("group", observed=True)
        ]
        test = logrank_from_events(table)
        [curve.at(_TICKS) for curve in curves]
        found.append((time.perf_counter() - begun, told, time.process_time() - spent))
    whole, told, spent = min(found)
    return (
        f"connected in {connected:.1f} s; answered in {whole:.2f} s ({told:.2f} s in the engine, "
        f"{spent:.2f} s of processor), {test.n:,} patients, chi-squared {test.statistic:.6f}"
    )


def in_pandas(address: str) -> str:
    """Load everything into pandas, decide nothing about it, and do the same with lifelines."""
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    begun = time.perf_counter()
    with duckdb.connect(address.removeprefix("duckdb://"), read_only=True) as connection:
        frame = connection.execute("SELECT * FROM patients").df()
    loaded = time.perf_counter() - begun
    begun = time.perf_counter()
    frame = frame[(frame["age"] >= 50) & (frame["TP53"] == 0)]
    months = frame["os_days"] / 30.4375
    for _, own in frame.groupby("diagnosis"):
        fitter = KaplanMeierFitter().fit(months[own.index], own["os_event"])
        fitter.predict(list(_TICKS))
    test = multivariate_logrank_test(months, frame["diagnosis"], frame["os_event"])
    return (
        f"loaded in {loaded:.1f} s; answered in {time.perf_counter() - begun:.2f} s, "
        f"{len(frame):,} patients, chi-squared {test.test_statistic:.6f}"
    )


def from_rows(address: str) -> str:
    """Load a cohort, as the pages do below their limit of rows, and ask the rows."""
    import numpy as np

    from app.analysis.survival import kaplan_meier, logrank_test
    from app.cohort.filters import Filter
    from app.cohort.groupings import GroupingSpec
    from data_loaders import load_cohort

    begun = time.perf_counter()
    cohort = load_cohort(address, table="patients")
    loaded = time.perf_counter() - begun
    begun = time.perf_counter()
    mask = Filter.from_dict(_FILTER).apply(cohort).mask
    grouping = GroupingSpec.parse("variable:diagnosis").build(cohort, mask)
    time_, event = cohort.numbers("os_months")[mask], cohort.numbers("os_event")[mask]
    codes = grouping.codes[mask]
    for code in np.unique(codes):
        kaplan_meier(time_[codes == code], event[codes == code]).at(_TICKS)
    test = logrank_test(time_, event, codes)
    return (
        f"loaded in {loaded:.1f} s; answered in {time.perf_counter() - begun:.2f} s, "
        f"{test.n:,} patients, chi-squared {test.statistic:.6f}"
    )


def on_pages(address: str) -> str:
    """What each page asks, and draws, after a change of the filter."""
    from functools import partial

    from app.analysis.associations import table_one_of_tally
    from app.cohort.filters import Filter
    from app.cohort.groupings import GroupingSpec
    from app.cohort.tally import connect
    from app.views.cohort.overview.answer import pictures_answer
    from app.views.compare.answer import comparison_answer
    from app.views.genomics.frequencies.answer import frequency_answer
    from app.views.home.answer import glance_answer
    from app.views.survival.curves.answer import survival_answer
    from app.views.survival.means.answer import means_answer
    from app.views.tallied import analysis as counted

    tally = connect(address, "patients", seconds=600)
    chosen, spec = Filter.from_dict(_FILTER), GroupingSpec("variable", "diagnosis")
    of = tally.cohort
    views = {
        "Home": lambda: glance_answer(of, counted.tallied_glance(tally, chosen)),
        "Cohort": lambda: pictures_answer(of, counted.tallied_pictures(tally, chosen)),
        "Table one": partial(table_one_of_tally, tally, spec, chosen, features=tally.alterations),
        "Completeness": partial(counted.tallied_completeness, tally, chosen),
        "Survival, four curves, test and risk table": lambda: survival_answer(
            of, counted.tallied_survival(tally, chosen, "os", spec), unit="years"
        ),
        "Restricted mean over time": lambda: means_answer(
            of, counted.tallied_means(tally, chosen, "os", spec)
        ),
        "Frequencies by group": lambda: frequency_answer(
            of, counted.tallied_frequencies(tally, chosen, spec)[0], most=30
        ),
        "Pairs": partial(counted.tallied_pairs, tally, chosen),
        "Compare": lambda: comparison_answer(
            of, counted.tallied_comparison(tally, chosen, spec, "os"), until=None
        ),
    }
    said = []
    for name, ask in views.items():
        found = []
        for _ in range(2):
            begun, spent = time.perf_counter(), time.process_time()
            answer = ask()
            for draw in getattr(answer, "figures", {}).values():
                draw()
            found.append((time.perf_counter() - begun, time.process_time() - spent))
        whole, spent = min(found)
        said.append(f"{name} {whole:.2f} s ({spent:.2f} s of processor)")
    return "; ".join(said)


_FILTER = {"all": [{"column": "age", "between": [50, None]}, {"not": {"altered": "TP53"}}]}
WAYS = {
    "engine": asked,
    "pages": on_pages,
    "pandas and lifelines": in_pandas,
    "rows of a cohort": from_rows,
}


# Rows of a cohort are read beyond the limit for once.
_LIMITS = {"CALR_EXPLORER_MAX_ROWS": "100000000", "CALR_EXPLORER_MAX_CELLS": "2000000000"}


def main() -> None:
    """Write the table and run each way in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--parquet", type=int, default=0, help="patients of a folder of Parquet")
    parser.add_argument("--way", nargs=2, metavar=("WAY", "ADDRESS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        way, address = options.way
        said = WAYS[way](address)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{way}: {said}; peak {peak:.2f} GiB; load of the machine {os.getloadavg()[0]:.1f}")
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "patients"
        folder.mkdir()
        ways = ["engine", "pages"] if options.parquet else list(WAYS)
        address = write(folder, options.parquet or options.patients, parquet=bool(options.parquet))
        for way in ways:
            subprocess.run(
                [sys.executable, "-m", "benchmarks.engine", "--way", way, address],
                check=True, env=os.environ | _LIMITS,
            )  # fmt: skip


if __name__ == "__main__":
    main()
