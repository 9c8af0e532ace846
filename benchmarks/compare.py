"""The compare page: server time of one interaction, what it sends, and a plain baseline.

``python -m benchmarks.compare`` prints a table and fails where a limit is missed: 200 ms at 3,000
patients, 800 ms at 100,000, 2 MB a page at 3,000. The clock decides; the time of the
processor, which does not depend on what else the machine does, stands beside it.
``python -m benchmarks.compare 3000`` measures one size.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test, pairwise_logrank_test
from scipy.stats import chi2_contingency, false_discovery_control, fisher_exact, kruskal
from scipy.stats.contingency import odds_ratio
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_limits

from app.analysis.associations import describable, table_one
from app.cohort.groupings import GroupingSpec
from app.study.analyses import views_of
from app.views.compare.analysis import clinical_differences, enrichment
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.survival.curves.analysis import survival_by_group
from benchmarks.genomics import payload_mb
from benchmarks.pages import ROOT, Taken, timed
from data_loaders import Cohort
from data_loaders.demo import load_demo

SIZES = (3_000, 100_000)
LIMIT_MS = {3_000: 200, 100_000: 800}
LIMIT_MB = 2.0
_GROUPS = ("variable:driver", "variable:diagnosis", "alteration:ASXL1", "alteration:TET2")
_SEARCH_SECONDS = 60.0


def opened(cohort: Cohort, other: Cohort, view: str) -> AppTest:
    """The page on a view, drawn once, the subgroups found where that takes less than a minute."""
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["_uploads"] = {"upload:benchmark": cohort, "upload:other": other}
    at.query_params["cohort"] = "upload:benchmark"
    at.query_params["compare"] = view
    at.query_params["other"] = "other"
    at.switch_page(str(ROOT / "pages" / "compare.py"))
    at.run()
    end = time.monotonic() + _SEARCH_SECONDS
    while view == "Subgroups" and not at.get("plotly_chart") and time.monotonic() < end:
        time.sleep(1)
        at.run()
    return at


def interactions(at: AppTest, view: str) -> dict[str, Taken]:
    """Each kind of interaction on a view."""
    ages = at.slider(key="age").value
    contrasts = [chosen for chosen in at.segmented_control if chosen.key == "contrast"]
    endpoints = at.selectbox(key="endpoint").options
    names = at.button_group(key="compare_groups").options
    found = {}
    if view == "Alterations" and contrasts:
        groups = contrasts[0].options
        found["another contrast"] = timed(
            at, lambda r: at.segmented_control(key="contrast").set_value(groups[(r + 1) % 4])
        )
    if view in ("At a glance", "Survival", "Two cohorts"):
        found["another endpoint"] = timed(
            at, lambda r: at.selectbox(key="endpoint").select_index((r + 1) % len(endpoints))
        )
        at.selectbox(key="endpoint").select_index(0)
    found["two of the groups"] = timed(
        at,
        lambda r: at.button_group(key="compare_groups").set_value(
            [names[r % len(names)], names[(r + 1 + r // len(names)) % len(names)]]
        ),
    )
    at.button_group(key="compare_groups").set_value([])
    found["another grouping"] = timed(
        at, lambda r: at.selectbox(key="group").set_value(_GROUPS[(r + 1) % len(_GROUPS)])
    )
    at.selectbox(key="group").set_value(_GROUPS[0])
    found["another filter"] = timed(
        at, lambda r: at.slider(key="age").set_value((ages[0] + 1 + r, ages[1]))
    )
    return found


def parts(cohort: Cohort) -> None:
    """The same statistics without the page, beside loops over pandas, scipy and lifelines."""
    mask = np.ones(cohort.n, dtype=bool)
    grouping = GroupingSpec.parse("variable:driver").build(cohort)
    wanted = [name for name in describable(cohort) if name != "driver"]
    ours = {
        "clinical differences": lambda: clinical_differences(
            table_one(cohort, grouping, mask, variables=wanted)
        ),
        "enrichment": lambda: enrichment(
            group_frequencies(cohort, mask, ["gene", "cytogenetic"], grouping=grouping),
            grouping.names[0],
        ),
        "survival": lambda: survival_by_group(cohort, mask, "os", grouping),
    }
    groups = cohort.patients["driver"].astype(str)
    plain: dict[str, Callable[[], object]] = {
        "clinical differences": lambda: plain_clinical(cohort, groups, wanted),
        "enrichment": lambda: plain_enrichment(cohort, groups == grouping.names[0]),
        "survival": lambda: plain_survival(cohort, groups),
    }
    for what, run in ours.items():
        took, plainly = (milliseconds(each) for each in (run, plain[what]))
        print(f"{cohort.n:>9,}  {what:<22} {took:>7.0f} ms  pandas, scipy, lifelines "
              f"{plainly:>8.0f} ms")  # fmt: skip


def milliseconds(run: Callable[[], object]) -> float:
    """Processor time of one call, after one that warms up."""
    run()
    start = time.process_time()
    run()
    return 1000 * (time.process_time() - start)


def plain_clinical(cohort: Cohort, groups: pd.Series, columns: Sequence[str]) -> list[float]:
    """A test a variable and quartiles a group, as written in an afternoon."""
    p_values = []
    for name in columns:
        values = cohort.patients[name]
        if cohort.variables[name].kind == "numeric":
            number = values.astype(float)
            number.groupby(groups).describe()
            p_values.append(kruskal(*(own.dropna() for _, own in number.groupby(groups))).pvalue)
        else:
            table = pd.crosstab(values, groups)
            p_values.append(chi2_contingency(table, correction=False).pvalue)
    return list(false_discovery_control(p_values))


def plain_enrichment(cohort: Cohort, inside: pd.Series) -> list[float]:
    """Fisher's test and an exact interval an alteration."""
    p_values = []
    for name in cohort.alterations.columns:
        tested = cohort.alterations[name].dropna().astype(bool)
        square = pd.crosstab(tested, inside.reindex(tested.index)).to_numpy()
        if square.shape == (2, 2):
            p_values.append(fisher_exact(square).pvalue)
            # scipy's exact interval does not end on tables of 100,000: the cross product instead.
            if cohort.n <= SIZES[0]:
                odds_ratio(square).confidence_interval()
            else:
                odds_ratio(square, kind="sample").confidence_interval()
    return list(false_discovery_control(p_values))


