"""Fisher's exact test and the conditional odds ratio of many 2x2 tables at once.

The same numbers as R's ``fisher.test``: with all margins fixed, the first cell follows Fisher's
noncentral hypergeometric distribution whose only parameter is the odds ratio (Fisher 1935).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtri

from app.analysis.arrays import Floats

Integers = npt.NDArray[np.int64]
# R counts tables as "as extreme" up to this relative error of their probability.
_TIES = 1 + 1e-7
# Standard deviations of the first cell around its value that are worked out for the odds ratio;
# beyond them the probabilities are below 1e-9 at the estimate and at both limits. For the p-value:
# standard deviations beyond the observed cell and beyond the one as rare on the other side.
_REACH = 8.5
_FEW = 30
_MOST_CELLS = 2_000_000
_STEPS = 80
_CLOSE = 1e-8


@dataclass(frozen=True, eq=False)
class Ragged:
    """Values of the first cell of every table, one table after the other.

    Attributes
    ----------
    start, length
        Where each table begins, and how many values it has.
    weight
        Logarithm of the number of ways to fill the table so, shifted by a constant a table.
    """

    start: npt.NDArray[np.intp]
    length: npt.NDArray[np.intp]
    value: Integers
    weight: Floats

    def spread(self, by_table: npt.NDArray[Any]) -> Floats:
        """One number a table, repeated for each of its values."""
        return np.repeat(by_table, self.length)

    def total(self, values: Floats) -> Floats:
        """Sum over each table."""
        return np.asarray(np.add.reduceat(values, self.start))

    def highest(self, values: Floats) -> Floats:
        """Largest of each table."""
        return np.asarray(np.maximum.reduceat(values, self.start))


def fisher_p_values(
    a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike, d: npt.ArrayLike
) -> Floats:
    """Two-sided p-values of Fisher's exact test, as ``fisher.test`` of R and of scipy.

    Parameters
    ----------
    a, b, c, d
        Cells of each table, shape (m,): rows (a, b) and (c, d).

    Returns
    -------
    array of shape (m,)
        1 where a margin is empty: the table can be filled in one way only.
    """
    cells = _cells(a, b, c, d)
    result = np.ones(cells.shape[1])
    first, last = _tails(cells)
    for part in _parts(last - first + 1):
        result[part] = _fisher(cells[:, part], first[part], last[part])
    return result


def conditional_odds_ratios(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    c: npt.ArrayLike,
    d: npt.ArrayLike,
    conf_level: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """Conditional maximum likelihood odds ratios with exact intervals, as R's ``fisher.test``.

    Parameters
    ----------
    a, b, c, d
        Cells of each table, shape (m,): rows (a, b) and (c, d).
    conf_level
        Level of the intervals (Cornfield 1956: tails of half the rest on each side).

    Returns
    -------
    tuple of arrays of shape (m,)
        Odds ratio, lower and upper limit; 0 and infinity where a cell on a diagonal is empty; NaN,
        0 and infinity where a margin is empty.
    """
    cells = _cells(a, b, c, d)
    m = cells.shape[1]
    odds, lower, upper = np.full(m, np.nan), np.zeros(m), np.full(m, np.inf)
    low, high = _support(cells)
    odds[(cells[0] == low) & (low < high)] = 0.0
    odds[(cells[0] == high) & (low < high)] = np.inf
    above, below = cells[0] > low, cells[0] < high
    first, last = _window(cells, low, high)
    for part in _parts(last - first + 1):
        chosen = cells[:, part]
        ragged = _ragged(chosen, first[part], last[part])
        start, se = _start(chosen)
        wide = float(-ndtri((1 - conf_level) / 2)) * se
        inner = above[part] & below[part]
        tail = np.log((1 - conf_level) / 2)
        x = chosen[0]
        odds[part] = np.where(inner, np.exp(_solve(ragged, x, start, inner)), odds[part])
        down = np.exp(_solve(ragged, x, start - wide, above[part], tail=tail, side=1))
        up = np.exp(_solve(ragged, x, start + wide, below[part], tail=tail, side=-1))
        lower[part] = np.where(above[part], down, 0.0)
        upper[part] = np.where(below[part], up, np.inf)
    return odds, lower, upper


def sample_odds_ratios(
    a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike, d: npt.ArrayLike
) -> Floats:
    """Cross-product ratios ad / bc; infinite where only bc is 0, NaN where ad is 0 too."""
    one, two, three, four = _cells(a, b, c, d).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(one * four / (two * three))


def _cells(*cells: npt.ArrayLike) -> Integers:
    return np.stack([np.atleast_1d(np.asarray(cell, dtype=np.int64)) for cell in cells])


def _support(cells: Integers) -> tuple[Integers, Integers]:
    """Lowest and highest first cell that the margins allow."""
    a, b, c, d = cells
    return np.maximum(0, a - d), a + np.minimum(b, c)


def _parts(lengths: Integers) -> list[slice]:
    """Consecutive tables whose values fit the memory together."""
    parts, start, total = [], 0, 0
    for position, length in enumerate(lengths.tolist()):
        if total and total + length > _MOST_CELLS:
            parts.append(slice(start, position))
            start, total = position, 0
        total += length
    if len(lengths):
        parts.append(slice(start, len(lengths)))
    return parts


def _ragged(cells: Integers, first: Integers, last: Integers) -> Ragged:
    a, b, c, d = cells
    length = (last - first + 1).astype(np.intp)
    start = np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.intp)
    value = np.arange(int(length.sum()), dtype=np.int64) - np.repeat(start - first, length)
    ways = np.zeros(len(value))
    # Factorials of the four cells; the margins' factorials are constants of the table.
    table = gammaln(np.arange(int((a + b + c + d).max(initial=0)) + 1) + 1.0)
    for cell, sign in ((a, 1), (b, -1), (c, -1), (d, 1)):
        ways -= table[np.repeat(cell - sign * a, length) + sign * value]
    ways -= np.repeat(np.maximum.reduceat(ways, start), length)
    return Ragged(start, length, value, ways)


def _tails(cells: Integers) -> tuple[Integers, Integers]:
    """First cells that hold all but nothing of the probability of both tails."""
    a, b, c, d = cells
    n = np.maximum(a + b + c + d, 2)
    mean = (a + b) * ((a + c) / n)
    reach = np.ceil(_REACH * np.sqrt(mean * ((c + d) / n) * ((b + d) / (n - 1))) + _FEW)
    low, high = _support(cells)
    # Halves what lies between the likeliest first cell and the last of the other side until it is
    # as rare as the observed one: far from even margins that is not as far from the mean.
    mode = np.clip((a + b + 1) * (a + c + 1) // (n + 2), low, high)
    near, far = mode, np.where(a < mode, high, low)
    for _ in range(int(np.abs(far - near).max(initial=0)).bit_length()):
        middle = (near + far) // 2
        likelier = _ways(cells, middle) > _ways(cells, a)
        near, far = np.where(likelier, middle, near), np.where(likelier, far, middle)
    first = np.minimum(a, far) - reach.astype(np.int64)
    last = np.maximum(a, far) + reach.astype(np.int64)
    return np.maximum(low, first), np.minimum(high, last)


def _ways(cells: Integers, first: Integers) -> Floats:
    """Logarithm of the ways to fill tables of the same margins, but for a constant a table."""
    a, b, c, d = cells
    others = (first, a + b - first, a + c - first, d - a + first)
    return np.asarray(-np.sum([gammaln(cell + 1.0) for cell in others], axis=0))


def _fisher(cells: Integers, first: Integers, last: Integers) -> Floats:
    ragged = _ragged(cells, first, last)
    chance = np.exp(ragged.weight)
    observed = chance[ragged.start + (cells[0] - first)]
    # Where the observed table is too rare for a float its neighbours on both sides are as well.
    extreme = np.where(chance <= ragged.spread(observed * _TIES), chance, 0.0)
    return np.minimum(ragged.total(extreme) / ragged.total(chance), 1.0)


def _window(cells: Integers, low: Integers, high: Integers) -> tuple[Integers, Integers]:
    """First cells near the observed one that have any weight at the estimate and its limits."""
    _, se = _start(cells)
    reach = np.ceil(_REACH / se + _FEW).astype(np.int64)
    return np.maximum(low, cells[0] - reach), np.minimum(high, cells[0] + reach)


def _start(cells: Integers) -> tuple[Floats, Floats]:
    """Log odds ratio and standard error with half a patient added to each cell (Haldane 1956)."""
    a, b, c, d = cells + 0.5
    return np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def _solve(
    ragged: Ragged,
    observed: Integers,
    start: Floats,
    wanted: npt.NDArray[np.bool_],
    *,
    tail: float | None = None,
    side: int = 0,
) -> Floats:
    """Log odds ratio at which the observed cell is the mean, or a tail has its probability.

    ``side`` is 1 for the probability of the observed cell or more (lower limit), -1 for that of the
    observed cell or fewer (upper limit), 0 for the mean (estimate). Newton's method between bounds:
    what is solved is monotone in the log odds ratio. Tables not ``wanted`` have no solution.
    """
    theta, low, high = start.copy(), start - 60.0, start + 60.0
    away = ragged.value - ragged.spread(observed.astype(float))
    inside = np.ones(len(away)) if side == 0 else (side * away >= 0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(_STEPS):
            power = ragged.weight + ragged.spread(theta) * away
            power -= ragged.spread(ragged.highest(power))
            chance = np.exp(power)
            whole = ragged.total(chance)
            mean = ragged.total(chance * away) / whole
            if tail is None:
                gap = mean
                slope = ragged.total(chance * away**2) / whole - mean**2
            else:
                within = ragged.total(chance * inside)
                gap = side * (np.log(within / whole) - tail)
                slope = side * (ragged.total(chance * inside * away) / within - mean)
            change = -gap / slope
            close = np.abs(change) < _CLOSE
            high = np.where(gap > 0, np.minimum(high, theta), high)
            low = np.where(gap < 0, np.maximum(low, theta), low)
            step = theta + change
            bounded = np.where((step > low) & (step < high), step, (low + high) / 2)
            theta = np.where(close, step, bounded)
            if (close | ~wanted).all():
                break
    return theta
