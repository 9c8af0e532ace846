"""Standardisation (g-formula): survival if everybody followed a strategy, from models of hazards.

A Cox model of death, with the transplant early and late after it (each also in higher risk) and
with onsets as they come, and one of each onset, say how everybody would fare; the curves are means
over the patients (Robins 1986; Hernán & Robins 2020, What If, chapter 13 and 21). No weights: right
if these models are, in particular if hazards are proportional.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._answers.timed_cox import EARLY_UNTIL, exposure_rows
from app.analysis.transplant._hazards import FittedHazard, HazardRows, fit_hazard
from app.analysis.transplant._trial import Arm
from app.analysis.transplant._trial_data import TrialData

# Moments of transplant and of onset that each patient is given, evenly spread in probability.
REPEATS = 8


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a hazard model, whose each is, and the coefficients of all patients counted once."""

    made: HazardRows
    patient: Ints
    near: Floats

    def fitted(self, counts: Floats) -> FittedHazard:
        """The model of patients drawn ``counts`` times."""
        return fit_hazard(self.made, counts[self.patient], self.near)


def _rows(made: HazardRows, patient: Ints) -> _Rows:
    return _Rows(made, patient, fit_hazard(made, np.ones(len(patient))).beta)


class Standardisation:
    """What stays the same between draws: the rows of the models, the moments of each patient.

    Parameters
    ----------
    higher
        Who is of higher risk, in whom the transplant may act otherwise, shape (n,); nobody or
        everybody for one effect.
    times
        When survival is told, ascending from zero, shape (m,).
    repeats
        Moments of transplant and of onset of each patient.
    """

    def __init__(
        self, data: TrialData, higher: Bools, times: Floats, repeats: int = REPEATS
    ) -> None:
        self.data, self.times = data, times
        self.modified: Floats = (
            higher.astype(np.float64)[:, None]
            if higher.any() and not higher.all()
            else np.zeros((data.n, 0))
        )
        start, stop, patient, since = exposure_rows(data, EARLY_UNTIL)
        exposed = np.column_stack([since == 0, since == 1]).astype(np.float64)
        onsets = [(onset[patient] <= np.maximum(start, 0.0)) for onset in data.onsets.values()]
        x = self._design(exposed, patient, [came.astype(np.float64) for came in onsets])
        died = data.event[patient] & (stop == data.time[patient])
        zeros = np.zeros(len(start), dtype=np.int64)
        self._death = _rows(HazardRows(start, stop, died, x, zeros), patient)
        self._onset: list[_Rows] = []
        for came, onset in zip(onsets, data.onsets.values(), strict=True):
            free = ~came
            own, own_exposed = patient[free], exposed[free].max(axis=1, initial=0.0)
            design = np.column_stack([data.x[own], own_exposed])
            event = (stop[free] == onset[own]) & (onset[own] < data.time[own])
            rows = HazardRows(start[free], stop[free], event, design, zeros[free])
            self._onset.append(_rows(rows, own))
        rng = np.random.Generator(np.random.PCG64(0))
        even = (np.arange(repeats) + 0.5) / repeats
        self._chance = np.tile(even, (data.n, 1))
        self._luck = [rng.permuted(self._chance, axis=1) for _ in self._onset]

    def _design(self, exposed: Floats, patient: Ints, onsets: list[Floats]) -> Floats:
        own = self.modified[patient]
        return np.column_stack([exposed, exposed * own if own.size else exposed[:, :0],
                                self.data.x[patient], *onsets])  # fmt: skip

    def survival(self, arms: tuple[Arm, ...], counts: Floats) -> Floats:
        """Survival of each patient under each arm; models of patients drawn ``counts`` times.

        Returns
        -------
        array of shape (arms, n, times)
        """
        death = self._death.fitted(counts)
        onsets = [rows.fitted(counts) for rows in self._onset]
        return np.stack([self._under(arm, death, onsets) for arm in arms])

    def _under(self, arm: Arm, death: FittedHazard, onsets: list[FittedHazard]) -> Floats:
        data, n = self.data, self.data.n
        repeats = self._chance.shape[1]
        given = np.full((n, repeats), np.inf)
        known = np.isfinite(arm.opens)
        if arm.strategy.kind != "never":
            since = np.interp(self._chance, arm.timing.share, arm.timing.at)
            given[known] = arm.opens[known, None] + since[known]
        came = [
            np.where(
                (onset <= 0)[:, None],
                0.0,
                _onset_times(rows.made, fitted, data.x, given, luck),
            )
            for rows, fitted, luck, onset in zip(
                self._onset, onsets, self._luck, data.onsets.values(), strict=True
            )
        ]
        total = _cumulative(self._death.made, death, self.times)
        beta, effects = death.beta, 2 * (1 + self.modified.shape[1])
        early, late = (
            beta[i] + (self.modified[:, 0] * beta[2 + i] if effects == 4 else 0.0) for i in (0, 1)
        )
        base = data.x @ beta[effects : effects + data.x.shape[1]]
        extra = beta[effects + data.x.shape[1] :]
        edges = np.stack([given, given + EARLY_UNTIL, *came], axis=-1)
        order = np.sort(edges, axis=-1)
        below = np.zeros((n, repeats))
        hazard = np.zeros((n, repeats, len(self.times)))
        before: Floats = np.zeros((n, repeats, 1))
        for segment in range(edges.shape[-1] + 1):
            end = order[..., segment] if segment < edges.shape[-1] else np.full_like(below, np.inf)
            score = np.where(below >= given, np.asarray(early)[..., None], 0.0)
            score = np.where(below >= given + EARLY_UNTIL, np.asarray(late)[..., None], score)
            for own, effect in zip(came, extra, strict=True):
                score = score + np.where(below >= own, effect, 0.0)
            ends = _cumulative(self._death.made, death, end)[..., None]
            reached = np.minimum(total, ends)
            ratio = np.exp(np.clip(base[:, None] + score, -30, 30))[..., None]
            hazard += ratio * np.maximum(reached - np.minimum(before, reached), 0.0)
            below, before = end, ends
        return np.asarray(np.exp(-hazard).mean(axis=1))


def _cumulative(rows: HazardRows, fitted: FittedHazard, times: Floats) -> Floats:
    """Cumulative baseline hazard up to and with each time."""
    total = np.concatenate([[0.0], np.cumsum(fitted.jumps)])
    return np.asarray(total[np.searchsorted(rows.event_time, times, side="right")])


def _onset_times(
    rows: HazardRows, fitted: FittedHazard, x: Floats, given: Floats, luck: Floats
) -> Floats:
    """When each repeat has its onset: where the hazard, changed at the transplant, uses it up."""
    left = -np.log(luck)
    ratio = np.exp(np.clip(x @ fitted.beta[:-1], -30, 30))[:, None]
    before = ratio * _cumulative(rows, fitted, given)
    after = ratio * np.exp(np.clip(fitted.beta[-1], -30, 30))
    used = np.where(left <= before, left / ratio,
                    _cumulative(rows, fitted, given) + (left - before) / after)  # fmt: skip
    total = np.concatenate([[0.0], np.cumsum(fitted.jumps)])
    place = np.searchsorted(total, used, side="left")
    times = np.concatenate([[0.0], rows.event_time, [np.inf]])
    return np.asarray(times[np.minimum(place, len(times) - 1)])
