"""All that is released of a cohort under disclosure control, audited together once.

Every published question is a cell of a table of at most three dimensions: the disease, a variable,
and another variable, an alteration or a point of follow-up. The tables share their margins. A count
below k is hidden, others are rounded. Then the attacker's work is done here: whoever holds every
released answer knows for each an interval, and that parts of a whole add up; the intervals are
narrowed by all tables until nothing changes (bounds propagation in the linear system, Hundepool et
al. 2012, chapter 4). Where that leaves fewer than k possible numbers for a count of 1 to k - 1, an
answer that reveals it is hidden as well, and the audit begins anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from app.cohort.disclosure_questions import Condition, Dimension, Published, is_asked, published_of
from data_loaders import Cohort

GRID = (0, 6, 12, 24, 36, 48, 60, 84, 120, 180, 240)
EVENTS, COMPETING, AT_RISK = "events", "competing", "at risk"
_MOST_ENDPOINTS = 4
_SWEEPS = 6
_MOST_HELD = 8

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_Point = tuple[str, str, int]


@dataclass(frozen=True, eq=False)
class Release:
    """The released answers of a cohort.

    Attributes
    ----------
    published
        What may be asked.
    threshold
        k.
    points
        What is counted of follow-up: endpoint, kind and month.
    answers
        Released count of each question by its key; a hidden one is not in it.
    """

    published: Published
    threshold: int
    points: frozenset[_Point]
    answers: dict[frozenset[Condition | _Point], int]

    def count(self, conditions: Iterable[Condition], point: _Point | None = None) -> int | None:
        """Patients who meet the conditions, and a point of follow-up, as released.

        Parameters
        ----------
        conditions
            At most one value a dimension.
        point
            Endpoint, kind (events by, competing events by, at risk at) and month of ``GRID``.

        Returns
        -------
        int or None
            None where the answer is hidden, or where that is no published question.
        """
        return self.answers.get(frozenset([*conditions, *([] if point is None else [point])]))


def release_of(cohort: Cohort, threshold: int) -> Release:
    """Count and audit all published questions; held for the last cohorts that were asked of."""
    key = (cohort.fingerprint, threshold)
    with _LOCK:
        if key not in _HELD:
            _HELD[key] = _audited(cohort, threshold)
        _HELD.move_to_end(key)
        while len(_HELD) > _MOST_HELD:
            _HELD.popitem(last=False)
        return _HELD[key]


_LOCK = threading.Lock()
_HELD: OrderedDict[tuple[str, int], Release] = OrderedDict()


@dataclass(eq=False)
class _Cells:
    """Every question once: its key, its count, and whether its answer is released."""

    keys: list[frozenset[Condition | _Point]]
    place: dict[frozenset[Condition | _Point], int]
    n: list[int]

    def of(self, key: frozenset[Condition | _Point], n: int) -> int:
        """Position of a question, noted at the first call."""
        if key not in self.place:
            self.place[key] = len(self.keys)
            self.keys.append(key)
            self.n.append(n)
        return self.place[key]


def _audited(cohort: Cohort, threshold: int) -> Release:
    published = published_of(cohort, threshold)
    cells = _Cells([], {}, [])
    disease = next(iter(published.of_kind("disease")), None)
    variables, alterations = published.of_kind("variable"), published.of_kind("alteration")
    pairs: dict[tuple[str, str], Ints] = {}
    for a, b in combinations(variables, 2):
        pairs[a.name, b.name] = _table(cells, cohort.n, disease, a, b)
    tables = list(pairs.values())
    for variable in (*variables, None):
        stack = [_table(cells, cohort.n, disease, variable, other) for other in alterations]
        tables += _stacked(stack)
        if variable is not None:
            pairs |= {(variable.name, o.name): t for o, t in zip(alterations, stack, strict=True)}
    points = _points(cohort)
    courses: list[tuple[Ints, Ints]] = []
    for dimension in (*variables, *alterations, None):
        stack = [
            _table(cells, cohort.n, disease, dimension, _course(point, reached))
            for point, reached in points
        ]
        tables += _stacked(stack)
        courses += _steps([point for point, _ in points], stack)
    if not tables:
        tables = [_table(cells, cohort.n, disease, next(iter(variables), None), None)]
    # The root, everyone, is a cell of each table.
    n = np.array(cells.n, dtype=np.int64)
    answerable = np.array([_is_answerable(key) for key in cells.keys])
    shown = answerable & (n >= threshold)
    root = cells.place[frozenset()]
    triples = _triples(variables, alterations, pairs)
    # Sums alone find nearly everything; three questions at once are tried when they find no more.
    for tried in ([], triples):
        while True:
            low, high = _intervals(tables, tried, n, shown, answerable, threshold)
            hidden = _revealing(tables, courses, n, shown, low, high, threshold, root)
            if not hidden:
                break
            shown[list(hidden)] = False
    answers = {
        key: _rounded(int(n[i]), threshold)
        for i, key in enumerate(cells.keys)
        if shown[i] and is_asked([c for c in key if isinstance(c, Condition)], published)
    }
    return Release(published, threshold, frozenset(point for point, _ in points), answers)


def _rounded(n: int, k: int) -> int:
    return max(k, (n + k // 2) // k * k)


# --- the questions as tables -------------------------------------------------------------------

_NO = -1  # level of "not by then": it is never released, and still protected


def _is_answerable(key: frozenset[Condition | _Point]) -> bool:
    return all(not isinstance(part, Condition) or part.level != _NO for part in key)


@dataclass(frozen=True, eq=False)
class _Course:
    """A point of follow-up as a dimension: reached or not."""

    point: _Point
    codes: Ints


def _course(point: _Point, reached: Bools) -> _Course:
    return _Course(point, np.where(reached, 0, 1))


def _points(cohort: Cohort) -> list[tuple[_Point, Bools]]:
    """Events by, competing events by and numbers at risk at the months of the grid."""
    found: list[tuple[_Point, Bools]] = []
    for endpoint in list(cohort.endpoints.values())[:_MOST_ENDPOINTS]:
        if endpoint.entry is not None:
            continue
        columns = [endpoint.time, endpoint.event]
        columns += [] if endpoint.competing is None else [endpoint.competing]
        values = [cohort.patients[c].to_numpy(dtype=float, na_value=np.nan) for c in columns]
        time, event = values[:2]
        known = ~(np.isnan(time) | np.isnan(event))
        competing = np.zeros(cohort.n, bool) if len(values) < 3 else values[2] == 1
        happened = event == 1
        for month in GRID:
            by = known & (time <= month)
            found.append(((endpoint.key, AT_RISK, month), known & (time >= month)))
            found.append(((endpoint.key, EVENTS, month), by & happened))
            if endpoint.competing is not None:
                found.append(((endpoint.key, COMPETING, month), by & competing & ~happened))
    return found


def _table(
    cells: _Cells,
    n: int,
    disease: Dimension | None,
    first: Dimension | None,
    second: Dimension | _Course | None,
) -> Ints:
    """Positions of a table's cells: disease x first x second, index 0 of each being all."""
    axes: list[tuple[int, Ints]] = []
    for dimension in (disease, first, second):
        if dimension is None:
            axes.append((0, np.zeros(n, dtype=np.int64)))
        elif isinstance(dimension, _Course):
            axes.append((2, dimension.codes))
        else:
            axes.append((len(dimension.levels), dimension.codes))
    sizes = [max(size, 1) for size, _ in axes]
    flat = (axes[0][1] * sizes[1] + axes[1][1]) * sizes[2] + axes[2][1]
    inner = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)
    for axis, (size, _) in enumerate(axes):
        total = inner.sum(axis=axis, keepdims=True)
        inner = np.concatenate([total, inner], axis=axis) if size else total
    parts = [_parts(dimension) for dimension in (disease, first, second)]
    return np.array(
        [
            [
                [
                    cells.of(frozenset((*a, *b, *c)), int(inner[i, j, k]))
                    for k, c in enumerate(parts[2])
                ]
                for j, b in enumerate(parts[1])
            ]
            for i, a in enumerate(parts[0])
        ],
        dtype=np.int64,
    )[None]


