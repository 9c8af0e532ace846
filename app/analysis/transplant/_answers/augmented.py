"""The doubly robust answer: a model of the outcome, put right by weighted residuals (AIPW).

Each arm has a Cox model of death on the baseline confounders. What the weighted clones die more or
less than it says, in every moment, is added to it (Robins, Rotnitzky & Zhao 1995; for censored life
Bai 2013, Biometrics 69:830). Right if either the weights or the model is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.analysis.arrays import Floats
from app.analysis.transplant._hazards import HazardRows, fit_hazard
from app.analysis.transplant._trial import Arm, Caps, Trial, kaplan_meier_of
from app.analysis.transplant._weights import DrawnWeights

# A model of its own for each arm needs a firmer prior where followers are few.
_RIDGE = 1.0


class Augmentation:
    """What stays the same between draws: the clones of every arm as rows of its outcome model.

    Parameters
    ----------
    steps
        Moments at which the residuals are added up: every time of an event by default. Fewer are
        as good for the spread of draws, and cost less.
    """

    def __init__(self, trial: Trial, steps: int | None = None) -> None:
        self.trial = trial
        last = len(trial.deaths) - 1
        count = last + 1 if steps is None else min(steps, last + 1)
        # The last moment is the horizon: spread backwards from it.
        self._times = trial.deaths[np.unique(np.linspace(last, 0, count).round().astype(np.int64))]
        data = trial.data
        zeros = np.zeros(data.n, dtype=np.int64)
        self._ends = [
            np.where(arm.adherent, data.time, np.minimum(np.minimum(data.time, data.treated),
                                                         arm.waiting_until))
            for arm in trial.arms
        ]  # fmt: skip
        self._rows = [
            HazardRows(data.entry, end, data.event & (end == data.time), data.x, zeros)
            for end in self._ends
        ]
        ones = np.ones(data.n)
        self._near = [fit_hazard(rows, ones, ridge=_RIDGE).beta for rows in self._rows]

    def means(self, arms: Sequence[int], drawn: DrawnWeights, caps: Caps, counts: Floats) -> Floats:
        """Restricted mean of every patient under some arms, residuals added, shape (arms, n)."""
        return np.stack(
            [self._mean(number, self.trial.arms[number], drawn, caps, counts) for number in arms]
        )

    def _mean(
        self, number: int, arm: Arm, drawn: DrawnWeights, caps: Caps, counts: Floats
    ) -> Floats:
        trial, data = self.trial, self.trial.data
        rows, end = self._rows[number], self._ends[number]
        fitted = fit_hazard(rows, counts, self._near[number], ridge=_RIDGE)
        times = self._times
        jumps = np.bincount(
            np.minimum(np.searchsorted(times, rows.event_time), len(times) - 1),
            np.where(rows.event_time <= trial.horizon, fitted.jumps, 0.0),
            minlength=len(times),
        )
        ratio = np.exp(np.clip(data.x @ fitted.beta, -30, 30))[:, None]
        hazard = np.minimum(ratio * jumps, 0.999)
        survival = np.cumprod(1.0 - hazard, axis=1)
        width = np.diff(np.concatenate([times, [trial.horizon]]))
        # Life left from each time on, among those alive just after it.
        rest = np.cumsum((survival * width)[:, ::-1], axis=1)[:, ::-1] / np.maximum(survival, 1e-9)
        mean = times[0] + (survival * width).sum(axis=1)
        weights = self._weights(arm, drawn, caps)
        # A death counts at the moment that it comes before; who only leaves was there until the
        # last moment before.
        step, died = np.arange(len(times)), data.event & (end == data.time)
        at = np.where(died, np.searchsorted(times, end), np.searchsorted(times, end, "right") - 1)
        weights *= (data.entry[:, None] < times) & (step <= at[:, None])
        died = died[:, None] & (step == at[:, None])
        # As in the weighted curve: weights add up to those alive, whatever single ones are.
        total = counts @ weights
        alive = kaplan_meier_of(counts @ (weights * died), total)
        before = np.concatenate([[1.0], alive[:-1]])
        scale = np.divide(counts.sum() * before, total, out=np.zeros_like(total), where=total > 0)
        residual = (died - hazard) * weights * scale
        return np.asarray(mean - (residual * rest).sum(axis=1))

    def _weights(self, arm: Arm, drawn: DrawnWeights, caps: Caps) -> Floats:
        """Weight of each clone at each time of an event, shape (n, times)."""
        trial, data = self.trial, self.trial.data
        cells = trial.model.cells.of(self._times)
        weights = trial.waiting(drawn, caps)[:, cells]
        if arm.adherent.any():
            left, share = trial.asked(arm, drawn)
            cap = caps.transplanted.get(arm.strategy.label, np.inf)
            after = trial.transplanted(arm, drawn, share, cap)
            done = arm.adherent[:, None] & (self._times > data.treated[:, None])
            weights = np.where(done, after[:, None], weights * left[:, cells])
        if drawn.staying is not None:
            weights = weights * np.minimum(drawn.staying, caps.staying)[:, cells]
        return np.asarray(weights)
