"""Event tables of rows: who enters and who leaves, how, at every distinct time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats, Ints

COUNTS = ("entered", "events", "competing", "censored")


def event_table(  # noqa: PLR0917
    time: Floats,
    event: Bools,
    competing: Bools | None = None,
    entry: Floats | None = None,
    groups: pd.Categorical | None = None,
    grid: Sequence[float] | None = None,
    copies: Ints | None = None,
) -> pd.DataFrame:
    """Count follow-up at every distinct time, or at the points of a grid.

    On a grid, who leaves between two points leaves at the later one, and who enters there has
    entered at the earlier one; nothing else is lost.

    Parameters
    ----------
    time, event
        End of follow-up and whether it was the event, shape (n,), none missing.
    competing
        Whether it was a competing event; it is none where ``event`` is.
    entry
        Time each patient came under observation; None for the start.
    groups
        Group of each patient, none missing; None for one group, ``All``.
    grid
        Ascending points.
    copies
        How many patients each entry stands for, shape (n,); None for one.

    Returns
    -------
    DataFrame
        group, time, entered, events, competing, censored; a row for a group and a time.

    Raises
    ------
    ValueError
        If the grid does not ascend, or ends before follow-up does.
    """
    other = np.zeros(len(time), dtype=bool) if competing is None else competing & ~event
    came = np.zeros(len(time)) if entry is None else entry
    if grid is not None:
        points = np.asarray(grid, dtype=np.float64)
        if not len(points) or (np.diff(points) <= 0).any():
            raise ValueError("The points of the grid must ascend: sort them and drop repeats.")
        if len(time) and time.max() > points[-1]:
            raise ValueError(
                f"Follow-up reaches {time.max():.4g}, but the grid ends at {points[-1]:.4g}: give "
                "it a later last point."
            )
        time = points[np.searchsorted(points, time)]
        before = np.searchsorted(points, came, side="right") - 1
        came = np.where(before < 0, 0.0, points[before])
    if groups is None:
        groups = pd.Categorical.from_codes(np.zeros(len(time), dtype=np.int8), ["All"])
    times, place = np.unique(np.concatenate([came, time]), return_inverse=True)
    left, k = place[len(time) :], len(times)
    cell = groups.codes.astype(np.int64) * k
    size = k * len(groups.categories)
    many = np.ones(len(time), dtype=np.int64) if copies is None else copies

    def counted(where: Ints, who: Bools | slice) -> Ints:
        return np.bincount(where[who], many[who], minlength=size).astype(np.int64)

    table = {"entered": counted(cell + place[: len(time)], slice(None))}
    for name, who in (("events", event), ("competing", other), ("censored", ~(event | other))):
        table[name] = counted(cell + left, who)
    used = np.flatnonzero(np.sum(list(table.values()), axis=0))
    label = pd.Categorical.from_codes(used // k, groups.categories, ordered=True)
    return pd.DataFrame(
        {"group": label, "time": times[used % k]}
        | {name: held[used] for name, held in table.items()}
    )
