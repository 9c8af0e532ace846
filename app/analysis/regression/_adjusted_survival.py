"""Adjusted survival curves: what a Cox model predicts for the whole cohort, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.likelihood import encode
from app.analysis.regression._cox_model import CoxModel
from app.analysis.survival import confidence_band
from app.analysis.survival_input import numbers, slack, wald

MOST_TIMES = 300
CHUNK = 2_000_000
# Share of the patients averaged over that may lie outside what a level was seen with, unsaid.
TOLERATED = 0.05


@dataclass(frozen=True)
class AdjustedSurvival:
    """Standardised survival curves of the levels of one covariate.

    Attributes
    ----------
    table
        group, time, survival, std_error, lower, upper; log-log limits.
    differences
        group, reference (the first level), time, difference, std_error, lower, upper, p_value.
    support
        group, variable (another covariate), n (patients of that level), lowest, highest (its values
        among them), below, above (shares of the patients averaged over, outside these values) and
        outside: both together, or the share with a category that nobody of that level has.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    n: int
    method: str
    support: pd.DataFrame


def adjusted_survival(
    model: CoxModel,
    frame: pd.DataFrame,
    variable: str,
    levels: Sequence[Any] | None = None,
    times: Any = None,
) -> AdjustedSurvival:
    """Average the model's survival curves over the cohort, as if everyone were of one level.

    Direct standardisation (Makuch 1982; g-formula): every patient keeps their other covariates,
    ``variable`` is set to each level in turn, and the predicted curves are averaged. Standard
    errors are by the delta method, from the coefficients and the Efron baseline hazard (Tsiatis
    1981), for the cohort's covariates as they are.

    Parameters
    ----------
    model
        A model from :func:`app.analysis.regression.cox`, with ``variable`` among its covariates.
    levels
        Values to set it to; by default the levels of a categorical covariate or the two values of
        a binary one.
    times
        Times to evaluate at; by default event times, at most 300. Beyond the last follow-up (of any
        stratum) the curves are not known: NaN.

    Raises
    ------
    ValueError
        If the table is another, the variable is not in the model, or has no obvious levels.
    """
    fitted = model.fitted
    if len(frame) != len(fitted.kept):
        raise ValueError("The model was fitted on another table: give the one it was fitted on.")
    used = frame.loc[fitted.kept]
    values = _levels(model, used, variable) if levels is None else list(levels)
    grid = _grid(fitted.sets.row_time) if times is None else np.sort(numbers(times, "Times"))
    curves, gradients, loadings = [], [], []
    for value in values:
        x = (encode(used.assign(**{variable: value}), fitted.terms) - fitted.centre) / fitted.scale
        curve, gradient, loading = _average(model, x, grid)
        curves.append(curve)
        gradients.append(gradient)
        loadings.append(loading)
    noise = _accumulate(model, model.fitted.at.baseline**2, grid)
    end = _last_follow_up(model)
    beyond = grid > end + slack(end)
    covariance = model.covariance * np.outer(fitted.scale, fitted.scale)

    def error(gradient: Floats, loading: Floats) -> Floats:
        coefficients: Floats = np.sum((gradient @ covariance) * gradient, axis=1)
        return np.asarray(np.sqrt(coefficients + np.sum(loading**2 * noise, axis=1)))

    tables, contrasts = [], []
    for value, curve, gradient, loading in zip(values, curves, gradients, loadings, strict=True):
        curve[beyond] = np.nan
        std_error = np.where(beyond, np.nan, error(gradient, loading))
        group = pd.Series([value] * len(grid), dtype=object)
        with np.errstate(divide="ignore", invalid="ignore"):
            lower, upper = confidence_band(curve, std_error / curve, "log-log", model.conf_level)
        tables.append(
            pd.DataFrame(
                {
                    "group": group,
                    "time": grid,
                    "survival": curve,
                    "std_error": std_error,
                    "lower": lower,
                    "upper": upper,
                }
            )
        )
        if len(tables) > 1:
            gap = error(gradient - gradients[0], loading - loadings[0])
            contrasts.append(
                pd.DataFrame(
                    {
                        "group": group,
                        "reference": pd.Series([values[0]] * len(grid), dtype=object),
                        "time": grid,
                        **wald(curve - curves[0], gap, model.conf_level, (-1.0, 1.0)),
                    }
                )
            )
    others = [term.name for term in fitted.terms if variable not in term.variable.split(":")]
    adjustment = f", adjusted for {', '.join(others)}" if others else ""
    return AdjustedSurvival(
        table=pd.concat(tables, ignore_index=True),
        differences=pd.concat(contrasts, ignore_index=True) if contrasts else pd.DataFrame(),
        n=len(used),
        method=f"Survival by {variable} standardised over {len(used):,} patients{adjustment}",
        support=_support(model, used, variable, values),
    )


def support_sentences(adjusted: AdjustedSurvival) -> list[str]:
    """Where a curve averages over patients unlike any of its own level, one sentence a covariate.

    There the model extrapolates: no patient of that level says what would happen.
    """
    sentences = []
    for row in adjusted.support.itertuples():
        if row.outside < TOLERATED:
            continue
        who = f"of the {adjusted.n:,} patients averaged over"
        level = f"{row.group} (n = {row.n:,})"
        if np.isnan(row.below):
            category = f"a category of {row.variable} that no patient of {level} has"
            words = f"{row.outside:.0%} {who} have {category}"
        else:
            sides = [
                (row.below, "below", f"lowest {row.lowest:.3g}".replace("-", "−")),
                (row.above, "above", f"highest {row.highest:.3g}".replace("-", "−")),
            ]
            words = " and ".join(
                f"{share:.0%} {who} are {side} any patient of {level} in {row.variable} ({limit})"
                for share, side, limit in sides
                if share >= TOLERATED / 2
            )
        sentences.append(f"{words}: for them its curve rests on the model alone.")
    return sentences


