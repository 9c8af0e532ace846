"""The hazard ratio of two groups from event tables: R's, on ungrouped and on grouped times."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.competing_risks import group_cox, hazard_ratios_from_events
from app.cohort.tally import event_table
from tests.r_program import run_r

METHODS = ["efron", "breslow", "exact", "score"]
_R = """
suppressMessages({library(survival)})
d <- read.csv("rows.csv")
d$g <- factor(d$group, levels = c("a", "b"))
told <- function(layered) {
  out <- list()
  terms <- if (layered) Surv(time, event) ~ g + strata(site) else Surv(time, event) ~ g
  for (ties in c("efron", "breslow", "exact")) {
    fit <- coxph(terms, d, ties = ties, control = coxph.control(eps = 1e-12))
    out[[ties]] <- c(coef(fit), sqrt(vcov(fit)))
  }
  test <- survdiff(terms, d)
  seen <- if (layered) rowSums(test$obs) else test$obs
  expected <- if (layered) rowSums(test$exp) else test$exp
  v <- test$var[2, 2]
  out$score <- c((seen[2] - expected[2]) / v, 1 / sqrt(v))
  out
}
line <- function(held) paste0("{", paste(sprintf('"%s": [%.15g, %.15g]', names(held),
  sapply(held, `[`, 1), sapply(held, `[`, 2)), collapse = ", "), "}")
cat(line(told(FALSE)), line(told(TRUE)), sep = "\\n")
"""


def rows_of(seed: int, n: int, step: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b"], n, p=[0.7, 0.3])
    end = rng.exponential(np.where(group == "b", 14.0, 25.0))
    seen = rng.uniform(2, 50, n)
    time = np.minimum(end, seen)
    return pd.DataFrame(
        {
            "time": np.ceil(time / step) * step,
            "event": (end <= seen).astype(int),
            "group": group,
            "site": rng.choice(["north", "south", "west"], n),
        }
    )


def table_of(rows: pd.DataFrame, *, by_site: bool = False) -> pd.DataFrame:
    def counted(own: pd.DataFrame) -> pd.DataFrame:
        group = pd.Categorical(own["group"], ["a", "b"], ordered=True)
        return event_table(own["time"].to_numpy(), own["event"].to_numpy() == 1, groups=group)

    if not by_site:
        return counted(rows)
    parts = [counted(own).assign(site=site) for site, own in rows.groupby("site")]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("step", [1e-6, 1.0, 6.0], ids=["ungrouped", "by month", "half-years"])
def test_every_likelihood_is_that_of_r(tmp_path: Path, step: float):
    rows = rows_of(3, 400, step)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    told = [json.loads(line) for line in run_r(_R, folder=tmp_path).splitlines()]
    for by_site, expected in zip((False, True), told, strict=True):
        found = hazard_ratios_from_events(table_of(rows, by_site=by_site), "a")
        assert list(found["method"]) == METHODS
        for own in found.to_dict("records"):
            wanted = expected[own["method"]]
            assert [own["log_hr"], own["std_error"]] == pytest.approx(wanted, rel=1e-7), own


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(30, 80))
def test_without_ties_the_likelihoods_are_one(seed: int, n: int):
    rows = rows_of(seed, n, 1e-6)
    if rows.loc[rows["event"] == 1, "group"].nunique() < 2:
        return
    found = hazard_ratios_from_events(table_of(rows), "a").set_index("method")
    model = group_cox(rows["time"], rows["event"], pd.Categorical(rows["group"], ["a", "b"]))
    own = model.summary.iloc[0]
    for method in METHODS[:3]:
        assert found.loc[method, "log_hr"] == pytest.approx(own["coef"], rel=1e-9, abs=1e-9)
        assert found.loc[method, "std_error"] == pytest.approx(own["se"], rel=1e-9)
    turned = hazard_ratios_from_events(table_of(rows), "b")
    assert np.allclose(turned["log_hr"], -found["log_hr"], atol=1e-9)


def test_the_exact_likelihood_is_that_of_every_choice_of_who_had_the_events():
    rows = pd.DataFrame(
        {
            "time": [1, 1, 1, 2, 2, 2, 3, 3, 1, 2, 3, 3.0],
            "event": [1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1],
            "group": list("abababbaabba"),
        }
    )

    def log_likelihood(beta: float) -> float:
        value = 0.0
        for time in (1.0, 2.0, 3.0):
            risk = rows[rows["time"] >= time]
            died = risk[(risk["time"] == time) & (risk["event"] == 1)]
            weight = np.exp(beta * (risk["group"] == "b").to_numpy())
            ways = sum(np.prod(one) for one in combinations(weight, len(died)))
            value += beta * (died["group"] == "b").sum() - np.log(ways)
        return value

    found = hazard_ratios_from_events(table_of(rows), "a").set_index("method").loc["exact"]
    best, h = found["log_hr"], 1e-4
    around = [log_likelihood(best + move) for move in (-h, 0.0, h)]
    assert around[1] > max(around[0], around[2])
    curvature = -(around[0] - 2 * around[1] + around[2]) / h**2
    assert found["std_error"] == pytest.approx(curvature**-0.5, rel=1e-4)


def test_what_is_no_ratio_of_two_is_refused():
    rows = rows_of(1, 60, 1.0)
    three = event_table(
        rows["time"].to_numpy(), rows["event"].to_numpy() == 1,
        groups=pd.Categorical(np.resize(list("abc"), 60)),
    )  # fmt: skip
    with pytest.raises(ValueError, match="of two groups"):
        hazard_ratios_from_events(three)
    rows["event"] *= rows["group"] == "a"
    with pytest.raises(ValueError, match="no event"):
        hazard_ratios_from_events(table_of(rows), "a")
