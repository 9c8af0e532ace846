"""Survival, Cohort and Compare with a million patients: what a change takes, and a plain baseline.

``python -m benchmarks.large [patients]`` prints, for a change of the filter, of the grouping and
for a redraw, milliseconds of the server by the clock and of the processor (medians of 4, the first
not counted); beside them what lifelines takes for the four curves and the log-rank test alone. The
aim is 800 ms. On an idle machine it takes two minutes.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_limits

from benchmarks.pages import ROOT
from data_loaders import Cohort
from data_loaders.demo import load_demo

_AIM_MS, _REPEATS = 800, 4
_PATIENCE_S = 3_000
_FILTERS = (["MF"], ["ET", "PV"], ["ET"], ["PV"], ["MF", "PV"])
_GROUPS = ("variable:sex", "variable:driver", "alteration:ASXL1", "variable:diagnosis")


def narrow(at: AppTest, turn: int) -> None:
    """Another diagnosis."""
    at.multiselect(key="dx").set_value(list(_FILTERS[turn % len(_FILTERS)]))


def compare_by(at: AppTest, turn: int) -> None:
    """Another grouping."""
    at.selectbox(key="group").set_value(_GROUPS[turn % len(_GROUPS)])


def nothing(_at: AppTest, _turn: int) -> None:
    """The same page once more."""


ACTS: dict[str, Callable[[AppTest, int], None]] = {
    "filter": narrow, "grouping": compare_by, "redraw": nothing
}  # fmt: skip
PAGES = {"survival": tuple(ACTS), "cohort": ("filter", "redraw"), "compare": tuple(ACTS)}


def taken(at: AppTest, act: Callable[[AppTest, int], None]) -> tuple[float, float]:
    """Medians of the clock and of the processor, in milliseconds."""
    clock, processor = [], []
    for turn in range(_REPEATS + 1):
        act(at, turn)
        start, busy = time.perf_counter(), time.process_time()
        at.run()
        clock.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.process_time() - busy))
        if at.exception:
            raise RuntimeError(at.exception[0].message)
    return statistics.median(clock[1:]), statistics.median(processor[1:])


def plain(cohort: Cohort) -> float:
    """Milliseconds of lifelines for a curve of each driver and their log-rank test."""
    frame = cohort.patients[["driver", "os_months", "os_event"]].dropna()
    start = time.perf_counter()
    for _, group in frame.groupby("driver"):
        KaplanMeierFitter().fit(group["os_months"], group["os_event"])
    multivariate_logrank_test(frame["os_months"], frame["driver"], frame["os_event"])
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    cohort = load_demo("mpn", n=int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    columns = cohort.patients.shape[1] + cohort.alterations.shape[1]
    print(f"{cohort.n:,} patients x {columns} columns; the aim is {_AIM_MS} ms")
    print(f"lifelines, curves and log-rank test alone: {plain(cohort):.0f} ms", flush=True)
    with threadpool_limits(limits=1, user_api="blas"):
        for page, acts in PAGES.items():
            at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=_PATIENCE_S)
            at.session_state["_uploads"] = {"upload:benchmark": cohort}
            at.query_params["cohort"] = "upload:benchmark"
            at.switch_page(str(ROOT / "pages" / f"{page}.py"))
            start = time.perf_counter()
            at.run()
            print(f"{page:>10} {'first':>10} {time.perf_counter() - start:>8.1f} s", flush=True)
            for name in acts:
                clock, processor = taken(at, ACTS[name])
                print(f"{'':>10} {name:>10} {clock:>7.0f} ms {processor:>7.0f} ms", flush=True)


if __name__ == "__main__":
    main()
