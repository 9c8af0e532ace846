"""The screen over alterations: against a loop of lifelines and of our own models, and its speed."""

import time as clock

import numpy as np
import pandas as pd
import pytest

from app.analysis.multiplicity import adjust_p_values
from app.analysis.regression import cox, survival_scan


def cohort(n=400, features=12, seed=31, ties=True):
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.03, 0.5, features)
    altered = pd.DataFrame(
        rng.random((n, features)) < frequency,
        columns=[f"gene{i}" for i in range(features)],
        index=[f"p{i}" for i in range(n)],
    ).astype("boolean")
    age = rng.normal(60, 10, n)
    risk = 0.9 * altered["gene0"].to_numpy(float) + 0.03 * (age - 60)
    time = rng.exponential(40 * np.exp(-risk)) + 0.1
    end = rng.uniform(5, 100, n)
    event = time <= end
    time = np.minimum(time, end)
    altered = altered.mask(rng.random((n, features)) < 0.1)
    covariates = pd.DataFrame({"age": age, "sex": rng.choice(["F", "M"], n)}, index=altered.index)
    return (np.ceil(time) if ties else time), event, altered, covariates


@pytest.mark.parametrize("adjusted", [False, True])
def test_agrees_with_a_loop_of_lifelines(adjusted):
    from lifelines import CoxPHFitter

    time, event, altered, covariates = cohort()
    scan = survival_scan(time, event, altered, covariates if adjusted else None)
    assert len(scan) > 8
    for row in scan.itertuples():
        frame = pd.DataFrame({"t": time, "e": event, "x": altered[row.feature].astype(float)})
        if adjusted:
            frame["age"] = covariates["age"].to_numpy()
            frame["male"] = (covariates["sex"] == "M").to_numpy(float)
        frame = frame.dropna()
        fit = CoxPHFitter().fit(frame, "t", "e", fit_options={"precision": 1e-11})
        theirs = fit.summary.loc["x"]
        ours = [row.hr, row.lower, row.upper, row.p_value]
        columns = ["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%", "p"]
        np.testing.assert_allclose(ours, theirs[columns], rtol=1e-4)  # lifelines stops early
        assert (row.n, row.altered) == (len(frame), frame["x"].sum())
        assert row.events == frame["e"].sum()
        assert row.events_altered == frame.loc[frame["x"] == 1, "e"].sum()


@pytest.mark.parametrize("options", [{}, {"entry": True}, {"strata": True}])
def test_agrees_with_our_own_models(options):
    time, event, altered, covariates = cohort()
    frame = altered.astype("Float64").assign(
        time=time, event=event, entry=time * 0.4, layer=covariates["sex"]
    )
    ours = {}
    if "entry" in options:
        ours["entry"] = frame["entry"].to_numpy()
    if "strata" in options:
        ours["strata"] = frame["layer"].to_numpy()
    scan = survival_scan(time, event, altered, **ours)
    names = {"entry": "entry", "strata": "layer"}
    for row in scan.itertuples():
        model = cox(
            frame.astype({row.feature: float}),
            "time",
            "event",
            [row.feature],
            **{name: names[name] for name in options},
        )
        expected = model.summary.iloc[0]
        np.testing.assert_allclose(row.hr, expected["hr"], rtol=1e-7)
        np.testing.assert_allclose(row.p_value, expected["p_value"], rtol=1e-6)


def test_false_discovery_rate_is_over_everything_tested():
    time, event, altered, _ = cohort(features=40)
    altered["rare"] = pd.array([True] * 3 + [False] * 397, dtype="boolean")
    altered["everyone"] = True
    altered["untested"] = pd.array([pd.NA] * 400, dtype="boolean")
    scan = survival_scan(time, event, altered)
    np.testing.assert_allclose(scan["q_value"], adjust_p_values(scan["p_value"], "bh"))
    assert scan["feature"][0] == "gene0"
    assert scan["p_value"].is_monotonic_increasing
    assert scan.attrs["n_features"] == 43
    assert scan.attrs["n_tested"] == len(scan)
    reasons = scan.attrs["not_tested"]
    assert reasons["rare"] == "altered in 3 of 400 tested, fewer than 10"
    assert reasons["everyone"].startswith("altered in all 400")
    assert reasons["untested"].startswith("altered in 0 of 0")
    assert len(scan) + len(reasons) == 43


