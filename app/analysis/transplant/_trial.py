"""The emulated trial for one draw of patients: weighted hazards of every arm and class."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant._arms import Segments
from app.analysis.transplant._strategies import Spread, Strategy, Timing, timing_of
from app.analysis.transplant._trial_data import TrialData
from app.analysis.transplant._weights import DrawnWeights, WeightModel


@dataclass(frozen=True, eq=False)
class Arm:
    """A strategy, who follows it and until when.

    Attributes
    ----------
    strategy, timing
        The strategy and how it spreads its transplants over its window.
    opens, closes
        Window of each patient, shape (n,).
    adherent
        Who was transplanted within the own window, shape (n,).
    waiting_until
        Until when each untransplanted clone follows the strategy, shape (n,).
    """

    strategy: Strategy
    timing: Timing
    opens: Floats
    closes: Floats
    adherent: Bools
    waiting_until: Floats

    @property
    def length(self) -> float:
        """Length of the window."""
        known = np.isfinite(self.opens)
        return float((self.closes[known] - self.opens[known]).max()) if known.any() else 0.0


@dataclass(frozen=True)
class Caps:
    """Where weights are cut off; infinite for no truncation."""

    waiting: float = np.inf
    staying: float = np.inf
    transplanted: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ArmSums:
    """Weighted deaths, numbers at risk, sums of weights squared and to the fourth, shape (c, t)."""

    deaths: Floats
    at_risk: Floats
    squares: Floats | None = None
    fourths: Floats | None = None


class Trial:
    """The trial's layout: arms, segments by class, times of events."""

    def __init__(
        self,
        data: TrialData,
        strategies: tuple[Strategy, ...],
        horizon: float,
        *,
        grace: float,
        spread: Spread,
        progression: str | None,
        adjust_losses: bool,
    ) -> None:
        self.data, self.horizon = data, horizon
        self.model = WeightModel(data, horizon, adjust_losses=adjust_losses)
        # The horizon is a time without events of its own, at which numbers at risk are known too.
        seen = data.time[data.event & (data.time <= horizon)]
        self.deaths = np.union1d(seen, [horizon])
        self.arms = tuple(_arm(data, s, grace, spread, progression) for s in strategies)
        self._segments = [[self._cut(arm, g) for g in range(len(data.names))] for arm in self.arms]

    def _cut(self, arm: Arm, group: int) -> tuple[Segments, Segments]:
        data, cells = self.data, self.model.cells
        rows = np.flatnonzero(data.groups == group)
        end = np.minimum(np.minimum(data.time, data.treated), arm.waiting_until)[rows]
        died = data.event[rows] & (end == data.time[rows])
        waiting = Segments(rows, data.entry[rows], end, died, cells=cells, deaths=self.deaths)
        rows = rows[arm.adherent[rows]]
        start = np.maximum(data.treated, data.entry)[rows]
        after = Segments(
            rows, start, data.time[rows], data.event[rows], cells=cells, deaths=self.deaths
        )
        return waiting, after

    def caps(self, drawn: DrawnWeights, quantile: float | None) -> Caps:
        """Where to cut the weights off: a quantile of the stabilised weights under observation."""
        if quantile is None:
            return Caps()
        step = max(1, self.model.cells.n // 40)
        columns = np.arange(0, self.model.cells.n, step)
        end = np.minimum(self.data.time, self.data.treated)
        seen = self.model.cells.of(end)[:, None] >= columns
        stable = (drawn.waiting * self.stabiliser(drawn))[:, columns]
        staying = np.inf
        if drawn.staying is not None:
            here = self.model.cells.of(self.data.time)[:, None] >= columns
            staying = float(np.quantile(drawn.staying[:, columns][here], quantile))
        transplanted = {}
        for arm in self.arms:
            if arm.adherent.any():
                weights = self.transplanted(arm, drawn, self.asked(arm, drawn)[1])[arm.adherent]
                transplanted[arm.strategy.label] = float(np.quantile(weights, quantile))
        return Caps(float(np.quantile(stable[seen], quantile)), staying, transplanted)

    def stabiliser(self, drawn: DrawnWeights) -> Floats:
        """Share without a transplant by cell, confounders aside: weights times it are about 1."""
        inverse = 1.0 / drawn.waiting
        return np.asarray(inverse.mean(axis=0))

    def waiting(self, drawn: DrawnWeights, caps: Caps) -> Floats:
        """Weights of untransplanted clones by cell, cut off, shape (n, cells)."""
        if np.isinf(caps.waiting):
            return drawn.waiting
        return np.asarray(np.minimum(drawn.waiting, caps.waiting / self.stabiliser(drawn)))

    def asked(
        self, arm: Arm, drawn: DrawnWeights, width: int | None = None
    ) -> tuple[Floats, Floats]:
        """What the strategy asks of each patient; see ``WeightModel.remaining``."""
        cells = self.model.cells.n if width is None else width
        return self.model.remaining(drawn.treatment, arm.opens, arm.length, arm.timing, cells)

    def transplanted(
        self, arm: Arm, drawn: DrawnWeights, share: Floats, cap: float = np.inf
    ) -> Floats:
        """Weights of transplanted clones, cut off, shape (n,); zero for who does not adhere."""
        weights = np.zeros(self.data.n)
        who = arm.adherent & (drawn.hazard > 0)
        weights[who] = drawn.at_transplant[who] * share[who] / drawn.hazard[who]
        return np.asarray(np.minimum(weights, cap))

    def sums(
        self, drawn: DrawnWeights, caps: Caps, counts: Floats, *, squares: bool = False
    ) -> list[ArmSums]:
        """Weighted deaths and numbers at risk of every arm, by class."""
        waiting = self.waiting(drawn, caps)
        stay = None if drawn.staying is None else np.minimum(drawn.staying, caps.staying)
        if stay is not None:
            waiting = waiting * stay
        results = []
        for arm, segments in zip(self.arms, self._segments, strict=True):
            clones = waiting
            after: Floats = np.zeros(0)
            if arm.adherent.any():
                width = max(before.width for before, _ in segments)
                left, share = self.asked(arm, drawn, width)
                clones = waiting[:, :width] * left
                cap = caps.transplanted.get(arm.strategy.label, np.inf)
                after = self.transplanted(arm, drawn, share, cap)
            parts = [
                self._class_sums(pair, clones, after, stay, counts, squares=squares)
                for pair in segments
            ]
            results.append(ArmSums(*np.stack(parts, axis=1)[: 4 if squares else 2]))
        return results

    def _class_sums(
        self,
        pair: tuple[Segments, Segments],
        waiting: Floats,
        after: Floats,
        stay: Floats | None,
        counts: Floats,
        *,
        squares: bool,
    ) -> Floats:
        before, later = pair
        total = np.zeros((4, len(self.deaths)))
        weights = [(before, waiting[before.rows, : before.width])]
        if len(later.rows):
            own = np.broadcast_to(after[later.rows][:, None], (len(later.rows), later.width))
            weights.append((later, own if stay is None else own * stay[later.rows, : later.width]))
        for segments, values in weights:
            drawn = counts[segments.rows]
            total[:2] += segments.sums(values, drawn)
            if squares:
                total[2] += segments.sums(values**2, drawn)[1]
                total[3] += segments.sums(values**4, drawn)[1]
        return total


def _arm(
    data: TrialData, strategy: Strategy, grace: float, spread: Spread, progression: str | None
) -> Arm:
    window = strategy.window(data, grace, progression)
    if strategy.kind == "never":
        nobody = np.zeros(data.n, dtype=bool)
        forever = np.full(data.n, np.inf)
        timing = Timing(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
        return Arm(strategy, timing, forever, forever, nobody, forever)
    adherent = data.ever_treated & (data.treated >= window.opens) & (data.treated <= window.closes)
    return Arm(
        strategy,
        timing_of(data, window, spread),
        window.opens,
        window.closes,
        adherent,
        window.closes,
    )


def kaplan_meier_of(deaths: Floats, at_risk: Floats) -> Floats:
    """Survival after each time, from weighted deaths and numbers at risk; last axis is time."""
    hazard = np.divide(deaths, at_risk, out=np.zeros(np.shape(deaths)), where=at_risk > 1e-9)
    return np.asarray(np.cumprod(1.0 - np.clip(hazard, 0.0, 1.0), axis=-1))


def restricted_mean(times: Floats, survival: Floats, horizon: float) -> Floats:
    """Area under each curve up to the horizon; last axis is time."""
    width = np.diff(np.concatenate([[0.0], times, [horizon]]))
    heights = np.concatenate([np.ones((*survival.shape[:-1], 1)), survival], axis=-1)
    return np.asarray(heights @ width)


def hazard_ratio(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    """Cox hazard ratio of two weighted arms, from their deaths and numbers at risk (Breslow)."""
    (deaths_a, risk_a), (deaths_b, risk_b) = one, other
    both = (risk_a > 1e-9) & (risk_b > 1e-9)
    deaths_a, risk_a, deaths_b, risk_b = (v[both] for v in (deaths_a, risk_a, deaths_b, risk_b))
    if not (deaths_a.sum() > 0 and deaths_b.sum() > 0):
        return float("nan")
    total = deaths_a + deaths_b
    log_ratio = 0.0
    for _ in range(50):
        share = risk_a * np.exp(log_ratio) / (risk_a * np.exp(log_ratio) + risk_b)
        step = (deaths_a - total * share).sum() / (total * share * (1 - share)).sum()
        log_ratio += float(np.clip(step, -1, 1))
        if abs(step) < 1e-9:
            break
    return float(np.exp(log_ratio))
