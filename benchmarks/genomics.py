"""The genomics page: server time of one interaction, what it sends, and plain baselines.

``python -m benchmarks.genomics`` prints a table and fails where a limit is missed: 200 ms at 3,000
patients, 800 ms at 100,000, 2 MB a page at 3,000.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.stats import false_discovery_control, fisher_exact
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_limits

from app.analysis.associations import co_occurrence
from app.study.analyses import views_of
from app.study.figures.theme import framed
from app.views.genomics.oncoprint.analysis import oncoprint
from app.views.genomics.oncoprint.figures import oncoprint_figure
from benchmarks.pages import REPEATS, ROOT, median_ms
from data_loaders import Cohort
from data_loaders.demo import load_demo

SIZES = (3_000, 100_000)
LIMIT_MS = {3_000: 200, 100_000: 800}
LIMIT_MB = 2.0
_T = TypeVar("_T")


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
    """The two heaviest parts without the page, beside loops over pandas, scipy and plotly."""
    mask = np.ones(cohort.n, dtype=bool)

    def ours() -> go.Figure:
        return framed(oncoprint_figure(oncoprint(cohort, mask, ["gene", "cytogenetic"], 40)), "All")

    table, took = timed(lambda: co_occurrence(cohort.alterations))
    p_values, plainly = timed(lambda: plain_pairs(cohort.alterations))
    informative = table["odds_ratio"].notna().to_numpy()
    if not np.allclose(table["p_value"][informative], p_values, rtol=1e-6, atol=1e-12):
        raise RuntimeError("co_occurrence and scipy do not agree")
    print(
        f"{cohort.n:>9,}  co_occurrence, {len(table):,} pairs {took:>5.0f} ms; pandas and scipy, "
        f"without odds ratios {plainly:>7.0f} ms"
    )
    figure, took = timed(ours)
    plain, plainly = timed(lambda: plain_oncoprint(cohort.alterations))
    print(
        f"{cohort.n:>9,}  oncoprint of 40 rows {took:>6.0f} ms, {len(figure.to_json()) / 1e6:.2f} "
        f"MB; pandas and plotly {plainly:>6.0f} ms, {len(plain.to_json()) / 1e6:.2f} MB"
    )


def timed(run: Callable[[], _T]) -> tuple[_T, float]:
    """What a call gives, and milliseconds of the processor that it takes, warmed up."""
    run()
    start = time.process_time()
    result = run()
    return result, 1000 * (time.process_time() - start)


def plain_pairs(alterations: pd.DataFrame) -> list[float]:
    """Fisher's test of every pair, as written in an afternoon."""
    p_values = []
    for a, b in itertools.combinations(alterations.columns, 2):
        tested = alterations[[a, b]].dropna().astype(bool)
        square = pd.crosstab(tested[a], tested[b]).to_numpy()
        if square.shape == (2, 2):
            p_values.append(float(fisher_exact(square).pvalue))
    false_discovery_control(p_values)
    return p_values


def plain_oncoprint(alterations: pd.DataFrame) -> go.Figure:
    """The 40 most frequent alterations, patients sorted by them, as one heatmap."""
    altered = alterations.fillna(value=False).astype(int)
    leading = altered.sum().sort_values(ascending=False).index[:40]
    matrix = altered[leading].sort_values(list(leading), ascending=False)
    return go.Figure(go.Heatmap(z=matrix.T.to_numpy(), y=list(leading), showscale=False))


def main() -> None:
    """Measure, print, and fail on a missed limit."""
    # As the server does when it starts.
    threadpool_limits(limits=1, user_api="blas")
    missed = []
    print(f"{'patients':>9}  {'view':<20} {'interaction':>12} {'payload':>9}")
    for n in SIZES:
        cohort = load_demo("mpn", n=n)
        for view in views_of("genomics"):
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
