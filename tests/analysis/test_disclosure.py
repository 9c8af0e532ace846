"""Released tables and curves: what a reader can work out from them, against the exact numbers."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.disclosure_curves import curve_frame, released_curves, summary_frame
from app.analysis.disclosure_table_one import table_one_frame
from app.analysis.disclosure_tables import (
    alteration_tables,
    burden_table,
    completeness_tables,
    frequency_frame,
    number_row,
    pair_tables,
    quantiles,
    released_table,
    two_digits,
    variable_table,
)
from app.analysis.group_survival import survival_by_group
from app.cohort.disclosure import Disclosure
from app.cohort.groupings import Grouping, by_labels, by_variable
from data_loaders import Cohort, load_cohort
from tests.builders import AGE, OS, make_cohort

FIVE, ELEVEN = Disclosure(5), Disclosure(11)


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


def everyone(cohort: Cohort) -> Grouping:
    return by_labels("Everyone", ["Everyone"] * cohort.n, ["Everyone"])


def grouped(cohort: Cohort, policy: Disclosure) -> Grouping:
    disease = next(v.name for v in cohort.variables.values() if v.role == "disease")
    pooled = policy.pooled(by_variable(cohort, disease), np.ones(cohort.n, dtype=bool))
    assert pooled is not None
    return pooled


def true_range(shown: int, policy: Disclosure) -> tuple[int, int]:
    """Counts that a released count may stand for."""
    if not shown:
        return 0, 0
    k = policy.threshold
    found = [n for n in range(k, shown + 2 * k) if policy.released(n) == shown]
    return found[0], found[-1]


@given(
    st.integers(2, 4).flatmap(
        lambda groups: st.lists(
            st.lists(st.integers(0, 25), min_size=groups, max_size=groups), min_size=3, max_size=5
        )
    ),
    st.sampled_from([FIVE, ELEVEN]),
)
@settings(deadline=None, max_examples=150)
def test_a_released_table_tells_of_no_small_cell(table: list[list[int]], policy: Disclosure):
    counts = np.array(table)
    counts = counts[:, counts.sum(axis=0) >= policy.threshold]
    if counts.shape[1] < 2:
        return
    levels, groups = counts.shape
    places = np.repeat(np.tile(np.arange(levels), groups), counts.T.reshape(-1))
    codes = np.repeat(np.arange(groups), counts.sum(axis=0))
    names = [f"g{i}" for i in range(groups)]
    shown = released_table("x", [f"l{i}" for i in range(levels)], places, codes, names, policy)
    for level in range(levels):
        for group in range(groups):
            exact, seen = int(counts[level, group]), shown.counts[level][group + 1]
            assert seen is None or seen % policy.threshold == 0
            if 0 < exact < policy.threshold:
                assert seen is None
        # The row's total less the groups that are shown: never 1 to k - 1 for the rest.
        total, parts = shown.counts[level][0], shown.counts[level][1:]
        for without in range(groups):
            others = [part for i, part in enumerate(parts) if i != without]
            if total is None or None in others:
                continue
            ends = [true_range(part, policy) for part in others if part is not None]
            low = true_range(total, policy)[0] - sum(high for _, high in ends)
            high = true_range(total, policy)[1] - sum(low for low, _ in ends)
            assert not (low >= 1 and high < policy.threshold)


@pytest.mark.parametrize("policy", [FIVE, ELEVEN], ids=str)
def test_every_count_of_a_cohort_is_released(mds: Cohort, policy: Disclosure):
    by = grouped(mds, policy)
    tables = [
        *alteration_tables(mds, by, policy),
        *alteration_tables(mds, everyone(mds), policy),
        *completeness_tables(mds, everyone(mds), policy),
        burden_table(mds, by, policy),
        *(table for *_, table in pair_tables(mds, everyone(mds), policy)),
        *(
            variable_table(mds, variable.name, by, policy)
            for variable in mds.variables.values()
            if variable.kind in {"numeric", "categorical", "ordinal", "binary"}
        ),
    ]
    held = [n for t in tables for row in (*t.counts, t.sizes) for n in row if n is not None]
    assert len(held) > 500
    assert all(n == 0 or n % policy.threshold == 0 for n in held)
    assert any(n is None for t in tables for row in t.counts for n in row)


def test_a_pair_with_a_small_cell_is_hidden_whole(mds: Cohort):
    exact = {str(f): mds.feature_state(str(f)) == 1 for f in mds.features.index}
    names = {str(mds.features.loc[f, "label"]): f for f in exact}
    hidden = 0
    for first, second, table in pair_tables(mds, everyone(mds), FIVE):
        a, b = exact[names[first]], exact[names[second]]
        both = int(np.count_nonzero(a & b))
        cells = [row[0] for row in table.counts[:4]]
        if 0 < both < 5:
            assert cells == [None] * 4
            hidden += 1
        assert cells.count(None) in {0, 4}
    assert hidden


def test_frequencies_are_close_to_the_exact_ones_and_hide_the_rare(mds: Cohort):
    frame = frequency_frame(alteration_tables(mds, everyone(mds), FIVE))
    labels = {str(mds.features.loc[f, "label"]): str(f) for f in mds.features.index}
    for row in frame.to_dict("records"):
        state = mds.feature_state(labels[row["Alteration"]])
        exact = np.count_nonzero(state == 1) / max(np.count_nonzero(state >= 0), 1)
        if not np.isnan(row["Share"]):
            assert row["Share"] == pytest.approx(exact, abs=0.01)
    shown = [text for text in frame["Altered"] if text != "hidden"]
    counts = [int(text.replace(",", "")) for text in shown]
    assert counts == sorted(counts, reverse=True) or not frame["Share"].is_monotonic_increasing


def test_table_one_is_made_of_released_counts(mds: Cohort):
    names = ["age_years", *(v.name for v in mds.variables.values() if v.kind == "categorical")]
    frame = table_one_frame(mds, names, grouped(mds, ELEVEN), ELEVEN, 12)
    for column in frame.columns[2:-1]:
        size = re.search(r"\(([\d,]+)\)$", column)
        assert column == "Missing" or (size and int(size[1].replace(",", "")) % 11 == 0)
        for value, cell in zip(frame["Value"], frame[column], strict=True):
            leading = re.match(r"[\d,]+", str(cell))
            if leading and value != "median (quartiles)":
                assert int(leading[0].replace(",", "")) % 11 == 0


def test_quantiles_have_enough_values_on_each_side():
    values = np.arange(100, 200, dtype=float)
    assert quantiles(values[:9], FIVE) == "hidden"
    assert quantiles(values[:10], FIVE) == "100"
    assert quantiles(values, FIVE) == "150 (120 to 170)"
    assert [two_digits(v) for v in (0.0, 0.01234, 4.567, 87.6, 1234.0)] == [
        "0", "0.012", "4.6", "88", "1,200",
    ]  # fmt: skip


def test_limits_of_ranges_are_no_values_of_patients():
    ages: list[object] = [float(a) for a in [18.25] + [40.5, 51.5, 62.5, 73.5] * 10 + [97.75]]
    cohort = make_cohort({"age_years": ages}, variables=(AGE,))
    table = variable_table(cohort, "age_years", everyone(cohort), FIVE)
    assert not any(text in " ".join(table.levels) for text in ("18", "97"))
    assert all(n is None or n >= 5 for row in table.counts[:-1] for n in row)
    number = number_row(cohort, "age_years", everyone(cohort), FIVE)
    assert "18" not in number.words[0]


def cohort_of(time: npt.NDArray[np.float64], event: npt.NDArray[np.int64]) -> Cohort:
    return make_cohort({"os_months": list(time), "os_event": list(event)}, endpoints=(OS,))


FOLLOWED = st.lists(
    st.tuples(st.floats(0.1, 60, allow_nan=False), st.integers(0, 1)), min_size=10, max_size=90
)


@given(FOLLOWED, st.sampled_from([FIVE, ELEVEN]))
@settings(deadline=None, max_examples=100)
def test_no_span_of_a_curve_tells_of_few_events_or_few_censored(
    followed: list[tuple[float, int]], policy: Disclosure
):
    """Events and censored between any two months, from everything that the curve shows."""
    k = policy.threshold
    time = np.array([t for t, _ in followed])
    event = np.array([e for _, e in followed])
    cohort = cohort_of(time, event)
    result = released_curves(cohort, "os", everyone(cohort), policy)
    if not result.curves:
        assert len(time) < 2 * k
        return
    curve = result.curves[0]
    assert not (curve.at_risk % k).any()
    assert curve.events % k == 0
    # Each fall of the curve is a multiple of k events of those at risk: nothing else is in it.
    falls = 1 - curve.estimate[1:] / np.where(curve.estimate[:-1] > 0, curve.estimate[:-1], 1)
    of_k = falls * curve.n_risk[1:] / k
    assert np.allclose(of_k, np.round(of_k), atol=1e-6)
    assert (np.round(of_k) >= 1)[curve.estimate[:-1] > 0].all()
    assert (curve.time == curve.time.astype(int)).all()

    months = np.arange(curve.end + 1)
    jumps = np.zeros(curve.end + 1, dtype=int)
    jumps[curve.time[1:]] = np.round(of_k).astype(int) * k
    events_shown = np.cumsum(jumps)
    half = k // 2

    def events_by(month: int) -> tuple[int, int]:
        seen = int(events_shown[month])
        return max(seen - half, 0), seen + (k - 1 - half)

    def risk(month: int) -> tuple[int, int]:
        return true_range(int(curve.at_risk[month]), policy)

    everyone_low, everyone_high = true_range(curve.n, policy)
    for month in months:
        low, high = events_by(int(month))
        assert low <= np.count_nonzero((np.ceil(time) <= month) & (event == 1)) <= high
        assert not (low >= 1 and high < k)
        for earlier in months[:month]:
            before = events_by(int(earlier))
            least, most = low - before[1], high - before[0]
            assert not (least >= 1 and most < k)
        if month < curve.end:
            after = risk(int(month) + 1)
            least = everyone_low - high - after[1]
            most = everyone_high - low - after[0]
            assert not (least >= 1 and most < k), "censored = patients - events - at risk"


def test_curves_of_released_counts_are_close_to_kaplan_meier(mds: Cohort):
    by = grouped(mds, FIVE)
    result = released_curves(mds, "os", by, FIVE)
    exact = survival_by_group(mds, np.ones(mds.n, dtype=bool), "os", by).by_name
    compared = 0
    for curve in result.curves:
        km = exact[curve.name]
        for month in range(6, curve.end, 6):
            true = float(km.at([month])["survival"].iloc[0])
            # Half of k events and half of k at risk are what rounding can move.
            assert curve.at(month)[0] == pytest.approx(true, abs=0.01 + 6 / curve.risk_at(month))
            compared += 1
    assert compared > 40
    assert not (summary_frame(result) == "nan").any().any()
    frame = curve_frame(result)
    assert not (frame["at_risk"] % 5).any()
    assert isinstance(frame, pd.DataFrame)


def test_incidence_with_a_competing_event_sums_with_survival_to_one(mds: Cohort):
    competing = next(e.key for e in mds.endpoints.values() if e.competing)
    result = released_curves(mds, competing, everyone(mds), FIVE, incidence=True)
    curve = result.curves[0]
    assert (np.diff(curve.estimate) >= 0).all()
    assert 0 < curve.estimate[-1] < 1
    assert np.isnan(curve.lower).all()


def test_too_few_to_follow_are_not_drawn():
    cohort = cohort_of(np.arange(1, 10, dtype=float), np.ones(9, dtype=np.int64))
    result = released_curves(cohort, "os", everyone(cohort), FIVE)
    assert result.curves == ()
    assert result.notes == ("Not drawn, too few to follow: Everyone.",)
