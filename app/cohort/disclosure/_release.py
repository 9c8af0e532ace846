"""All that is released of a cohort under disclosure control, audited together once.

Every published question is a cell of a table of at most three dimensions: the disease, a variable,
and another variable, an alteration or a point of follow-up. The tables share their margins. A count
below k is hidden, others are rounded. Then the attacker's work is done here: whoever holds every
released answer knows for each an interval, and that parts of a whole add up; the intervals are
narrowed by all tables until nothing changes (bounds propagation in the linear system, Hundepool et
al. 2012, chapter 4), and a linear programme solves for all sums of each table at once wherever no
two possible tables prove that it finds nothing. Where that leaves fewer than k possible numbers for
a count of 1 to k - 1, an answer that reveals it is hidden as well, and the audit begins anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise

import numpy as np

from app.cohort.disclosure._exchanges import unproven
from app.cohort.disclosure._programme import told_by_programme
from app.cohort.disclosure._questions import (
    NOT_ALTERED,
    Condition,
    Dimension,
    Published,
    published_of,
)
from data_loaders import Cohort
from data_loaders.arrays import Bools, Ints

GRID = (0, 6, 12, 24, 36, 60, 84, 120, 180, 240)
EVENTS, COMPETING, AT_RISK = "events", "competing", "at risk"
_MOST_ENDPOINTS = 3
_SWEEPS = 6
_MOST_HELD = 8

Point = tuple[str, str, int]
_Name = str | Point
_Limits = tuple[Ints, Ints]


@dataclass(frozen=True, eq=False)
class Release:
    """The released answers of a cohort.

    Attributes
    ----------
    published
        What may be asked.
    answers
        By the names of two dimensions (or of one and a point of follow-up; empty for none) their
        table of released counts, disease x first x second, index 0 of each axis being all; -1
        where the answer is hidden.
    """

    published: Published
    threshold: int
    answers: dict[tuple[_Name, _Name], Ints]

    @property
    def points(self) -> frozenset[Point]:
        """What is counted of follow-up: endpoint, kind and month."""
        return frozenset(second for _, second in self.answers if isinstance(second, tuple))

    def count(self, conditions: Iterable[Condition], point: Point | None = None) -> int | None:
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
        disease = 0
        rest: list[tuple[_Name, int]] = []
        for condition in conditions:
            if self.published.dimensions[condition.name].kind == "disease":
                disease = condition.level + 1
            else:
                rest.append((condition.name, condition.level + 1))
        rest += [] if point is None else [(point, 1)]
        rest += [("", 0)] * (2 - len(rest))
        if len(rest) > 2:
            return None
        (a, i), (b, j) = rest
        if (a, b) in self.answers:
            found = int(self.answers[a, b][disease, i, j])
        elif (b, a) in self.answers:
            found = int(self.answers[b, a][disease, j, i])
        else:
            return None
        return None if found < 0 else found


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


@dataclass(frozen=True, eq=False)
class _Axis:
    """One dimension of a table: its name, how many values it has, and each patient's.

    ``least`` is the value that is missed least where one of them must be hidden.
    """

    name: _Name
    size: int
    codes: Ints
    least: int | None = None


class _Cells:
    """Every question once, numbered: its count, and whether it is ever answered."""

    def __init__(self, n: int, disease: Dimension | None) -> None:
        self.codes = np.zeros(n, dtype=np.int64) if disease is None else disease.codes
        self.size = 1 if disease is None else len(disease.levels)
        self.n: list[Ints] = []
        self.answerable: list[Bools] = []
        self.missed: list[Ints] = []
        self.taken = 0
        counts = np.bincount(self.codes, minlength=self.size)
        self.everyone = self._number(_with_all(counts, [0] if disease is not None else []))
        self.single: dict[_Name, Ints] = {}

    def of_one(self, axis: _Axis) -> Ints:
        """Positions of disease x values, those of all values shared by every dimension."""
        if axis.name not in self.single:
            counts = np.bincount(
                self.codes * axis.size + axis.codes, minlength=self.size * axis.size
            )
            full = self._with_disease(counts.reshape(self.size, axis.size))
            inner = self._number(full, axis)
            self.single[axis.name] = np.concatenate([self.everyone[:, None], inner], axis=1)
        return self.single[axis.name]

    def of_two(self, first: _Axis, second: _Axis) -> Ints:
        """Positions of disease x first x second, index 0 of each being all."""
        one, other = self.of_one(first), self.of_one(second)
        shape = (self.size, first.size, second.size)
        flat = (self.codes * first.size + first.codes) * second.size + second.codes
        counts = np.bincount(flat, minlength=self.size * first.size * second.size).reshape(shape)
        inner = self._number(self._with_disease(counts), second)
        table = np.empty((len(self.everyone), first.size + 1, second.size + 1), dtype=np.int64)
        table[:, :, 0], table[:, 0, :], table[:, 1:, 1:] = one, other, inner
        return table

    def _with_disease(self, counts: Ints) -> Ints:
        return _with_all(counts, [0] if len(self.everyone) > 1 else [])

    def _number(self, counts: Ints, last: _Axis | None = None) -> Ints:
        places = np.arange(self.taken, self.taken + counts.size).reshape(counts.shape)
        self.taken += counts.size
        answerable = np.ones(counts.shape, dtype=bool)
        missed = counts.copy()
        if last is not None and isinstance(last.name, tuple):
            # "Not by then" is never answered, and still protected.
            answerable[..., 1] = False
        if last is not None and last.least is not None:
            missed[..., last.least] = 0
        self.n.append(counts.ravel())
        self.missed.append(missed.ravel())
        self.answerable.append(answerable.ravel())
        return places


def _with_all(counts: Ints, axes: Sequence[int]) -> Ints:
    for axis in axes:
        counts = np.concatenate([counts.sum(axis=axis, keepdims=True), counts], axis=axis)
    return counts


def _audited(cohort: Cohort, threshold: int) -> Release:
    published = published_of(cohort, threshold)
    cells = _Cells(cohort.n, next(iter(published.of_kind("disease")), None))
    variables = [_Axis(d.name, len(d.levels), d.codes) for d in published.of_kind("variable")]
    alterations = [
        _Axis(d.name, len(d.levels), d.codes, d.levels.index(NOT_ALTERED))
        for d in published.of_kind("alteration")
    ]
    points = _points(cohort)
    pairs = {(a.name, b.name): cells.of_two(a, b) for a, b in combinations(variables, 2)}
    tables = [table[None] for table in pairs.values()]
    courses = [np.empty((2, 0), dtype=np.int64)]
    for first in (*variables, *alterations):
        for others in ([] if first in alterations else alterations, points):
            stack = {(first.name, other.name): cells.of_two(first, other) for other in others}
            pairs |= stack
            if stack:
                tables.append(np.stack(list(stack.values())))
            if others is points:
                courses += _steps(stack)
    singles: dict[int, list[Ints]] = {}
    for axis in (*variables, *alterations, *points):
        pairs["", axis.name] = cells.of_one(axis)[:, None, :]
        singles.setdefault(axis.size, []).append(pairs["", axis.name])
    tables += [np.stack(alike) for alike in singles.values()]
    pairs["", ""] = cells.everyone[:, None, None]
    courses += _steps({("", axis.name): pairs["", axis.name] for axis in points})
    n, answerable = np.concatenate(cells.n), np.concatenate(cells.answerable)
    missed = np.concatenate(cells.missed)
    course = np.concatenate(courses, axis=1)
    between = n[course[1]] - n[course[0]]
    course = course[:, (between > 0) & (between < threshold)]
    shown = answerable & (n >= threshold)
    triples = _triples(variables, alterations, pairs)
    # Sums alone find nearly everything; three questions at once, and a programme over all sums of a
    # table, are tried when they find no more. Hiding only widens what is left: a table that tells
    # nothing stays so.
    shapes = dict.fromkeys(stack.shape[1:] for stack in tables)
    left = [np.concatenate([t for t in tables if t.shape[1:] == shape]) for shape in shapes]
    for tried in ([], triples):
        while True:
            bounds = _intervals(tables, tried, n, shown, answerable, threshold)
            hidden = _revealing(tables, course, n, missed, shown, bounds, threshold)
            if not hidden and tried is triples:
                hidden, left = _programmed(tables, left, n, missed, shown, bounds, threshold)
            if not hidden:
                break
            shown[list(hidden)] = False
    rounded = np.where(shown, np.maximum(threshold, _nearest(n, threshold)), -1)
    return Release(published, threshold, {names: rounded[ids] for names, ids in pairs.items()})


def _nearest(n: Ints, k: int) -> Ints:
    return (n + k // 2) // k * k


def _points(cohort: Cohort) -> list[_Axis]:
    """Events by, competing events by and numbers at risk at the months of the grid."""
    found: list[_Axis] = []
    for endpoint in [e for e in cohort.endpoints.values() if e.entry is None][:_MOST_ENDPOINTS]:
        columns = [endpoint.time, endpoint.event]
        columns += [] if endpoint.competing is None else [endpoint.competing]
        values = [cohort.numbers(name) for name in columns]
        time, event = values[:2]
        known = ~(np.isnan(time) | np.isnan(event))
        happened = event == 1
        competing = values[2] == 1 if len(values) > 2 else np.zeros(cohort.n, dtype=bool)
        for month in GRID:
            by = known & (time <= month)
            reached = {AT_RISK: known & (time >= month), EVENTS: by & happened}
            if endpoint.competing is not None:
                reached[COMPETING] = by & competing & ~happened
            found += [
                _Axis((endpoint.key, kind, month), 2, np.where(who, 0, 1))
                for kind, who in reached.items()
            ]
    return found


def _steps(stack: dict[tuple[_Name, _Name], Ints]) -> list[Ints]:
    """Neighbouring months of the same count: in two rows the smaller's positions, the larger's."""
    series: dict[tuple[str, str], list[Ints]] = {}
    for (_, point), table in stack.items():
        if isinstance(point, tuple):
            series.setdefault(point[:2], []).append(table[..., 1].ravel())
    return [
        np.stack((late, early) if kind == AT_RISK else (early, late))
        for (_, kind), months in series.items()
        for early, late in pairwise(months)
    ]


def _triples(
    variables: Sequence[_Axis],
    alterations: Sequence[_Axis],
    pairs: dict[tuple[_Name, _Name], Ints],
) -> list[tuple[Ints, Ints, Ints]]:
    """The three tables of any three dimensions, as (a, b), (a, c) and (b, c) within a disease."""
    found = []
    for a, b in combinations(variables, 2):
        others = [*([c] for c in variables[variables.index(b) + 1 :]), list(alterations)]
        for alike in (several for several in others if several):
            ac = np.stack([pairs[a.name, c.name] for c in alike])
            bc = np.stack([pairs[b.name, c.name] for c in alike])
            found.append((pairs[a.name, b.name][None], ac, bc))
    return found


# --- the attacker ------------------------------------------------------------------------------


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
    rounded = np.maximum(k, _nearest(n, k))
    low = np.where(shown, np.maximum(k, rounded - k // 2), 0)
    high = np.where(shown, rounded + k - 1 - k // 2, everyone)
    high = np.where(answerable & ~shown & (n < k), k - 1, high)
    # The tables of a stack side by side in memory: several times faster.
    stacks = [np.ascontiguousarray(np.moveaxis(stack, 0, 3)) for stack in tables]
    for _ in range(_SWEEPS if triples else _SWEEPS // 2):
        before = int(low.sum()), int(high.sum())
        for cells in stacks:
            least, most = low[cells], high[cells]
            for axis in (0, 1, 2):
                if cells.shape[axis] > 1:
                    _narrow(least.swapaxes(0, axis), most.swapaxes(0, axis))
            # Only the margins stand in other tables too, and in several places of a stack.
            for margin in np.s_[:, :, 0], np.s_[:, 0]:
                np.maximum.at(low, cells[margin].ravel(), least[margin].ravel())
                np.minimum.at(high, cells[margin].ravel(), most[margin].ravel())
            inner = cells[:, 1:, 1:]
            low[inner], high[inner] = least[:, 1:, 1:], most[:, 1:, 1:]
        for triple in triples:
            own = [(low[cells], high[cells]) for cells in triple]
            turned = [(least.swapaxes(2, 3), most.swapaxes(2, 3)) for least, most in own]
            (ab, ac, bc), (ba, ca, cb) = own, turned
            for three in (
                (ab, ac, bc), (ac, ab, cb), (ba, bc, ac), (bc, ba, ca), (ca, cb, ab), (cb, ca, ba),
            ):  # fmt: skip
                _meet(*three)
            for cells, (least, most) in zip(triple, own, strict=True):
                inner = cells[..., 1:, 1:]
                low[inner], high[inner] = least[..., 1:, 1:], most[..., 1:, 1:]
        if (int(low.sum()), int(high.sum())) == before:
            break
    return low, high


def _meet(xy: _Limits, xz: _Limits, yz: _Limits) -> None:
    """Who is x and y is x and z, or y and not z: n(xy) <= n(xz) + n(y) - n(yz), in place.

    Three questions of two values each bound one another even though nobody may ask for all three.
    """
    (low_xy, high_xy), (low_xz, high_xz), (low_yz, high_yz) = xy, xz, yz
    # Axes: which z, disease, x, y, value of z; the values, without "all". What is gone over comes
    # first and lies apart in memory: several times faster.
    rest = (high_yz[:, :, 1:, :1] - low_yz[:, :, 1:, 1:])[:, :, None]
    by_z, by_y = np.moveaxis(rest, 4, 0), np.moveaxis(rest, 3, 0)
    other = np.moveaxis(high_xz[:, :, 1:, None, 1:], 4, 0)
    both = np.moveaxis(low_xy[:, :, 1:, 1:, None], 3, 0)
    most = np.add(other, by_z, order="C").min(axis=0)
    least = np.subtract(both, by_y, order="C").max(axis=0)
    for limits, found, narrower in (
        (high_xy, most, np.minimum), (low_xz, least, np.maximum)
    ):  # fmt: skip
        inner = limits[:, :, 1:, 1:]
        narrower(inner, found if len(inner) > 1 else narrower.reduce(found)[None], out=inner)


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
    course: Ints,
    n: Ints,
    missed: Ints,
    shown: Bools,
    bounds: tuple[Ints, Ints],
    k: int,
) -> set[int]:
    """Answers to hide, so that no count of 1 to k - 1 is told to fewer than k numbers.

    ``course`` are the steps from month to month of as few.
    """
    low, high = bounds
    told = (n > 0) & (n < k) & (high - low < k - 1)
    found: set[int] = set()
    pinned: set[int] = set()
    for table in tables:
        for place in np.argwhere(told[table]):
            hide, pin = _to_hide(table, tuple(map(int, place)), n, missed, shown, bounds, k)
            found |= hide
            pinned |= pin
    early, late = course
    least = np.maximum(0, low[late] - high[early])
    bad = (high[late] - low[early] - least < k - 1) & (shown[late] | shown[early])
    found |= set(np.where(shown[late], late, early)[bad].tolist())
    return found or _parts_of(tables, pinned, missed, shown)


def _to_hide(  # noqa: PLR0917
    table: Ints,
    place: tuple[int, ...],
    n: Ints,
    missed: Ints,
    shown: Bools,
    bounds: tuple[Ints, Ints],
    k: int,
) -> tuple[set[int], set[int]]:
    """The least missed released neighbour in each sum that narrows a cell.

    Where a sum has none left, its hidden members are told by their own parts: these come second.
    """
    low, high = bounds
    hide: set[int] = set()
    pinned: set[int] = set()
    for axis in (1, 2, 3):
        if place[axis] == 0:
            continue
        at: list[int | slice] = list(place)
        at[axis] = slice(None)
        line = table[tuple(at)]
        others = np.delete(line[1:], place[axis] - 1)
        least = low[line[0]] - high[others].sum()
        most = high[line[0]] - low[others].sum()
        if least <= 0 and most >= k - 1:
            continue
        candidates = others[shown[others]]
        if len(candidates):
            hide.add(int(candidates[np.argmin(missed[candidates])]))
        else:
            pinned |= {int(i) for i in (line[0], *others) if n[i] >= k}
    return hide, pinned


def _programmed(  # noqa: PLR0917
    tables: Sequence[Ints],
    left: Sequence[Ints],
    n: Ints,
    missed: Ints,
    shown: Bools,
    bounds: tuple[Ints, Ints],
    k: int,
) -> tuple[set[int], list[Ints]]:
    """Answers to hide for what a programme over one table tells, and the tables to try again."""
    low, high = bounds
    hide: set[int] = set()
    pinned: set[int] = set()
    again = []
    for stack in left:
        small = (n[stack] > 0) & (n[stack] < k)
        asked = unproven(n[stack], low[stack], high[stack], small, k)
        found = [
            told_by_programme(table, low, high, of_it, k) if of_it.any() else []
            for table, of_it in zip(stack, asked, strict=True)
        ]
        if any(found):
            again.append(stack[[bool(several) for several in found]])
        for told in chain.from_iterable(found):
            by = [i for i in told.by if shown[i]]
            if by:
                hide.add(min(by, key=lambda i: missed[i]))
            else:
                pinned |= {i for i in told.by if n[i] >= k}
    return hide or _parts_of(tables, pinned, missed, shown), again


def _parts_of(tables: Sequence[Ints], sums: set[int], missed: Ints, shown: Bools) -> set[int]:
    """The least missed released part of each sum, by whichever dimension it is divided.

    The number of a single value is what readers ask first: it goes only where nothing else does.
    """
    found: set[int] = set()
    single: set[int] = set()
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
                    (found if place[1:].any() else single).add(int(parts[np.argmin(missed[parts])]))
    return found or single or {i for i in sums if shown[i]}
