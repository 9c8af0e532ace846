"""From weighted sums and bootstrap draws to the tables of an emulated trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
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


@dataclass(frozen=True, eq=False)
class Point:
    """Numbers of one draw: by class and strategy, and on the grid of times."""

    survival: Floats
    rmst: Floats
    measures: Floats
    curves: Floats


def estimate(trial: Trial, sums: list[ArmSums], reference: int, grid: Floats) -> Point:
    """Curves, means and contrasts of every class, everyone together first where there are some."""
    deaths, at_risk = (
        np.stack([getattr(arm, name) for arm in sums], axis=1) for name in ("deaths", "at_risk")
    )
    if len(deaths) > 1:
        deaths, at_risk = (
            np.concatenate([v.sum(axis=0, keepdims=True), v]) for v in (deaths, at_risk)
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
    position = np.searchsorted(trial.deaths, grid, side="right")
    heights = np.concatenate([np.ones((*last.shape, 1)), survival], axis=-1)
    return Point(last, rmst, measures, heights[..., position])


class Limits:
    """Percentile limits from the draws; missing where nothing was drawn."""

    def __init__(self, points: list[Point], level: float, groups: int, arms: int) -> None:
        self._tails = [(1 - level) / 2, (1 + level) / 2]
        self.rmst = np.stack([p.rmst for p in points]) if points else np.empty((0, groups, arms))
        self._points = points

    def of(self, name: str) -> Floats:
        """Lower and upper limit of one of the arrays of a point, shape (2, ...)."""
        values = np.stack([getattr(p, name) for p in self._points]) if self._points else None
        return self.quantiles(values)

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
    trial, sums
        The trial, and its weighted sums in the patients as they are.
    point, limits
        Estimates, and their limits from the draws.
    groups, names, reference
        Classes, strategies, and the position of the strategy compared with.
    grid
        Times of the curves.
    support
        n, adherent and events by class and strategy.
    """

    trial: Trial
    sums: list[ArmSums]
    point: Point
    limits: Limits
    groups: tuple[str, ...]
    names: tuple[str, ...]
    reference: int
    grid: Floats
    support: pd.DataFrame


def _pair(limits: Floats, *index: int) -> tuple[float, float]:
    if limits.shape == (2, 1):
        return float("nan"), float("nan")
    return float(limits[(0, *index)]), float(limits[(1, *index)])


def estimate_table(found: Findings) -> pd.DataFrame:
    """Survival and restricted mean of every class and strategy."""
    point, limits, groups, names = found.point, found.limits, found.groups, found.names
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
    """Every strategy against the reference, with E-values."""
    point, limits, groups, names = found.point, found.limits, found.groups, found.names
    reference, support = found.reference, found.support
    bounds = limits.of("measures")
    supported = support["supported"].to_numpy().reshape(len(groups), len(names))
    notes = support["note"].to_numpy().reshape(len(groups), len(names))
    rows = []
    for group, arm in np.ndindex(len(groups), len(names)):
        if arm == reference:
            continue
        fine = bool(supported[group, arm] and supported[group, reference])
        row: dict[str, object] = {
            "group": groups[group],
            "strategy": names[arm],
            "reference": names[reference],
            "supported": fine,
            "note": " ".join(filter(None, (notes[group, arm], notes[group, reference]))),
        }
        rows.append(row)
        for position, name in enumerate(_MEASURES):
            index = (group, arm, position)
            pair = _pair(bounds, *index)
            values = (float(point.measures[index]), *pair) if fine else (np.nan,) * 3
            row |= dict(zip((name, f"{name}_lower", f"{name}_upper"), values, strict=True))
        risk = [row[f"risk_ratio{end}"] for end in ("", "_lower", "_upper")]
        row["e_value"], row["e_value_limit"] = e_value(*map(float, risk))  # type: ignore[arg-type]
        rate = [row[f"hazard_ratio{end}"] for end in ("", "_lower", "_upper")]
        approximate = [rate_to_risk_ratio(float(value)) for value in rate]  # type: ignore[arg-type]
        row["e_value_hazard"], row["e_value_hazard_limit"] = e_value(*approximate)
    return pd.DataFrame(rows)


def heterogeneity_table(found: Findings) -> pd.DataFrame:
    """Gain in restricted mean of each class against that of the first supported one."""
    point, limits, groups, names = found.point, found.limits, found.groups, found.names
    reference, support = found.reference, found.support
    columns = ["group", "against", "strategy", "difference", "lower", "upper"]
    supported = support["supported"].to_numpy().reshape(len(groups), len(names))
    gain, drawn = (v - v[..., [reference]] for v in (point.rmst, limits.rmst))
    rows = []
    for arm in range(len(names)):
        usable = [g for g in range(1, len(groups)) if supported[g, arm] and supported[g, reference]]
        if arm == reference or len(usable) < 2:
            continue
        first = usable[0]
        for group in usable[1:]:
            bounds = limits.quantiles((drawn[:, group, arm] - drawn[:, first, arm])[:, None])
            difference = gain[group, arm] - gain[first, arm]
            label = (groups[group], groups[first], names[arm])
            rows.append((*label, difference, float(bounds[0, 0]), float(bounds[1, 0])))
    return pd.DataFrame(rows, columns=columns)


def curve_table(found: Findings) -> pd.DataFrame:
    """Weighted survival curves on the grid, with numbers at risk."""
    point, limits, groups, names = found.point, found.limits, found.groups, found.names
    trial, sums, grid, support = found.trial, found.sums, found.grid, found.support
    bounds = limits.of("curves")
    supported = support["supported"].to_numpy().reshape(len(groups), len(names))
    position = np.searchsorted(trial.deaths, grid)
    parts = []
    for group, arm in np.ndindex(len(groups), len(names)):
        if not supported[group, arm]:
            continue
        own = slice(None) if len(groups) == 1 or group == 0 else slice(group - 1, group)
        risk, square = (
            np.append(np.asarray(values)[own].sum(axis=0), np.nan)[position]
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
                    np.minimum(values, cap).sum() ** 2 / (np.minimum(values, cap) ** 2).sum()
                ),
            }
            for label, state, values, cap in rows
        ]
    )