def _support(
    model: CoxModel, used: pd.DataFrame, variable: str, values: Sequence[Any]
) -> pd.DataFrame:
    """Which of the patients averaged over are unlike any patient of a level, by covariate."""
    parts = [part for term in model.fitted.terms for part in term.parts]
    others = dict.fromkeys(part.variable for part in parts if part.variable != variable)
    rows: list[dict[str, Any]] = []
    for value in values:
        own = (used[variable] == value).to_numpy()
        if not own.any():
            continue
        for name in others:
            row = {"group": value, "variable": name, "n": int(own.sum())}
            column = used[name]
            if pd.api.types.is_numeric_dtype(column.dtype) and column.nunique() > 2:
                numbers_of = column.to_numpy(dtype=np.float64)
                lowest, highest = numbers_of[own].min(), numbers_of[own].max()
                below = float(np.mean(numbers_of < lowest - slack(lowest)))
                above = float(np.mean(numbers_of > highest + slack(highest)))
                row |= {"lowest": lowest, "highest": highest, "below": below, "above": above}
                row["outside"] = below + above
            else:
                row["outside"] = float((~column.isin(column[own].unique())).mean())
            rows.append(row)
    columns = ["group", "variable", "n", "lowest", "highest", "below", "above", "outside"]
    return pd.DataFrame(rows, columns=columns)


def _last_follow_up(model: CoxModel) -> float:
    """Latest time at which somebody of every stratum is still followed."""
    fitted = model.fitted
    codes = (
        np.zeros(len(fitted.x), dtype=np.int64) if fitted.strata is None else fitted.strata.codes
    )
    last = np.zeros(fitted.sets.n_strata)
    np.maximum.at(last, codes, fitted.data.times[fitted.data.exit])
    return float(last.min())


def _average(model: CoxModel, x: Floats, grid: Floats) -> tuple[Floats, Floats, Floats]:
    """Average survival at each time, and how it changes with what was estimated.

    Returns
    -------
    tuple of arrays
        Survival (t,); its derivative by the standardised coefficients, baseline included, (t, p);
        and by the baseline hazard of each stratum, (t, strata).
    """
    fitted = model.fitted
    hazard, slope = _baseline(model, grid)
    codes = np.zeros(len(x), dtype=np.int64) if fitted.strata is None else fitted.strata.codes
    survival = np.zeros(len(grid))
    gradient = np.zeros((len(grid), x.shape[1]))
    loading = np.zeros((len(grid), hazard.shape[1]))
    for stratum in range(hazard.shape[1]):
        own = x[codes == stratum]
        risk = np.exp(own @ fitted.beta)
        size = max(1, CHUNK // max(len(own), 1))
        for first in range(0, len(grid), size):
            rows = slice(first, first + size)
            level = hazard[rows, stratum]
            alive = np.exp(-np.outer(level, risk))
            falling = -(alive * risk)
            survival[rows] += alive.sum(axis=1)
            total = falling.sum(axis=1)
            loading[rows, stratum] = total
            gradient[rows] += level[:, None] * (falling @ own)
            # The baseline is estimated at the coefficients: it moves when they do.
            gradient[rows] -= total[:, None] * slope[rows, stratum]
    n = len(x)
    return survival / n, gradient / n, loading / n


def _baseline(model: CoxModel, grid: Floats) -> tuple[Floats, Floats]:
    """Cumulative baseline hazard (t, strata) and minus its derivative by beta (t, strata, p)."""
    at = model.fitted.at
    moving = at.baseline[:, None] * at.mean
    return _accumulate(model, at.baseline, grid), _accumulate(model, moving, grid)


def _accumulate(model: CoxModel, increments: Floats, grid: Floats) -> Floats:
    """Running sums of one increment an event, read at the grid, by stratum."""
    fitted = model.fitted
    sets = fitted.sets
    stratum, time = sets.row_stratum[sets.event_row], sets.row_time[sets.event_row]
    parts = []
    for code in range(sets.n_strata):
        own = stratum == code
        sums = np.concatenate([np.zeros_like(increments[:1]), np.cumsum(increments[own], axis=0)])
        parts.append(sums[np.searchsorted(time[own], grid + slack(grid), side="right")])
    return np.stack(parts, axis=1)


def _levels(model: CoxModel, used: pd.DataFrame, variable: str) -> list[Any]:
    parts = [
        part for term in model.fitted.terms for part in term.parts if part.variable == variable
    ]
    if not parts:
        raise ValueError(f"'{variable}' is not among the covariates of this model.")
    categorical = [part for part in parts if part.level is not None]
    if categorical:
        return list(dict.fromkeys([categorical[0].reference, *(p.level for p in categorical)]))
    found = sorted(used[variable].unique())
    if len(found) != 2:
        raise ValueError(f"'{variable}' is a number: say for which values to draw curves.")
    return found


def _grid(times: Floats) -> Floats:
    distinct = np.unique(times)
    if len(distinct) <= MOST_TIMES:
        return distinct
    chosen = np.linspace(0, len(distinct) - 1, MOST_TIMES).round().astype(np.int64)
    return np.asarray(distinct[chosen])
