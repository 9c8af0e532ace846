"""The Cohort page: server time of one interaction, what it sends, and plain baselines.

``python -m benchmarks.cohort`` prints a table: milliseconds by the clock and of the processor (the
latter does not depend on what else the machine does; medians of 7, the first not counted) and
megabytes of figures and tables, at 3,000 and at 100,000 patients. The aims are 200 ms and 800 ms,
and 2 MB at 3,000 patients.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, kruskal
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_limits

from app.analysis.associations import describable, table_one
from app.cohort.filters import All, Filter
from app.cohort.groupings import by_variable
from app.shell.cohort_filter import MORE
from benchmarks import pages
from benchmarks.genomics import timed
from data_loaders import Cohort
from data_loaders.demo import load_demo

AIMS = {3_000: 200, 100_000: 800}
PAYLOAD = 2.0


def open_page(cohort: Cohort, tab: str) -> AppTest:
    """The Cohort page of a cohort, on one of its tabs."""
    at = AppTest.from_file(str(pages.ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["_uploads"] = {"upload:benchmark": cohort}
    at.query_params["cohort"] = "upload:benchmark"
    at.run()
    at.session_state["cohort_tabs"] = tab
    return at.switch_page(str(pages.ROOT / "pages" / "cohort.py")).run()


def choose_level(at: AppTest, turn: int) -> None:
    """What a click on a bar of the diagnosis does."""
    at.multiselect(key="dx").set_value(["MF"] if turn % 2 else ["ET", "PV"])


def brush(at: AppTest, turn: int) -> None:
    """What a brush over haemoglobin does, besides an allele fraction: the costliest conditions."""
    wanted = [
        {"column": "hb_g_per_l", "between": [80.0 + turn, 150.0]},
        {"any": [{"variant": "JAK2", "vaf": [0.1, None]}, {"mutated_genes": [2, None]}]},
    ]
    held = Filter.from_dict({"all": wanted})
    at.session_state[MORE] = Filter(All(held.steps))


def compare_by(at: AppTest, turn: int) -> None:
    """Another grouping of table one."""
    at.selectbox(key="group").set_value("variable:sex" if turn % 2 else "variable:driver")


def numbers_as(at: AppTest, turn: int) -> None:
    """Table one by rank or by mean."""
    at.segmented_control(key="table_numbers").set_value(
        "Mean, Welch" if turn % 2 else "Median, by rank"
    )


def add_condition(at: AppTest, _turn: int) -> None:
    """One more condition in the builder."""
    next(b for b in at.button if str(b.key).startswith("builder_add")).click()


def undo(at: AppTest, turn: int) -> None:
    """Back and forth between two filters."""
    at.button(key="redo" if turn % 2 else "undo").click()


ACTS: dict[str, tuple[str, Callable[[AppTest, int], None]]] = {
    "click a bar": ("Who they are", choose_level),
    "brush a histogram": ("Who they are", brush),
    "undo and redo": ("Who they are", undo),
    "table one by another grouping": ("Table one", compare_by),
    "table one by mean": ("Table one", numbers_as),
    "table one, another filter": ("Table one", choose_level),
    "a condition in the builder": ("Filter builder", add_condition),
    "step by step, another filter": ("Step by step", choose_level),
    "completeness, another filter": ("Completeness", choose_level),
}


def payload(at: AppTest) -> float:
    """Megabytes of figures and tables on the page."""
    drawn = [*at.get("plotly_chart"), *at.dataframe]
    return sum(element.proto.ByteSize() for element in drawn) / 1e6


def measure(cohort: Cohort, name: str) -> tuple[float, float, float]:
    """Milliseconds by the clock, of the processor, and megabytes of one interaction."""
    tab, act = ACTS[name]
    at = open_page(cohort, tab)
    if act is undo:
        choose_level(at, 1)
        at.run()
    clock, processor = pages.timed(at, partial(act, at))
    return clock, processor, payload(at)


def parts(cohort: Cohort) -> None:
    """A filter and a table one without the page, beside pandas and scipy by hand."""
    chosen = Filter.from_dict(
        {
            "all": [
                {"column": "diagnosis", "in": ["ET", "PV"]},
                {"column": "age_years", "between": [50, 80]},
                {"altered": "JAK2"},
            ]
        }
    )
    everyone = np.ones(cohort.n, dtype=bool)
    grouping = by_variable(cohort, "diagnosis")
    variables = [name for name in describable(cohort) if name != "diagnosis"]
    features = [str(name) for name in cohort.alterations.columns[:20]]
    selection, ours = timed(lambda: chosen.apply(cohort))
    kept, plainly = timed(lambda: plain_filter(cohort))
    if selection.n != kept:
        raise RuntimeError("the filter and pandas do not agree")
    print(f"  {'a filter of three conditions':<32} {ours:>6.1f} ms; pandas {plainly:>7.1f} ms")
    table, ours = timed(
        lambda: table_one(cohort, grouping, everyone, variables=variables, features=features)
    )
    p_values, plainly = timed(lambda: plain_table(cohort, variables, features))
    for row in table.rows:
        if row.name in p_values and not np.isclose(row.comparison.p_value, p_values[row.name]):
            raise RuntimeError(f"table one and scipy do not agree on {row.name}")
    rows = f"table one of {len(table.rows)} rows"
    print(f"  {rows:<32} {ours:>6.1f} ms; pandas and scipy {plainly:>7.1f} ms")


def plain_filter(cohort: Cohort) -> int:
    """The same conditions in pandas; how many are left."""
    frame = cohort.patients
    diagnosed = frame["diagnosis"].isin(["ET", "PV"]) & frame["age_years"].between(50, 80)
    return len(frame[diagnosed & cohort.alterations["JAK2"].fillna(value=False)])


def plain_table(cohort: Cohort, variables: list[str], features: list[str]) -> dict[str, float]:
    """Quartiles or counts a group and a test, as written in an afternoon; p-values of numbers."""
    groups, p_values = cohort.patients["diagnosis"].astype(str), {}
    for name in variables:
        values = cohort.patients[name]
        if cohort.variables[name].kind == "numeric":
            numbers = values.astype(float).groupby(groups)
            numbers.describe()
            known = [own.dropna() for _, own in numbers if own.notna().any()]
            if len(known) > 1:
                p_values[name] = float(kruskal(*known).pvalue)
        else:
            chi2_contingency(pd.crosstab(values, groups), correction=False)
    for name in features:
        chi2_contingency(pd.crosstab(cohort.alterations[name], groups), correction=False)
    return p_values


def main() -> None:
    """Measure and print."""
    # As the server does when it starts.
    threadpool_limits(limits=1, user_api="blas")
    for n, aim in AIMS.items():
        cohort = load_demo("mpn", n=n)
        print(f"{n:,} patients, {len(cohort.mutations):,} variants (aim: under {aim} ms)")
        for name in ACTS:
            clock, processor, megabytes = measure(cohort, name)
            said = "" if clock < aim else "  over the aim"
            heavy = "  over 2 MB" if megabytes > PAYLOAD else ""
            print(
                f"  {name:<32} {clock:>6.0f} ms ({processor:>4.0f} of the processor)"
                f" {megabytes:>6.2f} MB{said}{heavy}"
            )
        parts(cohort)


if __name__ == "__main__":
    main()