def test_alteration_without_any_event_has_a_finite_estimate_and_a_note():
    time, event, altered, covariates = cohort()
    altered = altered.fillna(value=False)
    altered["safe"] = pd.array((np.arange(400) < 30) & (time > 3), dtype="boolean")
    event = event & ~altered["safe"].to_numpy(bool)
    for adjust in (None, covariates):
        row = survival_scan(time, event, altered, adjust).set_index("feature").loc["safe"]
        assert row["note"].startswith("Firth's correction")
        assert 0 < row["hr"] < 0.5
        assert 0 <= row["lower"] < row["hr"] < row["upper"]
        assert row["p_value"] < 0.05
    frame = altered.astype(float).assign(time=time, event=event)
    whole = cox(frame, "time", "event", ["safe"]).summary.iloc[0]
    alone = survival_scan(time, event, altered).set_index("feature").loc["safe"]
    np.testing.assert_allclose(
        alone[["hr", "lower", "upper", "p_value"]].to_numpy(float),
        whole[["hr", "lower", "upper", "p_value"]].to_numpy(float),
        rtol=1e-5,
    )


def test_alteration_carried_by_every_death_has_a_finite_estimate_too():
    altered = pd.DataFrame({"g": [1] * 15 + [0] * 15})
    row = survival_scan(np.arange(1.0, 31), [1] * 15 + [0] * 15, altered).iloc[0]
    assert row["note"].startswith("Firth's correction")
    assert np.isfinite(row["hr"])
    assert row["lower"] > 1


def test_patients_without_outcome_or_covariate_are_left_out_and_counted():
    time, event, altered, covariates = cohort()
    time = time.copy()
    time[:5] = np.nan
    covariates.iloc[3:9, 0] = np.nan
    scan = survival_scan(time, event, altered, covariates)
    assert scan.attrs["n_patients"] == 391
    assert scan.attrs["n_left_out"] == 9
    assert scan["n"].max() <= 391


def test_the_planted_gene_and_only_it_is_found():
    found = 0
    for seed in range(10):
        time, event, altered, covariates = cohort(n=600, features=30, seed=seed)
        scan = survival_scan(time, event, altered, covariates)
        hits = scan.loc[scan["q_value"] < 0.05, "feature"].tolist()
        if "gene0" in scan["feature"].tolist():
            assert hits[:1] == ["gene0"]
        found += len(hits) - ("gene0" in hits)
    assert found <= 3


def test_one_hundred_features_of_three_thousand_patients_take_about_a_second():
    time, event, altered, covariates = cohort(n=3000, features=100)
    survival_scan(time, event, altered.iloc[:, :2])
    for adjust in (None, covariates):
        begin = clock.perf_counter()
        survival_scan(time, event, altered, adjust)
        assert clock.perf_counter() - begin < 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event": np.zeros(400)}, "No event"),
        ({"time": np.ones(399)}, "399 values where 400"),
        ({"time": np.full(400, np.nan)}, "no patient with a known outcome"),
        ({"altered": lambda a: a.astype("Float64") * 2}, "only 0 .*, 1"),
        ({"adjust": lambda a: pd.DataFrame({"x": 1.0}, index=a.index)}, "'x' is the same"),
        ({"event": lambda a: pd.Series(1, index=a.index[::-1])}, "must be of the same patients"),
        ({"adjust": lambda _: pd.DataFrame({"x": np.arange(400)})}, "same patients"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(change, sentence):
    time, event, altered, _ = cohort()
    values = {name: what(altered) if callable(what) else what for name, what in change.items()}
    arguments = {"time": time, "event": event, "altered": altered, "adjust": None} | values
    with pytest.raises(ValueError, match=sentence):
        survival_scan(*arguments.values())
