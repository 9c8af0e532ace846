"""From weighted sums and bootstrap draws to the tables of an emulated trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant._claims.groups import Groups
from app.analysis.transplant._claims.intervals import Interval, interval, less_lost, of_both
from app.analysis.transplant._e_value import e_value, rate_to_risk_ratio
from app.analysis.transplant._trial import (
    ArmSums,
    Caps,
    Trial,
    hazard_ratio,
    kaplan_meier_of,
    restricted_mean,
)
from app.analysis.transplant._weights import DrawnWeights

_UNKNOWN_RATIO = 1e6
_MEASURES = ("survival_difference", "rmst_difference", "hazard_ratio", "risk_ratio")
_RATIOS = ("hazard_ratio", "risk_ratio")
_ENDS = ("", "_lower", "_upper")


@dataclass(frozen=True, eq=False)
class Point:
    """Numbers of one draw: by group and strategy, on the grid, and at earlier horizons."""

    survival: Floats
    rmst: Floats
    measures: Floats
    curves: Floats
    earlier: Floats


@dataclass(frozen=True, eq=False)
class Layout:
    """Of whom, between what, and when a trial speaks.

    Attributes
    ----------
    groups, names, reference
        Groups of patients, strategies, and the position of the strategy compared with.
    grid, earlier, beside
        Times of the curves; horizons before the own that are estimated; those of them, and later
        ones, that are told of everyone, the others being those of single groups.
    """

    groups: Groups
    names: tuple[str, ...]
    reference: int
    grid: Floats
    earlier: tuple[float, ...] = ()
    beside: tuple[float, ...] = ()


def estimate(trial: Trial, sums: list[ArmSums], layout: Layout) -> Point:
    """Curves, means and contrasts of every group."""
    members, reference = layout.groups.members, layout.reference
    deaths, at_risk = (
        np.stack([members @ getattr(arm, name) for arm in sums], axis=1)
        for name in ("deaths", "at_risk")
    )
    survival = kaplan_meier_of(deaths, at_risk)
    rmst = restricted_mean(trial.deaths, survival, trial.horizon)
    last = survival[..., -1]
    measures = np.full((*last.shape, len(_MEASURES)), np.nan)
    measures[..., 0] = last - last[:, [reference]]
    measures[..., 1] = rmst - rmst[:, [reference]]
    base = 1.0 - last[:, [reference]]
    measures[..., 3] = np.divide(1.0 - last, base, out=np.full(last.shape, np.nan), where=base > 0)
    for group, arm in np.ndindex(last.shape):
        if arm != reference:
            own = deaths[group, arm], at_risk[group, arm]
            measures[group, arm, 2] = hazard_ratio(
                own, (deaths[group, reference], at_risk[group, reference])
            )
    position = np.searchsorted(trial.deaths, layout.grid, side="right")
    heights = np.concatenate([np.ones((*last.shape, 1)), survival], axis=-1)
    means = [rmst]
    for horizon in layout.earlier:
        upto = int(np.searchsorted(trial.deaths, horizon, side="right"))
        means.append(restricted_mean(trial.deaths[:upto], survival[..., :upto], horizon))
    return Point(last, rmst, measures, heights[..., position], np.stack(means, axis=-1))


class Limits:
    """What the draws say; missing where nothing was drawn."""

    def __init__(self, points: list[Point], level: float, like: Point) -> None:
        self.level = level
        self._tails = [(1 - level) / 2, (1 + level) / 2]
        self._points, self._like = points, like

    def values(self, name: str) -> Floats:
        """One of the arrays of a point in every draw, shape (draws, ...)."""
        shape = getattr(self._like, name).shape
        found = [getattr(point, name) for point in self._points]
        return np.stack(found) if found else np.empty((0, *shape))

    def of(self, name: str) -> Floats:
        """Lower and upper limit of one of the arrays of a point, shape (2, ...)."""
        values = self.values(name)
        return self.quantiles(values if len(values) else None)

    def quantiles(self, values: Floats | None) -> Floats:
        """Quantiles over the draws that have the value."""
        if values is None or not len(values):
            return np.full((2, 1), np.nan)
        known = ~np.isnan(values).any(axis=0)
        limits = np.full((2, *values.shape[1:]), np.nan)
        limits[:, known] = np.quantile(values[:, known], self._tails, axis=0, method="weibull")
        return limits


@dataclass(frozen=True, eq=False)
class Findings:
    """What the tables are made from.

    Attributes
    ----------
    point, limits
        Estimates, and their limits from the draws.
    layout
        Of whom, between what, and when.
    support
        n, adherent and events by group and strategy.
    freedom
        Degrees of freedom of each arm's standard error at the own and the earlier horizons, shape
        (groups, arms, horizons).
    told_at
        Position among these horizons of the latest at which everyone and each half has an estimate
        of that comparison; -1 where there is none.
    """

    trial: Trial
    sums: list[ArmSums]
    point: Point
    limits: Limits
    layout: Layout
    support: pd.DataFrame
    freedom: Floats
    told_at: tuple[int, ...]

    @property
    def groups(self) -> Groups:
        """Groups of patients."""
        return self.layout.groups

    @property
    def names(self) -> tuple[str, ...]:
        """Strategies."""
        return self.layout.names

    @property
    def reference(self) -> int:
        """Position of the strategy compared with."""
        return self.layout.reference

    @property
    def primary(self) -> int:
        """Position of the strategy that is compared first."""
        return 1 if self.reference == 0 else 0

    @property
    def supported(self) -> Bools:
        """Whether each group and strategy has an estimate, shape (groups, strategies)."""
        shape = (len(self.groups.names), len(self.names))
        return np.asarray(self.support["supported"].to_numpy(dtype=bool).reshape(shape))

    @property
    def effective(self) -> Floats:
        """Effective number at the horizon, shape (groups, strategies)."""
        shape = (len(self.groups.names), len(self.names))
        return np.asarray(self.support["effective"].to_numpy(dtype=np.float64).reshape(shape))

    def gain(self, group: int, arm: int, *, several: int = 1, horizon: int = 0) -> Interval:
        """Interval of the gain in restricted mean, of the horizon or an earlier one."""
        pair = [arm, self.reference]
        until = self.layout.earlier[horizon - 1] if horizon else self.trial.horizon
        lost = until - self.point.earlier[group, pair, horizon]
        drawn = until - self.limits.values("earlier")[:, group, pair, horizon]
        freedom = self.freedom[group, pair, horizon]
        return less_lost(lost, drawn, self.limits.level, freedom, several=several)

    def error(self, group: int, arm: int, horizon: int = 0) -> float:
        """Standard error of the gain in restricted mean over the draws; infinite without."""
        drawn = self.limits.values("earlier")[:, group, :, horizon]
        drawn = drawn[:, arm] - drawn[:, self.reference]
        return float(drawn.std(ddof=1)) if len(drawn) > 1 else float("inf")


def _pair(limits: Floats, *index: int) -> tuple[float, float]:
    if limits.shape == (2, 1):
        return float("nan"), float("nan")
    return float(limits[(0, *index)]), float(limits[(1, *index)])


def estimate_table(found: Findings) -> pd.DataFrame:
    """Survival and restricted mean of every class and strategy."""
    point, limits, names = found.point, found.limits, found.names
    groups = found.groups.names
    table = found.support.copy()
    survival, rmst = limits.of("survival"), limits.of("rmst")
    for row, (group, arm) in enumerate(np.ndindex(len(groups), len(names))):
        if not table.loc[row, "supported"]:
            continue
        table.loc[row, "survival"] = point.survival[group, arm]
        table.loc[row, ["survival_lower", "survival_upper"]] = _pair(survival, group, arm)
        table.loc[row, "rmst"] = point.rmst[group, arm]
        table.loc[row, ["rmst_lower", "rmst_upper"]] = _pair(rmst, group, arm)
    return table


def contrast_table(found: Findings) -> pd.DataFrame:
    """Every strategy against the reference, with E-values; the classes' intervals hold together."""
    point, names, reference = found.point, found.names, found.reference
    groups = found.groups.names
    measures, survival = found.limits.values("measures"), found.limits.values("survival")
    supported = found.supported & found.supported[:, [reference]]
    notes = found.support["note"].to_numpy().reshape(supported.shape)
    classes = found.groups.members.sum(axis=1) == 1
    rows = []
    for group, arm in np.ndindex(supported.shape):
        if arm == reference:
            continue
        several = int(supported[classes, arm].sum()) if classes[group] and len(groups) > 1 else 1
        fine = bool(supported[group, arm])
        effective = float(min(found.effective[group, arm], found.effective[group, reference]))
        row: dict[str, Any] = {
            "group": groups[group],
            "strategy": names[arm],
            "reference": names[reference],
            "effective": effective,
            "supported": fine,
            "note": " ".join(filter(None, (notes[group, arm], notes[group, reference]))),
        }
        rows.append(row)
        for position, name in enumerate(_MEASURES):
            value = point.measures[group, arm, position] if fine else np.nan
            drawn, ratio = measures[:, group, arm, position], name in _RATIOS
            if ratio:
                with np.errstate(divide="ignore", invalid="ignore"):
                    value, drawn = np.log(value), np.log(drawn)
            if name == "rmst_difference" and fine:
                own = found.gain(group, arm, several=several)
            elif name == "survival_difference" and fine:
                pair = [arm, reference]
                died, drawn = 1 - point.survival[group, pair], 1 - survival[:, group, pair]
                freedom = found.freedom[group, pair, 0]
                own = less_lost(died, drawn, found.limits.level, freedom, several=several)
            else:
                pair = [arm, reference]
                firm = 1.0 + float(of_both(found.freedom[group, pair, 0], survival[:, group, pair]))
                own = interval(
                    float(value), drawn, found.limits.level, firm, several=several, resampled=True
                )
            values = np.array([value, own.lower, own.upper])
            values = np.exp(values) if ratio else values
            row |= dict(zip((name, f"{name}_lower", f"{name}_upper"), values, strict=True))
            if name == "rmst_difference":
                row |= {"rmst_difference_error": own.error, "verdict": own.verdict}
        risk, rate = ([float(row[f"{name}{end}"]) for end in _ENDS] for name in reversed(_RATIOS))
        row["e_value"], row["e_value_limit"] = e_value(*risk)
        approximate = map(rate_to_risk_ratio, rate)
        row["e_value_hazard"], row["e_value_hazard_limit"] = e_value(*approximate)
    return pd.DataFrame(rows)


