"""Discrimination, Brier score and nested models: against R, and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analysis.prediction import (
    brier_score,
    class_calibration,
    class_survival,
    compare_discrimination,
    nested_cox,
    time_dependent_auc,
)
from app.analysis.regression import concordance_index
from data_loaders import load_cohort
from tests.conftest import SHARED
from tests.r_program import run_r

SCRIPT = Path(__file__).with_name("prediction_against_r.R")
SHARED_TIMES, OWN_TIMES = [12.0, 36.0, 60.0], [4.0, 8.0, 16.0]


def simulated(seed: int, n: int = 300) -> pd.DataFrame:
    """Whole months, so that events, censorings and both are tied; scores with few values."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 4, n), rng.integers(0, 3, n)
    died = np.ceil(rng.exponential(12 * np.exp(-0.4 * x - 0.2 * y)))
    left = np.ceil(rng.exponential(15, n))
    return pd.DataFrame({"time": np.minimum(died, left), "event": (died <= left).astype(int),
                         "x": x, "y": y})  # fmt: skip


def real() -> pd.DataFrame:
    """IPSS-R and IPSS-M of the IWG cohort, in patients with both."""
    cohort = load_cohort(SHARED / "public-cohorts" / "mds_iwg_2022" / "df_clinical.tsv")
    table = cohort.patients
    order = {"Very-Low": 0, "Low": 1, "Int": 2, "Moderate-Low": 2, "Moderate-High": 3, "High": 4,
             "Very-High": 5}  # fmt: skip
    classes = {"x": table["IPSSR"].map(order), "y": table["IPSSM"].map(order)}
    frame = pd.DataFrame({"time": table["os_months"], "event": table["os_event"], **classes})
    return frame.dropna().astype({"x": int, "y": int, "event": int}).reset_index(drop=True)


@pytest.fixture(scope="module")
def cohorts() -> dict[str, pd.DataFrame]:
    made = {f"cohort_{seed}": simulated(seed) for seed in (1, 2)}
    return made | ({"cohort_real": real()} if SHARED.is_dir() else {})


