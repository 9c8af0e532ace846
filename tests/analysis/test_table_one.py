"""Table one against R and scipy on published cohorts, worked examples, and properties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.analysis.associations import category_test, compare_groups, table_one
from app.analysis.associations._group_tests import category_smd, mean_test, number_smd, rank_test
from app.analysis.associations._steps import Moments, counted, in_steps, moments, quartiles
from app.cohort.groupings import Grouping, by_labels, by_variable
from data_loaders import Cohort, Variable, load_cohort
from tests.builders import AGE, DIAGNOSIS, make_cohort
from tests.r_program import run_r

SCRIPT = Path(__file__).with_name("table_one.R")


@pytest.fixture(scope="module")
def mpn(public_cohorts: Path) -> Cohort:
    return load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv")


@pytest.fixture(scope="module")
def mds(public_cohorts: Path) -> Cohort:
    return load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv")


def from_r(cohort: Cohort, labels: pd.Series, names: list[str], folder: Path) -> pd.DataFrame:
    frame = cohort.patients[names].copy()
    for name in names:
        if cohort.variables[name].kind != "numeric":
            frame[name] = frame[name].map(lambda v: None if pd.isna(v) else f"v{v}")
    frame.insert(0, "group", labels)
    frame = frame[frame["group"].notna()]
    frame.to_csv(folder / "in.csv", index=False)
    run_r(SCRIPT, "in.csv", "out.csv", folder=folder)
    return pd.read_csv(folder / "out.csv")


def smallest_known(cohort: Cohort, name: str, grouping: Grouping) -> int:
    """Fewest patients of a group with a value: smaller groups are set aside here, not in R."""
    counted = (grouping.codes >= 0) & cohort.patients[name].notna().to_numpy()
    return int(np.bincount(grouping.codes[counted], minlength=len(grouping.names)).min())


@pytest.mark.shared
@pytest.mark.parametrize("which", ["mpn", "mds"])
def test_the_whole_table_equals_r(which: str, request: pytest.FixtureRequest, tmp_path: Path):
    cohort: Cohort = request.getfixturevalue(which)
    sex = next(v.name for v in cohort.variables.values() if v.label.lower() in {"sex", "gender"})
    disease = next(v.name for v in cohort.variables.values() if v.role == "disease"
                   and v.kind in {"categorical", "ordinal"})  # fmt: skip
    for column in (sex, disease):
        grouping = by_variable(cohort, column)
        found = table_one(cohort, grouping)
        rows = {
            row.name: row
            for row in found.rows
            if np.isfinite(row.comparison.p_value) and row.kind != "ordinal"
            and len(row.levels) < 12 and smallest_known(cohort, row.name, grouping) >= 10
        }  # fmt: skip
        assert len(rows) >= 5
        names = np.array([*grouping.names, None], dtype=object)
        labels = pd.Series(names[np.where(grouping.codes < 0, -1, grouping.codes)])
        labels.index = cohort.patients.index
        r = from_r(cohort, labels, list(rows), tmp_path)
        for line in r.itertuples():
            row = rows[line.variable]
            ours = row.comparison
            if row.kind == "numeric":
                assert ours.p_value == pytest.approx(line.rank_p, rel=1e-9, abs=1e-300), row.name
                assert ours.smd == pytest.approx(line.smd, rel=1e-9)
                if len(found.names) > 2:  # of two groups R's W is of the first in the alphabet
                    assert ours.statistic == pytest.approx(line.rank_stat, rel=1e-9)
            elif ours.test == "chi-square":
                assert ours.statistic == pytest.approx(line.chi, rel=1e-9)
                assert ours.p_value == pytest.approx(line.chi_p, rel=1e-6, abs=1e-300)
            elif ours.test == "Fisher exact":
                assert ours.p_value == pytest.approx(line.fisher_p, rel=1e-6)
            else:
                assert ours.p_value == pytest.approx(line.fisher_p, abs=0.02)
        means = table_one(cohort, grouping, variables=[n for n in rows if not rows[n].levels],
                          number_test="mean")  # fmt: skip
        by_name = r.set_index("variable")["mean_p"]
        for row in means.rows:
            assert row.comparison.p_value == pytest.approx(
                by_name[row.name], rel=1e-6, abs=1e-300, nan_ok=True
            )


@pytest.mark.shared
def test_counts_and_missing_equal_pandas(mpn: Cohort):
    grouping = by_variable(mpn, "sex")
    frame = mpn.patients
    for row in table_one(mpn, grouping).rows:
        for name, summaries in zip(grouping.names, row.groups, strict=True):
            own = frame.loc[frame["sex"] == name, row.name]
            assert summaries[0].n == len(own)
            assert summaries[0].known == own.notna().sum()
            if not row.levels:
                assert summaries[0].median == pytest.approx(own.astype(float).median())
        assert row.missing == frame.loc[frame["sex"].notna(), row.name].isna().sum()


def test_q_values_count_only_what_was_tested():
    cohort = make_cohort(
        {
            "diagnosis": ["MF"] * 30 + ["ET"] * 30,
            "age_years": [float(i) for i in range(60)],
            "noise": [float(i * 37 % 60) for i in range(60)],
            "rare": [1.0, 2.0, *[None] * 58],
        },
        variables=(
            DIAGNOSIS, AGE, Variable("noise", "Noise", "numeric"),
            Variable("rare", "Rare", "numeric"),
        ),
    )  # fmt: skip
    table = compare_groups(cohort, "diagnosis").set_index("variable")
    assert list(table.index) == ["age_years", "noise", "rare"]
    assert "<10 in a group" in table.loc["rare", "test"]
    assert np.isnan(table.loc["rare", "p_value"])
    tested = stats.false_discovery_control(table["p_value"].dropna().to_numpy())
    assert table["q_value"].dropna().to_numpy() == pytest.approx(tested)
    assert table.loc["rare", "missing"] == 58
    assert table.loc["age_years", "MF"] == "14.5 (7.25–21.8)"


def test_groups_may_be_labels_and_some_patients_in_none():
    cohort = make_cohort({"age_years": [float(i) for i in range(40)]}, variables=(AGE,))
    labels = ["a"] * 15 + ["b"] * 15 + [None] * 10
    (row,) = compare_groups(cohort, labels).to_dict("records")
    expected = stats.mannwhitneyu(range(15), range(15, 30), method="asymptotic")
    assert row["p_value"] == pytest.approx(expected.pvalue)
    with pytest.raises(ValueError, match="one a patient"):
        compare_groups(cohort, labels[:-1])
    named = pd.Series(labels, index=cohort.patients.index)
    assert compare_groups(cohort, named)["p_value"][0] == row["p_value"]
    with pytest.raises(ValueError, match="same patients in the same order"):
        compare_groups(cohort, named.iloc[::-1])


@pytest.mark.parametrize("groups", [2, 3])
def test_numbers_that_are_all_the_same_have_no_p_value(groups):
    """R's wilcox.test and kruskal.test give NaN."""
    cohort = make_cohort({"age_years": [50.0] * 60}, variables=(AGE,))
    (row,) = compare_groups(cohort, [str(i % groups) for i in range(60)]).to_dict("records")
    assert np.isnan(row["p_value"])
    assert row["test"] == "no test (no spread)"


