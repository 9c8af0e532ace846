"""Weighted deaths and weighted numbers at risk of one arm, fast enough to be done for every draw.

A clone is under observation over a segment (start, end]. Weights change only between cells, so a
risk sum is that of the segments that cover the whole cell, plus those that end or start within it.
"""

from __future__ import annotations

import numpy as np

from app.analysis.arrays import Bools, Floats, Ints
from app.analysis.transplant._weights import Cells


class Segments:
    """Clones under observation in one arm and class, in one state (waiting or transplanted).

    Parameters
    ----------
    rows
        Positions of the patients, shape (m,).
    start, end, died
        Their segments (start, end] and whether each ended with the event, shape (m,).
    cells, deaths
        The cells, and the distinct times of events of the whole trial, shape (k,).
    """

    def __init__(
        self,
        rows: Ints,
        start: Floats,
        end: Floats,
        died: Bools,
        *,
        cells: Cells,
        deaths: Floats,
    ) -> None:
        real = start < end
        self.rows, start, end, died = rows[real], start[real], end[real], died[real]
        self.end = end
        self.died = np.flatnonzero(died & (end <= (deaths[-1] if len(deaths) else -np.inf)))
        self._death = np.searchsorted(deaths, end[self.died])
        self._first, self._last = cells.of(start), cells.of(end)
        self.width = int(self._last.max(initial=0)) + 1
        at = np.arange(self.width)
        self.whole: Bools = (at >= self._first[:, None]) & (at < self._last[:, None])
        self._cell_of_death = np.minimum(cells.of(deaths), self.width)
        self._ends = _Within(end, self._last, cells, deaths)
        self._starts = _Within(start, self._first, cells, deaths) if (start > 0).any() else None
        self._k = len(deaths)

    def sums(self, weights: Floats, counts: Floats) -> tuple[Floats, Floats]:
        """Weighted deaths at, and weighted number at risk just before, each time of an event.

        Parameters
        ----------
        weights
            Weight by segment and cell, shape (m, width): later cells have nobody left.
        counts
            How often each segment's patient was drawn, shape (m,).
        """
        base = np.append(counts @ (weights * self.whole), 0.0)
        index = np.arange(len(self.rows))
        risk = base[self._cell_of_death] + self._ends.sums(counts * weights[index, self._last])
        if self._starts is not None:
            risk = risk - self._starts.sums(counts * weights[index, self._first])
        dying = counts[self.died] * weights[self.died, self._last[self.died]]
        deaths = np.bincount(self._death, dying, minlength=self._k).astype(np.float64)
        return deaths, np.asarray(risk)


class _Within:
    """Sums over the segments that end (or start) in the cell of each event, at or after it."""

    def __init__(self, times: Floats, cell: Ints, cells: Cells, deaths: Floats) -> None:
        self._order = np.argsort(times, kind="stable")
        ordered = times[self._order]
        self._from = np.searchsorted(ordered, deaths)
        self._to = np.searchsorted(cell[self._order], cells.of(deaths), side="right")

    def sums(self, values: Floats) -> Floats:
        total = np.concatenate([[0.0], np.cumsum(values[self._order])])
        return np.asarray(total[np.maximum(self._to, self._from)] - total[self._from])
