"""Against R's survival (and cmprsk) on simulated cohorts with the oddities of real ones.

One call of R for the whole module, on the script beside this file. Where R prints something else
by convention, the test says which and what.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import (
    adjusted_survival,
    compare_landmarks,
    counting_process,
    cox,
    cox_time_varying,
    simon_makuch,
    subgroup_effects,
    survival_scan,
)
from app.analysis.regression._concordance import concordance_index
from app.analysis.survival import (
    conditional_survival,
    kaplan_meier,
    logrank_test,
    pairwise_logrank,
    trend_of,
)
from tests.r_program import run_r

SCRIPT = Path(__file__).with_name("against_r.R")
HORIZON = 20.0
TICKS = (0.5, 1, 3, 6.5, 12)
GIVEN = 2.5
GENES = [f"g{i}" for i in range(1, 6)]


def simulated(seed: int, sizes: dict[str, int], mean: float = 8.0) -> pd.DataFrame:
    """Patients in groups, with two causes, covariates, alterations and a later exposure."""
    rng = np.random.default_rng(seed)
    group = np.repeat(list(sizes), list(sizes.values()))
    n = len(group)
    frame = pd.DataFrame(
        {
            "id": np.arange(n),
            "group": group,
            "stratum": rng.integers(0, 3, n),
            "weight": rng.uniform(0.2, 4.0, n),
            "x": rng.normal(size=n),
            "y1": rng.normal(60, 10, n),
            "flag": rng.integers(0, 2, n),
            "stage": rng.choice(["I", "II", "III"], n),
        }
    )
    for gene in GENES:
        frame[gene] = (rng.random(n) < rng.uniform(0.15, 0.5)).astype(int)
    risk = 0.5 * frame["x"] + 0.4 * frame["flag"] + 0.3 * (frame["stage"] == "III")
    risk += 0.2 * np.unique(group, return_inverse=True)[1] % 3 + 0.3 * frame["g1"]
    first = rng.exponential(mean * np.exp(-risk))
    second = rng.exponential(2 * mean, n)
    end = rng.uniform(1, 3 * mean, n)
    frame["time"] = np.minimum(np.minimum(first, second), end)
    cause = np.where(first < second, 1, 2)
    frame["cause"] = np.where(frame["time"] == end, 0, cause)
    frame["entry"] = 0.0
    began = np.round(rng.exponential(mean / 2, n), 1)
    frame["exposed_at"] = np.where(rng.random(n) < 0.5, began, np.nan)
    return frame


def whole_months(frame: pd.DataFrame, *, upwards: bool = True) -> pd.DataFrame:
    months = np.ceil(frame["time"]) if upwards else np.floor(frame["time"])
    return frame.assign(time=months)


def delayed(seed: int) -> pd.DataFrame:
    frame = whole_months(simulated(seed, {"a": 90, "b": 90, "c": 70}))
    entry = np.floor(frame["time"] * np.random.default_rng(seed).uniform(0, 0.9, len(frame)))
    return frame.assign(entry=entry)


def silent(seed: int) -> pd.DataFrame:
    """One group in which nobody has an event, one patient alone, and follow-up of zero."""
    frame = whole_months(simulated(seed, {"a": 60, "b": 60, "c": 12, "d": 1}), upwards=False)
    return frame.assign(cause=frame["cause"].mask(frame["group"] == "c", 0))


def certain(seed: int) -> pd.DataFrame:
    frame = whole_months(simulated(seed, {"a": 40, "b": 41}))
    return frame.assign(cause=frame["cause"].replace(0, 1))


COHORTS = {
    "ties": whole_months(simulated(1, {"a": 110, "b": 110, "c": 80})),
    "untied": simulated(7, {"a": 120, "b": 100}),
    "days": simulated(2, {"a": 150, "b": 100}),
    "delayed": delayed(3),
    "silent": silent(4),
    "certain": certain(5),
    "forty": whole_months(simulated(6, {f"g{i:02}": 3 + i % 20 for i in range(40)})),
}
COHORTS["days"]["time"] = np.ceil(COHORTS["days"]["time"] * 30.4375) / 30.4375
for _frame in COHORTS.values():
    _frame["event"] = (_frame["cause"] > 0).astype(int)
CAUSES = [name for name in COHORTS if name != "delayed"]


class Answers:
    """R's answers by cohort and key."""

    def __init__(self, path: Path) -> None:
        table = pd.read_csv(path, keep_default_na=False)
        values = table["value"].replace("NA", "nan").astype(float)
        parts = values.groupby([table["cohort"], table["key"]], sort=False)
        self._answers = {key: part.to_numpy() for key, part in parts}

    def __call__(self, cohort: str, key: str) -> np.ndarray:
        return self._answers[cohort, key]

    def has(self, cohort: str, key: str) -> bool:
        return (cohort, key) in self._answers


