"""Against R's survival: multi-state occupancy, and weights worked out in R by another road.

R's weights for "no transplant" come from follow-up split at every transplant, a Breslow Cox model
and its cumulative hazard row by row; the weighted curve from ``survfit`` with case weights.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.analysis.transplant import Strategy, paths_of, trial_data
from app.analysis.transplant._states.paths import aalen_johansen
from app.analysis.transplant._trial import Trial, kaplan_meier_of
from tests.r_program import run_r

AT = np.array([2.0, 6.0, 12.0, 24.0, 40.0])
SCRIPT = """
suppressPackageStartupMessages(library(survival))
args <- commandArgs(TRUE)
at <- c(2, 6, 12, 24, 40)
rows <- read.csv(args[1])
rows$state <- factor(rows$target, levels = c(-1, 1:5),
                     labels = c("censor", "1", "2", "3", "4", "5"))
rows$origin <- factor(rows$origin, levels = 0:5)
fit <- survfit(Surv(start, stop, state) ~ 1, data = rows, id = patient, istate = origin)
seen <- summary(fit, times = at)
cat(paste("state", fit$states, apply(seen$pstate, 2, paste, collapse = " ")), sep = "\\n")
cat("\\n")
d <- read.csv(args[2])
d$stop <- pmin(d$time, d$treated, na.rm = TRUE)
d$given <- as.integer(!is.na(d$treated) & d$stop == d$treated)
model <- coxph(Surv(stop, given) ~ x1 + x2, data = d, ties = "breslow")
cat("beta", coef(model), "\\n")
base <- basehaz(model, centered = FALSE)
d$death <- as.integer(d$event == 1 & d$given == 0)
d$id <- seq_len(nrow(d))
long <- survSplit(Surv(stop, death) ~ ., data = d, cut = unique(d$stop[d$given == 1]))
before <- findInterval(long$tstart, base$time)
cumulative <- c(0, base$hazard)[before + 1]
long$w <- exp(cumulative * exp(as.matrix(long[, c("x1", "x2")]) %*% coef(model)))
curve <- survfit(Surv(tstart, stop, death) ~ 1, data = long, weights = as.vector(long$w))
cat("never", summary(curve, times = at)$surv, "\\n")
"""


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    n = 300
    x = rng.normal(size=(n, 2))
    death = rng.exponential(30 * np.exp(-0.5 * x[:, 0]))
    wait = rng.exponential(25 * np.exp(-0.6 * x[:, 0] + 0.5 * x[:, 1]))
    aml = rng.exponential(60 * np.exp(-0.5 * x[:, 0]))
    end = rng.uniform(20, 70, n)
    time = np.minimum(death, end)
    return trial_data(
        time,
        death <= end,
        np.where(wait < time, wait, np.nan),
        # Three values only, so that numbers enter without a square.
        pd.DataFrame(np.clip(np.round(x), -1, 1), columns=["x1", "x2"]),
        onsets={"AML": np.where(aml < time, aml, np.nan)},
    )


@pytest.fixture(scope="module")
def r(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    paths = paths_of(data, "AML")
    columns = ("patient", "origin", "target", "start", "stop")
    rows = pd.DataFrame({name: getattr(paths, name) for name in columns})
    rows.assign(start=rows["start"].clip(lower=0.0)).sort_values(["patient", "start"]).to_csv(
        folder / "rows.csv", index=False
    )
    patients = pd.DataFrame({"time": data.time, "event": data.event.astype(int)})
    patients["treated"] = np.where(np.isfinite(data.treated), data.treated, np.nan)
    patients[["x1", "x2"]] = data.x
    patients.to_csv(folder / "patients.csv", index=False, na_rep="NA", float_format="%.17g")
    printed = run_r(SCRIPT, "rows.csv", "patients.csv", folder=folder)
    answers = {}
    for line in filter(None, map(str.strip, printed.splitlines())):
        words = line.split()
        if words[0] == "state":
            answers[f"state {words[1]}"] = np.array(words[2:], dtype=float)
        else:
            answers[words[0]] = np.array(words[1:], dtype=float)
    return answers


def test_occupancy_equals_multi_state_survfit(data, r):
    found = aalen_johansen(paths_of(data, "AML"), AT)
    for state in range(6):
        assert found[:, state] == pytest.approx(r[f"state {state}"], abs=1e-9)


def test_weighted_curve_equals_weighted_survfit(data, r):
    arms = (Strategy("within", 6.0), Strategy("never"))
    # Progression is left out here: R's model has the two baseline confounders.
    plain = trial_data(
        data.time, data.event, np.where(data.ever_treated, data.treated, np.nan), data.confounders
    )
    trial = Trial(plain, arms, 100.0, grace=6, spread="even", progression=None, adjust_losses=False)
    drawn = trial.model.draw(np.ones(plain.n))
    # Ours carries a very light ridge.
    assert drawn.treatment.beta == pytest.approx(r["beta"], abs=1e-3)
    sums = trial.sums(drawn, trial.caps(drawn, None), np.ones(plain.n))[1]
    curve = kaplan_meier_of(sums.deaths[0], sums.at_risk[0])
    found = curve[np.searchsorted(trial.deaths, AT, side="right") - 1]
    assert found == pytest.approx(r["never"], abs=5e-4)
