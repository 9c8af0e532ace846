"""The log-rank family: against R on published cohorts, textbook values and properties."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.multiplicity import adjust_p_values
from app.analysis.survival import logrank_test, pairwise_logrank, trend_of
from tests.analysis import published

SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TRIAL = (
    np.array(SIX_MP + PLACEBO, dtype=float),
    np.array(SIX_MP_RELAPSED + [1] * 21),
    np.repeat(["6-MP", "placebo"], 21),
)


@pytest.fixture(scope="module")
def blocks(public_cohorts: Path) -> dict[str, tuple[pd.Series, pd.Series, pd.Series]]:
    """Time, event and group of each comparison in the oracle."""
    mpn, mds = published.mpn(public_cohorts), published.mds(public_cohorts)

    def block(frame, time, event, group):
        known = frame.dropna(subset=[time, event, group])
        return known[time], known[event], known[group]

    mf, et = (mpn[mpn["diagnosis"] == name] for name in ("MF", "ET"))
    single = mf[(mf[["JAK2", "CALR", "MPL"]].sum(axis=1) <= 1) & (mf["JAK2e12"] != 1)]
    return {
        "os_by_diagnosis": block(mpn, "time", "event", "diagnosis"),
        "os_mf_by_driver": block(mf, "time", "event", "driver"),
        "os_mf_by_single_driver": block(single, "time", "event", "driver"),
        "os_et_by_calr": block(et, "time", "event", "CALR"),
        "os_by_ipssm": block(mds, "OS_YEARS", "OS_STATUS", "IPSSM"),
        "lfs_by_sf3b1": block(mds, "LFS_YEARS", "LFS_STATUS", "SF3B1"),
    }


CASES = [
    ("mpn_grinfeld_2018", "os_by_diagnosis", "logrank"),
    ("mpn_grinfeld_2018", "os_mf_by_driver", "logrank"),
    ("mpn_grinfeld_2018", "os_mf_by_driver", "peto"),
    ("mpn_grinfeld_2018", "os_et_by_calr", "logrank"),
    ("mds_iwg_2022", "os_by_ipssm", "logrank"),
    ("mds_iwg_2022", "lfs_by_sf3b1", "logrank"),
]


@pytest.mark.shared
@pytest.mark.parametrize(("cohort", "block", "test"), CASES)
def test_tests_equal_r(blocks, r_survival, cohort, block, test):
    oracle = r_survival[cohort][block][test]
    result = logrank_test(*blocks[block], weights="peto-peto" if test == "peto" else "logrank")
    assert result.table["group"].astype(str).tolist() == oracle["groups"]
    assert result.df == oracle["df"]
    ours = [result.statistic, *result.table[["n", "observed", "expected"]].to_numpy().ravel("F")]
    theirs = [oracle["chisq"], *oracle["n"], *oracle["observed"], *oracle["expected"]]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_allclose(result.p_value, oracle["p"], rtol=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("block", ["os_by_diagnosis", "os_mf_by_driver"])
def test_pairwise_tests_equal_r(blocks, r_survival, block):
    oracle = pd.DataFrame(r_survival["mpn_grinfeld_2018"][block]["pairwise"])
    for adjust in ("holm", "bh", "none"):
        pairs = pairwise_logrank(*blocks[block], adjust=adjust)
        assert list(zip(pairs["a"], pairs["b"], strict=True)) == list(
            zip(oracle["a"], oracle["b"], strict=True)
        )
        np.testing.assert_allclose(pairs["p_value"], oracle["p"], rtol=1e-6)
        adjusted = oracle["p" if adjust == "none" else f"p_{adjust}"]
        np.testing.assert_allclose(pairs["p_adjusted"], adjusted, rtol=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("key", "block", "weights"),
    [
        ("KA010", "os_by_ipssm", "logrank"),
        ("KA011", "os_by_ipssm", "peto-peto"),
        ("KA048", "os_mf_by_single_driver", "logrank"),
    ],
)
def test_known_answers(blocks, known_answers, key, block, weights):
    known = next(answer["value"] for answer in known_answers if answer["id"] == key)
    result = logrank_test(*blocks[block], weights=weights)
    assert result.statistic == pytest.approx(known["chisq"], abs=5.1e-5)
    assert result.p_value == pytest.approx(known["p"], rel=5e-3)


def test_freireich_trial_as_in_the_textbook():
    result = logrank_test(*TRIAL)
    assert result.statistic == pytest.approx(16.79, abs=0.005)
    assert result.table["expected"].tolist() == pytest.approx([19.25, 10.75], abs=0.005)


rows = st.lists(
    st.tuples(
        st.integers(1, 12).map(float),
        st.booleans(),
        st.integers(0, 3),
        st.integers(0, 1),
        st.integers(0, 2).map(lambda x: x / 4),
    ),
    min_size=12,
    max_size=60,
).filter(lambda x: len({row[2] for row in x}) > 1)


def brute_force(rows, exponents):
    """Observed - expected and its covariance straight from the definition."""
    time, event, group, stratum, entry = np.array(rows, dtype=float).T
    labels = np.unique(group)
    difference, variance = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    for layer in np.unique(stratum):
        own = stratum == layer
        survival = 1.0
        for t in np.unique(time[own & (event == 1)]):
            risk = own & (entry < t) & (time >= t)
            died = own & (time == t) & (event == 1)
            n, d = risk.sum(), died.sum()
            weight = survival ** exponents[0] * (1 - survival) ** exponents[1]
            share = np.array([(risk & (group == label)).sum() / n for label in labels])
            dead = np.array([(died & (group == label)).sum() for label in labels])
            difference += weight * (dead - d * share)
            if n > 1:
                spread = np.diag(share) - np.outer(share, share)
                variance += weight**2 * d * (n - d) / (n - 1) * spread
            survival *= 1 - d / n
    return difference, variance


@given(rows, st.sampled_from([(0, 0), (1, 0), (0.5, 1.0), (0, 1)]))
def test_weights_strata_and_entry_follow_the_definition(rows, exponents):
    time, event, group, stratum, entry = np.array(rows, dtype=float).T
    weights = ("fleming-harrington", *map(float, exponents))
    result = logrank_test(time, event, group, entry, stratum, weights=weights)
    difference, variance = brute_force(rows, exponents)
    ours = result.table["observed"] - result.table["expected"]
    np.testing.assert_allclose(ours, difference, atol=1e-9)
    np.testing.assert_allclose(result.variance, variance, atol=1e-9)
    if not np.isnan(result.statistic):
        expected = difference @ np.linalg.pinv(variance, rcond=1e-9, hermitian=True) @ difference
        assert result.statistic == pytest.approx(expected, rel=1e-6, abs=1e-9)
    else:
        assert result.note.endswith(".")


@given(rows, st.randoms(use_true_random=False))
def test_relabelling_and_row_order_change_nothing(rows, random):
    time, event, group, _, entry = np.array(rows, dtype=float).T
    expected = logrank_test(time, event, group, entry)
    shuffled = list(rows)
    random.shuffle(shuffled)
    time, event, group, _, entry = np.array(shuffled, dtype=float).T
    names = np.array(["zeta", "alpha", "mid", "x"])[group.astype(int)]
    result = logrank_test(time, event, names, entry)
    assert result.df == expected.df
    np.testing.assert_allclose(result.statistic, expected.statistic, rtol=1e-9, atol=1e-12)


def test_a_single_stratum_is_no_stratum():
    plain, stratified = logrank_test(*TRIAL), logrank_test(*TRIAL, strata=["one"] * 42)
    assert stratified.statistic == pytest.approx(plain.statistic, rel=1e-12)


def test_stratifying_removes_confounding():
    rng = np.random.default_rng(3)
    sick = rng.random(4000) < 0.5
    group = np.where(rng.random(4000) < np.where(sick, 0.8, 0.2), "a", "b")
    time = rng.exponential(np.where(sick, 1.0, 4.0))
    assert logrank_test(time, np.ones(4000), group).p_value < 1e-20
    assert logrank_test(time, np.ones(4000), group, strata=sick).p_value > 0.01


def test_p_values_are_uniform_when_groups_are_alike():
    rng = np.random.default_rng(4)
    p_values = []
    for _ in range(400):
        time, censored = rng.exponential(1, 90), rng.exponential(2, 90)
        groups = rng.integers(0, 3, 90)
        test = logrank_test(np.minimum(time, censored), time <= censored, groups)
        p_values.append(test.p_value)
    below = np.mean(np.array(p_values) < 0.05)
    assert 0.02 < below < 0.09
    assert 0.44 < np.median(p_values) < 0.56


def test_trend_of_two_groups_is_the_log_rank_test():
    plain = logrank_test(*TRIAL)
    trend = trend_of(plain)
    assert trend.statistic == pytest.approx(plain.statistic, rel=1e-12)


def test_trend_keeps_the_order_of_categories_and_sees_a_dose_effect():
    rng = np.random.default_rng(5)
    dose = rng.integers(0, 3, 300)
    stage = pd.Categorical.from_codes(dose, ["low", "intermediate", "high"], ordered=True)
    time = rng.exponential(np.exp(-0.25 * dose))
    overall = logrank_test(time, np.ones(300), stage)
    trend = trend_of(overall)
    assert trend.table["group"].tolist() == ["low", "intermediate", "high"]
    assert trend.df == 1
    assert trend.p_value < overall.p_value
    shifted = trend_of(overall, [10, 20, 30])
    assert shifted.statistic == pytest.approx(trend.statistic, rel=1e-9)


def test_empty_categories_do_not_disturb_the_test():
    stage = pd.Categorical(TRIAL[2], ["6-MP", "nobody", "placebo"])
    result = logrank_test(TRIAL[0], TRIAL[1], stage)
    assert result.table["group"].tolist() == ["6-MP", "placebo"]
    assert result.df == 1


def test_forty_groups_are_compared():
    rng = np.random.default_rng(6)
    result = logrank_test(rng.exponential(1, 800), np.ones(800), np.arange(800) % 40)
    assert result.df == 39
    assert 0 < result.p_value < 1


@pytest.mark.parametrize(
    ("time", "event", "sentence"),
    [
        ([1, 2, 3, 4], [0, 0, 0, 0], "No event"),
        ([1, 1, 5, 5], [0, 0, 1, 1], "under observation together"),
    ],
)
def test_what_cannot_be_compared_is_said(time, event, sentence):
    result = logrank_test(time, event, ["a", "a", "b", "b"])
    assert np.isnan(result.p_value)
    assert sentence in result.note
    pair = pairwise_logrank(time, event, ["a", "a", "b", "b"])
    assert np.isnan(pair["p_adjusted"][0])
    assert sentence in pair["note"][0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"groups": ["a"] * 42}, "at least two groups"),
        ({"groups": ["a", None] * 21}, "21 patients are without"),
        ({"groups": ["a"] * 41}, "41 values where 42 patients"),
        ({"weights": "gehan"}, "The weights must be"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(change, sentence):
    arguments = {"time": TRIAL[0], "event": TRIAL[1], "groups": TRIAL[2]} | change
    with pytest.raises(ValueError, match=sentence):
        logrank_test(**arguments)


def test_adjustment_as_in_r():
    p = [0.01, 0.02, np.nan, 0.03, 0.5]
    expected = {
        "holm": [0.04, 0.06, np.nan, 0.06, 0.5],
        "bh": [0.04, 0.04, np.nan, 0.04, 0.5],
        "bonferroni": [0.04, 0.08, np.nan, 0.12, 1.0],
        "none": p,
    }
    for method, values in expected.items():
        np.testing.assert_allclose(adjust_p_values(p, method), values)


def test_a_stratum_without_an_event_of_the_pair_adds_nothing_to_a_weighted_test():
    time = np.arange(1.0, 13.0)
    event = np.array([1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0])
    groups = np.array(["a", "b", "a", "b", "a", "b", "a", "b", "c", "c", "a", "b"])
    strata = np.array([0] * 6 + [1] * 6)
    pairs = pairwise_logrank(
        time, event, groups, "none", strata=strata, weights=("fleming-harrington", 0.5, 1.0)
    ).set_index(["a", "b"])
    own = (groups != "c") & (strata == 0)
    alone = logrank_test(
        time[own], event[own], groups[own], weights=("fleming-harrington", 0.5, 1.0)
    )
    assert pairs.loc[("a", "b"), "p_value"] == pytest.approx(alone.p_value, rel=1e-12)
