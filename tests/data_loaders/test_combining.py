"""Cohorts combined: one column for one meaning, not tested stays not tested, doubles suspected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analysis.associations import alteration_frequencies
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.views.survival.curves.analysis import survival_by_group
from data_loaders import Cohort, CohortError, combine, load_cohort


@pytest.fixture(scope="module")
def demos() -> list[Cohort]:
    return [load_cohort(f"demo:{key}") for key in ("mpn", "mds", "aml")]


@pytest.fixture(scope="module")
def whole(demos: list[Cohort]) -> Cohort:
    return combine(demos, ["MPN", "MDS", "AML"])


def findings(cohort: Cohort, code: str) -> list[str]:
    return [issue.sentence for issue in cohort.issues if issue.code == code]


def test_nobody_and_nothing_is_lost(demos: list[Cohort], whole: Cohort):
    assert whole.n == sum(cohort.n for cohort in demos)
    assert len(whole.mutations) == sum(len(cohort.mutations) for cohort in demos)
    for name, cohort in zip(("MPN", "MDS", "AML"), demos, strict=True):
        own = Filter.from_dict({"column": "cohort", "in": [name]}).apply(whole).cohort
        labels = {label: name for name, label in whole.features["label"].items()}
        called = {}
        for feature, label in cohort.features["label"].items():
            # del(5q) of one is 5q- of another: what it is called follows from the first of them.
            called[feature] = feature if feature in own.alterations else labels[label]
            here, there = own.feature_state(called[feature]), cohort.feature_state(feature)
            assert (here == there).all()
        untested = [name for name in whole.alterations if name not in called.values()]
        assert untested
        assert own.alterations[untested].isna().all(axis=None), "not tested is never wild type"
        for key, endpoint in cohort.endpoints.items():
            for part in ("time", "event"):
                column = getattr(whole.endpoints[key], part)
                expected = cohort.numbers(getattr(endpoint, part))
                np.testing.assert_array_equal(own.numbers(column), expected)
        for column in ("age_years", "hb_g_per_l"):
            np.testing.assert_array_equal(own.numbers(column), cohort.numbers(column))
    # Denominators are those tested, so a gene of one panel alone keeps its frequency.
    expected = alteration_frequencies(demos[0].alterations).set_index("feature").loc["CALR"]
    found = alteration_frequencies(whole.alterations).set_index("feature").loc["CALR"]
    assert (found["altered"], found["tested"]) == (expected["altered"], expected["tested"])
    assert whole.provenance.synthetic
    assert "MPN (2,000), MDS (1,500) and AML (1,500)" in whole.provenance.note
    assert "Only in AML: ELN 2022 risk" in " ".join(findings(whole, "unmatched"))
    assert any("that AML does not have: AML tran" in said for said in findings(whole, "endpoint"))
    assert "suspected_duplicate" not in whole.patients, "the demos are different patients"
    told = findings(whole, "duplicates")
    assert len(told) == 1
    assert "No more patients are alike than chance explains in MPN and MDS" in told[0]


def test_the_cohort_is_a_grouping(whole: Cohort):
    everyone = np.ones(whole.n, dtype=bool)
    grouping = GroupingSpec.parse("variable:cohort").build(whole, everyone)
    assert grouping.names == ("MPN", "MDS", "AML")
    assert len(survival_by_group(whole, everyone, "os", grouping).drawn) == 3


def renamed(cohort: Cohort) -> Cohort:
    """The same patients as another hospital would write them down."""
    patients = cohort.patients.rename(columns={"age_years": "AGE", "hb_g_per_l": "HB"})
    patients = patients.assign(
        HB=patients["HB"] / 10, sex=patients["sex"].map({"F": "female", "M": "male"})
    ).rename(columns={"sex": "GENDER"})
    variables = dict(cohort.variables)
    for old, new, unit in (("age_years", "AGE", "years"), ("hb_g_per_l", "HB", "g/dL"),
                           ("sex", "GENDER", None)):  # fmt: skip
        variables[new] = replace(variables.pop(old), name=new, label=new, unit=unit, levels=())
    return replace(cohort, patients=patients, variables=variables)


def test_other_names_units_and_words_become_one_column(demos: list[Cohort]):
    mds = demos[1]
    half = np.arange(mds.n) < 700
    found = combine([mds.subset(half, "A"), renamed(mds.subset(~half, "B"))])
    np.testing.assert_allclose(found.numbers("hb_g_per_l"), mds.numbers("hb_g_per_l"), rtol=1e-12)
    np.testing.assert_array_equal(found.numbers("age_years"), mds.numbers("age_years"))
    pd.testing.assert_series_equal(found.patients["sex"], mds.patients["sex"])
    assert list(found.patients.index) == list(mds.patients.index), "no identifier is taken twice"
    assert findings(found, "converted") == [
        "Haemoglobin of B was converted from g/dL to g/L."
    ]  # fmt: skip
    assert not findings(found, "unmatched")
    # What cannot be converted stays apart, and is said.
    other = renamed(mds.subset(~half, "B"))
    strange = dict(other.variables) | {"HB": replace(other.variables["HB"], unit="mmol/L")}
    apart = combine([mds.subset(half, "A"), replace(other, variables=strange)])
    assert apart.numbers("HB")[half].size == np.isnan(apart.numbers("HB")[half]).sum()
    assert "in mmol/L and elsewhere in g/L" in findings(apart, "apart")[0]


def test_patients_of_two_cohorts_are_suspected_and_told_apart(demos: list[Cohort]):
    mds = demos[1]
    first, second = np.arange(mds.n) < 800, np.arange(mds.n) >= 760
    other = renamed(mds.subset(second, "B"))
    ids = pd.Index([f"x{i}" for i in range(other.n)], name="patient_id")
    moved = replace(
        other, patients=other.patients.set_axis(ids), alterations=other.alterations.set_axis(ids),
        mutations=other.mutations.iloc[:0],
    )  # fmt: skip
    found = combine([mds.subset(first, "A"), moved])
    marked = found.numbers("suspected_duplicate") == 1
    # In whom nothing is missing; the 40 that were planted stand first in the second cohort.
    assert 30 <= marked.sum() <= 40
    assert set(np.flatnonzero(marked)) <= set(range(800, 840))
    told = findings(found, "duplicates")[0]
    assert "40 patients of B may be in A too: alike in age at diagnosis, sex" in told
    clash = combine([mds.subset(first, "A"), mds.subset(second, "B")])
    assert clash.patients.index[0].startswith("A:")
    assert clash.patients.index.is_unique
    assert set(clash.mutations["patient_id"]) <= set(clash.patients.index)
    assert "40 identifiers occur in more than one cohort" in findings(clash, "identifiers")[0]


def test_endpoints_that_are_not_the_same_are_said(demos: list[Cohort]):
    mds = demos[1]
    half = np.arange(mds.n) < 700
    ends = dict(mds.endpoints)
    ends["aml"] = replace(ends["aml"], competing=None, event_label="blasts of 20%")
    other = replace(mds.subset(~half, "B"), endpoints=ends)
    told = " ".join(findings(combine([mds.subset(half, "A"), other]), "endpoint"))
    assert "none in B, where it censors" in told
    assert "is not called the same everywhere" in told


def test_what_cannot_be_combined_is_refused(demos: list[Cohort]):
    for cohorts, names, said in (
        (demos[:1], None, "at least two"),
        (demos[:2], ["A"], "at least two"),
        (demos[:2], ["A", "A "], "the same name"),
        ([demos[0], demos[0]], None, "the same name"),
    ):
        with pytest.raises(CohortError, match=said):
            combine(cohorts, names)


@pytest.mark.shared
def test_published_cohorts_become_one(public_cohorts: Path):
    files = {
        "MPN": "mpn_grinfeld_2018/mpn_patients.csv",
        "MDS": "mds_iwg_2022/df_clinical.tsv",
        "AML": "aml_papaemmanuil_2016/AMLSG_Clinical_Anon.RData",
    }
    cohorts = [load_cohort(public_cohorts / file) for file in files.values()]
    whole = combine(cohorts, list(files))
    assert whole.n == 1875 + 2957 + 1540
    # AGE, AOD and age_years; HB in g/dL twice and in g/L once.
    names = ("age_years", "AGE", "AOD")
    ages = [cohort.numbers(name) for cohort, name in zip(cohorts, names, strict=True)]
    np.testing.assert_array_equal(whole.numbers("age_years"), np.concatenate(ages))
    hb = whole.patients.groupby("cohort")["hb_g_per_l"].median()
    assert hb.between(80, 150).all()
    assert len(findings(whole, "converted")) == 2
    assert set(whole.patients["sex"].dropna()) == {"F", "M"}
    assert whole.variables["cohort_1"].label == "Cohort, as in the file"
    assert not whole.provenance.synthetic
    # Death is the same everywhere, and AML after MPN is no endpoint of AML.
    assert np.nansum(whole.numbers("os_event")) == pytest.approx(511 + 1354 + 904, abs=1)
    assert np.isnan(whole.numbers("aml_months")[-1540:]).all()
