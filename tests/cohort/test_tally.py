"""Tallies of rows and of several sites: what they count is what the rows hold."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from app.analysis.associations import alteration_frequencies
from app.analysis.competing_risks import (
    cumulative_incidence_from_events,
    gray_test,
    gray_test_from_events,
    group_cox_from_events,
)
from app.analysis.regression import cox
from app.analysis.survival import (
    kaplan_meier_from_events,
    logrank_from_events,
    logrank_test,
    rmst_differences,
    trend_of,
)
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally import (
    PooledTally,
    Release,
    ReleasePolicy,
    RowTally,
    TallyError,
    moments_table,
    pool,
    read_release,
    tally_of,
)
from app.views.survival.curves.analysis import survival_by_group
from app.views.survival.incidence.analysis import incidence_by_group
from data_loaders import Cohort, load_cohort

OLDER = Filter.from_dict({"column": "age_years", "between": [55, None]})
MADE = date(2026, 11, 30)
GRID = [*range(0, 480, 6)]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return load_cohort("demo:mds")


@pytest.fixture(scope="module")
def sites(cohort: Cohort) -> PooledTally:
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


def test_weighted_tests_and_trends_are_those_of_the_rows(cohort: Cohort, sites: PooledTally):
    spec = GroupingSpec.parse("cut:age_years@60,70,80")
    grouping = spec.build(cohort, np.ones(cohort.n, dtype=bool))
    time, event = cohort.numbers("os_months"), cohort.numbers("os_event")
    known = (grouping.codes >= 0) & ~(np.isnan(time) | np.isnan(event))
    site = (np.arange(cohort.n) % 3)[known]
    asked = (time[known], event[known], grouping.codes[known])
    for by_site in (False, True):
        table = sites.events(None, "os", spec, by_site=by_site)
        strata = site if by_site else None
        for weights in ("logrank", "peto-peto", ("fleming-harrington", 0.5, 1.0)):
            test = logrank_from_events(table, weights=weights)
            expected = logrank_test(*asked, strata=strata, weights=weights)
            assert test.statistic == pytest.approx(expected.statistic, rel=1e-12)
            for scores in (None, [1.0, 2.0, 4.0, 9.0]):
                trend = trend_of(logrank_from_events(table, weights=weights), scores)
                rows = trend_of(expected, scores)
                assert trend.statistic == pytest.approx(rows.statistic, rel=1e-12)
                assert (trend.df, trend.n, trend.method) == (1, rows.n, rows.method)


def test_pooled_incidence_is_that_of_the_rows(cohort: Cohort, sites: PooledTally):
    everyone = np.ones(cohort.n, dtype=bool)
    expected = incidence_by_group(cohort, everyone, "aml")
    found = cumulative_incidence_from_events(sites.events(None, "aml"))
    curves = expected.drawn[0].incidence
    assert curves is not None
    pd.testing.assert_frame_equal(found.table, curves.table, rtol=1e-10)


def test_effects_of_groups_are_those_of_the_rows(cohort: Cohort, sites: PooledTally):
    spec = GroupingSpec.parse("alteration:TP53")
    everyone = np.ones(cohort.n, dtype=bool)
    grouping = spec.build(cohort, everyone)
    expected = survival_by_group(cohort, everyone, "os", grouping)
    table = sites.events(None, "os", spec)
    curves = {
        name: kaplan_meier_from_events(part) for name, part in table.groupby("group", observed=True)
    }
    found = rmst_differences(curves, 60.0)
    rows = {curve.name: curve.km for curve in expected.drawn}
    pd.testing.assert_frame_equal(found, rmst_differences(rows, 60.0), rtol=1e-12)

    who = grouping.codes >= 0
    frame = pd.DataFrame(
        {
            "time": cohort.numbers("os_months")[who],
            "event": cohort.numbers("os_event")[who],
            "mutated": (grouping.codes[who] == 0).astype(float),
            "site": (np.arange(cohort.n) % 3)[who].astype(str),
        }
    )
    asked = (frame, "time", "event", ["mutated"])
    model = group_cox_from_events(table, table.attrs["reference"])
    exact = cox(*asked)
    assert model.summary["coef"].iloc[0] == pytest.approx(exact.summary["coef"].iloc[0], rel=1e-7)
    assert model.summary["se"].iloc[0] == pytest.approx(exact.summary["se"].iloc[0], rel=1e-7)
    by_site = group_cox_from_events(
        sites.events(None, "os", spec, by_site=True), table.attrs["reference"]
    )
    within = cox(*asked, strata=["site"]).summary["coef"].iloc[0]
    assert by_site.summary["coef"].iloc[0] == pytest.approx(within, rel=1e-7)
    assert by_site.ph_test is None
    assert model.ph_test is not None

    aml = sites.events(None, "aml", spec)
    ends = cohort.endpoints["aml"]
    cause = np.where(cohort.numbers(ends.event) == 1, 1, 2 * cohort.numbers(ends.competing or ""))
    test = gray_test(cohort.numbers(ends.time)[who], cause[who], grouping.codes[who])
    assert gray_test_from_events(aml).statistic == pytest.approx(test.statistic, rel=1e-12)


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


def released(
    sites: PooledTally, policy: ReleasePolicy, selected: Filter | None = None
) -> list[Release]:
    found = []
    for name, tally in sites.sites.items():
        assert isinstance(tally, RowTally)
        release = tally.release(
            policy, site=name, made=MADE, groups=["alteration:TP53"], selected=selected
        )
        found.append(read_release(release.to_text()))
    return found


def test_exact_releases_pool_to_the_rows_on_the_grid(cohort: Cohort, sites: PooledTally):
    policy = ReleasePolicy(minimum=1, rounding=1, grid=tuple(GRID))
    files = pool(released(sites, policy, selected=OLDER))
    alone = tally_of(cohort).events(OLDER, "os", "alteration:TP53", GRID)
    pd.testing.assert_frame_equal(
        files.events(OLDER, "os", "alteration:TP53"), alone, check_dtype=False
    )
    expected, found = (
        logrank_from_events(alone),
        logrank_from_events(files.events(OLDER, "os", "alteration:TP53")),
    )
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    whole = moments_table(files.moments(OLDER, ["age_years"])).iloc[0]
    assert whole["mean"] == pytest.approx(
        np.nanmean(OLDER.apply(cohort).cohort.numbers("age_years"))
    )


def test_a_release_as_parquet_is_the_same_and_refused_as_json_is(sites: PooledTally):
    release = released(sites, ReleasePolicy())[0]
    key = "agreed by telephone"
    content = release.to_parquet(key)
    same = read_release(content, {"H0": key})
    assert same.content == release.content
    assert same.seal.checked
    rows = pd.read_parquet(io.BytesIO(content))
    whole = rows[(rows["endpoint"] == "os") & (rows["by"] == "")]
    assert whole["entered"].sum() == release.events(None, "os")["entered"].sum()
    table = pyarrow.parquet.read_table(io.BytesIO(content))

    def changed(rows: pd.DataFrame, metadata: dict[bytes, bytes]) -> bytes:
        sink = io.BytesIO()
        told = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(metadata)
        pyarrow.parquet.write_table(told, sink)
        return sink.getvalue()

    for broken, said in (
        (changed(rows.assign(events=rows["events"] + 5), table.schema.metadata), "was changed"),
        (changed(rows.iloc[:-1], table.schema.metadata), "was changed"),
        (changed(rows, {}), "not a release"),
        (changed(rows.drop(columns="time"), table.schema.metadata), "not a release"),
        (content[:200], "not a release"),
        (release.to_parquet(), "is not signed"),
        (release.to_parquet("another key altogether"), "does not fit"),
    ):
        with pytest.raises(TallyError, match=said):
            read_release(broken, {"H0": key})
    wrong = json.loads(json.dumps(release.content))
    wrong["events"][0]["table"]["entered"][0] = 7
    with pytest.raises(TallyError, match="counts that cannot be"):
        read_release(Release(wrong).to_parquet())


def test_a_release_under_a_policy_tells_no_small_count(cohort: Cohort, sites: PooledTally):
    files = released(sites, ReleasePolicy())
    ids = set(map(str, cohort.patients.index))
    for release in files:
        text = release.to_text()
        assert not any(f'"{name}"' in text for name in ids)
        for held in release.content["events"]:
            for name in ("entered", "events", "competing", "censored"):
                assert all(n % 5 == 0 for n in held["table"][name])
        for held in (*release.content["counts"], *release.content["features"]):
            for name in {"n", "tested", "altered"} & set(held["table"]):
                assert all(n == -1 or n % 5 == 0 for n in held["table"][name])
    exact = kaplan_meier_from_events(tally_of(cohort).events(None, "os", None, GRID)).at([24, 60])
    near = kaplan_meier_from_events(pool(files).events(None, "os")).at([24, 60])
    np.testing.assert_allclose(near["survival"], exact["survival"], atol=0.01)


def test_a_release_that_was_changed_or_lacks_what_is_asked_is_refused(sites: PooledTally):
    release = released(sites, ReleasePolicy())[0]
    text = release.to_text()
    for broken, said in (
        (text.replace('"site": "H0"', '"site": "H9"'), "was changed after it was written"),
        ("{}", "not a release"),
        ("[1]", "not a release"),
        (text.replace('"version": 1', '"version": 9'), "another version"),
    ):
        with pytest.raises(TallyError, match=said):
            read_release(broken)
    for path, wrong in (
        (("events", 0, "table", "events", 0), -3),
        (("events", 0, "table", "entered", 0), 7),
        (("events", 0, "table", "time", 0), 1.5),
        (("policy", "grid"), "x"),
        (("features", 0), {}),
        (("endpoints",), []),
        (("events", 1, "reference"), 3),
        (("synthetic",), "no"),
    ):
        content = json.loads(json.dumps(release.content))
        place = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = wrong
        with pytest.raises(TallyError, match="counts that cannot be"):
            read_release(Release(content).to_text())
    for ask, said in (
        (lambda: release.events(OLDER, "os"), "ask the site to release it"),
        (lambda: release.events(None, "os", "variable:sex"), "group variable:sex"),
        (lambda: release.events(None, "os", None, [0, 7]), "another grid"),
        (lambda: release.moments(None, ["nothing"]), "does not hold nothing"),
    ):
        with pytest.raises(TallyError, match=said):
            ask()
    few = Filter.from_dict({"column": "age_years", "between": [None, 1]})
    with pytest.raises(TallyError, match="Fewer than 5"):
        released(sites, ReleasePolicy(), selected=few)
