"""Competing risks: against cmprsk on published cohorts, by properties and planted truths."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.survival import kaplan_meier, logrank_test
from tests.analysis import published


@pytest.fixture(scope="module")
def mpn(public_cohorts: Path) -> pd.DataFrame:
    return published.mpn(public_cohorts)


@pytest.fixture(scope="module")
def mds(public_cohorts: Path) -> pd.DataFrame:
    """AML with death without AML competing, as in the oracle: censored at death or last contact."""
    frame = published.mds(public_cohorts).dropna(subset=["AMLt_STATUS", "LFS_STATUS"])
    cause = np.where(frame["AMLt_STATUS"] == 1, 1, np.where(frame["LFS_STATUS"] == 1, 2, 0))
    follow_up = frame["OS_YEARS"].fillna(frame["LFS_YEARS"])
    return frame.assign(cause=cause, time=follow_up.where(cause != 1, frame["AMLt_YEARS"]))


@pytest.fixture(scope="module")
def scored(public_cohorts: Path) -> pd.DataFrame:
    """Patients of the known answers: IPSS-M known, followed to the later of the two dates."""
    frame = published.mds(public_cohorts).dropna(subset=["AMLt_STATUS", "OS_STATUS", "IPSSM_SCORE"])
    cause = np.where(frame["AMLt_STATUS"] == 1, 1, np.where(frame["OS_STATUS"] == 1, 2, 0))
    later = frame[["OS_YEARS", "AMLt_YEARS"]].max(axis=1)
    return frame.assign(cause=cause, time=later.where(cause != 1, frame["AMLt_YEARS"]))


def assert_curves_equal(frame, time, cause, group, oracle):
    for curve in oracle:
        label, number = curve["curve"].split(" ")
        own = frame[frame[group].astype(str) == label]
        at = cumulative_incidence(own[time], own[cause]).at(curve["at"])
        at = at[at["cause"] == int(number)]
        np.testing.assert_allclose(at["incidence"], curve["est"], rtol=1e-6)
        np.testing.assert_allclose(at["std_error"] ** 2, curve["var"], rtol=1e-6)


def assert_gray_equals(frame, time, cause, group, oracle):
    for row in oracle:
        result = gray_test(frame[time], frame[cause], frame[group], int(row["cause"]))
        assert result.df == row["df"]
        np.testing.assert_allclose(result.statistic, row["stat"], rtol=1e-6)
        # R takes 1 - p, which leaves nothing of the smallest p-values.
        np.testing.assert_allclose(result.p_value, row["p"], rtol=1e-4, atol=2e-15)


@pytest.mark.shared
def test_mpn_equals_cmprsk(mpn, r_survival):
    oracle = r_survival["mpn_grinfeld_2018"]["aml_competing_death"]
    groups = oracle["by_diagnosis"]
    counts = mpn["aml_cause"].astype(int).astype(str).value_counts()
    assert counts.to_dict() == groups["counts"]
    assert_curves_equal(mpn, "aml_time", "aml_cause", "diagnosis", groups["curves"])
    assert_gray_equals(mpn, "aml_time", "aml_cause", "diagnosis", groups["gray"])
    expected = oracle["finegray"]
    model = fine_gray(mpn, "aml_time", "aml_cause", expected["covariates"])
    assert model.n == expected["n"]
    np.testing.assert_allclose(model.summary["coef"], expected["coef"], rtol=1e-6)
    np.testing.assert_allclose(model.summary["se"], expected["se"], rtol=1e-6)
    np.testing.assert_allclose(model.summary["p_value"], expected["p"], rtol=0.03)


@pytest.mark.shared
def test_mds_equals_cmprsk(mds, r_survival):
    oracle = r_survival["mds_iwg_2022"]["aml_competing_death"]
    assert mds["cause"].astype(str).value_counts().to_dict() == oracle["counts"]
    assert_curves_equal(mds, "time", "cause", "TP53multi", oracle["curves"])
    assert_gray_equals(mds, "time", "cause", "TP53multi", oracle["gray"])


@pytest.mark.shared
def test_known_answers_of_the_mds_cohort(scored, known_answers):
    known = {answer["id"]: answer["value"] for answer in known_answers}
    for group, incidence in known["KA021"].items():
        own = scored[scored["IPSSM"] == group]
        at = cumulative_incidence(own["time"], own["cause"]).at([1, 2, 4, 5])
        np.testing.assert_allclose(at.query("cause == 1")["incidence"], incidence, atol=5.1e-5)
    for number, name in ((1, "AML"), (2, "death_without_AML")):
        gray = gray_test(scored["time"], scored["cause"], scored["IPSSM"], number)
        assert gray.statistic == pytest.approx(known["KA022"][name]["stat"], abs=5.1e-4)
    row = fine_gray(scored, "time", "cause", ["IPSSM_SCORE"]).summary.iloc[0]
    assert row[["hr", "lower", "upper"]].tolist() == pytest.approx(known["KA023"], abs=5.1e-5)
    everyone = cumulative_incidence(scored["time"], scored["cause"]).at(5)
    wrong = 1 - kaplan_meier(scored["time"], scored["cause"] == 1).at(5)["survival"][0]
    assert everyone["incidence"][0] == pytest.approx(known["KA024"]["CIF"], abs=5.1e-5)
    assert wrong == pytest.approx(known["KA024"]["one_minus_KM"], abs=5.1e-5)


@pytest.mark.shared
@pytest.mark.parametrize(("kind", "key"), [("mf", "KA056"), ("aml", "KA057")])
def test_known_answers_of_the_mpn_cohort(mpn, known_answers, kind, key):
    known = next(answer["value"] for answer in known_answers if answer["id"] == key)
    groups = [name for name in known if name != "Gray"]
    frame = mpn[mpn["diagnosis"].isin(groups)].dropna(subset=[f"{kind}_cause"])
    time, cause = frame[f"{kind}_time"], frame[f"{kind}_cause"]
    for group in groups:
        own = frame["diagnosis"] == group
        at = cumulative_incidence(time[own], cause[own]).at([5, 10, 15, 20])
        np.testing.assert_allclose(at["incidence"][:4], known[group], atol=5.1e-5)
    gray = gray_test(time, cause, frame["diagnosis"])
    assert gray.statistic == pytest.approx(known["Gray"]["stat"], abs=5.1e-4)


rows = st.lists(
    st.tuples(
        st.integers(1, 15).map(float),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 3).map(lambda x: x / 4),
    ),
    min_size=6,
    max_size=60,
).filter(lambda x: any(row[1] for row in x) and len({row[2] for row in x}) > 1)


@given(rows, st.booleans())
def test_incidences_and_event_free_survival_sum_to_one(rows, delayed):
    time, cause, _, entry = np.array(rows).T
    result = cumulative_incidence(time, cause, entry if delayed else None)
    total = sum(curve.incidence for curve in result.curves.values())
    np.testing.assert_allclose(total + result.event_free, 1, atol=1e-12)
    free = kaplan_meier(time, cause > 0, entry if delayed else None)
    np.testing.assert_allclose(result.event_free, free.survival, atol=1e-12)
    for curve in result.curves.values():
        assert (np.diff(curve.incidence, prepend=0) >= -1e-15).all()
        known = ~np.isnan(curve.lower)
        assert (curve.lower[known] <= curve.incidence[known] + 1e-12).all()
        assert (curve.upper[known] >= curve.incidence[known] - 1e-12).all()


@given(rows)
def test_with_one_cause_the_incidence_is_one_minus_kaplan_meier(rows):
    time, cause, _, _ = np.array(rows).T
    result = cumulative_incidence(time, cause > 0)
    km = kaplan_meier(time, cause > 0)
    np.testing.assert_allclose(result.curves[1].incidence, 1 - km.survival, atol=1e-12)
    assert list(result.table["n_risk"]) == list(km.table["n_risk"])


@given(rows, st.randoms(use_true_random=False))
def test_row_order_and_labels_change_nothing(rows, random):
    time, cause, group, _ = np.array(rows).T
    shuffled = list(rows)
    random.shuffle(shuffled)
    expected = gray_test(time, cause, group, int(cause.max()))
    time, cause, group, _ = np.array(shuffled).T
    result = gray_test(time, cause, np.array(["z", "m", "a"])[group.astype(int)], int(cause.max()))
    assert result.df == expected.df
    np.testing.assert_allclose(result.statistic, expected.statistic, rtol=1e-7, atol=1e-9)


@given(rows)
def test_without_censoring_gray_ranks_the_subdistribution_times(rows):
    """Without censoring the score is the log-rank score with competing events put at the end.

    Holds while every group has someone under observation, hence one late patient in each.
    """
    time, cause, group, _ = np.array([*rows, *((16.0, 2, g, 0) for g in range(3))]).T
    cause = np.where(cause == 0, 2, cause)
    gray = gray_test(time, cause, group)
    if gray.events:
        pushed = np.where(cause == 2, time.max() + 1, time)
        rank = logrank_test(pushed, cause == 1, group).table
        np.testing.assert_allclose(
            gray.table["score"], rank["observed"] - rank["expected"], atol=1e-9
        )


def test_a_cause_is_recovered_where_one_minus_kaplan_meier_overstates_it():
    rng = np.random.default_rng(11)
    first, second = rng.exponential(1 / 0.2, 20_000), rng.exponential(1 / 0.3, 20_000)
    end = rng.uniform(1, 8, 20_000)
    time = np.minimum(np.minimum(first, second), end)
    cause = np.where(time == end, 0, np.where(first < second, 1, 2))
    row = cumulative_incidence(time, cause).at(4).iloc[0]
    truth = 0.2 / 0.5 * (1 - np.exp(-0.5 * 4))
    assert abs(row["incidence"] - truth) < 3 * row["std_error"]
    assert 1 - kaplan_meier(time, cause == 1).at(4)["survival"][0] > truth + 0.15


def test_gray_p_values_are_uniform_when_groups_are_alike():
    rng = np.random.default_rng(12)
    p_values = []
    for _ in range(300):
        time = np.ceil(rng.exponential(10, 120))
        test = gray_test(time, rng.integers(0, 3, 120), rng.integers(0, 3, 120))
        p_values.append(test.p_value)
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.09
    assert 0.42 < np.median(p_values) < 0.58


def test_gray_within_strata_ignores_differences_between_them():
    rng = np.random.default_rng(13)
    sick = rng.random(3000) < 0.5
    group = np.where(rng.random(3000) < np.where(sick, 0.8, 0.2), "a", "b")
    time = rng.exponential(np.where(sick, 1.0, 4.0))
    cause = np.where(rng.random(3000) < np.where(sick, 0.8, 0.3), 1, 2)
    assert gray_test(time, cause, group).p_value < 1e-10
    assert gray_test(time, cause, group, strata=sick).p_value > 0.01


def subdistribution_cohort(rng, n, beta, censored_by_x=0.0):
    """Fine & Gray's simulation: cause 1 has incidence 1 - (1 - 0.6 (1 - e^-t))^exp(beta x)."""
    x = rng.integers(0, 2, n).astype(float)
    risk = 1 - 0.4 ** np.exp(beta * x)
    first = rng.random(n) < risk
    inverse = (1 - (1 - rng.random(n) * risk) ** np.exp(-beta * x)) / 0.6
    time = np.where(first, -np.log1p(-np.minimum(inverse, 1 - 1e-12)), rng.exponential(1, n))
    end = rng.exponential(1.5 * np.exp(-censored_by_x * x))
    cause = np.where(time > end, 0, np.where(first, 1, 2))
    return pd.DataFrame({"time": np.minimum(time, end), "cause": cause, "x": x})


