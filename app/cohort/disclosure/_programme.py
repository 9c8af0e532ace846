"""The attacker with a linear programme: what all sums of one table together tell of a count.

Bounds narrow one sum at a time; a programme solves those of a table at once and sometimes finds a
little more (Hundepool et al. 2012, chapter 4). That counts are whole numbers it does not use: on
these tables its ends are whole nearly always, and are rounded inwards where they are not. Most
counts need none: exchanges of patients prove that they are safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import highspy
import numpy as np

from data_loaders.arrays import Bools, Floats, Ints

_SLACK = 1e-6
_PRIMAL_SIMPLEX = 4


@dataclass(frozen=True)
class Told:
    """A count that a table tells to fewer than k numbers.

    Attributes
    ----------
    cell
        Its position among all counts.
    by
        Positions of the counts whose limits narrow it.
    """

    cell: int
    by: tuple[int, ...]


def told_by_programme(table: Ints, low: Ints, high: Ints, asked: Bools, k: int) -> list[Told]:
    """Counts of a table that are told to fewer than k numbers by its sums and all limits together.

    Parameters
    ----------
    table
        Positions of the counts, disease x first x second, index 0 of each axis being their sum.
    low, high
        Least and most of every count, by position.
    asked
        The counts of the table to solve for.
    k
        The threshold.
    """
    cells = table.ravel()
    solver = _sums_of(table.shape)
    columns = np.arange(len(cells), dtype=np.int32)
    solver.changeColsBounds(
        len(cells), columns, low[cells].astype(float), high[cells].astype(float)
    )
    least, most = np.full(len(cells), np.inf), np.full(len(cells), -np.inf)

    def solve(goal: Floats) -> Floats:
        """Find a possible table; it tells of all its counts. Returns how its limits bind."""
        solver.changeColsCost(len(cells), columns, goal)
        solver.run()
        solution = solver.getSolution()
        np.minimum(least, solution.col_value, out=least)
        np.maximum(most, solution.col_value, out=most)
        return np.abs(solution.col_dual)

    # Which limits are found to narrow a count depends on where the solver begins. That must be the
    # table's matter alone: two releases of one cohort that hide different answers tell more.
    solver.clearSolver()
    solve(np.zeros(len(cells)))
    begin = solver.getBasis()
    found = []
    for one in map(int, np.flatnonzero(asked)):
        if _width(least[one], most[one]) >= k - 1:
            continue
        goal = np.zeros(len(cells))
        goal[one] = 1.0
        solver.clearSolver()
        solver.setBasis(begin)
        narrowing = solve(goal) + solve(-goal)
        if _width(least[one], most[one]) < k - 1:
            by = cells[(narrowing > _SLACK) & (columns != one)]
            found.append(Told(int(cells[one]), tuple(map(int, by))))
    return found


def _width(least: float, most: float) -> float:
    return float(np.floor(most + _SLACK) - np.ceil(least - _SLACK))


@cache
def _sums_of(shape: tuple[int, ...]) -> highspy.Highs:
    """The sums of a table of that shape, as equations; limits and goal are set for each table."""
    place = np.arange(np.prod(shape)).reshape(shape)
    lines = [
        line
        for axis in range(3)
        if shape[axis] > 1
        for line in np.moveaxis(place, axis, -1).reshape(-1, shape[axis])
    ]
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = place.size, len(lines)
    programme.col_cost_ = np.zeros(place.size)
    programme.col_lower_, programme.col_upper_ = np.zeros(place.size), np.zeros(place.size)
    programme.row_lower_, programme.row_upper_ = np.zeros(len(lines)), np.zeros(len(lines))
    matrix = programme.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_ = np.cumsum([0, *map(len, lines)])
    matrix.index_ = np.concatenate(lines)
    matrix.value_ = np.concatenate([[1.0] + [-1.0] * (len(line) - 1) for line in lines])
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)  # noqa: FBT003
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("presolve", "off")
    solver.setOptionValue("solver", "simplex")
    # After a change of the goal alone, the last table is still possible.
    solver.setOptionValue("simplex_strategy", _PRIMAL_SIMPLEX)
    solver.passModel(programme)
    return solver