def curve_table(found: Findings) -> pd.DataFrame:
    """Weighted survival curves on the grid, with numbers at risk."""
    point, limits, names = found.point, found.limits, found.names
    groups = found.groups.names
    trial, sums, grid, support = found.trial, found.sums, found.layout.grid, found.support
    bounds = limits.of("curves")
    supported = support["supported"].to_numpy().reshape(len(groups), len(names))
    position = np.searchsorted(trial.deaths, grid)
    parts = []
    for group, arm in np.ndindex(len(groups), len(names)):
        if not supported[group, arm]:
            continue
        own = found.groups.members[group]
        risk, square = (
            np.append(own @ np.asarray(values), np.nan)[position]
            for values in (sums[arm].at_risk, sums[arm].squares)
        )
        frame = {
            "group": groups[group],
            "strategy": names[arm],
            "time": grid,
            "survival": point.curves[group, arm],
        }
        low_high = bounds[:, group, arm] if bounds.shape != (2, 1) else np.full((2, 1), np.nan)
        frame |= {"lower": np.broadcast_to(low_high[0], grid.shape)}
        frame |= {"upper": np.broadcast_to(low_high[1], grid.shape), "at_risk": risk}
        frame["effective"] = np.divide(
            risk**2, square, out=np.zeros_like(risk), where=np.nan_to_num(square) > 0
        )
        parts.append(pd.DataFrame(frame))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def adherence_table(trial: Trial, drawn: DrawnWeights) -> pd.DataFrame:
    """Hazard ratios of the models of transplant and loss."""
    model = trial.model
    parts = []
    for name, fitted, terms in (
        ("transplant", drawn.treatment, model.terms),
        ("loss to follow-up", drawn.loss, model.data.terms),
    ):
        if fitted is not None:
            half = 1.959963984540054 * fitted.std_error
            frame = {"model": name, "term": list(terms), "hr": np.exp(fitted.beta)}
            frame |= {"lower": np.exp(fitted.beta - half), "upper": np.exp(fitted.beta + half)}
            parts.append(pd.DataFrame(frame))
    table = pd.concat(parts, ignore_index=True)
    # Only the ridge speaks where a term is the same in everyone with the same baseline.
    absorbed = table["upper"] > table["lower"] * _UNKNOWN_RATIO
    table.loc[absorbed, ["hr", "lower", "upper"]] = np.nan
    table["note"] = np.where(absorbed, "In the baseline hazard of its class, or never seen.", "")
    return table


