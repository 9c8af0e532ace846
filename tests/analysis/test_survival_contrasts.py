"""Differences, conditional and adjusted survival, subgroup effects and cut-points."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chdtrc

from app.analysis.regression import (
    adjusted_survival,
    cox,
    optimal_cutpoint,
    subgroup_effects,
    support_sentences,
)
from app.analysis.survival import (
    conditional_survival,
    kaplan_meier,
    longest_common_time,
    rmst_differences,
    survival_differences,
)
from tests.analysis import published


def exponential(rng, n, mean, end=10.0):
    time, censored = rng.exponential(mean, n), rng.uniform(0, end, n)
    return np.minimum(time, censored), time <= censored


@pytest.mark.shared
def test_differences_follow_from_the_curves_of_r(public_cohorts: Path, r_survival):
    oracle = r_survival["mpn_grinfeld_2018"]["os_by_diagnosis"]["km"]
    mpn = published.mpn(public_cohorts)
    curves = {
        name: kaplan_meier(own["time"], own["event"]) for name, own in mpn.groupby("diagnosis")
    }
    table = survival_differences(curves, [1, 2, 5], "ET").set_index(["group", "time"])
    for name in ("MF", "PV", "Other"):
        for place, time in enumerate((1, 2, 5)):
            row = table.loc[(name, time)]
            gap = oracle[name]["surv"][place] - oracle["ET"]["surv"][place]
            error = np.hypot(oracle[name]["std_err"][place], oracle["ET"]["std_err"][place])
            assert row["difference"] == pytest.approx(gap, rel=1e-6)
            assert row["std_error"] == pytest.approx(error, rel=1e-6)
            assert row["lower"] == pytest.approx(gap - 1.959963985 * error, rel=1e-6, abs=1e-9)
    means = rmst_differences(curves, 10, "ET").set_index("group")
    for name in ("MF", "PV", "Other"):
        gap = oracle[name]["rmst"] - oracle["ET"]["rmst"]
        error = np.hypot(oracle[name]["rmst_se"], oracle["ET"]["rmst_se"])
        assert means.loc[name, "difference"] == pytest.approx(gap, rel=1e-6)
        assert means.loc[name, "std_error"] == pytest.approx(error, rel=1e-6)


def test_intervals_of_differences_cover_the_truth():
    rng = np.random.default_rng(51)
    inside = {"at": 0, "mean": 0}
    survival = np.exp(-2 / 3) - np.exp(-2 / 5)
    mean = 3 * (1 - np.exp(-4 / 3)) - 5 * (1 - np.exp(-4 / 5))
    for _ in range(300):
        curves = {
            "a": kaplan_meier(*exponential(rng, 120, 5)),
            "b": kaplan_meier(*exponential(rng, 120, 3)),
        }
        at = survival_differences(curves, 2).iloc[0]
        inside["at"] += at["lower"] < survival < at["upper"]
        rmst = rmst_differences(curves, 4).iloc[0]
        inside["mean"] += rmst["lower"] < mean < rmst["upper"]
    assert all(272 <= hits <= 296 for hits in inside.values()), inside


def test_differences_say_where_a_curve_has_ended():
    curves = {"a": kaplan_meier([1, 2, 3], [1, 0, 0]), "b": kaplan_meier([1, 5, 9], [1, 1, 0])}
    table = survival_differences(curves, [2, 4])
    assert table["note"].tolist() == ["", "Follow-up of a group ends before this time."]
    assert np.isnan(table["difference"][1])
    assert "Follow-up ends at 3" in rmst_differences(curves, 6)["note"][0]
    assert longest_common_time(curves) == 3
    with pytest.raises(ValueError, match="not among the groups"):
        survival_differences(curves, 2, "c")
    with pytest.raises(ValueError, match="at least two groups"):
        survival_differences({"a": curves["a"]}, 2)


def test_no_events_anywhere_is_no_certainty():
    curves = {"a": kaplan_meier([5, 6], [0, 0]), "b": kaplan_meier([5, 7], [0, 0])}
    row = survival_differences(curves, 2).iloc[0]
    assert row["difference"] == 0
    assert np.isnan(row["p_value"])
    assert row["note"]


def test_a_group_without_events_is_no_certainty():
    """The test would be of the other group against a constant."""
    curves = {
        "many": kaplan_meier(np.arange(1, 91), np.arange(90) % 2),
        "few": kaplan_meier([40, 50, 95], [0, 0, 0]),
        # All die at once: a curve that falls to zero has no variance either.
        "at once": kaplan_meier([7, 7, 7], [1, 1, 1]),
    }
    for table in (survival_differences(curves, [3, 6.5]), rmst_differences(curves, 38)):
        assert table["difference"].notna().all()
        assert table[["std_error", "lower", "upper", "p_value"]].isna().all(axis=None)
        assert (table["note"] != "").all()
    mean = curves["few"].rmst(38)
    assert mean == 38
    assert mean.std_error == 0
    assert np.isnan([mean.lower, mean.upper]).all()
    # Between groups that vary there is an interval, before and after.
    curves["few"] = kaplan_meier([5, 40, 95], [1, 0, 0])
    own = survival_differences(curves, [3, 38]).query("group == 'few'")
    assert own["p_value"].isna().tolist() == [True, False]


@given(
    st.lists(st.tuples(st.floats(0.01, 30), st.booleans()), min_size=1, max_size=12),
    st.lists(st.tuples(st.floats(0.01, 30), st.booleans()), min_size=1, max_size=12),
    st.floats(0.1, 40),
)
def test_intervals_stay_within_what_there_can_be(ours, theirs, tau):
    curves = {
        name: kaplan_meier(*zip(*rows, strict=True)) for name, rows in (("a", ours), ("b", theirs))
    }
    for km in curves.values():
        mean = km.rmst(tau)
        if mean.std_error:
            assert 0 <= mean.lower <= mean <= mean.upper <= tau * (1 + 1e-12)
        else:
            assert np.isnan([mean.lower, mean.upper]).all()
    contrast = rmst_differences(curves, tau).iloc[0]
    shares = survival_differences(curves, [tau]).iloc[0]
    for row, most in ((contrast, tau), (shares, 1.0)):
        if row["std_error"] > 0:
            assert -most <= row["lower"] <= row["upper"] <= most
        else:
            assert np.isnan([row["lower"], row["upper"], row["p_value"]]).all()


def test_a_restricted_mean_of_few_patients_ends_at_its_horizon():
    mean = kaplan_meier([1, 10, 10, 10, 10], [1, 0, 0, 0, 0]).rmst(10)
    assert mean == pytest.approx(8.2)
    assert mean + 1.96 * mean.std_error > 10
    assert mean.upper == 10


def test_conditional_survival_is_the_curve_of_those_who_lived_so_far():
    rng = np.random.default_rng(52)
    time, event = exponential(rng, 300, 5)
    for conf_type in ("log-log", "log", "plain"):
        whole = kaplan_meier(time, event, conf_type=conf_type)
        later = kaplan_meier(time[time > 2] - 2, event[time > 2], conf_type=conf_type)
        ours = conditional_survival(whole, 2, [0.5, 1, 3])
        theirs = later.at([0.5, 1, 3])
        for column in ("n_risk", "survival", "lower", "upper"):
            np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-9)
    with pytest.raises(ValueError, match="Nobody is known"):
        conditional_survival(whole, 11, 1)


@pytest.fixture(scope="module")
def confounded() -> pd.DataFrame:
    """Treatment halves the hazard but is given to the old, who die sooner."""
    rng = np.random.default_rng(53)
    n = 3000
    old = rng.random(n) < 0.5
    treated = rng.random(n) < np.where(old, 0.8, 0.2)
    time = rng.exponential(4 / np.exp(1.2 * old - np.log(2) * treated))
    end = rng.uniform(1, 12, n)
    return pd.DataFrame(
        {"time": np.minimum(time, end), "event": time <= end, "old": old, "treated": treated}
    )


def test_adjusted_curves_undo_confounding(confounded):
    model = cox(confounded, "time", "event", ["treated", "old"])
    result = adjusted_survival(model, confounded, "treated", times=[1, 3, 5])
    times = np.array([1, 3, 5])
    for level in (False, True):
        rate = np.where(level, 0.5, 1.0) / 4
        p = confounded["old"].mean()
        truth = (1 - p) * np.exp(-rate * times) + p * np.exp(-rate * np.exp(1.2) * times)
        own = result.table[result.table["group"] == level]
        assert (abs(own["survival"].to_numpy() - truth) < 4 * own["std_error"].to_numpy()).all()
        assert (own["lower"] < own["survival"]).all()
        assert (own["upper"] > own["survival"]).all()
    assert (result.differences["lower"] > 0).all()
    naive = {
        level: kaplan_meier(own["time"], own["event"])
        for level, own in confounded.groupby("treated")
    }
    raw = survival_differences(naive, [3])["difference"][0]
    assert raw < result.differences["difference"][1] - 0.1
    assert "adjusted for old" in result.method


def test_adjusted_standard_errors_are_those_of_repeated_samples():
    rng = np.random.default_rng(54)
    n = 250
    x = rng.normal(size=n)
    group = rng.integers(0, 2, n).astype(float)
    estimates, errors, gaps, gap_errors = [], [], [], []
    for _ in range(200):
        time = rng.exponential(3 / np.exp(0.6 * group + 0.5 * x))
        end = rng.uniform(1, 8, n)
        frame = pd.DataFrame({"t": np.minimum(time, end), "e": time <= end, "x": x, "group": group})
        result = adjusted_survival(cox(frame, "t", "e", ["group", "x"]), frame, "group", times=2)
        estimates.append(result.table["survival"].to_numpy())
        errors.append(result.table["std_error"].to_numpy())
        gaps.append(result.differences["difference"][0])
        gap_errors.append(result.differences["std_error"][0])
    np.testing.assert_allclose(np.mean(errors, axis=0), np.std(estimates, axis=0), rtol=0.15)
    np.testing.assert_allclose(np.mean(gap_errors), np.std(gaps), rtol=0.15)


def test_adjusted_curve_of_everyone_alike_is_the_models_own(confounded):
    model = cox(confounded, "time", "event", ["treated"], strata="old")
    result = adjusted_survival(model, confounded, "treated", times=[2.0])
    baseline = model.baseline
    mean = confounded["treated"].mean()
    expected = 0.0
    for stratum, share in confounded["old"].value_counts(normalize=True).items():
        own = baseline[(baseline["stratum"] == stratum) & (baseline["time"] <= 2)]
        hazard = own["cumulative_hazard"].iloc[-1]
        expected += share * np.exp(-hazard * np.exp(model.summary["coef"][0] * (0 - mean)))
    untreated = result.table.loc[~result.table["group"].astype(bool), "survival"].iloc[0]
    assert untreated == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def apart() -> pd.DataFrame:
    """The mutated have a high score, and there are more event times than a curve is drawn at."""
    rng = np.random.default_rng(62)
    score = rng.normal(size=700)
    mutated = (score + rng.normal(size=700) * 0.4 > 1.2).astype(int)
    life = rng.exponential(60 * np.exp(-0.8 * score - 0.5 * mutated))
    end = rng.uniform(20, 130, 700)
    time = np.minimum(life, end).round(2) + 0.01
    columns = {"time": time, "event": (life <= end).astype(int), "score": score, "mutated": mutated}
    return pd.DataFrame(columns)


def test_adjusted_curves_are_read_at_the_time_asked(apart):
    """R: coxph, survfit(newdata) for everyone at each level, averaged at 12, 36 and 60."""
    model = cox(apart, "time", "event", ["mutated", "score"])
    found = adjusted_survival(model, apart, "mutated", times=[12, 36, 60, 129.42, 130]).table
    expected = {
        0: [0.801253773762, 0.516598758563, 0.368767437650],
        1: [0.692205388859, 0.355928606705, 0.220192027885],
    }
    for level, survival in expected.items():
        own = found[found["group"] == level]
        np.testing.assert_allclose(own["survival"][:3], survival, atol=1e-9)
        # Followed to 129.42: nothing is known beyond.
        assert own["survival"].notna().tolist() == [True] * 4 + [False]
        assert own[["std_error", "lower", "upper"]].iloc[-1].isna().all()
    drawn = adjusted_survival(model, apart, "mutated").table
    assert drawn["time"].nunique() < apart.loc[apart["event"] == 1, "time"].nunique()


def test_adjusted_curves_have_the_tolerance_of_the_observed_ones(apart):
    frame = apart.assign(time=apart["time"].round(0) + 1)
    moved = frame.assign(time=np.nextafter(frame["time"], np.inf))
    one, other = (
        adjusted_survival(
            cox(f, "time", "event", ["mutated", "score"]), f, "mutated", times=[9, 24]
        )
        for f in (frame, moved)
    )
    np.testing.assert_allclose(one.table["survival"], other.table["survival"], rtol=1e-12)


def test_adjusted_curves_end_with_the_stratum_that_ends_first(apart):
    frame = apart.assign(centre=np.where(apart.index < 300, "a", "b"))
    frame.loc[frame["centre"] == "a", "time"] = frame["time"].clip(upper=50)
    model = cox(frame, "time", "event", ["mutated", "score"], strata="centre")
    table = adjusted_survival(model, frame, "mutated", times=[50, 51]).table
    assert table["survival"].notna().tolist() == [True, False] * 2


def test_adjusted_curves_say_where_they_extrapolate(apart):
    """R: 54.1% have a score below 0.134, the lowest of the mutated."""
    rng = np.random.default_rng(63)
    frame = apart.assign(
        noise=rng.normal(size=700),
        disease=pd.Categorical(
            np.where(apart["mutated"] == 1, "MDS", rng.choice(["MDS", "AML"], 700))
        ),
    )
    model = cox(frame, "time", "event", ["mutated", "score", "noise", "disease"])
    found = adjusted_survival(model, frame, "mutated", times=[12])
    support = found.support.set_index(["group", "variable"])
    assert support.loc[(1, "score"), "below"] == pytest.approx(0.5414286, abs=1e-6)
    assert support.loc[(1, "score"), "lowest"] == pytest.approx(0.1338603, abs=1e-6)
    assert support.loc[(0, "score"), "outside"] == pytest.approx(0.0428571, abs=1e-6)
    aml = float((frame["disease"] == "AML").mean())
    assert support.loc[(1, "disease"), "outside"] == pytest.approx(aml)
    told = support_sentences(found)
    assert len(told) == 2
    assert told[0] == (
        "54% of the 700 patients averaged over are below any patient of 1 (n = 81) in score "
        "(lowest 0.134): for them its curve rests on the model alone."
    )
    assert f"{aml:.0%} of the 700" in told[1]


def test_adjusted_curves_need_a_covariate_with_levels(confounded):
    frame = confounded.assign(age=np.arange(3000.0))
    model = cox(frame, "time", "event", ["treated", "age"])
    with pytest.raises(ValueError, match="not among the covariates"):
        adjusted_survival(model, frame, "old")
    with pytest.raises(ValueError, match="say for which values"):
        adjusted_survival(model, frame, "age")
    with pytest.raises(ValueError, match="another table"):
        adjusted_survival(model, frame.head(5), "treated")
    curves = adjusted_survival(model, frame, "age", levels=[100, 2000])
    assert curves.table["group"].unique().tolist() == [100, 2000]


def test_subgroup_forest_finds_the_planted_interaction():
    rng = np.random.default_rng(55)
    n = 2000
    frame = pd.DataFrame(
        {
            "drug": rng.integers(0, 2, n),
            "mutated": rng.random(n) < 0.4,
            "sex": rng.choice(["F", "M"], n),
            "age": rng.normal(60, 10, n),
        }
    )
    effect = np.where(frame["mutated"], np.log(0.4), 0.0) * frame["drug"]
    time = rng.exponential(5 / np.exp(effect + 0.02 * (frame["age"] - 60)))
    end = rng.uniform(2, 15, n)
    frame["t"], frame["e"] = np.minimum(time, end), time <= end
    forest = subgroup_effects(frame, "t", "e", "drug", ["mutated", "sex", "age"], adjust=["age"])
    rows = forest.set_index(["variable", "level"])
    assert rows.loc[("mutated", "True"), "hr"] == pytest.approx(0.4, abs=0.1)
    assert rows.loc[("mutated", "False"), "hr"] == pytest.approx(1.0, abs=0.15)
    assert rows.loc[("mutated", "True"), "interaction_p"] < 1e-6
    assert rows.loc[("sex", "F"), "interaction_p"] > 0.01
    assert [level.split()[0] for level in rows.loc["age"].index] == ["up", "above"]
    for name in ("mutated", "sex", "age"):
        assert rows.loc[name, "n"].sum() == rows.loc[("All", "All"), "n"] == n
        assert rows.loc[name, "events"].sum() == rows.loc[("All", "All"), "events"]
    assert (forest["note"] == "").all()


def test_a_subgroup_forest_keeps_the_adjustment_within_halves_of_a_number(apart):
    """R's coxph within the upper half: 1.68 with the score, 3.15 without; nobody in the lower."""
    forest = subgroup_effects(apart, "time", "event", "mutated", ["score"], adjust=["score"])
    _, low, high = forest.to_dict("records")
    assert [high["hr"], high["lower"], high["upper"]] == pytest.approx(
        [1.68269415, 1.20368441, 2.35232723], rel=1e-7
    )
    assert (low["n"], low["n_exposed"], high["n_exposed"]) == (350, 0, 81)
    assert np.isnan(low["hr"])
    assert (
        "None of the 350 patients have mutated, and 10 are needed, so no estimate." in low["note"]
    )
    assert "interaction cannot be tested" in low["note"]
    plain = subgroup_effects(apart, "time", "event", "mutated", ["score"])
    assert plain["hr"].iloc[2] == pytest.approx(3.15379754, rel=1e-7)
    frame = apart.assign(odd=[(i * 37) % 101 for i in range(1, 701)])
    forest = subgroup_effects(frame, "time", "event", "mutated", ["odd"], adjust=["score", "odd"])
    assert forest["interaction_p"].iloc[1] == pytest.approx(0.619863863, rel=1e-6)
    assert forest["hr"].iloc[2] == pytest.approx(1.91325936, rel=1e-7)


