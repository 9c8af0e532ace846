"""Inverse-probability weights of the clones, for the cohort and for every bootstrap draw.

Before a transplant a clone is weighted by one over its probability of not having had it so far;
at the transplant by the strategy's probability of it then over the patient's own; both times the
inverse probability of not having been lost (Robins & Finkelstein 2000, Biometrics 56:779;
Cain 2010). The hazards of transplant and of loss come from Cox models, baselines at exact times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._hazards import FittedHazard, HazardRows, fit_hazard
from app.analysis.transplant._strategies import Timing
from app.analysis.transplant._trial_data import TrialData

# A class with fewer transplants shares a baseline hazard with the others of its kind.
OWN_BASELINE_FROM = 10
_MOST_CELLS, _LOSS_CELLS = 200, 48
_LARGEST_EXPONENT = 30.0


class Cells:
    """Spans of time within which no weight changes: (b[g - 1], b[g]], the last open-ended."""

    def __init__(self, edges: Floats) -> None:
        self.edges = edges

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.edges) + 1

    def of(self, times: Floats) -> Ints:
        """The cell of each time."""
        return np.asarray(np.searchsorted(self.edges, times), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class DrawnWeights:
    """Weights of one draw of patients.

    Attributes
    ----------
    waiting
        One over the probability of no transplant so far, by cell, shape (n, cells).
    staying
        One over the probability of not being lost, by cell, shape (n, cells); None without a model.
    at_transplant
        ``waiting`` just before each patient's transplant; NaN for who had none.
    hazard
        Probability of a transplant at the time of each patient's own; NaN for who had none.
    treatment, loss
        The fitted models.
    """

    waiting: Floats
    staying: Floats | None
    at_transplant: Floats
    hazard: Floats
    treatment: FittedHazard
    loss: FittedHazard | None


class WeightModel:
    """What stays the same between draws: rows of the two models, cells, strata."""

    def __init__(self, data: TrialData, horizon: float, *, adjust_losses: bool) -> None:
        self.data = data
        self.horizon = horizon
        self.treated: Bools = data.treated <= horizon
        self._start, self._patient, self._x = _covariate_rows(data)
        end = np.minimum(data.time, data.treated)[self._patient]
        following = np.append(self._start[1:], np.inf)
        following[np.append(self._patient[1:] != self._patient[:-1], True)] = np.inf
        stop = np.minimum(end, following)
        start = np.maximum(self._start, data.entry[self._patient])
        self._in_model: Bools = start < stop
        own = self._in_model
        event = own & (stop == data.treated[self._patient]) & self.treated[self._patient]
        self.strata, self.n_strata = _strata(data, self.treated)
        self.rows = HazardRows(
            start[own], stop[own], event[own], self._x[own], self.strata[self._patient[own]]
        )
        self._event_row = np.full(data.n, -1)
        self._event_row[self._patient[own][event[own]]] = np.flatnonzero(event[own])
        self.loss_rows: HazardRows | None = None
        edges = np.unique(self.rows.event_time)
        if len(edges) > _MOST_CELLS:
            edges = edges[np.linspace(0, len(edges) - 1, _MOST_CELLS).astype(np.int64)]
        lost = ~data.event & (data.time < horizon)
        if adjust_losses and lost.any() and data.x.shape[1]:
            zeros = np.zeros(data.n, dtype=np.int64)
            self.loss_rows = HazardRows(data.entry, data.time, lost, data.x, zeros)
            edges = np.union1d(edges, np.linspace(0, horizon, _LOSS_CELLS + 1)[1:])
        self.cells = Cells(edges)
        self._event_cell = np.minimum(self.cells.of(self.rows.event_time), max(len(edges) - 1, 0))
        self._own_cell = self.cells.of(np.where(self.treated, data.treated, 0.0))

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms of the model of transplant."""
        return (*self.data.terms, *self.data.onsets)

    def draw(self, counts: Floats, near: DrawnWeights | None = None) -> DrawnWeights:
        """Fit the models to patients drawn ``counts`` times, shape (n,), and weight everyone.

        ``near`` is a draw whose coefficients are a good start.
        """
        begin = None if near is None else near.treatment.beta
        fitted = fit_hazard(self.rows, counts[self._patient[self._in_model]], begin)
        steps = np.zeros((self.n_strata, self.cells.n))
        np.add.at(steps, (self.rows.event_stratum, self._event_cell + 1), fitted.jumps)
        baseline = np.cumsum(steps, axis=1)
        ratio = _ratios(self._x, fitted.beta)
        waiting = _weights_of(self._cumulative(baseline, ratio))
        who = np.flatnonzero(self.treated & (self._event_row >= 0))
        at_transplant, hazard = np.full(self.data.n, np.nan), np.full(self.data.n, np.nan)
        row = self._event_row[who]
        at_transplant[who] = waiting[who, self._own_cell[who]]
        own_ratio = ratio[self._in_model][row]
        hazard[who] = -np.expm1(-fitted.jumps[self.rows.event_of[row]] * own_ratio)
        staying, loss = None, None
        if self.loss_rows is not None:
            begin = None if near is None or near.loss is None else near.loss.beta
            loss = fit_hazard(self.loss_rows, counts, begin)
            position = np.searchsorted(
                self.loss_rows.event_time, np.append(0.0, self.cells.edges), side="right"
            )
            total = np.concatenate([[0.0], np.cumsum(loss.jumps)])[position]
            staying = _weights_of(np.outer(_ratios(self.data.x, loss.beta), total))
        return DrawnWeights(waiting, staying, at_transplant, hazard, fitted, loss)

    def _cumulative(self, baseline: Floats, ratio: Floats) -> Floats:
        """Cumulative hazard of transplant of every patient at the start of every cell."""
        first = np.flatnonzero(np.append(True, self._patient[1:] != self._patient[:-1]))
        total = baseline[self.strata] * ratio[first][:, None]
        later = np.flatnonzero(~np.isin(np.arange(len(self._patient)), first))
        for row in later:
            patient = self._patient[row]
            own = baseline[self.strata[patient]]
            since = own - own[self.cells.of(np.array([self._start[row]]))[0]]
            total[patient] += (ratio[row] - ratio[row - 1]) * np.maximum(since, 0.0)
        return np.asarray(total)

    def jumps_of(self, fitted: FittedHazard, stratum: int) -> tuple[Floats, Ints]:
        """Times at which a stratum has transplants in this draw, and the cells that they end."""
        own = (self.rows.event_stratum == stratum) & (fitted.jumps > 0)
        return self.rows.event_time[own], self._event_cell[own]

    def remaining(
        self, fitted: FittedHazard, opens: Floats, length: float, timing: Timing, width: int
    ) -> tuple[Floats, Floats]:
        """What a strategy asks of each patient, on the times at which transplants took place.

        Returns
        -------
        tuple of arrays
            The strategy's probability of no transplant so far in the first ``width`` cells, shape
            (n, width); and of a transplant at the patient's own time, shape (n,), zero where there
            was none.
        """
        n = self.data.n
        left = np.ones((n, width))
        share = np.zeros(n)
        for stratum in range(self.n_strata):
            times, cells = self.jumps_of(fitted, stratum)
            rows = np.flatnonzero((self.strata == stratum) & np.isfinite(opens))
            if not len(rows) or not len(times):
                continue
            starts, which = np.unique(opens[rows], return_inverse=True)
            mass = _mass(times, starts, length, timing)
            steps = np.zeros((len(starts), self.cells.n))
            np.add.at(steps.T, cells + 1, mass.T)
            left[rows] = np.maximum(1.0 - np.cumsum(steps[:, :width], axis=1), 0.0)[which]
            own = self.treated[rows]
            position = np.searchsorted(times, self.data.treated[rows[own]])
            position = np.minimum(position, len(times) - 1)
            hit = times[position] == self.data.treated[rows[own]]
            share[rows[own]] = np.where(hit, mass[which[own], position], 0.0)
        return left, share