def test_fine_gray_recovers_a_planted_effect_with_honest_errors():
    rng = np.random.default_rng(14)
    fits = [
        fine_gray(subdistribution_cohort(rng, 400, 0.7), "time", "cause", ["x"]).summary.iloc[0]
        for _ in range(200)
    ]
    coef = np.array([row["coef"] for row in fits])
    se = np.array([row["se"] for row in fits])
    assert abs(coef.mean() - 0.7) < 0.03
    assert abs(se.mean() / coef.std() - 1) < 0.15


def test_fine_gray_without_competing_events_is_breslow_cox():
    from lifelines import CoxPHFitter

    rng = np.random.default_rng(15)
    frame = pd.DataFrame({"time": rng.exponential(1, 200), "cause": rng.integers(0, 2, 200)})
    frame["x"], frame["y"] = rng.normal(size=200), rng.integers(0, 2, 200)
    ours = fine_gray(frame, "time", "cause", ["x", "y"])
    theirs = CoxPHFitter().fit(frame, "time", "cause", robust=True)
    np.testing.assert_allclose(ours.summary["coef"], theirs.params_, atol=1e-6)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ({"time": [1, 2, 3], "cause": [0, 2, 0], "x": [1, 2, 3]}, "No event of this cause"),
        ({"time": [1, 2, 3], "cause": [1, 2, 0], "x": [1, 1, 1]}, "same in all 3 patients"),
        ({"time": [1, 2, 3], "cause": [1, 1.5, 0], "x": [1, 2, 3]}, "whole numbers"),
        ({"time": [1, 2, 3], "cause": [1, 2, 0], "x": [np.nan] * 3}, "No patient has all"),
        ({"time": [1, 2, 3, 4], "cause": [1, 1, 0, 0], "x": [1, 1, 0, 0]}, "infinite"),
        ({"time": [1, 2, 3], "cause": [1, 2, 0]}, "no column 'x'"),
    ],
)
def test_models_that_cannot_be_fitted_say_why(frame, sentence):
    with pytest.raises(ValueError, match=sentence):
        fine_gray(pd.DataFrame(frame), "time", "cause", ["x"])