def test_a_covariate_that_does_not_vary_in_a_row_is_left_out_of_that_row(apart):
    frame = apart.assign(sex=["F", "M"] * 350, pregnant=[0, 0, 1, 0] * 175)
    forest = subgroup_effects(
        frame, "time", "event", "mutated", ["sex"], adjust=["pregnant", "sex"]
    ).set_index("level")
    men = cox(frame[frame["sex"] == "M"], "time", "event", ["mutated"]).summary["hr"][0]
    assert forest.loc["M", "hr"] == pytest.approx(men)
    assert "Not adjusted for pregnant" in forest.loc["M", "note"]
    assert "pregnant" not in forest.loc["F", "note"]


@pytest.mark.parametrize("exposed", [9, 10])
def test_subgroups_need_ten_patients_on_either_side(exposed):
    rng = np.random.default_rng(64)
    drug = (np.arange(200) < exposed).astype(int)
    frame = pd.DataFrame({"drug": drug, "t": rng.exponential(5, 200), "e": 1, "sex": ["F"] * 200})
    frame = pd.concat([frame, frame.assign(drug=rng.integers(0, 2, 200), sex="M")])
    frame = frame.reset_index(drop=True)
    for turned in (frame, frame.assign(drug=1 - frame["drug"])):
        row = subgroup_effects(turned, "t", "e", "drug", ["sex"]).iloc[1]
        assert np.isfinite(row["hr"]) == (exposed == 10)
        assert row["n_exposed"] in (exposed, 200 - exposed)


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        # Most have the highest value, the lowest, or there are two values only.
        ([7.0] * 45 + [2.0, 3.0, 4.0] * 7, [21, 45]),
        ([0.0] * 45 + [2.0, 3.0, 4.0] * 7, [45, 21]),
        ([1.0, 2.0, 2.0] * 22 + [3.0], [66, 1]),
    ],
)
def test_a_split_at_the_median_leaves_no_side_empty(values, sizes):
    rng = np.random.default_rng(65)
    n = len(values)
    frame = pd.DataFrame({"x": np.tile([0, 1], n)[:n], "t": rng.exponential(5, n), "e": 1})
    rows = subgroup_effects(frame.assign(score=values), "t", "e", "x", ["score"]).iloc[1:]
    assert rows["n"].tolist() == sizes


