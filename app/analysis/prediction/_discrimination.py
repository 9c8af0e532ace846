"""Which of two scores orders better who has the event first.

Harrell's C and Uno's C with R's standard errors, the difference of two scores by the bootstrap of
patients, and the time-dependent area under the curve of those with the event by a time against
those without it by then (Uno 2007, Hung 2010), weighted for censoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats, Ints
from app.analysis.regression import concordance_index
from app.analysis.survival_input import SurvivalData, numbers, survival_data

_RESAMPLES = 200
_LEVEL = 0.95
_CELLS = 20_000_000  # event-by-patient pairs held at once


@dataclass(frozen=True)
class Discrimination:
    """Scores beside each other, in the same patients.

    Attributes
    ----------
    concordance
        One row a score: score, harrell, harrell_se, harrell_lower, harrell_upper and the same of
        uno, NaN with entry times.
    difference
        One row a measure, the second score less the first: measure, difference, lower, upper.
        Empty with one score; of Harrell's index alone with entry times.
    auc
        Score, time, auc, lower, upper, cases (with the event by then), controls.
    resamples
        Bootstrap samples; patients were drawn with replacement, censoring weights estimated anew.
    """

    concordance: pd.DataFrame
    difference: pd.DataFrame
    auc: pd.DataFrame
    n: int
    events: int
    resamples: int


def compare_discrimination(
    time: Any,
    event: Any,
    scores: Mapping[str, Any],
    times: Sequence[float] = (),
    *,
    entry: Any = None,
    until: float | None = None,
    resamples: int = _RESAMPLES,
    seed: int = 0,
) -> Discrimination:
    """Compare how scores order patients by their time to an event.

    Parameters
    ----------
    scores
        Name to score, higher = earlier event, shape (n,), complete.
    times
        At which the area under the curve is wanted; none with entry times.
    entry
        Times of entry: patients are compared with those at risk at an event. Uno's index and the
        area under the curve know none.
    until
        Events after this time do not count for Uno's index, whose weights grow without bound where
        few are followed.
    resamples, seed
        Of the bootstrap; 0 resamples give no intervals of differences and areas.

    Returns
    -------
    Discrimination

    Raises
    ------
    ValueError
        If areas are asked for with entry times.
    """
    data = survival_data(time, event, entry, beside=dict(scores))
    entered = None if data.entry is None else data.times[data.entry]
    if entered is not None and len(times):
        raise ValueError("The area under the curve over time is not defined with entry times.")
    values = {name: numbers(score, "Scores", data.n) for name, score in scores.items()}
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(data.n, np.full(data.n, 1 / data.n), size=resamples).T.astype(float)
    rows = []
    for name, score in values.items():
        row: dict[str, object] = {"score": name}
        harrell = concordance_index(data.times[data.exit], data.event, score, entered)
        uno = (
            concordance_index(data.times[data.exit], data.event, score, uno=True, until=until)
            if entered is None
            else None
        )
        for measure, found in (("harrell", harrell), ("uno", uno)):
            row |= {measure: np.nan if found is None else float(found)} | {
                f"{measure}_{short}": np.nan if found is None else getattr(found, long)
                for short, long in (("se", "std_error"), ("lower", "lower"), ("upper", "upper"))
            }
        rows.append(row)
    concordance = pd.DataFrame(rows)
    areas = [
        time_dependent_auc(data.times[data.exit], data.event, score, times).assign(score=name)
        for name, score in values.items()
    ]
    auc = pd.concat(areas, ignore_index=True)
    lower, upper = np.full((2, len(auc)), np.nan)
    if resamples and len(auc):
        drawn_areas = np.concatenate(
            [_areas(data, score, times, drawn) for score in values.values()]
        )
        lower, upper = _limits(drawn_areas)
    auc = auc.assign(lower=lower, upper=upper)
    return Discrimination(
        concordance,
        _differences(data, values, concordance, drawn, until),
        auc[["score", "time", "auc", "lower", "upper", "cases", "controls"]],
        data.n,
        int(data.event.sum()),
        resamples,
    )


def time_dependent_auc(time: Any, event: Any, score: Any, times: Sequence[float]) -> pd.DataFrame:
    """Area under the curve at times: who had the event by then against who did not yet.

    Who had the event counts by the inverse of the probability of being observed until it; who was
    censored before the time is neither. Ties in score count one half.

    Returns
    -------
    DataFrame
        time, auc (NaN where one of both is empty), cases, controls.
    """
    data = survival_data(time, event, beside={"Scores": score})
    values = numbers(score, "Scores", data.n)
    own = data.times[data.exit]
    area = _areas(data, values, times, np.ones((data.n, 1)))[:, 0]
    return pd.DataFrame(
        {
            "time": np.asarray(times, dtype=np.float64),
            "auc": area,
            "cases": [int((data.event & (own <= t)).sum()) for t in times],
            "controls": [int((own > t).sum()) for t in times],
        }
    )


def _areas(data: SurvivalData, score: Floats, times: Sequence[float], drawn: Floats) -> Floats:
    """Areas at each time in each sample, shape (times, samples)."""
    own = data.times[data.exit]
    codes = np.unique(score, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    observed = _observed_before(data, drawn)
    found = np.full((len(times), drawn.shape[1]), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        weighted = np.where(drawn > 0, drawn / observed, 0.0)
        for row, moment in enumerate(times):
            case = (data.event & (own <= moment))[:, None] * weighted
            control = (own > moment)[:, None] * drawn
            cases = np.add.reduceat(case[order], starts)
            controls = np.add.reduceat(control[order], starts)
            below = np.cumsum(controls, axis=0) - controls
            won = (cases * (below + controls / 2)).sum(axis=0)
            found[row] = won / (cases.sum(axis=0) * controls.sum(axis=0))
    return found


def _observed_before(data: SurvivalData, drawn: Floats) -> Floats:
    """Probability of being uncensored just before each patient's end in each sample, (n, samples).

    As :func:`app.analysis.regression.observed_before`, of weighted patients.
    """
    order = np.argsort(data.exit, kind="stable")
    starts = np.searchsorted(data.exit[order], np.arange(len(data.times)))
    events = np.add.reduceat((drawn * data.event[:, None])[order], starts)
    left = np.add.reduceat(drawn[order], starts)
    at_risk = np.cumsum(left[::-1], axis=0)[::-1] - events
    step = 1 - (left - events) / np.maximum(at_risk, 1e-12)
    before = np.vstack([np.ones(drawn.shape[1]), np.cumprod(step, axis=0)[:-1]])
    return np.asarray(before[data.exit], dtype=np.float64)


def _differences(
    data: SurvivalData,
    values: Mapping[str, Floats],
    concordance: pd.DataFrame,
    drawn: Floats,
    until: float | None,
) -> pd.DataFrame:
    columns = ["measure", "difference", "lower", "upper"]
    if len(values) != 2:
        return pd.DataFrame(columns=columns)
    first, second = values.values()
    found = [_drawn_concordance(data, score, drawn, until) for score in (first, second)]
    rows: list[dict[str, object]] = []
    for position, measure in enumerate(("harrell", "uno")[: len(found[0])]):
        gain = found[1][position] - found[0][position]
        lower, upper = _limits(gain[None, :])
        point = concordance[measure].iloc[1] - concordance[measure].iloc[0]
        rows.append({"measure": measure, "difference": point, "lower": lower[0], "upper": upper[0]})
    return pd.DataFrame(rows, columns=columns)


def _drawn_concordance(
    data: SurvivalData, score: Floats, drawn: Floats, until: float | None
) -> list[Floats]:
    """Harrell's and Uno's index in each sample, shape (samples,) each; with entry the first alone.

    Each event is compared with the patients at risk who outlived it, those of equal score by half:
    one matrix product for all samples, a part of the events at a time.
    """
    died = np.flatnonzero(data.event)
    weights = [drawn[died]]
    if data.entry is None:
        observed = _observed_before(data, drawn)[died]
        with np.errstate(divide="ignore", invalid="ignore"):
            weights.append(np.where(drawn[died] > 0, drawn[died] / observed**2, 0.0))
        if until is not None:
            weights[1][data.times[data.exit[died]] > until] = 0.0
    sums = np.zeros((2 * len(weights), drawn.shape[1]))
    step = max(1, _CELLS // max(1, data.n))
    small = drawn.astype(np.float32)
    for start in range(0, len(died), step):
        part = died[start : start + step]
        outlived = _outlived(data, part)
        lower = (score[None, :] < score[part, None]).astype(np.float32)
        lower += np.float32(0.5) * (score[None, :] == score[part, None])
        won, pairs = (lower * outlived) @ small, outlived @ small
        for place, weight in enumerate(weights):
            own = weight[start : start + step]
            sums[2 * place] += (own * won).sum(axis=0)
            sums[2 * place + 1] += (own * pairs).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return [sums[row] / sums[row + 1] for row in range(0, len(sums), 2)]


def _outlived(data: SurvivalData, part: Ints) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Who was at risk at some events and outlived them: later, or censored at the same time."""
    later = 2 * data.exit + ~data.event
    found = later[None, :] > later[part, None]
    if data.entry is not None:
        found &= data.entry[None, :] < data.exit[part, None]
    return found.astype(np.float32)


def _limits(drawn: Floats) -> tuple[Floats, Floats]:
    """Percentile intervals of each row, NaN where too few samples have a value."""
    if drawn.shape[1] == 0:
        empty = np.full(len(drawn), np.nan)
        return empty, empty
    enough = np.isfinite(drawn).mean(axis=1) > 0.9
    tail = (1 - _LEVEL) / 2
    filled = np.where(enough[:, None], drawn, 0.0)
    lower, upper = np.nanquantile(filled, [tail, 1 - tail], axis=1)
    return np.where(enough, lower, np.nan), np.where(enough, upper, np.nan)
