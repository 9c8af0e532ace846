"""Exposures during follow-up: against R on a published cohort, and immortal time simulated."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.regression import (
    compare_landmarks,
    counting_process,
    cox,
    cox_time_varying,
    landmark,
    simon_makuch,
)
from app.analysis.survival import kaplan_meier, logrank_test
from tests.analysis import published


@pytest.fixture(scope="module")
def mds(public_cohorts: Path) -> pd.DataFrame:
    return published.mds(public_cohorts).dropna(subset=["OS_YEARS", "OS_STATUS"])


@pytest.mark.shared
def test_time_dependent_cox_equals_r(mds, r_survival):
    oracle = r_survival["mds_iwg_2022"]["transplant"]["time_dependent_cox"]
    followed = mds.assign(transplant_at=mds["time_to_transplant_days"] / 365.25)
    rows = counting_process(followed, "OS_YEARS", "OS_STATUS", {"transplanted": "transplant_at"})
    complete = rows.dropna(subset=["AGE", "IPSSM_SCORE"])
    assert len(complete) == oracle["rows"]
    assert complete["transplanted"].sum() == oracle["transplanted"]
    model = cox_time_varying(rows, "start", "stop", "OS_STATUS", oracle["terms"], patient="patient")
    assert (model.n, model.events) == (oracle["n"], oracle["events"])
    for ours, theirs in (("coef", "coef"), ("se", "se"), ("lower", "lower"), ("upper", "upper")):
        np.testing.assert_allclose(model.summary[ours], oracle[theirs], rtol=1e-7)
    np.testing.assert_allclose(model.summary["p_value"], oracle["p"], rtol=1e-6)
    assert model.log_likelihood == pytest.approx(oracle["loglik"], rel=1e-10)
    assert model.concordance == pytest.approx(oracle["concordance"], rel=1e-9)
    np.testing.assert_allclose(model.ph_test["p_value"], oracle["zph_p"], rtol=1e-7)


@pytest.mark.shared
def test_landmark_equals_r(mds, r_survival):
    oracle = r_survival["mds_iwg_2022"]["transplant"]["landmark_6_months"]
    transplant = mds["time_to_transplant_days"] / 365.25
    part = landmark(mds["OS_YEARS"], mds["OS_STATUS"], transplant, 0.5)
    test = logrank_test(part.time, part.event, part.exposed)
    assert test.statistic == pytest.approx(oracle["logrank"]["chisq"], rel=1e-6)
    np.testing.assert_allclose(test.table["expected"], oracle["logrank"]["expected"], rtol=1e-6)
    for label, curve in oracle["km"].items():
        own = part.exposed == (label == "1")
        km = kaplan_meier(part.time[own], part.event[own])
        assert (km.n, km.events) == (curve["n"], curve["events"])
        at = km.at(curve["at"])
        np.testing.assert_allclose(at["survival"], curve["surv"], rtol=1e-6)
        np.testing.assert_allclose(at["lower"], curve["lower"], rtol=1e-6)
        np.testing.assert_array_equal(at["n_risk"], curve["n_risk"])
        assert km.rmst(4) == pytest.approx(curve["rmst"], rel=1e-6)
    left_out = part.n_events_before + part.n_censored_before
    assert left_out + len(part.time) == len(mds)


@pytest.mark.shared
def test_known_answers_about_immortal_time(mds, known_answers):
    known = next(answer["value"] for answer in known_answers if answer["id"] == "KA038")
    followed = mds[mds["OS_YEARS"] > 0].assign(at=lambda f: f["time_to_transplant_days"] / 365)
    naive = cox(followed, "OS_YEARS", "OS_STATUS", ["transplant"])
    assert naive.n == known["n_naive"]
    # Dates that are unknown or after the end of follow-up are left out; one before diagnosis is
    # not taken for a transplant.
    unknown = (followed["transplant"] == 1) & followed["at"].isna()
    usable = followed[~unknown & ~(followed["at"] >= followed["OS_YEARS"] - 1e-9)]
    assert len(usable) == known["n_td"]
    usable = usable.assign(at=usable["at"].mask(usable["at"] < 0))
    rows = counting_process(usable, "OS_YEARS", "OS_STATUS", {"transplanted": "at"})
    models = {
        "naive_ever_transplanted": naive,
        "naive_same_rows_as_td": cox(usable, "OS_YEARS", "OS_STATUS", ["transplant"]),
        "time_dependent": cox_time_varying(rows, "start", "stop", "OS_STATUS", ["transplanted"]),
        "time_dependent_adj_age_IPSSM": cox_time_varying(
            rows, "start", "stop", "OS_STATUS", ["transplanted", "AGE", "IPSSM_SCORE"]
        ),
    }
    for name, model in models.items():
        found = model.summary.iloc[0][["hr", "lower", "upper"]].tolist()
        assert found == pytest.approx([known[name][x] for x in ("HR", "lcl", "ucl")], abs=5.1e-5)


def immortal(rng, n=1500, effect=1.0):
    """Transplants at random times; the hazard of death is multiplied by ``effect`` after one."""
    death = rng.exponential(3.0, n)
    offered = rng.exponential(2.0, n)
    after = offered + (death - offered) / effect
    time = np.where(offered < death, after, death)
    end = rng.uniform(2, 10, n)
    exposure = np.where(offered < np.minimum(time, end), offered, np.nan)
    return np.minimum(time, end), time <= end, exposure


@pytest.mark.parametrize("effect", [1.0, 0.5])
def test_immortal_time_biases_the_naive_analysis_but_not_the_right_ones(effect):
    rng = np.random.default_rng(41)
    found = {"naive": [], "landmark": [], "time-dependent": []}
    for _ in range(30):
        time, event, exposure = immortal(rng, effect=effect)
        frame = pd.DataFrame({"t": time, "e": event, "x": exposure, "ever": ~np.isnan(exposure)})
        found["naive"].append(cox(frame, "t", "e", ["ever"]).summary["coef"][0])
        rows = counting_process(frame, "t", "e", {"on": "x"})
        model = cox_time_varying(rows, "start", "stop", "e", ["on"])
        found["time-dependent"].append(model.summary["coef"][0])
        found["landmark"].append(np.log(compare_landmarks(time, event, exposure, [1.0])["hr"][0]))
    mean = {name: np.mean(values) for name, values in found.items()}
    assert mean["naive"] < np.log(effect) - 0.5
    assert mean["time-dependent"] == pytest.approx(np.log(effect), abs=0.04)
    if effect == 1:
        assert mean["landmark"] == pytest.approx(0, abs=0.06)
    else:
        # Later transplants in the unexposed arm dilute the effect; nothing exaggerates it.
        assert np.log(effect) < mean["landmark"] < -0.2


def test_mantel_byar_p_values_are_uniform_without_an_effect():
    rng = np.random.default_rng(42)
    p_values = [simon_makuch(*immortal(rng, n=200)).test.p_value for _ in range(200)]
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.1
    assert 0.4 < np.median(p_values) < 0.6


def test_simon_makuch_curves_are_the_same_when_exposure_does_nothing():
    rng = np.random.default_rng(43)
    result = simon_makuch(*immortal(rng, n=20_000), start=0.5)
    on, off = (curve.at([2, 4, 6])["survival"] for curve in (result.exposed, result.unexposed))
    np.testing.assert_allclose(on, off, atol=0.03)
    np.testing.assert_allclose(off, np.exp(-(np.array([2, 4, 6]) - 0.5) / 3), atol=0.03)
    assert result.note == ""


def test_a_curve_that_falls_to_zero_early_is_said():
    time, event, exposure = [2, 5, 6, 7], [1, 1, 0, 1], [1, 4, np.nan, np.nan]
    result = simon_makuch(time, event, exposure)
    assert "falls to zero at 2" in result.note
    assert result.n_switched == 2
    assert simon_makuch(time, event, exposure, start=3).note == ""


patients = st.lists(
    st.tuples(
        st.integers(0, 8).map(float),
        st.booleans(),
        st.one_of(st.none(), st.integers(-1, 9).map(float)),
        st.one_of(st.none(), st.integers(-1, 9).map(float)),
    ),
    min_size=1,
    max_size=30,
)


@given(patients)
def test_splitting_keeps_follow_up_events_and_exposures(rows):
    frame = pd.DataFrame(rows, columns=["t", "e", "x", "y"])
    frame[["x", "y"]] = frame[["x", "y"]].astype(float)
    frame.index = [f"id{i}" for i in range(len(frame))]
    split = counting_process(frame, "t", "e", {"on_x": "x", "on_y": "y"})
    followed = frame[frame["t"] > 0]
    assert split.attrs["n_without_follow_up"] == len(frame) - len(followed)
    assert (split["stop"] > split["start"]).all()
    length = (split["stop"] - split["start"]).groupby(split["patient"]).sum()
    pd.testing.assert_series_equal(
        length.sort_index(), followed["t"].sort_index(), check_names=False
    )
    events = split.groupby("patient")["e"].sum()
    assert (events.sort_index() == followed["e"].astype(int).sort_index()).all()
    for name, column in (("on_x", "x"), ("on_y", "y")):
        began = split[column].where(split[column] < split["t"], np.inf)
        assert ((split["start"] >= began) == (split[name] == 1)).all()
        assert (~((began > split["start"]) & (began < split["stop"]))).all()


@given(patients, st.integers(0, 6))
def test_landmark_accounts_for_everyone(rows, at):
    time, event, exposure, _ = np.array(rows, dtype=float).T
    if not (time > at).any():
        with pytest.raises(ValueError, match="beyond the landmark"):
            landmark(time, event, exposure, at)
        return
    part = landmark(time, event, exposure, at)
    assert len(part.time) + part.n_events_before + part.n_censored_before == len(time)
    assert (part.time > 0).all()
    assert part.event.sum() + part.n_events_before == event.sum()
    assert (part.exposed == (exposure[part.kept] <= at)).all()
    assert part.entry is None
    seen_from = np.where(time > 0, time / 2, -1.0)
    late = landmark(time, event, exposure, at, seen_from)
    np.testing.assert_array_equal(late.kept, part.kept)
    np.testing.assert_array_equal(late.entry, np.maximum(seen_from[part.kept] - at, 0))


def test_landmarks_side_by_side_say_where_there_is_no_answer():
    rng = np.random.default_rng(44)
    time, event, exposure = immortal(rng, n=300)
    table = compare_landmarks(time, event, exposure, [0, 1, 2, 50])
    assert table["n"].tolist()[:3] == [300, (time > 1).sum(), (time > 2).sum()]
    assert "same in all 300" in table["note"][0]
    assert table["note"][1] == table["note"][2] == ""
    assert "Nobody is followed beyond the landmark at 50" in table["note"][3]
    assert (table["n_exposed"][1:3] > 20).all()


@pytest.mark.parametrize(
    ("exposure", "sentence"),
    [
        ([np.nan] * 3, "Nobody was exposed"),
        ([0, 0, -1], "Everyone was exposed from the start"),
        ([5, 6, 7], "Nobody was exposed"),
        (["a", "b", "c"], "must be numbers"),
    ],
)
def test_exposures_that_cannot_be_compared_are_said(exposure, sentence):
    with pytest.raises(ValueError, match=sentence):
        simon_makuch([1, 2, 3], [1, 0, 1], exposure)


def test_names_that_clash_are_refused():
    frame = pd.DataFrame({"t": [1], "e": [1], "x": [0.5], "start": [0]})
    with pytest.raises(ValueError, match="already has a column 'start'"):
        counting_process(frame, "t", "e", {"on": "x"})
    with pytest.raises(ValueError, match="no column 'y'"):
        counting_process(frame, "t", "e", {"on": "y"})
