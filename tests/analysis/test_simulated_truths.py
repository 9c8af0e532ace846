"""Planted truths over many replicates: estimates without bias, intervals that cover as they say.

Seeds are fixed, and replicates many enough that chance moves a share of 95 % by less than a point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.analysis.competing_risks import cumulative_incidence, fine_gray, gray_test
from app.analysis.regression import counting_process, cox, cox_time_varying, landmark, survival_scan
from app.analysis.survival import kaplan_meier, logrank_test, rmst_differences, survival_differences

LOG2 = float(np.log(2))


def covers(lower: Any, upper: Any, truth: float) -> bool:
    return bool(lower <= truth <= upper)


def replicate(n: int, seed: int, once: Callable[[np.random.Generator], Any]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([once(rng) for _ in range(n)], dtype=float)


def share(hits: np.ndarray, low: float = 0.93, high: float = 0.97) -> None:
    assert low <= hits.mean() <= high, hits.mean()


def unbiased(estimates: np.ndarray, truth: float, slack: float = 0.0) -> None:
    """Within four standard errors of the mean of the replicates, and a small-sample slack."""
    error = estimates.std() / np.sqrt(len(estimates))
    assert abs(estimates.mean() - truth) < 4 * error + slack, (estimates.mean(), error)


def censored(rng: np.random.Generator, time: np.ndarray, latest: float) -> tuple[Any, Any]:
    end = rng.uniform(0.2 * latest, latest, len(time))
    return np.minimum(time, end), time <= end


@pytest.mark.parametrize("conf_type", ["log-log", "log"])
def test_kaplan_meier_intervals_cover(conf_type):
    def once(rng):
        time, event = censored(rng, rng.weibull(1.3, 150) * 4, 9)
        row = kaplan_meier(time, event, conf_type=conf_type).at(3.0).iloc[0]
        truth = np.exp(-((3 / 4) ** 1.3))
        return row["survival"] - truth, covers(row["lower"], row["upper"], truth)

    bias, covered = replicate(1200, 1, once).T
    unbiased(bias, 0)
    share(covered)


def test_medians_and_their_intervals_cover():
    def once(rng):
        time, event = censored(rng, rng.exponential(4, 150), 12)
        return covers(*kaplan_meier(time, event).median_ci, 4 * LOG2)

    share(replicate(2000, 2, once))


def test_differences_of_survival_and_restricted_means_cover():
    """Two arms with hazards 1/5 and 1/3, to 4."""
    at = np.exp(-3 / 3) - np.exp(-3 / 5)
    mean = 3 * (1 - np.exp(-4 / 3)) - 5 * (1 - np.exp(-4 / 5))

    def once(rng):
        curves = {
            name: kaplan_meier(*censored(rng, rng.exponential(scale, 120), 9))
            for name, scale in (("a", 5), ("b", 3))
        }
        gap = survival_differences(curves, 3.0).iloc[0]
        area = rmst_differences(curves, 4.0).iloc[0]
        return (
            covers(gap["lower"], gap["upper"], at),
            area["difference"],
            covers(area["lower"], area["upper"], mean),
        )

    survival, estimate, covered = replicate(700, 3, once).T
    share(survival)
    unbiased(estimate, mean)
    share(covered)


def test_planted_hazard_ratios_are_recovered_within_strata():
    """Two covariates, centres with other baseline hazards, ties by the month."""

    def once(rng):
        n = 250
        x, z = rng.integers(0, 2, n), rng.normal(size=n)
        centre = rng.integers(0, 2, n)
        scale = np.where(centre == 1, 60, 20) * np.exp(-(0.7 * x - 0.5 * z))
        time, event = censored(rng, rng.exponential(scale), 120)
        frame = pd.DataFrame({"t": np.ceil(time), "e": event, "x": x, "z": z, "c": centre})
        summary = cox(frame, "t", "e", ["x", "z"], strata="c").summary
        inside = (summary["lower"] < np.exp([0.7, -0.5])) & (summary["upper"] > np.exp([0.7, -0.5]))
        return [*summary["coef"], *inside]

    found = replicate(600, 4, once)
    unbiased(found[:, 0], 0.7, slack=0.01)
    unbiased(found[:, 1], -0.5, slack=0.01)
    share(found[:, 2])
    share(found[:, 3])


def test_a_screen_finds_the_planted_hazard_ratio_and_noise_is_uniform():
    def once(rng):
        genes = pd.DataFrame(rng.random((300, 11)) < 0.3, columns=[f"g{i}" for i in range(11)])
        time, event = censored(rng, rng.exponential(5 * np.exp(-0.8 * genes["g0"])), 12)
        rows = survival_scan(time, event, genes).set_index("feature").sort_index()
        return [np.log(rows.loc["g0", "hr"]), *rows["p_value"].drop("g0")]

    found = replicate(80, 5, once)
    unbiased(found[:, 0], 0.8, slack=0.01)
    share(found[:, 1:] < 0.05, 0.03, 0.07)
    share(found[:, 1:] < 0.5, 0.45, 0.55)


def competing(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Constant cause-specific hazards 0.2 and 0.3, half of the patients censored."""
    time = rng.exponential(2, n)
    first = rng.random(n) < 0.4
    seen, event = censored(rng, time, 4)
    return seen, np.where(event, np.where(first, 1, 2), 0)


