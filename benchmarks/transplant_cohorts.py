"""Simulated cohorts of which it is known what a transplant does, for the transplant benchmarks.

Timing is confounded by age, class and leukaemia, losses by age; ``hidden`` adds a cause that is not
recorded and makes a transplant so many times likelier and death so many times rarer. An alteration
that matters to nothing is recorded too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.transplant import (
    Emulation,
    Strategy,
    TrialData,
    kinds_of,
    trial_data,
    without_kinds,
)

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]

CLASSES = ("Low", "Moderate Low", "Moderate High", "High", "Very High")
HIGHER = CLASSES[2:]
SHARES = (0.25, 0.2, 0.2, 0.2, 0.15)
DEATH = np.array([0.006, 0.010, 0.016, 0.028, 0.05])
LEUKAEMIA = np.array([0.001, 0.002, 0.004, 0.008, 0.016])
TRANSPLANT = np.array([0.005, 0.007, 0.012, 0.018, 0.025])
AFTER_LEUKAEMIA, EARLY_UNTIL = 4.0, 6.0
# What a transplant multiplies the hazard of death by, early and late, by class.
NOTHING = (np.ones(5), np.ones(5))
EFFECT = (np.full(5, 1.5), np.array([1.0, 1.0, 0.8, 0.35, 0.35]))
ARMS = (Strategy("within", 12.0), Strategy("never"))
# How many lives of each patient a truth is the mean of.
LIVES = 40


def lives(rate: Floats, onset: Floats, given: Floats, factors: tuple[Floats, Floats],
          clock: Floats) -> Floats:  # fmt: skip
    """Months of life: the hazard changes at the leukaemia, at the transplant and after it."""
    early, late = factors
    edges = np.sort(np.column_stack([onset, given, given + EARLY_UNTIL]), axis=1)
    edges = np.column_stack([np.zeros(len(rate)), edges, np.full(len(rate), np.inf)])
    left, life = clock.copy(), np.full(len(rate), np.inf)
    for begin, end in zip(edges.T[:-1], edges.T[1:], strict=True):
        hazard = rate * np.where(begin >= onset, AFTER_LEUKAEMIA, 1.0)
        hazard = hazard * np.where(begin >= given + EARLY_UNTIL, late,
                                   np.where(begin >= given, early, 1.0))  # fmt: skip
        long = np.where(np.isfinite(begin), end - np.minimum(begin, 1e9), 0.0)
        used = np.where(long > 0, hazard * np.minimum(long, 1e9), 0.0)
        dies = np.isinf(life) & (left <= used) & (long > 0)
        life = np.where(dies, begin + left / hazard, life)
        left = left - used
    return life


def simulated(n: int, seed: int, factors: tuple[Floats, Floats], hidden: float) -> pd.DataFrame:
    """A cohort as a register would hold it; the hidden cause stands in ``rate`` only."""
    rng = np.random.default_rng(seed)
    risk, age = rng.choice(5, n, p=SHARES), rng.normal(size=n)
    fit = rng.random(n) < 0.5
    rate = DEATH[risk] * np.exp(0.3 * age) / np.where(fit, hidden, 1.0)
    onset = rng.exponential(1 / LEUKAEMIA[risk])
    chance = TRANSPLANT[risk] * np.exp(-0.7 * age) * np.where(fit, hidden, 1.0)
    wait = rng.exponential(1 / chance)
    wait = np.where(wait < onset, wait, onset + (wait - onset) / 2)
    life = lives(rate, onset, wait, (factors[0][risk], factors[1][risk]), rng.exponential(size=n))
    end = np.minimum(rng.uniform(24, 110, n), rng.exponential(1 / (0.004 * np.exp(0.4 * age))))
    followed = np.minimum(life, end)
    return pd.DataFrame(
        {
            "time": followed, "event": (life <= end).astype(int), "age": 60 + 8 * age,
            "treated": np.where(wait < followed, wait, np.nan),
            "aml": np.where(onset < followed, onset, np.nan),
            "risk": risk, "rate": rate, "fit": fit, "altered": rng.random(n) < 0.3,
        }
    )  # fmt: skip


def prepared(frame: pd.DataFrame) -> tuple[TrialData, TrialData]:
    """The cohort as the page takes it: everyone, and the kinds of patients that are compared."""
    data = trial_data(
        frame["time"],
        frame["event"],
        frame["treated"],
        frame[["age"]],
        groups=pd.Categorical.from_codes(frame["risk"], list(CLASSES), ordered=True),
        onsets={"AML": frame["aml"]},
    )
    kinds = kinds_of(data, ARMS[0], frame["age"].to_numpy()[data.rows], grace=12.0)
    return data, without_kinds(data, kinds)


class Truth:
    """What would happen to some patients of a cohort if they were transplanted when they are told.

    Parameters
    ----------
    rows
        Positions of the patients in the cohort, shape (n,).
    """

    def __init__(
        self, frame: pd.DataFrame, rows: npt.NDArray[np.int64], factors: tuple[Floats, Floats]
    ) -> None:
        self._rng = np.random.default_rng(7)
        rows = np.repeat(rows, LIVES)
        risk = frame["risk"].to_numpy()[rows]
        self._rate = frame["rate"].to_numpy()[rows]
        self._onset = self._rng.exponential(1 / LEUKAEMIA[risk])
        self._clock = self._rng.exponential(size=len(rows))
        self._factors = factors[0][risk], factors[1][risk]

    def under(self, found: Emulation, arm: int) -> Floats:
        """Months of each life under a strategy of the emulated trial, shape (n, lives)."""
        given = np.full(len(self._rate), np.inf)
        if found.trial.arms[arm].strategy.kind != "never":
            timing = found.trial.arms[arm].timing
            given = np.interp(self._rng.random(len(self._rate)), timing.share, timing.at)
        return self._lived(given)

    def at(self, delay: float) -> Floats:
        """Months of each life if transplanted at a delay unless there is leukaemia before."""
        return self._lived(np.where(self._onset > delay, delay, np.inf))

    def _lived(self, given: Floats) -> Floats:
        made = lives(self._rate, self._onset, given, self._factors, self._clock)
        return np.asarray(made.reshape(-1, LIVES))
