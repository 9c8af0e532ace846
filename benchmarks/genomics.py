"""The genomics page: server time of one interaction, and what it sends to the browser.

``python -m benchmarks.genomics`` prints a table and fails where a limit is missed: 200 ms at 3,000
patients, 800 ms at 100,000, 2 MB a page at 3,000.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from streamlit.testing.v1 import AppTest

from app.analysis.associations import co_occurrence
from app.analysis.oncoprint import oncoprint
from app.charts.oncoprint import oncoprint_figure
from benchmarks.pages import REPEATS, ROOT, median_ms
from data_loaders import Cohort
from data_loaders.demo import load_demo

SIZES = (3_000, 100_000)
LIMIT_MS = {3_000: 200, 100_000: 800}
LIMIT_MB = 2.0
VIEWS = ("Frequencies", "Oncoprint", "Together or apart", "Variants", "Allele fractions", "Burden")


def opened(cohort: Cohort, view: str) -> AppTest:
    """The page on a view, drawn once."""
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["_uploads"] = {"upload:benchmark": cohort}
    at.query_params["cohort"] = "upload:benchmark"
    at.query_params["genomics"] = view
    at.switch_page(str(ROOT / "pages" / "genomics.py"))
    return at.run()


def interactions(at: AppTest) -> list[float]:
    """Seconds of server time for each of several changes of the filter."""
    seconds = []
    for repeat in range(REPEATS + 1):
        at.multiselect(key="dx").set_value(["MF", "PV"] if repeat % 2 else [])
        start = time.perf_counter()
        at.run()
        seconds.append(time.perf_counter() - start)
        if at.exception:
            raise RuntimeError(at.exception[0].message)
    return seconds


def payload_mb(at: AppTest) -> float:
    """Megabytes of figures and tables of the page."""
    charts = sum(len(chart.proto.spec) for chart in at.get("plotly_chart"))
    tables = sum(len(frame.proto.SerializeToString()) for frame in at.dataframe)
    return (charts + tables) / 1e6


def parts(cohort: Cohort) -> None:
    """Time the two heaviest parts without the page."""
    mask = np.ones(cohort.n, dtype=bool)
    start = time.perf_counter()
    table = co_occurrence(cohort.alterations)
    paired = time.perf_counter() - start
    start = time.perf_counter()
    figure = oncoprint_figure(oncoprint(cohort, mask, ["gene", "cytogenetic"], 40), title="All")
    drawn = time.perf_counter() - start
    print(
        f"{cohort.n:>9,}  co_occurrence, {len(table):,} pairs {1000 * paired:>7.0f} ms; "
        f"oncoprint of 40 rows {1000 * drawn:>6.0f} ms, {len(figure.to_json()) / 1e6:.2f} MB"
    )


def main() -> None:
    """Measure, print, and fail on a missed limit."""
    missed = []
    print(f"{'patients':>9}  {'view':<20} {'interaction':>12} {'payload':>9}")
    for n in SIZES:
        cohort = load_demo("mpn", n=n)
        for view in VIEWS:
            at = opened(cohort, view)
            took = median_ms(interactions(at))
            at.multiselect(key="dx").set_value([]).run()
            size = payload_mb(at)
            slow = took > LIMIT_MS[n] or (n == SIZES[0] and size > LIMIT_MB)
            missed += [f"{view} at {n:,}"] * slow
            print(f"{n:>9,}  {view:<20} {took:>9.0f} ms {size:>6.2f} MB{'  missed' * slow}")
        parts(cohort)
    if missed:
        sys.exit(f"Limits missed: {', '.join(missed)}.")


if __name__ == "__main__":
    main()
