"""Groups side by side, against scipy, statsmodels' formulas written out, and planted truths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, false_discovery_control, fisher_exact, mannwhitneyu
from scipy.stats.contingency import odds_ratio

from app.analysis.associations import table_one
from app.cohort.filters import Filter
from app.cohort.groupings import (
    COMBINATIONS,
    Grouping,
    GroupingError,
    GroupingSpec,
    by_labels,
    by_variable,
    only_groups,
)
from app.views.compare.analysis import (
    DEFINES,
    FEW_TESTED,
    clinical_differences,
    compare_groups,
    composition,
    enrichment,
)
from app.views.compare.figures import differences_figure
from app.views.compare.match import match_cohorts, matched, shared
from app.views.compare.two_cohorts.analysis import replication, replication_reading
from app.views.compare.words import clinical_reading, disjoint_sentence, survival_reading
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.survival.curves.analysis import survival_by_group
from data_loaders import Cohort, Variable, load_cohort
from tests.builders import make_cohort


@pytest.fixture(scope="module")
def mpn() -> Cohort:
    return load_cohort("demo:mpn")


@pytest.fixture(scope="module")
def mds() -> Cohort:
    return load_cohort("demo:mds")


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


@pytest.mark.parametrize(
    ("apart", "n", "swapped", "same"),
    [
        (0.0, 120, 0, True),  # cut at a limit: values on either side of it, none on the other's
        (0.0, 120, 2, True),  # two entered wrong
        (0.0, 120, 12, False),
        (-1.0, 120, 0, False),  # clearly higher in one group, as a finding may be
        (0.0, 40, 0, False),  # too few to tell a definition from a finding
    ],
)
def test_the_number_that_groups_are_cut_from_is_no_finding(
    apart: float, n: int, swapped: int, same: bool
):
    half = n // 2
    low = np.linspace(90, 97.9, half)
    identity = np.concatenate([low, np.linspace(98 + apart * 4, 100, half)])
    status = np.repeat(["Mutated", "Unmutated"], half)
    status[:swapped] = "Unmutated"
    cohort = make_cohort(
        {"status": status, "identity": identity, "hb": np.tile([9.0, 11.0], half)},
        variables=(
            Variable("status", "IGHV status", "categorical"),
            Variable("identity", "IGHV identity", "numeric", "%"),
            Variable("hb", "Haemoglobin", "numeric", "g/dL"),
        ),
    )
    grouping = by_variable(cohort, "status")
    found = compare_groups(cohort, everyone(cohort), grouping=grouping)
    tested = found.ranked.set_index("variable")["p_value"].notna()
    assert tested["hb"]
    assert tested["identity"] != same
    said = clinical_reading(found.ranked, found.names)
    assert said.endswith("in other words: IGHV identity, %.") == same
    drawn = differences_figure(found.ranked).layout.yaxis.ticktext
    assert ("IGHV identity, %" in drawn) != same


def test_classes_named_after_what_makes_the_groups_are_no_finding(mds: Cohort):
    spec = GroupingSpec.parse("alteration:SF3B1")
    found = compare_groups(mds, everyone(mds), grouping=spec.build(mds))
    ranked = found.ranked.set_index("variable")
    assert np.isnan(ranked.loc["diagnosis", "p_value"]), "MDS-SF3B1 is one of its levels"
    assert ranked.loc["ipssr", "p_value"] < 0.05
    said = clinical_reading(found.ranked, found.names)
    assert "being made of the same as the groups:" in said


def check_enrichment(cohort: Cohort, gene: str, most: int = 12) -> None:
    """Counts by pandas, tests by scipy, on the frames as they were read."""
    spec = GroupingSpec.parse(f"alteration:{gene}")
    found = group_frequencies(cohort, everyone(cohort), ["gene"], grouping=spec.build(cohort))
    contrast = enrichment(found, next(iter(found.groups)))
    frame = cohort.alterations
    tested = contrast.table[contrast.table["p_value"].notna()]
    expected = []
    for row in tested.itertuples():
        both = frame[[gene, row.feature]].dropna().astype(bool)
        inside, outside = both[both[gene]][row.feature], both[~both[gene]][row.feature]
        assert (row.altered, row.tested) == (inside.sum(), len(inside))
        assert (row.others_altered, row.others_tested) == (outside.sum(), len(outside))
        square = [
            [inside.sum(), len(inside) - inside.sum()],
            [outside.sum(), len(outside) - outside.sum()],
        ]
        expected.append(fisher_exact(square).pvalue)
        if len(expected) <= most:
            ratio = odds_ratio(square)
            interval = ratio.confidence_interval(0.95)
            assert row.odds_ratio == pytest.approx(ratio.statistic, rel=1e-4)
            assert (row.lower, row.upper) == pytest.approx(tuple(interval), rel=1e-3)
    assert tested["p_value"].to_numpy() == pytest.approx(expected, rel=1e-7)
    adjusted = false_discovery_control(expected)
    assert tested["q_value"].to_numpy() == pytest.approx(adjusted, rel=1e-7)
    assert contrast.table.set_index("feature").loc[gene, "note"] == DEFINES


def test_enrichment_equals_scipy(mds: Cohort):
    check_enrichment(mds, "SF3B1")


@pytest.mark.shared
def test_enrichment_in_published_mds_equals_scipy(public_cohorts: Path):
    check_enrichment(load_cohort(public_cohorts / "mds_iwg_2022"), "SF3B1", most=6)


def check_clinical(cohort: Cohort, group: str) -> pd.DataFrame:
    grouping = GroupingSpec.parse(group).build(cohort)
    grouping = only_groups(grouping, grouping.names[:2])
    table = table_one(cohort, grouping, everyone(cohort))
    ranked = clinical_differences(table)
    codes = grouping.codes
    for row in ranked.itertuples():
        values = cohort.patients[row.variable]
        if row.test == "Wilcoxon rank-sum" and cohort.variables[row.variable].kind == "numeric":
            number = values.to_numpy(float, na_value=np.nan)
            a, b = (number[(codes == code) & ~np.isnan(number)] for code in (0, 1))
            p = mannwhitneyu(a, b, use_continuity=True, method="asymptotic").pvalue
            assert row.p_value == pytest.approx(p, rel=1e-8), row.variable
            pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
            assert row.smd == pytest.approx(abs(a.mean() - b.mean()) / pooled, rel=1e-9)
        if row.test == "chi-square":
            counts = pd.crosstab(values[codes >= 0], codes[codes >= 0])
            counts = counts.loc[counts.sum(axis=1) > 0]
            p = chi2_contingency(counts, correction=False).pvalue
            assert row.p_value == pytest.approx(p, rel=1e-8), row.variable
        assert row.missing == values[codes >= 0].isna().sum()
    tested = ranked.dropna(subset="p_value")
    adjusted = false_discovery_control(tested["p_value"])
    assert tested["q_value"].to_numpy() == pytest.approx(adjusted, rel=1e-9)
    assert tested["p_value"].is_monotonic_increasing
    return ranked


def test_clinical_differences_equal_scipy(mds: Cohort):
    ranked = check_clinical(mds, "alteration:SF3B1")
    assert {"Wilcoxon rank-sum", "chi-square"} <= set(ranked["test"])


@pytest.mark.shared
def test_clinical_differences_in_published_mds_equal_scipy(public_cohorts: Path):
    check_clinical(load_cohort(public_cohorts / "mds_iwg_2022"), "alteration:SF3B1")


def test_groups_made_of_genes_do_not_test_these_genes(mpn: Cohort):
    grouping = GroupingSpec.parse("variable:driver").build(mpn)
    found = group_frequencies(mpn, everyone(mpn), ["gene", "cytogenetic"], grouping=grouping)
    contrast = enrichment(found, "CALR")
    assert {"JAK2", "CALR", "MPL"} <= set(contrast.by_construction)
    own = contrast.table[contrast.table["note"] == DEFINES]
    assert own["p_value"].isna().all()
    assert contrast.n + contrast.n_others == mpn.n


def test_a_group_with_few_tested_has_no_p_value(mpn: Cohort):
    labels = ["a"] * 9 + ["b"] * (mpn.n - 9)
    grouping = by_labels("Group", labels, ["a", "b"])
    found = group_frequencies(mpn, everyone(mpn), ["gene"], grouping=grouping)
    contrast = enrichment(found, "a")
    assert contrast.n_tested == 0
    assert FEW_TESTED in set(contrast.table["note"])
    survival = survival_by_group(mpn, everyone(mpn), "os", grouping)
    assert survival.p_value is None
    assert survival.p_note in survival_reading(survival)


def test_one_group_cannot_be_compared(mpn: Cohort):
    grouping = by_labels("Group", ["a"] * mpn.n, ["a"])
    found = group_frequencies(mpn, everyone(mpn), ["gene"], grouping=grouping)
    with pytest.raises(ValueError, match="no other group"):
        enrichment(found, "a")


def combinations(cohort: Cohort, filters: dict[str, Filter]) -> Grouping:
    return GroupingSpec.of_filters(filters, COMBINATIONS).build(cohort)


def test_overlapping_filters_become_groups_that_do_not(mpn: Cohort):
    filters = {
        "Old": Filter.from_dict({"column": "age_years", "between": [60, None]}),
        "MF": Filter.from_dict({"column": "diagnosis", "in": ["MF"]}),
    }
    grouping = combinations(mpn, filters)
    assert grouping.names == ("Only Old", "Only MF", "Old and MF")
    age, disease = mpn.patients["age_years"] >= 60, mpn.patients["diagnosis"] == "MF"
    expected = ((age & ~disease).sum(), (~age & disease).sum(), (age & disease).sum())
    assert grouping.sizes() == expected
    assert sum(grouping.sizes()) + sum(grouping.left_out().values()) == mpn.n
    compared = compare_groups(mpn, everyone(mpn), grouping=grouping)
    assert disjoint_sentence(compared).startswith("Nobody is in two")
    apart = {
        "MF": filters["MF"],
        "ET": Filter.from_dict({"column": "diagnosis", "in": ["ET"]}),
    }
    assert combinations(mpn, apart).names == ("MF", "ET")
    assert not grouping.after_baseline
    died = Filter.from_dict({"column": "os_event", "in": [1]})
    assert combinations(mpn, filters | {"Died": died}).after_baseline
    with pytest.raises(GroupingError, match="two to 8"):
        combinations(mpn, {str(i): filters["MF"] for i in range(9)})


def test_composition_is_the_cross_table(mpn: Cohort):
    groups = GroupingSpec.parse("variable:diagnosis").build(mpn)
    parts = GroupingSpec.parse("variable:driver").build(mpn)
    shares = composition(groups, parts, everyone(mpn))
    table = pd.crosstab(mpn.patients["diagnosis"], mpn.patients["driver"])
    for row in shares.itertuples():
        assert row.patients == table.loc[row.group, row.part]
    assert shares.groupby("group")["share"].sum().to_numpy() == pytest.approx(1)


def test_a_difference_is_found_again_in_the_other_half(mds: Cohort):
    """Split at random, the halves agree on strong differences; against itself all come again."""
    half = np.random.default_rng(1).random(mds.n) < 0.5
    spec = GroupingSpec.parse("alteration:SF3B1")
    grouping = spec.build(mds)
    sides = []
    for mask in (half, ~half):
        found = group_frequencies(mds, mask, ["gene"], grouping=grouping)
        sides.append(enrichment(found, "SF3B1 mutated"))
    same_names = {name: name for name in mds.alterations.columns}
    table = replication(*sides, same_names)
    assert bool(table.set_index("feature").loc["SRSF2", "agrees"])
    assert "SRSF2" in replication_reading(table, "one", "two")
    same = replication(sides[0], sides[0], same_names)
    assert same["agrees"].all()
    assert same["odds_ratio_1"].equals(same["odds_ratio_2"])


def test_what_two_cohorts_do_not_share_is_named(mpn: Cohort, mds: Cohort):
    common = shared(match_cohorts(mds, mpn))
    said = " ".join(common.sentences("MDS", "MPN"))
    assert "IPSS-M" in said
    assert "Driver mutation" in said
    assert "Overall survival" in common.both["endpoints"]
    assert shared(match_cohorts(mds, mds)).sentences("a", "b") == []
    ours, theirs = (GroupingSpec.parse("alteration:SF3B1").build(c) for c in (mds, mpn))
    a, b = matched(ours, theirs, (everyone(mds), everyone(mpn)))
    assert (a.names, a.colours) == (b.names, b.colours)
    with pytest.raises(ValueError, match="no two groups"):
        matched(ours, by_labels("x", ["x"] * mpn.n, ["x"]), (everyone(mds), everyone(mpn)))