def _parts(dimension: Dimension | _Course | None) -> list[tuple[Condition | _Point, ...]]:
    """What each index of an axis adds to a question's key."""
    if dimension is None:
        return [()]
    if isinstance(dimension, _Course):
        return [(), (dimension.point,), (dimension.point, Condition("", _NO))]
    return [(), *((Condition(dimension.name, i),) for i in range(len(dimension.levels)))]


def _stacked(tables: Sequence[Ints]) -> list[Ints]:
    """Tables of one shape as one array."""
    return [np.concatenate(list(tables))] if tables else []


def _steps(points: Sequence[_Point], stack: Sequence[Ints]) -> list[tuple[Ints, Ints]]:
    """Neighbouring months of the same count: the smaller one's positions, the larger one's."""
    found = []
    for (here, a), (there, b) in pairwise_of_kind(points, stack):
        early, late = a[..., 1].ravel(), b[..., 1].ravel()
        assert here[:2] == there[:2]
        found.append((late, early) if here[1] == AT_RISK else (early, late))
    return found


def pairwise_of_kind(
    points: Sequence[_Point], stack: Sequence[Ints]
) -> Iterable[tuple[tuple[_Point, Ints], tuple[_Point, Ints]]]:
    """Neighbours in time among the points of one endpoint and kind."""
    series: dict[tuple[str, str], list[tuple[_Point, Ints]]] = {}
    for point, table in zip(points, stack, strict=True):
        series.setdefault(point[:2], []).append((point, table))
    for one in series.values():
        yield from pairwise(one)


