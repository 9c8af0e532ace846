"""Possible tables by exchanging patients: what proves that sums tell nothing of a count.

Two tables that meet all sums and limits, and in which a count differs by k - 1, prove that k
numbers are possible for it, whatever an attacker computes. The true table is one that is possible;
others are reached from it by exchanges: a count rises, and along each axis either another part of
the same whole falls by as much or the whole rises too. Exchanges are made in many tables at once,
and only what they do not prove needs a linear programme.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product

import numpy as np

from data_loaders.arrays import Bools, Ints

_STEPS = 24
_AT_ONCE = 400_000


def unproven(true: Ints, low: Ints, high: Ints, small: Bools, k: int) -> Bools:
    """Which counts to protect were not found to differ by k - 1 between possible tables.

    Parameters
    ----------
    true, low, high
        Of every count, table x disease x first x second; index 0 of an axis is the sum of the rest.
    small
        The counts to protect.
    k
        The threshold.
    """
    shape, flat = true.shape[1:], (len(true), -1)
    entries = _entries(shape)
    true, low, high = (a.reshape(flat) for a in (true, low, high))
    least, most = true.copy(), true.copy()
    left = small.reshape(flat).copy()
    moves = int(np.prod([max(length - 1, 1) for length in shape]))
    while left.any():
        each = max(1, _AT_ONCE // moves // np.count_nonzero(left.any(axis=1)))
        table, cell = np.nonzero(left & (left.cumsum(axis=1) <= each))
        left[table, cell] = False
        table, goal = np.tile(table, 2), np.concatenate([2 * cell, 2 * cell + 1])
        start = true[table]
        room = np.stack([high[table] - start, start - low[table]], axis=2).reshape(len(table), -1)
        _exchange(room, goal, entries)
        reached = high[table] - room[:, ::2]
        np.minimum.at(least, table, reached)
        np.maximum.at(most, table, reached)
        left &= most - least < k - 1
    return small & (most - least < k - 1).reshape(small.shape)


def _entries(shape: tuple[int, ...]) -> list[Ints]:
    """What an exchange changes: up to eight counts, by the axes along which they lie.

    Twice a count's position is its room to rise, the next number its room to fall. Every array is
    indexed by what shall change so, and by the partner along each axis.
    """
    own = np.indices(shape).reshape(3, -1, 1, 1, 1)
    found = []
    for along in product((False, True), repeat=3):
        if any(moved and length == 1 for moved, length in zip(along, shape, strict=True)):
            continue
        at, falls = [], np.zeros((1, 1, 1, 1), dtype=bool)
        for axis, (moved, length) in enumerate(zip(along, shape, strict=True)):
            partner = own[axis]
            if moved:
                steps = np.arange(1, length).reshape([-1 if a == axis else 1 for a in range(3)])
                partner = (own[axis] + steps) % length
                falls = falls ^ ((own[axis] > 0) & (partner > 0))
            at.append(partner)
        rise = 2 * ((at[0] * shape[1] + at[1]) * shape[2] + at[2]) + falls
        both = np.stack([rise, rise ^ 1], axis=1)
        found.append(both.reshape(-1, *rise.shape[1:]))
    return found


def _exchange(room: Ints, goal: Ints, entries: Sequence[Ints]) -> None:
    """Use up the room of one count in each row, in place, as far as exchanges go."""
    rows = np.arange(len(room))
    for step in range(_STEPS):
        rows = rows[room[rows, goal[rows]] > 0]
        if not len(rows):
            return
        best, most = _best(_reach(room, rows, goal[rows], entries))
        _apply(room, rows, _changed(goal[rows], best, entries), most)
        stuck = rows[most == 0]
        if len(stuck):
            _make_way(room, stuck, goal[stuck], entries, step)


def _make_way(room: Ints, rows: Ints, goal: Ints, entries: Sequence[Ints], step: int) -> None:
    """Move aside one of the counts that block an exchange: the least blocked, in turns if many."""
    blocked = reduce(
        np.add, ((own == 0).astype(np.int8) for own in _rooms(room, rows, goal, entries))
    ).reshape(len(rows), -1)
    turn = np.roll(np.arange(blocked.shape[1]), -7 * step)
    changed = _changed(goal, turn[blocked[:, turn].argmin(axis=1)], entries)
    own = room[rows[:, None], changed]
    aside = changed[np.arange(len(rows)), own.argmin(axis=1)] ^ 1
    reach = _reach(room, rows, aside, entries)
    undoes = reduce(np.logical_or, (e[aside] == _column(goal ^ 1) for e in entries))
    reach[undoes.reshape(reach.shape)] = 0
    best, most = _best(reach)
    enough = np.where(own > 0, own, np.iinfo(own.dtype).max).min(axis=1)
    _apply(room, rows, _changed(aside, best, entries), np.minimum(most, enough))


def _rooms(room: Ints, rows: Ints, goal: Ints, entries: Sequence[Ints]) -> Iterator[Ints]:
    """The room of what each exchange changes, one of its counts after the other."""
    return (room[_column(rows), e[goal]] for e in entries)


def _reach(room: Ints, rows: Ints, goal: Ints, entries: Sequence[Ints]) -> Ints:
    """How far each exchange goes: row x partners."""
    return reduce(np.minimum, _rooms(room, rows, goal, entries)).reshape(len(rows), -1)


def _best(reach: Ints) -> tuple[Ints, Ints]:
    """The exchange that goes farthest in each row, and how far."""
    best = reach.argmax(axis=1)
    return best, reach[np.arange(len(reach)), best]


def _changed(goal: Ints, picked: Ints, entries: Sequence[Ints]) -> Ints:
    """What the picked exchange of each row changes: row x counts."""
    shape = np.broadcast_shapes(*(e.shape[1:] for e in entries))
    partners = np.unravel_index(picked, shape)
    return np.stack(
        [np.broadcast_to(e, (len(e), *shape))[goal, *partners] for e in entries], axis=1
    )


def _apply(room: Ints, rows: Ints, changed: Ints, by: Ints) -> None:
    room[rows[:, None], changed] -= by[:, None]
    room[rows[:, None], changed ^ 1] += by[:, None]


def _column(of_rows: Ints) -> Ints:
    return of_rows[:, None, None, None]