def test_interaction_p_is_the_likelihood_ratio_test(confounded):
    forest = subgroup_effects(confounded, "time", "event", "treated", ["old"])
    plain = cox(confounded, "time", "event", ["treated", "old"])
    crossed = cox(
        confounded, "time", "event", ["treated", "old"], interactions=[("treated", "old")]
    )
    expected = chdtrc(1, 2 * (crossed.log_likelihood - plain.log_likelihood))
    assert forest["interaction_p"][1] == pytest.approx(expected, rel=1e-9)


def test_subgroups_too_small_have_a_note_and_no_estimate(confounded):
    centre = np.where(np.arange(3000) < 6, "tiny", "large")
    forest = subgroup_effects(
        confounded.assign(centre=centre), "time", "event", "treated", ["centre"]
    ).set_index("level")
    assert "Fewer than 10" in forest.loc["tiny", "note"]
    assert np.isnan(forest.loc["tiny", "hr"])
    assert forest.loc["tiny", "n"] == 6
    assert np.isfinite(forest.loc["large", "hr"])


def test_cutpoint_finds_a_planted_threshold():
    rng = np.random.default_rng(56)
    x = rng.uniform(0, 10, 600)
    time, event = exponential(rng, 600, np.where(x > 6.5, 1.0, 3.0))
    result = optimal_cutpoint(time, event, x)
    assert result.cut == pytest.approx(6.5, abs=0.4)
    assert result.statistic > 0
    assert result.p_value < 1e-6
    assert 1.8 < result.cross_validated_hr <= 1.05 * result.hr
    assert np.ptp(result.fold_cuts) < 1.5
    best = result.profile.loc[result.profile["statistic"].abs().idxmax()]
    assert best["cut"] == result.cut
    low = (x <= result.cut).mean()
    assert 0.1 <= low <= 0.9
    reversed_ = optimal_cutpoint(time, event, -x)
    assert reversed_.statistic == pytest.approx(-result.statistic, rel=1e-6)