# --- the attacker ------------------------------------------------------------------------------


def _triples(
    variables: Sequence[Dimension],
    alterations: Sequence[Dimension],
    pairs: dict[tuple[str, str], Ints],
) -> list[tuple[Ints, Ints, Ints]]:
    """The three tables of any three dimensions, as (a, b), (a, c) and (b, c) within a disease."""
    found = []
    for a, b in combinations(variables, 2):
        others = [*([c] for c in variables[variables.index(b) + 1 :]), list(alterations)]
        for alike in (several for several in others if several):
            ac = np.concatenate([pairs[a.name, c.name] for c in alike])
            bc = np.concatenate([pairs[b.name, c.name] for c in alike])
            ab = np.broadcast_to(pairs[a.name, b.name], (len(alike), *pairs[a.name, b.name].shape[1:]))
            found.append((ab, ac, bc))
    return found


def _intervals(  # noqa: PLR0917
    tables: Sequence[Ints],
    triples: Sequence[tuple[Ints, Ints, Ints]],
    n: Ints,
    shown: Bools,
    answerable: Bools,
    k: int,
) -> tuple[Ints, Ints]:
    """Least and most that each count can be, for who holds all released answers.

    Who knows the rule knows that a hidden answer is below k unless it was hidden for another's
    sake; to be safe, the attacker is told which of the two it is.
    """
    everyone = int(n.max())
    rounded = np.maximum(k, (n + k // 2) // k * k)
    low = np.where(shown, np.maximum(k, rounded - k // 2), 0)
    high = np.where(shown, rounded + k - 1 - k // 2, everyone)
    high = np.where(answerable & ~shown & (n < k), k - 1, high)
    for _ in range(_SWEEPS):
        before = int(low.sum()), int(high.sum())
        for table in tables:
            own_low, own_high = low[table], high[table]
            for axis in (1, 2, 3):
                if table.shape[axis] > 1:
                    _narrow(np.moveaxis(own_low, axis, 0), np.moveaxis(own_high, axis, 0))
            np.maximum.at(low, table, own_low)
            np.minimum.at(high, table, own_high)
        for ab, ac, bc in triples:
            turned = ab.swapaxes(2, 3), ac.swapaxes(2, 3), bc.swapaxes(2, 3)
            _meet(ab, ac, bc, low, high)
            _meet(ac, ab, turned[2], low, high)
            _meet(turned[0], bc, ac, low, high)
            _meet(bc, turned[0], turned[1], low, high)
            _meet(turned[1], turned[2], ab, low, high)
            _meet(turned[2], turned[1], turned[0], low, high)
        if (int(low.sum()), int(high.sum())) == before:
            break
    return low, high


def _meet(xy: Ints, xz: Ints, yz: Ints, low: Ints, high: Ints) -> None:
    """Who is x and y is x and z, or y and not z: n(xy) <= n(xz) + n(y) - n(yz), in place.

    Three questions of two values each bound one another even though nobody may ask for all three.
    """
    # Axes: which z, disease, x, y, value of z; the values, without "all".
    both, other = xy[:, :, 1:, 1:, None], xz[:, :, 1:, None, 1:]
    rest = (high[yz[:, :, 1:, :1]] - low[yz[:, :, 1:, 1:]])[:, :, None]
    np.minimum.at(high, xy[:, :, 1:, 1:], (high[other] + rest).min(axis=4))
    np.maximum.at(low, xz[:, :, 1:, 1:], (low[both] - rest).max(axis=3))


def _narrow(low: Ints, high: Ints) -> None:
    """Narrow a whole (index 0) and its parts by each other, in place."""
    least, most = low[1:].sum(axis=0), high[1:].sum(axis=0)
    low[0] = np.maximum(low[0], least)
    high[0] = np.minimum(high[0], most)
    new_low = np.maximum(low[1:], low[0] - (most - high[1:]))
    new_high = np.minimum(high[1:], high[0] - (least - low[1:]))
    low[1:], high[1:] = new_low, new_high


def _revealing(  # noqa: PLR0917
    tables: Sequence[Ints],
    courses: Sequence[tuple[Ints, Ints]],
    n: Ints,
    shown: Bools,
    low: Ints,
    high: Ints,
    k: int,
    root: int,
) -> set[int]:
    """Answers to hide, so that no count of 1 to k - 1 is told to fewer than k numbers."""
    told = (n > 0) & (n < k) & (high - low < k - 1)
    found: set[int] = set()
    open_sums: set[int] = set()
    for table in tables:
        for place in np.argwhere(told[table]):
            hide, sums = _to_hide(table, tuple(map(int, place)), n, shown, low, high, k, root)
            found |= hide
            open_sums |= sums if not hide else set()
    if not found and open_sums:
        found |= _other_parts(tables, open_sums, n, shown)
    for early, late in courses:
        few = (n[late] - n[early] > 0) & (n[late] - n[early] < k)
        least = np.maximum(0, low[late] - high[early])
        bad = few & (high[late] - low[early] - least < k - 1) & (shown[late] | shown[early])
        found |= {int(b if shown[b] else a) for a, b in zip(early[bad], late[bad], strict=True)}
    return found - {root}


def _to_hide(  # noqa: PLR0917
    table: Ints,
    place: tuple[int, ...],
    n: Ints,
    shown: Bools,
    low: Ints,
    high: Ints,
    k: int,
    root: int,
) -> tuple[set[int], set[int]]:
    """The smallest released neighbour in each sum that narrows a cell; sums with none left."""
    direct: set[int] = set()
    any_sum: set[int] = set()
    sums: set[int] = set()
    for axis in (1, 2, 3):
        if place[axis] == 0:
            continue
        line = table[(*place[:axis], slice(None), *place[axis + 1 :])]
        others = np.delete(line[1:], place[axis] - 1)
        candidates = others[shown[others]]
        if len(candidates):
            choice = int(candidates[np.argmin(n[candidates])])
        elif shown[line[0]] and line[0] != root:
            choice = int(line[0])
        else:
            sums.add(int(line[0]))
            continue
        any_sum.add(choice)
        least = low[line[0]] - high[others].sum()
        most = high[line[0]] - low[others].sum()
        if least > 0 or most < k - 1:
            direct.add(choice)
    return direct or any_sum, sums


def _other_parts(tables: Sequence[Ints], sums: set[int], n: Ints, shown: Bools) -> set[int]:
    """The smallest released part of each hidden sum, by whichever dimension it is divided."""
    found: set[int] = set()
    for table in tables:
        for place in np.argwhere(np.isin(table, list(sums))):
            for axis in (1, 2, 3):
                if place[axis]:
                    continue
                at: list[int | slice] = [int(i) for i in place]
                at[axis] = slice(1, None)
                parts = table[tuple(at)]
                parts = parts[shown[parts]]
                if len(parts):
                    found.add(int(parts[np.argmin(n[parts])]))
    return found