@pytest.fixture(scope="module")
def r(cohorts: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("prediction")
    for name, frame in cohorts.items():
        chance = class_survival(frame["time"], frame["event"], frame["y"].to_numpy(), times(name))
        named = {f"p{i + 1}": chance[:, i] for i in range(3)}
        frame.assign(**named).to_csv(folder / f"{name}.csv", index=False)
    run_r(SCRIPT, str(folder), folder=folder)
    return pd.read_csv(folder / "results.csv")


def times(name: str) -> list[float]:
    return SHARED_TIMES if name == "cohort_real" else OWN_TIMES


def said(r: pd.DataFrame, name: str, key: str) -> list[float]:
    return r.loc[(r["cohort"] == name) & (r["key"] == key), "value"].tolist()


NAMES = ["cohort_1", "cohort_2", pytest.param("cohort_real", marks=pytest.mark.shared)]


@pytest.mark.parametrize("name", NAMES)
def test_equals_r(r: pd.DataFrame, cohorts: dict[str, pd.DataFrame], name: str):
    frame = cohorts[name]
    time, event = frame["time"], frame["event"]
    found = compare_discrimination(
        time, event, {"x": frame["x"], "y": frame["y"]}, times(name), seed=1
    )
    table = found.concordance
    for measure, key in (("harrell", "n"), ("uno", "n/G2")):
        ours = [*table[measure], *table[f"{measure}_se"]]
        assert ours == pytest.approx(said(r, name, key), rel=1e-9)
        cut = [
            concordance_index(time, event, frame[s], uno=measure == "uno", until=times(name)[1])
            for s in ("x", "y")
        ]
        ours = [*map(float, cut), *(c.std_error for c in cut)]
        assert ours == pytest.approx(said(r, name, f"{key} until"), rel=1e-9)
        # The bootstrap of the difference against R's infinitesimal jackknife, which takes the
        # weights of censoring as known: estimating them makes Uno's difference surer.
        row = found.difference.set_index("measure").loc[measure]
        width = (row["upper"] - row["lower"]) / (2 * 1.96)
        error = said(r, name, f"{key} difference")[0]
        assert (0.8 if measure == "harrell" else 0.6) * error < width < 1.2 * error
        assert row["lower"] < row["difference"] < row["upper"]
    areas = found.auc.set_index(["score", "time"])["auc"]
    for i, moment in enumerate(times(name)):
        for score in ("x", "y"):
            assert areas[score, moment] == pytest.approx(said(r, name, f"auc {score} {i + 1}")[0])
    chance = class_survival(time, event, frame["y"].to_numpy(), times(name))
    ours = brier_score(time, event, chance, times(name)).table["brier"]
    assert list(ours) == pytest.approx([said(r, name, f"brier {i}")[0] for i in (1, 2, 3)])
    models = nested_cox(time, event, frame["x"].astype(str), frame["y"].astype(str), ("x", "y"))
    assert list(models["log_likelihood"]) == pytest.approx(said(r, name, "loglik"), rel=1e-9)
    assert list(models["aic"]) == pytest.approx(said(r, name, "aic"), rel=1e-9)
    assert list(models["p_value"][:2]) == pytest.approx(said(r, name, "p"), rel=1e-5)


@pytest.mark.shared
def test_ipss_m_tells_better_than_ipss_r_as_published(cohorts: dict[str, pd.DataFrame]):
    """Bernard 2022: concordance of IPSS-M above that of IPSS-R, for every endpoint."""
    frame = cohorts["cohort_real"]
    found = compare_discrimination(frame["time"], frame["event"],
                                   {"IPSS-R": frame["x"], "IPSS-M": frame["y"]})  # fmt: skip
    row = found.difference.set_index("measure").loc["harrell"]
    assert 0.02 < row["lower"] < row["difference"] < row["upper"] < 0.07


def test_the_same_seed_gives_the_same_intervals_and_equal_scores_differ_in_nothing():
    frame = simulated(3)
    scores = {"a": frame["x"], "b": frame["x"] * 10 + 3}
    one, two = (
        compare_discrimination(frame["time"], frame["event"], scores, [8.0], seed=7)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.auc, two.auc)
    assert (one.difference[["difference", "lower", "upper"]].to_numpy() == 0).all()
    assert one.auc["lower"].lt(one.auc["auc"]).all()


def test_entry_times_enter_harrell_s_index_and_its_difference():
    frame = simulated(4)
    time, event, n = frame["time"], frame["event"], len(frame)
    scores = {"x": frame["x"], "y": frame["y"]}
    none = compare_discrimination(time, event, scores, seed=2)
    zero = compare_discrimination(time, event, scores, entry=np.zeros(n), seed=2)
    pd.testing.assert_frame_equal(zero.difference, none.difference[:1])
    late = (frame["time"] * np.random.default_rng(1).uniform(0, 0.9, n)).to_numpy()
    found = compare_discrimination(time, event, scores, entry=late, seed=2)
    own = [concordance_index(time, event, score, late) for score in scores.values()]
    assert found.concordance["harrell"].tolist() == [float(c) for c in own]
    assert found.concordance["uno"].isna().all()
    row = found.difference.iloc[0]
    assert row["difference"] != none.difference["difference"].iloc[0]
    assert row["lower"] < row["difference"] < row["upper"]
    with pytest.raises(ValueError, match="not defined with entry times"):
        compare_discrimination(time, event, scores, [8.0], entry=late)


def test_without_censoring_everything_is_the_plain_figure():
    rng = np.random.default_rng(5)
    time, score = rng.permutation(np.arange(1.0, 41.0)), rng.normal(size=40)
    event = np.ones(40)
    assert float(concordance_index(time, event, score, uno=True)) == pytest.approx(
        float(concordance_index(time, event, score))
    )
    area = time_dependent_auc(time, event, score, [20.0]).iloc[0]
    case, control = score[time <= 20], score[time > 20]
    assert area["auc"] == pytest.approx((case[:, None] > control[None, :]).mean())
    assert (area["cases"], area["controls"]) == (20, 20)
    chance = np.full((40, 1), 0.3)
    plain = ((time > 20) - 0.3) ** 2
    assert brier_score(time, event, chance, [20.0]).integrated == pytest.approx(plain.mean())


def test_uno_is_refused_with_strata_and_impossible_predictions_are_refused():
    frame = simulated(4, 40)
    with pytest.raises(ValueError, match="not defined with entry times or strata"):
        concordance_index(frame["time"], frame["event"], frame["x"], strata=frame["y"], uno=True)
    with pytest.raises(ValueError, match="between 0 and 1"):
        brier_score(frame["time"], frame["event"], np.full((40, 1), 1.2), [5.0])
    with pytest.raises(ValueError, match="one row a patient"):
        brier_score(frame["time"], frame["event"], np.full((40, 2), 0.2), [5.0])


def test_calibration_puts_what_was_published_beside_what_is_observed():
    time = np.array([1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0])
    codes = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    table = class_calibration(time, np.ones(8), codes, ["high", "low", "none"],
                              {"high": (2.0, 0.5), "low": (50.0, 0.5)})  # fmt: skip
    assert list(table["class"]) == ["high", "low"]
    assert list(table["median"]) == [2.0, 20.0]
    assert table["observed"].iloc[0] == 0.5
    assert np.isnan(table["observed"].iloc[1])