def plain_survival(cohort: Cohort, groups: pd.Series) -> float:
    """Curves with their bands, the test of all and of every pair."""
    frame = cohort.patients
    for _, own in frame.groupby(groups):
        fit = KaplanMeierFitter().fit(own["os_months"], own["os_event"])
        fit.confidence_interval_survival_function_.to_numpy()
    pairwise_logrank_test(frame["os_months"], groups, frame["os_event"])
    test = multivariate_logrank_test(frame["os_months"], groups, frame["os_event"])
    return float(test.p_value)


def main(sizes: Sequence[int]) -> None:
    """Measure, print, and fail on a missed limit."""
    # As app/server.py has it.
    threadpool_limits(limits=1, user_api="blas")
    missed = []
    print(f"{'patients':>9}  {'view':<12} {'interaction':<18} {'clock':>9} {'processor':>12} "
          f"{'payload':>10}")  # fmt: skip
    for n in sizes:
        cohort, other = load_demo("mpn", n=n), load_demo("mpn", n=n, seed=7)
        for view in views_of("compare"):
            at = opened(cohort, other, view)
            size = payload_mb(at)
            for what, took in interactions(at, view).items():
                slow = took.clock > LIMIT_MS[n] or (n == SIZES[0] and size > LIMIT_MB)
                missed += [f"{view}, {what} at {n:,}"] * slow
                print(
                    f"{n:>9,}  {view:<12} {what:<18} {took.clock:>6.0f} ms {took.processor:>9.0f} "
                    f"ms {size:>7.2f} MB{'  missed' * slow}",
                    flush=True,
                )
        parts(cohort)
    if missed:
        sys.exit(f"Limits missed: {', '.join(missed)}.")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SIZES)
