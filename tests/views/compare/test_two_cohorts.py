"""The same question in two cohorts: what is matched, and what counts as found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.stats import fisher_exact, mannwhitneyu

from app.analysis.associations import TableOne, table_one
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingError, GroupingSpec, by_labels, filters_from_text
from app.views.compare.analysis import enrichment
from app.views.compare.match import Matching, match_cohorts, matched, shared, unmatched
from app.views.compare.two_cohorts.analysis import (
    clinical_replication,
    hazards_in_both,
    hazards_reading,
    replication,
    replication_reading,
)
from app.views.genomics.frequencies.analysis import group_frequencies
from app.views.survival.curves.analysis import survival_by_group
from data_loaders import Cohort, Variable, load_cohort
from tests.builders import OS, make_cohort

HB = Variable("hb", "Haemoglobin", "numeric", unit="g/L", role="laboratory")
SEX = Variable("sex", "Sex", "categorical", role="demographic")
STAGE = Variable("stage", "Stage", "ordinal", role="disease", levels=("I", "II", "III"))


def small(rename: dict[str, str], sexes: tuple[str, str], unit: str = "g/L", shift: float = 10):
    """Forty patients, the first half higher in haemoglobin, stage and women; names as asked."""
    index = np.arange(40)
    first = index < 20
    columns: dict[str, list[object]] = {
        "hb": list(100 + index % 7 + shift * first),
        "sex": [sexes[int(i % 4 > 2 * (i >= 20))] for i in index],
        "stage": [("I", "II", "III")[int(i % 2 + (i < 20))] for i in index],
        "os_months": [float(1 + i % 20) for i in index],
        "os_event": [float(i % 3 > 0) for i in index],
    }  # fmt: skip
    held = [
        Variable(rename.get(v.name, v.name), v.label, v.kind, v.unit and unit, v.role, "", v.levels)
        for v in (HB, SEX, STAGE)
    ]
    return make_cohort(
        {rename.get(name, name): values for name, values in columns.items()},
        {rename.get("TP53", "TP53"): [int(i < 20) for i in index]},
        variables=tuple(held),
        endpoints=(OS,),
    )


OURS = small({}, ("F", "M"))
THEIRS = small({"hb": "HGB", "sex": "gender"}, ("Female", "Male"))


@pytest.fixture(scope="module")
def matching() -> Matching:
    return match_cohorts(OURS, THEIRS)


def everyone(cohort: Cohort) -> np.ndarray:
    return np.ones(cohort.n, dtype=bool)


def test_columns_are_matched_by_name_or_else_by_label_and_kind(matching: Matching):
    assert matching.variables == {"hb": "HGB", "sex": "gender", "stage": "stage"}
    common = shared(matching)
    assert common.both["variables"] == ("Haemoglobin", "Sex", "Stage")
    assert common.sentences("a", "b") == []
    number = make_cohort({"x": [1.0] * 3}, variables=(Variable("x", "Sex", "numeric"),))
    assert match_cohorts(OURS, number).variables == {}


def test_a_question_is_put_in_the_other_cohorts_names(matching: Matching):
    asked = {"all": [{"column": "sex", "in": ["F"]}, {"known": "hb"}, {"not": {"altered": "TP53"}}]}
    found = matching.filter(Filter.from_dict(asked)).to_dict()
    assert found == {
        "all": [
            {"column": "gender", "in": ["Female"]}, {"known": "HGB"}, {"not": {"altered": "TP53"}},
        ]
    }  # fmt: skip
    mask = everyone(OURS)
    assert str(matching.spec(GroupingSpec.parse("variable:sex"), mask)) == "variable:gender"
    two = {"A": Filter.from_dict({"known": "hb"}), "B": Filter.from_dict({"altered": "TP53"})}
    held = filters_from_text(matching.spec(GroupingSpec.of_filters(two), mask).name)
    assert held["A"].to_dict() == {"known": "HGB"}


def test_a_median_is_the_first_cohorts_median_in_both(matching: Matching):
    spec = GroupingSpec.parse("cut:hb@median")
    ours, theirs = spec.build(OURS), matching.spec(spec, everyone(OURS)).build(THEIRS)
    a, b = matched(ours, theirs, (everyone(OURS), everyone(THEIRS)))
    assert a.names == b.names
    assert a.sizes() == b.sizes()


def test_what_cannot_be_asked_in_both_is_said():
    other_unit = match_cohorts(OURS, small({}, ("F", "M"), unit="g/dL"))
    between = Filter.from_dict({"column": "hb", "between": [100, None]})
    with pytest.raises(ValueError, match="is in g/L in Test cohort and in g/dL"):
        other_unit.filter(between)
    with pytest.raises(ValueError, match="g/dL"):
        other_unit.spec(GroupingSpec.parse("cut:hb@median"), everyone(OURS))
    with pytest.raises(ValueError, match="of one cohort"):
        other_unit.filter(Filter.from_dict({"patients": ["P1"]}))
    with pytest.raises(GroupingError, match="no number"):
        other_unit.spec(GroupingSpec.parse("cut:nothing@median"), everyone(OURS))


def test_groups_are_matched_though_the_sexes_are_written_otherwise():
    ours = GroupingSpec.parse("variable:sex").build(OURS)
    theirs = GroupingSpec.parse("variable:gender").build(THEIRS)
    a, b = matched(ours, theirs, (everyone(OURS), everyone(THEIRS)))
    assert a.names == b.names == ours.names
    assert b.sizes() == a.sizes()
    assert b.colours == a.colours
    with pytest.raises(ValueError, match="no two groups"):
        matched(ours, by_labels("x", ["x"] * 40, ["x"]), (everyone(OURS), everyone(THEIRS)))


def test_groups_of_other_names_are_matched_by_spelling_and_by_hand():
    here = by_labels("driver", ["CALR", "JAK2", "TN", "none"] * 10, ["CALR", "JAK2", "TN", "none"])
    there = by_labels(
        "driver",
        ["calr", "JAK2 V617F", "Triple-negative", None] * 10,
        ["JAK2 V617F", "Triple-negative", "calr"],
    )
    masks = (everyone(OURS), everyone(THEIRS))
    assert unmatched(here, there, masks) == (("JAK2", "none"), ("JAK2 V617F",))
    assert matched(here, there, masks)[1].names == ("CALR", "TN")
    ours, theirs = matched(here, there, masks, {"JAK2": "JAK2 V617F"})
    assert ours.names == theirs.names == ("CALR", "JAK2", "TN")
    assert theirs.sizes() == (10, 10, 10)


def tables(*cohorts: Cohort) -> list[TableOne]:
    spec = GroupingSpec.parse("alteration:TP53")
    return [table_one(held, spec.build(held), everyone(held)) for held in cohorts]


def test_clinical_differences_have_a_direction_and_an_interval_between_two_groups():
    lower = small({"hb": "HGB", "sex": "gender"}, ("Female", "Male"), shift=-10)
    names = match_cohorts(OURS, lower).variables
    table = clinical_replication(*tables(OURS, lower), names).set_index("variable")
    assert table["directed"].all()
    assert table["smd_1"]["hb"] > 0 > table["smd_2"]["hb"]
    assert not table["agrees"]["hb"]
    assert table["agrees"]["sex"]
    assert table["agrees"]["stage"]
    assert table["label"]["sex"] == "Sex: F"
    a, b = (OURS.patients["hb"].to_numpy(float)[part] for part in (slice(20), slice(20, 40)))
    smd = (a.mean() - b.mean()) / np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    error = np.sqrt(40 / 400 + smd**2 / 80)
    assert table["smd_1"]["hb"] == pytest.approx(smd)
    assert table["upper_1"]["hb"] == pytest.approx(smd + 1.959964 * error, rel=1e-6)
    assert table["p_value_1"]["hb"] == pytest.approx(
        mannwhitneyu(a, b, method="asymptotic").pvalue, rel=1e-8
    )


def test_categories_that_share_no_two_values_are_not_compared():
    other = make_cohort(
        {"hb": [1.0, 2.0] * 20, "sex": ["x", "y"] * 20},
        {"TP53": [int(i < 20) for i in range(40)]},
        variables=(HB, SEX),
    )
    table = clinical_replication(*tables(OURS, other), {"hb": "hb", "sex": "sex"})
    assert table["variable"].tolist() == ["hb"]


def test_more_than_two_groups_have_no_direction():
    spec = GroupingSpec.parse("variable:stage")
    both = [table_one(held, spec.build(held), variables=[name])
            for held, name in ((OURS, "hb"), (THEIRS, "HGB"))]  # fmt: skip
    table = clinical_replication(*both, {"hb": "HGB"})
    assert not table["directed"].any()
    assert table["agrees"].isna().all()
    assert np.isnan(table["lower_1"]).all()
    assert clinical_replication(*both, {}).empty


def reading_of(*rows: tuple[str, float, float, bool | None], noun: str = "variable") -> str:
    table = pd.DataFrame(rows, columns=["label", "q_value_1", "p_value_2", "agrees"])
    return replication_reading(table.astype({"agrees": "boolean"}), "A", "B", noun)


def test_found_again_needs_the_same_direction_and_evidence_for_the_number_looked_for():
    said = reading_of(
        ("Age", 0.01, 0.001, True), ("Haemoglobin, g/L", 0.01, 0.03, True),
        ("LDH", 0.01, 0.001, False), ("Sex", 0.6, 0.001, True),
    )  # fmt: skip
    assert "Of 3 variables that differ in A" in said
    assert "2 have the same direction in B and 1 is found again there" in said
    assert said.endswith(": age.")
    assert "1 of 1 with" in reading_of(("Age", 0.01, 0.001, True), ("WHO", 0.01, 0.9, None))
    assert "nothing to find again" in reading_of(("Age", 0.5, 0.001, True))
    assert "nothing to find again" in replication_reading(pd.DataFrame(), "A", "B")


def test_hazard_ratios_in_both_are_those_of_lifelines():
    mds = load_cohort("demo:mds")
    grouping = GroupingSpec.parse("alteration:SF3B1").build(mds)
    half = np.random.default_rng(3).random(mds.n) < 0.5
    both = [survival_by_group(mds, mask, "os", grouping) for mask in (half, ~half)]
    found = hazards_in_both(both[0], both[1])
    assert found is not None
    logs = []
    for mask, ratio, p_value in zip((half, ~half), found.ratios, found.p_values, strict=True):
        # The mutated, code 0, against the wild type.
        tested = mask & (grouping.codes >= 0)
        frame = mds.patients.loc[tested, ["os_months", "os_event"]].assign(
            x=1.0 - grouping.codes[tested]
        )
        fitted = CoxPHFitter().fit(frame, "os_months", "os_event").summary.loc["x"]
        logs.append((fitted["coef"], fitted["se(coef)"]))
        assert ratio[0] == pytest.approx(fitted["exp(coef)"], rel=1e-4)
        assert ratio[1] == pytest.approx(fitted["exp(coef) lower 95%"], rel=1e-4)
        assert p_value == pytest.approx(fitted["p"], rel=1e-3)
    assert found.heterogeneity > 0.01
    said = hazards_reading(both[0], both[1], ["A", "B"])
    assert "of SF3B1 mutated against SF3B1 wild type" in said
    assert "found again in B" in said
    three = survival_by_group(mds, half, "os", GroupingSpec.parse("burden:").build(mds))
    assert hazards_in_both(three, three) is None
    assert "(log-rank test)" in hazards_reading(three, three, ["A", "B"])


@pytest.mark.shared
def test_aml_of_two_published_cohorts_agrees_with_pandas_scipy_and_lifelines(public_cohorts: Path):
    """Discovery Papaemmanuil 2016, validation TCGA 2013: TP53."""
    cohorts = [load_cohort(public_cohorts / name)
               for name in ("aml_papaemmanuil_2016", "laml_tcga_2013")]  # fmt: skip
    spec = GroupingSpec.parse("alteration:TP53")
    matching = match_cohorts(*cohorts)
    sides, survival = [], []
    for cohort in cohorts:
        grouping = spec.build(cohort)
        kinds = ["gene"]
        found = group_frequencies(cohort, everyone(cohort), kinds, grouping=grouping)
        sides.append(enrichment(found, "TP53 mutated"))
        survival.append(survival_by_group(cohort, everyone(cohort), "os", grouping))
    table = replication(*sides, matching.alterations).set_index("feature")
    assert len(table) > 8
    for feature, row in table.iterrows():
        for side, cohort in enumerate(cohorts, start=1):
            both = cohort.alterations[["TP53", feature]].dropna().astype(int)
            square = pd.crosstab(both["TP53"], both[feature])
            expected = fisher_exact(square.reindex([1, 0])[[1, 0]])
            assert row[f"p_value_{side}"] == pytest.approx(expected.pvalue, rel=1e-6)
    hazards = hazards_in_both(survival[0], survival[1])
    assert hazards is not None
    for cohort, ratio in zip(cohorts, hazards.ratios, strict=True):
        frame = pd.DataFrame({
            "time": cohort.patients["os_months"].astype(float),
            "event": cohort.patients["os_event"].astype(float),
            "x": cohort.alterations["TP53"].astype("float"),
        }).dropna()  # fmt: skip
        fitted = CoxPHFitter().fit(frame, "time", "event").summary.loc["x"]
        assert ratio[0] == pytest.approx(fitted["exp(coef)"], rel=1e-4)
    # Both publications found TP53 to be the worst; the unaltered are the reference everywhere.
    assert all(ratio[1] > 1 / 0.6 for ratio in hazards.ratios)
    assert "found again" in hazards_reading(survival[0], survival[1], ["A", "B"])