def clone_weights(
    trial: Trial, drawn: DrawnWeights, caps: Caps | None = None
) -> list[tuple[str, str, Floats, float]]:
    """Stabilised weights at the end of each clone's time in a state: strategy, state, them, cap."""
    model, data = trial.model, trial.data
    caps = caps or Caps()
    stable = drawn.waiting * trial.stabiliser(drawn)
    rows: list[tuple[str, str, Floats, float]] = []
    for arm in trial.arms:
        end = np.minimum(np.minimum(data.time, data.treated), arm.waiting_until)
        end = np.minimum(end, trial.horizon)
        waiting = stable[np.arange(data.n), model.cells.of(end)]
        rows.append((arm.strategy.label, "not transplanted", waiting, caps.waiting))
        if arm.adherent.any():
            weights = trial.transplanted(arm, drawn, trial.asked(arm, drawn)[1])[arm.adherent]
            # Stabilised by the share who are transplanted in the window.
            factor = 1.0 / weights.mean() if weights.mean() > 0 else 1.0
            cap = caps.transplanted.get(arm.strategy.label, np.inf) * factor
            rows.append((arm.strategy.label, "transplanted", weights * factor, cap))
    return rows


def weight_table(trial: Trial, drawn: DrawnWeights, caps: Caps) -> pd.DataFrame:
    """Weights at the end of each clone's time in a state, where they are largest."""
    rows = clone_weights(trial, drawn, caps)
    return pd.DataFrame(
        [
            {
                "strategy": label,
                "state": state,
                "n": len(values),
                "mean": float(np.minimum(values, cap).mean()),
                "sd": float(np.minimum(values, cap).std()),
                "minimum": float(values.min()),
                "median": float(np.median(values)),
                "p99": float(np.quantile(values, 0.99)),
                "maximum": float(values.max()),
                "cap": cap,
                "n_cut": int((values > cap).sum()),
                "effective": float(
                    np.minimum(values, cap).sum() ** 2
                    / max((np.minimum(values, cap) ** 2).sum(), 1e-300)
                ),
            }
            for label, state, values, cap in rows
        ]
    )