@pytest.fixture(scope="module")
def r(tmp_path_factory) -> Answers:
    folder = tmp_path_factory.mktemp("r")
    for name, frame in COHORTS.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    run_r(SCRIPT, str(folder), folder=folder)
    return Answers(folder / "results.csv")


def same(ours, theirs, rel=1e-8, zero=1e-12):
    np.testing.assert_allclose(np.asarray(ours, dtype=float), theirs, rtol=rel, atol=zero)


def entry_of(frame):
    return frame["entry"] if (frame["entry"] > 0).any() else None


def same_quantiles(km, limits, theirs):
    """Quantiles and their limits.

    Where a curve is flat at exactly the level, R gives the middle of the flat part; ours is the
    first time at or below it, the definition in clinical use. Where a limit turns back, as the log
    band may, R reads it in the order of its values and so may find a later time.
    """
    ours = np.array([km.quantile(p) for p in (0.25, 0.5, 0.75)]).T
    for place, (curve, row) in enumerate(zip(limits, theirs.reshape(3, 3), strict=True)):
        for level, mine, wanted in zip((0.75, 0.5, 0.25), ours[place], row, strict=True):
            flat = np.abs(curve - level) < 1e-9
            below = curve < level - 1e-9
            if (np.diff(curve[~np.isnan(curve)]) > 1e-9).any():
                assert mine <= wanted or np.isnan(wanted)
                continue
            if flat.any():
                end = km.time[below][0] if below.any() else km.time[-1]
                assert wanted == pytest.approx((mine + end) / 2)
            else:
                np.testing.assert_allclose(mine, wanted, rtol=1e-12)


@pytest.mark.parametrize("name", COHORTS)
def test_kaplan_meier(r, name):
    flats = 0
    for group, own in COHORTS[name].groupby("group"):
        for conf_type in ("log-log", "log", "plain"):

            def answer(what, prefix=f"km/{group}/{conf_type}"):
                return r(name, f"{prefix}/{what}")

            km = kaplan_meier(own["time"], own["event"], entry_of(own), conf_type)
            same(km.lower, answer("lower"))
            same(km.upper, answer("upper"))
            same_quantiles(km, (km.survival, km.lower, km.upper), answer("quantile"))
            flats += bool((np.abs(km.survival - 0.5) < 1e-9).any())
            if r.has(name, f"km/{group}/{conf_type}/conditional"):
                further = np.array([0.5, 3, 9])
                further = further[GIVEN + further <= own["time"].max()]
                part = conditional_survival(km, GIVEN, further)
                values = part[["survival", "lower", "upper"]].to_numpy().T.ravel()
                theirs = answer("conditional")
                same(values, theirs)
            if conf_type != "log-log":
                continue
            for column in ("time", "n_risk", "n_event", "n_censored", "survival", "std_error"):
                same(km.table[column], answer(column))
            rmst = km.rmst(HORIZON)
            same([rmst, rmst.std_error], answer("rmst"))
            at = km.at([tick for tick in TICKS if tick <= own["time"].max()])
            same([*at["survival"], *at["std_error"]], answer("at"))
            weighted = kaplan_meier(own["time"], own["event"], entry_of(own), weights=own["weight"])
            # Standard errors of weighted curves are left out: R's are a jackknife's, ours Xie and
            # Liu's.
            same(weighted.survival, answer("weighted"))
            same(weighted.n_risk, answer("weighted_n_risk"))
            if entry_of(own) is None:
                same(at["n_risk"], answer("at_n_risk"))
            else:
                # Between two ends of follow-up R counts who is at risk at the next one.
                here = np.isin(at["time"], km.time)
                same(at["n_risk"][here], answer("at_n_risk")[here])