def test_cumulative_incidence_is_unbiased_and_one_minus_kaplan_meier_is_not():
    truth = 0.4 * (1 - np.exp(-0.5 * 2.5))

    def once(rng):
        time, cause = competing(rng, 150)
        row = cumulative_incidence(time, cause).at(2.5).iloc[0]
        wrong = 1 - kaplan_meier(time, cause == 1).at(2.5)["survival"][0]
        return row["incidence"], covers(row["lower"], row["upper"], truth), wrong

    incidence, covered, wrong = replicate(1200, 16, once).T
    unbiased(incidence, truth)
    share(covered)
    assert wrong.mean() > truth + 0.08


def subdistribution(rng: np.random.Generator, n: int, beta: float) -> pd.DataFrame:
    """Make Fine & Gray's (1999) cohort: cause 1 by 1 - (1 - 0.5 (1 - e^-t))^exp(beta x)."""
    x = rng.integers(0, 2, n).astype(float)
    ever = 1 - 0.5 ** np.exp(beta * x)
    first = rng.random(n) < ever
    share_ = 1 - (1 - rng.random(n) * ever) ** np.exp(-beta * x)
    time = np.where(first, -np.log1p(-np.minimum(2 * share_, 1 - 1e-12)), rng.exponential(0.7, n))
    end = rng.uniform(0.5, 4, n)
    cause = np.where(time > end, 0, np.where(first, 1, 2))
    return pd.DataFrame({"t": np.minimum(time, end), "c": cause, "x": x})


def test_fine_gray_recovers_the_subdistribution_and_cox_another_quantity():
    def once(rng):
        frame = subdistribution(rng, 300, 0.6)
        row = fine_gray(frame, "t", "c", ["x"]).summary.iloc[0]
        specific = cox(frame.assign(e=frame["c"] == 1), "t", "e", ["x"]).summary["coef"][0]
        return row["coef"], covers(row["lower"], row["upper"], np.exp(0.6)), specific

    coef, covered, specific = replicate(300, 7, once).T
    unbiased(coef, 0.6, slack=0.01)
    share(covered, 0.92, 0.98)
    assert specific.mean() < 0.5


def test_gray_rejects_where_incidences_differ_though_cause_specific_hazards_do_not():
    """Twice the competing hazard, the same hazard of the cause: the incidence differs."""

    def once(rng):
        group = rng.integers(0, 2, 400)
        first = rng.exponential(3, 400)
        second = rng.exponential(np.where(group == 1, 0.5, 3))
        end = rng.uniform(1, 4, 400)
        time = np.minimum(np.minimum(first, second), end)
        cause = np.where(time == end, 0, np.where(first < second, 1, 2))
        return (
            gray_test(time, cause, group).p_value < 0.05,
            logrank_test(time, cause == 1, group).p_value < 0.05,
        )

    gray, specific = replicate(150, 8, once).mean(axis=0)
    assert gray > 0.9
    assert specific < 0.12


