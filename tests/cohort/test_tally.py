"""Tallies of rows and of several sites: what they count is what the rows hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.analysis.associations import alteration_frequencies
from app.analysis.competing_risks import cumulative_incidence_from_events
from app.analysis.survival import kaplan_meier_from_events, logrank_from_events
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally import PooledTally, TallyError, moments_table, pool, tally_of
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.incidence.analysis import incidence_by_group
from data_loaders import Cohort, load_cohort

OLDER = Filter.from_dict({"column": "age_years", "between": [55, None]})
GRID = [*range(0, 480, 6)]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(scope="module")
def sites(cohort: Cohort) -> PooledTally:
    from dataclasses import replace

    third = np.arange(cohort.n) % 3
    return pool([tally_of(replace(cohort.subset(third == i), name=f"H{i}")) for i in range(3)])


def test_pooled_curves_and_tests_are_those_of_the_rows(cohort: Cohort, sites: PooledTally):
    spec = GroupingSpec.parse("alteration:TP53")
    mask = OLDER.apply(cohort).mask
    expected = survival_by_group(cohort, mask, "os", spec.build(cohort, mask))
    table = sites.events(OLDER, "os", spec)
    found = logrank_from_events(table)
    assert expected.test is not None
    assert found.statistic == pytest.approx(expected.test.statistic, rel=1e-12)
    for curve in expected.drawn:
        assert curve.km is not None
        own = kaplan_meier_from_events(table[table["group"] == curve.name])
        pd.testing.assert_frame_equal(own.table, curve.km.table, rtol=1e-12)
        assert own.rmst(60) == pytest.approx(curve.km.rmst(60), rel=1e-12)
    by_site = logrank_from_events(sites.events(OLDER, "os", spec, by_site=True))
    assert "stratified (3 strata)" in by_site.method
    assert by_site.n == found.n


def test_pooled_incidence_is_that_of_the_rows(cohort: Cohort, sites: PooledTally):
    everyone = np.ones(cohort.n, dtype=bool)
    expected = incidence_by_group(cohort, everyone, "aml")
    found = cumulative_incidence_from_events(sites.events(None, "aml"))
    curves = expected.drawn[0].incidence
    assert curves is not None
    pd.testing.assert_frame_equal(found.table, curves.table, rtol=1e-10)


def test_on_a_grid_pooling_and_grouping_give_the_same(cohort: Cohort, sites: PooledTally):
    alone = tally_of(cohort).events(OLDER, "os", "variable:sex", GRID)
    pd.testing.assert_frame_equal(sites.events(OLDER, "os", "variable:sex", GRID), alone)
    assert set(alone["time"]) <= set(GRID)


def test_counts_sums_and_features_add_up(cohort: Cohort, sites: PooledTally):
    tally = tally_of(cohort)
    by = ["sex", "TP53", "cut:age_years@60,70"]
    whole = tally.counts(OLDER, by)
    assert whole["n"].sum() == OLDER.apply(cohort).n
    pd.testing.assert_frame_equal(sites.counts(OLDER, by), whole)
    assert set(sites.counts(None, ["site"])["site"]) == {"H0", "H1", "H2"}
    bins = {"hb_g_per_l": [*range(40, 180, 10)]}
    moments = sites.moments(OLDER, ["age_years", "hb_g_per_l"], bins)
    table = moments_table(moments, bins).set_index("variable")
    values = OLDER.apply(cohort).cohort.numbers("hb_g_per_l")
    assert table.loc["hb_g_per_l", "mean"] == pytest.approx(np.nanmean(values))
    assert table.loc["hb_g_per_l", "sd"] == pytest.approx(np.nanstd(values, ddof=1))
    assert table.loc["hb_g_per_l", "missing"] == np.isnan(values).sum()
    assert table.loc["hb_g_per_l", "median"] == pytest.approx(np.nanmedian(values), abs=2)
    assert np.isnan(table.loc["age_years", "median"]), "no bins were given"
    found = sites.features(OLDER).set_index("feature")
    expected = alteration_frequencies(OLDER.apply(cohort).cohort.alterations).set_index("feature")
    for column in ("tested", "altered"):
        assert (found[column].reindex(expected.index) == expected[column]).all()


def test_what_cannot_be_asked_is_said(cohort: Cohort, sites: PooledTally):
    tally = tally_of(cohort)
    for ask, said in (
        (lambda: tally.events(None, "nothing"), "no endpoint called nothing; it has os"),
        (lambda: tally.counts(None, ["age_years"]), "is a number: count it in ranges"),
        (lambda: tally.counts(None, ["nothing"]), "no variable or alteration called nothing"),
        (lambda: tally.moments(None, ["sex"]), "no numeric variable called sex"),
        (lambda: sites.events(None, "os", "cut:age_years@median"), "a median of its own"),
        (lambda: pool([]), "no site"),
        (lambda: pool([tally, tally]), "Two sites are called"),
    ):
        with pytest.raises(TallyError, match=said):
            ask()