@pytest.mark.parametrize("name", COHORTS)
def test_log_rank_family(r, name):
    frame = COHORTS[name]
    columns = frame["time"], frame["event"], frame["group"], entry_of(frame)
    for layers, strata in (("plain", None), ("stratified", frame["stratum"])):
        if r.has(name, f"logrank/{layers}/entry"):
            same(logrank_test(*columns, strata).statistic, r(name, f"logrank/{layers}/entry"))
            continue
        for rho in (0, 0.5, 1):
            key = f"logrank/{layers}/{rho:g}"
            test = logrank_test(*columns, strata, weights=("fleming-harrington", float(rho), 0.0))
            same([test.statistic, test.df], r(name, key))
            same(test.table["observed"], r(name, f"{key}/observed"))
            same(test.table["expected"], r(name, f"{key}/expected"))
    same(trend_of(logrank_test(*columns)).statistic, r(name, "trend"))
    if r.has(name, "pairs/p"):
        for adjust, key in (("none", "p"), ("holm", "holm"), ("bh", "bh")):
            pairs = pairwise_logrank(*columns[:3], adjust)
            same(pairs["p_adjusted"], r(name, f"pairs/{key}"))


def same_model(model, r, name, key):
    summary = model.summary
    same(summary["coef"], r(name, f"cox/{key}/coef"), rel=1e-6)
    same(summary["se"], r(name, f"cox/{key}/se"), rel=1e-6)
    same(summary["p_value"], r(name, f"cox/{key}/p"), rel=1e-5)
    same([model.null_log_likelihood, model.log_likelihood], r(name, f"cox/{key}/loglik"))
    same(model.likelihood_ratio, r(name, f"cox/{key}/lr"), rel=1e-6)
    index = model.concordance
    same([index, index.std_error], r(name, f"cox/{key}/concordance"))
    same(model.ph_test["chi2"], r(name, f"cox/{key}/zph"), rel=1e-5)
    same(model.ph_test["df"], r(name, f"cox/{key}/zph_df"))
    same(model.ph_test["p_value"], r(name, f"cox/{key}/zph_p"), rel=1e-5)


@pytest.mark.parametrize("name", COHORTS)
def test_cox_models(r, name):
    frame = COHORTS[name]
    entry = None if entry_of(frame) is None else "entry"
    covariates = ["x", "y1", "flag", "stage"]
    outcome = (frame, "time", "event")
    plain = cox(*outcome, covariates, entry)
    same_model(plain, r, name, "plain")
    same_model(cox(*outcome, covariates, entry, strata="stratum"), r, name, "strata")
    crossed = cox(*outcome, covariates, entry, interactions=[("x", "flag"), ("flag", "stage")])
    same_model(crossed, r, name, "interactions")
    forest = subgroup_effects(*outcome, "flag", ["stage"], entry=entry)
    same(forest["interaction_p"].dropna().unique(), r(name, "anova"), rel=1e-6)
    baseline = cox(*outcome, ["x", "y1"], entry).baseline
    same(baseline["time"], r(name, "baseline/time"))
    same(baseline["cumulative_hazard"], r(name, "baseline/hazard"), rel=1e-6)
    curves = adjusted_survival(plain, frame, "flag", times=[1, 3, 6]).table
    for level, own in curves.groupby("group"):
        same(own["survival"], r(name, f"adjusted/{level}"), rel=1e-6)


@pytest.mark.parametrize("name", COHORTS)
def test_screen(r, name):
    frame = COHORTS[name]
    for key, adjust in (("plain", None), ("adjusted", frame[["x", "stage"]])):
        screen = survival_scan(
            frame["time"], frame["event"], frame[GENES], adjust, entry=entry_of(frame)
        )
        for row in screen.itertuples():
            ours = [row.hr, row.lower, row.upper, row.p_value]
            same(ours, r(name, f"scan/{key}/{row.feature}"), rel=1e-6)
        assert len(screen) == len(GENES)