def entering_late(rng: np.random.Generator, n: int, late: float | np.ndarray) -> pd.DataFrame:
    """Make patients with hazard 0.2 seen only if alive at entry, entry uniform up to ``late``."""
    x = rng.integers(0, 2, n)
    until = np.where(x == 1, late, 0.5)
    time, entry = rng.exponential(5, n), rng.uniform(0, until)
    end = entry + rng.uniform(1, 8, n)
    frame = pd.DataFrame({"t": np.minimum(time, end), "e": time <= end, "s": entry, "x": x})
    return frame[time > entry]


def test_delayed_entry_counted_removes_the_bias_of_ignoring_it():
    """One group enters up to 6 years late; nothing distinguishes the hazards of the two."""

    def once(rng):
        frame = entering_late(rng, 300, 6.0)
        late = frame[frame["x"] == 1]
        naive = kaplan_meier(late["t"], late["e"]).at(4.0)["survival"][0]
        honest = kaplan_meier(late["t"], late["e"], late["s"]).at(4.0)["survival"][0]
        columns = frame["t"], frame["e"], frame["x"]
        row = cox(frame, "t", "e", ["x"], "s").summary.iloc[0]
        return (
            naive,
            honest,
            cox(frame, "t", "e", ["x"]).summary["coef"][0],
            row["coef"],
            covers(row["lower"], row["upper"], 1.0),
            logrank_test(*columns).p_value < 0.05,
            logrank_test(*columns, frame["s"]).p_value < 0.05,
        )

    naive, honest, naive_coef, coef, covered, rejected, honest_rejected = replicate(400, 9, once).T
    truth = np.exp(-0.2 * 4)
    assert naive.mean() > truth + 0.1
    unbiased(honest, truth, slack=0.005)
    assert naive_coef.mean() < -0.3
    unbiased(coef, 0, slack=0.01)
    share(covered)
    assert rejected.mean() > 0.5
    share(honest_rejected, 0.03, 0.07)


def transplanted(rng: np.random.Generator, n: int, effect: float) -> pd.DataFrame:
    """Transplants at random times; the hazard of death is multiplied by ``effect`` after one."""
    death, offered = rng.exponential(3, n), rng.exponential(2, n)
    time = np.where(offered < death, offered + (death - offered) / effect, death)
    seen, event = censored(rng, time, 10)
    at = np.where(offered < seen, offered, np.nan)
    return pd.DataFrame({"t": seen, "e": event, "at": at, "ever": ~np.isnan(at)})


@pytest.mark.parametrize("effect", [1.0, 0.6])
def test_immortal_time_ruins_the_naive_interval_and_not_the_time_dependent_one(effect):
    def once(rng):
        frame = transplanted(rng, 400, effect)
        naive = cox(frame, "t", "e", ["ever"]).summary.iloc[0]
        rows = counting_process(frame, "t", "e", {"on": "at"})
        right = cox_time_varying(rows, "start", "stop", "e", ["on"]).summary.iloc[0]
        part = landmark(frame["t"], frame["e"], frame["at"], 1.0)
        late = pd.DataFrame({"t": part.time, "e": part.event, "on": part.exposed})
        mark = cox(late, "t", "e", ["on"]).summary.iloc[0]
        return [
            value
            for row in (naive, right, mark)
            for value in (row["coef"], covers(row["lower"], row["upper"], effect))
        ]

    naive, naive_in, right, right_in, mark, mark_in = replicate(150, 10, once).T
    assert naive.mean() < np.log(effect) - 0.4
    assert naive_in.mean() < 0.1
    unbiased(right, np.log(effect), slack=0.01)
    share(right_in, 0.91, 0.99)
    if effect == 1:
        unbiased(mark, 0, slack=0.01)
        share(mark_in, 0.91, 0.99)
    else:
        # Later transplants among the unexposed dilute the effect; nothing exaggerates it.
        assert np.log(effect) < mark.mean() < 0