def test_degenerate_input_is_answered_with_a_sentence():
    with pytest.raises(ValueError, match="No event of any kind"):
        cumulative_incidence([1, 2], [0, 0])
    with pytest.raises(ValueError, match="only one"):
        gray_test([1, 2], [1, 0], ["a", "a"])
    nothing = gray_test([1, 2, 3, 4], [0, 2, 0, 2], list("abab"))
    assert np.isnan(nothing.p_value)
    assert nothing.note.startswith("No event of this cause")
    alone = cumulative_incidence([0], [3])
    assert alone.causes == (3,)
    assert alone.curves[3].incidence.tolist() == [1]


def test_missing_values_are_counted():
    rng = np.random.default_rng(16)
    frame = subdistribution_cohort(rng, 300, 0.5)
    frame.loc[:9, "x"] = np.nan
    model = fine_gray(frame, "time", "cause", ["x"])
    assert (model.n, model.n_given, model.missing) == (290, 300, {"x": 10})


def test_ties_after_a_group_has_left_are_those_of_cmprsk():
    """cmprsk::cuminc gives 3 and 0.08326452; the second group is gone when two events are tied."""
    time, cause = [1, 1, 1, 1, 1, 1, 2, 2], [0, 0, 0, 0, 0, 1, 1, 1]
    test = gray_test(time, cause, [0, 0, 0, 0, 1, 1, 0, 0])
    assert (test.statistic, test.df) == (pytest.approx(3.0), 1)
    assert test.p_value == pytest.approx(0.08326452, abs=1e-8)