@pytest.mark.parametrize("values", ["continuous", "few"])
def test_cutpoint_p_values_are_corrected_for_the_search(values):
    rng = np.random.default_rng(57)
    corrected, naive, apparent, validated = [], [], [], []
    for seed in range(150):
        x = rng.normal(size=100) if values == "continuous" else rng.integers(0, 5, 100)
        result = optimal_cutpoint(*exponential(rng, 100, 3), x, seed=seed)
        corrected.append(result.p_value)
        naive.append(result.naive_p_value)
        apparent.append(abs(np.log(result.hr)))
        validated.append(np.log(result.cross_validated_hr) * np.sign(np.log(result.hr)))
    assert np.mean(np.array(corrected) < 0.05) < 0.09
    assert np.mean(np.array(corrected) < 0.5) > 0.3
    assert np.mean(np.array(naive) < 0.05) > (0.12 if values == "continuous" else 0.07)
    # What is found in noise does not survive cross-validation.
    assert np.nanmean(apparent) > 0.2
    assert abs(np.nanmean(validated)) < 0.6 * np.nanmean(apparent)


@pytest.mark.parametrize(
    ("time", "event", "values", "sentence"),
    [
        (np.arange(1, 10), np.ones(9), np.arange(9), "at least 20 patients"),
        (np.arange(1, 31), np.zeros(30), np.arange(30), "No event"),
        (np.arange(1, 31), np.ones(30), np.ones(30), "No cut leaves 10%"),
        (np.ones(30), np.ones(30), np.arange(30), "same log-rank score"),
        (np.arange(1, 31), np.ones(30), [np.nan] * 30, "without one"),
    ],
)
def test_cutpoints_that_cannot_be_searched_say_why(time, event, values, sentence):
    with pytest.raises(ValueError, match=sentence):
        optimal_cutpoint(time, event, values)