@pytest.mark.parametrize("name", COHORTS)
def test_concordance(r, name):
    frame = COHORTS[name]
    score = np.round(2 * frame["x"]) / 2
    for layers, strata in (("plain", None), ("stratified", frame["stratum"])):
        index = concordance_index(frame["time"], frame["event"], score, entry_of(frame), strata)
        same([index, index.std_error], r(name, f"concordance/{layers}"))


@pytest.mark.parametrize("name", COHORTS)
def test_events_during_follow_up(r, name):
    frame = COHORTS[name][COHORTS[name]["time"] > 0].drop(columns="entry")
    columns = frame["time"], frame["event"], frame["exposed_at"]
    rows = counting_process(frame, "time", "event", {"on": "exposed_at"})
    for ours in ("id", "start", "stop", "event", "on"):
        same(rows[ours], r(name, f"split/{ours}"))
    model = cox_time_varying(rows, "start", "stop", "event", ["on", "x", "stage"])
    same_model(model, r, name, "during")
    same(simon_makuch(*columns).test.statistic, r(name, "mantel_byar"))
    row = compare_landmarks(*columns, [GIVEN]).iloc[0]
    ours = row[["hr", "lower", "upper", "p_value"]].to_numpy(float)
    same(ours, r(name, "landmark"), rel=1e-6)


@pytest.mark.parametrize("name", COHORTS)
def test_cumulative_incidence(r, name):
    for group, own in COHORTS[name].groupby("group"):
        if not own["event"].any():
            continue
        found = cumulative_incidence(own["time"], own["cause"], entry_of(own))
        same(found.time, r(name, f"incidence/{group}/time"))
        for cause in found.causes:
            theirs = r(name, f"incidence/{group}/{cause}")
            same(found.curves[cause].incidence, theirs)


def test_fine_gray_by_weighting(r):
    """Without ties; with them R's finegray and its cmprsk, which is ours, censor in other order."""
    model = fine_gray(COHORTS["untied"], "time", "cause", ["x", "flag", "stage"])
    same(model.summary["coef"], r("untied", "finegray/coef"), rel=1e-6)


def test_gray_variance_that_is_none_is_said():
    frame = COHORTS["forty"]
    test = gray_test(frame["time"], frame["cause"], frame["group"], 1)
    assert np.isnan(test.p_value)
    assert "not a valid variance" in test.note


@pytest.mark.parametrize("name", CAUSES)
def test_cmprsk(r, name):
    if not r("R", "cmprsk")[0]:
        pytest.skip("R is here without its package cmprsk")
    frame = COHORTS[name]
    columns = frame["time"], frame["cause"], frame["group"]
    for layers, strata in (("plain", None), ("stratified", frame["stratum"])):
        for rho in (0, 1):
            theirs = r(name, f"gray/{layers}/{rho}").reshape(2, 2).T
            for cause, answer in enumerate(theirs, start=1):
                if name == "forty" and cause == 1:
                    # Tiny groups die out, R's pooled incidence passes 1 and it prints a negative
                    # chi-squared, -61.2 on 39 degrees of freedom.
                    continue
                test = gray_test(*columns, cause, strata, rho=float(rho))
                same([test.statistic, test.df], answer, rel=1e-6)
    for group, own in frame.groupby("group"):
        if not own["event"].any():
            continue
        at = cumulative_incidence(own["time"], own["cause"]).at([1, 3, 6])
        for cause, part in at.groupby("cause"):
            same(part["incidence"], r(name, f"cmprsk/{group}/{cause}/est"))
            same(part["std_error"] ** 2, r(name, f"cmprsk/{group}/{cause}/var"))
    model = fine_gray(frame, "time", "cause", ["x", "flag", "stage"])
    same(model.summary["coef"], r(name, "crr/coef"), rel=1e-5)
    same(model.summary["se"], r(name, "crr/se"), rel=1e-5)
