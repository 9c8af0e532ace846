"""Standardisation and the doubly robust answer against independent R code on one frozen data set.

R fits its own Cox models, computes its own weights and adds up patient by patient; nothing but the
patients, the window and the horizon is handed to it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.analysis.transplant import EmulationSettings, Strategy, emulate, same_terms, trial_data
from app.analysis.transplant import timed_cox as timed
from tests.r_program import run_r

HORIZON, WINDOW = 24.0, 6.0
ARMS = (Strategy("within", WINDOW), Strategy("never"))
SCRIPT = """
suppressPackageStartupMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1]); n <- nrow(d); H <- 24; W <- 6
d$id <- seq_len(n); given <- ifelse(is.na(d$treated), Inf, d$treated)
# g-formula: death with the transplant early and late after it.
long <- do.call(rbind, lapply(seq_len(n), function(i) {
  cut <- sort(unique(c(0, pmin(c(given[i], given[i] + 6), d$time[i]), d$time[i])))
  data.frame(id = i, start = head(cut, -1), stop = cut[-1], x1 = d$x1[i], x2 = d$x2[i],
             early = as.integer(head(cut, -1) >= given[i] & head(cut, -1) < given[i] + 6),
             late = as.integer(head(cut, -1) >= given[i] + 6),
             death = as.integer(d$event[i] == 1 & cut[-1] == d$time[i])) }))
m <- coxph(Surv(start, stop, death) ~ early + late + x1 + x2, long, ties = "breslow")
cat("cox", exp(coef(m)[1:2]), "\\n")
b <- basehaz(m, centered = FALSE); L <- function(t) c(0, b$hazard)[findInterval(t, b$time) + 1]
grid <- seq(0, H, length.out = 65); r <- exp(as.matrix(d[, c("x1", "x2")]) %*% coef(m)[3:4])
area <- function(s) sum((head(s, -1) + s[-1]) / 2 * diff(grid))
under <- function(t) sapply(r, function(ri) {
  h <- L(pmin(grid, t)) + exp(coef(m)[1]) * (L(pmax(pmin(grid, t + 6), t)) - L(t)) +
    exp(coef(m)[2]) * (L(pmax(grid, t + 6)) - L(t + 6))
  area(exp(-ri * h)) })
never <- sapply(r, function(ri) area(exp(-ri * L(grid))))
within <- rowMeans(sapply((1:8 - 0.5) / 8 * W, under))
cat("standardised", mean(within) - mean(never), "\\n")
# Weights: the hazard of transplant, and what the strategy asks at each time of one.
d$stop <- pmin(d$time, given); d$done <- as.integer(given == d$stop & given <= H)
g <- coxph(Surv(stop, done) ~ x1 + x2, d, ties = "breslow")
gb <- basehaz(g, centered = FALSE); jump <- diff(c(0, gb$hazard))
at <- gb$time[jump > 0]; jump <- jump[jump > 0]
q <- as.vector(exp(as.matrix(d[, c("x1", "x2")]) %*% coef(g)))
cum <- function(t, strict) sum(jump[if (strict) at < t else at <= t])
inside <- which(at <= W); mid <- (head(at, -1) + at[-1]) / 2
low <- c(0, mid / W)[inside]; high <- c(mid / W, 1)[inside]; high[length(inside)] <- 1
mass <- high - low
deaths <- sort(unique(c(d$time[d$event == 1 & d$time <= H], H)))
robust <- function(window) {
  end <- if (window) ifelse(given <= W, d$time, pmin(d$time, given, W)) else pmin(d$time, given)
  d$end <- end; d$died <- as.integer(d$event == 1 & end == d$time)
  o <- coxph(Surv(end, died) ~ ridge(x1, x2, theta = 1, scale = FALSE), d, ties = "breslow")
  # The baseline at the ridge's coefficients, by hand.
  e <- as.vector(exp(as.matrix(d[, c("x1", "x2")]) %*% coef(o)))
  haz <- sapply(deaths, function(t) sum(d$died & end == t) / max(sum(e[end >= t]), 1e-12))
  w <- matrix(0, n, length(deaths)); dn <- w
  for (i in seq_len(n)) for (j in seq_along(deaths)) { t <- deaths[j]
    if (t > end[i]) next
    dn[i, j] <- d$died[i] * (end[i] == t)
    if (window && given[i] <= W && t > given[i]) {
      k <- which(at == given[i])
      w[i, j] <- exp(q[i] * cum(given[i], TRUE)) * mass[match(k, inside)] /
        (1 - exp(-q[i] * jump[k]))
    } else {
      w[i, j] <- exp(q[i] * cum(t, TRUE))
      if (window) w[i, j] <- w[i, j] * max(1 - sum(mass[at[inside] < t]), 0)
    } }
  total <- colSums(w); s <- cumprod(1 - ifelse(total > 1e-9, colSums(w * dn) / total, 0))
  scale <- ifelse(total > 0, n * c(1, head(s, -1)) / total, 0)
  width <- diff(c(deaths, H)); phi <- numeric(n)
  for (i in seq_len(n)) { h <- pmin(e[i] * haz, 0.999); S <- cumprod(1 - h)
    rest <- rev(cumsum(rev(S * width))) / pmax(S, 1e-9)
    phi[i] <- deaths[1] + sum(S * width) -
      sum((dn[i, ] - h * (deaths <= end[i])) * w[i, ] * scale * rest) }
  mean(phi) }
cat("robust", robust(TRUE) - robust(FALSE), "\\n")
"""


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(23)
    n = 220
    x = np.clip(np.round(rng.normal(size=(n, 2))), -1, 1)
    death = rng.exponential(22 * np.exp(-0.5 * x[:, 0]))
    wait = rng.exponential(16 * np.exp(-0.5 * x[:, 0] + 0.5 * x[:, 1]))
    end = rng.uniform(15, 60, n)
    time = np.minimum(death, end)
    treated = np.where(wait < time, wait, np.nan)
    return trial_data(time, death <= end, treated, pd.DataFrame(x, columns=["x1", "x2"]))


@pytest.fixture(scope="module")
def found(data):
    settings = EmulationSettings(HORIZON, spread="even", draws=0, adjust_losses=False)
    return same_terms(emulate(data, ARMS, settings), [6.0])


@pytest.fixture(scope="module")
def r(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    frame = pd.DataFrame({"time": data.time, "event": data.event.astype(int)})
    frame["treated"] = np.where(np.isfinite(data.treated), data.treated, np.nan)
    frame[["x1", "x2"]] = data.x
    frame.to_csv(folder / "d.csv", index=False, na_rep="NA", float_format="%.17g")
    printed = run_r(SCRIPT, "d.csv", folder=folder)
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    return {line[0]: [float(word) for word in line[1:]] for line in lines}


def gain(found, approach):
    return found.means.set_index("approach")["rmst_difference"].filter(like=approach).item()


def test_mortality_early_and_late_equals_coxph(data, r):
    # Ours carries a very light ridge.
    assert timed(data)["hr"].iloc[:2].to_numpy() == pytest.approx(r["cox"], rel=2e-3)


def test_the_standardised_answer_equals_rs(found, r):
    assert gain(found, "Standardised") == pytest.approx(r["standardised"][0], abs=5e-3)


def test_the_doubly_robust_answer_equals_rs(found, r):
    assert gain(found, "Doubly robust") == pytest.approx(r["robust"][0], abs=5e-3)
