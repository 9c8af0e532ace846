"""Kaplan-Meier, at-risk counts and RMST: against R on published cohorts, and by properties."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.survival import administrative_censoring, kaplan_meier, risk_table
from tests.analysis import published


@pytest.fixture(scope="module")
def mpn(public_cohorts: Path) -> pd.DataFrame:
    return published.mpn(public_cohorts)


@pytest.fixture(scope="module")
def mds(public_cohorts: Path) -> pd.DataFrame:
    return published.mds(public_cohorts)


@pytest.fixture(scope="module")
def known(known_answers) -> dict:
    return {answer["id"]: answer["value"] for answer in known_answers}


def assert_equals_r(km, oracle):
    """Every figure of one curve of the oracle, to 1e-6 relative."""

    def same(ours, theirs):
        theirs = [np.nan if x is None else x for x in np.atleast_1d(theirs)]
        np.testing.assert_allclose(np.atleast_1d(ours), theirs, rtol=1e-6, atol=1e-12)

    assert (km.n, km.events) == (oracle["n"], oracle["events"])
    same([km.median, *km.median_ci], [oracle[f"median{x}"] for x in ("", "_lower", "_upper")])
    at = km.at(oracle["at"])
    same(at["n_risk"], oracle["n_risk"])
    same(at["survival"], oracle["surv"])
    same(at["lower"], oracle["lower"])
    same(at["upper"], oracle["upper"])
    same(at["std_error"], oracle["std_err"])
    rmst = km.rmst(oracle["rmst_to"])
    same([rmst, rmst.std_error], [oracle["rmst"], oracle["rmst_se"]])
    same(km.median_followup, oracle["median_followup_reverse_km"])


@pytest.mark.shared
@pytest.mark.parametrize(
    ("block", "diagnosis", "column"),
    [
        ("os_by_diagnosis", None, "diagnosis"),
        ("os_mf_by_driver", "MF", "driver"),
        ("os_et_by_calr", "ET", "CALR"),
    ],
)
def test_mpn_curves_equal_r(mpn, r_survival, block, diagnosis, column):
    frame = mpn if diagnosis is None else mpn[mpn["diagnosis"] == diagnosis]
    curves = r_survival["mpn_grinfeld_2018"][block]["km"]
    assert set(curves) == set(frame[column].astype(str))
    for label, oracle in curves.items():
        own = frame[frame[column].astype(str) == label]
        assert_equals_r(kaplan_meier(own["time"], own["event"]), oracle)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("block", "endpoint", "column"),
    [("os_by_ipssm", "OS", "IPSSM"), ("lfs_by_sf3b1", "LFS", "SF3B1")],
)
def test_mds_curves_equal_r(mds, r_survival, block, endpoint, column):
    time, event = f"{endpoint}_YEARS", f"{endpoint}_STATUS"
    frame = mds.dropna(subset=[time, event, column])
    for label, oracle in r_survival["mds_iwg_2022"][block]["km"].items():
        own = frame[frame[column].astype(str) == label]
        assert_equals_r(kaplan_meier(own[time], own[event]), oracle)


def assert_median_is(own, time, event, expected):
    """A published median with its limits on the log scale, to the three decimals given."""
    km = kaplan_meier(own[time], own[event], conf_type="log")
    assert (km.n, km.events) == (expected["n"], expected["events"])
    published_values = [expected[name] for name in ("median", "lcl", "ucl")]
    for ours, theirs in zip((km.median, *km.median_ci), published_values, strict=True):
        assert ours == pytest.approx(np.nan if theirs is None else theirs, abs=6e-4, nan_ok=True)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("key", "endpoint", "column"),
    [("KA007", "OS", "IPSSM"), ("KA008", "LFS", "IPSSM"), ("KA009", "OS", "IPSSR")],
)
def test_known_medians_of_the_mds_cohort(mds, known, key, endpoint, column):
    frame = mds.dropna(subset=[f"{endpoint}_YEARS", f"{endpoint}_STATUS"])
    for label, expected in known[key].items():
        own = frame[frame[column] == label]
        assert_median_is(own, f"{endpoint}_YEARS", f"{endpoint}_STATUS", expected)


@pytest.mark.shared
def test_known_answers_of_the_whole_mds_cohort(mds, known):
    frame = mds.dropna(subset=["OS_YEARS", "OS_STATUS"])
    km = kaplan_meier(frame["OS_YEARS"], frame["OS_STATUS"], conf_type="log")
    assert (km.n, km.events) == (known["KA025"]["n"], known["KA025"]["events"])
    assert [km.median, *km.median_ci] == pytest.approx(known["KA025"]["median"], abs=6e-4)
    followup = [km.median_followup, *km.median_followup_ci]
    assert followup == pytest.approx(known["KA026"], abs=6e-4)
    for label, expected in known["KA027"].items():
        own = frame[frame["IPSSM"] == label]
        rmst = kaplan_meier(own["OS_YEARS"], own["OS_STATUS"]).rmst(5)
        assert [rmst, rmst.std_error] == pytest.approx(expected, abs=6e-4)
    state = np.select([frame["TP53multi"] == 1, frame["TP53mono"] == 1], ["multi", "mono"], "WT")
    for label, expected in known["KA032"].items():
        assert_median_is(frame[state == label], "OS_YEARS", "OS_STATUS", expected)


@pytest.mark.shared
def test_known_medians_of_the_mpn_cohort(mpn, known):
    for label, expected in known["KA044"].items():
        assert_median_is(mpn[mpn["diagnosis"] == label], "time", "event", expected)
    km = kaplan_meier(mpn["time"], mpn["event"], conf_type="log")
    followup = [km.median_followup, *km.median_followup_ci]
    assert followup == pytest.approx(known["KA045"], abs=6e-4)
    drivers = mpn[["JAK2", "CALR", "MPL"]].sum(axis=1)
    single = mpn[(mpn["diagnosis"] == "MF") & (drivers <= 1) & (mpn["JAK2e12"] != 1)]
    for label, expected in known["KA047"].items():
        assert_median_is(single[single["driver"] == label], "time", "event", expected)
    for number, label in ((1, "type1"), (2, "type2")):
        own = single[single[f"CALR_Type_{number}"] == 1]
        assert_median_is(own, "time", "event", known["KA050"][label])
    classic = mpn[mpn["diagnosis"] != "Other"]
    subgroup = published.mpn_subgroups(classic)
    for label, expected in known["KA064"].items():
        assert_median_is(classic[subgroup == label], "time", "event", expected)


# Textbook values: Freireich's remission durations under 6-MP (weeks), as tabulated in Collett.
SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_freireich_6mp_as_in_the_textbook():
    km = kaplan_meier(SIX_MP, RELAPSED)
    published = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    at = km.at(list(published))
    np.testing.assert_allclose(at["survival"], list(published.values()), atol=5e-5)
    np.testing.assert_allclose(at["std_error"].iloc[[0, -1]], [0.0764, 0.1346], atol=5e-5)
    assert km.median == 23
    assert list(km.table["n_risk"].head(4)) == [21, 17, 16, 15]


patients = st.lists(
    st.tuples(
        st.integers(1, 20).map(lambda x: x / 4),
        st.booleans(),
        st.integers(0, 3).map(lambda x: x / 20),
        st.integers(1, 8).map(float),
    ),
    min_size=1,
    max_size=60,
)


@given(patients, st.sampled_from(["log-log", "log", "plain"]), st.booleans())
def test_curve_is_a_survival_curve(rows, conf_type, delayed):
    time, event, entry, weights = np.array(rows, dtype=float).T
    km = kaplan_meier(time, event, entry if delayed else None, conf_type, weights=weights)
    survival = km.survival
    assert ((survival >= 0) & (survival <= 1)).all()
    assert (np.diff(survival, prepend=1) <= 1e-15).all()
    known = ~np.isnan(km.lower)
    slack = 1e-12
    assert (km.lower[known] <= survival[known] + slack).all()
    assert (km.upper[known] >= survival[known] - slack).all()
    assert (km.lower[known] >= 0).all()
    assert (km.upper[known] <= 1).all()


@given(patients, st.randoms(use_true_random=False))
def test_row_order_and_equal_weights_change_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    time, event, entry, _ = np.array(rows, dtype=float).T
    expected = kaplan_meier(time, event, entry)
    time, event, entry, _ = np.array(shuffled, dtype=float).T
    for weights in (None, np.ones(len(time)), np.full(len(time), 2.0)):
        km = kaplan_meier(time, event, entry, weights=weights)
        np.testing.assert_allclose(km.survival, expected.survival, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(km.std_error, expected.std_error, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(km.upper, expected.upper, rtol=1e-9, atol=1e-12)
        np.testing.assert_equal(km.quantile(0.3), expected.quantile(0.3))


@given(patients)
def test_without_censoring_the_curve_is_the_empirical_distribution(rows):
    time = np.array([row[0] for row in rows])
    km = kaplan_meier(time, np.ones(len(time)))
    np.testing.assert_allclose(
        km.survival, [(time > t).mean() for t in km.time], rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(km.rmst(time.max()), time.mean(), rtol=1e-12)


@given(patients, st.lists(st.integers(0, 24).map(lambda x: x / 4), min_size=1, max_size=6))
def test_risk_table_accounts_for_every_patient(rows, ticks):
    time, event, entry, _ = np.array(rows, dtype=float).T
    groups = np.where(np.arange(len(rows)) % 3 == 0, "a", "b")
    table = risk_table(time, event, ticks, groups, entry)
    counts = table[["n_risk", "n_events", "n_censored", "n_not_entered"]]
    assert (counts >= 0).all(axis=None)
    sizes = table["group"].map(pd.Series(groups).value_counts())
    assert (counts.sum(axis=1) == sizes).all()
    for row in table.itertuples():
        own = groups == row.group
        assert row.n_risk == (own & (entry < row.time) & (time >= row.time)).sum()
        assert row.n_events == (own & (event == 1) & (time < row.time)).sum()
    km = kaplan_meier(time, event, entry)
    np.testing.assert_array_equal(
        km.at(ticks)["n_risk"], risk_table(time, event, ticks, entry=entry)["n_risk"]
    )


@given(patients)
def test_reverse_curve_is_the_curve_of_censoring(rows):
    time, event, _, _ = np.array(rows, dtype=float).T
    km, reverse = kaplan_meier(time, event), kaplan_meier(time, 1 - event)
    np.testing.assert_equal(km.median_followup, reverse.median)
    np.testing.assert_equal(km.median_followup_ci, reverse.median_ci)


def test_times_equal_up_to_rounding_are_one_time():
    time = [0.1 + 0.2, 0.3, 0.3, 1.0]
    km = kaplan_meier(time, [1, 1, 0, 0])
    assert len(km.time) == 2
    assert list(km.n_risk) == [4, 1]
    at = km.at([0.3, 0.1 * 3])
    assert list(at["n_risk"]) == [4, 4]
    assert list(at["survival"]) == [0.5, 0.5]


def test_median_is_the_first_time_at_or_below_one_half():
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median == 2
    assert np.isnan(kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]).median)


def test_reading_outside_the_follow_up():
    at = kaplan_meier([1, 2, 3], [1, 1, 0]).at([0, 3, 3.5])
    assert at["n_risk"].tolist() == [3, 1, 0]
    assert at["survival"].iloc[:2].tolist() == pytest.approx([1, 1 / 3])
    assert at.loc[2, ["survival", "std_error", "lower", "upper"]].isna().all()
    note = kaplan_meier([1, 2, 3], [1, 1, 0]).rmst(5).note
    assert "Follow-up ends at 3" in note
    assert kaplan_meier([1, 2, 3], [1, 1, 1]).rmst(5).note == ""


def test_case_weights_repeat_patients_and_their_scale_does_not_matter():
    time, event, weights = [1.0, 2.0, 3.0, 5.0], [1, 0, 1, 0], [2, 1, 3, 2]
    repeated = kaplan_meier(np.repeat(time, weights), np.repeat(event, weights))
    weighted = kaplan_meier(time, event, weights=weights)
    np.testing.assert_allclose(weighted.survival, repeated.survival, rtol=1e-12)
    halved = kaplan_meier(time, event, weights=np.array(weights) / 2)
    np.testing.assert_allclose(halved.std_error, weighted.std_error, rtol=1e-12)


def test_a_rmst_is_a_number_that_survives_pickling():
    rmst = kaplan_meier(SIX_MP, RELAPSED).rmst(30)
    again = pickle.loads(pickle.dumps(rmst))  # noqa: S301
    assert again == rmst == float(rmst)
    assert (again.std_error, again.lower, again.note) == (rmst.std_error, rmst.lower, rmst.note)


def test_delayed_entry_removes_the_bias_of_ignoring_it():
    rng = np.random.default_rng(1)
    time, entry = rng.exponential(5, 40_000), rng.uniform(0, 6, 40_000)
    seen = time > entry
    honest = kaplan_meier(time[seen], np.ones(seen.sum()), entry[seen]).at([2, 5, 10])
    naive = kaplan_meier(time[seen], np.ones(seen.sum())).at([2, 5, 10])
    truth = np.exp(-np.array([2, 5, 10]) / 5)
    assert (abs(honest["survival"] - truth) < 4 * honest["std_error"]).all()
    assert (naive["survival"] - truth > 0.05).all()


def test_bands_cover_the_truth():
    rng = np.random.default_rng(2)
    inside = {"log-log": 0, "log": 0, "plain": 0}
    for _ in range(400):
        time, censored = rng.exponential(1, 80), rng.exponential(2, 80)
        for conf_type in inside:
            row = kaplan_meier(
                np.minimum(time, censored), time <= censored, conf_type=conf_type
            ).at(1.0)
            inside[conf_type] += bool(row["lower"][0] <= np.exp(-1) <= row["upper"][0])
    assert all(365 <= hits <= 395 for hits in inside.values()), inside


def test_administrative_censoring_ends_follow_up_at_the_limit():
    time, event = administrative_censoring([1, 2, 2.0000000001, 3], [1, 1, 1, 1], 2)
    assert list(time) == [1, 2, 2, 2]
    assert list(event) == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([], []), "no patient"),
        (([1, np.nan], [1, 0]), "1 patient is without"),
        (([1, -1], [1, 0]), "must not be negative"),
        (([1, 2], [1]), "1 values where 2 patients"),
        (([1, 2], [1, 2]), "only 0 .* and 1"),
        (([1, 2], pd.array([True, None], dtype="boolean")), "known and finite"),
        ((["a", "b"], [1, 1]), "must be numbers"),
        (([1, 2], [1, 1], [0, 2]), "enter before the end"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        kaplan_meier(*arguments)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("time", "event"),
    [([0], [1]), ([3], [0]), ([0, 0, 0], [1, 0, 1]), ([5] * 9, [1] * 9), ([1, 2, 3], [0, 0, 0])],
)
def test_degenerate_cohorts_have_a_curve(time, event):
    km = kaplan_meier(time, event)
    assert not np.isnan(km.survival).any()
    assert km.table["n_risk"].iloc[0] == len(time)
    assert 0 <= km.rmst(10) <= 10
