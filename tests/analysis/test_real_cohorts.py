"""Frequencies, pairs, differences and table one of every published cohort, by scipy and pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from app.analysis.associations import REST, alteration_frequencies, co_occurrence, table_one
from app.cohort.groupings import Grouping, by_variable
from app.cohort.overlapping import overlap_families
from app.views.cohort.overview.analysis import ranked_variables
from app.views.genomics.frequencies.analysis import (
    CHI_SQUARED,
    DEFINES,
    FISHER,
    MIN_COMPARED,
    group_frequencies,
)
from data_loaders import Cohort, load_cohort

pytestmark = pytest.mark.shared
COHORTS = ("mpn_grinfeld_2018", "mds_iwg_2022", "aml_papaemmanuil_2016", "laml_tcga_2013")
_PAIRED = 15


@pytest.fixture(scope="module", params=COHORTS)
def cohort(request: pytest.FixtureRequest, public_cohorts: Path) -> Cohort:
    folder = public_cohorts / request.param
    if request.param == "mpn_grinfeld_2018":
        return load_cohort(folder / "mpn_patients.csv")
    if request.param == "laml_tcga_2013":
        return load_cohort(folder / "tcga_laml.maf.gz", clinical=folder / "tcga_laml_annot.tsv")
    return load_cohort(folder)


def groupings(cohort: Cohort) -> list[Grouping]:
    """Two groups and more: by the two leading variables of few levels."""
    found = [
        by_variable(cohort, item.variable.name)
        for item in ranked_variables(cohort)
        if item.variable.kind in {"categorical", "binary", "ordinal"}
    ]
    return [grouping for grouping in found if 1 < len(grouping.names) < 9][:2]


def wild_and_altered(column: pd.Series) -> tuple[int, int]:
    known = column.dropna()
    return int((known == 0).sum()), int((known == 1).sum())


def test_frequencies_and_their_intervals(cohort: Cohort):
    table = alteration_frequencies(cohort.alterations).set_index("feature")
    assert set(table.index) == set(cohort.alterations.columns)
    for name, row in table.iterrows():
        wild, altered = wild_and_altered(cohort.alterations[name])
        assert (row["altered"], row["tested"]) == (altered, wild + altered), name
        if row["tested"]:
            ci = stats.binomtest(altered, wild + altered).proportion_ci(method="wilson")
            assert [row["lower"], row["upper"]] == pytest.approx([ci.low, ci.high], abs=1e-12)
            assert row["frequency"] == altered / (wild + altered)


def test_pairs(cohort: Cohort):
    leading = cohort.alterations.sum().sort_values(ascending=False).index[:_PAIRED]
    own = cohort.alterations[list(leading)]
    table = co_occurrence(own)
    assert len(table) == _PAIRED * (_PAIRED - 1) // 2
    values = own.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    place = {name: i for i, name in enumerate(leading)}
    p_values = []
    for row in table.itertuples():
        a, b = values[:, place[row.a]], values[:, place[row.b]]
        cells = [int(((a == x) & (b == y)).sum()) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))]
        assert cells == [row.both, row.a_only, row.b_only, row.neither]
        p = stats.fisher_exact(np.reshape(cells, (2, 2))).pvalue
        assert row.p_value == pytest.approx(p, rel=1e-7, abs=1e-300), (row.a, row.b)
        p_values.append(p)
        if row.p_value < 1e-3:
            cross = stats.contingency.odds_ratio(np.reshape(cells, (2, 2))).statistic
            assert row.odds_ratio == pytest.approx(cross, rel=1e-4)
    possible = table["odds_ratio"].notna().to_numpy()
    expected = stats.false_discovery_control(np.array(p_values)[possible])
    np.testing.assert_allclose(table["q_value"].to_numpy()[possible], expected, rtol=1e-6)


def test_differences_between_groups(cohort: Cohort):
    kinds = sorted(set(cohort.features["kind"]))
    everyone = np.ones(cohort.n, dtype=bool)
    seen = set()
    for grouping in groupings(cohort):
        found = group_frequencies(cohort, everyone, kinds, grouping)  # type: ignore[arg-type]
        table = found.differences
        for row in table.itertuples():
            state = cohort.alterations[row.feature]
            counts = np.array(
                [wild_and_altered(state[grouping.codes == code])
                 for code in range(len(grouping.names))]
            )  # fmt: skip
            counts = counts[counts.sum(axis=1) > 0]
            assert row.altered == counts[:, 1].sum()
            if row.test == DEFINES:
                assert np.isnan(row.p_value)
                continue
            if np.isnan(row.p_value):
                assert row.altered < MIN_COMPARED or len(counts) < 2 or not counts[:, 0].sum()
                continue
            seen.add(row.test)
            if row.test == FISHER:
                expected = stats.fisher_exact(counts).pvalue
                assert row.p_value == pytest.approx(expected, rel=1e-7), row.feature
            elif row.test == CHI_SQUARED:
                expected = stats.chi2_contingency(counts, correction=False).pvalue
                assert row.p_value == pytest.approx(expected, rel=1e-7, abs=1e-300), row.feature
        known = table["p_value"].notna().to_numpy()
        tested = table[known]
        # Alterations that were not tested tie families together, too.
        families = overlap_families(cohort, list(table["feature"]))[known]
        np.testing.assert_allclose(
            tested["q_value"], weighted_q(tested["p_value"].to_numpy(), families), rtol=1e-9
        )
    assert seen


def weighted_q(p: np.ndarray, families: np.ndarray) -> list[float]:
    """Benjamini & Hochberg 1997 by its definition: tests of a family share one weight."""
    weights = np.array([1 / np.count_nonzero(families == family) for family in families])
    whole = weights.sum()
    at = [whole * limit / weights[p <= limit].sum() for limit in p]
    return [min(1.0, *(q for q, limit in zip(at, p, strict=True) if limit >= own)) for own in p]


def known_parts(values: pd.Series, grouping: Grouping) -> list[pd.Series]:
    parts = [values[grouping.codes == code].dropna() for code in range(len(grouping.names))]
    return [part for part in parts if len(part)]


def compared(row: Any, cohort: Cohort, grouping: Grouping) -> bool:
    """Whether scipy has this very test; holds the p-value to it if so."""
    parts = known_parts(cohort.patients[row.name], grouping)
    if row.kind == "numeric":
        numbers = [part.astype(float) for part in parts]
        test = stats.mannwhitneyu(*numbers, method="asymptotic") if len(parts) == 2 else (
            stats.kruskal(*numbers)
        )  # fmt: skip
        assert row.comparison.p_value == pytest.approx(test.pvalue, rel=1e-8, abs=1e-300)
        return True
    if row.comparison.test != "chi-square":
        return False
    # Beyond a dozen levels the table prints the rarest together, and tests what it prints.
    words = [part.astype(str) for part in parts]
    if REST in row.levels:
        words = [part.where(part.isin(row.levels), REST) for part in words]
    counts = pd.DataFrame([part.value_counts() for part in words]).fillna(0)
    expected = stats.chi2_contingency(counts.to_numpy(), correction=False).pvalue
    assert row.comparison.p_value == pytest.approx(expected, rel=1e-8, abs=1e-300)
    return True


def test_table_one(cohort: Cohort):
    number = 0
    for grouping in groupings(cohort):
        for row in table_one(cohort, grouping).rows:
            if np.isfinite(row.comparison.p_value):
                number += compared(row, cohort, grouping)
    # TCGA's annotation has one variable to group by, and times and events only.
    assert number >= 5 or not len(groupings(cohort)) or cohort.name == "tcga_laml"