def test_a_group_without_patients_is_named_and_not_tested():
    cohort = make_cohort({"age_years": [float(i) for i in range(40)]}, variables=(AGE,))
    grouping = by_labels("Third", ["a"] * 20 + ["b"] * 20, ["a", "nobody", "b"])
    table = table_one(cohort, grouping)
    assert table.names == ("a", "b")
    assert table.empty == ("nobody",)
    assert np.isfinite(table.rows[0].comparison.p_value)


def test_not_tested_is_missing_and_never_unaltered():
    cohort = make_cohort(
        {"diagnosis": ["MF"] * 20 + ["ET"] * 20}, {"ASXL1": [1] * 5 + [None] * 5 + [0] * 30},
        variables=(DIAGNOSIS,),
    )  # fmt: skip
    table = table_one(cohort, by_variable(cohort, "diagnosis"), variables=[], features=["ASXL1"])
    (row,) = table.rows
    altered = {name: parts[0] for name, parts in zip(table.names, row.groups, strict=True)}
    assert (altered["MF"].count, altered["MF"].known, altered["MF"].n) == (5, 15, 20)
    assert (altered["ET"].count, altered["ET"].known) == (0, 20)
    assert row.missing == 5
    assert row.comparison.test == "Fisher exact"


def test_published_standardised_differences():
    # Austin 2009, section 2: a binary variable's is (p - q) / sqrt((p(1 - p) + q(1 - q)) / 2).
    p, q = 0.3, 0.5
    expected = abs(p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert category_smd(np.array([[30, 70], [50, 50]])) == pytest.approx(expected)
    assert category_smd(np.array([[10, 0], [0, 10]])) == np.inf
    assert number_smd([Moments(2, 1.0, 0.0), Moments(2, 2.0, 0.0)]) == np.inf


values = st.lists(st.integers(0, 6), min_size=12, max_size=60)


@given(values, st.integers(2, 4))
@settings(deadline=None, max_examples=60)
def test_rank_and_mean_tests_equal_scipy(held: list[int], k: int):
    x = np.array(held, dtype=float)
    groups = (np.arange(len(x)) % k).astype(np.int16)
    parts = [x[groups == g] for g in range(k)]
    steps, places = np.unique(x, return_inverse=True)
    counts = counted(groups, places, k, len(steps))
    if len(set(held)) > 1:
        expected = (
            stats.mannwhitneyu(*parts, method="asymptotic") if k == 2 else stats.kruskal(*parts)
        )
        assert rank_test(counts)[1:] == pytest.approx(
            (expected.statistic, expected.pvalue), rel=1e-9, abs=1e-12
        )
    if k == 2 and all(part.var() > 0 for part in parts):
        welch = stats.ttest_ind(*parts, equal_var=False)
        assert mean_test([moments(steps, own) for own in counts])[2] == pytest.approx(welch.pvalue)


@given(st.lists(st.integers(0, 40), min_size=6, max_size=6))
@settings(deadline=None, max_examples=60)
def test_category_tests_equal_scipy(held: list[int]):
    counts = np.array(held).reshape(2, 3)
    used = counts[:, counts.sum(axis=0) > 0]
    if used.shape[1] < 2 or (used.sum(axis=1) == 0).any():
        return
    name, _, p = category_test(counts)
    expected = stats.chi2_contingency(used, correction=False)
    if name == "chi-square":
        assert p == pytest.approx(expected.pvalue)
    elif name == "Fisher exact":
        assert p == pytest.approx(stats.fisher_exact(used).pvalue)
    else:
        assert expected.expected_freq.min() < 5
        # Of a handful of patients the approximation says nothing: 0.22 where all tables are alike.
        assert abs(p - expected.pvalue) < 0.25 or used.sum() < 12


@given(st.lists(st.integers(1, 30), min_size=6, max_size=6))
@settings(deadline=None, max_examples=40)
def test_differences_do_not_depend_on_the_order_of_groups_or_levels(held: list[int]):
    counts = np.array(held).reshape(2, 3)
    smd = category_smd(counts)
    assert category_smd(counts[::-1]) == pytest.approx(smd)
    assert category_smd(counts[:, ::-1]) == pytest.approx(smd, abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_quartiles_of_steps_are_numpys(values: list[float]):
    steps, counts = np.unique(np.array(values), return_counts=True)
    assert quartiles(steps, counts) == tuple(np.percentile(values, [25, 50, 75]))
    _, mean, variance = moments(steps, counts)
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    if len(values) > 1:
        assert variance == pytest.approx(np.var(values, ddof=1), rel=1e-9, abs=1e-6)


def test_numbers_are_put_in_steps_without_those_that_are_missing():
    cohort = make_cohort({"age_years": [5.0, None, 1.0, float("inf"), 3.0]}, variables=(AGE,))
    steps, places = in_steps(cohort, "age_years")
    assert steps.tolist() == [1.0, 3.0, 5.0]
    assert places.tolist() == [2, -1, 0, -1, 1]
