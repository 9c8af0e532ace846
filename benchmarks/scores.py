"""Scores of a whole cohort, beside the same points counted patient by patient.

``python -m benchmarks.scores`` prints a table and fails where a limit is missed: every score that
the demo cohort can feed in 200 ms at 3,000 patients and in 3 s at 100,000, columns found anew, the
best of three. The loop computes one score alone, the IPSS-R, as a calculator does: with ``if`` and
one row at a time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from app.cohort.scores import available_scores, score
from data_loaders import Cohort, load_cohort

LIMIT_MS = {3_000: 200.0, 100_000: 3_000.0}
_GROUPS = ("Very Good", "Good", "Intermediate", "Poor", "Very Poor")


def grown(cohort: Cohort, n: int) -> Cohort:
    """The cohort's patients, repeated up to ``n``; a new object, of which nothing is known yet."""
    rows = np.resize(np.arange(cohort.n), n)
    index = pd.Index([f"P{i}" for i in range(n)], name="patient_id", dtype=object)
    patients, alterations = (
        table.iloc[rows].set_axis(index) for table in (cohort.patients, cohort.alterations)
    )
    return replace(cohort, patients=patients, alterations=alterations)


def row_by_row(cohort: Cohort) -> list[float | None]:
    """IPSS-R of each patient by a loop over the rows; None where a value is missing."""
    values: list[float | None] = []
    for _, row in cohort.patients.iterrows():
        needed = (
            row["karyotype_group"], row["blasts_bm_percent"], row["hb_g_per_l"],
            row["platelets_1e9_per_l"], row["neutrophils_1e9_per_l"],
        )  # fmt: skip
        if any(pd.isna(value) for value in needed):
            values.append(None)
            continue
        group, blasts, hb, platelets, neutrophils = needed
        points = float(_GROUPS.index(group))
        points += 0 if blasts <= 2 else 1 if blasts < 5 else 2 if blasts <= 10 else 3
        points += 0 if hb >= 100 else 1 if hb >= 80 else 1.5
        points += 0 if platelets >= 100 else 0.5 if platelets >= 50 else 1
        points += 0 if neutrophils >= 0.8 else 0.5
        values.append(points)
    return values


def all_of(keys: list[str], cohort: Cohort) -> None:
    """Compute several scores."""
    for key in keys:
        score(cohort, key)


def _known(demo: Cohort, n: int) -> Cohort:
    """A grown cohort with its matrix of alterations, which is the loader's work."""
    cohort = grown(demo, n)
    cohort.states  # noqa: B018
    return cohort


def milliseconds(call: Callable[[], object]) -> float:
    """How long a call takes by the clock."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def main() -> int:
    """Measure, print, compare with the limits; 1 where one is missed."""
    demo = load_cohort("demo:mds")
    table = available_scores(demo)
    keys = table["key"][table["n_complete"] > 0].tolist()
    score(demo, keys[0])  # vocabulary and rules are read once
    missed = False
    print(f"Scores: {', '.join(keys)}")
    print(f"{'patients':>9} {'all scores, ms':>15} {'IPSS-R alone, ms':>17} {'loop, ms':>9}")
    for n, limit in LIMIT_MS.items():
        alone = grown(demo, n)
        together = min(milliseconds(partial(all_of, keys, _known(demo, n))) for _ in range(3))
        single = milliseconds(partial(score, _known(demo, n), "ipss_r"))
        loop = milliseconds(partial(row_by_row, alone))
        found = score(alone, "ipss_r").table["value"].to_numpy()
        by_row = np.array(row_by_row(alone.subset(np.arange(n) < 500)), dtype=float)
        counted = ~np.isnan(by_row)  # the loop knows no columns of lesions
        if not np.array_equal(found[:500][counted], by_row[counted]):
            print("The loop and the engine differ.")
            missed = True
        missed |= together > limit
        print(f"{n:>9,} {together:>15,.0f} {single:>17,.0f} {loop:>9,.0f}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