def _ratios(x: Floats, beta: Floats) -> Floats:
    """Hazard ratio of every row, bounded: a draw of few patients can run away."""
    return np.asarray(np.exp(np.clip(x @ beta, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)))


def _weights_of(cumulative: Floats) -> Floats:
    """One over the probability that it has not happened, bounded; overwrites the hazard given."""
    np.minimum(cumulative, _LARGEST_EXPONENT, out=cumulative)
    return np.exp(cumulative, out=cumulative)


def _mass(times: Floats, starts: Floats, length: float, timing: Timing) -> Floats:
    """Share of a strategy's transplants at each time, shape (starts, times).

    Each time takes the share between the midpoints to its neighbours; the first and the last in the
    window take what is left, so that the shares of a window with any transplant add up to 1.
    """
    inside = (times >= starts[:, None]) & (times <= starts[:, None] + length)
    middle = (times[1:] + times[:-1]) / 2
    upto = timing.by(middle[None, :] - starts[:, None])
    upto = np.column_stack([np.zeros(len(starts)), upto, np.ones(len(starts))])
    index = np.arange(len(times))
    first = np.where(inside, index, len(times)).min(axis=1)
    last = np.where(inside, index, -1).max(axis=1)
    lower = np.where(index == first[:, None], 0.0, upto[:, :-1])
    upper = np.where(index == last[:, None], 1.0, upto[:, 1:])
    return np.asarray(np.where(inside, upper - lower, 0.0))


def _covariate_rows(data: TrialData) -> tuple[Floats, Ints, Floats]:
    """Start, patient and covariates of the rows within which no confounder changes."""
    base_start, base_patient = np.full(data.n, -np.inf), np.arange(data.n)
    if not data.onsets:
        return base_start, base_patient, data.x
    onsets = np.column_stack(list(data.onsets.values()))
    end = np.minimum(data.time, data.treated)
    start, patient = [base_start], [base_patient]
    for column in onsets.T:
        there = np.flatnonzero(column < end)
        start.append(column[there])
        patient.append(there)
    pairs = np.unique(np.column_stack([np.concatenate(patient), np.concatenate(start)]), axis=0)
    who = pairs[:, 0].astype(np.int64)
    on = (onsets[who] <= pairs[:, 1][:, None]).astype(np.float64)
    return pairs[:, 1], who, np.column_stack([data.x[who], on])


def _strata(data: TrialData, treated: Bools) -> tuple[Ints, int]:
    """Classes with transplants enough have a baseline hazard of their own; the others share one."""
    counts = np.bincount(data.groups[treated], minlength=len(data.names))
    own = counts >= OWN_BASELINE_FROM
    code = np.where(own, np.cumsum(own), 0)[data.groups]
    labels, strata = np.unique(code, return_inverse=True)
    return strata.astype(np.int64), len(labels)
